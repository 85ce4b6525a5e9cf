"""Files that stopped their reader: marked in the home, so that the next run passes them by."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from cx_billing import files
from cx_billing.landing.inbox import Delivery
from cx_billing.masking import mask_error

FOLDER = "stopped"
RETRY = "cx-billing land --retry-stopped"


class StoppedError(Exception):
    """The process that read a file ended, or had to be ended; the message says why."""


class StoppedFiles:
    """The marks in `<home>/stopped`, a file each; `is_retried` has those files read once more."""

    def __init__(self, home: Path, is_retried: bool):
        self._folder = home / FOLDER
        self._is_retried = is_retried

    @property
    def are_any(self) -> bool:
        """Whether any file is marked."""
        return self._folder.is_dir() and any(self._folder.iterdir())

    def find(self, file_id: str) -> str | None:
        """Why a file is passed by, or None if it is to be read; then nothing is left of a mark."""
        mark = self._mark(file_id)
        if not mark.is_file():
            return None
        if self._is_retried:
            mark.unlink()
            return None
        told = _read(mark)
        return (
            f"is skipped, since it stopped its reader on {told['stopped_at']} UTC: it "
            f"{told['reason']}. Export it again, in parts if it is large; {RETRY} reads it once "
            "more"
        )

    def mark(self, file_id: str, delivery: Delivery, reason: str) -> str:
        """Mark a file, and say what to do about it; nothing that it holds is quoted."""
        reason = mask_error(reason)
        told = {
            "source_file": delivery.source_file,
            "org_id": delivery.org_id,
            "dataset": delivery.dataset,
            "reason": reason,
            "stopped_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        }
        files.write(self._mark(file_id), json.dumps(told, indent=1).encode())
        return (
            f"{reason}, so its reader was stopped. Export it again, in parts if it is large; it is "
            f"skipped from now on, unless {RETRY} has it read once more"
        )

    def _mark(self, file_id: str) -> Path:
        return self._folder / f"{file_id}.json"


def copy_marks(home: Path, other: Path) -> None:
    """Have another home pass by the files that are marked in this one."""
    if (home / FOLDER).is_dir():
        shutil.copytree(home / FOLDER, other / FOLDER, dirs_exist_ok=True)


def _read(mark: Path) -> dict[str, str]:
    """What a mark says; one that was damaged still is one."""
    unknown = {"stopped_at": "an unknown day", "reason": "could not be read"}
    try:
        told = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return unknown
    return unknown | told if isinstance(told, dict) else unknown
