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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb

from cx_billing import changes, data_tests, files, lake, parse_cache
from cx_billing.builds import (
    PUBLISHED,
    choose_number,
    connect_with_private,
    keep,
    place_private_file,
    prune,
    publish,
)
from cx_billing.dbt_log import keep_log

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

    `description` is the claim of a test; `rows` are up to `SHOWN_ROWS` rows that break it.
    """

    name: str
    file: str
    description: str
    message: str
    rows: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class BuildResult:
    """What a build did. `database` is the file it wrote; `published` the link, if it was moved."""

    database: Path | None
    published: Path | None
    nodes: int
    skipped: int
    seconds: float
    failures: tuple[Failure, ...] = ()
    warnings: tuple[Failure, ...] = ()

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
    project_dir: Path = lake.PROJECT_DIR,
    show_personal_data: bool = False,
    accept_changes: bool = False,
    refuse: Callable[[duckdb.DuckDBPyConnection], Sequence[str]] | None = None,
) -> BuildResult:
    """Build and test the warehouse of `home` as seen on `as_of` (UTC), then publish it.

    What rejected rows hold of people is masked, unless `show_personal_data`.

    A build that moves the total of a final invoice beyond the limits of `publication_limits`
    fails, unless `accept_changes`. So does one of which `refuse` says anything, or a test warns
    while it is given.

    With `select` (dbt's node selection) only a part is built, and a part is never published.
    Every build starts from an empty file; `full_refresh` is handed to dbt for models that
    would continue what is already there.

    Raises BuildLockedError if another build of this home is running, WarehouseError if the
    home cannot be used. A failing model or test raises nothing: the result tells.
    """
    home = check_home(home)
    builds = home / "builds"
    building = builds / ".building"
    working = building / "build" / PUBLISHED
    variables: dict[str, Any] = {"as_of": as_of.isoformat()} if as_of else {}
    variables |= {"show_personal_data": True} if show_personal_data else {}
    options = ["--no-write-json"]  # half a second; nothing reads what it would write
    options += ["--full-refresh"] if full_refresh else []

    started = time.monotonic()
    with build_lock(home):
        shutil.rmtree(building, ignore_errors=True)  # left by a build that was killed
        building.mkdir(parents=True, mode=0o700)
        working.parent.mkdir()
        try:
            reads = link_snapshot(home, building / "home")
            dbt = partial(
                run,
                home=home,
                database=working,
                project_dir=project_dir,
                reads=reads,
                variables=variables,
                unit_tests=False,
            )
            outcome, tested = build_and_test(dbt, options, select, working, Progress(on_event))
            data_tests.write_queries(tested, home / "target" / "compiled" / "data_tests")
            failures = list_failures(outcome, working, tested)
            warnings = list_warnings(outcome, working, tested)
            if not (failures or select or accept_changes):
                failures = check_final_invoices(home, working)
            if refuse and not (failures or select):
                failures = (*warnings, *ask(refuse, working))
            if failures:
                database, published = keep(working, builds / "failed"), None
            elif select:
                database, published = keep(working, builds / "selected"), None
            else:
                database = keep(working, builds / str(choose_number(builds)))
                published = publish(home, database) if database else None
                prune(home)
        finally:
            shutil.rmtree(building, ignore_errors=True)

    results = [*list_results(outcome), *tested]
    return BuildResult(
        database=database,
        published=published,
        nodes=len(results),
        skipped=sum(result.status == "skipped" for result in results),
        seconds=time.monotonic() - started,
        failures=failures,
        warnings=warnings,
    )


def ask(
    refuse: Callable[[duckdb.DuckDBPyConnection], Sequence[str]], database: Path
) -> Iterator[Failure]:
    """What a caller says against a build whose every test held."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
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
        with nullcontext() if manifest else parsed, keep_log(home / "logs") as log:
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


def link_snapshot(home: Path, copy: Path) -> Path:
    """A home with the lake of `home` as it is now, in hard links, and its customer key."""
    from cx_billing.dbt_plugin import KEY_FILE, customer_key

    customer_key(home)
    links = [home / KEY_FILE] if (home / KEY_FILE).exists() else []
    for file in [*links, *lake.ensure(home).glob("*/*.parquet")]:
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


def connect(home: Path) -> duckdb.DuckDBPyConnection:
    """Open the published warehouse read-only, in UTC.

    Raises WarehouseError if nothing has been published yet.
    """
    published = check_home(home) / PUBLISHED
    if not published.exists():
        raise WarehouseError(
            f"{home} has no published warehouse yet. Land files and build it first: "
            "cx-billing land INBOX, then cx-billing build."
        )
    connection = duckdb.connect(str(published), read_only=True)
    connection.execute("set TimeZone = 'UTC'")
    return connection


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


def build_lock(home: Path) -> AbstractContextManager[None]:
    """Hold the only right to build `home`; BuildLockedError at once if somebody else holds it."""
    return files.lock(
        home / ".build.lock",
        lambda holder: BuildLockedError(
            f"Another build of {home} is running: {holder}. Nothing was built. "
            "Wait until it has ended (or end it: the lock goes with the process), then retry."
        ),
    )


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
    with duckdb.connect(str(database)) as connection:
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
    failures = tuple(
        describe(result, read_offending_rows(result, database))
        for result in (*list_results(outcome), *tested)
        if result.status in ("error", "fail", "runtime error", "partial success")
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
        describe(result, read_offending_rows(result, database))
        for result in (*list_results(outcome), *tested)
        if result.status == "warn"
    )


def check_final_invoices(home: Path, database: Path) -> tuple[Failure, ...]:
    """A failure if final invoices would move implausibly against the published build."""
    rows = changes.find_implausible_invoices(home, database)
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
        ),
    )


def describe(result: Any, rows: tuple[dict[str, Any], ...] = ()) -> Failure:
    """A node's result in our words."""
    node = result.node
    return Failure(
        name=node.name,
        file=node.original_file_path,
        description=(node.description or "").strip(),
        message=(result.message or "").strip(),
        rows=rows,
    )


def read_offending_rows(result: Any, database: Path) -> tuple[dict[str, Any], ...]:
    """The first rows that a data test found."""
    query = getattr(result.node, "compiled_code", None)
    if result.status not in ("fail", "warn") or not query:
        return ()
    query = query.strip().rstrip(";")
    with connect_with_private(database) as connection:
        try:
            connection.execute(f"select * from (\n{query}\n) limit {SHOWN_ROWS}")
        except duckdb.Error:  # it needed more than the file, say a session variable
            return ()
        columns = [column[0] for column in connection.description]
        return tuple(dict(zip(columns, row, strict=True)) for row in connection.fetchall())
