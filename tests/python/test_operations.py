"""Each procedure of docs/operations.md, word for word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from cx_billing import builds, lake, landing, parking, warehouse
from cx_billing.ledger.verification import verify
from test_ledger import APRIL, MARCH, organization, seal

PAGE = (lake.PROJECT_DIR / "docs" / "operations.md").read_text("utf-8")
AS_OF = date(2026, 5, 10)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """A folder with an inbox, and a home in which an invoice is sealed and published as sealed."""
    folder = tmp_path_factory.mktemp("operations")
    for org_id in ("acme", "zeta"):
        organization(folder / "inbox", org_id)
    home = folder / "warehouse"
    assert not landing.land(folder / "inbox", home).refused
    assert warehouse.build(home, AS_OF).published
    seal(home, "acme", MARCH, "--accept", "agreed")
    assert warehouse.build(home, AS_OF).published
    return folder


@pytest.fixture
def folder(prepared, tmp_path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "folder", symlinks=True))


def follow(folder: Path, heading: str, number: int = 0) -> str:
    """Run a block of a section in a folder that has the home `warehouse`; what it printed."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    script = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[number]
    binaries = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def lines_of(home: Path) -> list[tuple]:
    with warehouse.connect(home) as connection:
        return connection.sql("select * from marts.invoice_lines order by all").fetchall()


def test_every_section_with_a_procedure_is_followed_here():
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    with_blocks = {h for h in headings if "```sh" in PAGE.split(f"## {h}\n")[1].split("\n## ")[0]}
    source = Path(__file__).read_text()
    assert with_blocks == {h for h in headings if f'follow(folder, "{h}"' in source}


def test_what_was_backed_up_can_be_restored(folder):
    before = lines_of(folder / "warehouse")
    follow(folder, "Back up")
    shutil.rmtree(folder / "warehouse")
    assert "1 entries, 1 sealed invoices" in follow(folder, "Restore")
    assert lines_of(folder / "warehouse") == before
    assert verify(folder / "warehouse").wrong == ()


def test_the_key_is_in_the_backup(folder):
    key = (folder / "warehouse" / "customer_key").read_bytes()
    follow(folder, "Back up")
    shutil.rmtree(folder / "warehouse")
    follow(folder, "Restore")
    assert (folder / "warehouse" / "customer_key").read_bytes() == key
    assert (folder / "warehouse" / "customer_key").stat().st_mode & 0o077 == 0


def test_a_home_can_be_moved(folder):
    before = lines_of(folder / "warehouse")
    assert "What is published" in follow(folder, "Move a home")
    assert lines_of(folder / "elsewhere") == before


def test_a_release_with_other_marts_takes_over(folder):
    """The published file is as the release before the ledger wrote it, and one is parked in it."""
    home = folder / "warehouse"
    published = (home / builds.PUBLISHED).resolve()
    with duckdb.connect(str(published)) as connection:
        connection.execute("drop view marts.invoice_line_evidence")
        for column in (
            "corrected_line_id",
            "corrected_invoice_date",
            "recomputed_quantity",
            "recomputed_amount",
        ):
            connection.execute(
                f"create or replace table marts.invoice_lines as select * exclude ({column}) "
                "from marts.invoice_lines"
            )
        connection.execute(
            "create or replace table marts.invoices as select * exclude (sealed_at, sealed_by) "
            "from marts.invoices"
        )
        connection.execute("drop table marts.build")
    before = lines_of(home)
    parking.write(home, parking.park({"zeta": "a test"}, datetime.now()))
    assert [known.org_id for known in warehouse.build(home, AS_OF).parked] == ["zeta"]
    with warehouse.connect(home) as connection:
        carried = "from marts.invoice_lines where org_id = 'zeta'"
        [[lines, new]] = connection.sql(
            f"select count(*), count(recomputed_amount) {carried}"
        ).fetchall()
    assert lines == sum("zeta" in line for line in before) > 0 and new == 0
    parking.write(home, {})
    follow(folder, "Upgrade")
    with warehouse.connect(home) as connection:
        found = connection.sql(
            "select invoice_id, invoice_status from marts.invoices where org_id = 'acme' order by 1"
        ).fetchall()
        assert (f"acme-{MARCH}", "sealed") in found and (f"acme-{APRIL}", "final") in found
        assert connection.sql("select count(*) from marts.build").fetchall() == [(1,)]


def test_a_build_takes_what_it_may(folder):
    assert "Published" in follow(folder, "Memory and processors")


def test_a_damaged_file_is_replaced(folder):
    home = folder / "warehouse"
    before = lines_of(home)
    for path in (home / "lake" / "contract_items").glob("*[0-9a-f].parquet"):
        path.write_bytes(b"damaged")
    assert {known.org_id for known in warehouse.build(home, AS_OF).parked} == {"acme", "zeta"}
    follow(folder, "When publication stops", 0)
    assert parking.read(home) == {}
    assert lines_of(home) == before


def test_the_build_before_can_be_published_again(folder):
    assert builds.find_published(folder / "warehouse") == 2
    follow(folder, "When publication stops", 1)
    assert builds.find_published(folder / "warehouse") == 1


def test_what_may_be_deleted_is_not_missed(folder):
    follow(folder, "Disk use")
    assert lines_of(folder / "warehouse")
    assert warehouse.build(folder / "warehouse", AS_OF).published
