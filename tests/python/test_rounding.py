"""Thousands of random invoices: each line rounded once, each total the sum of its lines.

They are built in a copy of the project whose seeds say something else about the decimals of a
currency and about taxes than those of the project: both are data, and the bill follows them.
"""

from __future__ import annotations

import csv
import random
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from pathlib import Path

import duckdb
import pytest

from cx_billing import lake, landing, warehouse

SEED = 11
ORGS, DATES, INVOICES = 200, 52, 10_000
EFFECTIVE, AS_OF = date(2025, 1, 1), date(2026, 1, 1)
CURRENCIES = ("USD", "JPY", "KWD", "CHF")
JURISDICTIONS = ("", "EXAMPLE-US", "EXAMPLE-DATED")
COPIED = ("dbt_project.yml", "profiles", "macros", "models", "seeds", "tests/dbt")
# What the copy's seeds say: the franc without decimals, and taxes that change within the year.
OTHER_DECIMALS = {"CHF": 0}
OTHER_TAXES = (
    ("EXAMPLE-DATED", "tax_federal", "0.0725", "2025-01-01", "2025-07-01", "invented for a test"),
    ("EXAMPLE-DATED", "tax_federal", "0.08125", "2025-07-01", "9999-12-31", "invented for a test"),
    ("EXAMPLE-DATED", "tax_local", "0.0000005", "2025-04-01", "2025-09-16", "invented for a test"),
)
PLACES = {Decimal(1): 0, Decimal("0.01"): 2, Decimal("0.001"): 3}


@dataclass
class Invoice:
    """The orders of a day: quantity and unit price by order, and what taxes apply."""

    currency: str
    jurisdiction: str
    orders: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)


def rounded(value: Decimal, places: int) -> Decimal:
    """Half up, a half goes away from zero; exact up to 60 digits."""
    with localcontext(Context(prec=60)):
        return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def rows_of(seed: Path) -> list[dict]:
    with seed.open(newline="") as file:
        return list(csv.DictReader(file))


def copy_of_the_project(folder: Path) -> Path:
    """The dbt project with other seeds."""
    for name in COPIED:
        source, target = lake.PROJECT_DIR / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    currencies = folder / "seeds" / "currencies.csv"
    rows = rows_of(currencies)
    with currencies.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        for row in rows:
            places = OTHER_DECIMALS.get(row["currency"], row["minor_units"])
            writer.writerow((row["currency"], places, row["signs"]))
    with (folder / "seeds" / "tax_rates.csv").open("a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(OTHER_TAXES)
    return folder


def quantity_and_price(rng: random.Random) -> tuple[Decimal, Decimal]:
    """Anything, a price of up to ten decimals, or an amount that ends exactly on a half."""
    kind = rng.choice(("any", "long", "half", "credit"))
    quantity = Decimal(rng.randint(1, 10 ** rng.randint(1, 9))).scaleb(-rng.randint(0, 6))
    price = Decimal(rng.randint(1, 10**6)).scaleb(-rng.randint(0, 6))
    if kind == "long":
        price = Decimal(rng.randint(1, 10**12)).scaleb(-10)
    elif kind == "half":
        quantity, price = Decimal(1), Decimal(2 * rng.randint(0, 9999) + 1)
        price = price * 5 / 10 ** rng.choice((1, 3, 4))
    elif kind == "credit":
        price = -price
    return quantity, price


def draw() -> dict[tuple[str, date], Invoice]:
    """The invoices by organization and date."""
    rng = random.Random(SEED)
    days = [EFFECTIVE + timedelta(days=n) for n in range((AS_OF - EFFECTIVE).days)]
    invoices = {}
    for n in range(ORGS):
        for day in rng.sample(days, DATES):
            invoice = Invoice(CURRENCIES[n % 4], JURISDICTIONS[n % 3])
            for order in range(rng.randint(1, 4)):
                invoice.orders[f"{day}-{order}"] = quantity_and_price(rng)
            invoices[f"org-{n:03}", day] = invoice
    return invoices


def write_inbox(inbox: Path, invoices: dict[tuple[str, date], Invoice]) -> None:
    orders = defaultdict(list)
    for (org_id, day), invoice in invoices.items():
        folder = inbox / org_id
        if org_id not in orders:
            for dataset in ("contracts", "orders"):
                (folder / dataset).mkdir(parents=True)
            (folder / "contracts" / "contracts.csv").write_text(
                "contract_id,org_name,region,license_model,billing_option,currency,effective_date,"
                "tax_jurisdiction\n"
                f"c,{org_id},us-east-1,named,month_to_month,{invoice.currency},{EFFECTIVE},"
                f"{invoice.jurisdiction}\n"
            )
        for order_id, (quantity, price) in invoice.orders.items():
            orders[org_id].append(f"{order_id},phone,{quantity:f},{price:f},{day}\n")
    for org_id, rows in orders.items():
        (inbox / org_id / "orders" / "orders.csv").write_text(
            "order_id,product_code,quantity,unit_price,ordered_date\n" + "".join(rows)
        )


@dataclass(frozen=True)
class Built:
    """What was drawn, what the seeds say, and the marts that came of it."""

    drawn: dict[tuple[str, date], Invoice]
    places: dict[str, int]
    tax_rates: list[dict]
    invoices: dict[tuple[str, date], dict]
    lines: dict[tuple[str, date], list[dict]]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    folder = tmp_path_factory.mktemp("rounding")
    project = copy_of_the_project(folder / "project")
    drawn = draw()
    write_inbox(folder / "inbox", drawn)
    refused = landing.land(folder / "inbox", folder / "home").refused
    assert not refused, refused
    result = warehouse.build(folder / "home", as_of=AS_OF, project_dir=project)
    assert result.passed, "\n".join(str(failure) for failure in result.failures)
    lines = defaultdict(list)
    with duckdb.connect(str(result.database)) as connection:
        for row in read(connection, "invoice_lines"):
            lines[row["org_id"], row["invoice_date"]].append(row)
        invoices = {
            (row["org_id"], row["invoice_date"]): row for row in read(connection, "invoices")
        }
    currencies = rows_of(project / "seeds" / "currencies.csv")
    return Built(
        drawn=drawn,
        places={row["currency"]: int(row["minor_units"]) for row in currencies},
        tax_rates=rows_of(project / "seeds" / "tax_rates.csv"),
        invoices=invoices,
        lines=lines,
    )


def read(connection: duckdb.DuckDBPyConnection, mart: str) -> list[dict]:
    cursor = connection.execute(f"from marts.{mart}")
    columns = [column for column, *_ in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def charges_of(built: Built, key: tuple[str, date]) -> list[dict]:
    return [line for line in built.lines[key] if line["charge_type"] != "tax"]


def test_there_is_an_invoice_for_every_day_with_an_order(built):
    assert len(built.drawn) >= INVOICES
    assert built.invoices.keys() == built.drawn.keys() == built.lines.keys()


def test_a_line_is_quantity_times_unit_price_rounded_half_up_once(built):
    halves = 0
    for key, invoice in built.drawn.items():
        places = built.places[invoice.currency]
        expected = {
            order_id: (quantity, price, rounded(exact(quantity, price), places))
            for order_id, (quantity, price) in invoice.orders.items()
        }
        found = {
            line["invoice_line_id"].rpartition("order ")[2]: (
                line["quantity"],
                line["unit_price"],
                line["amount"],
            )
            for line in charges_of(built, key)
        }
        assert found == expected, key
        halves += sum(
            exact(quantity, price) * 10**places % 1 == Decimal("0.5")
            for quantity, price in invoice.orders.values()
        )
    assert halves > 1000, "too few amounts that end on a half"


def exact(quantity: Decimal, price: Decimal) -> Decimal:
    """The product of two decimals with all its digits."""
    with localcontext(Context(prec=60)):
        return quantity * price


def test_a_tax_is_the_sum_of_the_charges_times_the_rate_of_the_day(built):
    taxes = 0
    for key, invoice in built.drawn.items():
        _, day = key
        charged = sum(line["amount"] for line in charges_of(built, key))
        expected = {
            rate["product_code"]: rounded(
                exact(charged, Decimal(rate["rate"])), built.places[invoice.currency]
            )
            for rate in built.tax_rates
            if rate["tax_jurisdiction"] == invoice.jurisdiction
            and rate["valid_from"] <= day.isoformat() < rate["valid_to"]
            and charged != 0
        }
        found = {
            line["product_code"]: line["amount"]
            for line in built.lines[key]
            if line["charge_type"] == "tax"
        }
        assert found == expected, key
        taxes += len(found)
    assert taxes > INVOICES


def test_a_total_is_the_sum_of_the_lines_shown(built):
    for key, invoice in built.invoices.items():
        lines = built.lines[key]
        charged = sum(line["amount"] for line in charges_of(built, key))
        assert invoice["subtotal_amount"] == charged, key
        assert invoice["total_amount"] == sum(line["amount"] for line in lines), key
        assert invoice["tax_amount"] == invoice["total_amount"] - charged, key
        assert {line["currency"] for line in lines} == {invoice["currency"]}, key


def test_no_amount_has_more_decimals_than_its_currency(built):
    for key, lines in built.lines.items():
        places = built.places[built.drawn[key].currency]
        for line in lines:
            assert line["amount"] == rounded(line["amount"], places), line["invoice_line_id"]
