"""Which files of a dataset make up one answer, and whether all of it is there.

A file that says that there is more waits until every file of its dataset was read. With the other
parts of its answer it is landed, or refused whole. Pages belong together if they were asked for at
once (their sidecars name the same interval), else if their names differ in the last number alone,
else if nothing else could go on what they leave open; a day in a name parts one pull from another.
A file that is a whole answer by what it says of itself is no page of another.
What is said of one invoice belongs together whatever it is called (`invoices`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from cx_billing.formats.completeness import Said, find_missing, join, without_counts
from cx_billing.landing.invoices import settle_invoices
from cx_billing.landing.parts import Answer, Part, answer_of, find_answer, grouped


def settle(parts: Iterable[Part]) -> Iterator[Answer]:
    """Every new part once, with those it is complete with, or with what is missing.

    An answer that is in the lake as a whole and whose every part lies in the inbox is another one,
    so it completes none.
    """
    distinct = {part.file_id: part for part in parts}.values()
    present = Counter(part.answer_id for part in distinct if not part.is_new)
    pulls: dict[str, list[Part]] = defaultdict(list)
    for part in sorted(distinct, key=lambda part: part.in_order):
        if part.is_new or not part.answer_id or present[part.answer_id] < part.answer_parts:
            pulls[part.pull].append(part)
    unsettled: list[Answer] = []
    for pull, group in pulls.items():
        if any(part.is_new for part in group):
            yield from settle_invoices([part for part in group if part.said.invoices])
            others = [part for part in group if not part.said.invoices]
            for answer in _settle_pull(others, "/" in pull):
                if answer.missing:
                    unsettled.append(answer)
                else:
                    yield answer
    yield from _settle_across(unsettled)


def _settle_across(unsettled: Sequence[Answer]) -> Iterator[Answer]:
    """What no pull completes alone: parts without a day may be of the one pull that has one."""
    taken: set[str] = set()
    parts = [part for answer in unsettled for part in answer.new]
    if len({part.pull for part in parts if part.pull}) == 1 and any(not p.pull for p in parts):
        for alike in grouped(parts, _claim):
            together = sorted(alike, key=_closes)
            said = join(part.said for part in together)
            if find_missing(said) is None:
                taken |= {part.file_id for part in together}
                yield answer_of(together, said)
    yield from (answer for answer in unsettled if answer.new[0].file_id not in taken)


def _settle_pull(group: Sequence[Part], is_asked: bool) -> Iterator[Answer]:
    """The parts of one pull: by their names, then what is left by what it says."""
    taken: set[str] = set()
    waiting: list[Part] = []
    others: list[Part] = []
    for family in [group] if is_asked else grouped(group, lambda part: part.stem):
        answer = find_answer(family, is_asked)
        if answer and answer.missing is None:
            taken |= {part.file_id for part in answer.new}
            yield answer
        elif answer or len(family) == 1:
            waiting += answer.new if answer else ()
            others += [part for part in family if not (part.is_new and part.is_incomplete)]
    for alike in grouped(waiting, _claim):
        answer = _find_by_claim(alike, others)
        taken |= {part.file_id for part in answer.new}
        yield answer
    for part in group:
        if part.is_new and part.file_id not in taken:
            yield Answer([part], said=part.said)


def _find_by_claim(waiting: Sequence[Part], others: Sequence[Part]) -> Answer:
    """Parts that say alike how many there are, or lead on, with what could be the rest of them.

    Of several that could be the last page, none is known to be: they stand for themselves.
    """
    alike = [part for part in others if part.is_borrowable and _claim(part) == _claim(waiting[0])]
    closing = [part for part in others if part.is_closing]
    last = Said(tuple(page for part in closing for page in without_counts(part.said).pages))
    for chosen, after, rest in (
        (waiting, Said(), ()),
        ([*waiting, *alike], Said(), ()),
        (waiting, last, closing if len(closing) == 1 else ()),
    ):
        together = sorted(chosen, key=_closes)
        said = join([*(part.said for part in together), after])
        missing = find_missing(said)
        if missing is None:
            return answer_of([*together, *rest], said)
    return Answer(waiting, missing=missing)


def _claim(part: Part) -> object:
    """What parts of one answer say alike: how many there are, or that they only lead on."""
    return next(
        ((page.page_count, page.total) for page in part.said.pages if page.is_counted), None
    )


def _closes(part: Part) -> bool:
    """Whether the last page of a part leads to no other."""
    return not (part.said.pages and part.said.pages[-1].leads_on)
