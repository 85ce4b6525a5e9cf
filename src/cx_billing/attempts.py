"""Attempts to build a warehouse, until one holds or it is clear that none does.

Organizations whose rows make an attempt fail are set aside (`parking.py`), and the next attempt is
made without them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cx_billing import changes, checksums, parking, plans, unchanged
from cx_billing.building import Progress, Step, build_by_dbt, build_by_plan, link_snapshot
from cx_billing.builds import PUBLISHED
from cx_billing.failures import (
    SHOWN_ROWS,
    Failure,
    Result,
    lacks_of_machine,
    list_failures,
    list_warnings,
    mask,
)
from cx_billing.homes import read_key
from cx_billing.ledger import chain
from cx_billing.ledger import files as ledger
from cx_billing.rules import hash_rules


@dataclass(frozen=True)
class Attempt:
    """A build that may yet be published: what became of its nodes and tests, and of which files
    of the lake it is."""

    results: Sequence[Result]
    failures: tuple[Failure, ...]
    warnings: tuple[Failure, ...]
    lake: Sequence[tuple[str, int, int]]


@dataclass(frozen=True)
class Request:
    """What a build is asked for: as of which day (UTC), by which project, and how strictly."""

    as_of: date | None
    project_dir: Path
    on_event: Callable[[Step], None] | None = None
    show_personal_data: bool = False
    accept_changes: bool = False
    full_refresh: bool = False
    select: str | None = None

    @property
    def is_forced(self) -> bool:
        """Whether it is computed although it may be there already."""
        return bool(self.select) or self.full_refresh or self.accept_changes


class Attempts:
    """The attempts of one build of `home`, in the folder `building`.

    `others` are organizations that are in another part. The caller holds the lock of builds.
    """

    def __init__(
        self, home: Path, building: Path, request: Request, others: Collection[str] = ()
    ) -> None:
        self.home, self.building, self.request, self.others = home, building, request, others
        self.working = building / "build" / PUBLISHED
        self.began_at = datetime.now(UTC).replace(tzinfo=None)
        ledger.settle(home)
        self.variables: dict[str, Any] = {
            "as_of": str(request.as_of or self.began_at.date()),
            **({"show_personal_data": True} if request.show_personal_data else {}),
            "version": version("cx-billing"),
            "rules_hash": hash_rules(request.project_dir),
            "ledger_head": chain.find_head(chain.read_chain(home)),
        }

    def is_ledger_newer(self) -> bool:
        """Whether the ledger has other entries by now than the build has read."""
        return bool(chain.find_head(chain.read_chain(self.home)) != self.variables["ledger_head"])

    def describe_inputs(self, lake: Sequence[tuple[str, int, int]], parked: Collection[str]) -> str:
        """One hash of everything that a build of these files depends on."""
        return unchanged.describe(
            lake, parked, self.request.project_dir, read_key(self.home), self.variables
        )

    def keep_parked(self) -> dict[str, parking.Parked]:
        """Who is set aside before the first attempt: of damaged files, and who was before."""
        damaged = {
            org_id: reason
            for org_id, reason in find_damaged(self.home).items()
            if org_id not in self.others
        }
        parked = parking.park(damaged, self.began_at, is_damaged=True)
        if not (self.request.accept_changes or self.request.full_refresh):
            before = parking.read(self.home)
            before = {org_id: before[org_id] for org_id in before if org_id not in self.others}
            parked |= parking.keep_parked(self.home, before, damaged)
        return parked

    def make(
        self, build_number: int, parked: dict[str, parking.Parked]
    ) -> tuple[Attempt, tuple[Failure, ...]]:
        """Try until it holds without some organizations, which are added to `parked`.

        The last attempt, and why it failed.
        """
        variables = {
            "built_at": self.began_at.isoformat(),
            "build_number": str(build_number),
        }

        def attempt(left_out: Collection[str], needed_by: Collection[str] = ()) -> Attempt:
            return self.try_once(variables, {*parked, *left_out}, needed_by)

        tried = attempt(parked)
        while tried.failures and not self.request.select and not lacks_of_machine(tried.failures):
            everybody = set(parking.list_files(self.home / "lake")) - set(parked)
            organizations = everybody - set(self.others)
            reasons = explain_by_organization(tried, organizations, everybody, attempt)
            if not reasons:
                tried = attempt(parked)  # what is kept is what failed, not a half of it
                break
            parked |= parking.park(reasons, self.began_at)
            tried = attempt(parked)
        return tried, lacks_of_machine(tried.failures) or tried.failures

    def try_once(
        self,
        more_variables: Mapping[str, str],
        left_out: Collection[str],
        needed_by: Collection[str],
    ) -> Attempt:
        """Build without some organizations, from nothing; all, or what some nodes need."""
        home, request = self.home, self.request
        seen = unchanged.list_lake(home)  # what is landed from here on may not be in the build
        shutil.rmtree(self.building, ignore_errors=True)  # also what a killed build left
        self.building.mkdir(parents=True, mode=0o700)
        self.working.parent.mkdir()
        left_out = {*left_out, *self.others}
        reads = link_snapshot(home, self.building / "home", left_out)
        of_dbt = request.select or " ".join(f"+{name}" for name in sorted(needed_by))
        progress = Progress(request.on_event)
        variables = {**self.variables, **more_variables}
        plan = None if request.select else plans.find(request.project_dir)
        if plan:
            plan = plan.select(needed_by) if needed_by else plan
            outcome = build_by_plan(plan, home, self.working, reads, variables, progress)
        else:
            outcome = build_by_dbt(
                home, self.working, request.project_dir, reads, variables, of_dbt, progress
            )
        failures = list_failures(outcome, self.working)
        warnings = list_warnings(outcome, self.working)
        if not request.show_personal_data:
            failures, warnings = (tuple(map(mask, told)) for told in (failures, warnings))
        if not (failures or of_dbt or request.accept_changes):
            failures = check_final_invoices(home, self.working, left_out)
        return Attempt(outcome.results, failures, warnings, seen)


def find_damaged(home: Path) -> dict[str, str]:
    """The organizations of which a file of the lake or the ledger is damaged, and which."""
    return ledger.find_damaged(home) | {
        org_id: f"{path.relative_to(home)} is damaged: it is not as it was landed. "
        "Delete it and land its source again, or take it from a backup"
        for path, org_id in checksums.find_damaged(home / "lake")
    }


def explain_by_organization(
    tried: Attempt,
    organizations: Collection[str],
    everybody: Collection[str],
    attempt: Callable[[Collection[str], Collection[str]], Attempt],
) -> dict[str, str]:
    """Why an attempt failed, by the organizations whose rows the failures name.

    `organizations` are those of the attempt. Where the failures name none of them, by those without
    which the failing nodes pass. Empty if that is nobody, or everybody there is.
    """
    reasons = {
        org_id: failure.reason for failure in tried.failures for org_id in failure.organizations
    }
    nodes = [failure.name for failure in tried.failures if failure.is_node]
    if not reasons and nodes:

        def fails(suspects: Collection[str]) -> bool:
            return bool(attempt(set(everybody) - set(suspects), nodes).failures)

        for org_id in parking.find_culprits(sorted(organizations), fails):
            reasons[org_id] = tried.failures[0].reason
    return {} if set(reasons) >= set(everybody) else reasons


def check_final_invoices(
    home: Path,
    database: Path,
    left_out: Collection[str] = (),
    command: str = "cx-billing build",
) -> tuple[Failure, ...]:
    """A failure if final invoices would move implausibly against the published build.

    Those of organizations that are left out do not move.
    """
    found = changes.find_implausible_invoices(home, database)
    rows = [row for row in found if row["org_id"] not in left_out]
    if not rows:
        return ()
    return (
        Failure(
            name="final_invoices_move_within_limits",
            file="seeds/publication_limits.csv",
            description="Invoices that were final move no further than the limits allow.",
            message=(
                f"{len(rows)} would move beyond them. If that is right, publish with "
                f"{command} --accept-changes."
            ),
            rows=tuple(rows[:SHOWN_ROWS]),
            organizations=tuple(sorted({row["org_id"] for row in rows})),
        ),
    )
