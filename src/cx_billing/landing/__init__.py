"""Bring delivered files into the lake: bytes to Parquet, nothing interpreted, nothing lost.

Every file under `INBOX/<org_id>/<dataset>/` becomes `<home>/lake/<dataset>/<file_id>.parquet`,
laid out as `cx_billing.lake` says, whole or not at all: it is written under a temporary name and
renamed when complete. An archive lands as the files in it, each for itself; a damaged one not at
all. The `file_id` follows from organization, dataset and content, so landing the
same bytes again changes nothing, whatever the file is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from cx_billing import access, duck, files, lake
from cx_billing.landing.inbox import list_deliveries
from cx_billing.landing.landed_files import LandedFile, list_landed
from cx_billing.landing.lander import Lander, watch_now_and_then
from cx_billing.landing.report import (
    AlreadyLanded,
    BusyError,
    InboxError,
    Landed,
    LandingError,
    LeftOut,
    Progress,
    Refused,
    Report,
    StillCounting,
)
from cx_billing.landing.stopped import copy_marks
from cx_billing.landing.withdrawal import (
    NotLandedError,
    Withdrawal,
    find_landed,
    restore_answer,
    withdraw_answer,
)

__all__ = [
    "AlreadyLanded",
    "BusyError",
    "InboxError",
    "Landed",
    "LandedFile",
    "LandingError",
    "LeftOut",
    "NotLandedError",
    "Progress",
    "Refused",
    "Report",
    "StillCounting",
    "Withdrawal",
    "copy_marks",
    "land",
    "restore",
    "withdraw",
]

LOCK_FILE = ".land.lock"


def land(
    inbox: Path,
    home: Path,
    progress: Callable[[Progress], None] | None = None,
    time_zone: str | None = None,
    is_stopped_retried: bool = False,
) -> Report:
    """Land every file of the inbox that is not in the lake of `home` yet.

    A file that cannot be read is refused and reported, the others are landed. One that stopped the
    process that read it is passed by, unless `is_stopped_retried`. `time_zone` is that
    of times without an offset, where a file has no column that says so. `progress` is called
    with a `Progress` before each file, now and then within a file that takes long, and once at
    the end. Raises InboxError if there is nothing
    to land from, BusyError if another run holds the lock, LandingError if the lake is damaged.
    """
    report = Report()
    home = Path(home)
    deliveries = list_deliveries(Path(inbox), home, report)
    sizes = [_measure(delivery.path) for delivery in deliveries]
    show = progress or (lambda state: None)
    done = 0
    with _lock(home), Lander(home, report, time_zone, is_stopped_retried) as lander:
        for number, (delivery, size) in enumerate(zip(deliveries, sizes, strict=True)):
            state = Progress(number, len(sizes), done, sum(sizes), delivery.source_file)
            show(state)
            lander.land(delivery, watch_now_and_then(state, show))
            done += size
        lander.settle()
    show(Progress(len(sizes), len(sizes), done, done, None))
    return report


def withdraw(home: Path, name: str) -> Withdrawal:
    """Take a landed file back, with all parts of its answer.

    `name` is its `source_file` or `file_id`. Raises NotLandedError if no landed file, or more than
    one, has it, BusyError if files are being landed.
    """
    with _open(Path(home)) as (landed, connection):
        return withdraw_answer(find_landed(landed, name), landed, connection)


def restore(home: Path, name: str, time_zone: str | None = None) -> Withdrawal:
    """Take a withdrawn file back in, with all parts of its answer, as it was when it was landed.

    With a `time_zone`, its times without an offset are of that. Raises as `withdraw` does.
    """
    with _open(Path(home)) as (landed, connection):
        file = find_landed(landed, name, is_withdrawn=True)
        return restore_answer(file, landed, connection, time_zone)


@contextmanager
def _open(home: Path) -> Iterator[tuple[list[LandedFile], duckdb.DuckDBPyConnection]]:
    """The files of the lake, and a connection to change them with while nobody else does."""
    with _lock(home), duck.connect() as connection:
        yield list_landed(lake.ensure(home), connection), connection


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """Keep other runs out, and everybody but the owner out of the home."""
    lock = files.lock(
        home / LOCK_FILE,
        lambda holder: BusyError(
            f"{home}: another run is landing files here ({holder}); wait until it has ended"
        ),
    )
    try:
        with access.private_home(home), lock:
            yield
    except access.AccessError as error:
        raise LandingError(str(error)) from error


def _measure(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
