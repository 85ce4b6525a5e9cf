"""What a second pull asks for: what is missing, and what may have changed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from cx_billing.extract.windows import Arrival, Window, midnight, months, plan
from platform_billing import CONTRACTS, PERIODS
from platform_history import DAY, Platform, Talk, at
from platform_server import FOLLOWED, ME, REPORT, TALK_JOBS, TOKEN, USER_JOBS, USERS
from pulling import AFTER_ALL, files, pages_of, pull

pytestmark = pytest.mark.usefixtures("waits", "credentials")


def test_what_has_arrived_is_not_asked_for_again(platform, tmp_path):
    pull(platform, tmp_path)
    before = files(tmp_path)
    platform.asked.clear()
    report = pull(platform, tmp_path)
    assert report.pages == 0
    assert {path.removeprefix("/api/v2") for _, path, _ in platform.asked} == {
        *(TOKEN, ME, f"{USER_JOBS}/availability", f"{TALK_JOBS}/availability"),
        *(PERIODS, CONTRACTS, f"{CONTRACTS}/k%2F1", f"{CONTRACTS}/k2", f"{CONTRACTS}/invoices"),
    }, "only whether there is something new"
    assert files(tmp_path) == before


def test_a_longer_range_asks_for_what_is_new(platform, tmp_path):
    datasets = ["user_presence", "message_interactions"]
    pull(platform, tmp_path, first=date(2025, 2, 1), until=date(2025, 2, 8), datasets=datasets)
    platform.asked.clear()
    pull(platform, tmp_path, datasets=datasets)
    asked = [Window.of(asked["interval"]) for asked in platform.asked_of(USERS)]
    held = Window(at("2025-02-01"), at("2025-02-08"))
    assert asked and not any(window.overlaps(held) for window in asked)
    everything = pull_elsewhere(platform, tmp_path / "at once", datasets)
    assert statuses(tmp_path / "acme") == everything


def pull_elsewhere(platform: Platform, inbox: Path, datasets: list[str]) -> set[str]:
    """The statuses of a pull in one go."""
    pull(platform, inbox, datasets=datasets)
    return statuses(inbox / "acme")


def statuses(folder: Path) -> set[str]:
    """Every status that arrived."""
    return {
        json.dumps([user["userId"], record], sort_keys=True)
        for page in pages_of(*files(folder / "user_presence").values())
        for user in page["userDetails"]
        for record in user.get("primaryPresence", [])
    }


def test_the_days_that_may_still_change_are_asked_for_again(platform, tmp_path):
    """Half a status, half a day, fewer users: the next run replaces the page."""
    platform.now = at("2025-02-20T12:00:00")
    datasets = ["user_presence", "billable_usage_report"]
    given = {"until": date(2025, 12, 1), "datasets": datasets}
    pull(platform, tmp_path, **given)
    today = "acme/user_presence/users_details_2025-02-20_2025-02-21.json"
    half_a_day = files(tmp_path)[today]
    assert not any("2025-02-22" in name for name in files(tmp_path)), "the future is left out"
    platform.asked.clear()
    platform.now += DAY
    pull(platform, tmp_path, **given)
    asked = {str(Window.of(asked["interval"])) for asked in platform.asked_of(USERS)}
    assert asked == {"2025-02-20_2025-02-21", "2025-02-21T0000_2025-02-21T1200"}
    assert len(files(tmp_path)[today]) > len(half_a_day)
    assert [asked["startDate"][:10] for asked in platform.asked_of(REPORT)] == ["2025-02-10"]
    platform.asked.clear()
    platform.now += 30 * DAY
    platform.statuses = [status for status in platform.statuses if status.user_id < "u-005"]
    pull(platform, tmp_path, **given)
    asked = {str(Window.of(asked["interval"])) for asked in platform.asked_of(USERS)}
    assert "2025-02-20_2025-02-21" not in asked, "the data had reached beyond it"
    assert "2025-02-21_2025-02-22" in asked


def test_what_a_window_no_longer_has_is_gone(platform, tmp_path):
    platform.now = at("2025-02-20T12:00:00")
    given = {"first": date(2025, 2, 20), "until": date(2025, 2, 21), "datasets": ["user_presence"]}
    for status in list(platform.statuses):
        platform.statuses.append(type(status)(**vars(status) | {"start": at("2025-02-20")}))
    pull(platform, tmp_path, **given)
    assert len(files(tmp_path)) == 2, "one file in two folders"
    assert len(pages_of(*files(tmp_path / "acme/user_presence").values())) == 2
    platform.statuses = [status for status in platform.statuses if status.user_id < "u-005"]
    pull(platform, tmp_path, **given)
    assert len(pages_of(*files(tmp_path / "acme/user_presence").values())) == 1
    platform.statuses = []
    pull(platform, tmp_path, **given)
    assert pages_of(*files(tmp_path / "acme/user_presence").values()) == [{"totalHits": 0}]


def test_a_conversation_that_ended_later_is_followed(platform, tmp_path):
    """It began before the range of later queries, so only its id can find it."""
    platform.now = at("2025-02-20T12:00:00")
    late = Talk("c-late", "message", "line", "u", at("2025-01-20"), at("2025-03-30T10:00:00"))
    platform.talks.append(late)
    platform.talks.append(Talk(**vars(late) | {"conversation_id": "c-gone"}))
    datasets = ["message_interactions"]
    assert pull(platform, tmp_path, datasets=datasets).open_conversations > 1
    platform.talks.pop()
    for day, ended in ((at("2025-03-25"), False), (at("2025-04-20"), True)):
        platform.now = day
        platform.asked.clear()
        pull(platform, tmp_path, first=date(2025, 3, 1), until=AFTER_ALL, datasets=datasets)
        assert "c-late" in str(platform.asked_of(FOLLOWED))
        told = b"".join(body for name, body in files(tmp_path).items() if "_ended_" in name)
        assert (b"2025-03-30T10:00:00.000Z" in told) is ended
    platform.asked.clear()
    again = pull(platform, tmp_path, until=AFTER_ALL, datasets=datasets)
    assert again.open_conversations == 0
    assert not platform.asked_of(FOLLOWED)


def test_licenses_are_a_snapshot_a_day(platform, tmp_path):
    given = {"datasets": ["license_assignments"]}
    pull(platform, tmp_path, **given)
    before = files(tmp_path)
    platform.licenses = {}
    pull(platform, tmp_path, **given)
    assert files(tmp_path) == before, "the first of the day stands"
    platform.now += DAY
    pull(platform, tmp_path, **given)
    (new,) = files(tmp_path).keys() - before.keys()
    assert new == "acme/license_assignments/license_users_2025-04-21.json"


# Windows


def test_windows_are_as_long_as_allowed_and_days_where_they_may_change():
    needed = Window(at("2025-01-01"), at("2025-01-18"))
    windows = plan(needed, {}, 7 * DAY, at("2025-01-16"))
    assert [(w.end - w.start) // DAY for w in windows] == [7, 7, 1, 1, 1]
    assert windows[0].start == needed.start and windows[-1].end == needed.end


def test_windows_fill_the_gaps_and_repeat_what_is_not_done():
    done = {"pages": 1, "complete": True, "settled": True}
    known = {
        Window(at("2025-01-03"), at("2025-01-05")): Arrival(**done),
        Window(at("2025-01-08"), at("2025-01-09")): Arrival(**done | {"settled": False}),
        Window(at("2025-01-09"), at("2025-01-12")): Arrival(**done | {"complete": False}),
        Window(at("2025-02-01"), at("2025-02-02")): Arrival(),
    }
    windows = plan(Window(at("2025-01-01"), at("2025-01-13")), known, 7 * DAY, at("2026-01-01"))
    assert list(map(str, windows)) == [
        "2025-01-01_2025-01-03",
        "2025-01-05_2025-01-08",
        "2025-01-08_2025-01-09",
        "2025-01-09_2025-01-12",
        "2025-01-12_2025-01-13",
    ]


def test_months_return_to_their_day():
    found = months(Window(midnight(date(2023, 12, 31)), midnight(date(2024, 4, 1))))
    assert [str(month.start.date()) for month in found] == [
        *("2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31")
    ]
