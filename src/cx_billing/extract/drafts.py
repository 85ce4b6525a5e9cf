"""Drafts of `contracts` and `contract_items` out of the contract API, for people to complete.

The API knows terms, products, quantities and prices. It does not know how users are counted, and it
does not say whether its last days are included; they are taken to be, and the notes say so.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence

from cx_billing import files
from cx_billing.extract.platform import REGIONS
from cx_billing.extract.pull import Pull
from cx_billing.extract.windows import ending

CONTRACT_COLUMNS = (
    *("contract_id", "org_name", "region", "license_model", "billing_option", "currency"),
    *("effective_date", "ramp_end_date", "term_end_date"),
)
ITEM_COLUMNS = (
    *("contract_id", "product_code", "committed_quantity", "prepay_rate", "overage_rate"),
    *("effective_from", "effective_to"),
)
NOTES = """# Contracts as the platform told them on {day}

Complete `contracts_{day}.csv` and `contract_items_{day}.csv`, hold them against the contract on
paper, and move them to `contracts/` and `contract_items/` beside this folder, where nothing is
landed. What the platform does not tell, or not clearly:

* How users are counted (`license_model`), what is billed in the ramp, the rule for peaks, tax
  jurisdiction and payment terms. An empty column has to be filled, see `docs/datasets.md`.
* Whether the last day of a ramp, a term or a price is included. Here it is taken to be, so each end
  is the day after; `ramp_end_date` must be the first day of the subscription term.
* Which product a name means: `product_code` holds the name of the plan's product. A name that the
  build does not know is rejected as `unknown_product`.
{notes}
"""
PRICES = {"committed_quantity": "quantity", "prepay_rate": "price", "overage_rate": "overagePrice"}


def write(pull: Pull, bodies: Sequence[bytes]) -> None:
    """Two files and notes beside the datasets; only if the API tells something else than before."""
    contracts = [json.loads(body, parse_float=str, parse_int=str) for body in bodies]
    if not contracts:
        return
    notes: list[str] = []
    heads = [_contract(contract, pull, notes) for contract in contracts]
    items = [item for contract in contracts for item in _items(contract, notes)]
    lasting = [head | {"billing_option": "", "currency": ""} for head in heads]
    told = hashlib.sha256(json.dumps([lasting, items]).encode()).hexdigest()
    if f"draft {told}" in pull.journal.done:
        return
    day = f"{pull.now:%Y-%m-%d}"
    pull.folder.keep_aside(f"contracts_{day}.csv", _csv(CONTRACT_COLUMNS, heads))
    pull.folder.keep_aside(f"contract_items_{day}.csv", _csv(ITEM_COLUMNS, items))
    pull.folder.keep_aside(f"contracts_{day}.md", _notes(day, notes).encode())
    pull.journal.finish(f"draft {told}")
    where = pull.folder.path / files.NOT_LANDED / f"contracts_{day}.md"
    pull.report.notes.append(f"Drafts of contracts and items: {where} says what to complete.")


def _contract(contract: dict, pull: Pull, notes: list[str]) -> dict[str, str]:
    """The row of a contract, as far as it is known."""
    currencies = {
        item["currencyIsoCode"] for _, item in _plan_items(contract) if item.get("currencyIsoCode")
    } or {pull.facts.get("currency", "")}
    customer = contract.get("endCustomer") or contract.get("soldToCustomer") or {}
    domain = pull.client.domain
    row = {
        "contract_id": contract.get("id"),
        "org_name": customer.get("name"),
        "region": next((name for name, at in REGIONS.items() if at == domain), ""),
        "license_model": "",
        "billing_option": pull.facts.get("subscriptionType", "").lower(),
        "currency": currencies.pop() if len(currencies) == 1 else "",
        "effective_date": contract.get("dateStart"),
        "ramp_end_date": _day_after(contract.get("dateRampEnd")),
        "term_end_date": _day_after(contract.get("dateEnd")),
    }
    unknown = [name for name in CONTRACT_COLUMNS if not row[name]]
    notes.append(
        f"Contract {contract.get('id')} (number {contract.get('externalNumber')}, "
        f"{contract.get('status')}, commercial model {contract.get('commercialModel')}): "
        f"not known are {', '.join(unknown)}."
    )
    return {name: str(value or "") for name, value in row.items()}


def _items(contract: dict, notes: list[str]) -> list[dict[str, str]]:
    """A row per product and time; what several items of one say differently is left open."""
    rows: dict[tuple[str, str, str], dict[str, set[str]]] = {}
    for plan, item in _plan_items(contract):
        starts = {other.get("dateEffectiveStart") for other in plan["items"]}
        product = str((plan.get("product") or {}).get("name") or plan.get("name") or "")
        end = item.get("dateEffectiveEnd")
        end = end if end in starts else _day_after(end)
        key = (product, str(item.get("dateEffectiveStart") or ""), str(end or ""))
        row = rows.setdefault(key, {column: set() for column in PRICES})
        for column, name in PRICES.items():
            row[column] |= {str(item[name])} if item.get(name) is not None else set()
        if str(item.get("discountAmount") or "0").strip("0."):
            notes.append(f"{product}: a discount of {item['discountAmount']} is not taken off.")
    found = []
    for (product, start, end), row in rows.items():
        for column, values in row.items():
            if not values:
                notes.append(f"{product} from {start or 'the start'}: no {column} is told.")
            elif len(values) > 1:
                told = ", ".join(sorted(values))
                notes.append(f"{product} from {start or 'the start'}: {column} could be {told}.")
        known = {column: min(values) if len(values) == 1 else "" for column, values in row.items()}
        keys = {"contract_id": str(contract.get("id")), "product_code": product}
        found.append(keys | known | {"effective_from": start, "effective_to": end})
    return found


def _plan_items(contract: dict) -> Iterable[tuple[dict, dict]]:
    for plan in contract.get("plans") or []:
        for item in plan.get("items") or []:
            yield plan, item


def _day_after(day: object) -> str:
    """The first day that an end does no longer cover."""
    return f"{ending(str(day)):%Y-%m-%d}" if day else ""


def _csv(columns: Sequence[str], rows: Iterable[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _notes(day: str, notes: Sequence[str]) -> str:
    return NOTES.format(day=day, notes="\n".join(f"* {note}" for note in notes))
