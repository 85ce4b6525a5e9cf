"""Pictures: SVG that is well-formed, the same every time, and says in words what it shows."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from command_line import cx_billing
from cx_billing.pages import charts

WORDS = 'At most 9 <users> & "guests".'
SVG = f"{{{charts.SVG}}}"
DRAW = """
from test_charts import draw
print(draw({width}), end="")
"""


def draw(width: int, **settings: object) -> str:
    first = datetime(2026, 3, 5)
    return charts.draw_curve(
        width,
        title="Users",
        words=WORDS,
        steps=[
            charts.Step(first + timedelta(days=day), first + timedelta(days=day + 1), day % 10)
            for day in range(30)
        ],
        levels=[charts.Level(7, "sustained 7", is_marked=True), charts.Level(8, "committed 8")],
        bars=[charts.Step(first, first + timedelta(days=2), 7)],
        time_format="%d %b",
        **settings,
    )


@pytest.mark.parametrize("width", [360, 760])
def test_a_picture_is_one_image_with_words_and_fills_its_place(width):
    root = ElementTree.fromstring(draw(width))
    assert root.get("role") == "img"
    assert root.get("aria-label") == WORDS
    assert [root.findtext(f"{SVG}{tag}") for tag in ("title", "desc")] == ["Users", WORDS]
    assert root.get("viewBox") == f"0 0 {width} {charts.HEIGHT}"
    assert {"width", "height"}.isdisjoint(root.attrib)
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"08 Mar", "sustained 7", "committed 8"} <= set(texts)


def test_a_picture_has_the_colours_of_the_page_and_no_names_that_could_clash():
    drawn = draw(360)
    colours = {
        value
        for element in ElementTree.fromstring(drawn).iter()
        for name, value in element.attrib.items()
        if name in ("fill", "stroke") and value not in ("none", "transparent")
    }
    assert all(colour.startswith("var(--") for colour in colours)
    assert " id=" not in drawn and "url(" not in drawn


def test_a_picture_is_the_same_in_any_process_and_time_zone():
    for zone in ("America/New_York", "Asia/Kolkata"):
        drawn = subprocess.run(
            [sys.executable, "-c", DRAW.format(width=360)],
            env={**os.environ, "TZ": zone, "PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert drawn.stdout == draw(360)


def test_words_of_levels_do_not_cover_each_other():
    shares = [0.9, 0.89, 0.2, 0.9]
    labels = [["a"], ["b", "c"], ["d"], ["e"]]
    lifts = charts.lift_words(shares, labels)
    height = charts.HEIGHT - charts.TOP - charts.BOTTOM
    places = sorted(
        (share * height + lift, len(label))
        for share, lift, label in zip(shares, lifts, labels, strict=True)
    )
    for (below, lines), (above, _) in pairwise(places):
        assert above - below >= lines * charts.LETTER
    assert lifts[2] == 0


def test_a_curve_has_no_more_steps_than_can_be_seen_and_keeps_the_highest():
    first = datetime(2026, 3, 5)
    steps = [
        charts.Step(first + timedelta(hours=at), first + timedelta(hours=at + 1), at % 24)
        for at in range(744)
    ]
    thin = charts.thin_out(steps, 31)
    assert [step.height for step in thin] == [23] * 31
    assert (thin[0].started_at, thin[-1].ended_at) == (first, steps[-1].ended_at)
    assert charts.thin_out(steps, 744) == steps


def test_a_curve_is_at_none_between_its_steps():
    first, hour = datetime(2026, 3, 5), timedelta(hours=1)
    steps = [
        charts.Step(first, first + hour, 2),
        charts.Step(first + hour, first + 2 * hour, 2),
        charts.Step(first + 3 * hour, first + 4 * hour, 1),
    ]
    assert charts.trace(steps) == [
        (first, 2),
        (first + 2 * hour, 0),
        (first + 3 * hour, 1),
        (first + 4 * hour, 0),
    ]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_a_curve_that_goes_on_says_so_at_its_end(before, after):
    drawn = draw(360, goes_on=(before, after))
    assert ("← goes on" in drawn, "goes on →" in drawn) == (before, after)
    first = datetime(2026, 3, 5)
    steps = [charts.Step(first, first + timedelta(days=1), 1)]
    (*_, days) = charts.sketch_curve(80, steps, goes_on=(before, after))
    assert (days.strip()[0] == "…", days[-1] == "…") == (before, after)


def test_a_sketch_shows_the_highest_of_each_column():
    first = datetime(2026, 3, 5)
    hours = [0, 4, 2]
    steps = [
        charts.Step(first + timedelta(hours=at), first + timedelta(hours=at + 1), users)
        for at, users in enumerate(hours)
    ]
    lines = charts.sketch_curve(8, steps)
    assert lines[0] == "4   ██"
    assert lines[-2] == "0   ████"
    assert lines[-1].split() == ["2026-03-05", "00:00", "2026-03-05", "03:00"]
    assert charts.sketch_curve(8, []) == []


def test_a_terminal_loads_nothing_that_draws(home):
    code = (
        "import sys; from click.testing import CliRunner; from cx_billing.cli import main;"
        f"said = CliRunner().invoke(main, ['--home', {str(home)!r}, 'show', 'peak', 'acme',"
        "'2026-03-05']); assert said.exit_code == 0, said.output;"
        "assert {'altair', 'vl_convert'}.isdisjoint(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_page_with_a_picture_is_the_same_twice(home, tmp_path):
    for name in ("one", "two"):
        cx_billing("--home", home, "show", "peak", "acme", "2026-03-05", "--html", tmp_path / name)
    written = (tmp_path / "one").read_bytes()
    assert written == (tmp_path / "two").read_bytes()
    assert written.count(b"<svg") == written.count(b"</svg>") == 4
