"""Knows the tool that made a file by what it leaves in it, and how to have it write a good one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cx_billing.formats.common import UnreadableError, shown

_STEP = r"[A-Za-z_]\w*"
# `userDetails.0.userId`, `userDetails[0].userId`, `userDetails/0/userId`, `userDetails__0__userId`
_NUMBERED = re.compile(rf"{_STEP}(?:[./]\d+(?:[./]|$)|\[\d+\]|__\d+(?:__|$))")
_LISTS = {"conversations", "entities", "licenses", "participants", "primarypresence", "userdetails"}
_NESTED = re.compile(rf"(?:{_STEP}[./])+{_STEP}")
_POWERSHELL_DATE = re.compile(r"\\?/Date\(-?\d+(?:[+-]\d{4})?\)\\?/")
_POWERSHELL_OBJECT = re.compile(
    r"@\{|System\.(?:Object\[\]|Collections\.|Management\.Automation\.)"
)


def remedy_of_header(names: Sequence[str]) -> str | None:
    """What to do about a header that lacks columns, if it tells what made the file."""
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


def remedy_of_json(text: str) -> str | None:
    """What to do about a text that is no JSON, if it tells what made the file."""
    start = text.lstrip("\ufeff \t\r\n[")[:200]
    if re.match(r"\{\s*'", start):
        return (
            "It is the text of a Python object, with single quotes; write it with json.dump, "
            "not with print or str"
        )
    if start.startswith("@{"):
        return (
            "It is the text of a PowerShell object; write it with ConvertTo-Json -Depth 100, or "
            "save the answer as it came"
        )
    if re.match(r"<(!doctype|html|\?xml)", start, re.IGNORECASE):
        return "It is a page of the web, perhaps a sign-in; fetch the answer again"
    return None
