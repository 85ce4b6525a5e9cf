"""Run the data tests of a build in one pass over what was built.

dbt runs a data test as a node of its own, with a context, a connection, a transaction and some
twenty events: 20 ms a test, more than its query takes unless there is much data. Here dbt renders
the SQL of all tests at once (macros/data_test_queries.sql) and DuckDB answers it. What a test
says, its name, severity and thresholds stay those of dbt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from cx_billing.failures import Result

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

MACRO = "data_test_queries"


class Progress(Protocol):
    """Who wants to know which node is at work."""

    def begin(self, node: str) -> None:
        """A node has begun."""

    def end(self, node: str) -> None:
        """A node has ended."""


@dataclass(frozen=True)
class DataTest:
    """A data test: what it claims, and the SQL of the rows that break it.

    `verdict` asks how many they are, and whether that warns or fails.
    """

    unique_id: str
    name: str
    alias: str
    original_file_path: str
    description: str
    parents: tuple[str, ...]
    severity: str
    warn_if: str
    error_if: str
    compiled_code: str
    verdict: str


def render(dbt: Callable[..., dbtRunnerResult], manifest: Manifest) -> list[DataTest]:
    """The data tests of a project, by name; `dbt` runs a command."""
    logged: list[str] = []

    def listen(event: Any) -> None:
        if event.info.name == "JinjaLogDebug":
            logged.append(event.data.msg)

    outcome = dbt(["run-operation", MACRO, "--no-write-json"], listen=listen)
    if not outcome.success or not logged:
        raise RuntimeError("dbt could not render the data tests; see the log")
    queries = json.loads(logged[-1])
    tests: list[Any] = [
        node for node in manifest.nodes.values() if node.resource_type.value == "test"
    ]
    return [
        DataTest(
            unique_id=test.unique_id,
            name=test.name,
            alias=test.alias,
            original_file_path=test.original_file_path,
            description=test.description or "",
            parents=list_parents(test),
            severity=test.config.severity.upper(),
            warn_if=test.config.warn_if,
            error_if=test.config.error_if,
            compiled_code=queries[test.unique_id]["sql"],
            verdict=queries[test.unique_id]["verdict"],
        )
        for test in sorted(tests, key=lambda test: test.name)
    ]


def list_parents(node: Any) -> tuple[str, ...]:
    """The models and seeds that a node of dbt reads."""
    parents = getattr(node.depends_on, "nodes", ())  # a seed reads none
    return tuple(parent for parent in parents if not parent.startswith("source."))


def run(
    tests: Sequence[DataTest],
    built: Collection[str],
    connection: duckdb.DuckDBPyConnection,
    progress: Progress,
) -> Iterator[Result]:
    """Run the tests one after the other; a test that reads what was not `built` is skipped."""
    for test in tests:
        if not set(test.parents) <= set(built):
            yield Result(test, "skipped")
            continue
        progress.begin(test.name)
        yield run_test(test, connection)
        progress.end(test.name)


def write_queries(results: Sequence[Result], folder: Path) -> None:
    """Keep the SQL of the tests that ran, as dbt would, to look into."""
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        if isinstance(result.node, DataTest) and result.status != "skipped":
            (folder / f"{result.node.alias}.sql").write_text(result.node.compiled_code)


def run_test(test: DataTest, connection: duckdb.DuckDBPyConnection) -> Result:
    """Ask whether a test holds."""
    try:
        count, warns, fails = connection.execute(test.verdict).fetchall()[0]
    except duckdb.Error as error:
        return Result(test, "error", str(error))
    found = f"Got {count} result{'' if count == 1 else 's'}, configured to"
    if fails and test.severity == "ERROR":
        return Result(test, "fail", f"{found} fail if {test.error_if}")
    if warns:
        return Result(test, "warn", f"{found} warn if {test.warn_if}")
    return Result(test, "pass")
