"""Random credits of the vendor: each settles the dispute that it gives back, none is lost.

`CX_BILLING_CREDIT_ORGS` (default 25) and `CX_BILLING_RANDOM_SEED` (default 1) change how many
organizations are drawn and which.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import story
from conftest import SAMPLE, told
from cx_billing import landing, warehouse
from random_credits import AS_OF, Drawn, draw_organization

ORGS = int(os.environ.get("CX_BILLING_CREDIT_ORGS", "25"))
SEED = int(os.environ.get("CX_BILLING_RANDOM_SEED", "1"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where they are built, and with them the organization of the story and its credit."""
    folder = tmp_path_factory.mktemp("random_credits")
    told_of = folder / "inbox" / "northwind-support"
    shutil.copytree(SAMPLE / "inbox" / told_of.name, told_of)
    for credit in story.FOLDER.glob("*.csv"):
        shutil.copy(credit, told_of / "vendor_invoice_lines")
    return folder


@pytest.fixture(scope="module")
def run(folder) -> tuple[list[Drawn], dict[str, list[dict]]]:
    """The organizations, and their disputes in the warehouse."""
    drawn = [draw_organization(index, SEED, folder / "inbox") for index in range(ORGS)]
    landing.land(folder / "inbox", folder / "warehouse")
    result = warehouse.build(folder / "warehouse", AS_OF)
    if result.database is None:
        pytest.fail("\n\n".join(map(told, result.failures)), pytrace=False)
    found = defaultdict(list)
    with duckdb.connect(str(result.database), read_only=True) as connection:
        cursor = connection.execute("select * from marts.disputes")
        columns = [column for column, *_ in cursor.description]
        for row in cursor.fetchall():
            found[row[columns.index("org_id")]].append(dict(zip(columns, row, strict=True)))
    return drawn, found


def test_each_invoice_that_bills_too_much_is_a_dispute_of_that_amount(run):
    drawn, found = run
    for org in drawn:
        claimed = {
            row["invoice_number"]: row["claimed_amount"]
            for row in found[org.org_id]
            if row["claimed_amount"]
        }
        planted = {number: dispute.claim for number, dispute in org.disputes.items()}
        assert claimed == planted, org.org_id


def test_all_credits_are_matched_and_no_amount_is_used_twice(run):
    drawn, found = run
    for org in drawn:
        recovered = sum((row["recovered_amount"] for row in found[org.org_id]), Decimal(0))
        unmatched = sum((row["unmatched_credit_amount"] for row in found[org.org_id]), Decimal(0))
        assert (recovered, unmatched) == (org.credits, 0), org.org_id


def test_a_credit_that_equals_something_settles_that(run):
    drawn, found = run
    for org in drawn:
        recovered = {row["invoice_number"]: row["recovered_amount"] for row in found[org.org_id]}
        for number, dispute in org.disputes.items():
            if org.has_parts:
                assert recovered[number] >= dispute.given_back, (org.org_id, number)
            else:
                assert recovered[number] == dispute.given_back, (org.org_id, number)


@pytest.mark.usefixtures("run")
def test_the_credit_of_the_story_is_matched_as_it_shows(folder):
    commands = story.read_sections(story.STORY.read_text(encoding="utf-8"))[story.CREDIT]
    shown = [command for command in commands if command.shown]
    assert len(shown) == 2
    for command in shown:
        assert story.find_untrue(command.shown, story.run(command, folder)) == [], command.words
