"""What products are called: the words of the catalogue, and which product a text means.

Names are data and come from the catalogue's seeds; what follows from them (ranks, allowances,
who is counted how) the oracle knows by itself.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

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
    if product in products():
        return products()[product]
    row = next(row for row in seed("product_prefixes") if product.startswith(row["prefix"]))
    rest = product.removeprefix(row["prefix"]).upper()
    return {**products()[row["product_code"]], "invoice_name": f"{row['invoice_name']} {rest}"}


def unit(product: str, counting_model: str) -> str:
    """The unit a product is measured in; licenses counted by the hour are hours."""
    if counting_model == "hourly" and family(product) == "users":
        return "hour"
    return listed(product)["unit_of_measure"]


def family(product: str) -> str:
    """INV-13: the family of a product in the usage summary."""
    return FAMILIES[listed(product)["kind"]]


def description(product: str, counting_model: str, charge_type: str, detail: str = "") -> str:
    """INV-03, R6: the words of a line, as the vendor writes them."""
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
    found = {key(row["invoice_name"]): code for code, row in products().items()}
    found.update({key(row["alias"]): row["product_code"] for row in seed("product_aliases")})
    found.update({key(code.replace("_", " ")): code for code in products()})
    return found


def product_named(text: str) -> str | None:
    """The product a text means, None if nobody knows it; what follows a prefix is its kind."""
    found = names().get(key(text))
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
        "surcharge": "surcharge",
        "number": "recurring",
        "device": "recurring",
    }
    return usual.get(kind, "overage")
