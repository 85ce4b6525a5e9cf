"""Do the tests notice? One operator, constant, join or boundary of a model is changed at a time.

1. In a copy of the project, a mutant is the text of one model (or macro) with one change. Which
   ones are drawn depends on `--seed` and the text alone; every model gets at least three.
2. A mutant is noticed if a unit test of its models fails. Inputs of unit tests are given, so no
   other model's unit test can see it.
3. What is left is built, with everything downstream and all data tests, over the inbox of the
   known answer and over random organizations. It is noticed if a data test fails, if a mart
   differs from the known answer, or if a mart differs from the oracle.

`python benchmarks/mutation.py` draws `docs/mutation.md`; reasons written there stay where they
are as long as the mutant does. The exit code is 1 if fewer than 90 % are noticed of those whose
reason does not say that they are equivalent.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pickle
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "mutation.md"
MACROS = ("round_money", "divide_half_up", "exclusive_end_date", "utc_timestamp", "row_status")
LEAST, WANTED = 3, 0.9
OPEN = "**not yet looked at**"

HIDDEN = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}|--[^\n]*|'[^'\n]*'", re.DOTALL)
TYPE = re.compile(r"\bdecimal\(\s*\d+\s*,\s*\d+\s*\)", re.IGNORECASE)
# What a rule is called, what it finds outside comments, texts and Jinja, and what it puts there.
RULES: tuple[tuple[str, str, str | Callable[[re.Match], str]], ...] = (
    ("boundary", r"(?<![<>=])(<=|>=|<|>)(?![<>=])", lambda m: BOUNDARY[m[0]]),
    ("comparison", r"(?<= )=(?=\s)", "<>"),
    ("comparison", r"<>", "="),
    ("null", r"\bis not null\b", "is null"),
    ("null", r"\bis null\b", "is not null"),
    ("membership", r"\bnot in\b", "in"),
    ("arithmetic", r"(?<= )\+(?= )", "-"),
    ("arithmetic", r"(?<= )-(?= )", "+"),
    ("logic", r"\band\b(?! current row)", "or"),
    ("logic", r"\bor\b", "and"),
    ("aggregate", r"\bgreatest(?=\()", "least"),
    ("aggregate", r"\bleast(?=\()", "greatest"),
    ("aggregate", r"\bmin(?=(_by)?\()", "max"),
    ("aggregate", r"\bmax(?=(_by)?\()", "min"),
    ("aggregate", r"\bsum(?=\()", "max"),
    ("aggregate", r"\bfirst_value(?=\()", "last_value"),
    ("distinct", r"\bdistinct\b", ""),
    ("join", r"\bleft join\b", "inner join"),
    ("join", r"\binner join\b", "left join"),
    ("join", r"\bfull outer join\b", "left join"),
    ("join", r"\bsemi join\b", "anti join"),
    ("join", r"\banti join\b", "semi join"),
    ("union", r"\bunion all\b", "union"),
    ("union", r"\bunion(?! all)\b", "union all"),
    ("order", r"\bdesc\b", "asc"),
    ("order", r"(?<=order by )[\w.]+(?=[,\s)])(?! desc)", lambda m: f"{m[0]} desc"),
    ("constant", r"(?<![\w.$\\])\d+(?![\w.])", lambda m: str(int(m[0]) + 1)),
    ("constant", r"(?<=\d\.)\d*[1-9](?!\d)", lambda m: f"{int(m[0]) + 1:0{len(m[0])}}"),
    ("constant", r"\btrue\b", "false"),
    ("constant", r"\bfalse\b", "true"),
    # `and` begins a line, so a whole condition is what stands on one line.
    ("condition", r"(?<=\n)[ ]*and [^\n]+\n(?=\s*(and|\)|group|union|order|$))", ""),
    ("condition", r"(?<=\bwhere )[^\n]+(?=\n)", "true"),
    ("condition", r"(?<=\bon )[^\n]+(?=\n)", "true"),
    ("condition", r"(?<=\bon\n)[ ]*[^\n]+(?=\n\s*and )", " true"),
)
BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
PARTITION = re.compile(r"\bpartition by\s+([^()]+?)(?=\s+(?:order|range|rows)\b|\s*\))")
COALESCE = re.compile(r"\bcoalesce(?=\()")


@dataclass(frozen=True)
class Mutant:
    """A change of one place: `start` to `end` of the text of `file` becomes `new`.

    `before` and `after` are the lines concerned, in one and without the blanks around them.
    """

    name: str
    file: str
    rule: str
    start: int
    end: int
    new: str
    line: int
    before: str
    after: str

    @property
    def key(self) -> str:
        """What a mutant is known by, wherever its line goes."""
        return f"{Path(self.file).stem} | {self.before} | {self.after}"


@dataclass(frozen=True)
class Verdict:
    """Who noticed a mutant (`by` is empty if nobody did), how, and how long that took."""

    mutant: Mutant
    by: str
    what: str
    seconds: float


# ---------------------------------------------------------------- mutants


def masked(text: str) -> str:
    """The text with everything that is not SQL, and the sizes of types, blanked out."""
    for hidden in (HIDDEN, TYPE):
        text = hidden.sub(lambda m: re.sub(r"[^\n]", "\x01", m[0]), text)
    return text


def changes(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Every change the rules know: rule, start, end and the new text."""
    sql = masked(text)
    for rule, pattern, new in RULES:
        for found in re.finditer(pattern, sql):
            whole = rule != "condition" or balanced(found[0])
            if whole:
                yield rule, found.start(), found.end(), new if isinstance(new, str) else new(found)
    for found in PARTITION.finditer(sql):
        columns = found[1].split(",")
        for dropped in range(len(columns)) if len(columns) > 1 else ():
            parts, position = [], found.start(1)
            for number, column in enumerate(columns):
                if number != dropped:
                    parts.append(text[position : position + len(column)].strip())
                position += len(column) + 1
            yield "partition", found.start(1), found.end(1), ", ".join(parts)
    for found in COALESCE.finditer(sql):
        arguments = split_arguments(sql, found.end())
        if len(arguments) > 1:
            (first_start, first_end), (_, last_end) = arguments[0], arguments[-1]
            first = " ".join(text[first_start:first_end].split())
            yield "default", found.start(), last_end + 1, f"({first})"


def balanced(text: str) -> bool:
    """Whether every parenthesis of a text is closed in it, and no case is cut in two."""
    return text.count("(") == text.count(")") and len(re.findall(r"\bcase\b", text)) == len(
        re.findall(r"\bend\b", text)
    )


def split_arguments(sql: str, opening: int) -> list[tuple[int, int]]:
    """Start and end of every argument of the call whose parenthesis is at `opening`."""
    depth, start, arguments = 0, opening + 1, []
    for position in range(opening, len(sql)):
        match sql[position]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth == 0:
                    return [*arguments, (start, position)]
            case "," if depth == 1:
                arguments.append((start, position))
                start = position + 1
    return []


def mutants_of(project: Path, name: str, file: str) -> list[Mutant]:
    """All mutants of a model or macro."""
    text = (project / file).read_text()
    found = []
    for rule, start, end, new in changes(text):
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", max(end - 1, start))
        before_line = text[line_start:line_end]
        after_line = text[line_start:start] + new + text[end:line_end]
        shown = [" ".join(words.split()) for words in (before_line, after_line)]
        if shown[0] != shown[1]:
            line = text.count("\n", 0, start) + 1
            found.append(Mutant(name, file, rule, start, end, new, line, *shown))
    return found


def drawn(candidates: dict[str, list[Mutant]], wanted: int, seed: int) -> list[Mutant]:
    """About `wanted` mutants: every model by its size, at least `LEAST`, all kinds of rules."""
    share = wanted / sum(map(len, candidates.values()))
    chosen = []
    for name, mutants in sorted(candidates.items()):
        chance = random.Random(f"{seed} {name}")
        kinds = defaultdict(list)
        for mutant in chance.sample(mutants, len(mutants)):
            kinds[mutant.rule].append(mutant)
        order = chance.sample(sorted(kinds), len(kinds))
        turns = max((len(kind) for kind in kinds.values()), default=0)
        mixed = [kinds[rule][n] for n in range(turns) for rule in order if n < len(kinds[rule])]
        chosen += mixed[: max(LEAST, round(len(mutants) * share))]
    return chosen


# ---------------------------------------------------------------- judges


class Suite:
    """The copy of the project, parsed once, and the warehouses the mutants are judged in."""

    def __init__(self, work: Path, orgs: int) -> None:
        self.work, self.orgs, self.project = work, orgs, work / "project"
        copy_of_the_project(self.project)
        # Everything below is imported from the copy: it cannot change during the run.
        sys.path[:0] = [str(self.project / "src"), str(self.project / "tests" / "python")]
        self.unit, self.known, self.random = (work / name for name in ("unit", "known", "random"))
        # One for each home: the paths of its lake stand in the manifest.
        self.manifests = {home: self.parsed(home) for home in (self.unit, self.known, self.random)}
        manifest = pickle.loads(self.manifests[self.unit])
        self.models = {
            node.name: node.original_file_path
            for node in manifest.nodes.values()
            if node.resource_type == "model"
        }
        self.tested = {test.model for test in manifest.unit_tests.values()}
        self.users = {macro: users_of(manifest, macro) for macro in MACROS}

    def parsed(self, home: Path) -> bytes:
        """The manifest of the project for a home."""
        outcome = self.dbt(["parse", "--no-partial-parse"], home)
        if not outcome.success:
            raise SystemExit(f"The project does not parse: {outcome.exception}")
        return pickle.dumps(outcome.result)

    def mutated(self, mutant: Mutant, home: Path) -> bytes:
        """The manifest with the change of a mutant in it: no file is written."""
        manifest = pickle.loads(self.manifests[home])
        text = (self.project / mutant.file).read_text()
        mutated = text[: mutant.start] + mutant.new + text[mutant.end :]
        if mutant.name in MACROS:
            macro = manifest.macros[f"macro.cx_billing.{mutant.name}"]
            macro.macro_sql = mutated[text.index("{% macro") :]
        else:
            manifest.nodes[f"model.cx_billing.{mutant.name}"].raw_code = mutated.strip()
        return pickle.dumps(manifest)

    def candidates(self) -> dict[str, list[Mutant]]:
        """Every mutant of every model with a unit test, and of the macros that carry rules."""
        files = {name: file for name, file in self.models.items() if name in self.tested}
        files |= {macro: f"macros/{macro}.sql" for macro in MACROS}
        return {name: mutants_of(self.project, name, file) for name, file in files.items()}

    def prepare(self) -> None:
        """Empty relations for the unit tests; the known answer and random organizations built."""
        from cx_billing import check, landing, warehouse
        from oracle.marts import calculate
        from oracle.policies import RANDOM
        from random_orgs.inbox import write_inbox
        from random_orgs.project import copy_project

        for command in (["seed"], ["run", "--empty"], ["test", "--select", "test_type:unit"]):
            if not self.dbt(command, self.unit).success:
                raise SystemExit(f"dbt {command[0]} fails without a change: see {self.unit}/logs")
        as_of = write_inbox(self.work / "inbox", self.orgs, 1)
        self.expected = check.KNOWN_ANSWER / "expected"
        self.as_of = {
            self.known: (check.KNOWN_ANSWER / "AS_OF").read_text().strip(),
            self.random: as_of.isoformat(),
        }
        landing.land(check.KNOWN_ANSWER / "inbox", self.known)
        landing.land(self.work / "inbox", self.random)
        self.oracle = calculate(self.work / "inbox", as_of, RANDOM)
        # Its seeds stay in its database: mutants are built without them.
        projects = {
            self.known: self.project,
            self.random: copy_project(self.project, self.work / "random_project"),
        }
        for home, project in projects.items():
            built = warehouse.build(home, date.fromisoformat(self.as_of[home]), project_dir=project)
            if not built.passed:
                raise SystemExit(f"The build fails without a change: {built.failures}")
            shutil.copytree(built.database.parent, home / "good", dirs_exist_ok=True)
            if wrong := self.differing(home, home / "good" / built.database.name):
                raise SystemExit(f"{home.name} differs without a change: {wrong}")

    def judge(self, mutant: Mutant) -> Verdict:
        """Hold one mutant against the unit tests and, if they are silent, against the builds."""
        started = time.monotonic()
        by, what = self.unit_tested(mutant)
        for home in (self.known, self.random):
            if not by:
                by, what = self.built(mutant, home)
        return Verdict(mutant, by, what, round(time.monotonic() - started, 1))

    def unit_tested(self, mutant: Mutant) -> tuple[str, str]:
        """Who noticed: the unit tests of the model, or of all models that use the macro."""
        select = [f"{name},test_type:unit" for name in self.users.get(mutant.name, [mutant.name])]
        outcome = self.dbt(
            ["test", "--fail-fast", "--select", *select],
            self.unit,
            self.mutated(mutant, self.unit),
        )
        return told(outcome, "unit test")

    def built(self, mutant: Mutant, home: Path) -> tuple[str, str]:
        """Who noticed: a data test of what is downstream, or the bill that is expected."""
        database = home / "mutant" / "cx_billing.duckdb"  # the file names the catalog
        shutil.copytree(home / "good", database.parent, dirs_exist_ok=True)
        arguments = ["build", "--fail-fast", "--exclude-resource-type", "unit_test", "seed"]
        arguments += ["--vars", json.dumps({"as_of": self.as_of[home]}), "--select"]
        arguments += [f"{name}+" for name in self.users.get(mutant.name, [mutant.name])]
        by, what = told(
            self.dbt(arguments, home, self.mutated(mutant, home), database), "data test"
        )
        if not by and (mart := self.differing(home, database)):
            return ("known answer" if home == self.known else "oracle"), mart
        return by, what

    def differing(self, home: Path, database: Path) -> str:
        """The first mart that is not as expected, empty if all are."""
        import duckdb

        from cx_billing import check
        from oracle.compare import compare
        from test_random_organizations import KEYS, readable, rows_of

        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            if home == self.known:
                for file in sorted(self.expected.glob("*.csv")):
                    if check.compare(connection, file).differences:
                        return file.stem
                return ""
            actual = readable({mart: rows_of(connection, mart) for mart in KEYS})
            for mart, key in KEYS.items():
                if compare(mart, self.oracle.get(mart, []), actual[mart], key):
                    return mart
        return ""

    def dbt(
        self, arguments: list[str], home: Path, manifest: bytes = b"", database: Path | None = None
    ):
        """One dbt command in this process, with the manifest of a mutant if one is given."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        home.mkdir(parents=True, exist_ok=True)
        os.environ["CX_BILLING_HOME"] = str(home)
        os.environ["CX_BILLING_DATABASE"] = str(database or home / "cx_billing.duckdb")
        quiet = ["--log-level", "none", "--log-level-file", "info", "--log-path", f"{home}/logs"]
        command, *options = arguments
        places = ["--project-dir", str(self.project), "--target-path", f"{home}/target"]
        places += ["--profiles-dir", str(self.project / "profiles"), "--threads", "1"]
        try:
            runner = dbtRunner(manifest=pickle.loads(manifest) if manifest else None)
            return runner.invoke([*quiet, "--no-write-json", command, *places, *options])
        finally:
            DuckDBConnectionManager.close_all_connections()


def told(outcome, kind: str) -> tuple[str, str]:
    """Who noticed (a test that fails, or SQL that does not run) and its words; empty if nobody."""
    if outcome.success:
        return "", ""
    results = outcome.result.results if outcome.result else []
    failed = [result for result in results if result.status == "fail"]
    errors = [result for result in results if result.status == "error"]
    if failed:
        return kind, failed[0].node.name
    words = (errors[0].message if errors else str(outcome.exception)) or ""
    # A contract or a check of a mart that no longer holds is a test like any other.
    if re.search(r"constraint", words, re.IGNORECASE):
        return "data test", " ".join(words.split())[:120]
    return "error", " ".join(words.split())[:120]


def users_of(manifest, macro: str) -> list[str]:
    """The models that use a macro, themselves or through another one."""
    known, size = {f"macro.cx_billing.{macro}"}, 0
    while size < len(known):
        size = len(known)
        known |= {
            key for key, other in manifest.macros.items() if known & {*other.depends_on.macros}
        }
    return sorted(
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "model" and known & {*node.depends_on.macros}
    )


def copy_of_the_project(folder: Path) -> None:
    """Copy what the repository tracks, as it stands, and files that are new."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)


# ---------------------------------------------------------------- the page


def reasons_of(page: Path) -> dict[str, str]:
    """The reasons already written, by the key of the mutant."""
    if not page.exists():
        return {}
    found = {}
    for line in page.read_text().splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
        if len(cells) == 6 and cells[1].startswith("`"):
            place, before, after = (cell.strip("` ") for cell in cells[1:4])
            found[f"{Path(place).name.split('.')[0]} | {before} | {after}"] = cells[4]
    return found


def page_of(verdicts: list[Verdict], seed: int, orgs: int, reasons: dict[str, str]) -> str:
    """`docs/mutation.md`."""
    by, total = Counter(verdict.by for verdict in verdicts), len(verdicts)
    survivors = [verdict.mutant for verdict in verdicts if not verdict.by]
    seconds = sum(verdict.seconds for verdict in verdicts)
    gaps = sum(not is_equivalent(mutant, reasons) for mutant in survivors)
    kinds = Counter(verdict.mutant.rule for verdict in verdicts)
    silent = Counter(mutant.rule for mutant in survivors)
    rows = [
        f"| `{mutant.file}:{mutant.line}` | {code(mutant.before)} | {code(mutant.after)} | "
        f"{reasons.get(mutant.key, OPEN)} |"
        for mutant in survivors
    ]
    lines = [
        "# Mutants: do the tests notice?",
        "",
        "Drawn by `make mutants`, which is no part of `make test`. One operator, constant, join or",
        "boundary of a model or macro is changed at a time, in a copy of the project; then its",
        f"unit tests run and, if they are silent, the known answer and {orgs} random organizations",
        "are built with all data tests and held against their expected bills. Seed "
        f"{seed}, {len({v.mutant.name for v in verdicts})} models and",
        f"macros, {seconds:.0f} seconds.",
        "",
        "| noticed by | mutants |",
        "|---|---:|",
        f"| a unit test | {by['unit test']} |",
        f"| a data test, a check or a contract | {by['data test']} |",
        f"| the known answer | {by['known answer']} |",
        f"| the oracle, on random organizations | {by['oracle']} |",
        f"| an error: the changed SQL does not run | {by['error']} |",
        f"| **noticed** | **{total - by['']} of {total} ({noticed(verdicts, {}):.1%})** |",
        f"| nobody | {by['']} |",
        f"| of these equivalent, as the reasons below say | {by[''] - gaps} |",
        f"| **noticed of those that are not equivalent** | **{noticed(verdicts, reasons):.1%}** |",
        "",
        "| change | mutants | not noticed |",
        "|---|---:|---:|",
        *(f"| {rule} | {count} | {silent[rule]} |" for rule, count in sorted(kinds.items())),
        "",
        "## Not noticed",
        "",
        "*Equivalent*: nothing that the models before it hand over can tell the two apart.",
        "*Gap*: a test is missing.",
        "",
        "| place | before | after | reason |",
        "|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """A line of SQL in a cell of a table."""
    return "`" + (text or " ").replace("|", "\\|") + "`"


def is_equivalent(mutant: Mutant, reasons: dict[str, str]) -> bool:
    """Whether somebody has written that nothing can tell the mutant from the model."""
    return reasons.get(mutant.key, "").startswith("*Equivalent*")


def noticed(verdicts: list[Verdict], reasons: dict[str, str]) -> float:
    """The share of the mutants that somebody noticed, of those that can be."""
    can_be = [v for v in verdicts if v.by or not is_equivalent(v.mutant, reasons)]
    return sum(bool(verdict.by) for verdict in can_be) / max(len(can_be), 1)


def main() -> None:
    """Draw, judge and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=240, help="about how many to draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orgs", type=int, default=25, help="random organizations of the oracle")
    parser.add_argument("--models", nargs="*", help="only these; the page stays as it is")
    parser.add_argument("--list", action="store_true", help="show what is drawn and stop")
    parser.add_argument("--work", type=Path, default=PROJECT / "target" / "mutants")
    options = parser.parse_args()

    work = options.work.absolute()
    shutil.rmtree(work, ignore_errors=True)
    suite = Suite(work, options.orgs)
    mutants = drawn(suite.candidates(), options.mutants, options.seed)
    if options.models:
        mutants = [mutant for mutant in mutants if mutant.name in options.models]
    print(f"{len(mutants)} mutants of {len({mutant.name for mutant in mutants})} models and macros")
    if options.list:
        for mutant in mutants:
            print(f"{mutant.file}:{mutant.line} {mutant.rule}: {mutant.before} => {mutant.after}")
        return
    suite.prepare()
    verdicts, reasons = [], reasons_of(PAGE)
    with (work / "verdicts.jsonl").open("w") as log, contextlib.suppress(KeyboardInterrupt):
        for number, mutant in enumerate(mutants, start=1):
            verdicts.append(found := suite.judge(mutant))
            log.write(json.dumps(asdict(found)) + "\n")
            log.flush()
            print(
                f"{number}/{len(mutants)} {found.by or 'NOT NOTICED'} {found.seconds}s "
                f"{mutant.file}:{mutant.line} {mutant.before} => {mutant.after} [{found.what}]",
                flush=True,
            )
            if not options.models:
                PAGE.write_text(page_of(verdicts, options.seed, options.orgs, reasons))
    share = noticed(verdicts, reasons)
    print(f"{share:.1%} noticed of {len(verdicts)} without those that are known to be equivalent")
    sys.exit(share < WANTED)


if __name__ == "__main__":
    main()
