"""What products are called: the words of the catalogue, and which product a text means.

Names are data and come from the catalogue's seeds; what follows from them (ranks, allowances,
who is counted how) the oracle knows by itself. A product that the seeds do not list is called by
its code. What one organization alone has is known while that organization is computed (`use`).

Where the interface leaves a choice, this is what the oracle does:

1. The name of an own product is one of its names, that of a row about a shipped product is not.
2. An own name counts before a shipped one.
3. A row that a later one supersedes still adds its aliases; one that is rejected does not.
4. How lines of own products and of wallboards are worded, and the unit of an own product where its
   row tells none or it is counted by the hour or in user-months, is the warehouse's own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from oracle.compare import ANYTHING
from oracle.products import ADDONS, FAIR_USE, PRODUCTS, WALLBOARD

SEEDS = Path(__file__).parents[3] / "seeds"
# The words that say whose product it is and how it is counted, not which one it is.
NOISE = {"genesys", "cloud", "user", "users", "concurrent", "named", "hour", "hours"}
DASH = "\N{EN DASH}"
SUFFIXES = {"prepay": f" {DASH} Prepay", "committed": f" {DASH} Committed"}
FAMILIES = {
    "license": "users",
    "addon": "users",
    "resource": "resources",
    "conversation": "messaging",
    "message": "messaging",
    "call": "voice",
    "surcharge": "voice",
    "number": "voice",
    "device": "devices",
    "minimum": "users",
}


# What a kind of an own product is like, and what is an add-on among them.
LIKE = {
    "app": "addon",
    "license_addon": "addon",
    "messaging": "message",
    "device": "device",
    "resource": "resource",
    "one_time": "one_time",
}


@dataclass(frozen=True)
class OwnProducts:
    """What one organization alone has: its products by code, and names of any product."""

    products: dict[str, dict] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


NOTHING = OwnProducts()
current = [NOTHING]


def use(own: OwnProducts) -> None:
    """From now on the products of this organization are known, and of no other."""
    current[0] = own


def read_own_products(rows: Iterable) -> OwnProducts:
    """Dataset `product_catalogue`: rows that can be read, those that stand for their code last."""
    own = OwnProducts({}, {})
    for row in sorted(rows, key=lambda row: not row.is_duplicate):
        code = row["product_code"]
        texts = (row["aliases"] or "").split(";")
        if code not in PRODUCTS and code not in products():
            texts += [row["name"], code.replace("_", " ")]
            own.products[code] = {
                "kind": LIKE[row["kind"]],
                "unit_of_measure": row["unit_of_measure"] or ANYTHING,
                "invoice_name": row["name"],
            }
        own.names.update({key(text): code for text in texts if key(text)})
    return own


def own_kind(product: str) -> str | None:
    """What a product that the organization alone has is like; None for a shipped one."""
    own = current[0].products.get(product)
    return own["kind"] if own else None


def addons() -> set[str]:
    """Every add-on, with the apps and add-ons of the organization."""
    return ADDONS | {code for code in current[0].products if own_kind(code) == "addon"}


def is_fair_use(product: str) -> bool:
    """Whether a product is a resource with overage; an own one has no allowance."""
    return product in FAIR_USE or own_kind(product) == "resource"


@cache
def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    with (SEEDS / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@cache
def products() -> dict[str, dict[str, str]]:
    """The rows of the catalogue by product code."""
    return {row["product_code"]: row for row in seed("products")}


def listed(product: str) -> dict[str, str]:
    """The catalogue's row of a product; one that nobody can list is like that of its prefix."""
    if product in current[0].products:
        return current[0].products[product]
    if product in products():
        return products()[product]
    if product in PRODUCTS:
        kind = "addon" if product in ADDONS else "resource"
        return {"kind": kind, "unit_of_measure": ANYTHING, "invoice_name": product}
    row = next(row for row in seed("product_prefixes") if product.startswith(row["prefix"]))
    rest = product.removeprefix(row["prefix"]).upper()
    return {**products()[row["product_code"]], "invoice_name": f"{row['invoice_name']} {rest}"}


def unit(product: str, counting_model: str) -> str:
    """The unit a product is measured in; licenses counted by the hour are hours."""
    if counting_model == "hourly" and own_kind(product) == "addon":
        return ANYTHING
    if counting_model == "hourly" and family(product) == "users" and product != WALLBOARD:
        return "hour"
    return listed(product)["unit_of_measure"]


def family(product: str) -> str:
    """INV-13: the family of a product in the usage summary."""
    return ANYTHING if product == WALLBOARD else FAMILIES.get(listed(product)["kind"], ANYTHING)


def description(product: str, counting_model: str, charge_type: str, detail: str = "") -> str:
    """INV-03, R6: the words of a line, as the vendor writes them."""
    if own_kind(product) or product == WALLBOARD:
        return ANYTHING
    words = listed(product)["invoice_name"]
    if listed(product)["kind"] in {"license", "addon"}:
        counted = {"named": " User", "concurrent": " Concurrent", "hourly": " User Hour"}
        words += counted[counting_model]
    if listed(product)["kind"] != "minimum":
        words += SUFFIXES.get(charge_type, "")
    return f"{words} ({detail})" if detail else words


def key(text: str) -> str:
    """A name without brand, spelling and how it is counted: `PureCloud 2` is CX 2."""
    words = re.findall(r"[a-z]+|[0-9]+", text.lower())
    if words[:1] == ["purecloud"]:
        words = ["cx", *words[1:]] if words[1:2] and words[1].isdigit() else words[1:]
    return "".join(word for word in words if word not in NOISE)


@cache
def names() -> dict[str, str]:
    """Every name of every product: its code, its invoice name and its aliases."""
    found = {key(code.replace("_", " ")): code for code in PRODUCTS}
    found.update({key(row["invoice_name"]): code for code, row in products().items()})
    found.update({key(row["alias"]): row["product_code"] for row in seed("product_aliases")})
    found.update({key(code.replace("_", " ")): code for code in products()})
    return found


def product_named(text: str) -> str | None:
    """The product a text means, None if nobody knows it; what follows a prefix is its kind."""
    found = current[0].names.get(key(text)) or names().get(key(text))
    if key(text).startswith("rateclass"):  # CONV-08, as the vendor calls it
        text = f"SMS {text}"
    for row in seed("product_prefixes"):
        start = key(row["invoice_name"])
        if not found and key(text).startswith(start):
            return row["prefix"] + key(text).removeprefix(start)
    return found


def charge_in_arrears(product: str) -> str:
    """INV-14: what a product is charged as when it is billed afterwards."""
    kind = listed(product)["kind"]
    if product.startswith("number_nrc"):
        return "one_time"
    usual = {"conversation": "usage", "message": "usage", "call": "usage", "tax": "tax"}
    usual |= {
        "minimum": "committed",
        "one_time": "one_time",
        "surcharge": "surcharge",
        "number": "recurring",
        "device": "recurring",
    }
    return usual.get(kind, "overage")
