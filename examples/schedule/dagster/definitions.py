"""cx-billing in Dagster: files are landed, and the models built and published, as assets.

dagster-dbt draws the assets from dbt's manifest; what builds them is `cx-billing build`, since it
publishes only what passed every test, and sets aside an organization that would stop the others.
Dagster lives in an environment of its own, and calls the program:

    CX_BILLING_COMMAND   the program [cx-billing]
    CX_BILLING_HOME      the home
    CX_BILLING_INBOX     where the files arrive
    CX_BILLING_MANIFEST  dbt's manifest.json, written once per version by `dbt parse`
    CX_BILLING_AS_OF     the day as of which is built [today]
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

PROGRAM = os.environ.get("CX_BILLING_COMMAND", "cx-billing")
HOME = Path(os.environ["CX_BILLING_HOME"])
INBOX = Path(os.environ["CX_BILLING_INBOX"])
MANIFEST = Path(os.environ["CX_BILLING_MANIFEST"])
AS_OF = os.environ.get("CX_BILLING_AS_OF", "today")
LAKE = dg.AssetKey("cx_billing_lake")

DONE, REFUSED, PARKED = 0, 2, 3


def run(context: dg.AssetExecutionContext, command: str, *arguments: str) -> tuple[int, dict]:
    """Run a command of cx-billing; its exit code, and its summary of the run."""
    done = subprocess.run(
        [PROGRAM, "--home", str(HOME), command, *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    for line in (done.stdout + done.stderr).splitlines():
        context.log.info(line)
    summary = HOME / "logs" / f"last-{command}.json"
    return done.returncode, json.loads(summary.read_text()) if summary.exists() else {}


def as_metadata(summary: dict) -> dict[str, Any]:
    """What is worth a graph over time, and the whole summary."""
    return {**summary.get("numbers", {}), "summary": dg.MetadataValue.json(summary)}


class OfTheLake(DagsterDbtTranslator):
    """Every source of dbt is the one asset of the landed files."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """The asset that stands for a resource of dbt."""
        if dbt_resource_props["resource_type"] == "source":
            return LAKE
        return super().get_asset_key(dbt_resource_props)


@dg.asset(key=LAKE, group_name="landing", description="The files of the inbox, in the lake.")
def lake(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Land. A refused file (exit code 2) is a warning: the rest was landed."""
    code, summary = run(context, "land", str(INBOX))
    if code == REFUSED and not summary.get("error"):
        context.log.warning("Files were refused; the log above says which, and why.")
    elif code != DONE:
        raise dg.Failure(f"cx-billing land ended with {code}.", metadata=as_metadata(summary))
    return dg.MaterializeResult(metadata=as_metadata(summary))


@dbt_assets(
    manifest=MANIFEST,
    name="bill",
    dagster_dbt_translator=OfTheLake(
        DagsterDbtTranslatorSettings(
            enable_asset_checks=False, enable_duplicate_source_asset_keys=True
        )
    ),
)
def bill(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Build and publish. Parked organizations (exit code 3) are a warning: others are published.

    With any other exit code nothing was published, and no asset is new.
    """
    code, summary = run(context, "build", "--as-of", AS_OF)
    if code not in (DONE, PARKED):
        raise dg.Failure(f"cx-billing build ended with {code}.", metadata=as_metadata(summary))
    if code == PARKED:
        parked = ", ".join(known["org_id"] for known in summary["parked"])
        context.log.warning(f"Parked, so of an earlier build: {parked}.")
    # Dagster takes an asset after those that it is made of.
    for key in TopologicalSorter(context.assets_def.asset_deps).static_order():
        if key in context.selected_asset_keys:
            metadata = {"build": summary["build_number"]}
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)


nightly = dg.define_asset_job("cx_billing", selection=dg.AssetSelection.all())

definitions = dg.Definitions(
    assets=[lake, bill],
    jobs=[nightly],
    schedules=[dg.ScheduleDefinition(job=nightly, cron_schedule="30 2 * * *")],
)
