"""A final invoice that changes is told: which line, from what to what, and what came since."""

from __future__ import annotations

import pytest

from command_line import cells, cx_billing
from cx_billing import builds, changes, pages, warehouse
from published_marts import publish_marts


def find(home) -> changes.Changes | None:
    """What the published build changed."""
    with warehouse.connect(home) as connection:
        return changes.find_changes(home, connection)


def compare(home, changed: str) -> changes.Changes:
    """Publish build 7, then build 8 with the changes; what differs."""
    publish_marts(home)
    publish_marts(home, 8, changed)
    found = find(home)
    assert found.since == 7
    return found


def test_without_an_earlier_build_there_is_nothing_to_compare(tmp_path):
    assert find(publish_marts(tmp_path)) is None
    assert "No earlier build is kept." in cx_billing("--home", tmp_path, "status")


def test_a_home_without_a_build_says_how_to_make_one(tmp_path):
    assert "cx-billing build" in cx_billing("--home", tmp_path, "status", code=2)


def test_an_equal_build_changes_nothing(tmp_path):
    found = compare(tmp_path, "")
    assert (found.lines, found.files) == ((), ())
    assert "Every invoice that was final is as it was." in cx_billing("--home", tmp_path, "status")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            "update marts.invoice_lines set amount = 1240, quantity = 1004.5 "
            "where invoice_line_id = '2'",
            "Outbound (usage from 2026-03-05) was 1,234.50 USD for 1,000.1 at 0.0045, "
            "is 1,240.00 USD for 1,004.5 at 0.0045",
        ),
        (
            "delete from marts.invoice_lines where invoice_line_id = '2'",
            "Outbound (usage from 2026-03-05) was 1,234.50 USD for 1,000.1 at 0.0045, "
            "is no longer there",
        ),
        (
            "insert into marts.invoice_lines by name "
            "select * replace ('9' as invoice_line_id, 'Late' as description, 2.5 as amount) "
            "from marts.invoice_lines where invoice_line_id = '2'",
            "Late (usage from 2026-03-05) was not there, is 2.50 USD for 1,000.1 at 0.0045",
        ),
        (
            "delete from marts.invoices where org_id = 'kaze'; "
            "delete from marts.invoice_lines where org_id = 'kaze'",
            "Phone (one-time from 2026-03-20) was 15,000 JPY for 1 at 15,000, is no longer there",
        ),
        (
            "update marts.invoice_lines set unit_price = 1.5 where invoice_line_id = '3'",
            "CX 3[/red] <script> (usage from 2026-03-05) was 0.00 USD for 7 at 155.00, "
            "is 0.00 USD for 7 at 1.50",
        ),
        (
            "update marts.invoice_lines set currency = 'EUR' where invoice_line_id = '1'",
            "State tax (tax from 2026-03-05) was 12.35 USD for 1 at 12.35, "
            "is 12.35 EUR for 1 at 12.35",
        ),
    ],
)
def test_a_changed_line_says_from_what_to_what(tmp_path, changed, told):
    (line,) = compare(tmp_path, changed).lines
    assert pages.describe_change(line).endswith(told)


@pytest.mark.parametrize(
    "changed",
    [
        # The invoice was accruing.
        "update marts.invoice_lines set amount = 9 where invoice_line_id = '5'",
        # Another sentence of a description is not another bill.
        "update marts.invoice_lines set description = 'Calls' where invoice_line_id = '2'",
        # A day later the next invoice is final too.
        "update marts.invoice_lines set invoice_status = 'final' where invoice_line_id = '5'; "
        "update marts.invoices set invoice_status = 'final'",
        # An organization that is new has a past.
        "insert into marts.invoice_lines by name select * replace ('new' as org_id, '9' as "
        "invoice_line_id) from marts.invoice_lines where invoice_line_id = '2'",
        # Seen as of an earlier day the invoice is accruing again, with other lines.
        "update marts.invoices set invoice_status = 'accruing' where org_id = 'acme'; "
        "update marts.invoice_lines set invoice_status = 'accruing' where org_id = 'acme'; "
        "delete from marts.invoice_lines where invoice_line_id = '1'",
        # Seen as of an earlier day still, it is not there yet.
        "update marts.billing_cycles set usage_through_at = '2026-03-20'; "
        "delete from marts.invoices; delete from marts.invoice_lines",
    ],
)
def test_what_is_no_change_of_a_final_invoice(tmp_path, changed):
    assert compare(tmp_path, changed).lines == ()


def test_the_files_that_came_and_went_are_named(tmp_path):
    found = compare(
        tmp_path,
        "update marts.load_audit set withdrawn_at = '2026-05-03' where file_id = 'f1'; "
        "insert into marts.load_audit by name select * replace ('f9' as file_id, 'acme' as org_id,"
        " 'acme/voice_usage/late.csv' as source_file, 3 as rows_accepted) "
        "from marts.load_audit where file_id = 'f2'; "
        "delete from marts.invoice_lines where invoice_line_id in ('2', '4')",
    )
    assert pages.describe_cause(found, "acme") == (
        "withdrawn: acme/voice_usage/a.csv (rows accepted: 10); "
        "landed: acme/voice_usage/late.csv (rows accepted: 3)"
    )
    assert pages.describe_cause(found, "kaze").startswith("no file came or went")
    output = cx_billing("--home", tmp_path, "status")
    assert cells(output, "kaze")[1:] == [
        *(
            "2026-04-10",
            "Phone",
            "One-time",
            "2026-03-20",
            "1",
            "15,000",
            "15,000",
            "-15,000",
            "JPY",
        )
    ]
    assert "acme/voice_usage/late.csv" in output


@pytest.mark.parametrize(
    ("before", "now", "stops"),
    [
        # Exactly the factor is within the limits, a cent more is not.
        ("2000.00", "20000.00", False),
        ("2000.00", "20000.01", True),
        ("20000.01", "2000.00", True),
        # A small change never stops, one of the smallest change does.
        ("0.00", "9999.99", False),
        ("0.00", "10000.00", True),
        ("-10000.00", "0.00", True),
        ("50000.00", "70000.00", False),
    ],
)
def test_an_implausible_total_of_a_final_invoice_is_found(tmp_path, before, now, stops):
    total = "update marts.invoices set total_amount = {} where invoice_id = 'acme-2026-04-05'"
    publish_marts(tmp_path, 7, total.format(before))
    publish_marts(tmp_path, 8, total.format(now))
    new = tmp_path / "builds" / "8" / builds.PUBLISHED
    builds.publish(tmp_path, tmp_path / "builds" / "7" / builds.PUBLISHED)
    found = changes.find_implausible_invoices(tmp_path, new)
    assert [(row["org_id"], str(row["invoice_date"])) for row in found] == (
        [("acme", "2026-04-05")] if stops else []
    )


@pytest.mark.parametrize(
    "changed",
    [
        # It is the accruing one.
        "update marts.invoices set total_amount = 90000 where invoice_id = 'acme-2026-05-05'",
        # It was accruing, and is final now.
        "update marts.billing_cycles set usage_through_at = '2026-05-06'; "
        "update marts.invoices set total_amount = 90000, invoice_status = 'final' "
        "where invoice_id = 'acme-2026-05-05'",
        # Seen as of an earlier day it is accruing again.
        "update marts.invoices set total_amount = 0, invoice_status = 'accruing' "
        "where invoice_id = 'kaze-2026-04-10'",
        # Seen as of an earlier day still, it is not there yet.
        "update marts.billing_cycles set usage_through_at = '2026-03-20'; "
        "delete from marts.invoices",
    ],
)
def test_what_is_not_final_may_move(tmp_path, changed):
    publish_marts(tmp_path)
    publish_marts(tmp_path, 8, changed)
    builds.publish(tmp_path, tmp_path / "builds" / "7" / builds.PUBLISHED)
    new = tmp_path / "builds" / "8" / builds.PUBLISHED
    assert changes.find_implausible_invoices(tmp_path, new) == []


def test_a_final_invoice_that_is_gone_moves_to_nothing(tmp_path):
    publish_marts(tmp_path)
    publish_marts(tmp_path, 8, "delete from marts.invoices where org_id = 'kaze'")
    builds.publish(tmp_path, tmp_path / "builds" / "7" / builds.PUBLISHED)
    (row,) = changes.find_implausible_invoices(
        tmp_path, tmp_path / "builds" / "8" / builds.PUBLISHED
    )
    assert (row["total_before"], row["total_now"], row["currency"]) == (16500, 0, "JPY")


def test_a_build_of_version_0_2_knew_no_withdrawn_files(tmp_path):
    publish_marts(tmp_path, 7, "alter table marts.load_audit drop column withdrawn_at")
    publish_marts(tmp_path, 8, "delete from marts.invoice_lines where invoice_line_id = '4'")
    assert [(file.source_file, file.is_new) for file in find(tmp_path).files] == [
        ("kaze/orders/b.csv", False)
    ]


def test_the_build_before_is_the_newest_that_is_older_than_the_published_one(tmp_path):
    for number in (7, 9, 10):
        publish_marts(tmp_path, number)
    assert builds.find_build_before(tmp_path).parent.name == "9"
    builds.publish(tmp_path, tmp_path / "builds" / "9" / builds.PUBLISHED)
    assert builds.find_build_before(tmp_path).parent.name == "7"
    assert builds.find_published(tmp_path) == 9
