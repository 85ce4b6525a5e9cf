"""What a change is most likely to break, in less than 90 seconds of CPU: `make check`.

1. The style of the files that changed: ruff, yamllint, sqlfluff.
2. dbt parses the project without a warning.
3. The unit tests of the models that changed, that call a macro that changed or read a fixture that
   changed, next to parents that are built empty.
4. The conventions, the register of rules and the page of the datasets; what needs a built
   warehouse is left to `make test`.

A file changed if it differs from the commit in which the branch left `main`, committed or not; on
`main` itself if it is not committed. `--since COMMIT` compares with another one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from cx_billing import dbt_runs, failures, lake

PROJECT = lake.PROJECT_DIR
HOME = PROJECT / "target" / "check"
SQLFLUFF = ["sqlfluff", "lint", "--disable-progress-bar"]
QUERIES = "src/cx_billing/"
# Page queries have parameters instead of Jinja, as in `make lint`.
SQLFLUFF_PAGES = [
    *SQLFLUFF,
    *("--templater", "placeholder", "--exclude-rules"),
    "structure.using,structure.column_order,references.consistent",
]
BIN = Path(sys.executable).parent
CONVENTIONS = ("test_conventions.py", "test_rule_coverage.py", "test_datasets_page.py")


def main() -> None:
    """Run every step, also after one that failed; exit 1 if any did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--since", help="the commit to compare with")
    files = list_changes(parser.parse_args().since or find_base())
    print(f"{len(files)} files changed")
    steps: dict[str, Callable[[], bool]] = {
        "style": lambda: check_style(files),
        "parse": parse,
        "unit tests": lambda: run_unit_tests(files),
        "conventions": check_conventions,
    }
    failed = [name for name, step in steps.items() if not time_step(name, step)]
    sys.exit(f"Failed: {', '.join(failed)}" if failed else 0)


def find_base() -> str:
    """The commit in which the branch left `main`; what is checked out if there is no `main`."""
    found = subprocess.run(
        ["git", "merge-base", "main", "HEAD"], cwd=PROJECT, capture_output=True, text=True
    )
    return found.stdout.strip() or "HEAD"


def list_changes(base: str) -> list[str]:
    """The files that differ from a commit or are new, by their path in the project."""
    lists = (
        ["git", "diff", "--name-only", "--diff-filter=d", "--relative", base],
        ["git", "ls-files", "--others", "--exclude-standard"],
    )
    found: set[str] = set()
    for command in lists:
        done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
        found.update(done.stdout.splitlines())
    return sorted(found)


def time_step(name: str, step: Callable[[], bool]) -> bool:
    """Run a step and print how long it took."""
    started = time.monotonic()
    passed = step()
    print(
        f"{name}: {'ok' if passed else 'FAILED'} ({time.monotonic() - started:.0f} s)", flush=True
    )
    return passed


def check_style(files: Iterable[str]) -> bool:
    """Lint the files, each kind with its tool."""
    python = [file for file in files if file.endswith(".py")]
    yaml = [file for file in files if file.endswith((".yml", ".yaml"))]
    sql = [file for file in files if file.endswith(".sql")]
    commands = [
        (["ruff", "check", "--quiet"], python),
        (["ruff", "format", "--quiet", "--check"], python),
        (["yamllint", "--strict"], yaml),
        (SQLFLUFF, [file for file in sql if file.startswith(("models/", "tests/"))]),
        (SQLFLUFF_PAGES, [file for file in sql if file.startswith(QUERIES)]),
    ]
    return all([run(tool, named) for tool, named in commands if named])


def run(tool: list[str], arguments: Iterable[str]) -> bool:
    """Run a tool of the environment; whether it found nothing."""
    command, *options = tool
    return not subprocess.run([BIN / command, *options, *arguments], cwd=PROJECT).returncode


def run_dbt(*arguments: str) -> bool:
    """Run a dbt command and print what failed; whether nothing did."""
    database = HOME / "check.duckdb"
    outcome = dbt_runs.run(arguments, HOME, database)
    for failure in failures.list_failures(dbt_runs.read_outcome(outcome), database):
        print(f"{failure.name} ({failure.file})\n{failure.message}")
    return outcome.success


def parse() -> bool:
    """Parse the project; a warning is a failure."""
    return run_dbt("parse", "--warn-error")


def run_unit_tests(files: Iterable[str]) -> bool:
    """Build the parents of every model concerned without rows, and run its unit tests."""
    manifest = json.loads((HOME / "target" / "manifest.json").read_text())
    models = find_models(manifest, set(files))
    if not models:
        return True
    print(f"Models: {', '.join(models)}")
    parents = ("--resource-type", "model", "--resource-type", "seed", "--select")
    return run_dbt("build", "--empty", *parents, *(f"+{name}" for name in models)) and run_dbt(
        "test", "--select", *(f"{name},test_type:unit" for name in models)
    )


def find_models(manifest: dict, files: set[str]) -> list[str]:
    """The models with unit tests whose SQL, YAML, macros or fixtures are among the files."""
    macros = {
        key for key, node in manifest["macros"].items() if node["original_file_path"] in files
    }
    fixtures = {Path(file).stem for file in files if "fixtures" in Path(file).parts}
    tested: dict[str, bool] = {}
    tested_in: dict[str, str] = {}
    for test in manifest["unit_tests"].values():
        tested_in[test["model"]] = test["original_file_path"]
        rows = [*test["given"], test["expect"]]
        concerned = any(given.get("fixture") in fixtures for given in rows)
        tested[test["model"]] = tested.get(test["model"], False) or concerned
    found = []
    for name, concerned in tested.items():
        node = manifest["nodes"][f"model.cx_billing.{name}"]
        path = Path(node["original_file_path"])
        own = {str(path), str(path.with_suffix(".yml")), tested_in[name]}
        if concerned or own & files or macros & find_macros(manifest, node["depends_on"]["macros"]):
            found.append(name)
    return sorted(found)


def find_macros(manifest: dict, names: Iterable[str]) -> set[str]:
    """The macros of these names, and all that they call."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in manifest["macros"]:
            found.add(name)
            waiting += manifest["macros"][name]["depends_on"]["macros"]
    return found


def check_conventions() -> bool:
    """Run the tests of conventions that need no built warehouse."""
    folder = Path(__file__).parent
    return run(["pytest", "-m", "not built"], [str(folder / name) for name in CONVENTIONS])


if __name__ == "__main__":
    main()
