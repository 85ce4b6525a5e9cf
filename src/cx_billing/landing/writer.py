"""A file as it was delivered becomes a Parquet file with exactly its rows."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import duckdb

from cx_billing import formats, lake
from cx_billing.formats import literal
from cx_billing.formats.completeness import Invoice
from cx_billing.landing.delivered import Delivered, columns_of_lines
from cx_billing.landing.facts import describe_answer, in_utc, metadata

SECONDS_BETWEEN_LOOKS = 0.2


class Writer:
    """Reads and writes with one connection; local times are of `time_zone`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, time_zone: str | None):
        self._connection = connection
        self._time_zone = time_zone

    def read(self, delivered: Delivered, watch: formats.Watch) -> Delivered:
        """Read a file, and write it the cheapest way that yields exactly the rows of the source.

        An answer is not written yet.
        """
        failure = "no way to read it"
        delivery, dataset = delivered.delivery, delivered.dataset
        name = delivery.source_file.split("/", 2)[2]
        for rows in formats.read(
            delivery.path, dataset, delivered.staged, self._connection, name, watch
        ):
            facts = {"rows_in_file": str(rows.count)}
            if rows.snapshot_date:
                facts["snapshot_date"] = rows.snapshot_date
            if zone := zone_for(dataset, self._time_zone):
                facts["time_zone"] = zone
            try:
                if rows.said and rows.said.period:
                    facts["stated_period"] = "/".join(rows.said.period)
                    period = self._period_in_utc(rows, rows.said.period, zone)
                    rows = replace(rows, said=replace(rows.said, period=period))
                facts |= describe_answer(rows, delivered.asked)
                read = replace(delivered, facts=delivered.facts | facts, rows=rows)
                if not read.is_answer:
                    self.write(read, watch)
            except formats.UnreadableError as error:
                failure = str(error)
            else:
                return read
        raise formats.UnreadableError(f"could not be read without loss ({failure})")

    def write(
        self,
        read: Delivered,
        watch: formats.Watch = formats.unwatched,
        lines_of: Mapping[str, Invoice] | None = None,
    ) -> None:
        """Write the rows of a file under its unfinished name; UnreadableError if any is lost."""
        rows, delivery = read.rows, read.delivery
        provenance = {
            "org_id": literal(delivery.org_id),
            "file_id": literal(read.file_id),
            "source_file": literal(delivery.source_file),
            "landed_at": f"timestamp {literal(read.facts['landed_at'])}",
        }
        known = rows.columns | provenance | {"source_row": rows.source_row}
        known |= columns_of_lines(lines_of or {}, known)
        if zone := zone_for(read.dataset, self._time_zone):
            known["time_zone"] = f"coalesce({known.get('time_zone', 'null')}, {literal(zone)})"
        kinds = {name: "VARCHAR" for name in read.dataset.columns} | lake.PROVENANCE
        selected = ", ".join(
            f'({known.get(name, "null")})::{kind} as "{name}"' for name, kind in kinds.items()
        )
        try:
            written = self._run(
                f"copy (select {selected} from {rows.relation}) "
                f"to {literal(str(read.temporary))} (format parquet, compression zstd, "
                f"use_tmp_file false, kv_metadata {{{metadata(read.facts)}}})",
                watch,
            )
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise formats.UnreadableError(formats.first_line(error)) from error
        if written != rows.count:
            raise formats.UnreadableError(f"{written} of {rows.count} rows were written")

    def _run(self, copy: str, watch: formats.Watch) -> int:
        """Rows that a copy has written, in a thread beside: here its progress is looked at."""
        with ThreadPoolExecutor(max_workers=1) as beside:
            copying = beside.submit(lambda: self._connection.execute(copy).fetchall())
            try:
                while True:
                    with suppress(TimeoutError):
                        [[rows]] = copying.result(timeout=SECONDS_BETWEEN_LOOKS)
                        return int(rows)
                    watch("writing", max(0.0, self._connection.query_progress()) / 100)
            finally:
                if not copying.done():
                    self._connection.interrupt()

    def _period_in_utc(
        self, rows: formats.Rows, period: tuple[str, str], declared: str | None
    ) -> tuple[str, str] | None:
        """The period a file names, in the zone of its times; one of several zones says nothing."""
        stated = rows.columns.get("time_zone", "null")
        try:
            [[zones]] = self._connection.execute(
                f"select list(distinct lower(coalesce(nullif(trim({stated}), ''), ?))) "
                f"from {rows.relation}",
                [declared or "utc"],
            ).fetchall()
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise formats.UnreadableError(formats.first_line(error)) from error
        zones = zones or [declared or "utc"]
        known = self._connection.execute(
            "select name from pg_timezone_names() where lower(name) = lower(?)", [zones[0]]
        ).fetchone()
        if len(zones) > 1 or not known:
            return None
        start, end = (in_utc(at, known[0], self._connection) for at in period)
        return start, end


def zone_for(dataset: lake.Dataset, declared: str | None) -> str | None:
    """The declared zone, if the dataset has times that can be local."""
    return declared if "time_zone" in dataset.columns else None
