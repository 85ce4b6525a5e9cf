"""The hooks of pre-commit run, find what is wrong, and need nothing but the environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cx_billing import lake

CONFIGURATION = lake.PROJECT_DIR / ".pre-commit-config.yaml"
HOOKS = yaml.safe_load(CONFIGURATION.read_text())["repos"][0]["hooks"]
# A file that each kind of hook must refuse.
FAULTS = {
    "ruff-check": ("src/cx_billing/fault.py", "import os\n"),
    "ruff-format": ("src/cx_billing/fault.py", "x = {  'a':1 }\n"),
    "mypy": ("src/cx_billing/fault.py", 'x: int = "text"\n'),
    "yamllint": ("models/fault.yml", "models: [ a ]\n"),
    "sqlfluff-pages": ("src/cx_billing/pages/queries/fault.sql", "SELECT 1 AS a from b\n"),
}


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A repository with the configuration of this project and no commit."""
    for name in (CONFIGURATION.name, "pyproject.toml", ".yamllint", ".sqlfluff"):
        shutil.copy(lake.PROJECT_DIR / name, tmp_path)
    (tmp_path / "src" / "cx_billing").mkdir(parents=True)
    (tmp_path / "src" / "cx_billing" / "__init__.py").touch()
    run(tmp_path, "git", "init", "--quiet")
    return tmp_path


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess:
    """Run a program as in an activated environment, with a home of its own."""
    programs = Path(sys.executable).parent
    own = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(checkout / ".cache"),
    }
    return subprocess.run(
        command, cwd=checkout, env=os.environ | own, capture_output=True, text=True, check=False
    )


def run_hooks(checkout: Path, *hooks: str) -> subprocess.CompletedProcess:
    """Add all files and run the hooks on them."""
    run(checkout, "git", "add", "--all")
    return run(checkout, "pre-commit", "run", "--all-files", *hooks)


def test_every_hook_is_a_program_of_the_environment():
    [repository] = yaml.safe_load(CONFIGURATION.read_text())["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in HOOKS} == {"system"}
    programs = {hook["entry"].split()[0] for hook in HOOKS}
    assert all((Path(sys.executable).parent / program).exists() for program in programs)


def test_hooks_pass_what_is_right(checkout):
    done = run_hooks(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ruff check" in done.stdout and "Passed" in done.stdout


@pytest.mark.parametrize("hook", FAULTS)
def test_hooks_refuse_what_is_wrong(hook, checkout):
    name, text = FAULTS[hook]
    (checkout / name).parent.mkdir(parents=True, exist_ok=True)
    (checkout / name).write_text(text)
    done = run_hooks(checkout, hook)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "fault" in done.stdout


def test_every_hook_is_seen_refusing_or_needs_the_whole_project():
    assert {hook["id"] for hook in HOOKS} - set(FAULTS) == {"sqlfluff"}  # asks dbt, 20 s
