"""A random organization: what is drawn of it at once, and how its values are drawn."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal

from oracle.calendar import add_months, midnight

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
LONG_ANCHORS = (
    date(2023, 3, 15),
    date(2023, 2, 28),
    *[date(2023, 1, 31)] * 5,
    *[date(2022, 12, 31)] * 2,
    date(2023, 1, 30),
)
CURRENCIES = ("USD", "USD", "EUR", "JPY", "KWD")
STRETCHES = (
    timedelta(minutes=29, seconds=59),
    timedelta(minutes=30),
    timedelta(minutes=30, seconds=1),
    timedelta(minutes=29, seconds=59, milliseconds=999),
)
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
        self.rng_of_terms = random.Random(f"terms of {org_id}")
        self.rng_of_lacks = random.Random(f"what {org_id} lacks")
        self.org_id = org_id
        self.index = index
        self.as_of = as_of
        self.files: dict[tuple[str, str], list] = defaultdict(list)
        self.users = [f"{org_id}-u{n:02}" for n in range(1, rng.randint(3, 12) + 1)]
        self.currency = CURRENCIES[index % len(CURRENCIES)]
        self.has_contract = index % 13 != 12
        self.is_over_a_year = index % 11 == 10
        if self.is_over_a_year:
            self.effective = rng.choice(LONG_ANCHORS)
        else:
            self.effective = ANCHORS[index % len(ANCHORS)]
        recent = max(self.effective, as_of - timedelta(days=75))
        self.first_day = recent - timedelta(days=rng.choice((0, 1, 2)))
        self.span = (as_of - self.first_day).days + rng.choice((0, 2))
        starts = (add_months(self.effective, n) for n in range(18))
        self.cycle_starts = [s for s in starts if recent <= s <= as_of + timedelta(days=31)]
        self.products: set[str] = set()
        self.contract_ids: list[tuple[str, date]] = []
        self.first_contract: dict = {}

    @contextmanager
    def drawing_from(self, source: random.Random) -> Iterator[None]:
        """Draw something from a source of its own: all else stays as it is drawn."""
        usual, self.rng = self.rng, source
        try:
            yield
        finally:
            self.rng = usual

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
