"""`reveal`: who has the key learns whom a key or a masked id stands for, and nobody else."""

from __future__ import annotations

import secrets

import pytest

from command_line import cx_billing
from cx_billing import customer_key, warehouse
from cx_billing.customer_key import KEY_FILE

KEYS = {
    "origin_key": ("call_audit", "origin_key", "+49 151 73{} 0001"),
    "destination_key": ("call_audit", "destination_key", "sip:(0151) 73{}-0002@10.73.{}.1"),
    "number_key": ("inventory_audit", "number_key", "+49 151 73{} 0009"),
    "customer_account_key": (
        "conversations",
        "customer_account_key",
        "erika.muster{}@mail.example",
    ),
    "user_id, an e-mail": ("billable_users", "user_id", "erika.muster{}@mail.example"),
    "user_id, a number": ("billable_users", "user_id", "+49 151 73{} 0001"),
    "integration_id": ("conversations", "integration_id", "+49 151 73{} 0001"),
    "invoice_number": ("vendor_invoices", "invoice_number", "V-erika.muster{}@mail.example"),
}


def read_keys(planted, mart: str, column: str, org_id: str) -> list[str]:
    with warehouse.connect(planted.home) as reader:
        found = reader.execute(
            f"select distinct {column} from marts.{mart} where org_id = $1 and {column} <> 'u3' "
            "and not starts_with({column}, 'i1')".replace("{column}", column),
            [org_id],
        ).fetchall()
    return [key for [key] in found]


@pytest.mark.parametrize("kind", KEYS)
def test_the_owner_of_the_key_sees_who_it_is(kind, planted):
    mart, column, value = KEYS[kind]
    for org_id, number in (("acme", 11), ("zeta", 22)):
        said = "".join(
            cx_billing("--home", planted.home, "reveal", org_id, "--", key)
            for key in read_keys(planted, mart, column, org_id)
        )
        assert value.format(number, number) + "  (" in said
        assert f"({number}" in said or f"{org_id}/" in said


def test_a_key_is_of_its_organization_alone(planted):
    [key, *_] = read_keys(planted, "call_audit", "origin_key", "acme")
    said = cx_billing("--home", planted.home, "reveal", "zeta", key, code=2)
    assert "Nothing that was landed of zeta has this key" in said


def test_without_the_key_nobody_sees_it(planted, monkeypatch):
    [key, *_] = read_keys(planted, "call_audit", "origin_key", "acme")
    monkeypatch.setenv(customer_key.VARIABLE, secrets.token_hex(32))
    said = cx_billing("--home", planted.home, "reveal", "acme", key, code=2)
    assert "with another key" in said
    monkeypatch.delenv(customer_key.VARIABLE)
    hidden = planted.home / f".{KEY_FILE}.aside"
    (planted.home / KEY_FILE).rename(hidden)
    try:
        said = cx_billing("--home", planted.home, "reveal", "acme", key, code=2)
        assert "There is no key" in said
        assert not (planted.home / KEY_FILE).exists(), "none is made to look something up"
    finally:
        hidden.rename(planted.home / KEY_FILE)


@pytest.mark.parametrize(
    "masked, why",
    [
        ("***4477", "is no key and no masked id"),
        ("", "is no key and no masked id"),
        ("0" * 32, "are of several values"),
        ("0" * 64, "Nothing that was landed of acme"),
        ("***@x.example~" + "0" * 12, "Nothing that was landed of acme"),
    ],
)
def test_what_cannot_be_revealed_is_said(masked, why, planted):
    assert why in cx_billing("--home", planted.home, "reveal", "acme", "--", masked, code=2)


def test_an_organization_without_files_is_said(planted):
    said = cx_billing("--home", planted.home, "reveal", "nobody", "0" * 64, code=2)
    assert "No file of nobody is in the lake" in said
