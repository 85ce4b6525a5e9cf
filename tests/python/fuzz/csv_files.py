"""CSV files, well written or with faults of which it is known what must come."""

from __future__ import annotations

import random
from dataclasses import replace

from cx_billing import lake
from fuzz import damage
from fuzz.cases import PLAIN_DATASETS, Bad, Case, values
from fuzz.tables import Table, draw


def csv_case(rng: random.Random) -> Case:
    """A well-written file, or one with lines of a known fault."""
    table = draw(rng, lake.datasets()[rng.choice(PLAIN_DATASETS)], is_plain=rng.random() < 0.5)
    separator, newline = rng.choice(",;\t"), rng.choice(("\n", "\n", "\r\n", "\r"))
    quoting = rng.choice((0, 0, 0.3, 1))
    header = csv_line(rng, table.names, separator, quoting)
    lines = [csv_line(rng, row, separator, quoting) for row in table.rows]
    rows = [values(table, row) for row in table.rows]
    recipe = []
    if rng.random() < 0.6:
        for _ in range(rng.choice((1, 1, 2, 4))):
            fault = rng.choice(FAULTS)
            if fault(rng, table, header, lines, rows, separator):
                recipe.append(fault.__name__)
    text = header + newline + "".join(line + newline for line in lines)
    if rng.random() < 0.2 and len(lines):
        text = text.removesuffix(newline)
        recipe.append("no newline at the end")
    if rng.random() < 0.1:
        text = rng.choice((newline, f"  {newline}", newline * 3)) + text
        recipe.append("blank lines above")
    content = text.encode("utf-8", "surrogateescape")
    if rng.random() < 0.2:
        content = b"\xef\xbb\xbf" + content
        recipe.append("mark")
    told = ", ".join(recipe) or "as it should be"
    case = Case(table.dataset.name, "f.csv", content, told, rows, False, separator)
    return whole_file_fault(rng, case, table, header, newline) if rng.random() < 0.15 else case


def spoiled_csv(rng: random.Random) -> Case:
    """Any bytes changed."""
    case = csv_case(rng)
    content, recipe = damage.spoiled(rng, case.content)
    return replace(case, content=content, recipe=f"{case.recipe}; {recipe}", rows=None,
                   refused=None)  # fmt: skip


def whole_file_fault(rng: random.Random, case: Case, table: Table, header: str, newline: str):
    """A fault for which the whole file must be refused, or two files in one."""
    required = [at for at, column in enumerate(table.columns) if column in table.dataset.required]
    body = case.content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    kind = rng.choice(("no column", "other header", "two columns", "UTF-16", "no mark", "twice"))
    if kind == "no column":
        lost = rng.choice(required)
        other = csv_line(rng, (*table.names[:lost], "zzz", *table.names[lost + 1 :]),
                         case.separator, 0)  # fmt: skip
        text, refused, rows = body.replace(header, other, 1), True, None
    elif kind == "two columns":
        other = header + case.separator + table.names[required[0]]
        text, refused, rows = body.replace(header, other, 1), True, None
    elif kind == "other header":
        others = rng.choice((list(reversed(table.names)), [*table.names, "zzz"], table.names))
        separator = case.separator if list(others) != list(table.names) else "|"
        if separator == "|":
            separator = {",": ";", ";": "\t", "\t": ","}[case.separator]
        text = ended(body, newline) + separator.join(others) + newline
        refused, rows = True, None
    elif kind == "twice":
        rows = [*case.rows, Bad("repeated_header", header), *case.rows]
        text, refused = ended(body, newline) + body.lstrip("\r\n"), False
        if has_open_quote(case.rows):
            return case
        if not case.rows and body.strip() != header.strip():
            return case
    else:
        encoding = "utf-16" if kind == "UTF-16" else rng.choice(("utf-16-le", "utf-16-be"))
        content = body.encode("utf-8", "replace").decode("utf-8", "replace").encode(encoding)
        return replace(case, content=content, recipe=kind, rows=None, refused=True, separator=None)
    content = text.encode("utf-8", "surrogateescape")
    separator = case.separator if kind == "twice" else None
    return replace(case, content=content, recipe=f"{case.recipe}, {kind}", rows=rows,
                   refused=refused, separator=separator)  # fmt: skip


def ended(text: str, newline: str) -> str:
    return text if text.endswith(newline) else text + newline


def csv_line(rng: random.Random, fields: tuple[str, ...], separator: str, quoting: float) -> str:
    """A record, quoted where it must be and sometimes where it need not."""
    quoted = [
        '"' + text.replace('"', '""') + '"'
        if any(mark in text for mark in (separator, '"', "\r", "\n")) or rng.random() < quoting
        else text
        for text in fields
    ]
    line = separator.join(quoted)
    return line if line.strip() else '""' + line


# Faults of single lines: each says whether it could be planted


def has_open_quote(rows: list[dict[str, str] | Bad]) -> bool:
    """Whether a row swallows what follows, unless that is a good line."""
    return any(isinstance(row, Bad) and row.reason == "malformed_quotes" for row in rows)


def is_longer(table: Table, line: str, separator: str) -> bool:
    """Whether empty fields behind a row would hide that one is missing."""
    return line.count(separator) >= len(table.names)


def simple_at(rng: random.Random, lines: list[str], separator: str) -> int | None:
    """The place of a line without quotes, below which no line has any."""
    quoted = [at for at, line in enumerate(lines) if '"' in line or "\r" in line or "\n" in line]
    first = max(quoted, default=-1) + 1
    fitting = [at for at in range(first, len(lines)) if separator in lines[at]]
    return rng.choice(fitting) if fitting else None


def fewer_fields(rng, table, header, lines, rows, separator) -> bool:
    at = simple_at(rng, lines, separator)
    if (
        at is None
        or isinstance(rows[at], Bad)
        or has_open_quote(rows)
        or is_longer(table, lines[at], separator)
    ):
        return False
    lines[at] = lines[at].replace(separator, "", 1)
    if not lines[at].strip():
        lines[at] = "x"
    rows[at] = Bad("wrong_column_count", lines[at])
    return True


def more_fields(rng, table, header, lines, rows, separator) -> bool:
    at = simple_at(rng, lines, separator)
    if at is None or isinstance(rows[at], Bad) or has_open_quote(rows):
        return False
    lines[at] += separator + "x"
    rows[at] = Bad("wrong_column_count", lines[at])
    return True


def empty_fields_behind(rng, table, header, lines, rows, separator) -> bool:
    at = simple_at(rng, lines, separator)
    if at is None or isinstance(rows[at], Bad):
        return False
    lines[at] += separator * rng.choice((1, 2, 9))
    return True


def stray_quote(rng, table, header, lines, rows, separator) -> bool:
    at = simple_at(rng, lines, separator)
    if at is None or has_open_quote(rows) or any(isinstance(row, Bad) for row in rows[at:]):
        return False
    place = lines[at].index(separator) + 1
    lines[at] = lines[at][:place] + '"' + lines[at][place:]
    rows[at] = Bad("malformed_quotes", lines[at])
    return True


def foreign_byte(rng, table, header, lines, rows, separator) -> bool:
    at = simple_at(rng, lines, separator)
    if at is None or isinstance(rows[at], Bad):
        return False
    place = rng.randrange(len(lines[at]) + 1)
    byte = rng.choice((0xFF, 0x80, 0xFC, 0xC3))
    line = (lines[at][:place] + chr(0xDC00 + byte) + lines[at][place:]).encode(
        "utf-8", "surrogateescape"
    )
    lines[at] = line.decode("utf-8", "surrogateescape")
    rows[at] = Bad("invalid_encoding", line.decode("utf-8", "backslashreplace"))
    return True


def header_again(rng, table, header, lines, rows, separator) -> bool:
    if has_open_quote(rows):
        return False
    at = rng.randrange(len(lines) + 1)
    lines.insert(at, header)
    rows.insert(at, Bad("repeated_header", header))
    return True


def blank_line(rng, table, header, lines, rows, separator) -> bool:
    if not lines or has_open_quote(rows):
        return False
    at = rng.randrange(len(lines))
    lines[at] = rng.choice(("\n", "\r\n", "   \n", "\n\n\n")) + lines[at]
    return True


def same_row_again(rng, table, header, lines, rows, separator) -> bool:
    if not lines or any(isinstance(row, Bad) for row in rows):
        return False
    at = rng.randrange(len(lines))
    lines.insert(at, lines[at])
    rows.insert(at, rows[at])
    return True


FAULTS = (fewer_fields, more_fields, empty_fields_behind, stray_quote, foreign_byte, header_again,
          blank_line, same_row_again)  # fmt: skip
