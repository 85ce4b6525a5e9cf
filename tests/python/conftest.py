"""What several test modules share: the sample's warehouse and the parsed dbt project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from command_line import cx_billing
from cx_billing import dbt_runs, failures, lake, landing, warehouse
from cx_billing.landing import lander
from cx_billing.landing.reader import Reader
from deliveries import Warehouse
from personal_data import plant
from published_marts import publish_marts
from pulling import credentials, platform, waits  # noqa: F401 - pytest finds fixtures here

SAMPLE = lake.PROJECT_DIR / "sample"


@pytest.fixture(scope="session", autouse=True)
def plans_of_the_tests(tmp_path_factory) -> Iterator[None]:
    """Builds are planned once per run, and not taken from the plans of the user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CX_BILLING_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def output_is_as_wide_as_for_users() -> Iterator[None]:
    """Workers of a parallel run have a width that nobody asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        yield


@pytest.fixture(autouse=True)
def reading_in_this_process(request, monkeypatch) -> None:
    """Files are read here, where a test can change how, unless it is about the process for that."""
    if "bounded" not in request.keywords:
        monkeypatch.setattr(lander, "BoundedReader", Reader)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a whole build: `-m "not built"` leaves them out."""
    for item in items:
        if {"sample_warehouse", "planted"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("built")


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory) -> Path:
    """A home in which the sample was landed, built with all data tests, and published."""
    home = tmp_path_factory.mktemp("sample")
    report = landing.land(SAMPLE / "inbox", home)
    assert not report.refused, report.refused
    as_of = date.fromisoformat((SAMPLE / "AS_OF").read_text().strip())
    result = warehouse.build(home, as_of)
    if not result.passed:
        pytest.fail("\n\n".join(map(told, result.failures)), pytrace=False)
    return home


@pytest.fixture(scope="session")
def planted(tmp_path_factory) -> SimpleNamespace:
    """Two organizations with personal data everywhere, landed, built and drawn as pages."""
    folder = tmp_path_factory.mktemp("planted")
    acme, zeta = (plant(folder / "inbox", *who) for who in (("acme", 11), ("zeta", 22)))
    home = folder / "home"
    said = cx_billing("--home", home, "land", folder / "inbox")
    said += cx_billing("--home", home, "build", "--as-of", "2026-04-20")
    said += cx_billing("--home", home, "show", "index", "--out", folder / "pages")
    return SimpleNamespace(
        home=home,
        folder=folder,
        said=said,
        acme=acme,
        zeta=zeta,
        secrets=[secret.lower() for each in (acme, zeta) for secret in each.secrets],
    )


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """A home in which a small warehouse, written by hand, is published."""
    return publish_marts(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def manifest(tmp_path_factory) -> dict:
    """dbt's manifest of the project as it stands."""
    home = tmp_path_factory.mktemp("parsed")
    outcome = dbt_runs.run(["parse"], home, home / "parsed.duckdb")
    if not outcome.success:
        pytest.fail(f"dbt cannot parse the project: {outcome.exception}", pytrace=False)
    return json.loads((home / "target" / "manifest.json").read_text())


@pytest.fixture(name="warehouse")
def empty_warehouse(tmp_path) -> Warehouse:
    """An inbox and a home of one test, both empty."""
    return Warehouse(tmp_path)


def told(failure: failures.Failure) -> str:
    """What failed, what it claims and what breaks it."""
    lines = (f"{failure.name} ({failure.file})", failure.description, failure.message)
    return "\n".join(line for line in (*lines, *map(str, failure.rows)) if line)
