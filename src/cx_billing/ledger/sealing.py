"""Closing an invoice for good, and opening it again.

What is sealed are the published lines: seal computes nothing. It refuses what may still change
(not final, not covered, parked, files landed or a release changed since the build).
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from cx_billing import duck, lake
from cx_billing import files as whole_files
from cx_billing.checksums import hash_file
from cx_billing.formats.common import identifier, literal
from cx_billing.ledger import files
from cx_billing.ledger.chain import (
    APPROVED,
    REOPENED,
    SEALED,
    Entry,
    LedgerError,
    append,
    find_head,
    read_chain,
)
from cx_billing.ledger.checklist import (
    Check,
    check_approvals,
    check_invoice,
    describe_answers,
    list_approvals,
    list_inputs,
    same_person,
)
from cx_billing.rules import hash_rules

# What the entry adds to a line; the rest is as it was published.
OF_THE_ENTRY = ("entry", "sequence", "sealed_at", "sealed_by", "reason")
OF_THE_INVOICE = ("billing_account_id", "due_date")
INPUTS = ("dataset", "file_id", "source_file", "withdrawn_at")


@dataclass(frozen=True)
class Sealed:
    """What `seal` did: the entry it added, or the one that was there; None if it was refused.

    `vendor_says` is what came of the vendor's invoice; it decides nothing.
    """

    checks: tuple[Check, ...]
    entry: Entry | None
    is_new: bool
    vendor_says: str | None = None


def hash_lines(connection: duckdb.DuckDBPyConnection, source: str) -> tuple[int, str]:
    """How many lines there are, and one hash of all their values."""
    names = [name for name in files.columns() if name not in (*OF_THE_ENTRY, *OF_THE_INVOICE)]
    values = ", ".join(f"{identifier(name)}::varchar" for name in names)
    [row] = connection.execute(
        f"select count(*), sha256(coalesce(string_agg(to_json([{values}])::varchar, chr(10) "
        f"order by invoice_line_id), '')) from {source}"
    ).fetchall()
    return row


def seal(
    home: Path,
    connection: duckdb.DuckDBPyConnection,
    org_id: str,
    invoice_date: date,
    by: str,
    accept: str | None = None,
) -> Sealed:
    """Close an invoice; a second time is a no-op.

    An invoice of which more is disputed than `seal_limits` allows needs two people: the first is on
    record as `approved`, and the second seals what the first has seen.

    The caller holds the lock of builds. Raises LedgerError if the chain is not as it was written.
    """
    files.settle(home)
    entries = read_chain(home)
    for entry in entries:
        if (entry.kind, entry.org_id, entry.invoice_date) == (SEALED, org_id, str(invoice_date)):
            return Sealed((), entry, is_new=False)
    facts, checks = check_invoice(home, connection, org_id, invoice_date, accept)
    vendor_says = describe_answers(facts)
    if not all(check.holds for check in checks):
        return Sealed(checks, None, is_new=False, vendor_says=vendor_says)
    connection.execute(
        "create or replace temp view sealed_lines as select * from marts.invoice_lines "
        f"where invoice_id = {literal(facts['invoice_id'])}"
    )
    lines, lines_hash = hash_lines(connection, "sealed_lines")
    entry = Entry(
        sequence=len(entries) + 1,
        previous=find_head(entries),
        kind=SEALED,
        org_id=org_id,
        invoice_date=str(invoice_date),
        written_at=datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds"),
        by=by,
        reason=accept,
        lines=lines,
        total_amount=str(facts["total_amount"]),
        currency=facts["currency"],
        lines_hash=lines_hash,
        facts={
            "build_number": facts["build_number"],
            "as_of": facts["as_of"],
            "version": facts["version"],
            "duckdb": duckdb.__version__,
            "rules_hash": facts["rules_hash"],
            "reference_hash": hash_rules(lake.PROJECT_DIR, ("seeds",)),
            "inputs_hash": facts["inputs_hash"],
            "ledger_head": facts["ledger_head"],
        },
    )
    if facts["needs_two_people"]:
        approvals = list_approvals(entries, entry)
        agreed = check_approvals(facts, approvals, by)
        checks = (*checks, agreed)
        if not agreed.holds:
            if any(same_person(known.by, by) for known in approvals):
                return Sealed(checks, None, is_new=False, vendor_says=vendor_says)
            approval = replace(entry, kind=APPROVED)
            append(home, entries, approval)
            return Sealed(checks, approval, is_new=True, vendor_says=vendor_says)
    entry = write_files(home, connection, entry)
    append(home, entries, entry)
    files.place(home, entry)
    return Sealed(checks, entry, is_new=True, vendor_says=vendor_says)


def write_files(home: Path, connection: duckdb.DuckDBPyConnection, entry: Entry) -> Entry:
    """Write the hidden files of an entry that seals; the entry with their names and hashes."""
    ledger = files.ensure(home)
    path = ledger / entry.org_id / f"{entry.invoice_date}.parquet"
    inputs = path.with_suffix(".inputs.csv")
    columns = [
        {name: f"lines.{identifier(name)}", **dict.fromkeys(OF_THE_INVOICE, "")}[name]
        or f"invoices.{identifier(name)}"
        for name in files.columns()
        if name not in OF_THE_ENTRY
    ]
    files.write_table(
        connection,
        path,
        f"select {SEALED!r} as entry, ?::bigint as sequence, ?::timestamp as sealed_at, "
        f"? as sealed_by, ?::varchar as reason, {', '.join(columns)} from sealed_lines as lines "
        "inner join marts.invoices as invoices on lines.invoice_id = invoices.invoice_id "
        "order by lines.invoice_line_id",
        [entry.sequence, entry.written_at, entry.by, entry.reason],
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*INPUTS, "sha256"))
    for dataset, file_id, *rest in list_inputs(home, entry.org_id):
        landed = home / "lake" / dataset / f"{file_id}.parquet"
        writer.writerow((dataset, file_id, *rest, hash_file(landed)))
    files.hide(inputs).write_text(text.getvalue(), "utf-8")
    whole_files.sync(files.hide(inputs))
    return replace(
        entry,
        files={
            name.relative_to(ledger).as_posix(): hash_file(files.hide(name))
            for name in (path, inputs)
        },
    )


def reopen(home: Path, org_id: str, invoice_date: date, by: str, reason: str) -> Entry:
    """Put on record that a sealed invoice is opened again, and why.

    What was sealed stays. The next open invoice restates every line: as it was sealed, taken back,
    and as it is now. The caller holds the lock of builds.

    Raises LedgerError if the invoice is not sealed, or is reopened already.
    """
    files.settle(home)
    entries = read_chain(home)
    named = f"{org_id}-{invoice_date}"
    sealed = [
        entry
        for entry in entries
        if (entry.kind, entry.org_id, entry.invoice_date) == (SEALED, org_id, str(invoice_date))
    ]
    if not sealed:
        raise LedgerError(f"Invoice {named} is not sealed: there is nothing to reopen.")
    ledger = files.ensure(home)
    entry = Entry(
        sequence=len(entries) + 1,
        previous=find_head(entries),
        kind=REOPENED,
        org_id=org_id,
        invoice_date=str(invoice_date),
        written_at=datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds"),
        by=by,
        reason=reason,
        lines=0,
        total_amount=sealed[0].total_amount,
        currency=sealed[0].currency,
        lines_hash=sealed[0].lines_hash,
    )
    path = ledger / org_id / f"{invoice_date}.reopened-{entry.sequence}.parquet"
    known = files.columns()
    given = {
        "entry": REOPENED,
        "sequence": entry.sequence,
        "sealed_at": entry.written_at,
        "sealed_by": by,
        "reason": reason,
        "org_id": org_id,
        "invoice_date": str(invoice_date),
    }
    with duck.connect() as connection:
        selected = ", ".join(
            f"{'?' if name in given else 'null'}::{kind} as {identifier(name)}"
            for name, kind in known.items()
        )
        files.write_table(
            connection, path, f"select {selected}", [given[name] for name in known if name in given]
        )
    entry = replace(entry, files={path.relative_to(ledger).as_posix(): hash_file(files.hide(path))})
    append(home, entries, entry)
    files.place(home, entry)
    return entry
