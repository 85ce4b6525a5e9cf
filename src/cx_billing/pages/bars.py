"""A picture of amounts as bars, drawn like the curves of `charts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cx_billing.pages.charts import ACCENT, BOTTOM, INK, LEFT, QUIET, RIGHT, TOP, to_svg

MOST_BARS = 6  # that are legible in the height of a picture
SKETCH_COLUMNS = 40
BLOCK, BELOW_NONE, NONE = "\N{FULL BLOCK}", "\N{LIGHT SHADE}", "│"
# Pixels: from which width on words are beside their bars and what they take there, and how high
# a bar is with its words.
BESIDE_FROM, PIXELS_OF_WORDS = 600, 260
HEIGHT_BESIDE, HEIGHT_BELOW = 30, 42


@dataclass(frozen=True)
class Bar:
    """An amount, what it is of, and how it is written."""

    label: str
    amount: Decimal
    words: str


def draw_bars(width: int, title: str, words: str, bars: Sequence[Bar]) -> str:
    """One bar under the other, on both sides of a line for none; no words cross the line.

    They are beside their bar where there is room, else above it.
    """
    import altair

    is_beside = width >= BESIDE_FROM
    top, bottom, label = (0.2, 0.8, 0.5) if is_beside else (0.5, 0.9, 0.25)
    rows = [
        {
            "name": bar.label if is_beside else f"{bar.label}  {bar.words}",
            "number": bar.words,
            "amount": float(bar.amount),
            "label": at + label,
            "top": at + top,
            "bottom": at + bottom,
            "row": at,
            "next": at + 1,
        }
        for at, bar in enumerate(bars)
    ]
    down = altair.Scale(domain=[len(bars), 0], nice=False)
    amounts = [float(bar.amount) for bar in bars]
    across = altair.Scale(
        domain=[min(0.0, *amounts), max(0.0, *amounts)],
        range=[PIXELS_OF_WORDS if is_beside else 0, width - LEFT - RIGHT],
        nice=False,
    )
    base = altair.Chart(altair.InlineData(values=rows))
    layers: list[Any] = [
        base.mark_rect().encode(
            x=altair.X("amount:Q").scale(across).axis(None),
            x2=altair.datum(0),
            y=altair.Y("top:Q").scale(down).axis(None),
            y2="bottom:Q",
            color=altair.condition("datum.amount < 0", altair.value(QUIET), altair.value(ACCENT)),
        ),
        base.mark_rule(color=INK).encode(
            x=altair.X(datum=0, type="quantitative").scale(across),
            y=altair.Y("row:Q" if is_beside else "top:Q").scale(down),
            y2="next:Q" if is_beside else "bottom:Q",
        ),
    ]
    columns = {"name": RIGHT - LEFT} | (
        {"number": PIXELS_OF_WORDS - LEFT // 2} if is_beside else {}
    )
    layers += [
        base.mark_text(
            align="right" if column == "number" else "left", baseline="middle", color=INK
        ).encode(x=altair.value(at), y=altair.Y("label:Q").scale(down), text=f"{column}:N")
        for column, at in columns.items()
    ]
    height = TOP + BOTTOM + len(bars) * (HEIGHT_BESIDE if is_beside else HEIGHT_BELOW)
    return to_svg(altair.layer(*layers), width, title, words, height)


def sketch_bars(width: int, bars: Sequence[Bar]) -> list[str]:
    """The bars in block characters, each behind its words, on both sides of a line for none."""
    most = max((max(bar.amount, Decimal(0)) for bar in bars), default=Decimal(0))
    least = max((max(-bar.amount, Decimal(0)) for bar in bars), default=Decimal(0))
    label = max((len(bar.label) for bar in bars), default=0)
    number = max((len(bar.words) for bar in bars), default=0)
    line = NONE if least else ""
    columns = max(1, min(SKETCH_COLUMNS, width - label - number - 4 - len(line)))

    def measure(amount: Decimal) -> int:
        return max(1 if amount else 0, round(amount / ((most + least) or 1) * columns))

    left = measure(least)
    return [
        f"{bar.label:<{label}}  {bar.words:>{number}}  "
        + (BELOW_NONE * measure(-bar.amount if bar.amount < 0 else Decimal(0))).rjust(left)
        + line
        + BLOCK * measure(max(bar.amount, Decimal(0)))
        for bar in bars
    ]
