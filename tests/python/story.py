"""What `docs/story.md` shows: its commands, what they print, and its pictures.

python tests/python/story.py HOME     # draws the pictures again from a build of the sample
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from command_line import cx_billing
from cx_billing import lake, pages, warehouse

STORY = lake.PROJECT_DIR / "docs" / "story.md"
FOLDER = STORY.with_suffix("")
SETUP, CREDIT = "From the inbox to a warehouse", "The money comes back"
WIDTH = 800
LEFT_OUT = "…"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A command of the story, and the lines of its output that the story shows."""

    words: str
    shown: tuple[str, ...]


def read_commands(text: str) -> Iterator[Command]:
    """The commands of a page, in order: `$` in a block of the console, and what follows it."""
    for block in BLOCK.findall(text):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            words, *shown = command.splitlines()
            yield Command(words, tuple(line for line in shown if squeeze(line) != LEFT_OUT))


def read_sections(text: str) -> dict[str, list[Command]]:
    """The commands of each section, by its heading."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return {
        heading: list(read_commands(part))
        for heading, part in zip(parts[1::2], parts[2::2], strict=True)
    }


def squeeze(line: str) -> str:
    """A line without what only aligns it."""
    return " ".join(line.split())


def find_untrue(shown: tuple[str, ...], printed: str) -> list[str]:
    """The shown lines that are not printed, in that order; the sign for it leaves words out."""
    rest = iter([squeeze(line) for line in printed.splitlines()])
    for at, line in enumerate(shown):
        pattern = ".*".join(re.escape(squeeze(part)) for part in line.split(LEFT_OUT))
        pattern = pattern.replace(".*", r"\s*.*\s*")
        if not any(re.fullmatch(pattern, one) for one in rest):
            return list(shown[at:])
    return []


def run(command: Command, folder: Path) -> str:
    """What a command prints in a folder whose `warehouse` is the home."""
    program, *arguments = shlex.split(command.words, comments=True)
    with chdir(folder):
        if program == "cx-billing":
            return cx_billing(*arguments)
        program = sys.executable if program == "python" else program
        ran = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
        return ran.stdout


def draw_pictures(home: Path) -> dict[str, str]:
    """The pictures by the name of their file: as on the pages, but each on white."""
    with warehouse.connect(home) as connection:
        invoice = pages.compose_vendor_invoice(connection, "northwind-support", "900137")
        peak = pages.compose_peak(connection, "harbor-bank", date(2026, 3, 1), "cx3")
        drawn = {"reasons.svg": invoice.pictures[0], "peak.svg": peak.pictures[1]}
        on_white = 'font-family="sans-serif" style="background:#fff"'
        return {
            name: picture.draw(WIDTH).replace('font-family="inherit"', on_white) + "\n"
            for name, picture in drawn.items()
        }


def main() -> None:
    for name, drawn in draw_pictures(Path(sys.argv[1])).items():
        (FOLDER / name).write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
