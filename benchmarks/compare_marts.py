"""Build the same inboxes with two checkouts and compare every mart row by row.

    python benchmarks/compare_marts.py BEFORE AFTER [--orgs 300] [--seed 1] [--keep DIR]

BEFORE and AFTER are checkouts of this project, for instance two worktrees. Each builds the
sample, the known answer and random organizations with its own code and its own dbt project, in
its own process; the random organizations are drawn by this checkout for both. Then all rows of
all marts are compared as multisets, columns by name. Columns and marts that only AFTER has are
listed and do not count as differences; what AFTER lost does.
`--except calls.call_type` leaves a column out, `--keep DIR` keeps the databases, and a side whose
databases are there already is not built again. Exit code 0 if every mart is equal, else 1.

Moments of landing and building differ from run to run and are left out, as is the hash of the
rules. Ids that are hashes are equal, since both sides use the same customer key.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

# Draws the random organizations for both sides: the same bytes, whatever a checkout has.
DRAWN_WITH = Path(__file__).resolve().parents[1] / "tests" / "python"
NOT_COMPARED = {("load_audit", "landed_at"), ("build", "built_at"), ("build", "rules_hash")}
CUSTOMER_KEY = "3e47a4af326fe2034b290e1c34c638d0ae185cb1e3fa376a213c5e718dd5ce32"
SHOWN = 3
INPUTS = ("sample", "known_answer", "random")


def main() -> None:
    """Build both sides, print what differs and exit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--orgs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the databases")
    parser.add_argument("--except", dest="leave_out", action="append", default=[])
    parser.add_argument("--only", choices=INPUTS, action="append")
    options = parser.parse_args()
    leave_out = NOT_COMPARED | {tuple(name.split(".", 1)) for name in options.leave_out}

    with tempfile.TemporaryDirectory(prefix="compare-marts-") as scratch:
        keep = (options.keep or Path(scratch)).absolute()
        equal = True
        for name in options.only or INPUTS:
            sides = {}
            for side in ("before", "after"):
                checkout = getattr(options, side).absolute()
                sides[side] = build(checkout, keep / side / name, name, options)
            equal &= compare(name, sides["before"], sides["after"], leave_out)
    sys.exit(0 if equal else 1)


def build(checkout: Path, folder: Path, name: str, options: argparse.Namespace) -> Path:
    """Build one input with one checkout in a process of its own; the database it published."""
    published = folder / "home" / "cx_billing.duckdb"
    if published.exists():
        return published
    print(f"Building {name} with {checkout.name} ...", flush=True)
    own = checkout / ".venv" / "bin" / "python"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, (checkout / "src", DRAWN_WITH))),
        "CX_BILLING_CUSTOMER_KEY": CUSTOMER_KEY,
    }
    arguments = [checkout, folder, name, options.orgs, options.seed]
    subprocess.run(
        [own if own.exists() else sys.executable, "-c", BUILD, *map(str, arguments)],
        env=environment,
        check=True,
    )
    return published


# Runs with the code of the checkout, so it uses only what every version of it has.
BUILD = """
import sys
from datetime import date
from pathlib import Path

from cx_billing import lake, landing, warehouse

checkout, folder, name, orgs, seed = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]
project = lake.PROJECT_DIR
assert project == checkout, f"{project} is not {checkout}"
if name == "random":
    from random_orgs.inbox import write_inbox
    from random_orgs.project import copy_project

    inbox = folder / "inbox"
    as_of = write_inbox(inbox, int(orgs), int(seed))
    project = copy_project(project, folder / "project")
elif name == "sample":
    inbox = checkout / "sample" / "inbox"
    as_of = date.fromisoformat((checkout / "sample" / "AS_OF").read_text().strip())
else:
    answer = checkout / "src" / "cx_billing" / "known_answer"
    inbox = answer / "inbox"
    as_of = date.fromisoformat((answer / "AS_OF").read_text().strip())
landing.land(inbox, folder / "home")
result = warehouse.build(folder / "home", as_of=as_of, project_dir=project)
if not result.passed:
    sys.exit("\\n".join(f"{f.name}: {f.message}" for f in result.failures[:20]))
"""


def compare(name: str, before: Path, after: Path, leave_out: set[tuple[str, str]]) -> bool:
    """Compare all marts of two databases, print what differs; whether nothing does."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{before.resolve()}' as before (read_only)")
        connection.execute(f"attach '{after.resolve()}' as after (read_only)")
        columns = {side: read_columns(connection, side) for side in ("before", "after")}
        equal, rows = True, 0
        for mart in sorted(columns["before"] | columns["after"]):
            old, new = (columns[side].get(mart, []) for side in ("before", "after"))
            if added := [column for column in new if column not in old]:
                print(f"{name}: {mart} has new columns: {', '.join(added)}")
            if lost := [column for column in old if column not in new]:
                print(f"{name}: {mart} lost columns: {', '.join(lost)}")
                equal = False
            common = [c for c in old if c in new and (mart, c) not in leave_out]
            if not common:
                continue
            selected = ", ".join(f'"{column}"' for column in common)
            sides = [f"select {selected} from {side}.marts.{mart}" for side in ("before", "after")]
            rows += connection.sql(f"select count(*) from ({sides[0]})").fetchone()[0]
            for words, first, second in (("only before", *sides), ("only after", *sides[::-1])):
                found = connection.sql(f"{first} except all {second}")
                if count := found.aggregate("count(*)").fetchone()[0]:
                    equal = False
                    print(f"{name}: {mart}: {count} rows {words}")
                    for row in found.order("all").limit(SHOWN).fetchall():
                        print("   ", dict(zip(common, map(str, row), strict=True)))
    print(f"{name}: {'equal' if equal else 'DIFFERENT'}, {rows:,} rows", flush=True)
    return equal


def read_columns(connection: duckdb.DuckDBPyConnection, side: str) -> dict[str, list[str]]:
    """The columns of every mart of a database."""
    found: dict[str, list[str]] = {}
    for mart, column in connection.execute(
        "select table_name, column_name from duckdb_columns()"
        " where database_name = ? and schema_name = 'marts' order by table_name, column_index",
        [side],
    ).fetchall():
        found.setdefault(mart, []).append(column)
    return found


if __name__ == "__main__":
    main()
