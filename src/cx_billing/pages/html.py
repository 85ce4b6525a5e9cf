"""A page as one self-contained HTML document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from urllib.parse import quote

import jinja2
import markupsafe

from cx_billing.pages.content import Link, Page
from cx_billing.pages.data import name_tables
from cx_billing.pages.rules import Rule, load_rules

LONGEST_WORD = 20  # characters that stay together
WIDE, NARROW = 760, 360  # pixels: what a picture is drawn for, on a desk and in a hand

# Where a page of the set lies: from the words of its command to the name of its file, if written.
Locating = Callable[[tuple[str, ...]], str | None]
RULES_PAGE = ("rules",)


@cache
def open_templates() -> jinja2.Environment:
    """The templates; everything from the data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "templates"),
        autoescape=jinja2.select_autoescape(default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["long"] = is_long
    environment.filters["spell_id"] = spell_id
    environment.filters["break_paths"] = break_paths
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    return environment


def render_html(
    page: Page,
    find_file: Locating = lambda words: None,
    trail: tuple[tuple[str, str], ...] = (),
) -> str:
    """The document. Other pages are linked to where `find_file` knows their files.

    `trail` is what is above the page: labels and the files they lead to.
    """
    page = replace(page, tables=tuple(table.drop_empty_columns() for table in page.tables))
    known = load_rules()

    def locate(link: Link | None) -> str | None:
        if link is None:
            return None
        if link.rule:
            return f"#rule-{link.rule}" if link.rule in known else None
        file = find_file(link.page) if link.page else ""
        if file is None:
            return None
        return f"{file}#{spell_id(link.anchor)}" if link.anchor else file or None

    def locate_rule(rule: Rule) -> str | None:
        file = find_file(RULES_PAGE)
        return f"{file}#{rule.id}" if file else None

    return (
        open_templates()
        .get_template("page.html.j2")
        .render(
            page=page,
            tables=name_tables(page),
            rules=[known[rule] for rule in dict.fromkeys(list_rules(page)) if rule in known],
            locate=locate,
            locate_rule=locate_rule,
            trail=trail,
            wide=WIDE,
            narrow=NARROW,
        )
    )


def spell_id(anchor: str) -> str:
    """An anchor as the id of an element, and as the fragment that leads to it."""
    return quote(anchor, safe="").replace("%", ".")


def break_paths(text: str) -> markupsafe.Markup:
    """A text in which a long word may be broken behind a slash or an underscore."""
    spaced = markupsafe.escape(text)
    if not is_long(text):
        return spaced
    return markupsafe.Markup(re.sub(r"(?<=[/_])(?!$)", "<wbr>", spaced))


def is_long(text: str) -> bool:
    """Whether a text has a word that is to be broken where there is no room for it."""
    return any(len(word) > LONGEST_WORD for word in text.split())


def list_rules(page: Page) -> Iterator[str]:
    """The rules that the cells of a page link to."""
    for table in page.tables:
        for row in table.rows:
            yield from (link.rule for link in row.links if link and link.rule)
