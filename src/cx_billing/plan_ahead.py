"""Has dbt plan builds, so that no first one has to: `python -m cx_billing.plan_ahead`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cx_billing import lake, plan_store


def main() -> int:
    """Build a home of nothing, unless the plan is there; 1 if that fails, as any build would.

    That the plan cannot be kept is told only: a build does without, and takes longer.
    """
    place = plan_store.place(lake.PROJECT_DIR)
    if not why_not_kept(place):
        return 0
    from cx_billing import warehouse

    with TemporaryDirectory() as folder:
        result = warehouse.build(Path(folder), project_dir=lake.PROJECT_DIR)
        if not result.passed:
            print(f"dbt cannot build the project: {result.failures[0].message}", file=sys.stderr)
            return 1
    if reason := why_not_kept(place):
        print(
            f"What a build does is not kept in {place.parent} ({reason}), so every build takes "
            "ten seconds longer; CX_BILLING_CACHE names another folder",
            file=sys.stderr,
        )
    return 0


def why_not_kept(place: Path) -> str | None:
    """Why a build cannot run a plan; None if it can."""
    try:
        plan_store.read(place)
    except OSError as error:
        return error.strerror or str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
