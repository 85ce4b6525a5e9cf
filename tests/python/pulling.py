"""Pulling from the platform of the tests: fixtures, and what a test asks of a pull."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from cx_billing import cli, extract, sidecars
from platform_history import Platform, at, small_organization
from platform_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    CONVERSATIONS,
    LICENSES,
    PEOPLE,
    REPORT,
    USERS,
    serve,
)

NOW = at("2025-04-20T12:00:00")
FIRST, UNTIL = date(2025, 1, 10), date(2025, 2, 21)
AFTER_ALL = date(2025, 4, 10)
ENDPOINTS = [
    ("user_presence", USERS),
    ("message_interactions", CONVERSATIONS),
    ("license_assignments", LICENSES),
    ("users", PEOPLE),
    ("billable_usage_report", REPORT),
]


@pytest.fixture
def platform():
    """The small organization, long after its history."""
    yield from serve(small_organization(NOW))


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """How long was waited; nobody really waits."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def credentials(monkeypatch):
    """The credentials, where they belong."""
    monkeypatch.setenv(extract.CLIENT_ID, CLIENT_ID)
    monkeypatch.setenv(extract.CLIENT_SECRET, CLIENT_SECRET)
    monkeypatch.delenv("GENESYS_CLOUD_REGION", raising=False)
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "")  # restored afterwards


def pull(platform: Platform, inbox: Path, **given: object) -> extract.Report:
    """Pull as of the platform's now."""
    address = extract.Address.of_urls(platform.url, platform.url)
    client = extract.Client(address, extract.Credentials.from_environment())
    arguments = {"first": FIRST, "until": UNTIL, "now": platform.now} | given
    return extract.extract(client, "acme", inbox=inbox, **arguments)


def files(inbox: Path) -> dict[str, bytes]:
    """What landing would see."""
    return {
        str(path.relative_to(inbox)): path.read_bytes()
        for path in sorted(inbox.rglob("*"))
        if path.is_file()
        and not path.name.endswith(sidecars.SUFFIX)
        and not any(
            part[0] == "." or part == "not_landed" for part in path.relative_to(inbox).parts
        )
    }


def covered(inbox: Path, dataset: str) -> dict[str, tuple[str, str, str]]:
    """What the answers of a dataset cover: from, to, and how far the platform's data reached."""
    found = {}
    for path in sorted((inbox / "acme" / dataset).glob("*.json")):
        asked = sidecars.read(path)
        if asked and asked.covered:
            told = [*asked.covered, asked.available_to]
            found[path.name] = tuple(f"{at:%Y-%m-%dT%H:%M}" if at else "" for at in told)
    return found


def pages_of(*bodies: bytes) -> list[dict]:
    """The pages of answers, one a line."""
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def command(platform: Platform, inbox: Path, *more: str) -> list[str]:
    """The command line of a pull."""
    where = ("--api-url", platform.url, "--login-url", platform.url, "--inbox", str(inbox))
    return ["extract", "acme", "--from", str(FIRST), "--to", str(UNTIL), *where, *more]


def said(*arguments: object, code: int) -> str:
    """What a command says that must end with `code`."""
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output
