"""What the platform says about billing: overviews, contracts, periods, invoices, requests."""

from __future__ import annotations

import csv
import json
import logging
from pathlib import Path

import pytest

from cx_billing import extract, landing
from cx_billing.extract import contracts, overview, usage
from platform_billing import CONTRACTS, OVERVIEW, PDF, PERIODS, TRUSTEE, USAGE
from platform_history import DAY, Fault, at
from pulling import AFTER_ALL, command, covered, files, pages_of, pull, said

pytestmark = pytest.mark.usefixtures("waits", "credentials")

INVOICES = f"{CONTRACTS}/invoices"
NEEDED = {"until": AFTER_ALL}


def only(*datasets: str) -> dict:
    return {"datasets": list(datasets), **NEEDED}


def test_all_of_it_can_be_landed(platform, tmp_path):
    names = [usage.USAGE, overview.OVERVIEW, contracts.CHARGES, contracts.INVOICES]
    report = pull(platform, tmp_path / "inbox", **only(*names, contracts.CONTRACTS))
    assert not report.denied
    landed = landing.land(tmp_path / "inbox", tmp_path / "home")
    assert not landed.refused
    rows = {name: 0 for name in names}
    for file in landed.landed:
        rows[file.dataset] += file.rows
    assert rows[usage.USAGE] == 90, "a row a day"
    assert rows[overview.OVERVIEW] == 3 and rows[contracts.INVOICES] == 6
    assert rows[contracts.CHARGES] >= 3


# The usage query


def test_the_usage_query_is_asked_for_by_the_month_and_the_day(platform, tmp_path):
    platform.now = at("2025-03-20T12:00:00")
    pull(platform, tmp_path, **only(usage.USAGE))
    assert [(f"{s:%m-%d}", f"{e:%m-%d}") for s, e in platform.usage_queries] == [
        ("01-10", "02-10"),
        ("02-10", "03-10"),
        ("03-10", "03-20"),
    ]
    assert list(covered(tmp_path, usage.USAGE).values())[-1] == (
        *("2025-03-10T00:00", "2025-03-20T00:00", ""),
    )
    days = [row["date"] for page in pages_of(*files(tmp_path).values()) for row in page["results"]]
    assert len(days) == len(set(days)) == 69
    pull(platform, tmp_path, **only(usage.USAGE))
    assert len(platform.usage_queries) == 4, "the month that is not over is asked for again"


@pytest.mark.parametrize("kind", ["400", "410", "failed", "repeated", "circular"])
def test_a_usage_query_that_does_not_fit_together_is_begun_anew(platform, tmp_path, kind):
    given = only(usage.USAGE) | {"until": at("2025-02-10").date()}
    pull(platform, tmp_path / "honest", **given)
    fault = Fault(f"{USAGE}/2/results", kind, after=2)
    platform.faults.append(fault)
    assert not pull(platform, tmp_path / "passing", **given).denied
    assert not fault.times and len(platform.usage_queries) == 3
    assert files(tmp_path / "passing") == files(tmp_path / "honest")
    platform.faults += [Fault(f"{USAGE}/{number}/results", kind, 99, 2) for number in (4, 5, 6)]
    (denied,) = pull(platform, tmp_path / "lasting", **given).denied
    assert "incomplete" in denied and "3 times" in denied
    assert not files(tmp_path / "lasting")


def test_a_usage_query_that_never_ends_ends_the_run(platform, tmp_path):
    platform.faults.append(Fault(f"{USAGE}/1/results", "slow", times=999))
    with pytest.raises(extract.UnavailableError, match="still Running"):
        pull(platform, tmp_path, **only(usage.USAGE))


# The subscription overview


def test_an_overview_says_its_period_even_where_the_platform_does_not(platform, tmp_path):
    pull(platform, tmp_path, **only(overview.OVERVIEW))
    told = pages_of(*files(tmp_path).values())
    assert [page["billingPeriodStartDate"] for page in told] == [
        *("2025-01-10T00:00:00Z", "2025-02-10T00:00:00Z", "2025-03-10T00:00:00Z")
    ]
    assert [page["usages"][0]["usageQuantity"] for page in told] == ["130.50", "131.50", "132.50"]
    assert next(iter(covered(tmp_path, overview.OVERVIEW).values())) == (
        *("2025-01-10T00:00", "2025-02-10T00:00", ""),
    )
    asked = len(platform.asked_of(OVERVIEW))
    pull(platform, tmp_path, **only(overview.OVERVIEW))
    assert len(platform.asked_of(OVERVIEW)) == asked, "periods that are over do not change"


def test_an_overview_of_another_period_is_none(platform, tmp_path):
    platform.faults.append(Fault(OVERVIEW, "shifted", after=1))
    (denied,) = pull(platform, tmp_path, **only(overview.OVERVIEW)).denied
    assert "the overview of 2025-02-10_2025-03-10 tells of 2025-01-10_2025-02-10" in denied
    assert len(files(tmp_path)) == 2


def test_a_partner_pulls_the_overview_of_a_customer_and_nothing_else(platform, tmp_path):
    words = said(*command(platform, tmp_path, "--trustor", "customer-7"), code=0)
    assert "Pages pulled: 2" in words
    assert [
        asked["billingPeriodIndex"] for asked in platform.asked_of(f"{TRUSTEE}/customer-7")
    ] == [*("0", "1", "2", "3", "4")]
    assert {name.split("/")[1] for name in files(tmp_path)} == {overview.OVERVIEW}
    again = [*command(platform, tmp_path, "--trustor", "customer-8")]
    assert "was filled from the organization customer-7" in said(*again, code=2)
    both = [*again, "--dataset", "user_presence"]
    assert "leave out --dataset" in said(*both, code=2)


def test_a_customer_whose_period_comes_twice_is_denied(platform, tmp_path):
    platform.faults.append(Fault(f"{TRUSTEE}/customer-7", "repeated", after=2))
    report = pull(platform, tmp_path, trustor="customer-7", **NEEDED)
    assert "tells the period 2025-03-10_2025-04-10 once more" in report.denied[0]


# Contracts and their periods


def test_charges_and_wallets_come_by_period_and_closed_ones_once(platform, tmp_path):
    platform.now = at("2025-03-20T12:00:00")
    pull(platform, tmp_path, **only(contracts.CHARGES))
    found = sorted(files(tmp_path))
    assert [Path(name).name for name in found] == [
        "period_2025-01-10_2025-02-10_period-0.json",
        "period_2025-02-10_2025-03-10_period-1.json",
        "period_2025-03-10_2025-04-10_period-2.json",
    ]
    newest = pages_of(files(tmp_path)[found[-1]])[0]
    assert newest["wallets"][0]["balanceConsumption"] == 300.5 and newest["status"] == "Open"
    told = covered(tmp_path, contracts.CHARGES)[Path(found[-1]).name]
    assert told == ("2025-03-10T00:00", "2025-03-20T12:00", "")
    platform.asked.clear()
    pull(platform, tmp_path, **only(contracts.CHARGES))
    periods = [path for _, path, _ in platform.asked if "/billingperiods/" in path]
    assert [path.rpartition("/")[2] for path in periods] == ["period-2"]


def test_drafts_of_contracts_say_what_is_not_known(platform, tmp_path):
    report = pull(platform, tmp_path / "inbox", **only(overview.OVERVIEW, contracts.CONTRACTS))
    aside = tmp_path / "inbox/acme/not_landed"
    (note,) = report.notes
    assert str(aside / "contracts_2025-04-20.md") in note
    with (aside / "contracts_2025-04-20.csv").open() as file:
        first, second = csv.DictReader(file)
    assert first == {
        "contract_id": "k/1",
        "org_name": "Acme Air",
        "region": "",
        "license_model": "",
        "billing_option": "prepay_monthly_commitment",
        "currency": "EUR",
        "effective_date": "2025-01-10",
        "ramp_end_date": "2025-02-10",
        "term_end_date": "2026-01-10",
    }
    assert second["contract_id"] == "k2"
    with (aside / "contract_items_2025-04-20.csv").open() as file:
        items = [tuple(row.values()) for row in csv.DictReader(file)]
    name = "Genesys Cloud CX 3 Named User"
    assert items == [
        ("k/1", name, "120", "110.1", "132.125", "2025-01-10", "2025-03-10"),
        ("k/1", name, "150", "110.1", "132.125", "2025-03-10", "2026-01-10"),
        ("k/1", "AI Experience Tokens", "", "", "", "2025-01-10", ""),
    ]
    words = (aside / "contracts_2025-04-20.md").read_text()
    for known in (
        "Contract k/1 (number Q-77, Active, commercial model Annual): not known are region, "
        "license_model.",
        "AI Experience Tokens from 2025-01-10: overage_rate could be 0.9, 1.0.",
        "AI Experience Tokens from 2025-01-10: no committed_quantity is told.",
        f"{name}: a discount of 5.5 is not taken off.",
    ):
        assert known in words


def test_drafts_can_be_completed_and_landed(platform, tmp_path):
    inbox = tmp_path / "inbox"
    pull(platform, inbox, **only(overview.OVERVIEW, contracts.CONTRACTS))
    aside = inbox / "acme/not_landed"
    for dataset in ("contracts", "contract_items"):
        text = (aside / f"{dataset}_2025-04-20.csv").read_text()
        (inbox / "acme" / dataset).mkdir()
        (inbox / "acme" / dataset / "k.csv").write_text(text)
    report = landing.land(inbox, tmp_path / "home")
    assert not report.refused and not [w for w in report.warnings if "not_landed" in w]
    before = sorted(aside.iterdir())
    (aside / "contracts_2025-04-20.csv").write_text("what somebody typed")
    platform.now += DAY
    assert not pull(platform, inbox, **only(contracts.CONTRACTS)).notes
    assert sorted(aside.iterdir()) == before, "what was not told anew is not written anew"
    assert (aside / "contracts_2025-04-20.csv").read_text() == "what somebody typed"


@pytest.mark.parametrize("kind", ["repeated", "circular", "400"])
def test_a_list_of_contracts_that_does_not_fit_together_is_asked_again(platform, tmp_path, kind):
    after = 0 if kind == "circular" else 1
    platform.faults.append(Fault(CONTRACTS, kind, after=after))
    assert not pull(platform, tmp_path / "passing", **only(contracts.CHARGES)).denied
    assert len(files(tmp_path / "passing")) >= 3
    platform.faults += [Fault(CONTRACTS, kind, times=99, after=after)]
    (denied,) = pull(platform, tmp_path / "lasting", **only(contracts.CHARGES)).denied
    assert kind == "400" or "incomplete" in denied
    assert not files(tmp_path / "lasting")


def test_an_answer_about_something_else_is_not_kept(platform, tmp_path):
    platform.faults += [Fault("/period-1", "empty")]
    report = pull(platform, tmp_path, **only(contracts.CHARGES))
    assert (
        "no list of charges" in report.denied[0] and "billing period period-1" in report.denied[0]
    )
    assert not [name for name in files(tmp_path) if "period-1" in name]
    platform.faults += [Fault(f"{CONTRACTS}/k2", "shifted")]
    report = pull(platform, tmp_path / "other", **only(contracts.CHARGES))
    assert "asked for k2, and got k3" in report.denied[0]


@pytest.mark.parametrize("path", [CONTRACTS, INVOICES, PERIODS])
def test_what_the_platform_does_not_offer_is_no_failure(platform, tmp_path, path):
    platform.faults.append(Fault(path, "404", times=99))
    names = [overview.OVERVIEW, contracts.CHARGES, contracts.INVOICES]
    report = pull(platform, tmp_path, **only(*names))
    assert not report.denied
    assert len(report.notes) == 1 and "404" in report.notes[0]
    assert len({name.split("/")[1] for name in files(tmp_path)}) == 2


# Invoices


def test_an_invoice_is_followed_by_its_lines_digit_by_digit(platform, tmp_path):
    pull(platform, tmp_path, **only(contracts.INVOICES))
    found = files(tmp_path)
    assert sorted(found) == [f"acme/vendor_invoice_lines/invoice_INV-{n}.json" for n in (1, 2, 3)]
    first = found["acme/vendor_invoice_lines/invoice_INV-1.json"]
    invoice, *lines = pages_of(first)
    assert invoice["amount"] == 241.1 and invoice["billToCustomer"]["name"] == "Açme"
    assert [line["entities"][0]["id"] for line in lines] == ["INV-1-0", "INV-1-1"]
    documents = tmp_path / "acme/not_landed/invoices"
    assert (documents / "invoice_INV-3.pdf").read_bytes() == PDF
    platform.asked.clear()
    pull(platform, tmp_path, **only(contracts.INVOICES))
    assert not [path for _, path, _ in platform.asked if "INV" in path]


def test_digits_are_kept():
    body = b'{"entities": [{"id": "i", "amount": 1.10, "big": 12345678901234567890.10, "n": 3}]}'
    (invoice,) = contracts._with_digits(body)["entities"]
    told = contracts._dumped(invoice)
    assert b'"amount": 1.10' in told and b"12345678901234567890.10" in told
    assert json.loads(told)["n"] == 3


def test_lines_that_do_not_sum_to_their_invoice_are_not_kept(platform, tmp_path):
    platform.faults.append(Fault("/INV-2/lines", "empty"))
    (denied,) = pull(platform, tmp_path, **only(contracts.INVOICES)).denied
    assert "invoice INV-2: incomplete, its 1 lines sum to 200.1 and not to 242.1" in denied
    assert len(files(tmp_path)) == 2
    assert not pull(platform, tmp_path, **only(contracts.INVOICES)).denied
    assert len(files(tmp_path)) == 3


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/INV-2/document", "shifted", "leads to no address that is safe to ask"),
        ("/documents/INV-2", "empty", "leads to something that is no PDF"),
        ("/documents/INV-2", "403", "the file: 403"),
        ("/documents/INV-2", "redirect", "the file: 307"),
    ],
)
def test_a_document_that_is_none_does_not_cost_the_lines(
    platform, tmp_path, caplog, path, kind, words
):
    caplog.set_level(logging.DEBUG)
    platform.faults += [Fault(path, kind), Fault("/documents/INV-3", "503", times=2)]
    (denied,) = pull(platform, tmp_path, **only(contracts.INVOICES)).denied
    assert words in denied
    assert "/document" in caplog.text and "s3cret" not in denied + caplog.text
    assert len(files(tmp_path)) == 3
    assert not pull(platform, tmp_path, **only(contracts.INVOICES)).denied
    assert len(list(tmp_path.rglob("*.pdf"))) == 3
