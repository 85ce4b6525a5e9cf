"""A day minute by minute: a peak above the commitment is told before it counts, and no other is.

Each minute of a random day is an organization of its own, to which just that is known: what began
before the minute, without an end where it had not ended. So one build sees every minute of the day,
and a plain Python oracle says for each who is on, what is paid for, and what would count when.

`CX_BILLING_REPLAY_DAYS` (default 3, one for each reading of the peak) and `CX_BILLING_REPLAY_SEED`
(default 1) change how many days are drawn and which.
"""

from __future__ import annotations

import csv
import os
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from cx_billing import lake, warehouse

DAYS = int(os.environ.get("CX_BILLING_REPLAY_DAYS", "3"))
SEED = int(os.environ.get("CX_BILLING_REPLAY_SEED", "1"))

CYCLE_START, CYCLE_END = date(2026, 3, 1), date(2026, 4, 1)
RULES = ("sustained", "accumulated", "accumulated_exact")
DATASETS = ("contracts", "contract_items", "license_assignments", "user_presence", "coverage")
USERS = 14
MINUTES = range(24 * 60)
RULE_SECONDS, TOLD_BEFORE = 30 * 60, 20 * 60  # of the policy, and of the seed alert_limits

Login = tuple[int, int]  # seconds of the day; before 0 is the day before
Level = tuple[int, int, int]  # from, to, how many are on


@dataclass(frozen=True)
class RandomDay:
    """Who is on when, in seconds of the day."""

    name: str
    day: date
    rule: str
    committed: int
    logins: dict[str, list[Login]]

    @classmethod
    def draw(cls, index: int) -> RandomDay:
        """Shifts that build up, breaks, and crowds just shorter and just longer than the rule."""
        rng = random.Random(f"{SEED}/{index}")
        # The last day of the cycle too, where no stretch goes on.
        day = rng.choice([CYCLE_END - timedelta(days=1), CYCLE_START + timedelta(days=14)])
        logins: dict[str, list[Login]] = {f"u{n}": [] for n in range(USERS)}
        committed = rng.randint(4, 6)
        crowds = [-14 * 3600, *range(-1800, 24 * 3600, 5400)]
        for begin in crowds:
            # At the top of a minute now and then, as schedules are.
            begin += rng.randrange(0, 1800) if rng.random() < 0.5 else 60 * rng.randrange(30)
            length = rng.choice([600, 1799, 1800, 1801, rng.randrange(300, 4000)])
            for user in rng.sample(sorted(logins), rng.randint(committed - 2, USERS)):
                early, late = (rng.choice([0, 0, 60, rng.randrange(900)]) for _ in range(2))
                start, end = begin + early, begin + max(length - late, early + 1)
                if not logins[user] or logins[user][-1][1] <= start:
                    logins[user].append((start, end))
        return cls(f"day{index}", day, RULES[index % len(RULES)], committed, logins)

    @property
    def midnight(self) -> datetime:
        """When the day begins."""
        return datetime.combine(self.day, datetime.min.time())

    @property
    def seconds_to_cycle_end(self) -> int:
        """From the beginning of the day."""
        return int((CYCLE_END - self.day) / timedelta(seconds=1))

    @cached_property
    def minutes(self) -> list[Minute]:
        """What is known at each minute."""
        return [Minute(self, minute * 60) for minute in MINUTES]


@dataclass(frozen=True)
class Minute:
    """What is known of a day at a second of it, and what follows from that."""

    day: RandomDay
    now: int

    @cached_property
    def known(self) -> dict[str, list[tuple[int, int | None]]]:
        """The logins that have begun, without an end where they have not ended."""
        return {
            user: [(a, b if b <= self.now else None) for a, b in logins if a < self.now]
            for user, logins in self.day.logins.items()
        }

    def levels(self, until: int) -> list[Level]:
        """How many are on, if whoever is on now stays until then."""
        changes: dict[int, int] = {}
        for logins in self.known.values():
            for a, b in logins:
                start, end = max(a, self.day_start), until if b is None else min(b, until)
                if start < end:
                    changes[start] = changes.get(start, 0) + 1
                    changes[end] = changes.get(end, 0) - 1
        edges, on, levels = sorted(changes), 0, []
        for start, end in pairwise(edges):
            on += changes[start]
            levels.append((start, end, on))
        return levels

    @property
    def day_start(self) -> int:
        """The start of the cycle, from which everything is counted."""
        return -int((self.day.day - CYCLE_START) / timedelta(seconds=1))

    def peak(self, until: int) -> int:
        """The peak that counts by then."""
        return self.highest(self.levels(until))

    def highest(self, levels: list[Level], seconds: int = RULE_SECONDS) -> int:
        """The most users that count, if so many seconds are asked."""
        return next((n for n in range(USERS, 0, -1) if self.counts(n, levels, seconds)), 0)

    def counts(self, number: int, levels: list[Level], seconds: int) -> bool:
        """Whether so many users count by the rule."""
        if self.day.rule == "accumulated":
            return sum(b - a for a, b, n in levels if n >= number) >= seconds
        if self.day.rule == "accumulated_exact":
            return sum(b - a for a, b, n in levels if n == number) >= seconds
        longest = length = 0
        end = None
        for a, b, n in levels:
            length = (length if a == end else 0) + b - a if n >= number else 0
            longest, end = max(longest, length), b
        return longest >= seconds

    @cached_property
    def paid(self) -> int:
        """The commitment, or the peak that counts already."""
        return max(self.day.committed, self.peak(self.now))

    @cached_property
    def alert(self) -> tuple | None:
        """What is to be told: figure, limit, when it counts and since when more are on."""
        found = self.going_on() if self.day.rule == "sustained" else self.accumulated()
        return found and (found[0], self.paid, self.at(found[1]), self.at(found[2]))

    def going_on(self) -> tuple[int, int, int] | None:
        """A crowd that counts in twenty minutes, if whoever is on stays."""
        until = min(self.now + TOLD_BEFORE, self.day.seconds_to_cycle_end)
        peak = self.peak(until)
        if peak <= self.paid or until <= self.now:
            return None
        counts_at = until
        while counts_at - 60 >= self.now and self.peak(counts_at - 60) > self.paid:
            counts_at -= 60
        began = None
        for a, b, n in reversed(self.levels(until)):
            if n <= self.bar or (began is not None and b != began):
                break
            began = a
        return peak, counts_at, began

    def accumulated(self) -> tuple[int, int, int] | None:
        """Crowds of the cycle that lack no more than twenty minutes, whoever is on now."""
        levels = self.levels(self.now)
        lacking = next(
            (
                minutes
                for minutes in range(TOLD_BEFORE // 60 + 1)
                if self.highest(levels, RULE_SECONDS - minutes * 60) > self.paid
            ),
            None,
        )
        if lacking is None or self.now + lacking * 60 >= self.day.seconds_to_cycle_end + 60:
            return None
        peak = self.highest(levels, RULE_SECONDS - TOLD_BEFORE)
        began = next(a for a, _, n in levels if n > self.bar)
        return peak, self.now + lacking * 60, began

    @property
    def bar(self) -> int:
        """What was paid for before any of what counts now began."""
        return max(self.day.committed, self.peak_before())

    def peak_before(self) -> int:
        """The peak that counted when what counts now began."""
        then = self.now - RULE_SECONDS
        levels = [(a, min(b, then), n) for a, b, n in self.levels(self.now) if a < then]
        return self.highest(levels)

    def at(self, second: int) -> datetime:
        """A second of the day as an instant."""
        return self.day.midnight + timedelta(seconds=second)


def write_lake(home: Path, days: list[RandomDay]) -> None:
    """The lake of an organization for each minute of the days, as if it had been landed."""
    rows: dict[str, list[dict]] = {name: [] for name in DATASETS}
    for day in days:
        for minute in day.minutes:
            org_id = f"{day.name}-{minute.now // 60:04}"
            rows["contracts"].append(
                {
                    "org_id": org_id,
                    "contract_id": "c",
                    "org_name": "Org",
                    "region": "eu",
                    "license_model": "concurrent",
                    "billing_option": "month_to_month",
                    "currency": "USD",
                    "effective_date": f"{CYCLE_START}",
                    "peak_rule": day.rule,
                }
            )
            rows["contract_items"].append(
                {
                    "org_id": org_id,
                    "contract_id": "c",
                    "product_code": "cx2",
                    "committed_quantity": f"{day.committed}",
                    "prepay_rate": "90",
                    "overage_rate": "120",
                }
            )
            rows["coverage"].append(
                {
                    "org_id": org_id,
                    "dataset": "user_presence",
                    "covered_from": f"{CYCLE_START}",
                    "covered_to": f"{minute.at(minute.now)}",
                }
            )
            for user, logins in minute.known.items():
                rows["license_assignments"].append(
                    {
                        "org_id": org_id,
                        "user_id": user,
                        "license": "cx2",
                        "assigned_from": f"{CYCLE_START}",
                    }
                )
                rows["user_presence"] += [
                    {
                        "org_id": org_id,
                        "user_id": user,
                        "system_presence": "AVAILABLE",
                        "start_time": f"{minute.at(a)}",
                        "end_time": "" if b is None else f"{minute.at(b)}",
                    }
                    for a, b in logins
                ]
    folder = lake.ensure(home)
    with duckdb.connect() as connection:
        for dataset, found in rows.items():
            file = home / f"{dataset}.csv"
            with file.open("w", newline="") as text:
                writer = csv.DictWriter(text, list(found[0]))
                writer.writeheader()
                writer.writerows(found)
            connection.execute(
                f"""
                copy (
                    select
                        *,
                        '{dataset}-' || org_id as file_id,
                        org_id || '/{dataset}/a.csv' as source_file,
                        row_number() over (partition by org_id) as source_row,
                        timestamp '2026-04-01' as landed_at
                    from read_csv('{file}', all_varchar = true)
                ) to '{folder}/{dataset}/replay.parquet' (format parquet)
                """
            )


@dataclass
class Replay:
    """The random days, and what the mart says at each of their minutes."""

    days: list[RandomDay]
    told: dict[str, list[dict]]

    def forming(self, day: RandomDay) -> list[dict | None]:
        """The peak that forms at each minute of a day, or none."""
        found = {
            row["org_id"]: row
            for row in self.told.get(day.name, [])
            if row["alert"] == "peak_forming"
        }
        return [found.get(f"{day.name}-{minute:04}") for minute in MINUTES]


@pytest.fixture(scope="module")
def replay(tmp_path_factory) -> Replay:
    """Build every minute of the days at once; days of the same date in one build."""
    days = [RandomDay.draw(index) for index in range(DAYS)]
    told: dict[str, list[dict]] = {}
    for date_of in sorted({day.day for day in days}):
        home = tmp_path_factory.mktemp("replay")
        write_lake(home, [day for day in days if day.day == date_of])
        result = warehouse.build(home, as_of=date_of + timedelta(days=1), select="+alerts")
        assert result.passed, result.failures
        with duckdb.connect(str(result.database)) as connection:
            cursor = connection.execute("select * from marts.alerts")
            columns = [column for column, *_ in cursor.description]
            for values in cursor.fetchall():
                row = dict(zip(columns, values, strict=True))
                told.setdefault(row["org_id"].partition("-")[0], []).append(row)
    return Replay(days, told)


def test_every_minute_of_a_day_says_what_the_oracle_says(replay):
    for day in replay.days:
        differing = [
            (minute.now // 60, minute.alert, spoken)
            for minute, row in zip(day.minutes, replay.forming(day), strict=True)
            if minute.alert
            != (
                spoken := row
                and (row["figure"], row["limit_figure"], row["counts_at"], row["began_at"])
            )
        ]
        assert not differing, f"seed {SEED}, {day.name}, {day.rule}: {differing[:3]}"


def test_a_peak_that_counts_was_told_before(replay):
    """Where the billed peak rises, each of the 19 minutes before has told it."""
    cases = 0
    for day in replay.days:
        forming = replay.forming(day)
        truth = [Minute(day, minute.now).peak(minute.now) for minute in day.minutes]
        for at in MINUTES[1:]:
            if truth[at] <= max(day.committed, truth[at - 1]):
                continue
            cases += 1
            for earlier in range(max(at - 19, 0), at):
                row = forming[earlier]
                assert row, f"{day.name}: {truth[at]} count at {at}, {earlier} tells nothing"
                assert row["figure"] >= truth[at]
                assert row["seen_at"] < Minute(day, at * 60).at(at * 60)
    assert cases > 3, "the random days have too few peaks"


def test_nothing_is_told_of_what_cannot_count_soon(replay):
    """Whoever is told of a peak sees more on than are paid for, or saw, for ten minutes."""
    short = 0
    for day in replay.days:
        for minute, row in zip(day.minutes, replay.forming(day), strict=True):
            on = sum(any(b is None for _, b in logins) for logins in minute.known.values())
            short += on > minute.paid and row is None
            if row:
                assert minute.at(minute.now) < row["counts_at"]
                assert minute.at(minute.now) - row["began_at"] >= timedelta(minutes=10)
                above = sum(b - a for a, b, n in minute.levels(minute.now) if n > minute.paid)
                assert above >= RULE_SECONDS - TOLD_BEFORE
                assert on > minute.paid or day.rule != "sustained"
    assert short > 10, "no crowd was too short to tell"


def test_a_peak_that_forms_is_one_alert_from_beginning_to_end(replay):
    for day in replay.days:
        ids = [row["alert_id"].replace(row["org_id"], "") for row in replay.forming(day) if row]
        began = {minute.alert[3] for minute in day.minutes if minute.alert}
        assert len(set(ids)) == len(began)
        assert len(ids) > len(began)


def test_a_peak_that_counts_is_told_as_such(replay):
    for day in replay.days:
        above = {
            row["org_id"]: (row["figure"], row["limit_figure"])
            for row in replay.told[day.name]
            if row["alert"] == "peak_above_commitment"
        }
        assert above == {
            f"{day.name}-{minute.now // 60:04}": (minute.paid, day.committed)
            for minute in day.minutes
            if minute.paid > day.committed
        }
