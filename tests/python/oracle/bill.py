"""The marts of an inbox, computed from the raw rows: `calculate(inbox, as_of)`.

Where interface and rulebook leave a choice, this is what the oracle does:

calendar
 1. A cycle is the last of the ramp if it starts before the ramp end and ends at or after it; a
    cycle cut off before the ramp end is not.
 2. `usage_through_at` is the earlier of the cycle's end (on its clock) and 00:00 of as-of.
 3. A vendor end of 23:59:59 is read as the next day for `ramp_end_date` and `term_end_date`.
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
    in, license or not, in every license model.
13. `concurrency_*` have rows where at least one user was logged in, in every license model.
    `license_usage.peak_users` of Communicate, Collaborate and EX is computed by the same rule,
    although they are no pool.
14. `peak_disregarded` = highest minus billable users, where the product is counted as concurrent.
15. A user is `user_without_license` who holds neither a base license nor an add-on in the cycle.
16. Interacting means routing status INTERACTING, whether logged in or not.
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
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from oracle import people, usage
from oracle.calendar import Contract, Cycle, add_months, midnight, whole_months
from oracle.compare import ANYTHING
from oracle.money import line_amount, money, round_half_up, whole_hours
from oracle.reader import (
    ADDONS,
    CX_LICENSES,
    DEVICES,
    FAIR_USE,
    LICENSE_RANK,
    Organization,
    Row,
    load_audit,
    read_organization,
    rejected_rows,
)

ZERO = Decimal(0)
LICENSED = {*LICENSE_RANK, *ADDONS}


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
        for user, times in self.logins.items():
            for product in people.billed_products(held.get(user, set())):
                found[product][user] = times
        return dict(sorted(found.items()))

    @cached_property
    def unlicensed(self) -> list[str]:
        """Logged-in users with neither a license nor an add-on."""
        licensed = {user for logins in self.holders.values() for user in logins}
        return sorted(self.logins.keys() - licensed)

    @cached_property
    def pools(self) -> dict[str, people.Logins]:
        """The concurrency pools: each CX license, each add-on, and all CX users."""
        pools = {p: users for p, users in self.holders.items() if p in CX_LICENSES | ADDONS}
        everyone = {
            u: t for p, users in pools.items() if p in CX_LICENSES for u, t in users.items()
        }
        return {**pools, "cx_all": everyone} if everyone else pools

    def item(self, product: str) -> Row | None:
        """The item of `product` in force at the start of the cycle."""
        return item_in_force(self.org, self.cycle.contract, product, self.cycle.start)

    def committed(self, product: str) -> Decimal:
        """The committed quantity of `product` in the cycle."""
        item = self.item(product)
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
            time = sum((people.seconds(times) for times in users.values()), 0)
            peak = people.peaks(people.segments(users, self.window))[contract.peak_rule]
            actual = {"named": len(users), "concurrent": peak, "hourly": whole_hours(time)}[model]
            committed = self.committed(product)
            if actual > 0 or committed > 0:
                rows.append(
                    {
                        "product_code": product,
                        "license_model": model,
                        "named_users": len(users),
                        "peak_users": peak,
                        "logged_in_hours": round_half_up(time / 3600 if time else 0, 6),
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
        for product, used in sorted(usage.resources_used(self.org, self.cycle).items()):
            model = self.cycle.contract.license_model
            included = usage.included(product, self.license_usage, model)
            rows.append(
                {
                    "product_code": product,
                    "used_quantity": used,
                    "included_quantity": included,
                    "overage_quantity": overage(used, included),
                }
            )
        return rows

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
) -> Iterator[dict]:
    """One invoice line; none for a quantity of 0 (interface 5)."""
    if quantity == 0:
        return
    if amount is None:
        amount = line_amount(quantity, unit_price, contract.currency)
    yield {
        "invoice_date": invoice_date,
        "section": in_section or section(product),
        "product_code": product,
        "charge_type": charge_type,
        "service_period_start": period[0],
        "service_period_end": period[1],
        "quantity": Decimal(quantity),
        "unit_price": unit_price,
        "amount": ZERO if waived else amount,
        "currency": contract.currency,
        "is_waived": waived,
        "waiver_reason": "ramp" if waived else None,
    }


def prepay_of_cycle(meter: Meter) -> Iterator[dict]:
    """INV-04, RAMP-02: the commitment of a term cycle, dated on its start."""
    cycle = meter.cycle
    if cycle.contract.billing_option != "annual_prepay_monthly" or cycle.is_ramp:
        return
    for product in products_with_items(meter.org, cycle.contract):
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
    for product in products_with_items(meter.org, cycle.contract):
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
            for product in products_with_items(org, contract):
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
                    )
            year += 1


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
    return overage(row["used_quantity"], row["included_quantity"] + paid_for)


def conversation_lines(meter: Meter) -> Iterator[dict]:
    """CONV-01: conversations at their price."""
    cycle = meter.cycle
    for product, count in meter.conversation_counts.items():
        if item := meter.item(product):
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
                adjusted_minutes(rows),
                ANYTHING,
                amount=money(sum(row["total_cost"] for row in rows), contract.currency),
            )


def adjusted_minutes(rows: list[Row]) -> Decimal:
    """VOICE-03: adjusted seconds of many calls in minutes (multiples of 0.1)."""
    return Decimal(sum(usage.rated_seconds(r["duration_seconds"]) for r in rows)) / 60


def surcharge_lines(meter: Meter) -> Iterator[dict]:
    """SDC-01..07: the surcharge of the voice cycle."""
    cycle = meter.cycle
    quantity = usage.surcharge_quantity(*meter.short_calls)
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
    for (kind, _, days), count in sorted(usage.numbers_held(meter.org, cycle).items()):
        product, item = meter.number_item("mrc", kind)
        if item:
            price = usage.prorated_price(item["overage_rate"], days, cycle.days)
            yield from line(cycle.contract, cycle.end, product, "recurring", period, count, price)
    for (kind, _), count in sorted(usage.numbers_bought(meter.org, cycle).items()):
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
        )


def contract_on(org: Organization, day: date) -> Contract:
    """The contract in force on `day`, else the last one before it."""
    return [span.contract for span in org.spans if span.start <= day][-1]


def invoice_lines(org: Organization, meters: list[Meter]) -> list[dict]:
    """Every line of every invoice that is final: dated before as-of."""
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
    return [row for row in lines if row["invoice_date"] < org.as_of]


def invoices(org: Organization, lines: list[dict]) -> list[dict]:
    """An invoice is the sum of its lines."""
    totals: dict[date, Decimal] = defaultdict(Decimal)
    for row in lines:
        totals[row["invoice_date"]] += row["amount"]
    rows = []
    for day, total in sorted(totals.items()):
        contract = contract_on(org, day)
        rows.append(
            {
                "invoice_id": f"{org.org_id}-{day}",
                "billing_account_id": contract.billing_account_id,
                "invoice_date": day,
                "due_date": day + timedelta(days=contract.payment_terms_days),
                "currency": contract.currency,
                "subtotal_amount": total,
                "tax_amount": ZERO,
                "total_amount": total,
                "invoice_status": "final",
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
    for row in meter.resource_usage:
        product, used = row["product_code"], row["used_quantity"]
        within = min(used, row["included_quantity"])
        note(product, "within_allowance", within)
        note(product, "within_commitment", min(used - within, meter.paid_for(product)))
        beyond(product, beyond_paid(meter, row))
    for product, count in meter.conversation_counts.items():
        note(product, "within_commitment", min(count, meter.paid_for(product)))
        beyond(product, overage(count, meter.paid_for(product)))
    for platform, count in usage.anonymous_interactions(meter.org, meter.cycle).items():
        note(f"conversation_{platform}", "no_customer_account", count)
    note("byoc_minutes", "not_billable_service", adjusted_minutes(meter.calls.get("byoc", [])))
    surcharged = usage.surcharge_quantity(*meter.short_calls)
    note("short_call_surcharge", "below_threshold", meter.short_calls[1] - surcharged)
    beyond("short_call_surcharge", surcharged)
    for (kind, *_), count in usage.numbers_held(meter.org, meter.cycle).items():
        beyond(meter.number_item("mrc", kind)[0], count)
    for (kind, _), count in usage.numbers_bought(meter.org, meter.cycle).items():
        beyond(meter.number_item("nrc", kind)[0], count)
    for product, count in usage.devices_in_service(meter.org, meter.cycle).items():
        beyond(product, count)
    return [
        {"product_code": product, "reason": reason, "quantity": Decimal(quantity)}
        for (product, reason), quantity in sorted(found.items())
    ]


# ---------------------------------------------------------------- marts


def billing_cycle_rows(org: Organization) -> list[dict]:
    """`billing_cycles`: every cycle on both clocks."""
    rows = []
    for cycle in org.cycles:
        for clock in ("core", "voice"):
            start, end = cycle.bounds(clock)
            rows.append(
                {
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
    interacting = people.interacting(meter.org)
    for day in people.days_of(meter.window):
        window = midnight(day), midnight(day + timedelta(days=1))
        for user, times in people.within(meter.logins, window).items():
            busy = people.within({user: interacting.get(user, [])}, window).get(user, [])
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
    """`calls`, added up per cycle and service."""
    return [
        {
            "service": name,
            "calls_count": len(rows),
            "duration_seconds": sum(row["duration_seconds"] for row in rows),
            "rated_seconds": sum(usage.rated_seconds(row["duration_seconds"]) for row in rows),
            "reported_cost": sum(row["total_cost"] for row in rows),
            "rated_cost": sum_of_rated_costs(rows),
            "short_calls": sum(usage.is_short(row) for row in rows),
        }
        for name, rows in meter.calls.items()
    ]


def sum_of_rated_costs(rows: list[Row]) -> Decimal:
    """VOICE-02: the recomputed costs, each rounded to 4 decimals."""
    return sum(
        (usage.rated_cost(r["duration_seconds"], r["usage_rate_per_minute"]) for r in rows), ZERO
    )


def surcharge_rows(meter: Meter) -> list[dict]:
    """`short_call_surcharges`."""
    completed, short = meter.short_calls
    if not completed:
        return []
    item = meter.item("short_call_surcharge")
    quantity = usage.surcharge_quantity(completed, short)
    currency = meter.cycle.contract.currency
    return [
        {
            "completed_calls": completed,
            "short_calls": short,
            "short_share": round_half_up(Decimal(short) / completed, 6),
            "surcharge_quantity": quantity,
            "rate": item["overage_rate"] if item else ANYTHING,
            "amount": line_amount(quantity, item["overage_rate"], currency) if item else ANYTHING,
        }
    ]


def telco_rows(meter: Meter) -> list[dict]:
    """`telco_reconciliation`, our side."""
    return [
        {
            "service": name,
            "calls_count": len(rows),
            "cdr_minutes": adjusted_minutes(rows),
            "cdr_cost": sum(row["total_cost"] for row in rows),
            "rated_cost": sum_of_rated_costs(rows),
        }
        for name, rows in meter.calls.items()
        if name != "byoc"
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
    "short_call_surcharges": surcharge_rows,
    "telco_reconciliation": telco_rows,
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
    marts["billing_cycles"] = billing_cycle_rows(org)
    marts["invoice_lines"] = invoice_lines(org, meters)
    marts["invoices"] = invoices(org, marts["invoice_lines"])
    marts["rejected_rows"] = rejected_rows(org)
    marts["load_audit"] = load_audit(org)
    return {name: [{"org_id": org.org_id, **row} for row in rows] for name, rows in marts.items()}


def calculate(inbox: Path, as_of: date) -> dict[str, list[dict]]:
    """The marts of every org in `inbox` as seen on `as_of`: mart name -> rows."""
    marts: dict[str, list[dict]] = defaultdict(list)
    for folder in sorted(path for path in inbox.iterdir() if path.is_dir()):
        for name, rows in organization_marts(read_organization(folder, as_of)).items():
            marts[name] += rows
    return dict(marts)
