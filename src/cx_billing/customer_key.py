"""The secret behind the keyed hashes of accounts and numbers, and when it is none."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile

from cx_billing import files

VARIABLE = "CX_BILLING_CUSTOMER_KEY"
KEY_FILE = "customer_key"
KEY_BYTES = 32
FEWEST_CHARACTERS = 8  # of 32 random hexadecimal digits fewer are different once in 10^7 keys
OTHERS = 0o077


class UnusableKeyError(ValueError):
    """The key is no secret; the message says why, and what to do."""


def customer_key(home: Path) -> str:
    """The secret behind `customer_account_key`: `CX_BILLING_CUSTOMER_KEY`, else a file in the home.

    The file is created on first use, readable by its owner only.
    """
    if VARIABLE in os.environ:
        return check_strength(
            os.environ[VARIABLE].strip(),
            VARIABLE,
            "Set it to the key that was used before, or to a new one (openssl rand -hex 32); or "
            "unset it, and the key is kept in the home.",
        )
    path = home / KEY_FILE
    if not path.exists():
        create(path)
    return read_key(path)


def find_key(home: Path) -> str | None:
    """The key, if there is one."""
    has_one = VARIABLE in os.environ or (home / KEY_FILE).exists()
    return customer_key(home) if has_one else None


def create(path: Path) -> None:
    """Make a key, unless another process is first: then its key it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{KEY_FILE}.") as file:
        file.write(secrets.token_hex(KEY_BYTES))
        file.flush()
        files.sync(Path(file.name))
        with suppress(FileExistsError):
            os.link(file.name, path)


def read_key(path: Path) -> str:
    """The key in a file that only its owner can read."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise UnusableKeyError(f"{path} is no file. Put the key there as a file of mode 600.")
    if mode & OTHERS:
        raise UnusableKeyError(
            f"{path} can be read by others than its owner (mode {stat.S_IMODE(mode):o}), so the "
            f"key may be known. If it is not: chmod 600 {path}. If it may be, delete the file, and "
            "customer_account_key has other values from the next build on."
        )
    return check_strength(
        path.read_text("utf-8", "replace").strip(),
        str(path),
        "Put the key back; or delete the file, and customer_account_key has other values from the "
        "next build on.",
    )


def check_strength(key: str, where: str, remedy: str) -> str:
    """The key. Raises UnusableKeyError if it could be guessed."""
    if not key:
        weakness = "it is empty"
    elif len(key) < KEY_BYTES:
        weakness = f"it has {len(key)} characters"
    elif len(set(key)) < FEWEST_CHARACTERS:
        weakness = f"it has only {len(set(key))} different characters"
    elif is_repeated(key):
        weakness = "it says the same again and again"
    elif is_counted(key):
        weakness = "its characters follow each other in their order"
    else:
        return key
    raise UnusableKeyError(
        f"{where} holds no key of at least {KEY_BYTES} characters that nobody guesses: {weakness}. "
        f"{remedy}"
    )


def is_repeated(key: str) -> bool:
    """Whether a key is one short word again and again, the last time maybe a part of it."""
    longest = len(key) // 2
    return any(key == (key[:size] * len(key))[: len(key)] for size in range(1, longest + 1))


def is_counted(key: str) -> bool:
    """Whether most characters are the one after or before that in front of them."""
    steps = [ord(second) - ord(first) for first, second in pairwise(key)]
    return 2 * sum(abs(step) <= 1 for step in steps) > len(steps)
