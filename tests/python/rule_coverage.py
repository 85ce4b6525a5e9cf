"""Which model follows each rule and which tests check it: `docs/rules.md`, drawn from the files.

The ids and what is true of them without code are in `rules.csv`. A rule is found by its id, as
`CONC-02`, `CONC_02` (names of tests) or within `CONC-01..04`, in

* models, macros and seeds: SQL text, descriptions, the values of a seed;
* tests: names and descriptions of dbt's unit and data tests, pytest functions, and the oracle,
  against which random organizations are compared.

`python tests/python/rule_coverage.py` writes the page, a short row per rule: where it is explained
(a section of `docs/rules`), the models that follow it and how many tests name it; and the file from
which the pages of the command line tell rules.
"""

from __future__ import annotations

import ast
import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]
REGISTER = Path(__file__).with_name("rules.csv")
PAGE = PROJECT / "docs" / "rules.md"
OF_PAGES = PROJECT / "src" / "cx_billing" / "pages" / "rules.csv"
EXPLAINED = PROJECT / "docs" / "rules"
DECISIONS = PROJECT / "DECISIONS.md"
DECISION = re.compile(r"^### (.*)\nRules: (.*)$", re.MULTILINE)
MOST_MODELS = 6
SECTION = re.compile(r"^## (.*)\n([A-Z].*)$", re.MULTILINE)
FAMILIES = "CYC|CONV|LIC|NAMED|NAME|HOUR|CONC|INV|RAMP|FU|VOICE|TELCO|NUM|SDC|TAX|PAY|API"
ID = re.compile(
    rf"(?<![A-Za-z0-9])({FAMILIES})[-_](\d\d)(?![0-9])(?:\.\.(\d\d)(?![0-9]))?"
    r"|(?<![A-Za-z0-9])X([1-9][0-9]?)(?![A-Za-z0-9])"
)
HOW = ("configuration", "documented")
# Their own examples are ids too.
NOT_READ = {"rule_coverage.py", "test_rule_coverage.py"}

HEAD = """# Rules, models and tests

Drawn from the files by `make rules`; a test fails when this page is out of date, when a rule has
neither a model with a test nor a reason, or when a file names a rule that is not here. The pages in
[rules](rules/README.md) explain rules by example, [`DECISIONS.md`](../DECISIONS.md) says what was
decided. X1 to X18 are the points on which the vendor's own texts disagree. *Configuration* is what
a user sets (a column of the contract, a seed); *documented* says why nothing is computed.

Models are those with a unit test that is named after the rule, else those whose text names it.
`git grep -E "CYC[-_]01"` lists every model and test of a rule.

| rule | says | explained | models, macros, seeds | tests | without code |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Rule:
    """A row of the register: `how` is configuration, documented or empty; `reason` explains it."""

    id: str
    title: str
    how: str
    reason: str


@dataclass
class Coverage:
    """Where each rule id is named: the names of models and of tests."""

    models: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    tests: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def ids(self) -> set[str]:
        """Every id that any file names."""
        return self.models.keys() | self.tests.keys()


def register() -> list[Rule]:
    """The rules in the order of the register."""
    with REGISTER.open(encoding="utf-8", newline="") as file:
        return [Rule(**row) for row in csv.DictReader(file)]


def ids_in(text: str) -> Iterator[str]:
    """Every rule id that a text names; `CONC-01..04` names four."""
    for family, first, last, contradiction in ID.findall(text):
        if contradiction:
            yield f"X{contradiction}"
            continue
        for number in range(int(first), int(last or first) + 1):
            yield f"{family}-{number:02}"


def coverage(project: Path = PROJECT) -> Coverage:
    """Read the project's files, without dbt."""
    found = Coverage()
    for name, text in implementations(project):
        for rule in ids_in(text):
            found.models[rule].add(name)
    for name, text in tests(project):
        for rule in ids_in(text):
            found.tests[rule].add(name)
    return found


def implementations(project: Path) -> Iterator[tuple[str, str]]:
    """The name and text of every model, macro and seed."""
    for file in sorted((project / "models").rglob("*.sql")):
        yield file.stem, file.read_text()
    for file in sorted((project / "macros").rglob("*.sql")):
        yield f"macro {file.stem}", file.read_text()
    for file in sorted((project / "seeds").glob("*.csv")):
        yield f"seed {file.stem}", file.read_text()
    for kind, node in nodes(project, "models", "seeds", "tests/unit"):
        if kind == "unit_tests":  # what a rule's unit test runs is where the rule is followed
            yield node["model"], f"{node['name']} {node.get('description', '')}"
        else:
            yield ("seed " if kind == "seeds" else "") + node["name"], str(node)


def tests(project: Path) -> Iterator[tuple[str, str]]:
    """The name and text of every dbt test and pytest function, and of the oracle's functions."""
    for kind, node in nodes(project, "models", "seeds", "tests/unit"):
        if kind == "unit_tests":
            yield node["name"], f"{node['name']} {node.get('description', '')}"
    for file in sorted((project / "tests" / "dbt").rglob("*.sql")):
        yield file.stem, f"{file.stem} {file.read_text()}"
    for kind, node in nodes(project, "tests/dbt"):
        if kind == "data_tests":
            yield node["name"], str(node)
    for file in sorted((project / "tests" / "python").rglob("*.py")):
        if file.name not in NOT_READ:
            yield from functions(file)


def nodes(project: Path, *folders: str) -> Iterator[tuple[str, dict]]:
    """Every entry of dbt's YAML files with the list it stands in (`models`, `unit_tests`...)."""
    for folder in folders:
        for file in sorted((project / folder).rglob("*.yml")):
            content = yaml.safe_load(file.read_text()) or {}
            for kind in ("models", "seeds", "unit_tests", "data_tests"):
                for node in content.get(kind, []):
                    yield kind, node


def functions(file: Path) -> Iterator[tuple[str, str]]:
    """The test functions of a module with their text; of the oracle, all functions and classes."""
    source = file.read_text()
    in_oracle = file.parent.name == "oracle"
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            if in_oracle and isinstance(node, ast.Assign):
                lines = source.splitlines()[node.lineno - 1 : node.end_lineno]
                yield f"oracle {file.stem}", "\n".join(lines)
            continue
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        text = "\n".join(source.splitlines()[first - 1 : node.end_lineno])
        if in_oracle:
            yield f"oracle {file.stem}", text
        elif node.name.startswith(("test_", "Test")):
            yield f"{file.stem}::{node.name}", text


def problems(rules: list[Rule], found: Coverage) -> list[str]:
    """What is wrong with the coverage, in words."""
    known = {rule.id for rule in rules}
    wrong = [
        f"{rule}: named by {', '.join(sorted(found.models[rule] | found.tests[rule]))}, "
        f"but not in {REGISTER.name}"
        for rule in sorted(found.ids - known)
    ]
    for rule in rules:
        models, of_tests = found.models.get(rule.id), found.tests.get(rule.id)
        if rule.how and (rule.how not in HOW or not rule.reason):
            wrong.append(f"{rule.id}: {REGISTER.name} needs one of {HOW} and a reason")
        if not rule.how and not (models and of_tests):
            missing = " and ".join(
                name for name, there in (("a model", models), ("a test", of_tests)) if not there
            )
            wrong.append(f"{rule.id} ({rule.title}): lacks {missing} that names it, and a reason")
        if rule.how == "documented" and models and of_tests:
            wrong.append(f"{rule.id}: has a model and a test, so it is more than documented")
    return wrong


def page(rules: list[Rule], found: Coverage) -> str:
    """The table, one row per rule."""
    explained = sections()
    rows = (
        (
            rule.id,
            rule.title,
            explained.get(rule.id, ""),
            shortened(sorted(main_models(rule.id, found))),
            counted(found.tests.get(rule.id, set())),
            f"{rule.how}: {rule.reason}" if rule.how else "",
        )
        for rule in rules
    )
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def list_for_pages(rules: list[Rule], found: Coverage) -> str:
    """What the pages of the command line say of each rule: its title and its models."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "title", "models"))
    for rule in rules:
        names = sorted(name for name in main_models(rule.id, found) if " " not in name)
        writer.writerow((rule.id, rule.title, " ".join(names[:MOST_MODELS])))
    return text.getvalue()


def sections() -> dict[str, str]:
    """A link per rule id: to a section of `docs/rules`, else to the decision that is about it."""
    found: dict[str, str] = {}
    for file in sorted(EXPLAINED.glob("*.md")):
        for heading, rules in SECTION.findall(file.read_text(encoding="utf-8")):
            for rule in ids_in(rules):
                found.setdefault(rule, f"[{file.stem}](rules/{file.name}#{anchor(heading)})")
    for heading, rules in DECISION.findall(DECISIONS.read_text(encoding="utf-8")):
        for rule in rules.split(", "):
            found.setdefault(rule, f"[decision](../{DECISIONS.name}#{anchor(heading)})")
    return found


def anchor(heading: str) -> str:
    """The name under which a heading can be linked to."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def main_models(rule: str, found: Coverage) -> set[str]:
    """The models whose unit tests are named after the rule, else all that name it."""
    models = found.models.get(rule, set())
    tested = {test.split("__")[0] for test in found.tests.get(rule, ()) if named_after(test, rule)}
    return models & tested or models


def named_after(test: str, rule: str) -> bool:
    """Whether a unit test's name begins with its model and this rule."""
    return f"__{rule.replace('-', '_')}" in test


def counted(tests: set[str]) -> str:
    """How many tests there are, and whether the oracle follows the rule too."""
    of_oracle = any(test.startswith("oracle ") for test in tests)
    others = sum(not test.startswith("oracle ") for test in tests)
    return ", ".join([str(others)] * bool(others) + ["oracle"] * of_oracle)


def shortened(names: list[str]) -> str:
    """Names as code, the first few of many."""
    more = f" and {len(names) - MOST_MODELS} more" if len(names) > MOST_MODELS else ""
    return ", ".join(f"`{name}`" for name in names[:MOST_MODELS]) + more


if __name__ == "__main__":
    FOUND = coverage()
    PAGE.write_text(page(register(), FOUND), encoding="utf-8")
    OF_PAGES.write_text(list_for_pages(register(), FOUND), encoding="utf-8")
