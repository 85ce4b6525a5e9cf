"""What lies beside an answer of the platform: which interval it was asked for, and when.

`extract` writes `<answer>.asked` beside each file, `land` reads it:

    {"interval": "2026-03-01T00:00:00.000Z/2026-03-08T00:00:00.000Z",
     "dataAvailabilityDate": "2026-03-07T21:04:00.000Z",
     "askedAt": "2026-03-08T01:00:00.000Z"}

An answer is complete for its interval as far as the platform's data was available by then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cx_billing import files

SUFFIX = ".asked"
LARGEST = 1 << 16  # bytes


@dataclass(frozen=True)
class Asked:
    """An interval that was asked for, how far the platform's data was available, and when.

    What is no interval, such as who holds a license now, has no `start` and `end`.
    """

    asked_at: datetime
    start: datetime | None = None
    end: datetime | None = None
    available_to: datetime | None = None

    @property
    def covered(self) -> tuple[datetime, datetime] | None:
        """The part of the interval for which the answer is complete; None if there is none."""
        if self.start is None or self.end is None:
            return None
        end = min(self.end, self.available_to or self.asked_at)
        return (self.start, end) if self.start < end else None


def path_beside(answer: Path) -> Path:
    """Where the sidecar of an answer lies."""
    return answer.with_name(answer.name + SUFFIX)


def write(answer: Path, asked: Asked) -> None:
    """Put a sidecar beside an answer."""
    is_interval = asked.start is not None and asked.end is not None
    said = {
        "interval": f"{_written(asked.start)}/{_written(asked.end)}" if is_interval else None,
        "dataAvailabilityDate": _written(asked.available_to),
        "askedAt": _written(asked.asked_at),
    }
    files.write(path_beside(answer), json.dumps(said, indent=1).encode())


def read(answer: Path) -> Asked | None:
    """The sidecar beside an answer, None if there is none; ValueError if it says nothing usable."""
    path = path_beside(answer)
    if not path.is_file():
        return None
    if (size := path.stat().st_size) > LARGEST:
        raise ValueError(f"it has {size:,} bytes, more than {LARGEST:,}")
    said = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(said, dict):
        raise ValueError("no JSON object")
    asked_at = _instant(said.get("askedAt"))
    if asked_at is None:
        raise ValueError("no askedAt")
    start, end = str(said.get("interval") or "/").split("/")
    available_to = _instant(said.get("dataAvailabilityDate"))
    return Asked(asked_at, _instant(start), _instant(end), available_to)


def _written(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _instant(text: object) -> datetime | None:
    """A time in UTC; one without an offset is UTC."""
    if not text:
        return None
    at = datetime.fromisoformat(str(text))
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
