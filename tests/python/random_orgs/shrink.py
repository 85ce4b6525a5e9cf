"""Make an organization on which warehouse and oracle differ as small as it can be and still do so.

Delta debugging where one build judges many candidates, each an organization of its own: first
whole files are left out, then halves of the rows of each file, quarters, down to single rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# A file of an organization: its path below the organization, its header and its rows.
Files = dict[str, tuple[bytes, list[bytes]]]
Judge = Callable[[list[Files]], list[bool]]
CANDIDATES = 64  # in one build


def read_files(organization: Path) -> Files:
    """The files of an organization below `INBOX/<org_id>`."""
    found = {}
    for path in sorted(path for path in organization.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".csv":
            header, *rows = content.splitlines(keepends=True)
        elif path.suffix == ".ndjson":
            header, rows = b"", content.splitlines(keepends=True)
        else:  # stays or goes as a whole
            header, rows = content, []
        found[path.relative_to(organization).as_posix()] = header, rows
    return found


def write_files(organization: Path, files: Files) -> None:
    """Write the files of an organization below `INBOX/<org_id>`, which may be left without any."""
    organization.mkdir(parents=True)
    for name, (header, rows) in files.items():
        path = organization / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(header + b"".join(rows))


def format_files(files: Files) -> str:
    """The files as text, to read and to build again."""
    return "\n".join(
        f"--- {name}\n{(header + b''.join(rows)).decode(errors='backslashreplace').rstrip()}"
        for name, (header, rows) in files.items()
    )


@dataclass(frozen=True)
class Piece:
    """Rows `[start, end)` of a file; `is_file` stands for the whole file, header and all."""

    name: str
    start: int
    end: int
    is_file: bool = False


def pieces(files: Files, parts: int) -> Iterator[Piece]:
    """What is left out at a level: files (0 parts), or each file's rows in so many parts."""
    for name, (_, rows) in files.items():
        if parts == 0:
            yield Piece(name, 0, len(rows), is_file=True)
            continue
        step = -(-len(rows) // parts)
        for start in range(0, len(rows), step or 1):
            yield Piece(name, start, min(start + step, len(rows)))


def without(files: Files, left_out: list[Piece]) -> Files:
    """The files without some pieces."""
    gone = {piece.name for piece in left_out if piece.is_file}
    rows_gone = {(p.name, row) for p in left_out for row in range(p.start, p.end)}
    return {
        name: (header, [row for n, row in enumerate(rows) if (name, n) not in rows_gone])
        for name, (header, rows) in files.items()
        if name not in gone
    }


def shrink(files: Files, differ: Judge, builds: int = 25) -> tuple[Files, int]:
    """The smallest organization found that still differs, and the number of builds it took.

    `differ` builds candidates and tells for each whether it differs. Each level takes two builds:
    one that leaves out every piece alone, one that leaves out more and more of those that are not
    needed. A level is left when all its pieces are needed.
    """
    spent, parts = 0, 0
    longest = max((len(rows) for _, rows in files.values()), default=0)
    while spent + 2 <= builds:
        spare = []
        candidates = list(pieces(files, parts))[:CANDIDATES]
        if candidates:
            verdicts = differ([without(files, [piece]) for piece in candidates])
            spare = [piece for piece, kept in zip(candidates, verdicts, strict=True) if kept]
            spent += 1
        if len(spare) > 1:
            more = [spare[:n] for n in range(2, len(spare) + 1)]
            verdicts = differ([without(files, left_out) for left_out in more])
            spent += 1
            spare = max(
                (left_out for left_out, kept in zip(more, verdicts, strict=True) if kept),
                key=len,
                default=spare[:1],
            )
        if spare:
            files = without(files, spare)
        elif parts >= longest:
            break
        else:
            parts = parts * 2 or 2
    return files, spent
