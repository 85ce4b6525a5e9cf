"""How a failure becomes a message and an exit code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import click
import duckdb

from cx_billing import landing, machine, pages, reported, warehouse
from cx_billing.customer_key import UnusableKeyError
from cx_billing.ledger.chain import LedgerError
from cx_billing.pages.formatting import format_text

BUILD_FAILED = 1
REFUSED = 2
PARKED = 3
NEW_ALERTS = 4
SIGPIPE_EXIT = 141  # what a shell reports of a program whose reader has gone


class FailedError(click.ClickException):
    """One or two clear lines, which steer no terminal, and exit code 1."""

    def __init__(self, message: str) -> None:
        """What it says can hold names and values of files."""
        super().__init__(clean(message))


class RefusedError(FailedError):
    """The same with exit code 2."""

    exit_code = REFUSED


class Commands(click.Group):
    """A group that turns what the user can fix into a message, never a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            leave_quietly(error)
        except Exception as error:
            if translated := translate(error):
                raise translated from error
            raise


def translate(error: BaseException) -> FailedError | None:
    """What the user can fix as a message and an exit code; None of anything else."""
    match error:
        case warehouse.BuildLockedError() | reported.ReportingError() | LedgerError():
            return FailedError(str(error))
        case landing.LandingError():
            return RefusedError(format_text(error))
        case warehouse.WarehouseError() | pages.NotFoundError() | UnusableKeyError():
            return RefusedError(str(error))
        case OSError():
            return RefusedError(explain_lack(error))
        case duckdb.CatalogException() | duckdb.BinderException():
            return RefusedError(
                "The published warehouse lacks something that this version reads; build it again. "
                f"({str(error).splitlines()[0]})"
            )
        case duckdb.Error():
            return RefusedError(explain_lack(error))
    return None


def find_exit_code(error: BaseException) -> int:
    """What the command line ends with after an error, or when somebody leaves it."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(bool(error.code))
    if isinstance(error, BrokenPipeError):
        return SIGPIPE_EXIT
    known = error if isinstance(error, click.ClickException) else translate(error)
    return known.exit_code if known else BUILD_FAILED


def clean(text: str) -> str:
    """Lines without characters that would steer a terminal."""
    return "\n".join(map(format_text, text.split("\n")))


def explain_lack(error: OSError | duckdb.Error) -> str:
    """What went wrong where the machine is the cause, and what to do."""
    if isinstance(error, OSError):
        return explain_os_error(error)
    return explain_database_error(error)


def explain_database_error(error: duckdb.Error) -> str:
    """What DuckDB could not do, and what to do where the machine is the cause."""
    said = str(error).splitlines()[0]
    lack = machine.find_lack(said)
    return f"{lack} ({said})" if lack else said


def explain_os_error(error: OSError) -> str:
    """What the operating system refused, where, and what to do."""
    where = f"{error.filename}: " if error.filename else ""
    if lack := machine.find_lack(error.strerror or ""):
        return f"{where}{error.strerror}. {lack}"
    return (
        f"{where}{error.strerror or error}. "
        "Fix it or pass another path (--home, --out, --html, INBOX), then retry."
    )


def leave_quietly(cause: BaseException | None = None) -> NoReturn:
    """End without a word: whoever read the output has seen enough (`| head`)."""
    with Path(os.devnull).open("wb") as nowhere:  # takes what is still buffered
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    raise SystemExit(SIGPIPE_EXIT) from cause
