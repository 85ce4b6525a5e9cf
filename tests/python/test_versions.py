"""Versions that are not locked: the sample's marts are the same, and dbt v2 knows every model.

A version that pip cannot install here is named in the summary, with what pip says.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from cx_billing import lake
from environments import Environment, build_wheel, create_environment

pytestmark = pytest.mark.nightly

# dbt refuses a project that asks for another version of it, unless told not to look.
BUILT_WITH = {
    "DuckDB 2": (["duckdb>=2,<3"], {}),
    "dbt 1.12": (
        ["--only-binary", ":all:", "dbt-core>=1.12,<1.13", "dbt-duckdb"],
        {"DBT_VERSION_CHECK": "false"},
    ),
}
DBT_2 = ["--only-binary", ":all:", "--pre", "dbt>=2.0.0a0,<3"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.mark.parametrize("name", BUILT_WITH)
def test_marts_are_the_same_with(name, wheel, tmp_path, sample_warehouse):
    packages, variables = BUILT_WITH[name]
    environment = create_environment(Path(sys.executable), tmp_path / "environment")
    assert environment.install(wheel) == ""
    before = environment.run("python", "-m", "pip", "freeze", cwd=tmp_path)
    install_or_skip(name, environment, "--upgrade", *packages)
    assert environment.run("python", "-m", "pip", "freeze", cwd=tmp_path) != before

    key = (sample_warehouse / "customer_key").read_text()
    environment.build_sample(tmp_path, CX_BILLING_CUSTOMER_KEY=key, **variables)
    built = environment.read_marts(tmp_path / "warehouse")
    assert built["invoice_lines"]
    assert built == environment.read_marts(sample_warehouse)


def test_dbt_2_parses_every_model_and_test(tmp_path, manifest):
    environment = create_environment(Path(sys.executable), tmp_path / "environment")
    install_or_skip("dbt 2", environment, *DBT_2)
    project = copy_project(tmp_path / "project")  # dbt 2 writes into it
    options = ("--profiles-dir", project / "profiles", "--target-path", tmp_path / "target")
    environment.run("dbt", "parse", "--project-dir", project, *options, cwd=tmp_path)
    parsed = json.loads((tmp_path / "target" / "manifest.json").read_text())
    assert list_models(parsed) == list_models(manifest) != []
    assert list_data_tests(parsed) == list_data_tests(manifest) != []
    assert parsed["unit_tests"].keys() == manifest["unit_tests"].keys()


def install_or_skip(name: str, environment: Environment, *packages: str) -> None:
    """Install, or say that this version cannot be had here."""
    if reason := environment.install(*packages):
        pytest.skip(f"not installable here: {name} ({reason})")


def copy_project(folder: Path) -> Path:
    """The tracked files of the dbt project."""
    for name in ("dbt_project.yml", "profiles", "models", "seeds", "macros", "analyses", "tests"):
        source, target = lake.PROJECT_DIR / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return folder


def list_models(manifest: dict) -> list[str]:
    """Models and seeds."""
    return sorted(
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed")
    )


def list_data_tests(manifest: dict) -> list[tuple[str, str]]:
    """The generic tests of each model, whose names differ from version to version."""
    return sorted(
        (node["attached_node"], node["test_metadata"]["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("attached_node")
    )
