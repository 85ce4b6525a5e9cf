"""Pages as a set: an index and every page that it leads to, as files side by side."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb

from cx_billing.pages.calendar import compose_calendar
from cx_billing.pages.calls import compose_calls
from cx_billing.pages.content import Page
from cx_billing.pages.disputes import compose_disputes
from cx_billing.pages.evidence import compose_invoice_evidence
from cx_billing.pages.findings import describe_parked
from cx_billing.pages.html import render_html
from cx_billing.pages.index import compose_index, is_billed
from cx_billing.pages.inventory import compose_inventory
from cx_billing.pages.invoice import compose_invoice
from cx_billing.pages.invoices import compose_invoices
from cx_billing.pages.landed_files import compose_files
from cx_billing.pages.peak import compose_peak
from cx_billing.pages.reading import find_organization, read
from cx_billing.pages.reconciliation import compose_reconciliation
from cx_billing.pages.rejected import compose_rejected
from cx_billing.pages.rules import compose_rules
from cx_billing.pages.telco import compose_telco
from cx_billing.pages.unbilled import compose_unbilled
from cx_billing.pages.vendor_invoice import compose_vendor_invoice

INDEX = ("index",)
OF_ALL = {
    "invoices": compose_invoices,
    "telco": compose_telco,
    "calendar": compose_calendar,
    "disputes": compose_disputes,
    "unbilled": compose_unbilled,
    "rejected": compose_rejected,
    "files": compose_files,
}
Composing = Callable[[], Page]


def list_pages(
    connection: duckdb.DuckDBPyConnection, org_id: str | None = None
) -> Iterator[tuple[tuple[str, ...], Composing]]:
    """Every page: the words of its command, and what composes it.

    Raises NotFoundError if there is no such organization.
    """
    if org_id is not None:
        find_organization(connection, org_id)
    yield INDEX, partial(compose_index, connection, org_id)
    yield ("rules",), compose_rules
    for word, compose in OF_ALL.items():
        yield (word,), partial(compose, connection, org_id)
    for record in read(connection, "vendor_invoices", org_id=org_id):
        key = record["org_id"], record["invoice_number"]
        yield ("vendor-invoice", *key), partial(compose_vendor_invoice, connection, *key)
    for record in read(connection, "invoices", org_id=org_id):
        key = record["org_id"], record["invoice_date"]
        words = (record["org_id"], str(record["invoice_date"]))
        yield ("invoice", *words), partial(compose_invoice, connection, *key)
        yield ("reconciliation", *words), partial(compose_reconciliation, connection, *key)
        yield ("evidence", *words), partial(compose_invoice_evidence, connection, *key)
    for record in read(connection, "audited_cycles", org_id=org_id):
        key = record["org_id"], record["cycle_start_date"]
        words = (record["org_id"], str(record["cycle_start_date"]))
        if record["call_findings_count"] is not None:
            yield ("calls", *words), partial(compose_calls, connection, *key)
        if record["inventory_findings_count"] is not None:
            yield ("inventory", *words), partial(compose_inventory, connection, *key)
    cycles = {
        (record["org_id"], record["cycle_start_date"]): None
        for record in read(connection, "peaks", org_id=org_id)
        if is_billed(record)
    }
    for key in cycles:
        yield ("peak", key[0], str(key[1])), partial(compose_peak, connection, *key)


def write_pages(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    org_id: str | None = None,
    foot: tuple[str, ...] = (),
    tell: Callable[[float, int, str], None] = lambda done, total, at_work: None,
) -> int:
    """Write every page into a folder, with `foot` among the notes of each; how many there are.

    `tell` is told how many are written, of how many, and which is at work.
    """
    pages = dict(list_pages(connection, org_id))
    files = name_files(pages)
    folder.mkdir(parents=True, exist_ok=True)
    for done, (words, compose) in enumerate(pages.items()):
        tell(done, len(pages), files[words])
        page = compose()
        of_page = words[1] if len(words) > 1 else org_id
        page = replace(page, notes=(*page.notes, *describe_parked(connection, of_page), *foot))
        trail = () if words == INDEX else (("All pages", files[INDEX]),)
        file = folder / files[words]
        file.write_text(render_html(page, files.get, trail), encoding="utf-8")
    return len(files)


def name_files(pages: dict[tuple[str, ...], Composing]) -> dict[tuple[str, ...], str]:
    """A file name per page, also on a disk that knows no capitals; the same in every run."""
    files: dict[tuple[str, ...], str] = {}
    taken: set[str] = set()
    for words in pages:
        spelled = "-".join(words)
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", spelled)[:120]
        if name != spelled or name.lower() in taken:
            name += "-" + hashlib.sha256("\0".join(words).encode()).hexdigest()[:8]
        taken.add(name.lower())
        files[words] = f"{name}.html"
    return files
