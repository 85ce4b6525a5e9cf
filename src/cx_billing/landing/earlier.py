"""What still counts of files that were landed earlier under the name of a new one."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from cx_billing import formats, lake
from cx_billing.landing.landed_files import LandedFile
from cx_billing.landing.report import StillCounting

MOST_ROWS = 2_000_000  # of earlier files, beyond which nobody waits for the keys to be compared


def find_still_counting(
    new: LandedFile,
    earlier: Sequence[LandedFile],
    dataset: lake.Dataset,
    connection: duckdb.DuckDBPyConnection,
) -> StillCounting | None:
    """The rows of earlier files of a name whose keys, as they are written, the new one lacks."""
    if sum(int(file.facts["rows_in_file"]) for file in earlier) > MOST_ROWS:
        return StillCounting(new.source_file, tuple(file.file_id for file in earlier), None)
    empty = new.path.with_name("_empty.parquet")
    paths = ", ".join(formats.glob_literal(path) for path in (empty, *(f.path for f in earlier)))
    keys = [f"nullif(trim(\"{name}\"), '')" for name in dataset.natural_key]
    same_key = " and ".join(
        f"{key} is not distinct from later.key_{place}" for place, key in enumerate(keys)
    )
    later = ", ".join(f"{key} as key_{place}" for place, key in enumerate(keys))
    counts = connection.execute(
        f"select file_id, count(*) from read_parquet([{paths}], union_by_name = true) "
        f"anti join (select {later} from read_parquet({formats.glob_literal(new.path)})) as later "
        f"on {same_key} where parse_error is null group by file_id"
    ).fetchall()
    if not counts:
        return None
    found = {file_id for file_id, _ in counts}
    return StillCounting(
        new.source_file,
        tuple(file.file_id for file in earlier if file.file_id in found),
        sum(rows for _, rows in counts),
    )
