"""What has arrived in an organization's folder."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from cx_billing import files
from cx_billing.extract.windows import Arrival, Window

JOURNAL = ".extract.json"
LOCK_FILE = ".extract.lock"
VERSION = 2
BY_THE_CLOCK = 1  # the version whose windows were settled by the clock: they prove nothing


class ExtractError(Exception):
    """Nothing was pulled; the message says why and what to do."""


class Journal:
    """What has arrived, in a file of its own that is replaced as a whole."""

    def __init__(self, folder: Path):
        self._path = folder / JOURNAL
        self.windows: dict[str, dict[Window, Arrival]] = {}
        self.open_conversations: set[str] = set()
        self.done: set[str] = set()
        self.organization = ""
        if not self._path.exists():
            return
        try:
            kept = json.loads(self._path.read_text())
            version = kept["version"]
            if version not in (VERSION, BY_THE_CLOCK):
                raise ValueError(f"version {version}")
            self.organization = kept["organization"]
            self.open_conversations = set(kept["open_conversations"])
            self.done = set(kept.get("done", []))
            for name, windows in kept["windows"].items() if version == VERSION else ():
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

    def arrival(self, name: str, window: Window) -> Arrival:
        """How much of a window has arrived."""
        return self.of(name).get(window, Arrival())

    def begin(self, name: str, window: Window, settled: bool) -> Arrival:
        """Continue a window, or begin it anew if it could still change when it was begun."""
        arrival = self.of(name).setdefault(window, Arrival())
        if not (arrival.settled and settled):
            arrival.pages = 0
        arrival.complete, arrival.settled = False, settled
        return arrival

    def complete(self, name: str, window: Window, settled: bool = True) -> None:
        """Note that a window has arrived, and write it down."""
        pages = self.arrival(name, window).pages
        self.of(name)[window] = Arrival(pages=pages, complete=True, settled=settled)
        self.save()

    def finish(self, what: str) -> None:
        """Note that something need not be asked for again, and write it down."""
        self.done.add(what)
        self.save()

    def save(self) -> None:
        """Write it down."""
        kept = {
            "version": VERSION,
            "organization": self.organization,
            "open_conversations": sorted(self.open_conversations),
            "done": sorted(self.done),
            "windows": {
                name: {window.interval: asdict(windows[window]) for window in sorted(windows)}
                for name, windows in sorted(self.windows.items())
            },
        }
        files.write(self._path, json.dumps(kept, indent=1).encode())


def lock(folder: Path) -> AbstractContextManager[None]:
    """Keep other runs out of the organization's folder."""
    return files.lock(
        folder / LOCK_FILE,
        lambda holder: ExtractError(
            f"{folder}: another run is pulling into it ({holder}); wait until it has ended"
        ),
    )
