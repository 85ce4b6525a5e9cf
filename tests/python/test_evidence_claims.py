"""The claims about evidence hold for the sample, and each notices what breaks it."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from cx_billing import builds
from evidence_claims import CLAIMS, broken_claims, what_breaks

# Per claim a table, and what becomes of its rows.
LISTED = "marts.invoice_line_evidence_listed"
DAMAGE = {
    "every line rests on something that sums to it": (LISTED, "* replace (amount + 1 as amount)"),
    "evidence_id tells rows apart": (LISTED, "* replace ('k' as evidence_key)"),
    "no column but the times is null, and the organization is the line's": (
        LISTED,
        "* replace ('other' as org_id)",
    ),
    "a call is a call of the organization and cycle": (
        LISTED,
        "* replace (if(kind = 'number', 'call', kind) as kind)",
    ),
    "a telco line has each call of its service with its cost": (
        "marts.telco_reconciliation",
        "* replace (calls_count + 1 as calls_count)",
    ),
    "a conversation is one of the platform in the cycle": (
        LISTED,
        "* replace (if(kind = 'user', 'conversation', kind) as kind)",
    ),
    "a user is billable for the product in the cycle, since the first login": (
        LISTED,
        "* replace (if(kind = 'user', started_at + interval 1 second, started_at) as started_at)",
    ),
    "licenses by heads and at the peak have as many users": (
        "marts.license_usage",
        "* replace (named_users + 1 as named_users)",
    ),
    "the users of a peak were on at its witness, which lies in its stretch": (
        LISTED,
        "* replace (if(kind = 'peak_user', ended_at - interval 1 day, ended_at) as ended_at)",
    ),
    "every line billed by a peak has its witness": (
        LISTED,
        "* replace (if(kind = 'peak', 'rounding', kind) as kind)",
    ),
    "the days of a resource are what was used of it": (
        "marts.resource_usage",
        "* replace (used_quantity + 1 as used_quantity)",
    ),
    "a line that others rest on is one of the organization": (
        LISTED,
        "* replace (if(kind = 'line', 'none', evidence_key) as evidence_key)",
    ),
    "a tax rests on lines of its own invoice": (
        LISTED,
        "* replace (if(kind = 'line', quantity + 1, quantity) as quantity)",
    ),
    "rounding adds less than a unit, or than half a minor unit to calls": (
        LISTED,
        "* replace (if(kind = 'rounding', quantity + 1, quantity) as quantity)",
    ),
    "what is taken off is negative and has no amount": (
        LISTED,
        "* replace (if(kind = 'commitment', 1, amount) as amount)",
    ),
    "nothing of a waived line is charged": (
        "marts.invoice_lines",
        "* replace (true as is_waived)",
    ),
    "shares are whole minor units, less than one from their part by quantity": (
        LISTED,
        "* replace (if(kind = 'peak_user', amount + 0.001, amount) as amount)",
    ),
}


@pytest.fixture(scope="module")
def scratch(sample_warehouse, tmp_path_factory):
    """A copy of the published sample under another name, open for writing."""
    copy = tmp_path_factory.mktemp("claims") / "copy.duckdb"
    shutil.copy((sample_warehouse / builds.PUBLISHED).resolve(), copy)
    with duckdb.connect(str(copy)) as connection:
        yield connection


def test_the_sample_breaks_no_claim(scratch):
    assert broken_claims(scratch) == {claim: [] for claim in CLAIMS}


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_breaks_a_claim_is_noticed(scratch, claim):
    table, damage = DAMAGE[claim]
    scratch.execute("begin")
    try:
        scratch.execute(f"create or replace table {table} as select {damage} from {table}")
        assert what_breaks(scratch, claim)
    finally:
        scratch.execute("rollback")
