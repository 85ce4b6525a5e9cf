"""Which intervals to ask for: cut to what a query allows, without asking twice."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Window:
    """A half-open interval in UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        whole_days = self.start.time() == self.end.time() == datetime.min.time()
        form = "%Y-%m-%d" if whole_days else "%Y-%m-%dT%H%M"
        return f"{self.start:{form}}_{self.end:{form}}"

    @property
    def interval(self) -> str:
        """As a query has it."""
        return f"{instant(self.start)}/{instant(self.end)}"

    @classmethod
    def of(cls, interval: str) -> Window:
        """The window whose interval this is; ValueError if it is none."""
        start, end = map(datetime.fromisoformat, interval.split("/"))
        return cls(start, end)

    def overlaps(self, other: Window) -> bool:
        """Whether the two have an instant in common."""
        return self.start < other.end and other.start < self.end

    def halves(self) -> tuple[Window, Window]:
        """The two halves, parted at a whole minute."""
        middle = self.start + (self.end - self.start) / 2
        middle = middle.replace(second=0, microsecond=0)
        return Window(self.start, middle), Window(middle, self.end)


@dataclass
class Arrival:
    """How much of a window has arrived; `settled` if it could not change any more by then."""

    pages: int = 0
    complete: bool = False
    settled: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it need not be asked for again."""
        return self.complete and self.settled


def plan(
    needed: Window, known: Mapping[Window, Arrival], longest: timedelta, settled_until: datetime
) -> list[Window]:
    """The windows to ask for: those begun but not done, and new ones for what none covers.

    A new window is at most `longest`, or a day where it may still change.
    """
    begun = sorted(window for window in known if window.overlaps(needed))
    todo = [window for window in begun if not known[window].is_done]
    at = needed.start
    for covered in [*begun, Window(needed.end, needed.end)]:
        while at < covered.start:
            end = min(at + longest, settled_until) if at < settled_until else at + DAY
            todo.append(Window(at, min(end, covered.start)))
            at = todo[-1].end
        at = max(at, covered.end)
    return sorted(todo)


def months(needed: Window) -> Iterator[Window]:
    """Whole months counted from the first day, like billing cycles (CYC-07), until the end."""
    first = needed.start
    for number in count():
        start, end = _later(first, number), _later(first, number + 1)
        if start >= needed.end:
            return
        yield Window(start, end)


def _later(day: datetime, number: int) -> datetime:
    """The same day a number of months later, or the last one of that month."""
    years, month = divmod(day.month - 1 + number, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return day.replace(year=day.year + years, month=month + 1, day=min(day.day, last))


def midnight(day: date) -> datetime:
    """The beginning of a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def until(at: datetime) -> datetime:
    """The midnight that ends the day of a time, or the time itself if it is one."""
    day = midnight(at.date())
    return day if at == day else day + DAY


def beginning(text: str) -> datetime:
    """A time as the platform writes it, or the beginning of a day."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def ending(text: str) -> datetime:
    """The same of an end: a day is included, and so is one that ends with its last second."""
    at = beginning(text)
    return at + DAY if len(text) == len("2026-01-31") else until(at)


def instant(at: datetime) -> str:
    """A time as the platform writes it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
