"""A product's name as the vendor prints it, accepted: a row of the dataset `product_catalogue`."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import lake
from cx_billing.pages.formatting import format_text
from cx_billing.pages.reading import find_close, spell_plainly

Record = dict[str, Any]
COLUMNS = ("product_code", "name", "kind", "unit_of_measure", "aliases")
ALIAS_SEPARATOR = ";"


class NameNotAcceptedError(ValueError):
    """The printed words or the product cannot make an alias; the message says why."""


def write_accepted_name(folder: Path, home: Path, org_id: str, words: str, product: Record) -> Path:
    """Write `folder/<org_id>/product_catalogue/<file>` with the words as an alias of a product.

    `product` is the row of the shipped catalogue, or only a `product_code`: then it is one that the
    organization's own product_catalogue has, whose name, kind and unit stay as they are. Raises
    NameNotAcceptedError if neither has it, or if the words cannot be an alias.
    """
    words = " ".join(words.split())
    if not words or ALIAS_SEPARATOR in words:
        raise NameNotAcceptedError(
            f"{words!r} cannot be an alias: give the words of one line, without a semicolon."
        )
    row = product if "kind" in product else find_own(home, org_id, product["product_code"])
    digest = hashlib.sha256(f"{words}\n{row['product_code']}".encode()).hexdigest()[:8]
    file = folder / org_id / "product_catalogue" / f"accepted-name-{digest}.csv"
    file.parent.mkdir(parents=True)
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerow({**row, "aliases": words})
    return file


def check_printed(home: Path, org_id: str, words: str) -> None:
    """Raise NameNotAcceptedError, naming what is close, unless a landed line has the words.

    A line may have other words beside them; case, blanks and punctuation do not count.
    """
    printed: list[str] = []
    if files := sorted(lake.ensure(home).glob("vendor_invoice_lines/*.parquet")):
        rows = duckdb.execute(
            """
            select distinct trim(description)
            from read_parquet($files, union_by_name = true)
            where org_id = $org_id and description is not null and withdrawn_at is null
            order by all
            """,
            {"files": list(map(str, files)), "org_id": org_id},
        )
        printed = [text for (text,) in rows.fetchall()]
    key = spell_plainly(words)
    if any(key in spell_plainly(text) for text in printed):
        return
    if not printed:
        hint = f"no line of an invoice of the vendor was landed for {org_id}"
    elif close := find_close(words, printed):
        hint = "the closest are " + ", ".join(repr(format_text(text)) for text in close)
    else:
        hint = "show vendor-invoice lists what it prints"
    raise NameNotAcceptedError(
        f"{format_text(words)!r} is on no invoice of the vendor that was landed: {hint}. To accept "
        "it all the same, add --even-if-unseen."
    )


def find_own(home: Path, org_id: str, product_code: str) -> Record:
    """The latest row of an organization's own product, as it was landed."""
    files = sorted(lake.ensure(home).glob("product_catalogue/*.parquet"))
    if files:
        rows = duckdb.execute(
            """
            select product_code, name, kind, unit_of_measure
            from read_parquet($files, union_by_name = true)
            where org_id = $org_id and product_code = $product_code and withdrawn_at is null
            order by landed_at desc, source_row desc
            limit 1
            """,
            {"files": list(map(str, files)), "org_id": org_id, "product_code": product_code},
        )
        if found := rows.fetchone():
            return dict(zip(COLUMNS, found, strict=False))
    raise NameNotAcceptedError(
        f"{product_code!r} is no product of the catalogue, and none of {org_id}'s own "
        "(dataset product_catalogue). Give its product_code, as marts.invoice_lines has it."
    )
