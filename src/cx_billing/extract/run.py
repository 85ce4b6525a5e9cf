"""One run: what to ask for, what arrives, and what to remember for the next one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cx_billing.extract import contracts, listings, overview, reports, usage
from cx_billing.extract.details import Details
from cx_billing.extract.folder import Folder, folder_of
from cx_billing.extract.journal import ExtractError, Journal, lock
from cx_billing.extract.platform import Client, DeniedError, MissingPermissionError, NotFoundError
from cx_billing.extract.pull import Pull, Report, Step
from cx_billing.extract.queries import CONVERSATIONS, QUERIES, USERS_DETAILS
from cx_billing.extract.windows import DAY, Window, midnight

DATASETS = (
    *USERS_DETAILS.datasets,
    *CONVERSATIONS.datasets,
    listings.LICENSES,
    listings.USERS,
    reports.REPORTS,
    usage.USAGE,
    overview.OVERVIEW,
    contracts.CONTRACTS,
    contracts.CHARGES,
    contracts.INVOICES,
)


@dataclass(frozen=True)
class Progress:
    """How far a run is; `at_work` is the next step."""

    done: int
    total: int
    at_work: str


def extract(
    client: Client,
    org_id: str,
    first: date,
    until: date,
    inbox: Path,
    datasets: Collection[str] = DATASETS,
    now: datetime | None = None,
    progress: Callable[[Progress], None] | None = None,
    trustor: str = "",
) -> Report:
    """Pull the usage of `[first, until)`, in UTC, into `inbox/org_id`; the future is left out.

    Of users and license assignments there is only today's state. What the platform denies is
    reported and the rest pulled. With `trustor` a partner pulls the overview of a customer's
    organization, and nothing else. Raises ExtractError if the folder is in use, unfit or another
    organization's, CredentialsError if the login fails, and UnavailableError if the platform no
    longer answers: then the next run continues.
    """
    now = now or datetime.now(UTC)
    needed = Window(midnight(first), min(midnight(until), midnight(now.date()) + DAY))
    path = folder_of(inbox, org_id)
    with lock(path):
        pull = Pull(client, Folder(path), Journal(path), now, trustor)
        _identify(pull)
        _do(pull, _plan(pull, needed, set(datasets)), progress or (lambda state: None))
    pull.report.pages = pull.folder.kept
    pull.report.requests = client.requests_sent
    pull.report.open_conversations = len(pull.journal.open_conversations)
    return pull.report


def _identify(pull: Pull) -> None:
    """Refuse to mix two organizations in one folder."""
    name, found = "the customer", pull.trustor
    if not found:
        try:
            answer = pull.client.get("/api/v2/organizations/me", "organization:organization:view")
        except DeniedError:  # some roles may not know; then nothing can be compared
            return
        name, found = str(answer.value.get("name")), str(answer.value.get("id", ""))
    known = pull.journal.organization
    if known and found and found != known:
        raise ExtractError(
            f"{pull.folder.path}: was filled from the organization {known}, and the credentials "
            f"are of {name} ({found}). Use another ORG_ID for it."
        )
    pull.journal.organization = found or known


def _plan(pull: Pull, needed: Window, datasets: set[str]) -> list[Step]:
    """All there is to do."""
    if pull.trustor:
        return overview.steps(pull, needed)
    steps = []
    for query in QUERIES:
        if set(query.datasets) & datasets:
            steps += Details(pull, query).steps(needed)
    steps += listings.steps(pull, datasets)
    if reports.REPORTS in datasets:
        steps += reports.steps(pull, needed)
    if usage.USAGE in datasets:
        steps += usage.steps(pull, needed)
    if overview.OVERVIEW in datasets:
        steps += overview.steps(pull, needed)
    return steps + contracts.steps(pull, needed, datasets)


def _do(pull: Pull, steps: list[Step], show: Callable[[Progress], None]) -> None:
    """Do it; what lacks a permission is not tried again."""
    forbidden: set[str] = set()
    for number, step in enumerate(steps):
        show(Progress(number, len(steps), step.label))
        if step.name in forbidden:
            continue
        try:
            step.do()
        except NotFoundError as error:
            found = pull.report.notes if step.optional else pull.report.denied
            found.append(f"{step.label}: {error}")
        except DeniedError as error:
            pull.report.denied.append(f"{step.label}: {error}")
            if isinstance(error, MissingPermissionError):
                forbidden.add(step.name)
    show(Progress(len(steps), len(steps), ""))
