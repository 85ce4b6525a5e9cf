"""Credentials and arguments of a pull: what never gets out, and what is refused."""

from __future__ import annotations

import logging
import subprocess

import pytest
from click.testing import CliRunner

from cx_billing import cli, extract
from platform_history import Fault
from platform_server import CLIENT_ID, CLIENT_SECRET, LICENSES, ME, REPORT, TOKEN
from pulling import command, said

pytestmark = pytest.mark.usefixtures("waits", "credentials")


# What never gets out


@pytest.mark.parametrize(
    "fault",
    [
        None,
        Fault(LICENSES, "403", times=99, message="you sent <ECHO>"),
        Fault(LICENSES, "500", times=99, message="you sent <ECHO>"),
        Fault(TOKEN, "400", times=99, message="you sent <ECHO> " + CLIENT_SECRET),
        Fault(LICENSES, "reset", times=99),
        Fault(REPORT, "expired"),
        Fault(ME, "redirect"),
    ],
    ids=lambda fault: fault and f"{fault.path}-{fault.kind}",
)
def test_no_secret_in_files_logs_output_or_errors(platform, tmp_path, caplog, fault):
    caplog.set_level(logging.DEBUG)
    platform.faults.extend(filter(None, [fault]))
    arguments = command(platform, tmp_path, "--dataset", "license_assignments")
    arguments += ["--dataset", "billable_usage_report"]
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code in (0, 1, 2)
    everything = [result.output, caplog.text, repr(result.exception), repr(result.exc_info)]
    error = result.exception
    while error is not None:
        everything.append(f"{error!r} {error} {vars(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    everything += [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert platform.issued or fault.path == TOKEN
    pair = subprocess.list2cmdline([CLIENT_SECRET])
    for secret in (pair, CLIENT_SECRET, "czNjcmV0L29m", *platform.issued):
        for text in everything:
            assert secret not in text


def test_no_secret_in_a_repr():
    credentials = extract.Credentials.from_environment()
    address = extract.Address.of_region("mypurecloud.ie")
    shown = repr([credentials, address, extract.Client(address, credentials)])
    assert CLIENT_SECRET not in shown
    assert CLIENT_ID in shown


# Arguments


@pytest.mark.parametrize("missing", [extract.CLIENT_ID, extract.CLIENT_SECRET])
def test_credentials_come_from_the_environment_alone(platform, tmp_path, monkeypatch, missing):
    monkeypatch.setenv(missing, " ")
    assert f"{missing} must be set" in said(*command(platform, tmp_path), code=2)
    assert not platform.asked
    help_text = said("extract", "--help", code=0)
    assert "secret" not in help_text.lower().replace("genesys_cloud_client_secret", "")
    assert CLIENT_SECRET not in help_text


def test_wrong_credentials(platform, tmp_path, monkeypatch):
    monkeypatch.setenv(extract.CLIENT_SECRET, "wrong")
    words = said(*command(platform, tmp_path), code=2)
    assert "does not accept the credentials: 400; the platform says: client not found" in words
    assert len(platform.asked) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--api-url", "http://api.example"], "is not https"),
        (["--api-url", "https://u:p@api.example"], "a user or a password"),
        (["--api-url", "api.example"], "is no base URL"),
        (["--api-url", "ftp://127.0.0.1"], "is not https"),
        (["--login-url", "http://127.0.0.1.example"], "is not https"),
        (["--from", "2999-01-01"], "is not between"),
        (["--from", "2025-05-01", "--to", "2025-05-01"], "is in the future, or not before"),
        (["--dataset", "voice_usage"], "is not one of"),
    ],
)
def test_arguments_that_cannot_be(platform, tmp_path, arguments, words):
    output = said(*command(platform, tmp_path, *arguments), code=2)
    assert words in " ".join(output.split())
    assert "u:p" not in output
    assert not platform.asked


def test_there_are_17_regions_each_with_hosts_of_its_own():
    assert len(extract.REGIONS) == len(set(extract.REGIONS.values())) == 17
    for name, domain in {
        "us-east-2": "use2.us-gov-pure.cloud",
        "mx-central-1": "mxc1.pure.cloud",
        "ap-southeast-1": "apse1.pure.cloud",
    }.items():
        assert extract.Address.of_region(name).api == f"https://api.{domain}"


def test_a_region_goes_by_name_or_domain(tmp_path):
    for name in ("us-west-2", "us_west_2", "USW2.pure.cloud"):
        address = extract.Address.of_region(name)
        assert address == extract.Address(
            "https://api.usw2.pure.cloud", "https://login.usw2.pure.cloud"
        )
    known = ["extract", "acme", "--from", "2025-01-01", "--inbox", tmp_path]
    assert "no region of the vendor" in said(*known, "--region", "pure.example", code=2)
    assert "Give --region" in said(*known, code=2)
    assert "belong together" in said(*known, "--api-url", "https://api.example", code=2)


@pytest.mark.parametrize("org_id", ["../acme", ".acme", "a/b", ""])
def test_an_organization_that_is_no_folder_name(platform, tmp_path, org_id):
    arguments = command(platform, tmp_path)
    arguments[1] = org_id
    assert "cannot be the name" in said(*arguments, code=2)
