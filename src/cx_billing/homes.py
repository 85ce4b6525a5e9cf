"""A home: where everything is kept, who may use it, and the only right to build it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cx_billing import access, files
from cx_billing.builds import PUBLISHED
from cx_billing.customer_key import UnusableKeyError, customer_key

# The home's path stands in SQL text, in quotes and in front of a glob (`read_parquet('…/*')`).
UNSAFE_IN_PATHS = "'*?[]\n"


class WarehouseError(Exception):
    """What the user can fix: no build yet, a home that cannot be used."""


class BuildLockedError(WarehouseError):
    """Another build works on the same home."""


def check_home(home: Path) -> Path:
    """The absolute path of a home. Raises WarehouseError if DuckDB could not read below it."""
    home = home.absolute()
    if found := sorted(set(UNSAFE_IN_PATHS) & set(str(home))):
        raise WarehouseError(
            f"The home {str(home)!r} cannot be used: its path holds {' '.join(map(repr, found))}, "
            "which means something else in a DuckDB path. Choose another --home."
        )
    if home.exists() and not home.is_dir():
        raise WarehouseError(f"The home {home} is a file. Choose a folder as --home.")
    if (link := home / PUBLISHED).exists() and not link.is_symlink():
        raise WarehouseError(f"{link} is not a link to a build. Move it away, then retry.")
    return home


@contextmanager
def build_lock(home: Path, wait: float = 0) -> Iterator[None]:
    """Hold the only right to build `home`; BuildLockedError if somebody else holds it for longer
    than so many seconds.

    Meanwhile what is written is of the home's owner alone.
    """
    lock = files.lock(
        home / ".build.lock",
        lambda holder: BuildLockedError(
            f"Another build of {home} is running: {holder}. Nothing was built. "
            "Wait until it has ended (or end it: the lock goes with the process), then retry."
        ),
        wait,
    )
    with private_home(home), lock:
        yield


def find_group(name: str | None) -> int | None:
    """The group of readers, if one is named. Raises WarehouseError if it cannot be given rights."""
    try:
        return access.find_group(name) if name else None
    except access.AccessError as error:
        raise WarehouseError(str(error)) from error


@contextmanager
def private_home(home: Path) -> Iterator[None]:
    """Close a home to all but its owner. Raises WarehouseError if that cannot be."""
    try:
        with access.private_home(home):
            yield
    except access.AccessError as error:
        raise WarehouseError(str(error)) from error


def read_key(home: Path) -> str:
    """The customer key of a home, made if there is none. Raises WarehouseError if it is weak."""
    try:
        return customer_key(home)
    except UnusableKeyError as error:
        raise WarehouseError(str(error)) from error
