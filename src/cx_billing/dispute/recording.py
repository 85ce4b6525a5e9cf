"""What an event of a dispute must be to be recorded: of something that is claimed, and no more.

Only what is typed is held to it: the dataset `disputes` takes any event, and the marts make of it
what they can.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import lake
from cx_billing.landing.recorded_disputes import DisputeEvent
from cx_billing.pages.formatting import format_number, format_text

Record = dict[str, Any]


class NotRecordableError(ValueError):
    """The event cannot be; the message says why, and what to record instead."""


def check_event(
    connection: duckdb.DuckDBPyConnection,
    home: Path,
    org_id: str,
    event: DisputeEvent,
    source_file: str,
    may_claim_more: bool = False,
) -> None:
    """Raise NotRecordableError unless the event fits the invoice and what was recorded of it.

    `event.invoice_number` is the number by which the marts have the invoice, `source_file` where
    the event is to be landed: one that is there already is no news. `may_claim_more` lets a
    dispute be opened, and nothing else, with more than the differences of the invoice claim.
    """
    if may_claim_more and event.event != "opened":
        raise NotRecordableError(
            f"--beyond-differences is for opened alone: what is {event.event} is held to what was "
            "claimed. Record it opened with the greater --amount and --beyond-differences first."
        )
    known = read_recorded(connection, home, org_id, event, source_file)
    if known["is_recorded"]:
        return
    words = Words(event, known)
    check_day(event, known, words)
    if event.amount is not None:
        check_decimals(event.amount, known, words)
    if event.event == "opened":
        check_claim(event, known, words, may_claim_more)
    else:
        check_settlement(event, known, words)


class Words:
    """How the invoice and its amounts are called in a message."""

    def __init__(self, event: DisputeEvent, known: Record) -> None:
        number = format_text(event.invoice_number)
        product = f"{event.product_code} of " if event.product_code else ""
        self.invoice = f"{product}invoice {number}"
        self.subject = self.invoice if product else f"Invoice {number}"
        self.known = known

    def money(self, amount: Decimal) -> str:
        """An amount with its currency."""
        words = format_number(amount, self.known["minor_units"])
        return f"{words} {self.known['currency'] or ''}".strip()


def read_recorded(
    connection: duckdb.DuckDBPyConnection,
    home: Path,
    org_id: str,
    event: DisputeEvent,
    source_file: str,
) -> Record:
    """What is known of the invoice, in the last build and of events that were landed since."""
    result = connection.execute(
        resources.files(__package__).joinpath("recorded.sql").read_text("utf-8"),
        {
            "org_id": org_id,
            "invoice_number": event.invoice_number,
            "product_code": event.product_code,
            "source_file": source_file,
            "files": [str(file) for file in lake.ensure(home).glob("disputes/*.parquet")],
        },
    )
    columns = [column for column, *_ in result.description]
    return dict(zip(columns, result.fetchall()[0], strict=True))


def check_day(event: DisputeEvent, known: Record, words: Words) -> None:
    """Nothing becomes of an invoice before it is there."""
    issued: date | None = known["invoice_date"]
    if issued and event.event_date < issued:
        raise NotRecordableError(
            f"{words.subject} is dated {issued}: it was not {event.event} on {event.event_date}. "
            "Give the right --date."
        )


def check_decimals(amount: Decimal, known: Record, words: Words) -> None:
    """An amount is in units of its currency."""
    if amount != round(amount, known["minor_units"]):
        raise NotRecordableError(
            f"{words.money(amount)} has more decimals than {known['currency']} has "
            f"({known['minor_units']})."
        )


def check_claim(event: DisputeEvent, known: Record, words: Words, may_claim_more: bool) -> None:
    """What is claimed is what the invoice bills too much, unless more is asked for."""
    claimable = known["claimable_amount"]
    if (event.amount or 0) > claimable or not claimable:
        if may_claim_more and event.amount:
            return
        if event.amount and claimable:
            reason = (
                f"{words.money(event.amount)} is more than what is left to claim of "
                f"{words.invoice}, {words.money(claimable)}"
            )
        elif known["is_agreed"]:
            reason = f"{words.subject} agrees with ours: there is nothing to dispute"
        elif known["is_too_much"]:
            reason = f"All that {words.invoice} bills too much is claimed already"
        else:
            reason = f"{words.subject} bills nothing too much: there is nothing to dispute"
        raise NotRecordableError(
            f"{reason}. See show vendor-invoice; to claim it all the same, record it "
            "opened with --amount and --beyond-differences."
        )


def check_settlement(event: DisputeEvent, known: Record, words: Words) -> None:
    """What is answered was asked for, and is not more than is left of it."""
    if not known["claimed_amount"]:
        check_claim(event, known, words, may_claim_more=False)
    raised = known["raised_date"]
    if event.event in ("accepted", "refused") and not (raised and raised <= event.event_date):
        raise NotRecordableError(
            f"{words.subject} was not disputed by {event.event_date}, so it was not {event.event}. "
            "Record first when it was opened or sent, with --date."
        )
    limits = {
        "sent": (known["claimed_amount"], "claimed"),
        "accepted": (known["open_amount"], "open"),
        "refused": (known["open_amount"], "open"),
        "credited": (
            known["creditable_amount"],
            "accepted and not credited" if known["accepted_amount"] else "claimed and not credited",
        ),
    }
    limit, what = limits[event.event]
    if not limit:
        raise NotRecordableError(
            f"Nothing of {words.invoice} is {what} any more. See show disputes; record it opened "
            "to dispute it again."
        )
    if (event.amount or 0) > limit:
        more = "accepted" if "accepted" in what else "opened"
        raise NotRecordableError(
            f"{words.money(event.amount or Decimal(0))} is more than what is {what} of "
            f"{words.invoice}, {words.money(limit)}. If it is right, record it {more} with the "
            "greater --amount first."
        )
