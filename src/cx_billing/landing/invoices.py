"""Whose lines are these: the answers about invoices of a contract, where they come apart.

Lines do not name their invoice. It is the one that the address of their page names; else the one
whose number stands in the name of their file; else the one whose total they sum to, of several
the one whose file is called most alike; else the only one that lacks lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from cx_billing.formats.completeness import LINES, Invoice, join
from cx_billing.landing.parts import Answer, Part, find_answer, grouped


def settle_invoices(parts: Sequence[Part]) -> Iterator[Answer]:
    """Every new part once: those that say something of one invoice, or list invoices, together."""
    taken: set[str] = set()
    known = _with_invoices(parts)
    for family in _connected(known):
        if answer := find_answer(family):
            taken |= {part.file_id for part in answer.new}
            yield answer
    for part in known:
        if part.is_new and part.file_id not in taken:
            yield Answer([part], said=part.said)


def _with_invoices(parts: Sequence[Part]) -> list[Part]:
    """The parts, those of lines with the invoices these are of: such as lack something else."""
    searched = [part for part in parts if part.is_incomplete or not _heads_of([part])]
    found = _Search(searched, _heads_of(searched)).found
    heads = _heads_of(parts)
    return [_with_heads(part, heads, found.get(part.file_id, "")) for part in parts]


def _with_heads(part: Part, heads: Mapping[str, Invoice], unnamed: str) -> Part:
    """A part whose lines know their invoices; `unnamed` is that of those that say nothing."""
    names = {invoice.number for invoice in part.said.invoices if not invoice.has_head}
    lines_of = {name: heads[name or unnamed] for name in names if (name or unnamed) in heads}

    def named(name: str) -> str:
        return lines_of[name].number if name in lines_of else name

    invoices = tuple(
        invoice if invoice.has_head else replace(invoice, number=named(invoice.number))
        for invoice in part.said.invoices
    )
    pages = tuple(
        replace(page, of=named(page.of.removeprefix(LINES)))
        if page.of.startswith(LINES) and page.of.removeprefix(LINES) in lines_of
        else page
        for page in part.said.pages
    )
    said = replace(join([replace(part.said, invoices=invoices)]), pages=pages)
    return replace(part, said=said, lines_of=lines_of)


def _heads_of(parts: Sequence[Part]) -> dict[str, Invoice]:
    """The invoices of which parts say more than the lines."""
    said = join(part.said for part in parts)
    return {invoice.number: invoice for invoice in said.invoices if invoice.has_head}


class _Search:
    """Finds the invoices of lines that name none: `found` has their numbers by file."""

    def __init__(self, parts: Sequence[Part], heads: Mapping[str, Invoice]):
        self.found: dict[str, str] = {}
        self._heads = heads
        self._left = {
            number: None if head.total is None else head.total - head.landed
            for number, head in heads.items()
        }
        self._open = {number for number, head in heads.items() if not head.has_lines}
        self._open |= {number for number, left in self._left.items() if left}
        self._names = {
            number: part.name
            for part in parts
            for number in (invoice.number for invoice in part.said.invoices if invoice.has_head)
        }
        self._sums = {
            part.file_id: invoice.landed
            for part in parts
            for invoice in part.said.invoices
            if not (invoice.has_head or invoice.number)
        }
        unnamed = [part for part in parts if part.file_id in self._sums]
        for part in unnamed:
            self._take([part], self._named_in(part.name))
        for family in grouped(self._without(unnamed), lambda part: part.stem):
            self._take(family, self._summing_to(family))
        for part in self._without(unnamed):
            self._take([part], self._summing_to([part]))
        if len(self._open) == 1:
            self._take(self._without(unnamed), next(iter(self._open)))

    def _without(self, parts: Sequence[Part]) -> list[Part]:
        """The parts of which nothing was found yet."""
        return [part for part in parts if part.file_id not in self.found]

    def _take(self, parts: Sequence[Part], number: str | None) -> None:
        if number is None:
            return
        for part in parts:
            self.found[part.file_id] = number
            left = self._left[number]
            if left is not None:
                self._left[number] = left - self._sums[part.file_id]
        if self._left[number] == 0:
            self._open.discard(number)

    def _named_in(self, name: str) -> str | None:
        """The invoice whose number stands in a name, of several the longest."""
        named = [
            number
            for number in self._heads
            if re.search(rf"(?<![A-Za-z0-9]){re.escape(number)}(?![A-Za-z0-9])", name)
        ]
        return max(named, key=len, default=None)

    def _summing_to(self, parts: Sequence[Part]) -> str | None:
        """The invoice that lacks what lines sum to; of several the one called most alike."""
        total = sum((self._sums[part.file_id] for part in parts), Decimal(0))
        fitting = [number for number in sorted(self._open) if self._left[number] == total]
        alike = {number: _likeness(parts[0].name, self._names[number]) for number in fitting}
        best = [number for number in fitting if alike[number] == max(alike.values())]
        return best[0] if len(best) == 1 else None


def _likeness(one: str, other: str) -> int:
    """How many words and numbers two names share."""
    return len(set(re.findall(r"[A-Za-z]+|\d+", one)) & set(re.findall(r"[A-Za-z]+|\d+", other)))


def _connected(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Parts that say something of one invoice, or are pages of a list of them."""
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        while (parent := parents.setdefault(name, name)) != name:
            name = parent
        return name

    for part in parts:
        about = [f"invoice {invoice.number}" for invoice in part.said.invoices if invoice.number]
        about += ["a list" for page in part.said.pages if page.of == ""]
        for name in about:
            parents[root(name)] = root(part.file_id)
    yield from grouped(parts, lambda part: root(part.file_id))
