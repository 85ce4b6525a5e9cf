"""Rows of a random organization that are rejected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from oracle.calendar import midnight
from random_orgs.organization import RandomOrg
from random_orgs.people import add_status


def write_bad_rows(org: RandomOrg) -> None:
    """One row each of some reasons a row can be rejected for."""
    at = midnight(org.effective) + timedelta(days=2, hours=9)
    user = org.users[0]
    message = ("customer-0", "open", "integration-1")
    bad: Iterable[tuple] = (
        ("user_presence", user, "AVAILABLE"),  # wrong_column_count, too few
        ("user_presence", user, "AVAILABLE", at, at, "more"),  # wrong_column_count, too many
        ("user_presence", b"caf\xe9-1", "AVAILABLE", at, at),  # invalid_encoding
        ("user_presence", "", "AVAILABLE", at, at),  # missing_value
        ("message_interactions", "", *message, at, at),  # missing_value
        ("user_presence", user, "AVAILABLE", "yesterday", ""),  # not_a_timestamp
        ("message_interactions", "bad", *message, "2024-02-30 10:00:00", ""),
        ("resource_usage", org.effective, "ivr_minutes", "many"),  # not_a_number
        ("license_assignments", user, "cx9", org.effective, ""),  # unknown_license
        ("resource_usage", org.effective, "unobtainium", 5),  # unknown_product
        ("user_presence", user, "AVAILABLE", at, at - timedelta(seconds=1)),  # end_before_start
        ("resource_usage", org.effective, "byoc_minutes", -1),  # negative_quantity
        ("contract_items", "no-such", "cx1", 1, 1, 1, "", "", ""),  # unknown_contract
    )
    for dataset, *cells in bad:
        if org.chance(0.3):
            org.add(dataset, *cells, file=org.rng.choice(("a.csv", "c_bad.csv")))
    if org.has_contract and org.chance(0.3):
        name = org.rng.choice(("cx9", "hourly_interacting", "Minimum Monthly Amount"))
        org.add("contract_items", org.contract_ids[0][0], name, 1, 1, 1, "", "", "")
    if org.chance(0.5):  # before the contract
        before = midnight(org.effective) - timedelta(days=1)
        add_status(org, user, before, before + timedelta(hours=1))
        add_status(org, user, before + timedelta(hours=22), midnight(org.effective))
