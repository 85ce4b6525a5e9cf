"""`share`: a file of one tenant, and nobody else's row in it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import builds, share, warehouse
from published_marts import publish_marts


def rows_of(database: Path) -> dict[str, list[str]]:
    """Every row of every table, by table."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.sql(
            "select schema_name || '.' || table_name from duckdb_tables() union all "
            "select schema_name || '.' || view_name from duckdb_views() where not internal"
        ).fetchall()
        return {
            name: [
                text
                for [text] in connection.sql(
                    f"select to_json(line)::varchar from {name} as line"
                ).fetchall()
            ]
            for [name] in names
        }


@pytest.fixture(scope="module")
def shared(planted) -> Path:
    file = planted.folder / "shared" / "acme.duckdb"
    file.parent.mkdir()
    said = cx_billing("--home", planted.home, "share", "acme", "--out", file)
    assert "rows of acme, and nobody else's" in said
    return file


def test_a_share_holds_every_row_of_its_tenant(planted, shared):
    before, after = rows_of((planted.home / builds.PUBLISHED).resolve()), rows_of(shared)
    for name, rows in before.items():
        told = [json.loads(row) for row in rows]
        if name.startswith("marts.") and name != "marts.build":
            told = [row for row in told if row["org_id"] == "acme"]
        assert sorted(map(str, told)) == sorted(str(json.loads(row)) for row in after[name]), name
    assert set(after) == {*before, "main.shared"}
    assert after["marts.invoice_line_evidence"], "views work too"


def test_a_share_holds_nothing_of_another_tenant(planted, shared):
    """Nor is it in free blocks of the file or beside it."""
    text = "\n".join(row for rows in rows_of(shared).values() for row in rows)
    content = shared.read_bytes()
    for sign in ("zeta", "22@mail", *planted.zeta.secrets):
        assert sign not in text
        assert sign.encode() not in content
    assert sorted(path.name for path in shared.parent.iterdir()) == ["acme.duckdb"]


def test_a_share_has_keys_comments_and_types(planted, shared):
    queries = (
        "select schema_name, table_name, column_name, data_type, is_nullable, comment "
        "from duckdb_columns() where schema_name in ('marts', 'reference') order by all",
        "select table_name, constraint_text from duckdb_constraints() "
        "where schema_name = 'marts' order by all",
        "select table_name, comment from duckdb_tables() where schema_name = 'marts' order by all",
    )
    files = (planted.home / builds.PUBLISHED).resolve(), shared
    for query in queries:
        before, after = (duckdb.connect(str(file), read_only=True) for file in files)
        with before, after:
            assert before.sql(query).fetchall() == after.sql(query).fetchall() != []


def test_a_share_is_its_owners_alone_and_replaced_by_the_next(planted, tmp_path):
    file = tmp_path / "acme.duckdb"
    for _ in range(2):
        cx_billing("--home", planted.home, "share", "acme", "--out", file)
        assert file.stat().st_mode & 0o777 == 0o600
    assert share.find_tenant(file) == "acme"
    said = cx_billing("--home", planted.home, "share", "zeta", "--out", file, code=2)
    assert "is there already" in said
    assert share.find_tenant(file) == "acme"


def foreign_text(file: Path) -> None:
    file.write_text("mine")


def foreign_database(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table mine as select 1 as answer")


def link(file: Path) -> None:
    file.symlink_to(file.with_name("elsewhere.duckdb"))


@pytest.mark.parametrize("make", [foreign_text, foreign_database, link])
def test_what_is_not_ours_is_not_overwritten(make, home, tmp_path):
    file = tmp_path / "file.duckdb"
    make(file)
    before = None if file.is_symlink() else file.read_bytes()
    said = cx_billing("--home", home, "share", "acme", "--out", file, code=2)
    assert "Choose another --out" in said
    assert file.is_symlink() if before is None else file.read_bytes() == before


def test_the_published_file_is_not_overwritten(home):
    said = cx_billing("--home", home, "share", "acme", "--out", home / builds.PUBLISHED, code=2)
    assert "no plain file" in said
    warehouse.connect(home).close()


def test_an_unknown_tenant_and_a_missing_folder_are_refused(accounts, tmp_path):
    file = tmp_path / "a.duckdb"
    said = cx_billing("--home", accounts, "share", "nobody", "--out", file, code=2)
    assert "no organization or billing account 'nobody'" in said
    said = cx_billing("--home", accounts, "share", "other", "--account", "--out", file)
    assert "rows of other" in said
    file.unlink()
    said = cx_billing("--home", accounts, "share", "acme", "--account", "--out", file, code=2)
    assert "no billing account 'acme'" in said
    said = cx_billing("--home", accounts, "share", "acme", "--out", tmp_path / "x" / "a", code=2)
    assert "there is no folder" in said
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


ACCOUNTS = """
        drop table marts.unmapped_names;
    alter table marts.organizations add column billing_account_id varchar;
        update marts.organizations set billing_account_id = 'partner';
        insert into marts.organizations (org_id, billing_account_id) values
            ('partner', 'partner'), ('other', 'other');
"""


@pytest.fixture
def accounts(tmp_path) -> Path:
    """Four organizations, three of the account of a partner, who is one of them."""
    return publish_marts(tmp_path / "home", changed=ACCOUNTS)


@pytest.mark.parametrize(
    "words, organizations",
    [
        (["partner"], {"partner"}),
        (["partner", "--account"], {"acme", "kaze", "partner"}),
        (["other"], {"other"}),
        (["acme"], {"acme"}),
    ],
)
def test_an_account_is_shared_when_it_is_asked_for(words, organizations, accounts, tmp_path):
    file = tmp_path / "a.duckdb"
    said = cx_billing("--home", accounts, "share", *words, "--out", file)
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.sql("select org_id from marts.organizations").fetchall()
        told = connection.sql("select org_id from main.shared").fetchall()
    assert {org_id for [org_id] in found} == {org_id for [org_id] in told} == organizations
    assert ("--account shares all of them" in said) == (words == ["partner"])


def test_an_account_that_is_no_organization_needs_no_option(accounts, tmp_path):
    with duckdb.connect(str((accounts / builds.PUBLISHED).resolve())) as connection:
        connection.execute("delete from marts.organizations where org_id = 'partner'")
    file = tmp_path / "a.duckdb"
    assert "acme, kaze" in cx_billing("--home", accounts, "share", "partner", "--out", file)


def test_a_table_that_does_not_say_whose_its_rows_are_is_not_shared(tmp_path):
    home = publish_marts(
        tmp_path / "home", changed=f"{ACCOUNTS} create table marts.new as select 1 as a"
    )
    said = cx_billing("--home", home, "share", "acme", "--out", tmp_path / "a.duckdb", code=2)
    assert "marts.new does not say of whom its rows are" in said
    assert not (tmp_path / "a.duckdb").exists()
