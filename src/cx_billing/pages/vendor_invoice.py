"""An invoice of the vendor by its number: every printed line, ours beside it, and the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import duckdb

from cx_billing.pages.bars import MOST_BARS, Bar, draw_bars, sketch_bars
from cx_billing.pages.columns import (
    add_up,
    billed_column,
    difference_column,
    label_row,
    money_column,
    quantity_column,
    rule_column,
    text_column,
)
from cx_billing.pages.content import Column, Link, Page, Picture, Record, Row, Table, fill_rows
from cx_billing.pages.disputes import (
    CLAIM_COLUMNS,
    link_to_dispute,
    link_to_vendor_invoice,
)
from cx_billing.pages.formatting import format_number, format_text
from cx_billing.pages.invoice import AUDITED
from cx_billing.pages.reading import (
    NotFoundError,
    find_organization,
    is_listed,
    read,
    require,
    spell_plainly,
)
from cx_billing.pages.rejected import count_rejected_lines, describe_fault
from cx_billing.pages.rules import find_rule_of_reason
from cx_billing.pages.vendor_files import explain_files, read_vendor_files
from cx_billing.pages.words import Names, is_unchecked, read_names, spell_agreed, spell_code

AUDITS = {"calls": "Calls", "inventory": "Numbers and devices"}


def link_to_line(record: Record) -> Link | None:
    """From a difference to the first of its lines."""
    return Link(anchor=record["line_anchor"]) if record["line_anchor"] else None


def link_to_cause(record: Record) -> Link | None:
    """From a difference that follows to the one it follows from."""
    return Link(anchor=record["cause_anchor"]) if record["cause_anchor"] else None


def link_to_audit(record: Record) -> Link | None:
    """From a difference of calls, numbers or devices to what is found about them."""
    audit: Link | None = record["audit"]
    return audit


def link_to_difference(record: Record) -> Link | None:
    """From a line to the first of its differences."""
    return Link(anchor=record["difference_anchor"]) if record["difference_anchor"] else None


def link_to_ours(record: Record) -> Link | None:
    """From a line to its product on the invoice of ours."""
    ours: Link | None = record["ours"] if record["expected_amount"] else None
    return ours


REASON_COLUMNS = (
    replace(text_column("Reason", "title"), keys=("reason",)),
    quantity_column("Differences", "differences_count"),
    money_column("Amount", "amount"),
    money_column("To claim", "claim_amount"),
    rule_column(),
)
DIFFERENCE_COLUMNS = (
    text_column("Reason", "title", link_to_audit),
    money_column("Amount", "amount"),
    replace(text_column("Product", "product_name", link_to_line), keys=("product_code",)),
    text_column("Why", "explanation"),
    replace(text_column("Follows from", "cause", link_to_cause), keys=("caused_by",)),
    money_column("To claim", "claim_amount"),
    rule_column(),
)
LINE_COLUMNS = (
    text_column("Description", "description"),
    quantity_column("Line", "line_number"),
    billed_column("Vendor qty", "printed_quantity"),
    money_column("Vendor rate", "printed_price"),
    money_column("Vendor", "printed_amount"),
    billed_column("Our qty", "expected_quantity"),
    money_column("Ours", "expected_amount", link_to_ours),
    difference_column("Difference", "variance_amount"),
    replace(text_column("Reason", "titles", link_to_difference), keys=("reasons",)),
)
REJECTED_COLUMNS = (
    text_column("Description", "description"),
    text_column("Invoice", "invoice_number"),
    text_column("Amount as landed", "amount"),
    Column("Why", describe_fault, keys=("reason", "column_name", "value", "expected")),
    text_column("File", "source_file"),
    quantity_column("Row", "source_row"),
)


def compose_vendor_invoice(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_number: str
) -> Page:
    """Each printed line once, in printed order, with the printed total and what explains it."""
    organization = find_organization(connection, org_id)
    invoice = find_vendor_invoice(connection, org_id, invoice_number)
    of_invoice = {"org_id": org_id, "invoice_number": invoice["invoice_number"]}
    names = read_names(connection)
    minor_units = invoice["minor_units"] or 0
    lines = [
        record | {"minor_units": minor_units}
        for record in read(connection, "vendor_invoice_lines", **of_invoice)
    ]
    differences = [
        record | {"minor_units": minor_units}
        for record in read(connection, "invoice_differences", **of_invoice)
    ]
    rejected = find_rejected_lines(connection, invoice)
    rejected_count = count_numbered(rejected)
    claims = find_claims(connection, org_id, invoice["invoice_number"])
    answered = find_answered(connection, invoice)
    products, cycles = place_products(connection, answered.values())
    audits = find_audits(connection, org_id, names, cycles)
    shown_differences, shown_lines = refer(differences, lines, names, products, audits)

    fact_links = {
        "Answers": tuple(
            (invoice_id, Link(("invoice", org_id, str(head["invoice_date"]))))
            for invoice_id, head in answered.items()
        ),
        "Dispute": tuple(name_dispute(claims, invoice)),
        "Looked into": tuple(
            (f"{AUDITS[link.page[0]]} from {link.page[2]}", link)
            for link in dict.fromkeys(audits.values())
        ),
    }

    def money(key: str) -> str:
        return format_number(invoice[key], minor_units) or "not compared"

    facts = (
        ("Printed total", money("printed_total")),
        (
            "Rejected lines",
            f"{rejected_count:,}, not in the printed total" if rejected_count else "",
        ),
        ("Expected", money("expected_total")),
        ("Difference", money("variance_amount")),
        ("Unexplained", money("unexplained_amount")),
        ("Agreed", spell_agreed(invoice)),
        ("Taxes not checked", money("unchecked_tax_amount") if is_unchecked(invoice) else ""),
        ("Currency", format_text(invoice["currency"])),
        ("Organization", format_text(organization["org_name"] or org_id)),
        ("Dated", format_text(invoice["invoice_date"])),
        ("Also numbered", tell_other_numbers(invoice)),
        ("Answers", format_text(invoice["expected_invoice_ids"] or "no invoice of ours")),
        ("Dispute", spell_links(fact_links["Dispute"])),
        ("Looked into", spell_links(fact_links["Looked into"])),
    )
    return Page(
        title=f"Vendor invoice {format_text(invoice['invoice_number'])} of {format_text(org_id)}",
        lead=summarize(invoice, differences, rejected_count),
        facts=tuple((label, value) for label, value in facts if value),
        fact_links={label: links for label, links in fact_links.items() if links},
        pictures=tuple(draw_reasons(differences, minor_units)),
        tables=(
            *tabulate_reasons(differences, minor_units),
            Table(
                "Why it differs",
                DIFFERENCE_COLUMNS,
                fill_rows(DIFFERENCE_COLUMNS, shown_differences, lambda record: record["anchor"]),
                "It does not: every group of lines agrees to the cent.",
                name="differences",
                records=tuple(differences),
            ),
            Table(
                "Lines",
                LINE_COLUMNS,
                tuple(list_rows(shown_lines, minor_units)),
                name="lines",
                records=tuple(lines),
                is_main=True,
            ),
            *tabulate_claims(claims, names, invoice["invoice_number"]),
            *tabulate_rejected_lines(rejected),
        ),
        notes=(
            *explain_files(
                read_vendor_files(connection, org_id),
                (invoice["invoice_number"], *list_other_numbers(invoice)),
            ),
            *explain(lines, differences, claims, len(rejected) - rejected_count),
            *explain_promised(connection, invoice),
        ),
        head=invoice,
    )


def summarize(invoice: Record, differences: list[Record], rejected_count: int = 0) -> str:
    """Whether the invoice is right, how much of the difference has a reason, and what is left out.

    What is left out are the lines that were rejected: they are in no figure of the page.
    """
    judged = judge(invoice, differences)
    if is_unchecked(invoice):
        judged = f"{judged} {tell_unchecked(invoice)}"
    if not rejected_count:
        return judged
    lines = "1 line of it was" if rejected_count == 1 else f"{rejected_count:,} lines of it were"
    return (
        f"{lines} rejected: the printed total and the comparison leave out what could not be read. "
        f"Of the rest: {judged[0].lower()}{judged[1:]}"
    )


def judge(invoice: Record, differences: list[Record]) -> str:
    """In a sentence, whether the invoice is right, and how much of the difference has a reason."""
    variance, unexplained = invoice["variance_amount"], invoice["unexplained_amount"]
    if variance is None:
        return "It is in another currency than ours, so nothing is compared in money."
    if not differences:
        groups = "group of lines but its taxes" if is_unchecked(invoice) else "group of lines"
        return f"It is right: every {groups} agrees to the cent."

    def money(amount: Decimal) -> str:
        number = format_number(abs(amount), invoice["minor_units"] or 0)
        return f"{number} {format_text(invoice['currency'])}"

    contradicted = [record for record in differences if record["reason"] == "total_differs"]
    if len(contradicted) == len(differences):
        return (
            "Every group of lines agrees to the cent, but the total that the invoice states is not "
            "the sum of its lines: look whether a line is missing here."
        )
    if invoice["is_agreed"]:
        return "It is right: what differs is rounding, or a name or a row that changes no total."
    reasons = len({difference["reason"] for difference in differences} - {"unexplained"})
    told = f"{reasons:,} reason{'s' if reasons != 1 else ''}"
    if not variance:
        return f"Its total is the one we expect, but its lines are not: {told} for that."
    more = "more" if variance > 0 else "less"
    opening = f"The vendor bills {money(variance)} {more} than we expect: {told} for that"
    return f"{opening}, and {money(unexplained)} without one." if unexplained else f"{opening}."


def tell_unchecked(invoice: Record) -> str:
    """In a sentence, which taxes were not checked, why not, and what it takes."""
    amount = format_number(invoice["unchecked_tax_amount"], invoice["minor_units"] or 0)
    jurisdiction = format_text(invoice["unchecked_tax_jurisdiction"])
    if jurisdiction:
        remedy = (
            f"the seed tax_rates has no rates of the contract's jurisdiction {jurisdiction} on its "
            "date: add them, or name another in"
        )
    else:
        remedy = "the contract names no jurisdiction: name one of the seed tax_rates in"
    return (
        f"Its taxes of {amount} {format_text(invoice['currency'])} were not checked and count as "
        f"printed, because {remedy} the column tax_jurisdiction of the dataset contracts."
    )


def find_rejected_lines(connection: duckdb.DuckDBPyConnection, invoice: Record) -> list[Record]:
    """The lines of the invoice that were rejected, by any of its numbers, and those without one."""
    numbers = [invoice["invoice_number"], *list_other_numbers(invoice)]
    org_id = invoice["org_id"]
    return read(connection, "rejected_vendor_lines", org_id=org_id, invoice_numbers=numbers)


def count_numbered(rejected: list[Record]) -> int:
    """How many of the lines tell their invoice."""
    return sum(line["invoice_number"] is not None for line in rejected)


def tabulate_rejected_lines(rejected: list[Record]) -> Iterator[Table]:
    """The lines that were rejected, if there are any."""
    if rejected:
        yield Table.of_records(
            "Rejected lines, in no figure above", REJECTED_COLUMNS, rejected, name="rejected_lines"
        )


def find_answered(connection: duckdb.DuckDBPyConnection, invoice: Record) -> dict[str, Record]:
    """The invoices of ours that the vendor's answers, by their ids."""
    return {
        format_text(head["invoice_id"]): head
        for head in read(connection, "invoice_heads", org_id=invoice["org_id"])
        if is_listed(head["invoice_id"], invoice["expected_invoice_ids"])
    }


def place_products(
    connection: duckdb.DuckDBPyConnection, heads: Iterable[Record]
) -> tuple[dict[str, Link], dict[str, date]]:
    """Where each product is on the invoices of ours, and the cycle it is billed for in arrears.

    Of several the first.
    """
    places: dict[str, Link] = {}
    cycles: dict[str, date] = {}
    for head in heads:
        words = ("invoice", head["org_id"], str(head["invoice_date"]))
        of_invoice = {key: head[key] for key in ("org_id", "invoice_date")}
        for line in read(connection, "invoice_lines", **of_invoice):
            product = line["product_code"]
            places.setdefault(product, Link(words, f"product-{product}"))
            if line["charge_type"] != "prepay":
                cycles.setdefault(product, line["service_period_start"])
    return places, cycles


def find_audits(
    connection: duckdb.DuckDBPyConnection, org_id: str, names: Names, cycles: dict[str, date]
) -> dict[str, Link]:
    """Where calls, numbers and devices that were billed are looked into, by product."""
    audited = {
        "calls": read(connection, "telco", org_id=org_id, invoice_dates=None),
        "inventory": read(connection, "inventory_cycles", org_id=org_id),
    }
    known = {page: {row["cycle_start_date"] for row in rows} for page, rows in audited.items()}
    found = {}
    for product, cycle in cycles.items():
        page = AUDITED.get(names.kind(product), "")
        if cycle in known.get(page, ()):
            found[product] = Link((page, org_id, str(cycle)))
    return found


def find_claims(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_number: str
) -> list[Record]:
    """What is claimed of an invoice of the vendor, and what its credits settle of others."""
    return [
        record
        for record in read(connection, "disputes", org_id=org_id)
        if record["invoice_number"] == invoice_number
        or is_listed(invoice_number, record["credit_invoice_numbers"])
    ]


def name_dispute(claims: list[Record], invoice: Record) -> Iterator[tuple[str, Link]]:
    """What became of the money of the invoice, in words, with the place where it is followed."""
    number = invoice["invoice_number"]
    statuses = dict.fromkeys(
        spell_code(claim["status"]) for claim in claims if claim["invoice_number"] == number
    )
    if statuses:
        yield ", ".join(statuses), link_to_dispute(invoice["org_id"], number)


def tabulate_claims(claims: list[Record], names: Names, number: str) -> Iterator[Table]:
    """What is claimed, recovered, refused and open, if anything is or a credit is here."""

    def link_to_other(record: Record) -> Link | None:
        return link_to_vendor_invoice(record) if record["invoice_number"] != number else None

    if claims:
        columns = (replace(CLAIM_COLUMNS[0], link=link_to_other), *CLAIM_COLUMNS[1:])
        rows = fill_rows(columns, names.add([dict(claim) for claim in claims]))
        yield Table("Disputes and credits", columns, rows, name="disputes", records=tuple(claims))


def spell_links(links: tuple[tuple[str, Link], ...]) -> str:
    """The words of links."""
    return ", ".join(words for words, _ in links)


def refer(
    differences: list[Record],
    lines: list[Record],
    names: Names,
    products: dict[str, Link],
    audits: dict[str, Link],
) -> tuple[list[Record], list[Record]]:
    """Differences and lines as they are shown: in words, with the places they refer to."""
    of_lines: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    for line in lines:
        of_lines.setdefault(line["group_id"], f"line-{line['line_number']}")
        descriptions.setdefault(line["group_id"], line["description"])
    of_groups: dict[str, str] = {}
    places: dict[str, str] = {}
    titles: dict[str, str] = {}
    for at, difference in enumerate(differences, start=1):
        places[difference["difference_id"]] = f"difference-{at}"
        titles[difference["difference_id"]] = difference["title"]
        of_groups.setdefault(difference["group_id"], f"difference-{at}")
    return [
        difference
        | {
            "anchor": places[difference["difference_id"]],
            "product_name": names.product(difference["product_code"])
            or descriptions.get(difference["group_id"]),
            "line_anchor": of_lines.get(difference["group_id"]),
            "cause": titles.get(difference["caused_by"]),
            "cause_anchor": places.get(difference["caused_by"]),
            "rule": find_rule_of_reason(difference["reason"]),
            "audit": audits.get(difference["product_code"]),
        }
        for difference in differences
    ], [
        line
        | {
            "anchor": f"line-{line['line_number']}",
            "charge_type": names.kind(line["product_code"]),
            "titles": names.reason_list(line["reasons"]),
            "difference_anchor": of_groups.get(line["group_id"]),
            "ours": products.get(line["product_code"]),
        }
        for line in lines
    ]


def sum_reasons(differences: list[Record]) -> list[Record]:
    """The differences of each reason added up, most money first."""
    by_reason: dict[str, list[Record]] = {}
    for difference in differences:
        by_reason.setdefault(difference["reason"], []).append(difference)
    sums = [
        {
            "reason": reason,
            "title": members[0]["title"],
            "differences_count": len(members),
            "amount": add_up(members, "amount"),
            "claim_amount": add_up(members, "claim_amount"),
            "minor_units": members[0]["minor_units"],
        }
        for reason, members in by_reason.items()
    ]
    return sorted(sums, key=lambda record: -abs(record["amount"]))


def tabulate_reasons(differences: list[Record], minor_units: int) -> Iterator[Table]:
    """The sums by reason with their total, if there is any difference."""
    sums = sum_reasons(differences)
    if differences:
        shown = [record | {"rule": find_rule_of_reason(record["reason"])} for record in sums]
        total = {key: add_up(sums, key) for key in ("amount", "claim_amount")}
        yield Table(
            "By reason",
            REASON_COLUMNS,
            (
                *fill_rows(REASON_COLUMNS, shown),
                label_row(REASON_COLUMNS, "total", "Total", **total, minor_units=minor_units),
            ),
            name="reasons",
            records=tuple(sums),
        )


def draw_reasons(differences: list[Record], minor_units: int) -> Iterator[Picture]:
    """The sum of each reason as a bar, if there is more than one; of many the longest."""
    sums = [record for record in sum_reasons(differences) if record["amount"]]
    if len(sums) < 2:
        return
    bars = [
        Bar(record["title"], record["amount"], format_number(record["amount"], minor_units))
        for record in sums
    ]
    if len(bars) > MOST_BARS:
        rest = add_up(sums[MOST_BARS - 1 :], "amount")
        label = f"{len(bars) - MOST_BARS + 1} other reasons"
        bars[MOST_BARS - 1 :] = [Bar(label, rest, format_number(rest, minor_units))]
    title = "What makes the difference"
    words = "; ".join(f"{bar.label} {bar.words}" for bar in bars)
    yield Picture(
        title,
        "Right of the line: billed too much. Left of it: billed too little."
        if any(bar.amount < 0 for bar in bars)
        else "What is billed too much, by reason.",
        Table("The same is in the table By reason", (), ()),
        draw=partial(draw_bars, title=title, words=words, bars=bars),
        sketch=partial(sketch_bars, bars=bars),
    )


def find_vendor_invoice(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_number: str
) -> Record:
    """The vendor's invoice by any of its numbers, else by its letters and digits alone, if one
    has them. Raises NotFoundError if there is none."""
    invoices = {
        number: invoice
        for invoice in read(connection, "vendor_invoices", org_id=org_id)
        for number in (invoice["invoice_number"], *list_other_numbers(invoice))
    }
    if invoice_number not in invoices:
        alike = {
            invoice["invoice_number"]: invoice
            for number, invoice in invoices.items()
            if spell_plainly(number) == spell_plainly(invoice_number) != ""
        }
        if len(alike) == 1:
            return next(iter(alike.values()))
    if invoice_number not in invoices:
        landed = read(
            connection, "rejected_vendor_lines", org_id=org_id, invoice_numbers=[invoice_number]
        )
        if count := count_numbered(landed):
            raise NotFoundError(
                f"Of vendor invoice {format_text(invoice_number)} of {format_text(org_id)} no line "
                f"could be used: {count:,} {'was' if count == 1 else 'were'} rejected. See show "
                "rejected, and land the file again when it is mended."
            )
        for later in read_vendor_files(connection, org_id).later:
            if later.invoice_number == invoice_number:
                raise NotFoundError(
                    f"Vendor invoice {format_text(invoice_number)} of {format_text(org_id)} is "
                    f"{later.describe()}: it is compared from then on. If the date is wrong, mend "
                    f"{format_text(later.source_file)} and land it again."
                )
    require(invoice_number, invoices, "vendor invoice", org_id)
    return invoices[invoice_number]


def tell_other_numbers(invoice: Record) -> str:
    """The other numbers under which the same invoice came, and that it is to be paid once."""
    numbers = format_text(invoice["other_numbers"])
    return f"{numbers} (the same lines of the same day: to be paid once)" if numbers else ""


def list_other_numbers(invoice: Record) -> list[str]:
    """The numbers that the same invoice has by other ways."""
    return list(filter(None, (invoice["other_numbers"] or "").split(", ")))


def find_disputable(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_number: str
) -> Record:
    """The vendor's invoice by any of its numbers, with the name of its organization and how many
    of its lines were rejected."""
    organization = find_organization(connection, org_id)
    invoice = find_vendor_invoice(connection, org_id, invoice_number)
    (rejected_count,), _ = count_rejected_lines(connection, [invoice], org_id)
    return {
        **invoice,
        "org_id": org_id,
        "org_name": organization["org_name"],
        "rejected_lines_count": rejected_count,
    }


def find_disputed(
    connection: duckdb.DuckDBPyConnection,
    org_id: str,
    invoice_number: str,
    product_code: str | None = None,
) -> str:
    """The number of an invoice of the vendor that has a difference (of the product, if one is
    named). Raises NotFoundError if there is none."""
    find_organization(connection, org_id)
    number: str = find_vendor_invoice(connection, org_id, invoice_number)["invoice_number"]
    if product_code is not None:
        differences = read(connection, "invoice_differences", org_id=org_id, invoice_number=number)
        differing = dict.fromkeys(row["product_code"] for row in differences if row["product_code"])
        require(product_code, differing, f"difference on invoice {number} of", org_id)
    return number


def list_rows(lines: list[Record], minor_units: int) -> Iterator[Row]:
    """The lines, the total, and what only we have under a heading of its own."""

    def place(line: Record) -> str:
        return str(line["anchor"])

    printed = [line for line in lines if line["is_printed"]]
    yield from fill_rows(LINE_COLUMNS, printed, place)
    total = {"printed_amount": add_up(printed, "printed_amount"), "minor_units": minor_units}
    yield label_row(LINE_COLUMNS, "subtotal", "Printed total", **total)
    if ours := [line for line in lines if not line["is_printed"]]:
        yield label_row(LINE_COLUMNS, "section", "Expected, and not on the invoice")
        yield from fill_rows(LINE_COLUMNS, ours, place)
    sums = {
        key: add_up(lines, key) for key in ("printed_amount", "expected_amount", "variance_amount")
    }
    yield label_row(LINE_COLUMNS, "total", "Total", **sums, minor_units=minor_units)


def explain(
    lines: list[Record],
    differences: list[Record],
    claims: list[Record],
    unnumbered_count: int,
) -> Iterator[str]:
    """What a reader of the tables has to know."""
    if unnumbered_count:
        yield (
            f"{unnumbered_count:,} rejected "
            f"{'line does' if unnumbered_count == 1 else 'lines do'} not tell the invoice; it may "
            "be this one."
        )
    if any(line["lines_in_group"] > 1 for line in lines):
        yield (
            "Lines of one product and charge are compared as one: our figures stand beside the "
            "first of them."
        )
    if any(difference["caused_by"] for difference in differences):
        yield "What follows from another difference goes away with it."
    if claims and any(difference["reason"] == "credit" for difference in differences):
        yield (
            "A credit on this invoice settles what was claimed before: the sum to claim by reason "
            "takes it off, the claimed amount does not."
        )
    if any(claim["credit_invoice_numbers"] for claim in claims):
        yield (
            "A credit is counted for the invoice that its words name; one that names none for what "
            "equals it in amount, then for the oldest claim that is open."
        )
    if claims:
        yield "cx-billing show disputes follows what is claimed of all invoices."
    if any(claim["status"] == "not_opened" for claim in claims):
        yield (
            "Not opened: no event of a dispute was recorded yet. cx-billing dispute ORG_ID NUMBER "
            "--out DIR writes what to send, cx-billing record-dispute ORG_ID NUMBER sent records "
            "that it was sent."
        )
    if any(difference["reason"] == "renamed_product" for difference in differences):
        yield (
            "A renamed product is a proposal: cx-billing accept-name ORG_ID "
            '"PRINTED WORDS" PRODUCT accepts it.'
        )


def explain_promised(connection: duckdb.DuckDBPyConnection, invoice: Record) -> Iterator[str]:
    """What the vendor accepted by the date of the invoice, and has not credited yet."""
    for record in read(connection, "disputes", org_id=invoice["org_id"]):
        if (
            record["last_event"] == "accepted"
            and record["open_amount"]
            and record["last_event_date"] <= invoice["invoice_date"]
            and record["invoice_number"] != invoice["invoice_number"]
        ):
            amount = format_number(record["open_amount"], record["minor_units"] or 0)
            yield (
                f"Promised and not credited yet: {amount} {format_text(record['currency'])} of "
                f"invoice {format_text(record['invoice_number'])}, accepted on "
                f"{record['last_event_date']}."
            )


def find_product(connection: duckdb.DuckDBPyConnection, org_id: str, product_code: str) -> Record:
    """The product of the shipped catalogue, one of a kind like `sms_class_c` with its kind.

    Of a code that the catalogue does not have only the code: it may be the organization's own.
    Raises NotFoundError if there is no such organization.
    """
    find_organization(connection, org_id)
    products = {
        record["product_code"]: {**record, "name": record["invoice_name"]}
        for record in read(connection, "products")
    }
    if product_code in products:
        return products[product_code]
    for record in read(connection, "product_prefixes"):
        if product_code.startswith(record["prefix"]):
            product = products[record["product_code"]]
            return {**product, "product_code": product_code, "name": product_code}
    return {"product_code": product_code}
