"""Nothing that is personal leaves the lake and the private file: each dataset has it everywhere."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import builds, failures, lake, landing, masking, parking, warehouse
from cx_billing.landing.stopped import StoppedFiles
from personal_data import Planted, plant, write_datasets
from stand_in import StandIn

AS_OF = date(2026, 4, 20)


def found_in(text: str, secrets: list[str]) -> list[str]:
    return [secret for secret in secrets if secret in text.lower()]


def read_tables(database: Path) -> dict[str, str]:
    """Every table and view of a file as text."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.sql(
            "select schema_name || '.' || table_name from duckdb_tables() union all "
            "select schema_name || '.' || view_name from duckdb_views() where not internal"
        ).fetchall()
        return {
            name: "\n".join(
                text
                for [text] in connection.sql(
                    f"select to_json(line)::varchar from {name} as line"
                ).fetchall()
            )
            for [name] in names
        }


def test_what_is_planted_counts(planted):
    with warehouse.connect(planted.home) as reader:
        for mart in (
            *("billable_users", "user_hours_daily", "conversations", "calls", "call_audit"),
            *("vendor_invoice_lines", "invoice_differences", "disputes", "peak_explanations"),
            *("report_reconciliation", "inventory_audit", "invoice_lines", "rejected_rows"),
        ):
            for org_id in ("acme", "zeta"):
                [[rows]] = reader.execute(
                    f"select count(*) from marts.{mart} where org_id = $1", [org_id]
                ).fetchall()
                assert rows, f"{mart} has no row of {org_id}, so it proves nothing"


def test_no_mart_holds_anything_personal(planted):
    tables = read_tables((planted.home / builds.PUBLISHED).resolve())
    assert "~" in tables["marts.billable_users"]
    leaks = {name: found_in(text, planted.secrets) for name, text in tables.items()}
    assert {name: found for name, found in leaks.items() if found} == {}


def test_nothing_else_in_the_home_does(planted):
    leaks = {}
    for file in planted.home.rglob("*"):
        place = file.relative_to(planted.home)
        if not file.is_file() or place.parts[0] == "lake" or "_private" in file.name:
            continue
        content = file.read_bytes().decode("utf-8", "replace")
        if found := found_in(content, planted.secrets):
            leaks[str(place)] = found
    assert leaks == {}


def test_all_that_commands_leave_is_the_owners_alone(planted):
    cx_billing("--home", planted.home, "alerts")
    paths = [path for path in planted.home.rglob("*") if not path.is_symlink()]
    assert {"last-build.json", ".alerts.lock", "checksums.tsv"} <= {path.name for path in paths}
    opened = [path for path in (planted.home, *paths) if path.stat().st_mode & 0o077]
    assert opened == []


def test_no_page_and_no_word_in_the_terminal_does(planted):
    pages = list((planted.folder / "pages").rglob("*.html"))
    assert len(pages) > 10
    leaks = {page.name: found_in(page.read_text(), planted.secrets) for page in pages}
    assert {name: found for name, found in leaks.items() if found} == {}
    assert found_in(planted.said, planted.secrets) == []


SHOWN = [
    ("invoices",), ("unbilled",), ("telco",), ("rejected",), ("files",), ("calendar",),
    ("disputes",), ("inventory", "acme", "2026-03-01"), ("index",),
    ("invoice", "acme", "2026-04-01"),
    ("reconciliation", "acme", "2026-04-01"), ("calls", "acme", "2026-03-01"),
    ("peak", "acme", "2026-03-01"),
]  # fmt: skip


@pytest.mark.parametrize("page", SHOWN, ids="-".join)
@pytest.mark.parametrize("how", [(), ("--json",), ("--csv",)], ids=str)
def test_no_export_does(planted, page, how):
    said = cx_billing("--home", planted.home, "show", *page, *how)
    assert found_in(said, planted.secrets) == []


def test_no_file_of_a_dispute_does(planted):
    with warehouse.connect(planted.home) as reader:
        [[number]] = reader.sql(
            "select invoice_number from marts.vendor_invoices where org_id = 'acme'"
        ).fetchall()
    assert number.startswith("***@mail.example~")
    folder = planted.folder / "dispute"
    said = cx_billing("--home", planted.home, "dispute", "acme", number, "--out", folder)
    assert found_in(said, planted.secrets) == []
    for file in folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes().decode("utf-8", "replace")
            if file.suffix == ".parquet":
                content = str(duckdb.sql(f"from '{file}'").fetchall())
            assert found_in(content, planted.secrets) == [], file


def test_the_same_value_has_another_key_in_another_organization(tmp_path):
    for org_id in ("acme", "zeta"):
        plant(tmp_path / "inbox", org_id, 33)
    landing.land(tmp_path / "inbox", tmp_path / "home")
    result = warehouse.build(tmp_path / "home", AS_OF)
    assert result.passed, result.failures
    keys = {
        "conversations": "customer_account_key",
        "call_audit": "origin_key",
        "inventory_audit": "number_key",
        "billable_users": "nullif(user_id, 'u3')",
    }
    with warehouse.connect(tmp_path / "home") as reader:
        for mart, key in keys.items():
            found = [
                {
                    value
                    for [value] in reader.execute(
                        f"select {key} from marts.{mart} where org_id = $1 and {key} is not null",
                        [org_id],
                    ).fetchall()
                }
                for org_id in ("acme", "zeta")
            ]
            assert found[0] and len(found[0]) == len(found[1])
            assert not found[0] & found[1], mart


def test_a_build_can_be_asked_to_show_it_all(tmp_path):
    acme = plant(tmp_path / "inbox", "acme", 44)
    landing.land(tmp_path / "inbox", tmp_path / "home")
    assert warehouse.build(tmp_path / "home", AS_OF, show_personal_data=True).passed
    with warehouse.connect(tmp_path / "home") as reader:
        users = {
            user for [user] in reader.sql("select user_id from marts.billable_users").fetchall()
        }
        [[number]] = reader.sql("select invoice_number from marts.vendor_invoices").fetchall()
    assert users == {acme.mail, acme.phone, "u3"}
    told = ("--home", tmp_path / "home", "dispute", "acme", number, "--out", tmp_path / "out")
    cx_billing(*told)
    assert f"Number {acme.phone}" not in (tmp_path / "out" / "letter.html").read_text()
    cx_billing(*told, "--with-numbers")
    assert f"Number {acme.phone}" in (tmp_path / "out" / "letter.html").read_text()


@pytest.mark.parametrize(
    "message, shown",
    [
        (
            "Conversion Error: Could not convert string 'Jane O'Hara' to INT32 when casting from "
            "source column amount\n\nLINE 3: select 'jane'::int\n  ^",
            "Conversion Error: Could not convert string '***' to INT32 when casting from "
            "source column amount",
        ),
        (
            'Constraint Error: Duplicate key "org_id: acme, email: jane" violates primary key '
            "constraint.",
            'Constraint Error: Duplicate key "***" violates primary key constraint.',
        ),
        (
            "Conversion Error: Type INT64 with value 491517319 can't be cast",
            "Conversion Error: Type INT64 with value *** can't be cast",
        ),
        (
            'Binder Error: Referenced column "no_such_column" not found\nLINE 1: select 1',
            'Binder Error: Referenced column "no_such_column" not found\nLINE 1: select 1',
        ),
        ("no such file: jane@x.example, +49 151 7319001", "no such file: ***@x.example, ***01"),
    ],
)
def test_a_message_quotes_no_value(message, shown):
    assert masking.mask_error(message) == shown


def test_why_an_organization_is_parked_quotes_no_value(tmp_path, monkeypatch):
    monkeypatch.setenv("CX_BILLING_CACHE", str(tmp_path / "cache"))
    stand_in = StandIn(tmp_path)
    orders = (
        "select org_id, {amount} as amount from "
        """read_parquet('{{{{ env_var("CX_BILLING_HOME") }}}}/lake/orders/*.parquet')"""
    )
    (stand_in.project / "models" / "_models.yml").write_text("")
    test = stand_in.project / "tests" / "answers_are_small.sql"
    test.write_text("select org_id, amount from {{ ref('answers') }} where amount > 99")
    organizations = stand_in.project / "models" / "organizations.sql"
    organizations.write_text(
        "select distinct org_id, false as is_parked, null::timestamp as parked_since, "
        "null::varchar as parked_reason from {{ ref('answers') }}"
    )
    for org_id, price in (("zeta", "1"), ("acme", "1"), ("acme", "jane.doe@x.example")):
        file = stand_in.home.parent / "inbox" / org_id / "orders" / f"{price[:1]}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            "order_id,product_code,quantity,unit_price,ordered_date\n"
            f"o,phone,1,{price},2026-01-01\n"
        )
        landing.land(stand_in.home.parent / "inbox", stand_in.home)
    result = stand_in.says(orders.format(amount="unit_price::decimal(18, 2)")).build()
    assert result.published, result.failures
    assert [parked.org_id for parked in result.parked] == ["acme"]
    kept = (stand_in.home / parking.FILE).read_text() + (
        stand_in.home / "logs" / "dbt.log"
    ).read_text()
    assert 'Could not convert string "***" to DECIMAL' in kept
    assert "jane" not in kept


def test_rows_that_break_a_test_are_masked_unless_they_are_asked_for():
    row = {"org_id": "acme", "email": "jane", "note": "of jane@x.example", "amount": 7}
    failure = failures.Failure("t", "", "", "", rows=(row,))
    [masked] = failures.mask(failure).rows
    assert masked == {"org_id": "acme", "email": "***", "note": "of ***@x.example", "amount": 7}


def test_what_stopped_a_reader_is_not_quoted(tmp_path):
    delivery = SimpleNamespace(source_file="acme/users/a.csv", org_id="acme", dataset="users")
    said = StoppedFiles(tmp_path, False).mark("f1", delivery, "ended, by jane@x.example")
    told = json.loads((tmp_path / "stopped" / "f1.json").read_text())
    assert told["reason"] == "ended, by ***@x.example"
    assert "jane" not in said


def test_a_refused_file_is_named_and_not_quoted(tmp_path):
    file = tmp_path / "inbox" / "acme" / "users" / "20260301.csv"
    file.parent.mkdir(parents=True)
    file.write_text("u1,jane.doe@x.example,+49 151 7319001\n")
    said = cx_billing("--home", tmp_path / "home", "land", tmp_path / "inbox", code=2)
    assert "Refused" in said and "20260301.csv" in said
    assert "jane" not in said and "7319" not in said


EVERYWHERE = {
    "an e-mail": ("qq.zorro@mail.example", ["zorro"]),
    "a number": ("+49 151 7999 8887", ["7999 8887", "79998887", "7999_8887"]),
    "an address": ("10.99.88.77", ["10.99.88.77", "10_99_88_77"]),
}


class Odd(Planted):
    """An organization of which one column of one dataset holds a value in every row."""

    def __init__(self, inbox: Path, org_id: str, dataset: str, column: str, value: str):
        super().__init__(inbox, org_id, 10)
        self.odd = dataset, {column: value}

    def write(self, dataset: str, *rows: dict[str, object], name: str = "a.csv") -> None:
        of_dataset, odd = self.odd
        super().write(
            dataset, *(row | odd if dataset == of_dataset else row for row in rows), name=name
        )


@pytest.mark.nightly
@pytest.mark.parametrize("kind", EVERYWHERE)
def test_no_column_whose_rows_count_lets_anything_through(kind, tmp_path):
    value, secrets = EVERYWHERE[kind]
    columns = [
        (name, column) for name, known in lake.datasets().items() for column in known.columns
    ]
    places = {f"o{number:03}": place for number, place in enumerate(columns)}
    for org_id, place in places.items():
        write_datasets(Odd(tmp_path / "inbox", org_id, *place, value))
    landing.land(tmp_path / "inbox", tmp_path / "home")
    result = warehouse.build(tmp_path / "home", AS_OF)
    assert result.published, result.failures
    leaks = {
        (name, places[json.loads(line)["org_id"]], found)
        for name, text in read_tables(result.database).items()
        for line in text.splitlines()
        for found in found_in(line, secrets)
    }
    assert leaks == set()
