"""The picture of amounts: what its bars are drawn from, and what a terminal shows."""

from __future__ import annotations

import re
from decimal import Decimal
from xml.etree import ElementTree

from cx_billing import pages, warehouse
from cx_billing.pages.bars import MOST_BARS, Bar, draw_bars, sketch_bars
from cx_billing.pages.vendor_invoice import draw_reasons

BARS = (
    Bar("A rate <nobody> agreed", Decimal("200.50"), "200.50"),
    Bar("Used and not billed", Decimal("-100.25"), "-100.25"),
)


def test_bars_are_drawn_to_scale_on_both_sides_of_none():
    svg = draw_bars(760, "Why", "A rate 200.50; used -100.25", BARS)
    root = ElementTree.fromstring(svg)
    assert root.attrib["aria-label"] == "A rate 200.50; used -100.25"
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["A rate <nobody> agreed  200.50", "Used and not billed  -100.25"]
    drawn = re.findall(r'd="M([\d.]+),[\d.]+[hH]([-\d.]+)v[\d.]+[hH]([-\d.]+)Z" fill="var', svg)
    widths = sorted(max(abs(float(part)) for part in path[1:]) for path in drawn)
    assert len(widths) == 2 and abs(widths[1] - 2 * widths[0]) < 1, drawn


def test_a_terminal_has_them_in_blocks():
    assert sketch_bars(45, BARS) == [
        "A rate <nobody> agreed   200.50  ████████████",
        "Used and not billed     -100.25  ░░░░░░",
    ]
    assert sketch_bars(10, (Bar("One", Decimal(0), "0.00"),)) == ["One  0.00  "]


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
