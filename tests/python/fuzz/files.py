"""Files of every format that hold a table, and damage of which it is known what must come."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from dataclasses import dataclass, field, replace

import duckdb
import openpyxl

import invoice_pdfs
from cx_billing import lake
from fuzz import answers, damage
from fuzz.tables import Table, draw

PLAIN_DATASETS = [name for name in lake.datasets() if name not in answers.SHAPES]


@dataclass(frozen=True)
class Bad:
    """A row that must be kept as it is, for a reason; `text` None is not compared."""

    reason: str
    text: str | None = None


@dataclass(frozen=True)
class Case:
    """A file, and what landing must make of it.

    `rows` are the rows that must come of it, None if nobody knows: each a Bad, or the values by
    column. `refused` says that it must (True), may (None) or must not (False) be refused;
    `separator` that it is CSV, so that letters can be counted and rows be read the plain way.
    """

    dataset: str
    name: str
    content: bytes
    recipe: str
    rows: list[dict[str, str] | Bad] | None = None
    refused: bool | None = False
    separator: str | None = None
    steps: tuple[str, ...] = field(default=(), compare=False)


def draw_case(rng: random.Random) -> Case:
    """Any case; some kinds are dearer to land than others."""
    kinds = {
        csv_case: 40, spoiled_csv: 20, json_case: 14, spoiled_json: 8, answer_case: 10,
        workbook_case: 5, parquet_case: 4, zip_case: 5, gzip_case: 5, pdf_case: 0.6, odd_case: 3,
    }  # fmt: skip
    [kind] = rng.choices(list(kinds), list(kinds.values()))
    case = kind(rng)
    return replace(case, recipe=f"{kind.__name__}: {case.recipe}")


# CSV


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


def values(table: Table, row: tuple[str, ...]) -> dict[str, str]:
    return {column: text for column, text in zip(table.columns, row, strict=True) if text}


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


def spoiled_csv(rng: random.Random) -> Case:
    """Any bytes changed."""
    case = csv_case(rng)
    content, recipe = damage.spoiled(rng, case.content)
    return replace(case, content=content, recipe=f"{case.recipe}; {recipe}", rows=None,
                   refused=None)  # fmt: skip


# JSON


def json_case(rng: random.Random) -> Case:
    """Rows as objects in one of the shapes that are read, and a fault that is known."""
    dataset = lake.datasets()[rng.choice(PLAIN_DATASETS)]
    table = draw(rng, dataset)
    # an array of no object lacks no column, any other needs all of them
    tokens = [{name: damage.json_token(rng, text) for name, text in
               zip(table.names, row, strict=True)} for row in table.rows]  # fmt: skip
    rows = [
        {column: found for column, name in zip(table.columns, table.names, strict=True)
         if (found := row[name][1]) is not None}
        for row in tokens
    ]  # fmt: skip
    objects = ["{" + ", ".join(f"{json.dumps(name)}: {token}" for name, (token, _) in row.items())
               + "}" for row in tokens]  # fmt: skip
    recipe, refused = "as it should be", False
    fault = rng.choice(("", "", "", "none", "double", "broken", "twice", "surrogate"))
    at = rng.randrange(len(objects)) if objects else None
    if fault and at is not None:
        recipe = fault
        if fault == "none":
            token = rng.choice(("5", '"x"', "null", "true", "1e999", '[["x"]]'))
            objects.insert(at, token)
            text = '"x"' if "x" in token else token
            rows.insert(at, Bad("not_an_object", text))
        elif fault == "double":
            places = [at for at, column in enumerate(table.columns) if column in dataset.required]
            other = table.names[rng.choice(places)]
            objects[at] = objects[at][:-1] + f', {json.dumps(other + "_")}: "x"}}'
            rows[at] = Bad("duplicate_column")
        elif fault == "surrogate":
            objects[at] = objects[at][:-1] + ', "zzz": "\\ud800"}'
            rows[at] = Bad("invalid_encoding")
        else:
            refused, rows = True, None
            objects[at] = {
                "broken": rng.choice((objects[at][:-1], objects[at].replace(":", "", 1),
                                      "{" + objects[at], objects[at] + "]")),
                "twice": objects[at][:-1] + f", {json.dumps(table.names[0])}: 1}}",
            }[fault]  # fmt: skip
    shapes = {
        "array": ("f.json", "[" + ",\n".join(objects) + "]"),
        "lines": ("f.ndjson", "".join(f"{item}\n" for item in objects)),
        "documents": ("f.json", " ".join(objects)),
        "pages": ("f.json", "\n".join(f'{{"entities": [{item}], "total": 1}}' for item in objects)),
        "arrays": ("f.json", "".join(f"[{item}]" for item in objects)),
    }
    if fault == "broken" and at is not None:
        del shapes["arrays"], shapes["documents"], shapes["lines"]
    shape = rng.choice(list(shapes))
    name, text = shapes[shape]
    if not text.strip():
        refused, rows = True, None
    content = (b"\xef\xbb\xbf" * (rng.random() < 0.1)) + text.encode()
    return Case(dataset.name, name, content, f"{shape}, {recipe}", rows, refused)


def spoiled_json(rng: random.Random) -> Case:
    case = json_case(rng)
    content, recipe = damage.spoiled(rng, case.content)
    return replace(
        case, content=content, recipe=f"{case.recipe}; {recipe}", rows=None, refused=None
    )


def answer_case(rng: random.Random) -> Case:
    """An answer of the platform's API with parts of any other kind; rows are not foreseen."""
    dataset = rng.choice(list(answers.SHAPES))
    content, recipe = answers.draw(rng, dataset)
    if rng.random() < 0.2:
        content, how = damage.spoiled(rng, content)
        recipe += f"; {how}"
    name = rng.choice(("f.json", "2026-01-31.json", "2026-01-31.json"))
    return Case(dataset, name, content, recipe, None, None)


# Other formats


def workbook_case(rng: random.Random) -> Case:
    """A workbook of texts, whole or damaged; what lands of a damaged one must be right."""
    table = draw(rng, lake.datasets()[rng.choice(PLAIN_DATASETS)])
    table = replace(table, rows=tuple(tuple(map(cell_text, row)) for row in table.rows))
    book = openpyxl.Workbook()
    sheet = book.active
    for _ in range(rng.choice((0, 0, 2))):
        sheet.append(["a title"])
    lines, rows = [table.names], []
    for row in table.rows:
        if not any(text.strip() for text in row):
            continue  # a blank row is none
        lines.append(row)
        rows.append(values(table, row))
    if rng.random() < 0.2:
        lines.append(table.names)
        rows.append(Bad("repeated_header"))
    for line in lines:
        sheet.append([None] * len(line))
        for at, text in enumerate(line, start=1):
            cell = sheet.cell(sheet.max_row if at > 1 else max(sheet._current_row, 1), at)
            cell.value, cell.data_type = text or None, "s"
    file = io.BytesIO()
    book.save(file)
    case = Case(table.dataset.name, "f.xlsx", file.getvalue(), "as it should be", rows)
    if rng.random() < 0.5:
        content, recipe = damage.spoiled(rng, case.content)
        return replace(case, content=content, recipe=recipe, refused=None)
    return case


def cell_text(text: str) -> str:
    """Text that a workbook can hold."""
    return "".join(letter for letter in text if letter.isprintable())[:30_000]


def parquet_case(rng: random.Random) -> Case:
    table = draw(rng, lake.datasets()[rng.choice(PLAIN_DATASETS)])
    names = [name.lower() for name in table.names]
    if len(set(names)) < len(names):
        return csv_case(rng)
    columns = ", ".join('"' + name.replace('"', '""') + '" varchar' for name in table.names)
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({columns})")
        if table.rows:
            marks = ", ".join("?" * len(names))
            connection.executemany(f"insert into t values ({marks})", table.rows)
        path = damage.SCRATCH / f"{rng.getrandbits(64)}.parquet"
        connection.execute(f"copy t to '{path}' (format parquet)")
    content = path.read_bytes()
    path.unlink()
    rows = [values(table, row) for row in table.rows]
    case = Case(table.dataset.name, "f.parquet", content, "as it should be", rows)
    if rng.random() < 0.5:
        content, recipe = damage.spoiled(rng, case.content)
        return replace(case, content=content, recipe=recipe, rows=None, refused=None)
    return case


def packable(rng: random.Random, dataset: str | None = None) -> Case:
    """A text file of which the rows are known."""
    while True:
        case = rng.choice((csv_case, json_case))(rng)
        if case.rows is not None and case.refused is False and dataset in (None, case.dataset):
            return case


def gzip_case(rng: random.Random) -> Case:
    """A packed file, whole or damaged: either all of its rows, or none."""
    case = packable(rng)
    content = gzip.compress(case.content, mtime=0)
    if rng.random() < 0.2 and case.content:
        cut = rng.randrange(len(case.content))
        content = gzip.compress(case.content[:cut]) + gzip.compress(case.content[cut:])
    case = replace(case, content=content, name=case.name + ".gz", recipe="gzip")
    kind = rng.choice(("whole", "cut", "spoiled"))
    if kind == "cut":
        content = content[: rng.randrange(1, len(content))]
        return replace(case, content=content, recipe="cut", rows=None, refused=None)
    if kind == "spoiled":
        content, recipe = damage.flipped(rng, content)
        return replace(case, content=content, recipe=recipe, refused=None)
    return case


def zip_case(rng: random.Random) -> Case:
    """An archive of files of one dataset, whole or damaged: what lands of it must be right."""
    first = packable(rng)
    cases = [first]
    for _ in range(rng.choice((0, 0, 1))):
        for _ in range(40):
            more = rng.choice((csv_case, json_case))(rng)
            if more.dataset == first.dataset and more.rows is not None and not more.refused:
                cases.append(more)
                break
    if len({case.content for case in cases}) < len(cases):
        cases = cases[:1]
    file = io.BytesIO()
    method = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(file, "w", method) as packed:
        packed.writestr(".hidden", b"?")
        for number, case in enumerate(cases):
            packed.writestr(zipfile.ZipInfo(f"folder/{number}{case.name}"), case.content, method)
    rows = [row for case in cases for row in case.rows]
    found = Case(first.dataset, "f.zip", file.getvalue(), f"{len(cases)} files", rows)
    kind = rng.choice(("whole", "whole", "cut", "spoiled"))
    if kind == "cut":
        content = found.content[: rng.randrange(1, len(found.content))]
        return replace(found, content=content, recipe="cut", rows=None, refused=True)
    if kind == "spoiled":
        content, recipe = damage.flipped(rng, found.content)
        return replace(found, content=content, recipe=recipe, refused=None)
    return found


_PDFS: dict[int, tuple[bytes, list[dict[str, str]]]] = {}


def pdf_case(rng: random.Random) -> Case:
    seed = rng.randrange(6)
    if seed not in _PDFS:
        invoice = invoice_pdfs.random_invoice(seed)
        content = invoice_pdfs.draw(invoice, invoice_pdfs.random_style(seed))
        rows = [{column: text for column, text in row.items() if text}
                for row in invoice_pdfs.rows(invoice)]  # fmt: skip
        _PDFS[seed] = content, rows
    content, rows = _PDFS[seed]
    case = Case("vendor_invoice_lines", "f.pdf", content, f"invoice {seed}", rows)
    if rng.random() < 0.7:
        content, recipe = damage.spoiled(rng, content)
        return replace(case, content=content, recipe=recipe, rows=None, refused=None)
    return case


def odd_case(rng: random.Random) -> Case:
    """Bytes that are nothing, or something else than their name says."""
    case = rng.choice((csv_case, json_case, workbook_case, parquet_case, zip_case))(rng)
    names = ["f.csv", "f.json", "f.csv.gz", "f.xlsx", "f.zip", "f.parquet", "f.txt", "f"]
    kind = rng.choice(("name", "empty", "noise", "deep", "wide", "header only"))
    name = rng.choice([name for name in names if name != case.name])
    content, refused = case.content, None
    if kind == "empty":
        content, refused = b"", True
    elif kind == "noise":
        content = rng.randbytes(rng.choice((1, 10, 3000)))
    elif kind == "deep":
        depth = rng.choice((300, 600, 2_000, 100_000))
        name, content = "f.json", b'{"user_id": ' + b"[" * depth + b"]" * depth + b', "email": "x"}'
        case = replace(case, dataset="users")
    elif kind == "wide":
        name, content = "f.csv", b",".join(b"c%d" % n for n in range(rng.choice((999, 20_000))))
    elif kind == "header only":
        dataset = lake.datasets()[case.dataset]
        name, content, refused = "f.csv", ",".join(sorted(dataset.required)).encode(), False
        return replace(case, name=name, content=content, recipe=kind, rows=[], refused=False,
                       separator=",")  # fmt: skip
    return replace(case, name=name, content=content, recipe=kind, rows=None, refused=refused,
                   separator=None)  # fmt: skip
