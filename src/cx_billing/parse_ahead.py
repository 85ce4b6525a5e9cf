"""Has the project parsed, so that no first build has to: `python -m cx_billing.parse_ahead`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cx_billing import lake, parse_cache
from cx_billing.builds import PUBLISHED


def main() -> int:
    """Parse the project unless that was done; 1 if it cannot be parsed, as no build could then.

    That it cannot be kept is told only: a build does without, and takes three seconds longer once.
    """
    shared = parse_cache.place(lake.PROJECT_DIR, Path(PUBLISHED).stem, False)
    if not why_not_kept(shared):
        return 0
    from cx_billing import warehouse

    with TemporaryDirectory() as folder:
        home = Path(folder)
        parse = ["parse", "--no-write-json"]
        outcome = warehouse.run(parse, home, home / PUBLISHED, lake.PROJECT_DIR, unit_tests=False)
        if not outcome.success:
            [failure] = warehouse.list_failures(outcome, home / PUBLISHED)
            print(f"dbt cannot parse the project: {failure.message}", file=sys.stderr)
            return 1
    if reason := why_not_kept(shared):
        print(
            f"What dbt parsed is not kept in {shared.parent} ({reason}), so the first build of "
            "each home takes three seconds longer; CX_BILLING_CACHE names another folder",
            file=sys.stderr,
        )
    return 0


def why_not_kept(shared: Path) -> str | None:
    """Why a build cannot start from a file; None if it can."""
    try:
        parse_cache.read(shared)
    except OSError as error:
        return error.strerror or str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
