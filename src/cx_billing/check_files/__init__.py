"""What would be refused or rejected of an inbox, without landing or building anything.

The files are landed into a home of their own that is thrown away, beside the terms that the real
home holds (contracts and their items); then the model `rejected_rows` is built of them in memory,
by the same SQL as in a build (`models`). However many rows are rejected, only the first of each
kind are looked at closely.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import duck, lake, landing
from cx_billing.formats import literal
from cx_billing.models import Models

TERMS = ("contracts", "contract_items", "product_catalogue")
MEMORY_LIMIT = "500MB"  # what does not fit goes to the disk
SHOWN_ALIKE = 5  # rows of one file, column and reason
SHOWN_FOR_ALL = 1  # rows of an organization without a contract, or of a file


@dataclass(frozen=True)
class Mistakes:
    """Rows of one file that have the same thing wrong in the same column: the first, and how many.

    Or the rows of an organization that has no contract, or those of a file that does not tell how
    its numbers or dates are to be read: `is_of_file`, whatever their columns.
    """

    shown: tuple[dict[str, Any], ...]
    rows: int
    is_of_file: bool


@dataclass(frozen=True)
class Later:
    """Lines of an invoice of the vendor that are dated after the day they are looked at."""

    source_file: str
    invoice_number: str
    invoice_date: date
    lines: int


@dataclass(frozen=True)
class Findings:
    """What landing says of the files, and what a build would reject of their rows."""

    report: landing.Report
    rows_rejected: int
    mistakes: tuple[Mistakes, ...]
    later: tuple[Later, ...]

    @property
    def are_clean(self) -> bool:
        """Whether every file and every row would be taken."""
        return not (self.report.refused or self.report.misplaced or self.rows_rejected)


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
        landing.copy_marks(home, aside)
        report = landing.land(inbox, aside, time_zone=time_zone)
        checked = [file.file_id for file in report.landed]
        checked += [file.file_id for file in report.already_landed]
        with duck.connect() as connection:
            connection.execute(
                f"set threads = 2; set preserve_insertion_order = false; "
                f"set memory_limit = '{MEMORY_LIMIT}'; "
                f"set temp_directory = {literal(str(aside / 'spill'))}"
            )
            connection.execute("set variable customer_key = 'a key of no consequence'")
            if as_of:
                connection.execute("set variable as_of = ?", [as_of.isoformat()])
            models = Models(lake.PROJECT_DIR, aside, connection, {"tells_every_mistake": True})
            rows_rejected, mistakes = _find_mistakes(models, connection, checked)
            found = connection.execute(
                _sql("later"), {"day": as_of or datetime.now(UTC).date(), "checked": checked}
            )
            later = tuple(Later(*row) for row in found.fetchall())
            return Findings(report, rows_rejected, mistakes, later)


def _find_mistakes(
    models: Models, connection: duckdb.DuckDBPyConnection, checked: list[str]
) -> tuple[int, tuple[Mistakes, ...]]:
    """How many rows of these files would be rejected, and what is wrong with them by kind.

    Of a row that staging rejects every wrong column is told, by the first check that finds it.
    """
    told = " union all ".join(
        f"select file_id, source_row, mistakes from {models.build(f'stg_{dataset}')} "
        "where row_status = 'rejected'"
        for dataset in lake.datasets()
    )
    connection.execute(f"create view told as {told}")
    rejected = models.build("int_landed_rows")
    models.build("int_retired_rows")
    connection.execute(f"create table judged as {_sql('judged')}", {"checked": checked})
    [[rows_rejected]] = connection.execute("select count(*) from judged").fetchall()
    connection.execute(
        f"create table mistakes as {_sql('mistakes')}",
        {"shown_for_all": SHOWN_FOR_ALL, "shown_alike": SHOWN_ALIKE},
    )
    # What the model says of a rejected row it says of each of these mistakes then.
    connection.execute(f"delete from {rejected} where row_status = 'rejected'")
    connection.execute(
        f"insert into {rejected} by name "
        "select * exclude (is_lacking, is_of_file, step, kind, rows_alike) from mistakes"
    )
    models.build("rejected_rows")
    models.build("reject_reasons")
    found = connection.execute(_sql("findings"))
    names = [column[0] for column in found.description]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for values in found.fetchall():
        row = dict(zip(names, values, strict=True))
        kinds.setdefault(str(row.pop("kind")), []).append(row)
    return rows_rejected, tuple(
        Mistakes(tuple(rows), rows[0]["rows_alike"], rows[0]["is_of_file"])
        for rows in kinds.values()
    )


def _sql(name: str) -> str:
    """The text of `<name>.sql`, which reads the models that were built and the steps before it."""
    return resources.files(__package__).joinpath(f"{name}.sql").read_text("utf-8")
