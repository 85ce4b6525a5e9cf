"""Which files of a run make up one answer, and whether all of it is there.

A file that says that there is more waits until every file was read. With the other pages of its
answer it is landed, or refused whole. Pages belong together if they were asked for at once (their
sidecars name the same interval), else if their names differ in the last number alone, else if
nothing else could go on what they leave open; a day in a name parts one pull from another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cx_billing import formats
from cx_billing.formats.completeness import Said, find_missing, join, without_counts


@dataclass(frozen=True)
class Part:
    """A file of answers in this run; `is_waiting` unless it is in the lake already.

    `asked` is the interval it was asked for, if a sidecar names one.
    """

    source_file: str
    said: Said
    asked: str | None
    is_waiting: bool

    @property
    def name(self) -> str:
        """What the file was delivered as."""
        return self.source_file.split("/", 2)[2]


Verdict = tuple[Sequence[Part], Said | None, str]  # together, what they say, or what is missing


def settle(parts: Iterable[Part]) -> Iterator[Verdict]:
    """Every waiting part once, with the parts it is complete with, or with what is missing."""
    groups: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for part in parts:
        dataset = part.source_file.removesuffix(part.name)
        day = "" if part.said.invoices else formats.day_of(part.name) or ""
        groups[dataset, part.asked or day].append(part)
    for (_, pull), group in groups.items():
        if any(part.is_waiting for part in group):
            yield from _settle_pull(sorted(group, key=_in_order), is_asked="/" in pull)


def _settle_pull(group: Sequence[Part], is_asked: bool) -> Iterator[Verdict]:
    """The parts of one pull: by their names, then what is left by what it says."""
    left: list[Part] = []
    by_name = [group] if is_asked else _grouped(group, lambda part: _stem(part.name))
    for family in by_name:
        waiting = [part for part in family if part.is_waiting]
        said = join(part.said for part in family)
        if waiting and find_missing(said, is_one_answer=is_asked) is None:
            yield waiting, said, ""
        elif waiting or len(family) == 1:
            left += family
    for alike in _grouped(left, _claim):
        waiting = [part for part in alike if part.is_waiting]
        if not waiting:
            continue
        closing = [without_counts(part.said) for part in left if not part.is_waiting]
        said = join([*(part.said for part in sorted(waiting, key=_closes)), *closing])
        missing = find_missing(said)
        if missing is None:
            yield waiting, said, ""
        else:
            yield waiting, None, missing


def _grouped(parts: Sequence[Part], key: Callable[[Part], object]) -> Iterator[list[Part]]:
    groups: dict[object, list[Part]] = defaultdict(list)
    for part in parts:
        groups[key(part)].append(part)
    yield from groups.values()


def _stem(name: str) -> str:
    """A name without the number of its page."""
    return re.sub(r"\d+(?=\D*$)", "#", name)


def _in_order(part: Part) -> list[tuple[int, str]]:
    """Numbers in a name by their value."""
    pieces = re.findall(r"\d+|\D+", part.source_file)
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces]


def _claim(part: Part) -> object:
    """What parts of one answer say alike: how many there are, or that they only lead on."""
    if part.said.invoices:
        return tuple(sorted(invoice.number for invoice in part.said.invoices))
    return next(
        ((page.page_count, page.total) for page in part.said.pages if page.is_counted), None
    )


def _closes(part: Part) -> bool:
    """Whether the last page of a part leads to no other."""
    return not (part.said.pages and part.said.pages[-1].leads_on)
