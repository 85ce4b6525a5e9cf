"""How the platform of the tests answers about contracts, invoices, overviews and requests."""

from __future__ import annotations

from datetime import datetime

from platform_history import DAY, Platform

CONTRACTS = "/billing/contracts"
PERIODS, OVERVIEW = "/billing/periods", "/billing/subscriptionoverview"
TRUSTEE, USAGE = "/billing/trusteebillingoverview", "/usage/query"
STARTS = ("2025-01-10", "2025-02-10", "2025-03-10", "2025-04-10")
LAST_DAYS = ("2025-02-09", "2025-03-09", "2025-04-09", "2025-05-09")
PDF = b"%PDF-1.7 invoice"
PRODUCTS = {
    "cx3": {"id": "p3", "sku": "GC-3", "name": "Genesys Cloud CX 3 Named User"},
    "tokens": {"id": "p9", "sku": "GC-T", "name": "AI Experience Tokens"},
}


def item(**told: object) -> dict:
    """An item of a plan."""
    return {"type": "Recurring", "currencyIsoCode": "EUR", "unitOfMeasure": "User"} | told


PLANS = [
    {
        "id": "plan-1",
        "name": "CX 3",
        "product": PRODUCTS["cx3"],
        "items": [
            item(
                quantity=120,
                price=110.1,
                dateEffectiveStart="2025-01-10",
                dateEffectiveEnd="2025-03-10",
            ),
            item(
                overagePrice=132.125, dateEffectiveStart="2025-01-10", dateEffectiveEnd="2025-03-10"
            ),
            item(
                quantity=150,
                price=110.1,
                overagePrice=132.125,
                discountAmount=5.5,
                dateEffectiveStart="2025-03-10",
                dateEffectiveEnd="2026-01-09",
            ),
        ],
    },
    {
        "id": "plan-2",
        "name": "Tokens",
        "product": PRODUCTS["tokens"],
        "items": [
            item(overagePrice=1.0, dateEffectiveStart="2025-01-10"),
            item(overagePrice=0.9, dateEffectiveStart="2025-01-10"),
        ],
    },
]


class BillingAnswers:
    """The part of the handler that answers about what is billed."""

    platform: Platform
    bent: str

    def _billing(self, method: str, path: str, content: dict) -> bool:
        """Whether it was about what is billed; then it has been answered."""
        if path == PERIODS:
            pairs = zip(STARTS, LAST_DAYS, strict=True)
            self._answer(
                [{"startDate": f"{s}T00:00:00Z", "endDate": f"{e}T23:59:59.999Z"} for s, e in pairs]
            )
        elif path == OVERVIEW:
            within = datetime.fromtimestamp(
                int(content["periodEndingTimestamp"]) / 1000, self.platform.now.tzinfo
            )
            self._answer(self._overview(f"{within:%Y-%m-%d}", is_own=True))
        elif path.startswith(TRUSTEE):
            index = int(content["billingPeriodIndex"]) - (self.bent == "repeated")
            if index >= len(STARTS):
                self._refuse(400, "no such period")
            else:
                self._answer(self._overview(LAST_DAYS[-1 - index], is_own=False))
        elif path.startswith(USAGE):
            self._usage(method, path, content)
        elif path.startswith(f"{CONTRACTS}/invoices"):
            self._invoices(path.removeprefix(f"{CONTRACTS}/invoices"), content)
        elif path.startswith(CONTRACTS):
            self._contracts(path.removeprefix(CONTRACTS), content)
        else:
            return False
        return True

    def _overview(self, day: str, is_own: bool) -> dict:
        number = next(number for number, last in enumerate(LAST_DAYS) if day <= last)
        if self.bent == "shifted":
            number -= 1
        period = {
            "billingPeriodStartDate": f"{STARTS[number]}T00:00:00Z",
            "billingPeriodEndDate": f"{LAST_DAYS[number]}T23:59:59.999Z",
        }
        usage = {"name": PRODUCTS["cx3"]["name"], "grouping": "user-license"}
        usage |= {"usageQuantity": f"{130 + number}.50", "prepayQuantity": "120"}
        return {
            "currency": "EUR",
            "subscriptionType": "PREPAY_MONTHLY_COMMITMENT",
            "usages": [usage],
            **(period if not is_own or self.bent else {}),
        }

    def _contracts(self, rest: str, content: dict) -> None:
        periods = [
            {
                "id": f"period-{number}",
                "dateStart": start,
                "dateEnd": end,
                "status": "Closed" if f"{self.platform.now:%Y-%m-%d}" > end else "Open",
            }
            for number, (start, end) in enumerate(zip(STARTS, LAST_DAYS, strict=True))
        ]
        contract = {
            "id": "k/1",
            "externalNumber": "Q-77",
            "status": "Active",
            "commercialModel": "Annual",
            "endCustomer": {"id": "c", "name": "Acme Air"},
            "dateStart": "2025-01-10",
            "dateEnd": "2026-01-09",
            "dateRampEnd": "2025-02-09",
        }
        if not rest:
            self._cursored([contract, contract | {"id": "k2", "status": "Inactive"}], content, 1)
        elif "/billingperiods/" in rest:
            period = next(period for period in periods if rest.endswith(period["id"]))
            charge = {"id": "c1", "product": PRODUCTS["cx3"], "actualQuantity": 130}
            wallet = {"id": "w1", "product": PRODUCTS["tokens"], "balanceConsumption": 300.5}
            told = {"charges": [charge], "wallets": [wallet]}
            self._answer(period | {} if self.bent == "empty" else period | told)
        elif rest == "/k%2F1":
            self._answer(contract | {"billingPeriods": periods, "plans": PLANS})
        else:
            self._answer(contract | {"id": "k2" if self.bent != "shifted" else "k3"})

    def _invoices(self, rest: str, content: dict) -> None:
        if not rest:
            invoices = [
                {
                    "id": f"INV-{number}",
                    "dateInvoiced": start,
                    "currencyIsoCode": "EUR",
                    "amount": 240.10 + number,
                    "billToCustomer": {"name": "Açme"},
                }
                for number, start in enumerate(STARTS[1:], start=1)
                if start <= f"{self.platform.now:%Y-%m-%d}"
            ]
            self._cursored(invoices, content, 2)
            return
        _, identity, what = rest.split("/")
        if what == "document":
            url = f"{self.platform.url}/documents/{identity}?signature=s3cret"
            self._answer({"url": url if self.bent != "shifted" else "ftp://127.0.0.1/x"})
            return
        lines = [
            {"id": f"{identity}-{number}", "product": PRODUCTS["cx3"], "amount": amount}
            for number, amount in enumerate((200.10, 40.00 + int(identity[-1])))
        ]
        lines = [
            line | {"dateStart": "2025-01-10", "dateEnd": "2025-02-09", "quantity": 2}
            for line in lines
        ]
        self._cursored(lines[:1] if self.bent == "empty" else lines, content, 1)

    def _cursored(self, items: list[dict], content: dict, size: int) -> None:
        """A page of a list; one that repeats the page before, or leads to itself, if bent so."""
        at = int(content.get("after", 0))
        shown = items[max(0, at - size if self.bent == "repeated" else at) :][:size]
        page: dict = {"entities": shown}
        if at + size < len(items):
            after = at if self.bent == "circular" else at + size
            page["nextUri"] = f"/api/v2{CONTRACTS}?pageSize=200&after={after}"
        self._answer(page)

    def _usage(self, method: str, path: str, content: dict) -> None:
        if method == "POST":
            start, end = map(datetime.fromisoformat, content["interval"].split("/"))
            assert content["granularity"] == "Day", content
            self.platform.usage_queries.append((start, end))
            self._answer({"executionId": f"{len(self.platform.usage_queries)}"}, 202)
            return
        number = int(path.removeprefix(f"{USAGE}/").removesuffix("/results"))
        polls = len(self.platform.asked_of(path)) - 1
        if self.bent in ("FAILED", "RUNNING") or not polls:
            self._answer({"queryStatus": self.bent.title() or "Running", "results": []})
            return
        start, end = self.platform.usage_queries[number - 1]
        days = [start + n * DAY for n in range((end - start) // DAY)]
        rows = [
            {
                "date": f"{day:%Y-%m-%d}",
                "templateUri": "/api/v2/users",
                "httpMethod": "GET",
                "requests": 100 + day.day,
            }
            for day in days
        ]
        at = int(content.get("after", 0))
        shown = rows[max(0, at - 10 if self.bent == "repeated" else at) :][:10]
        page: dict = {"queryStatus": "Complete", "results": shown}
        if at + 10 < len(rows):
            page["cursors"] = {"after": str(at if self.bent == "circular" else at + 10)}
        self._answer(page)
