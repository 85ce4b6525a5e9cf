"""What would be refused or rejected of an inbox, without landing or building anything.

The files are landed into a home of their own that is thrown away, beside the terms that the real
home holds (contracts and their items); then the model `rejected_rows` is built of them in memory,
by the same SQL as in a build (`models`).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import lake, landing
from cx_billing.models import Models

TERMS = ("contracts", "contract_items", "product_catalogue")


@dataclass(frozen=True)
class Findings:
    """What landing says of the files, and the rows that a build would reject."""

    report: landing.Report
    rejected: tuple[dict[str, Any], ...]

    @property
    def are_clean(self) -> bool:
        """Whether every file and every row would be taken."""
        return not self.report.refused and not self.rejected


def check_files(inbox: Path, home: Path, as_of: date | None = None) -> Findings:
    """Say what `land` would refuse of an inbox and a build reject of it, as seen on `as_of`."""
    with tempfile.TemporaryDirectory(prefix="cx-billing-check-") as folder:
        aside = Path(folder)
        for dataset in TERMS:
            for file in (home / "lake" / dataset).glob("[0-9a-f]*.parquet"):
                link = aside / file.relative_to(home)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(file.absolute())
        known = {file.stem for file in aside.glob("lake/*/*.parquet")}
        report = landing.land(inbox, aside)
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'; set threads = 2")
            connection.execute("set variable customer_key = 'a key of no consequence'")
            if as_of:
                connection.execute("set variable as_of = ?", [as_of.isoformat()])
            models = Models(lake.PROJECT_DIR, aside, connection)
            rejected = connection.execute(
                f"select rejected.*, explanation from {models.build('rejected_rows')} as rejected "
                f"inner join {models.build('reject_reasons')} as reasons using (reason) "
                "where not is_retired order by source_file, source_row"
            )
            columns = [column[0] for column in rejected.description]
            rows = [dict(zip(columns, row, strict=True)) for row in rejected.fetchall()]
    return Findings(
        report,
        tuple(row for row in rows if row["rejected_row_id"].split("/")[0] not in known),
    )
