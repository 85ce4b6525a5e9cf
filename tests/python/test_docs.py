"""Documents name what is there: rules, decisions, models, unit tests, files."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from cx_billing import lake
from cx_billing.lake import read_yaml
from rule_coverage import DECISION, DECISIONS, SECTION, anchor, ids_in, register

PROJECT = lake.PROJECT_DIR
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
OF_TODAY = [page for page in PAGES if page.name != "mutation.md"]  # a record of one run
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.*)$", re.MULTILINE)
MODEL = re.compile(r"\b(?:int|stg)_[a-z]\w+")
UNIT_TEST = re.compile(r"`(\w+__(?:X\d+|[A-Z]+_\d\d)\w*)`")


def broken_links(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere."""
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, fragment = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        headings = HEADING.findall(target.read_text()) if target.is_file() and fragment else []
        if not target.exists() or (fragment and fragment not in map(anchor, headings)):
            broken.append(link)
    return broken


@cache
def unit_tests() -> frozenset[str]:
    """The names of dbt's unit tests."""
    return frozenset(
        test["name"]
        for file in (PROJECT / "tests" / "unit").rglob("*.yml")
        for test in read_yaml(file)["unit_tests"]
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page):
    assert broken_links(page) == []


@pytest.mark.parametrize("page", OF_TODAY, ids=lambda page: str(page.relative_to(PROJECT)))
def test_models_and_unit_tests_that_a_page_names_are_there(page):
    text = page.read_text(encoding="utf-8")
    models = {file.stem for file in (PROJECT / "models").rglob("*.sql")}
    assert set(MODEL.findall(text)) <= models | unit_tests()
    assert set(UNIT_TEST.findall(text)) <= unit_tests()


@pytest.mark.parametrize(
    "page", sorted((PROJECT / "docs" / "rules").glob("[a-z]*.md")), ids=lambda page: page.stem
)
def test_every_rule_that_is_explained_has_an_example_and_its_sql(page):
    text = page.read_text(encoding="utf-8")
    known = {rule.id for rule in register()}
    for heading, rules in SECTION.findall(text):
        section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
        assert list(ids_in(rules)) == rules.split(", ")
        assert set(ids_in(rules)) <= known
        assert UNIT_TEST.search(section), f"{heading} names no unit test"
        assert re.search(r"\.(sql|csv)\)", section), f"{heading} links no SQL or seed"
    assert "](../../DECISIONS.md#" in text


def test_a_broken_link_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# The end: 00:00\n[a](gone.md) [b](#the-end-0000) [c](#gone) [d](page.md#x)")
    assert broken_links(page) == ["gone.md", "#gone", "page.md#x"]


def test_the_index_of_decisions_is_that_of_the_headings():
    text = DECISIONS.read_text(encoding="utf-8")
    index = text.split("## Index by rule")[1].split("\n## ")[0]
    indexed = dict(re.findall(r"^\| ([A-Z]\S*) \| (.*) \|$", index, re.MULTILINE))
    expected: dict[str, list[str]] = {}
    for heading, rules in DECISION.findall(text):
        for rule in rules.split(", "):
            expected.setdefault(rule, []).append(f"[{heading}](#{anchor(heading)})")
    assert indexed == {rule: ", ".join(links) for rule, links in expected.items()}
    order = [rule.id for rule in register()]
    assert list(indexed) == [rule for rule in order if rule in indexed]
    assert set(indexed) <= set(order)


@pytest.mark.parametrize("heading", re.findall(r"^### (.*)$", DECISIONS.read_text(), re.MULTILINE))
def test_a_decision_says_what_is_built_and_where_to_change_it(heading):
    section = DECISIONS.read_text().split(f"### {heading}\n")[1].split("\n##")[0]
    parts = re.findall(r"^\* \*\*(\w+):\*\*", section, re.MULTILINE)
    assert parts in (["Sources", "Built", "Change"], ["Built", "Change"])
    assert section.startswith("Rules: ") == ("Sources" in parts)
