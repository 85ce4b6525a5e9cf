"""JSON: one object, an array, concatenated documents or NDJSON; numbers as they were written."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cx_billing.formats.common import CHUNK, Rows, UnreadableError, Watch, open_text, shown
from cx_billing.formats.makers import remedy_of_json
from cx_billing.formats.objects import TOO_DEEP, Number, Objects
from cx_billing.formats.platform_api import answer_of
from cx_billing.lake import Dataset

LONGEST_VALUE = 1 << 28  # characters; all of a value is in memory at once


def rows(path: Path, dataset: Dataset, staged: Path, name: str, watch: Watch) -> Rows:
    """Every row of every document; `name` is what the file was delivered as."""
    answer = answer_of(dataset.name, name)
    try:
        with (
            Objects(staged, dataset) as objects,
            open_text(path, "strict", "splitting", watch) as stream,
        ):
            for value in _values(stream):
                for row, is_flat in answer.rows(value):
                    objects.add(row, is_flat)
            for row, is_flat in answer.rest():
                objects.add(row, is_flat)
    except RecursionError as error:
        raise UnreadableError(TOO_DEEP) from error
    answer.finish()
    said = answer.notes.said()
    return replace(objects.rows(), snapshot_date=answer.snapshot_date, said=said)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(double, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise UnreadableError(f"has an object with the key '{shown([double])}' twice; remove one")
    return found


def _values(stream: io.TextIOWrapper) -> Iterator[object]:
    """Yield every element of every array, and every other value, of concatenated documents.

    Only as much as holds one element is in memory.
    """
    decode = json.JSONDecoder(
        parse_int=Number, parse_float=Number, parse_constant=str, object_pairs_hook=_distinct
    ).raw_decode
    no_blank = re.compile(r"[^ \t\r\n]")
    text, position, line = "", 0, 1
    in_array, found, expected = False, False, {"value"}

    def more(at_least: int = CHUNK) -> bool:
        nonlocal text, position, line
        if len(text) - position > LONGEST_VALUE:
            raise UnreadableError(
                f"has a value of more than {LONGEST_VALUE:,} characters, which no answer of the "
                "platform is; fetch it again, a shorter interval at a time"
            )
        try:
            chunk = stream.read(min(at_least, max(CHUNK, LONGEST_VALUE)))
        except UnicodeDecodeError as error:
            raise UnreadableError(f"is not UTF-8 ({error.reason}); save it as UTF-8") from error
        line += text.count("\n", 0, position)
        text, position = text[position:] + chunk, 0
        return bool(chunk)

    while True:
        begins = no_blank.search(text, position)
        position = begins.start() if begins else len(text)
        if position == len(text):
            if more():
                continue
            break
        letter = text[position]
        if not in_array and letter == "[":
            in_array, found, expected = True, True, {"value", "end"}
        elif "end" in expected and letter == "]":
            in_array, expected = False, {"value"}
        elif "comma" in expected and letter == ",":
            expected = {"value"}
        else:
            try:
                if "value" not in expected:
                    raise ValueError("a comma or the end of the array is missing")
                value, end = decode(text, position)
                if end == len(text):  # a number may go on
                    if more():
                        continue
                    end = len(text)
            except ValueError as error:
                fault = getattr(error, "pos", position) - position
                if "value" in expected and more(max(CHUNK, 3 * (len(text) - position))):
                    continue
                where = line + text.count("\n", 0, position)
                what = getattr(error, "msg", str(error))
                remedy = remedy_of_json(text[position:], text[position + fault :])
                raise UnreadableError(
                    f"is not valid JSON: {what}, in the value that begins on line {where}; "
                    "fetch it again" + (f". {remedy}" if remedy else "")
                ) from error
            position, found = end, True
            expected = {"comma", "end"} if in_array else {"value"}
            yield value
            continue
        position += 1
    if in_array:
        raise UnreadableError("is not valid JSON: the array is not closed; fetch it again")
    if not found:
        raise UnreadableError("holds no JSON value; export it again")
