"""Lists that the platform tells as they are now: users, and who holds which license.

The platform keeps no history of them, so a day has one answer. It counts only if every one of the
items that it says there are has arrived: a list that changed between two of its pages is asked for
again as a whole.
"""

from __future__ import annotations

from functools import partial
from itertools import count

from cx_billing.extract.platform import DeniedError
from cx_billing.extract.pull import PAGE_SIZE, Pull, Step, items_of
from cx_billing.extract.windows import DAY, Window, midnight
from cx_billing.sidecars import Asked

USERS, LICENSES = "users", "license_assignments"
DEFINITIONS = "license_definitions"
TRIES = 3  # of a list whose pages do not fit together, until it is given up


def steps(pull: Pull, datasets: set[str]) -> list[Step]:
    """What today's lists need: nothing if they have arrived."""
    found = []
    if USERS in datasets:
        found.append(Step(USERS, "users", partial(_users, pull)))
    if LICENSES in datasets:
        found.append(Step(LICENSES, "license users", partial(_licenses, pull)))
        found.append(Step(DEFINITIONS, "license definitions", partial(_definitions, pull)))
    today = _today(pull)
    return [step for step in found if not pull.journal.arrival(step.name, today).complete]


def _users(pull: Pull) -> None:
    """Everybody, whatever the state: who has been deleted may stand on a bill too."""
    pages = _numbered(pull, "/api/v2/users", "directory:user:view", state="any")
    pull.folder.keep([USERS], f"users_{pull.now:%Y-%m-%d}", pages, Asked(pull.now))
    pull.journal.complete(USERS, _today(pull))


def _licenses(pull: Pull) -> None:
    """Who holds which license now."""
    pages = _numbered(pull, "/api/v2/license/users", "authorization:license:view")
    pull.folder.keep([LICENSES], f"license_users_{pull.now:%Y-%m-%d}", pages, Asked(pull.now))
    pull.journal.complete(LICENSES, _today(pull))


def _definitions(pull: Pull) -> None:
    """What the names of licenses mean, for whoever adds one to the product catalogue."""
    answer = pull.client.get_list("/api/v2/license/definitions", "authorization:license:view")
    pull.folder.keep_aside(f"{DEFINITIONS}.json", answer.body)
    pull.journal.complete(DEFINITIONS, _today(pull))


def _today(pull: Pull) -> Window:
    today = midnight(pull.now.date())
    return Window(today, today + DAY)


def _numbered(pull: Pull, path: str, needs: str, **parameters: object) -> list[bytes]:
    """All pages of a list; DeniedError if they hold less than the list says of itself."""
    for _ in range(TRIES):
        bodies: list[bytes] = []
        seen: set[str] = set()
        told = 0
        for number in count(1):
            answer = pull.client.get(
                path, needs, pageSize=PAGE_SIZE, pageNumber=number, **parameters
            )
            items = items_of(answer, "entities")
            told = max(told, answer.value.get("total") or 0)
            again = seen.intersection(str(item.get("id")) for item in items)
            seen.update(str(item.get("id")) for item in items)
            if items or not bodies:  # nobody is an answer too
                bodies.append(answer.body)
            if again or not items or number >= (answer.value.get("pageCount") or number + 1):
                break
        if not again and len(seen) >= told:
            return bodies
    problem = (
        f"page {number} repeats items of earlier pages"
        if again
        else f"{len(seen)} of {told} items arrived"
    )
    raise DeniedError(f"GET {path}: incomplete, {problem}, {TRIES} times.")
