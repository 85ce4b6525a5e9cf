"""Locks end with their process, and files appear whole."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cx_billing import files

HOLD = """
import sys
from pathlib import Path
from cx_billing import files

with files.lock(Path(sys.argv[1]), RuntimeError):
    print("held", flush=True)
    sys.stdin.read()
"""


class BusyError(Exception):
    """Another holds the lock."""


def test_who_comes_second_learns_who_holds_the_lock(tmp_path):
    path = tmp_path / "home" / ".lock"
    for _ in range(2):  # a refused attempt takes nothing from the holder
        with files.lock(path, BusyError):
            for _ in range(2):
                with pytest.raises(BusyError, match=f"process {os.getpid()}, since 2"):
                    files.lock(path, BusyError).__enter__()


def test_a_lock_ends_with_a_process_that_is_killed(tmp_path):
    path = tmp_path / ".lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match=f"process {holder.pid}, "):
            files.lock(path, BusyError).__enter__()
        holder.kill()
    with files.lock(path, BusyError):
        pass


def test_a_lock_ends_with_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), files.lock(tmp_path / ".lock", BusyError):
        raise ZeroDivisionError
    with files.lock(tmp_path / ".lock", BusyError):
        pass


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "file"
    files.write(path, b"old")

    def fail(_descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"


def test_what_gets_its_name_is_on_the_disk_before_and_its_folder_after(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (synced.append((os.fstat(fd).st_ino, path.exists())), fsync(fd))
    )
    path = tmp_path / "file"
    files.write(path, b"new")
    assert synced == [(path.stat().st_ino, False), (tmp_path.stat().st_ino, True)]
