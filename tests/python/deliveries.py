"""What the tests of landing share: an inbox and a home, and how files of some kinds are made."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import duckdb
import openpyxl

from cx_billing import landing

USERS = b"user_id,email,name\nu1,a@x,Ann\nu2,b@x,Bob\n"
MORE = b"user_id,email,name\nu3,c@x,Cy\n"
HEADER = ["User ID", "E-mail", "name"]


class Warehouse:
    """An inbox and a home in one folder, and what a test asks of them."""

    def __init__(self, folder: Path):
        self.inbox = folder / "inbox"
        self.home = folder / "home"

    def deliver(self, content: bytes | str | object, name="f.csv", dataset="users", org="acme"):
        path = self.inbox / org / dataset / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes | str):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self) -> landing.Report:
        return landing.land(self.inbox, self.home)

    def landed(self, *delivery, **place) -> landing.Landed:
        """Deliver one file, land it, and check the counts of report, footer and rows."""
        self.deliver(*delivery, **place)
        report = self.land()
        assert report.refused == []
        [landed] = report.landed
        assert self.facts()[landed.file_id]["rows_in_file"] == str(landed.rows)
        [[rows]] = self.sql(f"select count(*) from lake where file_id = '{landed.file_id}'")
        assert rows == landed.rows
        return landed

    def refusal(self, *delivery, **place) -> str:
        self.deliver(*delivery, **place)
        report = self.land()
        assert report.landed == []
        [refused] = report.refused
        assert self.files() == []
        return refused.message

    def files(self) -> list[Path]:
        found = (self.home / "lake").glob("*/*")
        return sorted(path for path in found if path.name != "_empty.parquet")

    def rows(self, columns: str) -> list[tuple]:
        return self.sql(f"select {columns} from lake order by landed_at, source_row")

    def sql(self, query: str) -> list[tuple]:
        with duckdb.connect() as connection:
            connection.execute(
                "create view lake as select * from "
                f"read_parquet('{self.home}/lake/*/*.parquet', union_by_name = true)"
            )
            return connection.execute(query).fetchall()

    def facts(self) -> dict[str, dict[str, str]]:
        facts: dict[str, dict[str, str]] = {}
        for name, key, value in self.sql(
            f"select * from parquet_kv_metadata('{self.home}/lake/*/*.parquet')"
        ):
            facts.setdefault(Path(name).stem, {})[key.decode()] = value.decode()
        return facts


def workbook(**sheets: list[list[object]]) -> bytes:
    """An Excel workbook; a sheet whose name ends in `_hidden` is hidden."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name.endswith("_hidden"):
            sheet.sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def archive(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return file.getvalue()
