"""Faults of the platform: passing ones change nothing, lasting ones end the pull with advice."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from cx_billing import extract
from cx_billing.extract import platform as client_module
from cx_billing.extract.windows import Window
from platform_history import DAY, Fault, at
from platform_server import CONVERSATIONS, LICENSES, PEOPLE, REPORT, TOKEN, USERS
from pulling import ENDPOINTS, FIRST, NOW, UNTIL, command, files, pull, said

pytestmark = pytest.mark.usefixtures("waits", "credentials")


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


@pytest.mark.parametrize("path", [USERS, CONVERSATIONS, LICENSES, PEOPLE, REPORT, TOKEN])
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
        PEOPLE: "directory:user:view",
        REPORT: "billing:subscription:view",
    }
    assert needs[path] in words
    assert "x:y:z" in words and "correlation id c0ffee" in words
    assert len(platform.asked_of(path)) == 1
    found = {name.split("/")[1] for name in files(tmp_path)}
    dropped = {"user_presence", "routing_status"} if path == USERS else {dataset}
    assert found == set(extract.DATASETS) - dropped - {"contracts"}, "of contracts there are drafts"


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


# Answers that lie


@pytest.mark.parametrize("path", [LICENSES, PEOPLE])
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("empty", "incomplete, 100 of 200 items arrived, 3 times"),
        ("repeated", "incomplete, page 2 repeats items of earlier pages, 3 times"),
        ("shifted", "incomplete, page 2 repeats items of earlier pages, 3 times"),
    ],
)
def test_a_list_that_is_not_all_of_it_is_asked_again_and_never_kept(
    platform, tmp_path, path, kind, words
):
    dataset = dict(map(reversed, ENDPOINTS))[path]
    platform.faults.append(Fault(path, kind, after=1))
    assert not pull(platform, tmp_path / "once", datasets=[dataset]).denied
    pages = b"".join(files(tmp_path / "once").values())
    assert all(pages.count(f'"{user}"'.encode()) == 1 for user in platform.licenses)
    platform.faults[:] = [Fault(path, kind, after=1) for _ in range(3)]  # page 2 of each try
    (denied,) = pull(platform, tmp_path / "lasting", datasets=[dataset]).denied
    assert words in denied
    assert not files(tmp_path / "lasting")
