"""The wheel holds all that is needed: installed alone, it lands, builds and shows the sample.

The Python that runs the tests is always tried; `make nightly` tries every other one that is found
here, and names those that are not.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from cx_billing import lake
from environments import (
    RUNNING,
    Environment,
    build_wheel,
    create_environment,
    find_python,
    run_program,
)

PYTHONS = ("3.11", "3.12", "3.13")
OTHERS = [version for version in PYTHONS if version != RUNNING]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_the_dbt_project(wheel):
    project = yaml.safe_load((lake.PROJECT_DIR / "dbt_project.yml").read_text())
    # Unit tests stay in the checkout: an installed project builds, and does not parse them.
    paths = [path for name in project if name.endswith("-paths") for path in project[name]]
    folders = [path for path in paths if "CX_BILLING_UNIT_TESTS" not in path]
    alone = ("dbt_project.yml", "selectors.yml", "profiles/profiles.yml")
    files = [lake.PROJECT_DIR / name for name in alone]
    for folder in folders:
        found = [file for file in (lake.PROJECT_DIR / folder).rglob("*") if file.is_file()]
        assert found, f"dbt_project.yml names {folder}, which holds nothing"
        files += found
    # The rules that a dispute comes with.
    files += (lake.PROJECT_DIR / "docs/rules").glob("*.md")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if "/project/" in name}
    expected = {
        f"cx_billing/project/{file.relative_to(lake.PROJECT_DIR)}": file.read_bytes()
        for file in files
    }
    assert packed.keys() == expected.keys()
    assert packed == expected


def test_the_locked_versions_are_within_the_declared_ranges():
    run_program(sys.executable, "-m", "pip", "--disable-pip-version-check", "check")


def test_the_wheel_works_in_an_empty_environment(wheel, tmp_path, sample_warehouse):
    hold_installation_against(sample_warehouse, install(RUNNING, wheel, tmp_path), tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("version", OTHERS)
def test_the_wheel_works_with_every_python(version, wheel, tmp_path, sample_warehouse):
    hold_installation_against(sample_warehouse, install(version, wheel, tmp_path), tmp_path)


def install(version: str, wheel: Path, folder: Path) -> Environment:
    """An environment of a Python with nothing but the wheel and what it asks for."""
    python = find_python(version)
    if python is None:
        pytest.skip(f"not installable here: Python {version} is not found")
    environment = create_environment(python, folder / "environment")
    assert environment.install(wheel) == ""
    return environment


def hold_installation_against(home: Path, environment: Environment, folder: Path) -> None:
    """Land, build and show the sample in an empty folder, and compare all marts with `home`."""
    work = folder / "work"
    work.mkdir()
    installed = environment.list_files()
    key = {"CX_BILLING_CUSTOMER_KEY": (home / "customer_key").read_text()}
    environment.build_sample(work, **key)
    shown = environment.run("cx-billing", "show", "invoices", cwd=work)

    assert "harbor-bank" in shown and "2,296.30" in shown
    assert environment.list_files() == installed, "the package was written into"
    assert [file.name for file in work.iterdir()] == ["warehouse"]
    built = environment.read_marts(work / "warehouse")
    assert built["invoice_lines"]
    assert built == environment.read_marts(home)
