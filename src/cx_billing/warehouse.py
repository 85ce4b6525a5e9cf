"""Build the warehouse with dbt in a file of its own; publish it only when everything passed.

Where a build is kept and how it is published is in `builds.py`; dbt's artifacts and logs are in
`<home>/target` and `<home>/logs`.

A build reads a snapshot of the lake, hard links made at its start, so that a landing meanwhile
is in the next build and not half in this one. It writes below `builds/.building/` and becomes a
build in one rename. Readers see the old warehouse or the new one, never half of one, whenever a
build is killed.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
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
    parse_cache,
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
from cx_billing.dbt_log import keep_log
from cx_billing.ledger import chain
from cx_billing.ledger import files as ledger
from cx_billing.masking import mask_error, mask_row
from cx_billing.rules import hash_rules

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

# A parsed project is some million objects that stay: looking through them as often as Python
# does otherwise costs 7 % of a small build.
COLLECT_SELDOM = (100_000, 50, 1_000)
SHOWN_ROWS = 5
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
class Failure:
    """A node that failed (or warned), with what a reader needs to find the cause.

    `description` is the claim of a test; `rows` are up to `SHOWN_ROWS` rows that break it, and
    `organizations` those that any such row is of. `is_node` says that dbt can select it by name.
    """

    name: str
    file: str
    description: str
    message: str
    rows: tuple[dict[str, Any], ...] = ()
    organizations: tuple[str, ...] = ()
    is_node: bool = False

    @property
    def reason(self) -> str:
        """Why an organization was parked, in a line."""
        said = (self.description or self.message).strip().splitlines()[:1]
        return ": ".join([self.name, *said])


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
    """A build that may yet be published: what dbt and the data tests said of it, and of which files
    of the lake it is."""

    outcome: dbtRunnerResult
    tested: Sequence[data_tests.TestResult]
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
    variables: dict[str, Any] = {"as_of": as_of.isoformat()} if as_of else {}
    variables |= {"show_personal_data": True} if show_personal_data else {}
    options = ["--no-write-json"]  # half a second; nothing reads what it would write

    def attempt(left_out: Collection[str], nodes: str | None = select) -> Attempt:
        """Build without some organizations, from nothing."""
        seen = unchanged.list_lake(home)  # what is landed from here on may not be in the build
        shutil.rmtree(building, ignore_errors=True)  # also what a killed build left
        building.mkdir(parents=True, mode=0o700)
        working.parent.mkdir()
        dbt = partial(
            run,
            home=home,
            database=working,
            project_dir=project_dir,
            reads=link_snapshot(home, building / "home", left_out),
            variables=variables,
            unit_tests=False,
        )
        outcome, tested = build_and_test(dbt, options, nodes, working, Progress(on_event))
        failures = list_failures(outcome, working, tested)
        warnings = list_warnings(outcome, working, tested)
        if not show_personal_data:
            failures, warnings = (tuple(map(mask, told)) for told in (failures, warnings))
        if not (failures or nodes or accept_changes):
            failures = check_final_invoices(home, working, left_out)
        return Attempt(outcome, tested, failures, warnings, seen)

    started, began_at = time.monotonic(), datetime.now(UTC).replace(tzinfo=None)
    variables |= {"version": version("cx-billing"), "rules_hash": hash_rules(project_dir)}
    with build_lock(home):
        ledger.settle(home)
        variables["ledger_head"] = chain.find_head(chain.read_chain(home))
        day = {"as_of": str(as_of or began_at.date())}
        describe_inputs = partial(
            unchanged.describe,
            project_dir=project_dir,
            key=read_key(home),
            variables=variables | day,
        )
        variables["built_at"] = began_at.isoformat()
        number = choose_number(builds)
        variables["build_number"] = str(number)
        goes_back_from = None
        try:
            parked = {} if select else parking.read(home)
            if parked:
                is_new_try = accept_changes or full_refresh
                parked = {} if is_new_try else parking.keep_parked(home, parked)
            if not select:
                parked = parking.park(find_damaged(home), began_at) | parked
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
            data_tests.write_queries(tried.tested, home / "target" / "compiled" / "data_tests")
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

    results = [*list_results(tried.outcome), *tried.tested]
    return BuildResult(
        database=database,
        published=published,
        nodes=len(results),
        skipped=sum(result.status == "skipped" for result in results),
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
    return BuildResult(
        database=database,
        published=home / PUBLISHED,
        nodes=0,
        skipped=0,
        seconds=time.monotonic() - started,
        failures=tuple(ask(refuse, database)) if refuse else (),
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


def lacks_of_machine(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """What the machine lacks, if that made a build fail: it is in no row, and parks nobody."""
    for failure in failures:
        if words := machine.find_lack(failure.message):
            return (replace(failure, description=words, organizations=()),)
    return ()


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
    attempt: Callable[[Collection[str], str | None], Attempt],
) -> dict[str, str]:
    """Why an attempt failed, by the organizations whose rows the failures name.

    Where they name none, by those without which the failing nodes pass. Empty if that is nobody, or
    everybody.
    """
    everybody = sorted(set(parking.list_files(home / "lake")) - set(parked))
    reasons = {
        org_id: failure.reason for failure in tried.failures for org_id in failure.organizations
    }
    nodes = " ".join(f"+{failure.name}" for failure in tried.failures if failure.is_node)
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


def build_and_test(
    dbt: Callable[..., dbtRunnerResult],
    options: Sequence[str],
    select: str | None,
    database: Path,
    progress: Progress,
) -> tuple[dbtRunnerResult, list[data_tests.TestResult]]:
    """Build all seeds and models, then run the data tests in one pass: dbt's outcome and theirs.

    Of a selection dbt itself runs those tests whose models are all in it, one node each.
    """
    build = ["build", "--exclude-resource-type", "unit_test", *options]
    if select:
        build += ["--select", select, "--indirect-selection", "buildable"]
        outcome = dbt(build, listen=progress.listen)
        settle_build(database, outcome)
        return outcome, []
    parsed = dbt(["parse", *options])
    if not parsed.success:
        settle_build(database, parsed)
        return parsed, []
    manifest = cast("Manifest", parsed.result)
    dbt = partial(dbt, manifest=manifest)
    tests = data_tests.list_tests(manifest)
    progress.tests = len(tests)
    outcome = dbt([*build, "--exclude-resource-type", "test"], listen=progress.listen)
    settle_build(database, outcome)
    built = {
        result.node.unique_id for result in list_results(outcome) if result.status == "success"
    }
    queries = data_tests.render_queries(dbt)
    with connect_with_private(database) as connection:
        machine.limit(connection)
        return outcome, list(data_tests.run(tests, queries, built, connection, progress))


def run(
    arguments: Sequence[str],
    home: Path,
    database: Path,
    project_dir: Path = lake.PROJECT_DIR,
    listen: Callable[[Any], None] | None = None,
    reads: Path | None = None,
    manifest: Manifest | None = None,
    variables: Mapping[str, Any] | None = None,
    unit_tests: bool = True,
) -> dbtRunnerResult:
    """Run one dbt command in this process against `database`, quietly.

    The lake is that of `reads`, or of `home` itself. `listen` hears dbt's events; a `manifest`
    from an earlier run spares dbt parsing, what was parsed on this machine (`parse_cache`) all but
    what has changed; `variables` are those of the SQL session. Without `unit_tests` dbt does not
    parse them, which takes it a third of the time.

    Afterwards no connection is open, and environment and working directory are as before.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(*COLLECT_SELDOM)
    # dbt takes two seconds to import: whoever only reads the warehouse does not wait for it.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    environment, directory = dict(os.environ), Path.cwd()
    os.environ["CX_BILLING_HOME"] = str((reads or home).absolute())
    os.environ["CX_BILLING_DATABASE"] = str(database.absolute())
    os.environ["CX_BILLING_VARIABLES"] = json.dumps(variables or {})
    if not unit_tests:
        os.environ["CX_BILLING_UNIT_TESTS"] = "none"
    target = home / "target"
    parsed = parse_cache.start_from_shared(target, project_dir, database.stem, unit_tests)
    try:
        with (
            access.private_files(),
            nullcontext() if manifest else parsed,
            keep_log(home / "logs") as log,
        ):
            return dbtRunner(manifest, callbacks=[log, *([listen] if listen else [])]).invoke(
                [
                    *("--log-level", "none", "--log-level-file", "none", "--no-use-colors"),
                    *("--log-path", str(home / "logs")),
                    *arguments,
                    *("--project-dir", str(project_dir)),
                    *("--profiles-dir", str(project_dir / "profiles")),
                    *("--target-path", str(target)),
                ]
            )
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environment)
        gc.set_threshold(*thresholds)


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


def settle_build(database: Path, outcome: dbtRunnerResult) -> None:
    """Settle the files that dbt wrote. Raises KeyboardInterrupt if it was interrupted."""
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
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


def list_results(outcome: dbtRunnerResult) -> list[Any]:
    """dbt's result per node; none if it stopped before the first."""
    return list(getattr(outcome.result, "results", ()))


def list_failures(
    outcome: dbtRunnerResult, database: Path, tested: Sequence[data_tests.TestResult] = ()
) -> tuple[Failure, ...]:
    """Every node and every data test that failed; or why dbt ran none."""
    failed = ("error", "fail", "runtime error", "partial success")
    failures = tuple(
        describe(result, database)
        for result in (*list_results(outcome), *tested)
        if result.status in failed
    )
    if failures or outcome.success:
        return failures
    reason = str(outcome.exception or "dbt stopped without a reason; see the log").strip()
    return (Failure(name="dbt", file="", description="", message=reason),)


def list_warnings(
    outcome: dbtRunnerResult, database: Path, tested: Sequence[data_tests.TestResult] = ()
) -> tuple[Failure, ...]:
    """Every data test that warned."""
    return tuple(
        describe(result, database)
        for result in (*list_results(outcome), *tested)
        if result.status == "warn"
    )


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


def mask(failure: Failure) -> Failure:
    """A failure without what its message and its rows tell of people."""
    return replace(
        failure,
        message=mask_error(failure.message),
        rows=tuple(map(mask_row, failure.rows)),
    )


def describe(result: Any, database: Path) -> Failure:
    """A node's result in our words."""
    node = result.node
    rows, organizations = read_offending_rows(result, database)
    return Failure(
        name=node.name,
        file=node.original_file_path,
        description=(node.description or "").strip(),
        message=(result.message or "").strip(),
        rows=rows,
        organizations=organizations,
        is_node=True,
    )


def read_offending_rows(
    result: Any, database: Path
) -> tuple[tuple[dict[str, Any], ...], tuple[str, ...]]:
    """The first rows that a data test found, and the organizations of all, if each row says one."""
    query = getattr(result.node, "compiled_code", None)
    if result.status not in ("fail", "warn") or not query:
        return (), ()
    query = query.strip().rstrip(";")
    with connect_with_private(database) as connection:
        try:
            found = connection.sql(f"select * from (\n{query}\n)")
            columns = found.columns
            rows = found.limit(SHOWN_ROWS).fetchall()
            named = found.select("org_id").distinct().fetchall() if "org_id" in columns else []
        except duckdb.Error:  # it needed more than the file, say a session variable
            return (), ()
    organizations = sorted(org_id for [org_id] in named if org_id is not None)
    return (
        tuple(dict(zip(columns, row, strict=True)) for row in rows),
        tuple(organizations) if len(organizations) == len(named) else (),
    )
