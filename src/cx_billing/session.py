"""What every SQL session of a build has: the variables that models read, and its threads.

dbt's connections have it from the plugin (`dbt_plugin.py`), those of a plan from `plans.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path

from cx_billing import machine
from cx_billing.customer_key import customer_key

# Bytes, some 300,000 rows. Of less, DuckDB's threads cost a tenth of a build and save no time.
SMALL_LAKE = 4 * 2**20
QUOTE = "'"


def spell_variables(home: Path, variables: Mapping[str, str | bool]) -> str:
    """The statements that hand SQL the variables of a build, the home and the key of its hashes.

    So no compiled file holds the key, and no date or home is parsed. One text of literals takes
    half the time of a prepared statement for each variable.
    """
    known = {**variables, "home": str(home), "customer_key": customer_key(home)}
    return "".join(f"set variable {name} = {literal(value)};" for name, value in known.items())


def literal(value: str | bool) -> str:
    """A value as SQL text: a string in quotes, or true or false."""
    return str(value).lower() if isinstance(value, bool) else f"'{value.replace(QUOTE, 2 * QUOTE)}'"


def set_threads(connection: machine.Connection, home: Path) -> None:
    """Leave a small lake to one thread: sharing a query costs more than it takes."""
    if is_small(home):
        connection.execute("set threads = 1")
    machine.limit(connection)


def is_small(home: Path) -> bool:
    """Whether the lake of a home has less than `SMALL_LAKE` bytes."""
    sizes = accumulate(file.stat().st_size for file in home.glob("lake/*/*.parquet"))
    return not any(size >= SMALL_LAKE for size in sizes)
