"""Pages of the published warehouse: read from the marts, drawn in a terminal or as HTML.

=====================  ========================================================================
`invoice` and others   one file a page: which queries it reads, and what its tables show
`queries/*.sql`        what is read: marts and reference data only, joined by their keys
`content`, `columns`   what a page consists of, neutral of how it is drawn
`formatting`           values as text
`charts`, `bars`       pictures as SVG, and their sketches in a terminal
`words`, `rules`       words for codes, and the rules that numbers follow
`terminal`, `html`     the two ways to draw a page; `templates/` has the parts of the second
`site`                 an index and every page, as files that link to each other
`data`                 a page as JSON or CSV
`findings`             what a new build is warned of
=====================  ========================================================================

Nothing is computed here but totals of what is shown: a rule belongs into a model. Ends of service
periods are exclusive in the marts and shown inclusive, as the vendor does.
"""

from cx_billing.pages.alerts import compose_alerts, list_alerts
from cx_billing.pages.calendar import compose_calendar
from cx_billing.pages.calls import compose_calls
from cx_billing.pages.content import Page, Picture, Table
from cx_billing.pages.data import render_csv, render_json
from cx_billing.pages.disputes import compose_disputes
from cx_billing.pages.evidence import MOST_ROWS, compose_evidence
from cx_billing.pages.findings import (
    Findings,
    MissingData,
    collect_findings,
    describe_parked,
    describe_usage_end,
    find_usage_end,
)
from cx_billing.pages.html import render_html
from cx_billing.pages.index import compose_index
from cx_billing.pages.inventory import compose_inventory
from cx_billing.pages.invoice import compose_invoice, find_head
from cx_billing.pages.invoices import compose_invoices
from cx_billing.pages.landed_files import compose_files
from cx_billing.pages.peak import DEFAULT_POOL, compose_peak
from cx_billing.pages.reading import NotFoundError
from cx_billing.pages.reconciliation import compose_reconciliation
from cx_billing.pages.rejected import compose_rejected
from cx_billing.pages.rules import compose_rules
from cx_billing.pages.site import write_pages
from cx_billing.pages.status import Home, compose_status, describe_cause, describe_change
from cx_billing.pages.telco import compose_telco
from cx_billing.pages.terminal import print_page, print_table
from cx_billing.pages.unbilled import compose_unbilled
from cx_billing.pages.vendor_files import VendorFiles
from cx_billing.pages.vendor_invoice import (
    compose_vendor_invoice,
    find_disputable,
    find_disputed,
    find_product,
)

__all__ = [
    "DEFAULT_POOL",
    "MOST_ROWS",
    "Findings",
    "Home",
    "MissingData",
    "NotFoundError",
    "Page",
    "Picture",
    "Table",
    "VendorFiles",
    "collect_findings",
    "compose_alerts",
    "compose_calendar",
    "compose_calls",
    "compose_disputes",
    "compose_evidence",
    "compose_files",
    "compose_index",
    "compose_inventory",
    "compose_invoice",
    "compose_invoices",
    "compose_peak",
    "compose_reconciliation",
    "compose_rejected",
    "compose_rules",
    "compose_status",
    "compose_telco",
    "compose_unbilled",
    "compose_vendor_invoice",
    "describe_cause",
    "describe_change",
    "describe_parked",
    "describe_usage_end",
    "find_disputable",
    "find_disputed",
    "find_head",
    "find_product",
    "find_usage_end",
    "list_alerts",
    "print_page",
    "print_table",
    "render_csv",
    "render_html",
    "render_json",
    "write_pages",
]
