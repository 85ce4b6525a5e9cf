"""Answers of the platform API about what is billed, to compare with.

Amounts and quantities keep the text they have; what the API does not tell stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from cx_billing.formats.answers import Answer, objects, part, spelled, without
from cx_billing.formats.common import UnreadableError
from cx_billing.formats.completeness import LINES, Invoice
from cx_billing.formats.names import normalize


class BillableUsage(Answer):
    """Billable usage report: one row per charge and resource that was observed.

    A charge that has a total but names no resource is one row without them, so that it is seen.
    """

    def is_item(self, item: dict) -> bool:
        return "usages" in item and isinstance(item["usages"], list | None)

    def item_rows(self, item: dict) -> Iterator[dict]:
        status = str(item.get("status") or "Complete")
        if status.lower() != "complete":
            raise UnreadableError(
                f"is a report whose status is {status}; fetch it again when it is Complete"
            )
        if any("usageQuantity" in usage for usage in objects(item, "usages")):
            raise UnreadableError(
                "is a subscription overview, which belongs into the dataset subscription_overview"
            )
        if item.get("startDate") and item.get("endDate"):
            self.notes.take_period(str(item["startDate"]), str(item["endDate"]))
        for usage in objects(item, "usages"):
            charge = {"charge_name": usage.get("name"), "totalUsage": usage.get("totalUsage")}
            resources = objects(usage, "resources")
            for resource in resources:
                yield {
                    **charge,
                    "entity": resource.get("name"),
                    "timestamp": resource.get("date"),
                    **without(resource, "name", "date"),
                }
            if not resources and str(charge["totalUsage"] or "").strip("0."):
                yield charge


class SubscriptionOverview(Answer):
    """Subscription overview of one billing period: one row per usage."""

    def is_item(self, item: dict) -> bool:
        return "usages" in item and isinstance(item["usages"], list | None)

    def item_rows(self, item: dict) -> Iterator[dict]:
        if not item.get("billingPeriodStartDate") or not item.get("billingPeriodEndDate"):
            raise UnreadableError(
                "tells no billing period (billingPeriodStartDate, billingPeriodEndDate); fetch "
                "the overview that does, and a billable usage report belongs into "
                "billable_usage_report"
            )
        period = without(item, "id", "name", "usages", "selfUri")
        for usage in objects(item, "usages"):
            yield {**usage, **period}


class BillingPeriods(Answer):
    """Details of a contract's billing period: one row per charge and per wallet."""

    def is_item(self, item: dict) -> bool:
        lists = [item[key] for key in ("charges", "wallets") if key in item]
        is_empty = "dateStart" in item and bool(lists) and not any(lists)
        return is_empty or any(isinstance(found, list) for found in lists)

    def item_rows(self, item: dict) -> Iterator[dict]:
        period = {
            "billing_period_id": item.get("id"),
            "period_start": item.get("dateStart"),
            "period_end": item.get("dateEnd"),
            "period_status": item.get("status"),
        }
        for charge in objects(item, "charges"):
            product = part(charge, "product")
            yield {
                **period,
                "charge_id": charge.get("id"),
                "product": product.get("name"),
                "sku": product.get("sku"),
                "unit_of_measure": product.get("unitOfMeasure"),
                **without(charge, "id", "product"),
            }
        for wallet in objects(item, "wallets"):
            product = part(wallet, "product")
            yield {
                **period,
                "wallet_id": wallet.get("id") or wallet.get("name"),
                "product": product.get("name") or wallet.get("name"),
                "sku": product.get("sku"),
                "actual_quantity": wallet.get("balanceConsumption"),
                **without(wallet, "id", "product"),
            }


class InvoiceLines(Answer):
    """Invoices of a contract, and their lines.

    Lines do not name their invoice: it is the one before them in the file, else one of another
    file, which the address of their page may name. The lines also stand in the invoice under
    `lines`. The API tells no rate, so it stays empty.
    """

    def __init__(self, name: str):
        super().__init__(name)
        self._invoices: dict[str, dict] = {}
        self._invoice: dict | None = None
        self._elsewhere = ""
        self._is_listing = False
        self._seen: set[tuple[str, str]] = set()

    @property
    def answer_id(self) -> str:
        return "" if self._is_listing else self._number

    @property
    def _number(self) -> str:
        """The invoice at hand, or what is known of the one from elsewhere."""
        return str(self._invoice.get("id")) if self._invoice else LINES + self._elsewhere

    def open_page(self, page: dict) -> None:
        """A page of invoices, or of the lines of one, which its address may name."""
        self._is_listing = any(
            isinstance(item, dict) and "dateInvoiced" in spelled(item) for item in page["entities"]
        )
        if self._is_listing:
            return
        addresses = [str(page[key]) for key in page if normalize(key).endswith("uri")]
        named = next(filter(None, map(_ADDRESS.search, addresses)), None)
        if named:
            self._elsewhere = unquote(named[1])
            self._invoice = self._invoices.get(self._elsewhere)
        self.notes.take_lines(self._number)

    def is_item(self, item: dict) -> bool:
        return "dateInvoiced" in item or ("amount" in item and "product" in item)

    def item_rows(self, item: dict) -> Iterator[dict]:
        if "dateInvoiced" not in item:
            yield from self._line(item)
            return
        self._invoice, self._invoices[str(item.get("id"))] = item, item
        amount, day, currency = (
            None if item.get(key) is None else str(item[key])
            for key in ("amount", "dateInvoiced", "currencyIsoCode")
        )
        head = Invoice(self._number, amount or "", {}, day, currency, has_lines="lines" in item)
        self.notes.take_invoice(head)
        page, lines = part(item, "lines"), item.get("lines")
        if isinstance(page.get("entities"), list):
            self.notes.take_page(page, page["entities"], self._number)
        for line in objects({"lines": page.get("entities", lines)}, "lines"):
            yield from self._line(line)

    def _line(self, line: dict) -> Iterator[dict]:
        """The row of a line; none if a page that came twice has brought it before."""
        if line.get("id"):
            if (key := (self._number, str(line["id"]))) in self._seen:
                return
            self._seen.add(key)
        self.notes.take_line(self._number, line.get("id"), line.get("amount"))
        product = part(line, "product")
        invoice = self._invoice or {"id": self._elsewhere}
        yield {
            "invoice_number": invoice.get("id"),
            "invoice_date": invoice.get("dateInvoiced"),
            "service_period_start": line.get("dateStart"),
            "service_period_end": line.get("dateEnd"),
            "description": line.get("description") or product.get("name"),
            "qty": line.get("quantity"),
            "rate": None,
            "amount": line.get("amount"),
            "currency": invoice.get("currencyIsoCode"),
            "line_id": line.get("id"),
            "product": product or None,
            **without(line, *_LINE_KEYS),
        }


_ADDRESS = re.compile(r"/invoices/([^/?]+)/lines")
_LINE_KEYS = ("id", "dateStart", "dateEnd", "description", "quantity", "amount", "product")
