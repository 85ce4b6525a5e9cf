"""`record-dispute`, `show disputes` and `show calendar`: what is recorded and what is shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from command_line import cells, cx_billing
from cx_billing.cli.options import today
from published_marts import publish_marts

# Invoice V-77 bills 100.00 too much, all for telco_outbound.
CLAIMS = "update marts.invoice_differences set claim_amount = 100 where difference_id = 'd1'"


@pytest.fixture
def home(tmp_path) -> Path:
    return publish_marts(tmp_path, changed=CLAIMS)


def list_events(home: Path) -> list[tuple]:
    return duckdb.sql(
        "select org_id, invoice_number, event, event_date, recorded_by, amount, product_code, note "
        f"from read_parquet('{home}/lake/disputes/*.parquet', union_by_name = true) "
        "order by landed_at"
    ).fetchall()


def record(home: Path, *arguments: object, code: int = 0) -> str:
    return cx_billing("--home", home, "record-dispute", *arguments, code=code)


def test_an_event_is_a_row_of_the_dataset_and_said_twice_is_one(home):
    opened = ("acme", "V-77", "opened", "--by", "Ana", "--date", "2026-05-10")
    assert "Invoice V-77 is opened as of 2026-05-10 in every build of that day or later" in record(
        home, *opened
    )
    record(
        *(home, "acme", "V-77-PDF", "refused", "--amount", "20.50", "--date", "2026-05-11"),
        *("--note", "by\nphone"),
    )
    assert "is recorded already" in record(
        home, "acme", "V-77", "Opened", "--by", " Ana", "--date", "2026-05-10"
    )
    record(home, "acme", "V-77", "sent", "--product", "telco_outbound")
    assert list_events(home) == [
        ("acme", "V-77", "opened", "2026-05-10", "Ana", None, None, None),
        ("acme", "V-77-PDF", "refused", "2026-05-11", None, "20.50", None, "by phone"),
        ("acme", "V-77", "sent", str(today()), None, None, "telco_outbound", None),
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("acmee V-77 opened", "No organization 'acmee'"),
        ("acme V-79 opened", "Organization acme has no vendor invoice V-79. It has: V-77"),
        ("acme V-77 paid", "'paid' is not one of 'opened', 'sent'"),
        ("acme V-77 opened --product cx1", "has no difference on invoice V-77"),
        ("acme V-77 opened --amount 0", "'0' is not above 0"),
        ("acme V-77 opened --amount -5", "'-5' is not above 0"),
        ("acme V-77 opened --amount NaN", "'NaN' is not above 0"),
        ("acme V-77 opened --amount ten", "'ten' is no amount"),
        ("acme V-77 opened --amount 0.00001", "too many digits"),
        ("acme V-77 opened --amount 0.001", "0.001 USD has more decimals than USD has (2)"),
        (f"acme V-77 opened --date {today() + timedelta(days=1)}", "yet to come"),
        ("acme V-77 opened --date 2026-02-30", "no such day"),
        ("acme V-77 opened --date 2026-04-06", "is dated 2026-04-07: it was not opened on"),
        ("acme V-77 opened --amount 100.01", "more than what is left to claim of invoice V-77, 1"),
        ("acme V-77 opened --product cx3", "cx3 of invoice V-77 bills nothing too much"),
        ("acme V-78 opened", "Invoice V-78 bills nothing too much: there is nothing to dispute"),
        ("kaze V-77 sent", "Invoice V-77 agrees with ours: there is nothing to dispute"),
        ("kaze V-77 opened --beyond-differences", "agrees with ours: there is nothing to dispute"),
        ("acme V-77 sent --beyond-differences", "--beyond-differences is for opened alone"),
        ("acme V-77 credited --amount 5 --beyond-differences", "what is credited is held to what"),
        ("acme V-77 sent --amount 101", "101.00 USD is more than what is claimed of invoice V-77"),
        ("acme V-77 accepted", "was not disputed by"),
        ("acme V-77 credited --amount 100.01", "more than what is claimed and not credited"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_lands_nothing(home, arguments, reason):
    assert reason in record(home, *arguments.split(), code=2)
    assert not list((home / "lake").glob("disputes/[!_]*.parquet"))


def test_what_was_recorded_since_the_build_counts(home):
    v77 = (home, "acme", "V-77")
    record(*v77, "sent", "--date", "2026-05-10")
    assert "was not disputed by 2026-05-09" in record(
        *v77, "accepted", "--date", "2026-05-09", code=2
    )
    record(*v77, "accepted", "--amount", "40", "--date", "2026-05-11")
    said = record(*v77, "credited", "--amount", "40.01", code=2)
    assert "more than what is accepted and not credited of invoice V-77, 40.00 USD" in said
    record(*v77, "credited", "--amount", "40", "--date", "2026-05-12")
    assert "more than what is open of invoice V-77, 60.00" in record(
        *v77, "refused", "--amount", "60.01", code=2
    )
    record(*v77, "refused")
    assert "Nothing of invoice V-77 is open any more" in record(*v77, "accepted", code=2)
    record(*v77, "opened")
    record(*v77, "accepted", "--amount", "60")


def test_a_number_is_recorded_as_the_invoice_has_it(tmp_path):
    number = "-9  00/\x1b\u2603"
    home = publish_marts(
        tmp_path,
        changed=f"{CLAIMS}; update marts.vendor_invoices set other_numbers = 'V-1, {number}' "
        "where invoice_number = 'V-77' and org_id = 'acme'",
    )
    record(home, "--", "acme", number, "opened")
    assert [event[1] for event in list_events(home)] == [number]


def test_what_a_build_rejects_does_not_count(home, tmp_path):
    file = tmp_path / "inbox" / "acme" / "disputes" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_text(
        "Invoice,Event,Date,Amount\nV-77,opened,2099-01-01,5\nV-77,opened,2026-05-01,-5\n"
        "V-77,sent,soon,\nV-77,sent,2026-05-01,ten\n"
    )
    cx_billing("--home", home, "land", tmp_path / "inbox")
    assert "was not disputed by" in record(home, "acme", "V-77", "accepted", code=2)
    record(home, "acme", "V-77", "credited", "--amount", "100")


def test_what_a_file_says_in_its_own_words_counts_as_it_was_built(tmp_path):
    built = """
        insert into marts.disputes by name select
            'acme/V-77/telco_outbound' as dispute_id, org_id, invoice_number, currency,
            'telco_outbound' as product_code, 80 as claimed_amount, 0 as recovered_amount,
            20 as refused_amount, 60 as open_amount, 'opened' as status,
            date '2026-05-02' as opened_date
        from marts.disputes where dispute_id = 'acme/V-77'
    """
    home = publish_marts(tmp_path, changed=f"{CLAIMS}; {built}")
    accepted = (home, "acme", "V-77", "accepted", "--product", "telco_outbound")
    record(home, "acme", "V-77", "sent", "--date", "2026-05-01")
    assert "was not disputed by" in record(*accepted, code=2), "nothing is landed of it"
    file = tmp_path / "inbox" / "acme" / "disputes" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_text(
        "Invoice,Event,Date,Amount,Product\n V-77,opened,2.5.2026,80,Calls: Outbound\n"
        "V-77,refused,2026-05-03,20,Calls: Outbound\n"
    )
    cx_billing("--home", home, "land", tmp_path / "inbox")
    assert "by 2026-05-01" in record(*accepted, "--date", "2026-05-01", code=2)
    said = record(*accepted, "--amount", "60.01", code=2)
    assert "more than what is open of telco_outbound of invoice V-77, 60.00 USD" in said
    record(*accepted, "--amount", "60", "--date", "2026-05-04")


def test_no_money_is_claimed_twice(home):
    v77, product = (home, "acme", "V-77"), ("--product", "telco_outbound")
    record(*v77, "opened", *product, "--amount", "30")
    assert "left to claim of invoice V-77, 70.00 USD" in record(
        *v77, "opened", "--amount", "70.01", code=2
    )
    record(*v77, "opened", "--amount", "70")
    assert "left to claim of telco_outbound of invoice V-77, 30.00 USD" in record(
        *v77, "opened", *product, "--amount", "30.01", code=2
    )
    record(*v77, "opened", *product, "--amount", "500", "--beyond-differences")
    assert "All that invoice V-77 bills too much is claimed already" in record(
        *v77, "opened", code=2
    )


def test_disputes_are_shown_with_their_sums_and_age(home):
    said = cx_billing("--home", home, "show", "disputes")
    assert cells(said, "Disputed")[1:] == ["USD", "2", "45.00", "7.00", "52.00"]
    assert cells(said, "Not disputed yet")[1:] == ["USD", "1", "3.00", "3.00"]
    assert cells(said, "Total JPY") == ["Total JPY", "500", "500", "0", "0"]
    assert cells(said, "Total USD") == ["Total USD", "107.00", "40.00", "15.00", "52.00"]
    assert "Partly recovered" in said
    unmatched = said[said.index("Credits that settle no dispute") :]
    assert cells(unmatched, "acme") == ["acme", "V-78", "2026-05-07", "12.50", "USD"]


def test_the_disputes_of_one_organization(home):
    said = cx_billing("--home", home, "show", "disputes", "--org", "kaze")
    assert "Disputes of kaze" in said
    assert "Nothing is open" in said
    assert "V-70" not in said
    assert "No organization" in cx_billing("--home", home, "show", "disputes", "--org", "x", code=2)


def test_a_page_of_disputes_escapes_what_was_typed(home, tmp_path):
    page = tmp_path / "disputes.html"
    cx_billing("--home", home, "show", "disputes", "--html", page)
    assert "&lt;script&gt;" in page.read_text()
    assert "<script>" not in page.read_text()


def test_the_calendar_says_what_should_have_come_and_a_silent_organization_once(home):
    said = cx_billing("--home", home, "show", "calendar")
    missing, rejected = (
        said[said.index("Missing") : said.index("Delivered and")],
        said[said.index("Delivered and") : said.index("All")],
    )
    assert cells(missing, "acme") == ["acme", "2026-03-05", "missing", "61", "10.00", "USD"]
    file = "acme/vendor_invoice_lines/[red]a.csv"
    assert cells(rejected, "acme") == ["acme", "2026-03-06", file, "20.00", "USD"]
    assert "Why a file was rejected: cx-billing show rejected" in said
    assert said[: said.index("kaze is parked")].count("kaze") == 1
    assert "kaze never delivered an invoice of the vendor: none of its 1 is compared" in said
    of_one = cx_billing("--home", home, "show", "calendar", "--org", "acme")
    assert cells(of_one, "2026-04-05")[-3:] == ["V-77", "2026-04-07", "1,334.60"]
    assert cells(of_one, "2026-04-30")[1] == "due until 2026-05-10"
    assert cells(of_one, "2026-05-05")[1] == "not yet due"


def test_the_calendar_says_which_rejected_lines_tell_no_date(tmp_path):
    rejected = """
        insert into marts.rejected_rows
        select org_id, dataset, org_id || '/' || file, 1, 'not_a_timestamp', column_name, null,
            null, retired, json_object('invoice_number', number, 'invoice_date', invoice_date)
        from (values
            ('acme', 'vendor_invoice_lines', 'a.csv', 'invoice_date', 'R2', '16 Nov 26', false),
            ('acme', 'vendor_invoice_lines', 'a.csv', 'amount', 'R3', ' ', false),
            ('acme', 'vendor_invoice_lines', 'b.csv', 'amount', 'R4', '2026-03-05', false),
            ('acme', 'vendor_invoice_lines', 'c.csv', 'invoice_date', 'V-77', 'soon', false),
            ('acme', 'vendor_invoice_lines', '[red]d.csv', 'invoice_date', null, 'soon', false),
            ('acme', 'vendor_invoice_lines', 'e.csv', 'invoice_date', 'R5', 'soon', true),
            ('acme', 'orders', 'f.csv', 'invoice_date', 'R6', 'soon', false),
            ('kaze', 'vendor_invoice_lines', 'g.csv', 'invoice_date', 'R7', 'soon', false)
        ) as lines (org_id, dataset, file, column_name, number, invoice_date, retired)
    """
    home = publish_marts(tmp_path, changed=rejected)
    said = cx_billing("--home", home, "show", "calendar")
    words = "not tell the date of the invoice, which may be one of the missing:"
    assert f"2 rejected lines do {words} acme/a.csv" in said
    assert f"1 rejected line does {words} acme/[red]d.csv" in said
    assert said.count(words) == 2
    assert words not in cx_billing("--home", home, "show", "calendar", "--org", "kaze")
