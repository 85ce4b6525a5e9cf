"""What a build and dbt say while they run, in a file that does not grow without end.

dbt's own log file costs every event that is below its level as much as one that is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging import makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from cx_billing.masking import mask_error

NAME = "dbt.log"
MOST_BYTES = 10 * 2**20
FILES = 6
LEVELS = {"info", "warn", "error"}


class Log:
    """What is appended to the log of a home."""

    def __init__(self, file: RotatingFileHandler) -> None:
        """`file` is open."""
        self.file = file

    def tell(self, event: Any) -> None:
        """Append an event of dbt, if it is of a level of `LEVELS`."""
        if event.info.level in LEVELS:
            self.say(event.info.level, event.info.msg, event.info.ts.ToDatetime())

    def say(self, level: str, words: str, at: datetime | None = None) -> None:
        """Append a line, without the values that it quotes; `at` is in UTC."""
        at = at or datetime.now(UTC)
        line = f"{at:%Y-%m-%d %H:%M:%S} {level:5} {mask_error(words)}"
        self.file.emit(makeLogRecord({"msg": line}))


@contextmanager
def keep_log(folder: Path) -> Iterator[Log]:
    """The log of a folder, to append to."""
    folder.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(
        folder / NAME, maxBytes=MOST_BYTES, backupCount=FILES - 1, delay=True, encoding="utf-8"
    )
    file.handleError = lambda record: None  # type: ignore[method-assign]  # a log stops no build
    try:
        yield Log(file)
    finally:
        file.close()
