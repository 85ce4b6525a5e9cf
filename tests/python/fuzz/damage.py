"""Damage that knows nothing of formats, and what JSON can write."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

SCRATCH = Path(tempfile.gettempdir())
PIECES = (
    b'"', b'""', b",", b";", b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff", b"\xfc",
    b"\\", b"{", b"}", b"[", b"]", b":", b"'", b"--", b" ", b'" ', b' "', b"\xe2\x80\xa8", b"\x1a",
    b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"e308", b"-", b"null", b'\n"', b'"\n', b'","',
    b"x" * 9000,
)  # fmt: skip


def spoiled(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """A few changes anywhere."""
    told = []
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        change = rng.choice((insert, insert, insert, delete, repeat, cut, flip, swap))
        content = change(rng, content)
        told.append(change.__name__)
    return content, ", ".join(told)


def flipped(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """Some bytes changed, none added."""
    for _ in range(rng.choice((1, 1, 2, 5))):
        content = flip(rng, content)
    return content, "flipped"


def insert(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice(PIECES) + content[at:]


def delete(rng: random.Random, content: bytes) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + content[start + rng.choice((1, 1, 1, 2, 10, 100)) :]


def repeat(rng: random.Random, content: bytes) -> bytes:
    start = rng.randrange(len(content) + 1)
    piece = content[start : start + rng.choice((1, 5, 50, 500))]
    return content[:start] + piece * rng.choice((2, 2, 3, 20)) + content[start + len(piece) :]


def cut(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def flip(rng: random.Random, content: bytes) -> bytes:
    if not content:
        return content
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ rng.randrange(1, 256)]) + content[at + 1 :]


def swap(rng: random.Random, content: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    middle = (start + end) // 2
    return content[:start] + content[middle:end] + content[start:middle] + content[end:]


def json_token(rng: random.Random, text: str) -> tuple[str, str | None]:
    """A value as JSON writes it, and the text it must become in the lake."""
    kind = rng.choice(("text", "text", "text", "escaped", "number", "word", "nested"))
    if kind == "number":
        number = rng.choice(("0", "-0", "1.50", "1e309", "-1E-400", "9" * 40, "0.1000", "NaN",
                             "Infinity", "-Infinity"))  # fmt: skip
        return number, number
    if kind == "word":
        return rng.choice((("true", "true"), ("false", "false"), ("null", None), ('""', None)))
    if kind == "nested":
        return rng.choice((
            ("[]", "[]"), ("{}", "{}"), ('[1.50, "x"]', '[1.50,"x"]'),
            ('{"a": {"b": [null]}}', '{"a":{"b":[null]}}'),
        ))  # fmt: skip
    return json.dumps(text, ensure_ascii=kind == "escaped"), text or None
