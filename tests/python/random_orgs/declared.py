"""What landing and the seeds know of: a random organization delivers nothing else."""

from __future__ import annotations

from functools import cache

from cx_billing import lake
from oracle.catalogue import SEEDS


def is_declared(dataset: str, column: str = "") -> bool:
    """Whether a dataset, and a column of it, is declared."""
    found = lake.datasets().get(dataset)
    return found is not None and (not column or column in found.columns)


@cache
def words_of_seeds() -> str:
    """Everything the seeds say, in one text without regard to case."""
    return "\n".join(path.read_text() for path in sorted(SEEDS.glob("*.csv"))).casefold()


def is_in_seeds(name: str) -> bool:
    """Whether a name stands in a seed."""
    return name.casefold() in words_of_seeds()
