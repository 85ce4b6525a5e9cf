"""Pages in Chromium: nothing wider than its window, legible in the dark, on paper and by keyboard.

Needs the program `chromium` (`apt-get install chromium`); without it these tests fail.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pdfplumber
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from command_line import cx_billing
from cx_billing import pages
from cx_billing.pages.columns import difference_column, money_column, text_column
from cx_billing.pages.content import Table

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
DESK, HAND = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
WIDER = """() => [document.documentElement, ...document.querySelectorAll(".scroll")]
    .filter(element => element.scrollWidth > element.clientWidth + 1)
    .map(element => element.tagName + " " + (element.getAttribute("aria-labelledby") || ""))"""
# One page of each kind; the widest are of the organization with the most kinds of charges.
SHOWN = (
    "index",
    "vendor-invoice-northwind-support-900137",
    "invoice-northwind-support-2026-03-15",
    "reconciliation-northwind-support-2026-03-15",
    "peak-harbor-bank-2026-03-01",
    "invoices",
    "telco",
    "unbilled",
    "rejected",
    "files",
    "rules",
    "evidence-northwind-support-2026-03-15",
    "calls-summit-dialer-2026-03-01",
    "inventory-northwind-support-2026-02-15",
    "disputes",
    "calendar",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.fail("pages are checked in Chromium: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(sample_warehouse, tmp_path_factory) -> Path:
    """Every page of an organization of the sample, two pages of others, and the lists of all."""
    folder = tmp_path_factory.mktemp("pages")
    shown = ("--home", sample_warehouse, "show")
    cx_billing(*shown, "index", "--org", "northwind-support", "--out", folder)
    for page in (
        "index",
        "invoices",
        "telco",
        "unbilled",
        "rejected",
        "files",
        "disputes",
        "calendar",
    ):
        cx_billing(*shown, page, "--html", folder / f"{page}.html")
    for page in (("peak", "harbor-bank", "2026-03-01"), ("calls", "summit-dialer", "2026-03-01")):
        cx_billing(*shown, *page, "--html", folder / f"{'-'.join(page)}.html")
    return folder


@pytest.fixture(scope="module")
def desk(browser) -> Page:
    """A page on a desk."""
    return browser.new_page(viewport=DESK)


@pytest.fixture(scope="module")
def hand(browser) -> Page:
    """A page on a phone."""
    return browser.new_page(viewport=HAND)


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds wrong, of all its rules or of some, each with the first element."""
    only = {"runOnly": rules} if rules else {}
    found = Axe().run(page, options={"resultTypes": ["violations"], **only})
    return [
        f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html']}"
        for rule in found.response["violations"]
    ]


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_is_right_on_a_desk_in_light_and_dark(folder, desk, name):
    desk.goto((folder / f"{name}.html").as_uri())
    assert desk.evaluate(WIDER) == []
    desk.emulate_media(color_scheme="light")
    assert violations(desk) == []
    desk.emulate_media(color_scheme="dark")
    assert violations(desk, ["color-contrast"]) == [], "in the dark"


@pytest.mark.parametrize("name", SHOWN)
def test_a_page_is_right_in_a_hand(folder, hand, name):
    hand.goto((folder / f"{name}.html").as_uri())
    assert hand.evaluate(WIDER) == []


def test_on_a_phone_a_table_is_still_one(folder, hand):
    hand.goto((folder / f"{SHOWN[1]}.html").as_uri())
    assert violations(hand) == []
    table = hand.get_by_role("table", name="Lines")
    assert table.get_by_role("columnheader").count() == 9
    row = table.get_by_role("row").filter(has_text="Data Storage Overage")
    assert row.get_by_role("rowheader").inner_text() == "Data Storage Overage"
    cell = row.get_by_role("cell").last
    said = cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert (said, cell.inner_text()) == ('"Reason"', "Rate not in the contract")


def test_the_dark_is_dark(folder, browser):
    page = browser.new_page(color_scheme="dark")
    page.goto((folder / "index.html").as_uri())
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert all(int(part) < 60 for part in paper.removeprefix("rgb(").rstrip(")").split(","))
    page.close()


def test_the_keyboard_skips_to_the_content_and_its_place_is_seen(folder, browser):
    page = browser.new_page(viewport=DESK)
    page.goto((folder / f"{SHOWN[1]}.html").as_uri())
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the content"
    assert skip.bounding_box()["x"] >= 0, "the link is seen when it has the focus"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.locator(":focus").evaluate("element => element.tagName"))
        outline = page.locator(":focus").evaluate("element => getComputedStyle(element).outline")
        assert "solid" in outline and "3px" in outline
    assert reached == {"A", "DIV"}, "links, and the tables that can be scrolled"
    page.close()


def test_a_link_leads_to_the_line(folder, desk):
    desk.goto((folder / f"{SHOWN[1]}.html").as_uri())
    desk.get_by_role("table", name="Why it differs").get_by_text("Data Storage Overage").click()
    assert desk.locator(":target").inner_text().startswith("Data Storage Overage")


def test_on_paper_it_is_landscape_with_the_head_on_every_sheet(folder, desk):
    desk.emulate_media(color_scheme="dark")
    desk.goto((folder / f"{SHOWN[1]}.html").as_uri())
    with pdfplumber.open(io.BytesIO(desk.pdf(prefer_css_page_size=True))) as pdf:
        sheets = pdf.pages
        assert all(round(sheet.width) == 842 and round(sheet.height) == 595 for sheet in sheets)
        texts = [sheet.extract_text() for sheet in sheets]
        words = [word for sheet in sheets for word in sheet.extract_words()]
    with_lines = [text for text in texts if "Difference Reason" in text]
    assert "Printed total 6,471.68" in "\n".join(with_lines)
    assert all(word["x0"] >= 0 and word["x1"] <= 842 for word in words)
    assert "Skip" not in "\n".join(texts)
    desk.goto((folder / "rules.html").as_uri())
    with pdfplumber.open(io.BytesIO(desk.pdf(prefer_css_page_size=True))) as pdf:
        assert len(pdf.pages) > 2
        assert all("Rule Says Computed by" in sheet.extract_text() for sheet in pdf.pages[:-1])


def test_words_without_end_break_nothing(desk, hand, tmp_path):
    columns = (
        text_column("Description", "words"),
        text_column("Product", "words"),
        *(money_column(f"Amount {at}", "amount") for at in range(5)),
        difference_column("Difference", "amount"),
        text_column("Reason", "words"),
    )
    record = {"words": "W" * 180, "amount": -123456789, "minor_units": 2}
    table = Table.of_records("Lines " + "w" * 90, columns, [record] * 3)
    page = pages.Page("T" * 120, (("Answers", "a" * 150),), (table,), ("n" * 200,))
    file = tmp_path / "page.html"
    file.write_text(pages.render_html(page), encoding="utf-8")
    for view in (desk, hand):
        view.goto(file.as_uri())
        assert view.evaluate(WIDER) == []


def test_a_page_that_is_too_wide_is_noticed(hand, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<div style='width: 500px'>wide</div><img src='x'>")
    hand.goto(file.as_uri())
    assert hand.evaluate(WIDER) == ["HTML "]
    assert any(found.startswith("image-alt") for found in violations(hand))
    file.write_text("<p style='color: #ccc; background: #fff'>pale</p>")
    hand.reload()
    assert [found[:14] for found in violations(hand, ["color-contrast"])] == ["color-contrast"]


def test_a_word_of_usual_length_is_not_broken(folder, desk):
    desk.goto((folder / f"{SHOWN[4]}.html").as_uri())
    held = desk.get_by_role("rowheader", name="accumulated", exact=True).first
    line = held.evaluate("cell => parseFloat(getComputedStyle(cell).lineHeight)")
    assert held.bounding_box()["width"] > 60
    text = "cell => { const r = document.createRange(); r.selectNodeContents(cell); return r"
    assert held.evaluate(f"{text}.getBoundingClientRect().height }}") < 1.5 * line
