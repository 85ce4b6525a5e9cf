"""Every rule has a model and a test that name it, or a reason; `docs/rules.md` tells which."""

from __future__ import annotations

from pathlib import Path

import pytest

import rule_coverage
from rule_coverage import Rule, coverage, ids_in, list_for_pages, page, problems, register


@pytest.fixture(scope="module")
def found() -> rule_coverage.Coverage:
    """The coverage of the project as it stands."""
    return coverage()


def test_every_rule_has_a_model_and_a_test_or_a_reason(found):
    wrong = problems(register(), found)
    assert not wrong, "\n".join(wrong)


def test_the_register_names_every_rule_once():
    ids = [rule.id for rule in register()]
    assert len(ids) == len(set(ids)) == 138
    assert all(list(ids_in(name)) == [name] for name in ids)
    assert all(rule.title for rule in register())


def test_the_page_is_up_to_date(found):
    written = rule_coverage.PAGE.read_text(encoding="utf-8")
    assert written == page(register(), found), "docs/rules.md is out of date: make rules"


def test_the_pages_tell_the_rules_as_they_are(found):
    written = rule_coverage.OF_PAGES.read_text(encoding="utf-8")
    assert written == list_for_pages(register(), found), (
        "pages/rules.csv is out of date: make rules"
    )


# What the coverage notices, on a project of two files.

MODEL = "models: [{name: peaks, description: The peak (AAA).}]\n"
UNIT_TEST = "unit_tests: [{name: peaks__BBB_it_counts, model: peaks, description: Claims.}]\n"


def project(folder: Path, model: str = "", test: str = "") -> Path:
    """A project with one model and one unit test of another, which name these ids."""
    (folder / "models").mkdir()
    (folder / "models" / "a.yml").write_text(MODEL.replace("AAA", model))
    (folder / "models" / "peaks.sql").write_text("select 1")
    tests = folder / "tests" / "python"
    tests.mkdir(parents=True)
    (tests / "test_peaks.py").write_text(f'def test_peaks():\n    """{test}"""\n')
    return folder


RULE = Rule("CONC-02", "half an hour", "", "")


def test_a_rule_with_a_model_and_a_test_is_covered(tmp_path):
    assert problems([RULE], coverage(project(tmp_path, "CONC-02", "CONC-01..02"))) == [
        "CONC-01: named by test_peaks::test_peaks, but not in rules.csv"
    ]


@pytest.mark.parametrize(
    ("model", "test", "lacks"),
    [("", "", "a model and a test"), ("CONC-02", "", "a test"), ("", "CONC-02", "a model")],
)
def test_a_rule_without_model_or_test_needs_a_reason(tmp_path, model, test, lacks):
    found = coverage(project(tmp_path, model, test))
    assert problems([RULE], found) == [
        f"CONC-02 (half an hour): lacks {lacks} that names it, and a reason"
    ]
    assert problems([Rule("CONC-02", "half an hour", "documented", "other product")], found) == []
    assert len(problems([Rule("CONC-02", "half an hour", "documented", "")], found)) == 1


def test_a_reason_that_is_no_longer_needed_is_told(tmp_path):
    found = coverage(project(tmp_path, "CONC-02", "CONC-02"))
    documented = Rule("CONC-02", "half an hour", "documented", "not built")
    assert problems([documented], found) == [
        "CONC-02: has a model and a test, so it is more than documented"
    ]
    assert problems([Rule("CONC-02", "half an hour", "configuration", "x")], found) == []


def test_the_model_of_a_unit_test_follows_its_rule(tmp_path):
    folder = project(tmp_path)
    (folder / "models" / "a.yml").write_text(UNIT_TEST.replace("BBB", "CONC_02"))
    assert problems([RULE], coverage(folder)) == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("peaks__CONC_02_thirty_minutes", ["CONC-02"]),
        ("CONV_03a and SDC-02..04", ["CONV-03", "SDC-02", "SDC-03", "SDC-04"]),
        ("X1, X17", ["X1", "X17"]),
        ("CX1 UTF-16 KA-1001 CONC-021 cx2_X12b", []),
    ],
)
def test_ids_are_found_as_they_are_written(text, ids):
    assert list(ids_in(text)) == ids
