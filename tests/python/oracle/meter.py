"""What was measured of one billing cycle: users, hours, peaks, resources, conversations, calls.

Where interface and rulebook leave a choice, this is what the oracle does:

1. `license_usage.peak_users` of Communicate, Collaborate and EX is computed by the same rule as
   that of the pools, although they are no pool.
2. Interacting means routing status INTERACTING, whether logged in or not; the hours of a holder
   without any login are `not_logged_in` of each product that is billed by interacting time.
3. What lies within commitment is `within_commitment` in every billing option, in term cycles only.
4. `resource_usage.overage_quantity` is what is above the allowance, before any commitment (FU-03).
5. A call is BYOC if its usage group or the group's display name contains "byoc".
6. The adjusted duration is computed (six seconds up), not read from the vendor's column.
7. Short calls need direction outbound: services outbound and extended outbound.
8. The price of a number is `number_mrc_<type>`, else `number_mrc`.
9. A product that is prepaid and neither used nor committed any more has no row in `license_usage`,
   but brings its allowance; an allowance on commitments alone (FU-02) leaves out what is prepaid.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from oracle import people, usage
from oracle.calendar import Cycle
from oracle.catalogue import addons
from oracle.contract_items import committable_products, item_of_cycle
from oracle.files import Row
from oracle.labels import is_not_billed
from oracle.money import round_half_up, whole_hours
from oracle.policies import Policy
from oracle.prepaid import prepaid_for, prepaid_lines
from oracle.products import (
    ADDONS,
    CX_LICENSES,
    DESIGNATION,
    HOURLY,
    LICENSE_RANK,
    METERS,
    WALLBOARD,
)
from oracle.reader import Organization

ZERO = Decimal(0)

LICENSED = {*LICENSE_RANK, *ADDONS, *HOURLY}


def licensed() -> set[str]:
    """Every license and add-on, with those of the organization alone."""
    return LICENSED | addons()


CX_POOLS = {*CX_LICENSES, *(f"{code}_hourly" for code in CX_LICENSES)}


@dataclass(frozen=True)
class Meter:
    """What was measured of one cycle, each figure computed once."""

    org: Organization
    cycle: Cycle

    @cached_property
    def window(self):
        """The core cycle as far as as-of lets it be seen."""
        return self.cycle.window(self.org.as_of)

    @cached_property
    def logins(self) -> people.Logins:
        """Logged-in time per user in the cycle."""
        return people.within(people.logged_in(self.org), self.window)

    @cached_property
    def holders(self) -> dict[str, people.Logins]:
        """Per billed product the logged-in time of its holders (interface 4, who counts)."""
        held = people.licenses_held(self.org, self.cycle)
        found: dict[str, people.Logins] = defaultdict(dict)
        model = self.cycle.contract.license_model
        for user, times in self.logins.items():
            for product in people.billed_products(held.get(user, set()), model):
                found[product][user] = times
        return dict(sorted(found.items()))

    @cached_property
    def policy(self) -> Policy:
        """The policy in force at the start of the cycle."""
        return self.org.policies.on(self.cycle.start)

    @cached_property
    def interacting(self) -> people.Logins:
        """HOUR-03: interacting time per user in the cycle, logged in or not."""
        return people.within(people.interacting(self.org), self.window)

    def billed_hours(self, product: str, logged_in: Fraction, interacting: Fraction) -> int:
        """HOUR-02: the hours a product is billed, of the time that counts for it (HOUR-03, X15)."""
        contract = self.cycle.contract
        by_interacting = product in HOURLY or contract.hourly_model == "interacting"
        return whole_hours(interacting if by_interacting else logged_in)

    @cached_property
    def hours_without_login(self) -> dict[str, Decimal]:
        """HOUR-03: per product the interacting hours of holders who never logged in."""
        held = people.licenses_held(self.org, self.cycle)
        contract = self.cycle.contract
        found: dict[str, Fraction] = defaultdict(Fraction)
        for user in self.interacting.keys() - self.logins.keys():
            for product in people.billed_products(held.get(user, set()), contract.license_model):
                by_hour = people.counting_model(product, contract.license_model) == "hourly"
                if product in HOURLY or (by_hour and contract.hourly_model == "interacting"):
                    found[product] += people.seconds(self.interacting[user])
        return {product: round_half_up(time / 3600, 6) for product, time in sorted(found.items())}

    @cached_property
    def unlicensed(self) -> list[str]:
        """Logged-in users with neither a license nor an add-on nor a wallboard account."""
        held = people.licenses_held(self.org, self.cycle)
        return sorted(user for user in self.logins if not held.get(user, set()) - {DESIGNATION})

    @cached_property
    def not_billed(self) -> dict[str, int]:
        """NAME-01: logged-in holders of licenses that are known and not billed, by license."""
        held = people.licenses_held(self.org, self.cycle)
        found: dict[str, int] = defaultdict(int)
        for user in self.logins:
            for name in filter(is_not_billed, held.get(user, set())):
                found[name] += 1
        return found

    @cached_property
    def pools(self) -> dict[str, people.Logins]:
        """The concurrency pools: each CX license, each add-on, and all CX users."""
        counted = CX_LICENSES | addons() | HOURLY
        pools = {p: users for p, users in self.holders.items() if p in counted}
        everyone = {u: t for p, users in pools.items() if p in CX_POOLS for u, t in users.items()}
        return {**pools, "cx_all": everyone} if everyone else pools

    def item(self, product: str) -> Row | None:
        """The item of `product` in force at the start of the cycle."""
        return item_of_cycle(self.org, self.cycle, product)

    @cached_property
    def committable_products(self) -> list[str]:
        """The products of the contract a commitment can be for."""
        return committable_products(self.org, self.cycle.contract)

    def committed(self, product: str) -> Decimal:
        """The committed quantity of `product` in the cycle."""
        item = self.item(product) if product in self.committable_products else None
        return Decimal(item["committed_quantity"]) if item else ZERO

    def prepaid(self, product: str) -> Decimal:
        """What prepaid years hold of `product` for the cycle: none in the ramp."""
        contract = self.cycle.contract
        return prepaid_for(prepaid_lines(self.org), contract, product, self.cycle.start)

    def covered(self, product: str) -> Decimal:
        """What is no overage: the commitment, in a prepaid year the greater of what is prepaid and
        committed; what is prepaid alone, if the contract bills a raise as overage."""
        contract = self.cycle.contract
        by_year = contract.billing_option == "annual_prepay" and not self.cycle.is_ramp
        if by_year and contract.prepay_raise == "overage":
            return self.prepaid(product)
        return max(self.prepaid(product), self.committed(product))

    def paid_for(self, product: str) -> Decimal:
        """What is paid by the commitment for the cycle: nothing in the ramp."""
        return ZERO if self.cycle.is_ramp else self.covered(product)

    @cached_property
    def license_usage(self) -> list[dict]:
        """Interface 4, `license_usage`: one row where actual or committed is above 0."""
        return [
            {name: value for name, value in row.items() if name != "prepaid_quantity"}
            for row in self.license_counts
            if row["actual_quantity"] > 0 or row["committed_quantity"] > 0
        ]

    @cached_property
    def license_counts(self) -> list[dict]:
        """What was used, committed and prepaid of licenses and add-ons, where any is above 0."""
        rows = []
        contract = self.cycle.contract
        for product in sorted(licensed()):
            users = self.holders.get(product, {})
            model = people.counting_model(product, contract.license_model)
            time = sum((people.seconds(times) for times in users.values()), Fraction(0))
            busy = sum(
                (people.seconds(self.interacting.get(user, [])) for user in users), Fraction(0)
            )
            peak = people.peaks(people.segments(users, self.window))[contract.peak_rule]
            hours = self.billed_hours(product, time, busy)
            actual = {"named": len(users), "concurrent": peak, "hourly": hours}[model]
            committed = self.committed(product)
            prepaid = self.prepaid(product)
            if actual > 0 or committed > 0 or prepaid > 0:
                rows.append(
                    {
                        "product_code": product,
                        "license_model": model,
                        "named_users": len(users),
                        "peak_users": peak,
                        "logged_in_hours": round_half_up(time / 3600, 6),
                        "interacting_hours": round_half_up(busy / 3600, 6),
                        "actual_quantity": Decimal(actual),
                        "committed_quantity": committed,
                        "overage_quantity": overage(actual, self.covered(product)),
                        "prepaid_quantity": prepaid,
                    }
                )
        return rows

    @cached_property
    def resource_usage(self) -> list[dict]:
        """FU-03: used, included and what is above allowance and commitment."""
        rows = []
        resources = dict(self.delivered)
        if self.token_usage:
            tokens = sum(row["tokens"] for row in self.token_usage)
            resources["ai_tokens"] = resources.get("ai_tokens", ZERO) + tokens
        if accounts := usage.wallboards(self.org, self.cycle):
            resources[WALLBOARD] = Decimal(accounts)
        for product, used in sorted(resources.items()):
            model = self.cycle.contract.license_model
            included = usage.included(product, self.license_counts, model, self.policy)
            above = overage(used, included)
            if product not in METERS:
                rows.append(
                    {
                        "product_code": product,
                        "used_quantity": used,
                        "included_quantity": included,
                        "overage_quantity": usage.billed_overage(product, above, self.policy),
                    }
                )
        return rows

    @cached_property
    def delivered(self) -> dict[str, Decimal]:
        """What was delivered of every resource, message product and token meter."""
        return usage.resources_used(self.org, self.cycle)

    @cached_property
    def token_usage(self) -> list[dict]:
        """FU-13: what took AI tokens."""
        return usage.tokens_used(self.org, self.cycle, self.license_usage)

    @cached_property
    def message_tokens(self) -> Decimal:
        """CONV-09: the tokens that messages took."""
        return sum((r["tokens"] for r in self.token_usage if is_of_messages(r)), ZERO)

    def is_paid_in_tokens(self, product: str) -> bool:
        """CONV-09: conversations of platforms whose messages a contract per token meters."""
        messages = product.replace("conversation_", "messages_")
        per_token = self.cycle.contract.messaging_pricing_model == "per_token"
        return per_token and product.startswith("conversation_") and messages in METERS

    @cached_property
    def conversations(self) -> dict[tuple, list[Row]]:
        """Billable conversations with their interactions."""
        return usage.conversations(self.org, self.cycle)

    @cached_property
    def conversation_counts(self) -> dict[str, int]:
        """Billable conversations by product."""
        counts: dict[str, int] = defaultdict(int)
        for _, platform, _ in self.conversations:
            counts[f"conversation_{platform}"] += 1
        return dict(sorted(counts.items()))

    @cached_property
    def calls(self) -> dict[str, list[Row]]:
        """The calls of the voice cycle by service."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in usage.calls(self.org, self.cycle):
            found[usage.service(row)].append(row)
        return dict(sorted(found.items()))

    @cached_property
    def short_calls(self) -> tuple[int, int]:
        """Completed outbound calls and the short ones among them."""
        return usage.short_calls([row for rows in self.calls.values() for row in rows])

    def minutes(self, rows: list[Row]) -> Decimal:
        """VOICE-03: adjusted minutes of calls, rounded as the policy says."""
        return usage.adjusted_minutes(rows, self.policy)

    @cached_property
    def surcharged_calls(self) -> int:
        """SDC-02..04: the short calls that are surcharged."""
        return usage.surcharge_quantity(*self.short_calls, self.policy)

    def number_item(self, charge: str, number_type: str) -> tuple[str, Row | None]:
        """The item that prices a number: that of its type, else the general one."""
        specific = f"number_{charge}_{number_type}".lower()
        if item := self.item(specific):
            return specific, item
        return f"number_{charge}", self.item(f"number_{charge}")


def is_of_messages(row: dict) -> bool:
    """Whether a row of token usage is of messages."""
    return row["product_code"].startswith("messages_")


def overage(actual: Decimal | int, covered: Decimal) -> Decimal:
    """INV-03: greatest(0, actual - committed)."""
    return max(ZERO, actual - covered)
