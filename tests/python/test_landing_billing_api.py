"""Answers of the billing, contract and usage API: reports, overviews, invoices, charges."""

from __future__ import annotations

import json

import pytest

# Billable usage


def billable_usage(**changes) -> dict:
    report = {
        "id": "r",
        "startDate": "2026-01-15T00:00:00Z",
        "endDate": "2026-02-14T23:59:59Z",
        "status": "Complete",
        "usages": [
            {
                "name": "Genesys Cloud CX 2",
                "totalUsage": "2.0",
                "resources": [
                    {"name": "ann@x", "date": "2026-01-16T08:00:00Z"},
                    {"name": "bob@x", "date": "2026-01-17T08:00:00Z"},
                ],
            },
            {"name": "Data Storage Overage", "totalUsage": "42.5", "resources": []},
            {"name": "IVR Overage", "totalUsage": "0.0"},
        ],
    }
    return report | changes


def test_billable_usage_is_a_row_per_charge_and_resource(warehouse):
    warehouse.landed(billable_usage(), "f.json", "billable_usage_report")
    assert warehouse.rows("charge_name, entity, timestamp, extra_columns") == [
        ("Genesys Cloud CX 2", "ann@x", "2026-01-16T08:00:00Z", '{"totalUsage":"2.0"}'),
        ("Genesys Cloud CX 2", "bob@x", "2026-01-17T08:00:00Z", '{"totalUsage":"2.0"}'),
        ("Data Storage Overage", None, None, '{"totalUsage":"42.5"}'),
    ]


def test_billable_usage_in_progress_is_refused(warehouse):
    given = [billable_usage(), billable_usage(status="InProgress")]
    message = warehouse.refusal(given, "f.json", "billable_usage_report")
    assert "InProgress; fetch it again when it is Complete" in message


# Subscription overview


def overview(**changes) -> dict:
    return {
        "id": "o",
        "currency": "USD",
        "subscriptionType": "MONTH_TO_MONTH",
        "billingPeriodStartDate": "2026-01-15T00:00:00Z",
        "billingPeriodEndDate": "2026-02-14T23:59:59.999Z",
        "inRampPeriod": False,
        "usages": [
            {
                "name": "PureCloud 2 Concurrent User",
                "partNumber": "PC-170-NV-USR2C",
                "grouping": "user-license",
                "unitOfMeasureType": "seat",
                "usageQuantity": "0",
                "overagePrice": "23.74",
                "prepayQuantity": "2",
                "prepayPrice": "20.00",
                "isCancellable": True,
                "isThirdParty": False,
            },
            {"name": "Data Storage", "grouping": "fair-use", "usageQuantity": "500"},
        ],
    } | changes


def test_a_subscription_overview_is_a_row_per_usage(warehouse):
    warehouse.landed([overview()], "f.ndjson", "subscription_overview")
    assert warehouse.rows(
        "name, part_number, grouping, unit_of_measure_type, usage_quantity, overage_price, "
        "prepay_quantity, prepay_price, is_cancellable, is_third_party, currency, in_ramp_period, "
        "billing_period_start_date, billing_period_end_date"
    ) == [
        ("PureCloud 2 Concurrent User", "PC-170-NV-USR2C", "user-license", "seat", "0", "23.74",
         "2", "20.00", "true", "false", "USD", "false", "2026-01-15T00:00:00Z",
         "2026-02-14T23:59:59.999Z"),
        ("Data Storage", None, "fair-use", None, "500", None, None, None, None, None, "USD",
         "false", "2026-01-15T00:00:00Z", "2026-02-14T23:59:59.999Z"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content, dataset, expected",
    [
        (overview(billingPeriodStartDate=None), "subscription_overview", "no billing period"),
        (overview(), "billable_usage_report", "dataset subscription_overview"),
        (billable_usage(), "subscription_overview", "billable_usage_report"),
    ],
)
def test_reports_in_the_wrong_place_are_refused(warehouse, content, dataset, expected):
    assert expected in warehouse.refusal(content, "f.json", dataset)


# API usage


API_ROW = {
    "clientId": "c1",
    "clientName": "bot",
    "organizationId": "o",
    "userId": "u1",
    "templateUri": "/api/v2/users",
    "httpMethod": "GET",
    "status200": 70,
    "status300": 0,
    "status400": 30,
    "status500": 0,
    "status429": 25,
    "requests": 100,
    "date": "2026-01-20T00:00:00Z",
}


def test_a_usage_query_is_landed_as_it_is(warehouse):
    warehouse.landed({"results": [API_ROW], "queryStatus": "Complete"}, "f.json", "api_usage")
    assert warehouse.rows(
        "date, client_id, client_name, user_id, template_uri, http_method, requests, status200, "
        "status400, status429, extra_columns"
    ) == [("2026-01-20T00:00:00Z", "c1", "bot", "u1", "/api/v2/users", "GET", "100", "70", "30",
           "25", '{"organizationId":"o"}')]  # fmt: skip


def test_the_newer_usage_aggregates_are_landed(warehouse):
    row = {
        "date": "2026-01-20",
        "platform": "public-api",
        "httpMethod": "GET",
        "templateUri": "/api/v2/users",
        "requestCount": 100,
        "oauthClient": {"id": "c1", "name": "bot"},
        "user": {"id": "u1"},
    }
    warehouse.landed({"entities": [row], "queryStatus": "Complete"}, "f.json", "api_usage")
    assert warehouse.rows("date, platform, client_id, client_name, user_id, requests") == [
        ("2026-01-20", "public-api", "c1", "bot", "u1", "100")
    ]


@pytest.mark.parametrize(
    "page, expected",
    [
        ({"queryStatus": "Running"}, "status is Running"),
        ({"queryStatus": "Failed"}, "status is Failed"),
        ({"granularity": "Week"}, "one row a week"),
        ({"query": {"granularity": "Month"}}, "one row a month"),
        ({"results": [API_ROW | {"date": "2026-01"}]}, "'2026-01', which is no day"),
        ({"results": [API_ROW | {"date": "2026-01-20T05:00:00Z"}]}, "no day"),
        ({"results": [API_ROW | {"date": None}]}, "no day"),
    ],
)
def test_a_usage_query_that_is_not_by_day_or_not_done_is_refused(warehouse, page, expected):
    message = warehouse.refusal({"results": [API_ROW]} | page, "f.json", "api_usage")
    assert expected in message


# Contract and billing API


INVOICE = {
    "id": "INV-1",
    "dateInvoiced": "2026-03-15",
    "currencyIsoCode": "USD",
    "amount": 3000.10,
    "paymentStatus": "Unpaid",
}
LINE = {
    "id": "l1",
    "product": {"id": "p", "sku": "GC-170", "name": "Genesys Cloud CX 2"},
    "description": "Genesys Cloud CX 2 User \u2013 Prepay",
    "dateTransacted": "2026-03-15",
    "dateStart": "2026-03-15",
    "dateEnd": "2026-04-14",
    "organization": {"id": "o"},
    "quantity": 25,
    "unitOfMeasure": "User",
    "amount": 3000.10,
}
PAGE = {"entities": [LINE], "nextUri": None}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(INVOICE) + "\n" + json.dumps(PAGE) + "\n" + json.dumps({"entities": []}),
        json.dumps([INVOICE, LINE]),
        json.dumps(INVOICE | {"lines": PAGE}),
        json.dumps({"entities": [INVOICE | {"lines": [LINE]}]}),
        json.dumps(INVOICE | {"id": "INV-0", "amount": 0, "lines": []})
        + json.dumps(INVOICE)
        + json.dumps(PAGE),
    ],
    ids=["pages", "array", "page within", "listing", "an invoice without charges before"],
)
def test_the_lines_of_an_invoice_take_its_number_and_date(warehouse, text):
    warehouse.landed(text, "f.json", "vendor_invoice_lines")
    assert warehouse.rows(
        "invoice_number, invoice_date, service_period_start, service_period_end, description, qty, "
        "rate, amount, currency"
    ) == [("INV-1", "2026-03-15", "2026-03-15", "2026-04-14", LINE["description"], "25", None,
           "3000.1", "USD")]  # fmt: skip
    [[extra]] = warehouse.rows("extra_columns")
    assert json.loads(extra)["product"]["sku"] == "GC-170"


def test_an_invoice_may_have_no_lines(warehouse):
    nothing = [INVOICE | {"amount": 0}, {"entities": []}]
    assert warehouse.landed(nothing, "f.json", "vendor_invoice_lines").rows == 0


@pytest.mark.parametrize(
    "content, expected",
    [
        ([PAGE], "no invoice before them"),
        ([INVOICE], "invoice INV-1 without its lines"),
        ({"entities": [INVOICE, INVOICE | {"id": "INV-2"}]}, "invoice INV-1 without its lines"),
        ([INVOICE | {"lines": ["x"]}], "no list of objects"),
    ],
)
def test_invoices_and_lines_apart_are_refused(warehouse, content, expected):
    assert expected in warehouse.refusal(content, "f.json", "vendor_invoice_lines")


@pytest.mark.parametrize("prefix", ["", "get"])
def test_a_billing_period_is_a_row_per_charge(warehouse, prefix):
    charge = {
        "id": "c",
        "product": {"id": "p", "sku": "s", "name": "Genesys Cloud CX 2", "unitOfMeasure": "User"},
        "organizations": [{"id": "o"}],
        f"{prefix}prepaidQuantity": 10,
        f"{prefix}fairuseQuantity": 0,
        f"{prefix}actualQuantity": 12,
        f"{prefix}overageQuantity": 2,
        "overageRate": 120.50,
        "overageCharge": 241.00,
        "overageCurrency": "USD",
    }
    period = {
        "id": "b1",
        "dateStart": "2026-01-15",
        "dateEnd": "2026-02-14",
        "status": "Open",
        "charges": [charge],
        "wallets": [],
    }
    content = json.dumps(period).replace("241.0", "241.00").replace("120.5", "120.50")
    warehouse.landed(content, "f.json", "billing_charges")
    assert warehouse.rows(
        "billing_period_id, period_start, period_end, period_status, product, sku, "
        "prepaid_quantity, fairuse_quantity, actual_quantity, overage_quantity, overage_rate, "
        "overage_charge, overage_currency, organizations, extra_columns"
    ) == [("b1", "2026-01-15", "2026-02-14", "Open", "Genesys Cloud CX 2", "s", "10", "0", "12",
           "2", "120.50", "241.00", "USD", '[{"id":"o"}]', None)]  # fmt: skip


def test_a_contract_of_the_api_tells_too_little(warehouse):
    contract = {"id": "c", "status": "Active", "dateStart": "2026-01-15", "plans": []}
    message = warehouse.refusal(contract, "f.json", "contracts")
    assert "lacks required columns" in message and "license_model" in message
