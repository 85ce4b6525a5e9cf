"""Any delivery of one organization publishes all others.

Cells of every second random organization are overwritten with what breaks programs. The others
must be billed as if nothing had happened. `CX_BILLING_DIRTY_ORGS` (default 8),
`CX_BILLING_DIRTY_ROUNDS` (default 1) and `CX_BILLING_RANDOM_SEED` (default 1) say how many
organizations, rounds, and from which seed on; `make nightly` has 50 rounds of 160.
"""

from __future__ import annotations

import os
import random
import shutil
from datetime import date
from pathlib import Path

import pytest

from cx_billing import landing, warehouse
from random_orgs.inbox import write_inbox

ORGS = int(os.environ.get("CX_BILLING_DIRTY_ORGS", "8"))
ROUNDS = int(os.environ.get("CX_BILLING_DIRTY_ROUNDS", "1"))
SEED = int(os.environ.get("CX_BILLING_RANDOM_SEED", "1"))
CELLS = 4  # per organization
SEPARATORS = ",;\t|"
DIRT = (
    *("", " ", "x", "null", "NaN", "Infinity", "-Infinity", "-1", "0", "-0", "1e400", "1e-400"),
    *("9" * 15, "9" * 18, "9" * 30, "-" + "9" * 30, "0." + "1" * 40, "1.5", "0x10", "1_000", "١٢"),
    *("0001-01-01", "1899-12-31", "9999-12-31", "10000-01-01", "2024-02-30", "-2024-01-01"),
    *("2024-01-31T24:00:00Z", "2024-01-31T23:59:60Z", "2024-01-31T10:00:00+99:99", "infinity"),
    *("294247-01-10T04:00:54Z", "2024-03-31T02:30:00[Europe/Berlin]", "12:00"),
    *("telco_outbound", "tax_federal", "minimum", "sms_class_", "number_mrc_x", "conversation_"),
    *("JPY", "XXX", "usd", "named", "concurrent", "hourly", "accumulated", "true", "maybe"),
    *("%s{}[]$1\\", "'; drop table x; --", "é" * 300, "\u202eabc", "\x07", "=1+1", "/", "a/b"),
)


def spoil(folder: Path, rng: random.Random) -> list[str]:
    """Overwrite cells of an organization, or take another's, in capitals or not; what was done."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in {".csv", ".ndjson"}]
    done = []
    for path in rng.choices(files, k=CELLS) if files else ():
        lines = path.read_text("utf-8", errors="surrogateescape").split("\n")
        at = rng.randrange(min(1, len(lines) - 1), len(lines))
        separator = max(SEPARATORS, key=lines[at].count)
        cells = lines[at].split(separator)
        cell = rng.randrange(len(cells))
        others = rng.choice(rng.choice(lines).split(separator))
        dirt = rng.choice((*DIRT, cells[cell].upper(), cells[cell].swapcase(), others))
        done.append(f"{path.relative_to(folder.parent)}:{at + 1} {cells[cell]!r} -> {dirt!r}")
        cells[cell] = dirt
        lines[at] = separator.join(cells)
        path.write_text("\n".join(lines), "utf-8", errors="surrogateescape")
    return done


def bills(home: Path, inbox: Path, as_of: date) -> tuple[warehouse.BuildResult, dict[str, list]]:
    """The lines of all organizations, once landed and built."""
    landing.land(inbox, home)
    result = warehouse.build(home, as_of)
    if not result.published:
        return result, {}
    with warehouse.connect(home) as reader:
        rows = reader.sql(
            "select org_id, invoice_line_id, quantity, unit_price, amount from marts.invoice_lines "
            "order by all"
        ).fetchall()
    return result, {row[0]: [r for r in rows if r[0] == row[0]] for row in rows}


@pytest.mark.parametrize("seed", range(SEED, SEED + ROUNDS))
def test_any_delivery_of_one_organization_publishes_all_others(tmp_path, seed):
    rng = random.Random(seed)
    inbox = tmp_path / "inbox"
    as_of = write_inbox(inbox, ORGS, seed)
    folders = sorted(path for path in inbox.iterdir() if path.is_dir())
    clean = {folder.name for folder in folders[::2]}
    shutil.copytree(inbox, tmp_path / "clean")
    for folder in (tmp_path / "clean").iterdir():
        if folder.name not in clean:
            shutil.rmtree(folder)
    done = [words for folder in folders[1::2] for words in spoil(folder, rng)]

    result, found = bills(tmp_path / "home", inbox, as_of)
    _, expected = bills(tmp_path / "home_of_the_clean", tmp_path / "clean", as_of)

    told = "\n".join(
        [*done, *(f"{failure.name}: {failure.message}" for failure in result.failures)]
    )
    assert result.published, told
    assert not clean & {known.org_id for known in result.parked}, told
    assert {org_id: found.get(org_id) for org_id in expected} == expected, told
    assert not result.parked, (result.parked, told)  # nobody's dirt is known to need it
