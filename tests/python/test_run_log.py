"""What a run leaves for programs that watch: lines of JSON and a summary, also if it fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from command_line import cx_billing
from cx_billing import cli, files, run_log, warehouse
from cx_billing.failures import Failure
from cx_billing.parking import Parked
from cx_billing.warehouse import BuildResult
from deliveries import USERS
from published_marts import publish_marts

PERSON = "ann.smith@example.com"


def deliver(folder: Path, body: bytes, name: str = "a.csv", dataset: str = "users") -> Path:
    """A file in an inbox of a folder; the inbox."""
    path = folder / "inbox" / "acme" / dataset / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return folder / "inbox"


def summary_of(home: Path, command: str) -> dict:
    """The summary of the last run of a command."""
    return json.loads((home / "logs" / f"last-{command}.json").read_text())


def events_of(home: Path) -> list[dict]:
    """Every line of the log."""
    return [json.loads(line) for line in (home / "logs" / run_log.NAME).read_text().splitlines()]


def test_landing_says_what_it_did(tmp_path):
    home = tmp_path / "home"
    cx_billing("--home", home, "land", deliver(tmp_path, USERS))
    summary = summary_of(home, "land")
    assert summary["exit_code"] == 0 and summary["error"] is None
    assert summary["numbers"]["files_landed"] == 1 and summary["numbers"]["rows_landed"] == 2
    started, ended = (datetime.fromisoformat(summary[key]) for key in ("started_at", "ended_at"))
    assert started < ended < datetime.now(UTC)
    assert [event["event"] for event in events_of(home)] == ["started", "file_landed", "ended"]
    assert {event["run_id"] for event in events_of(home)} == {summary["run_id"]}
    assert events_of(home)[1] | {"at": 0, "run_id": 0, "file_id": 0} == {
        "at": 0,
        "command": "land",
        "run_id": 0,
        "event": "file_landed",
        "org_id": "acme",
        "dataset": "users",
        "file_id": 0,
        "rows": 2,
        "unreadable_rows": 0,
    }
    (kept,) = (home / "logs" / "runs").iterdir()
    assert json.loads(kept.read_text()) == summary


def test_a_refused_file_is_counted_and_the_run_ends_with_two(tmp_path):
    home = tmp_path / "home"
    deliver(tmp_path, USERS)
    cx_billing("--home", home, "land", deliver(tmp_path, b"nothing\n1\n", "b.csv"), code=2)
    summary = summary_of(home, "land")
    assert (summary["exit_code"], summary["numbers"]["files_refused"]) == (2, 1)
    assert summary["refused"] == [{"org_id": "acme", "dataset": "users"}]


def test_no_value_and_no_name_of_a_file_is_in_it(tmp_path):
    home = tmp_path / "home"
    body = f"user_id,email,name\nu1,{PERSON},Ann Smith\n".encode()
    deliver(tmp_path, b"", f"{PERSON}.csv")
    deliver(tmp_path, f"{PERSON}\n1\n".encode(), "c.csv")
    cx_billing("--home", home, "land", deliver(tmp_path, body, "Ann Smith.csv"), code=2)
    said = "".join(path.read_text() for path in (home / "logs").rglob("*.json*"))
    assert said.count('"file_landed"') == 1 and said.count('"file_refused"') == 2
    assert "smith" not in said.lower() and "example.com" not in said


def test_what_is_refused_before_it_began_makes_no_home(tmp_path):
    cx_billing("--home", tmp_path / "home", "land", tmp_path / "gone", code=2)
    cx_billing("--home", tmp_path / "home", "build", code=2)
    assert not (tmp_path / "home").exists()
    (tmp_path / "home").mkdir()
    cx_billing("--home", tmp_path / "home", "build", code=2)
    assert summary_of(tmp_path / "home", "build")["error"] == "RefusedError"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (warehouse.BuildLockedError(f"process of {PERSON}"), 1),
        (warehouse.WarehouseError("no"), 2),
        (PermissionError(13, "Permission denied", PERSON), 2),
        (ZeroDivisionError(PERSON), 1),
        (KeyboardInterrupt(), 1),
    ],
)
def test_a_build_that_fails_says_so(tmp_path, monkeypatch, error, code):
    (tmp_path / "lake").mkdir()

    def fail(*_: object, **__: object) -> None:
        assert summary_of(tmp_path, "build")["ended_at"] is None
        raise error

    monkeypatch.setattr(warehouse, "build", fail)
    is_a_fault = isinstance(error, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError) if is_a_fault else nullcontext():
        build(tmp_path, code)
    summary = summary_of(tmp_path, "build")
    assert summary["exit_code"] == code
    assert summary["ended_at"] is not None
    kind = None if isinstance(error, KeyboardInterrupt) else type(error).__name__
    assert summary["error"] == kind
    assert events_of(tmp_path)[-1]["event"] == "ended"
    assert PERSON not in (tmp_path / "logs" / run_log.NAME).read_text()


def build(home: Path, code: int) -> None:
    """Build, and have a fault of the program come through."""
    result = CliRunner().invoke(cli.main, ["--home", str(home), "build"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output


def test_a_build_says_what_failed_without_the_rows(tmp_path, monkeypatch):
    home = publish_marts(tmp_path)
    failure = Failure(
        name="assert_x",
        file="tests/dbt/x.sql",
        description="Every line has a price.",
        message=f"Got {PERSON}",
        rows=({"email": PERSON},),
        organizations=("acme",),
    )
    result = BuildResult(None, None, nodes=9, skipped=2, seconds=1, failures=(failure,))
    monkeypatch.setattr(warehouse, "build", lambda *_, **__: result)
    assert PERSON in cx_billing("--home", home, "build", code=1)
    summary = summary_of(home, "build")
    assert summary["failures"] == [
        {"name": "assert_x", "file": "tests/dbt/x.sql", "claim": "Every line has a price."}
    ]
    assert not summary["is_published"] and summary["numbers"]["skipped"] == 2
    assert events_of(home)[1]["organizations"] == ["acme"]
    assert PERSON not in (home / "logs" / run_log.NAME).read_text() + json.dumps(summary)


def test_a_build_that_is_published_says_its_number_who_is_parked_and_what_is_new(
    tmp_path, monkeypatch
):
    home = publish_marts(tmp_path)
    database = (home / "cx_billing.duckdb").resolve()
    parked = (Parked("kaze", "2026-04-19T03:00:00", f"assert_x: {PERSON}", "1.0"),)
    result = BuildResult(database, home / "cx_billing.duckdb", 9, 0, 1.0, parked=parked)
    monkeypatch.setattr(warehouse, "build", lambda *_, **__: result)
    assert "Alert: acme: cx2 has 14 users on" in cx_billing("--home", home, "build", code=3)
    summary = summary_of(home, "build")
    assert (summary["exit_code"], summary["build_number"]) == (3, 7)
    assert summary["parked"] == [
        {"org_id": "kaze", "since": "2026-04-19T03:00:00Z", "test": "assert_x"}
    ]
    assert summary["numbers"] | {"organizations": 2, "new_alerts": 2} == summary["numbers"]
    assert [event["event"] for event in events_of(home)] == [
        *("started", "parked", "published", "ended")
    ]
    assert "Alert:" not in cx_billing("--home", home, "build", code=3)
    assert summary_of(home, "build")["numbers"]["new_alerts"] == 0


def test_a_pull_that_fails_says_so(tmp_path, monkeypatch):
    monkeypatch.delenv("GENESYS_CLOUD_CLIENT_ID", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    cx_billing(
        *("--home", home, "extract", "acme", "--from", "2026-03-01", "--inbox", tmp_path / "in"),
        *("--region", "us-west-2"),
        code=2,
    )
    summary = summary_of(home, "extract")
    assert (summary["org_id"], summary["exit_code"]) == ("acme", 2)


def test_a_run_that_is_killed_is_one_that_has_not_ended(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from cx_billing import run_log\n"
        "with run_log.keep(Path(sys.argv[1]), 'build', lambda error: 1):\n"
        "    print('at work', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "at work\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert summary_of(tmp_path, "build")["ended_at"] is None
    assert summary_of(tmp_path, "build")["run_id"].endswith(f"-{process.pid}")


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "logs").write_text("in the way")
    said = cx_billing("--home", home, "land", deliver(tmp_path, USERS))
    assert "Warning: no log of this run, " in said and "Files landed: 1" in said


def test_the_log_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(run_log, "MOST_BYTES", 2000)
    monkeypatch.setattr(run_log, "KEPT_RUNS", 5)
    for _ in range(30):
        with run_log.keep(tmp_path, "land", lambda _: 1) as run_:
            run_.tell("file_landed", filler="x" * 100)
    logs = sorted(path.name for path in (tmp_path / "logs").glob("*.jsonl*"))
    assert logs == [run_log.NAME, f"{run_log.NAME}.1", f"{run_log.NAME}.2"]
    assert all((tmp_path / "logs" / name).stat().st_size < 3000 for name in logs)
    kept = sorted((tmp_path / "logs" / "runs").iterdir())
    assert len(kept) == 5
    assert kept[-1].name.startswith(summary_of(tmp_path, "land")["run_id"])


def test_a_reader_never_sees_half_of_a_summary(tmp_path, monkeypatch):
    with run_log.keep(tmp_path, "land", lambda _: 1):
        pass
    whole = (tmp_path / "logs" / "last-land.json").read_bytes()

    def cut_off(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "replace", cut_off)
    with run_log.keep(tmp_path, "land", lambda _: 1) as run_:
        pass
    assert run_.broken
    assert (tmp_path / "logs" / "last-land.json").read_bytes() == whole
