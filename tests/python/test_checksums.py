"""Checksums of the lake: a damaged file is named, parks its organization, is landed again."""

from __future__ import annotations

from datetime import date

import pytest

from cx_billing import checksums, landing, warehouse
from small_inbox import Inbox

CONTRACT = "c1,cx2,10,100,120,2026-03-01,,"


@pytest.fixture
def home(tmp_path):
    for org_id in ("acme", "zeta"):
        Inbox(tmp_path / "inbox", org_id).named().file("contract_items", CONTRACT)
    assert not landing.land(tmp_path / "inbox", tmp_path / "home").refused
    return tmp_path / "home"


def damage(home, at: int):
    """Change a byte of a file of acme; the file."""
    path = next(
        path
        for path, (org_id, _) in checksums.read(home / "lake").items()
        if org_id == "acme" and path.parent.name == "contract_items"
    )
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    return path


def test_every_landed_file_has_a_checksum_also_when_withdrawn(home):
    lake = home / "lake"
    landed = {path for path in lake.glob("*/*.parquet") if path.name != "_empty.parquet"}
    assert set(checksums.read(lake)) == landed and len(landed) == 4
    landing.withdraw(home, "acme/contracts/a.csv")
    assert list(checksums.find_damaged(lake)) == []
    with (lake / checksums.FILE).open("ab") as record:
        record.write(b"cut")  # the power failed
    landing.withdraw(home, "zeta/contracts/a.csv")
    assert list(checksums.find_damaged(lake)) == []
    path = damage(home, 10)
    assert list(checksums.find_damaged(lake)) == [(path, "acme")]


@pytest.mark.parametrize("at", [10, -3], ids=["rows", "footer"])
def test_a_damaged_file_is_named_and_stops_nobody_else(home, at):
    assert warehouse.build(home, date(2026, 4, 10)).parked == ()
    path = damage(home, at)
    built = warehouse.build(home, date(2026, 4, 10))
    [parked] = built.parked
    assert parked.org_id == "acme" and f"{path.relative_to(home)} is damaged" in parked.reason
    path.unlink()
    assert len(landing.land(home.parent / "inbox", home).landed) == 1
    assert warehouse.build(home, date(2026, 4, 10)).parked == ()
