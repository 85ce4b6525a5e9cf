"""An event of a dispute, recorded: a row of the dataset `disputes`."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path

EVENTS = ("opened", "sent", "accepted", "refused", "credited")


@dataclass(frozen=True)
class DisputeEvent:
    """What happened to the dispute of an invoice of the vendor, in the columns of the dataset."""

    invoice_number: str
    event: str
    event_date: date
    recorded_by: str | None = None
    amount: Decimal | None = None
    product_code: str | None = None
    note: str | None = None


def write_dispute_event(folder: Path, org_id: str, event: DisputeEvent) -> Path:
    """Write `folder/<org_id>/disputes/<file>` with one event; the same event has the same name."""
    row = {
        name: "" if value is None else " ".join(str(value).split())
        for name, value in asdict(event).items()
    }
    row["invoice_number"] = event.invoice_number  # as the vendor's invoice has it
    digest = hashlib.sha256("\n".join(row.values()).encode()).hexdigest()[:8]
    file = folder / org_id / "disputes" / f"recorded-{event.event}-{digest}.csv"
    file.parent.mkdir(parents=True)
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, [field.name for field in fields(event)])
        writer.writeheader()
        writer.writerow(row)
    return file
