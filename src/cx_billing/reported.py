"""Which alerts have been told, so that each is told once.

`<home>/alerts_reported.json` has the alerts by id (`marts.alerts.alert_id`) and when they were told
(UTC). An alert is told first and remembered then: whoever is killed in between tells it again, and
none is lost. What was told more than `KEPT` ago is forgotten; a cycle is a month.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cx_billing import access, files

FILE = "alerts_reported.json"
LOCK = ".alerts.lock"
KEPT = timedelta(days=400)


class ReportingError(Exception):
    """What the user can mend: another process tells alerts, or the file is damaged."""


def read(home: Path) -> dict[str, str]:
    """When each alert was told, by its id."""
    path = home / FILE
    if not path.exists():
        return {}
    try:
        told = json.loads(path.read_text("utf-8"))
        return {str(alert_id): str(at) for alert_id, at in told.items()}
    except (ValueError, AttributeError):
        raise ReportingError(
            f"{path} is not what was written. Put it back; or delete it, and every alert is told "
            "once more."
        ) from None


@contextmanager
def telling(home: Path) -> Iterator[dict[str, str]]:
    """Hold the only right to tell alerts of the home; those that were told before."""
    refused = "Another process tells the alerts of {} at the moment: {}. Retry when it has ended."
    lock = files.lock(home / LOCK, lambda holder: ReportingError(refused.format(home, holder)))
    with access.private_files(), lock:
        yield read(home)


def remember(home: Path, alert_ids: Iterable[str]) -> None:
    """Remember that alerts have been told; call it while `telling`."""
    now = datetime.now(UTC).replace(tzinfo=None)
    told = {alert_id: at for alert_id, at in read(home).items() if is_kept(at, now)}
    new = {alert_id: f"{now.isoformat(timespec='seconds')}Z" for alert_id in alert_ids}
    if new:
        text = json.dumps(told | new, indent=1, ensure_ascii=False, sort_keys=True)
        files.write(home / FILE, text.encode())


def is_kept(at: str, now: datetime) -> bool:
    """Whether an alert that was told then is remembered."""
    return datetime.fromisoformat(at.removesuffix("Z")) > now - KEPT
