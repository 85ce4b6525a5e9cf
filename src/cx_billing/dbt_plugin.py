"""What a dbt run needs from outside SQL: an existing lake and the key of the customer hashes."""

from __future__ import annotations

import ast
import json
import os
from functools import wraps
from pathlib import Path
from threading import RLock
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from cx_billing import access, lake, session
from cx_billing.ledger import files as ledger


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
        self.home = home
        self.variables = session.spell_variables(home, variables)

    def configure_connection(self, conn: Any) -> None:
        """Keep to the threads and the memory that are allowed."""
        conn.execute("set enable_progress_bar = false")
        session.set_threads(conn, self.home)

    def configure_cursor(self, cursor: Any) -> None:
        """Hand the variables to SQL: dbt opens a cursor for every node."""
        cursor.execute(self.variables)
