"""An inbox of small random organizations that hit the boundaries of the rules on purpose.

`write_inbox(folder, orgs, seed)` writes the raw files and returns the as-of date they were made
for. The same seed gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from oracle.calendar import CLOCKS, add_months, midnight
from oracle.money import round_half_up
from oracle.reader import ADDONS, CX_LICENSES, LICENSE_RANK, PLATFORMS

AS_OF_DATES = (date(2024, 3, 31), date(2024, 4, 1), date(2024, 3, 30), date(2024, 4, 15))
ANCHORS = (
    date(2024, 1, 31),
    date(2024, 2, 1),
    date(2024, 1, 15),
    date(2024, 1, 30),
    date(2024, 2, 29),
    date(2024, 1, 29),
    date(2024, 1, 28),
    date(2023, 12, 31),
    date(2024, 1, 1),
)
LONG_ANCHORS = (date(2023, 3, 15), date(2023, 2, 28), date(2023, 3, 29))
MODELS = ("named", "concurrent", "hourly")
OPTIONS = ("annual_prepay", "annual_prepay_monthly", "month_to_month")
RAMPS = ("none", "waived", "actuals", "mixed")
PEAK_RULES = ("", "sustained", "accumulated", "accumulated_exact")
CURRENCIES = ("USD", "USD", "EUR", "JPY", "KWD")
STATUSES = ("AVAILABLE", "AWAY", "BUSY", "IDLE", "ON_QUEUE", "MEAL", "MEETING", "BREAK")
STRETCHES = (
    timedelta(minutes=29, seconds=59),
    timedelta(minutes=30),
    timedelta(minutes=30, seconds=1),
    timedelta(minutes=29, seconds=59, milliseconds=999),
)
CALL_MIXES = ((100, 15), (100, 14), (201, 30), (99, 99), (100, 20), (120, 18))
SMALL_RESOURCES = {
    "ivr_minutes": 2500,
    "data_storage_gb": 25,
    "api_requests": 100000,
    "byoc_minutes": 5000,
    "voice_transcription_minutes": 5000,
}
DELIMITERS = (",", ",", ";", "\t")
VOICE_HEADER = (
    "SIP Call Id",
    "Origin",
    "Destination",
    "Usage Group",
    "Usage Group Display",
    "Call Type",
    "Direction",
    "Start time",
    "End Time",
    "Duration (Seconds)",
    "Adjusted Duration (seconds)",
    "Usage Rate Per Minute",
    "Total cost",
    "Currency",
)
HEADERS = {
    "contracts": "contract_id org_name region license_model billing_option currency effective_date "
    "billing_account_id ramp_end_date term_end_date peak_rule ramp_license_billing "
    "ramp_resource_billing payment_terms_days",
    "contract_items": "contract_id product_code committed_quantity prepay_rate overage_rate "
    "effective_from effective_to",
    "users": "user_id email name",
    "license_assignments": "user_id license assigned_from assigned_to",
    "user_presence": "user_id system_presence start_time end_time",
    "routing_status": "user_id routing_status start_time end_time",
    "message_interactions": "conversation_id customer_account platform integration_id start_time "
    "end_time",
    "resource_usage": "usage_date resource quantity",
    "phone_numbers": "phone_number number_type purchased_date released_date country ported",
    "devices": "device_id product_code in_service_date out_of_service_date",
    "orders": "order_id product_code quantity unit_price ordered_date shipped_date is_hardware",
}


def header_of(dataset: str) -> tuple[str, ...]:
    """The columns of a file of `dataset`, in order."""
    return VOICE_HEADER if dataset == "voice_usage" else tuple(HEADERS[dataset].split())


class RandomOrg:
    """One organization: draws everything from `rng`, keeps rows by dataset and file name."""

    def __init__(self, rng: random.Random, org_id: str, index: int, as_of: date):
        self.rng = rng
        self.org_id = org_id
        self.index = index
        self.as_of = as_of
        self.files: dict[tuple[str, str], list] = defaultdict(list)
        self.users = [f"{org_id}-u{n:02}" for n in range(1, rng.randint(3, 12) + 1)]
        self.currency = CURRENCIES[index % len(CURRENCIES)]
        self.has_contract = index % 13 != 12
        if index % 11 == 10:
            self.effective = rng.choice(LONG_ANCHORS)
        else:
            self.effective = ANCHORS[index % len(ANCHORS)]
        recent = max(self.effective, as_of - timedelta(days=75))
        self.first_day = recent - timedelta(days=rng.choice((0, 1, 2)))
        self.span = (as_of - self.first_day).days + rng.choice((0, 2))
        starts = (add_months(self.effective, n) for n in range(16))
        self.cycle_starts = [s for s in starts if recent <= s <= as_of + timedelta(days=31)]
        self.products: set[str] = set()
        self.contract_ids: list[tuple[str, date]] = []

    # -- drawing

    def chance(self, share: float) -> bool:
        """True with probability `share`."""
        return self.rng.random() < share

    def price(self, top: int = 200) -> Decimal:
        """A price with 2 to 6 decimals."""
        places = self.rng.randint(2, 6)
        return Decimal(self.rng.randint(1, top * 10**places)).scaleb(-places)

    def day(self) -> date:
        """A day of the window, often a cycle start or a neighbour of one."""
        if self.chance(0.3) and self.cycle_starts:
            return self.rng.choice(self.cycle_starts) + timedelta(days=self.rng.choice((-1, 0, 1)))
        return self.first_day + timedelta(days=self.rng.randrange(self.span))

    def moment(self) -> datetime:
        """An instant of the window, often at a boundary of a day, a cycle or a clock."""
        start = midnight(self.day())
        if self.chance(0.25):
            edge = self.rng.choice(
                (
                    timedelta(0),
                    timedelta(seconds=-1),
                    timedelta(seconds=1),
                    timedelta(minutes=-15),
                    timedelta(hours=7),
                    timedelta(hours=6, minutes=59, seconds=59),
                )
            )
            return start + edge
        return start + timedelta(seconds=self.rng.randrange(86400))

    def length(self) -> timedelta:
        """A stretch of time, often at the edge of 30 minutes."""
        if self.chance(0.5):
            return self.rng.choice(STRETCHES)
        return timedelta(
            seconds=self.rng.choice((0, 1, 600, 900, 1800, 3600, 7200, 30000, 90000)),
            milliseconds=self.rng.choice((0, 0, 0, 250)),
        )

    def add(self, dataset: str, *cells, file: str = "a.csv") -> None:
        """A row for a file."""
        self.files[dataset, file].append(cells)

    # -- contracts

    def write_contracts(self) -> None:
        """One or two contracts, of all models, options and ramps; some delivered again."""
        rng = self.rng
        model, option = MODELS[self.index % 3], OPTIONS[self.index // 3 % 3]
        ramp = RAMPS[self.index // 9 % 4] if self.index < 36 else rng.choice(RAMPS)
        first = self.contract(f"{self.org_id}-c1", self.effective, model, option, ramp)
        self.cut(first)
        second = None
        if self.chance(0.3 if self.effective >= self.first_day else 0.6):
            month = add_months(self.effective, rng.choice((1, 1, 6)))
            effective = month + timedelta(days=rng.choice((0, 0, 10, 40)))
            second = self.contract(
                f"{self.org_id}-c2",
                effective,
                rng.choice(MODELS),
                rng.choice(OPTIONS),
                rng.choice(RAMPS),
            )
        if self.chance(0.3):  # an earlier landing of another contract with the same date
            rival = {**first, "contract_id": f"{self.org_id}-rival", "license_model": "named"}
            self.add("contracts", *rival.values(), file="0_rival.csv")
        if self.chance(0.3):  # superseded by a later file
            old = {**first, "license_model": rng.choice(MODELS), "peak_rule": ""}
            self.add("contracts", *old.values())
            self.add("contracts", *first.values(), file="b_late.csv")
        else:
            self.add("contracts", *first.values())
        if second:
            self.add("contracts", *second.values())
        if self.chance(0.3):
            wrong = {**first, "contract_id": f"{self.org_id}-wrong", "license_model": "floating"}
            self.add("contracts", *wrong.values())

    def contract(self, contract_id: str, effective: date, model: str, option: str, ramp: str):
        """One contract row by column."""
        rng = self.rng
        self.contract_ids.append((contract_id, effective))
        ramp_end = ""
        if ramp != "none":
            end = add_months(effective, rng.choice((1, 1, 2)))
            end += timedelta(days=12) if self.chance(0.1) else timedelta(0)
            ramp_end = end.isoformat()
            if self.chance(0.3):
                ramp_end = f"{end - timedelta(days=1)}T23:59:59{rng.choice(('Z', '.999Z', ''))}"
        return {
            "contract_id": contract_id,
            "org_name": f"Org {self.org_id}",
            "region": rng.choice(("us-east-1", "eu-west-1")),
            "license_model": model,
            "billing_option": option,
            "currency": self.currency,
            "effective_date": effective,
            "billing_account_id": "" if self.index % 2 else f"account-{self.index // 4}",
            "ramp_end_date": ramp_end,
            "term_end_date": "",
            "peak_rule": rng.choice(PEAK_RULES),
            "ramp_license_billing": {"none": "", "waived": rng.choice(("", "waived"))}.get(
                ramp, "actuals" if ramp == "actuals" else rng.choice(("waived", "actuals"))
            ),
            "ramp_resource_billing": rng.choice(("waived", "actuals")) if ramp == "mixed" else "",
            "payment_terms_days": ("", 30, 45, 0)[self.index % 4],
        }

    def cut(self, contract: dict) -> None:
        """A term end for some contracts: on a boundary, inside a cycle, in the first year."""
        if self.chance(0.3):
            months = self.rng.choice((1, 2, 2, 7))
            end = add_months(self.effective, months) + timedelta(days=self.rng.choice((0, 0, 9)))
            if self.effective < self.first_day:
                end = add_months(self.effective, 12 + months)
            contract["term_end_date"] = end

    def commitment(self, product: str) -> Decimal | int:
        """A commitment: none, about the actual quantity, or far above it."""
        rng = self.rng
        if product in LICENSE_RANK or product in ADDONS:
            return rng.choice((0, 0, 1, 1, 2, 2, 3, 5, 20, Decimal("2.5")))
        if product in SMALL_RESOURCES:
            return rng.choice((0, 0, 0, 1, 100, SMALL_RESOURCES[product]))
        if product.startswith(("conversation", "sms")):
            return rng.choice((0, 0, 0, 1, 2, 50))
        return 0

    def write_items(self) -> None:
        """Prices and commitments; some products have none, some change, some land twice."""
        rng = self.rng
        codes = self.products | {
            "short_call_surcharge",
            "number_mrc",
            "number_nrc",
            "phone",
            "edge_virtual",
            "sms_messages",
            rng.choice(sorted(LICENSE_RANK)),
            *SMALL_RESOURCES,
        }
        for contract_id, effective in self.contract_ids:
            for code in sorted(codes):
                if self.chance(0.15):
                    continue
                committed, prepay, over = self.commitment(code), self.price(), self.price()
                self.add("contract_items", contract_id, code, committed, prepay, over, "", "")
                if self.chance(0.1):  # a later file corrects the price
                    late = self.price()
                    self.add(
                        "contract_items",
                        contract_id,
                        code,
                        committed,
                        prepay,
                        late,
                        "",
                        "",
                        file="b_late.csv",
                    )
                if self.chance(0.25):  # a change at a cycle start, or inside the cycle
                    change = add_months(effective, rng.choice((1, 2)))
                    change += timedelta(days=rng.choice((0, 0, 1, -1, 12)))
                    until = max(change, add_months(effective, rng.choice((2, 3))))
                    until = rng.choice(("", until, change + timedelta(days=45)))
                    self.add(
                        "contract_items",
                        contract_id,
                        code,
                        self.commitment(code),
                        self.price(),
                        self.price(),
                        change,
                        until,
                    )

    # -- people

    def write_licenses(self) -> None:
        """Licenses: none, one, several, re-assigned, add-ons alone, empty intervals."""
        rng = self.rng
        favourites = [rng.choice(sorted(CX_LICENSES))]
        if self.chance(0.6):
            favourites += rng.sample(sorted(LICENSE_RANK), 2)
        addon = rng.choice(sorted(ADDONS))
        early = self.first_day - timedelta(days=rng.choice((0, 3)))
        for user in self.users:
            kind = rng.choice(
                ("one", "one", "one", "none", "change", "both", "addon", "extra", "empty", "late")
            )
            code, other = rng.choice(favourites), rng.choice(favourites)
            day = self.day()
            held = {
                "one": [(code, early, "")],
                "none": [],
                "change": [(code, early, day), (other, day, "")],
                "both": [(code, early, ""), ("communicate", early, "")],
                "addon": [(addon, early, "")],
                "extra": [(code, early, ""), (addon, day, day + timedelta(days=20))],
                "empty": [(code, day, day), (other, early, "")],
                "late": [(code, day, day + timedelta(days=1)), (other, self.as_of, "")],
            }[kind]
            for license_code, start, end in held:
                if end and end < start:
                    start, end = end, start
                self.products.add(license_code)
                self.add("license_assignments", user, license_code, start, end)
                if self.chance(0.1):  # ended later on
                    end = max(start, self.day())
                    self.add("license_assignments", user, license_code, start, end, file="b.csv")
            if self.has_contract and self.chance(0.8):
                self.add("users", user, f"{user}@example.com", f"{user.title()}, Agent")

    def status(self, user: str, start: datetime, end: datetime | None, status: str = "") -> None:
        """A presence row; some delivered twice, some open first and closed later."""
        status = status or self.rng.choice(STATUSES)
        copies = [(end, "a.csv")]
        draw = self.rng.random()
        if draw < 0.06:
            copies = [(None, "a.csv"), (end, "b_late.csv")]
        elif draw < 0.12:
            copies = [(end, "a.csv"), (None, "b_late.csv")]
        elif draw < 0.18:
            copies = [(end, "a.csv"), (end, "a.csv")]
        elif draw < 0.22 and end:
            copies = [(end, "a.csv"), (start + (end - start) / 2, "b_late.csv")]
        for until, file in copies:
            self.add("user_presence", user, status, start, until, file=file)

    def write_presence(self) -> None:
        """Single logins, scenes at the edge of 30 minutes, handovers, open and empty statuses."""
        rng = self.rng
        for user in self.users:
            for _ in range(rng.randint(1, 6)):
                start = self.moment()
                self.status(user, start, start + self.length())
            if self.chance(0.3):  # open, ended by the next row
                start = self.moment()
                self.status(user, start, None)
                self.status(user, start + self.length() + timedelta(seconds=1), None, "OFFLINE")
            if self.chance(0.05):  # still on
                self.status(user, self.moment(), None)
            if self.chance(0.3):
                start = self.moment()
                self.status(user, start, start + timedelta(hours=3), "OFFLINE")
            if self.chance(0.15):
                start = midnight(self.as_of) + rng.choice((-1, 0)) * timedelta(minutes=10)
                self.status(user, start, start + timedelta(minutes=20))
        for _ in range(rng.randint(2, 5)):
            self.write_scene(self.moment())
        for start in self.cycle_starts[:3]:
            if self.chance(0.5):
                self.write_scene(midnight(start) - timedelta(minutes=rng.choice((0, 15, 30, 60))))

    def write_scene(self, start: datetime) -> None:
        """Some users for two hours; others on top for about 30 minutes, whole or in two parts."""
        rng = self.rng
        users = rng.sample(self.users, len(self.users))
        base = users[: rng.randint(1, len(users))]
        for user in base:
            self.status(user, start - timedelta(hours=1), start + timedelta(hours=1))
        shape = rng.choice(("top", "top", "spikes", "stairs", "handover", "devices"))
        length = rng.choice(STRETCHES)
        rest = users[len(base) :] or base[:1]
        if shape == "top":
            for user in rest[: rng.randint(1, 3)]:
                self.status(user, start, start + length)
        elif shape == "spikes":
            for user in rest[:2]:
                self.status(user, start, start + length / 2)
                later = start + timedelta(minutes=40)
                self.status(user, later, later + length / 2)
        elif shape == "stairs":
            for step, user in enumerate(rest[:3]):
                self.status(user, start + step * timedelta(minutes=10), start + length)
        elif shape == "handover":
            for step, user in enumerate(rest[:2]):
                begin = start + step * timedelta(minutes=20)
                self.status(user, begin, begin + timedelta(minutes=20))
        else:  # one user on two devices
            self.status(rest[0], start, start + timedelta(minutes=20), "AVAILABLE")
            self.status(rest[0], start + timedelta(minutes=10), start + length, "BUSY")

    def write_routing(self) -> None:
        """Interacting time inside some of the logged-in time."""
        presence = [
            cells
            for (dataset, _), rows in list(self.files.items())
            if dataset == "user_presence"
            for cells in rows
        ]
        for user, status, start, end in self.rng.sample(presence, min(15, len(presence))):
            if status != "OFFLINE" and end and end - start > timedelta(seconds=10):
                middle = start + (end - start) / 2
                middle = middle.replace(microsecond=0)
                kind = self.rng.choice(("INTERACTING", "INTERACTING", "IDLE", "COMMUNICATING"))
                self.add("routing_status", user, kind, start, middle)
                if self.chance(0.2):
                    self.add("routing_status", user, kind, start, end, file="b.csv")

    # -- usage

    def write_messages(self) -> None:
        """Interactions: spanning, empty, open, re-delivered, of several accounts and platforms."""
        rng = self.rng
        accounts = [f"customer-{n}" for n in range(rng.randint(2, 6))] + [""]
        platforms = rng.sample(sorted(PLATFORMS), 3)
        self.products.update(f"conversation_{platform}" for platform in platforms)
        for number in range(rng.randint(5, 30)):
            start = self.moment()
            end = start + rng.choice(
                (
                    timedelta(0),
                    timedelta(minutes=5),
                    timedelta(days=1),
                    timedelta(days=35),
                    midnight(start.date() + timedelta(days=1)) - start,
                )
            )
            row = [
                f"{self.org_id}-m{number}",
                rng.choice(accounts),
                rng.choice(platforms),
                f"integration-{rng.randint(1, 2)}",
                start,
            ]
            draw = rng.random()
            if draw < 0.1:
                self.add("message_interactions", *row, None)
            elif draw < 0.2:
                self.add("message_interactions", *row, None)
                self.add("message_interactions", *row, end, file="b.csv")
            elif draw < 0.3:
                self.add("message_interactions", *row, end)
                self.add("message_interactions", *row, None, file="b.csv")
            else:
                self.add("message_interactions", *row, end)

    def write_resources(self) -> None:
        """Fair-use resources about their allowance, and SMS; some days corrected later."""
        rng = self.rng
        for resource in [*SMALL_RESOURCES, "sms_messages"]:
            step = SMALL_RESOURCES.get(resource, 10)
            for _ in range(rng.randint(0, 6)):
                quantity = rng.choice((0, 1, 2, 3, 5, 20)) * step + rng.choice(
                    (0, 0, Decimal("0.5"), Decimal("0.000001"))
                )
                if resource == "sms_messages":
                    quantity = rng.randint(0, 30)
                day = self.day()
                self.add("resource_usage", day, resource, quantity)
                if self.chance(0.1):
                    self.add("resource_usage", day, resource, quantity + step, file="b.csv")

    def call(
        self, number: int, start: datetime, seconds: int, kind: str, currency: str = ""
    ) -> None:
        """One CDR row of a kind; a few costs differ from rate x minutes."""
        rng = self.rng
        call_type, direction, group = {
            "inbound": ("Inbound", "Inbound", "US_IN"),
            "outbound": ("Outbound", "Outbound", "US_OUT"),
            "extended": ("Extended Outbound", "Outbound", "EXT"),
            "toll_free": ("Toll-Free Inbound", "Inbound", "TF"),
            "byoc": ("Outbound", "Outbound", "BYOC_CLOUD"),
        }[kind]
        rate = Decimal(rng.randint(1, 900)).scaleb(-4)
        adjusted = -(-seconds // 6) * 6
        cost = round_half_up(rate * adjusted / 60, 4)
        if self.chance(0.05):
            cost += Decimal("0.0001")
        self.add(
            "voice_usage",
            f"{self.org_id}-call-{number}",
            "+15550100",
            rng.choice(("+15550199", "anonymous")),
            group,
            "BYOC Cloud" if kind == "byoc" else group.replace("_", " "),
            call_type,
            direction,
            start,
            start + timedelta(seconds=seconds),
            seconds,
            adjusted,
            rate,
            cost,
            currency or self.currency,
        )

    def write_calls(self) -> None:
        """Calls at 07:00, and a cycle with a call mix at the edge of the surcharge."""
        rng = self.rng
        number = 0
        kinds = ["inbound", "toll_free", "byoc", "outbound", "extended"]
        mixed = self.chance(0.6)
        if mixed:  # no other outbound calls that would change the share of short ones
            kinds = kinds[:3]
        for _ in range(rng.randint(3, 20)):
            number += 1
            seconds = rng.choice((0, 1, 6, 7, 34, 55, 113, 749))
            self.call(number, self.moment(), seconds, rng.choice(kinds))
        for start in self.cycle_starts:
            for edge in (timedelta(0), timedelta(seconds=-1)):
                number += 1
                self.call(number, midnight(start) + CLOCKS["voice"] + edge, 60, rng.choice(kinds))
        if mixed and self.cycle_starts:
            total, short = rng.choice(CALL_MIXES)
            start = midnight(self.cycle_starts[0]) + timedelta(days=3)
            for n in range(total):
                number += 1
                seconds = rng.choice((1, 6)) if n < short else rng.choice((7, 30, 61))
                kind = "extended" if n % 10 == 9 else "outbound"
                self.call(number, start + timedelta(minutes=n), seconds, kind)
        if self.chance(0.2):  # a repeated export
            self.files["voice_usage", "b.csv"] += self.files["voice_usage", "a.csv"][-4:]
        if self.chance(0.3) and self.has_contract:
            other = "USD" if self.currency != "USD" else "EUR"
            inside = midnight(self.effective) + timedelta(days=5)
            self.call(number + 1, inside, 60, "outbound", other)

    def write_numbers(self) -> None:
        """Phone numbers bought and released around cycle starts."""
        rng = self.rng
        for n in range(rng.randint(0, 8)):
            bought = rng.choice((self.day(), self.day(), self.effective - timedelta(days=40)))
            released = rng.choice(("", "", bought + timedelta(days=rng.choice((1, 10, 29, 60)))))
            row = [f"+1555020{n}", rng.choice(("local", "mobile")), bought]
            self.add("phone_numbers", *row, released, "US", "false")
            if self.chance(0.15):
                later = bought + timedelta(days=rng.choice((3, 31)))
                self.add("phone_numbers", *row, later, "US", "false", file="b.csv")

    def write_devices(self) -> None:
        """Devices in and out of service."""
        rng = self.rng
        for n in range(rng.randint(0, 4)):
            start = self.day()
            end = rng.choice(("", start + timedelta(days=rng.choice((1, 10, 40)))))
            product = rng.choice(("phone", "edge_virtual", "edge_physical"))
            self.add("devices", f"device-{n}", product, start, end)

    def write_orders(self) -> None:
        """One-time orders, hardware shipped, not yet shipped, or shipped in a later file."""
        rng = self.rng
        for n in range(rng.randint(0, 4)):
            ordered = rng.choice([self.day(), *self.cycle_starts[:2]])
            hardware = self.chance(0.5)
            shipped = rng.choice(("", ordered, ordered + timedelta(days=2))) if hardware else ""
            row = [f"{self.org_id}-o{n}", rng.choice(("phone", "edge_physical")), rng.randint(1, 4)]
            row += [self.price(), ordered]
            self.add("orders", *row, shipped, str(hardware).lower())
            if hardware and not shipped and self.chance(0.4):
                row.append(ordered + timedelta(days=1))
                self.add("orders", *row, "true", file="b.csv")

    # -- bad rows

    def write_bad_rows(self) -> None:
        """One row each of some reasons a row can be rejected for."""
        at = midnight(self.effective) + timedelta(days=2, hours=9)
        user = self.users[0]
        message = ("customer-0", "open", "integration-1")
        bad: Iterable[tuple] = (
            ("user_presence", user, "AVAILABLE"),  # wrong_column_count, too few
            ("user_presence", user, "AVAILABLE", at, at, "more"),  # wrong_column_count, too many
            ("user_presence", b"caf\xe9-1", "AVAILABLE", at, at),  # invalid_encoding
            ("user_presence", "", "AVAILABLE", at, at),  # missing_value
            ("message_interactions", "", *message, at, at),  # missing_value
            ("user_presence", user, "AVAILABLE", "yesterday", ""),  # not_a_timestamp
            ("message_interactions", "bad", *message, "2024-02-30 10:00:00", ""),
            ("resource_usage", self.effective, "ivr_minutes", "many"),  # not_a_number
            ("license_assignments", user, "cx9", self.effective, ""),  # unknown_license
            ("resource_usage", self.effective, "unobtainium", 5),  # unknown_product
            ("user_presence", user, "AVAILABLE", at, at - timedelta(seconds=1)),  # end_before_start
            ("resource_usage", self.effective, "byoc_minutes", -1),  # negative_quantity
            ("contract_items", "no-such", "cx1", 1, 1, 1, "", ""),  # unknown_contract
        )
        for dataset, *cells in bad:
            if self.chance(0.3):
                self.add(dataset, *cells, file=self.rng.choice(("a.csv", "c_bad.csv")))
        if self.has_contract and self.chance(0.3):
            self.add("contract_items", self.contract_ids[0][0], "cx9", 1, 1, 1, "", "")
        if self.chance(0.5):  # before the contract
            before = midnight(self.effective) - timedelta(days=1)
            self.status(user, before, before + timedelta(hours=1))
            self.status(user, before + timedelta(hours=22), midnight(self.effective))

    # -- files

    def cell(self, value, style: str) -> bytes:
        """A value as written in a file."""
        if isinstance(value, bytes):
            return value
        if isinstance(value, datetime):
            value = self.stamp(value, style)
        return ("" if value is None else str(value)).encode()

    def stamp(self, value: datetime, style: str) -> str:
        """An instant in one of the accepted spellings."""
        if style == "offset":
            zone = timezone(timedelta(hours=2))
            return value.replace(tzinfo=UTC).astimezone(zone).isoformat()
        text = value.isoformat(sep=" " if style == "blank" else "T")
        return text + ("Z" if style == "zulu" else "")

    def write_file(self, folder: Path, dataset: str, name: str, rows: list) -> None:
        """One CSV file, with one of the accepted separators, spellings and marks."""
        rng = self.rng
        delimiter = rng.choice(DELIMITERS)
        style = rng.choice(("zulu", "blank", "plain", "offset"))
        header = header_of(dataset)
        if rng.random() < 0.2:
            header = tuple(name.upper().replace("_", " ") for name in header)
        lines = [delimiter.join(header).encode()]
        lines += [
            delimiter.encode().join(quoted(self.cell(v, style), delimiter) for v in row)
            for row in rows
        ]
        target = folder / self.org_id / dataset / name
        target.parent.mkdir(parents=True, exist_ok=True)
        mark = b"\xef\xbb\xbf" if rng.random() < 0.2 else b""
        target.write_bytes(mark + b"\n".join(lines) + b"\n")
        if name == "b.csv" and rng.random() < 0.3:  # the same bytes again are the same file
            (target.parent / "z_again.csv").write_bytes(target.read_bytes())

    def write(self, folder: Path) -> None:
        """All files of the org below `folder`."""
        if self.has_contract:
            self.write_contracts()
        self.write_licenses()
        self.write_presence()
        self.write_routing()
        self.write_messages()
        self.write_resources()
        self.write_calls()
        self.write_numbers()
        self.write_devices()
        self.write_orders()
        if self.has_contract:
            self.write_items()
        self.write_bad_rows()
        for (dataset, name), rows in self.files.items():
            self.write_file(folder, dataset, name, rows)


def quoted(cell: bytes, delimiter: str) -> bytes:
    """A cell in quotes where CSV needs them."""
    if not any(mark in cell for mark in (delimiter.encode(), b'"', b"\n")):
        return cell
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([cell.decode()])
    return text.getvalue().encode()


def as_of_for(seed: int) -> date:
    """The as-of date that goes with a seed."""
    return AS_OF_DATES[seed % len(AS_OF_DATES)]


def write_inbox(folder: Path, orgs: int, seed: int) -> date:
    """Write `orgs` random organizations below `folder`; returns the as-of date to build with."""
    as_of = as_of_for(seed)
    for index in range(orgs):
        org_id = f"org-{seed}-{index:03}"
        RandomOrg(random.Random(f"{seed}/{index}"), org_id, index, as_of).write(folder)
    return as_of
