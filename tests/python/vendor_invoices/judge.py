"""Whether what was found of a vendor's invoice is what was planted in it.

`found` are the rows of `marts.invoice_differences` of one invoice number as dictionaries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from oracle.vendor_lines import group_code

from .printed import AGREED, Invoice, Planted

# Left over where a planted reason was not found: missed, and no false reason.
NO_REASON = {"rounding", "unexplained"}
# What is behind it in an explanation are the other reasons that give the same figure.
ALSO = "; the same figure would also come from: "


@dataclass
class Verdict:
    """What was missed, what was found that is not so, and what does not add up."""

    missed: list[Planted] = field(default_factory=list)
    false: list[dict] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def judge(invoice: Invoice, number: str, summary: dict | None, found: list[dict]) -> Verdict:
    """Hold the row of `vendor_invoices` and the differences of one number against the planted."""
    verdict = Verdict()
    if summary is None:
        verdict.wrong.append("is not in vendor_invoices")
        return verdict
    planted = invoice.planted_of(number)
    if any(one.kind == "other_currency" for one in planted):
        judge_currency(summary, found, verdict)
        return verdict
    judge_sums(invoice, number, summary, found, verdict)
    if f"{invoice.org.org_id}-{invoice.day}" not in summary["expected_invoice_ids"].split(", "):
        verdict.wrong.append(f"answers {summary['expected_invoice_ids']}, not {invoice.day}")
    left = list(found)
    for one in planted:
        match = next((row for row in left if is_found(one, row, invoice.unit)), None)
        if match is not None:
            left.remove(match)
            judge_cause(one, match, found, verdict)
        elif not one.is_optional and one.reasons != {"rounding"}:
            verdict.missed.append(one)
    verdict.false = [row for row in left if row["reason"] not in NO_REASON]
    has_fault = any(not one.reasons & AGREED and not one.is_optional for one in planted)
    is_agreed = not any(row["reason"] not in AGREED for row in found)
    if summary["is_agreed"] != is_agreed or (not has_fault and not summary["is_agreed"]):
        words = "; ".join(f"{row['reason']} {row['product_code']} {row['amount']}" for row in found)
        is_right = "right" if not has_fault else "wrong"
        verdict.wrong.append(f"is {is_right}, is_agreed {summary['is_agreed']}: {words}")
    return verdict


def is_found(planted: Planted, row: dict, unit: Decimal) -> bool:
    """Whether a difference is a planted one, its amount but for rounding.

    Of several reasons that give the same figure the first of the list is the reason, and the
    sentence names the others.
    """
    _, _, others = (row.get("explanation") or "").partition(
        "; the same figure would also come from: "
    )
    named = {row["reason"], *others.rstrip(".").replace(" ", "_").split(",_")}
    if not named & planted.reasons or row["amount"] is None:
        return False
    if planted.group and group_code(row["product_code"] or "") != planted.group:
        return False
    if planted.claim is not None and row["claim_amount"] != planted.claim:
        return False
    return abs(row["amount"] - planted.amount) <= unit


def judge_currency(summary: dict, found: list[dict], verdict: Verdict) -> None:
    """Another currency: nothing is compared in money, and one difference says so."""
    if [row["reason"] for row in found] != ["other_currency"] or found[0]["amount"] is not None:
        verdict.wrong.append(f"other_currency is not all that is said: {found}")
    for name in ("expected_total", "variance_amount"):
        if summary[name] is not None:
            verdict.wrong.append(f"{name} is {summary[name]} in another currency")
    if summary["is_agreed"]:
        verdict.wrong.append("is agreed in another currency")


def judge_sums(
    invoice: Invoice, number: str, summary: dict, found: list[dict], verdict: Verdict
) -> None:
    """Every sum of an invoice, to 0.00."""
    printed = invoice.printed_totals()[number]
    differences = sum((row["amount"] or Decimal(0) for row in found), Decimal(0))
    unexplained = sum(
        (row["amount"] for row in found if row["reason"] == "unexplained"), Decimal(0)
    )
    expected, variance = summary["expected_total"], summary["variance_amount"]
    if expected is None or variance is None:
        verdict.wrong.append("has no expected total")
        return
    sums = {
        "lines_total is not the sum of the lines": (summary["lines_total"], printed),
        "printed_total is not the sum of the lines": (summary["printed_total"], printed),
        "variance_amount is not printed minus expected": (variance, printed - expected),
        "differences do not sum to the variance": (differences, variance),
        "unexplained_amount is not what is unexplained": (
            summary["unexplained_amount"],
            unexplained,
        ),
        "explained_amount is not the rest": (summary["explained_amount"], variance - unexplained),
    }
    verdict.wrong += [
        f"{words}: {one} {other}" for words, (one, other) in sums.items() if one != other
    ]
    planted = sum((one.amount or Decimal(0) for one in invoice.planted_of(number)), Decimal(0))
    if abs(printed - planted - expected) > 2 * invoice.unit:  # calls of two services are one sum
        verdict.wrong.append(f"expects {expected}, not {printed - planted}")


def judge_cause(planted: Planted, row: dict, found: list[dict], verdict: Verdict) -> None:
    """What follows names another difference of the invoice, nothing else does but a credit."""
    causes = {other["difference_id"]: other for other in found if other is not row}
    cause = causes.get(row["caused_by"])
    if "follows" in planted.reasons and row["reason"] == "follows":
        if cause is None or cause["reason"] == "follows":
            verdict.wrong.append(f"follows from nothing: {row['product_code']} {row['amount']}")
    elif planted.settles is not None and row["caused_by"] is None:
        verdict.wrong.append(f"credit settles nothing: {row['product_code']} {row['amount']}")
    elif row["caused_by"] is not None and row["reason"] not in {"credit", "earlier_period"}:
        verdict.wrong.append(f"{row['reason']} is caused by {row['caused_by']}")
