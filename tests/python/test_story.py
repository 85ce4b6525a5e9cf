"""`docs/story.md` shows what the commands print on the sample, and its pictures are of it."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from command_line import cx_billing
from story import (
    BLOCK,
    CREDIT,
    FOLDER,
    SETUP,
    STORY,
    draw_pictures,
    find_untrue,
    read_sections,
    run,
)

TEXT = STORY.read_text(encoding="utf-8")
SECTIONS = read_sections(TEXT)
AMOUNT = re.compile(r"(?<![\w.,])\d[\d,]*\.\d\d\b")
SENTENCE = re.compile(r"^\| (-?[\d,.]+) \| (.*) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def folder(sample_warehouse, tmp_path_factory):
    """A folder in which the setup of the story has run."""
    folder = tmp_path_factory.mktemp("story")
    shutil.copytree(sample_warehouse, folder / "warehouse", symlinks=True)
    return folder


def test_the_commands_print_what_the_story_shows(folder):
    sections = [name for name in SECTIONS if name not in (SETUP, CREDIT)]
    assert sum(len(SECTIONS[name]) for name in sections) > 8
    here = folder
    for command in (command for name in sections for command in SECTIONS[name]):
        if command.words.startswith("cd "):
            here = (here / command.words.removeprefix("cd ")).resolve()
            continue
        assert find_untrue(command.shown, run(command, here)) == [], command.words


def test_the_pictures_are_those_of_the_sample(sample_warehouse):
    drawn = {name: svg.encode() for name, svg in draw_pictures(sample_warehouse).items()}
    assert drawn == {file.name: file.read_bytes() for file in FOLDER.glob("*.svg")}


def test_the_reasons_are_in_the_words_of_the_page(sample_warehouse):
    place = ("--home", sample_warehouse, "show", "vendor-invoice", "northwind-support", "900137")
    found = json.loads(cx_billing(*place, "--json"))["tables"]["differences"]
    said = {row["explanation"]: float(row["amount"]) for row in found if not row["caused_by"]}
    assert said == {words: float(amount) for amount, words in SENTENCE.findall(TEXT)}


def test_every_amount_in_the_text_is_one_that_is_shown():
    shown = [line for section in SECTIONS.values() for one in section for line in one.shown]
    drawn = [file.read_text(encoding="utf-8") for file in FOLDER.glob("*.svg")]
    known = set(AMOUNT.findall("\n".join([*shown, *drawn]).replace("-", " ")))
    text = SENTENCE.sub("", BLOCK.sub("", TEXT))  # the sentences have a test of their own
    assert set(AMOUNT.findall(text.replace("-", " "))) <= known


def test_the_story_shows_each_picture_and_names_each_file():
    assert all(f"](story/{file.name})" in TEXT for file in FOLDER.iterdir())


def test_what_is_not_printed_is_noticed():
    printed = "a   1.00  x\nb 2.00\n"
    assert find_untrue(("a 1.00 …", "b 2.00"), printed) == []
    assert find_untrue(("b 2.00", "a 1.00 …"), printed) == ["a 1.00 …"]
    assert find_untrue(("a 1.01 …", "b 2.00"), printed) == ["a 1.01 …", "b 2.00"]
    assert find_untrue(("a 1.00",), printed) == ["a 1.00"]
