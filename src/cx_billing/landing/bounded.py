"""Has a process of its own read what was delivered, with a bound on its memory and time.

A file can be made to have any reader take all memory, or never come back. So nothing of its
content is looked at in the process that lands, but in one that may end: it is kept from file to
file, and the next file gets a new one if it had to go.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from cx_billing import formats
from cx_billing.formats.completeness import Invoice
from cx_billing.landing.delivered import Delivered
from cx_billing.landing.report import LandingError
from cx_billing.landing.stopped import StoppedError

MEMORY = 6 << 30  # bytes that the process may take
SECONDS = 30.0  # of computing that it may spend on a file of no size
BYTES_A_SECOND = 150_000  # of which every one is given a second more
PACKED_BYTES_A_SECOND = 20_000  # likewise of a file that unpacks to many times its size
PATIENCE = 5  # times as long it may take by the clock
MOST_ANSWERED = 1 << 28  # bytes that it may say of one file
LONGEST_QUOTED = 200  # characters of what it said when it ended
OUT_OF_MEMORY = ("memory allocation", "bad_alloc", "MemoryError", "Out of Memory")


class BoundedReader:
    """A `Reader` in another process, which is started when there is something to read."""

    def __init__(self, scratch: Path, time_zone: str | None = None):
        self._scratch = scratch
        self._time_zone = time_zone
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def unpack(
        self, path: Path, folder: Path, watch: formats.Watch = formats.unwatched
    ) -> list[formats.Member]:
        """The files of an archive, unpacked into a folder."""
        members: list[formats.Member] = self._ask(path, "unpack", (path, folder), watch)
        return members

    def read(self, delivered: Delivered, watch: formats.Watch = formats.unwatched) -> Delivered:
        """Read a file and write it, unless it is an answer."""
        read: Delivered = self._ask(delivered.delivery.path, "read", (delivered,), watch)
        return read

    def write(
        self,
        read: Delivered,
        lines_of: Mapping[str, Invoice],
        watch: formats.Watch = formats.unwatched,
    ) -> None:
        """Write an answer that was read."""
        self._ask(read.delivery.path, "write", (read, dict(lines_of)), watch)

    def close(self) -> None:
        """End the process; there is nothing in it to be lost."""
        if self._pipe:
            self._pipe.close()
        if self._process:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._pipe = self._process = None

    def _ask(self, path: Path, what: str, arguments: tuple, watch: formats.Watch) -> Any:
        """What the process answers.

        Raises UnreadableError if it refuses the file at `path`, StoppedError if it did not answer.
        """
        is_packed = path.suffix.lower() == ".gz"
        pace = PACKED_BYTES_A_SECOND if is_packed else BYTES_A_SECOND
        seconds = SECONDS + path.stat().st_size / pace
        if self._process and self._process.poll() is not None:
            self.close()  # it went while it had nothing to do
        pipe = self._pipe or self._start()
        try:
            kind, answer = self._await(pipe, (what, arguments, seconds), seconds, watch)
        except _GoneError:
            reason = self._say_why(seconds)
            self.close()
            raise StoppedError(reason) from None
        except BaseException:  # what it was asked has no answer any more
            self.close()
            raise
        if kind == "stopped":
            self.close()
            raise StoppedError(answer)
        if kind == "refused":
            raise formats.UnreadableError(answer)
        return answer

    def _await(
        self, pipe: Connection, asked: tuple, seconds: float, watch: formats.Watch
    ) -> tuple[str, Any]:
        with _telling_that_it_has_gone():
            pipe.send(asked)
        until = time.monotonic() + PATIENCE * seconds
        while pipe.poll(max(0.0, until - time.monotonic())):
            with _telling_that_it_has_gone():
                kind, *told = pickle.loads(pipe.recv_bytes(2 * MOST_ANSWERED))
            if kind != "watch":
                return kind, told[0]
            watch(*told)
        raise StoppedError(f"takes more than {PATIENCE * seconds:,.0f} seconds to read")

    def _start(self) -> Connection:
        pipe, other = Pipe()
        command = [sys.executable, "-P", "-m", "cx_billing.landing.reader_process"]
        command += [str(other.fileno()), str(os.getpid()), str(MEMORY)]
        with other, self._said.open("wb") as said:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                pass_fds=(other.fileno(),),
                start_new_session=True,  # an interrupt is for the one who asks
                env=os.environ | {"RUST_BACKTRACE": "0"},
            )
        self._pipe = pipe
        try:
            self._await(pipe, (self._scratch, self._time_zone), SECONDS, formats.unwatched)
        except (_GoneError, StoppedError) as error:
            reason = self._say_why(SECONDS) if isinstance(error, _GoneError) else str(error)
            self.close()
            raise LandingError(
                f"The process that reads files cannot be started: it {reason}. No file is to blame"
            ) from None
        except BaseException:
            self.close()
            raise
        return pipe

    @property
    def _said(self) -> Path:
        """Where the process leaves its last words."""
        return self._scratch / "reader.log"

    def _say_why(self, seconds: float) -> str:
        """Why the process ended without an answer."""
        assert self._process, "it was asked"
        code = self._process.wait()
        if -code == signal.SIGXCPU:
            return f"takes more than {seconds:,.0f} seconds of computing to read"
        lines = self._said.read_text(errors="replace").strip().splitlines()
        out = [line for line in lines if any(sign in line for sign in OUT_OF_MEMORY)]
        words = f" ({(out or lines)[-1][:LONGEST_QUOTED]})" if lines else ""
        if out:
            return f"takes more than {MEMORY / (1 << 30):g} GiB of memory to read{words}"
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"had its reader end in the middle, by {how}{words}"


class _GoneError(Exception):
    """The process has ended."""


@contextmanager
def _telling_that_it_has_gone() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise _GoneError from error
