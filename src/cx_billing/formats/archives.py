"""Zip archives: their members, unpacked one beside the other under names of our own."""

from __future__ import annotations

import lzma
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cx_billing.formats.common import LARGEST, LARGEST_RATIO, SMALL, UnreadableError

MOST_MEMBERS = 1000
MOST_ENTRIES = 10 * MOST_MEMBERS  # with folders and hidden files
END_RECORD, LONGEST_COMMENT = 22, 0xFFFF  # bytes of what stands at the end of an archive
UNTOLD = 0xFFFF  # in the place of the number of files, if the number stands elsewhere


@dataclass(frozen=True)
class Member:
    """A file of an archive: its name in there, and where it was unpacked to."""

    name: str
    path: Path


def unpack(path: Path, folder: Path) -> list[Member]:
    """Unpack every member into `folder`; hidden files and folders are left out.

    A member's name decides nothing but its format. Raises UnreadableError if the archive is
    damaged, encrypted, empty or beyond the bounds above; nothing of it may be used then.
    """
    with opened(path, LARGEST) as archive:
        files = [file for file in archive.infolist() if not _is_left_out(file)]
        if not files:
            raise UnreadableError("is an archive without files; export it again")
        if len(files) > MOST_MEMBERS or len(archive.infolist()) > MOST_ENTRIES:
            raise UnreadableError(f"holds more than {MOST_MEMBERS:,} files; split it")
        for file in archive.infolist():
            archive.open(file).close()  # is it called the same at both places where its name stands
        members = []
        for number, file in enumerate(files):
            member = Member(file.filename, folder / f"{number}{_suffix(file.filename)}")
            with archive.open(file) as packed, member.path.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
            members.append(member)
        return members


@contextmanager
def opened(path: Path, largest: int) -> Iterator[zipfile.ZipFile]:
    """A zip file that is not encrypted and unpacks to at most `largest` bytes.

    Whatever is wrong with it, now or while it is read, becomes an UnreadableError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = archive.infolist()
            if _declared(path) not in (len(files), UNTOLD):
                raise zipfile.BadZipFile(f"its directory names {len(files)} files, not all")
            if any(file.flag_bits & 1 for file in files):
                raise UnreadableError("is an encrypted archive; pack it without a password")
            unpacked = sum(file.file_size for file in files)
            if unpacked > largest or unpacked > max(SMALL, LARGEST_RATIO * path.stat().st_size):
                raise UnreadableError(
                    f"would unpack to {unpacked:,} bytes, which is more than its kind can be; "
                    "deliver the files in it one by one"
                )
            yield archive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        raise UnreadableError(f"is a damaged archive ({error}); fetch it again") from error
    except RuntimeError as error:
        raise UnreadableError(f"cannot be unpacked ({error}); pack it the usual way") from error


def _declared(path: Path) -> int:
    """How many files an archive says it holds; a damaged directory can hide some of them."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - END_RECORD - LONGEST_COMMENT))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    return int.from_bytes(tail[end + 10 : end + 12], "little")


def _is_left_out(file: zipfile.ZipInfo) -> bool:
    """Whether a member is a folder, hidden, or a leftover of an operating system or editor."""
    steps = PurePosixPath(file.filename).parts
    is_hidden = any(step.startswith((".", "~$", "__MACOSX")) and step != ".." for step in steps)
    return file.is_dir() or is_hidden


def _suffix(name: str) -> str:
    """The last two extensions of a name, if they are plain words."""
    suffixes = PurePosixPath(name.replace("\\", "/")).suffixes[-2:]
    return "".join(suffix for suffix in suffixes if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix))
