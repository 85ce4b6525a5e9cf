"""The peak of one pool explained: when it was held and by whom, what would change it, its curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial

from cx_billing.pages.charts import Level, Step, draw_curve, sketch_curve
from cx_billing.pages.columns import instant_column, quantity_column, text_column
from cx_billing.pages.content import Column, Picture, Record, Row, Table, fill_rows
from cx_billing.pages.formatting import format_instant, format_number, format_text

SHOWN_USERS = 10
PADDING = timedelta(minutes=15)
# Of the curve before the picture and after it.
SAID_OF_ENDS = {
    (False, False): "",
    (True, False): ", and the curve goes on before it",
    (False, True): ", and the curve goes on after it",
    (True, True): ", and the curve goes on before and after it",
}
READING_WORDS = {
    "highest": "highest",
    "sustained": "sustained",
    "accumulated": "accumulated",
    "accumulated_exact": "accumulated exact",
}
MINUTES_OF_READINGS = ("sustained", "accumulated", "accumulated_exact")
HELD_COLUMNS = (
    Column("Reading", lambda record: READING_WORDS[record["reading"]], keys=("reading",)),
    quantity_column("Users", "users_count"),
    Column("Contract's rule", lambda record: "yes" if record["is_contract_rule"] else ""),
    instant_column("First from (UTC)", "started_at"),
    instant_column("First to", "ended_at"),
    quantity_column("Stretches", "stretches_count"),
    instant_column("Last to", "last_ended_at"),
    Column("Minutes", lambda record: format_minutes(record), is_number=True),
    quantity_column("Users on", "users_on_count"),
    Column("Who, the longest first", lambda record: list_users(record["user_ids"])),
)
PIECE_COLUMNS = (
    instant_column("From (UTC)", "started_at"),
    instant_column("To", "ended_at"),
    quantity_column("Users", "users_count"),
)


def tabulate_held(pool: str, explanations: Sequence[Record]) -> Table:
    """When each reading of the peak was held, how long, and by whom."""
    return Table.of_records(
        f"{pool}: when each reading was held, and who was on",
        HELD_COLUMNS,
        explanations,
        name="held",
    )


def tabulate_minutes(pool: str, sensitivity: Sequence[Record]) -> Table:
    """What each length of the rule would give, a row for each length."""
    by_minutes: dict[int, Record] = {}
    for record in sensitivity:
        row = by_minutes.setdefault(
            record["minimum_minutes"],
            {
                "minutes": format_number(record["minimum_minutes"])
                + (" (the rule)" if record["is_contract_minutes"] else ""),
                "is_rule": record["is_contract_minutes"],
            },
        )
        row[record["reading"]] = record["users_count"]
    rule = next((record["reading"] for record in sensitivity if record["is_contract_rule"]), None)
    columns = (
        text_column("Minutes", "minutes"),
        *(
            quantity_column(
                READING_WORDS[reading].capitalize()
                + (", contract's rule" if reading == rule else ""),
                reading,
            )
            for reading in MINUTES_OF_READINGS
        ),
    )
    return Table(
        f"{pool}: the peak, were the rule of other minutes",
        columns,
        tuple(
            Row(row.cells, "total" if record["is_rule"] else "line")
            for row, record in zip(
                fill_rows(columns, by_minutes.values()), by_minutes.values(), strict=True
            )
        ),
        name="minutes",
        records=tuple(sensitivity),
    )


def explain_fewer(pool: str, explanations: Sequence[Record], saved: str | None) -> Iterator[str]:
    """How many users less would have lowered the billed peak, and what the bill would save."""
    for record in explanations:
        least, most = record["fewer_users_at_least"], record["fewer_users_at_most"]
        if not record["is_contract_rule"] or least is None:
            continue
        if least == most:
            count = f"{least:,d} user{'s' * (least > 1)} less"
        else:
            count = f"between {least:,d} and {most:,d} users less"
        sentence = (
            f"{pool}: with {count} the whole cycle, the "
            f"{READING_WORDS[record['reading']]} peak would be "
            f"{record['users_count'] - 1:,d} instead of {record['users_count']:,d}"
        )
        yield sentence + (f"; {saved}." if saved else ".")


def explain_saved(readings: Sequence[Record], currency: str, minor_units: int) -> str | None:
    """What one user less saves by the reading that is billed, None for a pool without a price."""
    for record in readings:
        if record["is_contract_rule"] and record["saved_price"] is not None:
            if record["saved_price"]:
                price = format_number(record["saved_price"], minor_units)
                return f"the bill would fall by {price} {format_text(currency)}"
            return "the bill would stay as it is, since nothing above the commitment is billed"
    return None


def draw_peak(
    pool: str,
    cycle: tuple[date, date],
    curve: Sequence[Record],
    explanations: Sequence[Record],
    committed: Decimal | int | None,
    days: Table,
) -> Iterator[Picture]:
    """The curve of the cycle, and step by step around the peak of the contract's rule.

    Of a pool that is not billed by its peak, nothing is `committed`, not even none.
    """
    if not curve:
        return
    billed = next((one for one in explanations if one["is_contract_rule"]), None)
    levels = list(name_levels(explanations, committed or 0, committed is not None))
    in_words = "; ".join(level.words for level in levels)
    start, end = (datetime.combine(day, time()) for day in cycle)
    steps = [to_step(piece) for piece in curve]
    held = describe_held(billed)
    bars = [] if billed is None else list(find_bars(billed, curve))
    title = f"Concurrent users, {pool}"
    words = (
        f"The most users at once in each hour from {cycle[0]} to {cycle[1] - timedelta(days=1)} "
        f"(UTC): {in_words}. {held}"
    ).strip()
    whole = [Step(start, steps[0].started_at, 0), *steps, Step(steps[-1].ended_at, end, 0)]
    yield Picture(
        title,
        words,
        days,
        draw=partial(
            draw_curve,
            title=title,
            words=words,
            steps=[step for step in whole if step.started_at < step.ended_at],
            levels=levels,
            bars=bars,
            time_format="%d %b",
        ),
        sketch=partial(sketch_curve, steps=whole),
    )
    exact = [piece for piece in curve if piece["is_exact"]]
    if not exact or billed is None:
        return
    near, goes_on = pad([to_step(piece) for piece in exact], steps)
    title = f"{pool}, around the peak"
    words = (
        f"Users at once, step by step, from {format_instant(near[0].started_at)} to "
        f"{format_instant(near[-1].ended_at)} (UTC){SAID_OF_ENDS[goes_on]}: {in_words}. {held}"
    ).strip()
    yield Picture(
        title,
        words,
        Table.of_records("Steps of the picture", PIECE_COLUMNS, exact),
        draw=partial(
            draw_curve,
            title=title,
            words=words,
            steps=near,
            levels=levels,
            bars=[
                Step(
                    max(bar.started_at, near[0].started_at),
                    min(bar.ended_at, near[-1].ended_at),
                    bar.height,
                )
                for bar in bars
            ],
            time_format="%H:%M",
            goes_on=goes_on,
        ),
        sketch=partial(sketch_curve, steps=near, goes_on=goes_on),
    )


def pad(near: Sequence[Step], steps: Sequence[Step]) -> tuple[list[Step], tuple[bool, bool]]:
    """The steps with some time before and after them, if no user was logged in there.

    Else the curve goes on there: whether it does before them, and after them.
    """
    first, end = near[0].started_at, near[-1].ended_at
    goes_on = (
        any(step.ended_at == first for step in steps),
        any(step.started_at == end for step in steps),
    )
    before, after = Step(first - PADDING, first, 0), Step(end, end + PADDING, 0)
    return [
        *([] if goes_on[0] else [before]),
        *near,
        *([] if goes_on[1] else [after]),
    ], goes_on


def to_step(piece: Record) -> Step:
    """A piece of the curve."""
    return Step(piece["started_at"], piece["ended_at"], piece["users_count"])


def name_levels(
    explanations: Sequence[Record], committed: Decimal | int, is_billed: bool
) -> Iterator[Level]:
    """A line for each number of users, with all that it is; the contract's rule is marked."""
    names: dict[Decimal | int, list[str]] = {}
    billed = None
    for record in explanations:
        users = record["users_count"]
        names.setdefault(users, []).append(READING_WORDS[record["reading"]])
        if record["is_contract_rule"]:
            billed = users
            names[users][-1] += " (billed)" if is_billed else " (contract's rule)"
    if committed:
        names.setdefault(committed, []).append("committed")
    for users, words in names.items():
        yield Level(
            float(users), f"{', '.join(words)} {format_number(users)}", is_marked=users == billed
        )


def find_bars(billed: Record, curve: Sequence[Record]) -> Iterator[Step]:
    """The first stretch that supports a sustained peak; of another, its steps in the picture."""
    if not billed["users_count"]:
        return
    if billed["reading"] == "sustained":
        yield Step(billed["started_at"], billed["ended_at"], billed["users_count"])
        return
    is_exact = billed["reading"] == "accumulated_exact"
    for piece in curve:
        above = piece["users_count"] - billed["users_count"]
        if piece["is_exact"] and (above == 0 if is_exact else above >= 0):
            yield Step(piece["started_at"], piece["ended_at"], billed["users_count"])


def describe_held(billed: Record | None) -> str:
    """When the peak of the contract's reading was held, in a sentence."""
    if billed is None or not billed["users_count"]:
        return "No number of users was held long enough."
    users, minutes = f"{billed['users_count']:,d}", format_minutes(billed)
    if billed["reading"] == "sustained":
        further = billed["stretches_count"] - 1
        often = "once more" if further == 1 else f"{further:,d} more times"
        return (
            f"{users} were on without interruption from {format_instant(billed['started_at'])} "
            f"to {format_instant(billed['ended_at'])}"
            + (f", and {often}, {minutes} minutes in all." if further else ".")
        )
    at = "exactly" if billed["reading"] == "accumulated_exact" else "at least"
    return (
        f"{at.capitalize()} {users} were on for {minutes} minutes in all, in "
        f"{billed['stretches_count']:,d} stretch{'es' * (billed['stretches_count'] > 1)}."
    )


def format_minutes(record: Record) -> str:
    """The minutes that count, to the hundredth."""
    return format_number(round(record["counted_minutes"], 2))


def list_users(user_ids: Sequence[str]) -> str:
    """The first users, and how many more there are."""
    more = len(user_ids) - SHOWN_USERS
    listed = ", ".join(map(format_text, user_ids[:SHOWN_USERS]))
    return listed + (f" and {more:,d} more" if more > 0 else "")
