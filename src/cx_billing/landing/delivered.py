"""Files that were read and are not in the lake yet, and what the parts of an answer share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cx_billing import formats, lake
from cx_billing.formats import literal
from cx_billing.formats.completeness import Invoice
from cx_billing.landing.facts import covered
from cx_billing.landing.inbox import Delivery
from cx_billing.landing.landed_files import TEMPORARY, LandedFile
from cx_billing.landing.parts import Answer
from cx_billing.sidecars import Asked

NOTHING = formats.Rows("(select null where false)", {}, 0)  # before a file is read


@dataclass(frozen=True)
class Delivered:
    """A file with its rows, and the facts for its footer.

    `asked` is what it was asked for, if a sidecar says so; `known` is what the lake has of it
    already, which does not count without the rest of its answer; `staged` is the folder for its
    rows where they have to be copied before they can be read.
    """

    delivery: Delivery
    dataset: lake.Dataset
    target: Path
    facts: dict[str, str]
    known: LandedFile | None
    staged: Path
    asked: Asked | None = None
    rows: formats.Rows = NOTHING

    @property
    def is_answer(self) -> bool:
        """Whether it says of itself how much of an answer it is."""
        said = self.rows.said
        return said is not None and bool(said.pages or said.invoices)

    @property
    def file_id(self) -> str:
        """Hash of organization, dataset and content."""
        return self.target.stem

    @property
    def temporary(self) -> Path:
        """Where it is written before it is whole."""
        return self.target.with_suffix(TEMPORARY)

    @property
    def is_there(self) -> bool:
        """Whether the lake has it as the same part of the same answer."""
        told = ("answer_id", "landed_at")
        return self.known is not None and all(
            self.known.facts.get(name) == self.facts.get(name) for name in told
        )


def plan(
    answer: Answer, reads: Sequence[Delivered], landed: Mapping[str, LandedFile]
) -> dict[str, dict[str, str]]:
    """What the footers of an answer's parts say beside what each says itself, by file.

    Parts that are in the lake since a run that was killed keep their landing, and the rest takes
    its place right behind, as if it had not been killed. The lines of an invoice are landed at one
    instant, since its latest landing counts. A part that another answer has too is copied, under a
    file id of its own.
    """
    ids = sorted(part.file_id for part in (*answer.new, *answer.borrowed))
    answer_id = hashlib.sha256("\0".join(ids).encode()).hexdigest()[:32]
    common = {"answer_id": answer_id, "answer_parts": str(len(ids))} if len(ids) > 1 else {}
    copies = [copy_id(part.file_id, answer_id) for part in answer.borrowed]
    here = {
        file_id: landed[file_id].facts["landed_at"]
        for file_id in (*(read.file_id for read in reads), *copies)
        if file_id in landed and landed[file_id].answer_id == answer_id
    }
    own = {read.file_id: read.facts["landed_at"] for read in reads}
    last = datetime.fromisoformat(max((here or own).values()))
    facts = {}
    for file_id in (*own, *copies):
        at = here.get(file_id) or (None if here else own.get(file_id))
        if answer.said.invoices:
            at = last.isoformat(timespec="microseconds")
        elif at is None:
            last += timedelta(microseconds=1)
            at = last.isoformat(timespec="microseconds")
        facts[file_id] = common | {"landed_at": at}
    for read in reads:
        if common and answer.said.available_to and not (read.asked or "covered_to" in read.facts):
            facts[read.file_id] |= covered(None, answer.said.available_to)
    return facts


def copy_id(file_id: str, answer_id: str) -> str:
    """The file id of the copy of a part that another answer has too."""
    return hashlib.sha256(f"{file_id}\0{answer_id}".encode()).hexdigest()[:32]


def columns_of_lines(
    lines_of: Mapping[str, Invoice], columns: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The columns of lines with what their invoices say, by how the lines call them.

    `columns` are the expressions for freshly read rows, of which those without an invoice of their
    own are meant; of a file of the lake all rows are.
    """
    if not lines_of:
        return {}
    names = {name: name for name in ("invoice_number", "invoice_date", "currency")}
    told = {name: (columns or names)[name] for name in names}
    number = f"coalesce({told['invoice_number']}, '')"
    is_loose = [f"coalesce({told[name]}, '') = ''" for name in ("invoice_date", "currency")]
    replaced = {}
    for name in told:
        branches = []
        for called, invoice in lines_of.items():
            value = {"invoice_number": invoice.number, "invoice_date": invoice.date}
            value["currency"] = invoice.currency
            is_called = [f"{number} = {literal(called)}"] if columns or len(lines_of) > 1 else []
            condition = " and ".join([*is_called, *(is_loose if columns else ())]) or "true"
            branches.append(f"when {condition} then {literal(value[name])}")
        replaced[name] = f"case {' '.join(branches)} else {told[name]} end"
    return replaced
