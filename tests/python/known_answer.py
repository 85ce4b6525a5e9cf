"""What `cx-billing check` expects, worked out without the warehouse.

The oracle computes it. The vendor's invoice KA-1001, and what is right and wrong with each of its
lines, is written down here by hand too, and `test_check.py` holds the oracle against it. Running
this module writes `src/cx_billing/known_answer/expected`; `test_check.py` fails if the files hold
anything else, so they cannot be taken from a build.
"""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal

from cx_billing import check
from oracle.marts import calculate

AS_OF = date.fromisoformat((check.KNOWN_ANSWER / "AS_OF").read_text().strip())
TAXED = "known-named"

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
    marts = calculate(check.KNOWN_ANSWER / "inbox", AS_OF)
    return {mart: shown(mart, marts[mart]) for mart in COLUMNS}


def judged_by_hand() -> dict[str, list[dict]]:
    """The three marts with a vendor's side as a person fills them in."""
    marts = calculate(check.KNOWN_ANSWER / "inbox", AS_OF)
    rows = {
        "telco_reconciliation": [telco(row) for row in marts["telco_reconciliation"]],
        "short_call_surcharges": [surcharge(row) for row in marts["short_call_surcharges"]],
        "invoice_reconciliation": reconciliation(marts["invoice_lines"]),
    }
    return {mart: shown(mart, own) for mart, own in rows.items()}


def shown(mart: str, rows: list[dict]) -> list[dict]:
    """Rows with the columns that are compared."""
    return [{name: row[name] for name in COLUMNS[mart].split()} for row in rows]


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
        missing = of_vendor and line["invoice_date"] == PERIOD[1]
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
