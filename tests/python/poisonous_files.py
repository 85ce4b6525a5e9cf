"""Files that are made, or look as if they were made, to stop whoever reads them."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

from deliveries import USERS, archive

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADER = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def raw_workbook(rows: str, count: int = 2, more: tuple[str, ...] = ()) -> bytes:
    """A workbook with a header of users, as it is written on the disk."""
    texts = "".join(f"<si><t>{text}</t></si>" for text in ("user_id", "email", *more))
    sheet = f'<worksheet xmlns="{SHEET}"><sheetData>{HEADER}{rows}</sheetData></worksheet>'
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}" uniqueCount="{count}">{texts}</sst>',
        "xl/worksheets/sheet1.xml": sheet,
    }
    return archive({name: text.encode() for name, text in parts.items()})


def far_cell() -> bytes:
    """Two cells in the corners of a sheet."""
    return raw_workbook(row(1_048_576, cell("XFD1048576", "x")))


def billion_laughs() -> bytes:
    """Entities of entities."""
    names = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    laughs = f'<!DOCTYPE l [<!ENTITY a0 "lol">{"".join(names)}]>'
    book = raw_workbook(row(2, cell("A2", "&a9;")))
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as parts, zipfile.ZipFile(file, "w") as poisoned:
        for part in parts.namelist():
            text = parts.read(part).decode()
            poisoned.writestr(part, laughs + text if "sheet1" in part else text)
    return file.getvalue()


def memory_bomb() -> bytes:
    """A workbook of a kilobyte that says it holds four billion texts."""
    return raw_workbook("", count=4_000_000_000)


def repeated_text() -> bytes:
    """A workbook with one long text, which 30,000 cells show."""
    rows = "".join(row(n, f'<c r="A{n}" t="s"><v>2</v></c>') for n in range(2, 30_000))
    return raw_workbook(rows, count=3, more=("x" * 1_000_000,))


def gzip_bomb() -> bytes:
    """Rows without end, or so."""
    return gzip.compress(USERS + b"u,b,c\n" * 12_000_000)


def zip_bomb() -> bytes:
    return archive({"a.csv": b"0" * (70 << 20)})


def crowd() -> bytes:
    """An archive with 20,000 files."""
    return archive({f"{number}.csv": USERS for number in range(20_000)})


def long_name() -> bytes:
    """An archive with a file whose name is a number that nobody can count to."""
    page = json.dumps({"entities": [{"id": "u1", "email": "a"}], "pageNumber": 1, "pageCount": 2})
    return archive({"9" * 5_000 + ".json": page.encode()})


def nested(brackets: int, before: str = "", after: str = "") -> bytes:
    return (before + "[" * brackets + "]" * brackets + after).encode()


LONG = b"x" * (65 << 20)
IN_AN_OBJECT = '{"user_id": "u1", "email": "a", "more": '
IN_A_PAGE = '{"entities": [{"id": "u1", "email": '
POISON = {
    "far cell": ("f.xlsx", far_cell, "cells so far apart"),
    "far beyond": ("f.xlsx", lambda: raw_workbook(row(2, cell("ZZZZZZ4294967295", "x"))), "far"),
    "laughs": ("f.xlsx", billion_laughs, "no readable workbook"),
    "memory": ("f.xlsx", memory_bomb, "GiB of memory"),
    "gzip": ("f.csv.gz", gzip_bomb, "unpacks to more than 67,108,864 bytes"),
    "gzip of JSON": ("f.json.gz", lambda: gzip.compress(b" " * (70 << 20)), "unpacks to more than"),
    "zip": ("f.zip", zip_bomb, "would unpack to 73,400,320 bytes"),
    "crowd": ("f.zip", crowd, "more than 1,000 files"),
    "long name": ("f.zip", long_name, "name of more than 1,000 characters"),
    "no line end": ("f.csv", lambda: LONG, "line of more than 67,108,864"),
    "long line": ("f.csv", lambda: USERS + LONG, "line of more than 67,108,864"),
    "long in split": ("f.csv", lambda: USERS + b'u3,"a"b,c\n' + LONG, "line of more than 67,108"),
    "long in quotes": ("f.csv", lambda: USERS + b'u3,"' + LONG, "line of more than 67,108,864"),
    "columns": ("f.csv", lambda: b"user_id,email" + b",c" * 2_000_000, "2,000,002 columns"),
    "quoted columns": ("f.csv", lambda: b'user_id,email,"c' + b'","c' * 9999 + b'"', "10,002 col"),
    "keys": (
        "f.json",
        lambda: json.dumps({f"k{number}": 1 for number in range(100_000)}).encode(),
        "more than 1,000 different keys",
    ),
    "deep": ("f.json", lambda: nested(100_000), "nested too deeply"),
    "deep in a row": ("f.json", lambda: nested(101, IN_AN_OBJECT, "}"), "nested too deeply"),
    "deep in a page": ("f.json", lambda: nested(102, IN_A_PAGE, "}]}"), "nested too deeply"),
}  # fmt: skip
