"""A build takes of the machine what it may."""

from __future__ import annotations

import os

import pytest

from command_line import cx_billing
from cx_billing import duck, machine
from stand_in import StandIn

SETTINGS = "select current_setting('threads') || ' ' || current_setting('memory_limit') as answer"


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_build_keeps_to_its_limits(tmp_path, monkeypatch, by):
    stand_in = StandIn(tmp_path).has_variables().says(SETTINGS)
    (stand_in.project / "tests" / "answers_are_small.sql").write_text(
        f"select * from {{{{ ref('answers') }}}} where answer <> ({SETTINGS})"
    )
    if by == "environment":
        monkeypatch.setenv(machine.THREADS, "3")
        monkeypatch.setenv(machine.MEMORY_LIMIT, "300MiB")
    before = dict(os.environ)
    with machine.limits(*((3, "300MiB") if by == "option" else (None, None))):
        result = stand_in.build()
    assert result.passed, result.failures
    assert stand_in.published() == "3 300.0 MiB"
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--memory-limit", "much"), "'much' is no amount of memory; write it like 1GB."),
        (("--memory-limit", "0GB"), "no amount of memory"),
        (("--threads", "0"), "0 is not in the range x>=1"),
    ],
)
def test_what_is_no_limit_is_refused(tmp_path, option, said):
    assert said in cx_billing("--home", tmp_path, "build", *option, code=2)


def test_memory_that_is_not_enough_is_told_with_a_way_out():
    with duck.connect() as connection:
        connection.execute("set memory_limit = '20MB'; set temp_directory = ''")
        with pytest.raises(Exception) as failed:
            connection.execute("create table t as select range as n from range(30000000)")
    assert "Raise --memory-limit" in machine.find_lack(str(failed.value))
