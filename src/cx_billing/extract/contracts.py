"""The contract and billing API: contracts, their billing periods, invoices and their documents.

A preview of the vendor: where it is not there, the run says so and goes on. Its lists have cursors;
a list that repeats itself or whose cursor expires is asked for again, and then given up. Invoice
lines count if they sum to the amount of their invoice.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import partial
from urllib.parse import parse_qs, quote, urlsplit

from cx_billing.extract import drafts
from cx_billing.extract.platform import Answer, BadRequestError, DeniedError
from cx_billing.extract.pull import DoubtfulError, Pull, Step, each, items_of
from cx_billing.extract.windows import Window, beginning, ending
from cx_billing.sidecars import Asked

CONTRACTS, CHARGES, INVOICES = "contracts", "billing_charges", "vendor_invoice_lines"
PATH = "/api/v2/billing/contracts"
NEEDS = "billing:subscription:view"
PAGE_SIZE = 200
TRIES = 3


def steps(pull: Pull, needed: Window, datasets: set[str]) -> list[Step]:
    """One step for the contracts and their periods, and one for the invoices."""
    found = []
    if {CONTRACTS, CHARGES} & datasets:
        do = partial(_contracts, pull, needed, datasets)
        found.append(Step(CONTRACTS, "contracts", do, optional=True))
    if INVOICES in datasets:
        do = partial(_invoices, pull, needed)
        found.append(Step(INVOICES, "invoices", do, optional=True))
    return found


def _contracts(pull: Pull, needed: Window, datasets: set[str]) -> None:
    contracts = []
    for page in _listed(pull, PATH):
        for told in items_of(page, "entities"):
            answer = pull.client.get(f"{PATH}/{quote(str(told.get('id')), safe='')}", NEEDS)
            _check_identity(answer, told)
            contracts.append(answer)
    if CONTRACTS in datasets:
        drafts.write(pull, [answer.body for answer in contracts])
    if CHARGES in datasets:
        for answer in contracts:
            for period in answer.value.get("billingPeriods") or []:
                each(pull, f"billing period {period.get('id')}", _period, answer, period, needed)


def _period(pull: Pull, contract: Answer, told: dict, needed: Window) -> None:
    """The charges and wallets of a billing period; those of a closed one only once."""
    identity = str(told.get("id"))
    window = Window(beginning(str(told.get("dateStart"))), ending(str(told.get("dateEnd"))))
    known = f"{CHARGES} {identity}"
    if not window.overlaps(needed) or window.start >= pull.now or known in pull.journal.done:
        return
    path = f"{PATH}/{quote(str(contract.value['id']), safe='')}/billingperiods/"
    answer = pull.client.get(path + quote(identity, safe=""), NEEDS)
    _check_identity(answer, told)
    items_of(answer, "charges")
    about = Asked(pull.now, window.start, min(window.end, pull.now))
    name = f"period_{window}_{_file_name(identity)}"
    pull.folder.keep([CHARGES], name, [answer.body], about)
    if str(answer.value.get("status")).lower() == "closed":
        pull.journal.finish(known)


def _invoices(pull: Pull, needed: Window) -> None:
    asked = {"dateStart": f"{needed.start:%Y-%m-%d}", "dateEnd": f"{needed.end:%Y-%m-%d}"}
    for page in _listed(pull, f"{PATH}/invoices", **asked):
        for invoice in items_of(Answer(page.body, _with_digits(page.body)), "entities"):
            identity = str(invoice.get("id"))
            if f"{INVOICES} {identity}" not in pull.journal.done:
                each(pull, f"invoice {identity}", _invoice, identity, invoice)
            if f"document {identity}" not in pull.journal.done:
                each(pull, f"document of invoice {identity}", _document, identity)


def _invoice(pull: Pull, identity: str, invoice: dict) -> None:
    """An invoice followed by its lines, if they sum to its amount."""
    pages = _listed(pull, f"{PATH}/invoices/{quote(identity, safe='')}/lines")
    amounts = [
        Decimal(str(line.get("amount") or 0))
        for page in pages
        for line in json.loads(page.body, parse_float=Decimal).get("entities") or []
    ]
    told = invoice.get("amount")
    if told is not None and sum(amounts) != Decimal(str(told).strip("\0")):
        raise DeniedError(
            f"incomplete, its {len(amounts)} lines sum to {sum(amounts)} and not to "
            f"{str(told).strip(chr(0))}."
        )
    pull.folder.keep(
        [INVOICES],
        f"invoice_{_file_name(identity)}",
        [_dumped(invoice), *(page.body for page in pages)],
        Asked(pull.now),
    )
    pull.journal.finish(f"{INVOICES} {identity}")


def _document(pull: Pull, identity: str) -> None:
    """The invoice as the PDF that was sent, for people: its lines are landed as they are above."""
    path = f"{PATH}/invoices/{quote(identity, safe='')}/document"
    url = pull.client.get(path, NEEDS).value.get("url")
    body = pull.client.download(str(url or ""), path)
    if not body.startswith(b"%PDF"):
        raise DeniedError(f"GET {path}: leads to something that is no PDF.")
    pull.folder.keep_aside(f"invoices/invoice_{_file_name(identity)}.pdf", body)
    pull.journal.finish(f"document {identity}")


def _listed(pull: Pull, path: str, **parameters: object) -> list[Answer]:
    """All pages of a list with cursors; DeniedError if they do not fit together."""
    for _ in range(TRIES):
        try:
            return _pages(pull, path, dict(parameters, pageSize=PAGE_SIZE))
        except DoubtfulError as error:
            problem = error
    raise DeniedError(f"GET {path}: incomplete, {problem}, {TRIES} times.")


def _pages(pull: Pull, path: str, parameters: dict[str, object]) -> list[Answer]:
    pages: list[Answer] = []
    seen: set[str] = set()
    while True:
        try:
            answer = pull.client.get(path, NEEDS, **parameters)
        except BadRequestError as error:
            if not pages:
                raise
            raise DoubtfulError(f"the cursor is gone ({error})") from None
        ids = {f"id {item.get('id')}" for item in items_of(answer, "entities")}
        following = answer.value.get("nextUri")
        if seen & ids:
            raise DoubtfulError("an item came on two pages")
        seen |= ids
        pages.append(answer)
        if not following:
            return pages
        after = "".join(parse_qs(urlsplit(str(following)).query).get("after", []))
        if not after or f"after {after}" in seen:
            raise DoubtfulError("a cursor is missing or came twice")
        seen.add(f"after {after}")
        parameters["after"] = after


def _check_identity(answer: Answer, asked: dict) -> None:
    if answer.value.get("id") != asked.get("id"):
        raise DeniedError(f"asked for {asked.get('id')}, and got {answer.value.get('id')}.")


def _file_name(identity: str) -> str:
    return re.sub(r"[^\w.-]", "_", identity)


def _with_digits(body: bytes) -> dict:
    """JSON whose numbers keep the digits they came with, as text between NULs."""
    return dict(json.loads(body, parse_float=lambda digits: f"\0{digits}\0"))


def _dumped(value: dict) -> bytes:
    """What `_with_digits` read, with numbers as they came."""
    return re.sub(r'"\\u0000(.*?)\\u0000"', r"\1", json.dumps(value)).encode()
