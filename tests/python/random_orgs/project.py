"""A copy of the dbt project whose seeds hold more than the shipped ones: tax rates, policies.

Seeds are the user's to fill in; the random run fills them in as a user would, in a project of its
own, so that the shipped ones stay what they are.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import asdict
from datetime import date
from itertools import zip_longest
from pathlib import Path

from oracle.invoices import TAX_RATES
from oracle.policies import RANDOM

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9999, 12, 31)
FOLDERS = ("analyses", "macros", "models", "profiles", "seeds", "tests/dbt")


def copy_project(project: Path, folder: Path) -> Path:
    """Copy what dbt reads of `project` to `folder` and add the random seed rows."""
    for name in FOLDERS:
        if (project / name).exists():
            shutil.copytree(project / name, folder / name)
    shutil.copy(project / "dbt_project.yml", folder)
    append(folder / "seeds/tax_rates.csv", tax_rate_rows())
    rewrite_policies(folder / "seeds/billing_policies.csv")
    return folder


def rewrite_policies(seed: Path) -> None:
    """The random policies, each until the next one; what they do not name stays as shipped."""
    with seed.open(newline="") as file:
        [shipped] = csv.DictReader(file)
    rows = []
    for policy, following in zip_longest(RANDOM.dated, RANDOM.dated[1:]):
        own = {name: cell(value) for name, value in asdict(policy).items() if name in shipped}
        since = max(policy.since, FIRST_DAY)
        rows.append({**shipped, **own, "valid_from": since})
        rows[-1]["valid_to"] = following.since if following else LAST_DAY
    with seed.open("w", newline="") as file:
        writer = csv.DictWriter(file, shipped, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def cell(value: object) -> str:
    """A value as seeds write it."""
    return str(value).lower()


def append(seed: Path, rows: list[tuple]) -> None:
    """Add rows to a seed."""
    lines = [",".join(map(str, row)) for row in rows]
    seed.write_text("\n".join([seed.read_text().rstrip("\n"), *lines]) + "\n")


def tax_rate_rows() -> list[tuple]:
    """The rates of the jurisdiction that is not shipped."""
    return [
        (
            "RANDOM",
            level,
            rate,
            max(since, FIRST_DAY),
            min(until, LAST_DAY),
            "random",
        )
        for level, rates in TAX_RATES["RANDOM"].items()
        for since, until, rate in rates
    ]
