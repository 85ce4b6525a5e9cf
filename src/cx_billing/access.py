"""Who may read a home: its owner alone, and what is published also a group that is named.

Folders are 0700 and files 0600. Where a build is told which group its readers are in, that group
may pass through the home and the folder of builds (0710), list the published folder (0750) and
read the published file (0640), and nothing else.
"""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cx_billing.customer_key import KEY_FILE

OTHERS = 0o077  # the rights of everybody but the owner
PASS_THROUGH = 0o010  # what a group of readers has of a home


class AccessError(ValueError):
    """The rights that were asked for cannot be given; the message says why, and what to do."""


@contextmanager
def private_files() -> Iterator[None]:
    """Whatever is written meanwhile is its owner's alone."""
    before = os.umask(OTHERS)
    os.umask(before | OTHERS)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def private_home(home: Path) -> Iterator[None]:
    """Close a home to all but its owner, and what is written meanwhile.

    A home that was opened to a group of readers stays so.
    """
    with private_files():
        home.mkdir(parents=True, exist_ok=True)
        if (home.stat().st_mode & OTHERS) not in (0, PASS_THROUGH):
            close(home)
        yield


def close(home: Path) -> None:
    """Take the rights of others from a home of an earlier release, and from all that is in it.

    Not from the key: one that others could read is theirs by now, and is refused. A folder that
    is more than a home (that of a user, a shared one, the root) keeps its rights; what we have in
    it has none.
    """
    if not is_shared(home):
        take_rights(home)
    for name in ("lake", "ledger", "builds", "parts", "stopped", "target", "logs"):
        for folder, folders, names in os.walk(home / name):
            for path in (Path(folder), *(Path(folder, each) for each in (*folders, *names))):
                if not path.is_symlink():
                    take_rights(path)
    for path in home.iterdir():
        if path.is_file() and not path.is_symlink() and is_ours(path):
            take_rights(path)


def is_shared(folder: Path) -> bool:
    """Whether a folder is more than the home of a warehouse."""
    is_sticky = bool(folder.stat().st_mode & stat.S_ISVTX)
    return is_sticky or folder.resolve() in (Path("/"), Path.home().resolve())


def is_ours(path: Path) -> bool:
    """Whether a file that lies in a home is written by us."""
    ours = path.suffix in (".duckdb", ".wal", ".json", ".lock", ".log") or path.name[:1] == "."
    return ours and path.name != KEY_FILE


def take_rights(path: Path) -> None:
    """Take the rights of others from a file or folder."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS:
        try:
            path.chmod(mode & ~OTHERS)
        except PermissionError as error:
            raise AccessError(
                f"Others may read {path}, and it is not yours to close. Have its owner "
                "run: chmod -R go= on the home, or choose another --home."
            ) from error


def find_group(name: str) -> int:
    """The id of a group whose members may be given rights. Raises AccessError if there is none."""
    try:
        found = int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise AccessError(
            f"There is no group {name!r} for readers on this machine. Create it, or name another."
        ) from None
    if os.geteuid() and found not in {os.getegid(), *os.getgroups()}:
        raise AccessError(
            f"You are not in the group {name!r}, so you cannot open anything to it. Join it, or "
            "name another."
        )
    return found


def open_build(home: Path, database: Path, group: int | None) -> None:
    """Let a group read the file of a build, and of no other; without a group nobody."""
    folder = database.parent
    for other in folder.parent.iterdir():
        if other != folder and other.is_dir():
            set_rights(other, 0o700)
            for file in other.glob("*.duckdb"):
                set_rights(file, 0o600)
    for path, closed, opened in (
        (database, 0o600, 0o640),
        (folder, 0o700, 0o750),
        (folder.parent, 0o700, 0o710),
        (home, 0o700, 0o710),
    ):
        if path == home and is_shared(home):
            continue
        set_rights(path, closed if group is None else opened, group)


def set_rights(path: Path, mode: int, group: int | None = None) -> None:
    """Give a path its rights, and a group."""
    if group is not None:
        os.chown(path, -1, group)
    if stat.S_IMODE(path.stat().st_mode) != mode:
        path.chmod(mode)
