"""What a run of landing did, how far it is, and why it could not go on."""

from __future__ import annotations

from dataclasses import dataclass, field


class LandingError(Exception):
    """Nothing could be landed, or the run had to stop; the message says why and what to do."""


class InboxError(LandingError):
    """The inbox is missing, no folder, holds no organization folder, is one, or is a home."""


class BusyError(LandingError):
    """Another run is landing into the same home."""


@dataclass(frozen=True)
class Landed:
    """A file that is new in the lake; `parse_errors` of its `rows` could not be split."""

    source_file: str
    org_id: str
    dataset: str
    file_id: str
    rows: int
    parse_errors: int


@dataclass(frozen=True)
class AlreadyLanded:
    """A file whose content the lake already holds for this organization and dataset."""

    source_file: str
    file_id: str


@dataclass(frozen=True)
class LeftOut:
    """A file that was withdrawn, and stays so; `name` is what takes it back in."""

    source_file: str
    file_id: str
    name: str


@dataclass(frozen=True)
class StillCounting:
    """Files landed earlier under the name of one landed now, with other content.

    `rows` of them have keys that the new file lacks, so they still count; None if there are too
    many to look.
    """

    source_file: str
    file_ids: tuple[str, ...]
    rows: int | None


@dataclass(frozen=True)
class Refused:
    """A file that was refused as a whole; `message` names file, dataset, cause and remedy."""

    source_file: str
    message: str


@dataclass
class Report:
    """What became of every file, in the order of their paths.

    `misplaced` says of what lies where nothing is read; it is told as the warnings are.
    """

    landed: list[Landed] = field(default_factory=list)
    already_landed: list[AlreadyLanded] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    still_counting: list[StillCounting] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Progress:
    """How far a run is: before each file (`source_file` is next) and at the end (None).

    While a file is at work, `step` says what is done to it (`hashing`, `checking`, `splitting`,
    `writing`), and `share` how much of that step is done, from 0 to 1.
    """

    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    source_file: str | None
    step: str | None = None
    share: float = 0.0
