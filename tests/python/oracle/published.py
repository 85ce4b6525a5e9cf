"""What marts show of ids and people: those that are an e-mail, a number or an address are masked.

`calculate` has them as they are in the files; a build publishes `publish(marts, …)`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from oracle.masking import mask_text, mask_value

# The columns of ids of whatever the files name.
IDS = {
    "billable_users": ["user_id"],
    "user_hours_daily": ["user_id"],
    "conversations": ["integration_id"],
}
WORDS = {"invoice_lines": ["description"], "organizations": ["org_name"]}
OF_PEOPLE = ("billable_usage", "user_hours")


def hash_value(key: str, org_id: str, value: str) -> str:
    """The keyed hash of a value of an organization."""
    inner = hashlib.sha256(f"{key}{org_id}\x1f{value}".encode()).hexdigest()
    return hashlib.sha256(f"{key}{inner}".encode()).hexdigest()


def mask_id(key: str, org_id: str, value: str) -> str:
    """An id; a masked one ends in the beginning of its hash."""
    masked = mask_text(value)
    return value if masked == value else f"{masked}~{hash_value(key, org_id, value)[:12]}"


def mask_person(key: str, org_id: str, value: str) -> str:
    """Somebody who is named by anything but a known id."""
    return f"{mask_value(value)}~{hash_value(key, org_id, value)[:12]}"


def publish(
    marts: dict[str, list[dict]], key: str, users: Iterable[tuple[str, str]]
) -> dict[str, list[dict]]:
    """The marts as they are published; `users` are organizations and ids of the dataset users."""
    known = defaultdict(set)
    for org_id, user in users:
        known[org_id].add(user.lower())
    for row in marts.get("billable_users", ()):
        known[row["org_id"]].add(row["user_id"].lower())
    for row in marts.get("report_reconciliation", ()):
        publish_figure(row, key, known[row["org_id"]])
    for mart, columns in IDS.items():
        for row in marts.get(mart, ()):
            row |= {name: mask_id(key, row["org_id"], row[name]) for name in columns if row[name]}
    for row in marts.get("peak_explanations", ()):
        row["user_ids"] = [mask_id(key, row["org_id"], user) for user in row["user_ids"]]
    for mart, columns in WORDS.items():
        for row in marts.get(mart, ()):
            told = {name: row.get(name) for name in columns}
            row |= {name: mask_text(text) for name, text in told.items() if isinstance(text, str)}
    return marts


def publish_figure(row: dict, key: str, known: set[str]) -> None:
    """Mask whom a figure of a report is about, in its subject and in its id."""
    org_id, subject = row["org_id"], row["subject"]
    of_what, person = "", ""
    if row["report"] in OF_PEOPLE:
        of_what, slash, person = subject.rpartition(" / ")
        of_what += slash
    shown = mask_text(of_what) if person else mask_id(key, org_id, subject)
    if person:
        is_known = row["expected_quantity"] is not None or person.lower() in known
        shown += (mask_id if is_known else mask_person)(key, org_id, person)
    row["subject"] = shown
    if row["report_line_id"].startswith("expected/"):
        row["report_line_id"] = row["report_line_id"].removesuffix(subject) + shown
