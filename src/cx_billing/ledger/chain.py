"""The chain of the ledger: one entry a line, each with the hash of the one before it.

A line of `<home>/ledger/chain.jsonl` is the SHA-256 of an entry and the entry itself as JSON. What
an entry says of files are their names and hashes, so that whoever knows the hash of the last entry
can tell whether any byte of the ledger is another than it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from cx_billing import files

FOLDER = "ledger"
CHAIN = "chain.jsonl"
BEGINNING = "0" * 64  # stands for the entry before the first
SEALED, APPROVED, REOPENED = "sealed", "approved", "reopened"


class LedgerError(Exception):
    """What the ledger refuses, or what is wrong with it, in words for the user."""


@dataclass(frozen=True)
class Entry:
    """What was done to an invoice: `approved` by the first of two people, `sealed` or `reopened`.

    `files` are the SHA-256 of the entry's files by path below the ledger; `facts` are what the
    invoice was computed by: build, as-of, release, rules, reference data, inputs. Times are UTC.
    """

    sequence: int
    previous: str
    kind: str
    org_id: str
    invoice_date: str
    written_at: str
    by: str
    reason: str | None
    lines: int
    total_amount: str
    currency: str
    lines_hash: str
    files: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The entry as its line has it."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @property
    def hash(self) -> str:
        """What the next entry and a time stamp know it by."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def place_chain(home: Path) -> Path:
    """The file of the chain."""
    return home / FOLDER / CHAIN


def read_chain(home: Path) -> list[Entry]:
    """Every entry, oldest first. Raises LedgerError at the first line that is not as written."""
    path = place_chain(home)
    if not path.exists():
        return []
    entries: list[Entry] = []
    body = path.read_bytes()
    for number, line in enumerate(body.split(b"\n")[:-1], start=1):
        entries.append(read_line(line, number, entries))
    if body and not body.endswith(b"\n"):
        raise LedgerError(f"{path}: line {len(entries) + 1} is cut off.")
    return entries


def read_line(line: bytes, number: int, before: Sequence[Entry]) -> Entry:
    """An entry, held against its hash, its number and the entry before it."""
    where = f"Entry {number} of the ledger"
    stated, _, text = line.partition(b" ")
    if hashlib.sha256(text).hexdigest().encode() != stated:
        raise LedgerError(f"{where} is not as it was written: its hash is another.")
    try:
        entry = Entry(**json.loads(text))
        check_types(entry)
        spelt = entry.text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise LedgerError(f"{where} is not what an entry holds.") from error
    if spelt != text:
        raise LedgerError(f"{where} is not spelt as it was written.")
    if entry.sequence != number:
        raise LedgerError(f"{where} says that it is entry {entry.sequence}.")
    if entry.previous != find_head(before):
        raise LedgerError(f"{where} does not follow the one before it.")
    return entry


def check_types(entry: Entry) -> None:
    """Refuse values that no entry has. Raises TypeError."""
    types = get_type_hints(Entry)
    for name, value in vars(entry).items():
        allowed = dict if get_origin(types[name]) is dict else types[name]
        if not isinstance(value, allowed):
            raise TypeError(f"{name} is {value!r}")
    if not all(isinstance(checksum, str) for checksum in entry.files.values()):
        raise TypeError("a file has no checksum")


def find_head(entries: Sequence[Entry]) -> str:
    """The hash that stands for the chain so far."""
    return entries[-1].hash if entries else BEGINNING


def append(home: Path, entries: Sequence[Entry], entry: Entry) -> None:
    """Add an entry. The file appears with it or stays as it was."""
    write_chain(home, (*entries, entry))


def write_chain(home: Path, entries: Sequence[Entry]) -> None:
    """Write the file of a chain."""
    lines = (f"{entry.hash} {entry.text}".encode() for entry in entries)
    files.write_lines(place_chain(home), lines)
