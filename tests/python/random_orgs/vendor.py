"""The vendor's side of a random organization: its invoices and reports, with planted differences.

They are made of the oracle's own bill of the organization, so that most of them agree.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle import catalogue
from oracle.meter import Meter
from oracle.money import line_amount, money, round_half_up
from oracle.products import METERS, WALLBOARD
from oracle.reader import Organization
from oracle.telco_reconciliation import cost_at_midnight, costs_landed_twice
from oracle.vendor_lines import SHOWN_BLENDED, SURCHARGE, TELCO

INVOICE_HEADER = (
    "Invoice number",
    "Invoice date",
    "Service period start",
    "Service period end",
    "Description",
    "Qty",
    "Rate",
    "Amount",
    "Currency",
    "Section",
)
OLD_NAMES = {
    "cx1": "PureCloud 1 Concurrent User",
    "cx2": "PureCloud 2 User",
    "cx3": "PureCloud 3 Concurrent User",
    "communicate": "PureCloud Communicate User",
    "collaborate": "PureCloud Collaborate",
    "data_storage_gb": "Storage",
    "sms_messages": "SMS",
}
REPORT_HEADERS = {
    "billable_usage_report": ("Charge name", "Entity", "Timestamp"),
    "concurrent_usage_report": ("Date", "Peak concurrent users", "Minutes at peak", "License"),
    "resources_usage_report": ("Date", "Resource", "Quantity"),
    "user_hour_report": ("User", "Date", "Duration"),
}
REPORT_NAMES = {
    "ivr_minutes": "IVR Overage Minutes",
    "data_storage_gb": "Data Storage Overage GB",
    "api_requests": "API Overage Requests",
    "sms_messages": "SMS",
}
SURPLUS = (
    "Professional Services Retainer",
    "Genesys Cloud CX 4 User",
    "Virtual Edge",
    "IVR Overage",
)


class RandomVendor:
    """Draws the vendor's invoices and reports of one organization from `rng`."""

    def __init__(self, rng: random.Random, org: Organization, marts: dict[str, list[dict]]):
        self.rng = rng
        self.org = org
        self.marts = marts
        self.meters = [Meter(org, cycle) for cycle in org.cycles]

    def chance(self, share: float) -> bool:
        """True with probability `share`."""
        return self.rng.random() < share

    # -- reports

    def reports(self) -> dict[str, list[tuple]]:
        """The rows of the vendor's reports by dataset: most of the figures, some of them wrong."""
        cycles = {m.cycle.start for m in self.meters if self.chance(0.5)}
        emails = {row["user_id"]: row["email"] for row in self.org.rows("users")}
        rows: dict[str, list[tuple]] = defaultdict(list)
        for user in self.marts["billable_users"]:
            if user["cycle_start_date"] in cycles and not self.chance(0.1):
                charge = catalogue.listed(user["product_code"])["invoice_name"]
                entity = emails.get(user["user_id"], f"{user['user_id']}@stranger.example")
                entity = self.rng.choice((entity, entity.upper()))
                at = self.printed(user["first_billable_login_at"])
                rows["billable_usage_report"].append((charge, entity, at))
        for peak in self.marts["concurrency_daily"]:
            if self.chance(0.2):
                pool = peak["pool"]
                words = "" if pool == "cx_all" else catalogue.listed(pool)["invoice_name"]
                users = peak["peak_users"] + self.rng.choice((0, 0, 0, 1))
                minutes = peak["minutes_at_peak"] + self.rng.choice((0, 0, 0, 1))
                day = peak["usage_date"]
                rows["concurrent_usage_report"].append((day, users, minutes, words))
        for resource in self.marts["resource_usage"]:
            is_reported = resource["product_code"] != WALLBOARD and not self.chance(0.1)
            if resource["cycle_start_date"] in cycles and is_reported:
                rows["resources_usage_report"] += self.resource_days(resource)
        for meter in self.marts["ai_token_usage"]:
            if meter["cycle_start_date"] in cycles and meter["product_code"] in METERS:
                figure = {**meter, "overage_quantity": meter["used_quantity"]}
                rows["resources_usage_report"] += self.resource_days(figure)
        for hours in self.marts["user_hours_daily"]:
            if self.chance(0.2):
                name = emails.get(hours["user_id"], hours["user_id"])
                duration = self.rng.choice((hours["logged_in_duration"],) * 3 + ("1:2:3:4",))
                rows["user_hour_report"].append((name, hours["usage_date"], duration))
        return rows

    def printed(self, at: datetime) -> str:
        """A login as a report prints it: more or less exactly, and now and then another second."""
        if self.chance(0.1):
            return f"{at + timedelta(seconds=1):%Y-%m-%d %H:%M:%S}"
        formats = ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d")
        return at.strftime(self.rng.choice(formats))

    def resource_days(self, resource: dict) -> list[tuple]:
        """The overage of a resource on one day or two of its cycle."""
        quantity = resource["overage_quantity"] + self.rng.choice((0, 0, 0, 1))
        day = resource["cycle_start_date"]
        words = resource["product_code"]
        if words in REPORT_NAMES and self.chance(0.7):
            words = REPORT_NAMES[words]
        if self.chance(0.5):
            return [(day, words, quantity)] if quantity else []
        first = quantity // 2
        return [(day, words, first), (day + timedelta(days=1), words, quantity - first)]

    # -- invoices

    def invoices(self) -> dict[str, list[tuple]]:
        """The files of the vendor's invoices: name -> rows."""
        by_date: dict[date, list[dict]] = defaultdict(list)
        for line in self.marts["invoice_lines"]:
            if line["invoice_status"] == "final":
                by_date[line["invoice_date"]].append(line)
        files: dict[str, list[tuple]] = defaultdict(list)
        for number, (day, lines) in enumerate(sorted(by_date.items()), start=1):
            if self.chance(0.35):
                continue
            rows = self.invoice(f"{self.org.org_id}-{number}", day, lines)
            name = self.rng.choice(("a", f"invoice-{number}"))
            files[f"{name}.csv"] += rows
            if self.chance(0.15):  # a draft that the invoice replaces
                files["0_draft.csv"] += [(*row[:7], "1.00", *row[8:]) for row in rows]
            if self.chance(0.2):
                files["b_other_way.csv"] += self.by_another_way(rows, number)
            elif self.chance(0.1):
                files["b_other_way.csv"] += self.another_invoice(rows, number)
        if files and int(self.org.org_id.rsplit("-", 1)[-1]) % 20 == 3:
            name, rows = next(iter(files.items()))
            files[name] = [*rows, *self.invoice_of_before(rows)]
        return {name: rows for name, rows in files.items() if rows}

    def invoice_of_before(self, rows: list[tuple]) -> list[tuple]:
        """An invoice that is like one of ours, but of so long ago that none of ours is near."""
        long, month = timedelta(days=1500), timedelta(days=28)
        return [
            ("STRANGER", dated - long, start - long, start - long + month, *figures, "", section)
            for _, dated, start, _, *figures, _, section in rows
        ]

    def by_another_way(self, rows: list[tuple], number: int) -> list[tuple]:
        """An invoice under another number, as the API tells it or as somebody typed it."""
        tells_rates = self.chance(0.5)
        other = self.rng.choice((f"INV-{number}", f"{number:06}"))
        found = []
        for _, dated, start, end, words, quantity, rate, amount, currency, section in rows:
            if words.endswith("Prepay") and not tells_rates and self.chance(0.5):
                words = re.sub(r" . Prepay$", "", words)
            words = self.rng.choice((words, words.replace(catalogue.DASH, "-")))
            if not tells_rates:
                quantity, rate = quantity and int(quantity), ""
            if self.chance(0.1):
                start -= timedelta(days=1)
            currency = self.rng.choice((currency, ""))
            found.append(
                (other, dated, start, end, words, quantity, rate, amount, currency, section)
            )
        self.rng.shuffle(found)
        return found

    def another_invoice(self, rows: list[tuple], number: int) -> list[tuple]:
        """An invoice that is like a part of one, but of another day, or dearer by one."""
        days, more = self.rng.choice(((1, 0), (0, 1)))
        return [
            (f"INV-{number}", dated + timedelta(days=days), *shared, amount + more, *rest)
            for (_, dated, *shared), (amount, *rest) in ((row[:7], row[7:]) for row in rows)
            if "Calling Service" not in shared[2]  # of calls the vendor has one row, or two
        ]

    def invoice(self, number: str, day: date, lines: list[dict]) -> list[tuple]:
        """The rows of one invoice: ours, some of them changed, and some more."""
        is_careful = self.chance(0.2)
        places = "next_day", "last_day", "last_second"
        self.period_style = self.rng.choice(places)
        self.currency_cell = self.rng.choice((lines[0]["currency"], ""))
        dated = day + timedelta(days=self.rng.choice((0, 1, 2)))
        rows = []
        folds_toll_free = self.chance(0.4)
        for line in lines:
            if line["is_waived"] and self.chance(0.8):
                continue
            if line["product_code"] == "telco_toll_free" and folds_toll_free:
                continue
            draws = self.telco(line, lines, folds_toll_free) or [self.words_and_figures(line)]
            for draw in draws:
                changed = draw if is_careful else self.changed(draw, line)
                if changed:
                    rows.append(self.row(number, dated, line, changed))
                is_call = line["product_code"].startswith(TELCO)
                if changed and not is_careful and not is_call and self.chance(0.04):
                    rows += self.corrected(number, dated, line, draw)
        if not is_careful and self.chance(0.3):
            line, amount = lines[0], Decimal(self.rng.randint(1, 900))
            surplus = (self.rng.choice(SURPLUS), Decimal(1), amount, amount)
            rows.append(self.row(number, dated, line, surplus))
        self.rng.shuffle(rows)
        return rows

    def words_and_figures(self, line: dict) -> tuple:
        """Description, quantity, rate and amount of a line in the vendor's words."""
        words = catalogue.listed(line["product_code"])["invoice_name"]
        if line["product_code"].startswith("number"):
            words = words.rsplit(" ", 1)[0] if line["product_code"].count("_") > 1 else words
        counted = {"user": self.rng.choice((" User", " Concurrent")), "user-month": " User"}
        words += counted.get(line["unit_of_measure"], "")
        if line["product_code"] in OLD_NAMES and self.chance(0.4):
            words = OLD_NAMES[line["product_code"]]
        if line["charge_type"] == "prepay":
            words += self.rng.choice((f" {catalogue.DASH} Prepay", " - Prepay"))
        if line["charge_type"] == "committed" and line["unit_of_measure"] in counted:
            words += self.rng.choice(("", f" {catalogue.DASH} Committed", " - committed"))
        amount = line["amount"]
        if line["is_waived"]:
            amount = line_amount(line["quantity"], line["unit_price"], line["currency"])
            amount = self.rng.choice((amount, Decimal(0)))
        return words, line["quantity"], line["unit_price"], amount

    def corrected(self, number: str, dated: date, line: dict, draw: tuple) -> list[tuple]:
        """A credit of what was billed wrong, and the line as it should be."""
        words, quantity, rate, amount = draw
        wrong = amount + self.rng.randint(1, 50)
        rows = [(words, quantity, rate, wrong), (words, -quantity, rate, -wrong)]
        return [self.row(number, dated, line, row) for row in rows]

    def changed(self, draw: tuple, line: dict) -> tuple | None:
        """The row as it is, or with one planted difference; None for a row left out."""
        words, quantity, rate, amount = draw
        currency, product = line["currency"], line["product_code"]

        def again(quantity: Decimal, rate: Decimal) -> tuple:
            return words, quantity, rate, line_amount(quantity, rate, currency)

        kind = self.rng.choice(
            (
                *["same"] * 14,
                *("missing", "quantity", "rate", "both", "cent", "amount", "empty", "twice"),
            )
        )
        if kind == "missing":
            return None
        if kind == "quantity":
            return again(quantity + 1, rate)
        if kind == "rate":
            return again(quantity, rate + Decimal("0.5"))
        if kind == "both":
            return again(quantity + 2, rate + 1)
        if kind == "cent":
            return words, quantity, rate, amount + self.rng.choice((1, -1)) * Decimal("0.01")
        if kind == "amount":
            return words, quantity, rate, amount + self.rng.choice((Decimal("0.02"), Decimal(-3)))
        if product in SHOWN_BLENDED and self.chance(0.5):
            return self.blended(draw, line) or draw
        if kind == "empty" and not product.startswith((TELCO, SURCHARGE)):
            return words, "", "", amount
        return draw

    def blended(self, draw: tuple, line: dict) -> tuple | None:
        """FU-10: an overage as the total used at the rate that makes its amount."""
        for row in self.marts["resource_usage"]:
            is_same = row["product_code"] == line["product_code"]
            is_same = is_same and row["cycle_start_date"] == line["service_period_start"]
            if is_same and line["charge_type"] == "overage":
                used = row["used_quantity"]
                rate = round_half_up(Fraction(line["amount"]) / Fraction(used), 6)
                return draw[0], used, rate, line["amount"]
        return None

    def telco(self, line: dict, lines: list[dict], folds_toll_free: bool) -> list[tuple]:
        """A calling service: split, with toll-free calls in it, or cut at midnight."""
        if not line["product_code"].startswith(TELCO):
            return []
        words, quantity, rate, amount = self.words_and_figures(line)
        if line["product_code"] == "telco_inbound" and folds_toll_free:
            for other in lines:
                period = "service_period_start"
                is_same = other[period] == line[period]
                if is_same and other["product_code"] == "telco_toll_free":
                    quantity, amount = quantity + other["quantity"], amount + other["amount"]
        if self.chance(0.15):
            amount = self.at_midnight(line)
        elif twice := self.landed_twice(line):
            amount = self.rng.choice((amount, *twice))
        if self.chance(0.3):
            first = money(amount * self.rng.choice((0, 1, 2, 3)) / 4, line["currency"])
            minutes = quantity / 2
            return [
                (f"{words} - U.S.", minutes, rate, first),
                (f"{words} - International", quantity - minutes, rate, amount - first),
            ]
        return [(words, quantity, rate, amount)]

    def meter_and_service(self, line: dict) -> tuple[Meter, str]:
        """The cycle and the calling service of a line."""
        start = line["service_period_start"]
        [meter] = [meter for meter in self.meters if meter.cycle.start == start]
        return meter, line["product_code"].removeprefix(TELCO)

    def landed_twice(self, line: dict) -> list[Decimal]:
        """What the calls of the line cost with or by records that were corrected later."""
        meter, service = self.meter_and_service(line)
        costs = costs_landed_twice(meter, meter.calls[service])
        return [money(cost, line["currency"]) for cost in costs]

    def at_midnight(self, line: dict) -> Decimal:
        """What the calls of the line cost if the cycle were cut at 00:00."""
        meter, service = self.meter_and_service(line)
        return money(cost_at_midnight(meter, [service]), line["currency"])

    def row(self, number: str, dated: date, line: dict, draw: tuple) -> tuple:
        """A row of the vendor's invoice."""
        words, quantity, rate, amount = draw
        start, end = line["service_period_start"], line["service_period_end"]
        if self.chance(0.03):  # another period
            start, end = start - timedelta(days=3), end - timedelta(days=3)
        cell: date | str = end
        if self.period_style == "last_day" and end - timedelta(days=1) > start:
            cell = end - timedelta(days=1)
        elif self.period_style == "last_second":
            cell = f"{end - timedelta(days=1)}T23:59:59Z"
        currency = "CHF" if self.chance(0.02) else self.currency_cell
        return number, dated, start, cell, words, quantity, rate, amount, currency, ""
