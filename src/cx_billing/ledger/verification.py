"""Proving the ledger: that it is, byte for byte, what was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cx_billing import duck
from cx_billing.builds import PUBLISHED
from cx_billing.ledger import files, stamps
from cx_billing.ledger.chain import BEGINNING, Entry, LedgerError, find_head, read_chain


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: how many entries, the hash of the last, and what is wrong."""

    entries: tuple[Entry, ...]
    head: str
    stamped: tuple[stamps.Stamped, ...]
    wrong: tuple[str, ...]


def verify(home: Path, roots: Sequence[Path] = (), outside: Sequence[Path] = ()) -> Verdict:
    """Hold every byte of the ledger against the chain, and the chain against what knows it.

    That are the published build, which names the last entry that it read, and time stamps: those of
    the ledger and those kept `outside`. `roots` are the certificates that stamps are trusted by.
    """
    try:
        entries = read_chain(home)
    except LedgerError as error:
        return Verdict((), BEGINNING, (), (str(error),))
    known = {BEGINNING: 0} | {entry.hash: entry.sequence for entry in entries}
    stamped, refused = stamps.check(home, known, roots, outside)
    wrong = (
        *(
            f"Entry {entry.sequence}: {found}."
            for entry in entries
            for found in files.describe_damage(home, entry)
        ),
        *(f"{path} is no file of the ledger." for path in files.list_strange(home, entries)),
        *check_published(home, known),
        *refused,
    )
    return Verdict(tuple(entries), find_head(entries), stamped, wrong)


def check_published(home: Path, known: dict[str, int]) -> Iterator[str]:
    """Whether the chain holds the entry that the published build read last."""
    if not (home / PUBLISHED).exists():
        return
    with duck.connect((home / PUBLISHED).resolve(), read_only=True) as connection:
        try:
            found = connection.execute("select build_number, ledger_head from marts.build")
        except duckdb.Error:  # of a release before the ledger
            return
        for number, head in found.fetchall():
            if head and head not in known:
                yield (
                    f"Build {number}, which is published, has read an entry {head[:12]}... that "
                    "the chain does not have: entries were removed or written anew."
                )
