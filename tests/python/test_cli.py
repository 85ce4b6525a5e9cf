"""The command line: what it says, what it shows, and with which exit code it ends."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from rich.console import Console

from cx_billing import cli, lake, pages, warehouse
from cx_billing.pages import rejected, unbilled
from cx_billing.pages.formatting import format_number, format_period, format_text

# The published marts, as far as the pages read them: three invoices of two organizations.
MARTS = """
create schema reference;
create schema marts;
create table reference.currencies as
    from (values ('USD', 2), ('JPY', 0)) t(currency, minor_units);
create table marts.organizations as from (values
    ('acme', 'Acme <b>Air</b>', 'USD', 'concurrent'),
    ('kaze', 'Kaze KK', 'JPY', 'named')
) t(org_id, org_name, currency, license_model);
create table marts.billing_cycles as from (values
    ('acme', 'core', date '2026-03-05', date '2026-04-05', timestamp '2026-04-05'),
    ('acme', 'voice', date '2026-03-05', date '2026-04-05', timestamp '2026-04-05 07:00:00'),
    ('acme', 'voice', date '2026-04-05', date '2026-05-05', timestamp '2026-04-20')
) t(org_id, clock, cycle_start_date, cycle_end_date, usage_through_at);
create table marts.invoices as from (values
    ('acme-2026-04-05', 'acme', 'acme', date '2026-04-05', date '2026-05-05', 'USD',
     1234.5::decimal(18, 4), 12.35::decimal(18, 4), 1246.85::decimal(18, 4), 'final'),
    ('acme-2026-05-05', 'acme', 'acme', date '2026-05-05', date '2026-06-04', 'USD',
     0.01, 0, 0.01, 'accruing'),
    ('kaze-2026-04-10', 'kaze', 'kaze', date '2026-04-10', date '2026-05-10', 'JPY',
     15000, 1500, 16500, 'final')
) t(invoice_id, org_id, billing_account_id, invoice_date, due_date, currency,
    subtotal_amount, tax_amount, total_amount, invoice_status);
create table marts.invoice_lines as from (values
    ('1', 'acme-2026-04-05', 'acme', date '2026-04-05', 'taxes_and_fees', 'tax_state',
     'State tax', 'tax', date '2026-03-05', date '2026-04-05',
     1::decimal(38, 6), 'each', 12.35::decimal(18, 6), 12.35::decimal(18, 4), false, null),
    ('2', 'acme-2026-04-05', 'acme', date '2026-04-05', 'telco', 'telco_outbound',
     'Outbound', 'usage', date '2026-03-05', date '2026-04-05',
     1000.1, 'minute', 0.0045, 1234.5, false, null),
    ('3', 'acme-2026-04-05', 'acme', date '2026-04-05', 'core_services', 'cx3',
     '[red]CX 3[/red] <script>', 'usage', date '2026-03-05', date '2026-04-05',
     7, 'user', 155, 0, true, 'ramp'),
    ('4', 'kaze-2026-04-10', 'kaze', date '2026-04-10', 'one_time', 'phone',
     'Phone', 'one_time', date '2026-03-20', date '2026-03-21', 1, 'each', 15000, 15000,
     false, null)
) t(invoice_line_id, invoice_id, org_id, invoice_date, section, product_code, description,
    charge_type, service_period_start, service_period_end, quantity, unit_of_measure, unit_price,
    amount, is_waived, waiver_reason);
create table marts.invoice_reconciliation as
select *, invoice_date as expected_invoice_date from (values
    ('r1', 'acme', 'V-77', date '2026-04-05', 'telco_outbound', 'usage', date '2026-03-05',
     date '2026-04-05', 'Outbound calls', 1000.1::decimal(38, 6), 1000.1::decimal(38, 6),
     1234.60::decimal(18, 4), 1234.5::decimal(18, 4), 0.1::decimal(18, 4), 'price_differs'),
    ('r2', 'acme', null, date '2026-04-05', 'cx3', 'usage', date '2026-03-05',
     date '2026-04-05', 'CX 3', null, 7, null, 0, 0, 'not_invoiced'),
    ('r3', 'acme', 'V-78', date '2026-04-07', 'telco_outbound', 'usage', date '2026-03-05',
     date '2026-04-05', 'Outbound calls', 1, 1, 1, 1, 0, 'matched'),
    ('r4', 'acme', 'V-78', date '2026-04-07', 'cx3', 'prepay', date '2026-04-05',
     date '2026-05-05', 'CX 3', 7, 7, 0, 0, 0, 'matched'),
    ('r5', 'kaze', null, date '2026-04-10', 'phone', 'one_time', date '2026-03-20',
     date '2026-03-21', 'Phone', null, 1, null, 15000, -15000, 'no_vendor_invoice')
) t(reconciliation_id, org_id, invoice_number, invoice_date, product_code, charge_type,
    service_period_start, service_period_end, description, invoiced_quantity, expected_quantity,
    invoiced_amount, expected_amount, variance_amount, reason);
create table marts.telco_reconciliation as from (values
    ('acme', date '2026-03-05', 'outbound', 321, 1000.1::decimal(38, 6), 1234.50123::decimal(38, 6),
     1234.5::decimal(18, 4), 1000::decimal(18, 4), 234.6::decimal(18, 4), 1234.6::decimal(18, 4),
     0.1::decimal(18, 4), 'differs'),
    ('acme', date '2026-04-05', 'inbound', 654, 1, 1, 1, 1, 0, 1, 0, 'matches')
) t(org_id, cycle_start_date, service, calls_count, cdr_minutes, cdr_cost, rated_cost,
    invoiced_us_amount, invoiced_international_amount, invoiced_amount, variance_amount, status);
create table marts.short_call_surcharges as from (values
    ('acme', date '2026-03-05', 4000, 1000, 0.25::decimal(38, 6), 600, 0.01::decimal(18, 6),
     6::decimal(18, 4), 599, 'differs')
) t(org_id, cycle_start_date, completed_calls, short_calls, short_share, surcharge_quantity, rate,
    amount, invoiced_quantity, status);
create table marts.concurrency_peaks as from (values
    ('acme', date '2026-03-05', 'cx_all', 44, 41, 42, 40, 'sustained', 41,
     timestamp '2026-03-09 15:00:00', timestamp '2026-03-09 15:31:00.5'),
    ('acme', date '2026-03-05', 'cx3', 4, 3, 3, 3, 'sustained', 3, null, null),
    ('acme', date '2026-04-05', 'cx_all', 4, 3, 3, 3, 'accumulated', 3, null, null),
    ('kaze', date '2026-03-10', 'cx_all', 4, 4, 3, 5, 'sustained', 4, null, null)
) t(org_id, cycle_start_date, pool, highest_users, sustained_users, accumulated_users,
    accumulated_exact_users, peak_rule, billable_users, peak_started_at, peak_ended_at);
create table marts.concurrency_daily as from (values
    ('acme', date '2026-03-09', 'cx_all', 44, 12), ('acme', date '2026-04-05', 'cx_all', 39, 9),
    ('acme', date '2026-03-10', 'cx3', 4, 7)
) t(org_id, usage_date, pool, peak_users, minutes_at_peak);
create table marts.license_usage as from (values
    ('acme', date '2026-03-05', 'cx3', 'concurrent')
) t(org_id, cycle_start_date, product_code, license_model);
create table marts.user_hours_daily as from (values
    ('acme', date '2026-04-06', 3600), ('acme', date '2026-04-19', 86400)
) t(org_id, usage_date, logged_in_seconds);
create table marts.calls as from (values
    ('acme', timestamp '2026-04-07 10:00:00')
) t(org_id, started_at);
create table marts.conversations as from (values
    ('acme', timestamp '2026-04-05 10:00:00')
) t(org_id, last_interaction_at);
create table marts.resource_usage as from (values
    ('acme', date '2026-03-05', 7), ('acme', date '2026-04-05', 0)
) t(org_id, cycle_start_date, used_quantity);
create table marts.unbilled_usage as from (values
    ('acme', date '2026-03-05', 'cx3', 'within_commitment', 3::decimal(38, 6), 'user'),
    ('acme', date '2026-04-05', 'sms_messages', 'no_contract_item', 1200.5, 'message'),
    ('kaze', date '2026-03-10', 'phone', 'no_contract_item', 2, 'device')
) t(org_id, cycle_start_date, product_code, reason, quantity, unit_of_measure);
create table marts.load_audit as from (values ('acme'), ('kaze'), ('lost')) t(org_id);
create table marts.unmapped_names as
select 'system_presence' as column_name, 'NAPPING' as unmapped_name,
    'counted_as_logged_in' as effect;
create table marts.rejected_rows as
    select 'acme' as org_id, 'voice_usage' as dataset, 'acme/voice_usage/a.csv' as source_file,
        i as source_row, 'bad_duration' as reason,
        '{"sip_call_id":"c' || i || '","origin":null}' as raw_row
    from range(1, 12) t(i)
    union all
    from (values
        ('acme', 'contracts', 'acme/contracts/a.csv', 2, 'overlapping_contract',
         '{"contract_id":"c-2"}'),
        ('acme', 'contract_items', 'acme/contract_items/a.csv', 3, 'wrong_column_count',
         '{"contract_id":null,"raw_text":"c-1,cx3,' || repeat('9', 200) || '"}'),
        ('lost', 'contract_items', 'lost/contract_items/a.csv', 1, 'no_contract', null),
        ('lost', 'users', 'lost/users/a.csv', 1, 'no_contract', '{"user_id":"u1"}')
    );
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home with a published warehouse."""
    home = tmp_path_factory.mktemp("home")
    database = home / "builds" / "7.duckdb"
    database.parent.mkdir()
    with duckdb.connect(str(database)) as connection:
        connection.execute(MARTS)
    warehouse.publish(home, database)
    (home / "lake").mkdir()
    return home


def cx_billing(*arguments: object, code: int = 0) -> str:
    """Run a command that must end with `code`; what it printed."""
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def cells(output: str, starts_with: str) -> list[str]:
    """The cells of the first printed row that starts so."""
    (line, *_) = (line for line in output.splitlines() if line.strip().startswith(starts_with))
    return re.split(r"\s{2,}", line.strip())


# Help and arguments.


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_teaches_by_example(option):
    assert "cx-billing build --as-of 2026-05-05" in cx_billing(option)
    assert "cx-billing show invoice ORG_ID" in cx_billing("show", option)


def test_every_command_has_help_and_takes_a_home():
    for group, prefix in ((cli.main, ()), (cli.show, ("show",))):
        for name in group.commands:
            assert "--home DIR" in cx_billing(*prefix, name, "--help")


def test_version():
    assert "cx-billing, version" in cx_billing("--version")


def test_home_is_taken_before_and_after_the_command_and_from_the_environment(home, monkeypatch):
    expected = cx_billing("--home", home, "show", "invoices")
    assert cx_billing("show", "--home", home, "invoices") == expected
    assert cx_billing("show", "invoices", "--home", home) == expected
    monkeypatch.setenv("CX_BILLING_HOME", str(home))
    assert cx_billing("show", "invoices") == expected
    empty = home / "builds"
    assert str(empty) in cx_billing("--home", empty, "show", "invoices", code=2)


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("show", "invoice", "acme"), ("show", "invoice", "acme", "5 May"), ("land",)],
)
def test_wrong_arguments(arguments):
    assert "Usage:" in cx_billing(*arguments, code=2)


@pytest.mark.parametrize("day", ["2026-02-30", "5 May", "20260505", "2026-5-5"])
def test_a_day_that_is_none(home, day):
    said = cx_billing("--home", home, "show", "invoice", "acme", day, code=2)
    assert "no such day; use YYYY-MM-DD" in said


def test_the_help_of_land_lists_every_dataset():
    said = cx_billing("land", "--help")
    assert ".jsonl" in said
    for dataset in lake.datasets().values():
        assert re.search(rf"^  {dataset.name} .*{dataset.description[:8]}", said, re.MULTILINE)


def test_a_home_with_a_quote(tmp_path):
    said = cx_billing("--home", tmp_path / "it's", "build", code=2)
    assert "Choose another --home" in said


# What is not there.


def test_no_warehouse_yet(tmp_path):
    said = cx_billing("--home", tmp_path, "show", "invoices", code=2)
    assert "no published warehouse yet" in said
    assert "cx-billing land" in said


def test_nothing_landed_yet(tmp_path):
    assert "Nothing has been landed" in cx_billing("--home", tmp_path, "build", code=2)


def test_an_unknown_organization_names_the_closest(home):
    said = cx_billing("--home", home, "show", "invoice", "acne", "2026-04-05", code=2)
    assert "No organization 'acne'. The closest of 2: acme, kaze." in said


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


def test_an_invoice_without_lines_is_shown(home):
    said = cx_billing("--home", home, "show", "invoice", "acme", "2026-05-05")
    assert "Accruing" in said
    assert cells(said, "Total USD") == ["Total USD", "0.01"]


def test_invoices_have_one_row_each(home):
    said = cx_billing("--home", home, "show", "invoices")
    assert cells(said, "acme") == [
        *("acme", "2026-04-05", "final", "USD", "0.00", "1,234.50", "12.35", "1,246.85")
    ]
    assert cells(said, "kaze")[-1] == "16,500"
    assert "Devices" not in said, "no invoice has any"
    of_one = cx_billing("--home", home, "show", "invoices", "--org", "acme")
    assert "kaze" not in of_one
    assert cells(of_one, "2026-04-05")[1] == "final", "the title says whose"


def test_a_reconciliation_shows_lines_and_the_calls_of_the_cycle_that_ends(home):
    said = cx_billing("--home", home, "show", "reconciliation", "acme", "2026-04-05")
    assert "V-77" in said
    assert cells(said, "Outbound calls")[-4:] == ["1,234.60", "1,234.50", "0.10", "price_differs"]
    assert cells(said, "CX 3")[-1] == "not_invoiced"
    assert cells(said, "Total") == ["Total", "1,234.60", "1,234.50", "0.10"]
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


def test_a_peak_shows_all_readings_and_the_days_of_the_cycle(home):
    said = cx_billing("--home", home, "show", "peak", "acme", "2026-03-05")
    assert cells(said, "cx_all")[1:7] == ["44", "41", "42", "40", "sustained", "41"]
    assert "2026-03-09 15:31:00.500000" in said
    assert cells(said, "2026-03-09") == ["2026-03-09", "44", "12"]
    assert "39" not in said, "that day is of the next cycle"
    other = cx_billing("--home", home, "show", "peak", "acme", "2026-03-05", "--pool", "cx3")
    assert cells(other, "2026-03-10") == ["2026-03-10", "4", "7"]
    assert "are empty" not in said + other


def test_a_named_organization_is_not_billed_by_peak(home):
    said = cx_billing("--home", home, "show", "peak", "kaze", "2026-03-10")
    assert cells(said, "cx_all") == ["cx_all", *"4435", "not billed by peak (named)"]
    assert "Billable users" not in said


def test_an_accumulated_peak_explains_why_it_has_no_stretch(home):
    said = cx_billing("--home", home, "show", "peak", "acme", "2026-04-05")
    assert "so Peak from and Peak to are empty" in said


def test_rejected_rows_begin_with_the_terms_and_collapse_what_follows(home):
    said = cx_billing("--home", home, "show", "rejected")
    counted, shown = said.split("The first of each")
    rows = [line.split() for line in counted.splitlines() if line.startswith(("  acme", "  lost"))]
    assert rows == [
        ["acme", "contracts", "overlapping_contract", "1"],
        ["acme", "contract_items", "wrong_column_count", "1"],
        ["acme", "voice_usage", "bad_duration", "11"],
        ["lost", "2", "datasets", "no_contract", "2"],
    ]
    assert "overlapping_contract: c-2" in shown
    assert "c-1,cx3,999" in shown
    assert "9" * 120 not in shown
    assert shown.count("bad_duration") == rejected.SHOWN_EXAMPLES
    assert '{"sip_call_id": "c3"}' in shown
    assert "Row 1 is the first row after the header" in shown
    assert "docs/datasets.md" in shown
    assert "No row was rejected" in cx_billing("--home", home, "show", "rejected", "--org", "kaze")


def test_unbilled_usage_begins_with_what_lacks_a_price(home):
    said = cx_billing("--home", home, "show", "unbilled")
    assert cells(said, "acme") == [
        *("acme", "2026-04-05", "sms_messages", "no_contract_item", "1,200.5", "message")
    ]
    assert said.index("no_contract_item") < said.index("within_commitment")
    assert "phone" not in cx_billing("--home", home, "show", "unbilled", "--org", "acme")


def test_every_reason_of_unbilled_usage_is_explained():
    declared = (lake.PROJECT_DIR / "models/marts/quality/unbilled_usage.yml").read_text()
    (reasons,) = re.findall(r"values: \[(no_contract_item[^]]*)]", declared)
    assert set(unbilled.REASONS) == set(reasons.split(", "))


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
            pages.compose_unbilled(connection),
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


def test_progress_shortens_what_is_at_work_and_not_the_bar(monkeypatch):
    screen = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    monkeypatch.setattr(cli, "console", lambda stderr: screen)
    with cli.progress() as show:
        show(100, 269, "a_node_with_a_very_long_name__" * 4)
    (shown, *_) = [line for line in screen.file.getvalue().splitlines() if "100/269" in line]
    assert "━" * 10 in shown
    assert "a_node_with" in shown
    assert "…" in shown


@pytest.mark.parametrize(
    "page",
    [
        ("invoice", "acme", "2026-04-05"),
        ("invoices",),
        ("reconciliation", "acme", "2026-04-05"),
        ("peak", "acme", "2026-03-05"),
        ("telco",),
        ("rejected",),
        ("unbilled",),
    ],
    ids=lambda page: page[0],
)
def test_html_holds_what_the_terminal_shows_and_nothing_from_outside(home, tmp_path, page):
    file = tmp_path / "page.html"
    assert str(file) in cx_billing("--home", home, "show", *page, "--html", file)
    html = file.read_text()
    assert not re.search(r"(src|href|url)\s*[=(]|<script|<b>", html, re.IGNORECASE)
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


def test_html_breaks_no_number_and_no_date(home, tmp_path):
    file = tmp_path / "page.html"
    cx_billing("--home", home, "show", "invoices", "--html", file)
    html = file.read_text()
    assert '<td class="whole">2026-04-05</td>' in html
    assert '<td class="number">1,246.85</td>' in html
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


# Landing; how files are read is in test_landing.py.


@pytest.fixture
def inbox(tmp_path) -> Path:
    """An inbox with one good file and an empty dataset folder."""
    users = tmp_path / "inbox" / "acme" / "users" / "users.csv"
    users.parent.mkdir(parents=True)
    users.write_text("User Id,Email\nu1,u1@example.com\nu2,u2@example.com\n")
    (tmp_path / "inbox" / "acme" / "devices").mkdir()
    return tmp_path / "inbox"


def test_landing_counts_files_and_rows_and_warns_of_empty_folders(inbox, tmp_path):
    said = cx_billing("land", inbox, "--home", tmp_path / "home")
    assert "Files landed: 1 (2 rows)" in said
    assert "acme/devices: the folder is empty" in said
    again = cx_billing("land", inbox, "--home", tmp_path / "home")
    assert "Files landed: 0 (0 rows)" in again
    assert "there already: 1" in again


def test_a_refused_file_ends_with_2_and_the_rest_is_landed(inbox, tmp_path):
    (inbox / "acme" / "users" / "broken.csv").write_text("Name\nEve\n")
    said = cx_billing("land", inbox, "--home", tmp_path / "home", code=2)
    assert "Refused: acme/users/broken.csv" in said
    assert "Files landed: 1 (2 rows)" in said
    assert "refused: 1" in said


def test_an_inbox_that_is_not_there(tmp_path):
    said = cx_billing("land", tmp_path / "nowhere", "--home", tmp_path / "home", code=2)
    assert "nowhere" in said


def test_a_generated_inbox_can_be_landed_and_is_not_overwritten(tmp_path):
    out = tmp_path / "inbox"
    generate = ("generate", "--orgs", 1, "--days", 1, "--seed", 7, "--out", out)
    said = cx_billing("--home", tmp_path / "my home", *generate)
    assert f"cx-billing --home '{tmp_path}/my home' land {out}" in said
    assert "refused: 0" in cx_billing("--home", tmp_path / "home", "land", out)
    assert str(out) in cx_billing(*generate, code=2)


# What a build says; how it works is in test_warehouse.py.


def built(monkeypatch, **facts) -> list[tuple]:
    """Let a build end with these facts; how it was called."""
    calls = []
    result = {"database": None, "published": None, "nodes": 9, "skipped": 2, "seconds": 1.0}

    def build(*arguments, **options):
        calls.append(arguments)
        options["on_event"](warehouse.Step(1, 9, "a_node"))
        return warehouse.BuildResult(**result | facts)

    monkeypatch.setattr(warehouse, "build", build)
    return calls


def test_a_good_build_says_what_was_published(home, monkeypatch):
    calls = built(monkeypatch, published=home / warehouse.PUBLISHED)
    said = cx_billing("--home", home, "build", "--as-of", "2026-05-05")
    assert calls == [(home, date(2026, 5, 5), False)]
    assert "builds/7.duckdb" in said
    assert "Organizations: 2, invoices: 3, rejected rows: 15." in said
    assert f"cx-billing --home {home} show invoices" in said
    assert "latest usage" not in said, "the bill was asked for as seen that day"


def test_a_good_build_warns_of_where_money_could_be_missing(home, monkeypatch):
    built(monkeypatch, published=home / warehouse.PUBLISHED)
    monkeypatch.setattr(cli, "today", lambda: date(2026, 5, 13))
    warnings = [
        line.removeprefix("Warning: ")
        for line in cx_billing("--home", home, "build").splitlines()
        if line.startswith("Warning: ")
    ]
    assert warnings == [
        "without any invoice: lost",
        "used but without a price: 2 products (2 device, 1,200.5 message); "
        f"see cx-billing --home {home} show unbilled",
        "acme/contracts/a.csv row 2 was rejected: overlapping_contract: c-2",
        "acme/contract_items/a.csv row 3 was rejected: wrong_column_count",
        "lost/contract_items/a.csv row 1 was rejected: no_contract",
        "names that no seed maps: system_presence NAPPING (counted as logged in); "
        "see the mart unmapped_names",
        "the latest usage landed is 2026-04-07; the invoices after it rest on contracts alone; "
        "--as-of DATE bills as seen that day",
    ]
    monkeypatch.setattr(cli, "today", lambda: date(2026, 5, 12))
    assert "latest usage" not in cx_billing("--home", home, "build")


def test_an_interrupted_build_says_that_nothing_was_published(home, monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(warehouse, "build", interrupted)
    assert "Nothing was published." in cx_billing("--home", home, "build", code=1)


@pytest.mark.parametrize("arguments", [("build",), ("land", lake.PROJECT_DIR / "sample/inbox")])
def test_a_home_that_cannot_be_written_says_where_and_why(tmp_path, monkeypatch, arguments):
    (tmp_path / "home" / "lake").mkdir(parents=True)

    def denied(path, *_arguments, **_options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", denied)
    said = cx_billing("--home", tmp_path / "home", *arguments, code=2)
    assert f"{tmp_path / 'home'}: Permission denied. Mend that" in said
    assert "Errno" not in said


def test_a_reader_that_goes_away_hears_nothing(home):
    program = "import sys; from cx_billing.cli import main; sys.argv[0] = 'cx-billing'; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "--home", str(home), "show", "invoices"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == cli.SIGPIPE_EXIT
    process.stderr.close()


def test_a_failed_build_says_what_broke_and_ends_with_1(home, monkeypatch):
    failure = warehouse.Failure(
        name="lines_sum_to_invoices",
        file="tests/dbt/billing/lines_sum_to_invoices.sql",
        description="The lines of an invoice sum to its total.",
        message="Got 1 result",
        rows=({"invoice_id": "acme-1", "difference": Decimal("0.01")},),
    )
    built(monkeypatch, failures=(failure,))
    said = cx_billing("--home", home, "build", code=1)
    for words in (failure.name, failure.file, failure.description, "acme-1", "0.01"):
        assert words in said
    assert "1 failed, 2 skipped of 9. Nothing was published." in said


def test_a_second_build_ends_with_1(home):
    with warehouse.build_lock(home):
        said = cx_billing("--home", home, "build", code=1)
    assert "Another build" in said


@pytest.mark.parametrize("day", ["yesterday", "1026-05-05", "3026-05-05"])
def test_as_of_must_be_a_sensible_date(home, day):
    assert "--as-of" in cx_billing("--home", home, "build", "--as-of", day, code=2)


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
    assert peaks
    for org_id, cycle_start_date, pool, highest in peaks:
        said = cx_billing(
            *("--home", sample, "show", "peak", org_id, cycle_start_date, "--pool", pool)
        )
        assert cells(said, f"{pool} ")[1] == str(highest)


def test_telco_rejected_and_unbilled_rows_of_the_sample_are_shown(sample):
    assert "peak_disregarded" in cx_billing("--home", sample, "show", "unbilled")
    assert "outbound" in cx_billing("--home", sample, "show", "telco")
    assert "not_a_number" in cx_billing("--home", sample, "show", "rejected")
