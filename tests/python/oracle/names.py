"""The names in an organization's files that no seed maps, and what becomes of their rows."""

from __future__ import annotations

from collections import defaultdict

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
NAME_COLUMNS = {"unknown_license": "license", "unknown_product": "product_code"}


def unmapped_names(org: Organization) -> list[dict]:
    """A row per dataset, column and name."""
    files: dict[tuple, list[str]] = defaultdict(list)
    for dataset, rows in org.landed.items():
        for row in rows:
            if row.reason in NAME_COLUMNS:
                is_resource = dataset == "resource_usage"
                column = "resource" if is_resource else NAME_COLUMNS[row.reason]
                name = mask_text(row.text[column.replace("_", "")])
                key = (dataset, column, name, "row_rejected", "product_aliases")
                files[key].append(row.file)
    for dataset, column, known, effect, seed in READ_BY_DEFAULT:
        for row in org.rows(dataset):
            if row[column] not in known:
                files[dataset, column, mask_text(row[column]), effect, seed].append(row.file)
    return [
        {
            "dataset": dataset,
            "column_name": column,
            "unmapped_name": name,
            "rows_count": len(paths),
            "first_source_file": min(paths),
            "effect": effect,
            "mapped_in": seed,
        }
        for (dataset, column, name, effect, seed), paths in files.items()
    ]
