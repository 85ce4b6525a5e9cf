"""What a dbt run needs from outside SQL: an existing lake and the key of the customer hashes."""

from __future__ import annotations

import ast
import json
import os
from functools import wraps
from itertools import accumulate
from pathlib import Path
from threading import RLock
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from cx_billing import access, lake, machine
from cx_billing.customer_key import customer_key
from cx_billing.ledger import files as ledger

# Bytes, some 300,000 rows. Of less, DuckDB's threads cost a tenth of a build and save no time.
SMALL_LAKE = 4 * 2**20
QUOTE = "'"


def parse_one_at_a_time() -> None:
    """Let no two threads be in `ast.parse` at once, as dbt's are when they render models.

    CPython 3.11 keeps one count of the depth for all threads. Where garbage is collected halfway,
    another thread may change it, and a model fails to compile with "AST constructor recursion
    depth mismatch".
    """
    if not hasattr(ast.parse, "__wrapped__"):
        lock, parse = RLock(), ast.parse

        @wraps(parse)
        def locked(*arguments: Any, **options: Any) -> Any:
            with lock:
                return parse(*arguments, **options)

        ast.parse = locked


class Plugin(BasePlugin):
    """Loaded by `profiles/profiles.yml` for every dbt command."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Make sure every source has a file to read, and know the variables of the session."""
        parse_one_at_a_time()
        os.umask(os.umask(access.OTHERS) | access.OTHERS)  # what dbt writes is of its owner alone
        home = Path(os.environ.get("CX_BILLING_HOME", "warehouse"))
        database = os.environ.get("CX_BILLING_DATABASE", "x.duckdb")
        if not database.endswith(".duckdb"):  # profiles.yml names the private file after it
            raise DbtRuntimeError(
                f"CX_BILLING_DATABASE is {database}: a name that ends in .duckdb is needed."
            )
        lake.ensure(home)
        ledger.ensure(home)
        variables = json.loads(os.environ.get("CX_BILLING_VARIABLES", "{}"))
        variables |= {"home": str(home), "customer_key": customer_key(home)}
        self.variables = "".join(
            f"set variable {name} = {literal(value)};" for name, value in variables.items()
        )
        self.is_small = is_small(home)

    def configure_connection(self, conn: Any) -> None:
        """Leave a small lake to dbt's own threads: sharing a query costs more than it takes."""
        if self.is_small:
            conn.execute("set threads = 1")
        machine.limit(conn)

    def configure_cursor(self, cursor: Any) -> None:
        """Hand the variables to SQL: no compiled file holds the key, no date or home is parsed.

        dbt opens a cursor for every node. One statement of literals takes half the time of a
        prepared one for each variable.
        """
        cursor.execute(self.variables)


def literal(value: str | bool) -> str:
    """A value as SQL text: a string in quotes, or true or false."""
    return str(value).lower() if isinstance(value, bool) else f"'{value.replace(QUOTE, 2 * QUOTE)}'"


def is_small(home: Path) -> bool:
    """Whether the lake of a home has less than `SMALL_LAKE` bytes."""
    sizes = accumulate(file.stat().st_size for file in home.glob("lake/*/*.parquet"))
    return not any(size >= SMALL_LAKE for size in sizes)
