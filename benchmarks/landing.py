"""How long do 5 million call records take to land, and how much memory?

The records are made with DuckDB, five times over: as CSV, as CSV with one malformed row in the
middle (then Python splits every row), each of them with gzip, and as JSON. Each file lands in a
process of its own, which tells its peak memory, and is checked for its number of rows. What
DuckDB alone needs to read every value of the same file, in the same run, is the measure.

    python benchmarks/landing.py [--rows 5000000] [--keep FOLDER] [VARIANT ...]

The exit code is 1 if a row is missing, a process took more than 2 GB, or a file was landed
without a word for more than ten seconds.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

MOST_MEMORY = 2_000_000_000  # bytes
LONGEST_SILENCE = 10  # seconds
RECORDS = """
    select
        'call-' || i as "SIP Call Id",
        '+1317555' || lpad((i % 10000)::varchar, 4, '0') as "Origin",
        '+49' || (i * 7919 % 10000000000) as "Destination",
        'Group ' || (i % 9) as "Usage Group",
        'Outbound' as "Call Type",
        case i % 3 when 0 then 'Inbound' else 'Outbound' end as "Direction",
        strftime(timestamp '2026-01-15' + to_seconds(i // 2), '%Y-%m-%dT%H:%M:%S.000Z')
            as "Start time",
        i % 600 as "Duration (Seconds)",
        (i % 7) * 0.0017 + 0.0119 as "Usage Rate Per Minute",
        (i % 600) * 0.0002 as "Total cost",
        'USD' as "Currency",
        'Sheet "A", 2026' as "Rate Sheet"
    from range({rows}) as records (i)
"""
MALFORMED = b"this is, no call record\n"
VARIANTS = {
    "csv": "regular.csv",
    "csv.gz": "regular.csv.gz",
    "malformed": "malformed.csv",
    "malformed.gz": "malformed.csv.gz",
    "json": "regular.ndjson",
    "json.gz": "regular.ndjson.gz",
}
LAND = """
import json, sys, time
from pathlib import Path
from cx_billing import landing

times = [time.monotonic()]
report = landing.land(
    Path(sys.argv[1]), Path(sys.argv[2]), lambda at: times.append(time.monotonic())
)
pauses = [later - earlier for earlier, later in zip(times, times[1:])]
print(json.dumps({
    "rows": sum(file.rows for file in report.landed),
    "rejected": sum(file.parse_errors for file in report.landed),
    "refused": [file.message for file in report.refused],
    "told": len(pauses),
    "silence": max(pauses),
}))
"""
SCAN = """
import sys, duckdb
with duckdb.connect() as connection:
    connection.execute("set threads = 2")
    connection.sql(
        f"select sum(length(columns(*)::varchar)) from {sys.argv[1]}('{sys.argv[2]}'"
        f"{sys.argv[3]})"
    ).fetchall()
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--keep", type=Path, help="make the files here, or take them from here")
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help=", ".join(VARIANTS))
    arguments = parser.parse_args()
    is_good = True
    print(f"{'file':<20}{'MB':>7}{'seconds':>9}{'DuckDB':>8}{'ratio':>7}{'peak MB':>9}"
          f"{'rows':>11}{'bad':>5}{'told':>6}{'silence':>9}")  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for variant in arguments.variants or VARIANTS:
            path = made(folder, VARIANTS[variant], arguments.rows)
            is_good &= measured(path, arguments.rows, Path(scratch))
    return 0 if is_good else 1


def made(folder: Path, name: str, rows: int) -> Path:
    """The file of that name, made unless it is there."""
    path = folder / name
    if path.exists():
        return path
    if path.suffix == ".gz":
        with made(folder, path.stem, rows).open("rb") as plain, gzip.open(path, "wb", 6) as packed:
            shutil.copyfileobj(plain, packed, 1 << 22)
    elif path.name == "malformed.csv":
        spoiled(made(folder, "regular.csv", rows), path)
    else:
        kind = "csv, header" if path.suffix == ".csv" else "json"
        with duckdb.connect() as connection:
            records = RECORDS.format(rows=rows)
            connection.execute("set threads = 2; set memory_limit = '2GB'")
            connection.execute(f"copy ({records}) to '{path}' (format {kind})")
    return path


def spoiled(regular: Path, path: Path) -> None:
    """A copy with one more row in the middle, which is no record."""
    middle = regular.stat().st_size // 2
    with regular.open("rb") as good, path.open("wb") as bad:
        while good.tell() < middle:
            bad.write(good.read(min(1 << 22, middle - good.tell())))
        bad.write(good.readline() + MALFORMED)
        shutil.copyfileobj(good, bad, 1 << 22)


def measured(path: Path, rows: int, scratch: Path) -> bool:
    """Land one file in a process of its own, print what it took, and say whether that is good."""
    is_spoiled = path.name.startswith("malformed")
    reader = "read_csv" if ".csv" in path.name else "read_json"
    options = ", all_varchar = true, ignore_errors = true" if reader == "read_csv" else ""
    scan_seconds, _, _ = run(SCAN, reader, path, options)
    inbox = scratch / "inbox"
    place = inbox / "acme" / "voice_usage" / path.name
    place.parent.mkdir(parents=True)
    place.hardlink_to(path) if same_disk(path, scratch) else shutil.copy(path, place)
    seconds, memory, said = run(LAND, inbox, scratch / "home")
    shutil.rmtree(inbox)
    shutil.rmtree(scratch / "home")
    found = json.loads(said)
    print(
        f"{path.name:<20}{path.stat().st_size / 1e6:>7.0f}{seconds:>9.1f}{scan_seconds:>8.1f}"
        f"{seconds / scan_seconds:>7.1f}{memory / 1e6:>9.0f}{found['rows']:>11,}"
        f"{found['rejected']:>5}{found['told']:>6}{found['silence']:>8.1f}s",
        flush=True,
    )
    for message in found["refused"]:
        print(f"  refused: {message}")
    return (
        (found["rows"], found["rejected"]) == (rows + is_spoiled, int(is_spoiled))
        and memory < MOST_MEMORY
        and found["silence"] < LONGEST_SILENCE
    )


def same_disk(path: Path, other: Path) -> bool:
    return path.stat().st_dev == other.stat().st_dev


def run(code: str, *arguments: object) -> tuple[float, int, str]:
    """Seconds, bytes of memory at the peak, and output of a program in a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"A process ended with {process.returncode}: {' '.join(command[2:])}")
    return time.perf_counter() - started, usage.ru_maxrss * 1024, said


if __name__ == "__main__":
    sys.exit(main())
