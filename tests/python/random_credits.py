"""Random credits of the vendor: small organizations whose bill is known without any usage.

Each has a commitment in arrears of two products, so that every monthly invoice of ours is known;
the vendor's are right but for planted faults, and later invoices or credit memos give some of it
back: a whole dispute, one difference, two or three disputes at once, or any part, with the tax
printed by itself or in the amount. `draw_organization` writes one and says what must come of it.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

AS_OF = date(2026, 12, 1)
CENT = Decimal("0.01")
LEVELS = {"Federal": Decimal("0.05"), "State": Decimal("0.04"), "Local": Decimal("0.01")}
ITEMS = {
    "cx2": ("Genesys Cloud CX 2 User", 10, Decimal(100)),
    "communicate": ("Genesys Cloud Communicate User", 5, Decimal(20)),
}
HEADER = [
    *("Invoice number", "Invoice date", "Service period start", "Service period end"),
    *("Description", "Qty", "Rate", "Amount", "Currency"),
]


@dataclass
class Dispute:
    """What an invoice of the vendor bills too much."""

    number: str
    day: date
    faults: dict[str, Decimal]
    tax: Decimal
    settled: set[str] = field(default_factory=set)  # the faults that a credit gives back
    given_back: Decimal = Decimal(0)  # by credits that equal something exactly

    @property
    def claim(self) -> Decimal:
        """All of it."""
        return sum(self.faults.values(), self.tax)


@dataclass
class Drawn:
    """An organization, and what must come of its credits."""

    org_id: str
    disputes: dict[str, Dispute] = field(default_factory=dict)
    credits: Decimal = Decimal(0)
    has_parts: bool = False
    rows: list[list] = field(default_factory=list)


def tax_on(base: Decimal, is_taxed: bool) -> dict[str, Decimal]:
    """The tax of each level on a base, rounded half up."""
    if not is_taxed:
        return {}
    return {
        level: (base * rate).quantize(CENT, rounding=ROUND_HALF_UP)
        for level, rate in LEVELS.items()
    }


def draw_organization(index: int, seed: int, inbox: Path) -> Drawn:
    """Write one organization below `inbox`."""
    rng = random.Random(f"credits {seed} {index}")
    org = Drawn(f"credit-{index:03}")
    is_taxed = rng.random() < 0.5
    months = [date(2026, month, 1) for month in range(2, 10)]
    invoices: dict[date, list[tuple[str, Decimal, Decimal | None]]] = {}
    for day in months:
        invoices[day] = draw_invoice(rng, org, day, is_taxed, is_last=day == months[-1])
    memos = draw_credits(rng, org, invoices, is_taxed)
    for day, lines in invoices.items():
        print_invoice(org, f"V{day.month}", day, lines, is_taxed)
    for number, (day, lines, is_memo_taxed) in memos.items():
        print_invoice(org, number, day, lines, is_memo_taxed)
    write(inbox, org, is_taxed)
    return org


def draw_invoice(
    rng: random.Random, org: Drawn, day: date, is_taxed: bool, is_last: bool
) -> list[tuple[str, Decimal, Decimal | None]]:
    """The lines of an invoice: words, quantity, rate; some of them faulty."""
    faults: dict[str, Decimal] = {}
    lines = []
    for product, (words, quantity, rate) in ITEMS.items():
        printed = (Decimal(quantity), rate)
        if not is_last and rng.random() < 0.35:
            more = Decimal(rng.randint(101, 4999)) / 100
            printed = (Decimal(quantity), rate + more)
            faults[product] = more * quantity
        lines.append((words, *printed))
    if not is_last and rng.random() < 0.25:
        faults["unknown"] = Decimal(rng.randint(1000, 60000)) / 100
        lines.append(("Professional Services Retainer", Decimal(1), faults["unknown"]))
    if faults:
        ours = sum((Decimal(quantity) * rate for _, quantity, rate in ITEMS.values()), Decimal(0))
        wrong = tax_on(ours + sum(faults.values()), is_taxed).values()
        tax = sum(wrong, Decimal(0)) - sum(tax_on(ours, is_taxed).values(), Decimal(0))
        org.disputes[f"V{day.month}"] = Dispute(f"V{day.month}", day, faults, tax)
    return lines


def draw_credits(
    rng: random.Random, org: Drawn, invoices: dict[date, list], is_taxed: bool
) -> dict[str, tuple[date, list, bool]]:
    """Credits: lines of later invoices without a fault, or memos under numbers of their own."""
    memos: dict[str, tuple[date, list, bool]] = {}
    waiting = list(org.disputes.values())
    while waiting and rng.random() < 0.85:
        kind = rng.choice(["whole", "difference", "several", "part"])
        some = [waiting.pop(0)]
        if kind == "several":
            some += [waiting.pop(0) for _ in range(min(len(waiting), rng.randint(1, 2)))]
        net, tax = settle(rng, org, kind, some)
        after = max(dispute.day for dispute in some)
        clean = [day for day in invoices if day > after and f"V{day.month}" not in org.disputes]
        product = next(iter(some[0].faults))
        words = ITEMS[product][0] if product in ITEMS and rng.random() < 0.7 else "goodwill"
        is_gross = not is_taxed or rng.random() < 0.5
        total = net + tax
        org.credits += total
        if clean and is_gross and not is_taxed and rng.random() < 0.6:
            invoices[rng.choice(clean)].append((f"Credit memo - {words}", Decimal(-1), total))
            continue
        lines = [(f"Credit memo - {words}", Decimal(-1), total if is_gross else net)]
        day = after.replace(month=after.month + 1, day=20)
        memos[f"C{len(memos)}"] = (day, lines, False)
        if not is_gross:
            memos[f"C{len(memos) - 1}"] = (day, [*lines, ("tax", Decimal(1), -tax)], False)
    return memos


def settle(
    rng: random.Random, org: Drawn, kind: str, some: list[Dispute]
) -> tuple[Decimal, Decimal]:
    """How much a credit gives back, without and of tax."""
    if kind == "part":
        org.has_parts = True
        part = Decimal(rng.randint(1, int(some[0].claim * 50))) / 100
        return part, Decimal(0)
    if kind == "difference" and len(some[0].faults) > 1 and not some[0].tax:
        amount = some[0].faults[rng.choice(list(some[0].faults))]
        some[0].given_back += amount
        return amount, Decimal(0)
    for dispute in some:
        dispute.given_back += dispute.claim
    net = sum((sum(dispute.faults.values()) for dispute in some), Decimal(0))
    return net, sum((dispute.tax for dispute in some), Decimal(0))


def print_invoice(org: Drawn, number: str, day: date, lines: list, is_taxed: bool) -> None:
    """The rows of an invoice, with taxes on its own lines."""
    start = day.replace(month=day.month - 1, day=1)
    base = Decimal(0)

    def add(words: str, quantity: Decimal, rate: Decimal | None, amount: Decimal) -> None:
        org.rows.append([number, day, start, day.replace(day=1), words, quantity, rate, amount])

    for words, quantity, rate in lines:
        amount = quantity * rate
        if words == "tax":
            add("State Taxes and Fees", base, None, amount)
            continue
        base += amount
        add(words, quantity, rate, amount)
    for level, amount in tax_on(base, is_taxed).items():
        add(f"{level} Taxes and Fees", base, LEVELS[level], amount)


def write(inbox: Path, org: Drawn, is_taxed: bool) -> None:
    """The files of an organization."""
    files: dict[str, list[list]] = defaultdict(list)
    contract = {
        "contract_id": "c1",
        "org_name": org.org_id,
        "region": "us-east-1",
        "license_model": "named",
        "billing_option": "month_to_month",
        "currency": "USD",
        "effective_date": "2026-01-01",
        "tax_jurisdiction": "EXAMPLE-US" if is_taxed else "",
    }
    files["contracts"] = [list(contract), list(contract.values())]
    files["contract_items"] = [
        ["contract_id", "product_code", "committed_quantity", "prepay_rate", "overage_rate"],
        *(
            ["c1", product, quantity, rate, rate + 10]
            for product, (_, quantity, rate) in ITEMS.items()
        ),
    ]
    files["vendor_invoice_lines"] = [HEADER, *([*row, "USD"] for row in org.rows)]
    for dataset, rows in files.items():
        file = inbox / org.org_id / dataset / "a.csv"
        file.parent.mkdir(parents=True)
        with file.open("w", newline="") as text:
            csv.writer(text).writerows(rows)
