"""What dbt says while it runs, in a file that does not grow without end.

dbt's own log file costs every event that is below its level as much as one that is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging import LogRecord, makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from cx_billing.masking import mask_error

NAME = "dbt.log"
MOST_BYTES = 10 * 2**20
FILES = 6
LEVELS = {"info", "warn", "error"}


@contextmanager
def keep_log(folder: Path) -> Iterator[Callable[[Any], None]]:
    """What takes dbt's events, and appends those of a level of `LEVELS` to the log of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(
        folder / NAME, maxBytes=MOST_BYTES, backupCount=FILES - 1, delay=True, encoding="utf-8"
    )
    try:
        yield lambda event: file.emit(tell(event)) if event.info.level in LEVELS else None
    finally:
        file.close()


def tell(event: Any) -> LogRecord:
    """An event of dbt as a line of the log, without the values that it quotes."""
    at = event.info.ts.ToDatetime()
    words = mask_error(event.info.msg)
    return makeLogRecord({"msg": f"{at:%Y-%m-%d %H:%M:%S} {event.info.level:5} {words}"})
