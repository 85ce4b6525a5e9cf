"""What became of every landed row: `rejected_rows` and `load_audit`.

A rejected row is retired once a row that was landed later, or stands further down in its file, is
accepted for its natural key; of an invoice, which a later file replaces as a whole, once a row of
its number is good in a later file, even if the invoice counts under another number. A row whose key
cannot be read has none. What would be right is left to the words of the warehouse.
"""

from __future__ import annotations

from oracle.datasets import NATURAL_KEYS
from oracle.files import Row
from oracle.masking import mask_row
from oracle.reader import Organization
from oracle.values import parse_key, squeeze


def rejected_rows(org: Organization) -> list[dict]:
    """Every rejected row with where it lies, why, and which value is to blame."""
    found = []
    for dataset, rows in org.landed.items():
        places = latest_places(dataset, rows)
        for place, row in enumerate(rows):
            if not row.reason:
                continue
            shown = mask_row(dataset, row.text)
            found.append(
                {
                    "org_id": org.org_id,
                    "dataset": dataset,
                    "source_file": row.file,
                    "source_row": row.number,
                    "rejected_row_id": f"{row.file}/{row.number}",
                    "reason": row.reason,
                    "column_name": row.column,
                    "value": shown.get(squeeze(row.column)) if row.column else None,
                    "is_retired": is_corrected(dataset, row, place, places),
                    "raw_row": shown,
                }
            )
    return found


def key_of(dataset: str) -> list[str]:
    """The columns of a natural key; an invoice goes by its number."""
    return NATURAL_KEYS.get(dataset, "invoice_number").split()


def latest_places(dataset: str, rows: list[Row]) -> dict[tuple, tuple[int, str]]:
    """Where the accepted rows of each natural key stand: the last of them, and its file."""
    return {
        tuple(row[name] for name in key_of(dataset)): (place, row.file)
        for place, row in enumerate(rows)
        if not row.reason and (dataset == "vendor_invoice_lines" or not row.is_duplicate)
    }


def is_corrected(dataset: str, row: Row, place: int, places: dict[tuple, tuple[int, str]]) -> bool:
    """Whether a later row is accepted for the key of a rejected one."""
    if "rawtext" in row.text:
        return False
    identity = parse_key(dataset, row.text, key_of(dataset))
    if identity not in places:
        return False
    later, file = places[identity]
    return later > place and (dataset != "vendor_invoice_lines" or file != row.file)


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
            "withdrawn_at": None,
            "missing_parts": 0,
        }
        for file in org.audit
    ]
