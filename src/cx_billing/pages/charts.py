"""Pictures as SVG, drawn by Vega; it is loaded when a picture is drawn, and not before.

A picture is drawn for the width it is shown at, so that its letters keep their size. Its colours
are variables of the page (`page.html.j2`), which has others in the dark; alone, as a file, it has
those that are written beside the names.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    import altair

INK = "var(--ink, #1c2430)"
QUIET = "var(--quiet, #5a6575)"
RULE = "var(--rule, #dde2e9)"
FILL = "var(--fill, #b9cbe4)"
ACCENT = "var(--accent, #0b5cad)"
MARK = "var(--mark, #b3261e)"
PAPER = "var(--paper, #ffffff)"

HEIGHT = 240
LETTER = 12
LINE = LETTER + 1
PIXELS_OF_A_LETTER = 8
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 26, 24
HEADROOM = 1.08
PIXELS_OF_A_STEP = 2  # fewer cannot be seen
HALO = 4  # pixels of paper around words, so that no line crosses them
SKETCH_COLUMNS, SKETCH_ROWS = 100, 5
BLOCKS = " ▁▂▃▄▅▆▇█"
NOT_NEEDED = {"class", "font-family", "pointer-events", "role"}
SVG = "http://www.w3.org/2000/svg"


@dataclass(frozen=True)
class Step:
    """A piece of a curve, `[started_at, ended_at)` in UTC."""

    started_at: datetime
    ended_at: datetime
    height: int


@dataclass(frozen=True)
class Level:
    """A line across the picture, with its words at its right end."""

    height: float
    words: str
    is_marked: bool = False


def draw_curve(
    width: int,
    title: str,
    words: str,
    steps: Sequence[Step],
    levels: Sequence[Level],
    bars: Sequence[Step],
    time_format: str,
    goes_on: tuple[bool, bool] = (False, False),
) -> str:
    """Steps in order as an area, levels as lines across it, and bars that lie on the curve.

    `time_format` is how the axis tells instants (`%d %b`); `goes_on` says whether there is more
    of the curve before and after the picture.
    """
    import altair

    top = max([1, *(step.height for step in (*steps, *bars)), *(one.height for one in levels)])
    across = altair.X("from:T").scale(type="utc", nice=False).title(None)
    across = across.axis(format=time_format, tickCount=max(2, width // 90))
    up = altair.Y("height:Q").scale(domain=[0, top * HEADROOM], nice=False).title(None)
    up = up.axis(tickMinStep=1, format=",d", tickCount=5)
    curve = [
        {"from": to_milliseconds(at), "height": height}
        for at, height in trace(thin_out(steps, width // PIXELS_OF_A_STEP))
    ]
    layers: list[Any] = [
        altair.Chart(altair.InlineData(values=curve))
        .mark_area(color=FILL, interpolate="step-after")
        .encode(x=across, y=up)
    ]
    labels = [textwrap.wrap(level.words, width // PIXELS_OF_A_LETTER) for level in levels]
    lifts = lift_words([level.height / (top * HEADROOM) for level in levels], labels)
    for level, label, lift in zip(levels, labels, lifts, strict=True):
        colour = MARK if level.is_marked else QUIET
        base = altair.Chart(altair.InlineData(values=[{"height": level.height}]))
        layers.insert(1, base.mark_rule(color=colour, strokeDash=[5, 3]).encode(y=up))
        layers += [
            base.mark_text(
                text=line,
                align="right",
                baseline="bottom",
                dy=-2 - lift - LINE * below,
                **drawn_with,
            ).encode(y=up, x=altair.value(width - LEFT - RIGHT))
            for below, line in enumerate(reversed(label))
            for drawn_with in (
                {"color": PAPER, "stroke": PAPER, "strokeWidth": HALO},
                {"color": colour},
            )
        ]
    lying = [
        {
            "from": to_milliseconds(bar.started_at),
            "to": to_milliseconds(bar.ended_at),
            "height": bar.height,
        }
        for bar in bars
    ]
    layers.append(
        altair.Chart(altair.InlineData(values=lying))
        .mark_rule(color=MARK, strokeWidth=6, strokeCap="round")
        .encode(x=across, x2="to:T", y=up)
    )
    layers += list(mark_ends(goes_on, width, HEIGHT - TOP - BOTTOM))
    return to_svg(altair.layer(*layers), width, title, words)


def mark_ends(goes_on: tuple[bool, bool], width: int, height: int) -> Iterator[Any]:
    """A dotted edge, and the words for it, at each end behind which the curve goes on."""
    import altair

    ends: tuple[tuple[int, dict[str, Any]], ...] = (
        (0, {"text": "← goes on", "align": "left", "dx": 4}),
        (width - LEFT - RIGHT, {"text": "goes on →", "align": "right", "dx": -4}),
    )
    for is_on, (at, words) in zip(goes_on, ends, strict=True):
        if is_on:
            base = altair.Chart(altair.InlineData(values=[{}])).encode(x=altair.value(at))
            yield base.mark_rule(color=INK, strokeDash=[2, 3], strokeWidth=2).encode(
                y=altair.value(0), y2=altair.value(height)
            )
            yield base.mark_text(color=INK, baseline="bottom", dy=-4, **words).encode(
                y=altair.value(height)
            )


def thin_out(steps: Sequence[Step], most: int) -> Sequence[Step]:
    """The steps, or if there are more than can be told apart, the highest of each of so many."""
    if len(steps) <= most:
        return steps
    first, length = steps[0].started_at, (steps[-1].ended_at - steps[0].started_at) / most
    return [
        Step(first + at * length, first + (at + 1) * length, height)
        for at, height in enumerate(highest_of_columns(steps, most))
    ]


def highest_of_columns(steps: Sequence[Step], columns: int) -> list[int]:
    """The highest step of each of so many parts of the time."""
    first, length = steps[0].started_at, steps[-1].ended_at - steps[0].started_at
    heights = [0] * columns
    for step in steps:
        begins = (step.started_at - first) * columns // length
        ends = -((first - step.ended_at) * columns // length)
        for at in range(begins, min(columns, ends)):
            heights[at] = max(heights[at], step.height)
    return heights


def trace(steps: Sequence[Step]) -> list[tuple[datetime, int]]:
    """Where the curve changes, and to what height; between steps it is at 0."""
    points: list[tuple[datetime, int]] = []
    for at, step in enumerate(steps):
        if not points or points[-1][1] != step.height:
            points.append((step.started_at, step.height))
        is_last = at == len(steps) - 1
        if is_last or steps[at + 1].started_at > step.ended_at:
            points.append((step.ended_at, 0))
    return points


def lift_words(places: Sequence[float], labels: Sequence[Sequence[str]]) -> list[float]:
    """How far the lines of each label move up, so that they do not cover those below.

    A place is a share of the height.
    """
    lifts: dict[int, float] = {}
    free = 0.0
    for at in sorted(range(len(places)), key=places.__getitem__):
        place = places[at] * (HEIGHT - TOP - BOTTOM)
        lifts[at] = max(0.0, free - place)
        free = place + lifts[at] + LINE * len(labels[at])
    return [lifts[at] for at in range(len(places))]


def to_svg(
    chart: altair.TopLevelMixin, width: int, title: str, words: str, height: int = HEIGHT
) -> str:
    """A chart as an SVG element that fills the width of its place, described by `words`."""
    import altair
    import vl_convert

    # Without fitting, nothing of the layout depends on the fonts of the machine.
    chart = (
        chart.properties(width=width - LEFT - RIGHT, height=height - TOP - BOTTOM)
        .properties(padding={"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM})
        .properties(autosize="none", background="transparent")
        .configure(font="sans-serif")
        .configure_view(stroke=None)
        .configure_text(fontSize=LETTER)
        .configure_axis(
            labelColor=QUIET,
            labelFontSize=LETTER,
            domainColor=QUIET,
            tickColor=QUIET,
            gridColor=RULE,
        )
        .configure_axisX(grid=False, labelOverlap=True)
    )
    version = altair.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
    drawn = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=version)
    return describe(drawn, title, words)


def describe(drawn: str, title: str, words: str) -> str:
    """The drawing as one image with a text alternative, of any width, in the page's font."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(drawn)
    for element in root.iter():
        for name in list(element.attrib):
            if name.startswith("aria-") or name in NOT_NEEDED:
                del element.attrib[name]
    del root.attrib["width"], root.attrib["height"]
    root.attrib |= {"role": "img", "aria-label": words, "font-family": "inherit"}
    for at, (tag, text) in enumerate((("title", title), ("desc", words))):
        element = ElementTree.Element(f"{{{SVG}}}{tag}")
        element.text = text
        root.insert(at, element)
    return ElementTree.tostring(root, encoding="unicode")


def to_milliseconds(instant: datetime) -> int:
    """Milliseconds of a UTC instant since 1970, as Vega counts time."""
    return round((instant - datetime(1970, 1, 1)).total_seconds() * 1000)


def sketch_curve(
    width: int, steps: Sequence[Step], goes_on: tuple[bool, bool] = (False, False)
) -> list[str]:
    """The highest of each column's time, in block characters, with its scale and its days.

    An ellipsis is at each end behind which the curve goes on.
    """
    if not steps:
        return []
    top = max(step.height for step in steps)
    first, end = steps[0].started_at, steps[-1].ended_at
    margin = len(f"{top:,d} ")
    columns = max(1, min(width, SKETCH_COLUMNS) - margin)
    heights = highest_of_columns(steps, columns)
    lines = []
    for row in reversed(range(SKETCH_ROWS)):
        blocks = "".join(
            BLOCKS[min(8, max(0, ceil(height / max(top, 1) * SKETCH_ROWS * 8) - row * 8))]
            for height in heights
        )
        scale = f"{top:,d}" if row == SKETCH_ROWS - 1 else "0" if row == 0 else ""
        lines.append(f"{scale:>{margin - 1}} {blocks}".rstrip())
    left, right = (f"{at:%Y-%m-%d %H:%M}" for at in (first, end))
    left, right = "… " * goes_on[0] + left, right + " …" * goes_on[1]
    lines.append(" " * margin + left + (" " + right).rjust(columns - len(left)))
    return lines
