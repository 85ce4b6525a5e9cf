"""A run that is killed, disturbed or one of two leaves all of a file or nothing."""

from __future__ import annotations

import fcntl
import gzip
import os
import signal
import subprocess
import sys

import duckdb
import pytest

import invoice_pdfs
from cx_billing import formats, landing
from deliveries import USERS, archive

THREE_FILES = {"0.csv": USERS, "1.csv": USERS + b"u3,c,\n", "2.csv": USERS + b"u4,d,\n"}
KILLED = """
import os, pathlib, signal, sys
from cx_billing import landing

landed = 0

class Dying(type(pathlib.Path())):
    def replace(self, target):
        global landed
        if pathlib.PurePath(target).name.startswith("_empty"):  # the lake itself, no delivery
            return os.replace(self, target)
        if landed == int(sys.argv[4]):
            if sys.argv[3] == "after":
                os.replace(self, target)
            os.kill(os.getpid(), signal.SIGKILL)
        landed += 1
        return os.replace(self, target)

landing.Path = Dying
landing.land(pathlib.Path(sys.argv[1]), Dying(sys.argv[2]))
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
