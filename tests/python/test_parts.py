"""Parts of the organizations, built apart and published together, are one build."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import engines, lake, landing, parking, parts, warehouse

SAMPLE = lake.PROJECT_DIR / "sample"
AS_OF = date.fromisoformat((SAMPLE / "AS_OF").read_text().strip())
# When it was built, and as which: all else is equal.
OWN = {"build": "exclude (build_number, built_at)"}
DIFFERENT = """
select count(*) from (
    (select * {own} from one.marts.{mart} except all select * {own} from other.marts.{mart})
    union all
    (select * {own} from other.marts.{mart} except all select * {own} from one.marts.{mart})
)
"""


@pytest.fixture(scope="module")
def built(sample_warehouse, tmp_path_factory) -> SimpleNamespace:
    """The lake of the sample in a home of its own, built in two parts, not yet published."""
    home = tmp_path_factory.mktemp("parts") / "home"
    home.mkdir()
    shutil.copytree(sample_warehouse / "lake", home / "lake")
    shutil.copy(sample_warehouse / "customer_key", home)
    results = [warehouse.build_part(home, parts.Part(number, 2), AS_OF) for number in (1, 2)]
    assert all(result.passed and result.published is None for result in results)
    return SimpleNamespace(home=home, results=results, whole=sample_warehouse)


@pytest.fixture
def copies(built, tmp_path) -> SimpleNamespace:
    """The two parts in folders of a test, which it may change, and their home."""
    folder = tmp_path / "parts"
    shutil.copytree(built.home / "parts", folder)
    return SimpleNamespace(home=built.home, folder=folder)


def test_parts_published_together_are_what_one_build_is(built, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(built.home, home, symlinks=True)
    result = warehouse.publish_parts(home)
    assert result.passed and result.published
    differing = {}
    with duckdb.connect() as connection:
        for name, of in (("one", home), ("other", built.whole)):
            connection.execute(f"attach '{of / 'cx_billing.duckdb'}' as {name} (read_only)")
        marts = connection.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = 'other' and table_schema = 'marts'"
        ).fetchall()
        for (mart,) in marts:
            own = OWN.get(mart, "")
            [[count]] = connection.execute(DIFFERENT.format(mart=mart, own=own)).fetchall()
            if count:
                differing[mart] = count
    assert len(marts) > 30
    assert not differing

    again = warehouse.publish_parts(home)
    assert not again.is_new
    assert not warehouse.build(home, AS_OF, only_if_new=True).is_new, (
        "a build sees that it is there"
    )


def test_every_organization_is_in_one_part_with_its_account(built):
    of_parts = parts.divide(built.home, 3)
    everybody = {folder.name for folder in (SAMPLE / "inbox").iterdir() if folder.is_dir()}
    assert set().union(*of_parts) == everybody
    assert sum(map(len, of_parts)) == len(everybody)
    [pair] = [part for part in of_parts if "harbor-bank" in part]
    assert "harbor-bank-sydney" in pair, "two regions of one customer are in two parts"


def test_more_parts_than_accounts_leave_some_empty(built):
    of_parts = parts.divide(built.home, 20)
    assert len(of_parts) == 20
    assert set() in of_parts


def test_accounts_are_joined_over_several_organizations():
    accounts = [("a", "one"), ("b", "one"), ("b", "two"), ("c", "two"), ("d", "E"), ("e", "")]
    joined = parts.join_accounts("abcdef", [(org, name.lower()) for org, name in accounts if name])
    assert joined == {frozenset("abc"), frozenset("de"), frozenset("f")}
    changed = [("a", "one"), ("a", "two"), ("b", "one"), ("c", "two")]
    assert parts.join_accounts("abc", changed) == {frozenset("abc")}, "a has had two accounts"


def test_a_part_with_nothing_new_is_not_built_again(built, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(built.home, home, symlinks=True)
    before = (home / "parts" / "1-of-2" / "cx_billing.duckdb").stat().st_mtime_ns
    result = warehouse.build_part(home, parts.Part(1, 2), AS_OF)
    assert result.passed and not result.is_new
    assert result.database and result.database.stat().st_mtime_ns == before


def test_parts_of_other_files_are_not_published_together(built, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(built.home, home, symlinks=True)
    order = tmp_path / "inbox" / "retired-trial" / "coverage" / "late.csv"
    order.parent.mkdir(parents=True)
    order.write_text("dataset,covered_from,covered_to\nvoice_usage,2026-01-01,2026-01-02\n")
    assert not landing.land(tmp_path / "inbox", home).refused
    own, _ = parts.find_organizations(home, parts.Part(1, 2))
    number = 2 if "retired-trial" not in own else 1
    assert warehouse.build_part(home, parts.Part(number, 2), AS_OF).is_new
    assert not warehouse.build_part(home, parts.Part(number, 2), AS_OF).is_new
    with pytest.raises(parts.PartsError, match="another landed files than the others"):
        warehouse.publish_parts(home)
    assert not (home / "cx_billing.duckdb").exists()
    assert not warehouse.build_part(home, parts.Part(3 - number, 2), AS_OF).is_new
    assert warehouse.publish_parts(home).passed


@pytest.mark.parametrize("name", parts.FACTS)
def test_parts_that_were_not_built_alike_are_refused(copies, name):
    change(copies.folder / "2-of-2", facts={name: "another"})
    with pytest.raises(parts.PartsError) as refused:
        warehouse.publish_parts(copies.home, [copies.folder])
    assert parts.FACTS[name] in str(refused.value)
    assert not (copies.home / "cx_billing.duckdb").exists()


def test_parts_of_what_the_home_no_longer_holds_are_refused(built, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(built.home, home, symlinks=True)
    file = tmp_path / "inbox" / "retired-trial" / "coverage" / "late.csv"
    file.parent.mkdir(parents=True)
    file.write_text("dataset,covered_from,covered_to\nvoice_usage,2026-01-01,2026-01-02\n")
    assert not landing.land(tmp_path / "inbox", home).refused
    with pytest.raises(parts.PartsError, match="other landed files than"):
        warehouse.publish_parts(home)


def test_what_fails_for_every_organization_is_the_cause_of_none(copies):
    for number in (1, 2):
        folder = copies.folder / f"{number}-of-2"
        named = json.loads((folder / "manifest.json").read_text())["organizations"]
        since = "2026-05-05T00:00:00"
        known = [parking.Parked(org_id, since, "a test", "0") for org_id in named]
        change(folder, parked=[asdict(each) for each in known])
    result = warehouse.publish_parts(copies.home, [copies.folder])
    assert [failure.message for failure in result.failures] == ["a test"]
    assert not (copies.home / "cx_billing.duckdb").exists()


def test_personal_data_is_published_only_if_it_is_asked_for(copies):
    for number in (1, 2):
        change(copies.folder / f"{number}-of-2", facts={"show_personal_data": "true"})
    with pytest.raises(parts.PartsError, match="show personal data"):
        warehouse.publish_parts(copies.home, [copies.folder])


def test_a_warning_of_a_part_keeps_a_strict_publication_from_happening(copies):
    change(copies.folder / "2-of-2", has_warnings=True)
    result = warehouse.publish_parts(copies.home, [copies.folder], refuse=lambda _: [])
    assert [failure.message for failure in result.failures] == [
        "A data test of part 2 warns; its build says which."
    ]


def test_readers_of_the_environment_are_for_publication(built, tmp_path, monkeypatch):
    home = tmp_path / "home"
    shutil.copytree(built.home, home, symlinks=True)
    monkeypatch.setenv("CX_BILLING_READERS", "root")
    assert "Nothing is new" in cx_billing(
        "--home", home, "build", "--part", "1/2", "--as-of", AS_OF
    )
    said = cx_billing("--home", home, "build", "--part", "1/2", "--readers", "root", code=2)
    assert "give them to cx-billing publish" in said


def test_a_missing_part_is_named(copies):
    shutil.rmtree(copies.folder / "1-of-2")
    with pytest.raises(parts.PartsError, match=r"no part 1.*--part 1/2"):
        warehouse.publish_parts(copies.home, [copies.folder])


def test_a_part_given_twice_is_refused(copies):
    shutil.copytree(copies.folder / "1-of-2", copies.folder / "once_more")
    with pytest.raises(parts.PartsError, match="Part 1 of 2 is there twice"):
        warehouse.publish_parts(copies.home, [copies.folder])


def test_an_organization_in_two_parts_is_refused(copies):
    other = json.loads((copies.folder / "1-of-2" / "manifest.json").read_text())["organizations"]
    change(copies.folder / "2-of-2", organizations=other)
    with pytest.raises(parts.PartsError, match="is in part 1 and 2"):
        warehouse.publish_parts(copies.home, [copies.folder])


def test_parts_of_several_numbers_have_to_be_told_apart(copies):
    shutil.copytree(copies.folder / "1-of-2", copies.folder / "1-of-1")
    change(copies.folder / "1-of-1", of=1)
    with pytest.raises(parts.PartsError, match=r"parts of 1 and of 2.*--parts 2"):
        warehouse.publish_parts(copies.home, [copies.folder])
    found = parts.find(copies.home, [copies.folder], of=2)
    assert [manifest.number for manifest in found.values()] == [1, 2]


def test_a_damaged_part_is_refused(copies):
    database = copies.folder / "2-of-2" / "cx_billing.duckdb"
    content = bytearray(database.read_bytes())
    content[len(content) // 2] ^= 1
    database.write_bytes(content)
    with pytest.raises(parts.PartsError, match="not as it was built"):
        warehouse.publish_parts(copies.home, [copies.folder])


def test_rows_that_the_manifests_do_not_count_are_refused(copies):
    folder = copies.folder / "2-of-2"
    rows = json.loads((folder / "manifest.json").read_text())["rows"]
    change(folder, rows=rows | {"invoices": rows["invoices"] + 1})
    with pytest.raises(parts.PartsError, match="rows of invoices are not those of the parts"):
        warehouse.publish_parts(copies.home, [copies.folder])


def test_what_is_no_part_is_refused(copies, tmp_path):
    with pytest.raises(parts.PartsError, match="There is no part to publish"):
        warehouse.publish_parts(copies.home, [tmp_path / "nothing"])
    (copies.folder / "1-of-2" / "manifest.json").write_text("{}")
    with pytest.raises(parts.PartsError, match="is no part"):
        warehouse.publish_parts(copies.home, [copies.folder])


def test_the_same_part_is_built_once_at_a_time(built):
    part = parts.Part(1, 2)
    with parts.lock(built.home, part), pytest.raises(warehouse.BuildLockedError, match="part 1 of"):
        warehouse.build_part(built.home, part, AS_OF)


def test_an_organization_that_is_set_aside_in_a_part_stops_no_other(built, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(built.home, home, symlinks=True)
    warehouse.publish_parts(home)
    [damaged] = parts_of_one(home, "kite-travel", "orders")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    number = 1 if "kite-travel" in parts.find_organizations(home, parts.Part(1, 2))[0] else 2
    for each in (1, 2):
        result = warehouse.build_part(home, parts.Part(each, 2), AS_OF)
        assert [known.org_id for known in result.parked] == ["kite-travel"] * (each == number)
    again = warehouse.build_part(home, parts.Part(number, 2), AS_OF)
    assert not again.is_new and [known.org_id for known in again.parked] == ["kite-travel"]
    result = warehouse.publish_parts(home)
    assert [known.org_id for known in result.parked] == ["kite-travel"]
    with warehouse.connect(home) as reader:
        parked = reader.sql("select org_id from marts.organizations where is_parked").fetchall()
        [[lines]] = reader.sql(
            "select count(*) from marts.invoice_lines where org_id = 'kite-travel'"
        ).fetchall()
    assert parked == [("kite-travel",)]
    assert lines, "what was published of it is gone"


@pytest.mark.parametrize("written", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2"])
def test_what_is_no_part_of_several_is_said(tmp_path, written):
    said = cx_billing("--home", tmp_path, "build", "--part", written, code=2)
    assert "part" in said


def test_the_commands_say_what_is_next(built, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(built.home, home, symlinks=True)
    said = cx_billing("--home", home, "build", "--part", "2/2", "--as-of", AS_OF)
    assert "Nothing is new since part 2 of 2" in said and "publish" in said
    said = cx_billing("--home", home, "publish")
    assert "Published" in said and "Organizations: 7" in said
    assert "publish" in cx_billing(
        "--home", home, "build", "--part", "1/2", "--publish-earlier", code=2
    )


def test_all_parts_are_built_by_processes_and_published(built, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(built.home, home, symlinks=True)
    said = cx_billing("--home", home, "build-parts", 2, "--as-of", AS_OF)  # both are there already
    assert "Part 1 is built" in said and "Part 2 is built" in said
    assert "Organizations: 7" in said


def test_a_part_that_fails_keeps_the_others_from_being_published(built, tmp_path, monkeypatch):
    home = tmp_path / "home"
    shutil.copytree(built.home, home, symlinks=True)
    run_part = engines.run_part

    def fail(part: int, arguments: list[str]) -> engines.Ended:
        if part == 2:
            raise engines.WorkerDiedError("part 2: ended by signal 9")
        return run_part(part, arguments)

    monkeypatch.setattr(engines, "run_part", fail)
    said = cx_billing("--home", home, "build-parts", 2, "--as-of", AS_OF, code=1)
    assert "Part 2 has failed" in said and "signal 9" in said and "Nothing was published" in said
    assert not (home / "cx_billing.duckdb").exists()


def test_an_engine_that_is_not_installed_is_named(built):
    said = cx_billing("--home", built.home, "build-parts", 2, "--engine", "ray", code=2)
    assert "pip install 'cx-billing[ray]'" in said
    said = cx_billing("--home", built.home, "build-parts", 2, "--address", "ray://a:1", code=2)
    assert "--address is for ray and spark" in said


def change(folder: Path, facts: dict[str, str] | None = None, **values: object) -> None:
    """Write other values into the manifest of a part."""
    file = folder / "manifest.json"
    known = json.loads(file.read_text())
    known["facts"] |= facts or {}
    file.write_text(json.dumps(known | values))


def parts_of_one(home: Path, org_id: str, dataset: str) -> list[Path]:
    """The files of a lake of one organization and dataset."""
    with duckdb.connect() as connection:
        return [
            Path(name)
            for (name,) in connection.execute(
                "select distinct filename from read_parquet(?, filename = true) where org_id = ?",
                [str(home / "lake" / dataset / "[!_]*.parquet"), org_id],
            ).fetchall()
        ]
