"""What is sent to the vendor: the dispute of an invoice as a folder of files.

=====================  ========================================================================
`letter.html`          the letter, to print or to mail
`data/`                the differences and what they rest on, as CSV and Parquet; `data.xlsx` has
                       all of them as sheets
`reproduce.sql`        works the disputed amount out again from `data/`, with DuckDB alone
`sql/`, `rules/`       the queries that read the data, and the rules behind the reasons
`SHA256SUMS`           of every other file: `sha256sum -c SHA256SUMS`
=====================  ========================================================================

`queries/*.sql` is what `data/` has, a file each: one more query is one more file. Those of usage
read which products and cycles they are about from the table of `scope`. The same build gives the
same bytes.
"""

from cx_billing.dispute.package import NotDisputableError, write_package
from cx_billing.dispute.recording import NotRecordableError, check_event

__all__ = ["NotDisputableError", "NotRecordableError", "check_event", "write_package"]
