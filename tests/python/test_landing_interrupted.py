"""A run that is killed, disturbed or one of two leaves all of a file or nothing."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta

import duckdb
import pytest

import invoice_pdfs
from cx_billing import checksums, formats, lake, landing
from cx_billing.landing import landed_files
from cx_billing.models import Models
from deliveries import USERS, archive

THREE_FILES = {"0.csv": USERS, "1.csv": USERS + b"u3,c,\n", "2.csv": USERS + b"u4,d,\n"}
KILLED = """
import os, pathlib, signal, sys
from cx_billing import checksums, files, landing

landed = 0
genuine = files.replace

def replace(new, path):
    global landed
    if path.name.startswith("_empty"):  # the lake itself, no delivery
        return genuine(new, path)
    if landed == int(sys.argv[4]):
        if sys.argv[3] == "after":
            genuine(new, path)
        os.kill(os.getpid(), signal.SIGKILL)
    landed += 1
    return genuine(new, path)

files.replace = replace
landing.land(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
"""


def invoice() -> bytes:
    return invoice_pdfs.draw(invoice_pdfs.random_invoice(1), invoice_pdfs.random_style(1))


@pytest.mark.parametrize(
    "name, dataset, content, files",
    [
        ("f.csv", "users", lambda: USERS, 1),
        ("f.csv.gz", "users", lambda: gzip.compress(USERS), 1),
        ("f.zip", "users", lambda: archive(THREE_FILES), 3),
        ("f.pdf", "vendor_invoice_lines", invoice, 1),
    ],
    ids=["csv", "gzip", "zip", "pdf"],
)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_run_leaves_all_of_a_file_or_nothing(
    warehouse, moment, name, dataset, content, files
):
    warehouse.deliver(content(), name=name, dataset=dataset)
    killed_at = files // 2
    arguments = [sys.executable, "-c", KILLED, warehouse.inbox, warehouse.home, moment, killed_at]
    assert subprocess.run(list(map(str, arguments))).returncode == -signal.SIGKILL
    whole = killed_at + (moment == "after")
    facts = warehouse.facts().values()
    assert len([fact for fact in facts if "sha256" in fact]) == whole
    assert len(warehouse.files()) == killed_at + 1  # the last may be a leftover

    report = warehouse.land()
    assert (len(report.landed), len(report.already_landed)) == (files - whole, whole)
    assert [path.suffix for path in warehouse.files()] == [".parquet"] * files
    facts = warehouse.facts().values()
    [[rows]] = warehouse.sql("select count(*) from lake")
    assert rows == sum(int(fact["rows_in_file"]) for fact in facts if "sha256" in fact) > 0
    assert list(warehouse.home.glob(".scratch-*")) == []
    again = warehouse.land()
    assert (again.landed, len(again.already_landed)) == ([], files)


def test_a_file_that_stops_duckdb_is_refused_and_the_next_lands(warehouse, monkeypatch):
    warehouse.deliver(USERS, name="a.csv")
    warehouse.deliver(USERS + b"u3,,\n", name="b.csv")
    genuine = formats.read

    def read(path, *others):
        if path.name == "a.csv":
            raise duckdb.InternalException("Assertion failed")
        return genuine(path, *others)

    monkeypatch.setattr(formats, "read", read)
    report = warehouse.land()
    assert [landed.source_file for landed in report.landed] == ["acme/users/b.csv"]
    assert ["stopped DuckDB" in refused.message for refused in report.refused] == [True]


def test_two_runs_exclude_each_other(warehouse):
    warehouse.landed(USERS)
    with (warehouse.home / ".land.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(landing.BusyError, match="another run"):
            warehouse.land()
    assert len(warehouse.land().already_landed) == 1


@pytest.mark.parametrize("counts, rows", [((1, 2), 2), ((3, 2), 2), ((1, 3), None)])
def test_copy_with_another_number_of_rows_is_not_taken(warehouse, monkeypatch, counts, rows):
    relation = "(values ('u1', 'a'), ('u2', 'b')) as given (user_id, email)"
    ways = [formats.Rows(relation, {"user_id": "user_id"}, count) for count in counts]
    monkeypatch.setattr(formats, "read", lambda *_: iter(ways))
    warehouse.deliver(USERS)
    report = warehouse.land()
    assert [landed.rows for landed in report.landed] == ([rows] if rows else [])
    assert ["2 of 3 rows" in refused.message for refused in report.refused] == [True] * (not rows)


def test_file_that_changes_while_it_is_read_is_refused(warehouse, monkeypatch):
    path = warehouse.deliver(USERS)

    def grow(*_):
        os.utime(path, ns=(0, 0))
        return genuine(*_)

    genuine = formats.read
    monkeypatch.setattr(formats, "read", grow)
    [refused] = warehouse.land().refused
    assert "changed while it was read" in refused.message
    assert warehouse.files() == []


# An answer that came in several files.


def pages(count: int) -> dict[str, str]:
    """Pages of users details that say how many they are together."""
    status = {"startTime": "2026-01-20T09:00:00.000Z", "systemPresence": "ON_QUEUE"}
    return {
        f"p{number}.json": json.dumps(
            {
                "userDetails": [{"userId": f"u{number}", "primaryPresence": [status]}],
                "totalHits": count,
            }
        )
        for number in range(count)
    }


def invoice_and_lines() -> dict[str, str]:
    """An invoice of the contract API, and two pages of its lines."""
    head = {"id": "900", "dateInvoiced": "2026-03-15", "currencyIsoCode": "USD", "amount": 30}
    line = {"product": {"name": "CX 2"}, "quantity": 1, "amount": 15}
    return {
        "a.json": json.dumps(head),
        "b.json": json.dumps({"entities": [line | {"id": "l1"}], "total": 2}),
        "c.json": json.dumps({"entities": [line | {"id": "l2"}], "total": 2}),
    }


ANSWERS = {
    "pages": ("user_presence", pages(3)),
    "invoice": ("vendor_invoice_lines", invoice_and_lines()),
}


def landed_files_of(warehouse) -> list[landed_files.LandedFile]:
    with duckdb.connect() as connection:
        return landed_files.list_landed(warehouse.home / "lake", connection)


def kill_landing(warehouse, moment: str, at: int) -> None:
    """Land, and die right before or after the renaming of that number."""
    arguments = [sys.executable, "-c", KILLED, warehouse.inbox, warehouse.home, moment, at]
    assert subprocess.run(list(map(str, arguments))).returncode == -signal.SIGKILL


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("killed_at", [0, 1])
def test_an_answer_of_a_killed_run_counts_when_all_of_it_is_landed(warehouse, killed_at, kind):
    dataset, files = ANSWERS[kind]
    for name, content in files.items():
        warehouse.deliver(content, name, dataset)
    kill_landing(warehouse, "after", killed_at)
    left = landed_files_of(warehouse)
    assert len(left) == killed_at + 1
    assert landed_files.find_split_answers(left) == {left[0].answer_id}
    last_landed = datetime.fromisoformat(left[-1].facts["landed_at"])

    warehouse.deliver(USERS, "later.csv", "users")
    report = warehouse.land()
    assert (len(report.landed), len(report.already_landed)) == (3 - killed_at, killed_at + 1)
    landed = landed_files_of(warehouse)
    parts = [file for file in landed if file.answer_id]
    assert landed_files.find_split_answers(landed) == frozenset()
    assert len(parts) == 3 and len({file.answer_id for file in parts}) == 1
    times = sorted({file.facts["landed_at"] for file in parts})
    assert len(times) == (1 if kind == "invoice" else 3)
    late = datetime.fromisoformat(max(times)) - last_landed
    assert late <= timedelta(microseconds=2), "as if it had not been killed"
    assert warehouse.land().landed == []


def test_what_a_killed_run_left_of_an_answer_is_of_the_one_that_is_landed_next(warehouse):
    dataset, files = ANSWERS["pages"]
    for name, content in files.items():
        warehouse.deliver(content, name, dataset)
    kill_landing(warehouse, "after", 0)
    warehouse.deliver(files["p2.json"].replace("u2", "u7"), "p2.json", dataset)
    assert len(warehouse.land().landed) == 3
    landed = landed_files_of(warehouse)
    assert len(landed) == 3 and landed_files.find_split_answers(landed) == frozenset()


def test_what_is_left_of_an_answer_completes_nothing_and_is_refused(warehouse):
    dataset, files = ANSWERS["pages"]
    paths = [warehouse.deliver(content, name, dataset) for name, content in files.items()]
    kill_landing(warehouse, "after", 1)
    paths[2].unlink()
    report = warehouse.land()
    assert report.landed == [] and report.already_landed == []
    assert ["2 of 3 items are here" in refused.message for refused in report.refused] == [True] * 2


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_part_of_an_answer_is_withdrawn_with_the_others(warehouse, kind, monkeypatch):
    dataset, files = ANSWERS[kind]
    for name, content in files.items():
        warehouse.deliver(content, name, dataset)
    warehouse.land()
    before = landed_files_of(warehouse)
    name = before[1].source_file
    genuine = checksums.files.replace

    def stop_after_the_first(*paths):
        genuine(*paths)
        raise KeyboardInterrupt

    monkeypatch.setattr(checksums.files, "replace", stop_after_the_first)
    with pytest.raises(KeyboardInterrupt):
        landing.withdraw(warehouse.home, name)
    monkeypatch.undo()
    half = landed_files_of(warehouse)
    assert [file.withdrawn_at is None for file in half].count(False) == 1
    assert landed_files.find_split_answers(half) == {before[0].answer_id}, "none counts"
    report = warehouse.land()
    assert (report.landed, report.refused, len(report.left_out)) == ([], [], 3)
    assert len(landing.withdraw(warehouse.home, name).changed) == 2
    report = warehouse.land()
    assert (report.landed, report.refused, len(report.left_out)) == ([], [], 3)
    assert len(landing.restore(warehouse.home, name).changed) == 3
    after = landed_files_of(warehouse)
    assert [file.facts for file in after] == [file.facts for file in before]


def test_a_withdrawn_page_is_a_part_of_the_answer_that_is_fetched_anew(warehouse):
    dataset, files = ANSWERS["invoice"]
    for name, content in files.items():
        path = warehouse.deliver(content, name, dataset)
    warehouse.land()
    landing.withdraw(warehouse.home, "acme/vendor_invoice_lines/c.json")
    path.write_text(files["c.json"].replace("CX 2", "CX 3"))
    report = warehouse.land()
    assert len(report.landed) == 1 and report.refused == []
    counting = [file for file in landed_files_of(warehouse) if not file.withdrawn_at]
    assert len(counting) == 3 and len({file.answer_id for file in counting}) == 1
    rows = "select count(*), count(distinct landed_at) from lake where withdrawn_at is null"
    assert warehouse.sql(f"{rows} and invoice_number = '900'") == [(2, 1)]


def audited(warehouse, dataset: str) -> tuple[list, list]:
    """The accepted rows of a dataset by file, and how many parts the files of the lake lack."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; set variable customer_key = 'a key'")
        models = Models(lake.PROJECT_DIR, warehouse.home, connection)
        accepted = connection.execute(
            "select split_part(source_file, '/', 3), count(*) "
            f"from {models.build(f'stg_{dataset}')} where row_status = 'accepted' "
            "group by 1 order by 1"
        ).fetchall()
        missing = connection.execute(
            "select split_part(source_file, '/', 3), missing_parts "
            f"from {models.build('stg_landed_files')} order by 1"
        ).fetchall()
    return accepted, missing


def test_an_invoice_stays_as_it_was_until_all_of_the_new_answer_is_landed(warehouse):
    dataset, files = ANSWERS["invoice"]
    warehouse.deliver("".join(files.values()), "0.json", dataset)
    assert warehouse.land().refused == []
    for name, content in files.items():
        warehouse.deliver(content, name, dataset)
    kill_landing(warehouse, "after", 1)
    assert audited(warehouse, dataset) == (
        [("0.json", 2)],
        [("0.json", 0), ("a.json", 1), ("b.json", 1)],
    )
    assert len(warehouse.land().landed) == 1
    whole = [(name, 0) for name in ("0.json", "a.json", "b.json", "c.json")]
    assert audited(warehouse, dataset) == ([("b.json", 1), ("c.json", 1)], whole)
    landing.withdraw(warehouse.home, "acme/vendor_invoice_lines/b.json")
    assert audited(warehouse, dataset) == ([("0.json", 2)], whole)


def test_an_empty_page_of_a_snapshot_is_no_day_without_licenses_while_others_are_missing(warehouse):
    def page(number: int, *users: str) -> dict:
        entities = [{"id": user, "licenses": ["cx2"]} for user in users]
        return {"entities": entities, "pageNumber": number, "pageCount": 2}

    dataset = "license_assignments"
    warehouse.deliver(page(1, "u1") | {"pageCount": 1}, "2026-02-10.json", dataset)
    assert warehouse.land().refused == []
    warehouse.deliver(page(1), "2026-02-11_p1.json", dataset)
    warehouse.deliver(page(2, "u1"), "2026-02-11_p2.json", dataset)
    kill_landing(warehouse, "after", 0)
    assert audited(warehouse, dataset)[0] == [("2026-02-10.json", 1)]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; set variable customer_key = 'a key'")
        staged = Models(lake.PROJECT_DIR, warehouse.home, connection).build(f"stg_{dataset}")
        ends = connection.execute(f"select assigned_to from {staged}").fetchall()
    assert ends == [(None,)]
