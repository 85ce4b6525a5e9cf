"""A synthetic inbox: `<out>/<org_id>/<dataset>/*.csv`, for trying things out and for measuring.

The same arguments give the same bytes, organization n is the same however many others are
asked for, and so is day n however many days: one more day adds to what was there, and ends what was
open. Rows are streamed to disk, one organization after the other, so memory
does not grow. Usage starts at 00:00 UTC of 2026-01-01; all times are UTC, written as ISO 8601
with `Z`. Internally a time is a whole number of seconds since that instant.

The vendor's reports and invoices are not generated: they would be copies of the result.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random

from cx_billing import lake

START = date(2026, 1, 1)
MINUTE, HOUR, DAY = 60, 3_600, 86_400
LATEST_PURCHASE = 90  # the last day on which a number is bought

LICENSE_MODELS = ("named", "concurrent", "hourly")
BILLING_OPTIONS = ("annual_prepay_monthly", "month_to_month", "annual_prepay")
PEAK_RULES = ("", "sustained", "accumulated", "accumulated_exact")
REGIONS = ("us-east-1", "eu-central-1", "eu-west-2", "ap-northeast-1", "ap-southeast-2")
CURRENCIES = {  # units per US dollar (rounded; only the order of magnitude matters)
    "USD": Decimal("1"),
    "EUR": Decimal("0.9"),
    "JPY": Decimal("150"),
    "GBP": Decimal("0.8"),
    "AUD": Decimal("1.5"),
    "CAD": Decimal("1.35"),
}
EFFECTIVE_DATES = tuple(  # not after START, with every difficult end of month
    date(2025, month, day)
    for month, day in (
        *((10, 31), (12, 1), (11, 30), (12, 15), (12, 29), (11, 7)),
        *((12, 31), (10, 21), (8, 31), (12, 10)),
    )
)

# Prices in US dollars: (prepay, overage); the licenses per named user and month.
LICENSE_PRICES = {
    "cx1": (75, 90),
    "cx2": (115, 138),
    "cx2_digital": (95, 114),
    "cx3": (155, 186),
    "cx3_digital": (135, 162),
    "cx4": (240, 288),
    "communicate": (20, 24),
    "collaborate": (5, 6),
    "ex": (30, 36),
    "cx1_digital_addon": (20, 24),
    "cx1_wem_addon": (55, 66),
    "cx2_wem_addon": (40, 48),
}
ALWAYS_NAMED = ("communicate", "collaborate", "ex")
ADDONS = {"cx1": ("cx1_digital_addon", "cx1_wem_addon"), "cx2": ("cx2_wem_addon",)}
RESOURCES = {  # price per unit, typical use per user and day
    "ivr_minutes": ("0.006", 70),
    "data_storage_gb": ("0.25", 25),
    "api_requests": ("0.00015", 3_200),
    "byoc_minutes": ("0.002", 120),
    "voice_transcription_minutes": ("0.01", 20),
    "sms_messages": ("0.0095", 5),
    "sms_class_c": ("0.02", 1),
}
PLATFORM_PRICES = {
    "facebook": "0.15",
    "twitter": "0.15",
    "whatsapp": "0.12",
    "line": "0.10",
    "instagram": "0.15",
    "apple": "0.15",
    "open": "0.05",
    "webmessaging": "0.08",
}
UNIT_PRICES = {
    "number_mrc": "1.00",
    "number_nrc": "0.50",
    "number_mrc_toll_free": "2.00",
    "number_nrc_toll_free": "1.00",
    "edge_physical": "150",
    "edge_virtual": "50",
    "phone": "6.50",
    "short_call_surcharge": "0.012",
}
# usage group, call type, direction, origin, destination, rate per minute, share of the calls
CALL_KINDS = (
    ("US_OUT", "Outbound", "Outbound", "+1317555", "+1415555", "0.0119", 47),
    ("CA_OUT", "Outbound", "Outbound", "+1317555", "+1604555", "0.0181", 4),
    ("FR_OUT", "Outbound International", "Outbound", "+1317555", "+3319900", "0.0470", 5),
    ("EXT_OUT", "Extended Outbound", "Outbound", "+1317555", "+1907555", "0.0850", 3),
    ("US_IN", "Inbound", "Inbound", "+1312555", "+1317555", "0.0045", 24),
    ("TF_IN", "Toll-Free Inbound", "Inbound", "+1646555", "+1800555", "0.0150", 12),
    ("BYOC_CLOUD", "BYOC Outbound", "Outbound", "+1317555", "+1702555", "0.0000", 5),
)
CALL_SHARES = tuple(itertools.accumulate(kind[-1] for kind in CALL_KINDS))
USAGE = ["user_presence", "routing_status", "message_interactions", "resource_usage", "voice_usage"]
ORDERS = (("phone", "85", True), ("edge_physical", "3200", True), ("edge_virtual", "50", False))
FIRST_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ines", "Jon")
LAST_NAMES = ("Adler", "Brandt", "Costa", "Dunn", "Evans", "Faber", "Grant", "Hale", "Iwata")
COMPANY_WORDS = ("Alder", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Gale", "Harbor", "Iris")
COMPANY_TRADES = ("Airlines", "Bank", "Care", "Energy", "Foods", "Insurance", "Retail", "Telecom")

Row = tuple
Dollars = Decimal | str | int


class GenerateError(ValueError):
    """The arguments do not allow an inbox to be written; the message says what to change."""


@dataclass(frozen=True)
class User:
    """A user of a synthetic organization and the habit behind the presence rows."""

    user_id: str
    name: str
    email: str
    license: str | None
    addons: tuple[str, ...]
    change: tuple[str, int] | None  # another license and the day it is assigned from
    shift_start: int  # seconds after midnight
    shift_length: int
    days_off: frozenset[int]  # weekdays, Monday is 0
    ever_logs_in: bool


@dataclass(frozen=True)
class Organization:
    """The fixed facts of a synthetic organization; its usage is drawn day by day."""

    org_id: str
    name: str
    license_model: str
    billing_option: str
    currency: str
    region: str
    effective_date: date
    ramp_end_date: date | None
    users: tuple[User, ...]
    integrations: tuple[tuple[str, str], ...]  # platform, integration_id
    short_call_percent: int
    load: float  # consumption of fair-use resources against the typical one

    @property
    def contract_id(self) -> str:
        """The id of the only contract."""
        return f"{self.org_id}-contract"


def generate(
    orgs: int,
    days: int,
    seed: int,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write an inbox of `orgs` organizations with `days` days of usage each below `out`.

    `progress` is called after every organization with (organizations done, all). Raises
    `GenerateError` if a count is below 1 or `out` exists and is not an empty folder.
    """
    if orgs < 1 or days < 1:
        raise GenerateError(f"orgs and days must be at least 1, not {orgs} and {days}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise GenerateError(f"{out} is not an empty folder: name a new one, or empty it first")
    for number in range(1, orgs + 1):
        _write_organization(number, days, seed, out)
        if progress:
            progress(number, orgs)


def _write_organization(number: int, days: int, seed: int, out: Path) -> None:
    rng = Random(f"{seed}/{number}")
    org = _organization(number, rng)
    with ExitStack() as files:

        def write(dataset: str, rows: Iterable[Row], part: str = "") -> None:
            writer = writers.get((dataset, part))
            if writer is None:
                path = out / org.org_id / dataset / f"{dataset}{part}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                file = files.enter_context(path.open("w", encoding="utf-8", newline=""))
                writer = writers[dataset, part] = csv.writer(file, lineterminator="\n")
                writer.writerow(lake.datasets()[dataset].columns)
            width = len(lake.datasets()[dataset].columns)
            writer.writerows((*row, *[""] * (width - len(row))) for row in rows)

        writers: dict = {}
        write("contracts", _contracts(org, rng))
        write("contract_items", _contract_items(org, rng))
        write("users", ((user.user_id, user.email, user.name) for user in org.users))
        write("license_assignments", _license_assignments(org))
        write("product_catalogue", [("queue_board", "Queue Board", "app", "", "Board of Queues")])
        write("coverage", ((usage, _date(0), _date(days)) for usage in USAGE))
        write("phone_numbers", _phone_numbers(org, days, rng))
        write("devices", _devices(org, days, rng))
        write("orders", _orders(org, days, rng))
        call_ids = itertools.count(1)
        for day in range(days):
            today = Random(f"{seed}/{number}/{day}")
            month = f"-{_date(day)[:7]}"
            presence = list(_presence(org, day, today))
            write("user_presence", _delivered(presence, days), month)
            write("routing_status", _routing(presence, days, today), month)
            write("message_interactions", _interactions(org, day, days, today), month)
            write("resource_usage", _resources(org, day, today), month)
            write("voice_usage", _calls(org, day, call_ids, today), month)


def _organization(number: int, rng: Random) -> Organization:
    """Models, options, currencies, anchors: every combination comes up as the number grows."""
    index = number - 1
    org_id = f"org-{number:04d}"
    effective = EFFECTIVE_DATES[index % len(EFFECTIVE_DATES)]
    ramp_months = (0, 2, 4, 0, 6)[index % 5]
    platforms = rng.sample(sorted(PLATFORM_PRICES), rng.randint(2, 5))
    integrations = [(platform, f"{platform}-{org_id}-1") for platform in platforms]
    integrations.append((platforms[0], f"{platforms[0]}-{org_id}-2"))
    return Organization(
        org_id=org_id,
        name=f"{rng.choice(COMPANY_WORDS)} {rng.choice(COMPANY_TRADES)} {number}",
        license_model=LICENSE_MODELS[index % 3],
        billing_option=BILLING_OPTIONS[index // 3 % 3],
        currency=list(CURRENCIES)[index // 2 % len(CURRENCIES)],
        region=REGIONS[index % len(REGIONS)],
        effective_date=effective,
        ramp_end_date=_add_months(effective, ramp_months) if ramp_months else None,
        users=tuple(_users(org_id, rng)),
        integrations=tuple(integrations),
        short_call_percent=rng.choice((3, 8, 14, 20)),
        load=rng.choice((0.4, 0.8, 1.0, 1.6)),
    )


def _users(org_id: str, rng: Random) -> Iterator[User]:
    levels = rng.sample(("cx1", "cx2", "cx2_digital", "cx3", "cx3_digital", "cx4"), 3)
    for number in range(1, int(min(120, max(8, rng.lognormvariate(3.3, 0.6)))) + 1):
        name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        level = rng.choices((*levels, *ALWAYS_NAMED, None), (50, 25, 10, 8, 3, 3, 2))[0]
        others = [other for other in levels if other != level]
        yield User(
            user_id=f"{org_id}-user-{number:04d}",
            name=name,
            email=f"{name.lower().replace(' ', '.')}.{number}@{org_id}.example",
            license=level,
            addons=tuple(a for a in ADDONS.get(level or "", ()) if rng.random() < 0.25),
            change=(
                (rng.choice(others), rng.randint(10, 80))
                if level in levels and rng.random() < 0.06
                else None
            ),
            shift_start=rng.choice((6, 7, 8, 9, 13, 14, 22)) * HOUR + rng.choice((0, 30)) * MINUTE,
            shift_length=rng.choice((4, 8, 8, 8, 9)) * HOUR,
            days_off=frozenset(rng.sample(range(7), 2) if rng.random() < 0.3 else (5, 6)),
            ever_logs_in=rng.random() > 0.03,
        )


def _contracts(org: Organization, rng: Random) -> Iterator[Row]:
    yield (
        *(org.contract_id, org.name, org.region, org.license_model, org.billing_option),
        *(org.currency, org.effective_date, f"account-{org.org_id}", org.ramp_end_date),
        _add_months(org.ramp_end_date or org.effective_date, rng.choice((12, 24, 36))),
        rng.choice(PEAK_RULES) if org.license_model == "concurrent" else "",
        "",  # hourly_switch
        *(rng.choice(("", "waived", "actuals")), "", rng.choice(("", 30, 45))),
        rng.choice(("", "logged_in", "interacting")) if org.license_model == "hourly" else "",
        "EXAMPLE-US" if org.currency == "USD" else "",
        rng.choice(("", "", 5000)),
        rng.choice(("", "", "per_token")),
    )


def _contract_items(org: Organization, rng: Random) -> Iterator[Row]:
    """A commitment and prices for everything the organization can use."""

    def price(dollars: Dollars) -> Decimal:
        places = Decimal("0.01") if org.currency == "JPY" else Decimal("0.0001")
        return (Decimal(dollars) * CURRENCIES[org.currency]).quantize(places, ROUND_HALF_UP)

    def item(product: str, committed: int, prepay: Dollars, overage: Dollars) -> Row:
        since = org.effective_date
        return (org.contract_id, product, committed, price(prepay), price(overage), since, "")

    holders: dict[str, int] = {}
    for user in org.users:
        for product in (user.license, *user.addons, *(user.change or ())[:1]):
            if product:
                holders[product] = holders.get(product, 0) + 1
    for product, count in holders.items():
        prepay, overage = map(Decimal, LICENSE_PRICES[product])
        share = rng.choice((0, 0.5, 0.8, 1, 1.2))
        if org.license_model == "hourly" and product not in ALWAYS_NAMED:
            prepay, overage, share = prepay / 111, overage / 111, share * 110
        elif org.license_model == "concurrent" and product not in ALWAYS_NAMED:
            prepay, overage, share = prepay * Decimal("1.3"), overage * Decimal("1.3"), share * 0.6
        yield item(product, int(count * share), prepay, overage)
    for platform in sorted({platform for platform, _ in org.integrations}):
        yield item(f"conversation_{platform}", 0, 0, PLATFORM_PRICES[platform])
    for product, (dollars, _) in RESOURCES.items():
        yield item(product, 0, 0, dollars)
    for product, dollars in UNIT_PRICES.items():
        yield item(product, 0, 0, dollars)


def _license_assignments(org: Organization) -> Iterator[Row]:
    for user in org.users:
        until = _date(user.change[1]) if user.change else ""
        if user.license:
            yield (user.user_id, user.license, org.effective_date, until, "")
        if user.change:
            yield (user.user_id, user.change[0], until, "", "")
        for addon in user.addons:
            yield (user.user_id, addon, org.effective_date, "", "")


def _presence(org: Organization, day: int, rng: Random) -> Iterator[Row]:
    """The shifts that begin on `day`, in seconds: queue, breaks, lunch; some end after midnight.

    A status that spans midnight comes twice, as the vendor delivers it.
    """
    weekday = (START + timedelta(days=day)).weekday()
    for user in org.users:
        if not user.ever_logs_in or weekday in user.days_off or rng.random() < 0.06:
            continue
        at = day * DAY + user.shift_start + rng.randint(-12 * MINUTE, 12 * MINUTE)
        lunch = rng.choice(("MEAL", "MEAL", "OFFLINE"))
        half = user.shift_length // 2
        plan = [
            ("AVAILABLE", rng.randint(20, 6 * MINUTE)),
            ("ON_QUEUE", half // 2),
            ("BREAK", 15 * MINUTE),
            ("ON_QUEUE", half // 2 - 15 * MINUTE),
            (lunch, rng.randint(25, 45) * MINUTE),
            (rng.choice(("ON_QUEUE", "ON_QUEUE", "MEETING", "TRAINING")), half // 3),
            ("ON_QUEUE", half - half // 3 + rng.randint(-9 * MINUTE, 15 * MINUTE)),
        ]
        if rng.random() < 0.03:  # a second device, logged in meanwhile
            overlap = at + rng.randint(0, half)
            yield (user.user_id, "BUSY", overlap, overlap + half)
        for status, seconds in plan:
            row = (user.user_id, status, at, at + seconds)
            yield row
            if at // DAY < (at + seconds - 1) // DAY:
                yield row
            at += seconds
        if rng.random() < 0.01:
            yield (user.user_id, "AWAY", at, at)
        yield (user.user_id, "OFFLINE", at, None)


def _delivered(presence: Iterable[Row], days: int) -> Iterator[Row]:
    """What has begun when the data ends; what is not over by then has no end."""
    last = days * DAY
    for user_id, status, start, end in presence:
        if start < last:
            is_over = end is not None and end <= last
            yield (user_id, status, _time(start), _time(end) if is_over else "")


def _routing(presence: Iterable[Row], days: int, rng: Random) -> Iterator[Row]:
    """While on queue a user is idle or interacting by turns; once per finished presence."""
    for user_id, status, at, end in dict.fromkeys(presence):
        if status != "ON_QUEUE":
            continue
        for routing_status in itertools.cycle(("IDLE", "INTERACTING")):
            until = min(end, at + rng.randint(2, 35) * MINUTE)
            if end <= days * DAY:
                yield (user_id, routing_status, _time(at), _time(until))
            if until == end:
                break
            at = until


def _interactions(org: Organization, day: int, days: int, rng: Random) -> Iterator[Row]:
    """Messages of returning customers: minutes mostly, some for days and over a cycle's end."""
    customers = 25 * len(org.users)
    for number in range(rng.randint(0, 2 * len(org.users))):
        platform, integration = rng.choice(org.integrations)
        account = f"{platform}-customer-{rng.randrange(customers):05d}"
        if platform == "whatsapp":
            account = f"+49151{rng.randrange(customers):07d}"
        if rng.random() < 0.003:
            account = ""
        start = day * DAY + rng.randrange(DAY)
        longest = rng.choices((0, HOUR, 10 * HOUR, 4 * DAY, 40 * DAY), (1, 150, 30, 15, 4))[0]
        end = start + (rng.randint(longest // 20, longest) if longest else 0)
        conversation = f"{org.org_id}-conversation-{day:04d}-{number:05d}"
        yield (
            *(conversation, account, platform, integration, _time(start)),
            _time(end) if end <= days * DAY else "",
        )


def _resources(org: Organization, day: int, rng: Random) -> Iterator[Row]:
    for resource, (_, per_user) in RESOURCES.items():
        quantity = per_user * len(org.users) * org.load * rng.uniform(0.6, 1.4)
        if resource == "data_storage_gb":  # a stock, not a flow: it grows
            quantity = per_user * len(org.users) * org.load * (0.7 + day / 200)
        whole = resource in ("api_requests", "sms_messages", "sms_class_c")
        yield (_date(day), resource, int(quantity) if whole else f"{quantity:.2f}")


def _calls(org: Organization, day: int, ids: Iterator[int], rng: Random) -> Iterator[Row]:
    """The vendor's call detail records: six-second increments, cost to four decimals."""
    factor = CURRENCIES[org.currency]
    rates = [int((Decimal(kind[5]) * factor * 10_000).to_integral_value()) for kind in CALL_KINDS]
    quiet = (START + timedelta(days=day)).weekday() >= 5
    for _ in range(rng.randint(2, 4) * len(org.users) // (4 if quiet else 1) + 1):
        kind = rng.choices(range(len(CALL_KINDS)), cum_weights=CALL_SHARES)[0]
        group, call_type, direction, origin, destination, _, _ = CALL_KINDS[kind]
        fate = rng.randrange(100)
        if fate < 10:
            seconds = 0
        elif fate < 10 + org.short_call_percent:
            seconds = rng.randint(1, 6)
        else:
            seconds = 7 + int(rng.lognormvariate(4.9, 0.9))
        start = day * DAY + int(rng.triangular(0, DAY - 1, 15 * HOUR))
        tenths = -(-seconds // 6)  # of a minute, rounded up
        cost = (rates[kind] * tenths + 5) // 10
        yield (
            f"{org.org_id}-{next(ids):010d}@sip.example",
            f"{origin}{rng.randrange(10_000):04d}",
            f"{destination}{rng.randrange(10_000):04d}",
            *(group, group.replace("_", " ").title(), call_type, direction),
            *(_time(start), _time(start + seconds), seconds, tenths * 6),
            f"{tenths // 10}.{tenths % 10}",
            *(_four_decimals(rates[kind]), _four_decimals(cost), org.currency),
            *(f"{org.region} standard", "46204"),
        )


def _phone_numbers(org: Organization, days: int, rng: Random) -> Iterator[Row]:
    for number in range(rng.randint(3, 25)):
        toll_free = rng.random() < 0.2
        bought = rng.randint(-20, 0) if number < 3 else rng.randint(-20, LATEST_PURCHASE)
        bought = max(bought, (org.effective_date - START).days)
        released = _date(bought + rng.randint(5, 90)) if rng.random() < 0.1 else ""
        row = (
            f"+1{800 if toll_free else 317}555{number:04d}",
            "toll_free" if toll_free else "local",
            *(_date(bought), released, "US", str(rng.random() < 0.1).lower()),
        )
        if bought < days:
            yield row


def _devices(org: Organization, days: int, rng: Random) -> Iterator[Row]:
    for number in range(rng.randint(1, 8)):
        since = max(rng.randint(-30, 20), (org.effective_date - START).days)
        until = _date(since + rng.randint(20, 80)) if rng.random() < 0.15 else ""
        product = rng.choice(("edge_physical", "edge_virtual", "phone", "phone", "phone"))
        if since < days:
            yield (f"{org.org_id}-device-{number:03d}", product, _date(since), until)


def _orders(org: Organization, days: int, rng: Random) -> Iterator[Row]:
    """One on the first day, the others later and later."""
    for number in range(rng.randint(1, 4)):
        product, dollars, hardware = rng.choice(ORDERS)
        ordered = rng.randrange(8 * number * number + 1)
        shipped = _date(ordered + rng.randint(2, 20)) if hardware and rng.random() < 0.8 else ""
        price = (Decimal(dollars) * CURRENCIES[org.currency]).quantize(Decimal("1"))
        row = (
            *(f"{org.org_id}-order-{number:03d}", product, rng.randint(1, 10), price),
            *(_date(ordered), shipped, str(hardware).lower()),
        )
        if ordered < days:
            yield row


def _add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def _date(day: int) -> str:
    return (START + timedelta(days=day)).isoformat()


_DATES = tuple(_date(day) for day in range(-31, 1_500))


def _time(seconds: int) -> str:
    day, rest = divmod(seconds, DAY)
    text = _DATES[day + 31] if -31 <= day < len(_DATES) - 31 else _date(day)
    minutes, second = divmod(rest, 60)
    return f"{text}T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}Z"


def _four_decimals(units: int) -> str:
    return f"{units // 10_000}.{units % 10_000:04d}"
