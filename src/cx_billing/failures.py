"""What failed in a build, in words for who has to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import machine
from cx_billing.builds import connect_with_private
from cx_billing.masking import mask_error, mask_row

SHOWN_ROWS = 5


@dataclass(frozen=True)
class Result:
    """What became of a model, a seed or a data test, in dbt's words."""

    node: Any
    status: str
    message: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of all of them; `error` says why there is nothing to tell of any."""

    results: Sequence[Result]
    error: str | None = None


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


def list_failures(outcome: Outcome, database: Path) -> tuple[Failure, ...]:
    """Every node and every data test that failed; or why there is none."""
    failed = ("error", "fail", "runtime error", "partial success")
    failures = tuple(
        describe(result, database) for result in outcome.results if result.status in failed
    )
    if outcome.error and not failures:
        return (Failure(name="dbt", file="", description="", message=outcome.error),)
    return failures


def list_warnings(outcome: Outcome, database: Path) -> tuple[Failure, ...]:
    """Every data test that warned."""
    return tuple(
        describe(result, database) for result in outcome.results if result.status == "warn"
    )


def lacks_of_machine(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """What the machine lacks, if that made a build fail: it is in no row, and parks nobody."""
    for failure in failures:
        if words := machine.find_lack(failure.message):
            return (replace(failure, description=words, organizations=()),)
    return ()


def mask(failure: Failure) -> Failure:
    """A failure without what its message and its rows tell of people."""
    return replace(
        failure,
        message=mask_error(failure.message),
        rows=tuple(map(mask_row, failure.rows)),
    )


def describe(result: Result, database: Path) -> Failure:
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
    result: Result, database: Path
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
