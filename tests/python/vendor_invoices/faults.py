"""The kinds of faults by name; each plants one in an invoice, or says that it cannot."""

from __future__ import annotations

import random
from collections.abc import Callable

from .printed import Invoice

Fault = Callable[[Invoice, str], bool]
# Name -> what plants it, and the kinds of layouts that would hide it.
FAULTS: dict[str, tuple[Fault, frozenset[str]]] = {}
# How early one is tried: those first whose figures few organizations have.
WEIGHTS: dict[str, int] = {}


def fault(*hidden_by: str, weight: int = 4) -> Callable[[Fault], Fault]:
    """Register a fault under its function's name."""

    def register(plant: Fault) -> Fault:
        FAULTS[plant.__name__] = plant, frozenset(hidden_by)
        WEIGHTS[plant.__name__] = weight
        return plant

    return register


def plant(invoice: Invoice, name: str) -> bool:
    """Plant a fault if the invoice allows it."""
    function, hidden_by = FAULTS[name]
    if not function(invoice, name):
        return False
    invoice.forbidden |= hidden_by
    return True


def shuffle(rng: random.Random) -> list[str]:
    """Every kind in random order, those with a greater weight mostly before the others."""
    keys = {name: rng.random() ** (1 / WEIGHTS[name]) for name in sorted(FAULTS)}
    return sorted(keys, key=keys.get, reverse=True)
