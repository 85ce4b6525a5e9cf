"""Pulls an organization's usage from the platform API into the inbox, and continues where it was.

What is pulled lies, page by page and byte by byte as the platform sent it, where landing looks:

===================== ====================================================================
users details         `user_presence` and `routing_status`, at most 7 days a query or job
conversations details `message_interactions`, at most 31 days a query or job
license users         `license_assignments`: who holds what today
users                 `users`: everybody there is today, deleted ones too
billable usage        `billable_usage_report`: a file a month, counted from the first day
usage query           `api_usage`: the same months, a row a day
overview              `subscription_overview`: a file a billing period
contracts             `billing_charges`: a file a billing period; drafts of contracts and items
invoices              `vendor_invoice_lines`: an invoice a file, with its lines; the PDF aside
===================== ====================================================================

What one query covers is a window, named by its interval. `.extract.json` in the organization's
folder knows every window and how many of its pages have arrived; the file of a window appears when
all of it is there, and before it counts as complete. So a pull that was cut off, however hard, asks
next time for what is missing and nothing else. What may still change is asked for again: windows
that the platform's data did not reach the end of, and conversations that had not ended, however
long ago they began.
"""

from cx_billing.extract.journal import JOURNAL, ExtractError
from cx_billing.extract.platform import (
    CLIENT_ID,
    CLIENT_SECRET,
    REGIONS,
    Address,
    Client,
    Credentials,
    CredentialsError,
    DeniedError,
    PlatformError,
    UnavailableError,
)
from cx_billing.extract.pull import Report
from cx_billing.extract.run import DATASETS, Progress, extract

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DATASETS",
    "JOURNAL",
    "REGIONS",
    "Address",
    "Client",
    "Credentials",
    "CredentialsError",
    "DeniedError",
    "ExtractError",
    "PlatformError",
    "Progress",
    "Report",
    "UnavailableError",
    "extract",
]
