"""The rules behind the numbers: which one a line follows, and what it says.

`rules.csv` is drawn by `make rules`, from the register of rules and the files that follow them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from operator import itemgetter

from cx_billing.pages.columns import text_column
from cx_billing.pages.content import Column, Page, Table, fill_rows

# The rule that a line of a charge follows; of other charges it is that of the product's kind.
OF_CHARGE = {
    "committed": "INV-03",
    "one_time": "INV-06",
    "overage": "INV-02",
    "prepay": "INV-04",
    "surcharge": "SDC-02",
    "tax": "TAX-01",
}
OF_KIND = {
    "account": "LIC-11",
    "addon": "LIC-05",
    "call": "VOICE-02",
    "conversation": "CONV-01",
    "designation": "HOUR-03",
    "license": "LIC-03",
    "message": "CONV-08",
    "minimum": "INV-09",
    "number": "NUM-01",
    "resource": "FU-03",
    "surcharge": "SDC-02",
    "tax": "TAX-01",
    "token_meter": "FU-13",
}
OF_LICENSE_MODEL = {"concurrent": "CONC-01", "hourly": "HOUR-02", "named": "NAMED-01"}
# The rule on which a difference turns, of every reason of the seed `difference_reasons`.
OF_REASON = {
    "allowance_doubled": "FU-03",
    "allowance_missed": "FU-03",
    "charged_in_ramp": "RAMP-01",
    "commitment_not_billed": "INV-01",
    "commitment_not_deducted": "INV-02",
    "duplicate_calls": "TELCO-07",
    "follows": "INV-12",
    "interactions_as_conversations": "CONV-01",
    "mispriced_calls": "VOICE-02",
    "missing_calls": "TELCO-07",
    "not_prorated": "NUM-01",
    "other_allowance_basis": "FU-02",
    "other_currency": "PAY-01",
    "other_cycle_cut": "CYC-01",
    "other_length": "INV-05",
    "other_peak_reading": "CONC-12",
    "prorated": "NUM-01",
    "renamed_product": "INV-14",
    "summed_storage": "FU-09",
    "tax_base_differs": "TAX-01",
    "tax_missing": "TAX-01",
    "tax_rate_differs": "TAX-03",
    "unknown_product": "INV-14",
    "us_international_swapped": "TELCO-02",
    "whole_units": "FU-07",
}
OF_OTHER_REASONS = "INV-12"


COLUMNS = (
    text_column("Rule", "rule"),
    text_column("Says", "title"),
    Column("Computed by", lambda record: ", ".join(record["models"]), keys=("models",)),
)


@dataclass(frozen=True)
class Rule:
    """A rule: its id, what it says in a sentence, and the models that follow it."""

    id: str
    title: str
    models: tuple[str, ...]


@cache
def load_rules() -> dict[str, Rule]:
    """Every rule by its id, in the order of the register."""
    text = resources.files(__package__).joinpath("rules.csv").read_text("utf-8")
    return {
        row["id"]: Rule(row["id"], row["title"], tuple(filter(None, row["models"].split(" "))))
        for row in csv.DictReader(text.splitlines())
    }


def compose_rules() -> Page:
    """Every rule, in the order of the register."""
    records = [
        {"rule": rule.id, "title": rule.title, "models": list(rule.models)}
        for rule in load_rules().values()
    ]
    return Page(
        title="Rules",
        facts=(),
        tables=(
            Table(
                "What is computed, and which models do it",
                COLUMNS,
                fill_rows(COLUMNS, records, itemgetter("rule")),
                name="all_rules",
                records=tuple(records),
            ),
        ),
        notes=("docs/rules of the project explains them by example, with their SQL and tests.",),
    )


def find_rule(charge_type: str, kind: str, license_model: str, is_waived: bool = False) -> str:
    """The rule that a line of an invoice follows; empty where none is about it."""
    if is_waived:
        return "RAMP-01"
    if charge_type == "overage" and kind == "resource":
        return OF_KIND[kind]
    if charge_type in OF_CHARGE:
        return OF_CHARGE[charge_type]
    if kind == "license" and license_model in OF_LICENSE_MODEL:
        return OF_LICENSE_MODEL[license_model]
    return OF_KIND.get(kind, "")


def find_rule_of_reason(reason: str) -> str:
    """The rule on which a difference turns."""
    return OF_REASON.get(reason, OF_OTHER_REASONS)
