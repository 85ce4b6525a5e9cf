"""The command line: what it says, and with which exit code it ends; pages are in test_pages.py."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import click
import duckdb
import pytest
from rich.console import Console

from command_line import cx_billing
from cx_billing import builds, cli, failures, lake, warehouse
from cx_billing.cli import options, screen
from cx_billing.cli.errors import SIGPIPE_EXIT
from cx_billing.cli.show import show
from published_marts import IN_NO_FIGURE, publish_marts

# Help and arguments.


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_teaches_by_example(option):
    assert "cx-billing build --as-of 2026-05-05" in cx_billing(option)
    assert "cx-billing show invoice ORG_ID" in cx_billing("show", option)


def test_every_command_has_help_and_takes_a_home():
    for group, prefix in ((cli.main, ()), (show, ("show",))):
        for name in group.commands:
            assert "--home DIR" in cx_billing(*prefix, name, "--help")


def test_every_path_has_a_name(home, tmp_path, monkeypatch):
    """An empty word, as an unset variable of a shell gives, is not the current folder."""
    for group in (cli.main, show):
        for command in (group, *group.commands.values()):
            for parameter in command.params:
                is_path = isinstance(parameter.type, click.Path)
                assert is_path == isinstance(parameter.type, options.NamedPath), parameter.name
    monkeypatch.chdir(tmp_path)
    for words in (["show", "index", "--out="], ["dispute", "acme", "V-77", "--out", " "]):
        said = cx_billing("--home", home, *words, code=2)
        assert "the name of the directory is empty; the current folder is written as a dot" in said
    assert "name of the file is empty." in cx_billing("show", "invoices", "--html=", code=2)
    assert not list(tmp_path.iterdir())


def test_version():
    assert "cx-billing, version" in cx_billing("--version")


@pytest.mark.parametrize(
    "url", ["s3://bucket/home", "gs://bucket", "https://example.org/x", "s3:/b"]
)
def test_a_url_is_refused_and_no_folder_made_of_it(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    for words in (
        ("--home", url, "build"),
        ("land", url),
        ("generate", "--out", url),
        ("publish", url),
    ):
        assert "is a URL" in cx_billing(*words, code=2)
    assert list(tmp_path.iterdir()) == []


def test_home_is_taken_before_and_after_the_command_and_from_the_environment(home, monkeypatch):
    expected = cx_billing("--home", home, "show", "invoices")
    assert cx_billing("show", "--home", home, "invoices") == expected
    assert cx_billing("show", "invoices", "--home", home) == expected
    monkeypatch.setenv("CX_BILLING_HOME", str(home))
    assert cx_billing("show", "invoices") == expected
    empty = home / "builds"
    assert str(empty) in cx_billing("--home", empty, "show", "invoices", code=2)


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("show", "invoice", "acme"), ("show", "invoice", "acme", "5 May"), ("land",)],
)
def test_wrong_arguments(arguments):
    assert "Usage:" in cx_billing(*arguments, code=2)


@pytest.mark.parametrize("day", ["2026-02-30", "5 May", "20260505", "2026-5-5"])
def test_a_day_that_is_none(home, day):
    said = cx_billing("--home", home, "show", "invoice", "acme", day, code=2)
    assert "no such day; use YYYY-MM-DD" in said


def test_the_help_of_land_lists_every_dataset():
    said = cx_billing("land", "--help")
    assert ".jsonl" in said
    for dataset in lake.datasets().values():
        assert re.search(rf"^  {dataset.name} .*{dataset.description[:8]}", said, re.MULTILINE)


def test_a_home_with_a_quote(tmp_path):
    said = cx_billing("--home", tmp_path / "it's", "build", code=2)
    assert "Choose another --home" in said


# Landing; how files are read is in test_landing.py.


@pytest.fixture
def inbox(tmp_path) -> Path:
    """An inbox with one good file and an empty dataset folder."""
    users = tmp_path / "inbox" / "acme" / "users" / "users.csv"
    users.parent.mkdir(parents=True)
    users.write_text("User Id,Email\nu1,u1@example.com\nu2,u2@example.com\n")
    (tmp_path / "inbox" / "acme" / "devices").mkdir()
    return tmp_path / "inbox"


def test_landing_counts_files_and_rows_and_warns_of_empty_folders(inbox, tmp_path):
    said = cx_billing("land", inbox, "--home", tmp_path / "home")
    assert "Files landed: 1 (2 rows)" in said
    assert "acme/devices: the folder is empty" in said
    again = cx_billing("land", inbox, "--home", tmp_path / "home")
    assert "Files landed: 0 (0 rows)" in again
    assert "there already: 1" in again


def test_a_time_zone_is_one_that_the_build_knows(inbox, tmp_path):
    place = (inbox, "--home", tmp_path / "home")
    said = cx_billing("land", *place, "--time-zone", "Europe/Berlim", code=2)
    assert "Europe/Berlim is no time zone. Did you mean Europe/Berlin?" in said
    assert "Files landed: 1" in cx_billing("land", *place, "--time-zone", "europe/berlin")


def test_a_refused_file_ends_with_2_and_the_rest_is_landed(inbox, tmp_path):
    (inbox / "acme" / "users" / "broken.csv").write_text("Name\nEve\n")
    said = cx_billing("land", inbox, "--home", tmp_path / "home", code=2)
    assert "Refused: acme/users/broken.csv" in said
    assert "Files landed: 1 (2 rows)" in said
    assert "refused: 1" in said


def test_an_inbox_that_is_not_there(tmp_path):
    said = cx_billing("land", tmp_path / "nowhere", "--home", tmp_path / "home", code=2)
    assert "nowhere" in said


def test_a_generated_inbox_can_be_landed_and_is_not_overwritten(tmp_path):
    out = tmp_path / "inbox"
    generate = ("generate", "--orgs", 1, "--days", 1, "--seed", 7, "--out", out)
    said = cx_billing("--home", tmp_path / "my home", *generate)
    assert f"cx-billing --home '{tmp_path}/my home' land {out}" in said
    assert "refused: 0" in cx_billing("--home", tmp_path / "home", "land", out)
    assert str(out) in cx_billing(*generate, code=2)


# What a build says; how it works is in test_warehouse.py.


def built(monkeypatch, **facts) -> list[tuple]:
    """Let a build end with these facts; how it was called."""
    calls = []
    result = {"database": None, "published": None, "nodes": 9, "skipped": 2, "seconds": 1.0}

    def build(*arguments, **options):
        calls.append(arguments)
        options["on_event"](warehouse.Step(1, 9, "a_node"))
        return warehouse.BuildResult(**result | facts)

    monkeypatch.setattr(warehouse, "build", build)
    return calls


def test_nothing_landed_yet(tmp_path):
    assert "Nothing has been landed" in cx_billing("--home", tmp_path, "build", code=2)


@pytest.mark.parametrize(
    ("columns", "width"), [("80", 80), ("", 200), ("wide", 200), ("0", 200), ("-5", 200)]
)
def test_a_pipe_is_as_wide_as_columns_says(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    assert screen.open_console().width == width
    monkeypatch.delenv("COLUMNS")
    assert screen.open_console().width == screen.WIDTH_OF_A_PIPE


def test_a_good_build_says_what_was_published(home, monkeypatch):
    calls = built(monkeypatch, published=home / builds.PUBLISHED)
    said = cx_billing("--home", home, "build", "--as-of", "2026-05-05")
    assert calls == [(home, date(2026, 5, 5))]
    assert "builds/7/cx_billing.duckdb" in said
    assert "Organizations: 2, invoices: 3, rejected rows: 15, 1 of them retired." in said
    assert f"cx-billing --home {home} show invoices" in said
    assert "latest usage" not in said, "the bill was asked for as seen that day"


def test_a_good_build_warns_of_where_money_could_be_missing(home, monkeypatch):
    built(monkeypatch, published=home / builds.PUBLISHED)
    monkeypatch.setattr(options, "today", lambda: date(2026, 5, 13))
    warnings = [
        line.removeprefix("Warning: ")
        for line in cx_billing("--home", home, "build").splitlines()
        if line.startswith("Warning: ")
    ]
    assert warnings == [
        "without any invoice: lost",
        "used but without a price: 2 products (2 device, 1,200.5 message); "
        f"see cx-billing --home {home} show unbilled",
        "rejected: acme/contracts/a.csv row 2: contract c-2: effective_date '2026-01-05' is the "
        "first day of another contract too (overlapping_contract); right would be another day",
        "rejected: acme/contract_items/a.csv row 3: the row has more or fewer fields than the "
        "header (wrong_column_count); right would be as many values",
        "rejected: acme/voice_usage/a.csv row 1: duration_seconds 'a minute or 1' is no number "
        "that can be read (not_a_number); right would be whole seconds, like 60; and 9 more rows "
        "like it",
        "rejected: lost/contract_items/a.csv row 1: the organization has no accepted contract "
        "(no_contract); right would be a contract; and 1 more row like it",
        "names that no seed maps: system_presence NAPPING (counted as logged in); "
        "see the mart unmapped_names",
        "kaze: 1 final invoice from 2026-04-10 on not covered: user_presence ends at "
        "2026-04-01 00:00",
        "the latest usage landed is 2026-04-07; the invoices after it rest on contracts alone; "
        "--as-of DATE bills as seen that day",
    ]
    monkeypatch.setattr(options, "today", lambda: date(2026, 5, 12))
    assert "latest usage" not in cx_billing("--home", home, "build")


def test_a_good_build_says_in_one_line_by_organization_what_is_missing(tmp_path, monkeypatch):
    missing = (
        "insert into marts.missing_data by name select * from (values "
        "('kaze', 'after_term', 'all', 2, timestamp '2026-04-10', null, null), "
        "('kaze', 'gaps', 'voice_usage', 1, timestamp '2026-03-02', timestamp '2026-03-03', null), "
        "('acme', 'presence_without_license', 'routing_status', 3, null, null, '2')"
        ") t(org_id, finding, dataset, items_count, first_at, last_at, note), "
        "(select true as is_bill_affected);"
        "insert into marts.missing_data by name select 'lost' as org_id, 'no_users' as finding, "
        "'users' as dataset, false as is_bill_affected"
    )
    publish_marts(tmp_path, changed=missing)
    built(monkeypatch, published=tmp_path / builds.PUBLISHED)
    said = cx_billing("--home", tmp_path, "build", "--as-of", "2026-05-05").splitlines()
    assert (
        "Warning: kaze: 1 final invoice from 2026-04-10 on not covered: user_presence ends at "
        "2026-04-01 00:00; voice_usage has 1 gap, from 2026-03-02 00:00:00 to 2026-03-03 00:00:00; "
        "2 rows after the term, which ended on 2026-04-10, rejected "
        "(after_term = month_to_month bills on)"
    ) in said
    assert (
        "Warning: acme: 3 users of routing_status named by e-mail without a license, since "
        "license_assignments names people by id: deliver routing_status with those ids "
        "(users tells 2 of them, but joins reports only)"
    ) in said
    assert "Note: lost: no users, so nobody's e-mail is known" in said


def test_a_good_build_warns_of_invoices_of_the_vendor_that_are_in_no_figure(tmp_path, monkeypatch):
    publish_marts(tmp_path, changed=IN_NO_FIGURE)
    built(monkeypatch, published=tmp_path / builds.PUBLISHED)
    monkeypatch.setattr(options, "today", lambda: date(2027, 5, 7))
    said = cx_billing("--home", tmp_path, "build", "--as-of", "2026-06-15").splitlines()
    opening = "not compared, since dated on or after the day of the build (2026-06-15): vendor"
    assert f"Warning: {opening} invoice V-90 of 2027-05-07 (acme/voice_usage/a.csv)" in said
    assert f"Note: {opening} invoice V-77-PDF of 2026-06-15 (acme/voice_usage/a.csv)" in said
    assert (
        "Warning: vendor invoice V-77 of kaze: kaze/p2.csv has the number too and replaces "
        "kaze/orders/a.csv, of which 9 lines no longer count; none of them is in the later one; "
        "put all of it into one file"
    ) in said
    assert not [line for line in said if "V-76" in line], "a mended file has most of its lines"


def test_beyond_the_first_organizations_that_lack_data_the_mart_of_them_is_named(
    tmp_path, monkeypatch
):
    many = screen.SHOWN_ITEMS + 3
    missing = (
        "insert into marts.missing_data by name select 'org-' || n as org_id, 'no_users' as "
        f"finding, 'users' as dataset, false as is_bill_affected from range({many}) t(n)"
    )
    publish_marts(tmp_path, changed=missing)
    built(monkeypatch, published=tmp_path / builds.PUBLISHED)
    said = cx_billing("--home", tmp_path, "build", "--as-of", "2026-05-05")
    assert "Note: 3 more organizations lack data; see the mart missing_data" in said.splitlines()


def test_an_organization_without_any_accepted_row_is_the_first_line(home, monkeypatch):
    built(monkeypatch, published=home / builds.PUBLISHED)
    said = cx_billing("--home", home, "build", "--as-of", "2026-05-05")
    assert said.startswith("lost: every row was rejected (2). The first: lost/contract_items/a.csv")


def test_with_fail_on_warning_a_build_is_asked_what_there_is_to_warn_of(home, monkeypatch):
    asked = []

    def build(*_, refuse, **__):
        with duckdb.connect(str(home / builds.PUBLISHED), read_only=True) as connection:
            asked.extend(refuse(connection))
        failure = failures.Failure("warning", "", "", asked[0])
        return warehouse.BuildResult(None, None, 9, 0, 1.0, failures=(failure,))

    monkeypatch.setattr(warehouse, "build", build)
    said = cx_billing("--home", home, "build", "--fail-on-warning", code=1)
    assert "lost: every row was rejected (2)" in said and "Nothing was published" in said
    assert any("acme/contracts/a.csv row 2" in warning for warning in asked)


def test_a_good_build_says_what_changed_on_final_invoices(tmp_path, monkeypatch):
    publish_marts(tmp_path)
    publish_marts(tmp_path, 8, "delete from marts.invoice_lines where invoice_line_id = '4'")
    built(monkeypatch, published=tmp_path / builds.PUBLISHED)
    said = cx_billing("--home", tmp_path, "build", "--as-of", "2026-05-05")
    assert (
        "Changed although final in build 7: 1 line.\n"
        "  kaze, invoice of 2026-04-10: Phone (one-time from 2026-03-20) was 15,000 JPY for 1 at "
        "15,000, is no longer there\n"
        "  Since build 7, kaze: no file came or went: the version, the seeds or the policies "
        "changed.\n"
    ) in said


def test_many_changed_lines_are_counted(tmp_path, monkeypatch):
    publish_marts(tmp_path)
    added = (
        "insert into marts.invoice_lines by name select * replace ('x' || i as invoice_line_id) "
        "from marts.invoice_lines, range(25) t(i) where invoice_line_id = '4'"
    )
    publish_marts(tmp_path, 8, added.replace("select *", "select * exclude (i)"))
    built(monkeypatch, published=tmp_path / builds.PUBLISHED)
    said = cx_billing("--home", tmp_path, "build", "--as-of", "2026-05-05")
    assert "Changed although final in build 7: 25 lines." in said
    assert said.count("was not there") == 20
    assert f"  5 more; see cx-billing --home {tmp_path} status\n" in said


def test_an_interrupted_build_says_that_nothing_was_published(home, monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(warehouse, "build", interrupted)
    assert "Nothing was published." in cx_billing("--home", home, "build", code=1)


@pytest.mark.parametrize("arguments", [("build",), ("land", lake.PROJECT_DIR / "sample/inbox")])
def test_a_home_that_cannot_be_written_says_where_and_why(tmp_path, monkeypatch, arguments):
    (tmp_path / "home" / "lake").mkdir(parents=True)

    def denied(path, *_arguments, **_options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", denied)
    said = cx_billing("--home", tmp_path / "home", *arguments, code=2)
    assert f"{tmp_path / 'home'}: Permission denied. Fix it" in said
    assert "Errno" not in said


def test_a_reader_that_goes_away_hears_nothing(home):
    program = "import sys; from cx_billing.cli import main; sys.argv[0] = 'cx-billing'; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "--home", str(home), "show", "invoices"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == SIGPIPE_EXIT
    process.stderr.close()


def test_a_failed_build_says_what_broke_and_ends_with_1(home, monkeypatch):
    failure = failures.Failure(
        name="lines_sum_to_invoices",
        file="tests/dbt/billing/lines_sum_to_invoices.sql",
        description="The lines of an invoice sum to its total.",
        message="Got 1 result",
        rows=({"invoice_id": "acme-1", "difference": Decimal("0.01")},),
    )
    built(monkeypatch, failures=(failure,))
    said = cx_billing("--home", home, "build", code=1)
    for words in (failure.name, failure.file, failure.description, "acme-1", "0.01"):
        assert words in said
    assert "1 failed, 2 skipped of 9. Nothing was published." in said


def test_a_second_build_ends_with_1(home):
    with warehouse.build_lock(home):
        said = cx_billing("--home", home, "build", code=1)
    assert "Another build" in said


@pytest.mark.parametrize("day", ["yesterday", "1026-05-05", "3026-05-05"])
def test_as_of_must_be_a_sensible_date(home, day):
    assert "--as-of" in cx_billing("--home", home, "build", "--as-of", day, code=2)


# Progress.


def test_progress_shortens_what_is_at_work_and_not_the_bar(monkeypatch):
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    monkeypatch.setattr(screen, "open_console", lambda stderr: console)
    with screen.show_progress() as show:
        show(100, 269, "a_node_with_a_very_long_name__" * 4)
    (shown, *_) = [line for line in console.file.getvalue().splitlines() if "100/269" in line]
    assert "━" * 10 in shown
    assert "a_node_with" in shown
    assert "…" in shown


# Closing invoices.


@pytest.mark.parametrize(
    ("org", "day", "expected"),
    [
        ("acme", "2026-05-05", ["is not final", "on 2026-05-06", "voice_usage ends at 2026-04-08"]),
        ("kaze", "2026-04-10", ["is not covered", "user_presence ends at 2026-04-01 00:00"]),
    ],
    ids=["not final", "not covered"],
)
def test_seal_refuses_what_is_not_final_or_not_covered_and_says_why(home, org, day, expected):
    said = cx_billing("--home", home, "seal", org, day, code=1)
    assert all(words in said for words in expected)


def test_seal_of_what_is_not_there(home):
    assert "It has: 2026-04-10." in cx_billing("--home", home, "seal", "kaze", "2026-04-11", code=2)
    assert "No organization" in cx_billing("--home", home, "seal", "nobody", "2026-04-11", code=2)
