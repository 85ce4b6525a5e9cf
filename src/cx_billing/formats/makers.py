"""Knows the tool that made a file by what it leaves in it, and how to have it write a good one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cx_billing.formats.common import UnreadableError, shown

LONGEST_NAME = 300  # characters of a name that are looked at

_STEP = r"[A-Za-z_]\w*"
# `userDetails.0.userId`, `userDetails[0].userId`, `userDetails/0/userId`, `userDetails__0__userId`
_NUMBERED = re.compile(rf"{_STEP}(?:[./]\d+(?:[./]|$)|\[\d+\]|__\d+(?:__|$))")
_LISTS = {"conversations", "entities", "licenses", "participants", "primarypresence", "userdetails"}
_NESTED = re.compile(rf"(?:{_STEP}[./])+{_STEP}")
_POWERSHELL_DATE = re.compile(r"\\?/Date\(-?\d+(?:[+-]\d{4})?\)\\?/")
_PYTHON = re.compile(r"\s*(?:[ub]?'|(?:True|False|None|nan)\b|datetime\.|Decimal\()")
_POWERSHELL_OBJECT = re.compile(
    r"@\{|(?:(?:Selected|Deserialized)\.)*(?:"
    r"System\.(?:(?:Object|DBNull|Collections|Management\.Automation)\b|[\w.`]+\[)"
    r"|Microsoft\.PowerShell\.)"
)


def remedy_of_header(names: Sequence[str]) -> str | None:
    """What to do about a header that lacks columns, if it tells what made the file."""
    names = [name[:LONGEST_NAME] for name in names]
    first = names[0].strip() if names else ""
    if first.upper().startswith("#TYPE"):
        return (
            "The first line is the #TYPE that Export-Csv of Windows PowerShell writes; export "
            "with -NoTypeInformation, or delete that line"
        )
    if re.match(r"sep=", first, re.IGNORECASE):
        return "The first line is a hint for Excel; delete that line"
    if re.match(r"<(!doctype|html|\?xml)", first, re.IGNORECASE):
        return "This is a page of the web, perhaps a sign-in; export the file again"
    if first.startswith(("{", "[")):
        return "This is JSON, or an object of Python: write it with json.dump and name it .json"
    if {"message", "code", "status"} <= {name.strip().lower() for name in names}:
        return "This is an error of the platform and no answer; fetch it again"
    flattened = [name for name in names if _NUMBERED.search(name)]
    nested = [name for name in names if _NESTED.fullmatch(name.strip())]
    if flattened or len(nested) > 1:
        return (
            f"A converter from JSON to CSV made columns like '{shown((flattened or nested)[:1])}'; "
            "deliver the JSON as the platform answered it"
        )
    lists = [name for name in names if name.strip().replace("_", "").lower() in _LISTS]
    if lists:
        return (
            f"'{shown(lists[:1])}' is a list of the platform's answer, which a row cannot hold; "
            "deliver the JSON as the platform answered it"
        )
    return None


def refuse_stringified(value: object) -> None:
    """Refuse a text that PowerShell wrote in the place of an object."""
    if isinstance(value, str) and _POWERSHELL_OBJECT.match(value):
        raise UnreadableError(
            f"has the text '{shown([value])}' in the place of an object, as ConvertTo-Json and "
            "Export-Csv of PowerShell write it; convert with ConvertTo-Json -Depth 100, or save "
            "the answer as it came"
        )


def refuse_foreign_time(value: object) -> None:
    """Refuse a time as Windows PowerShell writes it into JSON."""
    if isinstance(value, str) and _POWERSHELL_DATE.fullmatch(value):
        raise UnreadableError(
            f"has times like {shown([value])}, as ConvertTo-Json of Windows PowerShell writes "
            "them; convert with PowerShell 7, or save the answer as it came (Invoke-WebRequest "
            "-OutFile)"
        )


def remedy_of_json(text: str, fault: str) -> str | None:
    """What to do about a text that is no JSON, if it tells what made the file.

    `text` begins where the value does that is none, `fault` where it stops being one.
    """
    start = text.lstrip("\ufeff \t\r\n[")[:200]
    if start.startswith("@{"):
        return (
            "It is the text of a PowerShell object; write it with ConvertTo-Json -Depth 100, or "
            "save the answer as it came"
        )
    if re.match(r"<(!doctype|html|\?xml)", start, re.IGNORECASE):
        return "It is a page of the web, perhaps a sign-in; fetch the answer again"
    if re.match(r"HTTP/\d", start):
        return "It begins with the headers of the answer; save its body alone (curl without -i)"
    if _PYTHON.match(fault) or re.match(r"[A-Z]\w+\(", start):
        return (
            "It is written with Python's str(), which has single quotes, True and None; write it "
            "with json.dump, not with print or str"
        )
    if re.match(r"\s*[A-Za-z_]\w*\s*:", fault):
        return "Its keys are without quotes, as JavaScript shows objects; use JSON.stringify"
    if re.match(r"\s*,?\s*[\]}]", fault):
        return "There is a comma before a closing bracket; remove it, or save the answer as it came"
    return None
