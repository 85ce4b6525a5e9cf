"""Alerts are told once: by a build or by the command, whoever is first, and after a crash again."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import builds, changes, files, reported, warehouse
from cx_billing.cli import alerts as command
from cx_billing.cli import options
from published_marts import publish_marts

USAGE = "acme/2026-04-05/usage_passes_commitment/cx3/80"
FORMING = "acme/2026-04-05/peak_forming/cx2/2026-04-19T09:02:00"


@pytest.fixture(name="home")
def own_home(tmp_path):
    """A home with two alerts, none of them told."""
    return publish_marts(tmp_path)


def tell(home, *options: str, code: int = 0) -> str:
    """What the command prints."""
    return cx_billing("--home", home, "alerts", *options, code=code)


def test_an_alert_is_told_once(home):
    first = tell(home)
    assert "acme: cx3 is at 9, more than 80 % of the 10 committed" in first
    # What is about to happen comes first.
    assert first.index("a peak of 13 counts at 09:32") < first.index("cx3 is at 9")
    assert "acme:" not in tell(home)
    assert set(json.loads((home / reported.FILE).read_text())) == {USAGE, FORMING}


def test_all_of_them_are_shown_with_when_they_were_told_and_none_is_told_by_that(home):
    assert json.loads(tell(home, "--all", "--json"))["head"] == {"alerts": 2, "new_alerts": 2}
    assert json.loads(tell(home, "--all", "--json"))["head"]["new_alerts"] == 2
    tell(home)
    told = json.loads(tell(home, "--all", "--json"))["tables"]["alerts"]
    assert [row["alert_id"] for row in told] == [FORMING, USAGE]
    assert all(row["told_at"].startswith(f"{datetime.now(UTC):%Y-%m-%dT}") for row in told)


def test_as_data_they_are_told_too(home, tmp_path):
    tell(home, "--json", str(tmp_path / "alerts.json"))
    document = json.loads((tmp_path / "alerts.json").read_text())
    assert [row["level"] for row in document["tables"]["alerts"]] == [20, 80]
    assert json.loads(tell(home, "--json"))["tables"]["alerts"] == []


def test_a_new_alert_can_be_an_exit_code(home):
    tell(home, "--all", "--fail", code=4)
    tell(home, "--fail", code=4)
    tell(home, "--fail")
    tell(home, "--all", "--fail")


def test_a_higher_level_is_another_alert(home, tmp_path):
    tell(home)
    publish_marts(
        home,
        8,
        "update marts.alerts set alert_id = replace(alert_id, '/80', '/100'), level = 100, "
        "message = 'acme: cx3 is at 11' where product_code = 'cx3'",
    )
    said = tell(home)
    assert "acme: cx3 is at 11" in said and "a peak of 13" not in said


def test_killed_before_it_is_remembered_an_alert_is_told_again(home, monkeypatch):
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise SystemExit(137)

        patch.setattr(files, "write", killed)
        tell(home, code=137)
    assert not (home / reported.FILE).exists()
    assert "cx3 is at 9" in tell(home)


def test_a_write_that_is_cut_off_leaves_what_was_told(home, monkeypatch):
    tell(home)
    publish_marts(home, 8, "update marts.alerts set alert_id = alert_id || '/x'")
    with monkeypatch.context() as patch:

        def cut_off(*_: object) -> None:
            raise OSError(28, "No space left on device", str(home))

        patch.setattr(files, "replace", cut_off)
        tell(home, code=2)
    assert set(json.loads((home / reported.FILE).read_text())) == {USAGE, FORMING}
    assert "cx3 is at 9" in tell(home)


def test_two_do_not_tell_at_once(home):
    with reported.telling(home):
        assert "Another process tells the alerts" in tell(home, code=1)


def test_a_damaged_memory_says_what_to_do(home):
    (home / reported.FILE).write_text("[1")
    assert "delete it, and every alert is told once more" in tell(home, code=1)


def test_what_was_told_long_ago_is_forgotten(home):
    (home / reported.FILE).write_text(
        '{"old": "2020-01-01T00:00:00Z", "new": "2999-01-01T00:00:00Z"}'
    )
    tell(home)
    assert set(reported.read(home)) == {"new", USAGE, FORMING}


def test_a_build_tells_the_first_of_many_and_leaves_the_others(home, monkeypatch, capsys):
    monkeypatch.setattr(command, "SHOWN_ITEMS", 1)
    with duckdb.connect(str(home / builds.PUBLISHED), read_only=True) as connection:
        assert command.report_new_alerts(home, connection) == 2
    said = capsys.readouterr().err
    assert said.startswith("Alert: acme: cx2 has 14 users on")
    assert "1 more alerts; tell them with cx-billing --home" in said
    assert "cx3 is at 9" in tell(home)


def test_a_build_is_as_good_while_another_process_tells(home, capsys):
    with (
        reported.telling(home),
        duckdb.connect(str(home / builds.PUBLISHED), read_only=True) as connection,
    ):
        assert command.report_new_alerts(home, connection) == 0
    assert "Alerts were not told: Another process" in capsys.readouterr().err


@pytest.mark.parametrize(("word", "days"), [("today", 0), ("tomorrow", 1)])
def test_a_build_can_see_the_day_that_runs(home, monkeypatch, word, days):
    seen = []

    def build(_home: object, as_of: date, *_: object, **__: object) -> None:
        seen.append(as_of)
        raise warehouse.WarehouseError("enough")

    monkeypatch.setattr(warehouse, "build", build)
    monkeypatch.setattr(options, "today", lambda: date(2026, 2, 28))
    cx_billing("--home", home, "build", "--as-of", word, code=2)
    assert seen == [date(2026, 2, 28) + timedelta(days=days)]
    assert "no such day" in cx_billing("--home", home, "build", "--as-of", "yesterday", code=2)


# ---------------------------------------------------------------- final invoices that changed


def build_after(home, number: int, changed: str) -> list[dict]:
    """Publish one more build with the changes; its alerts of changed invoices."""
    before = (home / builds.PUBLISHED).resolve()
    set_number = f"update marts.build set build_number = {number}; "
    publish_marts(home, number, set_number + changed)
    database = home / "builds" / str(number) / builds.PUBLISHED
    changes.add_alerts(database, before)
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(
            "select * from marts.alerts where alert = 'final_invoice_changed' order by alert_id"
        )
        names = [column for column, *_ in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


CHANGED = (
    "update marts.invoice_lines set amount = 1240 where invoice_line_id = '2'; "
    "update marts.invoices set total_amount = 1252.35 where invoice_id = 'acme-2026-04-05'; "
)


def test_a_final_invoice_that_changed_is_an_alert_of_its_build(home):
    (alert,) = build_after(home, 8, CHANGED)
    assert alert["alert_id"] == "acme/2026-04-05/final_invoice_changed/8"
    assert str(alert["cycle_start_date"]) == "2026-03-05"
    assert (str(alert["figure"]), str(alert["limit_figure"])) == ("1252.350000", "1246.850000")
    assert alert["message"] == (
        "acme: the invoice of 2026-04-05, which was final, has 1 other line, "
        "its total was 1246.85 and is 1252.35 USD"
    )
    # The next build changes nothing, and still tells it.
    assert build_after(home, 9, CHANGED) == [alert]
    tell(home)
    # It is as it was: that is another change.
    assert [row["alert_id"][-1] for row in build_after(home, 10, "")] == ["0", "8"]
    said = tell(home)
    assert "its total was 1252.35 and is 1246.85 USD" in said
    assert "was 1246.85" not in said


def test_a_changed_invoice_is_kept_for_so_many_days(home):
    build_after(home, 8, CHANGED)
    later = "update marts.build set built_at = built_at + interval {} day; "
    assert build_after(home, 9, CHANGED + later.format(35))
    assert not build_after(home, 10, CHANGED + later.format(36))


def test_lines_that_cancel_out_and_an_invoice_that_is_gone(home):
    (gone,) = build_after(
        home,
        8,
        "delete from marts.invoices where org_id = 'kaze'; "
        "delete from marts.invoice_lines where org_id = 'kaze'",
    )
    assert gone["message"].endswith("has 1 other line, its total was 16500 and is 0 JPY")
    home = publish_marts(home / "other")
    (equal,) = build_after(
        home,
        8,
        "update marts.invoice_lines set amount = amount + 1 where invoice_line_id = '2'; "
        "update marts.invoice_lines set amount = amount - 1 where invoice_line_id = '1'",
    )
    assert equal["message"].endswith("has 2 other lines, its total is still 1246.85 USD")


def test_a_project_without_a_bill_and_a_first_build_have_nothing_to_compare(home, tmp_path):
    bare = tmp_path / "bare" / builds.PUBLISHED
    bare.parent.mkdir()
    with duckdb.connect(str(bare)) as connection:
        connection.execute("create schema marts")
    published = (home / builds.PUBLISHED).resolve()
    changes.add_alerts(bare, published)
    changes.add_alerts(published, bare)
    changes.add_alerts(published, None)
