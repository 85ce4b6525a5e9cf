"""Usage of a random organization: messages, resources, calls, numbers, devices, orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from oracle.calendar import CLOCKS, midnight
from oracle.money import round_half_up
from oracle.products import PLATFORMS
from random_orgs.organization import RandomOrg
from random_orgs.own_products import is_listed

CALL_MIXES = ((100, 15), (100, 14), (201, 30), (99, 99), (100, 20), (120, 18))
SMALL_RESOURCES = {
    "ivr_minutes": 2500,
    "data_storage_gb": 25,
    "api_requests": 100000,
    "byoc_minutes": 5000,
    "voice_transcription_minutes": 5000,
}
# How one platform and one account are written by several systems.
PLATFORM_SPELLINGS = {
    "webmessaging": ("Web Messaging",),
    "whatsapp": ("WhatsApp", "WhatsApp Messaging"),
    "line": ("LINE",),
    "facebook": ("Facebook Messenger", "FACEBOOK MESSENGER", "Facebook"),
    "twitter": ("X", "X (Twitter)", "Twitter", "x"),
    "apple": ("Apple Messages for Business", "apple-messages-for-business"),
    "open": ("Open Messaging",),
    "instagram": ("Instagram Direct",),
    "sms": ("SMS",),
}
ACCOUNTS = {
    "whatsapp": ("+1 (555) 0100", "+15550100", "15550100", "+1.555.0101", "1-555-0100"),
    "twitter": ("@Ann", "@ann", " @ANN", "@bob"),
    "instagram": ("Ann.Lee", "ann.lee", "annlee"),
    "sms": ("+1 555 0100", "15550100", "(1) 555-0101"),
    "facebook": ("Ann", "ann", "customer-1 ", "customer-1"),
}
# Resources and token meters: about an allowance, or just about a number of tokens.
OTHER_RESOURCES = {
    "ai_tokens": (0, 1, 249, 250, 350, 351),
    "voice_transcription_legacy_native_minutes": (1, 5000),
    "voice_transcription_legacy_extended_minutes": (Decimal("0.5"), 6500),
    "decision_executions": (49999, 50000, 50001),
    "cases": (149, 150, 151, 400),
    "tts_characters": (Decimal("0.45"), 2, Decimal("5.800001")),
    "whatsapp_template_marketing": (1, 250),
    "whatsapp_template_utility": (3,),
    "whatsapp_template_authentication": (100000,),
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
    "messages_facebook": (400, 1, 100000, 200000),
    "messages_instagram": (399,),
    "messages_whatsapp": (100000, 140000, 3, 160400),
    "messages_apple": (401,),
}


def write_messages(org: RandomOrg) -> None:
    """Interactions: spanning, empty, open, re-delivered, of several accounts and platforms."""
    rng = org.rng
    accounts = [f"customer-{n}" for n in range(rng.randint(2, 6))] + [""]
    platforms = rng.sample(sorted({*PLATFORMS, "kakao", "sms"}), 3)
    org.products.update(f"conversation_{name}" for name in platforms if name != "sms")
    for number in range(rng.randint(5, 30)):
        start = org.moment()
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
        if platform == "sms" or (account and platform in ACCOUNTS and org.chance(0.6)):
            account = rng.choice(ACCOUNTS[platform])
        row = [
            f"{org.org_id}-m{number}",
            account,
            rng.choice((platform, rng.choice(PLATFORM_SPELLINGS.get(platform, (platform,))))),
            f"integration-{rng.randint(1, 2)}",
            start,
        ]
        draw = rng.random()
        if draw < 0.1:
            org.add("message_interactions", *row, None)
        elif draw < 0.2:
            org.add("message_interactions", *row, None)
            org.add("message_interactions", *row, end, file="b.csv")
        elif draw < 0.3:
            org.add("message_interactions", *row, end)
            org.add("message_interactions", *row, None, file="b.csv")
        else:
            org.add("message_interactions", *row, end)


def write_resources(org: RandomOrg) -> None:
    """Fair-use resources about their allowance, and SMS; some days corrected later."""
    rng = org.rng
    for resource in [*SMALL_RESOURCES, "sms_messages", "sms_class_c"]:
        step = SMALL_RESOURCES.get(resource, 10)
        for _ in range(rng.randint(0, 6)):
            quantity = rng.choice((0, 1, 2, 3, 5, 20)) * step + rng.choice(
                (0, 0, Decimal("0.5"), Decimal("0.000001"))
            )
            if resource.startswith("sms"):
                quantity = rng.randint(0, 30)
            day = org.day()
            org.add("resource_usage", day, org.other_name(resource), quantity)
            if org.chance(0.1):
                org.add("resource_usage", day, resource, quantity + step, file="b.csv")
    for resource, quantities in OTHER_RESOURCES.items():
        if org.chance(0.3) and is_listed(resource):
            org.products.add(resource)
            for _ in range(rng.choice((1, 1, 2))):
                org.add("resource_usage", org.day(), resource, rng.choice(quantities))


def add_call(
    org: RandomOrg, number: int, start: datetime, seconds: int, kind: str, currency: str = ""
) -> None:
    """One CDR row of a kind; a few costs differ from rate x minutes."""
    rng = org.rng
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
    if org.chance(0.05):
        cost += Decimal("0.0001")
    org.add(
        "voice_usage",
        f"{org.org_id}-call-{number}",
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
        currency or org.currency,
    )


def write_calls(org: RandomOrg) -> None:
    """Calls at 07:00, and a cycle with a call mix at the edge of the surcharge."""
    rng = org.rng
    number = 0
    kinds = ["inbound", "toll_free", "byoc", "outbound", "extended"]
    mixed = org.chance(0.6)
    if mixed:  # no other outbound calls that would change the share of short ones
        kinds = kinds[:3]
    for _ in range(rng.randint(3, 20)):
        number += 1
        seconds = rng.choice((0, 1, 6, 7, 34, 55, 113, 749))
        add_call(org, number, org.moment(), seconds, rng.choice(kinds))
    for start in org.cycle_starts:
        for edge in (timedelta(0), timedelta(seconds=-1)):
            number += 1
            add_call(org, number, midnight(start) + CLOCKS["voice"] + edge, 60, rng.choice(kinds))
    if mixed and org.cycle_starts:
        total, short = rng.choice(CALL_MIXES)
        start = midnight(org.cycle_starts[0]) + timedelta(days=3)
        for n in range(total):
            number += 1
            seconds = rng.choice((1, 6)) if n < short else rng.choice((7, 30, 61))
            kind = "extended" if n % 10 == 9 else "outbound"
            add_call(org, number, start + timedelta(minutes=n), seconds, kind)
    if org.chance(0.2):  # a repeated export
        org.files["voice_usage", "b.csv"] += org.files["voice_usage", "a.csv"][-4:]
    if org.chance(0.3):  # some calls again at another cost
        for row in rng.sample(org.files["voice_usage", "a.csv"], 3):
            *start, cost, of_currency = row
            extra = Decimal(rng.randint(1, 300)).scaleb(-2)
            org.add("voice_usage", *start, cost + extra, of_currency, file="c_corrected.csv")
    if org.chance(0.3) and org.has_contract:
        other = "USD" if org.currency != "USD" else "EUR"
        inside = midnight(org.effective) + timedelta(days=5)
        add_call(org, number + 1, inside, 60, "outbound", other)


def write_numbers(org: RandomOrg) -> None:
    """Phone numbers bought and released around cycle starts."""
    rng = org.rng
    for n in range(rng.randint(0, 8)):
        bought = rng.choice((org.day(), org.day(), org.effective - timedelta(days=40)))
        released = rng.choice(("", "", bought + timedelta(days=rng.choice((1, 10, 29, 60)))))
        row = [f"+1555020{n}", rng.choice(("local", "mobile")), bought]
        org.add("phone_numbers", *row, released, "US", "false")
        if org.chance(0.15):
            later = bought + timedelta(days=rng.choice((3, 31)))
            row[0] = rng.choice((row[0], row[0].lstrip("+"), f"+1 555-020-{n}"))
            org.add("phone_numbers", *row, later, "US", "false", file="b.csv")


def write_devices(org: RandomOrg) -> None:
    """Devices in and out of service."""
    rng = org.rng
    for n in range(rng.randint(0, 4)):
        start = org.day()
        end = rng.choice(("", start + timedelta(days=rng.choice((1, 10, 40)))))
        product = rng.choice(("phone", "edge_virtual", "edge_physical"))
        org.add("devices", f"device-{n}", product, start, end)


def write_orders(org: RandomOrg) -> None:
    """One-time orders, hardware shipped, not yet shipped, or shipped in a later file."""
    rng = org.rng
    for n in range(rng.randint(0, 4)):
        ordered = rng.choice([org.day(), *org.cycle_starts[:2]])
        hardware = org.chance(0.5)
        shipped = rng.choice(("", ordered, ordered + timedelta(days=2))) if hardware else ""
        row = [f"{org.org_id}-o{n}", rng.choice(("phone", "edge_physical")), rng.randint(1, 4)]
        row += [org.price(), ordered]
        org.add("orders", *row, shipped, str(hardware).lower())
        if hardware and not shipped and org.chance(0.4):
            row.append(ordered + timedelta(days=1))
            org.add("orders", *row, "true", file="b.csv")
    # What follows from usage is not ordered.
    if org.cycle_starts and org.org_id.endswith("3"):
        org.add("orders", f"{org.org_id}-call", "telco_outbound", 1, 5, org.cycle_starts[0], "", "")
    with org.drawing_from(org.rng_of_terms):
        write_orders_about_the_end(org)


def write_orders_about_the_end(org: RandomOrg) -> None:
    """INV-06: hardware shipped when the term is over or on its last day, what is ordered too late,
    and hardware ordered before the contract and shipped within it."""
    end = org.first_contract.get("term_end_date")
    within, late = timedelta(days=1), timedelta(days=org.rng.choice((0, 0, 1, 4)))
    dates = [(org.effective - within, org.effective + org.rng.choice((0, 1)) * within)]
    if end:
        dates += [(end - within, end + late), (end, end + late), (end - within, end - within)]
    for number, (ordered, shipped) in enumerate(dates):
        if org.chance(0.5):
            hardware = str(org.chance(0.8)).lower()
            row = f"{org.org_id}-end{number}", "phone", 1, org.price(), ordered, shipped, hardware
            org.add("orders", *row)
