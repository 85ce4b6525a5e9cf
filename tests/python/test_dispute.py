"""`cx-billing dispute`: what is sent to the vendor, and what is refused."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from command_line import cx_billing
from cx_billing import builds
from cx_billing.dispute.package import queries

NUMBER = "900137"
AMOUNT = "693.60"


def write(home: Path, folder: Path, number: str = NUMBER, org: str = "northwind-support", **more):
    return cx_billing("--home", home, "dispute", org, number, "--out", folder, **more)


def copy_warehouse(home: Path, folder: Path) -> tuple[Path, Path]:
    """A home with a copy of a published warehouse that a test may change, and its database."""
    database = folder / "home" / "builds" / "1" / builds.PUBLISHED
    database.parent.mkdir(parents=True)
    shutil.copy((home / builds.PUBLISHED).resolve(), database)
    builds.publish(folder / "home", database)
    return folder / "home", database


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def reproduce(folder: Path) -> list[tuple]:
    with duckdb.connect() as connection:
        connection.execute("set file_search_path = $1", [str(folder)])
        return connection.execute((folder / "reproduce.sql").read_text()).fetchall()


@pytest.fixture(scope="module")
def package(sample_warehouse, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dispute") / "of 900137"
    said = write(sample_warehouse, folder)
    assert f"{AMOUNT} USD in dispute" in said
    assert f"record-dispute northwind-support {NUMBER} sent" in said
    assert "Warning" not in said
    return folder


def test_every_file_is_summed_and_the_sums_are_right(package):
    lines = (package / "SHA256SUMS").read_text().splitlines()
    summed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = bytes_of(package)
    del found["SHA256SUMS"]
    assert summed == {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}


def test_two_runs_write_the_same_bytes(sample_warehouse, package, tmp_path):
    time.sleep(2.1)  # as long as a zip needs to tell times apart
    write(sample_warehouse, tmp_path / "again")
    assert bytes_of(tmp_path / "again") == bytes_of(package)
    write(sample_warehouse, tmp_path / "again")
    assert bytes_of(tmp_path / "again") == bytes_of(package)


def test_duckdb_alone_works_the_amount_out_again(package):
    rows = reproduce(package)
    assert {f"{row[-2]:.2f}" for row in rows} == {f"{row[-3]:.2f}" for row in rows} == {AMOUNT}
    assert {row[-1] for row in rows} == {"agrees"}
    ways = {row[0].split("/")[1]: row[3] for row in rows}
    assert ways["cx2"] == ways["tax_state"] == "quantity times rate"
    assert ways["unknown"] == "nothing was used or ordered"


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("lines", "printed_amount = printed_amount + 0.01 where line_number = 1"),
        ("lines", "expected_amount = expected_amount + 1 where line_number = 2"),
        ("differences", "is_claimed = false where reason = 'unknown_product'"),
    ],
)
def test_what_was_changed_is_not_reproduced(package, tmp_path, table, change):
    folder = tmp_path / "changed"
    shutil.copytree(package, folder)
    file = folder / "data" / f"{table}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table changed as from '{file}'")
        connection.execute(f"update changed set {change}")
        connection.execute(f"copy changed to '{file}'")
    with pytest.raises(duckdb.Error, match="is not reproduced"):
        reproduce(folder)


def test_the_letter_says_what_a_billing_desk_needs(package):
    letter = (package / "letter.html").read_text()
    text = re.sub(r"<[^>]+>", " ", letter)
    for words in (NUMBER, "16 March 2026", "6,471.68 USD", f"{AMOUNT} USD", "Data Storage Overage"):
        assert words in text
    [(sentence,)] = duckdb.sql(
        f"select explanation from '{package}/data/differences.parquet' where reason = 'wrong_rate'"
    ).fetchall()
    assert sentence.startswith("The vendor bills")
    assert sentence.replace("The vendor", "The invoice") in text
    assert "The vendor" not in text
    assert letter.count('class="why"') == 8
    assert f"A credit of {AMOUNT} USD that names invoice {NUMBER}." in text
    assert "Credited so far" not in text
    # What the vendor forgot is taken off.
    assert "-48.00" in re.findall(r"Charges in dispute(.*)What we ask", text, re.S)[0]
    assert not re.search(r"src=|href=|url\(|<script", letter), "it is self-contained"


def test_the_data_is_the_same_in_every_format(package):
    book = CalamineWorkbook.from_path(str(package / "data.xlsx"))
    assert book.sheet_names == list(queries())
    for name in queries():
        parquet = duckdb.sql(f"from '{package}/data/{name}.parquet'")
        rows = len(parquet.fetchall())
        assert len(duckdb.sql(f"from read_csv('{package}/data/{name}.csv')").fetchall()) == rows
        assert len(book.get_sheet_by_name(name).to_python()) == rows + 1, name
        assert (package / "sql" / f"{name}.sql").read_text() == queries()[name]
    used = duckdb.sql(f"from '{package}/data/resource_usage.parquet'").fetchall()
    assert {row[1] for row in used} == {"data_storage_gb"}


def test_it_holds_rows_of_this_organization_only(sample_warehouse, package):
    with duckdb.connect(str(sample_warehouse / "cx_billing.duckdb"), read_only=True) as connection:
        others = connection.execute(
            "select org_id from marts.organizations where org_id <> 'northwind-support'"
        ).fetchall()
    for name, data in bytes_of(package).items():
        if name.startswith(("data/", "letter")):
            assert not [org for (org,) in others if org.encode() in data], name


def test_calls_rest_on_calls_and_have_no_number(sample_warehouse, tmp_path):
    write(sample_warehouse, tmp_path / "calls", "900222", "summit-dialer")
    calls = duckdb.sql(f"from '{tmp_path}/calls/data/calls.parquet'")
    assert calls.fetchall()
    assert "sip_call_id" not in calls.columns
    assert {row[-1] for row in reproduce(tmp_path / "calls")} == {"agrees"}
    cx_billing(
        *(
            "--home",
            sample_warehouse,
            "dispute",
            "summit-dialer",
            "900222",
            "--out",
            tmp_path / "calls",
        ),
        "--with-numbers",
    )
    assert "sip_call_id" in duckdb.sql(f"from '{tmp_path}/calls/data/calls.parquet'").columns


def test_our_lines_come_with_what_they_rest_on(package):
    data = f"{package}/data"
    evidence = duckdb.sql(
        "select invoice_line_id, sum(quantity) as quantity, sum(amount) as amount "
        f"from '{data}/invoice_line_evidence.parquet' group by all"
    ).fetchall()
    lines = duckdb.sql(
        f"select invoice_line_id, quantity, amount from '{data}/our_lines.parquet' "
        f"semi join (from '{data}/differences.parquet' where is_claimed) using (product_code)"
    ).fetchall()
    assert len(lines) > 5
    assert sorted(evidence) == sorted(lines), "it sums to the lines, and is of no other"
    kinds = duckdb.sql(f"select distinct kind from '{data}/invoice_line_evidence.parquet'")
    assert {("user",), ("resource_day",), ("line",)} <= set(kinds.fetchall())


def test_usage_is_of_the_cycle_that_the_invoice_bills_in_arrears(package):
    scope = duckdb.sql(f"from '{package}/data/scope.parquet'")
    assert {str(day) for (day,) in scope.select("cycle_start_date").fetchall()} == {"2026-02-15"}
    assert ("data_storage_gb",) in scope.select("product_code").fetchall()
    for name in ("billable_users", "peaks", "resource_usage"):
        days = duckdb.sql(f"select distinct cycle_start_date from '{package}/data/{name}.parquet'")
        assert [str(day) for (day,) in days.fetchall()] == ["2026-02-15"], name


def test_an_organization_by_any_name_gets_the_same_dispute(sample_warehouse, package, tmp_path):
    home, database = copy_warehouse(sample_warehouse, tmp_path)
    plain, odd = "northwind-support", 'o\'brien, northwind-support, & "sons"'
    renamed = {
        "VARCHAR": "replace({column}, $1, $2)",
        "VARCHAR[]": "list_transform({column}, lambda text: replace(text, $1, $2))",
    }
    with duckdb.connect(str(database)) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "semi join duckdb_tables() using (table_oid) where schema_name <> 'reference'"
        ).fetchall()
        for schema, table, column, kind in columns:
            if kind in renamed:
                value = renamed[kind].format(column=column)
                connection.execute(
                    f"update {schema}.{table} set {column} = {value} where {column} is not null",
                    [plain, odd],
                )
    said = cx_billing("--home", home, "show", "invoice", odd, "2026-03-15")
    assert f"vendor invoice {NUMBER}" in said
    said = cx_billing("--home", home, "show", "vendor-invoice", odd, NUMBER)
    assert f"{odd}-2026-03-15" in said
    write(home, tmp_path / "odd", org=odd)
    for name in queries():
        expected, found = (
            duckdb.sql(f"from '{folder}/data/{name}.parquet'").fetchall()
            for folder in (package, tmp_path / "odd")
        )
        found = [
            tuple(value.replace(odd, plain) if isinstance(value, str) else value for value in row)
            for row in found
        ]
        assert sorted(map(repr, found)) == sorted(map(repr, expected)), name


def test_the_readme_names_every_table_and_how_many_rows_it_has(package):
    readme = (package / "README.md").read_text()
    assert readme.startswith(f"# Dispute of invoice {NUMBER}\n")
    for name in queries():
        count = len(duckdb.sql(f"from '{package}/data/{name}.parquet'").fetchall())
        assert re.search(rf"^\| `{name}` \| {count} \| \S.*\. \|$", readme, re.M), name


def audited(home: Path, folder: Path, origin: str) -> Path:
    """A copy of a home in which something is found about calls of an invoice, and of others."""
    copied, database = copy_warehouse(home, folder)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            """
            insert into marts.call_audit by name
            select * replace (
                $1 as origin, 'other_cycle_at_midnight' as finding, 'outbound' as service,
                cycles.org_id as org_id, cycles.call_id as call_id,
                cycles.cycle_start_date as cycle_start_date,
                cycles.other_cycle_start_date as other_cycle_start_date
            )
            from (select * from marts.call_audit limit 1) as one, (values
                ('summit-dialer', 'this', date '2026-02-01', null),
                ('summit-dialer', 'next', date '2026-03-01', date '2026-02-01'),
                ('summit-dialer', 'last', date '2026-01-01', null),
                ('northwind-support', 'others', date '2026-02-01', null)
            ) as cycles (org_id, call_id, cycle_start_date, other_cycle_start_date)
            """,
            [origin],
        )
    return copied


def test_what_is_found_about_disputed_calls_is_there_without_their_numbers(
    sample_warehouse, tmp_path
):
    home, folder = audited(sample_warehouse, tmp_path, "+1 555 010 0142"), tmp_path / "out"
    write(home, folder, "900222", "summit-dialer")
    found = duckdb.sql(f"from '{folder}/data/call_audit.parquet'")
    assert "sip_call_id" not in found.columns
    origins = dict(found.select("call_id, origin").fetchall())
    assert origins.pop("this") == origins.pop("next") == "***0142"
    assert list(origins.values()) == ["***0100"], "the call of the sample; none of other cycles"
    words = ("--home", home, "dispute", "summit-dialer", "900222", "--out", folder)
    cx_billing(*words, "--with-numbers")
    found = duckdb.sql(f"from '{folder}/data/call_audit.parquet'")
    assert dict(found.select("call_id, origin").fetchall())["this"] == "+1 555 010 0142"
    assert "sip_call_id" in found.columns


SECRETS = ("5550104477", "555 010-4477", "010-4477", "ana@", "0170", "1234567")


def reworded(home: Path, folder: Path) -> Path:
    """A copy of a home in which the vendor's words of an invoice hold numbers and addresses."""
    copied, database = copy_warehouse(home, folder)
    words = 'DID +1 (555) 010-4477, {product} of ana@example.com, 0170\t1234567 "ä"'
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.vendor_invoice_lines set description = $1 where invoice_number = $2 "
            "and line_number = 1",
            [words, NUMBER],
        )
        connection.execute(
            """
            update marts.invoice_differences set
                evidence = to_json({'words': $1, 'quantity': 1234567}),
                explanation = $2
            where invoice_number = $3
            """,
            [
                words,
                f"The vendor bills 12345678.90 for 31 {words.replace('{product}', 'cx2')} on "
                "1 of 2026-03-01, as 2026-0001-22 does, and 1234568 more.",
                NUMBER,
            ],
        )
    return copied


def test_the_words_of_the_vendor_are_masked_wherever_they_are(sample_warehouse, tmp_path):
    home, folder = reworded(sample_warehouse, tmp_path), tmp_path / "out"
    write(home, folder)
    files = [folder / "letter.html", *(folder / "data").glob("*.csv")]
    texts = {file.name: file.read_text() for file in files}
    sheets = CalamineWorkbook.from_path(str(folder / "data.xlsx"))
    texts |= {name: str(sheets.get_sheet_by_name(name).to_python()) for name in sheets.sheet_names}
    found = [(name, one) for name, text in texts.items() for one in SECRETS if one in text]
    [(words,)] = duckdb.sql(
        f"select distinct description from '{folder}/data/lines.parquet' where line_number = 1"
    ).fetchall()
    assert words == 'DID ***77, {product} of ***@example.com, ***67 "ä"'
    [(sentence, evidence)] = duckdb.sql(
        f"select distinct explanation, evidence from '{folder}/data/differences.parquet'"
    ).fetchall()
    assert sentence == (
        'The vendor bills 12345678.90 for 31 DID ***77, cx2 of ***@example.com, ***67 "ä" on '
        "1 of 2026-03-01, as 2026-0001-22 does, and 1234568 more."
    ), "what is no number of the vendor's words is left"
    assert json.loads(evidence) == {"words": words, "quantity": 1234567}
    assert {one for _, one in found} <= {"1234567"}, found
    shown = cx_billing(
        *("--home", home, "dispute", "northwind-support", NUMBER, "--out", folder),
        "--with-numbers",
    )
    assert shown
    assert "+1 (555) 010-4477" in (folder / "letter.html").read_text()


@pytest.mark.parametrize(
    ("org", "number", "reason"),
    [
        ("northwind-support", "900999", "has no vendor invoice 900999. It has: 900101"),
        ("northwind-support", "900180", "agrees with ours: there is nothing to dispute"),
        ("nobody", NUMBER, "No organization 'nobody'"),
    ],
)
def test_what_cannot_be_disputed_is_refused_and_writes_nothing(
    sample_warehouse, tmp_path, org, number, reason
):
    assert reason in write(sample_warehouse, tmp_path / "out", number, org, code=2)
    assert not list(tmp_path.iterdir())


def facts_of(folder: Path) -> dict[str, str]:
    letter = (folder / "letter.html").read_text()
    return dict(re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td></tr>', letter))


@pytest.mark.parametrize(
    ("claimed", "recovered", "refused", "asked", "facts"),
    [
        ("693.60", "600", "0", "93.60", {"Credited so far": "600.00 USD"}),
        ("693.60", "0", "29.80", "663.80", {"Refused, not asked for any more": "29.80 USD"}),
        (
            *("693.60", "600", "93.59", "0.01"),
            {"Credited so far": "600.00 USD", "Refused, not asked for any more": "93.59 USD"},
        ),
        ("250.00", "0", "0", "250.00", {"Claimed": "250.00 USD"}),
        (
            *("700.004", "0", "100", "600.004"),
            {"Claimed": "700.004 USD", "Refused, not asked for any more": "100.00 USD"},
        ),
    ],
)
def test_what_is_asked_for_is_what_is_still_open(
    sample_warehouse, tmp_path, claimed, recovered, refused, asked, facts
):
    home, database = copy_warehouse(sample_warehouse, tmp_path)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.disputes set claimed_amount = $1, recovered_amount = $2, "
            "refused_amount = $3, open_amount = $4 where invoice_number = $5",
            [claimed, recovered, refused, asked, NUMBER],
        )
    folder = tmp_path / "out"
    said = write(home, folder)
    assert f"{AMOUNT} USD in dispute, {asked} USD still asked for" in said
    letter = (folder / "letter.html").read_text()
    assert f"A credit of {asked} USD, what is still open, that names invoice {NUMBER}." in letter
    assert facts_of(folder) == facts | {
        "Invoice number": NUMBER,
        "Invoice date": "16 March 2026",
        "Invoice total": "6,471.68 USD",
        "Amount in dispute": f"{AMOUNT} USD",
        "Still asked for": f"{asked} USD",
        "Not in dispute": "5,778.08 USD",
    }
    assert {row[-2] for row in reproduce(folder)} == {Decimal(asked)}
    file = folder / "data" / "disputes.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table changed as from '{file}'")
        connection.execute("update changed set refused_amount = refused_amount + 0.01")
        connection.execute(f"copy changed to '{file}'")
    with pytest.raises(duckdb.Error, match=f"{asked} that is still asked for is not reproduced"):
        reproduce(folder)


def test_an_invoice_of_which_nothing_is_open_is_disputed_no_more(sample_warehouse, tmp_path):
    home, database = copy_warehouse(sample_warehouse, tmp_path)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.disputes set recovered_amount = 600, open_amount = 0, "
            "refused_amount = claimed_amount - 600 where invoice_number = $1",
            [NUMBER],
        )
    said = write(home, tmp_path / "out", code=2)
    assert "nothing is open: 600.00 was recovered and 93.60 refused" in said


def test_a_letter_of_an_invoice_with_rejected_lines_says_so(sample_warehouse, tmp_path):
    home, database = copy_warehouse(sample_warehouse, tmp_path)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into marts.rejected_rows by name select * replace ('vendor_invoice_lines' as "
            "dataset, false as is_retired, to_json({invoice_number: $1}) as raw_row, 'x' as "
            "rejected_row_id) "
            "from marts.rejected_rows where org_id = 'northwind-support' limit 1",
            [NUMBER],
        )
    said = write(home, tmp_path / "out")
    assert "Warning: 1 line of the invoice could not be read and is in no figure of it." in said
    total = "Invoice total, without 1 line that could not be read"
    assert facts_of(tmp_path / "out")[total] == "6,471.68 USD"


def test_a_folder_that_holds_anything_else_is_left_alone(sample_warehouse, package, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    write(sample_warehouse, folder)
    (folder / "notes.txt").write_text("mine")
    assert "holds notes.txt, which no dispute wrote" in write(sample_warehouse, folder, code=2)
    assert (folder / "notes.txt").read_text() == "mine"
    file = tmp_path / "file"
    file.write_text("mine")
    assert write(sample_warehouse, file, code=2)
    (folder / "notes.txt").unlink()
    (folder / "data" / "notes.txt").write_text("mine")
    assert "holds data/notes.txt, which no dispute" in write(sample_warehouse, folder, code=2)
    assert "there is no folder" in write(sample_warehouse, tmp_path / "no" / "where", code=2)


def test_a_folder_that_was_changed_or_is_of_somebody_else_is_left_alone(sample_warehouse, tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write(sample_warehouse, ours)
    filled_in = (ours / "letter.html").read_text() + "<p>Ana, billing</p>"
    (ours / "letter.html").write_text(filled_in)
    assert "which is not as a dispute wrote it" in write(sample_warehouse, ours, code=2)
    assert (ours / "letter.html").read_text() == filled_in
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("mine")
    digest = hashlib.sha256(b"mine").hexdigest()
    (theirs / "SHA256SUMS").write_text(f"{digest}  thesis.txt\n")
    assert "thesis.txt" in write(sample_warehouse, theirs, code=2)
    assert (theirs / "thesis.txt").read_text() == "mine"


def test_a_folder_may_have_any_name_and_be_where_one_is(
    sample_warehouse, package, tmp_path, monkeypatch
):
    for name in ("a,b", "dispute [1]*", "o'brien \N{SNOWMAN}"):
        write(sample_warehouse, tmp_path / name)
        assert bytes_of(tmp_path / name) == bytes_of(package)
    monkeypatch.chdir(tmp_path / "a,b")
    write(sample_warehouse, Path())
    assert bytes_of(Path()) == bytes_of(package), "it is still where one is"


def test_an_error_names_the_folder_that_was_asked_for(sample_warehouse, tmp_path, monkeypatch):
    said = write(sample_warehouse, Path("/proc/dispute"), code=2)
    assert said.startswith("Error: /proc/dispute cannot be written: ")
    folder = tmp_path / "out"
    write(sample_warehouse, folder)
    before = bytes_of(folder)

    def refuse(*_):
        raise duckdb.IOException(f"Cannot open {folder}/tmp1234/data/lines.csv")

    monkeypatch.setattr("cx_billing.dispute.package.write_table", refuse)
    said = write(sample_warehouse, folder, code=2)
    assert said.startswith(f"Error: {folder} cannot be written: ")
    assert "tmp1234" not in said
    assert bytes_of(folder) == before
    assert write(sample_warehouse, tmp_path / "new", code=2)
    assert not (tmp_path / "new").exists()
