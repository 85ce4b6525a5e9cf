"""The data of a dispute as one workbook, a sheet a table."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from cx_billing.spreadsheets import keep_text

ROWS_OF_A_SHEET = 1_048_576
FIXED_TIME = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def write(
    connection: duckdb.DuckDBPyConnection, names: list[str], invoice: dict[str, Any], file: Path
) -> None:
    """Write the tables; one with more rows than a sheet has goes on in the next."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(str(file), options) as book:
        book.set_properties(
            {"title": f"Dispute of invoice {invoice['invoice_number']}", "created": FIXED_TIME}
        )
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name in names:
            result = connection.execute(f"select * from dispute_{name}")
            columns = [column[0] for column in result.description]
            part = 0
            while rows := result.fetchmany(ROWS_OF_A_SHEET - 1):
                part += 1
                sheet = book.add_worksheet(name if part == 1 else f"{name} {part}")
                sheet.write_row(0, 0, columns, bold)
                for number, row in enumerate(rows, start=1):
                    for place, value in enumerate(row):
                        if isinstance(value, datetime):
                            sheet.write_datetime(number, place, value, instant)
                        elif isinstance(value, date):
                            sheet.write_datetime(number, place, value, day)
                        elif isinstance(value, Decimal):
                            sheet.write_number(number, place, float(value))
                        elif isinstance(value, str):
                            sheet.write_string(number, place, keep_text(value))
                        else:
                            sheet.write(number, place, value)
            if part == 0:
                book.add_worksheet(name).write_row(0, 0, columns, bold)
