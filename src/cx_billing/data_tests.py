"""Run the data tests of a build in one pass over what was built.

dbt runs a data test as a node of its own, with a context, a connection, a transaction and some
twenty events: 20 ms a test, more than its query takes unless there is much data. Here dbt renders
the SQL of all tests at once (macros/data_test_queries.sql) and DuckDB answers it. What a test
says, its name, severity and thresholds stay those of dbt.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

MACRO = "data_test_queries"


class Progress(Protocol):
    """Who wants to know which test is at work."""

    def begin(self, node: str) -> None:
        """A test has begun."""

    def end(self, node: str) -> None:
        """A test has ended."""


@dataclass(frozen=True)
class Query:
    """The SQL of a data test: the rows that break it; how many, and whether that warns or fails."""

    sql: str
    verdict: str


@dataclass(frozen=True)
class TestResult:
    """What became of a data test, in the words of dbt's results."""

    node: Any
    status: str
    message: str = ""


def list_tests(manifest: Manifest) -> list[Any]:
    """The data tests of a project, by name."""
    tests = (node for node in manifest.nodes.values() if node.resource_type.value == "test")
    return sorted(tests, key=lambda test: test.name)


def render_queries(dbt: Callable[..., dbtRunnerResult]) -> dict[str, Query]:
    """The queries of all data tests, by the id of the test; `dbt` runs a command."""
    logged: list[str] = []

    def listen(event: Any) -> None:
        if event.info.name == "JinjaLogDebug":
            logged.append(event.data.msg)

    outcome = dbt(["run-operation", MACRO, "--no-write-json"], listen=listen)
    if not outcome.success or not logged:
        raise RuntimeError("dbt could not render the data tests; see the log")
    return {test: Query(**query) for test, query in json.loads(logged[-1]).items()}


def run(
    tests: Sequence[Any],
    queries: Mapping[str, Query],
    built: Collection[str],
    connection: duckdb.DuckDBPyConnection,
    progress: Progress,
) -> Iterator[TestResult]:
    """Run the tests one after the other; a test that reads what was not `built` is skipped."""
    for test in tests:
        parents = {parent for parent in test.depends_on.nodes if not parent.startswith("source.")}
        if not parents <= set(built):
            yield TestResult(test, "skipped")
            continue
        progress.begin(test.name)
        yield run_test(test, queries[test.unique_id], connection)
        progress.end(test.name)


def write_queries(results: Sequence[TestResult], folder: Path) -> None:
    """Keep the SQL of the tests that ran, as dbt would, to look into."""
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        if result.status != "skipped":
            (folder / f"{result.node.alias}.sql").write_text(result.node.compiled_code)


def run_test(test: Any, query: Query, connection: duckdb.DuckDBPyConnection) -> TestResult:
    """Ask whether a test holds."""
    test.compiled_code = query.sql
    try:
        count, warns, fails = connection.execute(query.verdict).fetchall()[0]
    except duckdb.Error as error:
        return TestResult(test, "error", str(error))
    found = f"Got {count} result{'' if count == 1 else 's'}, configured to"
    if fails and test.config.severity.upper() == "ERROR":
        return TestResult(test, "fail", f"{found} fail if {test.config.error_if}")
    if warns:
        return TestResult(test, "warn", f"{found} warn if {test.config.warn_if}")
    return TestResult(test, "pass")
