"""Numbers and addresses in what the vendor printed, hidden unless they are asked for.

What is hidden, and how, is what every build hides: the macros of `macros/masked.sql`.
"""

from __future__ import annotations

import json

import duckdb
import jinja2

from cx_billing import lake

MACROS = lake.PROJECT_DIR / "macros" / "masked.sql"
# The tables with the carrier's ids of calls.
OF_CALLS = ("call_audit", "calls")
# The words of the vendor in which something is hidden, the longest first.
WORDS = """
    select words, masked_text(words)
    from (select description as words from dispute_lines union select section from dispute_lines)
    where words <> masked_text(words)
    order by length(words) desc, words
"""


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Make DuckDB know `masked(value)` of a number or address, and of words `masked_text(value)`,
    `numbers_in(value)` and, of a sentence with figures of its own, `masked_sentence(value, among)`.
    """
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # it is SQL
    template = environment.from_string(
        MACROS.read_text("utf-8")
        + """
        create or replace temp macro masked(value) as {{ masked('value') }};
        create or replace temp macro masked_text(value) as {{ masked_text('value') }};
        create or replace temp macro masked_sentence(value, among) as
            {{ masked_text('value', among='among') }};
        create or replace temp macro numbers_in(value) as {{ numbers_in('value') }};
        """
    )
    connection.execute(template.render())


def mask(connection: duckdb.DuckDBPyConnection) -> None:
    """Hide them in the temporary tables of a dispute, and the carrier's ids of calls."""
    define(connection)
    printed = connection.execute(WORDS).fetchall()
    for words, masked in printed:
        connection.execute(
            "update dispute_differences set evidence = replace(evidence, $1, $2)",
            [json.dumps(text, ensure_ascii=False)[1:-1] for text in (words, masked)],
        )
        connection.execute(
            "update dispute_differences set explanation = replace(explanation, $1, $2)",
            [words, masked],
        )
    connection.execute(
        "update dispute_differences set explanation = masked_sentence(explanation, flatten("
        "list_transform($1::varchar[], lambda words: numbers_in(words))))",
        [[words for words, _ in printed]],
    )
    connection.execute(
        "update dispute_lines set description = masked_text(description), "
        "section = masked_text(section)"
    )
    for table in OF_CALLS:
        connection.execute(f"alter table dispute_{table} drop column sip_call_id")
    # A build that shows numbers has them whole; the host of an address has no digits that count.
    for column in ("origin", "destination"):
        connection.execute(
            f"update dispute_call_audit set {column} = masked(split_part({column}, '@', 1)) "
            f"where not starts_with({column}, '***')"
        )
