"""`cx-billing accept-name`: the words of a vendor line become an alias of a product."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from command_line import cx_billing
from published_marts import publish_marts

WORDS = "Engage Seat (Advance)"


@pytest.fixture
def home(tmp_path) -> Path:
    return publish_marts(tmp_path)


def list_rows(home: Path) -> list[tuple]:
    return duckdb.sql(
        "select product_code, name, kind, aliases "
        f"from read_parquet('{home}/lake/product_catalogue/*.parquet', union_by_name = true) "
        "where org_id = 'acme' order by all"
    ).fetchall()


def test_the_words_are_an_alias_of_the_product_from_the_next_build_on(home):
    said = cx_billing("--home", home, "accept-name", "acme", f"  {WORDS} ", "cx2")
    assert f"'  {WORDS} ' is cx2 from the next build on" in said
    assert list_rows(home) == [("cx2", "Genesys Cloud CX 2", "license", WORDS)]
    again = cx_billing("--home", home, "accept-name", "acme", WORDS, "cx2")
    assert "is accepted as cx2 already" in again
    assert len(list_rows(home)) == 1


def test_a_product_of_a_kind_with_classes_has_that_kind(home):
    cx_billing("--home", home, "accept-name", "acme", "Texts, dear", "sms_class_z")
    assert list_rows(home) == [("sms_class_z", "sms_class_z", "message", "Texts, dear")]


def test_a_product_of_the_organization_alone_stays_what_it_is(home, tmp_path):
    catalogue = tmp_path / "inbox" / "acme" / "product_catalogue" / "own.csv"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text("product_code,name,kind,aliases\nlamp,Acme Lamp,device,Light\n")
    cx_billing("--home", home, "land", tmp_path / "inbox")
    cx_billing("--home", home, "accept-name", "acme", WORDS, "lamp")
    assert list_rows(home) == [
        ("lamp", "Acme Lamp", "device", WORDS),
        ("lamp", "Acme Lamp", "device", "Light"),
    ]


@pytest.mark.parametrize(
    ("words", "product", "reason"),
    [
        ("One; two", "cx2", "without a semicolon"),
        ("   ", "cx2", "cannot be an alias"),
        (WORDS, "cx_2", "is no product of the catalogue, and none of acme's own"),
    ],
)
def test_what_cannot_be_an_alias_is_refused_and_lands_nothing(home, words, product, reason):
    said = cx_billing("--home", home, "accept-name", "acme", words, product, code=2)
    assert reason in said
    landed = (home / "lake").glob("product_catalogue/[!_]*.parquet")
    assert not list(landed)


def test_an_unknown_organization_is_refused(home):
    said = cx_billing("--home", home, "accept-name", "acmee", WORDS, "cx2", code=2)
    assert "No organization 'acmee'" in said
