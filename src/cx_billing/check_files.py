"""What would be refused or rejected of an inbox, without landing or building anything.

The files are landed into a home of their own that is thrown away, beside the terms that the real
home holds (contracts and their items); then the model `rejected_rows` is built of them in memory,
by the same SQL as in a build (`models`). However many rows are rejected, only the first of each
kind are looked at closely.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import lake, landing
from cx_billing.formats import literal
from cx_billing.models import Models

TERMS = ("contracts", "contract_items", "product_catalogue")
MEMORY_LIMIT = "500MB"  # what does not fit goes to the disk
SHOWN_ALIKE = 5  # rows of one file, column and reason
SHOWN_LACKING = 1  # rows of one organization without a contract


@dataclass(frozen=True)
class Mistakes:
    """Rows of one file that have the same thing wrong in the same column: the first, and how many.

    Or the rows of an organization that has no contract.
    """

    shown: tuple[dict[str, Any], ...]
    rows: int


@dataclass(frozen=True)
class Findings:
    """What landing says of the files, and what a build would reject of their rows."""

    report: landing.Report
    rows_rejected: int
    mistakes: tuple[Mistakes, ...]

    @property
    def are_clean(self) -> bool:
        """Whether every file and every row would be taken."""
        return not self.report.refused and not self.rows_rejected


def check_files(
    inbox: Path, home: Path, as_of: date | None = None, time_zone: str | None = None
) -> Findings:
    """Say what `land` would refuse of an inbox and a build reject of it, as seen on `as_of`."""
    with tempfile.TemporaryDirectory(prefix="cx-billing-check-") as folder:
        aside = Path(folder)
        for dataset in TERMS:
            for file in (home / "lake" / dataset).glob("[0-9a-f]*.parquet"):
                link = aside / file.relative_to(home)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(file.absolute())
        report = landing.land(inbox, aside, time_zone=time_zone)
        checked = [file.file_id for file in report.landed]
        checked += [file.file_id for file in report.already_landed]
        with duckdb.connect() as connection:
            connection.execute(
                f"set TimeZone = 'UTC'; set threads = 2; set preserve_insertion_order = false; "
                f"set memory_limit = '{MEMORY_LIMIT}'; "
                f"set temp_directory = {literal(str(aside / 'spill'))}"
            )
            connection.execute("set variable customer_key = 'a key of no consequence'")
            if as_of:
                connection.execute("set variable as_of = ?", [as_of.isoformat()])
            connection.execute("set variable checked = ?", [checked])
            models = Models(lake.PROJECT_DIR, aside, connection, {"tells_every_mistake": True})
            return Findings(report, *_find_mistakes(models, connection))


def _find_mistakes(
    models: Models, connection: duckdb.DuckDBPyConnection
) -> tuple[int, tuple[Mistakes, ...]]:
    """How many rows would be rejected, and what is wrong with them by kind.

    Of a row that staging rejects every wrong column is told, by the first check that finds it.
    """
    told = " union all ".join(
        f"select file_id, source_row, mistakes from {models.build(f'stg_{dataset}')} "
        "where row_status = 'rejected'"
        for dataset in lake.datasets()
    )
    rejected = models.build("int_landed_rows")
    connection.execute(
        f"""
        create table judged as
        select
            judged.*,
            if(
                len(told.mistakes) > 0,
                told.mistakes,
                [{{
                    'reject_reason': reject_reason,
                    'reject_column': reject_column,
                    'reject_expected': reject_expected
                }}]
            ) as mistakes
        from {rejected} as judged
        left join ({told}) as told
            on judged.file_id = told.file_id and judged.source_row = told.source_row
        anti join {models.build("int_retired_rows")} as retired
            on judged.file_id = retired.file_id and judged.source_row = retired.source_row
        where
            judged.row_status = 'rejected'
            and judged.file_id in (select unnest(getvariable('checked')))
        """
    )
    [[rows_rejected]] = connection.execute("select count(*) from judged").fetchall()
    connection.execute(
        f"""
        create table mistakes as
        select
            *,
            row_number() over (partition by kind order by source_row) as place,
            count(*) over (partition by kind) as rows_alike
        from (
            select
                * exclude (mistakes),
                reject_reason = 'no_contract' as is_lacking,
                {{
                    'is_lacking': is_lacking,
                    'where': if(is_lacking, org_id, source_file),
                    'column_name': reject_column,
                    'reason': reject_reason
                }} as kind
            from (
                select
                    * exclude (reject_reason, reject_column, reject_expected),
                    unnest(mistakes, recursive := true),
                    unnest(range(len(mistakes))) as step
                from judged
            )
            qualify
                row_number() over (
                    partition by file_id, source_row, reject_column order by step
                ) = 1
        )
        qualify place <= if(is_lacking, {SHOWN_LACKING}, {SHOWN_ALIKE})
        """
    )
    # What the model says of a rejected row it says of each of these mistakes then.
    connection.execute(f"delete from {rejected} where row_status = 'rejected'")
    connection.execute(
        f"insert into {rejected} by name "
        "select * exclude (is_lacking, kind, step, place, rows_alike) from mistakes"
    )
    found = connection.execute(
        f"""
        select
            rejected.*,
            reasons.explanation,
            mistakes.rows_alike,
            mistakes.kind
        from {models.build("rejected_rows")} as rejected
        inner join mistakes
            on
                rejected.rejected_row_id = mistakes.file_id || '/' || mistakes.source_row
                and rejected.column_name is not distinct from mistakes.reject_column
        inner join {models.build("reject_reasons")} as reasons
            on rejected.reason = reasons.reason
        order by
            mistakes.is_lacking,
            rejected.source_file,
            min(rejected.source_row) over (partition by mistakes.kind),
            mistakes.step,
            rejected.source_row
        """
    )
    names = [column[0] for column in found.description]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for values in found.fetchall():
        row = dict(zip(names, values, strict=True))
        kinds.setdefault(str(row.pop("kind")), []).append(row)
    return rows_rejected, tuple(
        Mistakes(tuple(rows), rows[0]["rows_alike"]) for rows in kinds.values()
    )
