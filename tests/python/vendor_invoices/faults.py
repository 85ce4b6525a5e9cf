"""The kinds of faults by name; each plants one in an invoice, or says that it cannot."""

from __future__ import annotations

from collections.abc import Callable

from .printed import Invoice

Fault = Callable[[Invoice, str], bool]
# Name -> what plants it, and the kinds of layouts that would hide it.
FAULTS: dict[str, tuple[Fault, frozenset[str]]] = {}
# Those whose figures few organizations have: they are tried first now and then.
RARE: set[str] = set()


def fault(*hidden_by: str, is_rare: bool = False) -> Callable[[Fault], Fault]:
    """Register a fault under its function's name."""

    def register(plant: Fault) -> Fault:
        FAULTS[plant.__name__] = plant, frozenset(hidden_by)
        if is_rare:
            RARE.add(plant.__name__)
        return plant

    return register


def plant(invoice: Invoice, name: str) -> bool:
    """Plant a fault if the invoice allows it."""
    function, hidden_by = FAULTS[name]
    if not function(invoice, name):
        return False
    invoice.forbidden |= hidden_by
    return True
