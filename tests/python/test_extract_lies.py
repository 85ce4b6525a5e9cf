"""Details that are not all there is: no window of them ever counts as complete."""

from __future__ import annotations

import json
from datetime import timedelta

import duckdb
import pytest

from cx_billing import extract, landing, sidecars
from cx_billing.extract import details
from cx_billing.extract.windows import Window
from platform_history import DAY, Fault, Platform, Talk, at
from platform_server import CONVERSATIONS, TALK_JOBS, USER_JOBS, USERS
from pulling import AFTER_ALL, FIRST, command, covered, files, pages_of, pull, said

pytestmark = pytest.mark.usefixtures("waits", "credentials")

WEEK = {"datasets": ["user_presence"], "until": FIRST + 7 * DAY}
TALKS = {"datasets": ["message_interactions"], "until": AFTER_ALL}


@pytest.fixture
def tiny_pages(monkeypatch) -> None:
    """Pages of ten, so that a little history has many of them."""
    monkeypatch.setattr(details, "PAGE_SIZE", 10)


def users(inbox) -> set[str]:
    """Who was pulled."""
    pages = pages_of(*files(inbox / "acme/user_presence").values())
    return {user["userId"] for page in pages for user in page["userDetails"]}


def talks(inbox) -> list[str]:
    """The conversations that were pulled, as often as they came."""
    pages = pages_of(*files(inbox).values())
    return sorted(
        talk["conversationId"] for page in pages for talk in page.get("conversations", [])
    )


def messages(platform: Platform) -> list[str]:
    """The conversations there are to pull."""
    return sorted(talk.conversation_id for talk in platform.talks if talk.media == "message")


def windows(inbox) -> dict[str, dict]:
    """What the journal says of every window."""
    kept = json.loads((inbox / "acme" / extract.JOURNAL).read_text())["windows"]
    return {interval: window for of in kept.values() for interval, window in of.items()}


# A page that is not what it should be


@pytest.mark.parametrize("kind", ["empty", "repeated", "shifted"])
def test_a_query_that_lies_gives_way_to_a_job(platform, tmp_path, kind):
    pull(platform, tmp_path / "honest", **WEEK)
    platform.faults.append(Fault(USERS, kind, after=1))
    assert not pull(platform, tmp_path / "lied to", **WEEK).denied
    assert [kind for kind, _ in platform.jobs] == ["users"]
    assert users(tmp_path / "lied to") == users(tmp_path / "honest")
    (page,) = pages_of(*files(tmp_path / "lied to/acme/routing_status").values())
    assert page["dataAvailabilityDate"] == "2025-04-20T12:00:00.000Z"


@pytest.mark.parametrize("kind", ["empty", "repeated", "shifted"])
@pytest.mark.parametrize("job", ["404", "403", "400", "failed"])
def test_a_query_that_lies_and_no_job_is_no_window(platform, tmp_path, kind, job):
    platform.faults.append(Fault(USERS, kind, after=1))
    path = f"{USER_JOBS}/1" if job == "failed" else USER_JOBS
    platform.faults += [Fault(path, job, times=99)]
    if job == "failed":
        platform.faults += [Fault(f"{USER_JOBS}/{number}", job) for number in (2, 3)]
    (denied,) = pull(platform, tmp_path, **WEEK).denied
    assert "incomplete, " in denied and "by a job: " in denied
    assert not files(tmp_path) and not any(w["complete"] for w in windows(tmp_path).values())
    assert not list(tmp_path.rglob("p0*.json")), "nothing of it is taken up again"
    platform.faults.clear()
    assert not pull(platform, tmp_path, **WEEK).denied
    assert len(users(tmp_path)) > 120


def test_a_last_page_that_is_empty_against_the_total_is_no_window(platform, tmp_path, tiny_pages):
    """Also of conversations, where the pages before it were fine."""
    platform.faults.append(Fault(CONVERSATIONS, "empty", after=4))
    assert not pull(platform, tmp_path, **TALKS).denied
    assert len(platform.jobs) == 1
    assert talks(tmp_path) == messages(platform)


# Deep pages, and jobs


def test_what_is_refused_at_depth_is_left_to_a_job(platform, tmp_path, tiny_pages):
    platform.most_hits = 60
    assert not pull(platform, tmp_path, **TALKS).denied
    assert [kind for kind, _ in platform.jobs] == ["conversations", "conversations"]
    assert talks(tmp_path) == messages(platform)
    platform.asked.clear()
    pull(platform, tmp_path, **TALKS)
    assert not platform.asked_of(CONVERSATIONS) and not platform.asked_of(TALK_JOBS)


def test_more_hits_than_a_query_is_meant_for_are_left_to_a_job(platform, tmp_path, monkeypatch):
    monkeypatch.setattr(details, "MOST_HITS", 90)
    assert not pull(platform, tmp_path, **TALKS).denied
    assert platform.jobs
    assert talks(tmp_path) == messages(platform)


def test_where_there_are_no_jobs_a_window_that_is_too_deep_is_halved(
    platform, tmp_path, tiny_pages
):
    platform.most_hits = 30
    platform.faults.append(Fault(TALK_JOBS, "403", times=999))
    assert not pull(platform, tmp_path, **TALKS).denied
    assert set(talks(tmp_path)) == set(messages(platform))
    platform.asked.clear()
    pull(platform, tmp_path, **TALKS)
    assert not platform.asked_of(CONVERSATIONS)


def test_a_minute_that_is_too_deep_is_denied(platform, tmp_path, tiny_pages):
    platform.most_hits = 30
    platform.faults.append(Fault(TALK_JOBS, "404", times=999))
    begin, end = at("2025-01-20T10:00:10"), at("2025-01-20T10:00:40")
    platform.talks += [Talk(f"d-{n}", "message", "line", "c", begin, end) for n in range(40)]
    (denied,) = pull(platform, tmp_path, **TALKS).denied
    assert "hits within a minute" in denied
    assert [
        interval for interval, window in windows(tmp_path).items() if not window["complete"]
    ] == ["2025-01-20T10:00:00.000Z/2025-01-20T10:01:00.000Z"]


@pytest.mark.parametrize("kind", ["400", "404", "410"])
def test_a_cursor_that_expires_begins_the_job_anew(platform, tmp_path, kind):
    platform.faults += [Fault(USERS, "empty", after=1), Fault("/1/results", kind, after=1)]
    platform.job_page = 60
    assert not pull(platform, tmp_path, **WEEK).denied
    assert len(platform.jobs) == 2
    pages = pages_of(*files(tmp_path / "acme/user_presence").values())
    assert ["cursor" in page for page in pages] == [True, True, False]
    assert len(users(tmp_path)) > 120


@pytest.mark.parametrize("kind", ["400", "repeated", "shifted", "circular", "empty"])
def test_results_of_a_job_that_never_fit_together_are_no_window(platform, tmp_path, kind):
    platform.job_page = 60
    platform.faults.append(Fault(USERS, "empty", after=1))
    platform.faults += [Fault(f"/{job}/results", kind, times=99, after=1) for job in (1, 2, 3)]
    (denied,) = pull(platform, tmp_path, **WEEK).denied
    assert "3 times" in denied
    assert len(platform.jobs) == 3
    assert not files(tmp_path) and not any(w["complete"] for w in windows(tmp_path).values())


def test_a_job_that_has_less_than_the_query_says_is_no_window(platform, tmp_path):
    """Although it has all that the query had."""
    platform.faults += [Fault(USERS, "empty", after=1), Fault("/results", "short", times=3)]
    (denied,) = pull(platform, tmp_path, **WEEK).denied
    assert "110 of " in denied and "items arrived, 3 times" in denied
    assert not files(tmp_path) and not any(w["complete"] for w in windows(tmp_path).values())


def test_a_job_that_lacks_what_the_query_has_is_no_window(platform, tmp_path):
    """Although it has more than the approximate total. The query is too deep, so it is halved."""
    pull(platform, tmp_path / "honest", **WEEK)
    platform.faults += [Fault(USERS, "400", after=1), Fault("/results", "lacking", times=3)]
    assert not pull(platform, tmp_path / "lied to", **WEEK).denied
    assert len(platform.jobs) == 3 and len(windows(tmp_path / "lied to")) == 2
    assert users(tmp_path / "lied to") == users(tmp_path / "honest")


def test_a_total_that_is_too_high_is_believed_to_be_so_if_a_job_agrees(platform, tmp_path):
    pull(platform, tmp_path / "honest", **WEEK)
    platform.faults.append(Fault(USERS, "overtold"))
    assert not pull(platform, tmp_path / "told more", **WEEK).denied
    assert len(platform.jobs) == 1
    assert users(tmp_path / "told more") == users(tmp_path / "honest")


def test_a_job_is_waited_for(platform, tmp_path, waits):
    platform.faults.append(Fault(USERS, "empty", after=1))
    pull(platform, tmp_path, **WEEK)
    assert waits == [5, 5], "queued, pending, fulfilled"
    platform.faults += [Fault(USERS, "empty", after=1), Fault(f"{USER_JOBS}/2", "slow", times=999)]
    with pytest.raises(extract.UnavailableError, match="still RUNNING after"):
        pull(platform, tmp_path / "other", **WEEK)
    assert not files(tmp_path / "other")


# How far the data reaches


def test_what_lies_beyond_the_data_is_not_asked_for_and_not_settled(platform, tmp_path):
    """The platform is 39 hours behind: the clock does not matter."""
    platform.now = at("2025-02-20T12:00:00")
    platform.available = platform.now - timedelta(hours=39)  # 2025-02-18 21:00
    given = {"datasets": ["user_presence"], "until": AFTER_ALL}
    report = pull(platform, tmp_path, **given)
    assert report.available == {"users_details": platform.available}
    asked = [Window.of(asked["interval"]) for asked in platform.asked_of(USERS)]
    assert max(window.end for window in asked) == platform.available
    last = "2025-02-18T00:00:00.000Z/2025-02-19T00:00:00.000Z"
    assert [i for i, w in windows(tmp_path).items() if not w["settled"]] == [last]
    assert max(windows(tmp_path)) == last
    told = "2025-02-18T21:00"
    for dataset in ("user_presence", "routing_status"):
        *settled, newest = covered(tmp_path, dataset).items()
        assert newest == (
            "users_details_2025-02-18_2025-02-19.json",
            ("2025-02-18T00:00", told, told),
        )
        ends = [end for _, (_, end, _) in settled]
        assert [start for _, (start, _, _) in settled] == ["2025-01-10T00:00", *ends[:-1]]
    platform.asked.clear()
    platform.now += 30 * DAY
    pull(platform, tmp_path, **given)
    asked = {asked["interval"] for asked in platform.asked_of(USERS)}
    assert asked == {"2025-02-18T00:00:00.000Z/2025-02-18T21:00:00.000Z"}, "it is no further"
    platform.asked.clear()
    platform.available = at("2025-02-20T00:00:00")
    pull(platform, tmp_path, **given)
    asked = {str(Window.of(asked["interval"])) for asked in platform.asked_of(USERS)}
    assert asked == {"2025-02-18_2025-02-19", "2025-02-19_2025-02-20"}


def test_a_job_that_is_behind_does_not_settle_its_window(platform, tmp_path):
    platform.faults.append(Fault(USERS, "empty", after=1))
    platform.faults.append(Fault("/results", "behind", times=99))
    pull(platform, tmp_path, **WEEK)
    (window,) = windows(tmp_path).values()
    assert window["complete"] and not window["settled"]
    told = "2025-01-16T00:00"
    assert list(covered(tmp_path, "user_presence").values()) == [("2025-01-10T00:00", told, told)]
    platform.asked.clear()
    platform.faults.clear()
    pull(platform, tmp_path, **WEEK)
    assert platform.asked_of(USERS), "so it is asked for again"
    assert all(w["settled"] for w in windows(tmp_path).values())


@pytest.mark.parametrize("kind", ["403", "404", "unknown"])
def test_where_the_date_is_not_told_nothing_is_settled(platform, tmp_path, kind):
    path = f"{USER_JOBS}/availability"
    platform.faults.append(Fault(path, kind, times=99))
    words = said(*command(platform, tmp_path, "--dataset", "user_presence"), code=1)
    assert "how far the data reaches" in words and "asked for again" in words
    assert files(tmp_path) and not covered(tmp_path, "user_presence")
    assert not any(window["settled"] for window in windows(tmp_path).values())
    platform.faults.clear()
    words = said(*command(platform, tmp_path, "--dataset", "user_presence"), code=0)
    assert "users details are complete up to 2025-04-20 12:00 UTC" in words
    assert all(window["settled"] for window in windows(tmp_path).values())


def test_the_same_answer_that_covers_more_is_another_file(platform, tmp_path):
    """Nothing happened for two days: both answers are empty, and both say something."""
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    platform.now, platform.available = at("2025-04-20T12:00:00"), at("2025-04-09T06:00:00")
    given = {"datasets": ["message_interactions"], "first": at("2025-04-08").date()}
    pull(platform, inbox, until=AFTER_ALL, **given)
    assert set(files(inbox).values()) == {b"{}\n"}
    assert len(landing.land(inbox, home).landed) == 2
    assert not landing.land(inbox, home).landed
    platform.available = at("2025-04-09T18:00:00")
    pull(platform, inbox, until=AFTER_ALL, **given)
    (again,) = landing.land(inbox, home).landed
    assert again.source_file == "acme/message_interactions/conversations_2025-04-09_2025-04-10.json"


def test_landing_knows_what_was_covered_without_a_gap(platform, tmp_path):
    """Windows of a week, days on which nothing happened, and the day that is not over."""
    platform.now = at("2025-04-10T12:00:00")
    platform.available = platform.now - timedelta(hours=39)
    platform.talks = [talk for talk in platform.talks if talk.end < at("2025-03-01")]
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    datasets = ["user_presence", "routing_status", "message_interactions"]
    pull(platform, inbox, until=AFTER_ALL, datasets=datasets)
    assert not landing.land(inbox, home).refused
    for dataset in datasets:
        facts = duckdb.sql(
            "select max(decode(value)) filter (decode(key) = 'coverage_basis'), "
            "max(decode(value)) filter (decode(key) = 'covered_from'), "
            "max(decode(value)) filter (decode(key) = 'covered_to') "
            f"from parquet_kv_metadata('{home}/lake/{dataset}/*.parquet') "
            "group by file_name having count(*) filter (decode(key) = 'org_id') > 0 order by 2"
        ).fetchall()
        assert {basis for basis, _, _ in facts} == {"query"}
        starts, ends = [start for _, start, _ in facts], [end for _, _, end in facts]
        assert starts == ["2025-01-10T00:00:00.000000Z", *ends[:-1]]
        assert ends[-1] == "2025-04-08T21:00:00.000000Z"


def test_an_answer_is_replaced_without_what_was_said_of_the_old_one(
    platform, tmp_path, monkeypatch
):
    platform.now = at("2025-02-20T12:00:00")
    pull(platform, tmp_path, **WEEK | {"until": AFTER_ALL})
    platform.now += DAY / 4

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sidecars, "write", full)
    with pytest.raises(OSError, match="No space left"):
        pull(platform, tmp_path, **WEEK | {"until": AFTER_ALL})
    name = "users_details_2025-02-20_2025-02-21.json"
    assert (tmp_path / "acme/user_presence" / name).exists()
    assert name not in covered(tmp_path, "user_presence")


def test_windows_that_were_settled_by_the_clock_are_asked_for_once_more(platform, tmp_path):
    """As an earlier version left them behind."""
    given = {"datasets": ["message_interactions"]}
    pull(platform, tmp_path, **given)
    journal = tmp_path / "acme" / extract.JOURNAL
    journal.write_text(journal.read_text().replace('"version": 2', '"version": 1'))
    platform.asked.clear()
    pull(platform, tmp_path, **given)
    assert platform.asked_of(CONVERSATIONS)
    assert json.loads(journal.read_text())["version"] == 2
