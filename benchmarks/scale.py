"""What does a build cost as the data grow, and what does one more day of them?

    python benchmarks/scale.py [--orgs 200] [--months 3] [--keep FOLDER]

Organizations are generated (`cx-billing generate`) for whole months, landed and built; built again
with nothing new; landed with the first day of the next month, and built. Each command runs in a
process of its own. Printed are its CPU seconds, user and system, its seconds by the clock and the
most memory it had; then what the home takes on disk beside the lake.

The floor is what DuckDB needs to read and hash every value of the three largest datasets as text,
in the same run: machines differ, and one machine from hour to hour, so a build is held against it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

START = date(2026, 1, 1)  # as generated
LARGEST = ("voice_usage", "message_interactions", "user_presence")


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds of the processors and by the clock, and bytes of memory."""

    cpu: float
    wall: float
    memory: int


def main() -> None:
    """Print a table: a row per command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orgs", type=int, default=200)
    parser.add_argument("--months", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="work here, and keep it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = options.keep or Path(folder)
        last = date(START.year + options.months // 12, options.months % 12 + 1, 1)
        measure(work, options.orgs, (last - START).days)


def measure(work: Path, orgs: int, days: int) -> None:
    """Measure every command, one after the other."""
    home, inboxes = work / "home", [work / "inbox", work / "one_more_day"]
    for inbox, until in zip(inboxes, (days, days + 1), strict=True):
        if not inbox.exists():
            cx_billing(work, "generate", "--orgs", orgs, "--days", until, "--out", inbox)
    last = START + timedelta(days=days)
    costs = {}
    shutil.rmtree(home, ignore_errors=True)
    costs["land"] = cx_billing(home, "land", inboxes[0])
    costs["floor: read and hash"] = floor(home)
    costs["build, all new"] = cx_billing(home, "build", "--as-of", last)
    costs["build, nothing new"] = cx_billing(home, "build", "--as-of", last)
    costs["build, all again"] = cx_billing(home, "build", "--as-of", last, "--full-refresh")
    costs["land one more day"] = cx_billing(home, "land", inboxes[1])
    costs["build, one more day"] = cx_billing(home, "build", "--as-of", last + timedelta(days=1))
    print(f"{orgs} organizations, {days} days, {count_rows(home):,} rows of the three datasets")
    print(f"{'':24}{'CPU s':>9}{'clock s':>9}{'GB':>7}{'x floor':>9}")
    for name, cost in costs.items():
        ratio = cost.cpu / costs["floor: read and hash"].cpu
        print(f"{name:24}{cost.cpu:9.2f}{cost.wall:9.2f}{cost.memory / 1e9:7.2f}{ratio:9.1f}")
    sizes = {name: size_of(home / name) / 1e6 for name in ("lake", "builds")}
    print(f"lake {sizes['lake']:.0f} MB, builds {sizes['builds']:.0f} MB")


def cx_billing(home: Path, *arguments: object) -> Cost:
    """Run a command of the product in a process of its own. Ends this one if it fails."""
    program = "from cx_billing.cli import main; main()"
    return run([sys.executable, "-c", program, "--home", str(home), *map(str, arguments)])


def floor(home: Path) -> Cost:
    """What reading and hashing every value of the largest datasets takes."""
    queries = ";".join(
        f"select bit_xor(hash(columns(*))) from read_parquet('{home}/lake/{name}/*.parquet')"
        for name in LARGEST
    )
    program = f"import duckdb; [duckdb.sql(query).fetchall() for query in {queries!r}.split(';')]"
    return run([sys.executable, "-c", program])


def run(command: list[str]) -> Cost:
    """Run a process, quietly, and tell what it took."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as said:
        actions = [(os.POSIX_SPAWN_DUP2, said.fileno(), stream) for stream in (1, 2)]
        child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
        _, status, used = os.wait4(child, 0)
        if status:
            said.seek(0)
            raise SystemExit(said.read().decode())
    return Cost(used.ru_utime + used.ru_stime, time.monotonic() - started, used.ru_maxrss * 1024)


def count_rows(home: Path) -> int:
    """The rows of the largest datasets."""
    with duckdb.connect() as connection:
        return sum(
            connection.sql(f"from read_parquet('{home}/lake/{name}/*.parquet')")
            .count("*")
            .fetchone()[0]
            for name in LARGEST
        )


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
