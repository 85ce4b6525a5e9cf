"""Build the warehouse with dbt in a file of its own; publish it only when everything passed.

Where a build is kept and how it is published is in `builds.py`; dbt's artifacts and logs are in
`<home>/target` and `<home>/logs`.

A build reads a snapshot of the lake, hard links made at its start, so that a landing meanwhile
is in the next build and not half in this one. It writes below `builds/.building/` and becomes a
build in one rename. Readers see the old warehouse or the new one, never half of one, whenever a
build is killed.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb

from cx_billing import (
    access,
    changes,
    checksums,
    data_tests,
    duck,
    files,
    lake,
    machine,
    parking,
    plan_store,
    plans,
    unchanged,
)
from cx_billing.builds import (
    PUBLISHED,
    choose_number,
    connect_with_private,
    find_build_before,
    keep,
    place_private_file,
    prune,
    publish,
)
from cx_billing.customer_key import KEY_FILE, UnusableKeyError, customer_key
from cx_billing.dbt_runs import read_outcome, run
from cx_billing.failures import (
    SHOWN_ROWS,
    Failure,
    Outcome,
    Result,
    lacks_of_machine,
    list_failures,
    list_warnings,
    mask,
)
from cx_billing.ledger import chain
from cx_billing.ledger import files as ledger
from cx_billing.rules import hash_rules

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# The home's path stands in SQL text, in quotes and in front of a glob (`read_parquet('…/*')`).
UNSAFE_IN_PATHS = "'*?[]\n"


class WarehouseError(Exception):
    """What the user can fix: no build yet, a home that cannot be used."""


class BuildLockedError(WarehouseError):
    """Another build works on the same home."""


@dataclass(frozen=True)
class Step:
    """How far a dbt run is: `done` of `total` nodes, and the node that has just begun or ended."""

    done: int
    total: int
    node: str


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


@dataclass(frozen=True)
class Attempt:
    """A build that may yet be published: what became of its nodes and tests, and of which files
    of the lake it is."""

    results: Sequence[Result]
    failures: tuple[Failure, ...]
    warnings: tuple[Failure, ...]
    lake: Sequence[tuple[str, int, int]]


def build(
    home: Path,
    as_of: date | None = None,
    full_refresh: bool = False,
    select: str | None = None,
    on_event: Callable[[Step], None] | None = None,
    project_dir: Path = lake.PROJECT_DIR,
    show_personal_data: bool = False,
    accept_changes: bool = False,
    publish_earlier: bool = False,
    readers: str | None = None,
    refuse: Callable[[duckdb.DuckDBPyConnection], Sequence[str]] | None = None,
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
    building = builds / ".building"
    working = building / "build" / PUBLISHED
    started, began_at = time.monotonic(), datetime.now(UTC).replace(tzinfo=None)
    variables: dict[str, Any] = {"as_of": str(as_of or began_at.date())}
    variables |= {"show_personal_data": True} if show_personal_data else {}

    def attempt(left_out: Collection[str], needed_by: Collection[str] = ()) -> Attempt:
        """Build without some organizations, from nothing; all, or what some nodes need."""
        seen = unchanged.list_lake(home)  # what is landed from here on may not be in the build
        shutil.rmtree(building, ignore_errors=True)  # also what a killed build left
        building.mkdir(parents=True, mode=0o700)
        working.parent.mkdir()
        reads = link_snapshot(home, building / "home", left_out)
        of_dbt = select or " ".join(f"+{name}" for name in sorted(needed_by))
        progress = Progress(on_event)
        plan = None if select else plans.find(project_dir)
        if plan:
            plan = plan.select(needed_by) if needed_by else plan
            outcome = build_by_plan(plan, home, working, reads, variables, progress)
        else:
            outcome = build_by_dbt(home, working, project_dir, reads, variables, of_dbt, progress)
        failures = list_failures(outcome, working)
        warnings = list_warnings(outcome, working)
        if not show_personal_data:
            failures, warnings = (tuple(map(mask, told)) for told in (failures, warnings))
        if not (failures or of_dbt or accept_changes):
            failures = check_final_invoices(home, working, left_out)
        return Attempt(outcome.results, failures, warnings, seen)

    variables |= {"version": version("cx-billing"), "rules_hash": hash_rules(project_dir)}
    with build_lock(home):
        ledger.settle(home)
        variables["ledger_head"] = chain.find_head(chain.read_chain(home))
        describe_inputs = partial(
            unchanged.describe,
            project_dir=project_dir,
            key=read_key(home),
            variables=dict(variables),
        )
        variables["built_at"] = began_at.isoformat()
        number = choose_number(builds)
        variables["build_number"] = str(number)
        goes_back_from = None
        try:
            parked = {}
            if not select:
                damaged = find_damaged(home)
                parked = parking.park(damaged, began_at, is_damaged=True)
                if not (accept_changes or full_refresh):
                    parked |= parking.keep_parked(home, parking.read(home), damaged)
            if only_if_new and not (select or full_refresh or accept_changes):
                made_from = describe_inputs(unchanged.list_lake(home), parked)
                if unchanged.is_published(home, made_from):
                    return keep_published(home, group, parked, refuse, started)
            tried = attempt(parked)
            while tried.failures and not select and not lacks_of_machine(tried.failures):
                reasons = explain_by_organization(home, tried, parked, attempt)
                if not reasons:
                    tried = attempt(parked)  # what is kept is what failed, not a half of it
                    break
                parked |= parking.park(reasons, began_at)
                tried = attempt(parked)
            failures = lacks_of_machine(tried.failures) or tried.failures
            data_tests.write_queries(tried.results, home / "target" / "compiled" / "data_tests")
            before = (home / PUBLISHED).resolve() if (home / PUBLISHED).exists() else None
            if (parked or before) and not (failures or select):
                if parked:
                    parking.carry_over(working, before, parked.values())
                changes.add_alerts(working, before)
                settle(working)
            if refuse and not (failures or select):
                failures = (*tried.warnings, *ask(refuse, working))
            if failures:
                database, published = keep(working, builds / "failed"), None
            elif select:
                database, published = keep(working, builds / "selected"), None
            elif goes_back_from := None if publish_earlier else find_later_day(home, working):
                database, published = keep(working, builds / "earlier"), None
            else:
                if working.exists() and not tried.warnings:
                    unchanged.note(working, describe_inputs(tried.lake, parked))
                database = keep(working, builds / str(number))
                if database:
                    access.open_build(home, database, group)
                published = publish(home, database) if database else None
                parking.write(home, parked)
                prune(home)
        finally:
            shutil.rmtree(building, ignore_errors=True)

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


def keep_published(
    home: Path,
    group: int | None,
    parked: Mapping[str, parking.Parked],
    refuse: Callable[[duckdb.DuckDBPyConnection], Sequence[str]] | None,
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


def find_damaged(home: Path) -> dict[str, str]:
    """The organizations of which a file of the lake or the ledger is damaged, and which."""
    return ledger.find_damaged(home) | {
        org_id: f"{path.relative_to(home)} is damaged: it is not as it was landed. "
        "Delete it and land its source again, or take it from a backup"
        for path, org_id in checksums.find_damaged(home / "lake")
    }


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


def explain_by_organization(
    home: Path,
    tried: Attempt,
    parked: Mapping[str, parking.Parked],
    attempt: Callable[[Collection[str], Collection[str]], Attempt],
) -> dict[str, str]:
    """Why an attempt failed, by the organizations whose rows the failures name.

    Where they name none, by those without which the failing nodes pass. Empty if that is nobody, or
    everybody.
    """
    everybody = sorted(set(parking.list_files(home / "lake")) - set(parked))
    reasons = {
        org_id: failure.reason for failure in tried.failures for org_id in failure.organizations
    }
    nodes = [failure.name for failure in tried.failures if failure.is_node]
    if not reasons and nodes:

        def fails(organizations: Collection[str]) -> bool:
            others = set(everybody) - set(organizations) | set(parked)
            return bool(attempt(others, nodes).failures)

        for org_id in parking.find_culprits(everybody, fails):
            reasons[org_id] = tried.failures[0].reason
    return {} if set(reasons) >= set(everybody) else reasons


def ask(
    refuse: Callable[[duckdb.DuckDBPyConnection], Sequence[str]], database: Path
) -> Iterator[Failure]:
    """What a caller says against a build whose every test held."""
    with duck.connect_reader(database) as connection:
        for words in refuse(connection):
            yield Failure(name="warning", file="", description="", message=words)


def build_by_plan(
    plan: plans.Plan,
    home: Path,
    database: Path,
    reads: Path,
    variables: Mapping[str, Any],
    progress: Progress,
) -> Outcome:
    """Build all seeds and models as dbt has done before, then run the data tests in one pass."""
    progress.total = len(plan.nodes) + len(plan.tests)
    try:
        outcome = plans.run(plan, database, reads, home / "logs", variables, progress)
    except duckdb.Error as error:  # no node is the cause, say a full disk
        return Outcome([], str(error))
    try:
        settle_build(database)
    except duckdb.Error:
        if all(result.status != "error" for result in outcome.results):
            raise
        return outcome  # what made the node fail, say a full disk, has damaged the file
    return Outcome([*outcome.results, *run_tests(plan.tests, outcome, database, progress)])


def build_by_dbt(
    home: Path,
    database: Path,
    project_dir: Path,
    reads: Path,
    variables: Mapping[str, Any],
    select: str,
    progress: Progress,
) -> Outcome:
    """Build all seeds and models with dbt, run the data tests in one pass, and keep the plan.

    Of a selection dbt itself runs those tests whose models are all in it, one node each.
    """
    options = ["--no-write-json"]  # half a second; nothing reads what it would write
    build = ["build", "--exclude-resource-type", "unit_test", *options]
    dbt = partial(
        run,
        home=home,
        database=database,
        project_dir=project_dir,
        reads=reads,
        variables=variables,
        unit_tests=False,
    )
    if select:
        build += ["--select", select, "--indirect-selection", "buildable"]
        selected = dbt(build, listen=progress.listen)
        settle_build(database)
        return read_outcome(selected)
    place = plan_store.place(project_dir)
    # Parsed in part, a project lacks the descriptions of data tests.
    parsed = dbt(["parse", "--no-partial-parse", *options])
    if not parsed.success:
        return read_outcome(parsed)
    manifest = cast("Manifest", parsed.result)
    dbt = partial(dbt, manifest=manifest)
    tests = data_tests.render(dbt, manifest)
    progress.tests = len(tests)
    recorder = plans.Recorder(progress.listen)
    outcome = read_outcome(dbt([*build, "--exclude-resource-type", "test"], listen=recorder.listen))
    settle_build(database)
    if plan := plans.make(outcome, recorder, tests):
        plans.keep(plan, place, project_dir, [str(home), str(reads), str(database)])
    tested = run_tests(tests, outcome, database, progress)
    return replace(outcome, results=[*outcome.results, *tested])


def run_tests(
    tests: Sequence[data_tests.DataTest], outcome: Outcome, database: Path, progress: Progress
) -> list[Result]:
    """Run the data tests of what was built."""
    built = {result.node.unique_id for result in outcome.results if result.status == "success"}
    with duck.interruptible(), connect_with_private(database) as connection:
        machine.limit(connection)
        return list(data_tests.run(tests, built, connection, progress))


def read_key(home: Path) -> str:
    """The customer key of a home, made if there is none. Raises WarehouseError if it is weak."""
    try:
        return customer_key(home)
    except UnusableKeyError as error:
        raise WarehouseError(str(error)) from error


def link_snapshot(home: Path, copy: Path, left_out: Collection[str] = ()) -> Path:
    """A home with lake and ledger of `home` as they are now, in hard links, and its customer key.

    Without the files of the organizations that are left out.
    """
    read_key(home)
    links = [home / KEY_FILE] if (home / KEY_FILE).exists() else []
    found = set(lake.ensure(home).glob("*/*.parquet"))
    if left_out:
        of_organization = parking.list_files(home / "lake")
        found -= {path for org_id in left_out for path in of_organization.get(org_id, ())}
        known = checksums.read(home / "lake")  # also of a file that cannot be read
        found -= {path for path, (org_id, _) in known.items() if org_id in left_out}
    ledger.ensure(copy)
    sealed = [file for file in ledger.list_files(home) if file.parent.name not in left_out]
    for file in [*links, *sorted(found), *sealed]:
        link = copy / file.relative_to(home)
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(file, link)
    return copy


class Progress:
    """Tells `on_event` how far a build is: dbt's nodes, then the data tests."""

    def __init__(self, on_event: Callable[[Step], None] | None, tests: int = 0):
        self.on_event = on_event or (lambda _step: None)
        self.tests = tests
        self.done = self.total = 0

    def listen(self, event: Any) -> None:
        """Take an event of dbt."""
        match event.info.name:
            case "ConcurrencyLine":
                self.total = event.data.node_count + self.tests
            case "NodeStart":
                self.begin(event.data.node_info.node_name)
            case "NodeFinished":
                self.end(event.data.node_info.node_name)

    def begin(self, node: str) -> None:
        """A node has begun."""
        self.on_event(Step(self.done, self.total, node))

    def end(self, node: str) -> None:
        """A node has ended."""
        self.done += 1
        self.begin(node)


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


def check_home(home: Path) -> Path:
    """The absolute path of a home. Raises WarehouseError if DuckDB could not read below it."""
    home = home.absolute()
    if found := sorted(set(UNSAFE_IN_PATHS) & set(str(home))):
        raise WarehouseError(
            f"The home {str(home)!r} cannot be used: its path holds {' '.join(map(repr, found))}, "
            "which means something else in a DuckDB path. Choose another --home."
        )
    if home.exists() and not home.is_dir():
        raise WarehouseError(f"The home {home} is a file. Choose a folder as --home.")
    if (link := home / PUBLISHED).exists() and not link.is_symlink():
        raise WarehouseError(f"{link} is not a link to a build. Move it away, then retry.")
    return home


@contextmanager
def build_lock(home: Path) -> Iterator[None]:
    """Hold the only right to build `home`; BuildLockedError at once if somebody else holds it.

    Meanwhile what is written is of the home's owner alone.
    """
    lock = files.lock(
        home / ".build.lock",
        lambda holder: BuildLockedError(
            f"Another build of {home} is running: {holder}. Nothing was built. "
            "Wait until it has ended (or end it: the lock goes with the process), then retry."
        ),
    )
    with private_home(home), lock:
        yield


def find_group(name: str | None) -> int | None:
    """The group of readers, if one is named. Raises WarehouseError if it cannot be given rights."""
    try:
        return access.find_group(name) if name else None
    except access.AccessError as error:
        raise WarehouseError(str(error)) from error


@contextmanager
def private_home(home: Path) -> Iterator[None]:
    """Close a home to all but its owner. Raises WarehouseError if that cannot be."""
    try:
        with access.private_home(home):
            yield
    except access.AccessError as error:
        raise WarehouseError(str(error)) from error


def settle_build(database: Path) -> None:
    """Settle the files of a build, if there are any."""
    private = place_private_file(database)
    if private.exists():
        private.chmod(0o600)  # who may read the bills may not read this
    for file in (database, private):
        if file.exists():
            settle(file)


def settle(database: Path) -> None:
    """Bring everything written to `database` into the file itself and onto the disk."""
    with duck.connect(database) as connection:
        connection.execute("checkpoint")
    log = database.with_name(database.name + ".wal")
    if log.exists():
        raise WarehouseError(f"{database} is still in use: its log {log.name} was not absorbed.")
    files.sync(database)


def check_final_invoices(
    home: Path, database: Path, left_out: Collection[str] = ()
) -> tuple[Failure, ...]:
    """A failure if final invoices would move implausibly against the published build.

    Those of organizations that are left out do not move.
    """
    found = changes.find_implausible_invoices(home, database)
    rows = [row for row in found if row["org_id"] not in left_out]
    if not rows:
        return ()
    return (
        Failure(
            name="final_invoices_move_within_limits",
            file="seeds/publication_limits.csv",
            description="Invoices that were final move no further than the limits allow.",
            message=(
                f"{len(rows)} would move beyond them. If that is right, publish with "
                "cx-billing build --accept-changes."
            ),
            rows=tuple(rows[:SHOWN_ROWS]),
            organizations=tuple(sorted({row["org_id"] for row in rows})),
        ),
    )
