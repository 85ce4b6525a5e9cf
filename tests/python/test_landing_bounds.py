"""What is delivered stops nobody: its reader is bounded, and may end; the rest lands."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Pipe
from pathlib import Path

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import landing
from cx_billing.landing import bounded, lander, reader_process
from cx_billing.landing.stopped import StoppedError
from deliveries import MORE, USERS, archive
from poisonous_files import IN_AN_OBJECT, POISON, memory_bomb, nested, repeated_text

pytestmark = pytest.mark.bounded

ZOE = b"user_id,email\nz,z@x\n"
# Reading this takes seconds in Python, since a row in it is none.
SLOW = b"user_id,email,name\n" + b"u1,a@x,Ann\n" * 500_000 + b"short\n"
LANDING = """
import pathlib, signal, sys
from cx_billing import landing

signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it
landing.land(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
"""


def landed_names(report: landing.Report) -> list[str]:
    return [file.source_file.removeprefix("acme/users/") for file in report.landed]


def marks(warehouse) -> list[dict]:
    return [json.loads(mark.read_text()) for mark in (warehouse.home / "stopped").glob("*.json")]


def children(process: int) -> list[int]:
    return [
        int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]


def wait_until(is_so) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until, "this never happens"
        time.sleep(0.02)


def is_running(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


# Poison.


@pytest.mark.parametrize("poison", POISON)
def test_a_poisonous_file_is_refused_and_the_others_land(warehouse, poison):
    name, content, expected = POISON[poison]
    warehouse.deliver(USERS, name="a.csv")
    warehouse.deliver(content(), name=name)
    warehouse.deliver(ZOE, name="z.csv")
    report = warehouse.land()
    assert landed_names(report) == ["a.csv", "z.csv"]
    assert [expected in refused.message for refused in report.refused] == [True]
    assert report.refused[0].message.startswith(f"acme/users/{name}")
    assert len(report.refused[0].message) < 1_000
    assert list(warehouse.home.glob(".scratch-*")) == []


def test_what_is_nested_a_little_is_kept(warehouse):
    landed = warehouse.landed(nested(99, IN_AN_OBJECT, "}"), name="f.json")
    assert landed.rows == 1
    [[kept]] = warehouse.rows("extra_columns")
    assert kept.count("[") == 99


@pytest.mark.parametrize("content", [memory_bomb, repeated_text])
def test_a_file_that_stops_its_reader_is_marked_and_skipped(warehouse, monkeypatch, content):
    monkeypatch.setattr(bounded, "MEMORY", 3 << 30)
    warehouse.deliver(content(), name="f.xlsx")
    warehouse.deliver(ZOE, name="z.csv")
    report = warehouse.land()
    assert landed_names(report) == ["z.csv"]
    [refused] = report.refused
    assert "takes more than 3 GiB of memory" in refused.message
    assert "--retry-stopped" in refused.message
    [mark] = marks(warehouse)
    assert mark["source_file"] == "acme/users/f.xlsx" and mark["org_id"] == "acme"

    with monkeypatch.context() as patch:
        patch.setattr(bounded.BoundedReader, "_start", None)  # nobody reads anything
        [refused] = warehouse.land().refused
    assert "is skipped, since it stopped its reader on 20" in refused.message
    assert (
        "takes more than 3 GiB of memory" in refused.message
        and "--retry-stopped" in refused.message
    )

    report = landing.land(warehouse.inbox, warehouse.home, is_stopped_retried=True)
    assert "so its reader was stopped" in report.refused[0].message
    assert len(marks(warehouse)) == 1


def test_a_mark_is_of_the_content_and_goes_when_the_file_can_be_read(warehouse, monkeypatch):
    path = warehouse.deliver(USERS)
    with monkeypatch.context() as patch:
        patch.setattr(bounded.BoundedReader, "read", stop)
        assert "had enough" in warehouse.land().refused[0].message
    warehouse.deliver(MORE, name="other.csv")
    path.rename(path.with_name("renamed.csv"))
    report = warehouse.land()
    assert landed_names(report) == ["other.csv"]
    assert "renamed.csv" in report.refused[0].message
    report = landing.land(warehouse.inbox, warehouse.home, is_stopped_retried=True)
    assert landed_names(report) == ["renamed.csv"]
    assert marks(warehouse) == []


def stop(*_: object) -> None:
    raise StoppedError("had enough")


def test_a_damaged_mark_is_one(warehouse, monkeypatch):
    warehouse.deliver(USERS)
    with monkeypatch.context() as patch:
        patch.setattr(bounded.BoundedReader, "read", stop)
        warehouse.land()
    [mark] = (warehouse.home / "stopped").iterdir()
    mark.write_bytes(b'{"rea')
    assert (
        "is skipped, since it stopped its reader on an unknown day"
        in warehouse.land().refused[0].message
    )


def test_an_archive_that_stops_its_reader_is_marked_by_its_content(warehouse, monkeypatch):
    warehouse.deliver(archive({"a.csv": USERS}), name="f.zip")
    warehouse.deliver(ZOE, name="z.csv")
    with monkeypatch.context() as patch:
        patch.setattr(bounded.BoundedReader, "unpack", stop)
        assert landed_names(warehouse.land()) == ["z.csv"]
    assert "is skipped" in warehouse.land().refused[0].message
    report = landing.land(warehouse.inbox, warehouse.home, is_stopped_retried=True)
    assert landed_names(report) == ["f.zip/a.csv"]


def test_of_an_archive_only_the_file_that_stops_its_reader_is_marked(warehouse):
    members = {"a.csv": USERS, "b.xlsx": memory_bomb(), "c.csv": MORE}
    warehouse.deliver(archive(members), name="f.zip")
    report = warehouse.land()
    assert landed_names(report) == ["f.zip/a.csv", "f.zip/c.csv"]
    assert [refused.source_file for refused in report.refused] == ["acme/users/f.zip/b.xlsx"]
    report = warehouse.land()
    assert len(report.already_landed) == 2 and "is skipped" in report.refused[0].message


def test_a_page_that_stops_its_reader_leaves_its_answer_incomplete(warehouse, monkeypatch):
    genuine = bounded.BoundedReader.write

    def write(self, read, *others):
        return (
            stop()
            if read.delivery.source_file.endswith("p2.json")
            else genuine(self, read, *others)
        )

    for number in (1, 2):
        page = {
            "entities": [{"id": f"u{number}", "email": "a"}],
            "pageNumber": number,
            "pageCount": 2,
        }
        warehouse.deliver(page, name=f"p{number}.json")
    with monkeypatch.context() as patch:
        patch.setattr(bounded.BoundedReader, "write", write)
        report = warehouse.land()
    assert report.landed == [] and warehouse.files() == []
    assert sorted(refused.message.split(": ")[1][:20] for refused in report.refused) == [
        "another part of its ", "had enough, so its r",
    ]  # fmt: skip
    assert "is skipped" in str(warehouse.land().refused)
    assert len(landing.land(warehouse.inbox, warehouse.home, is_stopped_retried=True).landed) == 2


# Time.


def test_a_file_that_takes_too_long_is_stopped(warehouse, monkeypatch):
    monkeypatch.setattr(bounded, "SECONDS", 1.0)
    monkeypatch.setattr(bounded, "BYTES_A_SECOND", 1 << 40)
    warehouse.deliver(b"[" + b"0," * 4_000_000 + b"0]", name="f.json", dataset="users")
    warehouse.deliver(ZOE, name="z.csv")
    report = warehouse.land()
    assert landed_names(report) == ["z.csv"]
    assert "takes more than 1 seconds of computing" in report.refused[0].message
    assert len(marks(warehouse)) == 1


def test_a_reader_that_does_not_answer_is_ended_and_the_next_begins(tmp_path, monkeypatch):
    (tmp_path / "f.zip").write_bytes(archive({"a.csv": USERS}))
    (tmp_path / "to").mkdir()
    reader = bounded.BoundedReader(tmp_path)
    assert len(reader.unpack(tmp_path / "f.zip", tmp_path / "to")) == 1
    first = reader._process.pid
    os.kill(first, signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr(bounded, "PATIENCE", 0.01)
        with pytest.raises(StoppedError, match="seconds to read"):
            reader.unpack(tmp_path / "f.zip", tmp_path / "to")
    assert not is_running(first)
    assert len(reader.unpack(tmp_path / "f.zip", tmp_path / "to")) == 1
    os.kill(reader._process.pid, signal.SIGKILL)  # while it has nothing to do: no file is to blame
    reader._process.wait()
    assert len(reader.unpack(tmp_path / "f.zip", tmp_path / "to")) == 1
    reader.close()


def test_a_reader_that_cannot_start_blames_no_file(warehouse, monkeypatch):
    monkeypatch.setattr(bounded, "MEMORY", 1 << 20)
    warehouse.deliver(USERS)
    with pytest.raises(landing.LandingError, match=r"cannot be started.*No file is to blame"):
        warehouse.land()
    assert not (warehouse.home / "stopped").exists()


def test_a_run_with_nothing_new_starts_no_process(warehouse, monkeypatch):
    warehouse.deliver(USERS)
    assert len(warehouse.land().landed) == 1
    monkeypatch.setattr(bounded.BoundedReader, "_start", None)
    assert len(warehouse.land().already_landed) == 1


@pytest.mark.parametrize(
    "error, expected",
    [
        (KeyError("x\033y"), "broke its reader (KeyError: 'x\\x1by')"),
        (MemoryError(), "2 GiB of memory"),
    ],
)
def test_a_reader_that_fails_in_any_way_says_so(tmp_path, monkeypatch, error, expected):
    class Failing:
        def __init__(self, *_):
            pass

        def read(self, *_, **__):
            raise error

    monkeypatch.setattr(reader_process, "Reader", Failing)
    monkeypatch.setattr(reader_process, "bound_computing", lambda seconds: None)
    ours, theirs = Pipe()

    def serve():
        with pytest.raises(EOFError):
            reader_process.serve(theirs, 2 << 30)

    serving = threading.Thread(target=serve)
    serving.start()
    ours.send((tmp_path, None))
    assert ours.recv() == ("ready", None)
    ours.send(("read", (), 1.0))
    kind, said = ours.recv()
    ours.close()
    serving.join()
    assert kind == "stopped" and expected in said


# Ends of processes.


@pytest.fixture
def readers(monkeypatch) -> list[bounded.BoundedReader]:
    """Every reader that a run makes."""
    made = []

    class Noted(bounded.BoundedReader):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(lander, "BoundedReader", Noted)
    return made


def test_a_reader_that_is_killed_in_the_middle_costs_one_file(warehouse, readers):
    warehouse.deliver(SLOW, name="a.csv")
    warehouse.deliver(ZOE, name="z.csv")
    killed = []

    def kill(state):
        if state.step == "splitting" and not killed:
            killed.append(readers[0]._process.pid)
            os.kill(killed[0], signal.SIGKILL)

    report = landing.land(warehouse.inbox, warehouse.home, kill)
    assert killed and landed_names(report) == ["z.csv"]
    assert "had its reader end in the middle, by SIGKILL" in report.refused[0].message
    assert [path.suffix for path in warehouse.files()] == [".parquet"]
    assert len(marks(warehouse)) == 1
    report = landing.land(warehouse.inbox, warehouse.home, is_stopped_retried=True)
    assert landed_names(report) == ["a.csv"]


def test_an_interrupt_ends_the_reader_too_and_leaves_the_lake_whole(warehouse, readers):
    warehouse.deliver(USERS, name="a.csv")
    warehouse.deliver(SLOW, name="b.csv")
    processes = []

    def interrupt(state):
        if state.step == "splitting":
            processes.append(readers[0]._process.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        landing.land(warehouse.inbox, warehouse.home, interrupt)
    assert not is_running(processes[0])
    assert (
        list(warehouse.home.glob(".scratch-*")) == [] and not (warehouse.home / "stopped").exists()
    )
    assert [path.suffix for path in warehouse.files()] == [".parquet"]
    assert landed_names(warehouse.land()) == ["b.csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_reader_is_left_of_a_run_that_ends(warehouse, sent):
    warehouse.deliver(SLOW)
    command = [sys.executable, "-c", LANDING, str(warehouse.inbox), str(warehouse.home)]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_until(lambda: list(warehouse.home.glob(".scratch-*/*/staged.csv")))
    [reader] = children(run.pid)
    os.kill(reader, signal.SIGSTOP)  # as if it were deep in some library, and heard nothing
    run.send_signal(sent)
    assert run.wait(timeout=5) != 0
    wait_until(lambda: not is_running(reader))
    assert landed_names(warehouse.land()) == ["f.csv"]
    assert list(warehouse.home.glob(".scratch-*")) == []


# What is no file of the inbox.


def test_only_regular_files_of_the_inbox_are_read(warehouse, tmp_path):
    warehouse.deliver(USERS, name="a.csv")
    folder = warehouse.inbox / "acme" / "users"
    (tmp_path / "secret.csv").write_bytes(MORE)
    os.mkfifo(folder / "fifo.csv")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket.csv"))
    (folder / "out.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "up.csv").symlink_to("../../../secret.csv")
    (folder / "zero.csv").symlink_to("/dev/zero")
    (folder / "nothing.csv").symlink_to("nowhere.csv")
    (folder / "circle.csv").symlink_to("circle.csv")
    (folder / "far.csv").symlink_to("out.csv")
    (folder / "in.csv").symlink_to("../../acme/users/z.csv")
    warehouse.deliver(ZOE, name="z.csv")
    report = warehouse.land()
    assert landed_names(report) == ["a.csv", "in.csv"]
    assert len(report.already_landed) == 1
    refused = {
        file.source_file.removeprefix("acme/users/"): file.message for file in report.refused
    }
    links = {"out.csv", "up.csv", "zero.csv", "nothing.csv", "circle.csv", "far.csv"}
    assert set(refused) == {"fifo.csv", "socket.csv"} | links
    assert all("is a link to nothing, or to something outside" in refused[name] for name in links)
    assert "no file but a pipe, a socket or a device" in refused["fifo.csv"]
    assert [row for [row] in warehouse.rows("user_id")] == ["u1", "u2", "z"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_refused(warehouse):
    warehouse.deliver(USERS)
    try:
        os.mknod(warehouse.inbox / "acme" / "users" / "zero.csv", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this root makes no devices")
    report = warehouse.land()
    assert len(report.landed) == 1 and "a device" in report.refused[0].message


def test_folders_that_lie_elsewhere_are_refused(warehouse, tmp_path):
    warehouse.deliver(USERS)
    (tmp_path / "elsewhere" / "users").mkdir(parents=True)
    (tmp_path / "elsewhere" / "users" / "f.csv").write_bytes(MORE)
    (warehouse.inbox / "other").symlink_to(tmp_path / "elsewhere")
    (warehouse.inbox / "acme" / "devices").symlink_to(tmp_path / "elsewhere" / "users")
    (warehouse.inbox / "zeta").symlink_to("acme")
    report = warehouse.land()
    assert [file.source_file for file in report.landed] == ["acme/users/f.csv", "zeta/users/f.csv"]
    assert [refused.source_file for refused in report.refused] == [
        "acme/devices",
        "other",
        "zeta/devices",
    ]


def test_an_answer_goes_with_its_sidecar(warehouse, tmp_path):
    path = warehouse.deliver({"entities": [{"id": "u1", "email": "a"}]}, name="f.json")
    path.with_name("f.json.asked").symlink_to("/etc/hostname")
    warehouse.deliver(ZOE, name="z.csv")
    report = warehouse.land()
    assert landed_names(report) == ["z.csv"]
    assert ["f.json.asked" in refused.message for refused in report.refused] == [True, True]


def test_an_endless_sidecar_is_passed_over(warehouse):
    path = warehouse.deliver({"entities": [{"id": "u1", "email": "a"}]}, name="f.json")
    os.truncate(warehouse.deliver(b"{", name="f.json.asked"), 1 << 40)
    report = warehouse.land()
    assert landed_names(report) == [path.name]
    assert "it has 1,099,511,627,776 bytes" in report.warnings[0]


def test_a_file_of_a_terabyte_is_refused_at_once(warehouse):
    path = warehouse.deliver(b"", name="f.csv")
    os.truncate(path, 1 << 40)
    assert "has 1,099,511,627,776 bytes" in warehouse.land().refused[0].message


# What is printed.


def test_no_name_or_value_steers_the_terminal(warehouse):
    names = ["\033[31mred\a.csv", "two\nFiles landed: 9.csv", "\u202egpj.csv", "ok.csv"]
    for number, name in enumerate(names):
        warehouse.deliver(f"user_id,email\nu{number},\033[2J\n", name=name)
        warehouse.deliver("user_id,e\033]0;x\amail,\033[1m\nu1,a,b\n", name=f"bad{name}")
    warehouse.deliver(archive({"\033[0m.csv": USERS, "\033[0m.x": b""}), name="f.zip")
    for command in ("land", "land", "check-files"):
        printed = cx_billing("--home", warehouse.home, command, warehouse.inbox, code=2)
        assert all(line.isprintable() for line in printed.split("\n")), repr(printed)
        assert not any(line.startswith("Files landed: 9.csv") for line in printed.split("\n"))
    printed = cx_billing("--home", warehouse.home, "withdraw", "acme/users/\033[31mre.csv", code=2)
    assert "Did you mean" in printed and "\033" not in printed
    printed = cx_billing("--home", warehouse.home, "withdraw", f"acme/users/{names[1]}")
    assert all(line.isprintable() for line in printed.split("\n"))


def test_commands_print_by_one_way():
    commands = Path(landing.__file__).parents[1] / "cli"
    told = [file.name for file in sorted(commands.glob("*.py")) if "click.echo" in file.read_text()]
    assert told == ["screen.py"]


def test_braces_in_a_path_stand_for_themselves(tmp_path):
    home, inbox = tmp_path / "ho{me}{{ x }}{% y", tmp_path / "in{a,b}"
    file = inbox / "ac{m}e" / "users" / "f{1..3}.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(USERS)
    assert "Files landed: 1 (2 rows)" in cx_billing("--home", home, "land", inbox)
    with duckdb.connect() as connection:
        pattern = f"{home}/lake/users/*.parquet"
        [[rows]] = connection.execute("select count(*) from read_parquet(?)", [pattern]).fetchall()
    assert rows == 2
    assert "0 would be refused" in cx_billing("--home", home, "check-files", inbox, code=2)


def test_the_command_skips_what_stopped_its_reader_until_it_is_told(warehouse):
    warehouse.deliver(memory_bomb(), name="f.xlsx")
    warehouse.deliver(ZOE, name="z.csv")
    printed = cx_billing("--home", warehouse.home, "land", warehouse.inbox, code=2)
    assert "Files landed: 1 (1 rows), there already: 0, refused: 1." in printed
    printed = cx_billing("--home", warehouse.home, "land", warehouse.inbox, code=2)
    assert "is skipped" in printed and "there already: 1, refused: 1." in printed
    checked = cx_billing("--home", warehouse.home, "check-files", warehouse.inbox, code=2)
    assert "is skipped, since it stopped its reader" in checked
    retried = ("land", warehouse.inbox, "--retry-stopped")
    assert "so its reader was stopped" in cx_billing("--home", warehouse.home, *retried, code=2)
