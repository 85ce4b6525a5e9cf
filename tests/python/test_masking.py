"""What a rejected row says of people is masked, unless a build is asked to show it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_billing import builds, lake, landing, warehouse
from cx_billing.dispute import masking
from oracle.masking import mask_text

# Nobody has a contract here, so every row is rejected.
FILES = {
    "users/a.csv": """
        user_id,email,name,Desk Phone,Manager
        u1,jane.doe@mail.example.com,Jane Doe,+1 (555) 010-4477,bob@example.com
        u2,jane doe,Jane Doe
    """,
    "voice_usage/a.csv": """
        sip_call_id,origin,destination,call_type,direction,start_time,duration_seconds,usage_rate_per_minute,total_cost,currency
        call-1,+15550104477,sip:4477@10.1.2.3,Outbound,Outbound,2026-02-21T10:00:00Z,60,0.01,0.01,USD
        call-2,+15550104477,,Outbound,Outbound,2026-02-21T10:00:00Z,60,0.01,0.01,USD
        call-3,+15550104477,oops
    """,
    "message_interactions/a.csv": """
        conversation_id,customer_account,platform,integration_id,start_time
        c1,@jane.doe,facebook,i1,2026-02-03T08:00:00Z
    """,
    "phone_numbers/a.csv": """
        Number,Type,Purchase Date
        +44 20 7946 0999,local,2026-01-05
    """,
    "user_hour_report/a.csv": """
        Email,Day,Logged-in Time
        jane.doe@mail.example.com,2026-02-03,1:00:00
    """,
    "billable_usage_report/a.csv": """
        Charge,User,Timestamp
        CX 3,jane.doe@mail.example.com,2026-02-03T08:00:00Z
    """,
    "orders/a.csv": """
        order_id,product_code,quantity,unit_price,ordered_date,Ship To
        o1,phone,1,10,2026-02-03,call 555-010-4477 or +49 30 5550104 (jane.doe@mail.example.com)
        o2,phone,1234567,jane.doe@mail.example.com
        """,
}
SECRETS = ["jane", "Jane", "Doe", "bob", "5550104", "010-4477", "7946", "10.1.2.3"]
# What a shifted row or an id of another kind brings into any column, and what is secret of it.
MISPLACED = {
    "jane.doe@x.example": "jane.doe",
    '"jane doe"@x.example': "jane doe",
    "/api/v2/users/jane.doe%40x.example": "jane.doe",
    "sip:c1@10.1.2.3": "10.1.2.3",
    "192.168.7.9": "192.168.7",
    "+4915123456789": "15123456",
    "+442071234567": "20712345",
    "4915123456789.0": "15123456",
    "020 7946 0999": "7946 0",
    "01 23 45 67 89": "23 45 67",
    "0170 12 34 567": "12 34 5",
    "555-0123": "555-01",
    "+44/20/7946/0999": "7946/0",
    "0049 30 5550 104": "5550 1",
    "(030) 555.0104": "555.01",
    "0170\u00a0765\u20114321": "765\u2011",
    "call 555-010-4477 or jane.roe@x.example": "555-010",
    "paid by jane.roe@x.example": "jane.roe",
}
MISPLACED_NAME = "Erika Mustermann, 1 Main St"


def rejected_rows(folder: Path, **options) -> dict[tuple[str, int], dict]:
    """Land and build; the rejected rows by dataset and number."""
    for name, text in FILES.items():
        file = folder / "inbox" / "acme" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(line.strip() for line in text.strip().splitlines()) + "\n")
    assert not landing.land(folder / "inbox", folder / "home").refused
    result = warehouse.build(folder / "home", select="+rejected_rows", **options)
    assert result.passed, result.failures
    with builds.connect_with_private(result.database) as connection:
        found = connection.sql("select dataset, source_row, raw_row from marts.rejected_rows")
        return {(dataset, row): json.loads(text) for dataset, row, text in found.fetchall()}


@pytest.fixture(scope="module")
def masked(tmp_path_factory) -> dict:
    return rejected_rows(tmp_path_factory.mktemp("masked"))


def test_nothing_of_a_person_is_published(masked):
    assert len(masked) == 11
    published = json.dumps([*masked.values()])
    assert [secret for secret in SECRETS if secret in published] == []


@pytest.mark.parametrize(
    "dataset, row, column, shown",
    [
        ("users", 1, "email", "***@mail.example.com"),
        ("users", 1, "name", "***"),
        ("users", 1, "user_id", "u1"),
        ("users", 1, "extra_columns", '{"Desk Phone":"***4477","Manager":"***@example.com"}'),
        ("users", 2, "raw_text", "x9,xxxx xxx,Xxxx Xxx".lower()),
        ("voice_usage", 1, "origin", "***4477"),
        ("voice_usage", 1, "destination", "***0123"),
        ("voice_usage", 1, "start_time", "2026-02-21T10:00:00Z"),
        ("voice_usage", 2, "destination", None),
        ("voice_usage", 3, "raw_text", "xxxx-9,+99999999999,xxxx"),
        ("message_interactions", 1, "customer_account", "***"),
        ("phone_numbers", 1, "phone_number", "***0999"),
        ("user_hour_report", 1, "user", "***@mail.example.com"),
        ("billable_usage_report", 1, "entity", "***@mail.example.com"),
        (
            *("orders", 1, "extra_columns"),
            '{"Ship To":"***0104"}',
        ),
        ("orders", 1, "ordered_date", "2026-02-03"),
        ("orders", 2, "raw_text", "x9,xxxxx,9999999,xxxx.xxx@xxxx.xxxxxxx.xxx"),
    ],
)
def test_a_masked_row_can_still_be_recognised(masked, dataset, row, column, shown):
    assert masked[dataset, row][column] == shown


def test_a_build_can_be_asked_to_show_them(tmp_path):
    shown = rejected_rows(tmp_path, show_personal_data=True)
    assert shown["users", 1]["email"] == "jane.doe@mail.example.com"
    assert shown["users", 2]["raw_text"] == "u2,jane doe,Jane Doe"
    assert json.loads(shown["users", 1]["extra_columns"])["Manager"] == "bob@example.com"
    assert shown["voice_usage", 1]["destination"] == "sip:4477@10.1.2.3"


@pytest.fixture(scope="module")
def misplaced(tmp_path_factory) -> Path:
    """A published build of rows that have each misplaced value in every column of every dataset."""
    folder = tmp_path_factory.mktemp("misplaced")
    for dataset in lake.datasets().values():
        file = folder / "inbox" / "acme" / dataset.name / "a.csv"
        file.parent.mkdir(parents=True)
        with file.open("w", newline="") as text:
            writer = csv.writer(text)
            writer.writerow([*dataset.columns, "Remark"])
            for value in MISPLACED:
                writer.writerow([value] * len(dataset.columns) + [MISPLACED_NAME])
            writer.writerow([MISPLACED_NAME] * (len(dataset.columns) + 2))  # one too many
    landing.land(folder / "inbox", folder / "home")
    result = warehouse.build(folder / "home")
    assert result.passed, result.failures
    return result.database


def test_no_misplaced_value_is_published(misplaced):
    with duckdb.connect(str(misplaced), read_only=True) as connection:
        tables = connection.sql("select schema_name, table_name from duckdb_tables()").fetchall()
        published = "\n".join(
            text
            for schema, table in tables
            for text, *_ in connection.sql(
                f"select to_json(line)::varchar from {schema}.{table} as line"
            ).fetchall()
        )
        datasets = connection.sql("select distinct dataset from marts.rejected_rows").fetchall()
    assert {name for name, *_ in datasets} == set(lake.datasets())
    assert "***@x.example" in published
    content = misplaced.read_bytes()
    secrets = [*MISPLACED.values(), "Mustermann", "Main St"]
    assert [secret for secret in secrets if secret in published] == []
    assert [secret for secret in secrets if secret.encode() in content] == []


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01",
        "2026-13-01",
        "2026-02-30T10:00:00Z",
        "2026-03-01T10:00:00Z",
        "2026-03-01 10:00:00.123456+00:00",
        "01/03/2026",
        "1.3.2026",
        "12345.678901",
        "-0.00123456",
        "123456",
        "3f2504e0-4f89-41d3-9a0c-030582c33010",
        "12345678-1234-1234-1234-123456789012",
        "conversation_whatsapp",
        "Cloud CX 3 Digital, 2026-02-01 - 2026-02-28",
    ],
)
def test_what_is_no_number_of_a_person_is_left(value, mask):
    assert mask(value) == value


@pytest.mark.parametrize(
    "value, shown",
    [
        ("jane.doe@x.example", "***@x.example"),
        ("c1@10.1.2.3", "***@***"),
        ("1234567", "***67"),
        ("20260301", "***01"),
        ("2026-03-01 0170 1234567", "2026-03-01 ***67"),
        ("12345678-1234", "***34"),
    ],
)
def test_what_may_be_one_is_masked(value, shown, mask):
    assert mask(value) == shown
    assert mask(shown) == shown


@pytest.mark.parametrize(
    "number, shown",
    [
        ("+15550100142", "***0142"),
        ("sip:15550100142", "***0142"),
        ("4711", "***"),
        ("ana@example.com", "***@example.com"),
        ("Ana", "***"),
        (" ", " "),
    ],
)
def test_a_personal_value_is_masked_whole(number, shown, duck):
    assert duck.execute("select masked($1)", [number]).fetchone() == (shown,)


@pytest.mark.parametrize(
    "sentence, among, shown",
    [
        (
            "1234567.89 for 555-010-4477, not 1234567",
            ["5550104477"],
            "1234567.89 for ***77, not 1234567",
        ),
        ("for 1 555-010-4477 of ana@x.example", ["5550104477"], "for ***77 of ***@x.example"),
        ("555-010-4477", [], "555-010-4477"),
    ],
)
def test_of_a_sentence_only_the_numbers_looked_for_are_masked(sentence, among, shown, duck):
    found = duck.execute("select masked_sentence($1, $2::varchar[])", [sentence, among])
    assert found.fetchone() == (shown,)


@pytest.mark.parametrize(
    "words, found",
    [
        ("Number Monthly Recurring Charge 2026-07-15 3175550100", ["3175550100"]),
        (
            "2026-07-15T10:00:00Z 10.1.2.3 +1 (317) 555-0100, 12.03.2026 0170/1234567",
            ["13175550100", "01701234567"],
        ),
        ("2026-07-15 - 2026-08-14 3f2504e0-4f89-41d3-9a0c-030582c33010", []),
        ("3175550100@x.example 1.2.2026 555 0100", ["5550100"]),
    ],
)
def test_a_date_before_a_number_is_no_part_of_it(words, found, duck):
    assert duck.execute("select numbers_in($1)", [words]).fetchone() == (found,)


def test_a_number_after_a_date_is_in_no_sentence_of_a_dispute():
    words, masked = (f"Number MRC 2026-07-15 {number}" for number in ("3175550100", "***00"))
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table dispute_lines as
                select * from (values ($1, null), ('Phone', $1)) as lines (description, section);
            """,
            [words],
        )
        connection.execute(
            """
            create table dispute_differences as select
                'For ' || $1 || ' of 2026-07-15, as Number MRC, 1 3175550100' as explanation,
                to_json({'words': $1})::varchar as evidence
            """,
            [words],
        )
        connection.execute(
            "create table dispute_calls (sip_call_id varchar, call_id varchar); "
            "create table dispute_call_audit as select * from dispute_calls cross join "
            "(select '' as origin, '' as destination)"
        )
        masking.mask(connection)
        assert connection.sql("from dispute_lines").fetchall() == [
            (masked, None),
            ("Phone", masked),
        ]
        [(sentence, evidence)] = connection.sql("from dispute_differences").fetchall()
        assert sentence == f"For {masked} of 2026-07-15, as Number MRC, ***00"
        assert json.loads(evidence) == {"words": masked}


PIECES = [
    *("1", "23", "4567", "\u0663", "2026-03-01", "T10:00:00Z", "10.1.2.3", "x.example", "a", "+"),
    *("-", "\u2011", " ", "\u00a0", "(", ")", "/", ".", "@", "\n"),
    "3f2504e0-4f89-41d3-9a0c-030582c33010",
]


@settings(max_examples=300, deadline=None)
@given(text=st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_text_is_masked_as_the_oracle_masks_it(text, mask):
    assert mask(text) == mask_text(text)


@pytest.fixture(scope="module")
def mask(duck):
    """The macro `masked_text` as a function."""
    return lambda value: duck.execute("select masked_text($1)", [value]).fetchone()[0]


@pytest.fixture(scope="module")
def duck():
    """DuckDB with the macros of the project, as a dispute uses them."""
    with duckdb.connect() as connection:
        masking.define(connection)
        yield connection
