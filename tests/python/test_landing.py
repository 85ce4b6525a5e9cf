"""Landing: every row of a delivered file arrives in the lake, as it was, or the file is refused."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil

import pytest

from cx_billing import lake, landing
from cx_billing.landing import inbox, lander, writer
from deliveries import HEADER, USERS, archive, workbook

# What is in the lake


def test_row_keeps_its_values_and_its_origin(warehouse):
    landed = warehouse.landed(USERS, name="from hr.csv")
    assert warehouse.rows(
        "user_id, email, name, extra_columns, parse_error, raw_text, org_id, file_id, "
        "source_file, source_row"
    ) == [
        ("u1", "a@x", "Ann", *[None] * 3, "acme", landed.file_id, "acme/users/from hr.csv", 1),
        ("u2", "b@x", "Bob", *[None] * 3, "acme", landed.file_id, "acme/users/from hr.csv", 2),
    ]


def test_file_has_the_declared_layout_and_its_facts_in_the_footer(warehouse):
    landed = warehouse.landed(USERS)
    [file] = warehouse.files()
    described = dict(
        row[:2] for row in warehouse.sql(f"describe select * from read_parquet('{file}')")
    )
    assert described == dict.fromkeys(["user_id", "email", "name"], "VARCHAR") | lake.PROVENANCE
    facts = warehouse.facts()[landed.file_id]
    assert set(facts) == set(lake.FOOTER_FACTS)
    [[landed_at]] = warehouse.sql("select distinct landed_at from lake")
    assert facts["landed_at"] == landed_at.isoformat(timespec="microseconds")
    assert facts["dataset"] == "users"


def test_landed_at_follows_path_order_and_earlier_runs(warehouse):
    warehouse.deliver(USERS, name="z.csv")
    warehouse.land()
    for name in ("c.csv", "a.csv", "b.csv"):
        warehouse.deliver(USERS + f"{name},,\n".encode(), name=name)
    warehouse.land()
    times = warehouse.sql(
        "select source_file, any_value(landed_at) as landed_at from lake group by 1 order by 2"
    )
    assert [name[-5:] for name, _ in times] == ["z.csv", "a.csv", "b.csv", "c.csv"]
    assert len({at for _, at in times}) == 4


def test_landed_at_increases_although_the_clock_stands_in_the_past(warehouse, monkeypatch):
    warehouse.landed(USERS)

    class Past(lander.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr(lander, "datetime", Past)
    warehouse.deliver(USERS + b"u3,,\n", name="later.csv")
    warehouse.land()
    assert warehouse.sql("select max_by(source_file, landed_at) from lake") == [
        ("acme/users/later.csv",)
    ]


def test_a_dataset_that_gains_a_column_can_be_read_at_once(tmp_path):
    lake.ensure(tmp_path)
    empty = tmp_path / "lake" / "users" / "_empty.parquet"
    written = empty.read_bytes()
    empty.write_bytes((tmp_path / "lake" / "orders" / "_empty.parquet").read_bytes())
    lake.ensure(tmp_path)
    assert empty.read_bytes() == written
    before = empty.stat().st_mtime_ns
    lake.ensure(tmp_path)
    assert empty.stat().st_mtime_ns == before


def test_records_with_rows_of_every_kind_of_file_agree(warehouse):
    """The same three rows in every format, one organization each."""
    rows = [["u1", "a@x", "Ann"], ["u2", "b@x", "Bob"], ["u3", "", "Cy"]]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])
    objects = [dict(zip(["userId", "email", "name"], row, strict=True)) for row in rows]
    contents = {
        "f.csv": text.getvalue().encode(),
        "f.csv.gz": gzip.compress(text.getvalue().encode()),
        "f.json": json.dumps(objects).encode(),
        "f.ndjson": "\n".join(map(json.dumps, objects)).encode(),
        "f.xlsx": workbook(S=[HEADER, *rows]),
        "f.zip": archive({"f.csv": text.getvalue().encode()}),
    }
    for name, content in contents.items():
        warehouse.deliver(content, name=name, org=name)
    assert warehouse.land().refused == []
    assert warehouse.sql(
        "select count(distinct org_id), count(distinct (user_id, email, name)), count(*) from lake"
    ) == [(len(contents), 3, 3 * len(contents))]


# Idempotence and identity


def test_landing_twice_changes_nothing(warehouse):
    landed = warehouse.landed(USERS)
    before = [(path, path.stat().st_mtime_ns) for path in warehouse.files()]
    report = warehouse.land()
    assert report.landed == []
    assert [already.file_id for already in report.already_landed] == [landed.file_id]
    assert [(path, path.stat().st_mtime_ns) for path in warehouse.files()] == before


def test_same_content_under_another_name_is_the_same_file(warehouse):
    warehouse.deliver(USERS, name="a.csv")
    warehouse.deliver(USERS, name="b.csv")
    report = warehouse.land()
    assert [landed.source_file for landed in report.landed] == ["acme/users/a.csv"]
    assert [already.source_file for already in report.already_landed] == ["acme/users/b.csv"]


def test_the_same_license_answer_of_another_day_is_another_file(warehouse):
    answer = b'{"entities": [{"id": "u1", "licenses": ["cx2"]}]}'
    for name in ("2026-02-16.json", "2026-02-18.json", "2026-02-16_again.json"):
        warehouse.deliver(answer, dataset="license_assignments", name=name)
    report = warehouse.land()
    assert [landed.source_file.rpartition("/")[2] for landed in report.landed] == [
        "2026-02-16.json",
        "2026-02-18.json",
    ]
    assert len(report.already_landed) == 1


def test_same_content_elsewhere_is_another_file(warehouse):
    content = b"user_id,system_presence,routing_status,start_time\nu1,AVAILABLE,IDLE,2026-01-01\n"
    warehouse.deliver(content, dataset="user_presence")
    warehouse.deliver(content, dataset="routing_status")
    warehouse.deliver(content, dataset="user_presence", org="other")
    assert len({landed.file_id for landed in warehouse.land().landed}) == 3


@pytest.mark.parametrize(
    "org", ["o'brien", 'say "hi"', "Zoë & Söhne 東京", "a=b", "100% [x]*?", "a;b --", "{x}", "$1"]
)
def test_org_may_be_called_anything(warehouse, org):
    warehouse.landed(USERS, org=org)
    assert warehouse.rows("org_id, source_file")[0] == (org, f"{org}/users/f.csv")
    assert [facts["org_id"] for facts in warehouse.facts().values()] == [org]


def test_file_name_with_pattern_letters_reads_only_itself(warehouse):
    warehouse.deliver(USERS, name="u*.csv")
    warehouse.deliver(USERS + b"u3,,\n", name="u[1].csv")
    warehouse.deliver(USERS + b"u4,,\n", name="u1.csv")
    assert {landed.source_file: landed.rows for landed in warehouse.land().landed} == {
        "acme/users/u*.csv": 2,
        "acme/users/u[1].csv": 3,
        "acme/users/u1.csv": 3,
    }


# The inbox


def test_inbox_must_hold_organizations(warehouse):
    with pytest.raises(landing.InboxError, match="no such inbox"):
        warehouse.land()
    warehouse.inbox.mkdir()
    (warehouse.inbox / "f.csv").write_bytes(USERS)
    with pytest.raises(landing.InboxError, match="no organization folder"):
        warehouse.land()
    with pytest.raises(landing.InboxError, match="no folder"):
        landing.land(warehouse.inbox / "f.csv", warehouse.home)


def test_the_folder_of_one_organization_is_no_inbox(warehouse):
    (warehouse.deliver(USERS).parent / "old").mkdir()
    with pytest.raises(landing.InboxError, match=r"one organization's folder.*land its parent"):
        landing.land(warehouse.inbox / "acme", warehouse.home)
    assert not warehouse.home.exists()


def test_a_dataset_beside_organizations_is_told_where_it_belongs(warehouse):
    warehouse.deliver(USERS)
    (warehouse.inbox / "voice_usage").mkdir()
    (warehouse.inbox / "voice_usage" / "a.csv").write_bytes(USERS)
    with pytest.raises(landing.InboxError, match=r"voice_usage beside .*/<org_id>/voice_usage"):
        warehouse.land()


def test_an_organization_with_a_slash_is_refused(warehouse):
    warehouse.deliver(USERS)
    (warehouse.inbox / "acme" / "emea" / "users").mkdir(parents=True)
    (warehouse.inbox / "acme" / "emea" / "users" / "u.csv").write_bytes(USERS)
    report = warehouse.land()
    assert len(report.landed) == 1
    assert [refused.source_file for refused in report.refused] == ["acme/emea/users"]
    assert "its id cannot hold a slash" in report.refused[0].message


def test_an_organization_may_be_called_like_a_dataset(warehouse):
    assert warehouse.landed(USERS, org="users").org_id == "users"


@pytest.mark.parametrize("place", ["home", "acme/home"])
def test_a_home_within_the_inbox_is_skipped(warehouse, place):
    warehouse.deliver(USERS)
    warehouse.home = warehouse.inbox / place
    assert len(warehouse.land().landed) == 1
    again = warehouse.land()
    assert (again.landed, again.refused, len(again.already_landed)) == ([], [], 1)
    assert again.warnings == [f"{place}: skipped, it is a home of cx-billing"]


def test_a_home_is_no_inbox(warehouse):
    warehouse.landed(USERS)
    with pytest.raises(landing.InboxError, match="is a home"):
        landing.land(warehouse.home, warehouse.home)


def test_another_home_within_the_inbox_is_skipped(warehouse):
    warehouse.deliver(USERS)
    for folder in ("lake/users", "builds"):
        (warehouse.inbox / "old" / folder).mkdir(parents=True)
    report = warehouse.land()
    assert report.refused == []
    assert report.warnings == ["old: skipped, it is a home of cx-billing"]


@pytest.mark.parametrize("place", ["acme", "acme/users"])
def test_a_folder_that_cannot_be_read_stops_no_other(warehouse, monkeypatch, place):
    locked = warehouse.deliver(USERS).parents[1] / place.removeprefix("acme").strip("/")
    warehouse.deliver(USERS, org="zeta")
    listed = inbox.list_visible

    def visible(folder):
        if folder == locked:
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(inbox, "list_visible", visible)
    report = warehouse.land()
    assert [landed.org_id for landed in report.landed] == ["zeta"]
    [refused] = report.refused
    assert refused.message.startswith(f"{place}: the folder could not be read (Permission denied)")


def test_what_is_not_read_is_warned_of(warehouse):
    warehouse.deliver(USERS)
    for folder in ("acme/devices", "acme/users/old"):
        (warehouse.inbox / folder).mkdir()
    warehouse.deliver(USERS, name="old/f2.csv")
    for name in ("lost.csv", "acme/lost.csv"):
        (warehouse.inbox / name).write_bytes(USERS)
    for name in (".DS_Store", "~$f.csv", ".f.csv.swp"):
        warehouse.deliver(b"?", name=name)
    report = warehouse.land()
    assert (len(report.landed), report.refused) == (1, [])
    assert [named.split(":")[0] for named in report.misplaced] == [
        "lost.csv", "acme/lost.csv", "acme/users/old"
    ]  # fmt: skip
    assert report.warnings == ["acme/devices: the folder is empty"]


def test_organizations_that_differ_in_letter_case_alone_are_named_once(warehouse):
    for org_id in ("acme", "ACME", "zeta"):
        for name in ("a.csv", "b.csv"):
            warehouse.deliver(USERS + f"{org_id},{name}\n".encode(), org=org_id, name=name)
    report = warehouse.land()
    assert {landed.org_id for landed in report.landed} == {"acme", "ACME", "zeta"}
    [warning] = report.warnings
    assert warning.startswith("ACME, acme: 2 organizations, each billed apart")
    shutil.rmtree(warehouse.inbox)
    warehouse.deliver(USERS + b"u9,z@x\n", org="Acme")
    [warning] = warehouse.land().warnings
    assert warning.startswith("ACME, Acme, acme: 3 organizations"), "also those landed before"
    shutil.rmtree(warehouse.inbox)
    warehouse.deliver(USERS + b"u8,z@x\n", org="zeta")
    assert warehouse.land().warnings == [], "of another organization nothing is said"


def test_only_letter_case_makes_organizations_alike(warehouse):
    for org_id in ("straße", "strasse", "ﬁx", "fix", "ärger", "ÄRGER"):
        warehouse.deliver(USERS + f"{org_id},u@x\n".encode(), org=org_id)
    [warning] = warehouse.land().warnings
    assert warning.startswith("ÄRGER, ärger: 2 organizations")
    assert warehouse.land().warnings == [warning], "what was landed before is still delivered"


def test_an_organization_whose_files_were_all_refused_is_alike_to_none(warehouse):
    warehouse.deliver(USERS + b"u1,u@x\n", org="acme")
    warehouse.deliver(b"neither\n1\n", org="ACME")
    report = warehouse.land()
    assert len(report.landed) == len(report.refused) == 1
    assert report.warnings == []


# Progress


def test_progress_counts_files_and_bytes(warehouse):
    for name in ("a.csv", "b.csv"):
        warehouse.deliver(USERS + name.encode(), name=name)
    seen = []
    landing.land(warehouse.inbox, warehouse.home, seen.append)
    size = len(USERS) + 5
    assert [state for state in seen if state.step is None] == [
        landing.Progress(0, 2, 0, 2 * size, "acme/users/a.csv"),
        landing.Progress(1, 2, size, 2 * size, "acme/users/b.csv"),
        landing.Progress(2, 2, 2 * size, 2 * size, None),
    ]


LINES = "".join(f"u{number},a@x,Ann\n" for number in range(300_000))
JSON_LINES = '{"user_id": "u1", "email": "a"}\n' * 60_000


@pytest.mark.parametrize(
    "name, content, steps",
    [
        ("f.csv", f"user_id,email,name\n{LINES}", {"hashing", "checking", "writing"}),
        ("f.csv.gz", gzip.compress(f"user_id,email,name\n{LINES}".encode(), 1),
         {"hashing", "checking", "writing"}),
        ("f.csv", f"user_id,email,name\n{LINES}short\n", {"checking", "splitting", "writing"}),
        ("f.ndjson", JSON_LINES, {"hashing", "splitting", "writing"}),
        ("f.ndjson.gz", gzip.compress(JSON_LINES.encode(), 1), {"splitting", "writing"}),
    ],
)  # fmt: skip
def test_progress_is_told_within_a_file(warehouse, monkeypatch, name, content, steps):
    for module in (lander, writer):
        monkeypatch.setattr(module, "SECONDS_BETWEEN_LOOKS", 0.0)
    warehouse.deliver(content, name=name)
    seen = []
    landing.land(warehouse.inbox, warehouse.home, seen.append)
    within = [state for state in seen if state.step]
    assert {state.step for state in within} >= steps
    assert all(0 <= state.share <= 1 for state in within)
    for step in steps - {"writing"}:
        shares = [state.share for state in within if state.step == step]
        assert shares == sorted(shares) and shares[-1] > 0.5
    assert {state.source_file for state in within} == {f"acme/users/{name}"}


# The zone of times without an offset

PRESENCE = "user_id,system_presence,start_time\nu1,BUSY,2026-01-20 09:00:00\n"
ZONED = (
    "user_id,system_presence,start_time,Time Zone\n"
    "u1,BUSY,2026-01-20 10:00:00,\n"
    "u1,BUSY,2026-01-20 11:00:00,Asia/Tokyo\n"
)


def test_a_declared_zone_is_that_of_rows_without_one(warehouse):
    warehouse.deliver(PRESENCE, name="a.csv", dataset="user_presence")
    warehouse.deliver(ZONED, name="b.csv", dataset="user_presence")
    warehouse.deliver(USERS)
    report = landing.land(warehouse.inbox, warehouse.home, time_zone="Europe/Berlin")
    assert report.warnings == [] and report.refused == []
    zones = "select start_time, time_zone from lake where start_time is not null order by 1"
    assert warehouse.sql(zones) == [
        ("2026-01-20 09:00:00", "Europe/Berlin"),
        ("2026-01-20 10:00:00", "Europe/Berlin"),
        ("2026-01-20 11:00:00", "Asia/Tokyo"),
    ]
    declared = {
        facts["source_file"]: facts.get("time_zone") for facts in warehouse.facts().values()
    }
    assert declared == {
        "acme/user_presence/a.csv": "Europe/Berlin",
        "acme/user_presence/b.csv": "Europe/Berlin",
        "acme/users/f.csv": None,
    }


def test_a_file_that_was_landed_as_of_another_zone_stays_and_is_named(warehouse):
    warehouse.landed(PRESENCE, name="a.csv", dataset="user_presence")
    report = landing.land(warehouse.inbox, warehouse.home, time_zone="Europe/Berlin")
    assert len(report.already_landed) == 1
    [warning] = report.warnings
    assert "acme/user_presence/a.csv: was landed already, with times of UTC" in warning
    assert "withdraw --undo --time-zone Europe/Berlin acme/user_presence/a.csv" in warning
    warehouse.deliver(ZONED, name="b.csv", dataset="user_presence")
    landing.land(warehouse.inbox, warehouse.home, time_zone="Asia/Tokyo")
    again = landing.land(warehouse.inbox, warehouse.home, time_zone="Asia/Tokyo")
    assert [warning.split(":")[0] for warning in again.warnings] == ["acme/user_presence/a.csv"]
    assert landing.land(warehouse.inbox, warehouse.home).warnings == []
