"""An organization's folder in an inbox: answers that appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cx_billing import files
from cx_billing.extract.journal import ExtractError


def folder_of(inbox: Path, org_id: str) -> Path:
    """The organization's folder; ExtractError if landing would not take it for one."""
    if not org_id or "/" in org_id or "\0" in org_id or org_id.startswith((".", "~$")):
        raise ExtractError(
            f"{org_id!r} cannot be the name of an organization's folder: no slash, no dot in front"
        )
    return Path(inbox) / org_id


class Folder:
    """The files of an organization; `kept` counts the pages that were put where landing looks."""

    def __init__(self, path: Path):
        self.path = path
        self.kept = 0
        for leftover in path.glob(f"*/.*{files.PARTIAL}"):
            leftover.unlink()

    def keep(self, datasets: Sequence[str], name: str, pages: Iterable[bytes]) -> None:
        """Put an answer where landing looks: its pages one after another in one file."""
        pages = list(pages)
        for dataset in datasets:
            files.write_lines(self.path / dataset / f"{name}.json", pages)
        self.kept += len(pages)

    def keep_aside(self, name: str, body: bytes) -> None:
        """Put a file where people look and landing does not."""
        files.write(self.path / files.NOT_LANDED / name, body)
