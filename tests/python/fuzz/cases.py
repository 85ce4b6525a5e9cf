"""What a drawn file is, and what landing must make of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cx_billing import lake
from fuzz import answers
from fuzz.tables import Table

PLAIN_DATASETS = [name for name in lake.datasets() if name not in answers.SHAPES]


@dataclass(frozen=True)
class Bad:
    """A row that must be kept as it is, for a reason; `text` None is not compared."""

    reason: str
    text: str | None = None


@dataclass(frozen=True)
class Case:
    """A file, and what landing must make of it.

    `rows` are the rows that must come of it, None if nobody knows: each a Bad, or the values by
    column. `refused` says that it must (True), may (None) or must not (False) be refused;
    `separator` that it is CSV, so that letters can be counted and rows be read the plain way.
    """

    dataset: str
    name: str
    content: bytes
    recipe: str
    rows: list[dict[str, str] | Bad] | None = None
    refused: bool | None = False
    separator: str | None = None
    steps: tuple[str, ...] = field(default=(), compare=False)


def values(table: Table, row: tuple[str, ...]) -> dict[str, str]:
    return {column: text for column, text in zip(table.columns, row, strict=True) if text}
