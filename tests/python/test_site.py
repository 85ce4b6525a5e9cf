"""Pages as a set of files: an index, every page, and no dead link."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import builds
from cx_billing.pages import evidence
from cx_billing.pages.rules import OF_CHARGE, OF_KIND, OF_LICENSE_MODEL, OF_REASON, load_rules
from cx_billing.pages.site import name_files
from published_marts import publish_marts


@pytest.fixture(scope="module")
def folder(home, tmp_path_factory) -> Path:
    """Every page of the small warehouse."""
    folder = tmp_path_factory.mktemp("pages") / "new"
    said = cx_billing("--home", home, "show", "index", "--out", folder)
    assert f"Wrote {len(list(folder.iterdir()))} pages. Open {folder / 'index.html'}." in said
    return folder


def ids_of(html: str) -> list[str]:
    """The ids of a page's elements."""
    return re.findall(r'\bid="([^"]*)"', html)


def links_of(html: str) -> list[tuple[str, str]]:
    """File and fragment of every link of a page."""
    return re.findall(r'href="([^"#]*)#?([^"]*)"', html)


def dead_links(folder: Path) -> list[str]:
    """The links of a set that lead nowhere."""
    texts = {file.name: file.read_text() for file in folder.iterdir()}
    return [
        f"{name}: {file}#{fragment}"
        for name, html in texts.items()
        for file, fragment in links_of(html)
        if (file or name) not in texts or (fragment and fragment not in ids_of(texts[file or name]))
    ]


def test_no_link_is_dead(folder):
    assert dead_links(folder) == []
    for file in folder.iterdir():
        ids = ids_of(file.read_text())
        assert len(ids) == len(set(ids)), file.name


def test_a_dead_link_is_noticed(tmp_path):
    (tmp_path / "a.html").write_text('<a href="#gone"></a><a href="b.html"></a><i id="x"></i>')
    assert dead_links(tmp_path) == ["a.html: #gone", "a.html: b.html#"]


def test_every_page_is_reached_from_the_index_and_leads_back(folder):
    reached, ahead = set(), ["index.html"]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += [file for file, _ in links_of((folder / name).read_text()) if file]
    assert reached == {file.name for file in folder.iterdir()}
    for file in folder.iterdir():
        assert file.name == "index.html" or 'href="index.html"' in file.read_text()


def test_numbers_link_to_their_evidence_and_rule(folder):
    html = (folder / "vendor-invoice-acme-V-77.html").read_text()
    assert re.search(r'href="invoice-acme-2026-04-05.html#product-telco_outbound">1,234.50<', html)
    assert re.search(r'href="#difference-1">Used and not billed<', html)
    assert re.search(r'href="#line-5">Genesys Cloud CX 3<', html)
    assert re.search(r'href="rules.html#(INV-\d\d)">\1<', html)
    invoice = (folder / "invoice-acme-2026-04-05.html").read_text()
    assert 'href="vendor-invoice-acme-V-77.html"' in invoice
    assert re.search(r'href="#rule-(VOICE-\d\d)">\1<', invoice)
    assert 'href="peak-acme-2026-03-05.html"' in invoice, "a license that is billed by its peak"


def test_an_amount_leads_to_what_its_line_rests_on(folder):
    invoice = (folder / "invoice-acme-2026-04-05.html").read_text()
    assert re.search(r'href="evidence-acme-2026-04-05.html#line-2">1,234.50<', invoice)
    assert re.search(r'href="calls-acme-2026-03-05.html">1,000.1<', invoice)
    evidence = (folder / "evidence-acme-2026-04-05.html").read_text()
    section = evidence.split('id="line-2"')[1].split('id="line-3"')[0]
    assert "Outbound, 2026-03-05 to 2026-04-04" in section
    assert section.index(">f/2<") < section.index(">f/1<") < section.index(">rounding<")
    assert section.index(">rounding<") < section.index(">3 rows<") < section.index(">1,234.50<")
    assert 'href="invoice-acme-2026-04-05.html"' in evidence
    assert "o-1" not in evidence, "that is of another organization"


def test_of_a_line_with_many_rows_the_first_are_shown(home, monkeypatch):
    monkeypatch.setattr(evidence, "MOST_ROWS", 1)
    with duckdb.connect(str(home / builds.PUBLISHED), read_only=True) as connection:
        page = evidence.compose_invoice_evidence(connection, "acme", date(2026, 4, 5))
    rows = [row.cells for row in page.tables[1].rows]
    assert [cells[0] for cells in rows if cells[0].startswith("3 row")] == [
        "3 rows, of these the first 1"
    ]
    assert [cells[1] for cells in rows if cells[1]] == ["[red]ann <b>", "f/2"]


def test_a_vendor_invoice_leads_to_its_dispute_and_to_what_was_looked_into(folder):
    html = (folder / "vendor-invoice-acme-V-77.html").read_text()
    assert re.search(r'href="disputes.html#dispute-acme-V-77">Partly recovered<', html)
    assert re.search(r'href="calls-acme-2026-03-05.html">Calls from 2026-03-05<', html)
    assert re.search(r'href="calls-acme-2026-03-05.html">Unexplained<', html)
    of_credits = (folder / "vendor-invoice-acme-V-78.html").read_text()
    assert set(re.findall(r'href="(disputes[^"]*)"', of_credits)) == {
        "disputes.html#dispute-acme-V-77",
        "disputes.html#dispute-acme-V-78",
    }
    assert 'href="vendor-invoice-acme-V-77.html"' in of_credits
    disputes = (folder / "disputes.html").read_text()
    assert re.search(
        r'id="dispute-acme-V-77".*?href="vendor-invoice-acme-V-77.html"', disputes, re.S
    )
    calendar = (folder / "calendar.html").read_text()
    assert 'href="vendor-invoice-acme-V-77.html"' in calendar
    assert 'href="invoice-acme-2026-04-05.html"' in calendar


def test_the_index_leads_to_the_calendar_disputes_calls_and_numbers(folder):
    html = (folder / "index.html").read_text()
    for name in ("calendar", "disputes", "calls-acme-2026-03-05", "inventory-acme-2026-03-05"):
        assert f'href="{name}.html"' in html, name
    assert 'href="calls-acme-2026-03-05.html"' in (folder / "telco.html").read_text()
    assert "calls-kaze" not in html, "it has no voice cycle"


def test_the_index_begins_with_what_is_not_agreed(folder):
    html = (folder / "index.html").read_text()
    places = [html.index(f">{number}</a>") for number in ("V-78", "V-77")]
    assert places == sorted(places), "what is not compared comes first"
    assert html.index("Kaze KK") > html.index(">V-77</a>")


def test_one_organization_alone(home, tmp_path):
    cx_billing("--home", home, "show", "index", "--org", "kaze", "--out", tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert "vendor-invoice-kaze-V-77.html" in names
    assert not any("acme" in name for name in names)
    assert not any("acme" in file.read_text() for file in tmp_path.iterdir())
    assert dead_links(tmp_path) == []


def test_of_an_unknown_organization_nothing_is_written(home, tmp_path):
    folder = tmp_path / "pages"
    said = cx_billing("--home", home, "show", "index", "--org", "acne", "--out", folder, code=2)
    assert "No organization 'acne'" in said
    assert not folder.exists()


def test_the_same_build_gives_the_same_files(home, folder, tmp_path):
    cx_billing("--home", home, "show", "index", "--out", tmp_path)
    for file in folder.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("words", [("--json",), ("--html", "page.html"), ("--csv",)])
def test_a_set_is_html_alone(home, tmp_path, words):
    said = cx_billing("--home", home, "show", "index", "--out", tmp_path, *words, code=2)
    assert "--out writes every page as HTML" in said


def test_odd_names_make_odd_files_of_their_own(tmp_path):
    odd = "A/../B <x> ü 100%"
    home = tmp_path / "home"
    home.mkdir()
    publish_marts(home)
    with duckdb.connect(str((home / builds.PUBLISHED).resolve())) as connection:
        for column, value in (("org_id", "kaze"), ("invoice_number", "V-78")):
            tables = connection.execute(
                "select table_name from duckdb_columns() where column_name = ?", [column]
            ).fetchall()
            for (table,) in tables:
                connection.execute(
                    f"update marts.{table} set {column} = ? where {column} = ?", [odd, value]
                )
    folder = tmp_path / "pages"
    cx_billing("--home", home, "show", "index", "--out", folder)
    assert dead_links(folder) == []
    names = name_files(
        {words: None for words in (("a", "b-c"), ("a-b", "c"), ("A", "B-C"), ("a", "b_c"))}
    )
    assert len({name.lower() for name in names.values()}) == 4


def test_every_rule_that_is_linked_to_is_there():
    named = {*OF_CHARGE.values(), *OF_KIND.values(), *OF_LICENSE_MODEL.values()}
    assert named | set(OF_REASON.values()) <= set(load_rules())
