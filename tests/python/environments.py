"""The wheel, empty environments of other Pythons and versions, and what is built in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cx_billing import lake

SAMPLE = lake.PROJECT_DIR / "sample"
AS_OF = (SAMPLE / "AS_OF").read_text().strip()
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
# Of the environment that runs the tests, an environment of its own knows nothing.
NOT_HANDED_ON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CX_BILLING_HOME")

# Runs with the Python and the DuckDB of an environment: rows as text, save when they landed.
READ_MARTS = """
import json, sys
import duckdb

connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("set TimeZone = 'UTC'")
marts = connection.execute(
    "select table_name from duckdb_tables() "
    "where schema_name = 'marts' and table_name != 'build' order by 1"
).fetchall()
rows = {
    mart: connection.execute(
        f"select cast(columns(lambda name: name != 'landed_at') as varchar) from marts.{mart}"
    ).fetchall()
    for [mart] in marts
}
print(json.dumps(rows))
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment that holds what was installed into it and nothing else."""

    folder: Path

    def install(self, *packages: object) -> str:
        """Install with pip; why that was impossible, or nothing."""
        options = ("--quiet", "--no-compile", "--disable-pip-version-check", "--no-input")
        done = run_program(
            self.program("python"), "-m", "pip", "install", *options, *packages, check=False
        )
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return "" if done.returncode == 0 else (errors or [done.stderr.strip()])[-1]

    def program(self, name: str) -> Path:
        """A program of the environment."""
        return self.folder / "bin" / name

    def run(self, name: str, *arguments: object, cwd: Path, **variables: str) -> str:
        """Run a program of the environment in a folder; what it printed."""
        done = run_program(self.program(name), *arguments, cwd=cwd, variables=variables)
        return done.stdout

    def build_sample(self, folder: Path, **variables: str) -> None:
        """Land and build the sample in `folder`/warehouse, the default home there."""
        self.run("cx-billing", "land", SAMPLE / "inbox", cwd=folder)
        self.run("cx-billing", "build", "--as-of", AS_OF, cwd=folder, **variables)

    def read_marts(self, home: Path) -> dict[str, list[str]]:
        """Every row of every mart as text, read by the DuckDB of the environment."""
        database = home / "cx_billing.duckdb"
        marts = json.loads(self.run("python", "-c", READ_MARTS, database, cwd=home))
        return {mart: sorted(map(str, rows)) for mart, rows in marts.items()}

    def list_files(self) -> set[Path]:
        """Every file but what Python compiles for itself."""
        files = (file for file in self.folder.rglob("*") if "__pycache__" not in file.parts)
        return {file.relative_to(self.folder) for file in files}


def run_program(
    *command: object,
    cwd: Path | None = None,
    check: bool = True,
    variables: dict[str, str] | None = None,
) -> subprocess.CompletedProcess:
    """Run a command outside of the environment of the tests; what it printed, or fail with it."""
    handed_on = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=handed_on | (variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        pytest.fail(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout, made with the locked build tools."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    run_program(
        *(sys.executable, "-m", "pip", "wheel", *options), "--wheel-dir", folder, lake.PROJECT_DIR
    )
    [wheel] = folder.glob("*.whl")
    return wheel


def create_environment(python: Path, folder: Path) -> Environment:
    """An environment with nothing but pip."""
    run_program(python, "-m", "venv", folder)
    return Environment(folder)


def find_python(version: str) -> Path | None:
    """An interpreter of a version: the running one, one on the PATH, or one of pyenv's."""
    if version == RUNNING:
        return Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = [Path(found)] if (found := shutil.which(f"python{version}")) else []
    for python in [*on_path, *sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)]:
        says = "import sys, ensurepip; print('{}.{}'.format(*sys.version_info))"
        done = run_program(python, "-c", says, check=False)
        if done.returncode == 0 and done.stdout.strip() == version:
            return python
    return None
