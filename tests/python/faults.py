"""Do some work again and again, each time with a fault at the next write, sync, rename or link.

`python faults.py WORK FOLDER FIRST STEP` does `WORK` (a key of the table below) in a copy of FOLDER
for the operation FIRST, FIRST + STEP and so on of all that it does to files of the copy: at one the
disk is full, at the next it is broken, at the third the process is killed. Then the same is done in
peace. A JSON line a fault says what was seen. Each run is a process of its own, forked before
anything has a thread. `... 1 random N` kills it N times at any moment.
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import random
import shutil
import signal
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import builds, landing, warehouse
from cx_billing.landing import lander
from cx_billing.landing.landed_files import list_landed
from cx_billing.landing.reader import Reader
from cx_billing.ledger import sealing
from cx_billing.ledger.verification import verify

KILLED = 137
KINDS = ("full", "broken", "killed")
PATHS = ("replace", "rename", "link", "symlink", "mkdir")


class Disk:
    """Counts what is done with files below a folder, and fails at one."""

    def __init__(self, folder: Path, fails_at: int = 0, kind: str = "full"):
        self.folder, self.fails_at, self.kind, self.count = folder, fails_at, kind, 0
        self.done: list[str] = []

    def touch(self, what: str, path: Any) -> None:
        """Count one operation; fail if it is the one."""
        at = Path(f"/proc/self/fd/{path}").readlink() if isinstance(path, int) else Path(path)
        if not (at := at.absolute()).is_relative_to(self.folder):
            return
        self.count += 1
        self.done.append(f"{what} {at.relative_to(self.folder)}")
        if self.count != self.fails_at:
            return
        if self.kind == "killed":
            os._exit(KILLED)
        number = errno.ENOSPC if self.kind == "full" else errno.EIO
        raise OSError(number, os.strerror(number), str(at))

    def install(self) -> None:
        """Stand between Python and the disk."""
        for name in PATHS:
            original = getattr(os, name)

            def operate(*given: Any, _name=name, _original=original, **named: Any) -> Any:
                self.touch(_name, given[_name != "mkdir"])
                return _original(*given, **named)

            setattr(os, name, operate)
        sync, open_file = os.fsync, builtins.open

        def fsync(file: int) -> None:
            self.touch("fsync", file)
            sync(file)

        def opened(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
            found = open_file(file, mode, *given, **named)
            if set(mode) & set("wax+") and not isinstance(file, int):
                self.touch("write", file)  # the file is there, and empty
            return found

        os.fsync, io.open, builtins.open = fsync, opened, opened


def land(folder: Path) -> None:
    """Land an inbox into a home that has a file already."""
    lander.BoundedReader = Reader  # in this process, where faults are
    report = landing.land(folder / "inbox", folder / "home")
    assert not report.refused, report.refused[0].message


def look_at_lake(folder: Path) -> Any:
    """The landed files, each with its rows."""
    with duckdb.connect() as connection:
        return sorted(
            (
                file.source_file,
                connection.sql(f"select count(*) from read_parquet('{file.path}')").fetchone()[0],
            )
            for file in list_landed(folder / "home" / "lake", connection)
        )


def withdraw(folder: Path) -> None:
    """Take a file back."""
    landing.withdraw(folder / "home", "acme/users/a.csv")


def look_at_withdrawn(folder: Path) -> Any:
    with duckdb.connect() as connection:
        return [
            (file.source_file, bool(file.withdrawn_at))
            for file in list_landed(folder / "home" / "lake", connection)
        ]


def build(folder: Path) -> None:
    """Build a stand-in project whose answer is another than the published one."""
    os.environ["CX_BILLING_CACHE"] = str(folder / "cache")
    result = warehouse.build(folder / "home", project_dir=folder / "project")
    if not result.published:
        raise OSError(errno.ENOSPC, result.failures[0].message)


def look_at_build(folder: Path) -> Any:
    with warehouse.connect(folder / "home") as reader:
        answer = reader.sql("select answer from marts.answers").fetchone()[0]
    kept = [file.name for file in builds.list_good_builds(folder / "home" / "builds")]
    assert set(kept) <= {"1", "2", "3"}, kept
    return answer


def seal(folder: Path) -> None:
    """Seal an invoice."""
    home = folder / "home"
    with warehouse.build_lock(home), warehouse.connect(home, [home / "ledger"]) as connection:
        done = sealing.seal(home, connection, "acme", date(2026, 4, 1), "Ana", "agreed")
    assert done.entry, done.checks


def look_at_ledger(folder: Path) -> Any:
    from cx_billing.ledger import files

    files.settle(folder / "home")  # as the next command does first
    found = verify(folder / "home")
    assert not found.wrong, found.wrong
    return [(entry.kind, entry.lines_hash) for entry in found.entries]


WORK = {
    "land": (land, look_at_lake),
    "withdraw": (withdraw, look_at_withdrawn),
    "build": (build, look_at_build),
    "seal": (seal, look_at_ledger),
}


def in_a_process(run: Any) -> tuple[int, Any]:
    """The exit code of a forked process, and what it told."""
    reads, writes = os.pipe()
    if (child := os.fork()) == 0:
        os.close(reads)
        told: Any = None
        try:
            told, code = run(), 0
        except BaseException as error:  # what a user would see
            told, code = f"{type(error).__name__}: {error}", 1
        os.write(writes, json.dumps(told).encode())
        os._exit(code)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        told = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), json.loads(told or b"null")


def kill_at_random(times: int, anew: Any, work: Any, look: Any) -> None:
    """Kill the work so many times, each after some part of the time that it takes."""
    anew()
    began = time.monotonic()
    in_a_process(work)
    takes, rng = time.monotonic() - began, random.Random(times)
    for _ in range(times):
        anew()
        wait = rng.uniform(0, takes)
        if (child := os.fork()) == 0:
            work()
            os._exit(0)
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        seen, again, end = in_a_process(look), in_a_process(work), in_a_process(look)
        fault = {"at": f"{wait:.3f} s", "kind": "random", "code": code, "left": []}
        print(json.dumps(fault | {"seen": seen, "again": again, "end": end}), flush=True)


def main() -> None:
    """See the module."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    work, look = WORK[name]
    copy = folder.with_name(f"{folder.name}_{name}_{sys.argv[3]}")

    def anew() -> None:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy, symlinks=True)

    def count() -> list[str]:
        disk = Disk(copy)
        disk.install()
        work(copy)
        return disk.done

    anew()
    before = in_a_process(lambda: look(copy))[1]
    code, done = in_a_process(count)
    assert code == 0, done
    after = in_a_process(lambda: look(copy))[1]
    print(json.dumps({"operations": len(done), "before": before, "after": after}), flush=True)

    if sys.argv[4] == "random":
        kill_at_random(int(sys.argv[5]), anew, lambda: work(copy), lambda: look(copy))
        return
    for number in range(int(sys.argv[3]), len(done) + 1, int(sys.argv[4])):
        kind = KINDS[number % 3]

        def fail(number: int = number, kind: str = kind) -> None:
            Disk(copy, number, kind).install()
            work(copy)

        anew()
        code, told = in_a_process(fail)
        seen = in_a_process(lambda: look(copy))
        again = in_a_process(lambda: work(copy))
        end = in_a_process(lambda: look(copy))
        left = [str(p.relative_to(copy)) for p in copy.rglob(".*part") if p.is_file()]
        fault = {"at": done[number - 1], "kind": kind, "code": code, "told": told}
        print(
            json.dumps(fault | {"seen": seen, "again": again, "end": end, "left": left}), flush=True
        )
    shutil.rmtree(copy, ignore_errors=True)


if __name__ == "__main__":
    main()
