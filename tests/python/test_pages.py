"""Pages: what they show of the marts, in the terminal and as HTML."""

from __future__ import annotations

import io
import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from rich.console import Console

from command_line import cells, cx_billing
from cx_billing import builds, lake, pages, warehouse
from cx_billing.pages import (
    calls,
    charts,
    content,
    html,
    inventory,
    peak,
    peak_explained,
    reading,
    rejected,
    vendor_files,
    vendor_invoice,
)
from cx_billing.pages.formatting import format_number, format_period, format_text
from cx_billing.pages.words import read_names
from published_marts import IN_NO_FIGURE, publish_marts

# What is not there.


def test_no_warehouse_yet(tmp_path):
    said = cx_billing("--home", tmp_path, "show", "invoices", code=2)
    assert "no published warehouse yet" in said
    assert "cx-billing land" in said


@pytest.mark.parametrize(
    "older",
    [
        "drop table reference.unbilled_reasons",
        "alter table marts.unbilled_usage drop column reason",
    ],
    ids=["table", "column"],
)
def test_a_warehouse_of_an_older_version_is_to_be_built_again(tmp_path, older):
    home = publish_marts(tmp_path)
    with duckdb.connect(str((home / builds.PUBLISHED).resolve())) as connection:
        connection.execute(older)
    said = cx_billing("--home", home, "show", "unbilled", code=2)
    assert "lacks something that this version reads; build it again" in said


def test_an_unknown_organization_names_the_closest(home):
    said = cx_billing("--home", home, "show", "invoice", "acne", "2026-04-05", code=2)
    assert "No organization 'acne'. The closest of 2: acme." in said


@pytest.mark.parametrize(
    ("wanted", "known", "hint"),
    [
        ("nope", 2, "There are: org-0, org-1."),
        ("nope", 1, "There is: org-0."),
        ("nope", 9, "cx-billing show index lists the 9 there are."),
        ("0RG-7", 9, "The closest of 9: org-7, "),
        ("name 8", 9, "The closest of 9: org-8, "),
    ],
)
def test_what_is_not_close_is_not_suggested(wanted, known, hint):
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create schema marts;
            create schema reference;
            create table reference.currencies as select 'USD' as currency, 2 as minor_units;
            create table marts.load_audit as
                select 'a' as org_id, null::date as withdrawn_at, 'f' as source_file;
            create table marts.organizations as select 'org-' || n as org_id,
                'Name ' || n as org_name, 'USD' as currency, 'named' as license_model,
                false as is_parked
            from range({known}) t(n)
            """
        )
        with pytest.raises(reading.NotFoundError, match=re.escape(hint)):
            reading.find_organization(connection, wanted)


def test_a_long_list_of_what_there_is_names_the_closest_alone():
    numbers = [f"INV-{number}" for number in range(1000)]
    with pytest.raises(reading.NotFoundError) as caught:
        reading.require("INV77x", numbers, "vendor invoice", "acme")
    said = str(caught.value)
    assert "INV77" in said
    assert said.count(",") <= reading.SUGGESTIONS
    assert said.endswith("and 995 more.")


@pytest.mark.parametrize("wanted", ["V77", "v 77-pdf", "#V-77"])
def test_a_vendor_invoice_is_found_by_its_letters_and_digits(home, wanted):
    said = cx_billing("--home", home, "show", "vendor-invoice", "acme", "--", wanted)
    assert said.startswith("Vendor invoice V-77 of acme")


def test_a_number_without_a_letter_or_digit_is_no_other(home):
    assert "has no vendor invoice #." in cx_billing(
        "--home", home, "show", "vendor-invoice", "acme", "#", code=2
    )


@pytest.mark.parametrize("page", ["invoices", "telco", "rejected", "unbilled"])
def test_an_unknown_organization_is_no_empty_list(home, page):
    assert "No organization" in cx_billing("--home", home, "show", page, "--org", "x", code=2)


def test_an_organization_with_files_but_no_contract(home):
    said = cx_billing("--home", home, "show", "invoices", "--org", "lost", code=2)
    assert "has files but no contract: see show rejected" in said


@pytest.mark.parametrize(
    ("page", "dates"),
    [
        ("invoice", "2026-04-05, 2026-05-05"),
        ("reconciliation", "2026-04-05, 2026-04-07, 2026-05-05"),
    ],
)
def test_an_unknown_invoice_date_lists_the_dates(home, page, dates):
    said = cx_billing("--home", home, "show", page, "acme", "2026-04-06", code=2)
    assert f"It has: {dates}." in said


def test_an_unknown_cycle_or_pool_lists_those_there_are(home):
    said = cx_billing("--home", home, "show", "peak", "acme", "2026-03-06", code=2)
    assert "It has: 2026-03-05, 2026-04-05." in said
    said = cx_billing("--home", home, "show", "peak", "acme", "2026-03-05", "--pool", "x", code=2)
    assert "It has: cx3, cx_all." in said


# Pages.


def test_an_invoice_has_the_vendors_order_subtotals_and_totals(home):
    said = cx_billing("--home", home, "show", "invoice", "acme", "2026-04-05")
    order = ["Core services", "[red]CX 3[/red]", "Telco", "Outbound", "Taxes and fees", "State tax"]
    places = [said.index(words) for words in order]
    assert places == sorted(places)
    assert "Prepaid" not in said
    assert cells(said, "Outbound") == [
        *("Outbound", "2026-03-05 to 2026-04-04", "1,000.1", "minute", "0.0045", "1,234.50")
    ]
    assert cells(said, "[red]")[-2:] == ["0.00", "waived: ramp"]
    assert cells(said, "Subtotal") == ["Subtotal", "0.00"]
    assert cells(said, "Total before taxes") == ["Total before taxes", "1,234.50"]
    assert cells(said, "Total USD") == ["Total USD", "1,246.85"]


def test_money_has_the_minor_units_of_its_currency(home):
    said = cx_billing("--home", home, "show", "invoice", "kaze", "2026-04-10")
    assert cells(said, "Phone") == ["Phone", "2026-03-20", "1", "each", "15,000", "15,000"]
    assert cells(said, "Total JPY") == ["Total JPY", "16,500"]


def test_an_invoice_that_is_not_final_says_so(home):
    said = cx_billing("--home", home, "show", "invoice", "acme", "2026-05-05")
    assert "Accruing" in said
    assert cells(said, "Total USD") == ["Total USD", "0.01"]


def test_an_invoice_says_whether_it_is_covered_and_why(home):
    said = cx_billing("--home", home, "show", "invoice", "kaze", "2026-04-10")
    assert "no: user_presence ends at 2026-04-01 00:00" in said
    said = cx_billing("--home", home, "show", "invoice", "acme", "2026-04-05")
    assert "yes: voice_usage is complete as far as its rows show" in said
    assert cells(cx_billing("--home", home, "show", "invoices"), "kaze")[3] == "no"


def test_invoices_have_one_row_each(home):
    said = cx_billing("--home", home, "show", "invoices")
    assert cells(said, "acme") == [
        *("acme", "2026-04-05", "Final", "yes", "USD", "0.00", "1,234.50", "12.35", "1,246.85")
    ]
    assert cells(said, "kaze")[-1] == "16,500"
    assert "Devices" not in said, "no invoice has any"
    of_one = cx_billing("--home", home, "show", "invoices", "--org", "acme")
    assert "kaze" not in of_one
    assert cells(of_one, "2026-04-05")[1] == "Final", "the title says whose"


def test_a_reconciliation_says_how_many_lines_were_rejected(tmp_path):
    publish_marts(
        tmp_path,
        changed="insert into marts.rejected_rows by name select 'acme' as org_id, 'missing_value' "
        "as reason, 'vendor_invoice_lines' as dataset, is_retired "
        "from (values (false), (true)) t(is_retired)",
    )
    said = cx_billing("--home", tmp_path, "show", "reconciliation", "acme", "2026-04-05")
    assert "1 line of the vendor's invoices of acme was rejected and compared with nothing" in said
    said = cx_billing("--home", tmp_path, "show", "reconciliation", "kaze", "2026-04-10")
    assert "rejected and compared" not in said


def test_a_reconciliation_shows_lines_and_the_calls_of_the_cycle_that_ends(home):
    said = cx_billing("--home", home, "show", "reconciliation", "acme", "2026-04-05")
    assert "V-77" in said
    assert cells(said, "Outbound calls")[-4:] == ["1,234.60", "1,234.50", "0.10", "Price differs"]
    assert cells(said, "CX 3")[-1] == "Not invoiced"
    assert cells(said, "Total") == ["Total", "1,235.60", "1,235.50", "0.10"]
    assert said.count("321") == 1
    assert "654" not in said, "those are the calls of the next cycle"
    assert "599" in said


def test_an_invoice_the_vendor_dated_later_shows_the_calls_of_its_usage_lines(home):
    said = cx_billing("--home", home, "show", "reconciliation", "acme", "2026-04-07")
    assert "321" in said
    assert "654" not in said, "those are of the cycle that is prepaid"


def test_an_accruing_invoice_says_when_it_is_compared(home):
    said = cx_billing("--home", home, "show", "reconciliation", "acme", "2026-05-05")
    assert "The invoice of 2026-05-05 is still accruing; it is compared when it is final." in said
    assert "Compared: 2026-04-05, 2026-04-07." in said


def test_without_the_vendors_invoices_it_says_so(home):
    said = cx_billing("--home", home, "show", "reconciliation", "kaze", "2026-04-10")
    assert "The vendor's invoices of this organization have not been landed" in said
    assert "Compared" not in said


def test_a_vendor_invoice_shows_each_printed_line_once_then_what_only_we_have(home):
    said = cx_billing("--home", home, "show", "vendor-invoice", "acme", "V-77")
    order = ["Why it differs", "U.S.", "International", "[red]Sky", "Printed total", "Expected,"]
    places = [said.rindex(words) for words in order]
    assert places == sorted(places)
    assert cells(said, "Outbound - U.S.") == [
        *("Outbound - U.S.", "1", "1,000", "1.00", "1,000.00", "1,000.1", "1,234.50", "0.10"),
        "Unexplained",
    ]
    # Our figures stand beside the first line of a group only.
    assert cells(said, "Outbound - Int") == [
        *("Outbound - International", "2", "0.1", "2,346.00", "234.60")
    ]
    after = said[said.rindex("Expected, and not on the invoice") :]
    assert cells(after, "CX 3") == ["CX 3", "5", "1", "155.00", "-155.00", "Used and not billed"]
    assert cells(after, "Total ") == ["Total", "1,334.60", "1,489.50", "-154.90"]
    assert "Lines of one product and charge are compared as one" in said
    assert "A renamed product is a proposal" in said


def test_a_vendor_invoice_says_its_totals_and_reasons_by_money(home):
    said = cx_billing("--home", home, "show", "vendor-invoice", "acme", "V-77")
    facts = said.split("Why it differs")[0]
    for fact, value in (
        ("Printed total", "1,334.60"),
        ("Expected", "1,489.50"),
        ("Difference", "-154.90"),
        ("Unexplained", "0.10"),
        ("Agreed", "no"),
    ):
        assert re.search(rf"{fact}:?\s+{re.escape(value)}", facts), facts
    reasons = said.split("Why it differs")[1].split("Lines")[0]
    places = [reasons.index(name) for name in ("Used and not billed", "Unexplained", "Renamed")]
    assert places == sorted(places)


def test_a_vendor_invoice_is_found_by_its_other_number(home):
    by_number = cx_billing("--home", home, "show", "vendor-invoice", "acme", "V-77")
    for other in ("V-77-PDF", "V-77-API"):
        assert cx_billing("--home", home, "show", "vendor-invoice", "acme", other) == by_number


@pytest.mark.parametrize(
    ("changed", "reasons", "said"),
    [
        (
            {},
            ["wrong_rate", "wrong_rate"],
            "bills 10.50 EUR more than we expect: 1 reason for that.",
        ),
        ({"variance_amount": -1}, ["credit"], "bills 1.00 EUR less than we expect: 1 reason for"),
        (
            {"unexplained_amount": Decimal("-0.25")},
            ["wrong_rate", "credit", "unexplained"],
            "10.50 EUR more than we expect: 2 reasons for that, and 0.25 EUR without one.",
        ),
        ({"variance_amount": 0}, ["credit", "wrong_rate"], "Its total is the one we expect, but"),
        ({"is_agreed": True}, ["rounding"], "It is right: what differs is rounding"),
        ({"is_agreed": True, "variance_amount": 0}, [], "It is right: every group of lines agrees"),
        ({"variance_amount": None}, ["other_currency"], "nothing is compared in money"),
        (
            {"is_agreed": True, "variance_amount": 0, "unchecked_tax_amount": Decimal("51.2")},
            [],
            "every group of lines but its taxes agrees to the cent. Its taxes of "
            "51.20 EUR were not checked and count as printed, because the contract names no "
            "jurisdiction: name one of the seed tax_rates in the column tax_jurisdiction",
        ),
        (
            {"unchecked_tax_amount": Decimal("51.2"), "unchecked_tax_jurisdiction": "MOON"},
            ["wrong_rate"],
            "count as printed, because the seed tax_rates has no rates of the contract's "
            "jurisdiction MOON on its date: add them, or name another in the column tax_j",
        ),
        (
            {"unchecked_tax_amount": Decimal("51.2")},
            ["wrong_rate"],
            "1 reason for that. Its taxes of 51.20 EUR were not checked",
        ),
    ],
)
def test_a_vendor_invoice_says_in_a_sentence_whether_it_is_right(changed, reasons, said):
    invoice = {
        "variance_amount": Decimal("10.5"),
        "unexplained_amount": Decimal(0),
        "is_agreed": False,
        "unchecked_tax_amount": Decimal(0),
        "unchecked_tax_jurisdiction": None,
        "currency": "EUR",
        "minor_units": 2,
    }
    differences = [{"reason": reason} for reason in reasons]
    assert said in vendor_invoice.summarize(invoice | changed, differences)


def test_a_vendor_invoice_says_what_became_of_its_claim_and_of_its_credits(home):
    said = cx_billing("--home", home, "show", "vendor-invoice", "acme", "V-77")
    claims = said[said.index("Disputes and credits") :]
    assert cells(claims, "V-77")[1:9] == [
        *("Partly recovered", "100.00", "40.00", "15.00", "45.00", "Refused", "2026-05-10"),
        "[red]Ana[/red] <script>",
    ]
    assert "cx-billing show disputes follows" in claims
    assert "V-70" not in claims
    assert "Not opened:" not in claims
    # A credit of V-77 is on V-78, as is one that settles nothing.
    said = cx_billing("--home", home, "show", "vendor-invoice", "acme", "V-78")
    claims = said[said.index("Disputes and credits") :]
    assert cells(claims, "V-77")[-1] == "V-78"
    assert cells(claims, "V-78")[1] == "Unmatched credit"
    assert cells(claims, "V-78")[-1] == "12.50"


def test_taxes_that_were_not_checked_are_told_on_the_page_and_in_the_index(tmp_path):
    unchecked = "update marts.vendor_invoices set unchecked_tax_amount = 1500 where org_id = 'kaze'"
    publish_marts(tmp_path, changed=unchecked)
    said = cx_billing("--home", tmp_path, "show", "vendor-invoice", "kaze", "V-77")
    assert "Its taxes of 1,500 JPY were not checked and count as printed" in " ".join(said.split())
    assert re.search(r"Agreed +yes, taxes not checked", said)
    assert re.search(r"Taxes not checked +1,500", said)
    page = tmp_path / "x.html"
    cx_billing("--home", tmp_path, "show", "vendor-invoice", "kaze", "V-77", "--html", page)
    assert "Its taxes of 1,500 JPY were not checked" in page.read_text("utf-8")
    said = cx_billing("--home", tmp_path, "show", "index")
    assert "The taxes of 1 invoice were not checked: its contract names no" in said
    assert cells(said, "kaze")[-1] == "yes, taxes not checked"
    unrated = "update marts.vendor_invoices set unchecked_tax_jurisdiction = 'MOON'"
    publish_marts(tmp_path / "unrated", changed=f"{unchecked}; {unrated}")
    said = " ".join(cx_billing("--home", tmp_path / "unrated", "show", "index").split())
    assert "its contract names no jurisdiction, or one without rates: MOON." in said


REJECTED_LINES = """
insert into marts.rejected_rows by name
select org_id, 'vendor_invoice_lines' as dataset, org_id || '/' || row || '.csv' as source_file,
    row as source_row, 'not_a_number' as reason, 'amount' as column_name, 'ten' as value,
    'a number' as expected, false as is_retired,
    to_json({invoice_number: number, description: 'Line ' || row, amount: 'ten'}) as raw_row
from (values ('acme', 1, 'V-77'), ('acme', 2, ' V-77-PDF '), ('acme', 3, 'V-790'),
    ('acme', 4, null), ('kaze', 5, 'V-77'), ('acme', 6, 'V-***77'), ('acme', 7, 'V-***78'))
    t(org_id, row, number)
"""


def test_a_vendor_invoice_says_which_of_its_lines_were_rejected(tmp_path):
    publish_marts(tmp_path, changed=REJECTED_LINES)

    def show(*words):
        return cx_billing("--home", tmp_path, "show", "vendor-invoice", *words)

    said = show("acme", "V-77")
    assert "3 lines of it were rejected: the printed total and the comparison leave out" in said
    assert re.search(r"Rejected lines +3, not in the printed total", said)
    assert "1 rejected line does not tell the invoice; it may be this one." in said
    listed = said[said.index("Rejected lines, in no figure above") :]
    assert re.findall(r"Line \d", listed) == ["Line 1", "Line 2", "Line 4", "Line 6"]
    assert "amount 'ten' is no number that can be read; right would be a number" in listed
    said = show("kaze", "V-77")
    assert "1 line of it was rejected" in said
    assert "Of the rest: it is right: every group of lines agrees" in said
    assert "Line 5" in show("kaze", "V-77", "--json")
    assert "Line 5" in show("kaze", "V-77", "--html", tmp_path / "x.html") + (
        tmp_path / "x.html"
    ).read_text("utf-8")


def test_the_index_says_of_which_invoices_lines_were_rejected(tmp_path, home):
    publish_marts(tmp_path, changed=REJECTED_LINES)
    said = cx_billing("--home", tmp_path, "show", "index")
    assert "Lines of 3 of them were rejected: what is compared of these leaves out" in said
    assert "2 other lines of the vendor's invoices were rejected and are of no invoice" in said
    assert re.search(r"With rejected lines +3", said)
    rows = re.findall(r"(acme|kaze) +(V-7\d) .* (?:EUR|USD|JPY) +[\d,.]+ +(\d+) ", said)
    assert rows == [("acme", "V-78", "1"), ("acme", "V-77", "3"), ("kaze", "V-77", "1")]
    of_kaze = json.loads(cx_billing("--home", tmp_path, "show", "index", "--org", "kaze", "--json"))
    (invoice,) = of_kaze["tables"]["vendor_invoices"]
    assert (invoice["invoice_number"], invoice["rejected_lines_count"]) == ("V-77", 1)
    cx_billing("--home", tmp_path, "show", "index", "--html", tmp_path / "x.html")
    assert re.search(r"<th[^>]*>Lines rejected</th>", (tmp_path / "x.html").read_text())
    said = cx_billing("--home", tmp_path, "show", "disputes")
    assert "Lines of V-77, V-78, V-77 were rejected, and nothing that is claimed has them" in said
    for page in ("index", "disputes"):
        assert not re.search("[Ll]ines( of V-77)? (were )?rejected", show_page(home, page))


def show_page(home, page):
    return cx_billing("--home", home, "show", page)


def test_a_vendor_invoice_without_a_usable_line_is_told_from_an_unknown_one(tmp_path):
    publish_marts(tmp_path, changed=REJECTED_LINES)
    said = cx_billing("--home", tmp_path, "show", "vendor-invoice", "acme", "V-790", code=2)
    assert "no line could be used: 1 was rejected" in " ".join(said.split())


def test_an_invoice_that_is_dated_after_the_build_is_told_from_an_unknown_one(tmp_path):
    publish_marts(tmp_path, changed=IN_NO_FIGURE)

    def show(*words, code=0):
        said = cx_billing("--home", tmp_path, "show", "vendor-invoice", *words, code=code)
        return " ".join(said.split())

    said = show("acme", "V-90", code=2)
    assert "V-90 of acme is dated 2027-05-07, after the day of the build (2026-06-15)" in said
    assert "mend acme/voice_usage/a.csv and land it again" in said
    assert "It has: V-77." in show("kaze", "V-90", code=2), "it is of another organization"
    assert (
        "1 line of it in acme/voice_usage/a.csv is dated 2026-06-15, the day of the build "
        "(2026-06-15), which it does not see yet, and not counted."
    ) in show("acme", "V-77")
    index = cx_billing("--home", tmp_path, "show", "index", "--org", "acme")
    assert "V-90 of 2027-05-07 (acme/voice_usage/a.csv)" in index


def test_an_invoice_says_what_is_promised_and_not_credited_yet(tmp_path):
    publish_marts(
        tmp_path,
        changed="update marts.disputes set last_event = 'accepted', last_event_date = "
        "'2026-04-28' where dispute_id in ('acme/V-70', 'kaze/V-77')",
    )

    def show(*words):
        return cx_billing("--home", tmp_path, "show", "vendor-invoice", *words)

    promise = "Promised and not credited yet: 7.00 USD of invoice V-70, accepted on 2026-04-28."
    assert promise in show("acme", "V-78")
    assert "Promised" not in show("acme", "V-77"), "it is dated before"
    assert "Promised" not in show("kaze", "V-77"), "nothing of it is open"


def test_an_invoice_says_which_file_replaced_which(tmp_path):
    publish_marts(tmp_path, changed=IN_NO_FIGURE)
    said = " ".join(
        cx_billing("--home", tmp_path, "show", "vendor-invoice", "kaze", "V-77").split()
    )
    assert (
        "kaze/p2.csv has the number too and replaces kaze/orders/a.csv, of which 9 lines no longer "
        "count; none of them is in the later one. An invoice is what the latest file"
    ) in said
    assert "p3.csv" not in said
    assert "p2.csv" not in cx_billing("--home", tmp_path, "show", "vendor-invoice", "acme", "V-77")


@pytest.mark.parametrize(
    ("files", "lines", "left_out", "said"),
    [
        ("ab", 9, 9, "b has the number too and replaces a, of which 9 lines no longer count; none"),
        ("ab", 9, 4, "no longer count; 4 of them are not in the later one"),
        ("ab", 9, 0, "no longer count; all of them are in the later one"),
        ("ab", 1, 1, "of which 1 line no longer counts; it is not in the later one"),
        ("ab", 1, 0, "of which 1 line no longer counts; the later one has it too"),
        ("aa", 2, 0, "the later a has the number too and replaces the earlier one, of which 2"),
    ],
)
def test_what_a_later_file_replaced_is_said_in_words(files, lines, left_out, said):
    assert (
        said
        in vendor_files.ReplacedInvoice("o", files[0], "1", files[1], lines, left_out).describe()
    )


def test_an_unknown_vendor_invoice_lists_the_numbers_of_its_organization(home):
    said = cx_billing("--home", home, "show", "vendor-invoice", "acme", "V-79", code=2)
    assert "It has: V-77, V-77-API, V-77-PDF, V-78." in said
    said = cx_billing("--home", home, "show", "vendor-invoice", "kaze", "V-78", code=2)
    assert "It has: V-77." in said


def test_an_agreed_vendor_invoice_says_so(home):
    said = cx_billing("--home", home, "show", "vendor-invoice", "kaze", "V-77")
    assert "every group of lines agrees to the cent" in said
    assert re.search(r"Agreed:?\s+yes", said)
    assert cells(said, "Phone")[4] == "15,000"
    assert "not on the invoice" not in said


def test_a_vendor_invoice_in_another_currency_is_not_compared_in_money(home):
    said = cx_billing("--home", home, "show", "vendor-invoice", "acme", "V-78")
    assert re.search(r"Expected:?\s+not compared", said)
    assert "Another currency" in said


def test_a_peak_shows_all_readings_and_the_days_of_the_cycle(home):
    said = cx_billing("--home", home, "show", "peak", "acme", "2026-03-05", "--pool", "cx_all")
    assert "41 concurrent users of All CX licenses count, by the sustained reading" in said
    assert cells(said, "All CX licenses  ")[1:7] == ["44", "41", "42", "40", "sustained", "41"]
    assert "2026-03-09 15:31:00.500000" in said
    assert cells(said, "2026-03-09") == ["2026-03-09", "44", "12"]
    assert "39" not in said, "that day is of the next cycle"
    other = cx_billing("--home", home, "show", "peak", "acme", "2026-03-05", "--pool", "cx3")
    assert cells(other, "2026-03-10  ") == ["2026-03-10", "4", "7"]
    assert "are empty" not in said + other


def test_a_peak_is_explained_by_when_who_other_minutes_and_fewer_users(home):
    said = cx_billing("--home", home, "show", "peak", "acme", "2026-03-05")
    assert "Genesys Cloud CX 3, day by day" in said, "the largest pool that is billed by its peak"
    assert cells(said, "sustained  ") == [
        *("sustained", "3", "yes", "2026-03-10 09:00:00", "2026-03-10 09:30:00", "2"),
        *("2026-03-12 10:00:00", "65.5", "4", "ann, ben, cid, dan"),
    ]
    assert "[red]dan[/red]" in said
    assert cells(said, "25 ") == ["25", "3", "3", "3"]
    assert cells(said, "30 (the rule)") == ["30 (the rule)", "3", "3", "3"]
    assert cells(said, "31 ") == ["31", "2", "2", "2"]
    said = " ".join(said.split())
    assert (
        "Genesys Cloud CX 3: with 1 user less the whole cycle, the sustained peak would be 2 "
        "instead of 3; the bill would fall by 155.00 USD."
    ) in said
    assert (
        "(UTC): highest 4; accumulated, sustained (billed) 3; accumulated exact, committed 2. 3 "
        "were on without interruption from 2026-03-10 09:00:00 to 2026-03-10 09:30:00, and once "
        "more, 65.5 minutes in all."
    ) in said


def test_an_accumulated_peak_names_bounds_and_the_first_users(home):
    said = cx_billing("--home", home, "show", "peak", "acme", "2026-04-05")
    assert "u9, u10 and 3 more" in " ".join(said.split())
    assert "with between 2 and 4 users less the whole cycle, the accumulated peak would be" in said
    assert "would fall" not in said, "a pool without a price"
    assert "accumulated (contract's rule) 3" in said
    assert "At least 3 were on for 40 minutes in all, in 2 stretches." in " ".join(said.split())


def test_what_is_within_the_commitment_saves_nothing():
    readings = [
        {"is_contract_rule": False, "saved_price": Decimal(5)},
        {"is_contract_rule": True, "saved_price": Decimal(0)},
    ]
    assert "stay as it is" in peak_explained.explain_saved(readings, "USD", 2)
    assert peak_explained.explain_saved(readings[:1], "USD", 2) is None


def test_a_peak_that_nobody_reached_is_drawn_without_a_bar():
    piece = {
        "started_at": datetime(2026, 3, 5, 9),
        "ended_at": datetime(2026, 3, 5, 10),
        "users_count": 1,
        "is_exact": False,
    }
    billed = {"reading": "sustained", "is_contract_rule": True, "users_count": 0}
    days = content.Table("Days", (), ())
    cycle = (date(2026, 3, 5), date(2026, 4, 5))
    (picture,) = peak_explained.draw_peak("cx3", cycle, [piece], [billed], None, days)
    assert "No number of users was held long enough." in picture.words
    assert "<svg" in picture.draw(360)
    assert not list(peak_explained.draw_peak("cx3", cycle, [], [billed], 0, days))


def test_a_curve_is_padded_only_where_nobody_is_on():
    first = datetime(2026, 3, 10, 12)
    near = [charts.Step(first, first + timedelta(hours=1), 3)]
    later = charts.Step(first + timedelta(hours=1), first + timedelta(hours=2), 2)
    steps, goes_on = peak_explained.pad(near, [*near, later])
    assert goes_on == (False, True)
    assert [step.height for step in steps] == [0, 3]
    assert peak_explained.pad(near, near)[1] == (False, False)


def test_a_peak_says_which_reading_the_vendors_invoice_agrees_with(home):
    said = " ".join(cx_billing("--home", home, "show", "peak", "acme", "2026-03-05").split())
    assert (
        "The vendor bills 1, which agrees with accumulated and sustained; the "
        "contract bills by the sustained reading."
    ) in said
    assert "CX 2: the vendor bills 5, which agrees with none of the readings; the contract" in said
    assert "CX 1: no vendor invoice that bills this cycle afterwards has been landed." in said
    assert "Explained is cx3; --pool explains another: cx_all." in said


def test_the_index_says_which_reading_the_vendors_invoice_agrees_with(home):
    said = cx_billing("--home", home, "show", "index")
    peaks = said[said.index("Peaks that are billed") :]
    rows = re.findall(r"(2026-0[34]-05) +(.*CX \S+).* (accum.*?|not compared) *\n", peaks)
    assert rows == [
        ("2026-03-05", "Genesys Cloud CX 3", "accumulated and sustained"),
        ("2026-03-05", "All CX licenses", "not compared"),
        ("2026-04-05", "All CX licenses", "not compared"),
    ]


def test_a_few_words_say_which_readings_agree():
    def spell(*invoiced, comparison="compared"):
        names = ("highest", "sustained", "accumulated")
        return peak.spell_invoiced(
            [
                {"reading": name, "is_invoiced": name in invoiced, "comparison": comparison}
                for name in names
            ]
        )

    assert spell("highest") == "highest"
    assert spell("highest", "sustained", "accumulated") == "every reading"
    assert spell() == "none"
    assert spell("highest", comparison="waived") == peak.spell_invoiced([]) == "not compared"


def test_a_pool_that_cannot_be_compared_says_why():
    declared = yaml.safe_load(
        (lake.PROJECT_DIR / "models/marts/reconciliation/peak_readings.yml").read_text()
    )
    (column,) = [x for x in declared["models"][0]["columns"] if x["name"] == "comparison"]
    values = column["data_tests"][0]["accepted_values"]["arguments"]["values"]
    assert {"compared", *peak.NOT_COMPARED} == set(values)
    for value, words in peak.NOT_COMPARED.items():
        readings = [{"pool": "cx2", "product_name": "CX 2", "comparison": value}]
        assert list(peak.explain_invoiced(readings)) == [f"CX 2: {words}."]


def test_a_peak_of_a_cycle_without_all_its_data_says_so():
    notes = [{"invoice_date": date(2026, 4, 5), "coverage_note": "user_presence ends early"}]
    ends = [{"cycle_end_date": date(2026, 4, 5)}]
    assert list(peak.explain_coverage(notes, ends)) == [
        "The peak may lie where data are missing: user_presence ends early."
    ]
    assert not list(peak.explain_coverage(notes, [{"cycle_end_date": date(2026, 5, 5)}]))


def test_a_named_organization_is_not_billed_by_peak(home):
    said = cx_billing("--home", home, "show", "peak", "kaze", "2026-03-10")
    assert cells(said, "All CX licenses") == [
        *("All CX licenses", *"4435", "not billed by peak (named)")
    ]
    assert "Billable users" not in said


def test_an_accumulated_peak_explains_why_it_has_no_stretch(home):
    said = cx_billing("--home", home, "show", "peak", "acme", "2026-04-05")
    assert "so Peak from and Peak to are empty" in said


def test_rejected_rows_begin_with_the_terms_and_collapse_what_follows(home):
    said = cx_billing("--home", home, "show", "rejected")
    counted, shown = said.split("The first of each")
    rows = [cells(line, "") for line in counted.splitlines() if re.match("  (acme|lost)", line)]
    assert rows == [
        ["acme", "contracts", "Overlapping contract", "1", "0"],
        ["acme", "contract_items", "Wrong column count", "1", "0"],
        ["acme", "voice_usage", "Not a number", "11", "1"],
        ["lost", "2 datasets", "No contract", "2", "0"],
    ]
    assert "c-1,cx3,999" in shown
    assert "9" * rejected.SHOWN_TEXT not in shown
    assert shown.count("Not a number") == rejected.SHOWN_EXAMPLES
    assert cells(shown, "acme/voice_usage/a.csv")[:5] == [
        *("acme/voice_usage/a.csv", "1", "Not a number", "duration_seconds", "a minute or 1")
    ]
    assert "whole seconds" in shown
    assert "Retired: a row landed later has the same key" in shown
    assert "Row 1 is the first row after the header" in shown
    assert "docs/datasets.md" in shown
    assert "No row was rejected" in cx_billing("--home", home, "show", "rejected", "--org", "kaze")


def test_landed_files_show_what_became_of_their_rows(home):
    said = cx_billing("--home", home, "show", "files")
    assert cells(said, "acme/voice_usage/a.csv") == [
        *("acme/voice_usage/a.csv", "2026-05-01 08:00:00", "21", "10", "0", "11", "f1")
    ]
    assert cells(said, "kaze/orders/b.csv")[-2:] == ["2026-05-02 00:00:00", "f4"]
    assert "a.csv" not in cx_billing("--home", home, "show", "files", "--org", "acme").replace(
        "acme/voice_usage/a.csv", ""
    )


def test_everything_is_billed_is_not_said_where_rows_were_rejected(tmp_path):
    publish_marts(tmp_path, changed="delete from marts.unbilled_usage")
    said = cx_billing("--home", tmp_path, "show", "unbilled", "--org", "acme")
    assert "All usage that was landed is billed" not in said
    assert "12 rows were rejected and are in no figure" in said
    assert "All usage that was landed is billed" in cx_billing(
        "--home", tmp_path, "show", "unbilled", "--org", "kaze"
    )


def test_unbilled_usage_begins_with_what_lacks_a_price(home):
    said = cx_billing("--home", home, "show", "unbilled")
    assert cells(said, "acme") == [
        *("acme", "2026-04-05", "SMS Messages", "No price in the contract", "1,200.5", "message")
    ]
    assert said.index("No price in the contract") < said.index("Within commitment")
    assert "phone" not in cx_billing("--home", home, "show", "unbilled", "--org", "acme")


def test_reasons_of_unbilled_usage_are_explained_once_in_their_order(home):
    said = cx_billing("--home", home, "show", "unbilled")
    notes = re.findall(r"^(\S[\w ]+): ", said, re.M)
    assert notes == ["No price in the contract", "Within commitment"]
    assert "No price in the contract: used, and no contract item has a price for it" in said


def test_calls_are_summed_by_finding_and_listed_by_what_can_be_claimed(home):
    said = cx_billing("--home", home, "show", "calls", "acme", "2026-03-05")
    assert "Cost in the call files  5.0119" in said
    assert "Rate times minutes      0.0119" in said, "an own carrier rates nothing"
    assert cells(said, "Cost is not rate times minutes") == [
        *("Cost is not rate times minutes", "Outbound", "2", "4.5000", "4.5000", "USD")
    ]
    assert cells(said, "Same record in another file")[1:] == [*("Inbound", "1", "80.0000", "USD")]
    assert cells(said, "To claim") == ["To claim", "4.5000", "USD"]
    assert said.index("In no cycle") < said.index("Outside every cycle")
    places = [said.index(words) for words in ("s1", "s2", "[red]s3", "s4")]
    assert places == sorted(places), "what can be claimed first"
    assert "77" not in said, "that is of the next cycle"
    assert "66" not in said, "that is of another organization"
    assert "Same id once more" not in said, "it explains only what is found"


def test_calls_that_do_not_fit_on_the_page_are_counted(home, monkeypatch):
    monkeypatch.setattr(calls, "SHOWN", 1)
    with warehouse.connect(home) as connection:
        page = pages.compose_calls(connection, "acme", date(2026, 3, 5))
    assert len(page.tables[1].rows) == 1
    assert "3 more are in the mart call_audit; these are the first by money." in page.notes


def test_a_cycle_without_findings_says_so(tmp_path):
    home = publish_marts(tmp_path, changed="delete from marts.call_audit")
    said = cx_billing("--home", home, "show", "calls", "acme", "2026-03-05")
    assert "Nothing is found: every call costs its rate times its minutes, once." in said


def test_without_calls_it_is_not_said_that_every_call_is_right(tmp_path):
    without = "delete from marts.call_audit; delete from marts.calls"
    publish_marts(tmp_path, changed=without)
    said = cx_billing("--home", tmp_path, "show", "calls", "acme", "2026-03-05")
    assert "Nothing was compared: no call of this cycle is in the call files." in said
    again = tmp_path / "never delivered"
    publish_marts(again, changed=f"{without}; delete from marts.load_audit where org_id = 'acme'")
    said = cx_billing("--home", again, "show", "calls", "acme", "2026-03-05")
    assert "Nothing was compared: no call file (dataset voice_usage) was delivered." in said


def test_of_a_file_that_was_delivered_again_the_first_calls_are_shown(tmp_path):
    publish_marts(
        tmp_path,
        changed="insert into marts.call_audit by name select * exclude (n) replace "
        "('g/' || n as call_id, amount + n as amount) "
        "from (select *, unnest(range(1, 31)) as n from marts.call_audit where call_id = 'f/3')",
    )
    with warehouse.connect(tmp_path) as connection:
        page = pages.compose_calls(connection, "acme", date(2026, 3, 5))
    amounts = [x["amount"] for x in page.tables[1].records if x["finding"] == "delivered_again"]
    assert amounts == [Decimal(80 + n) for n in range(30, 20, -1)]
    assert len(page.tables[1].records) == calls.SHOWN_AGAIN + 3, "others are shown all the same"
    assert "21 more are in the mart call_audit; these are the first by money." in page.notes
    (row,) = (x for x in page.tables[0].records if x["finding"] == "delivered_again")
    assert row["calls_count"] == 31


@pytest.mark.parametrize("page", ["calls", "inventory"])
def test_an_unknown_cycle_lists_those_there_are(home, page):
    said = cx_billing("--home", home, "show", page, "acme", "2026-03-06", code=2)
    assert "It has: 2026-03-05, 2026-04-05." in said


def test_numbers_and_devices_are_compared_and_unused_numbers_listed(home):
    said = cx_billing("--home", home, "show", "inventory", "acme", "2026-03-05")
    assert said.index("Held and not billed") < said.index("Billed and not held"), "by money"
    assert cells(said, "Billed and not held")[1:] == [
        *("Number Monthly Recurring Charge", "All types", "6", "4", "6.00", "3.48", "2.52")
    ]
    assert cells(said, "***0102") == ["***0102", "Local", "2026-01-01", "1.00"]
    assert cells(said, "1 number") == ["1 number", "1.00"]
    assert "Phone (2 held): no data tells whether they are used." in said
    assert "Numbers of type local (3 held): whether they are used is not known" in said
    said = cx_billing("--home", home, "show", "inventory", "acme", "2026-04-05")
    assert cells(said, "No vendor invoice")[:2] == ["No vendor invoice", "own_phone"]
    assert "None is known to be unused." in said
    assert cells(said, "Held, without a price")[:2] == ["Held, without a price", "Virtual Edge"]
    assert "the contract has none, and the vendor bills nothing." in said


@pytest.mark.parametrize(("page", "mart"), [(calls, "call_audit"), (inventory, "inventory_audit")])
def test_every_finding_has_words(page, mart):
    (file,) = (lake.PROJECT_DIR / "models" / "marts").rglob(f"{mart}.yml")
    (model,) = yaml.safe_load(file.read_text())["models"]
    (column,) = (column for column in model["columns"] if column["name"] == "finding")
    (accepted,) = column["data_tests"]
    assert set(page.FINDINGS) == set(accepted["accepted_values"]["arguments"]["values"])


def test_a_page_says_until_when_usage_counts(home):
    said = cx_billing("--home", home, "show", "telco")
    assert "Build 7. Usage counts until 2026-04-20 00:00:00 UTC." in said


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_terminal_shows_every_value_whole(home, width):
    with warehouse.connect(home) as connection:
        drawn = (
            pages.compose_invoices(connection),
            pages.compose_telco(connection),
            pages.compose_reconciliation(connection, "acme", date(2026, 4, 5)),
            pages.compose_vendor_invoice(connection, "acme", "V-77"),
            pages.compose_unbilled(connection),
            pages.compose_calls(connection, "acme", date(2026, 3, 5)),
            pages.compose_inventory(connection, "acme", date(2026, 3, 5)),
        )
    for page in drawn:
        screen = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
        pages.print_page(page, screen)
        shown = screen.file.getvalue()
        for table in page.tables:
            for column, cell in (
                (c, r.cells[at]) for r in table.rows for at, c in enumerate(table.columns)
            ):
                assert not column.is_number or cell in shown
        assert all(len(line) <= width for line in shown.splitlines() if "  " in line), shown


@pytest.mark.parametrize(("width", "is_table"), [(100, True), (80, False)])
def test_a_terminal_of_usual_width_shows_the_reason_of_every_line(home, width, is_table):
    with warehouse.connect(home) as connection:
        page = pages.compose_vendor_invoice(connection, "acme", "V-77")
    screen = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    pages.print_page(page, screen)
    shown = screen.file.getvalue().split("\nLines")[1]
    assert ("Difference  Reason" in shown) == is_table
    of_lines = " ".join(shown.split())
    for words in ("Unexplained", "Renamed product", "Used and not billed"):
        assert all(word in of_lines for word in words.split())
    for number in ("1,234.50", "1,000.00", "-155.00", "1,334.60", "-154.90"):
        assert number in shown


@pytest.mark.parametrize(("no_color", "is_coloured"), [("", True), ("1", False)])
def test_differences_have_a_colour_where_there_are_colours(
    home, monkeypatch, no_color, is_coloured
):
    monkeypatch.setenv("NO_COLOR", no_color)
    with warehouse.connect(home) as connection:
        page = pages.compose_vendor_invoice(connection, "acme", "V-77")
    screen = Console(file=io.StringIO(), force_terminal=True, width=120, color_system="standard")
    pages.print_page(page, screen)
    coloured = re.findall("\x1b\\[1;31m *([-\\d.,]+)", screen.file.getvalue())
    differing = ["0.10", "100.00", "-100.00", "-155.00", "-154.90"]
    assert coloured == (differing if is_coloured else []), "and not what agrees"
    assert "\x1b" not in cx_billing("--home", home, "show", "vendor-invoice", "acme", "V-77")


@pytest.mark.parametrize(
    "page",
    [
        ("invoice", "acme", "2026-04-05"),
        ("invoices",),
        ("reconciliation", "acme", "2026-04-05"),
        ("vendor-invoice", "acme", "V-77"),
        ("peak", "acme", "2026-03-05"),
        ("telco",),
        ("rejected",),
        ("unbilled",),
        ("calls", "acme", "2026-03-05"),
        ("inventory", "acme", "2026-03-05"),
    ],
    ids=lambda page: page[0],
)
def test_html_holds_what_the_terminal_shows_and_nothing_from_outside(home, tmp_path, page):
    file = tmp_path / "page.html"
    assert str(file) in cx_billing("--home", home, "show", *page, "--html", file)
    html = file.read_text()
    assert not re.search(r"(src|url)\s*[=(]|<script|<b>", html, re.IGNORECASE)
    anchors = re.findall(r'href="([^"]*)"', html)
    assert anchors and all(anchor.startswith("#") for anchor in anchors)
    assert {anchor[1:] for anchor in anchors} <= set(re.findall(r'id="([^"]*)"', html))
    for shown in re.findall(r"[\d,]+\.\d\d\b", cx_billing("--home", home, "show", *page)):
        assert shown in html


def test_html_escapes_what_comes_from_the_data(home, tmp_path):
    file = tmp_path / "page.html"
    cx_billing("--home", home, "show", "invoice", "acme", "2026-04-05", "--html", file)
    assert "&lt;script&gt;" in file.read_text()
    assert "Acme &lt;b&gt;Air&lt;/b&gt;" in file.read_text()


def test_html_into_a_missing_folder_is_refused(home, tmp_path):
    file = tmp_path / "missing" / "page.html"
    said = cx_billing("--home", home, "show", "invoices", "--html", file, code=2)
    assert f"there is no folder {file.parent}" in said


def test_a_long_path_breaks_behind_its_slashes():
    path = "acme/voice_usage/<b>-2026-01.csv"
    assert html.break_paths(path) == "acme/<wbr>voice_<wbr>usage/<wbr>&lt;b&gt;-2026-01.csv"
    assert html.break_paths("and/or <b>") == "and/or &lt;b&gt;"


def test_html_breaks_no_number_and_no_date(home, tmp_path):
    file = tmp_path / "page.html"
    cx_billing("--home", home, "show", "invoices", "--html", file)
    html = file.read_text()
    assert re.search('<td [^>]*class="whole"[^>]*>2026-04-05</td>', html)
    assert re.search('<td [^>]*class="number"[^>]*>1,246.85</td>', html)
    assert "Build 7." in html


@pytest.mark.parametrize(
    ("value", "least", "expected"),
    [("1234.5000", 2, "1,234.50"), ("0.0045", 2, "0.0045"), ("100", 0, "100"), ("-1", 2, "-1.00")],
)
def test_a_number_shows_every_digit_that_counts(value, least, expected):
    assert format_number(Decimal(value), least) == expected


def test_a_text_cannot_steer_the_terminal():
    assert "\x1b" not in format_text("\x1b[31mred")


def test_a_period_shows_its_last_day():
    assert format_period(date(2026, 2, 5), date(2026, 3, 5)) == "2026-02-05 to 2026-03-04"
    assert format_period(date(2026, 2, 5), date(2026, 2, 6)) == "2026-02-05"


# The sample, with the real models: what the pages read is there.


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """A home in which the sample was landed, built and published."""
    home = tmp_path_factory.mktemp("sample")
    folder = lake.PROJECT_DIR / "sample"
    cx_billing("--home", home, "land", folder / "inbox")
    as_of = (folder / "AS_OF").read_text().strip()
    assert "Published" in cx_billing("--home", home, "build", "--as-of", as_of)
    return home


def test_every_invoice_of_the_sample_is_shown_with_its_total(sample):
    with warehouse.connect(sample) as connection:
        invoices = connection.sql(
            "select org_id, invoice_date, currency, total_amount from marts.invoices"
        ).fetchall()
    assert invoices
    for org_id, invoice_date, currency, total in invoices:
        said = cx_billing("--home", sample, "show", "invoice", org_id, invoice_date)
        _, shown = cells(said, f"Total {currency}")
        assert Decimal(shown.replace(",", "")) == total
        cx_billing("--home", sample, "show", "reconciliation", org_id, invoice_date)


def test_every_peak_of_the_sample_is_shown(sample):
    with warehouse.connect(sample) as connection:
        peaks = connection.sql(
            "select org_id, cycle_start_date, pool, highest_users from marts.concurrency_peaks"
        ).fetchall()
        names = read_names(connection)
    assert peaks
    for org_id, cycle_start_date, pool, highest in peaks:
        said = cx_billing(
            *("--home", sample, "show", "peak", org_id, cycle_start_date, "--pool", pool)
        )
        assert cells(said, f"{names.product(pool)}  ")[1] == str(highest)


def test_telco_rejected_and_unbilled_rows_of_the_sample_are_shown(sample):
    assert "Above the billed peak" in cx_billing("--home", sample, "show", "unbilled")
    assert "outbound" in cx_billing("--home", sample, "show", "telco")
    assert "Not a number" in cx_billing("--home", sample, "show", "rejected")
