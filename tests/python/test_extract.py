"""Pulling from the platform API: what arrives, as which files, and that a pull can be cut off."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cx_billing import builds, dbt_runs, extract, landing
from cx_billing import files as whole_files
from cx_billing.extract import details, reports
from cx_billing.extract import run as run_module
from platform_history import DAY, Fault, Platform, written
from platform_server import CONVERSATIONS, DEFINITIONS, FOLLOWED, ME, TOKEN, USERS
from pulling import AFTER_ALL, ENDPOINTS, FIRST, command, files, pages_of, pull, said

pytestmark = pytest.mark.usefixtures("waits", "credentials")


# What arrives


def test_what_was_pulled_is_staged_like_what_was_written_directly(platform, tmp_path):
    pull(platform, tmp_path / "inbox", until=AFTER_ALL)
    write_directly(platform, tmp_path / "inbox" / "direct")
    report = landing.land(tmp_path / "inbox", tmp_path / "home")
    assert not report.refused
    models = ["stg_user_presence", "stg_routing_status", "stg_message_interactions"]
    models += ["stg_license_assignments", "stg_users", "stg_billable_usage_report"]
    database = tmp_path / "built.duckdb"
    outcome = dbt_runs.run(
        ["build", "--exclude-resource-type", "test", "unit_test", "--select"]
        + [f"+{model}" for model in models],
        tmp_path / "home",
        database,
    )
    assert outcome.success, outcome.exception
    provenance = "org_id, file_id, source_file, source_row, landed_at, reject_reason, row_status"
    with builds.connect_with_private(database) as connection:
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
    tables["users"] = [["id", "email", "name"]] + [
        [user, f"{user}@acme.example", user.title()] for user in platform.licenses
    ]
    tables["billable_usage_report"] = [["Charge name", "Entity", "Timestamp"]] + [
        [charge, entity, written(day)] for charge, entity, day in platform.billable
    ]
    for dataset, rows in tables.items():
        (folder / dataset).mkdir(parents=True)
        with (folder / dataset / "direct.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)


def test_both_folders_of_users_details_have_the_same_pages(platform, tmp_path):
    pull(platform, tmp_path)
    names = {
        dataset: sorted((tmp_path / "acme" / dataset).glob("*.json"))
        for dataset in run_module.DATASETS
    }
    presence, routing = names["user_presence"], names["routing_status"]
    assert [path.name for path in presence] == [path.name for path in routing]
    assert presence[0].read_bytes() == routing[0].read_bytes()
    assert presence[0].name == "users_details_2025-01-10_2025-01-17.json"
    assert names["message_interactions"][0].name == "conversations_2025-01-10_2025-02-10.json"
    assert [path.name for path in names["license_assignments"]] == ["license_users_2025-04-20.json"]
    assert [path.name for path in names["users"]] == ["users_2025-04-20.json"]
    assert [path.name for path in names["billable_usage_report"]] == [
        "billable_usage_2025-01-10_2025-02-10.json",
        "billable_usage_2025-02-10_2025-03-10.json",
    ]


def test_definitions_of_licenses_are_for_people_to_read(platform, tmp_path):
    pull(platform, tmp_path / "inbox", datasets=["license_assignments"])
    aside = tmp_path / "inbox/acme/not_landed/license_definitions.json"
    assert [kind["id"] for kind in json.loads(aside.read_text())] == ["cx1", "cx3"]
    report = landing.land(tmp_path / "inbox", tmp_path / "home")
    assert [file.source_file for file in report.landed] == [
        "acme/license_assignments/license_users_2025-04-20.json"
    ]
    assert not report.refused
    platform.faults.append(Fault(DEFINITIONS, "403"))
    platform.now += DAY
    report = pull(platform, tmp_path / "inbox", datasets=["license_assignments"])
    assert len(report.denied) == 1 and "authorization:license:view" in report.denied[0]
    assert report.pages == 2, "who holds what is another answer"


def test_one_dataset_asks_for_nothing_else(platform, tmp_path):
    for dataset, path in ENDPOINTS:
        platform.asked.clear()
        pull(platform, tmp_path / dataset, datasets=[dataset])
        paths = {asked.removeprefix("/api/v2") for _, asked, _ in platform.asked}
        paths = {path for path in paths if not path.endswith("/availability")}
        assert paths - {TOKEN, ME, FOLLOWED, DEFINITIONS} == {path.removeprefix("/api/v2")}
    assert (tmp_path / "user_presence" / "acme" / "routing_status").is_dir()


def test_a_page_without_hits_ends_a_window_that_has_more_than_the_total_says(platform, tmp_path):
    pull(platform, tmp_path, datasets=["user_presence"], until=FIRST + 7 * DAY)
    numbers = [asked["paging"]["pageNumber"] for asked in platform.asked_of(USERS)]
    assert numbers == [1, 2, 3]
    pages = pages_of(*files(tmp_path / "acme" / "user_presence").values())
    users = [len(page["userDetails"]) for page in pages]
    assert users[0] == 100 and users[1] > 0
    assert pages[1]["totalHits"] < sum(users)
    assert not platform.jobs


def test_a_report_in_progress_is_waited_for(platform, tmp_path, waits):
    platform.in_progress = 3
    pull(platform, tmp_path, datasets=["billable_usage_report"])
    assert waits == [reports.POLL_SECONDS] * 6, "two reports, three times each"
    assert "InProgress" not in str(files(tmp_path))
    platform.in_progress = 10_000
    with pytest.raises(extract.UnavailableError, match="still in progress"):
        pull(platform, tmp_path / "other", datasets=["billable_usage_report"])


def test_a_pull_says_what_it_did_and_what_comes_next(platform, tmp_path):
    output = said(*command(platform, tmp_path / "inbox"), code=0)
    assert re.search(r"Pages pulled: \d+ \(\d+ requests\)\. Conversations still open: 0", output)
    assert f"cx-billing land {tmp_path / 'inbox'}" in output
    assert [path.name for path in tmp_path.iterdir()] == ["inbox"], (
        "nothing but the inbox is written"
    )


# What is cut off


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
    assert 0 < len(halfway) < len(files(tmp_path / "whole")) or path == CONVERSATIONS
    assert halfway.items() <= files(tmp_path / "whole").items(), "no window is there by half"
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
    write = whole_files.write_lines
    for place in ("p000002.json", "routing_status"):

        def full(path: Path, *given: object, place: str = place) -> None:
            if place in path.parts:
                raise OSError(28, "No space left on device")
            write(path, *given)

        monkeypatch.setattr(whole_files, "write_lines", full)
        with pytest.raises(OSError, match="No space left"):
            pull(platform, tmp_path / "full", datasets=datasets)
    monkeypatch.setattr(whole_files, "write_lines", write)
    pull(platform, tmp_path / "full", datasets=datasets)
    assert files(tmp_path / "full") == files(tmp_path / "whole")


def test_an_interrupted_pull_says_how_it_goes_on(platform, tmp_path, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(details, "items_of", interrupted)
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
