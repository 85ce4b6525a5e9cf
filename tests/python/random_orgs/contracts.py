"""Contracts of a random organization, with their prices and commitments."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from oracle.calendar import add_months
from oracle.products import ADDONS, HOURLY, LICENSE_RANK
from oracle.values import parse_end
from random_orgs.declared import is_declared
from random_orgs.organization import RandomOrg
from random_orgs.usage import SMALL_RESOURCES

MODELS = ("named", "concurrent", "hourly")
OPTIONS = ("annual_prepay", "annual_prepay_monthly", "month_to_month")
RAMPS = ("none", "waived", "actuals", "mixed")
RAISES = (*["", "co_term"] * 2, "overage", "overage", "next_year", "Next_Year")
PEAK_RULES = ("", "sustained", "accumulated", "accumulated_exact")


def write_contracts(org: RandomOrg) -> None:
    """One or two contracts, of all models, options and ramps; some delivered again."""
    rng = org.rng
    model, option = MODELS[org.index % 3], OPTIONS[org.index // 3 % 3]
    is_late = False
    if org.is_over_a_year:  # long enough for a second prepaid year
        with org.drawing_from(org.rng_of_terms):
            option = "annual_prepay" if org.chance(0.8) else option
            is_late = org.chance(0.85)
    ramp = RAMPS[org.index // 9 % 4] if org.index < 36 else rng.choice(RAMPS)
    first = draw_contract(org, f"{org.org_id}-c1", org.effective, model, option, ramp)
    cut_term(org, first)
    with org.drawing_from(org.rng_of_terms):
        end_term(org, first)
    org.first_contract = first
    second = None
    if org.chance(0.3 if org.effective >= org.first_day else 0.6):
        month = add_months(org.effective, rng.choice((1, 1, 6)) + 12 * is_late)
        effective = month + timedelta(days=rng.choice((0, 0, 10, 40)))
        second = draw_contract(
            org,
            f"{org.org_id}-c2",
            effective,
            rng.choice(MODELS),
            rng.choice(OPTIONS),
            rng.choice(RAMPS),
        )
    if org.chance(0.3):  # an earlier landing of another contract with the same date
        rival = {**first, "contract_id": f"{org.org_id}-rival", "license_model": "named"}
        org.add("contracts", *rival.values(), file="0_rival.csv")
    if org.chance(0.3):  # superseded by a later file
        old = {**first, "license_model": rng.choice(MODELS), "peak_rule": ""}
        org.add("contracts", *old.values())
        org.add("contracts", *first.values(), file="b_late.csv")
    else:
        org.add("contracts", *first.values())
    if second:
        org.add("contracts", *second.values())
    with org.drawing_from(org.rng_of_terms):
        write_successor(org, "c3" if second else "c2")
    if org.chance(0.3):
        switches = [("hourly_switch", "first")] if first["hourly_switch"] else []
        column, value = rng.choice(
            (
                ("license_model", "floating"),
                ("hourly_model", "sleeping"),
                ("messaging_pricing_model", "per_emoji"),
                *switches,
                ("minimum_monthly_amount", "-1"),
                ("minimum_monthly_amount", "much"),
                ("after_term", "for ever"),
                ("prepay_raise", "never"),
            )
        )
        wrong = {**first, "contract_id": f"{org.org_id}-wrong", column: value}
        org.add("contracts", *wrong.values())


def draw_contract(
    org: RandomOrg, contract_id: str, effective: date, model: str, option: str, ramp: str
):
    """One contract row by column."""
    rng = org.rng
    org.contract_ids.append((contract_id, effective))
    ramp_end = ""
    if ramp != "none":
        end = add_months(effective, rng.choice((1, 1, 2)))
        end += timedelta(days=12) if org.chance(0.1) else timedelta(0)
        ramp_end = end.isoformat()
        if org.chance(0.3):
            hour = rng.choice(("23", "23", "11"))
            ramp_end = f"{end - timedelta(days=1)}T{hour}:59:59{rng.choice(('Z', '.999Z', ''))}"
    return {
        "contract_id": contract_id,
        "org_name": f"Org {org.org_id}",
        "region": rng.choice(("us-east-1", "eu-west-1")),
        "license_model": model,
        "billing_option": option,
        "currency": org.currency,
        "effective_date": effective,
        "billing_account_id": "" if org.index % 2 else f"account-{org.index // 4}",
        "ramp_end_date": ramp_end,
        "term_end_date": "",
        "peak_rule": rng.choice(PEAK_RULES),
        "ramp_license_billing": {"none": "", "waived": rng.choice(("", "waived"))}.get(
            ramp, "actuals" if ramp == "actuals" else rng.choice(("waived", "actuals"))
        ),
        "ramp_resource_billing": rng.choice(("waived", "actuals")) if ramp == "mixed" else "",
        "payment_terms_days": ("", 30, 45, 0)[org.index % 4],
        "tax_jurisdiction": rng.choice(("", "", "EXAMPLE-US", "RANDOM", "NOWHERE")),
        "hourly_model": rng.choice(("", "logged_in", "interacting", "INTERACTING")),
        "minimum_monthly_amount": rng.choice(("", "", 0, 100, Decimal("5000.005"))),
        "messaging_pricing_model": rng.choice(("", "per_conversation", "per_token")),
        "after_term": "",
        "prepay_raise": org.rng_of_terms.choice(RAISES),
        "hourly_switch": draw_hourly_switch(org),
    }


def draw_hourly_switch(org: RandomOrg) -> str:
    """HOUR-05: which designation of a cycle decides."""
    value = org.rng.choice(("", "latest", "any", "ANY"))
    return value if is_declared("contracts", "hourly_switch") else ""


def cut_term(org: RandomOrg, contract: dict) -> None:
    """A term end for some contracts: on a boundary, inside a cycle, in the first year."""
    if org.chance(0.3):
        months = org.rng.choice((1, 2, 2, 7))
        end = add_months(org.effective, months) + timedelta(days=org.rng.choice((0, 0, 9)))
        if org.effective < org.first_day:
            end = add_months(org.effective, 12 + months)
        contract["term_end_date"] = end


def end_term(org: RandomOrg, contract: dict) -> None:
    """More term ends, and what comes after them: an end, or month to month."""
    effective = contract["effective_date"]
    if not contract["term_end_date"] and org.chance(0.55):
        months = org.rng.choice((1, 1, 2, 2, 3)) + 12 * org.is_over_a_year
        days = org.rng.choice((0, 0, -1, 1, 9))
        contract["term_end_date"] = add_months(effective, months) + timedelta(days=days)
    end, ramp_end = contract["term_end_date"], contract["ramp_end_date"]
    if end and ramp_end and parse_end(ramp_end) > end:  # a term without a day of it only ends
        return
    contract["after_term"] = org.rng.choice(("", "ends", *["month_to_month"] * 2))


def write_successor(org: RandomOrg, name: str) -> None:
    """One contract more that follows the first one soon, often the prepaid one within its year."""
    is_by_year = org.first_contract["billing_option"] == "annual_prepay"
    if not org.chance(0.45 if is_by_year else 0.25):
        return
    months = org.rng.choice((0, 1, 1, 2, 2)) + 12 * org.is_over_a_year
    effective = add_months(org.effective, months) + timedelta(days=org.rng.choice((0, 0, 5, 16)))
    if effective in {day for _, day in org.contract_ids}:
        return
    model, option, ramp = (org.rng.choice(drawn) for drawn in (MODELS, OPTIONS, RAMPS))
    contract = draw_contract(org, f"{org.org_id}-{name}", effective, model, option, ramp)
    if org.chance(0.3):
        end_term(org, contract)
    org.add("contracts", *contract.values())


def draw_commitment(org: RandomOrg, product: str) -> Decimal | int:
    """A commitment: none, about the actual quantity, or far above it."""
    rng = org.rng
    if product in {*LICENSE_RANK, *ADDONS, *HOURLY, "acme_board", "acme_coaching"}:
        return rng.choice((0, 0, 1, 1, 2, 2, 3, 5, 20, Decimal("2.5")))
    if product in SMALL_RESOURCES:
        return rng.choice((0, 0, 0, 1, 100, SMALL_RESOURCES[product]))
    if product.startswith(("conversation", "sms")):
        return rng.choice((0, 0, 0, 1, 2, 50))
    if product.startswith(("number", "short_call")):  # is ignored
        return rng.choice((0, 0, 0, 3))
    return 0


def write_items(org: RandomOrg) -> None:
    """Prices and commitments; some products have none, some change, some land twice."""
    rng = org.rng
    codes = org.products | {
        "short_call_surcharge",
        "number_mrc",
        "number_nrc",
        "phone",
        "edge_virtual",
        "sms_messages",
        "sms_class_c",
        rng.choice(sorted(LICENSE_RANK)),
        rng.choice(("number_mrc_local", "number_nrc_mobile", "number_mrc_mobile")),
        *SMALL_RESOURCES,
        *(f"{code}_hourly" for code in org.products if f"{code}_hourly" in HOURLY),
    }
    for contract_id, effective in org.contract_ids:
        for code in sorted(codes):
            if org.chance(0.15):
                continue
            committed, prepay, over = draw_commitment(org, code), org.price(), org.price()
            name = org.other_name(code)
            published = draw_published(org)
            org.add("contract_items", contract_id, name, committed, prepay, over, "", "", published)
            if org.chance(0.1):  # a later file corrects the price
                late = org.price()
                org.add(
                    "contract_items",
                    contract_id,
                    code,
                    committed,
                    prepay,
                    late,
                    "",
                    "",
                    published,
                    file="b_late.csv",
                )
            if org.chance(0.25):  # a change at a cycle start, or inside the cycle
                change = add_months(effective, rng.choice((1, 2)))
                change += timedelta(days=rng.choice((0, 0, 1, -1, 12)))
                until = max(change, add_months(effective, rng.choice((2, 3))))
                until = rng.choice(("", until, change + timedelta(days=45)))
                org.add(
                    "contract_items",
                    contract_id,
                    code,
                    draw_commitment(org, code),
                    org.price(),
                    org.price(),
                    change,
                    until,
                    draw_published(org),
                )
        with org.drawing_from(org.rng_of_terms):
            write_amendments(org, contract_id, effective, sorted(codes))


def draw_published(org: RandomOrg) -> Decimal | str:
    """The price of an item when the term is over: often none."""
    with org.drawing_from(org.rng_of_terms):
        return org.price() if org.chance(0.5) else ""


def write_amendments(org: RandomOrg, contract_id: str, effective: date, codes: list[str]) -> None:
    """INV-11: commitments of licenses and some resources that change once more, or begin late."""
    rng = org.rng
    for code in codes:
        licensed = code in {*LICENSE_RANK, *ADDONS, *HOURLY}
        changes = []
        for _ in range(2):
            if org.chance(0.45 if licensed else 0.06):
                month = rng.choice((0, 1, 1, 2, 3, 13, 14))
                changes.append((month, draw_commitment(org, code)))
        if licensed and org.chance(0.25):  # raised twice
            first = rng.choice((3, 6, 21))
            changes = [(1, first), (2, first + rng.choice((1, Decimal("2.5"))))]
        for month, committed in changes:
            days = rng.choice((0, 0, 0, 5)) if month else 5  # the first day has an item already
            day = add_months(effective, month) + timedelta(days=days)
            row = committed, org.price(), org.price(), day, ""
            org.add("contract_items", contract_id, code, *row, draw_published(org))
