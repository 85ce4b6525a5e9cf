"""Small inputs with what must come out: `tests/cases/<case>/inbox` and `expected.yml`.

All cases are landed in one home, each organization in one case only, and built once. What is
written in `expected.yml`:

    says: One sentence, what the case is about.
    refused: [incomplete_answer]          # what `land` says of files it refuses, in order
    warned: ["acme: no license of any day"]  # what the build says each organization lacks
    queries:                              # against the published marts
      - sql: select invoice_date, total_amount from marts.invoices where org_id = 'acme'
        rows:
          - [2026-04-01, 340.00]

Values are compared as text, and rows in any order unless the query orders them.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml

from conftest import told
from cx_billing import builds, lake, landing, pages, warehouse

CASES = {path.parent.name: path for path in sorted(lake.PROJECT_DIR.glob("tests/cases/*/*.yml"))}
AS_OF = date(2026, 6, 18)


@dataclass(frozen=True)
class Built:
    """The home all cases were built in, and what landing refused of each case."""

    home: Path
    refused: dict[str, list[str]]

    def list_missing_data(self, case: str) -> list[str]:
        """What the build says of the organizations of a case, a line each."""
        organizations = {folder.name for folder in (CASES[case].parent / "inbox").iterdir()}
        with duckdb.connect(self.home / builds.PUBLISHED, read_only=True) as connection:
            return [
                f"{found.org_id}: {'; '.join(found.words)}"
                for found in pages.collect_findings(connection).missing_data
                if found.org_id in organizations
            ]

    def query(self, sql: str) -> list[list[str]]:
        """The rows of a query on the published marts, each value as text."""
        with duckdb.connect(self.home / builds.PUBLISHED, read_only=True) as connection:
            return [[*map(as_text, row)] for row in connection.sql(sql).fetchall()]


def as_text(value: object) -> str:
    """A value as `expected.yml` may write it: no trailing zeros, true and false."""
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else str(value)
    return text.rstrip("0").rstrip(".") if "." in text and text[-1].isdigit() else text


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Built:
    """All cases, landed and built."""
    home, inbox = (tmp_path_factory.mktemp(name) for name in ("cases", "inbox"))
    case_of = {}
    for name, file in CASES.items():
        for organization in (file.parent / "inbox").iterdir():
            assert organization.name not in case_of, f"{organization.name} is in two cases."
            case_of[organization.name] = name
            shutil.copytree(organization, inbox / organization.name)
    refused = {name: [] for name in CASES}
    for refusal in landing.land(inbox, home).refused:
        refused[case_of[refusal.source_file.split("/")[0]]].append(refusal.message)
    result = warehouse.build(home, AS_OF)
    if not result.passed:
        pytest.fail("\n\n".join(map(told, result.failures)), pytrace=False)
    return Built(home, refused)


@pytest.mark.parametrize("case", CASES)
def test_the_case_comes_out_as_expected(case, built):
    expected = yaml.safe_load(CASES[case].read_text())
    assert set(expected) <= {"says", "refused", "warned", "queries"}, set(expected)
    wanted = expected.get("refused", [])
    said = built.refused[case]
    assert len(said) == len(wanted), said
    for message, part in zip(said, wanted, strict=True):
        assert part in message
    if "warned" in expected:
        assert built.list_missing_data(case) == expected["warned"]
    for query in expected.get("queries", []):
        rows = [[*map(as_text, row)] for row in query["rows"]]
        found = built.query(query["sql"])
        if "order by" not in query["sql"]:
            rows, found = sorted(rows), sorted(found)
        assert found == rows, query["sql"]


def test_an_organization_is_in_one_case():
    folders = [
        folder.name for file in CASES.values() for folder in (file.parent / "inbox").iterdir()
    ]
    assert len(folders) == len(set(folders))
