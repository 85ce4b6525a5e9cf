"""Random organizations: the warehouse and the oracle must agree on every value of every mart.

`CX_BILLING_RANDOM_ORGS` (default 200) and `CX_BILLING_RANDOM_SEED` (default 1) change how many
organizations are drawn and which; `make nightly` draws 10,000. Where they differ, the smallest
organization is reduced and printed; `CX_BILLING_SHRINK_BUILDS` (default 25) bounds the effort.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from cx_billing import lake, landing, warehouse
from cx_billing.customer_key import customer_key
from evidence_claims import CLAIMS, broken_claims
from oracle.compare import Difference, compare, report
from oracle.coverage import OBSERVED
from oracle.marts import calculate
from oracle.policies import RANDOM
from oracle.published import publish
from oracle.reader import read_organization
from oracle.values import squeeze
from random_orgs.inbox import write_inbox
from random_orgs.project import copy_project
from random_orgs.shrink import Files, Judge, format_files, read_files, shrink, write_files

ORGS = int(os.environ.get("CX_BILLING_RANDOM_ORGS", "200"))
SEED = int(os.environ.get("CX_BILLING_RANDOM_SEED", "1"))
SHRINK_BUILDS = int(os.environ.get("CX_BILLING_SHRINK_BUILDS", "25"))

CYCLE = ("org_id", "cycle_start_date")
KEYS = {
    "organizations": ("org_id",),
    "billing_cycles": ("org_id", "clock", "cycle_number"),
    "coverage": ("org_id", "dataset", "basis", "covered_from"),
    "conversations": (*CYCLE, "platform", "integration_id"),
    "concurrency_daily": ("org_id", "usage_date", "pool"),
    "concurrency_peaks": (*CYCLE, "pool"),
    "concurrency_curve": (*CYCLE, "pool", "started_at"),
    "peak_explanations": (*CYCLE, "pool", "reading"),
    "peak_sensitivity": (*CYCLE, "pool", "reading", "minimum_minutes"),
    "peak_readings": (*CYCLE, "pool", "reading"),
    "billable_users": (*CYCLE, "user_id", "product_code"),
    "user_hours_daily": ("org_id", "user_id", "usage_date"),
    "license_usage": (*CYCLE, "product_code"),
    "resource_usage": (*CYCLE, "product_code"),
    "usage_summary": (*CYCLE, "product_code"),
    "customers": ("org_id", "platform"),
    "calls": (*CYCLE, "call_id"),
    "call_audit": ("org_id", "call_id", "finding"),
    "short_call_surcharges": CYCLE,
    "telco_reconciliation": (*CYCLE, "service"),
    "ai_token_usage": (*CYCLE, "product_code"),
    "unbilled_usage": (*CYCLE, "product_code", "reason"),
    "invoice_lines": (
        "org_id",
        "invoice_date",
        "product_code",
        "charge_type",
        "service_period_start",
    ),
    "invoices": ("org_id", "invoice_date"),
    "report_reconciliation": ("org_id", "report_line_id"),
    "invoice_reconciliation": ("org_id", "reconciliation_id"),
    "rejected_rows": ("org_id", "dataset", "source_file", "source_row"),
    "unmapped_names": ("org_id", "dataset", "column_name", "unmapped_name"),
    "load_audit": ("org_id", "dataset", "source_file"),
    "missing_data": ("org_id", "finding", "dataset"),
}
# Compared as they are, but for the hash of a customer, which stands for one customer's rows, and
# for what was observed of datasets that are no usage.
QUERIES = {
    "coverage": f"""
        select *
        from marts.coverage
        where basis <> 'observed' or dataset in {OBSERVED}
    """,
    "customers": """
        select
            org_id, platform, count(*) as conversations_count,
            sum(interactions_count) as interactions_count,
            min(first_interaction_at) as first_interaction_at,
            max(last_interaction_at) as last_interaction_at
        from marts.conversations
        group by org_id, platform, customer_account_key
    """,
}
# What stands for a file, a moment of landing or a customer, and differs from run to run. Files are
# compared where rows name them, customers as the mart "customers" below. What would be right
# instead of a rejected value is words of the warehouse. Where a line is on the vendor's invoice is
# held by test_vendor_invoices.
NOT_COMPARED = {
    "conversations": {"conversation_key", "customer_account_key"},
    "call_audit": {"origin_key", "destination_key", "number_pair_key"},
    "invoice_lines": {
        "corrected_invoice_date",
        "corrected_line_id",
        "recomputed_amount",
        "recomputed_quantity",
    },
    "invoice_reconciliation": {"match_group", "printed_position"},
    "invoices": {"sealed_at", "sealed_by"},
    "load_audit": {"file_id", "landed_at", "later_invoices", "replaced_invoices"},
    "rejected_rows": {"expected"},
}
# Marts that random organizations do not compare, and what does.
COMPARED_ELSEWHERE = {
    "alerts": "test_alerts, minute by minute, and the unit tests of its models",
    "build": "test_warehouse, since it is of no organization",
    "inventory_audit": "tests/cases/calls-and-numbers-audited, and the unit tests of its models",
    **dict.fromkeys(
        ("invoice_differences", "vendor_invoice_lines", "vendor_invoices"),
        "test_vendor_invoices, which knows what was planted",
    ),
    **dict.fromkeys(
        ("disputes", "invoice_calendar"), "test_random_credits, and the unit tests of the models"
    ),
}
# Held against other marts, by claims, and not against the oracle.
HELD_BY_CLAIMS = {"invoice_line_evidence", "invoice_line_evidence_listed"}
# Ids that name a landed file by its hash; they are compared with the file's path.
FILE_ROW_IDS = (
    "call_id",
    "repeats_call_id",
    "rejected_row_id",
    "report_line_id",
    "reconciliation_id",
)


@dataclass
class Run:
    """An inbox once through the oracle and once through the warehouse."""

    inbox: Path
    as_of: date
    expected: dict[str, list[dict]]
    actual: dict[str, list[dict] | str]
    columns: dict[str, set[str]]
    result: warehouse.BuildResult
    broken: dict[str, list[tuple]]
    is_reduced: bool = False

    @classmethod
    def of(cls, folder: Path, as_of: date) -> Run:
        """Land and build `folder/inbox`."""
        inbox, home = folder / "inbox", folder / "home"
        landing.land(inbox, home)
        project = copy_project(lake.PROJECT_DIR, folder / "project")
        result = warehouse.build(home, as_of=as_of, project_dir=project)
        if result.database is None:
            pytest.fail(f"Nothing was built: {result.failures}", pytrace=False)
        with duckdb.connect(str(result.database)) as connection:
            actual = {mart: rows_of(connection, mart) for mart in KEYS}
            columns = columns_of_marts(connection)
            broken = broken_claims(connection) if result.passed else {}
        actual = readable(actual)
        users = [
            (folder.name, row["user_id"])
            for folder in inbox.iterdir()
            for row in read_organization(folder, as_of, RANDOM).rows("users")
        ]
        expected = publish(calculate(inbox, as_of, RANDOM), customer_key(home), users)
        return cls(inbox, as_of, expected, actual, columns, result, broken)

    def differences(self, mart: str) -> list[Difference]:
        """The rows of a mart in which the two differ; none if there is no such mart."""
        if isinstance(self.actual[mart], str):
            return []
        return compare(mart, self.expected.get(mart, []), self.actual[mart], KEYS[mart])

    def sizes(self) -> Counter:
        """The number of rows each organization delivered."""
        sizes = Counter()
        for file in self.expected["load_audit"]:
            sizes[file["org_id"]] += file["rows_in_file"]
        return sizes


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Run:
    """The random organizations."""
    folder = tmp_path_factory.mktemp("random_organizations")
    return Run.of(folder, write_inbox(folder / "inbox", ORGS, SEED))


def rows_of(connection, mart: str) -> list[dict] | str:
    """The rows of a mart by column, or why it cannot be read."""
    try:
        cursor = connection.execute(QUERIES.get(mart, f"select * from marts.{mart}"))
    except duckdb.Error as error:
        return str(error)
    columns = [column for column, *_ in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def columns_of_marts(connection) -> dict[str, set[str]]:
    """The columns of every mart there is."""
    found: dict[str, set[str]] = {}
    for mart, column in connection.execute(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'marts'"
    ).fetchall():
        found.setdefault(mart, set()).add(column)
    return found


def readable(marts: dict[str, list[dict] | str]) -> dict[str, list[dict] | str]:
    """The marts with ids that name files by their path, and raw rows as dictionaries."""
    audit = marts["load_audit"]
    paths = {} if isinstance(audit, str) else {row["file_id"]: row["source_file"] for row in audit}
    for rows in marts.values():
        for row in () if isinstance(rows, str) else rows:
            for column in FILE_ROW_IDS:
                file_id, _, number = (row.get(column) or "").partition("/")
                if file_id in paths:
                    row[column] = f"{paths[file_id]}/{number}"
            if "raw_row" in row:
                row["raw_row"] = raw_cells(row["raw_row"])
    return marts


def raw_cells(raw_row: str) -> dict[str, str]:
    """The cells of a raw row that are not empty, by header as the oracle writes it."""
    cells = json.loads(raw_row)
    cells.update(json.loads(cells.pop("extra_columns", None) or "{}"))
    return {squeeze(name): cell for name, cell in cells.items() if cell is not None}


def reduced(run: Run, mart: str, found: list[Difference], tmp_path_factory) -> str:
    """The smallest organization that differs, cut down to what the difference needs, as text."""
    org_id = min({d.org_id for d in found}, key=lambda org_id: (run.sizes()[org_id], org_id))

    def differ(candidates: list[Files]) -> list[bool]:
        folder = tmp_path_factory.mktemp("reduced")
        names = [f"candidate-{number:03}" for number in range(len(candidates))]
        for name, files in zip(names, candidates, strict=True):
            write_files(folder / "inbox" / name, files)
        differing = {d.org_id for d in Run.of(folder, run.as_of).differences(mart)}
        shutil.rmtree(folder)
        return [name in differing for name in names]

    return reduction(org_id, mart, read_files(run.inbox / org_id), differ, SHRINK_BUILDS)


def reduction(org_id: str, mart: str, files: Files, differ: Judge, builds: int) -> str:
    """What is left of an organization, or that it does not differ when built alone."""
    if not differ([files])[0]:
        return f"{org_id} does not differ in {mart} when it is built alone"
    files, spent = shrink(files, differ, builds)
    return f"{org_id} reduced in {spent} builds, still differs in {mart}:\n{format_files(files)}"


@pytest.mark.parametrize("mart", KEYS)
def test_mart_equals_the_oracle(run, mart, tmp_path_factory):
    assert not isinstance(run.actual[mart], str), run.actual[mart]
    assert run.expected[mart], f"the random organizations leave {mart} empty"
    if differences := run.differences(mart):
        words = f"seed {SEED}, {ORGS} orgs: {report(differences, run.sizes())}"
        if not run.is_reduced:  # once: the first mart that differs leads to the cause
            run.is_reduced = True
            words += f"\n{reduced(run, mart, differences, tmp_path_factory)}"
        pytest.fail(words, pytrace=False)


def test_every_column_of_every_mart_is_compared(run):
    compared = {mart: set(rows[0]) for mart, rows in run.expected.items() if rows}
    left_out = {
        mart: names - compared.get(mart, set())
        for mart, names in run.columns.items()
        if mart not in {*COMPARED_ELSEWHERE, *HELD_BY_CLAIMS}
    }
    assert {mart: names for mart, names in left_out.items() if names} == NOT_COMPARED


def test_every_data_test_of_the_warehouse_passes(run):
    assert run.result.passed, "\n".join(str(failure) for failure in run.result.failures)


@pytest.mark.parametrize("claim", CLAIMS)
def test_evidence_is_what_other_marts_say(run, claim):
    assert run.broken.get(claim) == []


# ---------------------------------------------------------------- reducing


def wrong_for_two_rows(candidates: list[Files]) -> list[bool]:
    """Stands in for a build with a fault: it takes a contract, one login and one long call."""
    needed = {
        "contracts/a.csv": b"first,concurrent\n",
        "user_presence/a.csv": b"user-37,ON_QUEUE\n",
        "voice_usage/b.csv": b"call-5,749\n",
    }
    return [
        all(name in files and row in files[name][1] for name, row in needed.items())
        for files in candidates
    ]


def test_an_organization_is_reduced_to_the_rows_that_make_the_difference():
    calls = [f"call-{n},749\n".encode() for n in range(20)]
    files = {
        "contracts/a.csv": (b"contract_id,license_model\n", [b"first,concurrent\n", b"x,named\n"]),
        "contracts/b.csv": (b"contract_id,license_model\n", [b"first,concurrent\n"]),
        "devices/a.csv": (b"device_id\n", []),
        "user_presence/a.csv": (
            b"user_id,system_presence\n",
            [f"user-{n},ON_QUEUE\n".encode() for n in range(120)],
        ),
        "voice_usage/a.csv": (b"sip,seconds\n", calls),
        "voice_usage/b.csv": (b"sip,seconds\n", calls[::-1]),
    }
    builds = []

    def differ(candidates):
        builds.append(len(candidates))
        return wrong_for_two_rows(candidates)

    words = reduction("org-1-001", "invoice_lines", files, differ, builds=25)
    assert words.splitlines() == [
        f"org-1-001 reduced in {len(builds) - 1} builds, still differs in invoice_lines:",
        *("--- contracts/a.csv", "contract_id,license_model", "first,concurrent"),
        *("--- user_presence/a.csv", "user_id,system_presence", "user-37,ON_QUEUE"),
        *("--- voice_usage/b.csv", "sip,seconds", "call-5,749"),
    ]
    assert len(builds) <= 25


def test_reducing_stops_in_time_with_what_it_has():
    rows = [f"user-{n},ON_QUEUE\n".encode() for n in range(10_000)]
    files = {"user_presence/a.csv": (b"user_id,system_presence\n", rows)}
    builds = []

    def differ(candidates):
        builds.append(len(candidates))
        return [any(rows[4711] in left for _, left in files.values()) for files in candidates]

    left, spent = shrink(files, differ, builds=6)
    assert spent == len(builds) <= 6
    assert rows[4711] in left["user_presence/a.csv"][1]
    assert len(left["user_presence/a.csv"][1]) < 10_000


def test_an_organization_that_differs_only_among_others_is_named():
    words = reduction("org-1-001", "calls", {}, lambda candidates: [False] * len(candidates), 1)
    assert words == "org-1-001 does not differ in calls when it is built alone"


def test_files_are_written_as_they_were_read(tmp_path):
    write_inbox(tmp_path / "inbox", 3, SEED)
    for organization in (tmp_path / "inbox").iterdir():
        copy = tmp_path / "copy" / organization.name
        write_files(copy, read_files(organization))
        for path in (path for path in organization.rglob("*") if path.is_file()):
            assert (copy / path.relative_to(organization)).read_bytes() == path.read_bytes()
