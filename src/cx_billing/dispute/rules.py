"""The rules behind the reasons of a dispute: pages of `docs/rules`, without their links."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cx_billing import lake

FOLDER = lake.PROJECT_DIR / "docs" / "rules"
ALWAYS = ("reconciliation",)
# Where the rule that a reason rests on is explained.
PAGES = {
    "other_contract_rate": ("billing",),
    "wrong_rate": ("billing",),
    "other_peak_reading": ("concurrency",),
    "other_cycle_cut": ("calendar",),
    "commitment_not_billed": ("billing",),
    "commitment_not_deducted": ("billing",),
    "allowance_missed": ("resources",),
    "allowance_doubled": ("resources",),
    "other_allowance_basis": ("resources",),
    "charged_in_ramp": ("billing",),
    "duplicate_line": ("billing",),
    "tax_rate_differs": ("billing",),
    "tax_base_differs": ("billing",),
    "follows": ("billing",),
    "duplicate_calls": ("voice",),
    "missing_calls": ("voice",),
    "mispriced_calls": ("voice",),
    "prorated": ("billing", "numbers"),
    "not_prorated": ("numbers",),
    "other_length": ("billing",),
    "summed_storage": ("resources",),
    "interactions_as_conversations": ("conversations",),
    "whole_units": ("resources",),
    "wrong_quantity": ("licenses", "billing"),
}


def pages_of(reasons: Iterable[str]) -> dict[str, str]:
    """The pages that explain the reasons, by file name."""
    names = {*ALWAYS, *(page for reason in reasons for page in PAGES.get(reason, ()))}
    return {
        f"{name}.md": re.sub(
            r"\[([^\]]*)\]\([^)\s]+\)", r"\1", (FOLDER / f"{name}.md").read_text("utf-8")
        )
        for name in sorted(names)
    }
