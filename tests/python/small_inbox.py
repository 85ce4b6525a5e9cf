"""A small inbox for tests of the oracle: one organization, written dataset by dataset."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from oracle.marts import calculate
from random_orgs.files import header_of


class Inbox:
    """A small inbox of one org, written dataset by dataset; rows are CSV text."""

    def __init__(self, folder: Path, org_id: str = "org"):
        self.folder = folder
        self.org_id = org_id

    def file(self, dataset: str, *rows: str, name: str = "a.csv") -> Inbox:
        """Write a file of `rows` below the org; the last columns of terms may be left out."""
        path = self.folder / self.org_id / dataset / name
        path.parent.mkdir(parents=True, exist_ok=True)
        header = ",".join(header_of(dataset))
        if dataset in {"contracts", "contract_items"}:
            rows = [row + "," * (header.count(",") - row.count(",")) for row in rows]
        path.write_text("\n".join([header, *rows]) + "\n")
        return self

    def json(self, dataset: str, *documents: dict, name: str = "a.json") -> Inbox:
        """Write a file of JSON documents, one a line."""
        path = self.folder / self.org_id / dataset / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(json.dumps(document) for document in documents))
        return self

    def contract(self, model: str, option: str, effective: str, ramp_end: str = "", extra=",,,,,"):
        """The only contract, c1."""
        return self.file(
            "contracts", f"c1,Org,eu-west-1,{model},{option},USD,{effective},,{ramp_end}{extra}"
        )

    def named(self, effective: str = "2026-03-01") -> Inbox:
        """The only contract: named users, month to month, no ramp."""
        return self.contract("named", "month_to_month", effective)

    def marts(self, as_of: str) -> dict[str, list[dict]]:
        """The marts of the inbox."""
        return calculate(self.folder, date.fromisoformat(as_of))
