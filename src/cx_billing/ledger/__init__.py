"""The ledger: invoices closed for good, in files that are never written again.

=====================================  =======================================================
`ledger/chain.jsonl`                   one entry a line, each with the hash of the one before
`ledger/<org>/<date>.parquet`          the lines of an invoice as they were sealed
`ledger/<org>/<date>.inputs.csv`       the landed files that it was computed from
`ledger/<org>/<date>.reopened-<n>.parquet`  that entry `n` reopens the invoice
`ledger/stamps/<hash>.tsr`             a time stamp (RFC 3161) of the entry of that hash
=====================================  =======================================================

The next build reads the files: what is sealed it publishes as it was sealed, and what today's data
says otherwise as `correction` lines of the next open invoice (`int_corrections`).
"""
