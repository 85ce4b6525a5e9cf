"""The rules of the house, compared with dbt's manifest: one rule and one model, one failure.

Exceptions are listed here with their reason; an exception that is no longer needed fails too.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml

from cx_billing import builds, lake, warehouse

PROJECT = lake.PROJECT_DIR
SQL = {file.stem: file for file in sorted((PROJECT / "models").rglob("*.sql"))}
LAYER = {name: file.relative_to(PROJECT / "models").parts[0] for name, file in SQL.items()}

LAYERS = ("intermediate", "marts")
# The way of a row; conversations, resources, voice and numbers stand side by side.
MAIN_LINE = ["calendar", "presence", "licenses", "concurrency", "billing", "reconciliation"]

# The comparison of invoices stands behind the bill, so the longest path is longer than that to a
# line of the bill, which has a limit of its own.
DEEPEST = 37
DEEPEST_OF_THE_BILL = 16
# The marts that intermediate models read: where the mart is the quantity, not a view of it.
MARTS_READ_BY_INTERMEDIATE = {
    "billable_users": "who is billable, counted and compared with the vendor's report",
    "calls": "calls as they are rated, summed by service and checked",
    "concurrency_daily": "the peak of a day, compared with the vendor's report",
    "concurrency_peaks": "which peaks are billed, watched",
    "conversations": "conversations as they are billed, counted",
    "invoice_differences": "what is claimed and credited, followed as disputes",
    "load_audit": "which datasets have accepted rows",
    "rejected_rows": "rejected rows, searched for unknown names",
    "usage_summary": "usage as it is billed, compared with the vendor's report",
}

# The promise: the marts and their columns as published. Columns may be added, none may go.
MARTS = {
    "organizations": """
        org_id org_name billing_account_id region currency license_model billing_option
        effective_date ramp_end_date term_end_date is_parked parked_since parked_reason""",
    "build": "build_number as_of version rules_hash inputs_hash built_at ledger_head",
    "alerts": """
        alert_id org_id cycle_start_date alert product_code level figure limit_figure seen_at
        began_at counts_at message""",
    "billing_cycles": """
        billing_cycle_id org_id clock cycle_number cycle_start_at cycle_end_at cycle_start_date
        cycle_end_date phase is_last_ramp_cycle is_closed usage_through_at""",
    "conversations": """
        conversation_key org_id cycle_start_date platform integration_id customer_account_key
        interactions_count first_interaction_at last_interaction_at is_carried_over""",
    "concurrency_daily": "org_id usage_date pool peak_users minutes_at_peak cycle_start_date",
    "concurrency_peaks": """
        org_id cycle_start_date pool highest_users sustained_users accumulated_users
        accumulated_exact_users peak_rule billable_users peak_started_at peak_ended_at
        license_model is_billed_by_peak""",
    "peak_readings": """
        org_id cycle_start_date pool reading users_count is_contract_rule committed_quantity
        billable_quantity invoiced_quantity is_invoiced comparison overage_amount saved_price""",
    "peak_explanations": """
        org_id cycle_start_date pool reading users_count is_contract_rule stretches_count
        started_at ended_at last_ended_at counted_minutes users_on_count user_ids
        fewer_users_at_least fewer_users_at_most""",
    "peak_sensitivity": """
        org_id cycle_start_date pool reading minimum_minutes users_count is_contract_rule
        is_contract_minutes""",
    "concurrency_curve": """
        org_id cycle_start_date pool started_at ended_at users_count is_exact""",
    "billable_users": """
        org_id cycle_start_date user_id product_code first_billable_login_at logged_in_seconds""",
    "user_hours_daily": """
        org_id user_id usage_date logged_in_seconds logged_in_duration interacting_seconds""",
    "license_usage": """
        org_id cycle_start_date product_code license_model named_users peak_users logged_in_hours
        actual_quantity committed_quantity overage_quantity""",
    "resource_usage": """
        org_id cycle_start_date product_code used_quantity included_quantity overage_quantity""",
    "coverage": "org_id dataset basis covered_from covered_to source_files",
    "ai_token_usage": "org_id cycle_start_date product_code used_quantity tokens",
    "calls": """
        call_id org_id sip_call_id cycle_start_date started_at direction call_type service
        duration_seconds rated_seconds rate_per_minute reported_cost rated_cost currency is_short
        is_international""",
    "call_audit": """
        call_id finding org_id cycle_start_date other_cycle_start_date repeats_call_id sip_call_id
        started_at direction call_type service duration_seconds rated_seconds rate_per_minute
        reported_cost rated_cost amount claim_amount currency origin destination origin_key
        destination_key number_pair_key""",
    "short_call_surcharges": """
        org_id cycle_start_date completed_calls short_calls short_share surcharge_quantity rate
        amount invoiced_quantity status invoice_date""",
    "telco_reconciliation": """
        org_id cycle_start_date service calls_count cdr_minutes cdr_cost rated_cost
        invoiced_us_amount invoiced_international_amount invoiced_amount variance_amount status
        invoice_date""",
    "usage_summary": """
        org_id cycle_start_date product_code family committed_quantity actual_quantity
        overage_quantity prepay_rate overage_rate amount""",
    "invoices": """
        invoice_id org_id billing_account_id invoice_date due_date currency subtotal_amount
        tax_amount total_amount invoice_status sealed_at sealed_by""",
    "invoice_lines": """
        invoice_line_id invoice_id org_id invoice_date section product_code description
        charge_type service_period_start service_period_end quantity unit_of_measure unit_price
        amount currency is_waived waiver_reason invoice_status corrected_line_id
        corrected_invoice_date recomputed_quantity recomputed_amount""",
    "invoice_reconciliation": """
        reconciliation_id org_id invoice_number invoice_date product_code charge_type
        service_period_start service_period_end description invoiced_quantity expected_quantity
        invoiced_amount expected_amount variance_amount reason match_group printed_position""",
    "vendor_invoices": """
        org_id invoice_number invoice_date expected_invoice_ids currency printed_total lines_total
        expected_total variance_amount explained_amount unexplained_amount is_agreed
        other_numbers""",
    "disputes": """
        dispute_id org_id invoice_number claimed_amount recovered_amount open_amount
        refused_amount status""",
    "invoice_calendar": """
        invoice_id org_id expected_date status currency expected_total vendor_invoice_numbers
        days_overdue""",
    "vendor_invoice_lines": """
        org_id invoice_number line_number is_printed section product_code description
        service_period_start service_period_end printed_quantity printed_price printed_amount
        group_id lines_in_group expected_quantity expected_price expected_amount variance_amount
        reasons""",
    "invoice_differences": """
        difference_id org_id invoice_number reason product_code amount claim_amount explanation
        evidence caused_by group_id""",
    "inventory_audit": """
        inventory_finding_id org_id cycle_start_date product_code number_type finding
        billed_quantity held_quantity billed_amount expected_amount amount currency phone_number
        number_key purchased_date""",
    "invoice_line_evidence": """
        evidence_id invoice_line_id org_id kind evidence_key quantity amount started_at
        ended_at""",
    "invoice_line_evidence_listed": """
        invoice_line_id org_id kind evidence_key quantity amount started_at ended_at""",
    "report_reconciliation": """
        report_line_id org_id report usage_date cycle_start_date subject reported_quantity
        expected_quantity variance_quantity reason missing_datasets""",
    "unbilled_usage": """
        org_id cycle_start_date product_code reason quantity unit_of_measure""",
    "rejected_rows": """
        rejected_row_id org_id dataset source_file source_row reason column_name value expected
        is_retired raw_row""",
    "unmapped_names": """
        org_id dataset column_name unmapped_name rows_count first_source_file effect mapped_in""",
    "missing_data": "org_id finding dataset is_bill_affected items_count first_at last_at note",
    "load_audit": """
        file_id org_id dataset source_file sha256 landed_at rows_in_file rows_accepted
        rows_duplicate rows_rejected withdrawn_at missing_parts later_invoices
        replaced_invoices""",
}

READS_THE_LAKE = {
    "int_rejected_rows_raw": "only rejected rows are turned into JSON, so it reads them again",
}
READS_STAGING = {
    "load_audit": "it is about the landed files themselves",
    "invoice_calendar": "a line that was rejected is in no model of the bill, and says what came",
}
TOO_LARGE_FOR_A_PRIMARY_KEY = {
    "calls": "the index of millions of keys costs more memory than the build",
    "call_audit": "the same: a vendor can price every call wrong",
    "conversations": "the same",
    "invoice_line_evidence_listed": "its keys are long, so that the index is larger than the rows",
}
# A view has no constraint; of what it is made of each part has a key of its own.
VIEWS = {
    "invoice_line_evidence": "calls and conversations are not copied; a row is of one line each",
}
MOST_PARENTS = 7
HAS_MANY_PARENTS = {
    "int_landed_rows": "the union of all datasets",
    "int_rows_timed": "the union of all datasets",
    "int_coverage": "the union of all datasets",
    "int_rejected_rows_raw": "the union of all datasets",
    "int_retired_rows": "the union of all datasets, with the files that were withdrawn",
    "int_usage_by_cycle": "the union of all areas that measure, with the terms of the contract",
    "int_unmapped_names": "the union of all names, each with the seed that maps it",
    "int_usage_evidence": "the union of all areas that measure",
    "invoice_line_evidence_listed": "the union of all that a line can rest on",
    "int_peaks_forming": "who is on, what is paid for and how far data reach, each from its model",
    "unbilled_usage": "the union of all reasons, each from where the usage is measured",
    "inventory_audit": "both sides, each from where it is counted",
    "int_line_names": "the names of products, from the catalogue, contracts and orders",
    "int_other_quantities": "the union of all other readings of a quantity",
    "int_report_figures": "the union of all reports",
    "int_report_gaps": "the datasets that figures of reports rest on",
    "int_report_expectations": "the union of all reports, each from where its figures are measured",
}
NEEDS_NO_UNIT_TEST: dict[str, str] = {}
DECIDES = re.compile(r"\bcase\b|\bover\s*\(|\bover\s+[a-z_]+\b", re.IGNORECASE)
SUFFIXES = {
    "_at": {"timestamp"},
    "_date": {"date"},
    "_amount": {"decimal"},
    "_quantity": {"decimal", "bigint", "integer"},
    "_count": {"bigint", "integer"},
    "_rate": {"decimal"},
    "_price": {"decimal"},
}
FLOATING = re.compile(r"\b(float|float4|float8|double|double precision|real)\b", re.IGNORECASE)
COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*|/\*.*?\*/", re.DOTALL)
OF_A_MACHINE = re.compile(r"(?<![\w.:/~-])/(root|work|home|tmp|Users|mnt|opt)/[\w.-]")


def models(*layers: str, but: dict[str, str] | None = None) -> pytest.MarkDecorator:
    """Run a test once per model of the layers (all without one), exceptions aside."""
    names = [
        name for name in SQL if (not layers or LAYER[name] in layers) and name not in (but or {})
    ]
    return pytest.mark.parametrize("name", names)


def node_of(manifest: dict, name: str) -> dict:
    """The node of a model."""
    return manifest["nodes"][f"model.cx_billing.{name}"]


def parents_of(manifest: dict, name: str) -> dict[str, str]:
    """The kind (`source`, `seed`, `model`) and layer of every parent, by name."""
    parents = {}
    for key in node_of(manifest, name)["depends_on"]["nodes"]:
        kind, _, *path = key.split(".")
        parents[path[-1]] = LAYER[path[-1]] if kind == "model" else kind
    return parents


def generic_tests_of(manifest: dict, name: str, *kinds: str) -> list[dict]:
    """The generic tests of a model of the given kinds."""
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("attached_node") == f"model.cx_billing.{name}"
        and node.get("test_metadata", {}).get("name") in kinds
    ]


def without_comments(sql: str) -> str:
    """SQL text without Jinja and SQL comments."""
    return COMMENT.sub(" ", sql)


def tracked_files() -> list[Path]:
    """Every text file of the repository, new ones included."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [PROJECT / name for name in listed if (PROJECT / name).is_file()]


# Layers.


@models("intermediate", "marts", but=READS_THE_LAKE)
def test_only_staging_reads_sources(name, manifest):
    sources = [parent for parent, layer in parents_of(manifest, name).items() if layer == "source"]
    assert not sources, f"{name} reads the lake itself ({sources}); read its staging model."


@models("staging")
def test_staging_reads_sources_seeds_and_the_product_names_only(name, manifest):
    # The names of an organization's own products come from a dataset, which needs the shipped ones.
    names = {
        "stg_product_catalogue": {"shipped_product_names"},
        "product_names": {"shipped_product_names", "stg_product_catalogue"},
    }
    wrong = {
        parent: layer
        for parent, layer in parents_of(manifest, name).items()
        if layer not in ("source", "seed") and parent not in names.get(name, {"product_names"})
    }
    assert not wrong, f"{name} reads {wrong}; staging types one dataset and joins nothing else."


@models("marts", but=READS_STAGING)
def test_marts_never_read_staging(name, manifest):
    staging = [parent for parent, layer in parents_of(manifest, name).items() if layer == "staging"]
    assert not staging, f"{name} reads {staging}; a mart reads intermediate models and seeds."


@models("intermediate")
def test_intermediate_models_are_private_or_protected(name, manifest):
    assert node_of(manifest, name)["access"] in ("private", "protected")


@models("marts")
def test_marts_are_public(name, manifest):
    assert node_of(manifest, name)["access"] == "public"


@models(but=HAS_MANY_PARENTS)
def test_models_have_few_parents(name, manifest):
    parents = parents_of(manifest, name)
    assert len(parents) <= MOST_PARENTS, f"{name} reads {len(parents)} relations: {list(parents)}."


def area_of(name: str) -> str:
    """The area of an intermediate model or mart; the layer of the others."""
    layer, *area, _ = SQL[name].relative_to(PROJECT / "models").parts
    return area[0] if area else layer


def test_areas_depend_on_each_other_in_one_direction(manifest):
    graph: dict[str, set[str]] = {}
    for name, layer in LAYER.items():
        if layer != "staging":
            parents = (p for p, kind in parents_of(manifest, name).items() if kind in LAYERS)
            graph.setdefault(area_of(name), set()).update(map(area_of, parents))
            graph[area_of(name)] -= {area_of(name), "staging"}
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError, which names it
    assert "quality" not in set().union(*graph.values()), "quality reads all, nothing reads it"
    assert [area for area in order if area in MAIN_LINE] == MAIN_LINE


def test_no_model_is_deeper_than_allowed(manifest):
    graph = {
        name: {
            parent
            for parent, kind in parents_of(manifest, name).items()
            if kind not in ("source", "seed")
        }
        for name in SQL
    }
    depth: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        depth[name] = 1 + max((depth[parent] for parent in graph[name]), default=0)
    too_deep = {name: steps for name, steps in depth.items() if steps > DEEPEST}
    assert not too_deep, f"More than {DEEPEST} models in a row: {too_deep}"
    of_the_bill = depth["int_invoice_lines"]
    assert of_the_bill <= DEEPEST_OF_THE_BILL, f"A line of the bill is {of_the_bill} models deep."


def test_intermediate_models_read_only_the_listed_marts(manifest):
    read = {
        parent
        for name, layer in LAYER.items()
        if layer == "intermediate"
        for parent, kind in parents_of(manifest, name).items()
        if kind == "marts"
    }
    assert read == set(MARTS_READ_BY_INTERMEDIATE)


def test_the_datasets_of_the_macro_are_the_declared_ones():
    macro = (PROJECT / "macros" / "datasets.sql").read_text()
    assert re.findall(r"^ +'(\w+)':", macro, re.MULTILINE) == list(lake.datasets())


@pytest.mark.parametrize("dataset", lake.datasets())
def test_staging_settles_the_declared_natural_key(dataset, manifest):
    # dbt's unit tests do not know the declaration, so the model says its key and is held to it.
    source = manifest["sources"][f"source.cx_billing.lake.{dataset}"]
    declared = [
        source["columns"][column]["meta"].get("staged_as", column)
        for column in source["meta"]["natural_key"]
    ]
    sql = SQL[f"stg_{dataset}"].read_text()
    [settled] = re.findall(r"row_status(?:_by_file)?\(\s*\[(.*?)\]", sql, re.DOTALL)
    assert re.findall(r"'(\w+)'", settled) == declared


@pytest.mark.parametrize("dataset", lake.datasets())
def test_staging_lets_a_row_or_a_file_supersede_as_declared(dataset, manifest):
    source = manifest["sources"][f"source.cx_billing.lake.{dataset}"]
    by_file = source["meta"].get("replaced_by_file", False)
    settled = re.findall(r"\b(row_status\w*)\(", SQL[f"stg_{dataset}"].read_text())
    assert settled == ["row_status_by_file" if by_file else "row_status"]


# Documentation and contracts.


@models()
def test_every_model_has_its_yaml_beside_it(name, manifest):
    file = SQL[name].with_suffix(".yml")
    assert file.exists(), f"{name} has no {file.name} beside it."
    described = [model["name"] for model in yaml.safe_load(file.read_text())["models"]]
    assert described == [name], f"{file.name} describes {described}."
    assert node_of(manifest, name)["description"].strip(), f"{file.name} has no description."


@models("marts")
def test_descriptions_of_marts_say_the_grain(name, manifest):
    assert "One row per" in node_of(manifest, name)["description"], f"One row of {name} is what?"


@models("marts", but=TOO_LARGE_FOR_A_PRIMARY_KEY | VIEWS)
def test_marts_have_a_primary_key(name, manifest):
    kinds = [constraint["type"] for constraint in node_of(manifest, name)["constraints"]]
    assert "primary_key" in kinds, f"{name} declares no primary key."


@pytest.mark.parametrize("name", TOO_LARGE_FOR_A_PRIMARY_KEY)
def test_large_marts_have_a_uniqueness_test(name, manifest):
    assert generic_tests_of(manifest, name, "unique", "unique_combination_of_columns")


@models("marts")
def test_marts_have_an_enforced_contract_and_typed_columns(name, manifest):
    node = node_of(manifest, name)
    assert node["config"]["contract"]["enforced"]
    untyped = [column for column, told in node["columns"].items() if not told["data_type"]]
    assert not untyped, f"{name} has columns without a data_type: {untyped}"


@models("marts")
def test_columns_of_marts_are_described(name, manifest):
    columns = node_of(manifest, name)["columns"]
    silent = [column for column, told in columns.items() if not told["description"].strip()]
    assert not silent, f"{name} has columns without a description: {silent}"


def test_columns_of_intermediate_models_that_several_read_are_described(manifest, sample_warehouse):
    readers = Counter(
        parent
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for parent in set(node["depends_on"]["nodes"])
    )
    newest = (sample_warehouse / builds.PUBLISHED).resolve()
    with builds.connect_with_private(newest) as connection:
        built = connection.sql(
            """
            select table_name, column_name from duckdb_columns()
            where schema_name = 'intermediate'
            order by table_name, column_index
            """
        ).fetchall()
    silent = [
        f"{name}.{column}"
        for name, column in built
        if readers[f"model.cx_billing.{name}"] > 1
        and not node_of(manifest, name)["columns"].get(column, {}).get("description")
    ]
    assert built and not silent, f"several models read these: {silent}"


@models("marts")
def test_names_and_types_of_columns_agree(name, manifest):
    wrong = []
    for column, told in node_of(manifest, name)["columns"].items():
        data_type = re.split(r"\W", told["data_type"].lower())[0]
        expected = next(
            (types for suffix, types in SUFFIXES.items() if f"_{column}".endswith(suffix)), None
        )
        if column.startswith("is_"):
            expected = {"boolean"}
        if expected and data_type not in expected:
            wrong.append(f"{column} is {data_type}, not {' or '.join(sorted(expected))}")
        if data_type == "boolean" and not column.startswith("is_"):
            wrong.append(f"{column} is a boolean without is_")
    assert not wrong, f"{name}: {'; '.join(wrong)}"


def test_every_promised_mart_is_there_and_no_mart_is_unlisted():
    assert {name for name, layer in LAYER.items() if layer == "marts"} == set(MARTS)


@pytest.mark.parametrize("name", MARTS)
def test_promised_columns_are_declared(name, manifest):
    missing = set(MARTS[name].split()) - set(node_of(manifest, name)["columns"])
    assert not missing, f"{name} lacks columns that people rely on: {sorted(missing)}"


# Exact numbers.


@models("marts")
def test_no_mart_declares_a_floating_point_column(name, manifest):
    floating = {
        column: told["data_type"]
        for column, told in node_of(manifest, name)["columns"].items()
        if FLOATING.search(told["data_type"])
    }
    assert not floating, f"{name}: {floating}; quantities and money are decimals."


@models()
def test_no_model_casts_to_floating_point(name):
    found = FLOATING.findall(without_comments(SQL[name].read_text()))
    assert not found, f"{name} names {found}; quantities and money are decimals."


@pytest.mark.parametrize("file", sorted((PROJECT / "macros").glob("*.sql")), ids=lambda f: f.stem)
def test_no_macro_casts_to_floating_point(file):
    assert not FLOATING.findall(without_comments(file.read_text()))


def test_no_seed_declares_a_floating_point_column(manifest):
    floating = {
        f"{node['name']}.{column}": data_type
        for node in manifest["nodes"].values()
        if node["resource_type"] == "seed"
        for column, data_type in (node["config"]["column_types"] or {}).items()
        if FLOATING.search(data_type)
    }
    assert not floating


def test_nothing_that_was_built_is_floating_point(sample_warehouse):
    newest = (sample_warehouse / builds.PUBLISHED).resolve()
    with builds.connect_with_private(newest) as connection:
        floating = connection.sql(
            """
            select table_schema || '.' || table_name || '.' || column_name
            from information_schema.columns
            where regexp_matches(data_type, 'DOUBLE|FLOAT|REAL')
            order by all
            """
        ).fetchall()
    assert not floating, [column for (column,) in floating]


@pytest.mark.parametrize("name", MARTS)
def test_promised_columns_are_published(name, sample_warehouse):
    with warehouse.connect(sample_warehouse) as connection:
        published = set(connection.sql(f"from marts.{name}").columns)
    assert set(MARTS[name].split()) <= published


# Tests.


@models(but=NEEDS_NO_UNIT_TEST)
def test_models_that_decide_have_a_unit_test(name, manifest):
    if not DECIDES.search(without_comments(SQL[name].read_text())):
        return
    tested = {node["model"] for node in manifest["unit_tests"].values() if node["package_name"]}
    assert name in tested, f"{name} has a case or a window and no unit test."


def test_data_tests_of_their_own_say_what_they_claim(manifest):
    silent = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and not node.get("test_metadata")
        and not (node["description"].strip() and node["name"].startswith("assert_"))
    ]
    assert not silent, f"Without a description in tests/dbt/_data_tests.yml: {silent}"


@pytest.mark.parametrize(
    "name",
    [
        *READS_THE_LAKE,
        *READS_STAGING,
        *TOO_LARGE_FOR_A_PRIMARY_KEY,
        *VIEWS,
        *HAS_MANY_PARENTS,
        *NEEDS_NO_UNIT_TEST,
    ],
)
def test_exceptions_are_still_models(name):
    assert name in SQL, f"{name} is excepted from a rule, but is no model any more."


@pytest.mark.parametrize("name", HAS_MANY_PARENTS)
def test_exceptions_still_have_many_parents(name, manifest):
    assert len(parents_of(manifest, name)) > MOST_PARENTS, f"{name} needs no exception any more."


# The repository.


def test_dbt_finds_the_one_profile_with_and_without_profiles_dir():
    assert (PROJECT / "profiles" / "profiles.yml").resolve() == PROJECT / "profiles.yml"


def test_the_lock_file_names_no_host():
    lines = (PROJECT / "requirements.lock").read_text().splitlines()
    assert not [line for line in lines if "http" in line or "--index" in line]


def test_no_file_names_a_place_on_one_machine():
    found = [
        f"{file.relative_to(PROJECT)}:{number}: {line.strip()[:80]}"
        for file in tracked_files()
        if file.relative_to(PROJECT).parts[:2] != ("tests", "python")
        for number, line in enumerate(file.read_text(errors="ignore").splitlines(), start=1)
        if OF_A_MACHINE.search(line)
    ]
    assert not found, "\n".join(found)
