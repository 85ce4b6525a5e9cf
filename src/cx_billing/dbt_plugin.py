"""What a dbt run needs from outside SQL: an existing lake and the key of the customer hashes."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from cx_billing import files, lake

KEY_FILE = "customer_key"
KEY_BYTES = 32


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


class Plugin(BasePlugin):
    """Loaded by `profiles/profiles.yml` for every dbt command."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Make sure every source has a file to read, and know the variables of the session."""
        home = Path(os.environ.get("CX_BILLING_HOME", "warehouse"))
        database = os.environ.get("CX_BILLING_DATABASE", "x.duckdb")
        if not database.endswith(".duckdb"):  # profiles.yml names the private file after it
            raise DbtRuntimeError(
                f"CX_BILLING_DATABASE is {database}: a name that ends in .duckdb is needed."
            )
        lake.ensure(home)
        variables = json.loads(os.environ.get("CX_BILLING_VARIABLES", "{}"))
        self.variables = {**variables, "home": str(home), "customer_key": customer_key(home)}

    def configure_cursor(self, cursor: Any) -> None:
        """Hand the variables to SQL: no compiled file holds the key, no date or home is parsed."""
        for name, value in self.variables.items():
            cursor.execute(f"set variable {name} = ?", [value])
