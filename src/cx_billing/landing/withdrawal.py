"""Take a landed file back: its rows stay in the lake and count no more.

The file's Parquet is written anew with the instant in `withdrawn_at`, of every row and among the
facts of its footer, and takes the place of the old one in one step. Landing the same bytes again
makes a file that counts.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from cx_billing import files
from cx_billing.formats import literal
from cx_billing.landing.report import LandingError

SUGGESTIONS = 5


class NotLandedError(LandingError):
    """No landed file has that name, or several have it."""


@dataclass(frozen=True)
class LandedFile:
    """A file of the lake: where it lies, and what its footer says."""

    path: Path
    facts: dict[str, str]

    @property
    def source_file(self) -> str:
        """The path below the inbox it came from."""
        return self.facts["source_file"]

    @property
    def file_id(self) -> str:
        """Hash of organization, dataset and content."""
        return self.path.stem

    @property
    def withdrawn_at(self) -> str | None:
        """When it was taken back."""
        return self.facts.get("withdrawn_at")


def list_landed(lake: Path, connection: duckdb.DuckDBPyConnection) -> list[LandedFile]:
    """The files of a lake in the order they were landed."""
    footers = connection.execute(
        "select file_name, decode(key), decode(value) from parquet_kv_metadata(?)",
        [f"{lake}/*/*.parquet"],
    ).fetchall()
    facts: dict[str, dict[str, str]] = {}
    for name, key, value in footers:
        facts.setdefault(name, {})[key] = value
    landed = [LandedFile(Path(name), told) for name, told in facts.items() if "org_id" in told]
    return sorted(landed, key=lambda file: file.facts["landed_at"])


def find_landed(landed: Sequence[LandedFile], wanted: str) -> LandedFile:
    """The file by its `source_file`, also below the path of its inbox, or by its `file_id`."""
    named = [
        file
        for file in landed
        if wanted in (file.source_file, file.file_id) or wanted.endswith(f"/{file.source_file}")
    ]
    counting = [file for file in named if not file.withdrawn_at]
    if len(counting) > 1:
        listed = "; ".join(
            f"{file.file_id} landed {file.facts['landed_at'][:19]} ({file.facts['rows_in_file']} "
            "rows)"
            for file in counting
        )
        raise NotLandedError(
            f"{wanted}: {len(counting)} files were landed under this name; name one by its "
            f"file_id: {listed}"
        )
    if not named:
        known = [file.source_file for file in landed]
        close = difflib.get_close_matches(wanted, known, n=SUGGESTIONS, cutoff=0.5)
        hint = f" Did you mean {', '.join(dict.fromkeys(close))}?" if close else ""
        raise NotLandedError(
            f"{wanted}: no file was landed under this name.{hint} cx-billing show files lists them"
        )
    return (counting or named)[-1]


def rewrite_as_withdrawn(file: LandedFile, connection: duckdb.DuckDBPyConnection) -> None:
    """Put a copy in the file's place whose rows are withdrawn."""
    instant = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    facts = file.facts | {"withdrawn_at": instant}
    metadata = ", ".join(f"{name}: {literal(fact)}" for name, fact in facts.items())
    columns = connection.execute(
        "select column_name from (describe from read_parquet(?))", [str(file.path)]
    ).fetchall()
    kept = ", ".join(f'"{name}"' for [name] in columns if name != "withdrawn_at")
    temporary = file.path.with_suffix(".landing")
    try:
        connection.execute(
            f"copy (select {kept}, timestamp {literal(instant)} as withdrawn_at "
            f"from read_parquet({literal(str(file.path))})) to {literal(str(temporary))} "
            f"(format parquet, compression zstd, use_tmp_file false, kv_metadata {{{metadata}}})"
        )
        files.replace(temporary, file.path)
    finally:
        temporary.unlink(missing_ok=True)
