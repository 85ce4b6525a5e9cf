"""What dbt offers its readers and operators: documentation, exposures, selectors, freshness."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from cx_billing import builds, dbt_runs, lake

PROJECT = lake.PROJECT_DIR
PAGES = PROJECT / "src" / "cx_billing" / "pages"
SELECTORS = yaml.safe_load((PROJECT / "selectors.yml").read_text())["selectors"]
EXPOSURES = yaml.safe_load((PROJECT / "models" / "exposures.yml").read_text())["exposures"]
OF_PAGES = [exposure for exposure in EXPOSURES if exposure["name"].startswith("show_")]
SHARED = {"currencies"}  # every page formats amounts by it


def read_by(page: str) -> set[str]:
    """The marts and seeds that a page's queries read."""
    module = (PAGES / f"{page}.py").read_text()
    queries = set(re.findall(r'read\(\s*connection, "(\w+)"', module))
    if "find_organization" in module:
        queries |= {"organizations", "landed_files"}
    if "count_rejected" in module:
        queries |= {"rejected_numbers"}
    if "read_names" in module:
        queries |= {"products", "product_prefixes", "difference_reasons"}
    text = " ".join((PAGES / "queries" / f"{query}.sql").read_text() for query in queries)
    return set(re.findall(r"\b(?:marts|reference)\.(\w+)", text))


@pytest.mark.parametrize("exposure", OF_PAGES, ids=lambda exposure: exposure["name"])
def test_the_exposure_of_a_page_names_what_its_queries_read(exposure):
    declared = {re.fullmatch(r"ref\('(\w+)'\)", parent)[1] for parent in exposure["depends_on"]}
    assert declared == read_by(exposure["name"].removeprefix("show_")) - SHARED


def test_every_page_with_a_query_has_an_exposure():
    pages = {file.stem for file in PAGES.glob("*.py") if read_by(file.stem)}
    pages -= {"reading", "site", "vendor_files", "words"}  # they find what other pages show
    assert {f"show_{page}" for page in pages} == {exposure["name"] for exposure in OF_PAGES}


def test_every_mart_is_read_by_an_exposure(manifest):
    exposed = {
        parent
        for exposure in manifest["exposures"].values()
        for parent in exposure["depends_on"]["nodes"]
    }
    marts = {key for key, node in manifest["nodes"].items() if node["schema"] == "marts"}
    assert marts and marts <= exposed


@pytest.fixture(scope="module")
def parsed(tmp_path_factory) -> Path:
    """A home in which dbt has parsed the project, so that what follows is quick."""
    home = tmp_path_factory.mktemp("selected")
    assert dbt_runs.run(["parse"], home, home / "parsed.duckdb").success
    return home


@pytest.mark.parametrize("selector", SELECTORS, ids=lambda selector: selector["name"])
def test_a_selector_is_described_and_selects(selector, parsed):
    assert selector["description"].endswith(".")
    listed = ["ls", "--selector", selector["name"], "--output", "path"]
    outcome = dbt_runs.run(listed, parsed, parsed / "parsed.duckdb")
    assert outcome.success, outcome.exception
    assert any(line.startswith(("models", "seeds", "tests")) for line in outcome.result)


def test_every_area_has_a_selector():
    areas = {folder.name for folder in (PROJECT / "models").glob("*/*") if folder.is_dir()}
    assert areas <= {selector["name"] for selector in SELECTORS}


def test_every_docs_block_is_used():
    blocks = re.findall(r"{% docs (\w+) %}", (PROJECT / "models" / "docs.md").read_text())
    described = " ".join(file.read_text() for file in (PROJECT / "models").rglob("*.yml"))
    unused = [block for block in blocks if f"doc('{block}')" not in described]
    assert unused == ["__overview__"]


def test_the_start_page_and_repeated_columns_are_documented(manifest):
    overview = manifest["docs"]["doc.cx_billing.__overview__"]["block_contents"]
    assert "CX billing warehouse" in overview
    columns = manifest["nodes"]["model.cx_billing.invoices"]["columns"]
    assert columns["org_id"]["description"].startswith("Organization")


def test_documentation_is_generated_with_the_columns_as_built(sample_warehouse, tmp_path):
    database = copy_newest_build(sample_warehouse, tmp_path)
    outcome = dbt_runs.run(["docs", "generate", "--no-compile"], sample_warehouse, database)
    assert outcome.success, outcome.exception
    target = sample_warehouse / "target"
    catalog = json.loads((target / "catalog.json").read_text())
    assert "total_amount" in catalog["nodes"]["model.cx_billing.invoices"]["columns"]
    assert (target / "index.html").exists()


def test_freshness_of_the_lake_is_asked_of_what_was_landed(sample_warehouse, tmp_path):
    outcome = dbt_runs.run(
        ["source", "freshness", "--output", str(tmp_path / "sources.json")],
        sample_warehouse,
        tmp_path / "cx_billing.duckdb",
    )
    assert outcome.success, outcome.exception
    found = {result.node.name: result.status for result in outcome.result.results}
    assert "user_presence" in found and "contracts" not in found
    assert set(found.values()) == {"pass"}


def land_days_ago(home: Path, dataset: str, days: int) -> None:
    """A file of a dataset that was landed so many days ago."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(
            f"copy (select 'acme' as org_id, now()::timestamp - interval {days} day as landed_at) "
            f"to '{lake.ensure(home)}/{dataset}/{days}.parquet' (format parquet)"
        )


def test_freshness_warns_after_a_cycle_and_fails_after_two(tmp_path):
    """Each dataset that every cycle brings, by its newest file; what never came fails too."""
    days = {
        "license_assignments": 34,
        "user_presence": 36,
        "message_interactions": 69,
        "resource_usage": 71,
        "voice_usage": 400,
    }
    for dataset, ago in days.items():
        land_days_ago(tmp_path, dataset, ago)
    land_days_ago(tmp_path, "voice_usage", 1)  # the newest counts
    outcome = dbt_runs.run(["source", "freshness"], tmp_path, tmp_path / "cx_billing.duckdb")
    found = {r.node.name: str(r.status) for r in dbt_runs.read_outcome(outcome).results}
    assert found == {
        "license_assignments": "pass",
        "user_presence": "warn",
        "message_interactions": "warn",
        "resource_usage": "error",
        "voice_usage": "pass",
        "vendor_invoice_lines": "error",
    }
    assert not outcome.success  # dbt ends with 1


def test_freshness_that_warns_is_no_failure(tmp_path):
    for dataset in ("license_assignments", "user_presence", "message_interactions"):
        land_days_ago(tmp_path, dataset, 36)
    for dataset in ("resource_usage", "voice_usage", "vendor_invoice_lines"):
        land_days_ago(tmp_path, dataset, 0)
    outcome = dbt_runs.run(["source", "freshness"], tmp_path, tmp_path / "cx_billing.duckdb")
    assert outcome.success, outcome.exception


def copy_newest_build(home: Path, folder: Path) -> Path:
    """Both files of the published build, since dbt opens them for writing."""
    published = (home / builds.PUBLISHED).resolve()
    for file in (published, builds.place_private_file(published)):
        shutil.copy(file, folder)
    return folder / published.name
