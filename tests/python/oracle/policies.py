"""The thresholds of the rules, dated: the policy in force at the start of a cycle applies to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Policy:
    """What the rules leave to configuration, from a day on."""

    since: date = date.min
    fair_use_basis: str = "greatest"  # FU-02, X11
    hourly_allowance_divisor: int = 111  # FU-05
    call_rounding: str = "up"  # X5
    short_call_minimum_calls: int = 100  # SDC-02
    short_call_share_is_inclusive: bool = True  # X7
    storage_month_value: str = "max"  # FU-09
    overage_rounding: str = "none"  # FU-07
    telco_reconcile_rows: str = "toll_free_when_present"  # X6
    reconciliation_tolerance: Decimal = Decimal("0.01")


SHIPPED = Policy()


@dataclass(frozen=True)
class Policies:
    """Policies in the order of their days."""

    dated: tuple[Policy, ...] = field(default=(SHIPPED,))

    def on(self, day: date) -> Policy:
        """The policy in force on `day`."""
        return max((p for p in self.dated if p.since <= day), key=lambda policy: policy.since)


# Every other choice at once, and one by one where it would hide another: for random runs.
RANDOM = Policies(
    (
        SHIPPED,
        Policy(
            since=date(2024, 2, 15),
            fair_use_basis="actual",
            hourly_allowance_divisor=100,
            call_rounding="nearest",
            short_call_share_is_inclusive=False,
            storage_month_value="average",
            overage_rounding="whole_unit",
            telco_reconcile_rows="three_rows",
        ),
        Policy(
            since=date(2024, 3, 10),
            fair_use_basis="committed",
            short_call_minimum_calls=99,
            storage_month_value="last",
            telco_reconcile_rows="four_rows",
            reconciliation_tolerance=Decimal("0.05"),
        ),
    )
)
