"""What saved answers of the platform's API hold: rows, and how far their data was available.

Keys are matched as the headers of CSV files are, so those an SDK writes are read like the raw ones.
"""

from __future__ import annotations

import json

from oracle.values import squeeze

USER_DETAILS = {"user_presence": "primarypresence", "routing_status": "routingstatus"}
CUSTOMERS = {"customer", "external"}


def read_documents(content: bytes) -> list:
    """The JSON documents of a file: one, or one per line."""
    try:
        return [squeeze_keys(json.loads(content))]
    except json.JSONDecodeError:
        return [squeeze_keys(json.loads(line)) for line in content.splitlines() if line.strip()]


def squeeze_keys(value):
    """A document whose keys have no case, blanks and punctuation."""
    if isinstance(value, dict):
        return {squeeze(name): squeeze_keys(inner) for name, inner in value.items()}
    return [squeeze_keys(inner) for inner in value] if isinstance(value, list) else value


def read_rows(documents: list, dataset: str) -> list[dict]:
    """The rows of all documents: objects, or what an answer holds of the dataset."""
    rows = []
    for document in documents:
        if isinstance(document, list):
            rows += document
        elif "userdetails" in document and dataset in USER_DETAILS:
            rows += [
                {"userid": user["userid"], **status}
                for user in document["userdetails"]
                for status in user.get(USER_DETAILS[dataset]) or []
            ]
        elif "conversations" in document and dataset == "message_interactions":
            rows += [row for one in document["conversations"] for row in read_conversation(one)]
        else:
            rows.append(document)
    return rows


def read_conversation(conversation: dict) -> list[dict]:
    """The message sessions of the customer: a row each."""
    rows = []
    for participant in conversation.get("participants") or []:
        if participant.get("purpose") not in CUSTOMERS:
            continue
        for session in participant.get("sessions") or []:
            if session.get("mediatype") == "message":
                rows.append(read_session(conversation, participant, session))
    return rows


def read_session(conversation: dict, participant: dict, session: dict) -> dict:
    """A session: from its first segment to the end of its last one, or of the conversation."""
    segments = session.get("segments") or []
    starts = [segment["segmentstart"] for segment in segments if segment.get("segmentstart")]
    ends = [segment.get("segmentend") for segment in segments]
    account, integration = session.get("addressfrom"), session.get("addressto")
    if session.get("direction") == "outbound":
        account, integration = integration, account
    return {
        "conversationid": conversation["conversationid"],
        "customeraccount": account or participant.get("externalcontactid"),
        "platform": session.get("messagetype"),
        "integrationid": integration,
        "starttime": min(starts, default=conversation.get("conversationstart")),
        "endtime": max(ends) if ends and all(ends) else conversation.get("conversationend"),
        "inactivitytimeout": conversation.get("inactivitytimeout"),
        "direction": session.get("direction"),  # kept, and of no use
    }


def find_availability(documents: list) -> str | None:
    """API-01: the latest `dataAvailabilityDate` the documents of one file name."""
    found = [
        document["dataavailabilitydate"]
        for document in documents
        if isinstance(document, dict) and document.get("dataavailabilitydate")
    ]
    return max(found, default=None)
