"""The marts of an inbox, computed from the raw rows: `calculate(inbox, as_of)`.

Where interface and rulebook leave a choice, this is what the oracle does:

calendar
 1. A cycle is the last of the ramp if it starts before the ramp end and ends at or after it; a
    cycle cut off before the ramp end is not.
 2. `usage_through_at` is the earlier of the cycle's end (on its clock) and 00:00 of as-of.
 3. A vendor end of 23:59:59, or 11:59:59, is read as the next day of every column that ends on a
    date.
reading
 4. A row is checked on its own first; a row rejected for itself supersedes nothing. Then natural
    keys; then contracts. So `outside_contract` is decided on the row that stands for its key.
 5. For statuses and interactions the row with the latest end stands for the key (the later landing
    among equals); the others are the duplicates.
 6. An open status ends at the user's next later row in the same dataset that is typed and not
    superseded, also an OFFLINE one, also one outside the contract or after as-of.
 7. A zero-length row lies outside if its instant does; an interval lies outside if it overlaps no
    span in which a contract is in force (a gap between two contracts is outside too).
 8. An order lies on the date it is invoiced on (hardware that was shipped: the shipped date, else
    the ordered date), a call on the voice clock (06:59:59 on the effective date is outside).
    Everything of an org without any contract is `no_contract`, also its contract items; `users`
    have no time and are never outside.
 9. A required column may be empty for `customer_account`, `Origin` and `Destination` alone.
10. Empty lines are no rows and have no number.
people
11. `first_billable_login_at` is the first instant logged in within the cycle: the cycle start for a
    login carried over; it need not fall into the time the license was held.
12. Time outside the cycles is in no mart. `user_hours_daily` has a row where somebody was logged
    in or interacting, license or not, in every license model.
13. `concurrency_*` have rows where at least one user was logged in, in every license model.
    `license_usage.peak_users` of Communicate, Collaborate and EX is computed by the same rule,
    although they are no pool.
14. `peak_disregarded` = highest minus billable users, where the product is counted as concurrent.
15. A user is `user_without_license` who holds neither a base license nor an add-on in the cycle.
16. Interacting means routing status INTERACTING, whether logged in or not; the hours of a holder
    without any login are `not_logged_in` of each product that is billed by interacting time.
quantities
17. Conversations without a customer account are not in `conversations`; `no_customer_account`
    counts the interactions in each cycle they touch.
18. What lies within commitment is `within_commitment` in every billing option, in term cycles only.
19. In the ramp no commitment is invoiced, so none is deducted on a line: the whole quantity of
    licenses, messages and conversations, and everything above the allowance of a resource, is on a
    line. `resource_usage.overage_quantity` is what is above the allowance, before
    any commitment (FU-03).
20. BYOC calls are `not_billable_service` under `byoc_minutes`, in adjusted minutes. A call is BYOC
    if its usage group or the group's display name contains "byoc".
21. The adjusted duration is computed (six seconds up), not read from the vendor's column.
22. Short calls need direction outbound: services outbound and extended outbound.
    `short_call_surcharges` has a row where there is at least one completed call.
lines
23. A waived line keeps quantity and unit price, amount 0. In the ramp a license is priced at the
    prepay rate, a fair-use resource at the overage rate, waived or not.
24. A commitment is prepaid or committed for every product with one; `prepay` is in
    core_services_prepay, `committed` in the section of the product (licenses, add-ons:
    core_services; fair-use, conversations, SMS: resources).
25. A shorter last year of an annual prepayment counts the whole months from the term start;
    its service period is those months.
26. The price of a number is `number_mrc_<type>`, else `number_mrc`; the line carries the product
    code of the item used. Days in cycle are those of the cycle as cut off by contract ends.
27. A number held no day in the cycle (released on its purchase day) has no MRC; NRC as usual.
28. An order's service period is its invoice date, one day. Orders are one line each.
29. An invoice exists where it has a line; payment terms, account and currency are those of the
    contract in force on its date, else of the last one before.
30. Quantities of `no_contract_item`: licenses in the unit of their model, conversations, messages,
    fair-use overage, number of numbers held or bought, devices, short calls.
31. A service of zero-second calls alone has no line (quantity 0), even if the vendor put a cost.
32. Charges of two contracts on one invoice are taxed in the jurisdiction of each contract.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from oracle import catalogue, people, usage, vendor
from oracle.calendar import Contract, Cycle, add_months, midnight, whole_months
from oracle.money import line_amount, money, round_half_up, whole_hours
from oracle.names import unmapped_names
from oracle.policies import Policies, Policy
from oracle.reader import (
    ADDONS,
    CX_LICENSES,
    DEVICES,
    FAIR_USE,
    HOURLY,
    LICENSE_RANK,
    METERS,
    Organization,
    Row,
    load_audit,
    read_organization,
    rejected_rows,
)
from oracle.reports import report_reconciliation
from oracle.summary import organization_rows, usage_summary_rows

ZERO = Decimal(0)
LICENSED = {*LICENSE_RANK, *ADDONS, *HOURLY}
CX_POOLS = {*CX_LICENSES, *(f"{code}_hourly" for code in CX_LICENSES)}
# TAX-03: jurisdiction -> level -> (rate from, rate until, rate); the shipped one and a random one.
ALWAYS = date.min, date.max
TAX_RATES = {
    "EXAMPLE-US": {
        "tax_federal": [(*ALWAYS, "0.05")],
        "tax_state": [(*ALWAYS, "0.04")],
        "tax_local": [(*ALWAYS, "0.01")],
    },
    "RANDOM": {
        "tax_federal": [
            (date.min, date(2024, 3, 1), "0.0725"),
            (date(2024, 3, 1), date.max, "0.08125"),
        ],
        "tax_local": [(date(2024, 2, 29), date(2024, 3, 31), "0.00333")],
    },
}


def section(product: str) -> str:
    """INV-14: the invoice section of a product."""
    if product in LICENSED:
        return "core_services"
    if product in DEVICES:
        return "devices"
    if product.startswith(("telco_", "number_", "short_call")):
        return "telco"
    return "resources"


def item_in_force(org: Organization, contract: Contract, product: str, day: date) -> Row | None:
    """INV-11: the contract item of a product in force on `day`, the latest to begin."""

    def begins(row: Row) -> date:
        return row["effective_from"] or contract.effective_date

    found = [
        row
        for row in org.rows("contract_items")
        if row["contract_id"] == contract.contract_id
        and row["product_code"] == product
        and begins(row) <= day
        and (row["effective_to"] is None or day < row["effective_to"])
    ]
    return max(found, key=begins, default=None)


def products_with_items(org: Organization, contract: Contract) -> list[str]:
    """Every product the contract names."""
    codes = {
        r["product_code"]
        for r in org.rows("contract_items")
        if r["contract_id"] == contract.contract_id
    }
    return sorted(codes)


def committable_products(org: Organization, contract: Contract) -> list[str]:
    """The products a commitment can be for: any but calls, numbers, the surcharge and taxes."""
    ignored = "telco_", "number_", "short_call", "tax_"
    return [p for p in products_with_items(org, contract) if not p.startswith(ignored)]


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
        """Logged-in users with neither a license nor an add-on."""
        licensed = {user for logins in self.holders.values() for user in logins}
        return sorted(self.logins.keys() - licensed)

    @cached_property
    def pools(self) -> dict[str, people.Logins]:
        """The concurrency pools: each CX license, each add-on, and all CX users."""
        counted = CX_LICENSES | ADDONS | HOURLY
        pools = {p: users for p, users in self.holders.items() if p in counted}
        everyone = {u: t for p, users in pools.items() if p in CX_POOLS for u, t in users.items()}
        return {**pools, "cx_all": everyone} if everyone else pools

    def item(self, product: str) -> Row | None:
        """The item of `product` in force at the start of the cycle."""
        return item_in_force(self.org, self.cycle.contract, product, self.cycle.start)

    @cached_property
    def committable_products(self) -> list[str]:
        """The products of the contract a commitment can be for."""
        return committable_products(self.org, self.cycle.contract)

    def committed(self, product: str) -> Decimal:
        """The committed quantity of `product` in the cycle."""
        item = self.item(product) if product in self.committable_products else None
        return item["committed_quantity"] if item else ZERO

    def paid_for(self, product: str) -> Decimal:
        """The commitment that an invoice holds for the cycle: none in the ramp."""
        return ZERO if self.cycle.is_ramp else self.committed(product)

    @cached_property
    def license_usage(self) -> list[dict]:
        """Interface 4, `license_usage`: one row where actual or committed is above 0."""
        rows = []
        contract = self.cycle.contract
        for product in sorted(LICENSED):
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
            if actual > 0 or committed > 0:
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
                        "overage_quantity": overage(actual, committed),
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
        for product, used in sorted(resources.items()):
            model = self.cycle.contract.license_model
            included = usage.included(product, self.license_usage, model, self.policy)
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


def overage(actual: Decimal | int, covered: Decimal) -> Decimal:
    """INV-03: greatest(0, actual - committed)."""
    return max(ZERO, actual - covered)


# ---------------------------------------------------------------- invoice lines


def line(
    contract: Contract,
    invoice_date: date,
    product: str,
    charge_type: str,
    period: tuple[date, date],
    quantity: Decimal | int,
    unit_price: Decimal,
    *,
    waived: bool = False,
    amount: Decimal | None = None,
    in_section: str | None = None,
    detail: str = "",
    unit: str = "",
    monthly_quantity: Decimal | None = None,
) -> Iterator[dict]:
    """One invoice line; none for a quantity of 0 (interface 5).

    `detail` tells lines apart that are alike in all else: orders, groups of numbers, taxes;
    `monthly_quantity` is what a month of a prepaid year holds.
    """
    if quantity == 0:
        return
    model = people.counting_model(product, contract.license_model)
    if amount is None:
        amount = line_amount(quantity, unit_price, contract.currency)
    yield {
        "invoice_date": invoice_date,
        "section": in_section or section(product),
        "product_code": product,
        "description": catalogue.description(product, model, charge_type, detail),
        "charge_type": charge_type,
        "service_period_start": period[0],
        "service_period_end": period[1],
        "quantity": Decimal(quantity),
        "unit_of_measure": unit or catalogue.unit(product, model),
        "unit_price": unit_price,
        "amount": ZERO if waived else amount,
        "currency": contract.currency,
        "is_waived": waived,
        "waiver_reason": "ramp" if waived else None,
        "detail": detail,
        "contract": contract,
        "monthly_quantity": monthly_quantity,
    }


def prepay_of_cycle(meter: Meter) -> Iterator[dict]:
    """INV-04, RAMP-02: the commitment of a term cycle, dated on its start."""
    cycle = meter.cycle
    if cycle.contract.billing_option != "annual_prepay_monthly" or cycle.is_ramp:
        return
    for product in meter.committable_products:
        if item := meter.item(product):
            yield from line(
                cycle.contract,
                cycle.start,
                product,
                "prepay",
                (cycle.start, cycle.end),
                item["committed_quantity"],
                item["prepay_rate"],
                in_section="core_services_prepay",
            )


def committed_in_arrears(meter: Meter) -> Iterator[dict]:
    """INV-01, INV-05 month to month: never less than the commitment, billed afterwards."""
    cycle = meter.cycle
    if cycle.contract.billing_option != "month_to_month" or cycle.is_ramp:
        return
    for product in meter.committable_products:
        if item := meter.item(product):
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "committed",
                (cycle.start, cycle.end),
                item["committed_quantity"],
                item["prepay_rate"],
            )


def annual_prepay(org: Organization) -> Iterator[dict]:
    """INV-05 annual prepay: committed x 12 user-months a year, ahead of each year of the term."""
    for span in org.spans:
        contract = span.contract
        if contract.billing_option != "annual_prepay":
            continue
        year = 0
        while True:
            start = add_months(contract.term_start, 12 * year)
            dated = start if year else contract.effective_date
            if dated >= org.as_of or (span.end and dated >= span.end):
                break
            end = add_months(contract.term_start, 12 * (year + 1))
            if contract.term_end_date:
                end = min(end, contract.term_end_date)
            months = whole_months(contract.term_start, end, offset=12 * year)
            for product in committable_products(org, contract):
                item = item_in_force(org, contract, product, start)
                if item and start < end:
                    yield from line(
                        contract,
                        dated,
                        product,
                        "prepay",
                        (start, add_months(contract.term_start, 12 * year + months)),
                        item["committed_quantity"] * months,
                        item["prepay_rate"],
                        in_section="core_services_prepay",
                        monthly_quantity=item["committed_quantity"],
                        unit="user-month" if counted_by_head(contract, product) else "",
                    )
            year += 1


def counted_by_head(contract: Contract, product: str) -> bool:
    """Whether a unit of a product is a user: a prepaid year of it is counted in user-months."""
    model = people.counting_model(product, contract.license_model)
    return product in LICENSED and model != "hourly"


def license_lines(meter: Meter) -> Iterator[dict]:
    """INV-02, INV-03 in the term; RAMP-01 in the ramp: the whole quantity, waived or billed."""
    cycle, contract = meter.cycle, meter.cycle.contract
    for row in meter.license_usage:
        item = meter.item(row["product_code"])
        if item is None:
            continue
        ramp = cycle.is_ramp
        yield from line(
            contract,
            cycle.end,
            row["product_code"],
            "usage" if ramp else "overage",
            (cycle.start, cycle.end),
            row["actual_quantity"] if ramp else row["overage_quantity"],
            item["prepay_rate"] if ramp else item["overage_rate"],
            waived=ramp and contract.ramp_license_billing == "waived",
        )


def resource_lines(meter: Meter) -> Iterator[dict]:
    """FU-03 overage of fair-use resources; CONV-08 messages as usage."""
    cycle, contract = meter.cycle, meter.cycle.contract
    for row in meter.resource_usage:
        product = row["product_code"]
        fair_use = product in FAIR_USE
        if item := meter.item(product):
            yield from line(
                contract,
                cycle.end,
                product,
                "overage" if fair_use else "usage",
                (cycle.start, cycle.end),
                beyond_paid(meter, row),
                item["overage_rate"],
                waived=fair_use and cycle.is_ramp and contract.ramp_resource_billing == "waived",
            )


def beyond_paid(meter: Meter, row: dict) -> Decimal:
    """FU-03: what a resource used above its allowance and the commitment that is invoiced."""
    paid_for = meter.paid_for(row["product_code"])
    above = overage(row["used_quantity"], row["included_quantity"] + paid_for)
    return usage.billed_overage(row["product_code"], above, meter.policy)


def conversation_lines(meter: Meter) -> Iterator[dict]:
    """CONV-01: conversations at their price."""
    cycle = meter.cycle
    for product, count in meter.conversation_counts.items():
        item = meter.item(product)
        if item and not meter.is_paid_in_tokens(product):
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "usage",
                (cycle.start, cycle.end),
                overage(count, meter.paid_for(product)),
                item["overage_rate"],
            )


def telco_lines(meter: Meter) -> Iterator[dict]:
    """TELCO-02, VOICE-05: one line per service, the vendor's costs summed and rounded once."""
    cycle, contract = meter.cycle, meter.cycle.contract
    for name, rows in meter.calls.items():
        if name != "byoc":
            yield from line(
                contract,
                cycle.end,
                f"telco_{name}",
                "usage",
                (cycle.start, cycle.end),
                meter.minutes(rows),
                average_price(rows, meter.minutes(rows)),
                amount=money(sum(row["total_cost"] for row in rows), contract.currency),
            )


def average_price(rows: list[Row], minutes: Decimal) -> Decimal:
    """What a minute of these calls cost on average, for information."""
    cost = sum(row["total_cost"] for row in rows)
    return round_half_up(Fraction(cost) / Fraction(minutes), 6) if minutes else ZERO


def surcharge_lines(meter: Meter) -> Iterator[dict]:
    """SDC-01..07: the surcharge of the voice cycle."""
    cycle = meter.cycle
    quantity = meter.surcharged_calls
    if item := meter.item("short_call_surcharge"):
        yield from line(
            cycle.contract,
            cycle.end,
            "short_call_surcharge",
            "surcharge",
            (cycle.start, cycle.end),
            quantity,
            item["overage_rate"],
        )


def number_lines(meter: Meter) -> Iterator[dict]:
    """NUM-01 monthly charges by type, purchase date and days held; NUM-02 one-time charges."""
    cycle, period = meter.cycle, (meter.cycle.start, meter.cycle.end)
    for (kind, bought, days), count in sorted(usage.numbers_held(meter.org, cycle).items()):
        product, item = meter.number_item("mrc", kind)
        if item:
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "recurring",
                period,
                count,
                usage.prorated_price(item["overage_rate"], days, cycle.days),
                detail=f"{kind}, purchased {bought}, {days} days",
            )
    for (kind, bought), count in sorted(usage.numbers_bought(meter.org, cycle).items()):
        product, item = meter.number_item("nrc", kind)
        if item:
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "one_time",
                period,
                count,
                item["overage_rate"],
                detail=f"{kind}, purchased {bought}",
            )


def device_lines(meter: Meter) -> Iterator[dict]:
    """INV-14: devices at the whole price of the cycle."""
    cycle = meter.cycle
    for product, count in sorted(usage.devices_in_service(meter.org, cycle).items()):
        if item := meter.item(product):
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "recurring",
                (cycle.start, cycle.end),
                count,
                item["overage_rate"],
            )


def order_lines(org: Organization) -> Iterator[dict]:
    """INV-06: one-time charges when ordered, hardware when shipped."""
    for row in org.rows("orders"):
        dated = row["shipped_date"] if row["is_hardware"] else row["ordered_date"]
        if dated is None or dated >= org.as_of:
            continue
        yield from line(
            contract_on(org, dated),
            dated,
            row["product_code"],
            "one_time",
            (dated, dated + timedelta(days=1)),
            row["quantity"],
            row["unit_price"],
            in_section="one_time",
            detail=f"order {row['order_id']}",
        )


def contract_on(org: Organization, day: date) -> Contract:
    """The contract in force on `day`, else the last one before it."""
    return [span.contract for span in org.spans if span.start <= day][-1]


CORE_SECTIONS = {"core_services", "core_services_prepay", "resources", "devices"}


def core_charges(meter: Meter, lines: list[dict]) -> Decimal:
    """INV-09: what the core lines of a cycle come to."""
    cycle, contract = meter.cycle, meter.cycle.contract
    return sum((core_amount(row, cycle) for row in lines if row["contract"] == contract), ZERO)


def minimum_lines(meter: Meter, lines: list[dict]) -> Iterator[dict]:
    """INV-09, INV-10: what the core lines of a term cycle lack of the minimum monthly amount."""
    cycle, contract = meter.cycle, meter.cycle.contract
    if cycle.is_ramp or contract.minimum_monthly_amount is None:
        return
    minimum = money(contract.minimum_monthly_amount, contract.currency)
    lacking = minimum - core_charges(meter, lines)
    if lacking > 0:
        yield from line(
            contract,
            cycle.end,
            "minimum_monthly_amount",
            "committed",
            (cycle.start, cycle.end),
            1,
            lacking,
            in_section="core_services",
        )


def core_amount(row: dict, cycle: Cycle) -> Decimal:
    """What a line counts for the minimum of a cycle; a prepaid year counts month by month."""
    period = row["service_period_start"], row["service_period_end"]
    if row["monthly_quantity"] is not None:
        if period[0] <= cycle.start < period[1]:
            return line_amount(row["monthly_quantity"], row["unit_price"], row["currency"])
        return ZERO
    is_core = row["section"] in CORE_SECTIONS and period == (cycle.start, cycle.end)
    return row["amount"] if is_core else ZERO


def tax_lines(org: Organization, lines: list[dict]) -> Iterator[dict]:
    """TAX-01: a line per level on the charges of an invoice, at the rate of the invoice's date.

    Charges of two contracts on one invoice are taxed where each contract says.
    """
    charges: dict[tuple[date, str], list[dict]] = defaultdict(list)
    for row in lines:
        charges[row["invoice_date"], row["contract"].tax_jurisdiction or ""].append(row)
    for (day, jurisdiction), charged in sorted(charges.items()):
        first = min(row["service_period_start"] for row in charged)
        last = max(row["service_period_end"] for row in charged)
        for level, rates in TAX_RATES.get(jurisdiction, {}).items():
            for since, until, rate in rates:
                if since <= day < until:
                    yield from line(
                        charged[0]["contract"],
                        day,
                        level,
                        "tax",
                        (first, last),
                        sum(row["amount"] for row in charged),
                        Decimal(rate),
                        in_section="taxes_and_fees",
                        detail=jurisdiction,
                    )


def identified(org: Organization, row: dict) -> dict:
    """A line with its id, its invoice and whether the invoice is final: dated before as-of."""
    detail = row.pop("detail")
    del row["contract"], row["monthly_quantity"]
    invoice = f"{org.org_id}-{row['invoice_date']}"
    parts = invoice, row["charge_type"], row["product_code"], str(row["service_period_start"])
    return {
        "invoice_line_id": "/".join([*parts, detail] if detail else parts),
        "invoice_id": invoice,
        **row,
        "invoice_status": "final" if row["invoice_date"] < org.as_of else "accruing",
    }


def charges(org: Organization, meters: list[Meter]) -> list[dict]:
    """Every line but minimum amounts and taxes, which are computed from these."""
    lines = [*annual_prepay(org), *order_lines(org)]
    for meter in meters:
        for builder in (
            prepay_of_cycle,
            committed_in_arrears,
            license_lines,
            resource_lines,
            conversation_lines,
            telco_lines,
            surcharge_lines,
            number_lines,
            device_lines,
        ):
            lines.extend(builder(meter))
    return lines


def invoice_lines(org: Organization, meters: list[Meter]) -> list[dict]:
    """Every line of every invoice; one that is not final yet shows the arrears so far."""
    lines = charges(org, meters)
    lines += [row for meter in meters for row in minimum_lines(meter, lines)]
    return [identified(org, row) for row in [*lines, *tax_lines(org, lines)]]


def invoices(org: Organization, lines: list[dict]) -> list[dict]:
    """An invoice is the sum of its lines, charges and taxes apart."""
    charges: dict[date, Decimal] = defaultdict(Decimal)
    taxes: dict[date, Decimal] = defaultdict(Decimal)
    for row in lines:
        (taxes if row["charge_type"] == "tax" else charges)[row["invoice_date"]] += row["amount"]
    rows = []
    for day in sorted(charges):
        contract = contract_on(org, day)
        rows.append(
            {
                "invoice_id": f"{org.org_id}-{day}",
                "billing_account_id": contract.billing_account_id,
                "invoice_date": day,
                "due_date": day + timedelta(days=contract.payment_terms_days),
                "currency": contract.currency,
                "subtotal_amount": charges[day],
                "tax_amount": taxes[day],
                "total_amount": charges[day] + taxes[day],
                "invoice_status": "final" if day < org.as_of else "accruing",
            }
        )
    return rows


# ---------------------------------------------------------------- what is on no line


def unbilled(meter: Meter) -> list[dict]:
    """Interface 4, `unbilled_usage`: everything measured and on no line, with its reason."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def note(product: str, reason: str, quantity: Decimal | int) -> None:
        if quantity > 0:
            found[product, reason] += quantity

    def beyond(product: str, quantity: Decimal | int) -> None:
        """What is above allowance and commitment has a line, if the product has an item."""
        if meter.item(product) is None:
            note(product, "no_contract_item", quantity)

    note("none", "user_without_license", len(meter.unlicensed))
    for product, hours in meter.hours_without_login.items():
        note(product, "not_logged_in", hours)
    for row in meter.license_usage:
        product, actual = row["product_code"], row["actual_quantity"]
        beyond(product, row["overage_quantity"])
        note(product, "within_commitment", min(actual, meter.paid_for(product)))
    for product, users in meter.holders.items():
        model = people.counting_model(product, meter.cycle.contract.license_model)
        if model == "concurrent":
            found_peaks = people.peaks(people.segments(users, meter.window))
            billable = found_peaks[meter.cycle.contract.peak_rule]
            note(product, "peak_disregarded", found_peaks["highest"] - billable)
    for meter_code, quantity in meter.delivered.items():
        if meter_code in METERS and usage.token_rate(meter_code, meter.cycle) is None:
            note(meter_code, "not_billable_service", quantity)
    for row in meter.resource_usage:
        product, used = row["product_code"], row["used_quantity"]
        within = min(used, row["included_quantity"])
        note(product, "within_allowance", within)
        note(product, "within_commitment", min(used - within, meter.paid_for(product)))
        beyond(product, beyond_paid(meter, row))
    for product, count in meter.conversation_counts.items():
        if meter.is_paid_in_tokens(product):
            note(product, "not_billable_service", count)
            continue
        note(product, "within_commitment", min(count, meter.paid_for(product)))
        beyond(product, overage(count, meter.paid_for(product)))
    for platform, count in usage.anonymous_interactions(meter.org, meter.cycle).items():
        note(f"conversation_{platform}", "no_customer_account", count)
    byoc_minutes = meter.minutes(meter.calls.get("byoc", []))
    note("byoc_minutes", "not_billable_service", byoc_minutes)
    surcharged = meter.surcharged_calls
    note("short_call_surcharge", "below_threshold", meter.short_calls[1] - surcharged)
    beyond("short_call_surcharge", surcharged)
    for (kind, *_), count in usage.numbers_held(meter.org, meter.cycle).items():
        beyond(meter.number_item("mrc", kind)[0], count)
    for (kind, _), count in usage.numbers_bought(meter.org, meter.cycle).items():
        beyond(meter.number_item("nrc", kind)[0], count)
    for product, count in usage.devices_in_service(meter.org, meter.cycle).items():
        beyond(product, count)
    return [
        {
            "product_code": product,
            "reason": reason,
            "quantity": Decimal(quantity),
            "unit_of_measure": unbilled_unit(meter, product, reason),
        }
        for (product, reason), quantity in sorted(found.items())
    ]


def unbilled_unit(meter: Meter, product: str, reason: str) -> str:
    """Heads of users and of a peak, interactions of nobody, else the unit of the product."""
    if reason in {"user_without_license", "peak_disregarded"}:
        return "user"
    if reason == "no_customer_account":
        return "interaction"
    model = people.counting_model(product, meter.cycle.contract.license_model)
    return catalogue.unit(product, model)


# ---------------------------------------------------------------- marts


def billing_cycle_rows(org: Organization) -> list[dict]:
    """`billing_cycles`: every cycle on both clocks."""
    rows = []
    for cycle in org.cycles:
        for clock in ("core", "voice"):
            start, end = cycle.bounds(clock)
            rows.append(
                {
                    "billing_cycle_id": f"{org.org_id}/{clock}/{cycle.start}",
                    "clock": clock,
                    "cycle_number": cycle.number,
                    "cycle_start_at": start,
                    "cycle_end_at": end,
                    "cycle_start_date": cycle.start,
                    "cycle_end_date": cycle.end,
                    "phase": "ramp" if cycle.is_ramp else "term",
                    "is_last_ramp_cycle": cycle.is_last_ramp,
                    "is_closed": end <= midnight(org.as_of),
                    "usage_through_at": min(end, midnight(org.as_of)),
                }
            )
    return rows


def conversation_rows(meter: Meter) -> list[dict]:
    """`conversations` without the hashed account: compared as a bag of equal rows."""
    start = meter.window[0]
    return [
        {
            "platform": platform,
            "integration_id": integration,
            "interactions_count": len(rows),
            "first_interaction_at": min(row["start_time"] for row in rows),
            "last_interaction_at": max(row["start_time"] for row in rows),
            "is_carried_over": any(row["start_time"] < start for row in rows),
        }
        for (_, platform, integration), rows in meter.conversations.items()
    ]


def customer_rows(meters: list[Meter]) -> list[dict]:
    """Per customer of a platform the conversations, to hold against the hash that stands for it."""
    found: dict[tuple, list[Row]] = defaultdict(list)
    conversations: dict[tuple, int] = defaultdict(int)
    for meter in meters:
        for (account, platform, _), rows in meter.conversations.items():
            found[account, platform] += rows
            conversations[account, platform] += 1
    return [
        {
            "platform": platform,
            "conversations_count": conversations[account, platform],
            "interactions_count": len(rows),
            "first_interaction_at": min(row["start_time"] for row in rows),
            "last_interaction_at": max(row["start_time"] for row in rows),
        }
        for (account, platform), rows in found.items()
    ]


def concurrency_peak_rows(meter: Meter) -> list[dict]:
    """`concurrency_peaks`: all readings side by side, and the witness of the sustained one."""
    rows = []
    rule = meter.cycle.contract.peak_rule
    for pool, users in meter.pools.items():
        pieces = people.segments(users, meter.window)
        found = people.peaks(pieces)
        stretch = people.first_stretch(pieces, found["sustained"])
        started, ended = stretch if rule == "sustained" else (None, None)
        rows.append(
            {
                "pool": pool,
                "highest_users": found["highest"],
                "sustained_users": found["sustained"],
                "accumulated_users": found["accumulated"],
                "accumulated_exact_users": found["accumulated_exact"],
                "peak_rule": rule,
                "billable_users": found[rule],
                "peak_started_at": started,
                "peak_ended_at": ended,
            }
        )
    return rows


def concurrency_daily_rows(meter: Meter) -> list[dict]:
    """`concurrency_daily` (CONC-08, R2)."""
    rows = []
    for pool, users in meter.pools.items():
        pieces = people.segments(users, meter.window)
        for day in people.days_of(meter.window):
            peak, minutes = people.daily_peak(pieces, day)
            if peak:
                rows.append(
                    {
                        "usage_date": day,
                        "pool": pool,
                        "peak_users": peak,
                        "minutes_at_peak": round_half_up(minutes, 6),
                    }
                )
    return rows


def billable_user_rows(meter: Meter) -> list[dict]:
    """`billable_users` (R1, NAMED-01)."""
    return [
        {
            "user_id": user,
            "product_code": product,
            "first_billable_login_at": times[0][0],
            "logged_in_seconds": round_half_up(people.seconds(times), 6),
        }
        for product, users in meter.holders.items()
        for user, times in users.items()
    ]


def user_hour_rows(meter: Meter) -> list[dict]:
    """`user_hours_daily` (R5, HOUR-04)."""
    rows = []
    for day in people.days_of(meter.window):
        window = midnight(day), midnight(day + timedelta(days=1))
        logged_in = people.within(meter.logins, window)
        interacting = people.within(meter.interacting, window)
        for user in {**logged_in, **interacting}:
            times, busy = logged_in.get(user, []), interacting.get(user, [])
            rows.append(
                {
                    "user_id": user,
                    "usage_date": day,
                    "logged_in_seconds": round_half_up(people.seconds(times), 6),
                    "logged_in_duration": people.duration_text(people.seconds(times)),
                    "interacting_seconds": round_half_up(people.seconds(busy), 6),
                }
            )
    return rows


def call_rows(meter: Meter) -> list[dict]:
    """`calls`: every call of the voice cycle, told by file and row."""
    return [
        {
            "call_id": f"{row.file}/{row.number}",
            "sip_call_id": row["sip_call_id"],
            "started_at": row["start_time"],
            "direction": row["direction"].lower(),
            "call_type": row["call_type"].lower(),
            "service": service,
            "duration_seconds": row["duration_seconds"],
            "rated_seconds": usage.rated_seconds(row["duration_seconds"], meter.policy),
            "rate_per_minute": row["usage_rate_per_minute"],
            "reported_cost": row["total_cost"],
            "rated_cost": usage.rated_cost(
                row["duration_seconds"], row["usage_rate_per_minute"], meter.policy
            ),
            "currency": row["currency"],
            "is_short": usage.is_short(row),
            "is_international": usage.is_international(row),
        }
        for service, rows in meter.calls.items()
        for row in rows
    ]


def surcharge_rows(meter: Meter, theirs: list[vendor.VendorLine]) -> list[dict]:
    """`short_call_surcharges`."""
    completed, short = meter.short_calls
    if not completed:
        return []
    item = meter.item("short_call_surcharge")
    quantity = meter.surcharged_calls
    currency = meter.cycle.contract.currency
    return [
        {
            "cycle_start_date": meter.cycle.start,
            "completed_calls": completed,
            "short_calls": short,
            "short_share": round_half_up(Decimal(short) / completed, 6),
            "surcharge_quantity": quantity,
            "rate": item["overage_rate"] if item else None,
            "amount": line_amount(quantity, item["overage_rate"], currency) if item else None,
            **vendor.surcharge_verdict(meter.cycle, quantity, theirs),
        }
    ]


PER_CYCLE = {
    "conversations": conversation_rows,
    "concurrency_daily": concurrency_daily_rows,
    "concurrency_peaks": concurrency_peak_rows,
    "billable_users": billable_user_rows,
    "user_hours_daily": user_hour_rows,
    "license_usage": lambda meter: meter.license_usage,
    "resource_usage": lambda meter: meter.resource_usage,
    "calls": call_rows,
    "ai_token_usage": lambda meter: meter.token_usage,
    "unbilled_usage": unbilled,
}
DAILY = {"concurrency_daily", "user_hours_daily"}


def organization_marts(org: Organization) -> dict[str, list[dict]]:
    """The marts of one org."""
    meters = [Meter(org, cycle) for cycle in org.cycles]
    marts: dict[str, list[dict]] = {name: [] for name in PER_CYCLE}
    for name, builder in PER_CYCLE.items():
        for meter in meters:
            place = {} if name in DAILY else {"cycle_start_date": meter.cycle.start}
            marts[name] += [{**place, **row} for row in builder(meter)]
    marts["organizations"] = organization_rows(org)
    marts["billing_cycles"] = billing_cycle_rows(org)
    marts["invoice_lines"] = invoice_lines(org, meters)
    marts["invoices"] = invoices(org, marts["invoice_lines"])
    marts["usage_summary"] = usage_summary_rows(meters, marts["invoice_lines"])
    theirs = vendor.vendor_lines(org, marts["invoice_lines"])
    marts["short_call_surcharges"] = [r for m in meters for r in surcharge_rows(m, theirs)]
    marts["telco_reconciliation"] = [
        row for meter in meters for row in vendor.telco_reconciliation(meter, theirs)
    ]
    marts["invoice_reconciliation"] = vendor.invoice_reconciliation(
        org, meters, marts["invoice_lines"]
    )
    marts["report_reconciliation"] = report_reconciliation(org, meters, marts)
    marts["customers"] = customer_rows(meters)
    marts["rejected_rows"] = rejected_rows(org)
    marts["unmapped_names"] = unmapped_names(org)
    marts["load_audit"] = load_audit(org)
    return {name: [{"org_id": org.org_id, **row} for row in rows] for name, rows in marts.items()}


def calculate(inbox: Path, as_of: date, policies: Policies | None = None) -> dict[str, list[dict]]:
    """The marts of every org in `inbox` as seen on `as_of`: mart name -> rows."""
    marts: dict[str, list[dict]] = defaultdict(list)
    for folder in sorted(path for path in inbox.iterdir() if path.is_dir()):
        for name, rows in organization_marts(read_organization(folder, as_of, policies)).items():
            marts[name] += rows
    return dict(marts)
