"""An organization's folder in an inbox: answers that appear whole or not at all.

Pages of an answer that is not complete wait in `.pulling`, where landing does not look.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cx_billing import files, sidecars
from cx_billing.extract.journal import ExtractError
from cx_billing.extract.platform import Answer
from cx_billing.sidecars import Asked

PULLING = ".pulling"


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
        self._pulling = path / PULLING
        for leftover in path.glob(f"**/.*{files.PARTIAL}"):
            leftover.unlink()

    def keep(
        self,
        datasets: Sequence[str],
        name: str,
        pages: Sequence[bytes],
        about: Asked,
    ) -> None:
        """Put an answer where landing looks: its pages one after another in one file.

        What it was asked for lies beside it, and never beside another answer.
        """
        for dataset in datasets:
            self._put(dataset, name, pages, about)
        self.kept += len(pages)

    def keep_held(self, datasets: Sequence[str], name: str, pages: int, about: Asked) -> None:
        """The same with pages that were put aside."""
        for dataset in datasets:
            self._put(dataset, name, (page.body for page in self.held(name, pages)), about)
        self.kept += pages

    def _put(self, dataset: str, name: str, pages: Iterable[bytes], about: Asked) -> None:
        path = self.path / dataset / f"{name}.json"
        sidecars.path_beside(path).unlink(missing_ok=True)  # it was about what is replaced
        files.write_lines(path, pages)
        sidecars.write(path, about)

    def drop(self, datasets: Sequence[str], name: str) -> None:
        """Delete an answer."""
        for dataset in datasets:
            path = self.path / dataset / f"{name}.json"
            sidecars.path_beside(path).unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def hold(self, name: str, number: int, body: bytes) -> None:
        """Put a page of an answer aside until the answer is complete."""
        files.write(self._pulling / name / f"p{number:06}.json", body)

    def held(self, name: str, pages: int) -> Iterator[Answer]:
        """The first pages of an answer that were put aside."""
        for number in range(1, pages + 1):
            body = (self._pulling / name / f"p{number:06}.json").read_bytes()
            yield Answer(body, json.loads(body))

    def forget(self, name: str) -> None:
        """Delete the pages of an answer that were put aside."""
        shutil.rmtree(self._pulling / name, ignore_errors=True)

    def keep_aside(self, name: str, body: bytes) -> None:
        """Put a file where people look and landing does not."""
        files.write(self.path / files.NOT_LANDED / name, body)
