"""What does a build cost that has next to nothing to compute?

The sample (1,012 rows) is landed in a home of its own and built twice, each time in a process of
its own: the first build parses the project, the second finds it parsed and nothing new. Printed
are the CPU seconds, user and system, of each process and of its phases: imports, parsing, seeds
and models, data tests, and the rest (snapshot, settling and publishing, the report on screen).

    python benchmarks/fixed_cost.py [--repeat 3]

The exit code is 1 if the cheapest first or second build took more than 10 CPU seconds. Another
process on the machine makes every figure larger: run it alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
MOST_SECONDS = 10
PHASES = ("imports", "parse", "build", "data tests", "rest")
# Runs `cx-billing` with a stop watch around what warehouse.build calls.
TIMED = """
import json, sys, time
phases = dict.fromkeys(("imports", "parse", "build", "data tests"), 0.0)
def timed(phase, function):
    def call(*args, **kwargs):
        started = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            phases[phase(args) if callable(phase) else phase] += time.process_time() - started
    return call
from cx_billing import data_tests, warehouse
from cx_billing.cli import main
from cx_billing.dbt_plugin import Plugin
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
phases["imports"] = time.process_time()
commands = {"parse": "parse", "build": "build", "run-operation": "data tests"}
warehouse.run = timed(lambda args: commands[args[0][0]], warehouse.run)
data_tests.run_test = timed("data tests", data_tests.run_test)
out = sys.argv.pop(1)
try:
    main()
finally:
    phases["rest"] = time.process_time() - sum(phases.values())
    json.dump(phases, open(out, "w"))
"""


def main() -> None:
    """Print a table of CPU seconds: a row per build, a column per phase."""
    parser = argparse.ArgumentParser(description="CPU seconds of a fresh and a repeated build.")
    parser.add_argument("--repeat", type=int, default=1, help="how often; the cheapest counts")
    rounds = [measure_round() for _ in range(parser.parse_args().repeat)]
    print(f"{'':8}" + "".join(f"{phase:>12}" for phase in (*PHASES, "all")))
    too_much = False
    for number, name in enumerate(("first", "second")):
        best = min((builds[number] for builds in rounds), key=lambda build: sum(build.values()))
        total = sum(best.values())
        figures = (*(best[phase] for phase in PHASES), total)
        print(f"{name:8}" + "".join(f"{figure:12.2f}" for figure in figures))
        too_much |= total > MOST_SECONDS
    raise SystemExit(too_much)


def measure_round() -> list[dict[str, float]]:
    """The phases of a first and of a second build of one home."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        run("from cx_billing.cli import main; main()", home, "land", PROJECT / "sample" / "inbox")
        as_of = (PROJECT / "sample" / "AS_OF").read_text().strip()
        return [measure_build(home, Path(folder) / "phases.json", as_of) for _ in range(2)]


def measure_build(home: Path, out: Path, as_of: str) -> dict[str, float]:
    """The CPU seconds of a build by phase."""
    run(TIMED, home, "build", "--as-of", as_of, out=out)
    return json.loads(out.read_text())


def run(program: str, home: Path, *arguments: object, out: Path | None = None) -> None:
    """Run `cx-billing` in a process of its own. Ends this one if it fails."""
    command = [sys.executable, "-c", program, *([out] if out else []), "--home", home, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)


if __name__ == "__main__":
    main()
