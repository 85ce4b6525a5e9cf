"""The synthetic inbox: deterministic, complete, as declared, and refusing to overwrite."""

import csv
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cx_billing import generate, lake

NOT_GENERATED = {
    "api_usage",
    "billable_usage_report",
    "billing_charges",
    "concurrent_usage_report",
    "disputes",
    "resources_usage_report",
    "subscription_overview",
    "user_hour_report",
    "vendor_invoice_lines",
}
USAGE = ("user_presence", "routing_status", "message_interactions", "resource_usage", "voice_usage")
ORGS = 6


def inbox(folder: Path, days: int = 40, seed: int = 7, orgs: int = ORGS) -> Path:
    generate.generate(orgs, days, seed, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def rows(folder: Path, dataset: str, org: str = "*") -> list[dict[str, str]]:
    found = []
    for path in sorted(folder.glob(f"{org}/{dataset}/*.csv")):
        with path.open(newline="") as file:
            found.extend(csv.DictReader(file))
    return found


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Path:
    return inbox(tmp_path_factory.mktemp("inbox"))


def test_the_same_arguments_give_the_same_bytes(generated, tmp_path):
    assert contents(inbox(tmp_path / "again")) == contents(generated)


def test_another_seed_gives_another_inbox(generated, tmp_path):
    assert contents(inbox(tmp_path / "other", seed=8)) != contents(generated)


def test_an_organization_does_not_depend_on_how_many_there_are(generated, tmp_path):
    few = contents(inbox(tmp_path / "few", orgs=2))
    assert few.items() <= contents(generated).items()


def test_every_organization_has_every_dataset_with_the_declared_header(generated):
    declared = lake.datasets()
    folders = sorted(path for path in generated.iterdir())
    assert len(folders) == ORGS
    for folder in folders:
        assert {path.name for path in folder.iterdir()} == declared.keys() - NOT_GENERATED
        for path in folder.glob("*/*.csv"):
            with path.open(newline="") as file:
                header, *data = csv.reader(file)
            assert tuple(header) == declared[path.parent.name].columns, path
            assert data, path
            assert {len(row) for row in data} == {len(header)}, path


def test_one_more_day_adds_to_what_was_there_and_ends_what_was_open(generated, tmp_path):
    before = inbox(tmp_path / "before", days=39)
    for dataset in lake.datasets().keys() - NOT_GENERATED - {"coverage"}:
        now = {tuple(row.items()) for row in rows(generated, dataset)}
        later = {without_end(row) for row in rows(generated, dataset)}
        gone = [row for row in rows(before, dataset) if tuple(row.items()) not in now]
        assert all(row.get("end_time") == "" and without_end(row) in later for row in gone), dataset


def without_end(row: dict[str, str]) -> tuple:
    return tuple((name, value) for name, value in row.items() if name != "end_time")


def test_usage_grows_with_days(generated, tmp_path):
    short = inbox(tmp_path / "short", days=10)
    for dataset in USAGE:
        assert len(rows(generated, dataset)) > 3 * len(rows(short, dataset)), dataset


def test_required_values_are_there(generated):
    may_be_empty = {"customer_account", "end_time"}  # unknown customer, still open
    for name in lake.datasets().keys() - NOT_GENERATED:
        needed = lake.datasets()[name].required - may_be_empty
        for row in rows(generated, name):
            assert all(row[column] for column in needed), (name, row)


def test_the_mix_is_there(tmp_path):
    folder = inbox(tmp_path / "many", days=1, orgs=18)
    contracts = rows(folder, "contracts")
    mix = {(row["license_model"], row["billing_option"]) for row in contracts}
    assert len(mix) == 9
    assert "JPY" in {row["currency"] for row in contracts}
    assert {row["ramp_end_date"] == "" for row in contracts} == {True, False}
    assert {"29", "30", "31"} <= {row["effective_date"][-2:] for row in contracts}
    assert all(row["effective_date"] <= "2026-01-01" for row in contracts)


def test_times_are_in_order_and_some_span_midnight_or_are_open(generated):
    for dataset in ("user_presence", "routing_status", "message_interactions"):
        for row in rows(generated, dataset):
            start = datetime.fromisoformat(row["start_time"])
            assert start.utcoffset().total_seconds() == 0
            if row["end_time"]:
                assert start <= datetime.fromisoformat(row["end_time"]), (dataset, row)
    for dataset in ("user_presence", "message_interactions"):
        ends = [(row["start_time"][:10], row["end_time"][:10]) for row in rows(generated, dataset)]
        assert any(end > start for start, end in ends), dataset
        assert any(not end for _, end in ends), dataset


def test_interactions_span_cycles_and_use_several_platforms(generated):
    interactions = rows(generated, "message_interactions")
    assert len({row["platform"] for row in interactions}) >= 4
    days = [
        datetime.fromisoformat(row["end_time"]) - datetime.fromisoformat(row["start_time"])
        for row in interactions
        if row["end_time"]
    ]
    assert max(days).days > 7


def test_calls_cost_what_the_adjusted_minutes_say(generated):
    calls = rows(generated, "voice_usage")
    for call in calls:
        seconds = int(call["duration_seconds"])
        adjusted = -(-seconds // 6) * 6
        assert int(call["adjusted_duration_seconds"]) == adjusted
        assert Decimal(call["adjusted_duration_minutes"]) * 60 == adjusted
        exact = Decimal(call["usage_rate_per_minute"]) * adjusted / 60
        assert abs(Decimal(call["total_cost"]) - exact) <= Decimal("0.00005")
    seconds = [int(call["duration_seconds"]) for call in calls]
    assert 0 in seconds
    assert any(0 < value <= 6 for value in seconds)
    kinds = " ".join({call["call_type"] + call["usage_group"] for call in calls})
    assert all(kind in kinds for kind in ("Toll-Free", "Extended", "International", "BYOC"))
    ids = [call["sip_call_id"] for call in calls]
    assert len(ids) == len(set(ids))


def test_everything_used_has_a_contract_item(generated):
    for folder in sorted(generated.iterdir()):
        org = folder.name
        items = {row["product_code"] for row in rows(generated, "contract_items", org)}
        used = {row["license"] for row in rows(generated, "license_assignments", org)}
        used |= {row["resource"] for row in rows(generated, "resource_usage", org)}
        used |= {row["product_code"] for row in rows(generated, "devices", org)}
        interactions = rows(generated, "message_interactions", org)
        used |= {f"conversation_{row['platform']}" for row in interactions}
        assert used <= items, org
        known = {row["user_id"] for row in rows(generated, "users", org)}
        assert {row["user_id"] for row in rows(generated, "user_presence", org)} <= known


def test_progress_is_reported_after_every_organization(tmp_path):
    seen = []
    generate.generate(3, 1, 1, tmp_path, lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(generate.GenerateError, match="not an empty folder"):
        inbox(tmp_path)
    assert contents(tmp_path) == {"mine.txt": b"mine"}


@pytest.mark.parametrize(("orgs", "days"), [(0, 1), (1, 0)])
def test_counts_below_one_are_refused(tmp_path, orgs, days):
    with pytest.raises(generate.GenerateError, match="at least 1"):
        generate.generate(orgs, days, 1, tmp_path)
