"""The picture of amounts: what its bars are drawn from, and what a terminal shows."""

from __future__ import annotations

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from command_line import cx_billing
from cx_billing import pages, warehouse
from cx_billing.pages.bars import MOST_BARS, Bar, draw_bars, sketch_bars
from cx_billing.pages.charts import LEFT
from cx_billing.pages.vendor_invoice import draw_reasons

SVG = "{http://www.w3.org/2000/svg}"
BARS = (
    Bar("A rate <nobody> agreed", Decimal("200.50"), "200.50"),
    Bar("Used and not billed", Decimal("-100.25"), "-100.25"),
)


def read(svg):
    """The texts of a picture with the place of each, and the left and right end of each bar."""
    root = ElementTree.fromstring(svg)
    texts = {
        element.text: [float(part) for part in re.findall(r"[-\d.]+", element.attrib["transform"])]
        for element in root.iter(f"{SVG}text")
    }
    bars = re.findall(r'd="M([\d.]+),[\d.]+[hH]([-\d.]+)v[\d.]+[hH]([-\d.]+)Z" fill="var', svg)
    return texts, [[float(part) for part in bar] for bar in bars]


@pytest.mark.parametrize("width", [360, 760])
def test_bars_are_drawn_to_scale_on_both_sides_of_none(width):
    svg = draw_bars(width, "Why", "A rate 200.50; used -100.25", BARS)
    assert ElementTree.fromstring(svg).attrib["aria-label"] == "A rate 200.50; used -100.25"
    texts, bars = read(svg)
    said = " ".join(texts)
    assert all(bar.label in said and bar.words in said for bar in BARS)
    widths = sorted(max(abs(part) for part in bar[1:]) for bar in bars)
    assert len(widths) == 2 and abs(widths[1] - 2 * widths[0]) < 1, bars


def test_on_a_desk_no_words_cross_the_line_for_none():
    svg = draw_bars(760, "Why", "A rate 200.50; used -100.25", BARS)
    texts, bars = read(svg)
    begins = min(bar[0] for bar in bars)
    assert set(texts) == {text for bar in BARS for text in (bar.label, bar.words)}
    assert all(-LEFT < place[0] < begins for place in texts.values()), (texts, begins)


def test_a_terminal_has_them_in_blocks_on_both_sides_of_none():
    assert sketch_bars(52, BARS) == [
        "A rate <nobody> agreed   200.50        │████████████",
        "Used and not billed     -100.25  ░░░░░░│",
    ]
    assert sketch_bars(45, BARS[:1]) == ["A rate <nobody> agreed  200.50  █████████████"]
    assert sketch_bars(10, (Bar("One", Decimal(0), "0.00"),)) == ["One  0.00  "]


def test_where_nothing_is_drawn_the_picture_of_a_table_has_no_heading(home):
    said = cx_billing("--home", home, "show", "vendor-invoice", "acme", "V-77")
    assert "What makes the difference" not in said
    assert "By reason" in said


def test_a_vendor_invoice_has_a_picture_of_what_makes_the_difference(home):
    with warehouse.connect(home) as connection:
        page = pages.compose_vendor_invoice(connection, "acme", "V-77")
        agreed = pages.compose_vendor_invoice(connection, "kaze", "V-77")
    (picture,) = page.pictures
    assert [line[:11] for line in picture.sketch(80)] == ["Used and no", "Unexplained"]
    assert not agreed.pictures


def test_of_many_reasons_the_rest_is_one_bar():
    differences = [
        {"reason": f"r{at}", "title": f"Reason {at}", "minor_units": 2}
        | {"amount": Decimal(at), "claim_amount": Decimal(at)}
        for at in range(1, 10)
    ]
    (picture,) = draw_reasons(differences, 2)
    lines = picture.sketch(80)
    assert len(lines) == MOST_BARS
    assert lines[0].startswith("Reason 9")
    assert re.match(r"4 other reasons +10\.00 ", lines[-1])
