"""What has arrived in an organization's folder, and how files get there: whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from cx_billing.extract.windows import Arrival, Window

JOURNAL = ".extract.json"
LOCK_FILE = ".extract.lock"
PARTIAL = ".part"  # of a hidden file, which landing does not see
VERSION = 1


class ExtractError(Exception):
    """Nothing was pulled; the message says why and what to do."""


class Journal:
    """What has arrived, in a file of its own that is replaced as a whole."""

    def __init__(self, folder: Path):
        self._path = folder / JOURNAL
        self.windows: dict[str, dict[Window, Arrival]] = {}
        self.open_conversations: set[str] = set()
        self.organization = ""
        if not self._path.exists():
            return
        try:
            kept = json.loads(self._path.read_text())
            if kept["version"] != VERSION:
                raise ValueError(f"version {kept['version']}")
            self.organization = kept["organization"]
            self.open_conversations = set(kept["open_conversations"])
            for name, windows in kept["windows"].items():
                self.windows[name] = {
                    Window.of(interval): Arrival(**arrival) for interval, arrival in windows.items()
                }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ExtractError(
                f"{self._path}: cannot be understood ({error}). Delete it; then everything is "
                "asked for again, which is safe."
            ) from error

    def of(self, name: str) -> dict[Window, Arrival]:
        """The windows of a query."""
        return self.windows.setdefault(name, {})

    def save(self) -> None:
        """Write it down."""
        kept = {
            "version": VERSION,
            "organization": self.organization,
            "open_conversations": sorted(self.open_conversations),
            "windows": {
                name: {window.interval: asdict(windows[window]) for window in sorted(windows)}
                for name, windows in sorted(self.windows.items())
            },
        }
        write(self._path, json.dumps(kept, indent=1).encode())


def write(path: Path, body: bytes) -> None:
    """Write a file that nobody sees before it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}{PARTIAL}")
    with hidden.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    hidden.replace(path)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Keep other runs out of the organization's folder; the lock dies with the process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ExtractError(
                f"{folder}: another run is pulling into it; wait until it has ended"
            ) from error
        yield
