"""A page as one self-contained HTML document."""

from __future__ import annotations

from dataclasses import replace

import jinja2

from cx_billing.pages.content import Page

WIDE, NARROW = 760, 360  # pixels: what a picture is drawn for, on a desk and in a hand


def render_html(page: Page) -> str:
    """The document; everything from the data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = replace(page, tables=tuple(table.drop_empty_columns() for table in page.tables))
    return environment.get_template("page.html.j2").render(page=page, wide=WIDE, narrow=NARROW)
