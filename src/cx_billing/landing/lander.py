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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from cx_billing import files, formats, lake, sidecars
from cx_billing.formats import literal
from cx_billing.formats.completeness import Said, find_missing
from cx_billing.landing.answers import Part, settle
from cx_billing.landing.facts import covered, describe_answer, identify, is_answer, metadata
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


@dataclass(frozen=True)
class Waiting:
    """A file that says that there is more, written but not in the lake yet."""

    delivery: Delivery
    target: Path
    temporary: Path
    facts: dict[str, str]
    rows: formats.Rows


class Lander:
    """One run: a connection, a scratch folder and a clock that never stands still."""

    def __init__(self, home: Path, report: Report, time_zone: str | None = None):
        self._home = home
        self._report = report
        self._time_zone = time_zone
        self._extra: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        self._parts: list[Part] = []
        self._waiting: dict[str, Waiting] = {}

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
        for waiting in self._waiting.values():
            waiting.temporary.unlink(missing_ok=True)
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
                for member in _with_sidecars(formats.unpack(delivery.path, Path(folder))):
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
        except (ArithmeticError, RecursionError) as error:
            self._refuse(
                delivery,
                f"holds a number, a date or a nesting beyond all bounds ({type(error).__name__})",
            )

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
        asked = self._read_sidecar(delivery)
        file_id = identify(delivery, sha256, asked)
        target = self._lake / dataset.name / f"{file_id}.parquet"
        if target.exists() and not self._is_withdrawn(target):
            self._report.already_landed.append(AlreadyLanded(delivery.source_file, file_id))
            self._warn_of_another_zone(delivery, dataset, target)
            if is_answer(delivery.path) and (known := self._read_facts(target).get("said")):
                self._note(delivery, Said.loads(known), asked, is_waiting=False)
            return
        if any(waiting.target == target for waiting in self._waiting.values()):
            self._report.already_landed.append(AlreadyLanded(delivery.source_file, file_id))
            return

        landed_at = max(datetime.now(UTC).replace(tzinfo=None), self._clock + timedelta(0, 0, 1))
        temporary = target.with_name(f"{file_id}{TEMPORARY}")
        try:
            facts = {
                "org_id": delivery.org_id,
                "dataset": dataset.name,
                "source_file": delivery.source_file,
                "sha256": sha256,
                "landed_at": landed_at.isoformat(timespec="microseconds"),
            }
            rows = self._copy(delivery, dataset, file_id, facts, asked, temporary, watch)
            after = delivery.path.stat()
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise formats.UnreadableError("changed while it was read; land it again")
            self._clock = landed_at
            waiting = Waiting(delivery, target, temporary, facts, rows)
            said = rows.said or Said()
            if find_missing(said):
                self._waiting[delivery.source_file] = waiting
                self._note(delivery, said, asked, is_waiting=True)
                return
            self._note(delivery, said, asked, is_waiting=False)
            files.replace(temporary, target)
        finally:
            if delivery.source_file not in self._waiting:
                temporary.unlink(missing_ok=True)
        self._report_landed(waiting)

    def settle(self) -> None:
        """Land what waited for the rest of its answer, or refuse it."""
        for parts, together, missing in settle(self._parts):
            waiting = [self._waiting[part.source_file] for part in parts]
            for file in waiting:
                with self._refusing(file.delivery):
                    if together is None:
                        raise formats.UnreadableError(
                            f"incomplete_answer: {missing}; fetch the rest of the answer and land "
                            "all of it in one run"
                        )
                    self._land_waiting(file, together, waiting[-1].facts["landed_at"])

    def _land_waiting(self, waiting: Waiting, said: Said, latest: str) -> None:
        """Put a file into the lake that is complete with others.

        The lines of an invoice are landed at one instant, since its latest landing counts.
        """
        facts = dict(waiting.facts)
        if said.invoices:
            facts["landed_at"] = latest
        relation = f"read_parquet({formats.glob_literal(waiting.temporary)})"
        if said.available_to and "covered_to" not in facts:
            facts |= covered(None, said.available_to)
        if facts != waiting.facts:
            fresh = waiting.temporary.with_suffix(f"{TEMPORARY}2")
            instant = f"timestamp {literal(facts['landed_at'])}"
            self._connection.execute(
                f"copy (select * replace ({instant} as landed_at) from {relation}) "
                f"to {literal(str(fresh))} (format parquet, compression zstd, "
                f"use_tmp_file false, kv_metadata {{{metadata(facts)}}})"
            )
            files.replace(fresh, waiting.temporary)
        files.replace(waiting.temporary, waiting.target)
        self._report_landed(waiting)

    def _report_landed(self, landed: Waiting) -> None:
        self._report.landed.append(
            Landed(
                landed.delivery.source_file,
                landed.delivery.org_id,
                landed.delivery.dataset,
                landed.target.stem,
                landed.rows.count,
                landed.rows.parse_errors,
            )
        )
        self._warn(landed.delivery, landed.rows)

    def _read_sidecar(self, delivery: Delivery) -> sidecars.Asked | None:
        """What an answer was asked for, if that lies beside it."""
        try:
            return sidecars.read(delivery.path) if is_answer(delivery.path) else None
        except (ValueError, ArithmeticError, RecursionError) as error:
            self._report.warnings.append(
                f"{delivery.source_file}{sidecars.SUFFIX}: cannot be understood ({error}), so "
                "nothing is known of the interval that was asked for; delete it or extract again"
            )
            return None

    def _note(
        self, delivery: Delivery, said: Said, asked: sidecars.Asked | None, is_waiting: bool
    ) -> None:
        """Remember what an answer says, for others that could be of the same."""
        if said.pages or said.invoices:
            interval = f"{asked.start}/{asked.end}" if asked and asked.start else None
            self._parts.append(Part(delivery.source_file, said, interval, is_waiting))

    def _read_facts(self, file: Path) -> dict[str, str]:
        """The footer of a file in the lake."""
        return dict(
            self._connection.execute(
                "select decode(key), decode(value) "
                f"from parquet_kv_metadata({formats.glob_literal(file)})"
            ).fetchall()
        )

    def _copy(
        self,
        delivery: Delivery,
        dataset: lake.Dataset,
        file_id: str,
        facts: dict[str, str],
        asked: sidecars.Asked | None,
        temporary: Path,
        watch: formats.Watch,
    ) -> formats.Rows:
        """Write the Parquet file the cheapest way that yields exactly the rows of the source.

        What becomes known of the file on the way is added to its facts.
        """
        provenance = {
            "org_id": literal(delivery.org_id),
            "file_id": literal(file_id),
            "source_file": literal(delivery.source_file),
            "landed_at": f"timestamp {literal(facts['landed_at'])}",
        }
        failure = "no way to read it"
        name = delivery.source_file.split("/", 2)[2]
        ways = formats.read(delivery.path, dataset, self._scratch, self._connection, name, watch)
        for rows in ways:
            known = rows.columns | provenance | {"source_row": rows.source_row}
            zone = self._zone_for(dataset)
            if zone:
                known["time_zone"] = f"coalesce({known.get('time_zone', 'null')}, {literal(zone)})"
            kinds = {name: "VARCHAR" for name in dataset.columns} | lake.PROVENANCE
            selected = ", ".join(
                f'({known.get(name, "null")})::{kind} as "{name}"' for name, kind in kinds.items()
            )
            facts["rows_in_file"] = str(rows.count)
            if rows.snapshot_date:
                facts["snapshot_date"] = rows.snapshot_date
            facts |= describe_answer(rows, asked)
            if zone:
                facts["time_zone"] = zone
            try:
                written = self._write(
                    f"copy (select {selected} from {rows.relation}) "
                    f"to {literal(str(temporary))} (format parquet, compression zstd, "
                    f"use_tmp_file false, kv_metadata {{{metadata(facts)}}})",
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

    def _zone_for(self, dataset: lake.Dataset) -> str | None:
        """The declared zone, if the dataset has times that can be local."""
        return self._time_zone if "time_zone" in dataset.columns else None

    def _warn_of_another_zone(self, delivery: Delivery, dataset: lake.Dataset, file: Path) -> None:
        """Say so if a file was landed as of another zone than this run's: it stays as it is."""
        zone = self._zone_for(dataset)
        if not zone:
            return
        landed_as = self._read_facts(file).get("time_zone", "UTC")
        if landed_as != zone:
            self._report.warnings.append(
                f"{delivery.source_file}: was landed already, with times of {landed_as}, and stays "
                f"so; withdraw it, then land it again to have them read as {zone}"
            )

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


def _with_sidecars(members: list[formats.Member]) -> Iterator[formats.Member]:
    """The members of an archive that are no sidecars; those lie beside their answers then."""
    beside = {member.name: member.path for member in members if _is_sidecar(member)}
    for member in members:
        if not _is_sidecar(member):
            if path := beside.pop(member.name + sidecars.SUFFIX, None):
                path.replace(sidecars.path_beside(member.path))
            yield member


def _is_sidecar(member: formats.Member) -> bool:
    return member.name.endswith(sidecars.SUFFIX)


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


def watch_now_and_then(state: Progress, show: Callable[[Progress], None]) -> formats.Watch:
    """Shows how far a file is, a few times a second."""
    shown = time.monotonic()

    def watch(step: str, share: float) -> None:
        nonlocal shown
        if time.monotonic() - shown >= SECONDS_BETWEEN_LOOKS:
            shown = time.monotonic()
            show(replace(state, step=step, share=share))

    return watch
