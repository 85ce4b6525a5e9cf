"""What a build does, statement by statement, as dbt has spelled it.

The first build of a project on a machine is run by dbt, and what it asked of DuckDB is kept: no
statement depends on what is landed, on the day or on the home, which are variables of the session
(`session.py`). Later builds of the same project ask the same in the same order, and need no dbt:
of the 14 CPU seconds that a build of next to nothing costs with dbt, 10 are not in the queries.

Where plans are kept, and which are trusted, is in `plan_store.py`; without one, dbt runs.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import access, duck, lake, plan_store, session
from cx_billing.builds import PRIVATE, place_private_file
from cx_billing.data_tests import DataTest, Progress, list_parents
from cx_billing.dbt_log import keep_log
from cx_billing.failures import Outcome, Result
from cx_billing.ledger import files as ledger

# As in profiles/profiles.yml: a small table takes 16 kB a column, not 256.
BLOCK_SIZE = 16384
HEADER = re.compile(r"^\s*/\*.*?\*/\s*", re.DOTALL)  # which node it is, as dbt notes it
SAID = 512  # characters of what loads a seed; dbt says three dots behind them
# How the statements begin with which dbt only asks.
READS = ("select", "describe")


@dataclass(frozen=True)
class Node:
    """A model or seed, and the statements that make it."""

    unique_id: str
    name: str
    kind: str
    original_file_path: str
    description: str
    parents: tuple[str, ...]
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """All nodes of a project, parents first, its data tests, and the schemas they lie in."""

    schemas: tuple[tuple[str, str], ...]
    nodes: tuple[Node, ...]
    tests: tuple[DataTest, ...]

    def select(self, names: Collection[str]) -> Plan:
        """What these nodes and tests need, and nothing else."""
        tests = tuple(test for test in self.tests if test.name in names)
        needed = {node.unique_id for node in self.nodes if node.name in names}
        needed |= {parent for test in tests for parent in test.parents}
        nodes = []
        for node in reversed(self.nodes):
            if node.unique_id in needed:
                needed |= set(node.parents)
                nodes.append(node)
        return replace(self, nodes=tuple(reversed(nodes)), tests=tests)


class Recorder:
    """Listens to a run of dbt, and notes what it asks of DuckDB."""

    def __init__(self, also: Callable[[Any], None]) -> None:
        """`also` hears every event too."""
        self.also = also
        self.statements: dict[str, list[str]] = defaultdict(list)

    def listen(self, event: Any) -> None:
        """Take an event of dbt."""
        if event.info.name == "SQLQuery":
            self.statements[event.data.node_info.unique_id].append(event.data.sql)
        self.also(event)


def find(project_dir: Path) -> Plan | None:
    """The plan of a project as it stands, if there is one."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(plan_store.read(plan_store.place(project_dir)))
        return Plan(
            schemas=tuple((database, schema) for database, schema in known["schemas"]),
            nodes=tuple(Node(**listed(node)) for node in known["nodes"]),
            tests=tuple(DataTest(**listed(test)) for test in known["tests"]),
        )
    return None


def listed(known: Mapping[str, Any]) -> dict[str, Any]:
    """Values from JSON, with lists as they were."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in known.items()
    }


def make(outcome: Outcome, recorder: Recorder, tests: Sequence[DataTest]) -> Plan | None:
    """The plan of a project that dbt has just built; None if not all was built, or said."""
    nodes: list[Any] = [result.node for result in outcome.results]
    if outcome.error or any(result.status != "success" for result in outcome.results):
        return None
    said = (text for texts in recorder.statements.values() for text in texts)
    if any(len(text) > SAID and text.endswith("...") for text in said):
        return None
    return Plan(
        schemas=tuple(sorted({(node.database, node.schema) for node in nodes})),
        nodes=tuple(
            Node(
                unique_id=node.unique_id,
                name=node.name,
                original_file_path=node.original_file_path,
                description=node.description or "",
                kind=node.resource_type.value,
                parents=list_parents(node),
                statements=tuple(list_writes(recorder.statements[node.unique_id])),
            )
            for node in nodes
        ),
        tests=tuple(tests),
    )


def list_writes(statements: Iterable[str]) -> Iterator[str]:
    """The statements that change the database, without dbt's notes."""
    for noted in statements:
        statement = HEADER.sub("", noted).strip()
        word = statement.split(maxsplit=1)[0].lower()
        if word == "copy":
            statement = statement.removesuffix("...")
        if word not in READS:
            yield statement


def keep(plan: Plan, place: Path, project_dir: Path, of_this_build: Collection[str]) -> None:
    """Keep the plan of a project where it belonged when the build began.

    None is kept that says what is different in every build, or of a project that was changed
    meanwhile.
    """
    own = str(project_dir.absolute())  # it may lie below the home
    statements = [text.replace(own, "") for node in plan.nodes for text in node.statements]
    if any(said in statement for said in of_this_build for statement in statements):
        return
    if place != plan_store.place(project_dir):
        return
    with suppress(OSError):
        plan_store.keep(json.dumps(asdict(plan)).encode(), place)


def run(
    plan: Plan,
    database: Path,
    reads: Path,
    logs: Path,
    variables: Mapping[str, str | bool],
    progress: Progress,
) -> Outcome:
    """Build the nodes of a plan into a new `database`, from the lake of the home `reads`.

    What reads a node that failed is skipped. Afterwards no connection is open.
    """
    lake.ensure(reads)
    ledger.ensure(reads)
    results: list[Result] = []
    built: set[str] = set()
    with (
        access.private_files(),
        duck.interruptible(),
        keep_log(logs) as log,
        connect(plan, database, reads) as connection,
    ):
        connection.execute(session.spell_variables(reads, variables))
        log.say("info", f"{len(plan.nodes)} models and seeds, by the plan of an earlier build")
        for node in plan.nodes:
            progress.begin(node.name)
            result = run_node(node, connection) if built.issuperset(node.parents) else None
            results.append(result or Result(node, "skipped"))
            if result and result.status == "success":
                built.add(node.unique_id)
            elif result:
                log.say("error", result.message)
            progress.end(node.name)
        # Closed unwritten, a file says only that it cannot be read, not that the disk is full.
        for catalog in sorted({catalog for catalog, _ in plan.schemas}):
            connection.execute(f'checkpoint "{catalog}"')
    return Outcome(results)


def connect(plan: Plan, database: Path, reads: Path) -> duckdb.DuckDBPyConnection:
    """A new database with the schemas of a plan, as profiles/profiles.yml has it."""
    connection = duck.connect(database, config={"default_block_size": BLOCK_SIZE})
    session.set_threads(connection, reads)
    catalogs = {catalog for catalog, _ in plan.schemas}
    if PRIVATE in catalogs:
        connection.execute(f"attach '{place_private_file(database)}' as {PRIVATE}")
    for catalog, schema in plan.schemas:
        connection.execute(f'create schema if not exists "{catalog}"."{schema}"')
    return connection


def run_node(node: Node, connection: duckdb.DuckDBPyConnection) -> Result:
    """Make a model or seed, wholly or not at all."""
    try:
        for statement in node.statements:
            connection.execute(statement)
    except duckdb.Error as error:
        with suppress(duckdb.Error):
            connection.execute("rollback")
        words = f"Runtime Error in {node.kind} {node.name} ({node.original_file_path})"
        return Result(node, "error", f"{words}\n  {error}")
    return Result(node, "success")
