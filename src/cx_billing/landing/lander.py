"""One run: every file it is given becomes one file of the lake, or is refused."""

from __future__ import annotations

import difflib
import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from cx_billing import files, formats, lake
from cx_billing.formats import literal
from cx_billing.landing.inbox import Delivery
from cx_billing.landing.report import (
    AlreadyLanded,
    Landed,
    LandingError,
    Progress,
    Refused,
    Report,
)

TEMPORARY = ".landing"  # suffix of unfinished files, outside of the lake's *.parquet
SCRATCH_PREFIX = ".scratch-"
MEMORY_LIMIT = "1500MB"
SECONDS_BETWEEN_LOOKS = 0.2


class Lander:
    """One run: a connection, a scratch folder and a clock that never stands still."""

    def __init__(self, home: Path, report: Report):
        self._home = home
        self._report = report
        self._extra: dict[tuple[str, tuple[str, ...]], list[str]] = {}

    def __enter__(self) -> Lander:
        self._lake = lake.ensure(self._home)
        for leftover in self._lake.glob(f"*/*{TEMPORARY}"):
            leftover.unlink()
        for leftover in self._home.glob(f"{SCRATCH_PREFIX}*"):
            shutil.rmtree(leftover)
        self._scratch = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=self._home))
        self._connection = self._connect()
        self._clock = self._latest_landing()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        shutil.rmtree(self._scratch)
        for (dataset, names), found in self._extra.items():
            others = f" and {len(found) - 1} more" if len(found) > 1 else ""
            self._report.warnings.append(
                f"{found[0]}{others}: columns that {dataset} does not know are kept in "
                f"extra_columns: {formats.shown(names)}"
            )

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute(
            f"set threads = 2; set memory_limit = '{MEMORY_LIMIT}'; set TimeZone = 'UTC'; "
            f"set preserve_insertion_order = true; set enable_external_file_cache = false; "
            f"set enable_progress_bar = true; set enable_progress_bar_print = false; "
            f"set temp_directory = {literal(str(self._scratch / 'spill'))}"
        )
        return connection

    def land(self, delivery: Delivery, watch: formats.Watch = formats.unwatched) -> None:
        """Land one file, or every file of an archive, and report what became of it."""
        with self._refusing(delivery):
            if delivery.path.suffix.lower() != ".zip":
                self._land(delivery, watch)
                return
            _find_dataset(delivery.dataset)
            with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
                for member in formats.unpack(delivery.path, Path(folder)):
                    source_file = f"{delivery.source_file}/{member.name}"
                    part = replace(delivery, path=member.path, source_file=source_file)
                    with self._refusing(part):
                        self._land(part, watch)

    @contextmanager
    def _refusing(self, delivery: Delivery) -> Iterator[None]:
        """Refuse and report what cannot be read, and go on."""
        try:
            yield
        except (duckdb.FatalException, duckdb.InternalException) as error:
            self._connection = self._connect()  # the old one does nothing more
            self._refuse(delivery, f"stopped DuckDB ({str(error).splitlines()[0]}); fetch it again")
        except formats.UnreadableError as error:
            self._refuse(delivery, str(error))
        except (OSError, duckdb.Error) as error:
            reason = getattr(error, "strerror", None) or str(error).strip().splitlines()[0]
            self._refuse(delivery, f"could not be read or written ({reason}); land it again")

    def _land(self, delivery: Delivery, watch: formats.Watch) -> None:
        dataset = _find_dataset(delivery.dataset)
        try:
            delivery.source_file.encode()
        except UnicodeEncodeError as error:
            raise formats.UnreadableError("has a name that is not UTF-8; rename it") from error
        formats.format_of(delivery.path)
        before = delivery.path.stat()
        with formats.open_raw(delivery.path, "hashing", watch) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file_id = _identify(delivery, sha256)
        target = self._lake / dataset.name / f"{file_id}.parquet"
        if target.exists() and not self._is_withdrawn(target):
            self._report.already_landed.append(AlreadyLanded(delivery.source_file, file_id))
            return

        landed_at = max(datetime.now(UTC).replace(tzinfo=None), self._clock + timedelta(0, 0, 1))
        temporary = target.with_name(f"{file_id}{TEMPORARY}")
        try:
            rows = self._copy(delivery, dataset, file_id, sha256, landed_at, temporary, watch)
            after = delivery.path.stat()
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise formats.UnreadableError("changed while it was read; land it again")
            files.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        self._clock = landed_at
        self._report.landed.append(
            Landed(
                delivery.source_file,
                delivery.org_id,
                dataset.name,
                file_id,
                rows.count,
                rows.parse_errors,
            )
        )
        self._warn(delivery, rows)

    def _copy(
        self,
        delivery: Delivery,
        dataset: lake.Dataset,
        file_id: str,
        sha256: str,
        landed_at: datetime,
        temporary: Path,
        watch: formats.Watch,
    ) -> formats.Rows:
        """Write the Parquet file the cheapest way that yields exactly the rows of the source."""
        instant = landed_at.isoformat(timespec="microseconds")
        provenance = {
            "org_id": literal(delivery.org_id),
            "file_id": literal(file_id),
            "source_file": literal(delivery.source_file),
            "landed_at": f"timestamp {literal(instant)}",
        }
        failure = "no way to read it"
        name = delivery.source_file.split("/", 2)[2]
        ways = formats.read(delivery.path, dataset, self._scratch, self._connection, name, watch)
        for rows in ways:
            known = rows.columns | provenance | {"source_row": rows.source_row}
            kinds = {name: "VARCHAR" for name in dataset.columns} | lake.PROVENANCE
            selected = ", ".join(
                f'({known.get(name, "null")})::{kind} as "{name}"' for name, kind in kinds.items()
            )
            facts = {
                "org_id": delivery.org_id,
                "dataset": dataset.name,
                "source_file": delivery.source_file,
                "sha256": sha256,
                "landed_at": instant,
                "rows_in_file": str(rows.count),
            }
            if rows.snapshot_date:
                facts["snapshot_date"] = rows.snapshot_date
            metadata = ", ".join(f"{name}: {literal(fact)}" for name, fact in facts.items())
            try:
                written = self._write(
                    f"copy (select {selected} from {rows.relation}) "
                    f"to {literal(str(temporary))} (format parquet, compression zstd, "
                    f"use_tmp_file false, kv_metadata {{{metadata}}})",
                    watch,
                )
            except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
                failure = str(error).strip().splitlines()[0]
                continue
            if written == rows.count:
                return rows
            failure = f"{written} of {rows.count} rows were written"
        raise formats.UnreadableError(f"could not be read without loss ({failure})")

    def _write(self, copy: str, watch: formats.Watch) -> int:
        """Rows that a copy has written, in a thread beside: here its progress is looked at."""
        with ThreadPoolExecutor(max_workers=1) as beside:
            copying = beside.submit(lambda: self._connection.execute(copy).fetchall())
            try:
                while True:
                    with suppress(TimeoutError):
                        [[rows]] = copying.result(timeout=SECONDS_BETWEEN_LOOKS)
                        return int(rows)
                    watch("writing", max(0.0, self._connection.query_progress()) / 100)
            finally:
                if not copying.done():
                    self._connection.interrupt()

    def _is_withdrawn(self, landed: Path) -> bool:
        """Whether a file of the lake was taken back: then it can be landed again."""
        facts = self._connection.execute(
            "select decode(key) from parquet_kv_metadata(?)", [str(landed)]
        ).fetchall()
        return ("withdrawn_at",) in facts

    def _latest_landing(self) -> datetime:
        footers = formats.glob_literal(self._lake).removesuffix("'") + "/*/*.parquet'"
        try:
            [[latest]] = self._connection.execute(
                f"select max(decode(value)) from parquet_kv_metadata({footers}) "
                "where decode(key) = 'landed_at'"
            ).fetchall()
        except duckdb.Error as error:
            raise LandingError(f"{self._lake}: the lake cannot be read: {error}") from error
        return datetime.fromisoformat(latest) if latest else datetime.min

    def _refuse(self, delivery: Delivery, reason: str) -> None:
        message = f"{delivery.source_file} (dataset {delivery.dataset}): {reason}"
        self._report.refused.append(Refused(delivery.source_file, message))

    def _warn(self, delivery: Delivery, rows: formats.Rows) -> None:
        if rows.extra:
            found = self._extra.setdefault((delivery.dataset, rows.extra), [])
            found.append(delivery.source_file)
        if rows.notice:
            self._report.warnings.append(f"{delivery.source_file}: {rows.notice}")
        if rows.is_full:
            self._report.warnings.append(
                f"{delivery.source_file}: has {rows.count:,} rows, as many as a spreadsheet can "
                "hold; it was probably cut, export it again as CSV without opening it"
            )


def _find_dataset(name: str) -> lake.Dataset:
    declared = lake.datasets()
    if name not in declared:
        close = _find_closest(name.lower().replace("-", "_"), list(declared))
        hint = f" Did you mean {close}?" if close else ""
        raise formats.UnreadableError(
            f"lies in a folder that is no dataset.{hint} Datasets are {', '.join(declared)}"
        )
    return declared[name]


def _find_closest(name: str, declared: list[str]) -> str | None:
    """What was meant: a name that begins alike, else one that is spelled alike."""
    alike = [known for known in declared if known.startswith(name) or name.startswith(known)]
    return min(alike, key=len, default=None) or next(
        iter(difflib.get_close_matches(name, declared, n=1)), None
    )


def _identify(delivery: Delivery, sha256: str) -> str:
    """Hash of organization, dataset and content; a folder name cannot hold the NUL between.

    A snapshot has its day in its name alone: the same answer on another day is another file.
    """
    parts = [delivery.org_id, delivery.dataset, sha256]
    is_answer = formats.format_of(delivery.path) == "json"
    if is_answer and "snapshot_date" in lake.datasets()[delivery.dataset].columns:
        name = delivery.source_file.split("/", 2)[2]
        parts += filter(None, [formats.day_of(name)])
    identity = "\0".join(parts)
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def watch_now_and_then(state: Progress, show: Callable[[Progress], None]) -> formats.Watch:
    """Shows how far a file is, a few times a second."""
    shown = time.monotonic()

    def watch(step: str, share: float) -> None:
        nonlocal shown
        if time.monotonic() - shown >= SECONDS_BETWEEN_LOOKS:
            shown = time.monotonic()
            show(replace(state, step=step, share=share))

    return watch
