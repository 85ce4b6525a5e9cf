"""Files that a tool has changed: refused with the name of the tool and what to do."""

from __future__ import annotations

import pytest

REFUSED = {
    "export_csv": (
        "user_presence",
        "f.csv",
        "#TYPE System.Management.Automation.PSCustomObject\r\n"
        '"userId","systemPresence","startTime"\r\n"u1","BUSY","2026-01-20T09:00:00Z"\r\n',
        ["#TYPE", "Export-Csv", "-NoTypeInformation"],
    ),
    "hint_of_excel": ("users", "f.csv", "sep=;\nuser_id;email\nu1;a@x\n", ["Excel", "delete"]),
    "flattened_with_dots": (
        "user_presence",
        "f.csv",
        "userDetails.0.userId,userDetails.0.primaryPresence.0.startTime\nu1,2026-01-20T09:00:00Z\n",
        ["userDetails.0.userId", "deliver the JSON"],
    ),
    "flattened_with_brackets": (
        "message_interactions",
        "f.csv",
        "conversations[0].conversationId,totalHits\nc1,1\n",
        ["converter", "deliver the JSON"],
    ),
    "flattened_with_slashes": (
        "license_assignments",
        "f.csv",
        "entities/0/id,entities/0/licenses/0\nu1,cloudCX2\n",
        ["converter", "deliver the JSON"],
    ),
    "flattened_without_numbers": (
        "user_presence",
        "f.csv",
        "userId,primaryPresence.startTime,primaryPresence.systemPresence\nu1,2026-01-20,BUSY\n",
        ["primaryPresence.startTime", "deliver the JSON"],
    ),
    "list_in_a_cell": (
        "user_presence",
        "f.csv",
        "userId,primaryPresence\nu1,System.Object[]\n",
        ["'primaryPresence' is a list", "deliver the JSON"],
    ),
    "page_of_the_web": ("users", "f.csv", "<!DOCTYPE html>\n<html></html>\n", ["sign-in"]),
    "date_of_windows_powershell": (
        "user_presence",
        "f.json",
        r'{"userDetails": [{"userId": "u1", "primaryPresence": [{"systemPresence": "BUSY", '
        r'"startTime": "\/Date(1768899600000)\/"}]}]}',
        ["/Date(1768899600000)/", "ConvertTo-Json", "PowerShell 7"],
    ),
    "date_of_windows_powershell_in_a_row": (
        "license_assignments",
        "f.json",
        '{"user_id": "u1", "license": "cx2", "assigned_from": "/Date(1768899600000+0100)/"}',
        ["/Date(1768899600000+0100)/"],
    ),
    "date_of_windows_powershell_in_a_conversation": (
        "message_interactions",
        "f.json",
        '{"conversations": [{"conversationId": "c1", "conversationStart": "/Date(1768899600000)/", '
        '"participants": [{"purpose": "customer", "sessions": [{"mediaType": "message"}]}]}]}',
        ["/Date(1768899600000)/"],
    ),
    "objects_too_deep": (
        "user_presence",
        "f.json",
        '{"userDetails": [{"userId": "u1", "primaryPresence": ["@{startTime=x}"]}]}',
        ["@{startTime=x}", "-Depth 100"],
    ),
    "one_object_too_deep": (
        "user_presence",
        "f.json",
        '{"userDetails": "@{userId=u1; primaryPresence=System.Object[]}"}',
        ["@{userId=u1", "-Depth 100"],
    ),
    "list_too_deep": (
        "message_interactions",
        "f.json",
        '{"conversations": [{"conversationId": "c1", "participants": "System.Object[]"}]}',
        ["System.Object[]", "-Depth 100"],
    ),
    "list_of_words_too_deep": (
        "message_interactions",
        "f.json",
        '{"conversations": [{"conversationId": "c1", "participants": "System.String[]"}]}',
        ["System.String[]", "-Depth 100"],
    ),
    "type_of_an_object_in_its_place": (
        "user_presence",
        "f.json",
        '{"userDetails": [{"userId": "u1", '
        '"primaryPresence": "Microsoft.PowerShell.Commands.GroupInfo"}]}',
        ["Microsoft.PowerShell.Commands.GroupInfo", "-Depth 100"],
    ),
    "text_of_a_powershell_object": (
        "user_presence",
        "f.json",
        "@{userDetails=System.Object[]}",
        ["not valid JSON", "ConvertTo-Json"],
    ),
    "text_of_a_python_object": (
        "user_presence",
        "f.json",
        "{'user_details': [], 'total_hits': None}",
        ["not valid JSON", "json.dump"],
    ),
    "list_of_python_objects": (
        "user_presence",
        "f.json",
        "[{'id': 'x', 'on': True, 'v': None}]",
        ["not valid JSON", "Python's str()", "json.dump"],
    ),
    "words_of_python_in_json": (
        "user_presence",
        "f.json",
        '[{"userId": "u1"}, {"userId": None}]',
        ["not valid JSON", "Python's str()"],
    ),
    "a_line_of_python": (
        "users",
        "f.ndjson",
        '{"user_id": "u1", "email": "a@x"}\n{\'user_id\': \'u2\'}\n',
        ["line 2", "Python's str()"],
    ),
    "text_of_a_class": ("users", "f.json", "UserEntityListing(entities=[])", ["Python's str()"]),
    "object_of_javascript": ("users", "f.json", "{entities: []}", ["JSON.stringify"]),
    "comma_too_many": ("users", "f.json", '[{"id": "u1"},]', ["comma before a closing bracket"]),
    "headers_of_the_answer": ("users", "f.json", "HTTP/1.1 200 OK\n\n[]", ["curl without -i"]),
    "json_named_csv": ("users", "f.csv", "{'id': 'u1'}\n", ["json.dump", "name it .json"]),
    "error_of_the_platform": (
        "users",
        "f.json",
        '{"message": "Rate limit", "code": "too.many.requests", "status": 429}',
        ["error of the platform"],
    ),
    "sign_in_instead_of_json": ("users", "f.json", "<html><body>Sign in", ["sign-in"]),
}


@pytest.mark.parametrize(
    ("dataset", "name", "text", "expected"), REFUSED.values(), ids=list(REFUSED)
)
def test_a_refusal_names_the_tool_and_the_remedy(warehouse, dataset, name, text, expected):
    message = warehouse.refusal(text, name=name, dataset=dataset)
    for words in expected:
        assert words in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("f.csv", "user_id,address,version.note\nu1,a@x,1\n"),
        ("f.csv", "user_id,mail\nu1,a@x\n"),
        ("f.json", '[{"user_id": "u1"}]'),
    ],
)
def test_a_plain_mistake_is_blamed_on_no_tool(warehouse, name, text):
    message = warehouse.refusal(text, name=name, dataset="users")
    assert "lacks required columns: email" in message
    assert "converter" not in message and "PowerShell" not in message


def test_texts_that_only_look_alike_are_landed(warehouse):
    """A name, an account or a note may begin as they like."""
    rows = [{"user_id": "u1", "email": "a@x", "name": "/Date(of birth)/"}]
    assert warehouse.landed(rows, name="f.json", dataset="users").rows == 1
