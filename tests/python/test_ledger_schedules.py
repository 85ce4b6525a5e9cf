"""Sealed invoices and their corrections are together what a full recomputation says, to the cent.

Random organizations deliver in random order: rows of a file come days late, files are withdrawn,
and invoices are sealed in between, in any order, some of them reopened. Each organization has a
schedule of its own. `CX_BILLING_LEDGER_ORGS` (default 24) and `CX_BILLING_RANDOM_SEED` (default 1)
say how many there are and which.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from cx_billing import landing, warehouse
from cx_billing.landing.landed_files import list_landed
from cx_billing.ledger import sealing
from cx_billing.ledger.verification import verify
from random_orgs.inbox import write_inbox

ORGS = int(os.environ.get("CX_BILLING_LEDGER_ORGS", "24"))
SEED = int(os.environ.get("CX_BILLING_RANDOM_SEED", "1"))
DAYS_BACK = (75, 40, 0)
CHANCE_TO_BE_LATE = 0.3
CHANCE_TO_BE_WITHDRAWN = 0.05
CHANCE_TO_BE_SEALED = 0.7
CHANCE_TO_BE_REOPENED = 0.2
# Every line by what it is of: its own amount, and what later invoices have corrected of it.
BY_LINE = """
select org_id, coalesce(corrected_line_id, invoice_line_id) as line, currency, sum(amount)
from marts.invoice_lines
group by all
having sum(amount) <> 0
"""


def hold_back(inbox: Path, late: list[Path], rng: random.Random) -> None:
    """Move rows of tables to later deliveries, each into a file of its own."""
    for path in sorted(inbox.rglob("*.csv")):
        lines = path.read_text("utf-8", errors="surrogateescape").splitlines(keepends=True)
        for folder in late:
            held = [line for line in lines[1:] if rng.random() < CHANCE_TO_BE_LATE]
            if not held:
                continue
            kept = [line for line in lines[1:] if line not in held]
            place = folder / path.relative_to(inbox).with_suffix(f".{folder.name}.csv")
            place.parent.mkdir(parents=True, exist_ok=True)
            write = {"encoding": "utf-8", "errors": "surrogateescape"}
            place.write_text("".join([lines[0], *held]), **write)
            path.write_text("".join([lines[0], *kept]), **write)
            lines = [lines[0], *kept]


def withdraw_some(home: Path, rng: random.Random) -> int:
    """Withdraw landed files of usage; how many."""
    with duckdb.connect() as connection:
        landed = list_landed(home / "lake", connection)
    chosen = [
        file
        for file in landed
        if file.facts["dataset"] not in {"contracts", "contract_items"}
        and not file.withdrawn_at
        and rng.random() < CHANCE_TO_BE_WITHDRAWN
    ]
    for file in chosen:
        landing.withdraw(home, file.file_id)
    return len(chosen)


def seal_some(home: Path, rng: random.Random, done: Counter) -> None:
    """Seal and reopen invoices of the published build."""
    with warehouse.connect(home, [home / "ledger"]) as connection:
        found = connection.sql(
            "select org_id, invoice_date, invoice_status from marts.invoices "
            "where invoice_status <> 'accruing' order by all"
        ).fetchall()
        rng.shuffle(found)
        reopened = set()  # of which the build does not know: the next one seals
        for org_id, invoice_date, status in found:
            if status == "sealed":
                if rng.random() < CHANCE_TO_BE_REOPENED:
                    sealing.reopen(home, org_id, invoice_date, "Ben", "rebilled")
                    reopened.add(org_id)
                    done["reopened"] += 1
            elif org_id not in reopened and rng.random() < CHANCE_TO_BE_SEALED:
                for by in ("Ana", "Ben"):
                    sealed = sealing.seal(home, connection, org_id, invoice_date, by, "as agreed")
                done["sealed" if sealed.entry else "refused"] += 1


def lines_of(home: Path) -> dict[tuple, Decimal]:
    with warehouse.connect(home) as connection:
        return {tuple(row[:3]): row[3] for row in connection.sql(BY_LINE).fetchall()}


@pytest.mark.parametrize("seed", [SEED])
def test_sealed_and_corrections_are_the_full_recomputation(tmp_path, seed):
    rng = random.Random(seed)
    as_of = write_inbox(tmp_path / "first", ORGS, seed)
    late = [tmp_path / "second", tmp_path / "third"]
    hold_back(tmp_path / "first", late, rng)
    home, done = tmp_path / "home", Counter()

    for delivery, days in zip(("first", "second", "third"), DAYS_BACK, strict=True):
        landing.land(tmp_path / delivery, home)
        done["withdrawn"] += withdraw_some(home, rng) if delivery != "first" else 0
        built = warehouse.build(home, as_of - timedelta(days=days), accept_changes=True)
        assert built.published and not built.parked, (built.failures, built.parked)
        if days:
            seal_some(home, rng, done)
    shutil.copytree(home / "lake", tmp_path / "anew" / "lake")
    assert warehouse.build(tmp_path / "anew", as_of).published

    assert lines_of(home) == lines_of(tmp_path / "anew")
    with warehouse.connect(home) as connection:
        done |= dict(
            connection.sql(
                "select charge_type || ' ' || invoice_status, count(*) "
                "from marts.invoice_lines where corrected_line_id is not null group by all"
            ).fetchall()
        )
    assert {"sealed", "reopened", "withdrawn", "correction sealed"} <= done.keys(), done
    assert not done["refused"] and verify(home).wrong == ()
