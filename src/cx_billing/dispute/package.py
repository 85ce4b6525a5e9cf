"""Writing the files of a dispute."""

from __future__ import annotations

import hashlib
import itertools
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb
import jinja2
import xlsxwriter.exceptions

from cx_billing import pages
from cx_billing.dispute import letter, masking, rules, workbook
from cx_billing.pages.formatting import format_number, format_text
from cx_billing.spreadsheets import keep_text_sql

Record = dict[str, object]
SUMS = "SHA256SUMS"
# The tables that the queries of the others read, in this order.
READ_FIRST = ("invoice", "lines", "differences", "our_lines", "scope")
# The files of a dispute.
OURS = r"letter\.html|reproduce\.sql|data\.xlsx|README[.a-z]*|(?:data|sql|rules)/[\w./-]+"


class NotDisputableError(ValueError):
    """There is nothing to dispute, or nowhere to write it; the message says why."""


@dataclass(frozen=True)
class Written:
    """What was written."""

    invoice_number: str
    amount: str
    asked: str
    left_out: str
    files: tuple[str, ...]


def write_package(
    connection: duckdb.DuckDBPyConnection,
    org_id: str,
    invoice_number: str,
    folder: Path,
    with_numbers: bool = False,
) -> Written:
    """Write the dispute of an invoice of the vendor to `folder`, in place of one that is there.

    Raises NotDisputableError if the invoice agrees, is in another currency, or bills nothing too
    much, and if `folder` holds anything else than such a dispute.
    """
    invoice = pages.find_disputable(connection, org_id, invoice_number)
    check_folder(folder)
    read_data(connection, org_id, str(invoice["invoice_number"]), with_numbers)
    differences = fetch(connection, "differences")
    check_disputable(invoice, differences)
    balance = letter.balance(fetch(connection, "disputes"))
    check_open(invoice, balance)
    with place(folder) as beside:
        write_files(connection, invoice, differences, balance, beside)
        reproduce(beside)
    minor_units = letter.minor_units_of(invoice)
    amount, asked = (
        f"{format_number(value, minor_units)} {invoice['currency']}"
        for value in (letter.sum_of_claims(differences), balance.asked)
    )
    return Written(
        str(invoice["invoice_number"]),
        amount,
        asked,
        letter.count_lines(invoice["rejected_lines_count"]),
        tuple(list_files(folder)),
    )


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds what is not of a dispute."""
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise NotDisputableError(f"{folder}: there is no folder {parent}. Create it.")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NotDisputableError(f"{folder} is no folder. Choose another.")
    if not folder.exists():
        return
    sums = folder / SUMS
    lines = sums.read_text("utf-8", "replace").splitlines() if sums.is_file() else []
    ours = {SUMS, *(line.split("  ", 1)[-1] for line in lines)}
    known = {name.split("/")[0] for name in ours}
    foreign = [path.name for path in folder.iterdir() if path.name not in known]
    foreign = foreign or list(set(list_files(folder)) - ours)
    if foreign:
        raise NotDisputableError(
            f"{folder} holds {min(foreign)}, which no dispute wrote. Choose another folder, or "
            "empty it."
        )
    for line in lines:
        written, _, name = line.partition("  ")
        path = folder / name
        if not re.fullmatch(OURS, name) or not path.is_file() or hash_file(path) != written:
            raise NotDisputableError(
                f"{folder} holds {name}, which is not as a dispute wrote it: it may be yours. "
                "Choose another folder, or empty it."
            )


@contextmanager
def place(folder: Path) -> Iterator[Path]:
    """An empty folder within `folder` whose files take the place of what `folder` holds, if all
    goes well; else that is left as it was.

    Raises NotDisputableError if it cannot be written, in words of the folder that was asked for.
    """
    is_new = not folder.exists()
    try:
        folder.mkdir(exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=folder))
        try:
            yield beside
            for path in folder.iterdir():
                if path == beside:
                    continue
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            for path in beside.iterdir():
                path.replace(folder / path.name)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
            if is_new and not any(folder.iterdir()):
                folder.rmdir()
    except (OSError, duckdb.IOException, xlsxwriter.exceptions.XlsxWriterException) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise NotDisputableError(
            f"{folder} cannot be written: {reason or 'a file of it was refused'}. Choose another "
            "folder, or mend this one."
        ) from error


def check_disputable(invoice: Record, differences: list[Record]) -> None:
    """Refuse an invoice with nothing to claim."""
    number = invoice["invoice_number"]
    if invoice["expected_total"] is None:
        raise NotDisputableError(
            f"Invoice {number} is in another currency than the contract: its amounts are not "
            "compared, so none can be disputed. See show vendor-invoice."
        )
    if invoice["is_agreed"]:
        raise NotDisputableError(f"Invoice {number} agrees with ours: there is nothing to dispute.")
    if not any(difference["is_claimed"] for difference in differences):
        raise NotDisputableError(
            f"Invoice {number} bills nothing too much: there is nothing to dispute. See show "
            "vendor-invoice."
        )


def check_open(invoice: Record, balance: letter.Balance) -> None:
    """Refuse an invoice of which nothing that is claimed is open any more."""
    if not balance.asked:
        minor_units = letter.minor_units_of(invoice)
        raise NotDisputableError(
            f"Of what is claimed of invoice {invoice['invoice_number']} nothing is open: "
            f"{format_number(balance.recovered, minor_units)} was recovered and "
            f"{format_number(balance.refused, minor_units)} refused. Open it again with "
            "record-dispute, or see show disputes."
        )


def queries() -> dict[str, str]:
    """The queries of the data, by name, in the order in which they are read."""
    folder = resources.files(__package__).joinpath("queries")
    found = (entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    names = dict.fromkeys((*READ_FIRST, *sorted(name.removesuffix(".sql") for name in found)))
    return {name: folder.joinpath(f"{name}.sql").read_text("utf-8") for name in names}


def read_data(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_number: str, with_numbers: bool
) -> None:
    """Read what is disputed and what it rests on, as temporary tables `dispute_<name>`."""
    parameters = {"org_id": org_id, "invoice_number": invoice_number}
    for name, query in queries().items():
        used = {key: value for key, value in parameters.items() if f"${key}" in query}
        connection.execute(f"create or replace temp table dispute_{name} as {query}", used)
    if not with_numbers:
        masking.mask(connection)


def fetch(connection: duckdb.DuckDBPyConnection, name: str) -> list[Record]:
    """The rows of one of the tables."""
    result = connection.execute(f"select * from dispute_{name}")
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def write_files(
    connection: duckdb.DuckDBPyConnection,
    invoice: Record,
    differences: list[Record],
    balance: letter.Balance,
    folder: Path,
) -> None:
    """Write everything below an empty folder."""
    texts = queries()
    for name in ("data", "sql", "rules"):
        (folder / name).mkdir()
    for name, query in texts.items():
        write_table(connection, name, folder / "data")
        (folder / "sql" / f"{name}.sql").write_text(query, "utf-8")
    workbook.write(connection, list(texts), invoice, folder / "data.xlsx")
    lines = fetch(connection, "lines")
    (folder / "letter.html").write_text(
        letter.render(invoice, differences, lines, balance), "utf-8"
    )
    (folder / "reproduce.sql").write_text(
        render_reproduction(invoice, differences, balance), "utf-8"
    )
    reasons = [str(row["reason"]) for row in differences if row["is_claimed"]]
    for name, text in rules.pages_of(reasons).items():
        (folder / "rules" / name).write_text(text, "utf-8")
    (folder / "README.md").write_text(render_readme(connection, invoice, texts), "utf-8")
    sums = "".join(f"{hash_file(folder / name)}  {name}\n" for name in list_files(folder))
    (folder / SUMS).write_text(sums, "utf-8")


def write_table(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> None:
    """One table as Parquet, and as CSV in which no text is a formula."""
    table = f"dispute_{name}"
    parquet, comma_separated = (folder / f"{name}.{kind}" for kind in ("parquet", "csv"))
    connection.execute(f"copy {table} to {quote(parquet)} (format parquet, compression zstd)")
    columns = {
        f'"{name}"': kind for name, kind, *_ in connection.execute(f"describe {table}").fetchall()
    }
    shown = ", ".join(
        f"{keep_text_sql(column)} as {column}" if kind == "VARCHAR" else column
        for column, kind in columns.items()
    )
    connection.execute(
        f"copy (select {shown} from {table}) to {quote(comma_separated)} (format csv, header)"
    )


def quote(path: Path) -> str:
    """A path as SQL text."""
    return "'" + str(path).replace("'", "''") + "'"


def render_reproduction(invoice: Record, differences: list[Record], balance: letter.Balance) -> str:
    """The query that works out again what is disputed, and what of it is still asked for."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "."),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # it is SQL
    )
    minor_units = letter.minor_units_of(invoice)
    return environment.get_template("reproduce.sql.j2").render(
        invoice_number=name_invoice(invoice),
        amount=f"{letter.sum_of_claims(differences):.{minor_units}f}",
        asked=format_number(balance.asked, minor_units).replace(",", ""),
        currency=invoice["currency"],
        minor_units=minor_units,
    )


def render_readme(
    connection: duckdb.DuckDBPyConnection, invoice: Record, texts: dict[str, str]
) -> str:
    """What the files are: of each table how many rows it has, and what its query says of it."""
    tables = []
    for name, query in texts.items():
        (count,) = connection.execute(f"select count(*) from dispute_{name}").fetchall()
        said = itertools.takewhile(lambda line: line.startswith("--"), query.splitlines())
        words = " ".join(line.removeprefix("--").strip() for line in said)
        tables.append({"name": name, "count": f"{count[0]:,}", "words": words})
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "."),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # it is Markdown
    )
    template = environment.get_template("README.md.j2")
    return template.render(invoice_number=name_invoice(invoice), tables=tables)


def name_invoice(invoice: Record) -> str:
    """The number of the invoice on one line, without what would steer a terminal."""
    return format_text(" ".join(str(invoice["invoice_number"]).split()))


def reproduce(folder: Path) -> None:
    """Work the amount out again as the receiver will. Raises duckdb.Error if it does not agree."""
    query = (folder / "reproduce.sql").read_text("utf-8")
    with tempfile.TemporaryDirectory() as plain, duckdb.connect() as connection:
        # DuckDB takes a comma or a bracket in the path of a folder for more than that.
        (Path(plain) / "data").symlink_to(folder.absolute() / "data")
        connection.execute("set file_search_path = $1", [plain])
        connection.execute(query).fetchall()


def list_files(folder: Path) -> Iterator[str]:
    """Every file below a folder, by its path from there."""
    found = (path for path in folder.rglob("*") if not path.is_dir())
    return iter(sorted(path.relative_to(folder).as_posix() for path in found))


def hash_file(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
