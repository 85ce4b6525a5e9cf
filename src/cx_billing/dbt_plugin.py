"""What a dbt run needs from outside SQL: an existing lake and the key of the customer hashes."""

from __future__ import annotations

import ast
import json
import os
import secrets
from contextlib import suppress
from functools import wraps
from itertools import accumulate
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import RLock
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from cx_billing import files, lake
from cx_billing.ledger import files as ledger

KEY_FILE = "customer_key"
KEY_BYTES = 32
# Bytes, some 300,000 rows. Of less, DuckDB's threads cost a tenth of a build and save no time.
SMALL_LAKE = 4 * 2**20
QUOTE = "'"


def customer_key(home: Path) -> str:
    """The secret behind `customer_account_key`: `CX_BILLING_CUSTOMER_KEY`, else a file in the home.

    The file is created on first use, readable by its owner only.
    """
    if key := os.environ.get("CX_BILLING_CUSTOMER_KEY"):
        return key
    path = home / KEY_FILE
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=home, prefix=f".{KEY_FILE}.") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            files.sync(Path(file.name))
            with suppress(FileExistsError):  # another process was first: its key it is
                os.link(file.name, path)
    key = path.read_text().strip()
    if len(key) < KEY_BYTES:
        raise ValueError(
            f"{path} holds no key of at least {KEY_BYTES} characters. Put the key back; or delete "
            "the file, and customer_account_key has other values from the next build on."
        )
    return key


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
