"""The text of a PDF as lines of words with their places, read where it can do no harm.

A PDF can be made to keep any reader busy forever, or to unfold to any size. So a process of its
own reads it, with a bound on its time and its memory:

    python -P -m cx_billing.pdf_lines FILE SECONDS PARENT     # prints JSON: the pages, or why not

Letters that do not stand upright (a watermark across the page, a stamp along its edge) are no part
of a line and left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cx_billing.bounds import bound_computing, bound_process, end_with_parent

if TYPE_CHECKING:
    from pdfplumber.page import Page

MOST_BYTES = 20 << 20
MOST_PAGES = 300
MOST_WORDS = 100_000
LONGEST_LINE = 2_000  # characters
SECONDS = 60  # of computing in the process that reads, and of waiting for it
MEMORY = 2 << 30  # bytes that it may take
LINE_TOLERANCE = 2.5  # points between the middles of two words of one line
SAME_PLACE = 0.5  # points between two prints of one letter, which make it look bold
WORD_GAP = 0.2  # of the font size, from which on letters belong to different words
CELL_GAP = 0.9  # of the height of a word, from which on words belong to different cells


class PdfError(Exception):
    """The file yields no text; the message says why and what to do."""


@dataclass(frozen=True)
class Word:
    """A word and its box in points from the top left corner of the page."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    font: str

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class Cell:
    """Words of one line that follow each other at no more than a blank's distance."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return self.words[-1].x1


@dataclass(frozen=True)
class Line:
    """Words at one height of a page, from left to right; pages count from 1."""

    page: int
    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        cells: list[list[Word]] = []
        for word in self.words:
            if cells and word.x0 - cells[-1][-1].x1 <= CELL_GAP * word.height:
                cells[-1].append(word)
            else:
                cells.append([word])
        return tuple(Cell(tuple(words)) for words in cells)

    @property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @property
    def where(self) -> str:
        return f"page {self.page}: '{self.text}'"


def read(path: Path, seconds: float = SECONDS) -> list[Line]:
    """All lines of the file from top to bottom, by a process that `seconds` and memory bound.

    Raises PdfError if they do not suffice, or if the file holds no text that can be read.
    """
    command = [sys.executable, "-P", "-m", "cx_billing.pdf_lines"]
    command += [str(path), str(seconds), str(os.getpid())]
    too_much = PdfError(
        f"takes more than {seconds} seconds or {MEMORY >> 30} GiB to read, which no invoice does; "
        "fetch it again"
    )
    try:
        done = subprocess.run(command, capture_output=True, timeout=2 * seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise too_much from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        raise too_much from error
    if "refused" in answer:
        raise PdfError(answer["refused"])
    return [
        Line(page, tuple(Word(*word) for word in words))
        for page, lines in enumerate(answer["pages"], start=1)
        for words in lines
    ]


def extract(path: Path) -> list[Line]:
    """The same in this process, without a bound on time and memory."""
    return [
        Line(page, tuple(Word(*word) for word in words))
        for page, lines in enumerate(_pages(path), start=1)
        for words in lines
    ]


def _pages(path: Path) -> Iterator[list[list[tuple]]]:
    import pdfplumber  # slow to import, and wanted by the process that reads alone
    from pdfminer.pdfdocument import PDFPasswordIncorrect

    _look_at_the_bytes(path)
    try:
        with pdfplumber.open(path) as pdf:
            if len(pdf.pages) > MOST_PAGES:
                raise PdfError(f"has {len(pdf.pages)} pages, more than {MOST_PAGES}; split it")
            pages, count = [], 0
            for page in pdf.pages:
                lines = _lines(page)
                count += sum(map(len, lines))
                if count > MOST_WORDS:
                    raise PdfError(f"holds more than {MOST_WORDS:,} words; no invoice does")
                pages.append(lines)
                page.close()
    except (PdfError, MemoryError):
        raise
    except Exception as error:  # a parser of foreign bytes can fail in any way
        if isinstance(error, PDFPasswordIncorrect) or any(
            isinstance(part, PDFPasswordIncorrect) for part in (*error.args, error.__cause__)
        ):
            raise PdfError("wants a password; save it without one") from error
        kind = type(error.args[0] if error.args and isinstance(error.args[0], Exception) else error)
        raise PdfError(f"is no readable PDF ({kind.__name__}); fetch it again") from error
    if not count:
        raise PdfError(
            "holds no text, only pictures of it, if anything (a scan?); fetch the vendor's original"
        )
    yield from pages


def _look_at_the_bytes(path: Path) -> None:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise PdfError(f"has {size:,} bytes, more than {MOST_BYTES:,}; no invoice has")
    content = path.read_bytes()
    if b"%PDF-" not in content[:1024]:
        raise PdfError("is no PDF, in spite of its name; fetch it again")
    if b"%%EOF" not in content[-1024:]:
        raise PdfError("is a PDF that was cut off; fetch it again")


def _lines(page: Page) -> list[list[tuple]]:
    from pdfplumber.utils import cluster_objects, dedupe_chars, extract_words

    level = [char for char in page.chars if _is_level(char["matrix"])]
    words = extract_words(
        dedupe_chars(level, tolerance=SAME_PLACE),
        x_tolerance_ratio=WORD_GAP,
        extra_attrs=["fontname"],
    )
    if not words and page.images:
        raise PdfError(
            f"holds a picture but no text on page {page.page_number} (a scan?); "
            "fetch the vendor's original"
        )
    lines = []
    for line in cluster_objects(words, lambda w: (w["top"] + w["bottom"]) / 2, LINE_TOLERANCE):
        text = " ".join(word["text"] for word in line)
        if "(cid:" in text:
            raise PdfError(
                f"has letters on page {page.page_number} that stand for no character "
                f"('{text[:60]}'); fetch the vendor's original"
            )
        if len(text) > LONGEST_LINE:
            raise PdfError(
                f"has a line of {len(text):,} characters on page {page.page_number}, "
                f"more than {LONGEST_LINE:,}; no invoice has"
            )
        line.sort(key=lambda word: word["x0"])
        lines.append(
            [
                (w["text"], *(round(w[k], 2) for k in ("x0", "x1", "top", "bottom")), w["fontname"])
                for w in line
            ]
        )
    return lines


def _is_level(matrix: tuple[float, ...]) -> bool:
    """Whether a letter stands upright, neither turned nor mirrored."""
    across, up, *_ = matrix
    return across > 0 and abs(up) < 0.01 * across


def _main(path: str, seconds: str, parent: str) -> None:
    end_with_parent(int(parent))
    bound_computing(float(seconds))
    bound_process(MEMORY)
    answer: dict[str, object]
    try:
        answer = {"pages": list(_pages(Path(path)))}
    except PdfError as error:
        answer = {"refused": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main(*sys.argv[1:])
