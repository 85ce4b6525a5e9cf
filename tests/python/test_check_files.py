"""`check-files`, `init` and `withdraw`: a user's own mistakes are found, and taken back."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import builds, checksums, lake, landing
from cx_billing.check_files import check_files
from cx_billing.landing import lander

CONTRACT = (
    "contract_id,org_name,region,license_model,billing_option,currency,effective_date\n"
    "c1,Acme,us-east-1,named,month_to_month,USD,2026-01-15\n"
)


@pytest.fixture
def inbox(tmp_path):
    """An inbox with one good contract."""
    write(tmp_path / "inbox/acme/contracts/c.csv", CONTRACT)
    return tmp_path / "inbox"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def lake_rows(home, dataset):
    """What the lake holds of a dataset: file, row, and whether it is withdrawn."""
    with duckdb.connect() as connection:
        return connection.execute(
            "select source_file, source_row, withdrawn_at is not null from read_parquet(?, "
            "union_by_name = true) order by all",
            [f"{home}/lake/{dataset}/*.parquet"],
        ).fetchall()


# What would be refused or rejected.


def test_the_findings_are_those_of_a_build(sample_warehouse, tmp_path):
    columns = "source_file, source_row, reason, column_name, value, expected, raw_row"
    with duckdb.connect(str(sample_warehouse / builds.PUBLISHED), read_only=True) as connection:
        result = connection.sql(
            f"select {columns} from marts.rejected_rows where not is_retired "
            "order by source_file, source_row"
        )
        built = [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]
    sample = lake.PROJECT_DIR / "sample"
    as_of = date.fromisoformat((sample / "AS_OF").read_text().strip())
    found = check_files(sample / "inbox", tmp_path, as_of)
    assert built and not found.report.refused
    rows = [row for mistakes in found.mistakes for row in mistakes.shown]
    rows.sort(key=lambda row: (row["source_file"], row["source_row"]))
    assert [{name: row[name] for name in built[0]} for row in rows] == built
    assert not list(tmp_path.iterdir()), "nothing is landed"


def test_a_finding_names_file_row_column_value_and_what_would_be_right(inbox, tmp_path):
    write(inbox / "acme/contracts/c.csv", CONTRACT.replace("month_to_month", "monthly"))
    write(inbox / "acme/orders/o.csv", "order_id\no1\n")
    said = cx_billing("--home", tmp_path / "home", "check-files", inbox, code=2)
    assert "Refused: acme/orders/o.csv (dataset orders): " in said
    assert (
        "Rejected: acme/contracts/c.csv row 1: billing_option 'monthly' is none of the words that "
        "the column takes (unknown_value); right would be annual_prepay, annual_prepay_monthly or "
        "month_to_month\n"
    ) in said
    assert "Checked 2 files (1 rows): 1 would be refused, 1 rows rejected." in said


INVOICE_LINES = (
    "invoice_number,invoice_date,service_period_start,service_period_end,description,qty,rate,"
    "amount\n"
)


def test_a_file_without_a_row_is_named_and_no_mistake(inbox, tmp_path):
    write(inbox / "acme/vendor_invoice_lines/none.csv", INVOICE_LINES)
    write(inbox / "acme/orders/none.json", "[]")
    said = cx_billing("--home", tmp_path / "home", "check-files", inbox)
    words = "acme/vendor_invoice_lines/none.csv: has a header and no row; if it should have rows"
    assert f"Note: {words}" in said
    assert "none.json" not in said, "an answer without rows says that there are none"
    assert f"Warning: {words}" in cx_billing("--home", tmp_path / "home", "land", inbox)


def test_an_invoice_of_a_day_to_come_is_told_with_its_file(inbox, tmp_path):
    lines = "V-1,{0},,,CX 2,1,2,2\n"
    for day in ("2026-06-14", "2026-06-15", "2026-06-16"):
        write(inbox / f"acme/vendor_invoice_lines/{day}.csv", INVOICE_LINES + lines.format(day) * 2)
    write(
        inbox / "acme/vendor_invoice_lines/far.csv", INVOICE_LINES + "V-2,2098-01-01,,,CX 2,1,2,2"
    )
    words = ("--home", tmp_path / "home", "check-files", inbox)
    said = cx_billing(*words, "--as-of", "2026-06-15").splitlines()
    assert [line.split(": ", 1)[1] for line in said if line.startswith("Warning")] == [
        "acme/vendor_invoice_lines/2026-06-16.csv: 2 lines of invoice V-1 are dated 2026-06-16, "
        "after 2026-06-15: a build does not see what is to come",
        "acme/vendor_invoice_lines/far.csv: 1 line of invoice V-2 is dated 2098-01-01, after "
        "2026-06-15: a build does not see what is to come",
    ]
    assert "far.csv: 1 line of invoice V-2 is dated 2098-01-01, after today" in cx_billing(*words)


def test_a_number_below_0_is_no_example_where_it_would_be_rejected(inbox, tmp_path):
    items = "contract_id,product_code,committed_quantity,prepay_rate,overage_rate\n"
    write(inbox / "acme/contract_items/i.csv", items + "c1,cx2,25 users,120,130\n")
    lines = "Invoice number,Invoice date,Service period start,Service period end,Description,Qty,"
    write(
        inbox / "acme/vendor_invoice_lines/v.csv",
        lines + "Rate,Amount\n1,2026-02-15,,,CX 2,1,120,120 credit\n",
    )
    items, invoice, _ = cx_billing(
        "--home", tmp_path / "home", "check-files", inbox, code=2
    ).splitlines()
    assert "committed_quantity '25 users'" in items
    assert items.endswith(
        "right would be a number with a decimal point, like 1234.56, without unit, currency sign "
        "and thousands separator"
    )
    assert (
        "amount '120 credit'" in invoice
        and "like 1234.56, 1,234.56 or -75.00, without unit" in invoice
    )


def test_rows_alike_are_counted(inbox, tmp_path):
    rows = "".join(f"u{number},AVAILABLE,soon\n" for number in range(9))
    write(inbox / "acme/user_presence/p.csv", f"user_id,system_presence,start_time\n{rows}")
    said = cx_billing("--home", tmp_path / "home", "check-files", inbox, code=2)
    assert said.count("start_time 'soon' is no date or time") == 5
    assert "and 4 more rows like this" in said


def test_a_file_that_contradicts_itself_is_told_once(inbox, tmp_path):
    items = "contract_id,product_code,committed_quantity,prepay_rate,overage_rate\n"
    write(
        inbox / "acme/contract_items/i.csv",
        items.replace(",", ";")
        + "c1;cx2;1;119,5;130.25\n"
        + "c1;cx3;1;1,5;2,5\n" * 8
        + "c1;x;1;1;1\n",
    )
    days = "".join(f"0{day}/02/2026,ivr_minutes,5\n" for day in range(3, 6))
    write(inbox / "acme/resource_usage/r.csv", f"usage_date,resource,quantity\n{days}")
    said = cx_billing("--home", tmp_path / "home", "check-files", inbox, code=2).splitlines()
    assert said == [
        "Rejected: acme/contract_items/i.csv: the file does not tell how its numbers are to be "
        "read, so 10 rows cannot be (not_a_number); right would be one decimal mark in the whole "
        "file: 119,5 in row 1 has a decimal comma, 130.25 in row 1 a decimal point",
        said[1],
        "Rejected: acme/resource_usage/r.csv: the file does not tell how its dates are to be "
        "read, so 3 rows cannot be (not_a_timestamp); right would be a date like 2026-01-31: no "
        "date of the file has a day above 12, which would prove whether the day or the month "
        "stands first",
        "Checked 3 files (14 rows): 0 would be refused, 13 rows rejected.",
    ]
    assert "i.csv row 10: product_code 'x' is no product" in said[1]


def test_a_number_that_the_way_of_its_file_does_not_read_is_told_by_row(inbox, tmp_path):
    items = "contract_id;product_code;committed_quantity;prepay_rate;overage_rate\n"
    write(inbox / "acme/contract_items/i.csv", items + "c1;cx2;1;119,5;200\nc1;cx3;1;1,5;?\n")
    said = cx_billing("--home", tmp_path / "home", "check-files", inbox, code=2)
    assert "i.csv row 2: overage_rate '?' is no number" in said and "the file does not" not in said


def test_what_lies_where_nothing_is_read_is_a_finding(inbox, tmp_path):
    write(inbox / "acme/users.csv", "user_id,email\n")
    write(inbox / "acme/users/2026/u.csv", "user_id,email\n")
    (inbox / "acme/devices").mkdir()
    said = cx_billing("--home", tmp_path / "home", "check-files", inbox, code=2)
    assert "Misplaced: acme/users.csv: ignored, not in <org_id>/<dataset>/\n" in said
    assert "Misplaced: acme/users/2026: folders within a dataset are ignored\n" in said
    assert "0 would be refused, 2 misplaced, 0 rows rejected." in said
    (inbox / "acme/users.csv").unlink()
    (inbox / "acme/users/2026/u.csv").rename(inbox / "acme/users/u.csv")
    (inbox / "acme/users/2026").rmdir()
    said = cx_billing("--home", tmp_path / "home", "check-files", inbox)
    assert "acme/devices: the folder is empty" in said, "an empty folder is no finding"


def test_of_many_rows_the_first_of_each_kind_are_kept(inbox, tmp_path):
    rows = "".join(f"u{number},AVAILABLE,soon,{number}\n" for number in range(300_000))
    write(
        inbox / "acme/user_presence/p.csv", f"user_id,system_presence,start_time,end_time\n{rows}"
    )
    found = check_files(inbox, tmp_path / "home")
    assert found.rows_rejected == 300_000
    assert [(one.rows, len(one.shown)) for one in found.mistakes] == [(300_000, 5)] * 2


def test_every_wrong_column_of_a_row_is_told_at_once(inbox, tmp_path):
    write(
        inbox / "acme/contracts/c.csv",
        CONTRACT.replace("named,month_to_month,USD,2026-01-15", "seats,monthly,,soon"),
    )
    said = cx_billing("--home", tmp_path / "home", "check-files", inbox, code=2)
    told = [line.split(" row 1: ")[1].split(" is ")[0] for line in said.splitlines()[:-1]]
    assert told == [
        "currency",
        "effective_date 'soon'",
        "billing_option 'monthly'",
        "license_model 'seats'",
    ]
    assert "1 rows rejected" in said


def test_what_the_home_holds_already_is_judged_too(inbox, tmp_path):
    home = tmp_path / "home"
    write(inbox / "acme/contracts/c.csv", CONTRACT.replace("month_to_month", "monthly"))
    landing.land(inbox, home)
    assert "billing_option 'monthly'" in cx_billing("--home", home, "check-files", inbox, code=2)


def test_times_are_read_in_the_zone_that_landing_would_be_told(inbox, tmp_path):
    night = "user_id,system_presence,start_time\nu1,AVAILABLE,2026-03-08 02:30\n"
    write(inbox / "acme/user_presence/p.csv", night)
    assert "0 rows rejected" in cx_billing("--home", tmp_path, "check-files", inbox)
    zone = ("--time-zone", "america/new_york")  # an hour that its clocks jump over
    said = cx_billing("--home", tmp_path, "check-files", inbox, *zone, code=2)
    assert "start_time '2026-03-08 02:30' is no date or time" in said


def test_clean_files_are_clean_and_the_contracts_of_the_home_count(inbox, tmp_path):
    home = tmp_path / "home"
    said = cx_billing("--home", home, "check-files", inbox)
    assert "Checked 1 file (1 rows): 0 would be refused, 0 rows rejected." in said
    assert not (home / "lake").exists()
    usage = tmp_path / "usage"
    write(
        usage / "acme/resource_usage/r.csv",
        "usage_date,resource,quantity\n2026-02-01,ivr_minutes,5\n",
    )
    assert "no_contract" in cx_billing("--home", home, "check-files", usage, code=2)
    landing.land(inbox, home)
    assert "0 rows rejected" in cx_billing("--home", home, "check-files", usage)
    cx_billing("--home", home, "withdraw", "acme/contracts/c.csv")
    assert "no_contract" in cx_billing("--home", home, "check-files", usage, code=2)


def landed_times(home: Path, report: landing.Report) -> list[str]:
    """When the files of a run were landed."""
    with duckdb.connect() as connection:
        return [
            connection.execute(
                "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'landed_at'",
                [f"{home}/lake/*/{file.file_id}.parquet"],
            ).fetchall()[0][0]
            for file in (*report.landed, *report.already_landed)
        ]


# A template to start from.


def test_a_fresh_template_says_what_is_left_to_fill_in(tmp_path):
    inbox = tmp_path / "inbox"
    said = cx_billing("init", "acme", "--inbox", inbox)
    assert f"cx-billing check-files {inbox}" in said
    guide = (inbox / "acme/README.md").read_text()
    assert "## The minimum" in guide and "ORG_ID" not in guide
    for dataset in lake.datasets():
        assert f"`{dataset}`" in guide or f"{dataset}/" in guide, "where it comes from"
    terms = {}
    for dataset in ("contracts", "contract_items"):
        header = (inbox / f"acme/{dataset}/{dataset}.csv").read_text().splitlines()[0].split(",")
        assert lake.datasets()[dataset].required <= set(header)
        assert set(header) <= set(lake.datasets()[dataset].columns)
        assert all(f"`{name}`" in guide for name in header)
        terms[dataset] = set(header)
    assert terms["contracts"] >= {"effective_date", "term_end_date"}
    assert terms["contract_items"] >= {"effective_from", "effective_to"}
    said = cx_billing("--home", tmp_path / "home", "check-files", inbox, code=2)
    assert "effective_date 'YYYY-MM-DD' is no date" in said
    assert "committed_quantity 'COMMITTED' is no number" in said
    assert "0 would be refused, 2 rows rejected" in said and "README" not in said


def test_a_template_overwrites_nothing(tmp_path):
    cx_billing("init", "acme", "--inbox", tmp_path)
    said = cx_billing("init", "acme", "--inbox", tmp_path, code=2)
    assert "there already, nothing was written" in said
    assert "cannot be the name of a folder" in cx_billing("init", "a/b", code=2)


# A file is taken back.


def test_a_withdrawn_file_stays_in_the_lake_until_it_is_taken_back_in(inbox, tmp_path):
    home = tmp_path / "home"
    [landed_at] = landed_times(home, landing.land(inbox, home))
    said = cx_billing("--home", home, "withdraw", "acme/contracts/c.csv")
    assert "Withdrawn: acme/contracts/c.csv (1 rows" in said and "withdraw --undo" in said
    assert lake_rows(home, "contracts") == [("acme/contracts/c.csv", 1, True)]
    again = cx_billing("--home", home, "withdraw", "acme/contracts/c.csv")
    assert "was withdrawn already" in again
    said = cx_billing("--home", home, "withdraw", "--undo", "acme/contracts/c.csv")
    assert "Taken back in: acme/contracts/c.csv" in said
    assert lake_rows(home, "contracts") == [("acme/contracts/c.csv", 1, False)]
    report = landing.land(inbox, home)
    assert len(report.already_landed) == 1 and landed_times(home, report) == [landed_at]
    said = cx_billing("--home", home, "withdraw", "--undo", "acme/contracts/c.csv")
    assert "was not withdrawn" in said


def test_what_was_withdrawn_is_left_out_of_the_next_run(inbox, tmp_path):
    home = tmp_path / "home"
    landing.land(inbox, home)
    cx_billing("--home", home, "withdraw", "acme/contracts/c.csv")
    (inbox / "acme/contracts/c.csv").rename(inbox / "acme/contracts/old.csv")
    write(inbox / "acme/contracts/c.csv", CONTRACT.replace("Acme", "Acme Air"))
    for landed in (1, 0):
        said = cx_billing("--home", home, "land", inbox)
        assert "acme/contracts/old.csv was withdrawn earlier" in said
        assert f"Files landed: {landed} " in said and "left out: 1" in said
        [undoing] = re.findall(r"withdraw --undo (\S+) takes it back in", said)
    assert [withdrawn for *_, withdrawn in lake_rows(home, "contracts")] == [False, True]
    cx_billing("--home", home, "withdraw", "--undo", undoing)
    assert [withdrawn for *_, withdrawn in lake_rows(home, "contracts")] == [False, False]


def test_the_times_of_a_file_are_read_anew_when_it_is_taken_back_in(inbox, tmp_path):
    home, name = tmp_path / "home", "acme/user_presence/p.csv"
    presence = "user_id,system_presence,start_time\nu1,BUSY,2026-01-20 09:00:00\n"
    write(inbox / name, presence)
    landing.land(inbox, home)
    for zone in ("Europe/Berlin", "Asia/Tokyo"):
        said = cx_billing("--home", home, "land", inbox, "--time-zone", zone)
        commands = re.findall(r"cx-billing (withdraw[^,]*?)(?:,| has them)", said)
        assert len(commands) == 2
        for command in commands:
            cx_billing("--home", home, *command.split(" then ")[-1].split())
        with duckdb.connect() as connection:
            zones = connection.execute(
                "select time_zone from read_parquet(?, union_by_name = true)",
                [f"{home}/lake/user_presence/*.parquet"],
            ).fetchall()
        assert zones == [(zone,)]
    said = cx_billing("--home", home, "withdraw", "--time-zone", "UTC", name, code=2)
    assert "goes with --undo" in said


def test_a_file_is_found_below_its_inbox_and_by_its_id(inbox, tmp_path):
    home = tmp_path / "home"
    [file] = landing.land(inbox, home).landed
    assert landing.withdraw(home, str(inbox / "acme/contracts/c.csv")).changed
    assert landing.withdraw(home, file.file_id) == landing.withdraw(home, file.source_file)


def test_which_of_several_files_of_a_name_has_to_be_said(inbox, tmp_path):
    home = tmp_path / "home"
    [first] = landing.land(inbox, home).landed
    write(inbox / "acme/contracts/c.csv", CONTRACT.replace("Acme", "Acme Air"))
    landing.land(inbox, home)
    said = cx_billing("--home", home, "withdraw", "acme/contracts/c.csv", code=2)
    assert "2 files were landed under this name" in said and first.file_id in said
    cx_billing("--home", home, "withdraw", first.file_id)
    assert [withdrawn for *_, withdrawn in lake_rows(home, "contracts")] == [False, True]
    cx_billing("--home", home, "withdraw", "acme/contracts/c.csv")  # the one that is left


def test_an_unknown_file_is_refused_with_the_closest(inbox, tmp_path):
    home = tmp_path / "home"
    assert "Nothing has been landed" in cx_billing("--home", home, "withdraw", "x", code=2)
    landing.land(inbox, home)
    said = cx_billing("--home", home, "withdraw", "acme/contract/c.csv", code=2)
    assert "no file was landed under this name" in said
    assert "acme/contracts/c.csv" in said


def test_an_interrupted_withdrawal_leaves_the_file_as_it_was(inbox, tmp_path, monkeypatch):
    home = tmp_path / "home"
    landing.land(inbox, home)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(checksums.files, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        landing.withdraw(home, "acme/contracts/c.csv")
    monkeypatch.undo()
    assert lake_rows(home, "contracts") == [("acme/contracts/c.csv", 1, False)]
    assert not list(home.glob(f"lake/*/*{lander.TEMPORARY}"))


# A file that is landed anew without some of its rows.


def test_rows_that_a_corrected_file_no_longer_has_are_named(inbox, tmp_path):
    home, path = tmp_path / "home", inbox / "acme/users/u.csv"
    write(path, "user_id,email\nu1,a@x\nu2,b@x\nu3,c@x\n")
    first = landing.land(inbox, home)
    assert first.still_counting == []
    write(path, "email,user_id\nnew@x,u1\nb@x, u2 \nc@x,u3\nd@x,u4\n")
    assert landing.land(inbox, home).still_counting == [], "no row went"
    write(path, "user_id,email\nu4,d@x\nu2,b@x\n")
    said = cx_billing("--home", home, "land", inbox)
    assert "4 rows of 2 earlier files of this name still count" in said
    commands = re.findall(r"withdraw (\w{32})", said)
    assert len(commands) == 2 and first.landed[-1].file_id in commands
    for file_id in commands:
        cx_billing("--home", home, "withdraw", file_id)
    write(path, "user_id,email\nu2,b@x\n")
    said = cx_billing("--home", home, "land", inbox)
    assert "acme/users/u.csv: 1 row of the earlier file of this name still counts" in said


def test_an_invoice_is_replaced_and_nothing_is_said_of_its_lines(inbox, tmp_path):
    home, path = tmp_path / "home", inbox / "acme/vendor_invoice_lines/i.csv"
    header = (
        "Invoice number,Invoice date,Service period start,Service period end,Description,Qty,Rate,"
        "Amount\n"
    )
    write(path, header + "1,2026-02-15,,,CX 2,1,1,1\n1,2026-02-15,,,CX 3,1,1,1\n")
    landing.land(inbox, home)
    write(path, header + "1,2026-02-15,,,CX 2,1,1,1\n")
    assert landing.land(inbox, home).still_counting == []
    write(path, header + "2,2026-03-15,,,CX 2,1,1,1\n")
    assert [still.rows for still in landing.land(inbox, home).still_counting] == [3]
