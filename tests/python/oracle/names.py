"""The names in an organization's files that no seed maps, and what becomes of their rows."""

from __future__ import annotations

from collections import defaultdict

from oracle.invoices import TAX_RATES
from oracle.labels import PRESENCES
from oracle.masking import mask_text
from oracle.products import PLATFORMS
from oracle.reader import Organization

ROUTING_STATUSES = {"INTERACTING", "COMMUNICATING", "IDLE", "OFF_QUEUE", "NOT_RESPONDING"}
# Accepted rows: dataset, column, the names that are known, the effect of another, its seed.
READ_BY_DEFAULT = (
    ("user_presence", "system_presence", PRESENCES, "counted_as_logged_in", "system_presences"),
    (
        *("routing_status", "routing_status", ROUTING_STATUSES),
        *("counted_as_not_interacting", "interacting_statuses"),
    ),
    (
        *("message_interactions", "platform", {*PLATFORMS, "sms"}),
        *("counted_as_its_own_platform", "messaging_platforms"),
    ),
)
# People in one dataset, and the other that has to know them by the same id.
PEOPLE = (
    ("license_assignments", "user_presence", "holder_without_presence"),
    ("user_presence", "license_assignments", "presence_without_license"),
    ("routing_status", "license_assignments", "presence_without_license"),
)
NAME_COLUMNS = {"unknown_license": "license", "unknown_product": "product_code"}


def unmapped_names(org: Organization) -> list[dict]:
    """A row per dataset, column and name as it is published, with the files of each name behind."""
    found: dict[tuple, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def add(dataset: str, column: str, name: str, effect: str, mapped_in: str, file: str) -> None:
        found[dataset, column, mask_text(name), effect, mapped_in][name].append(file)

    for dataset, rows in org.landed.items():
        for row in rows:
            if row.reason in NAME_COLUMNS:
                is_resource = dataset == "resource_usage"
                column = "resource" if is_resource else NAME_COLUMNS[row.reason]
                name = mask_text(row.text[column.replace("_", "")])
                add(dataset, column, name, "row_rejected", "product_aliases", row.file)
    for dataset, column, known, effect, seed in READ_BY_DEFAULT:
        for row in org.rows(dataset):
            if row[column] not in known:
                add(dataset, column, row[column], effect, seed, row.file)
    for row in org.rows("contracts"):
        jurisdiction = row["tax_jurisdiction"]
        if jurisdiction and jurisdiction not in TAX_RATES:
            args = ("tax_jurisdiction", jurisdiction, "no_tax_billed", "tax_rates")
            add("contracts", *args, row.file)
    for dataset, other, effect in PEOPLE:
        others = {row["user_id"] for row in org.rows(other)}
        for row in org.rows(dataset):
            person = row["user_id"]
            is_unmet = "@" in person and person not in others
            if is_unmet and any("@" not in other_id for other_id in others):
                add(dataset, "user_id", person, effect, other, row.file)
    users: dict[str, set[str]] = defaultdict(set)
    for row in org.rows("users"):
        users[row["email"].lower()].add(row["user_id"])
    return [
        {
            "dataset": dataset,
            "column_name": column,
            "unmapped_name": name,
            "rows_count": sum(map(len, files.values())),
            "first_source_file": min(min(paths) for paths in files.values()),
            "effect": effect,
            "mapped_in": seed,
            "names_count": len(files),
            "names_in_users": sum(
                column == "user_id" and len(users.get(name.lower(), ())) == 1 for name in files
            ),
        }
        for (dataset, column, name, effect, seed), files in found.items()
    ]
