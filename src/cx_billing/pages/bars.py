"""A picture of amounts as bars, drawn like the curves of `charts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from cx_billing.pages.charts import ACCENT, INK, LEFT, QUIET, RIGHT, to_svg

MOST_BARS = 6  # that are legible in the height of a picture
SKETCH_COLUMNS = 40
BLOCK, BELOW_NONE = "\N{FULL BLOCK}", "\N{LIGHT SHADE}"


@dataclass(frozen=True)
class Bar:
    """An amount, what it is of, and how it is written."""

    label: str
    amount: Decimal
    words: str


def draw_bars(width: int, title: str, words: str, bars: Sequence[Bar]) -> str:
    """One bar under the other, each below its words; to the left of the line is less than none."""
    import altair

    rows = [
        {
            "text": f"{bar.label}  {bar.words}",
            "amount": float(bar.amount),
            "label": at + 0.3,
            "top": at + 0.48,
            "bottom": at + 0.88,
        }
        for at, bar in enumerate(bars)
    ]
    down = altair.Scale(domain=[len(bars), 0], nice=False)
    amounts = [float(bar.amount) for bar in bars]
    across = altair.Scale(domain=[min(0.0, *amounts), max(0.0, *amounts)], nice=False)
    base = altair.Chart(altair.InlineData(values=rows))
    drawn = base.mark_rect().encode(
        x=altair.X("amount:Q").scale(across).axis(None),
        x2=altair.datum(0),
        y=altair.Y("top:Q").scale(down).axis(None),
        y2="bottom:Q",
        color=altair.condition("datum.amount < 0", altair.value(QUIET), altair.value(ACCENT)),
    )
    texts = base.mark_text(align="left", baseline="middle", color=INK, dx=-LEFT + RIGHT).encode(
        x=altair.value(0), y=altair.Y("label:Q").scale(down), text="text:N"
    )
    none = base.mark_rule(color=INK).encode(
        x=altair.X(datum=0, type="quantitative").scale(across),
        y=altair.Y("top:Q").scale(down),
        y2="bottom:Q",
    )
    return to_svg(altair.layer(drawn, texts, none), width, title, words)


def sketch_bars(width: int, bars: Sequence[Bar]) -> list[str]:
    """The bars in block characters, each behind its words; lighter is less than none."""
    longest = max((abs(bar.amount) for bar in bars), default=Decimal(0)) or Decimal(1)
    label = max((len(bar.label) for bar in bars), default=0)
    number = max((len(bar.words) for bar in bars), default=0)
    columns = max(1, min(SKETCH_COLUMNS, width - label - number - 4))
    return [
        f"{bar.label:<{label}}  {bar.words:>{number}}  "
        + (BELOW_NONE if bar.amount < 0 else BLOCK)
        * max(1 if bar.amount else 0, round(abs(bar.amount) / longest * columns))
        for bar in bars
    ]
