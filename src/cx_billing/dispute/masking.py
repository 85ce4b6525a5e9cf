"""Numbers and addresses in what the vendor printed, hidden unless they are asked for.

What is hidden, and how, is what every build hides: the macros of `macros/masked.sql`.
"""

from __future__ import annotations

import json

import duckdb

from cx_billing.masking import define

# The tables with the carrier's ids of calls.
OF_CALLS = ("call_audit", "calls")
# The words of the vendor in which something is hidden, the longest first.
WORDS = """
    select words, masked_text(words)
    from (select description as words from dispute_lines union select section from dispute_lines)
    where words <> masked_text(words)
    order by length(words) desc, words
"""


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
