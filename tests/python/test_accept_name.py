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
    home = publish_marts(tmp_path)
    lines = tmp_path / "printed" / "acme" / "vendor_invoice_lines" / "v.csv"
    lines.parent.mkdir(parents=True)
    lines.write_text(
        "invoice_number,invoice_date,service_period_start,service_period_end,description,qty,rate,"
        "amount\n"
        + "".join(
            f'V-1,2026-05-07,,,"{words}",1,1,1\n'
            for words in (f"{WORDS} - May", "Texts, dear", "One; two")
        )
    )
    cx_billing("--home", home, "land", tmp_path / "printed")
    return home


def list_rows(home: Path) -> list[tuple]:
    if not list((home / "lake").glob("product_catalogue/[!_]*.parquet")):
        return []
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


@pytest.mark.parametrize(
    ("org", "words", "hint"),
    [
        ("acme", "Engage Saet (Advance)", "the closest are 'Engage Seat (Advance) - May'"),
        ("acme", "Something else", "show vendor-invoice lists what it prints"),
        ("kaze", WORDS, "no line of an invoice of the vendor was landed for kaze"),
    ],
)
def test_words_that_no_line_has_are_accepted_only_if_that_is_meant(home, org, words, hint):
    said = cx_billing("--home", home, "accept-name", org, words, "cx2", code=2)
    assert f"{words!r} is on no invoice of the vendor that was landed: {hint}. To accept" in said
    assert not list_rows(home)
    said = cx_billing("--home", home, "accept-name", org, words, "cx2", "--even-if-unseen")
    assert "is cx2 from the next build on" in said


def test_case_blanks_and_punctuation_of_the_words_do_not_count(home):
    said = cx_billing("--home", home, "accept-name", "acme", "engage  seat advance", "cx2")
    assert "is cx2 from the next build on" in said


def test_an_unknown_organization_is_refused(home):
    said = cx_billing("--home", home, "accept-name", "acmee", WORDS, "cx2", code=2)
    assert "No organization 'acmee'" in said
