"""Text that a spreadsheet would take for a formula, and how it stays text.

A file of ours may hold words of others: a cell that begins like a formula is written behind an
apostrophe. A number is no formula, a negative one neither.
"""

from __future__ import annotations

import re

# Both as DuckDB and Python read them. A sign of a formula may be as wide as a Chinese letter, and
# stand behind blanks that a spreadsheet leaves out.
BLANKS = " \u00a0\u200b\ufeff"
WIDE = "\uff1d\uff0b\uff0d\uff20\u2212"
FORMULA = rf"^(?:[\t\r\n]|[{BLANKS}]*[=+@{WIDE}-])"
NUMBER = r"^-[0-9][0-9,]*([.][0-9]+)?$"


def keep_text(text: str) -> str:
    """The text, behind an apostrophe if a spreadsheet would compute it."""
    is_formula = re.search(FORMULA, text) and not re.search(NUMBER, text)
    return f"'{text}" if is_formula else text


def keep_text_sql(column: str) -> str:
    """SQL for the same of a column."""
    is_formula = (
        f"regexp_matches({column}, '{FORMULA}') and not regexp_matches({column}, '{NUMBER}')"
    )
    return f"if({is_formula}, '''' || {column}, {column})"
