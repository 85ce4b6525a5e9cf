"""The steps of the Dockerfile, run as a script: no container can be built where the tests run.

What apt installs is taken from the machine, and the image's /app and /data are temporary folders.
`make nightly` runs them; that the steps fit the project is part of `make test`.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from cx_billing import lake
from environments import AS_OF, find_python, run_program

PYTHON_OF_THE_BASE = {"debian:bookworm-slim": "3.11"}


def read_steps() -> list[tuple[str, str]]:
    """Every instruction of the Dockerfile with its arguments, continued lines joined."""
    text = (lake.PROJECT_DIR / "Dockerfile").read_text().replace("\\\n", " ")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [tuple(line.split(maxsplit=1)) for line in lines]


STEPS = read_steps()
COPIED = [arguments.split() for instruction, arguments in STEPS if instruction == "COPY"]


def test_every_copied_file_exists_and_is_not_ignored():
    ignored = (lake.PROJECT_DIR / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    sources = {source for *sources, _ in COPIED for source in sources}
    assert all((lake.PROJECT_DIR / source).exists() for source in sources)
    assert sources == allowed


def test_the_image_installs_what_the_tests_ran_with():
    def read_pins(name: str) -> set[str]:
        lock = (lake.PROJECT_DIR / name).read_text()
        return set(re.findall(r"^(\S+==\S+) \\$", lock, flags=re.MULTILINE))

    assert read_pins("requirements-image.lock")
    assert read_pins("requirements-image.lock") < read_pins("requirements.lock")


@pytest.mark.nightly
def test_the_steps_lead_to_a_command_that_bills_the_sample(tmp_path):
    image = Image(tmp_path)
    for instruction, arguments in STEPS:
        image.take(instruction, arguments)
    image.run("land", "sample/inbox")
    image.run("build", "--as-of", AS_OF)
    assert "2,296.30" in image.run("show", "invoices")
    assert (tmp_path / "data" / "cx_billing.duckdb").exists()


class Image:
    """A folder in place of an image's root; it takes one step of a Dockerfile after the other."""

    def __init__(self, root: Path):
        self.root = root
        self.directory = root
        self.variables: dict[str, str] = {}
        self.entry: list[str] = []

    def take(self, instruction: str, arguments: str) -> None:
        """Do what an instruction says, with paths below the root."""
        match instruction:
            case "FROM":
                version = PYTHON_OF_THE_BASE[arguments]
                if (python := find_python(version)) is None:
                    pytest.skip(f"not installable here: Python {version} of the image")
                programs = self.root / "programs"
                programs.mkdir()
                (programs / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
                (programs / "python3").chmod(0o755)
                self.variables["PATH"] = f"{programs}:/usr/bin:/bin"
            case "RUN" if arguments.startswith("apt-get"):
                packages = re.search(r"--no-install-recommends ([\w .-]+?) +&&", arguments)
                assert packages and packages.group(1).split() == ["python3", "python3-venv"]
            case "RUN":
                run_program(
                    *("sh", "-ec", self.place(arguments)),
                    cwd=self.directory,
                    variables=self.variables,
                )
            case "WORKDIR":
                self.directory = Path(self.place(arguments))
                self.directory.mkdir()
            case "COPY":
                *sources, target = arguments.split()
                for source in sources:
                    self.copy(lake.PROJECT_DIR / source, self.directory / target)
            case "ENV":
                name, value = arguments.split("=", 1)
                self.variables[name] = self.place(value)
            case "ENTRYPOINT":
                self.entry = [self.place(part) for part in json.loads(arguments)]
            case "VOLUME" | "USER" | "CMD":
                pass  # say how a container is started
            case _:
                pytest.fail(f"the test does not know {instruction}")

    def copy(self, source: Path, target: Path) -> None:
        """Copy as COPY does: the content of a folder, or a file into a folder."""
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, symlinks=True, ignore=ignore, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)

    def place(self, text: str) -> str:
        """Absolute paths of the image, below the root."""
        return re.sub(r"(?<![\w./-])/(app|data)\b", rf"{self.root}/\1", text)

    def run(self, *arguments: str) -> str:
        """What a container of the image prints."""
        done = run_program(*self.entry, *arguments, cwd=self.directory, variables=self.variables)
        return done.stdout
