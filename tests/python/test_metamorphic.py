"""Changes of the input that must not change the bill: order, repetition, cuts, strangers, time.

Random organizations and those of the sample are billed alone; then together with copies of
themselves, each changed in one way under a name of its own; then with all dates moved. The
copies share users, customers, calls and billing accounts with their originals, and so do
strangers that were busy at other times: what leaks from one organization into another shows too.
"""

from __future__ import annotations

import csv
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from cx_billing import lake, landing, warehouse
from oracle.audit import key_of
from oracle.compare import compare, report
from oracle.values import parse_key, squeeze
from random_orgs.files import format_cell, header_of
from random_orgs.inbox import as_of_for, write_organization
from random_orgs.organization import RandomOrg

ORGS, SEED = 24, 7
# Four years from and to any day between 1901 and 2099: 48 cycles, each as long as before.
FOUR_YEARS = timedelta(days=1461)
# Strangers are copies too, at other times: what they share are the names of users and customers.
ELEVEN_DAYS = timedelta(days=11)
STRANGER = "stranger-"
SAMPLE = lake.PROJECT_DIR / "sample" / "inbox"
NO_DAY = "0001-01-01"
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Takes more tokens from June 2026 on (X17): its bill may change where all dates are moved.
DATED_METER = "agentic_virtual_agent_interactions"
LATEST_END_WINS = {"user_presence", "routing_status", "message_interactions"}
STATUSES = {"user_presence", "routing_status"}

# All but `build`, which is of no organization and says of every build another thing.
MARTS = sorted(
    file.stem
    for file in (lake.PROJECT_DIR / "models" / "marts").rglob("*.sql")
    if file.stem != "build"
)
# Where a row came from, and ids that follow from it or from a hash of the organization's name.
PROVENANCE = {
    "call_audit": [
        "call_id",
        "repeats_call_id",
        "origin_key",
        "destination_key",
        "number_pair_key",
    ],
    "calls": ["call_id"],
    "conversations": ["conversation_key", "customer_account_key"],
    "coverage": ["source_files"],
    "disputes": ["difference_ids"],
    "inventory_audit": ["inventory_finding_id", "number_key"],
    "invoice_differences": ["difference_id", "group_id", "caused_by"],
    "invoice_reconciliation": ["reconciliation_id", "match_group", "printed_position"],
    "report_reconciliation": ["report_line_id"],
    "unmapped_names": ["rows_count", "first_source_file"],
    "vendor_invoice_lines": ["line_number", "group_id"],
}
QUERIES = {
    "rejected_rows": "select distinct org_id, dataset, reason, raw_row from marts.rejected_rows",
    "load_audit": """
        select org_id, dataset, sum(rows_accepted) as rows_accepted
        from marts.load_audit group by all
    """,
    # Ours stand beside the first line of a group, which is a question of order.
    "vendor_invoice_lines": """
        select
            * exclude (expected_quantity, expected_price, expected_amount, variance_amount, reasons)
        from marts.vendor_invoice_lines
        union all by name
        select
            org_id, invoice_number, product_code, lines_in_group, expected_quantity,
            expected_price, expected_amount, variance_amount, reasons
        from marts.vendor_invoice_lines
        where variance_amount is not null
    """,
    # What is landed twice is told. Which of two equal calls repeats the other is a question of ids.
    "call_audit": """
        select * exclude (sip_call_id, claim_amount) from marts.call_audit
        where finding not in ('delivered_again', 'repeated_id')
    """,
    # Keys are hashes, and the cents that cannot be divided go by their order.
    "invoice_line_evidence": """
        select
            org_id, invoice_line_id, kind, count(*) as rows_count, sum(quantity) as quantity,
            sum(amount) as amount
        from marts.invoice_line_evidence group by all
    """,
    "invoice_line_evidence_listed": """
        select
            org_id, invoice_line_id, kind, count(*) as rows_count, sum(quantity) as quantity,
            sum(amount) as amount
        from marts.invoice_line_evidence_listed group by all
    """,
    # Rejected rows are counted, as often as they were landed.
    "missing_data": """
        select * replace (case when finding <> 'after_term' then items_count end as items_count)
        from marts.missing_data
    """,
}


@dataclass(frozen=True)
class Table:
    """All rows of a dataset as text, in the order in which they are delivered."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


Organization = dict[str, Table]
Files = dict[str, Table]
Bill = dict[str, list[dict]]


# ---------------------------------------------------------------- organizations


def random_organization(index: int, folder: Path) -> Organization:
    """A random organization as it stands after its last delivery."""
    # Of two names of a product in one key the later row stands: that is a question of order.
    rng = random.Random(f"{SEED}/{index}")
    org = RandomOrg(rng, f"org-{index:03}", index, as_of_for(SEED), other_names=0)
    write_organization(org, folder)
    rows = defaultdict(list)
    for (dataset, file), delivered in sorted(org.files.items()):
        if file != "0_rival.csv":  # which of two contracts stays is a question of order
            rows[dataset] += [
                tuple(
                    format_cell(value, "zulu").decode(errors="surrogateescape") for value in cells
                )
                for cells in delivered
                if DATED_METER not in cells
            ]
    return {name: settled(name, Table(header_of(name), found)) for name, found in rows.items()}


def sample_organization(folder: Path) -> Organization:
    """An organization of the sample, four years back, so that its bill is over by as-of."""
    tables = {}
    for dataset in sorted(path for path in folder.iterdir() if path.is_dir()):
        headers, rows = set(), []
        for file in sorted(dataset.iterdir()):
            header, *found = csv.reader(file.read_text(encoding="utf-8-sig").splitlines())
            headers.add(tuple(header))
            rows += map(tuple, found)
        [header] = headers
        tables[dataset.name] = settled(dataset.name, Table(header, rows))
    return moved(tables, -FOUR_YEARS)


def settled(dataset: str, table: Table) -> Table:
    """The rows that stand for their key: what is left if the order of delivery does not matter."""
    if dataset in LATEST_END_WINS or dataset == "vendor_invoice_lines":
        return table
    names = [squeeze(name) for name in table.header]
    last = {}
    for row in table.rows:
        cells = dict(zip(names, row, strict=False))
        as_written = tuple(cells.get(squeeze(name)) for name in key_of(dataset))
        key = parse_key(dataset, cells, key_of(dataset)) or as_written
        last[key if len(row) == len(names) else row] = row
    return replace(table, rows=list(last.values()))


# ---------------------------------------------------------------- changes


def whole(dataset: str, table: Table, rng: random.Random) -> Files:
    """One file, as it comes."""
    return {"a.csv": table}


def shuffled(dataset: str, table: Table, rng: random.Random) -> Files:
    """The rows in any order over three files; an invoice of the vendor stays in one file."""
    files = {f"{n}.csv": Table(table.header, []) for n in range(3)}
    home = defaultdict(lambda: rng.choice(sorted(files)))
    for number, row in enumerate(rng.sample(table.rows, len(table.rows))):
        files[home[row[0] if dataset == "vendor_invoice_lines" else number]].rows.append(row)
    return {name: file for name, file in files.items() if file.rows}


def repeated(dataset: str, table: Table, rng: random.Random) -> Files:
    """The same bytes under two names, and all rows once more in another order."""
    again = replace(table, rows=rng.sample(table.rows, len(table.rows)))
    return {"a.csv": table, "b.csv": table, "c.csv": again}


def split(dataset: str, table: Table, rng: random.Random) -> Files:
    """Every status that has a length as two that meet.

    Users with a status that is open stay as they are: it ends at their next row, whatever that
    is, so another row is another statement.
    """
    if dataset not in STATUSES:
        return whole(dataset, table, rng)
    last_end: dict[tuple, str] = defaultdict(str)
    for user, status, start, end, *_ in (row for row in table.rows if len(row) == 4):
        last_end[user, status, start] = max(last_end[user, status, start], end)
    still_open = {user for (user, *_), end in last_end.items() if not end}
    rows = []
    for row in table.rows:
        middle = None if row[0] in still_open else middle_of(row, rng)
        rows += [(*row[:3], middle), (*row[:2], middle, row[3])] if middle else [row]
    return {"a.csv": replace(table, rows=rows)}


def middle_of(row: tuple[str, ...], rng: random.Random) -> str | None:
    """An instant within a status, to the microsecond; None where there is none."""
    try:
        start, end = map(datetime.fromisoformat, row[2:])
    except ValueError:
        return None
    inner = (end - start) // timedelta(microseconds=1)
    if inner < 2:
        return None
    return (start + timedelta(microseconds=rng.randrange(1, inner))).isoformat()


def moved(tables: Organization, by: timedelta) -> Organization:
    """An organization with all its dates moved."""
    return {
        name: replace(table, rows=[tuple(moved_value(c, by) for c in row) for row in table.rows])
        for name, table in tables.items()
    }


def moved_value(value, by: timedelta):
    """A date, an instant or a text with its dates moved; anything else as it is."""
    if isinstance(value, date):  # a datetime is one too
        return value + by
    if isinstance(value, str):
        return ISO_DATE.sub(lambda found: moved_date(found[0], by), value)
    return value


def moved_date(text: str, by: timedelta) -> str:
    """A date moved; the 30th of February and the first day of all, which is none, stay."""
    if text == NO_DAY:
        return text
    try:
        return (date.fromisoformat(text) + by).isoformat()
    except ValueError:
        return text


Change = Callable[[str, Table, random.Random], Files]
COPIES: dict[str, Change] = {"shuffled-": shuffled, "repeated-": repeated, "split-": split}


def deliver(inbox: Path, organizations: dict[str, Organization], change: Change, prefix="") -> None:
    """Write the organizations into an inbox, changed and under names with a prefix."""
    for org_id, tables in organizations.items():
        for dataset, table in tables.items():
            rng = random.Random(f"{prefix}/{org_id}/{dataset}")
            for name, file in change(dataset, table, rng).items():
                path = inbox / f"{prefix}{org_id}" / dataset / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out:
                    writer = csv.writer(out, lineterminator="\n")
                    writer.writerows([file.header, *file.rows])


# ---------------------------------------------------------------- bills


def bills(inbox: Path, as_of: date) -> dict[str, Bill]:
    """Land (twice) and build; the marts by prefix of the organizations, "" for the originals."""
    home = inbox.parent / "home"
    refused = landing.land(inbox, home).refused
    assert not refused, refused
    assert not landing.land(inbox, home).landed
    result = warehouse.build(home, as_of=as_of)
    assert result.passed, "\n".join(str(failure) for failure in result.failures)
    found: dict[str, Bill] = defaultdict(lambda: {mart: [] for mart in MARTS})
    with duckdb.connect(str(result.database)) as connection:
        for mart in MARTS:
            cursor = connection.execute(QUERIES.get(mart, f"select * from marts.{mart}"))
            columns = [column for column, *_ in cursor.description]
            for values in cursor.fetchall():
                row = dict(zip(columns, values, strict=True))
                prefix = row["org_id"].split("-")[0] + "-"
                prefix = prefix if prefix in {STRANGER, *COPIES} else ""
                found[prefix][mart].append(original(row, mart, prefix))
    return found


def original(row: dict, mart: str, prefix: str) -> dict:
    """A row of a copy in the words of its original, without provenance."""
    return {
        column: own_words(value, prefix)
        for column, value in row.items()
        if column not in PROVENANCE.get(mart, ())
    }


def own_words(value: object, prefix: str) -> object:
    """A value without the prefix of a copy, the values of a list too.

    What a masked id ends in is a hash of the organization too.
    """
    if isinstance(value, list):
        return tuple(own_words(one, prefix) for one in value)
    if not isinstance(value, str):
        return value
    return re.sub("~[0-9a-f]{12}", "~", value.replace(prefix, ""))


def differences(expected: Bill, actual: Bill) -> list[str]:
    """Every mart in which two bills differ, with the first rows."""
    found = []
    for mart in MARTS:
        assert expected[mart], f"the organizations leave {mart} empty"
        one = Counter(tuple(row.items()) for row in expected[mart])
        other = Counter(tuple(row.items()) for row in actual[mart])
        if one != other:
            missing = [dict(row) for row in (one - other).elements()]
            surplus = [dict(row) for row in (other - one).elements()]
            found.append(report(compare(mart, missing, surplus, ("org_id",)), {}))
    return found


@pytest.fixture(scope="module")
def organizations(tmp_path_factory) -> dict[str, Organization]:
    """Random organizations and those of the sample, by name."""
    folder = tmp_path_factory.mktemp("random")
    drawn = {f"org-{n:03}": random_organization(n, folder) for n in range(ORGS)}
    return drawn | {path.name: sample_organization(path) for path in sorted(SAMPLE.iterdir())}


@pytest.fixture(scope="module", autouse=True)
def same_key():
    """What is told apart by hashes is in the same order in all homes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_BILLING_CUSTOMER_KEY", "2b55e9221d15cca1d3140f530791844c75a7f03bdaaa9939")
        yield


@pytest.fixture(scope="module")
def alone(organizations, tmp_path_factory) -> Bill:
    """The bill of the organizations as they are."""
    inbox = tmp_path_factory.mktemp("alone") / "inbox"
    deliver(inbox, organizations, whole)
    return bills(inbox, as_of_for(SEED))[""]


@pytest.fixture(scope="module")
def together(organizations, tmp_path_factory) -> dict[str, Bill]:
    """The bills of the organizations, of their changed copies and of strangers, by prefix."""
    inbox = tmp_path_factory.mktemp("together") / "inbox"
    deliver(inbox, organizations, whole)
    for prefix, change in COPIES.items():
        deliver(inbox, organizations, change, prefix)
    strangers = {org_id: moved(tables, ELEVEN_DAYS) for org_id, tables in organizations.items()}
    deliver(inbox, strangers, whole, STRANGER)
    return bills(inbox, as_of_for(SEED))


def assert_same(expected: Bill, actual: Bill) -> None:
    found = differences(expected, actual)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_adding_an_unrelated_organization_changes_nothing_elsewhere(alone, together):
    assert_same(alone, together[""])


def test_shuffled_and_split_over_files_the_input_gives_the_same_marts(alone, together):
    assert_same(alone, together["shuffled-"])


def test_landed_twice_and_in_another_order_the_input_gives_the_same_marts(alone, together):
    assert_same(alone, together["repeated-"])


def test_splitting_a_status_in_two_changes_nothing(alone, together):
    """But for the statuses in `load_audit` and `rejected_rows`, which count rows."""
    accepted, accepted_of_split = (
        sum(row["rows_accepted"] for row in bill["load_audit"] if row["dataset"] in STATUSES)
        for bill in (alone, together["split-"])
    )
    assert accepted_of_split > accepted * 1.3, "too few statuses were split"
    counted = {"load_audit", "rejected_rows"}
    one, other = (
        {
            mart: [row for row in rows if mart not in counted or row["dataset"] not in STATUSES]
            for mart, rows in bill.items()
        }
        for bill in (alone, together["split-"])
    )
    assert_same(one, other)


def test_moved_by_whole_cycles_the_bill_moves_and_no_amount_changes(
    organizations, alone, tmp_path_factory
):
    inbox = tmp_path_factory.mktemp("moved") / "inbox"
    later = {org_id: moved(tables, FOUR_YEARS) for org_id, tables in organizations.items()}
    deliver(inbox, later, whole)
    bill = bills(inbox, as_of_for(SEED) + FOUR_YEARS)[""]
    back = {
        mart: [{c: moved_value(v, -FOUR_YEARS) for c, v in row.items()} for row in rows]
        for mart, rows in bill.items()
    }
    assert_same(alone, back)
