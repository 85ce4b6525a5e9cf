"""Invoices: the charges, what they lack of a minimum amount, and the taxes on them.

Where interface and rulebook leave a choice, this is what the oracle does:

1. An invoice exists where it has a line; payment terms, account and currency are those of the
   contract in force on its date, else of the last one before.
2. Charges of two contracts on one invoice are taxed in the jurisdiction of each contract.
3. A minimum monthly amount is a commitment, and there is none after the term.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from oracle.calendar import Cycle
from oracle.coverage import judge_invoice
from oracle.lines import charges, contract_on, line
from oracle.meter import ZERO, Meter
from oracle.money import line_amount, money
from oracle.reader import Organization

# TAX-03: jurisdiction -> level -> (rate from, rate until, rate); the shipped one and a random one.
ALWAYS = date.min, date.max
TAX_RATES = {
    "EXAMPLE-US": {
        "tax_federal": [(*ALWAYS, "0.05")],
        "tax_state": [(*ALWAYS, "0.04")],
        "tax_local": [(*ALWAYS, "0.01")],
    },
    "RANDOM": {
        "tax_federal": [
            (date.min, date(2024, 3, 1), "0.0725"),
            (date(2024, 3, 1), date.max, "0.08125"),
        ],
        "tax_local": [(date(2024, 2, 29), date(2024, 3, 31), "0.00333")],
    },
}
CORE_SECTIONS = {"core_services", "core_services_prepay", "resources", "devices"}


def invoice_lines(org: Organization, meters: list[Meter]) -> list[dict]:
    """Every line of every invoice; one that is not final yet shows the arrears so far."""
    lines = charges(org, meters)
    lines += [row for meter in meters for row in minimum_lines(meter, lines)]
    return [identify(org, row) for row in [*lines, *tax_lines(org, lines)]]


def core_charges(meter: Meter, lines: list[dict]) -> Decimal:
    """INV-09: what the core lines of a cycle come to."""
    cycle, contract = meter.cycle, meter.cycle.contract
    return sum((core_amount(row, cycle) for row in lines if row["contract"] == contract), ZERO)


def minimum_lines(meter: Meter, lines: list[dict]) -> Iterator[dict]:
    """INV-09, INV-10: what the core lines of a term cycle lack of the minimum monthly amount."""
    cycle, contract = meter.cycle, meter.cycle.contract
    if cycle.is_ramp or cycle.is_after_term or contract.minimum_monthly_amount is None:
        return
    minimum = money(contract.minimum_monthly_amount, contract.currency)
    lacking = minimum - core_charges(meter, lines)
    if lacking > 0:
        yield from line(
            contract,
            cycle.end,
            "minimum_monthly_amount",
            "committed",
            (cycle.start, cycle.end),
            1,
            lacking,
            in_section="core_services",
        )


def core_amount(row: dict, cycle: Cycle) -> Decimal:
    """What a line counts for the minimum of a cycle; a prepaid year counts month by month."""
    period = row["service_period_start"], row["service_period_end"]
    if row["monthly_quantity"] is not None:
        if period[0] <= cycle.start < period[1]:
            return line_amount(row["monthly_quantity"], row["unit_price"], row["currency"])
        return ZERO
    is_core = row["section"] in CORE_SECTIONS and period == (cycle.start, cycle.end)
    return row["amount"] if is_core else ZERO


def tax_lines(org: Organization, lines: list[dict]) -> Iterator[dict]:
    """TAX-01: a line per level on the charges of an invoice, at the rate of the invoice's date.

    Charges of two contracts on one invoice are taxed where each contract says.
    """
    charges: dict[tuple[date, str], list[dict]] = defaultdict(list)
    for row in lines:
        charges[row["invoice_date"], row["contract"].tax_jurisdiction or ""].append(row)
    for (day, jurisdiction), charged in sorted(charges.items()):
        first = min(row["service_period_start"] for row in charged)
        last = max(row["service_period_end"] for row in charged)
        for level, rates in TAX_RATES.get(jurisdiction, {}).items():
            for since, until, rate in rates:
                if since <= day < until:
                    yield from line(
                        charged[0]["contract"],
                        day,
                        level,
                        "tax",
                        (first, last),
                        sum(row["amount"] for row in charged),
                        Decimal(rate),
                        in_section="taxes_and_fees",
                        detail=jurisdiction,
                    )


def identify(org: Organization, row: dict) -> dict:
    """A line with its id, its invoice and whether the invoice is final: dated before as-of."""
    detail = row.pop("detail")
    del row["contract"], row["monthly_quantity"]
    invoice = f"{org.org_id}-{row['invoice_date']}"
    parts = invoice, row["charge_type"], row["product_code"], str(row["service_period_start"])
    return {
        "invoice_line_id": "/".join([*parts, detail] if detail else parts),
        "invoice_id": invoice,
        **row,
        "invoice_status": "final" if row["invoice_date"] < org.as_of else "accruing",
    }


def invoices(org: Organization, lines: list[dict]) -> list[dict]:
    """An invoice is the sum of its lines, charges and taxes apart."""
    charges: dict[date, Decimal] = defaultdict(Decimal)
    taxes: dict[date, Decimal] = defaultdict(Decimal)
    for row in lines:
        (taxes if row["charge_type"] == "tax" else charges)[row["invoice_date"]] += row["amount"]
    rows = []
    for day in sorted(charges):
        contract = contract_on(org, day)
        rows.append(
            {
                "invoice_id": f"{org.org_id}-{day}",
                "billing_account_id": contract.billing_account_id,
                "invoice_date": day,
                "due_date": day + timedelta(days=contract.payment_terms_days),
                "currency": contract.currency,
                "subtotal_amount": charges[day],
                "tax_amount": taxes[day],
                "total_amount": charges[day] + taxes[day],
                "invoice_status": "final" if day < org.as_of else "accruing",
                **judge_invoice(org, day),
            }
        )
    return rows
