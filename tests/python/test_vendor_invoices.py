"""The vendor's invoices of random organizations, held against what was planted in them.

Every sum must be exact, right invoices agreed in any layout and by each of their lines, no reason
false, and of the planted faults nine in ten named. `CX_BILLING_VENDOR_ORGS` (default 60) and
`CX_BILLING_RANDOM_SEED` (default 1) change how many organizations are drawn and which;
`CX_BILLING_VENDOR_FAULTS` plants so many faults in every invoice, where none is said 0 to 3.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from conftest import told
from cx_billing import landing, warehouse
from vendor_invoices.inbox import write_inbox
from vendor_invoices.judge import Verdict, judge
from vendor_invoices.printed import Invoice, Planted

ORGS = int(os.environ.get("CX_BILLING_VENDOR_ORGS", "60"))
SEED = int(os.environ.get("CX_BILLING_RANDOM_SEED", "1"))
FAULTS = os.environ.get("CX_BILLING_VENDOR_FAULTS")
SHOWN = 40
# Lines that say another thing of an invoice that is agreed.
CONTRADICTIONS = """
    select distinct lines.org_id, groups.invoice_number, lines.description, lines.reason
    from marts.invoice_reconciliation as lines
    inner join marts.vendor_invoice_lines as groups
        on lines.org_id = groups.org_id and lines.match_group = groups.group_id
    inner join marts.vendor_invoices as invoices
        on groups.org_id = invoices.org_id and groups.invoice_number = invoices.invoice_number
    where
        invoices.is_agreed
        and lines.reason not in (
            'matched', 'matched_with_rounding', 'shown_blended', 'renamed_product'
        )
"""


@dataclass
class Run:
    """Vendor invoices once through the warehouse."""

    invoices: list[tuple[str, Invoice]]
    verdicts: list[tuple[str, str, Invoice, Verdict]] = field(default_factory=list)
    printed_lines: dict[tuple[str, str], int] = field(default_factory=dict)
    totals: dict[tuple[str, date], Decimal] = field(default_factory=dict)
    claims: list[dict] = field(default_factory=list)
    inventory: list[dict] = field(default_factory=list)

    def numbers(self) -> list[tuple[str, str, Invoice]]:
        """Every invoice number that the vendor sent."""
        return [
            (org_id, number, invoice)
            for org_id, invoice in self.invoices
            for number in invoice.printed_totals()
        ]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """The organizations, landed and built."""
    folder = tmp_path_factory.mktemp("vendor_invoices")
    inbox, home = folder / "inbox", folder / "home"
    written = write_inbox(inbox, ORGS, SEED, int(FAULTS) if FAULTS else None)
    landing.land(inbox, home)
    result = warehouse.build(home, written.as_of)
    if result.database is None:
        pytest.fail("\n\n".join(map(told, result.failures)), pytrace=False)
    run = Run(written.invoices)
    with duckdb.connect(str(result.database), read_only=True) as connection:
        read_marts(connection, run)
        run.claims = rows_of(connection, CLAIMS)
        run.inventory = rows_of(connection, INVENTORY)
    return run


def read_marts(connection, run: Run) -> None:
    """What the warehouse says of each invoice."""
    for row in rows_of(connection, "select org_id, invoice_date, total_amount from marts.invoices"):
        run.totals[row["org_id"], row["invoice_date"]] = row["total_amount"]
    lines = """
        select org_id, invoice_number, count(distinct printed_position) as lines_count
        from marts.invoice_reconciliation
        where printed_position is not null
        group by org_id, invoice_number
    """
    summaries = {
        (row["org_id"], row["invoice_number"]): row
        for row in rows_of(connection, "select * from marts.vendor_invoices")
    }
    differences = defaultdict(list)
    for row in rows_of(connection, "select * from marts.invoice_differences"):
        differences[row["org_id"], row["invoice_number"]].append(row)
    contradictions = defaultdict(list)
    for row in rows_of(connection, CONTRADICTIONS):
        words = f"agreed, and {row['description']} is {row['reason']}"
        contradictions[row["org_id"], row["invoice_number"]].append(words)
    for row in rows_of(connection, lines):
        run.printed_lines[row["org_id"], row["invoice_number"]] = row["lines_count"]
    for org_id, number, invoice in run.numbers():
        key = org_id, number
        if invoice.other_number and key not in summaries:
            key = org_id, invoice.other_number
        summary = summaries.get(key)
        verdict = judge(invoice, number, summary, differences[key])
        verdict.wrong += contradictions[key]
        names = {number, invoice.other_number} - {None}
        if summary and names != {key[1], *filter(None, [summary["other_numbers"]])}:
            verdict.wrong.append(f"other_numbers is {summary['other_numbers']}")
        run.printed_lines[org_id, number] = run.printed_lines.get(key, 0)
        run.verdicts.append((org_id, number, invoice, verdict))


# What is claimed of mispriced calls, and the calls of the cycle that ends with the invoice: the
# vendor may have toll-free calls in Inbound, and extended ones in Outbound.
CLAIMS = """
    select
        differences.org_id,
        differences.invoice_number,
        differences.claim_amount,
        differences.amount <> 0 as is_billed_by_the_rates,
        round(sum(audit.amount) filter (audit.service = substr(differences.product_code, 7)), 2)
            as own_amount,
        round(sum(audit.amount), 2) as folded_amount
    from marts.invoice_differences as differences
    inner join marts.vendor_invoices as vendor using (org_id, invoice_number)
    inner join marts.billing_cycles as cycles
        on
            differences.org_id = cycles.org_id
            and cycles.clock = 'voice'
            and contains(vendor.expected_invoice_ids, cycles.cycle_end_date::varchar)
    left join marts.call_audit as audit
        on
            differences.org_id = audit.org_id
            and cycles.cycle_start_date = audit.cycle_start_date
            and audit.finding = 'mispriced'
            and (ends_with(audit.service, 'bound') or audit.service = 'toll_free')
            and ends_with(differences.product_code, 'outbound')
            = ends_with(audit.service, 'outbound')
    where differences.reason = 'mispriced_calls'
    group by all
"""
INVENTORY = """
    select audit.*, cycles.cycle_end_date
    from marts.inventory_audit as audit
    inner join marts.billing_cycles as cycles using (org_id, cycle_start_date)
    where
        cycles.clock = 'core'
        and audit.finding in ('billed_not_held', 'held_not_billed', 'billed_as_held')
"""


def rows_of(connection, query: str) -> list[dict]:
    """The rows of a query by column."""
    cursor = connection.execute(query)
    columns = [column for column, *_ in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def shown(lines: list[str]) -> str:
    """Some lines, and how many there are."""
    return "\n".join([f"seed {SEED}, {ORGS} organizations: {len(lines)}", *lines[:SHOWN]])


def tell(invoice: Invoice, number: str) -> str:
    """An invoice, with its faults and layouts."""
    faults, layouts = ", ".join(invoice.kinds), ", ".join(invoice.layouts)
    return f"{invoice.org.org_id} {number} ({faults or 'right'}; {layouts or 'plain'})"


def tell_planted(planted: Planted) -> str:
    """A planted fault."""
    reasons = " or ".join(sorted(planted.reasons))
    return f"{planted.kind}: {reasons} {planted.product} {planted.amount}"


def tell_found(row: dict) -> str:
    """A difference."""
    return f"{row['reason']} {row['product_code']} {row['amount']}, {row['explanation']}"


def test_our_own_bill_is_what_the_vendor_was_given(run):
    wrong = [
        f"{org_id} {invoice.day}: {run.totals.get((org_id, invoice.day))}, not {total}"
        for org_id, invoice in run.invoices
        if run.totals.get((org_id, invoice.day)) != (total := invoice.expected_total())
    ]
    assert not wrong, shown(wrong)


def test_every_sum_is_exact_and_right_invoices_agree(run):
    wrong = [
        f"{tell(invoice, number)}: {words}"
        for _, number, invoice, verdict in run.verdicts
        for words in verdict.wrong
    ]
    assert not wrong, shown(wrong)


def test_every_printed_line_is_shown_once(run):
    wrong = []
    for org_id, number, invoice in run.numbers():
        printed = sum((line.number or invoice.number) == number for line in invoice.lines)
        if run.printed_lines.get((org_id, number)) != printed:
            found = run.printed_lines.get((org_id, number))
            wrong.append(f"{tell(invoice, number)}: {found} of {printed} lines")
    assert not wrong, shown(wrong)


def test_what_is_claimed_of_mispriced_calls_is_the_sum_of_their_audit(run):
    assert run.claims, "no invoice claims anything of mispriced calls"
    wrong = [
        str(claim)
        for claim in run.claims
        if claim["claim_amount"]
        not in (
            (0,)
            if claim["is_billed_by_the_rates"]
            else (claim["own_amount"], claim["folded_amount"])
        )
    ]
    assert not wrong, shown(wrong)


def test_numbers_and_devices_of_right_invoices_are_billed_as_they_are_held(run):
    right = {(org_id, invoice.day) for org_id, invoice in run.invoices if not invoice.kinds}
    found = [row for row in run.inventory if (row["org_id"], row["cycle_end_date"]) in right]
    assert found, "no right invoice has numbers or devices"
    wrong = [str(row) for row in found if row["finding"] != "billed_as_held" or row["amount"]]
    assert not wrong, shown(wrong)


def test_no_reason_is_false(run):
    false = [
        f"{tell(invoice, number)}: {tell_found(row)}"
        for _, number, invoice, verdict in run.verdicts
        for row in verdict.false
    ]
    assert not false, shown(false)


def test_nine_in_ten_faults_are_named(run):
    planted, missed, lines = Counter(), Counter(), []
    for _, number, invoice, verdict in run.verdicts:
        wanted = [one for one in invoice.planted_of(number) if not one.is_optional]
        planted.update(one.kind for one in wanted if one.reasons != {"rounding"})
        missed.update(one.kind for one in verdict.missed)
        lines += [f"{tell(invoice, number)}: {tell_planted(one)}" for one in verdict.missed]
    named = planted.total() - missed.total()
    kinds = [f"{kind}: {missed[kind]} of {planted[kind]} missed" for kind in sorted(missed)]
    words = "\n".join([f"{named} of {planted.total()} named", *kinds, shown(lines)])
    print(words)
    assert named >= planted.total() * 0.9, words
