"""What each run did, for programs that watch: a log of JSON lines, and a summary of each run.

================================  ============================================================
`<home>/logs/cx-billing.jsonl`    one object a line, as it happens; `FILES` files of `MOST_BYTES`
`<home>/logs/last-<command>.json` the summary of the last run: written when it begins, and in one
                                  step replaced when it ends, however that is
`<home>/logs/runs/`               the summaries of the last `KEPT_RUNS` runs of all commands
================================  ============================================================

A run that was killed is one that began and did not end: its summary has no `ended_at`.

Of files and rows there are counts, of what failed the name and the claim of the test: no value, no
file's name and no message, since those may be data of people. Those are on the screen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from logging import makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from cx_billing import access, files

NAME = "cx-billing.jsonl"
MOST_BYTES = 10 * 2**20
FILES = 3
KEPT_RUNS = 200
REFUSED = 2  # the exit code of what did nothing, for which no home is made


class Run:
    """A run of a command: `tell` what happens, `add` to its summary."""

    def __init__(self, home: Path, command: str):
        self.logs = home.absolute() / "logs"
        self.started = now()
        self.id = f"{self.started:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}"
        self.broken: OSError | None = None
        self.waiting: list[str] = []
        self.summary: dict[str, Any] = {
            "command": command,
            "run_id": self.id,
            "version": version("cx-billing"),
            "started_at": spell(self.started),
            "ended_at": None,
            "seconds": None,
            "exit_code": None,
            "error": None,
        }

    def add(self, **facts: Any) -> None:
        """Say more in the summary."""
        self.summary |= facts

    def tell(self, event: str, **facts: Any) -> None:
        """Append an event to the log; of a home that is not there yet, once it is."""
        told = {"at": spell(now()), "command": self.summary["command"], "run_id": self.id}
        self.waiting.append(json.dumps(told | {"event": event} | facts, default=str))
        if self.logs.parent.is_dir():
            self.write(self.write_waiting)

    def begin(self) -> None:
        """Say that it is running, where there is a home to say it in."""
        self.tell("started", version=self.summary["version"])
        if self.logs.parent.is_dir():
            self.write(self.write_summary)

    def end(self, exit_code: int, error: BaseException | None) -> None:
        """Say how it ended."""
        ended = now()
        self.add(
            ended_at=spell(ended),
            seconds=round((ended - self.started).total_seconds(), 3),
            exit_code=exit_code,
            error=type(error).__name__ if error else None,
        )
        if exit_code == REFUSED and not self.logs.parent.is_dir():
            return
        self.write(lambda: self.logs.mkdir(parents=True, exist_ok=True))
        self.tell("ended", **{k: self.summary[k] for k in ("exit_code", "seconds", "error")})
        self.write(self.write_summary)

    def write(self, action: Callable[[], None]) -> None:
        """Write for the owner of the home alone; a run does not fail for want of its log."""
        try:
            with access.private_files():
                action()
        except OSError as error:
            self.broken = error

    def write_waiting(self) -> None:
        """Append what was told to the log."""
        self.logs.mkdir(exist_ok=True)
        log = RotatingFileHandler(
            self.logs / NAME, maxBytes=MOST_BYTES, backupCount=FILES - 1, encoding="utf-8"
        )
        try:
            for line in self.waiting:
                log.emit(makeLogRecord({"msg": line}))
        finally:
            log.close()
        self.waiting.clear()

    def write_summary(self) -> None:
        """Replace the summary of the last run, and keep this one; the oldest goes."""
        text = (json.dumps(self.summary, indent=2, default=str) + "\n").encode()
        runs = self.logs / "runs"
        files.write(runs / f"{self.id}-{self.summary['command']}.json", text)
        files.write(self.logs / f"last-{self.summary['command']}.json", text)
        for old in sorted(runs.glob("*.json"))[:-KEPT_RUNS]:
            old.unlink(missing_ok=True)


@contextmanager
def keep(home: Path, command: str, find_exit_code: Callable[[BaseException], int]) -> Iterator[Run]:
    """Keep a log and a summary of what is done within; `find_exit_code` knows what an error ends
    with."""
    run = Run(home, command)
    run.begin()
    try:
        yield run
    except SystemExit as leaving:
        run.end(find_exit_code(leaving), None)
        raise
    except BaseException as error:
        run.end(find_exit_code(error), error)
        raise
    run.end(0, None)


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def spell(at: datetime) -> str:
    """A moment as JSON has it."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
