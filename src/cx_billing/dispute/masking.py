"""Numbers and addresses in what the vendor printed, hidden unless they are asked for."""

from __future__ import annotations

import json
import re

import duckdb

# The tables with the words of the vendor.
WORDS = {"lines": ("description", "section"), "differences": ("explanation",)}
# The tables with the carrier's ids of calls.
OF_CALLS = ("call_audit", "calls")
SHORTEST_NUMBER = 9  # digits; of a shorter one, like an extension, four would tell too much
E_MAIL = re.compile(r"(?:\"[^\"]*\"|[^\s,;:\"<>()@]+)@")
DATE = r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
# With a plus, or in groups that a hyphen or brackets part, as no quantity, amount or date is.
PHONE = re.compile(
    rf"(?!{DATE})(?:\+\d(?:[\s()./-]{{0,3}}\d){{6,}}|\b\(?\d{{1,4}}\)?(?:-\d{{2,4}}){{2,}}\b)"
)
NUMBER = re.compile(rf"{DATE}|\+?\d(?:[\s()./\u2010-\u2015-]{{0,4}}\d){{6,}}")


def mask_text(text: str) -> str:
    """Text without e-mails and numbers of seven digits and more, which keep their last two."""
    hidden = E_MAIL.sub("***@", text)
    return NUMBER.sub(
        lambda found: (
            found[0] if re.fullmatch(DATE, found[0]) else "***" + re.sub(r"\D", "", found[0])[-2:]
        ),
        hidden,
    )


def mask_phones(text: str) -> str:
    """Text without e-mails and what is spelled like a phone number: figures of a bill are not."""
    return PHONE.sub(
        lambda found: "***" + re.sub(r"\D", "", found[0])[-2:], E_MAIL.sub("***@", text)
    )


def mask_number(number: str) -> str:
    """A number or address of a call by its last four digits, as a build hides it."""
    if number.startswith("***"):
        return number
    digits = re.sub(r"\D", "", number.split("@")[0])
    return "***" + (digits[-4:] if len(digits) >= SHORTEST_NUMBER else "")


def mask(connection: duckdb.DuckDBPyConnection) -> None:
    """Hide them in the temporary tables of a dispute, and the carrier's ids of calls."""
    printed = [
        text
        for (text,) in connection.execute(
            "select words from (select description as words from dispute_lines union "
            "select section from dispute_lines) where words is not null "
            "order by length(words) desc, words"
        ).fetchall()
        if mask_text(text) != text
    ]
    for text in printed:
        for column, spelled in (("explanation", text), ("evidence", json.dumps(text)[1:-1])):
            connection.execute(
                f"update dispute_differences set {column} = replace({column}, $1, $2)",
                [spelled, mask_text(spelled)],
            )
    # What is left of the vendor's words where the sentence has changed them.
    for column in WORDS["differences"]:
        values = connection.execute(f"select distinct {column} from dispute_differences").fetchall()
        for (text,) in values:
            if text is not None and mask_phones(text) != text:
                connection.execute(
                    f"update dispute_differences set {column} = $2 where {column} = $1",
                    [text, mask_phones(text)],
                )
    for column in WORDS["lines"]:
        values = connection.execute(f"select distinct {column} from dispute_lines").fetchall()
        for (text,) in values:
            if text is not None and mask_text(text) != text:
                connection.execute(
                    f"update dispute_lines set {column} = $2 where {column} = $1",
                    [text, mask_text(text)],
                )
    for table in OF_CALLS:
        connection.execute(f"alter table dispute_{table} drop column sip_call_id")
    for column in ("origin", "destination"):
        values = connection.execute(
            f"select distinct {column} from dispute_call_audit where {column} is not null"
        ).fetchall()
        for (number,) in values:
            connection.execute(
                f"update dispute_call_audit set {column} = $2 where {column} = $1",
                [number, mask_number(number)],
            )
