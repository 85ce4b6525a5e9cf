"""The raw files of an inbox: typed, deduplicated on the natural key, rejected with a reason.

Files land in the order of their sorted paths. The same bytes again within one org and dataset are
the same file. Rows are checked in three steps: on their own (types, known values), against rows of
the same natural key (supersede), and against the contracts of the org (currency, dates).
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

from oracle import catalogue
from oracle.calendar import (
    CLOCKS,
    Contract,
    InForce,
    billing_cycles,
    contracts_in_force,
    midnight,
    touches,
)
from oracle.policies import Policies

LICENSE_RANK = {
    "ex": 1,
    "collaborate": 2,
    "communicate": 3,
    "cx1": 10,
    "cx2_digital": 19,
    "cx2": 20,
    "cx3_digital": 29,
    "cx3": 30,
    "cx4": 40,
}
CX_LICENSES = {code for code in LICENSE_RANK if code.startswith("cx")}
# HOUR-03: the licenses and add-ons that a designated user holds by the hour.
QUALIFYING = {
    *CX_LICENSES,
    "cx1_digital_addon",
    "cx1_wem_addon",
    "cx2_wem_addon",
    "work_automation_addon",
}
HOURLY = {f"{code}_hourly" for code in QUALIFYING}
DESIGNATION = "hourly_interacting"
ADDONS = {*QUALIFYING - CX_LICENSES, "agent_assist", "agent_copilot"}
FAIR_USE = {
    "ivr_minutes",
    "data_storage_gb",
    "api_requests",
    "byoc_minutes",
    "voice_transcription_minutes",
    "ai_tokens",
    "decision_executions",
    "outbound_attempts",
    "work_items",
    "journey_events",
    "byo_sms_messages",
}
# FU-13, CONV-09: the token meters, delivered as resources.
METERS = {
    "voice_bot_minutes",
    "digital_bot_sessions",
    "virtual_agent_interactions",
    "agentic_virtual_agent_interactions",
    "ai_scoring_evaluations",
    "translations",
    "summaries",
    "messages_facebook",
    "messages_instagram",
    "messages_whatsapp",
    "messages_apple",
}
PLATFORMS = {
    "facebook",
    "twitter",
    "whatsapp",
    "line",
    "instagram",
    "apple",
    "open",
    "webmessaging",
}
PHONE_PLATFORMS = {"whatsapp", "sms"}
CASELESS_PLATFORMS = {"twitter", "instagram"}
DEVICES = {"edge_physical", "edge_virtual", "phone"}
OTHER_PRODUCTS = {
    *(f"conversation_{platform}" for platform in PLATFORMS),
    "telco_inbound",
    "telco_outbound",
    "telco_extended_outbound",
    "telco_toll_free",
    "short_call_surcharge",
    "tax_federal",
    "tax_state",
    "tax_local",
}
OPEN_PRODUCTS = re.compile(r"(sms_messages|sms_class_\w+|number_(mrc|nrc)(_\w+)?|conversation_\w+)")
PRODUCTS = {
    *LICENSE_RANK,
    *ADDONS,
    *HOURLY,
    *FAIR_USE,
    *METERS,
    *DEVICES,
    *OTHER_PRODUCTS,
}

# name[:kind][mark]; no mark = optional column, ! = a value is needed, ? = the column is needed but
# may be empty.
COLUMNS = {
    "contracts": "contract_id! org_name! region! license_model! billing_option! currency! "
    "effective_date:date! billing_account_id ramp_end_date:end term_end_date:end peak_rule "
    "ramp_license_billing ramp_resource_billing payment_terms_days:number tax_jurisdiction "
    "hourly_model minimum_monthly_amount:number messaging_pricing_model",
    "contract_items": "contract_id! product_code:priced! committed_quantity:number! "
    "prepay_rate:number! overage_rate:number! effective_from:date effective_to:end",
    "users": "user_id! email! name",
    "license_assignments": "user_id! license:license! assigned_from:date! assigned_to:end",
    "user_presence": "user_id! system_presence! start_time:time! end_time:time",
    "routing_status": "user_id! routing_status! start_time:time! end_time:time",
    "message_interactions": "conversation_id! customer_account? platform:platform! integration_id! "
    "start_time:time! end_time:time",
    "resource_usage": "usage_date:date! resource:product! quantity:number!",
    "voice_usage": "sip_call_id! origin? destination? call_type! direction! start_time:time! "
    "duration_seconds:number! usage_rate_per_minute:number! total_cost:number! currency! "
    "usage_group usage_group_display",
    "phone_numbers": "phone_number! number_type! purchased_date:date! released_date:end",
    "devices": "device_id! product_code:product! in_service_date:date! out_of_service_date:end",
    "orders": "order_id! product_code:product! quantity:number! unit_price:number! "
    "ordered_date:date! shipped_date:date is_hardware:flag",
    "billable_usage_report": "charge_name:name! entity:email! timestamp:time!",
    "concurrent_usage_report": "date:date! peak_concurrent_users:number! minutes_at_peak:number! "
    "license:name",
    "resources_usage_report": "date:date! resource:name! quantity:number!",
    "user_hour_report": "user:email! date:date! duration:duration!",
    "vendor_invoice_lines": "invoice_number! invoice_date:date! service_period_start:date! "
    "service_period_end:end! description! qty:number? rate:number? amount:number! currency section",
}
NATURAL_KEYS = {
    "contracts": "contract_id",
    "contract_items": "contract_id product_code effective_from",
    "users": "user_id",
    "license_assignments": "user_id license assigned_from",
    "user_presence": "user_id system_presence start_time",
    "routing_status": "user_id routing_status start_time",
    "message_interactions": "conversation_id customer_account platform integration_id start_time",
    "resource_usage": "usage_date resource",
    "voice_usage": "sip_call_id direction start_time",
    "phone_numbers": "phone_number purchased_date",
    "devices": "device_id in_service_date",
    "orders": "order_id",
    "billable_usage_report": "charge_name entity timestamp",
    "concurrent_usage_report": "date license",
    "resources_usage_report": "date resource",
    "user_hour_report": "user date",
}
USER_DETAILS = {"user_presence": "primaryPresence", "routing_status": "routingStatus"}
LATEST_END_WINS = {"user_presence", "routing_status", "message_interactions"}
INTERVALS = {
    "contracts": [("effective_date", "ramp_end_date"), ("effective_date", "term_end_date")],
    "contract_items": [("effective_from", "effective_to")],
    "license_assignments": [("assigned_from", "assigned_to")],
    "user_presence": [("start_time", "end_time")],
    "routing_status": [("start_time", "end_time")],
    "message_interactions": [("start_time", "end_time")],
    "phone_numbers": [("purchased_date", "released_date")],
    "devices": [("in_service_date", "out_of_service_date")],
}
NOT_NEGATIVE = (
    "committed_quantity",
    "quantity",
    "duration_seconds",
    "minimum_monthly_amount",
)
CHOICES = {
    "license_model": {"named", "concurrent", "hourly"},
    "billing_option": {"annual_prepay", "annual_prepay_monthly", "month_to_month"},
    "peak_rule": {"sustained", "accumulated", "accumulated_exact"},
    "ramp_license_billing": {"waived", "actuals"},
    "ramp_resource_billing": {"waived", "actuals"},
    "hourly_model": {"logged_in", "interacting"},
    "messaging_pricing_model": {"per_conversation", "per_token"},
}
LOWER_CASE = {*CHOICES}
UPPER_CASE = {"system_presence", "routing_status", "currency"}


class BadRow(Exception):  # noqa: N818 - a finding about data, not a failure of the program
    """A row that cannot be used; the message is the reason."""


@dataclass
class Row:
    """One landed row: where it lies, what it says, and what became of it."""

    file: str
    number: int
    values: dict
    reason: str | None = None
    is_duplicate: bool = False
    text: dict | None = None

    def __getitem__(self, name):
        return self.values.get(name)


@dataclass
class Organization:
    """Everything an org delivered, and its calendar."""

    org_id: str
    as_of: date
    landed: dict[str, list[Row]] = field(default_factory=dict)
    audit: list[dict] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    spans: list[InForce] = field(default_factory=list)
    policies: Policies = field(default_factory=Policies)
    accepted: dict[str, list[Row]] = field(default_factory=dict)  # once all rows are judged
    intervals: dict[str, dict] = field(default_factory=dict)  # statuses by dataset, once computed

    def rows(self, dataset: str) -> list[Row]:
        """The accepted rows of `dataset`."""
        if self.accepted:
            return self.accepted.get(dataset, [])
        return [r for r in self.landed.get(dataset, []) if not r.reason and not r.is_duplicate]

    @property
    def cycles(self):
        """Every cycle that starts before as-of."""
        return billing_cycles(self.spans, self.as_of)


@cache
def squeeze(name: str) -> str:
    """A header without case, blanks and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def parse_time(text: str) -> datetime:
    """ISO 8601 with T or blank; without offset it is UTC. Returns naive UTC."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise BadRow("not_a_timestamp") from None
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def parse_end(text: str) -> date:
    """CYC-03: a vendor end of 23:59:59 (with or without fraction) means the next day.

    So does 11:59:59, which the vendor's texts write for it.
    """
    value = parse_time(re.sub(r"(?<=[Tt ])11:59:59", "23:59:59", text))
    return value.date() + timedelta(days=value.time() >= time(23, 59, 59))


def parse_number(text: str) -> Decimal:
    """A plain decimal number."""
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text):
        raise BadRow("not_a_number")
    return Decimal(text)


def parse_duration(text: str) -> Fraction:
    """HOUR-04: the seconds of `H:M:S:ms`, padded or not."""
    if not re.fullmatch(r"\d+:\d{1,2}:\d{1,2}:\d{1,3}", text):
        raise BadRow("not_a_number")
    hours, minutes, seconds, milliseconds = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + seconds + Fraction(milliseconds, 1000)


def parse_flag(text: str) -> bool:
    """A yes or no."""
    return text.lower() in {"true", "t", "yes", "y", "1"}


def parse_license(text: str) -> str:
    """A license, add-on or designation by one of its names."""
    product = catalogue.product_named(text)
    if product not in LICENSE_RANK.keys() | ADDONS | {DESIGNATION}:
        raise BadRow("unknown_license")
    return product


def parse_product(text: str) -> str:
    """A product of the catalogue by its code or another name."""
    product = catalogue.product_named(text) or text.lower()
    if product not in PRODUCTS and not OPEN_PRODUCTS.fullmatch(product):
        raise BadRow("unknown_product")
    return product


def parse_priced(text: str) -> str:
    """A product that a contract can price: a meter takes tokens and has no price of its own."""
    product = parse_product(text)
    if product in METERS:
        raise BadRow("unknown_product")
    return product


def parse_name(text: str) -> str:
    """What a report is about: a product by any name, or what nobody knows, as it stands."""
    return catalogue.product_named(text) or text.lower()


def parse_platform(text: str) -> str:
    """A messaging platform: case and punctuation are no part of its name."""
    return squeeze(text)


PARSERS = {
    "text": str,
    "time": parse_time,
    "date": lambda text: parse_time(text).date(),
    "end": parse_end,
    "number": parse_number,
    "flag": parse_flag,
    "duration": parse_duration,
    "license": parse_license,
    "product": parse_product,
    "priced": parse_priced,
    "platform": parse_platform,
    "name": parse_name,
    "email": str.lower,
}


@cache
def declared(dataset: str) -> list[tuple[str, str, str]]:
    """The columns of `dataset`: name, kind, mark."""
    columns = []
    for word in COLUMNS[dataset].split():
        name, kind, mark = re.fullmatch(r"(\w+)(?::(\w+))?([!?]?)", word).groups()
        columns.append((name, kind or "text", mark))
    return columns


def typed(dataset: str, cells: dict[str, str]) -> dict:
    """The values of one row by column; raises BadRow with the first reason found."""
    values = {}
    for name, kind, mark in declared(dataset):
        text = cells.get(squeeze(name), "").strip()
        text = text.lower() if name in LOWER_CASE else text
        text = text.upper() if name in UPPER_CASE else text
        if not text and mark == "!":
            raise BadRow("missing_value")
        values[name] = PARSERS[kind](text) if text else None
        if text and name in CHOICES and text not in CHOICES[name]:
            raise BadRow("unknown_value")
        if name in NOT_NEGATIVE and values[name] is not None and values[name] < 0:
            raise BadRow("negative_quantity")
    if values.get("customer_account"):
        values["customer_account"] = account(values["platform"], values["customer_account"])
    for start, end in INTERVALS.get(dataset, []):
        if values[start] and values[end] and values[end] < values[start]:
            raise BadRow("end_before_start")
    return values


def account(platform: str, text: str) -> str:
    """CONV-06 (vii): numbers lose punctuation, handles their case where the platform ignores it."""
    if platform in PHONE_PLATFORMS and text.startswith("+"):
        return "+" + re.sub(r"[^0-9]", "", text)
    return text.lower() if platform in CASELESS_PLATFORMS else text


def read_file(path: Path, dataset: str, source_file: str) -> list[Row] | None:
    """The rows of one file, or None if it lacks a required column and is refused whole."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if ".csv" not in path.suffixes:
        return read_objects(content, dataset, source_file)
    text = content.decode("utf-8-sig", errors="surrogateescape")
    text_lines = text.split("\n")
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=text_lines[0].count)
    )
    header = [squeeze(name) for name in next(reader)]
    if any(mark and squeeze(name) not in header for name, _, mark in declared(dataset)):
        return None
    rows = []
    for cells in (line for line in reader if line):
        row = Row(source_file, len(rows) + 1, {})
        rows.append(row)
        if any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell):
            row.reason = "invalid_encoding"
        elif len(cells) != len(header):
            row.reason = "wrong_column_count"
        else:
            judge(row, dataset, dict(zip(header, cells, strict=True)))
            continue
        raw = text_lines[reader.line_num - 1].encode(errors="surrogateescape")
        row.text = {"parseerror": row.reason, "rawtext": raw.decode(errors="backslashreplace")}
    return rows


def read_objects(content: bytes, dataset: str, source_file: str) -> list[Row]:
    """The rows of a JSON array, of an object per line, or of a users-details answer."""
    if content.startswith(b"["):
        objects = json.loads(content)
    elif content.startswith(b'{"userDetails"'):
        objects = [
            {"user_id": user["userId"], **status}
            for user in json.loads(content)["userDetails"]
            for status in user[USER_DETAILS[dataset]]
        ]
    else:
        objects = [json.loads(line) for line in content.splitlines()]
    rows = []
    for cells in objects:
        row = Row(source_file, len(rows) + 1, {})
        rows.append(row)
        texts = {squeeze(name): str(cell) for name, cell in cells.items() if cell is not None}
        judge(row, dataset, texts)
    return rows


def judge(row: Row, dataset: str, cells: dict[str, str]) -> None:
    """Keep the cells of a row as text, and its values or the reason why it has none."""
    row.text = {name: cell for name, cell in cells.items() if cell}
    try:
        row.values = typed(dataset, cells)
    except BadRow as reason:
        row.reason = str(reason)


def supersede(dataset: str, rows: list[Row]) -> None:
    """Interface 3, natural keys: mark every good row but the one that stands for its key.

    The later landing wins; for intervals the latest non-null end, whatever the order.
    """
    if dataset == "vendor_invoice_lines":
        return supersede_invoices(rows)
    key = NATURAL_KEYS[dataset].split()
    standing: dict[tuple, Row] = {}
    for row in rows:
        if row.reason:
            continue
        identity = tuple(row[name] for name in key)
        other = standing.get(identity)
        loser = other
        if other and dataset in LATEST_END_WINS and later_end(other, row):
            loser = row
        if loser:
            loser.is_duplicate = True
        if loser is not row:
            standing[identity] = row


def supersede_invoices(rows: list[Row]) -> None:
    """Of a vendor's invoice the latest file that holds its number stands, with all its lines."""
    standing = {row["invoice_number"]: row.file for row in rows if not row.reason}
    for row in rows:
        row.is_duplicate = not row.reason and row.file != standing[row["invoice_number"]]


def later_end(one: Row, other: Row) -> bool:
    """Whether `one` has an end and `other` has none or an earlier one."""
    if one["end_time"] is None:
        return False
    return other["end_time"] is None or one["end_time"] > other["end_time"]


def accept_contracts(org: Organization) -> None:
    """Of two contracts with the same effective date the later landing stays."""
    by_date: dict[date, Row] = {}
    for row in org.rows("contracts"):
        if other := by_date.get(row["effective_date"]):
            other.reason = "overlapping_contract"
        by_date[row["effective_date"]] = row
    for row in by_date.values():
        licenses = row["ramp_license_billing"] or "waived"
        org.contracts.append(
            Contract(
                contract_id=row["contract_id"],
                license_model=row["license_model"],
                billing_option=row["billing_option"],
                currency=row["currency"],
                effective_date=row["effective_date"],
                billing_account_id=row["billing_account_id"] or org.org_id,
                ramp_end_date=row["ramp_end_date"],
                term_end_date=row["term_end_date"],
                peak_rule=row["peak_rule"] or "sustained",
                ramp_license_billing=licenses,
                ramp_resource_billing=row["ramp_resource_billing"] or licenses,
                payment_terms_days=int(30 if (d := row["payment_terms_days"]) is None else d),
                tax_jurisdiction=row["tax_jurisdiction"],
                org_name=row["org_name"],
                region=row["region"],
                hourly_model=row["hourly_model"] or "logged_in",
                minimum_monthly_amount=row["minimum_monthly_amount"],
                messaging_pricing_model=row["messaging_pricing_model"] or "per_conversation",
            )
        )
    org.spans = contracts_in_force(org.contracts, org.as_of)
    known = {contract.contract_id for contract in org.contracts}
    for row in org.rows("contract_items"):
        if row["contract_id"] not in known:
            row.reason = "unknown_contract" if known else "no_contract"


def close_open_statuses(org: Organization, dataset: str) -> None:
    """A status without end lasts until the user's next later row of the dataset, else goes on."""
    starts: dict[str, list[datetime]] = {}
    for row in org.rows(dataset):
        starts.setdefault(row["user_id"], []).append(row["start_time"])
    for row in org.rows(dataset):
        later = [s for s in starts[row["user_id"]] if s > row["start_time"]]
        row.values["until"] = row["end_time"] or min(later, default=None)


def extent(dataset: str, row: Row) -> tuple[datetime, datetime | None] | None:
    """When a row is true, `[start, end)` with None for open; None for a row without a time."""

    def whole_days(start: date, end: date | None):
        return midnight(start), end and midnight(end)

    if dataset in {"user_presence", "routing_status"}:
        return row["start_time"], row["until"]
    if dataset == "message_interactions":
        return row["start_time"], row["end_time"]
    if dataset == "voice_usage":  # on the voice clock, CYC-04
        return row["start_time"] - CLOCKS["voice"], row["start_time"] - CLOCKS["voice"]
    if dataset == "license_assignments":
        return whole_days(row["assigned_from"], row["assigned_to"])
    if dataset == "phone_numbers":
        return whole_days(row["purchased_date"], row["released_date"])
    if dataset == "devices":
        return whole_days(row["in_service_date"], row["out_of_service_date"])
    if dataset == "resource_usage":
        return whole_days(row["usage_date"], row["usage_date"])
    if dataset == "orders":
        shipped = row["shipped_date"] if row["is_hardware"] else None
        dated = shipped or row["ordered_date"]
        return whole_days(dated, dated)
    return None


def reject_outside(org: Organization, dataset: str) -> None:
    """`no_contract` and `outside_contract`; a row that starts at or after as-of is ignored."""
    limit = midnight(org.as_of)
    for row in org.rows(dataset):
        when = extent(dataset, row)
        if when is None:
            continue
        begins = row["start_time"] if dataset == "voice_usage" else when[0]
        if not org.contracts:
            row.reason = "no_contract"
        elif begins < limit and not any(
            touches(
                (when[0], when[1] or datetime.max),
                (midnight(span.start), midnight(span.end) if span.end else datetime.max),
            )
            for span in org.spans
        ):
            row.reason = "outside_contract"


def reject_foreign_currency(org: Organization) -> None:
    """A call must be in the currency of the contract in whose voice cycle it starts."""
    for row in org.rows("voice_usage"):
        for span in org.spans:
            start = midnight(span.start) + CLOCKS["voice"]
            end = midnight(span.end) + CLOCKS["voice"] if span.end else datetime.max
            inside = start <= row["start_time"] < end
            if inside and row["currency"] != span.contract.currency:
                row.reason = "currency_mismatch"


def read_organization(folder: Path, as_of: date, policies: Policies | None = None) -> Organization:
    """Read `INBOX/<org_id>` as seen on `as_of`."""
    org = Organization(folder.name, as_of, policies=policies or Policies())
    for dataset in COLUMNS:
        seen = set()
        for path in sorted((folder / dataset).glob("*")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            source_file = f"{folder.name}/{dataset}/{path.name}"
            rows = None if digest in seen else read_file(path, dataset, source_file)
            seen.add(digest)
            if rows is None:
                continue
            org.landed.setdefault(dataset, []).extend(rows)
            org.audit.append(
                {"dataset": dataset, "source_file": source_file, "sha256": digest, "rows": rows}
            )
        supersede(dataset, org.landed.get(dataset, []))
    accept_contracts(org)
    for dataset in ("user_presence", "routing_status"):
        close_open_statuses(org, dataset)
    for dataset in COLUMNS:
        reject_outside(org, dataset)
    reject_foreign_currency(org)
    org.accepted = {dataset: org.rows(dataset) for dataset in COLUMNS}
    return org


def rejected_rows(org: Organization) -> list[dict]:
    """Every rejected row with where it lies and why."""
    return [
        {
            "org_id": org.org_id,
            "dataset": dataset,
            "source_file": row.file,
            "source_row": row.number,
            "rejected_row_id": f"{row.file}/{row.number}",
            "reason": row.reason,
            "raw_row": row.text,
        }
        for dataset, rows in org.landed.items()
        for row in rows
        if row.reason
    ]


def load_audit(org: Organization) -> list[dict]:
    """For every file: rows in it = accepted + superseded or duplicate + rejected."""
    return [
        {
            "org_id": org.org_id,
            "dataset": file["dataset"],
            "source_file": file["source_file"],
            "sha256": file["sha256"],
            "rows_in_file": len(file["rows"]),
            "rows_accepted": sum(not r.reason and not r.is_duplicate for r in file["rows"]),
            "rows_duplicate": sum(r.is_duplicate and not r.reason for r in file["rows"]),
            "rows_rejected": sum(bool(r.reason) for r in file["rows"]),
        }
        for file in org.audit
    ]
