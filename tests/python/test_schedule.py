"""The examples of `examples/schedule` run: the script, cron's file, systemd's units, Dagster."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cx_billing import lake
from environments import AS_OF, SAMPLE, create_environment, run_program

EXAMPLES = lake.PROJECT_DIR / "examples" / "schedule"
BIN = Path(sys.executable).parent

# Stands for cx-billing: says what it was asked, and ends with the code that it is told.
STAND_IN = """#!/bin/sh
echo "$*" >> "$ASKED"
case "$1" in
land) echo "Refused: x"; exit "$LANDED";;
build) echo "Published"; echo "Alert: acme: cx3"; echo "Parked: acme" >&2; exit "$BUILT";;
esac
"""


DAGSTER_STAND_IN = """#!/bin/sh
summary="$2/logs/last-$3.json"
echo '{{"error": {error}, "build_number": 2, "parked": [{{"org_id": "acme"}}]}}' > "$summary"
case "$3" in land) exit {landed};; *) exit {built};; esac
"""


@pytest.fixture
def stand_in(tmp_path) -> Path:
    """A program in the place of cx-billing."""
    program = tmp_path / "cx-billing"
    program.write_text(STAND_IN)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def run_script(stand_in: Path, landed: int, built: int, **more: str) -> tuple[int, str, list[str]]:
    """Run the script with what the two commands end with: its exit code, its words, the calls."""
    asked = stand_in.with_name("asked")
    asked.write_text("")
    done = subprocess.run(
        [EXAMPLES / "run.sh"],
        env={
            "PATH": os.environ["PATH"],
            "CX_BILLING": str(stand_in),
            "CX_BILLING_HOME": str(stand_in.parent),
            "INBOX": "in box",
            "ASKED": str(asked),
            "LANDED": str(landed),
            "BUILT": str(built),
        }
        | more,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout, asked.read_text().splitlines()


@pytest.mark.parametrize(
    ("landed", "built", "code", "said"),
    [
        (0, 0, 0, ["Alert: acme: cx3"]),
        (2, 0, 2, ["Refused: x", "Alert: acme: cx3"]),
        (0, 3, 3, ["Published", "Alert: acme: cx3", "Parked: acme"]),
        (2, 3, 3, ["Refused: x", "Published", "Alert: acme: cx3", "Parked: acme"]),
        (0, 1, 1, ["Published", "Alert: acme: cx3", "Parked: acme"]),
        (0, 2, 1, ["Published", "Alert: acme: cx3", "Parked: acme"]),
        (1, 0, 1, ["Refused: x"]),
        (137, 0, 1, ["Refused: x"]),
    ],
)
def test_the_script_handles_every_exit_code(stand_in, landed, built, code, said):
    found, words, asked = run_script(stand_in, landed, built)
    assert (found, words.splitlines()) == (code, said)
    assert asked[0] == "land in box"
    assert asked[1:] == ([] if landed not in (0, 2) else ["build --as-of today"])


def test_the_script_can_watch_the_day_that_runs(stand_in):
    assert run_script(stand_in, 0, 0, AS_OF="tomorrow")[2][1] == "build --as-of tomorrow"


def test_a_quiet_run_of_the_real_program_prints_its_alerts_and_no_more(tmp_path):
    home = tmp_path / "home"
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "CX_BILLING_HOME": str(home),
        "INBOX": str(SAMPLE / "inbox"),
        "AS_OF": AS_OF,
        "CX_BILLING_CACHE": os.environ["CX_BILLING_CACHE"],
    }
    for is_first in (True, False):
        done = subprocess.run(
            [EXAMPLES / "run.sh"], env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert all(line.startswith("Alert: ") for line in lines)
        assert bool(lines) is is_first, "each alert is told once"
    assert json.loads((home / "logs" / "last-build.json").read_text())["exit_code"] == 0


def test_cron_can_read_the_crontab(tmp_path):
    """Variables, comments, and lines of five fields and a command, which a percent sign ends."""
    field = r"[\d*/,-]+"
    line_of_a_job = re.compile(rf"(?:{field} ){{5}}[^%]+")
    lines = (EXAMPLES / "crontab").read_text().splitlines()
    jobs = [line.removeprefix("# ") for line in lines if re.match(rf"(# )?{field} {field} ", line)]
    assert len(jobs) == 3
    for line in jobs:
        assert line_of_a_job.fullmatch(line), line
    others = [line for line in lines if line not in jobs and line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Z_]+=\S+", line) for line in others)
    if crontab := shutil.which("crontab"):
        done = run_program(crontab, "-T", EXAMPLES / "crontab", check=False)
        assert done.returncode == 0 or "invalid option" in done.stderr, done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
@pytest.mark.parametrize("unit", ["cx-billing.service", "cx-billing.timer"])
def test_systemd_takes_the_units(unit, tmp_path):
    """With a program in the place of the script, since only an installed one is looked for."""
    for name in ("cx-billing.service", "cx-billing.timer"):
        text = (EXAMPLES / name).read_text()
        program = tmp_path / "run.sh"
        shutil.copy(EXAMPLES / "run.sh", program)
        (tmp_path / name).write_text(
            text.replace("/usr/local/share/cx-billing/run.sh", str(program))
        )
    done = run_program("systemd-analyze", "verify", tmp_path / unit, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.nightly
def test_dagster_lands_builds_and_publishes(tmp_path):
    """In an environment of its own, as it is installed from PyPI."""
    environment = create_environment(Path(sys.executable), tmp_path / "dagster")
    asked = (EXAMPLES / "dagster" / "requirements.txt").read_text().splitlines()
    packages = [line for line in asked if not line.startswith("#") and "webserver" not in line]
    if reason := environment.install(*packages):
        pytest.skip(f"not installable here: Dagster ({reason})")
    home = tmp_path / "home"
    parsed = tmp_path / "parsed"
    run_program(
        *(BIN / "dbt", "parse", "--project-dir", lake.PROJECT_DIR, "--target-path", parsed),
        *("--profiles-dir", lake.PROJECT_DIR / "profiles", "--log-path", tmp_path / "logs"),
        variables={"CX_BILLING_HOME": str(tmp_path / "empty")},
    )
    (tmp_path / "instance").mkdir()
    variables = {
        "DAGSTER_HOME": str(tmp_path / "instance"),
        "CX_BILLING_COMMAND": str(BIN / "cx-billing"),
        "CX_BILLING_HOME": str(home),
        "CX_BILLING_INBOX": str(SAMPLE / "inbox"),
        "CX_BILLING_MANIFEST": str(parsed / "manifest.json"),
        "CX_BILLING_AS_OF": AS_OF,
    }
    file = EXAMPLES / "dagster" / "definitions.py"
    listed = environment.run(*("dagster", "asset", "list", "-f", file), cwd=tmp_path, **variables)
    assert "cx_billing_lake" in listed and "invoice_lines" in listed
    materialize = ("dagster", "asset", "materialize", "-f", file, "--select", "*")
    environment.run(*materialize, cwd=tmp_path, **variables)
    assert json.loads((home / "logs" / "last-build.json").read_text())["build_number"] == 1
    assert (home / "cx_billing.duckdb").exists()

    # What each exit code of the two commands becomes.
    for landed, built, error, ends_well in (
        (2, 3, "null", True),
        (2, 0, '"InboxError"', False),
        (0, 1, "null", False),
    ):
        program = tmp_path / "program"
        program.write_text(DAGSTER_STAND_IN.format(landed=landed, built=built, error=error))
        program.chmod(0o755)
        variables["CX_BILLING_COMMAND"] = str(program)
        done = run_program(
            *(environment.program("dagster"), *materialize[1:]),
            cwd=tmp_path,
            check=False,
            variables=variables,
        )
        said = done.stdout + done.stderr
        assert (done.returncode == 0) is ends_well, said
        assert ("Parked, so of an earlier build: acme." in said) is ends_well
        assert ("ended with" in said) is not ends_well
