"""An organization whose rows count, with an e-mail, a number or an address in every column.

What is secret of them is in `secrets_of`; two organizations have other ones.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from cx_billing import lake

DAYS = [f"2026-03-{day:02}" for day in range(9, 14)]


class Planted:
    """The inbox of an organization, told from others by a number of two digits."""

    def __init__(self, inbox: Path, org_id: str, number: int):
        self.inbox, self.org_id = inbox, org_id
        self.mail = f"erika.muster{number}@mail.example"
        self.phone = f"+49 151 73{number} 0001"
        self.unused = f"+49 151 73{number} 0009"
        self.spoken = f"(0151) 73{number}-0002"
        self.host = f"10.73.{number}.1"
        self.name = f"Erika{number} Mustermann"
        self.secrets = [
            f"erika.muster{number}",
            f"erika{number} ",
            f"73{number}0001",
            f"73{number} 0001",
            f"73{number}0009",
            f"73{number} 0009",
            f"73{number}0002",
            f"73{number}-0002",
            self.host,
        ]

    def write(self, dataset: str, *rows: dict[str, object], name: str = "a.csv") -> None:
        """A file of a dataset; the columns that a row does not name hold the e-mail."""
        columns = lake.datasets()[dataset].columns
        file = self.inbox / self.org_id / dataset / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", newline="", encoding="utf-8") as text:
            writer = csv.writer(text)
            writer.writerow([*columns, "Remark"])
            for row in rows:
                assert set(row) <= set(columns), dataset
                cells = [row.get(column, self.mail) for column in columns]
                writer.writerow([*cells, f"{self.name}, {self.phone}"])


def plant(inbox: Path, org_id: str, number: int) -> Planted:
    """Write every dataset of an organization."""
    planted = Planted(inbox, org_id, number)
    write_datasets(planted)
    missing = set(lake.datasets()) - {path.name for path in (inbox / org_id).iterdir()}
    assert not missing, missing
    return planted


def write_datasets(planted: Planted) -> None:
    """Write every dataset."""
    for write in (write_terms, write_people, write_usage, write_reports, write_invoices):
        write(planted)


def write_terms(planted: Planted) -> None:
    """Contracts, prices, own products, coverage."""
    terms = {
        "contract_id": f"c-{planted.mail}",
        "org_name": f"{planted.org_id}, ask {planted.mail} or {planted.phone}",
        "region": "eu-west-1",
        "license_model": "named",
        "billing_option": "month_to_month",
        "currency": "USD",
        "effective_date": "2026-03-01",
    }
    empty = set(lake.datasets()["contracts"].columns) - set(terms) - {"billing_account_id"}
    planted.write("contracts", terms | dict.fromkeys(empty, ""))
    prices = {
        "contract_id": f"c-{planted.mail}",
        "committed_quantity": "0",
        "prepay_rate": "",
        "overage_rate": "10",
        "effective_from": "",
        "effective_to": "",
        "published_rate": "",
    }
    codes = ["cx2", "conversation_whatsapp", "phone", "did_local", "own_thing", "telco_outbound"]
    planted.write("contract_items", *(prices | {"product_code": code} for code in codes))
    planted.write(
        "product_catalogue",
        {
            "product_code": "own_thing",
            "name": f"Own thing of {planted.mail}",
            "kind": "resource",
            "unit_of_measure": "unit",
            "aliases": f"Thing of {planted.phone}",
        },
    )
    planted.write(
        "coverage",
        *(
            {"dataset": dataset, "covered_from": "2026-03-01", "covered_to": "2026-06-01"}
            for dataset in ("user_presence", "voice_usage")
        ),
    )


def write_people(planted: Planted) -> None:
    """Users whose ids are an e-mail, a number and an id; who is told by an e-mail has a name."""
    ids = [planted.mail, planted.phone, "u3"]
    planted.write(
        "users",
        *(
            {"user_id": user, "email": f"{n}.{planted.mail}", "name": planted.name}
            for n, user in enumerate(ids)
        ),
    )
    planted.write(
        "license_assignments",
        *(
            {
                "user_id": user,
                "license": "CX 2",
                "assigned_from": "2026-03-01",
                "assigned_to": "",
                "snapshot_date": "",
            }
            for user in ids
        ),
    )
    times = [
        {
            "user_id": user,
            "start_time": f"{day}T08:00:00Z",
            "end_time": f"{day}T17:00:00Z",
            "time_zone": "",
        }
        for user in ids
        for day in DAYS
    ]
    planted.write("user_presence", *(row | {"system_presence": "AVAILABLE"} for row in times))
    planted.write("routing_status", *(row | {"routing_status": "INTERACTING"} for row in times))


def write_usage(planted: Planted) -> None:
    """Conversations, calls, numbers, devices, orders, resources, requests."""
    planted.write(
        "message_interactions",
        *(
            {
                "conversation_id": f"{n}-{planted.mail}",
                "customer_account": account,
                "platform": platform,
                "integration_id": integration,
                "start_time": f"2026-03-1{n}T08:00:00Z",
                "end_time": f"2026-03-1{n}T09:00:00Z",
                "inactivity_timeout": "",
                "time_zone": "",
            }
            for n, (account, platform, integration) in enumerate(
                [
                    (planted.phone, "whatsapp", planted.phone),
                    (planted.mail, "whatsapp", planted.mail),
                    (planted.spoken, "sms", planted.spoken),
                    (planted.name, "webmessaging", "i1"),
                ]
            )
        ),
    )
    call = {
        "origin": planted.phone,
        "destination": f"sip:{planted.spoken}@{planted.host}",
        "usage_group": "US_OUT",
        "usage_group_display": "U.S. Outbound",
        "call_type": "Outbound",
        "direction": "Outbound",
        "start_time": "2026-03-10T08:00:00Z",
        "end_time": "2026-03-10T08:01:00Z",
        "duration_seconds": "60",
        "adjusted_duration_seconds": "60",
        "adjusted_duration_minutes": "1",
        "usage_rate_per_minute": "0.01",
        "total_cost": "0.05",
        "currency": "USD",
        "time_zone": "",
    }
    planted.write(
        "voice_usage",
        *(
            call | {"sip_call_id": sip, "start_time": f"2026-03-10T08:0{n}:00Z"}
            for n, sip in enumerate(
                [
                    f"1-2@{planted.host}",
                    planted.mail,
                    planted.phone,
                    f"1-2@{planted.host}:5060",
                ]
            )
        ),
        call | {"sip_call_id": "again", "start_time": "2026-03-10T08:00:00Z"},
    )
    planted.write(
        "phone_numbers",
        {
            "phone_number": planted.phone,
            "number_type": "local",
            "purchased_date": "2026-03-05",
            "released_date": "",
        },
        {
            "phone_number": planted.unused,
            "number_type": "local",
            "purchased_date": "2026-03-05",
            "released_date": "",
        },
        {
            "phone_number": planted.spoken,
            "number_type": planted.mail,
            "purchased_date": "2026-03-05",
            "released_date": "",
        },
    )
    planted.write(
        "devices",
        {
            "device_id": planted.mail,
            "product_code": "phone",
            "in_service_date": "2026-03-05",
            "out_of_service_date": "",
        },
    )
    planted.write(
        "orders",
        {
            "order_id": f"o-{planted.phone}",
            "product_code": "phone",
            "quantity": "1",
            "unit_price": "100",
            "ordered_date": "2026-03-10",
            "shipped_date": "",
            "is_hardware": "",
        },
    )
    planted.write(
        "resource_usage",
        {"usage_date": "2026-03-10", "resource": "own_thing", "quantity": "5"},
        {"usage_date": "2026-03-10", "resource": f"Thing of {planted.phone}", "quantity": "5"},
        {"usage_date": "2026-03-10", "resource": planted.mail, "quantity": "5"},
    )
    planted.write(
        "api_usage",
        {
            "date": "2026-03-10",
            "requests": "100",
            "status200": "100",
            "status300": "0",
            "status400": "0",
            "status429": "0",
            "status500": "0",
        },
    )


def write_reports(planted: Planted) -> None:
    """The vendor's reports, of people who are known and of others."""
    people: Iterable[str] = (
        planted.mail,
        f"0.{planted.mail}",
        f"9.{planted.mail}",
        planted.phone,
        planted.name,
        planted.name.split()[0],
    )
    planted.write(
        "billable_usage_report",
        *(
            {
                "charge_name": charge,
                "entity": entity,
                "timestamp": "2026-03-09T08:00:00Z",
                "time_zone": "",
            }
            for entity in people
            for charge in ("CX 2", f"Of {planted.mail}")
        ),
    )
    planted.write(
        "user_hour_report",
        *({"user": user, "date": "2026-03-09", "duration": "9:00:00:000"} for user in people),
    )
    planted.write(
        "concurrent_usage_report",
        {"date": "2026-03-09", "peak_concurrent_users": "3", "minutes_at_peak": "540"},
    )
    planted.write("resources_usage_report", {"date": "2026-03-09", "quantity": "5"})
    period = {
        "billing_period_start_date": "2026-03-01",
        "billing_period_end_date": "2026-03-31",
    }
    numbers = dict.fromkeys(
        ["usage_quantity", "overage_price", "prepay_quantity", "prepay_price", "bundle_quantity"],
        "1",
    )
    flags = dict.fromkeys(["is_cancellable", "is_third_party", "in_ramp_period"], "false")
    planted.write(
        "subscription_overview",
        period | numbers | flags | {"grouping": "Other", "currency": "USD"},
    )
    charges = {
        "period_start": "2026-03-01",
        "period_end": "2026-03-31",
        "actual_quantity": "2",
        "prepaid_quantity": "0",
        "fairuse_quantity": "0",
        "overage_quantity": "1",
        "overage_rate": "1",
        "overage_charge": "1",
        "overage_currency": "USD",
    }
    planted.write("billing_charges", charges)


def write_invoices(planted: Planted) -> None:
    """An invoice of the vendor that bills too much, and what became of it."""
    line = {
        "invoice_number": f"V-{planted.mail}",
        "invoice_date": "2026-04-01",
        "service_period_start": "2026-03-01",
        "service_period_end": "2026-03-31",
        "currency": "USD",
    }
    planted.write(
        "vendor_invoice_lines",
        *(
            line | {"description": words, "qty": qty, "rate": "20", "amount": amount}
            for words, qty, amount in [
                ("Genesys Cloud CX 2", "3", "60"),
                (f"CX 2 for {planted.mail}", "1", "20"),
                (f"Number {planted.phone} of {planted.host}", "1", "20"),
                (planted.spoken, "1", "20"),
            ]
        ),
    )
    planted.write(
        "disputes",
        {
            "invoice_number": f"V-{planted.mail}",
            "event": "opened",
            "event_date": "2026-04-03",
            "amount": "20",
            "product_code": "",
        },
    )
