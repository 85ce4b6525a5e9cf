"""Whatever is delivered: it lands without loss, or it is refused with a message.

`CX_BILLING_FUZZ_FILES` (default 400) and `CX_BILLING_FUZZ_SEED` (default 1) say how many files are
drawn and which; `make fuzz` draws 10,000. What is drawn, and what must come of it, is in `fuzz`.
A complaint names the file's number: `drawn(seed, [number])` of `fuzz.judge` draws it again.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import duckdb
import pytest

from cx_billing import dbt_runs, lake, landing
from fuzz import damage
from fuzz.judge import Outcome, drawn, judge

FILES = int(os.environ.get("CX_BILLING_FUZZ_FILES", "400"))
SEED = int(os.environ.get("CX_BILLING_FUZZ_SEED", "1"))
BATCH = 200
STAGED = 150  # files of any kind, and damaged copies of the sample's organizations, that are built
COPIES = 12
SAMPLE = lake.PROJECT_DIR / "sample" / "inbox"
TERMS = ("contracts", "contract_items")
MOST_SHOWN = 20


def test_no_delivery_is_lost_changed_or_fatal(tmp_path, capsys):
    outcome, started = Outcome(), time.monotonic()
    for first in range(0, FILES, BATCH):
        cases = drawn(SEED, range(first, min(first + BATCH, FILES)))
        outcome += judge(cases, tmp_path / "batch")
        shutil.rmtree(tmp_path / "batch")
    seconds = time.monotonic() - started
    with capsys.disabled():
        print(
            f"\nSeed {SEED}: {outcome.files:,} files, {outcome.landed:,} landed, "
            f"{outcome.refused:,} refused; {outcome.rows:,} rows, {outcome.rejected:,} of them "
            f"rejected; {seconds:.0f} s, the slowest file {outcome.slowest:.1f} s"
        )
    assert outcome.files == FILES
    if outcome.complaints:
        shown = "\n".join(outcome.complaints[:MOST_SHOWN])
        pytest.fail(f"{len(outcome.complaints)} complaints:\n{shown}", pytrace=False)


def test_every_row_of_a_damaged_file_is_accounted_for(tmp_path):
    assert judge(drawn(SEED, range(STAGED)), tmp_path).complaints == []
    home = tmp_path / "home"
    shutil.rmtree(tmp_path / "inbox")
    deliver_damaged_copies(random.Random(SEED), tmp_path / "inbox")
    landed = landing.land(tmp_path / "inbox", home).landed
    database = home / "audit.duckdb"
    result = dbt_runs.run(
        ["build", *("--resource-type", "seed", "--resource-type", "model"),
         *("--select", "+load_audit", "+rejected_rows")],
        home, database,
    )  # fmt: skip
    assert result.success, result.exception
    with duckdb.connect(str(database), read_only=True) as connection:
        [[files, rows, accepted, duplicate, rejected, lost]] = connection.sql(
            """
            select
                count(*), sum(rows_in_file), sum(rows_accepted), sum(rows_duplicate),
                sum(rows_rejected),
                count_if(rows_in_file <> rows_accepted + rows_duplicate + rows_rejected)
            from marts.load_audit
            """
        ).fetchall()
        [[shown, without_text]] = connection.sql(
            "select count(*), count_if(raw_row is null) from marts.rejected_rows"
        ).fetchall()
    assert lost == 0
    assert (rows, shown, without_text) == (accepted + duplicate + rejected, rejected, 0)
    assert files > len(landed) > 0 and min(accepted, duplicate, rejected) > 0


def deliver_damaged_copies(rng: random.Random, inbox: Path) -> None:
    """Organizations of the sample with their terms, and two of their other files damaged."""
    for number in range(COPIES):
        for organization in sorted(SAMPLE.iterdir()):
            files = sorted(path for path in organization.glob("*/*.csv"))
            terms = [path for path in files if path.parent.name in TERMS]
            others = [path for path in files if path not in terms]
            for path in [*terms, *rng.sample(others, min(2, len(others)))]:
                content = path.read_bytes()
                if path not in terms:
                    content, _ = damage.spoiled(rng, content)
                target = inbox / f"{organization.name}-{number}" / path.parent.name / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
