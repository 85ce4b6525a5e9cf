"""Users of a random organization: licenses, presence, routing statuses."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from oracle.calendar import midnight
from oracle.labels import LICENSE_IDS, NOT_BILLED, OFFLINE, read_presence
from oracle.products import ADDONS, CX_LICENSES, LICENSE_RANK, STA, WORKFORCE
from random_orgs.declared import is_in_seeds
from random_orgs.organization import STRETCHES, RandomOrg
from random_orgs.own_products import is_listed

LICENSE_ID = {product: name for name, product in LICENSE_IDS.items()}
STATUSES = ("AVAILABLE", "AWAY", "BUSY", "IDLE", "ON_QUEUE", "MEAL", "MEETING", "BREAK")


def write_licenses(org: RandomOrg) -> None:
    """Licenses: none, one, several, re-assigned, add-ons alone, empty intervals."""
    rng = org.rng
    favourites = [rng.choice(sorted(CX_LICENSES))]
    if org.chance(0.6):
        favourites += rng.sample(sorted(LICENSE_RANK), 2)
    addon = rng.choice(sorted(filter(is_listed, ADDONS)))
    early = org.first_day - timedelta(days=rng.choice((0, 3)))
    for user in org.users:
        kind = rng.choice(
            (
                *("one", "one", "one", "none", "change", "both"),
                *("addon", "extra", "empty", "late", "analytics"),
            )
        )
        code, other = rng.choice(favourites), rng.choice(favourites)
        day = org.day()
        held = {
            "one": [(code, early, "")],
            "none": [],
            "change": [(code, early, day), (other, day, "")],
            "both": [(code, early, ""), ("communicate", early, "")],
            "addon": [(addon, early, "")],
            "extra": [(code, early, ""), (addon, day, day + timedelta(days=20))],
            "empty": [(code, day, day), (other, early, "")],
            "analytics": draw_analytics(org, code, early),
            "late": [(code, day, day + timedelta(days=1)), (other, org.as_of, "")],
        }[kind]
        for license_code, start, end in held:
            if end and end < start:
                start, end = end, start
            org.products.add(license_code)
            name = org.other_name(license_code)
            if license_code in LICENSE_ID and org.chance(0.15):
                name = LICENSE_ID[license_code]
            org.add("license_assignments", user, name, start, end)
            if org.chance(0.1):  # ended later on
                end = max(start, org.day())
                org.add("license_assignments", user, license_code, start, end, file="b.csv")
        if org.chance(0.1):
            org.add("license_assignments", user, NOT_BILLED[0], org.day(), "")
        if org.chance(0.2):
            designate(org, user, early)
        if org.has_contract and org.chance(0.8):
            org.add("users", user, f"{user}@example.com", f"{user.title()}, Agent")


def draw_analytics(org: RandomOrg, code: str, early: date) -> list[tuple]:
    """LIC-09: speech and text analytics, alone or beside a workforce add-on for some days."""
    held = [(code, early, "")]
    if is_listed(STA):
        held.append((STA, early, ""))
    if org.chance(0.5):
        day = org.day()
        held.append((org.rng.choice(sorted(WORKFORCE)), day, day + timedelta(days=3)))
    return held


def designate(org: RandomOrg, user: str, early: date) -> None:
    """HOUR-03: a user by the hour, for days around a cycle start, for a day, or for none."""
    start = org.rng.choice((early, *org.cycle_starts, org.day()))
    length = org.rng.choice((None, 0, 1, 1, 5, 40))
    start -= timedelta(days=org.rng.choice((0, 0, 1, length or 0)))
    end = "" if length is None else start + timedelta(days=length)
    name = org.rng.choice(("hourly_interacting", "billing:user:hourlyInteracting"))
    org.add("license_assignments", user, name, start, end)


def add_status(
    org: RandomOrg, user: str, start: datetime, end: datetime | None, status: str = ""
) -> None:
    """A presence row; some delivered twice, some open first and closed later."""
    status = spell_presence(org, status or org.rng.choice((*STATUSES, "NAPPING")))
    copies = [(end, "a.csv")]
    draw = org.rng.random()
    if draw < 0.06:
        copies = [(None, "a.csv"), (end, "b_late.csv")]
    elif draw < 0.12:
        copies = [(end, "a.csv"), (None, "b_late.csv")]
    elif draw < 0.18:
        copies = [(end, "a.csv"), (end, "a.csv")]
    elif draw < 0.22 and end:
        copies = [(end, "a.csv"), (start + (end - start) / 2, "b_late.csv")]
    for until, file in copies:
        if until is None and org.chance(0.2):
            until = "0001-01-01T00:00:00Z"
        org.add("user_presence", user, status, start, until, file=file)


def spell_presence(org: RandomOrg, status: str) -> str:
    """A presence as the API has it, or as a screen shows it."""
    if status == "OFFLINE" and org.chance(0.3):
        return org.rng.choice([name for name in OFFLINE if is_in_seeds(name)])
    if status == "ON_QUEUE" and org.chance(0.3):
        return org.rng.choice(("On Queue", "on queue", "On-Queue", "OnQueue"))
    return status.title() if org.chance(0.1) else status


def write_presence(org: RandomOrg) -> None:
    """Single logins, scenes at the edge of 30 minutes, handovers, open and empty statuses."""
    rng = org.rng
    for user in org.users:
        for _ in range(rng.randint(1, 6)):
            start = org.moment()
            add_status(org, user, start, start + org.length())
        if org.chance(0.3):  # open, ended by the next row
            start = org.moment()
            add_status(org, user, start, None)
            add_status(org, user, start + org.length() + timedelta(seconds=1), None, "OFFLINE")
        if org.chance(0.15):  # still on
            add_status(org, user, org.moment(), None)
        if org.chance(0.3):
            start = org.moment()
            add_status(org, user, start, start + timedelta(hours=3), "OFFLINE")
        if org.chance(0.15):
            start = midnight(org.as_of) + rng.choice((-1, 0)) * timedelta(minutes=10)
            add_status(org, user, start, start + timedelta(minutes=20))
    for _ in range(rng.randint(2, 5)):
        write_scene(org, org.moment())
    for start in org.cycle_starts[:3]:
        if org.chance(0.5):
            write_scene(org, midnight(start) - timedelta(minutes=rng.choice((0, 15, 30, 60))))


def write_scene(org: RandomOrg, start: datetime) -> None:
    """Some users for two hours; others on top for about 30 minutes, whole or in two parts."""
    rng = org.rng
    users = rng.sample(org.users, len(org.users))
    base = users[: rng.randint(1, len(users))]
    for user in base:
        add_status(org, user, start - timedelta(hours=1), start + timedelta(hours=1))
    shape = rng.choice(("top", "top", "spikes", "stairs", "handover", "devices"))
    length = rng.choice(STRETCHES)
    rest = users[len(base) :] or base[:1]
    if shape == "top":
        for user in rest[: rng.randint(1, 3)]:
            add_status(org, user, start, start + length)
    elif shape == "spikes":
        for user in rest[:2]:
            add_status(org, user, start, start + length / 2)
            later = start + timedelta(minutes=40)
            add_status(org, user, later, later + length / 2)
    elif shape == "stairs":
        for step, user in enumerate(rest[:3]):
            add_status(org, user, start + step * timedelta(minutes=10), start + length)
    elif shape == "handover":
        for step, user in enumerate(rest[:2]):
            begin = start + step * timedelta(minutes=20)
            add_status(org, user, begin, begin + timedelta(minutes=20))
    else:  # one user on two devices
        add_status(org, rest[0], start, start + timedelta(minutes=20), "AVAILABLE")
        add_status(org, rest[0], start + timedelta(minutes=10), start + length, "BUSY")


def write_routing(org: RandomOrg) -> None:
    """Interacting time inside some of the logged-in time."""
    presence = [
        cells
        for (dataset, _), rows in list(org.files.items())
        if dataset == "user_presence"
        for cells in rows
    ]
    for user, status, start, end in org.rng.sample(presence, min(15, len(presence))):
        is_closed = isinstance(end, datetime)
        if read_presence(status) != "OFFLINE" and is_closed and end - start > timedelta(seconds=10):
            middle = start + (end - start) / 2
            middle = middle.replace(microsecond=0)
            kind = org.rng.choice(("INTERACTING", "INTERACTING", "IDLE", "COMMUNICATING"))
            org.add("routing_status", user, kind, start, middle)
            if org.chance(0.2):
                org.add("routing_status", user, kind, start, end, file="b.csv")

    for user in org.users:  # also while logged out
        if org.chance(0.4):
            start = org.moment()
            end = start + org.rng.choice((org.length(), timedelta(hours=1)))
            org.add("routing_status", user, "interacting", start, end, file="c_more.csv")
    if org.chance(0.4):
        write_silent_user(org)


def write_silent_user(org: RandomOrg) -> None:
    """HOUR-03: somebody designated, with a license, who interacts and never logs in."""
    user = f"{org.org_id}-silent"
    for code in org.rng.sample(sorted(filter(is_listed, CX_LICENSES | ADDONS)), 2):
        org.products.add(code)
        org.add("license_assignments", user, code, org.first_day, "")
    if org.chance(0.7):
        org.add("license_assignments", user, "hourly_interacting", org.first_day, "")
    for _ in range(3):
        start = org.moment()
        end = start + org.length()
        org.add("routing_status", user, "INTERACTING", start, end, file="c_more.csv")
