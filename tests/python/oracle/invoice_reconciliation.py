"""`invoice_reconciliation`: the vendor's invoice held against ours line by line (INV-12).

1. What the vendor calls Committed is our commitment, where both have one. Of several lines, those
   of equal quantity and amount are paired first, then those of equal amount, then of equal price,
   the rest in the order of price, amount and date of invoice, credits last.
2. A waived line that the vendor does not have is no difference.
3. A line of ours is missing on the invoice if the vendor has any line of that service period and
   kind of charge (prepay or not); else there is no vendor invoice for it.
4. Amounts decide: where they agree the line is matched, whatever quantity and price say.
5. Rows of one service, U.S. and International, are one sum. Where it is not exactly ours, each part
   is held against our own split, but for Inbound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from oracle import catalogue, usage
from oracle.meter import ZERO, Meter
from oracle.money import money
from oracle.reader import Organization
from oracle.vendor_lines import TELCO, Expected, VendorLine, expected_lines, vendor_lines


def invoice_reconciliation(org: Organization, meters: list[Meter], lines: list[dict]) -> list[dict]:
    """`invoice_reconciliation`: every vendor line, and every line of ours without one."""
    theirs = vendor_lines(org, lines)
    ours = expected_lines(meters, lines, theirs)
    their_groups, our_groups = group_by_key(theirs), group_by_key(ours)
    covered = {(line.is_prepay, line.period) for line in theirs}
    rows = []
    for key in {**their_groups, **our_groups}:
        left = our_groups.get(key, [])
        if parts := parts_of_a_service(their_groups.get(key, []), left):
            rows += reconcile_parts(org, meters, parts, left.pop())
            continue
        for line, expected in pair(their_groups.get(key, []), left):
            rows.append(
                reconcile(line, expected, expected.quantity, expected.amount)
                if expected
                else unexpected_row(org, line)
            )
            left = [other for other in left if other is not expected]
        rows += [
            missing_row(expected, is_covered=(expected.is_prepay, expected.period) in covered)
            for expected in left
            if not expected.line["is_waived"]
        ]
    return rows


def group_by_key(lines: list) -> dict[tuple, list]:
    """Lines by what they are paired on."""
    groups: dict[tuple, list] = defaultdict(list)
    for line in lines:
        groups[line.key].append(line)
    return groups


def pair(theirs: list[VendorLine], ours: list[Expected]) -> Iterator[tuple]:
    """Each vendor line with ours or None: the committed ones apart where both have some."""
    split = any(line.is_committed for line in theirs) and any(e.is_committed for e in ours)
    for is_committed in (True, False) if split else (None,):
        yield from pair_in_rounds(
            [line for line in theirs if is_committed in (None, line.is_committed)],
            [line for line in ours if is_committed in (None, line.is_committed)],
        )


def pair_in_rounds(theirs: list[VendorLine], ours: list[Expected]) -> Iterator[tuple]:
    """The lines that agree first, then those that agree in less, at last whatever is left."""

    def rank(line: VendorLine | Expected) -> tuple:
        price = line.price is None, line.price or ZERO
        return line.amount < 0, *price, line.amount, line.invoice_date

    theirs, ours = sorted(theirs, key=rank), sorted(ours, key=rank)
    rounds = (
        lambda line, other: (line.quantity, line.amount) == (other.quantity, other.amount),
        lambda line, other: line.amount == other.amount,
        lambda line, other: line.price is not None and line.price == other.price,
        lambda line, other: True,
    )
    for agree in rounds:
        for line in list(theirs):
            match = next((other for other in ours if line.product and agree(line, other)), None)
            if match:
                theirs.remove(line)
                ours.remove(match)
                yield line, match
    yield from ((line, None) for line in theirs)


def reconcile(line: VendorLine, expected: Expected, quantity: Decimal, amount: Decimal) -> dict:
    """A vendor line and what is expected of it."""
    row, ours = line.row, expected.line
    variance = row["amount"] - amount
    return {
        **vendor_side(line),
        "product_code": ours["product_code"],
        "charge_type": ours["charge_type"],
        "expected_quantity": quantity,
        "expected_amount": amount,
        "variance_amount": variance,
        "expected_invoice_date": ours["invoice_date"],
        "reason": find_reason(line, expected, quantity, variance),
    }


def find_reason(line: VendorLine, expected: Expected, quantity: Decimal, variance: Decimal) -> str:
    """Why a vendor line and ours agree or differ."""
    row, ours, price = line.row, expected.line, expected.price
    if row["currency"] and row["currency"] != ours["currency"]:
        return "currency_differs"
    if variance == 0:
        return "shown_blended" if expected.is_shown_blended(row) else "matched"
    if abs(variance) <= line.tolerance:
        return "matched_with_rounding"
    if ours["is_waived"]:
        return "waived_in_ramp"
    if price is None:
        return "amount_differs"
    other_quantity = row["qty"] is not None and row["qty"] != quantity
    other_price = row["rate"] is not None and row["rate"] != price
    return {
        (True, True): "quantity_and_price_differ",
        (True, False): "quantity_differs",
        (False, True): "price_differs",
        (False, False): "amount_differs",
    }[other_quantity, other_price]


def vendor_side(line: VendorLine) -> dict:
    """What the vendor says."""
    row = line.row
    return {
        "reconciliation_id": f"{row.file}/{row.number}",
        "invoice_number": row["invoice_number"],
        "invoice_date": row["invoice_date"],
        "service_period_start": line.period[0],
        "service_period_end": line.period[1],
        "description": row["description"],
        "invoiced_quantity": row["qty"],
        "invoiced_amount": row["amount"],
    }


def unexpected_row(org: Organization, line: VendorLine) -> dict:
    """A vendor line of which we have none."""
    return {
        **vendor_side(line),
        "product_code": line.product or "unclassified",
        "charge_type": charge_type(line),
        "expected_quantity": None,
        "expected_amount": None,
        "variance_amount": line.row["amount"],
        "expected_invoice_date": line.period[0] if line.is_prepay else line.period[1],
        "reason": "not_expected" if line.product else "unclassified",
    }


def charge_type(line: VendorLine) -> str:
    """What the vendor charges: in advance, or as the product is billed in arrears."""
    if line.is_prepay:
        return "prepay"
    if line.is_committed:
        return "committed"
    return catalogue.charge_in_arrears(line.product) if line.product else "unknown"


def missing_row(expected: Expected, *, is_covered: bool) -> dict:
    """A line of ours that the vendor does not have."""
    ours = expected.line
    copied = (
        "invoice_date product_code charge_type service_period_start service_period_end description"
    )
    return {
        "reconciliation_id": ours["invoice_line_id"],
        "invoice_number": None,
        **{name: ours[name] for name in copied.split()},
        "invoiced_quantity": None,
        "expected_quantity": expected.quantity,
        "invoiced_amount": None,
        "expected_amount": expected.amount,
        "variance_amount": -expected.amount,
        "expected_invoice_date": ours["invoice_date"],
        "reason": "missing_on_invoice" if is_covered else "no_vendor_invoice",
    }


def parts_of_a_service(theirs: list[VendorLine], ours: list[Expected]) -> list[VendorLine]:
    """The rows of a calling service that are held against one line of ours, U.S. first."""
    if len(theirs) < 2 or len(ours) != 1 or not ours[0].is_telco:
        return []
    order = {"U.S.": 0, "International": 1, None: 2}
    return sorted(theirs, key=lambda line: order[line.breakout])


def reconcile_parts(
    org: Organization, meters: list[Meter], parts: list[VendorLine], expected: Expected
) -> list[dict]:
    """TELCO-02: parts agree as a sum, or are held against our own split of the calls."""
    agrees = sum(part.row["amount"] for part in parts) == expected.amount
    product, currency = expected.line["product_code"], expected.line["currency"]
    if not agrees and product != "telco_inbound":
        [meter] = [m for m in meters if (m.cycle.start, m.cycle.end) == expected.period]
        abroad_calls = [
            call
            for call in meter.calls[product.removeprefix(TELCO)]
            if usage.is_international(call)
        ]
        abroad = money(sum((call["total_cost"] for call in abroad_calls), ZERO), currency)
        minutes = meter.minutes(abroad_calls)
        split = {
            "U.S.": (expected.quantity - minutes, expected.amount - abroad),
            "International": (minutes, abroad),
        }
        return [reconcile(part, expected, *split[part.breakout]) for part in parts]
    rows, quantity, amount = [], expected.quantity, expected.amount
    for part in parts[:-1]:
        rows.append(reconcile(part, expected, part.row["qty"], part.row["amount"]))
        quantity, amount = quantity - (part.row["qty"] or ZERO), amount - part.row["amount"]
    return [*rows, reconcile(parts[-1], expected, quantity, amount)]
