"""Workbooks, Parquet files, archives, PDF files, and what is no file of its kind."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from dataclasses import replace

import duckdb
import openpyxl

import invoice_pdfs
from cx_billing import lake
from fuzz import damage
from fuzz.cases import PLAIN_DATASETS, Bad, Case, values
from fuzz.csv_files import csv_case
from fuzz.json_files import json_case
from fuzz.tables import draw


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
