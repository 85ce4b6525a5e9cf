"""Alerts: those that have not been told yet, or all there are."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from cx_billing.pages.columns import date_column, text_column, words_column
from cx_billing.pages.content import Page, Record, Table
from cx_billing.pages.reading import read

COLUMNS = (text_column("Alert", "message"),)
ALL_COLUMNS = (
    *COLUMNS,
    words_column("Kind", "alert"),
    date_column("Cycle from", "cycle_start_date"),
    text_column("Told (UTC)", "told_at"),
)


def list_alerts(connection: duckdb.DuckDBPyConnection, told: Mapping[str, str]) -> list[Record]:
    """Every alert of the published build, a peak that forms first, with when it was told."""
    return [
        record | {"told_at": told.get(record["alert_id"])} for record in read(connection, "alerts")
    ]


def compose_alerts(
    connection: duckdb.DuckDBPyConnection, told: Mapping[str, str], is_of_all: bool = False
) -> Page:
    """The alerts that are not among those `told`, or all."""
    alerts = list_alerts(connection, told)
    new = [record for record in alerts if not record["told_at"]]
    return Page(
        title="Alerts" if is_of_all else "New alerts",
        facts=(),
        tables=(
            Table.of_records(
                "All" if is_of_all else "Not told before",
                ALL_COLUMNS if is_of_all else COLUMNS,
                alerts if is_of_all else new,
                if_empty="None."
                if is_of_all or not alerts
                else "None; --all shows those that were told before.",
                name="alerts",
            ),
        ),
        head={"alerts": len(alerts), "new_alerts": len(new)},
    )
