"""Computing a sealed invoice once more, from the files and the release that it was sealed by."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from cx_billing import duck, warehouse
from cx_billing.checksums import hash_file
from cx_billing.customer_key import KEY_FILE
from cx_billing.formats.common import literal
from cx_billing.landing.withdrawal import set_withdrawn
from cx_billing.ledger import files
from cx_billing.ledger.chain import FOLDER, SEALED, Entry, LedgerError, write_chain
from cx_billing.ledger.sealing import OF_THE_ENTRY, hash_lines
from cx_billing.rules import hash_rules


def rebuild(
    home: Path, entries: Sequence[Entry], org_id: str, invoice_date: date, project_dir: Path
) -> list[str]:
    """The lines of a sealed invoice that come out otherwise; none if all are as they were sealed.

    Raises LedgerError if it is not sealed, if the project is of another release, or if a landed
    file is not what it was.
    """
    sealed = next(
        (
            entry
            for entry in entries
            if (entry.kind, entry.org_id, entry.invoice_date) == (SEALED, org_id, str(invoice_date))
        ),
        None,
    )
    if sealed is None:
        raise LedgerError(f"Invoice {org_id}-{invoice_date} is not sealed.")
    if hash_rules(project_dir) != sealed.facts["rules_hash"]:
        raise LedgerError(
            f"Invoice {org_id}-{invoice_date} was sealed by version {sealed.facts['version']}, "
            f"whose rules are not those of {project_dir}. Install that version and run this with "
            "it, or give its project with --project."
        )
    with tempfile.TemporaryDirectory(prefix="cx-billing-") as folder:
        copy = Path(folder)
        if (home / KEY_FILE).exists():  # what masked ids end in
            os.link(home / KEY_FILE, copy / KEY_FILE)
        bring_inputs(home, copy, sealed)
        bring_ledger(home, copy, entries, sealed)
        built = warehouse.build(
            copy, date.fromisoformat(sealed.facts["as_of"]), project_dir=project_dir
        )
        if built.failures or built.published is None:
            raise LedgerError(
                f"Invoice {org_id}-{invoice_date} cannot be built again: {built.failures[0].reason}"
            )
        return compare(home, built.published, sealed)


def bring_inputs(home: Path, copy: Path, sealed: Entry) -> None:
    """The landed files that the invoice was computed from, as they were then."""
    [listed] = (name for name in sealed.files if name.endswith(".inputs.csv"))
    with (home / FOLDER / listed).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            landed = home / "lake" / row["dataset"] / f"{row['file_id']}.parquet"
            place = copy / landed.relative_to(home)
            place.parent.mkdir(parents=True, exist_ok=True)
            if not landed.exists():
                raise LedgerError(f"{landed} is missing: {row['source_file']} of {sealed.org_id}.")
            os.link(landed, place)
            if hash_file(place) != row["sha256"]:
                set_withdrawn(place, row["withdrawn_at"] or None)


def bring_ledger(home: Path, copy: Path, entries: Sequence[Entry], sealed: Entry) -> None:
    """The entries before the invoice was sealed, which its corrections rest on."""
    head = sealed.facts["ledger_head"]
    last = next((entry.sequence for entry in entries if entry.hash == head), 0)
    known = [entry for entry in entries if entry.sequence <= last]
    for entry in known:
        for name in entry.files:
            place = copy / FOLDER / name
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(home / FOLDER / name, place)
    if known:
        write_chain(copy, known)


def compare(home: Path, database: Path, sealed: Entry) -> list[str]:
    """The ids of lines that a build has otherwise than the ledger."""
    [lines] = (name for name in sealed.files if name.endswith(".parquet"))
    with duck.connect(database.resolve(), read_only=True) as connection:
        connection.execute(
            "create temp view rebuilt as select * from marts.invoice_lines "
            f"where invoice_id = {literal(f'{sealed.org_id}-{sealed.invoice_date}')}"
        )
        if hash_lines(connection, "rebuilt")[1] == sealed.lines_hash:
            return []
        place = literal(str(home / FOLDER / lines))
        columns = [
            name
            for name in files.columns()
            if name not in (*OF_THE_ENTRY, "billing_account_id", "due_date")
        ]
        names = ", ".join(columns)
        found = connection.execute(
            f"with ours as (select {names} from rebuilt), "
            f"theirs as (select {names} from read_parquet({place})) "
            "select distinct invoice_line_id from ((from ours except from theirs) union all "
            "(from theirs except from ours)) order by 1"
        ).fetchall()
    return [line for [line] in found] or ["the order or number of lines"]
