"""The parts of answers, and how many of them it takes to have an answer whole."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from cx_billing import formats
from cx_billing.formats.completeness import Invoice, Said, find_missing, is_whole, join


@dataclass(frozen=True)
class Part:
    """A file of answers in this run; `is_new` unless it is in the lake already.

    `asked` is the interval it was asked for, if a sidecar names one. A file of the lake that is a
    part of an answer names it, and of how many files it is. `lines_of` are the invoices whose lines
    it holds without saying so, by what it calls them.
    """

    source_file: str
    file_id: str
    said: Said
    asked: str | None = None
    is_new: bool = True
    answer_id: str | None = None
    answer_parts: int = 1
    lines_of: Mapping[str, Invoice] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the file was delivered as."""
        return self.source_file.split("/", 2)[2]

    @property
    def pull(self) -> str:
        """What parts one pull from another: the interval asked for, or the day in the name."""
        if self.said.invoices:
            return ""
        return self.asked or formats.day_of(self.name) or ""

    @cached_property
    def is_incomplete(self) -> bool:
        """Whether it says that there is more."""
        return find_missing(self.said) is not None

    @property
    def is_borrowable(self) -> bool:
        """Whether it is in the lake as a part of an answer, so that it may be one of another."""
        return not self.is_new and self.answer_id is not None

    @property
    def is_whole(self) -> bool:
        """Whether it is an answer by itself, so that it is no page of another."""
        return not (self.is_incomplete or self.said.invoices) and is_whole(self.said)

    @property
    def is_closing(self) -> bool:
        """Whether another can lead on to it: it stands for itself, and may be more than itself."""
        is_alone = not self.is_incomplete and self.answer_id is None
        return is_alone and bool(self.said.pages) and not is_whole(self.said)

    @property
    def in_order(self) -> list[tuple[int, str]]:
        """By the numbers in the name, these by their value."""
        pieces = re.findall(r"\d+|\D+", self.source_file)
        return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces]

    @property
    def stem(self) -> str:
        """The name without the number of its page."""
        return re.sub(r"\d+(?=\D*$)", "#", self.name)


@dataclass(frozen=True)
class Answer:
    """Parts that are landed together, or not at all if something is `missing`.

    `new` are in no lake yet; `borrowed` are, as parts of another answer, and are copied.
    """

    new: Sequence[Part]
    borrowed: Sequence[Part] = ()
    said: Said = field(default_factory=Said)
    missing: str | None = None


def find_answer(family: Sequence[Part], is_one_answer: bool = False) -> Answer | None:
    """The smallest set of a family's parts that completes those that say that there is more.

    None if there is no such part: then every part stands for itself.
    """
    waiting = [part.file_id for part in family if part.is_new and part.is_incomplete]
    if not waiting:
        return None
    following = [
        after.file_id
        for before, after in pairwise(family)
        if before.file_id in waiting and after.is_new and after.is_closing
    ]
    new = [part.file_id for part in family if part.is_new and (is_one_answer or not part.is_whole)]
    borrowed = [part.file_id for part in family if part.is_borrowable]
    closing = [
        part.file_id
        for part in family
        if not part.is_new and (part.is_closing or part.said.invoices)
    ]
    missing = None
    for chosen in (waiting, waiting + following, new, new + borrowed, new + borrowed + closing):
        together = [part for part in family if part.file_id in set(chosen)]
        said = join(part.said for part in together)
        found = find_missing(said, is_one_answer)
        if found is None:
            return answer_of(together, said)
        missing = found
    return Answer([part for part in family if part.file_id in waiting], missing=missing)


def answer_of(together: Sequence[Part], said: Said) -> Answer:
    """Complete parts as an answer: files of the lake that stand for themselves stay as they are."""
    return Answer(
        sorted((part for part in together if part.is_new), key=lambda part: part.in_order),
        [part for part in together if part.is_borrowable],
        said,
    )


def grouped(parts: Sequence[Part], key: Callable[[Part], object]) -> Iterator[list[Part]]:
    """The parts that are alike in something, in their order."""
    groups: dict[object, list[Part]] = defaultdict(list)
    for part in parts:
        groups[key(part)].append(part)
    yield from groups.values()
