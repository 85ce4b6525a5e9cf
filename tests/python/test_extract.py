"""Pulling from the platform API: what arrives, what is asked again, and what never gets out."""

from __future__ import annotations

import csv
import json
import logging
import re
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cx_billing import cli, extract, landing, warehouse
from cx_billing.extract import platform as client_module
from cx_billing.extract import run as run_module
from cx_billing.extract.windows import Arrival, Window, midnight, months, plan
from platform_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    CONVERSATIONS,
    DAY,
    FOLLOWED,
    LICENSES,
    ME,
    REPORT,
    TOKEN,
    USERS,
    Fault,
    Platform,
    Talk,
    at,
    serve,
    small_organization,
)

NOW = at("2025-04-20T12:00:00")
FIRST, UNTIL = date(2025, 1, 10), date(2025, 2, 21)
AFTER_ALL = date(2025, 4, 10)
ENDPOINTS = [
    ("user_presence", USERS),
    ("message_interactions", CONVERSATIONS),
    ("license_assignments", LICENSES),
    ("billable_usage_report", REPORT),
]


@pytest.fixture
def platform():
    """The small organization, long after its history."""
    yield from serve(small_organization(NOW))


@pytest.fixture(autouse=True)
def waits(monkeypatch) -> list[float]:
    """How long was waited; nobody really waits."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    """The credentials, where they belong."""
    monkeypatch.setenv(extract.CLIENT_ID, CLIENT_ID)
    monkeypatch.setenv(extract.CLIENT_SECRET, CLIENT_SECRET)
    monkeypatch.delenv("GENESYS_CLOUD_REGION", raising=False)
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "")  # restored afterwards


def pull(platform: Platform, inbox: Path, **given: object) -> extract.Report:
    """Pull as of the platform's now."""
    address = extract.Address.of_urls(platform.url, platform.url)
    client = extract.Client(address, extract.Credentials.from_environment())
    arguments = {"first": FIRST, "until": UNTIL, "now": platform.now} | given
    return extract.extract(client, "acme", inbox=inbox, **arguments)


def files(inbox: Path) -> dict[str, bytes]:
    """What landing would see."""
    return {
        str(path.relative_to(inbox)): path.read_bytes()
        for path in sorted(inbox.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def command(platform: Platform, inbox: Path, *more: str) -> list[str]:
    """The command line of a pull."""
    where = ("--api-url", platform.url, "--login-url", platform.url, "--inbox", str(inbox))
    return ["extract", "acme", "--from", str(FIRST), "--to", str(UNTIL), *where, *more]


def said(*arguments: object, code: int) -> str:
    """What a command says that must end with `code`."""
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


# What arrives.


def test_what_was_pulled_is_staged_like_what_was_written_directly(platform, tmp_path):
    pull(platform, tmp_path / "inbox", until=AFTER_ALL)
    write_directly(platform, tmp_path / "inbox" / "direct")
    report = landing.land(tmp_path / "inbox", tmp_path / "home")
    assert not report.refused
    models = ["stg_user_presence", "stg_routing_status", "stg_message_interactions"]
    models += ["stg_license_assignments", "stg_billable_usage_report"]
    database = tmp_path / "built.duckdb"
    outcome = warehouse.run(
        ["build", "--exclude-resource-type", "test", "unit_test", "--select"]
        + [f"+{model}" for model in models],
        tmp_path / "home",
        database,
    )
    assert outcome.success, outcome.exception
    provenance = "org_id, file_id, source_file, source_row, landed_at, reject_reason, row_status"
    with warehouse.connect_with_private(database) as connection:
        for model in models:
            pulled, direct = (
                connection.sql(
                    f"select * exclude ({provenance}) from private.staging.{model} "
                    f"where org_id = '{org}' and row_status = 'accepted' order by all"
                ).fetchall()
                for org in ("acme", "direct")
            )
            assert pulled == direct, model
            assert len(direct) > 90, model


def write_directly(platform: Platform, folder: Path) -> None:
    """The history as CSV, each row once, as somebody would have typed it."""
    kinds = {
        "user_presence": ("primaryPresence", "system_presence"),
        "routing_status": ("routingStatus", "routing_status"),
    }
    tables: dict[str, list[list]] = {}
    for dataset, (kind, column) in kinds.items():
        tables[dataset] = [["user_id", column, "start_time", "end_time"]] + [
            [status.user_id, status.name, status.start.isoformat(), status.end.isoformat()]
            for status in platform.statuses
            if status.kind == kind
        ]
    header = ["conversation_id", "customer_account", "platform", "integration_id", "start_time"]
    tables["message_interactions"] = [[*header, "end_time"]] + [
        [
            *(talk.conversation_id, talk.customer, talk.platform, f"integration-{talk.platform}"),
            *(talk.start.isoformat(), talk.end.isoformat() if talk.end <= platform.now else ""),
        ]
        for talk in platform.talks
        if talk.media == "message"
    ]
    tables["license_assignments"] = [["user_id", "license", "assigned_from"]] + [
        [user, license, platform.now.date().isoformat()]
        for user, licenses in platform.licenses.items()
        for license in licenses
    ]
    tables["billable_usage_report"] = [["Charge name", "Entity", "Timestamp"]] + [
        [charge, entity, day.isoformat()] for charge, entity, day in platform.billable
    ]
    for dataset, rows in tables.items():
        (folder / dataset).mkdir(parents=True)
        with (folder / dataset / "direct.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)


def test_both_folders_of_users_details_have_the_same_pages(platform, tmp_path):
    pull(platform, tmp_path)
    names = {
        dataset: sorted((tmp_path / "acme" / dataset).iterdir()) for dataset in run_module.DATASETS
    }
    presence, routing = names["user_presence"], names["routing_status"]
    assert [path.name for path in presence] == [path.name for path in routing]
    assert presence[0].read_bytes() == routing[0].read_bytes()
    assert presence[0].name == "users_details_2025-01-10_2025-01-17_p0001.json"
    assert names["message_interactions"][0].name == "conversations_2025-01-10_2025-02-10_p0001.json"
    assert [path.name for path in names["license_assignments"]] == [
        "license_users_2025-04-20_p0001.json",
        "license_users_2025-04-20_p0002.json",
    ]
    assert [path.name for path in names["billable_usage_report"]] == [
        "billable_usage_2025-01-10_2025-02-10.json",
        "billable_usage_2025-02-10_2025-03-10.json",
    ]


def test_one_dataset_asks_for_nothing_else(platform, tmp_path):
    for dataset, path in ENDPOINTS:
        platform.asked.clear()
        pull(platform, tmp_path / dataset, datasets=[dataset])
        paths = {asked.removeprefix("/api/v2") for _, asked, _ in platform.asked}
        assert paths - {TOKEN, ME, FOLLOWED} == {path}
    assert (tmp_path / "user_presence" / "acme" / "routing_status").is_dir()


def test_a_page_without_hits_ends_a_window_whatever_the_total_says(platform, tmp_path):
    pull(platform, tmp_path, datasets=["user_presence"], until=FIRST + 7 * DAY)
    numbers = [asked["paging"]["pageNumber"] for asked in platform.asked_of(USERS)]
    assert numbers == [1, 2, 3]
    pages = [json.loads(body) for body in files(tmp_path / "acme" / "user_presence").values()]
    users = [len(page["userDetails"]) for page in pages]
    assert users[0] == 100 and users[1] > 0
    assert pages[1]["totalHits"] < sum(users)


def test_more_hits_than_pages_can_be_turned_are_asked_for_in_halves(
    platform, tmp_path, monkeypatch
):
    platform.most_hits = 30
    monkeypatch.setattr(run_module, "PAGE_SIZE", 10)
    query = run_module.CONVERSATIONS
    monkeypatch.setattr(run_module, "CONVERSATIONS", type(query)(**vars(query) | {"most_hits": 30}))
    given = {"datasets": ["message_interactions"], "until": AFTER_ALL}
    pull(platform, tmp_path, **given)
    found = {
        conversation["conversationId"]
        for body in files(tmp_path).values()
        for conversation in json.loads(body)["conversations"]
    }
    assert found == {talk.conversation_id for talk in platform.talks if talk.media == "message"}
    platform.asked.clear()
    pull(platform, tmp_path, **given)
    assert not platform.asked_of(CONVERSATIONS)


def test_a_report_in_progress_is_waited_for(platform, tmp_path, waits):
    platform.in_progress = 3
    pull(platform, tmp_path, datasets=["billable_usage_report"])
    assert waits == [run_module.POLL_SECONDS] * 6, "two reports, three times each"
    assert "InProgress" not in str(files(tmp_path))
    platform.in_progress = 10_000
    with pytest.raises(extract.UnavailableError, match="still in progress"):
        pull(platform, tmp_path / "other", datasets=["billable_usage_report"])


# What is asked again.


def test_what_has_arrived_is_not_asked_for_again(platform, tmp_path):
    pull(platform, tmp_path)
    before = files(tmp_path)
    platform.asked.clear()
    report = pull(platform, tmp_path)
    assert report.pages == 0
    assert {path for _, path, _ in platform.asked} == {TOKEN, f"/api/v2{ME}"}
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
        for body in files(folder / "user_presence").values()
        for user in json.loads(body)["userDetails"]
        for record in user.get("primaryPresence", [])
    }


def test_the_days_that_may_still_change_are_asked_for_again(platform, tmp_path):
    """Half a status, half a day, fewer users: the next run replaces the page."""
    platform.now = at("2025-02-20T12:00:00")
    datasets = ["user_presence", "billable_usage_report"]
    given = {"until": date(2025, 12, 1), "datasets": datasets}
    pull(platform, tmp_path, **given)
    today = "acme/user_presence/users_details_2025-02-20_2025-02-21_p0001.json"
    half_a_day = files(tmp_path)[today]
    assert not any("2025-02-22" in name for name in files(tmp_path)), "the future is left out"
    platform.asked.clear()
    platform.now += DAY
    pull(platform, tmp_path, **given)
    asked = {str(Window.of(asked["interval"])) for asked in platform.asked_of(USERS)}
    assert asked == {f"2025-02-{day}_2025-02-{day + 1}" for day in (19, 20, 21)}
    assert len(files(tmp_path)[today]) > len(half_a_day)
    assert [asked["startDate"][:10] for asked in platform.asked_of(REPORT)] == ["2025-02-10"]
    platform.asked.clear()
    platform.now += 30 * DAY
    platform.statuses = [status for status in platform.statuses if status.user_id < "u-005"]
    pull(platform, tmp_path, **given)
    asked = {str(Window.of(asked["interval"])) for asked in platform.asked_of(USERS)}
    assert "2025-02-19_2025-02-20" not in asked, "it had been over for a day"
    assert {"2025-02-20_2025-02-21", "2025-02-21_2025-02-22"} <= asked


def test_pages_a_window_no_longer_has_are_deleted(platform, tmp_path):
    platform.now = at("2025-02-20T12:00:00")
    given = {"first": date(2025, 2, 20), "until": date(2025, 2, 21), "datasets": ["user_presence"]}
    for status in list(platform.statuses):
        platform.statuses.append(type(status)(**vars(status) | {"start": at("2025-02-20")}))
    pull(platform, tmp_path, **given)
    assert len(files(tmp_path)) == 4, "two pages in two folders"
    platform.statuses = [status for status in platform.statuses if status.user_id < "u-005"]
    pull(platform, tmp_path, **given)
    assert len(files(tmp_path)) == 2


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
    assert new == "acme/license_assignments/license_users_2025-04-21_p0001.json"


@pytest.mark.parametrize(("path", "after"), [(USERS, 4), (CONVERSATIONS, 1)])
def test_killed_in_the_middle_it_continues_to_the_same_files(platform, tmp_path, path, after):
    datasets = ["--dataset", "user_presence", "--dataset", "message_interactions"]
    said(*command(platform, tmp_path / "whole", *datasets), code=0)
    needed = len(platform.asked_of(USERS)) + len(platform.asked_of(CONVERSATIONS))
    platform.asked.clear()
    platform.faults.append(Fault(path, "hang", after=after))
    program = [sys.executable, "-c", "from cx_billing.cli import main; main()"]
    process = subprocess.Popen([*program, *command(platform, tmp_path / "cut", *datasets)])
    assert platform.hung.wait(20)
    process.kill()
    assert process.wait(10) == -9
    halfway = files(tmp_path / "cut")
    assert 0 < len(halfway) < len(files(tmp_path / "whole"))
    (tmp_path / "cut/acme/user_presence/.users_details.json.part").write_bytes(b'{"half": ')
    said(*command(platform, tmp_path / "cut", *datasets), code=0)
    assert files(tmp_path / "cut") == files(tmp_path / "whole")
    again = len(platform.asked_of(USERS)) + len(platform.asked_of(CONVERSATIONS)) - needed
    assert again == 1, "only the request that hung"
    assert not list(tmp_path.rglob("*.part"))


def test_a_full_disk_loses_no_page(platform, tmp_path, monkeypatch):
    """A page counts as arrived only when it lies in every folder it belongs to."""
    datasets = ["user_presence"]
    pull(platform, tmp_path / "whole", datasets=datasets)
    write = run_module.write

    def full(path: Path, body: bytes) -> None:
        if path.name.endswith("_p0002.json") and "routing_status" in path.parts:
            raise OSError(28, "No space left on device")
        write(path, body)

    monkeypatch.setattr(run_module, "write", full)
    with pytest.raises(OSError, match="No space left"):
        pull(platform, tmp_path / "full", datasets=datasets)
    monkeypatch.setattr(run_module, "write", write)
    pull(platform, tmp_path / "full", datasets=datasets)
    assert files(tmp_path / "full") == files(tmp_path / "whole")


def test_an_interrupted_pull_says_how_it_goes_on(platform, tmp_path, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "_items", interrupted)
    words = said(*command(platform, tmp_path), code=1)
    assert "Interrupted. What has arrived is kept. To continue, run the same command" in words


def test_two_runs_do_not_pull_into_one_folder(platform, tmp_path):
    from cx_billing.extract.journal import lock

    with lock(tmp_path / "acme"), pytest.raises(extract.ExtractError, match="another run"):
        pull(platform, tmp_path)


def test_two_organizations_do_not_mix(platform, tmp_path):
    pull(platform, tmp_path, datasets=["license_assignments"])
    platform.organization = "org-2"
    with pytest.raises(extract.ExtractError, match=r"organization org-1.*Acme Air \(org-2\)"):
        pull(platform, tmp_path, datasets=["license_assignments"])


def test_a_journal_that_cannot_be_understood_says_what_to_do(platform, tmp_path):
    for text in ("", "[]", '{"version": 99}', '{"version": 1, "organization": "", "windows": {}}'):
        (tmp_path / "acme").mkdir(exist_ok=True)
        (tmp_path / "acme" / extract.JOURNAL).write_text(text)
        with pytest.raises(extract.ExtractError, match="Delete it"):
            pull(platform, tmp_path)


# Windows.


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


# Faults.


@pytest.mark.parametrize(("dataset", "path"), ENDPOINTS)
@pytest.mark.parametrize(
    "kind", ["429", "500", "503", "reset", "truncated", "no_json", "list", "expired"]
)
def test_a_passing_fault_changes_nothing(platform, tmp_path, waits, dataset, path, kind):
    until = FIRST + timedelta(days=7)
    times = 1 if kind == "expired" else 2
    platform.faults.append(Fault(path, kind, times, headers={"Retry-After": "17"}))
    pull(platform, tmp_path / "faulty", datasets=[dataset], until=until)
    assert not any(fault.times for fault in platform.faults)
    assert kind != "429" or waits == [17, 17]
    pull(platform, tmp_path / "good", datasets=[dataset], until=until)
    assert files(tmp_path / "faulty") == files(tmp_path / "good")


@pytest.mark.parametrize("path", [USERS, CONVERSATIONS, LICENSES, REPORT, TOKEN])
@pytest.mark.parametrize("kind", ["503", "reset", "truncated", "no_json"])
def test_a_lasting_fault_ends_the_pull_so_that_it_can_continue(platform, tmp_path, path, kind):
    platform.faults.append(Fault(path, kind, times=1000))
    until = str(FIRST + timedelta(days=7))
    words = said(*command(platform, tmp_path / "inbox", "--to", until), code=1)
    assert path.rpartition("/")[2] in words or "login" in words
    assert "run the same command again" in words
    assert len([asked for _, asked, _ in platform.asked if asked.endswith(path)]) < 30
    platform.faults.clear()
    said(*command(platform, tmp_path / "inbox", "--to", until), code=0)


def test_retry_after_may_be_a_date(platform, tmp_path, waits):
    then = datetime.now(tz=NOW.tzinfo) + timedelta(seconds=40)
    date_header = {"Retry-After": format_datetime(then.replace(microsecond=0), usegmt=True)}
    platform.faults.append(Fault(LICENSES, "429", headers=date_header))
    pull(platform, tmp_path, datasets=["license_assignments"])
    assert [30 < wait <= 40 for wait in waits] == [True]


def test_a_pause_without_retry_after_grows(platform, tmp_path, waits):
    platform.faults.append(Fault(LICENSES, "503", times=5))
    pull(platform, tmp_path, datasets=["license_assignments"])
    assert waits == sorted(waits) and waits[-1] > 4 * waits[0]


def test_a_slow_server_is_given_up(platform, tmp_path, monkeypatch):
    monkeypatch.setattr(client_module, "TIMEOUT", (1, 0.05))
    platform.faults.append(Fault(LICENSES, "hang", times=100))
    with pytest.raises(extract.UnavailableError, match="no answer in time"):
        pull(platform, tmp_path, datasets=["license_assignments"])


def test_nobody_listens(platform, tmp_path):
    client = extract.Client(
        extract.Address.of_urls(platform.url, "http://127.0.0.1:9"),
        extract.Credentials.from_environment(),
    )
    with pytest.raises(extract.UnavailableError, match="the connection failed"):
        extract.extract(client, "acme", FIRST, UNTIL, tmp_path)


def test_a_token_is_replaced_once_and_then_is_an_error(platform, tmp_path):
    platform.faults.append(Fault(LICENSES, "401", times=1))
    pull(platform, tmp_path, datasets=["license_assignments"])
    assert len(platform.issued) == 2
    platform.faults.append(Fault(REPORT, "401", times=100))
    with pytest.raises(extract.CredentialsError, match="401 with a token just issued"):
        pull(platform, tmp_path, datasets=["billable_usage_report"])
    assert len(platform.issued) == 4


@pytest.mark.parametrize(("dataset", "path"), ENDPOINTS)
def test_a_missing_permission_is_named_and_the_rest_is_pulled(platform, tmp_path, dataset, path):
    message = "Unable to perform the requested action. You are missing the permission x:y:z."
    platform.faults.append(Fault(path, "403", times=1000, message=message))
    words = said(*command(platform, tmp_path), code=1)
    needs = {
        USERS: "analytics:userDetail:view",
        CONVERSATIONS: "analytics:conversationDetail:view",
        LICENSES: "authorization:license:view",
        REPORT: "billing:subscription:view",
    }
    assert needs[path] in words
    assert "x:y:z" in words and "correlation id c0ffee" in words
    assert len(platform.asked_of(path)) == 1
    found = {name.split("/")[1] for name in files(tmp_path)}
    dropped = {"user_presence", "routing_status"} if path == USERS else {dataset}
    assert found == set(extract.DATASETS) - dropped


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("400", "400; the platform says: injected"),
        ("404", "404; the platform says: injected"),
        ("unknown", "no list of entities, but results"),
        ("redirect", "redirected elsewhere, which is not followed"),
    ],
)
def test_what_is_denied_is_reported(platform, tmp_path, kind, words):
    platform.faults.append(Fault(LICENSES, kind))
    (denied,) = pull(platform, tmp_path, datasets=["license_assignments"]).denied
    assert words in denied
    assert not files(tmp_path)


def test_one_denied_window_does_not_cost_the_others(platform, tmp_path):
    platform.faults.append(Fault(USERS, "400", after=3))
    assert len(pull(platform, tmp_path, datasets=["user_presence"]).denied) == 1
    platform.asked.clear()
    assert not pull(platform, tmp_path, datasets=["user_presence"]).denied
    assert {asked["interval"] for asked in platform.asked_of(USERS)} == {
        "2025-01-17T00:00:00.000Z/2025-01-24T00:00:00.000Z"
    }


def test_the_server_has_the_limits_of_the_platform(platform, tmp_path):
    """Else the tests above would prove nothing."""
    address = extract.Address.of_urls(platform.url, platform.url)
    client = extract.Client(address, extract.Credentials.from_environment())
    paging = {"pageSize": 100, "pageNumber": 1}
    for path, days in ((USERS, 7), (CONVERSATIONS, 31)):
        query = {"paging": paging}
        for longer in (1, 0):
            interval = Window(at("2025-01-01"), at("2025-01-01") + (days + longer) * DAY).interval
            query["interval"] = interval
            if longer:
                with pytest.raises(extract.DeniedError, match=f"exceed {days} days"):
                    client.post(f"/api/v2{path}", "x", query)
            else:
                client.post(f"/api/v2{path}", "x", query)
        with pytest.raises(extract.DeniedError, match="pageSize"):
            client.post(f"/api/v2{path}", "x", query | {"paging": paging | {"pageSize": 101}})


# What never gets out.


@pytest.mark.parametrize(
    "fault",
    [
        None,
        Fault(LICENSES, "403", times=99, message="you sent <ECHO>"),
        Fault(LICENSES, "500", times=99, message="you sent <ECHO>"),
        Fault(TOKEN, "400", times=99, message="you sent <ECHO> " + CLIENT_SECRET),
        Fault(LICENSES, "reset", times=99),
        Fault(REPORT, "expired"),
        Fault(ME, "redirect"),
    ],
    ids=lambda fault: fault and f"{fault.path}-{fault.kind}",
)
def test_no_secret_in_files_logs_output_or_errors(platform, tmp_path, caplog, fault):
    caplog.set_level(logging.DEBUG)
    platform.faults.extend(filter(None, [fault]))
    arguments = command(platform, tmp_path, "--dataset", "license_assignments")
    arguments += ["--dataset", "billable_usage_report"]
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code in (0, 1, 2)
    everything = [result.output, caplog.text, repr(result.exception), repr(result.exc_info)]
    error = result.exception
    while error is not None:
        everything.append(f"{error!r} {error} {vars(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    everything += [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert platform.issued or fault.path == TOKEN
    pair = subprocess.list2cmdline([CLIENT_SECRET])
    for secret in (pair, CLIENT_SECRET, "czNjcmV0L29m", *platform.issued):
        for text in everything:
            assert secret not in text


def test_no_secret_in_a_repr():
    credentials = extract.Credentials.from_environment()
    address = extract.Address.of_region("mypurecloud.ie")
    shown = repr([credentials, address, extract.Client(address, credentials)])
    assert CLIENT_SECRET not in shown
    assert CLIENT_ID in shown


# Arguments.


@pytest.mark.parametrize("missing", [extract.CLIENT_ID, extract.CLIENT_SECRET])
def test_credentials_come_from_the_environment_alone(platform, tmp_path, monkeypatch, missing):
    monkeypatch.setenv(missing, " ")
    assert f"{missing} must be set" in said(*command(platform, tmp_path), code=2)
    assert not platform.asked
    help_text = said("extract", "--help", code=0)
    assert "secret" not in help_text.lower().replace("genesys_cloud_client_secret", "")
    assert CLIENT_SECRET not in help_text


def test_wrong_credentials(platform, tmp_path, monkeypatch):
    monkeypatch.setenv(extract.CLIENT_SECRET, "wrong")
    words = said(*command(platform, tmp_path), code=2)
    assert "does not accept the credentials: 400; the platform says: client not found" in words
    assert len(platform.asked) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--api-url", "http://api.example"], "is not https"),
        (["--api-url", "https://u:p@api.example"], "a user or a password"),
        (["--api-url", "api.example"], "is no base URL"),
        (["--api-url", "ftp://127.0.0.1"], "is not https"),
        (["--login-url", "http://127.0.0.1.example"], "is not https"),
        (["--from", "2999-01-01"], "is not between"),
        (["--from", "2025-05-01", "--to", "2025-05-01"], "is in the future, or not before"),
        (["--dataset", "voice_usage"], "is not one of"),
    ],
)
def test_arguments_that_cannot_be(platform, tmp_path, arguments, words):
    output = said(*command(platform, tmp_path, *arguments), code=2)
    assert words in " ".join(output.split())
    assert "u:p" not in output
    assert not platform.asked


def test_a_region_goes_by_name_or_domain(tmp_path):
    for name in ("us-west-2", "us_west_2", "USW2.pure.cloud"):
        address = extract.Address.of_region(name)
        assert address == extract.Address(
            "https://api.usw2.pure.cloud", "https://login.usw2.pure.cloud"
        )
    known = ["extract", "acme", "--from", "2025-01-01", "--inbox", tmp_path]
    assert "no region of the vendor" in said(*known, "--region", "pure.example", code=2)
    assert "Give --region" in said(*known, code=2)
    assert "belong together" in said(*known, "--api-url", "https://api.example", code=2)


@pytest.mark.parametrize("org_id", ["../acme", ".acme", "a/b", ""])
def test_an_organization_that_is_no_folder_name(platform, tmp_path, org_id):
    arguments = command(platform, tmp_path)
    arguments[1] = org_id
    assert "cannot be the name" in said(*arguments, code=2)


def test_a_pull_says_what_it_did_and_what_comes_next(platform, tmp_path):
    output = said(*command(platform, tmp_path / "inbox"), code=0)
    assert re.search(r"Pages pulled: \d+ \(\d+ requests\)\. Conversations still open: 0", output)
    assert f"cx-billing land {tmp_path / 'inbox'}" in output
    assert [path.name for path in tmp_path.iterdir()] == ["inbox"], (
        "nothing but the inbox is written"
    )
