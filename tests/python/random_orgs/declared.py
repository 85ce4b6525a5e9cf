"""What landing knows of: a random organization delivers nothing else."""

from __future__ import annotations

from cx_billing import lake


def is_declared(dataset: str, column: str = "") -> bool:
    """Whether a dataset, and a column of it, is declared."""
    found = lake.datasets().get(dataset)
    return found is not None and (not column or column in found.columns)
