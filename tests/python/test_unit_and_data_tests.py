"""dbt's own tests: every unit test by name, and the data tests on the built sample."""

from __future__ import annotations

import re
import shutil
from functools import partial

import duckdb
import pytest
import yaml

from cx_billing import builds, dbt_runs, failures, lake

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
UNIT_TESTS = sorted(
    unit_test["name"]
    for file in (lake.PROJECT_DIR / "tests" / "unit").rglob("*.yml")
    for unit_test in yaml.safe_load(file.read_text())["unit_tests"]
)


# For every data test of its own a damage it must notice: a table, and what becomes of its rows.
DAMAGE = {
    "assert_one_row_of_a_natural_key_is_accepted": (
        "private.staging.stg_users",
        "select * from private.staging.stg_users union all select *",
    ),
    "assert_no_spelling_means_two_things": (
        "reference.messaging_platform_names",
        "select * replace ('Line' as name)",
    ),
    "assert_every_product_goes_by_its_older_names": (
        "private.staging.product_names",
        "select * replace ('cx1' as product_code)",
    ),
    "assert_cycles_follow_each_other_without_gap_or_overlap": (
        "private.intermediate.int_cycles",
        "select * replace (cycle_end_at + interval 1 microsecond as cycle_end_at)",
    ),
    "assert_every_core_cycle_has_its_voice_cycle": (
        "marts.billing_cycles",
        "select * replace (if(clock = 'voice', cycle_end_date + 1, cycle_end_date)"
        " as cycle_end_date)",
    ),
    "assert_cx_licenses_are_counted_by_one_model": (
        "marts.license_usage",
        "select * replace ('other' as license_model) from marts.license_usage union all select *",
    ),
    "assert_interacting_hours_are_those_of_the_days": (
        "marts.user_hours_daily",
        "select * replace (interacting_seconds + 1 as interacting_seconds)",
    ),
    "assert_every_interacting_hour_is_billable_or_not_logged_in": (
        "marts.unbilled_usage",
        "select * replace ('not_logged_in' as reason)",
    ),
    "assert_call_increments_are_tenths_of_a_minute": (
        "reference.billing_policies",
        "select * replace (7 as call_increment_seconds)",
    ),
    "assert_every_logged_in_user_is_billable_or_without_license": (
        "marts.unbilled_usage",
        "select * replace (quantity + 1 as quantity)",
    ),
    "assert_a_user_has_one_base_license_per_cycle": (
        "marts.billable_users",
        "select * replace ('cx3' as product_code)",
    ),
    "assert_evidence_sums_to_its_line": (
        "marts.invoice_line_evidence_listed",
        "select * replace (if(kind = 'number', amount + 0.01, amount) as amount)",
    ),
    "assert_daily_hours_sum_to_the_hours_of_the_cycle": (
        "marts.user_hours_daily",
        "select * replace (logged_in_seconds + 0.000001 as logged_in_seconds)",
    ),
    "assert_a_cycle_peaks_where_its_days_do": (
        "marts.concurrency_daily",
        "select * replace (peak_users - 1 as peak_users)",
    ),
    "assert_sustained_peaks_never_exceed_the_highest": (
        "marts.concurrency_peaks",
        "select * replace (highest_users + 1 as sustained_users)",
    ),
    "assert_a_billed_peak_shows_a_stretch_that_supports_it": (
        "marts.concurrency_peaks",
        "select * replace (peak_ended_at + interval 1 microsecond as peak_ended_at)",
    ),
    "assert_every_interaction_in_contract_is_counted": (
        "private.intermediate.int_interactions_by_cycle",
        "select * replace (cycle_start_at - interval 9 hour as cycle_start_at)",
    ),
    "assert_every_counted_interaction_is_in_a_conversation_or_unbilled": (
        "marts.conversations",
        "select * replace (interactions_count - 1 as interactions_count)",
    ),
    "assert_conversations_lie_between_accounts_and_interactions": (
        "marts.conversations",
        "select * replace ('other' as platform)",
    ),
    "assert_every_resource_day_in_contract_is_counted": (
        "marts.resource_usage",
        "select * replace (used_quantity + 0.01 as used_quantity)",
    ),
    "assert_every_call_in_contract_is_in_the_calls": (
        "marts.calls",
        "select * replace (reported_cost + 0.0000000001 as reported_cost)",
    ),
    "assert_telco_lines_are_the_sum_of_the_call_costs": (
        "private.intermediate.int_invoice_lines",
        "select * replace (amount + 0.01 as amount)",
    ),
    "assert_invoices_are_the_sum_of_their_lines": (
        "marts.invoice_lines",
        "select * replace (amount + 0.01 as amount)",
    ),
    "assert_an_invoice_has_one_currency": (
        "marts.invoice_lines",
        "select * replace (if(product_code = 'cx2', 'XXX', currency) as currency)",
    ),
    "assert_amounts_are_quantity_times_price_rounded_half_up": (
        "marts.invoice_lines",
        "select * replace (amount + 0.0001 as amount)",
    ),
    "assert_every_line_is_of_a_known_product_with_unit_and_section": (
        "marts.invoice_lines",
        "select * replace (product_code || '?' as product_code)",
    ),
    "assert_prepay_is_charged_only_in_the_term": (
        "private.intermediate.int_contracts",
        "select * replace (term_start_date + 1 as term_start_date)",
    ),
    "assert_prepay_is_exactly_the_commitment": (
        "private.intermediate.int_invoice_charges",
        "select * replace (quantity + 1 as quantity)",
    ),
    "assert_everything_measured_is_billed_or_shown_as_unbilled": (
        "marts.unbilled_usage",
        "select * replace (quantity + 0.000001 as quantity)",
    ),
    "assert_every_conversation_is_metered_or_paid_by_token": (
        "private.intermediate.int_usage_by_cycle",
        "select * replace (measured_quantity + 1 as measured_quantity)",
    ),
    "assert_every_vendor_line_is_compared_once": (
        "marts.invoice_reconciliation",
        "select * replace (invoiced_amount + 0.01 as invoiced_amount)",
    ),
    "assert_every_expected_cent_is_compared": (
        "marts.invoice_reconciliation",
        "select * replace (expected_amount + 0.01 as expected_amount)",
    ),
    "assert_printed_lines_sum_to_the_printed_total": (
        "marts.vendor_invoices",
        "select * replace (printed_total + 0.01 as printed_total)",
    ),
    "assert_differences_sum_to_the_variance": (
        "marts.vendor_invoices",
        "select * replace (variance_amount + 0.01 as variance_amount)",
    ),
    "assert_every_printed_line_is_shown_once": (
        "marts.vendor_invoice_lines",
        "select * replace (line_number + 1 as line_number)",
    ),
    "assert_the_load_audit_adds_up": (
        "marts.load_audit",
        "select * replace (rows_rejected + 1 as rows_rejected)",
    ),
}
# The questions in analyses/ and how many rows answer them on the sample.
ANSWERS = {
    "why_is_this_line_on_my_invoice": 1,
    "which_users_made_the_peak": 13,
    "which_calls_lie_near_a_boundary": 1,
    "what_changed_between_two_builds": 0,
}


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict:
    """dbt's result of every unit test by name; all run at once, next to empty parents."""
    home = tmp_path_factory.mktemp("unit_tests")
    database = home / "empty.duckdb"
    resources = ("--resource-type", "seed", "--resource-type", "model")
    parents = dbt_runs.run(["build", "--empty", *resources], home, database)
    assert parents.success, failures.list_failures(dbt_runs.read_outcome(parents), database)
    outcome = dbt_runs.run(["test", "--select", "test_type:unit"], home, database)
    return {result.node.name: result for result in dbt_runs.read_outcome(outcome).results}


@pytest.mark.parametrize("name", UNIT_TESTS)
def test_unit(name, results):
    assert name in results, f"dbt did not run {name}."
    result = results[name]
    if result.status != "pass":
        file = result.node.original_file_path
        pytest.fail(f"{name} ({file})\n{COLOURS.sub('', result.message or '')}", pytrace=False)


def test_dbt_ran_no_unit_test_twice_or_under_another_name(results):
    assert sorted(results) == UNIT_TESTS


def test_the_sample_passes_every_data_test(sample_warehouse):
    assert (sample_warehouse / builds.PUBLISHED).exists()


def test_a_build_asks_what_dbt_would_ask(sample_warehouse, tmp_path):
    """Rendered at once or compiled one by one, a data test is the same query."""
    dbt = partial(dbt_runs.run, home=tmp_path, database=tmp_path / "cx_billing.duckdb")
    compiled = dbt(["compile", "--select", "test_type:data"])
    asked = sample_warehouse / "target" / "compiled" / "data_tests"
    expected = {r.node.alias: r.node.compiled_code for r in dbt_runs.read_outcome(compiled).results}
    assert {file.stem: file.read_text().split() for file in asked.iterdir()} == {
        name: sql.split() for name, sql in expected.items()
    }


@pytest.fixture(scope="module")
def scratch(sample_warehouse, tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """A copy of the sample's warehouse to damage, under the names the compiled tests use."""
    build = (sample_warehouse / builds.PUBLISHED).resolve().parent
    copy = tmp_path_factory.mktemp("scratch")
    shutil.copytree(build, copy, dirs_exist_ok=True)
    with builds.connect_with_private(copy / builds.PUBLISHED, read_only=False) as connection:
        yield connection


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_warehouse_breaks_the_data_test(name, scratch, sample_warehouse):
    (compiled,) = (sample_warehouse / "target" / "compiled").rglob(f"{name}.sql")
    table, damage = DAMAGE[name]
    scratch.execute("begin")
    try:
        scratch.execute(f"create or replace table {table} as {damage} from {table}")
        assert scratch.execute(compiled.read_text()).fetchall(), f"{name} does not notice."
    finally:
        scratch.execute("rollback")
    assert not scratch.execute(compiled.read_text()).fetchall()


def test_every_data_test_of_its_own_is_tried():
    assert {file.stem for file in (lake.PROJECT_DIR / "tests/dbt").rglob("assert_*.sql")} == set(
        DAMAGE
    )


@pytest.mark.parametrize("question", ANSWERS)
def test_questions_worth_keeping_have_answers(question, sample_warehouse, monkeypatch):
    monkeypatch.chdir(sample_warehouse)
    query = (lake.PROJECT_DIR / "analyses" / f"{question}.sql").read_text()
    newest = (sample_warehouse / builds.PUBLISHED).resolve()
    with builds.connect_with_private(newest) as connection:
        assert len(connection.execute(query).fetchall()) == ANSWERS[question]


def test_every_question_is_tried():
    questions = (lake.PROJECT_DIR / "analyses").glob("*.sql")
    assert {file.stem for file in questions} == set(ANSWERS)
