"""What must hold before an invoice is sealed.

It is final, covered, of a build that has all that is there, and two people agree where much is
disputed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import checksums, duck, lake
from cx_billing.landing.landed_files import list_landed
from cx_billing.ledger.chain import APPROVED, REOPENED, Entry, LedgerError, read_chain
from cx_billing.rules import hash_rules


@dataclass(frozen=True)
class Check:
    """One thing that must hold before an invoice is sealed, whether it does, and what if not."""

    claim: str
    otherwise: str
    holds: bool
    note: str | None = None


def check_invoice(
    home: Path,
    connection: duckdb.DuckDBPyConnection,
    org_id: str,
    invoice_date: date,
    accept: str | None = None,
) -> tuple[dict[str, Any], tuple[Check, ...]]:
    """What is published of an invoice, and the checklist of sealing it.

    `accept` says why an invoice is sealed that the data does not cover.
    """
    facts = read_invoice(connection, org_id, invoice_date)
    is_final = facts["invoice_status"] != "accruing"
    changed = list_changed_files(home, connection, org_id)
    damaged = [
        str(path.relative_to(home))
        for path, owner in checksums.find_damaged(home / "lake")
        if owner == org_id
    ]
    is_release = facts["version"] == version("cx-billing") and facts["rules_hash"] == hash_rules(
        lake.PROJECT_DIR
    )
    day_final = invoice_date + timedelta(days=1)
    reopened_since = [
        entry
        for entry in read_chain(home)
        if entry.kind == REOPENED
        and entry.org_id == org_id
        and entry.sequence > find_sequence(home, facts["ledger_head"])
    ]
    return facts, (
        Check(
            "it is final",
            "it is not final",
            is_final,
            None
            if is_final
            else f"it is on {day_final}, and this build sees an earlier day. Build again then",
        ),
        Check(
            "the data covers it",
            "it is not covered",
            facts["is_covered"] or bool(accept),
            facts["coverage_note"]
            if facts["is_covered"]
            else f"{facts['coverage_note']}"
            + (
                f" (accepted: {accept})"
                if accept
                else ". Land the data up to the end of its cycle, or declare in the dataset "
                "coverage that it is complete, then build again; or accept it with --accept REASON"
            ),
        ),
        Check(
            "every test of the build held",
            "a test of the build failed",
            not facts["is_parked"],
            f"{org_id} is parked: {facts['parked_reason']}" if facts["is_parked"] else None,
        ),
        Check(
            "the build has every file that is landed",
            "the build lacks files",
            not changed,
            f"landed or withdrawn since: {shorten(changed)}. Build again first"
            if changed
            else None,
        ),
        Check(
            "every landed file is as it was written",
            "a landed file is damaged",
            not damaged,
            f"{shorten(damaged)}. Take it from a backup, or land its source again, then build"
            if damaged
            else None,
        ),
        Check(
            "the build is of this release and its rules",
            "another release has built it",
            is_release,
            None if is_release else f"it is of version {facts['version']}. Build again first",
        ),
        Check(
            "the build knows every reopening",
            "the build does not know a reopening",
            not reopened_since,
            "an invoice was reopened since. Build again first" if reopened_since else None,
        ),
    )


def find_sequence(home: Path, head: str | None) -> int:
    """The number of the entry that a build read last; 0 of none."""
    return next((entry.sequence for entry in read_chain(home) if entry.hash == head), 0)


def read_invoice(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_date: date
) -> dict[str, Any]:
    """What is published of an invoice."""
    connection.execute("set variable org_id = ?", [org_id])
    connection.execute("set variable invoice_id = ?", [f"{org_id}-{invoice_date}"])
    query = resources.files(__package__).joinpath("queries/invoice.sql").read_text("utf-8")
    found = connection.execute(query)
    columns = [column[0] for column in found.description]
    row = found.fetchone()
    if row is None:
        raise LedgerError(f"There is no invoice of {org_id} dated {invoice_date}.")
    return dict(zip(columns, row, strict=True))


def describe_answers(facts: dict[str, Any]) -> str:
    """What came of the vendor's invoices for an invoice of ours, in words."""
    words = []
    for answer in facts["vendor_invoices"] or ():
        variance = answer["variance_amount"]
        if answer["is_agreed"]:
            said = "agrees"
        elif variance is None:
            said = "is in another currency"
        elif not variance:
            said = "does not agree, though its sum is ours"
        else:
            amount = f"{abs(variance):,.{facts['minor_units'] or 0}f}"
            said = f"bills {amount} {'more' if variance > 0 else 'less'} than ours"
        words.append(f"{answer['invoice_number']} {said}")
    return "; ".join(words) or "none has come"


def list_inputs(home: Path, org_id: str) -> list[tuple[str, str, str, str]]:
    """The landed files of an organization: dataset, file id, name, and when it was withdrawn."""
    with duck.connect() as connection:
        return sorted(
            (
                file.facts["dataset"],
                file.path.stem,
                file.facts["source_file"],
                file.facts.get("withdrawn_at") or "",
            )
            for file in list_landed(lake.ensure(home), connection)
            if file.facts["org_id"] == org_id
        )


def list_changed_files(home: Path, connection: duckdb.DuckDBPyConnection, org_id: str) -> list[str]:
    """Files of an organization that are in the lake otherwise than the published build has them."""
    published = dict(
        connection.execute(
            "select file_id, (source_file, withdrawn_at is not null) "
            "from marts.load_audit where org_id = ?",
            [org_id],
        ).fetchall()
    )
    [[built_at]] = connection.execute("select built_at from marts.build").fetchall()
    lake_home = lake.ensure(home)
    now, newer = {}, set()
    for dataset, file_id, name, at in list_inputs(home, org_id):
        now[file_id] = name, bool(at)
        written_at = (lake_home / dataset / f"{file_id}.parquet").stat().st_mtime
        if written_at > built_at.replace(tzinfo=UTC).timestamp():
            newer.add(file_id)  # say, its times are read in another zone
    return sorted(
        {
            (now.get(file_id) or published[file_id])[0]
            for file_id in now.keys() | published.keys()
            if file_id in newer
            or now.get(file_id, (None, None))[1] != published.get(file_id, (None, None))[1]
        }
    )


def shorten(names: Sequence[str]) -> str:
    """The first names of many."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def same_person(one: str, other: str) -> bool:
    """Whether two names are one, however they are spelt."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def list_approvals(entries: Iterable[Entry], wanted: Entry) -> list[Entry]:
    """Who has approved the very lines that are to be sealed."""
    return [
        entry
        for entry in entries
        if entry.kind == APPROVED
        and (entry.org_id, entry.invoice_date) == (wanted.org_id, wanted.invoice_date)
        and entry.lines_hash == wanted.lines_hash
    ]


def check_approvals(facts: dict[str, Any], approvals: Sequence[Entry], by: str) -> Check:
    """Whether another person has approved an invoice that needs two."""
    disputed, limit = (Decimal(facts[name]) for name in ("disputed_amount", "largest_amount"))
    others = [entry for entry in approvals if not same_person(entry.by, by)]
    why = f"{disputed:,.2f} {facts['currency']} of it is disputed, more than {limit:,.2f}"
    if others:
        return Check(
            "two people agree",
            "one person is not enough",
            True,
            f"{why}; approved by {others[0].by}",
        )
    return Check(
        "two people agree",
        "one person is not enough",
        False,
        f"{why}: somebody else has to run this as well",
    )
