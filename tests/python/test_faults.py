"""A fault at every write, sync, rename and link: nothing is lost, the next run is as if none was.

What DuckDB itself writes is tried by a disk of ten sizes that is full at some point.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from cx_billing import landing
from stand_in import StandIn
from test_ledger import original  # noqa: F401 - pytest finds the fixture here

STEP = int(os.environ.get("CX_BILLING_FAULT_STEP", "9"))  # of a build; 1 in `make nightly`
FAULTS = Path(__file__).with_name("faults.py")
USERS = "user_id,email,name\nu1,a@x,Ann\nu2,b@x,Bob\n"


def try_all(work: str, folder: Path, *steps: object) -> list[dict]:
    """What was seen at each fault, held against what is before and after the work.

    Of several files each is landed as a whole or not at all.
    """
    command = [sys.executable, str(FAULTS), work, str(folder), "1", *map(str, steps or (1,))]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    first, *faults = map(json.loads, run.stdout.splitlines())
    assert first["before"] != first["after"] and faults
    for fault in faults:
        code, seen = fault["seen"]
        assert code == 0, fault
        if work == "land":
            assert all(file in seen for file in first["before"]), fault
            assert all(file in first["after"] for file in seen), fault
        else:
            assert seen in (first["before"], first["after"]), fault
        assert fault["again"][0] == 0, fault
        assert fault["end"] == [0, first["after"]], fault
        assert not fault["left"], fault
        if fault["kind"] == "random":  # it may have ended before
            assert fault["code"] in (0, -signal.SIGKILL), fault
        elif fault["kind"] == "killed":
            assert fault["code"] == 137, fault
        elif fault["code"]:
            assert "No space left" in fault["told"] or "Input/output" in fault["told"], fault
    return faults


@pytest.fixture
def users(tmp_path) -> Path:
    """A home with a landed file, and an inbox with two more."""
    folder = tmp_path / "users"
    place = folder / "inbox" / "acme" / "users"
    place.mkdir(parents=True)
    (place / "a.csv").write_text(USERS)
    assert not landing.land(folder / "inbox", folder / "home").refused
    (place / "b.csv").write_text(USERS.replace("u1", "v1"))
    (place / "c.csv").write_text(USERS.replace("u2", "w2"))
    return folder


@pytest.fixture
def answers(tmp_path, monkeypatch) -> Path:
    """A home in which the answer 42 is published, and a project that says 43."""
    folder = tmp_path / "builds"
    monkeypatch.setenv("CX_BILLING_CACHE", str(folder / "cache"))
    stand_in = StandIn(folder)
    assert stand_in.says(42).build().published
    stand_in.says(43)
    return folder


@pytest.fixture
def final(original, tmp_path) -> Path:  # noqa: F811 - the fixture that is imported above
    """A home in which an invoice may be sealed."""
    shutil.copytree(original, tmp_path / "final" / "home", symlinks=True)
    return tmp_path / "final"


def test_landing_loses_nothing(users):
    faults = try_all("land", users)
    assert len(faults) > 5


def test_withdrawing_loses_nothing(users):
    assert try_all("withdraw", users)


def test_a_build_is_published_whole_or_not_at_all(answers):
    assert len(try_all("build", answers, STEP)) > 5


def test_a_seal_is_in_the_ledger_whole_or_not_at_all(final):
    assert len(try_all("seal", final)) > 5


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("work", "home"),
    [("land", "users"), ("withdraw", "users"), ("build", "answers"), ("seal", "final")],
)
def test_killed_at_any_moment_nothing_is_lost(request, work, home):
    assert len(try_all(work, request.getfixturevalue(home), "random", 50)) == 50


# A disk that is full.

LAND = """
import pathlib, sys
from cx_billing import cli

cli.main(["--home", sys.argv[1], "land", sys.argv[2]])
"""
BUILD = """
import os, pathlib, sys
from cx_billing import warehouse

home, project = map(pathlib.Path, sys.argv[1:])
result = warehouse.build(home, project_dir=project)
for failure in result.failures:
    print(failure.description, failure.message)
sys.exit(not result.published)
"""


def on_a_disk(kib: int, folder: Path, copied: Path, *run: object) -> subprocess.CompletedProcess:
    """Run Python with a file system of so many KiB at `folder`, which then has what is `copied`.

    It is one of this process alone, and what it held is copied back before it goes.
    """
    script = """
set -e
mount -t tmpfs -o size={kib}k tmpfs {folder}
cp -a {copied}/. {folder}
set +e
{run}
code=$?
rm -rf {copied}
cp -a {folder} {copied}
exit $code
"""
    words = {"kib": kib, "folder": folder, "copied": copied, "run": shlex.join(map(str, run))}
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script.format(**words)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("kib", [24, 32, 48, 64, 96, 128, 192, 256, 384, 512])
def test_a_disk_that_is_full_loses_no_landed_file(tmp_path, kib):
    home, disk, inbox = tmp_path / "home", tmp_path / "disk", tmp_path / "inbox"
    place = inbox / "acme" / "users"
    place.mkdir(parents=True)
    home.mkdir()
    disk.mkdir()
    rng = random.Random(kib)
    for number in range(4):
        rows = "".join(f"{rng.random()},{rng.random()},x\n" for _ in range(2_000))
        (place / f"{number}.csv").write_text("user_id,email,name\n" + rows)
    run = on_a_disk(kib, disk, home, sys.executable, "-c", LAND, disk, inbox)
    assert "Traceback" not in run.stderr + run.stdout, run.stderr
    if run.returncode:
        assert run.returncode == 2 and "No space left on device" in run.stderr + run.stdout
    landing.land(inbox, home)
    with duckdb.connect() as connection:
        landed = connection.sql(
            f"select count(*), count(distinct file_id) from read_parquet('{home}/lake/users/[!_]*')"
        ).fetchall()
    assert landed == [(8_000, 4)]


@pytest.mark.parametrize("kib", [400, 800, 1_200, 1_600, 2_000, 2_400, 2_800, 3_200, 3_600, 6_000])
def test_a_disk_that_is_full_leaves_what_is_published(tmp_path, monkeypatch, kib):
    monkeypatch.setenv("CX_BILLING_CACHE", str(tmp_path / "cache"))
    stand_in = StandIn(tmp_path)
    assert stand_in.says(42).build().published
    stand_in.says("select 43 as answer, uuid() as text from range(60000)")
    disk = tmp_path / "disk"
    disk.mkdir()
    run = on_a_disk(kib, disk, stand_in.home, sys.executable, "-c", BUILD, disk, stand_in.project)
    assert stand_in.published() == (42 if run.returncode else 43)
    if run.returncode:
        assert "No space left" in run.stdout + run.stderr, run.stdout + run.stderr
    assert stand_in.says(44).build().published
    assert stand_in.published() == 44


@pytest.mark.parametrize("kib", [160, 1_500, 5_000, 9_000])
def test_a_disk_that_fills_up_within_a_build_is_said_to_be_full(users, tmp_path, kib):
    disk = tmp_path / "disk"
    disk.mkdir()
    program = Path(sys.executable).with_name("cx-billing")
    run = on_a_disk(kib, disk, users / "home", program, "--home", disk, "build")
    assert run.returncode == 1 and "disk is full" in run.stderr, run.stdout + run.stderr
    assert "INTERNAL" not in run.stderr and "Traceback" not in run.stderr, run.stderr


# A home that is not ours.

READ_ONLY = """
set -e
mount -t tmpfs tmpfs {folder}
cp -a {copied}/. {folder}
mount -o remount,ro {folder}
exec {run}
"""
AS_NOBODY = """
import os, sys
from cx_billing import cli

if os.geteuid() == 0:  # only root can be somebody else; a home may be closed to its owner, too
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
cli.main(sys.argv[1:])
"""


@pytest.mark.parametrize("command", [["land", "inbox"], ["build", "--as-of", "2026-05-10"]])
def test_a_home_that_can_only_be_read_is_said_to_be_that(users, tmp_path, command):
    disk = tmp_path / "disk"
    disk.mkdir()
    program = Path(sys.executable).with_name("cx-billing")
    words = [str(users / word) if word == "inbox" else word for word in command]
    run = shlex.join(map(str, [program, "--home", disk, *words]))
    script = READ_ONLY.format(folder=disk, copied=users / "home", run=run)
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr, done.stderr
    assert "Read-only file system" in done.stderr or "can only be read" in done.stderr


@pytest.mark.parametrize("command", [["land", "inbox"], ["build"], ["status"], ["verify"]])
def test_the_home_of_another_user_is_refused(users, command):
    (users / "home").chmod(0o700 if os.geteuid() == 0 else 0)
    words = [str(users / word) if word == "inbox" else word for word in command]
    run = [sys.executable, "-c", AS_NOBODY, "--home", str(users / "home"), *words]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr, done.stderr
    assert "Permission denied" in done.stderr or "not yours" in done.stderr, done.stderr
