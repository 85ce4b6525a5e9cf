"""Page queries only look things up: what belongs to an invoice or a cycle is decided in models.

A page query reads marts and reference data. It may join a table only to look up what a row refers
to: by equality of columns (`using`), with the whole key of the table that is joined, so that no
row is matched by a range of dates and none comes twice. Rows are chosen by comparing columns with
parameters and constants, never with columns of other rows: no subquery in an expression, no
comparison of two columns by size. DuckDB's own parser says what a query consists of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import duckdb
import pytest

from cx_billing import lake, warehouse

PAGES = lake.PROJECT_DIR / "src" / "cx_billing" / "pages"
QUERIES = {file.stem: file for file in sorted((PAGES / "queries").glob("*.sql"))}
SCHEMAS = {"marts", "reference"}
# What may be looked up, and the columns that tell its rows apart.
KEYS = {
    "marts.billing_cycles": {"org_id", "clock", "cycle_start_date"},
    "marts.invoices": {"invoice_id"},
    "marts.organizations": {"org_id"},
    "reference.currencies": {"currency"},
    "reference.difference_reasons": {"reason"},
    "reference.invoice_sections": {"section"},
    "reference.reject_reasons": {"reason"},
    "reference.unbilled_reasons": {"reason"},
}
BY_SIZE = {
    "COMPARE_LESSTHAN",
    "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_GREATERTHAN",
    "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_BETWEEN",
}


def parse(sql: str) -> dict:
    """DuckDB's syntax tree of a query."""
    (tree,) = duckdb.execute("select json_serialize_sql($1::varchar)", [sql]).fetchone()
    tree = json.loads(tree)
    assert not tree["error"], tree
    (statement,) = tree["statements"]
    return statement


def walk(node: object) -> Iterator[dict]:
    """Every object of a syntax tree."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from walk(part)


def name_table(node: dict) -> str:
    """The table of a reference, with its schema if it has one."""
    return ".".join(filter(None, (node.get("schema_name"), node.get("table_name"))))


def judge_join(join: dict) -> Iterator[str]:
    """What a join does but look up rows by their key."""
    right = name_table(join["right"])
    columns = set(join["using_columns"])
    if join["ref_type"] != "REGULAR" or join["join_type"] not in ("INNER", "LEFT"):
        yield f"a {join['ref_type'].lower()} {join['join_type'].lower()} join of {right}"
    elif join["condition"]:
        yield f"a join of {right} by a condition; use its key"
    elif columns != KEYS.get(right):
        yield f"a join of {right} using {sorted(columns)}, which is not its key"


def judge(sql: str) -> list[str]:
    """What is wrong with a page query."""
    nodes = list(walk(parse(sql)))
    named = {entry["key"] for node in nodes for entry in node.get("cte_map", {}).get("map", [])}
    wrong = []
    for node in nodes:
        kind = node["type"] if isinstance(node.get("type"), str) else ""
        if kind == "BASE_TABLE" and node["schema_name"] not in SCHEMAS:
            table = name_table(node)
            wrong += [] if table in named else [f"a read of {table}; pages read marts"]
        elif kind == "TABLE_FUNCTION":
            wrong.append("a read of something else than a table")
        elif kind == "JOIN":
            wrong += judge_join(node)
        elif kind == "SUBQUERY" and node.get("class") == "SUBQUERY":
            wrong.append("a subquery in an expression")
        elif kind in BY_SIZE:
            columns = [side for side in walk(node) if side.get("class") == "COLUMN_REF"]
            if len(columns) > 1:
                wrong.append("a comparison of two columns by size")
    return wrong


@pytest.mark.parametrize("name", QUERIES)
def test_page_queries_decide_nothing(name):
    assert judge(QUERIES[name].read_text()) == []


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("select * from staging.stg_users", "a read of staging.stg_users"),
        ("select * from invoices", "a read of invoices"),
        ("select * from read_parquet('lake/*')", "a read of something else"),
        (
            "select * from marts.calls inner join marts.billing_cycles using (org_id)",
            "marts.billing_cycles using ['org_id'], which is not its key",
        ),
        (
            "select * from marts.organizations inner join marts.calls using (org_id)",
            "marts.calls using ['org_id'], which is not its key",
        ),
        (
            "select * from marts.calls inner join marts.billing_cycles as cycles "
            "on calls.started_at >= cycles.cycle_start_at",
            "a join of marts.billing_cycles by a condition",
        ),
        ("select * from marts.calls, marts.billing_cycles", "a cross inner join"),
        ("select * from marts.invoices anti join marts.organizations using (org_id)", "anti join"),
        ("select * from marts.invoices natural join marts.organizations", "a natural inner join"),
        (
            "select * from marts.calls where cycle_start_date in "
            "(select service_period_start from marts.invoice_lines)",
            "a subquery in an expression",
        ),
        (
            "select (select max(invoice_date) from marts.invoices where org_id = calls.org_id) "
            "from marts.calls",
            "a subquery in an expression",
        ),
        (
            "select * from marts.invoices where due_date < invoice_date",
            "a comparison of two columns by size",
        ),
        (
            "select * from marts.invoices where $day between invoice_date and due_date",
            "a comparison of two columns by size",
        ),
    ],
)
def test_a_query_that_decides_is_refused(sql, wrong):
    assert wrong in "; ".join(judge(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "select * from marts.invoice_lines inner join marts.organizations using (org_id)",
        "with us as (from marts.organizations) select * from us where region = $region",
        "select * from marts.user_hours_daily where logged_in_seconds < 86400",
    ],
)
def test_a_query_that_looks_up_is_fine(sql):
    assert judge(sql) == []


@pytest.mark.parametrize("table", KEYS)
def test_what_is_looked_up_has_the_declared_key(table, sample_warehouse):
    with warehouse.connect(sample_warehouse) as connection:
        key = ", ".join(sorted(KEYS[table]))
        twice = f"select {key} from {table} group by all having count(*) > 1"
        assert connection.sql(twice).fetchall() == []


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_is_read_by_a_page(name):
    pages = "\n".join(file.read_text() for file in PAGES.glob("*.py"))
    assert re.search(rf'read\(\s*connection, "{name}"', pages)


def test_no_page_holds_a_query_of_its_own():
    holding = [
        file.name
        for file in PAGES.parent.glob("*/*.py")
        if file.parent.name in ("pages", "cli") and re.search(r"\bfrom marts\.", file.read_text())
    ]
    assert holding == []
