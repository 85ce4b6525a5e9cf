"""The layouts by name; each arranges an invoice without changing what it says.

A layout is of a kind: an invoice has at most one of each kind, and none of the kinds that would
hide one of its faults. Lines and products with a fault stay as they are, unless a layout is about
all lines alike.
"""

from __future__ import annotations

from collections.abc import Callable

from .printed import Invoice, Line

Layout = Callable[[Invoice], bool]
LAYOUTS: dict[str, tuple[str, Layout]] = {}


def layout(kind: str) -> Callable[[Layout], Layout]:
    """Register a layout of a kind under its function's name."""

    def register(arrange: Layout) -> Layout:
        LAYOUTS[arrange.__name__] = kind, arrange
        return arrange

    return register


def arrange(invoice: Invoice, name: str) -> bool:
    """Arrange an invoice, if it can be and no layout of this kind was chosen."""
    kind, function = LAYOUTS[name]
    taken = {LAYOUTS[chosen][0] for chosen in invoice.layouts}
    if kind in invoice.forbidden | taken or not function(invoice):
        return False
    invoice.layouts.append(name)
    return True


def is_free(invoice: Invoice, line: Line) -> bool:
    """Whether a line has no fault, and no other line of its product."""
    return not line.is_faulty and line.group not in invoice.touched
