"""Fill the file of a build: models and seeds, then the data tests.

It is done as dbt has done it before (`plans.py`), else by dbt itself. What is read is a snapshot of
the lake, hard links made at its start, so that a landing meanwhile is in the next build and not
half in this one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb

from cx_billing import checksums, data_tests, duck, files, lake, machine, parking, plan_store, plans
from cx_billing.builds import connect_with_private, place_private_file
from cx_billing.customer_key import KEY_FILE
from cx_billing.dbt_runs import read_outcome, run
from cx_billing.failures import Outcome, Result
from cx_billing.homes import WarehouseError, read_key
from cx_billing.ledger import files as ledger

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


@dataclass(frozen=True)
class Step:
    """How far a dbt run is: `done` of `total` nodes, and the node that has just begun or ended."""

    done: int
    total: int
    node: str


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
