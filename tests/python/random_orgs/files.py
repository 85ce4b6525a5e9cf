"""Rows become files, in one of the accepted formats, separators and spellings."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from random_orgs.organization import RandomOrg
from random_orgs.reach import draw_edge
from random_orgs.vendor import INVOICE_HEADER, REPORT_HEADERS

USER_DETAILS = {"user_presence": "primaryPresence", "routing_status": "routingStatus"}
DELIMITERS = (",", ",", ";", "\t")
DAYS_IN_WORDS = ("%B %d, %Y", "%d-%b-%Y", "%d %B %Y")
VOICE_HEADER = (
    "SIP Call Id",
    "Origin",
    "Destination",
    "Usage Group",
    "Usage Group Display",
    "Call Type",
    "Direction",
    "Start time",
    "End Time",
    "Duration (Seconds)",
    "Adjusted Duration (seconds)",
    "Usage Rate Per Minute",
    "Total cost",
    "Currency",
)
HEADERS = {
    "contracts": "contract_id org_name region license_model billing_option currency effective_date "
    "billing_account_id ramp_end_date term_end_date peak_rule ramp_license_billing "
    "ramp_resource_billing payment_terms_days tax_jurisdiction hourly_model "
    "minimum_monthly_amount messaging_pricing_model after_term prepay_raise hourly_switch",
    "contract_items": "contract_id product_code committed_quantity prepay_rate overage_rate "
    "effective_from effective_to published_rate",
    "users": "user_id email name",
    "license_assignments": "user_id license assigned_from assigned_to",
    "user_presence": "user_id system_presence start_time end_time",
    "routing_status": "user_id routing_status start_time end_time",
    "message_interactions": "conversation_id customer_account platform integration_id start_time "
    "end_time",
    "resource_usage": "usage_date resource quantity",
    "coverage": "dataset covered_from covered_to",
    "product_catalogue": "product_code name kind unit_of_measure aliases",
    "phone_numbers": "phone_number number_type purchased_date released_date country ported",
    "devices": "device_id product_code in_service_date out_of_service_date",
    "orders": "order_id product_code quantity unit_price ordered_date shipped_date is_hardware",
}
SPOKEN_HEADERS = {
    "voice_usage": VOICE_HEADER,
    "vendor_invoice_lines": INVOICE_HEADER,
    **REPORT_HEADERS,
}


def header_of(dataset: str) -> tuple[str, ...]:
    """The columns of a file of `dataset`, in order."""
    if dataset in SPOKEN_HEADERS:
        return SPOKEN_HEADERS[dataset]
    return tuple(HEADERS[dataset].split())


def write_file(org: RandomOrg, folder: Path, dataset: str, name: str, rows: list) -> None:
    """One file, with one of the accepted formats, separators, spellings and marks."""
    rng = org.rng
    style = rng.choice(("zulu", "blank", "plain", "offset"))
    suffix, content = format_csv(org, dataset, rows, style)
    regular = all(len(row) == len(header_of(dataset)) for row in rows)
    if regular and not any(isinstance(cell, bytes) for row in rows for cell in row):
        draw = rng.random()
        if draw < 0.3:
            suffix, content = format_json(org, dataset, rows, style, rng.choice(("array", "lines")))
        if draw < 0.2 and dataset in USER_DETAILS:
            suffix, content = ".json", format_user_details(org, dataset, rows, style)
        if draw < 0.2 and dataset == "message_interactions" and all(map(is_session, rows)):
            suffix, content = ".json", format_conversations(org, rows)
    if rng.random() < 0.1:
        suffix, content = f"{suffix}.gz", gzip.compress(content, mtime=0)
    stem = name.removesuffix(".csv")
    target = folder / org.org_id / dataset / f"{stem}{suffix}"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    if stem == "b" and rng.random() < 0.3:  # the same bytes again are the same file
        (target.parent / f"z_again{suffix}").write_bytes(content)


def format_csv(org: RandomOrg, dataset: str, rows: list, style: str) -> tuple[str, bytes]:
    """A CSV file: suffix and content."""
    rng = org.rng
    delimiter = rng.choice(DELIMITERS)
    header = header_of(dataset)
    if rng.random() < 0.2:
        header = tuple(name.upper().replace("_", " ") for name in header)
    lines = [delimiter.join(header).encode()]
    lines += [
        delimiter.encode().join(quote(format_cell(v, style), delimiter) for v in row)
        for row in rows
    ]
    mark = b"\xef\xbb\xbf" if rng.random() < 0.2 else b""
    return ".csv", mark + b"\n".join(lines) + b"\n"


def format_json(
    org: RandomOrg, dataset: str, rows: list, style: str, shape: str
) -> tuple[str, bytes]:
    """A JSON array, or an object per line: suffix and content."""
    header = header_of(dataset)
    objects = [
        {name: format_cell(v, style).decode() or None for name, v in zip(header, row, strict=True)}
        for row in rows
    ]
    if shape == "array" or not objects:  # no line at all is an empty file, which is refused
        return ".json", json.dumps(objects, indent=1).encode()
    return ".ndjson", b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def format_user_details(org: RandomOrg, dataset: str, rows: list, style: str) -> bytes:
    """The answer of the users-details query, or of a job that says how far its data reaches."""
    users: dict[str, list[dict]] = defaultdict(list)
    status = "systemPresence" if dataset == "user_presence" else "routingStatus"
    for user, *cells in rows:
        texts = [format_cell(cell, style).decode() for cell in cells]
        pairs = zip((status, "startTime", "endTime"), texts, strict=True)
        users[user].append({name: text for name, text in pairs if text})
    details = [{"userId": user, USER_DETAILS[dataset]: found} for user, found in users.items()]
    answer = {"userDetails": details, **draw_availability(org)}
    respell = org.rng.choice((str, str, snake_case, pascal_case))
    return json.dumps(spell_keys(answer, respell)).encode()


def draw_availability(org: RandomOrg) -> dict[str, str]:
    """API-01: how far the data of a job reached, if its answer tells."""
    if org.chance(0.5):
        return {"dataAvailabilityDate": format_time(draw_edge(org), "zulu")}
    return {}


def is_session(row: tuple) -> bool:
    """Whether a row can be a session in an answer: its conversation and times are known."""
    return bool(row[0]) and isinstance(row[4], datetime) and isinstance(row[5], datetime | None)


def format_conversations(org: RandomOrg, rows: list) -> bytes:
    """The answer of the conversations-details query: a conversation of one session each."""
    conversations = []
    for name, account, platform, integration, start, end in rows:
        begins, ends = format_time(start, "zulu"), end and format_time(end, "zulu")
        session = {"mediaType": "message", "messageType": platform}
        addresses = {"addressFrom": account or None, "addressTo": integration}
        session |= {"direction": "inbound", **addresses}
        if org.chance(0.3):
            swapped = {"addressFrom": integration, "addressTo": account or None}
            session |= {"direction": "outbound", **swapped}
        session["segments"] = [{"segmentStart": begins, "segmentEnd": ends}]
        agent = {"purpose": "agent", "sessions": [{**session, "addressFrom": "agent"}]}
        customer = {"purpose": "customer", "sessions": [session]}
        conversation = {"conversationId": name, "conversationStart": begins}
        if end is None and org.chance(0.5):
            timeout = start + timedelta(days=org.rng.choice((0, 1, 3, 40)))
            conversation["inactivityTimeout"] = format_time(timeout, "zulu")
        conversations.append(
            {**conversation, "conversationEnd": ends, "participants": [agent, customer]}
        )
    answer = {"conversations": conversations, "totalHits": len(conversations)}
    return json.dumps({**answer, **draw_availability(org)}).encode()


def snake_case(name: str) -> str:
    """A key as the Python SDK writes it."""
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def pascal_case(name: str) -> str:
    """A key as the .NET SDK writes it."""
    return name[0].upper() + name[1:]


def spell_keys(value, respell: Callable[[str], str]):
    """A document with its keys spelled otherwise."""
    if isinstance(value, dict):
        return {respell(name): spell_keys(inner, respell) for name, inner in value.items()}
    return [spell_keys(inner, respell) for inner in value] if isinstance(value, list) else value


def format_cell(value, style: str) -> bytes:
    """A value as written in a file."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, datetime):
        value = format_time(value, style)
    if isinstance(value, date) and style == "blank":
        value = value.strftime(DAYS_IN_WORDS[value.day % len(DAYS_IN_WORDS)])
    if isinstance(value, Decimal):
        return f"{value:f}".encode()
    return ("" if value is None else str(value)).encode()


def format_time(value: datetime, style: str) -> str:
    """An instant in one of the accepted spellings."""
    if style == "offset":
        zone = timezone(timedelta(hours=2))
        return value.replace(tzinfo=UTC).astimezone(zone).isoformat()
    text = value.isoformat(sep=" " if style == "blank" else "T")
    return text + ("Z" if style == "zulu" else "")


def quote(cell: bytes, delimiter: str) -> bytes:
    """A cell in quotes where CSV needs them."""
    if not any(mark in cell for mark in (delimiter.encode(), b'"', b"\n")):
        return cell
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([cell.decode()])
    return text.getvalue().encode()
