"""Take a landed file back, so that its rows stay in the lake and count no more, or back in.

The file's Parquet is written anew with the instant in `withdrawn_at`, of every row and among the
facts of its footer, or without, and takes the place of the old one in one step. All parts of an
answer go together: of a run that was killed between two of them, none counts.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from cx_billing import duck
from cx_billing.formats import literal
from cx_billing.landing.facts import in_utc
from cx_billing.landing.landed_files import LandedFile, read_facts, write_anew
from cx_billing.landing.report import LandingError

SUGGESTIONS = 5


class NotLandedError(LandingError):
    """No landed file has that name, or several have it."""


@dataclass(frozen=True)
class Withdrawal:
    """The file that was asked for, and those that were changed: it and the parts of its answer."""

    file: LandedFile
    changed: tuple[LandedFile, ...]

    @property
    def other_parts(self) -> tuple[LandedFile, ...]:
        """What went with it."""
        return tuple(part for part in self.changed if part.file_id != self.file.file_id)


def find_landed(
    landed: Sequence[LandedFile], wanted: str, is_withdrawn: bool = False
) -> LandedFile:
    """The file by its `source_file`, also below the path of its inbox, or by its `file_id`.

    Of several of a name the one that is withdrawn, or is not.
    """
    named = [
        file
        for file in landed
        if wanted in (file.source_file, file.file_id) or wanted.endswith(f"/{file.source_file}")
    ]
    meant = [file for file in named if bool(file.withdrawn_at) is is_withdrawn]
    if len(meant) > 1:
        listed = "; ".join(
            f"{file.file_id} landed {file.facts['landed_at'][:19]} ({file.facts['rows_in_file']} "
            "rows)"
            for file in meant
        )
        state = "withdrawn" if is_withdrawn else "landed"
        raise NotLandedError(
            f"{wanted}: {len(meant)} files were {state} under this name; name one by its "
            f"file_id: {listed}"
        )
    if not named:
        known = [file.source_file for file in landed]
        close = difflib.get_close_matches(wanted, known, n=SUGGESTIONS, cutoff=0.5)
        hint = f" Did you mean {', '.join(dict.fromkeys(close))}?" if close else ""
        raise NotLandedError(
            f"{wanted}: no file was landed under this name.{hint} cx-billing show files lists them"
        )
    return (meant or named)[-1]


def withdraw_answer(
    file: LandedFile, landed: Sequence[LandedFile], connection: duckdb.DuckDBPyConnection
) -> Withdrawal:
    """Have a file, and all parts of its answer, count no more."""
    instant = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    changed = [part for part in _parts(file, landed) if not part.withdrawn_at]
    for part in changed:
        facts = read_facts(part.path, connection) | {"withdrawn_at": instant}
        columns = {"withdrawn_at": f"timestamp {literal(instant)}"}
        write_anew(part.path, part.path, facts, columns, connection)
    return Withdrawal(file, tuple(changed))


def set_withdrawn(path: Path, instant: str | None) -> None:
    """Write a file of the lake anew, as withdrawn at an instant or as counting."""
    with duck.connect() as connection:
        facts = read_facts(path, connection)
        facts.pop("withdrawn_at", None)
        facts |= {"withdrawn_at": instant} if instant else {}
        value = f"timestamp {literal(instant)}" if instant else "null::timestamp"
        write_anew(path, path, facts, {"withdrawn_at": value}, connection)


def restore_answer(
    file: LandedFile,
    landed: Sequence[LandedFile],
    connection: duckdb.DuckDBPyConnection,
    time_zone: str | None = None,
) -> Withdrawal:
    """Have a withdrawn file, and all parts of its answer, count again since they were landed.

    `time_zone` is then that of its times without an offset, whatever was declared before.
    """
    changed = [part for part in _parts(file, landed) if part.withdrawn_at]
    for part in changed:
        facts = read_facts(part.path, connection)
        del facts["withdrawn_at"]
        columns = {"withdrawn_at": "null::timestamp"}
        if time_zone and _has_zone(part, connection):
            is_declared = f"time_zone is not distinct from {literal(facts.get('time_zone'))}"
            columns["time_zone"] = (
                f"case when {is_declared} then {literal(time_zone)} else time_zone end"
            )
            facts["time_zone"] = time_zone
            if "covered_to" in facts and _counts(part, is_declared, connection):
                start, _, end = facts.get("stated_period", "").partition("/")
                for name, at in (("covered_from", start), ("covered_to", end)):
                    if at:
                        facts[name] = in_utc(at, time_zone, connection)
        write_anew(part.path, part.path, facts, columns, connection)
    return Withdrawal(file, tuple(changed))


def _parts(file: LandedFile, landed: Sequence[LandedFile]) -> list[LandedFile]:
    """The files of the answer that a file is a part of; itself first."""
    if file.answer_id is None:
        return [file]
    others = [part for part in landed if part.answer_id == file.answer_id]
    return sorted(others, key=lambda part: part.file_id != file.file_id)


def _counts(file: LandedFile, condition: str, connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether there are no rows at all, or one of which a condition holds."""
    found = connection.execute(
        f"select count(*) = 0 or count(*) filter (where {condition}) > 0 from read_parquet(?)",
        [str(file.path)],
    ).fetchone()
    return bool(found and found[0])


def _has_zone(file: LandedFile, connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the times of a file can be of a declared zone."""
    found = connection.execute(
        "select count(*) from parquet_schema(?) where name = 'time_zone'", [str(file.path)]
    ).fetchone()
    return bool(found and found[0])
