"""What a dbt run needs from outside SQL: an existing lake and the key of the customer hashes."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from dbt.adapters.duckdb.plugins import BasePlugin

from cx_billing import lake

KEY_FILE = "customer_key"


def customer_key(home: Path) -> str:
    """The secret behind `customer_account_key`: `CX_BILLING_CUSTOMER_KEY`, else a file in the home.

    The file is created on first use, readable by its owner only.
    """
    if key := os.environ.get("CX_BILLING_CUSTOMER_KEY"):
        return key
    path = home / KEY_FILE
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip()


class Plugin(BasePlugin):
    """Loaded by `profiles/profiles.yml` for every dbt command."""

    def initialize(self, plugin_config):
        """Make sure every source has a file to read, and know the key."""
        home = Path(os.environ.get("CX_BILLING_HOME", "warehouse"))
        lake.ensure(home)
        self.key = customer_key(home)

    def configure_cursor(self, cursor):
        """Hand the key to SQL as a session variable, so that no compiled file ever holds it."""
        cursor.execute("set variable customer_key = ?", [self.key])
