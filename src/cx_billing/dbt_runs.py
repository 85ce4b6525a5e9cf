"""Run dbt in this process, quietly."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_billing import access, lake
from cx_billing.dbt_log import keep_log
from cx_billing.failures import Outcome, Result

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

# A parsed project is some million objects that stay: looking through them as often as Python
# does otherwise costs 7 % of a small build.
COLLECT_SELDOM = (100_000, 50, 1_000)


def run(
    arguments: Sequence[str],
    home: Path,
    database: Path,
    project_dir: Path = lake.PROJECT_DIR,
    listen: Callable[[Any], None] | None = None,
    reads: Path | None = None,
    manifest: Manifest | None = None,
    variables: Mapping[str, Any] | None = None,
    unit_tests: bool = True,
) -> dbtRunnerResult:
    """Run one dbt command in this process against `database`, quietly.

    The lake is that of `reads`, or of `home` itself. `listen` hears dbt's events; a `manifest`
    from an earlier run spares dbt parsing; `variables` are those of the SQL session. Without
    `unit_tests` dbt does not parse them, which takes it a third of the time.

    Afterwards no connection is open, and environment and working directory are as before.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(*COLLECT_SELDOM)
    # dbt takes two seconds to import: whoever only reads the warehouse does not wait for it.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    environment, directory = dict(os.environ), Path.cwd()
    os.environ["CX_BILLING_HOME"] = str((reads or home).absolute())
    os.environ["CX_BILLING_DATABASE"] = str(database.absolute())
    os.environ["CX_BILLING_VARIABLES"] = json.dumps(variables or {})
    if not unit_tests:
        os.environ["CX_BILLING_UNIT_TESTS"] = "none"
    target = home / "target"
    try:
        with access.private_files(), keep_log(home / "logs") as log:
            hear = [log.tell, *([listen] if listen else [])]
            return dbtRunner(manifest, callbacks=hear).invoke(
                [
                    *("--log-level", "none", "--log-level-file", "none", "--no-use-colors"),
                    *("--log-path", str(home / "logs")),
                    *arguments,
                    *("--project-dir", str(project_dir)),
                    *("--profiles-dir", str(project_dir / "profiles")),
                    *("--target-path", str(target)),
                ]
            )
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environment)
        gc.set_threshold(*thresholds)


def read_outcome(outcome: dbtRunnerResult) -> Outcome:
    """dbt's result per node; if it failed before the first, why. Raises KeyboardInterrupt if it was
    interrupted."""
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
    results = [
        Result(result.node, str(result.status), result.message or "")
        for result in getattr(outcome.result, "results", ())
        if result.status != "no-op"  # an exposure, of which there is nothing to do
    ]
    if outcome.success:
        return Outcome(results)
    reason = str(outcome.exception or "dbt stopped without a reason; see the log").strip()
    return Outcome(results, reason)
