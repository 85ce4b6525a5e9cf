"""What became of every landed row: `rejected_rows` and `load_audit`."""

from __future__ import annotations

from oracle.masking import mask_row
from oracle.reader import Organization


def rejected_rows(org: Organization) -> list[dict]:
    """Every rejected row with where it lies and why."""
    return [
        {
            "org_id": org.org_id,
            "dataset": dataset,
            "source_file": row.file,
            "source_row": row.number,
            "rejected_row_id": f"{row.file}/{row.number}",
            "reason": row.reason,
            "raw_row": mask_row(dataset, row.text),
        }
        for dataset, rows in org.landed.items()
        for row in rows
        if row.reason
    ]


def load_audit(org: Organization) -> list[dict]:
    """For every file: rows in it = accepted + superseded or duplicate + rejected."""
    return [
        {
            "org_id": org.org_id,
            "dataset": file["dataset"],
            "source_file": file["source_file"],
            "sha256": file["sha256"],
            "rows_in_file": len(file["rows"]),
            "rows_accepted": sum(not r.reason and not r.is_duplicate for r in file["rows"]),
            "rows_duplicate": sum(r.is_duplicate and not r.reason for r in file["rows"]),
            "rows_rejected": sum(bool(r.reason) for r in file["rows"]),
        }
        for file in org.audit
    ]
