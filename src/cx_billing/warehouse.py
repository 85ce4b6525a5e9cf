"""Build the warehouse in a file of its own; publish it only when everything passed.

What fills the file is in `building.py`, where a build is kept in `builds.py`; dbt's artifacts and
logs are in `<home>/target` and `<home>/logs`. A part of the organizations can be built apart
(`parts.py`), and all parts be published together.

A build writes below `builds/.building/` and becomes a build in one rename. Readers see the old
warehouse or the new one, never half of one, whenever a build is killed.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

import duckdb

from cx_billing import access, changes, checksums, data_tests, duck, parking, parts, unchanged
from cx_billing.attempts import Attempts, Request, check_final_invoices
from cx_billing.building import Step, settle
from cx_billing.builds import PUBLISHED, choose_number, find_build_before, keep, prune, publish
from cx_billing.failures import Failure
from cx_billing.homes import (
    BuildLockedError,
    WarehouseError,
    build_lock,
    check_home,
    find_group,
    private_home,
    read_key,
)
from cx_billing.lake import PROJECT_DIR

__all__ = [
    "BuildLockedError",
    "Step",
    "WarehouseError",
    "build_lock",
    "check_home",
    "private_home",
]
WAIT_FOR_OTHERS = 60.0  # seconds for the snapshots of other parts
Refuse = Callable[[duckdb.DuckDBPyConnection], Sequence[str]]


@dataclass(frozen=True)
class BuildResult:
    """What a build did. `database` is the file it wrote; `published` the link, if it was moved.

    `goes_back_from` is the day of the published build, if this one is of an earlier day and was
    not published for that. Not `is_new` is what is published already, and was not built again.
    """

    database: Path | None
    published: Path | None
    nodes: int
    skipped: int
    seconds: float
    failures: tuple[Failure, ...] = ()
    warnings: tuple[Failure, ...] = ()
    parked: tuple[parking.Parked, ...] = ()
    goes_back_from: date | None = None
    is_new: bool = True

    @property
    def passed(self) -> bool:
        """Whether every model was built and every test held."""
        return not self.failures


def build(
    home: Path,
    as_of: date | None = None,
    full_refresh: bool = False,
    select: str | None = None,
    on_event: Callable[[Step], None] | None = None,
    project_dir: Path = PROJECT_DIR,
    show_personal_data: bool = False,
    accept_changes: bool = False,
    publish_earlier: bool = False,
    readers: str | None = None,
    refuse: Refuse | None = None,
    only_if_new: bool = False,
) -> BuildResult:
    """Build and test the warehouse of `home` as seen on `as_of` (UTC), then publish it.

    What is published of people is masked, unless `show_personal_data`, and so is what failures
    quote.

    A build that moves the total of a final invoice beyond the limits of `publication_limits`
    fails, unless `accept_changes`. So does one of which `refuse` says anything, or a test warns
    while it is given.

    A group of `readers` may read what is published, and nothing else of the home.

    A build as of an earlier day than the published one is kept apart and not published, unless
    `publish_earlier`.

    Organizations whose rows make it fail are set aside (`parking.py`): the others are published
    without them, beside the rows of theirs that were published before.

    With `only_if_new` nothing is computed if the published build was made from the same: files,
    rules, day, release, ledger and key.

    With `select` (dbt's node selection) only a part is built, and a part is never published.
    Every build starts from an empty file; `full_refresh` also has one made where nothing has
    changed, and who is parked tried again.

    Raises BuildLockedError if another build of this home is running, WarehouseError if the
    home cannot be used. A failing model or test raises nothing: the result tells.
    """
    home = check_home(home)
    group = find_group(readers)
    builds = home / "builds"
    started = time.monotonic()
    request = Request(
        as_of=as_of,
        project_dir=project_dir,
        on_event=on_event,
        show_personal_data=show_personal_data,
        accept_changes=accept_changes,
        full_refresh=full_refresh,
        select=select,
    )
    with build_lock(home), work_in(builds / ".building") as building:
        attempts = Attempts(home, building, request)
        working = attempts.working
        parked = {} if select else attempts.keep_parked()
        if only_if_new and not request.is_forced:
            made_from = attempts.describe_inputs(unchanged.list_lake(home), parked)
            if unchanged.is_published(home, made_from):
                return keep_published(home, group, parked, refuse, started)
        number = choose_number(builds)
        tried, failures = attempts.make(number, parked)
        data_tests.write_queries(tried.results, home / "target" / "compiled" / "data_tests")
        published = goes_back_from = None
        if not (failures or select):
            complete(home, working, parked)
            failures = (*tried.warnings, *ask(refuse, working)) if refuse else ()
        if failures:
            database = keep(working, builds / "failed")
        elif select:
            database = keep(working, builds / "selected")
        elif goes_back_from := None if publish_earlier else find_later_day(home, working):
            database = keep(working, builds / "earlier")
        else:
            if working.exists() and not tried.warnings:
                unchanged.note(working, attempts.describe_inputs(tried.lake, parked))
            database, published = publish_build(home, working, number, parked, group)
    return BuildResult(
        database=database,
        published=published,
        nodes=len(tried.results),
        skipped=sum(result.status == "skipped" for result in tried.results),
        seconds=time.monotonic() - started,
        failures=failures,
        warnings=tried.warnings,
        parked=tuple(parked.values()),
        goes_back_from=goes_back_from,
    )


def build_part(
    home: Path,
    part: parts.Part,
    as_of: date | None = None,
    full_refresh: bool = False,
    on_event: Callable[[Step], None] | None = None,
    project_dir: Path = PROJECT_DIR,
    show_personal_data: bool = False,
    accept_changes: bool = False,
    refuse: Refuse | None = None,
) -> BuildResult:
    """Build and test the organizations of one part as `build` does; `publish_parts` publishes it.

    Several parts of one home can be built at the same time. Nothing is computed if the part is
    there and was made from the same.

    Raises BuildLockedError if the same part is being built, or the whole home; WarehouseError if
    files are landed meanwhile, since the other parts may be of other files then.
    """
    home = check_home(home)
    started = time.monotonic()
    request = Request(
        as_of=as_of,
        project_dir=project_dir,
        on_event=on_event,
        show_personal_data=show_personal_data,
        accept_changes=accept_changes,
        full_refresh=full_refresh,
    )
    with (
        parts.lock(home, part, WAIT_FOR_OTHERS),
        work_in(parts.place(home, part, "building")) as building,
    ):
        with build_lock(home, WAIT_FOR_OTHERS):
            attempts = Attempts(home, building, request)
        lake = unchanged.list_lake(home)
        own, attempts.others = parts.find_organizations(home, part)
        parked = attempts.keep_parked()
        facts = parts.describe_facts(attempts.variables, lake, project_dir, read_key(home))
        own_files = parts.list_files_of(home, lake, own)
        if not (request.is_forced or refuse):
            made_from = attempts.describe_inputs(own_files, parked)
            if kept := parts.keep_made(home, part, made_from, facts):
                return BuildResult(
                    database=parts.place(home, part) / PUBLISHED,
                    published=None,
                    nodes=0,
                    skipped=0,
                    seconds=time.monotonic() - started,
                    parked=tuple(kept.read_parked().values()),
                    is_new=False,
                )
        tried, failures = attempts.make(part.number, parked)
        if unchanged.list_lake(home) != lake or attempts.is_ledger_newer():
            raise WarehouseError(
                f"Files were landed in {home}, or invoices sealed, while part {part.number} of "
                f"{part.of} was built. Nothing was kept. Land first, then build all parts."
            )
        if refuse and not failures:
            failures = (*tried.warnings, *ask(refuse, attempts.working))
        if failures:
            database = keep(attempts.working, parts.place(home, part, "failed"))
        else:
            manifest = parts.Manifest(
                number=part.number,
                of=part.of,
                facts=facts,
                made_from=attempts.describe_inputs(own_files, parked),
                organizations=sorted(own),
                parked=[asdict(known) for known in parked.values()],
                rows=parts.count_rows(attempts.working),
                nodes=len(tried.results),
                has_warnings=bool(tried.warnings),
                sha256=checksums.hash_file(attempts.working),
            )
            database = parts.keep(home, attempts.working, manifest)
    return BuildResult(
        database=database,
        published=None,
        nodes=len(tried.results),
        skipped=sum(result.status == "skipped" for result in tried.results),
        seconds=time.monotonic() - started,
        failures=failures,
        warnings=tried.warnings,
        parked=tuple(parked.values()),
    )


def publish_parts(
    home: Path,
    folders: Sequence[Path] = (),
    of: int | None = None,
    accept_changes: bool = False,
    publish_earlier: bool = False,
    readers: str | None = None,
    refuse: Refuse | None = None,
    show_personal_data: bool = False,
    project_dir: Path = PROJECT_DIR,
) -> BuildResult:
    """Publish all parts of a home together, or those in some `folders`, of `of` parts.

    Raises PartsError if they are not all parts of one whole, built alike, as they were built, and
    of what the home holds now; or if they show personal data and that is not asked for.
    """
    home = check_home(home)
    group = find_group(readers)
    builds = home / "builds"
    started, began_at = time.monotonic(), datetime.now(UTC).replace(tzinfo=None)
    with build_lock(home), work_in(builds / ".building") as building:
        found = parts.find(home, folders, of)
        parts.check_set(found, show_personal_data)
        manifests = list(found.values())
        parked: dict[str, parking.Parked] = {}
        for manifest in manifests:
            parked |= manifest.read_parked()
        made_from = parts.describe_whole(home, manifests[0].facts, parked, project_dir)
        if unchanged.is_published(home, made_from):
            return keep_published(home, group, parked, refuse, started)
        number = choose_number(builds)
        working = building / "build" / PUBLISHED
        working.parent.mkdir(parents=True)
        parts.merge(parts.take(found, building / "parts"), working, number, began_at)
        settle(working)
        failures = tuple(parts.find_failures(manifests, strictly=bool(refuse)))
        if not (failures or accept_changes):
            failures = check_final_invoices(home, working, parked, "cx-billing publish")
        published = goes_back_from = None
        if not failures:
            complete(home, working, parked)
            failures = tuple(ask(refuse, working)) if refuse else ()
        if failures:
            database = keep(working, builds / "failed")
        elif goes_back_from := None if publish_earlier else find_later_day(home, working):
            database = keep(working, builds / "earlier")
        else:
            if not any(manifest.has_warnings for manifest in manifests):
                unchanged.note(working, made_from)
            database, published = publish_build(home, working, number, parked, group)
    return BuildResult(
        database=database,
        published=published,
        nodes=sum(manifest.nodes for manifest in manifests),
        skipped=0,
        seconds=time.monotonic() - started,
        failures=failures,
        parked=tuple(parked.values()),
        goes_back_from=goes_back_from,
    )


@contextmanager
def work_in(folder: Path) -> Iterator[Path]:
    """A folder to build in, empty at first, and gone afterwards."""
    shutil.rmtree(folder, ignore_errors=True)  # what a killed build left
    try:
        folder.mkdir(parents=True, mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def complete(home: Path, working: Path, parked: Mapping[str, parking.Parked]) -> None:
    """Bring in what a new build has from the published one: parked organizations and alerts."""
    before = (home / PUBLISHED).resolve() if (home / PUBLISHED).exists() else None
    if parked:
        parking.carry_over(working, before, parked.values())
    if parked or before:
        changes.add_alerts(working, before)
        settle(working)


def publish_build(
    home: Path,
    working: Path,
    number: int,
    parked: Mapping[str, parking.Parked],
    group: int | None,
) -> tuple[Path | None, Path | None]:
    """Make a file the build of a number, and have readers see it; the file, and the link."""
    database = keep(working, home / "builds" / str(number))
    if database:
        access.open_build(home, database, group)
    published = publish(home, database) if database else None
    parking.write(home, parked)
    prune(home)
    return database, published


def keep_published(
    home: Path,
    group: int | None,
    parked: Mapping[str, parking.Parked],
    refuse: Refuse | None,
    started: float,
) -> BuildResult:
    """The result of a build that would be what is published already."""
    database = (home / PUBLISHED).resolve()
    access.open_build(home, database, group)
    failures = tuple(ask(refuse, database)) if refuse else ()
    return BuildResult(
        database=None if failures else database,  # nothing was built to look into
        published=None if failures else home / PUBLISHED,
        nodes=0,
        skipped=0,
        seconds=time.monotonic() - started,
        failures=failures,
        parked=tuple(parked.values()),
        is_new=False,
    )


def find_later_day(home: Path, database: Path) -> date | None:
    """As of which day the published build is, if that is after the day of another one."""
    published = home / PUBLISHED
    if not published.exists():
        return None
    before, now = find_day(published), find_day(database)
    return before if before and now and before > now else None


def find_day(database: Path) -> date | None:
    """As of which day a build is; None of one that an earlier release wrote."""
    with duck.connect(database, read_only=True) as connection:
        if not connection.execute(
            "from duckdb_tables() where schema_name = 'marts' and table_name = 'build'"
        ).fetchall():
            return None
        [[day]] = connection.execute("select as_of from marts.build").fetchall()
    return cast("date", day)


def ask(refuse: Refuse, database: Path) -> Iterator[Failure]:
    """What a caller says against a build whose every test held."""
    with duck.connect_reader(database) as connection:
        for words in refuse(connection):
            yield Failure(name="warning", file="", description="", message=words)


def connect(home: Path, folders: Sequence[Path] = ()) -> duckdb.DuckDBPyConnection:
    """Open the published warehouse read-only, in UTC.

    No other file can be read than that of the build before, to be compared, and those below
    `folders`, which can be written too. Raises WarehouseError if nothing has been published yet.
    """
    published = check_home(home) / PUBLISHED
    if not published.exists():
        raise WarehouseError(
            f"{home} has no published warehouse yet. Land files and build it first: "
            "cx-billing land INBOX, then cx-billing build."
        )
    earlier = find_build_before(home)
    return duck.connect_reader(published, [earlier] if earlier else [], folders)
