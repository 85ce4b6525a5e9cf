"""What `cx-billing check` expects, worked out without the warehouse.

The oracle computes what it covers. What it leaves out is written down here by hand: taxes, units,
the vendor's invoice KA-1001 and what is right and wrong with each of its lines. Running this
module writes `src/cx_billing/known_answer/expected`; `test_check.py` fails if the files hold
anything else, so they cannot be taken from a build.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from cx_billing import check
from oracle.bill import calculate
from oracle.money import line_amount, round_half_up

AS_OF = date.fromisoformat((check.KNOWN_ANSWER / "AS_OF").read_text().strip())
# By then every invoice that is accruing on AS_OF is final, and the inbox holds nothing later.
ALL_FINAL = date(2024, 5, 16)
TAXED, TAX_RATES = "known-named", {"federal": "0.05", "state": "0.04", "local": "0.01"}

CYCLE = "org_id cycle_start_date"
COLUMNS = {
    "billing_cycles": "org_id clock cycle_number cycle_start_at cycle_end_at cycle_start_date "
    "cycle_end_date phase is_last_ramp_cycle is_closed usage_through_at",
    "conversations": f"{CYCLE} platform integration_id interactions_count first_interaction_at "
    "last_interaction_at is_carried_over",
    "concurrency_peaks": f"{CYCLE} pool highest_users sustained_users accumulated_users "
    "accumulated_exact_users peak_rule billable_users peak_started_at peak_ended_at",
    "license_usage": f"{CYCLE} product_code license_model named_users peak_users logged_in_hours "
    "actual_quantity committed_quantity overage_quantity",
    "resource_usage": f"{CYCLE} product_code used_quantity included_quantity overage_quantity",
    "telco_reconciliation": f"{CYCLE} service calls_count cdr_minutes cdr_cost rated_cost "
    "invoiced_us_amount invoiced_international_amount invoiced_amount variance_amount status",
    "short_call_surcharges": f"{CYCLE} completed_calls short_calls short_share surcharge_quantity "
    "rate amount invoiced_quantity status",
    "invoice_lines": "invoice_id org_id invoice_date section product_code charge_type "
    "service_period_start service_period_end quantity unit_of_measure unit_price amount currency "
    "is_waived waiver_reason invoice_status",
    "invoices": "invoice_id org_id billing_account_id invoice_date due_date currency "
    "subtotal_amount tax_amount total_amount invoice_status",
    "invoice_reconciliation": "org_id invoice_number invoice_date product_code charge_type "
    "service_period_start service_period_end invoiced_quantity expected_quantity invoiced_amount "
    "expected_amount variance_amount reason",
    "unbilled_usage": f"{CYCLE} product_code reason quantity unit_of_measure",
    "rejected_rows": "org_id dataset source_file source_row reason",
}
UNITS = {
    **dict.fromkeys(("cx1", "cx2", "cx3", "communicate", "none"), "user"),
    **dict.fromkeys(("cx1_digital_addon", "cx2_wem_addon"), "user"),
    **dict.fromkeys(("phone", "edge_virtual"), "device"),
    **dict.fromkeys(("ivr_minutes", "byoc_minutes"), "minute"),
    **dict.fromkeys(("number_mrc", "number_mrc_tollfree", "number_nrc"), "number"),
    "data_storage_gb": "GB",
    "api_requests": "request",
    "sms_messages": "message",
    "short_call_surcharge": "call",
}

# The third cycle of known-named, and what the vendor's invoice KA-1001 says of it. Toll-free has no
# row there, so its minutes and cents belong to Inbound (TELCO-02).
PERIOD, COMING = (date(2024, 3, 15), date(2024, 4, 15)), (date(2024, 4, 15), date(2024, 5, 15))
INVOICED = (
    # product, charge, period, quantity and amount of the vendor, then ours, reason
    ("cx2", "prepay", COMING, "2", "200", "2", "200", "matched"),
    ("cx2", "overage", PERIOD, "3", "360", "2", "240", "quantity_differs"),
    ("cx1_digital_addon", "overage", PERIOD, "1", "12.50", "1", "12.50", "matched"),
    ("conversation_whatsapp", "usage", PERIOD, "5", "1.00", "5", "0.78", "price_differs"),
    ("telco_outbound", "usage", PERIOD, "48.6", "0.58", "48", "0.57", "matched_with_rounding"),
    ("telco_inbound", "usage", PERIOD, "5", "0.09", "17.7", "0.28", "amount_differs"),
    ("telco_extended_outbound", "usage", PERIOD, "2.2", "0.05", "2.2", "0.05", "matched"),
    ("telco_extended_outbound", "usage", PERIOD, "5.7", "0.27", "5.7", "0.27", "matched"),
    ("short_call_surcharge", "surcharge", PERIOD, "14", "0.17", "16", "0.19", "quantity_differs"),
    ("unclassified", "unknown", PERIOD, "1", "-5.00", None, None, "unclassified"),
)
TELCO = {
    # service: U.S., international, all, variance, status
    "outbound": ("0.58", None, "0.58", "0.01", "matched_with_rounding"),
    "extended_outbound": ("0.05", "0.27", "0.32", "0", "matched"),
    "inbound": (None, None, "0.09", "-0.19", "amount_differs"),
    "toll_free": (None, None, None, "0", "folded_into_inbound"),
}
SURCHARGED = ("14", "quantity_differs")


def known_answer() -> dict[str, list[dict]]:
    """Every mart that `cx-billing check` compares: its name -> its rows."""
    inbox = check.KNOWN_ANSWER / "inbox"
    marts = calculate(inbox, AS_OF)
    lines = invoice_lines(marts, calculate(inbox, ALL_FINAL))
    marts["telco_reconciliation"] = [telco(row) for row in marts["telco_reconciliation"]]
    marts["short_call_surcharges"] = [surcharge(row) for row in marts["short_call_surcharges"]]
    marts["unbilled_usage"] = [unbilled(row) for row in marts["unbilled_usage"]]
    marts["invoice_lines"] = lines
    marts["invoices"] = invoices(lines)
    marts["invoice_reconciliation"] = reconciliation(lines)
    return {
        mart: [{name: row[name] for name in columns.split()} for row in marts[mart]]
        for mart, columns in COLUMNS.items()
    }


def of_the_vendor(row: dict) -> bool:
    """Whether the vendor's invoice speaks of the cycle of a row."""
    return (row["org_id"], row["cycle_start_date"]) == (TAXED, PERIOD[0])


def telco(row: dict) -> dict:
    """A row of `telco_reconciliation` with the vendor's side."""
    nothing = (None, None, None, None, "no_invoice")
    us, international, amount, variance, status = (
        TELCO[row["service"]] if of_the_vendor(row) else nothing
    )
    return {
        **row,
        "invoiced_us_amount": us,
        "invoiced_international_amount": international,
        "invoiced_amount": amount,
        "variance_amount": variance,
        "status": status,
    }


def surcharge(row: dict) -> dict:
    """A row of `short_call_surcharges` with the vendor's side."""
    quantity, status = SURCHARGED if of_the_vendor(row) else (None, "no_invoice")
    return {**row, "invoiced_quantity": quantity, "status": status}


def unbilled(row: dict) -> dict:
    """A row of `unbilled_usage` with its unit."""
    if row["reason"] == "no_customer_account":
        return {**row, "unit_of_measure": "interaction"}
    return {**row, "unit_of_measure": unit(row)}


def unit(row: dict) -> str:
    """The unit of a product: hours of CX licenses in the hourly organization."""
    product = row["product_code"]
    if row["org_id"] == "known-hourly" and product == "cx1":
        return "hour"
    if product.startswith("telco_"):
        return "minute"
    return "conversation" if product.startswith("conversation_") else UNITS[product]


def invoice_lines(marts: dict, marts_when_final: dict) -> list[dict]:
    """The final lines, the arrears so far of the accruing invoices, and the taxes on both."""
    costs = {
        (row["org_id"], row["cycle_start_date"], f"telco_{row['service']}"): row["cdr_cost"]
        for row in marts["telco_reconciliation"]
    }
    lines = [{**row, "invoice_status": "final"} for row in marts["invoice_lines"]]
    lines += [
        {**row, "invoice_status": "accruing"}
        for row in marts_when_final["invoice_lines"]
        if row["invoice_date"] >= AS_OF and row["charge_type"] != "prepay"
    ]
    for line in lines:
        line["invoice_id"] = f"{line['org_id']}-{line['invoice_date']}"
        line["unit_of_measure"] = unit(line)
        if line["product_code"].startswith("telco_"):  # informative: the average of the calls
            cost = costs[line["org_id"], line["service_period_start"], line["product_code"]]
            line["unit_price"] = round_half_up(cost / line["quantity"], 6)
    return [*lines, *taxes(lines)]


def taxes(lines: list[dict]) -> Iterable[dict]:
    """TAX-01: each level on the sum of an invoice."""
    for invoice_id in sorted({line["invoice_id"] for line in lines if line["org_id"] == TAXED}):
        taxed = [line for line in lines if line["invoice_id"] == invoice_id]
        total = sum(line["amount"] for line in taxed)
        for level, rate in TAX_RATES.items():
            yield {
                **taxed[0],
                "section": "taxes_and_fees",
                "product_code": f"tax_{level}",
                "charge_type": "tax",
                "service_period_start": min(line["service_period_start"] for line in taxed),
                "service_period_end": max(line["service_period_end"] for line in taxed),
                "quantity": total,
                "unit_of_measure": "amount",
                "unit_price": rate,
                "amount": line_amount(total, Decimal(rate), "USD"),
                "is_waived": False,
                "waiver_reason": None,
            }


def invoices(lines: list[dict]) -> list[dict]:
    """An invoice is the sum of its lines; terms of 15 days in known-concurrent, else 30."""
    found = []
    for invoice_id in sorted({line["invoice_id"] for line in lines}):
        own = [line for line in lines if line["invoice_id"] == invoice_id]
        tax = sum(line["amount"] for line in own if line["charge_type"] == "tax")
        total = sum(line["amount"] for line in own)
        org_id, dated = own[0]["org_id"], own[0]["invoice_date"]
        days = 15 if org_id == "known-concurrent" else 30
        found.append(
            {
                **own[0],
                "billing_account_id": TAXED if org_id == "known-concurrent" else org_id,
                "due_date": date.fromordinal(dated.toordinal() + days),
                "subtotal_amount": total - tax,
                "tax_amount": tax,
                "total_amount": total,
            }
        )
    return found


def reconciliation(lines: list[dict]) -> list[dict]:
    """The vendor's lines as judged above, and every final line of ours that none of them is."""
    rows = []
    for product, charge, period, *figures, reason in INVOICED:
        quantity, amount, expected_quantity, expected_amount = figures
        rows.append(
            {
                "org_id": TAXED,
                "invoice_number": "KA-1001",
                "invoice_date": date(2024, 4, 17),
                "product_code": product,
                "charge_type": charge,
                "service_period_start": period[0],
                "service_period_end": period[1],
                "invoiced_quantity": quantity,
                "expected_quantity": expected_quantity,
                "invoiced_amount": amount,
                "expected_amount": expected_amount,
                "variance_amount": Decimal(amount) - Decimal(expected_amount or 0),
                "reason": reason,
            }
        )
    told = {("telco_toll_free", "usage", PERIOD)} | {line[:3] for line in INVOICED}
    for line in lines:
        period = line["service_period_start"], line["service_period_end"]
        of_vendor = line["org_id"] == TAXED
        if line["invoice_status"] != "final" or line["is_waived"]:
            continue
        if of_vendor and (line["product_code"], line["charge_type"], period) in told:
            continue
        missing = (COMING if line["charge_type"] == "prepay" else PERIOD) == period and of_vendor
        rows.append(
            {
                **line,
                "invoice_number": None,
                "invoiced_quantity": None,
                "expected_quantity": line["quantity"],
                "invoiced_amount": None,
                "expected_amount": line["amount"],
                "variance_amount": -line["amount"],
                "reason": "missing_on_invoice" if missing else "no_vendor_invoice",
            }
        )
    return rows


def as_text(value: object) -> str:
    """A value as it stands in a file: plain numbers, times in UTC, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, int | Decimal):
        return f"{Decimal(value).normalize():f}" if value else "0"
    return as_text(Decimal(value)) if is_number(value) else str(value)


def is_number(value: object) -> bool:
    """Whether a text is a plain number."""
    return isinstance(value, str) and value.lstrip("-").replace(".", "", 1).isdecimal()


def write() -> None:
    """Write the expected files, rows in order."""
    folder = check.KNOWN_ANSWER / "expected"
    folder.mkdir(exist_ok=True)
    for mart, rows in known_answer().items():
        with (folder / f"{mart}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS[mart].split())
            writer.writerows(sorted([as_text(value) for value in row.values()] for row in rows))


if __name__ == "__main__":
    write()
