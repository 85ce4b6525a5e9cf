"""An inbox of small random organizations that hit the boundaries of the rules on purpose.

`write_inbox(folder, orgs, seed)` writes the raw files and returns the as-of date they were made
for. The same seed gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from oracle.calendar import CLOCKS, add_months, midnight
from oracle.datasets import USER_DETAILS
from oracle.invoices import core_charges
from oracle.lines import charges
from oracle.marts import organization_marts
from oracle.meter import Meter
from oracle.money import MINOR_UNITS, round_half_up
from oracle.policies import RANDOM
from oracle.products import ADDONS, CX_LICENSES, HOURLY, LICENSE_RANK, PLATFORMS
from oracle.random_vendor import INVOICE_HEADER, REPORT_HEADERS, RandomVendor
from oracle.reader import Organization, read_organization

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
# Names of products as files, reports and older screens have them.
OTHER_NAMES = {
    "cx1": ("Genesys Cloud CX 1", "PureCloud 1 Concurrent User", "CX 1"),
    "cx2": ("Genesys Cloud CX 2 User", "PureCloud 2", "genesys cloud CX-2"),
    "cx3": ("CX 3 Named", "PureCloud 3 User"),
    "cx2_digital": ("Genesys Cloud CX 2 Digital", "CX2 Digital"),
    "communicate": ("PureCloud Communicate", "Genesys Cloud Communicate User"),
    "ex": ("Employee Experience", "EX"),
    "cx1_digital_addon": ("CX 1 Digital Add-on II", "Digital Add-on II"),
    "cx1_wem_addon": ("WEM Add-on II",),
    "cx2_wem_addon": ("CX 2 WEM Add-on I",),
    "work_automation_addon": ("Work Automation Add-on",),
    "ivr_minutes": ("IVR minutes", "Basic routing / IVR", "IVR Overage Minutes"),
    "data_storage_gb": ("Data storage", "Storage"),
    "api_requests": ("API usage", "API"),
    "byoc_minutes": ("BYOC", "BYOC Cloud"),
    "voice_transcription_minutes": ("Voice transcription",),
    "sms_messages": ("SMS", "SMS segments"),
    "sms_class_c": ("Rate Class C", "SMS Rate Class C"),
    "number_mrc": ("Monthly Recurring Charge",),
}
# How one platform and one account are written by several systems.
PLATFORM_SPELLINGS = {"webmessaging": "Web Messaging", "whatsapp": "WhatsApp", "line": "LINE"}
ACCOUNTS = {
    "whatsapp": ("+1 (555) 0100", "+15550100", "15550100", "+1.555.0101", "1-555-0100"),
    "twitter": ("@Ann", "@ann", " @ANN", "@bob"),
    "instagram": ("Ann.Lee", "ann.lee", "annlee"),
    "facebook": ("Ann", "ann", "customer-1 ", "customer-1"),
}
# Resources and token meters: about an allowance, or just about a number of tokens.
OTHER_RESOURCES = {
    "ai_tokens": (0, 1, 249, 250, 350, 351),
    "decision_executions": (49999, 50000, 50001),
    "outbound_attempts": (1470, 15000, 19500, 39001, 100000),
    "work_items": (1800, 3600, 3601),
    "journey_events": (20000, 26000, 60001),
    "byo_sms_messages": (1, 400),
    "voice_bot_minutes": (17, 4250, 4251, 5950, Decimal("0.5")),
    "digital_bot_sessions": (1, 51, 12750),
    "virtual_agent_interactions": (500, 501, 1),
    "agentic_virtual_agent_interactions": (250, 350, 249),
    "ai_scoring_evaluations": (20, 5000, 7),
    "translations": (500, 501),
    "summaries": (1, 12500),
    "messages_facebook": (400, 1, 100000),
    "messages_instagram": (399,),
    "messages_whatsapp": (100000, 140000, 3),
    "messages_apple": (401,),
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
    "ramp_resource_billing payment_terms_days tax_jurisdiction hourly_model "
    "minimum_monthly_amount messaging_pricing_model",
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


SPOKEN_HEADERS = {
    "voice_usage": VOICE_HEADER,
    "vendor_invoice_lines": INVOICE_HEADER,
    **REPORT_HEADERS,
}


def header_of(dataset: str) -> tuple[str, ...]:
    """The columns of a file of `dataset`, in order."""
    if dataset in SPOKEN_HEADERS:
        return SPOKEN_HEADERS[dataset]
    return tuple(HEADERS[dataset].split())


class RandomOrg:
    """One organization: draws everything from `rng`, keeps rows by dataset and file name.

    `other_names` is the share of products written by another of their names.
    """

    def __init__(
        self,
        rng: random.Random,
        org_id: str,
        index: int,
        as_of: date,
        other_names: float = 0.3,
    ):
        self.other_names = other_names
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

    def other_name(self, product: str) -> str:
        """A product, now and then by another of its names."""
        return self.rng.choice(OTHER_NAMES[product]) if self.named_otherwise(product) else product

    def named_otherwise(self, product: str) -> bool:
        """Whether to write another name."""
        return product in OTHER_NAMES and self.chance(self.other_names)

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
        self.first_contract = first
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
            column, value = rng.choice(
                (
                    ("license_model", "floating"),
                    ("hourly_model", "sleeping"),
                    ("messaging_pricing_model", "per_emoji"),
                    ("minimum_monthly_amount", "-1"),
                    ("minimum_monthly_amount", "much"),
                )
            )
            wrong = {**first, "contract_id": f"{self.org_id}-wrong", column: value}
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
                hour = rng.choice(("23", "23", "11"))
                ramp_end = f"{end - timedelta(days=1)}T{hour}:59:59{rng.choice(('Z', '.999Z', ''))}"
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
            "tax_jurisdiction": rng.choice(("", "", "EXAMPLE-US", "RANDOM", "NOWHERE")),
            "hourly_model": rng.choice(("", "logged_in", "interacting", "INTERACTING")),
            "minimum_monthly_amount": rng.choice(("", "", 0, 100, Decimal("5000.005"))),
            "messaging_pricing_model": rng.choice(("", "per_conversation", "per_token")),
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
        if product in {*LICENSE_RANK, *ADDONS, *HOURLY}:
            return rng.choice((0, 0, 1, 1, 2, 2, 3, 5, 20, Decimal("2.5")))
        if product in SMALL_RESOURCES:
            return rng.choice((0, 0, 0, 1, 100, SMALL_RESOURCES[product]))
        if product.startswith(("conversation", "sms")):
            return rng.choice((0, 0, 0, 1, 2, 50))
        if product.startswith(("number", "short_call")):  # is ignored
            return rng.choice((0, 0, 0, 3))
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
            "sms_class_c",
            rng.choice(sorted(LICENSE_RANK)),
            rng.choice(("number_mrc_local", "number_nrc_mobile", "number_mrc_mobile")),
            *SMALL_RESOURCES,
            *(f"{code}_hourly" for code in self.products if f"{code}_hourly" in HOURLY),
        }
        for contract_id, effective in self.contract_ids:
            for code in sorted(codes):
                if self.chance(0.15):
                    continue
                committed, prepay, over = self.commitment(code), self.price(), self.price()
                name = self.other_name(code)
                self.add("contract_items", contract_id, name, committed, prepay, over, "", "")
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
                name = self.other_name(license_code)
                self.add("license_assignments", user, name, start, end)
                if self.chance(0.1):  # ended later on
                    end = max(start, self.day())
                    self.add("license_assignments", user, license_code, start, end, file="b.csv")
            if self.chance(0.2):
                self.designate(user, early)
            if self.has_contract and self.chance(0.8):
                self.add("users", user, f"{user}@example.com", f"{user.title()}, Agent")

    def designate(self, user: str, early: date) -> None:
        """HOUR-03: a user by the hour, for days around a cycle start, for a day, or for none."""
        start = self.rng.choice((early, *self.cycle_starts, self.day()))
        length = self.rng.choice((None, 0, 1, 1, 5, 40))
        start -= timedelta(days=self.rng.choice((0, 0, 1, length or 0)))
        end = "" if length is None else start + timedelta(days=length)
        name = self.rng.choice(("hourly_interacting", "billing:user:hourlyInteracting"))
        self.add("license_assignments", user, name, start, end)

    def status(self, user: str, start: datetime, end: datetime | None, status: str = "") -> None:
        """A presence row; some delivered twice, some open first and closed later."""
        status = status or self.rng.choice((*STATUSES, "NAPPING"))
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

        for user in self.users:  # also while logged out
            if self.chance(0.4):
                start = self.moment()
                end = start + self.rng.choice((self.length(), timedelta(hours=1)))
                self.add("routing_status", user, "interacting", start, end, file="c_more.csv")
        if self.chance(0.4):
            self.write_silent_user()

    def write_silent_user(self) -> None:
        """HOUR-03: somebody designated, with a license, who interacts and never logs in."""
        user = f"{self.org_id}-silent"
        for code in self.rng.sample(sorted(CX_LICENSES | ADDONS), 2):
            self.products.add(code)
            self.add("license_assignments", user, code, self.first_day, "")
        if self.chance(0.7):
            self.add("license_assignments", user, "hourly_interacting", self.first_day, "")
        for _ in range(3):
            start = self.moment()
            end = start + self.length()
            self.add("routing_status", user, "INTERACTING", start, end, file="c_more.csv")

    # -- usage

    def write_messages(self) -> None:
        """Interactions: spanning, empty, open, re-delivered, of several accounts and platforms."""
        rng = self.rng
        accounts = [f"customer-{n}" for n in range(rng.randint(2, 6))] + [""]
        platforms = rng.sample(sorted({*PLATFORMS, "kakao"}), 3)
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
            platform = rng.choice(platforms)
            account = rng.choice(accounts)
            if account and platform in ACCOUNTS and self.chance(0.6):
                account = rng.choice(ACCOUNTS[platform])
            row = [
                f"{self.org_id}-m{number}",
                account,
                rng.choice((platform, platform, PLATFORM_SPELLINGS.get(platform, platform))),
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
        for resource in [*SMALL_RESOURCES, "sms_messages", "sms_class_c"]:
            step = SMALL_RESOURCES.get(resource, 10)
            for _ in range(rng.randint(0, 6)):
                quantity = rng.choice((0, 1, 2, 3, 5, 20)) * step + rng.choice(
                    (0, 0, Decimal("0.5"), Decimal("0.000001"))
                )
                if resource.startswith("sms"):
                    quantity = rng.randint(0, 30)
                day = self.day()
                self.add("resource_usage", day, self.other_name(resource), quantity)
                if self.chance(0.1):
                    self.add("resource_usage", day, resource, quantity + step, file="b.csv")
        for resource, quantities in OTHER_RESOURCES.items():
            if self.chance(0.3):
                self.products.add(resource)
                for _ in range(rng.choice((1, 1, 2))):
                    self.add("resource_usage", self.day(), resource, rng.choice(quantities))

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
            rng.choice(("+15550199", "anonymous", "+15550199", "+442075550123")),
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
        if self.chance(0.3):  # some calls again at another cost
            for row in rng.sample(self.files["voice_usage", "a.csv"], 3):
                *start, cost, of_currency = row
                extra = Decimal(rng.randint(1, 300)).scaleb(-2)
                self.add("voice_usage", *start, cost + extra, of_currency, file="c_corrected.csv")
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
            name = self.rng.choice(("cx9", "hourly_interacting", "Minimum Monthly Amount"))
            self.add("contract_items", self.contract_ids[0][0], name, 1, 1, 1, "", "")
        if self.chance(0.5):  # before the contract
            before = midnight(self.effective) - timedelta(days=1)
            self.status(user, before, before + timedelta(hours=1))
            self.status(user, before + timedelta(hours=22), midnight(self.effective))

    def telling_minimum(self, org: Organization) -> Decimal | None:
        """INV-09: a minimum that a cycle of the first contract reaches to the cent, or nearly."""
        meters = [Meter(org, cycle) for cycle in org.cycles]
        lines = charges(org, meters)
        sums = [
            core_charges(meter, lines)
            for meter in meters
            if meter.cycle.contract.contract_id == self.first_contract["contract_id"]
            and not meter.cycle.is_ramp
        ]
        cent = Decimal(1).scaleb(-MINOR_UNITS[self.currency])
        return self.rng.choice(sums) + self.rng.choice((0, 0, cent, -cent, 1000)) if sums else None

    # -- files

    def cell(self, value, style: str) -> bytes:
        """A value as written in a file."""
        if isinstance(value, bytes):
            return value
        if isinstance(value, datetime):
            value = self.stamp(value, style)
        if isinstance(value, Decimal):
            return f"{value:f}".encode()
        return ("" if value is None else str(value)).encode()

    def stamp(self, value: datetime, style: str) -> str:
        """An instant in one of the accepted spellings."""
        if style == "offset":
            zone = timezone(timedelta(hours=2))
            return value.replace(tzinfo=UTC).astimezone(zone).isoformat()
        text = value.isoformat(sep=" " if style == "blank" else "T")
        return text + ("Z" if style == "zulu" else "")

    def write_file(self, folder: Path, dataset: str, name: str, rows: list) -> None:
        """One file, with one of the accepted formats, separators, spellings and marks."""
        rng = self.rng
        style = rng.choice(("zulu", "blank", "plain", "offset"))
        suffix, content = self.csv(dataset, rows, style)
        regular = all(len(row) == len(header_of(dataset)) for row in rows)
        if regular and not any(isinstance(cell, bytes) for row in rows for cell in row):
            draw = rng.random()
            if draw < 0.3:
                suffix, content = self.json(dataset, rows, style, rng.choice(("array", "lines")))
            if draw < 0.2 and dataset in USER_DETAILS:
                suffix, content = ".json", self.user_details(dataset, rows, style)
        if rng.random() < 0.1:
            suffix, content = f"{suffix}.gz", gzip.compress(content, mtime=0)
        stem = name.removesuffix(".csv")
        target = folder / self.org_id / dataset / f"{stem}{suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        if stem == "b" and rng.random() < 0.3:  # the same bytes again are the same file
            (target.parent / f"z_again{suffix}").write_bytes(content)

    def csv(self, dataset: str, rows: list, style: str) -> tuple[str, bytes]:
        """A CSV file: suffix and content."""
        rng = self.rng
        delimiter = rng.choice(DELIMITERS)
        header = header_of(dataset)
        if rng.random() < 0.2:
            header = tuple(name.upper().replace("_", " ") for name in header)
        lines = [delimiter.join(header).encode()]
        lines += [
            delimiter.encode().join(quoted(self.cell(v, style), delimiter) for v in row)
            for row in rows
        ]
        mark = b"\xef\xbb\xbf" if rng.random() < 0.2 else b""
        return ".csv", mark + b"\n".join(lines) + b"\n"

    def json(self, dataset: str, rows: list, style: str, shape: str) -> tuple[str, bytes]:
        """A JSON array, or an object per line: suffix and content."""
        header = header_of(dataset)
        objects = [
            {
                name: self.cell(v, style).decode() or None
                for name, v in zip(header, row, strict=True)
            }
            for row in rows
        ]
        if shape == "array" or not objects:  # no line at all is an empty file, which is refused
            return ".json", json.dumps(objects, indent=1).encode()
        return ".ndjson", b"".join(json.dumps(one).encode() + b"\n" for one in objects)

    def user_details(self, dataset: str, rows: list, style: str) -> bytes:
        """The answer of the users-details query."""
        users: dict[str, list[dict]] = defaultdict(list)
        status = "systemPresence" if dataset == "user_presence" else "routingStatus"
        for user, *cells in rows:
            texts = [self.cell(cell, style).decode() for cell in cells]
            pairs = zip((status, "startTime", "endTime"), texts, strict=True)
            users[user].append({name: text for name, text in pairs if text})
        details = [{"userId": user, USER_DETAILS[dataset]: found} for user, found in users.items()]
        return json.dumps({"userDetails": details}).encode()

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
        if self.has_contract:
            self.write_vendor_files(folder)

    def write_vendor_files(self, folder: Path) -> None:
        """What the vendor sent: made of the oracle's bill of what is written so far."""
        org = read_organization(folder / self.org_id, self.as_of, RANDOM)
        if self.chance(0.3) and (minimum := self.telling_minimum(org)) is not None:
            contract = {**self.first_contract, "minimum_monthly_amount": minimum}
            self.write_file(folder, "contracts", "z_minimum.csv", [tuple(contract.values())])
            org = read_organization(folder / self.org_id, self.as_of, RANDOM)
        vendor = RandomVendor(self.rng, org, organization_marts(org))
        for name, rows in vendor.invoices().items():
            self.write_file(folder, "vendor_invoice_lines", name, rows)
        for dataset, rows in vendor.reports().items():
            self.write_file(folder, dataset, "a.csv", rows)


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
