"""Answers that say there is more of them: taken with all of it, or refused whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from cx_billing import sidecars
from cx_billing.formats.completeness import Said
from cx_billing.sidecars import Asked
from deliveries import archive

DAY = "license_users_2026-02-10"


def holders(*names: str, **said: object) -> dict:
    """A page of license users."""
    return {"entities": [{"id": name, "licenses": ["cx2"]} for name in names], **said}


def presences(*names: str, **said: object) -> dict:
    """A page of users details, a status each."""
    status = {"startTime": "2026-01-20T09:00:00.000Z", "systemPresence": "ON_QUEUE"}
    return {
        "userDetails": [{"userId": name, "primaryPresence": [status]} for name in names],
        **said,
    }


def invoice(number: str, amount: float, *lines: tuple[str, float], **said: object) -> str:
    """An invoice of the contract API and one page of its lines."""
    head = {"id": number, "dateInvoiced": "2026-03-15", "currencyIsoCode": "USD", "amount": amount}
    items = [
        {"id": line, "product": {"name": "CX 2"}, "quantity": 1, "amount": money}
        for line, money in lines
    ]
    return json.dumps(head) + "\n" + json.dumps({"entities": items, **said})


INCOMPLETE = {
    "page 1 of 2": ("license_assignments", holders("u1", "u2", pageNumber=1, pageCount=2)),
    "page 2 of 2": ("license_assignments", holders("u3", "u4", pageNumber=2, pageCount=2)),
    "fewer than the total": ("license_assignments", holders("u1", total=2)),
    "one twice": ("license_assignments", holders("u1", "u1", total=2)),
    "a next page": ("license_assignments", holders("u1", nextUri="/api/v2/x?pageNumber=2")),
    "a next page without a number": ("license_assignments", holders("u1", nextUri="/x?after=u1")),
    "fewer than the hits": ("user_presence", presences("u1", totalHits=2)),
    "hits without any": ("user_presence", {"totalHits": 2}),
    "a cursor": ("user_presence", presences("u1", cursor="abc==")),
    "keys of an SDK": ("license_assignments", holders("u1", page_number=1, page_count=2)),
    "the hits and a cursor": ("user_presence", presences("u1", totalHits=1, cursor="abc==")),
    "the total and a next page": (
        "license_assignments",
        holders("u1", pageNumber=1, pageCount=1, total=1, nextUri="/x?pageNumber=2"),
    ),
    "the total and a next page without a number": (
        "license_assignments",
        holders("u1", total=1, nextUri="/x?after=u1"),
    ),
    "a cursor on the last of two": (
        "user_presence",
        json.dumps(presences("u1")) + json.dumps(presences("u2", cursor="abc==")),
    ),
    "lines short of the total": ("vendor_invoice_lines", invoice("INV-7", 440, ("l1", 240))),
    "lines beyond the total": ("vendor_invoice_lines", invoice("INV-7", 240, ("l1", 440))),
    "a page of lines": (
        "vendor_invoice_lines",
        invoice("INV-7", 240, ("l1", 240), pageCount=2, pageNumber=1),
    ),
}


@pytest.mark.parametrize("case", INCOMPLETE)
def test_an_incomplete_answer_is_refused_whole(case, warehouse):
    dataset, content = INCOMPLETE[case]
    message = warehouse.refusal(content, f"{DAY}.json", dataset)
    assert "incomplete_answer" in message and "in one run" in message


def test_an_incomplete_answer_that_is_there_twice_is_refused_once(warehouse):
    for name in (f"{DAY}.json", f"{DAY}_again.json"):
        dataset, content = INCOMPLETE["page 1 of 2"]
        warehouse.deliver(content, name, dataset)
    report = warehouse.land()
    assert (len(report.refused), len(report.already_landed), report.landed) == (1, 1, [])


COMPLETE = {
    "the last page alone of one": (
        "license_assignments",
        holders("u1", pageNumber=1, pageCount=1, total=1),
    ),
    "more than was said": ("license_assignments", holders("u1", "u2", pageCount=1, total=1)),
    "nobody": ("license_assignments", holders(total=0, pageCount=0)),
    "both pages": (
        "license_assignments",
        [holders("u1", pageNumber=1, pageCount=2), holders("u2", pageNumber=2, pageCount=2)],
    ),
    "both pages by number": (
        "license_assignments",
        [holders("u1", pageNumber=1, nextUri="/x?pageNumber=2"), holders("u2", pageNumber=2)],
    ),
    "counted pages that lead on by number": (
        "license_assignments",
        [
            holders("u1", pageNumber=1, pageCount=2, total=2, nextUri="/x?pageNumber=2"),
            holders("u2", pageNumber=2, pageCount=2, total=2, nextUri=None),
        ],
    ),
    "counted pages without numbers of their own": (
        "license_assignments",
        [holders("u1", total=2, nextUri="/x?pageNumber=2"), holders("u2", total=2)],
    ),
    "counted pages that lead on by cursor": (
        "user_presence",
        [presences("u1", totalHits=2, cursor="a"), presences("u2", totalHits=2, cursor="")],
    ),
    "no hits": ("user_presence", {"totalHits": 0}),
    "the page after the cursor": (
        "user_presence",
        [presences("u1", cursor="a"), presences("u2", cursor="b"), presences("u3")],
    ),
    "a count on one of two pages": (
        "user_presence",
        [presences("u1", totalHits=2), presences("u2")],
    ),
    "a number on one of two pages": (
        "license_assignments",
        [holders("u1", pageNumber=1, pageCount=2), holders("u2")],
    ),
    "two answers": ("user_presence", [presences("u1", totalHits=1), presences("u2", totalHits=1)]),
    "lines of two pages": (
        "vendor_invoice_lines",
        invoice("INV-7", 440.1, ("l1", 240.05), pageCount=2, total=2)
        + json.dumps({"entities": [{"id": "l2", "product": {}, "amount": 200.05}], "total": 2}),
    ),
}


@pytest.mark.parametrize("case", COMPLETE)
def test_a_complete_answer_is_landed(case, warehouse):
    dataset, content = COMPLETE[case]
    warehouse.landed(content, f"{DAY}.json", dataset)


def outcome(warehouse) -> tuple[list[str], list[str]]:
    """The names of the files that were landed and refused."""
    report = warehouse.land()
    return tuple(
        [file.source_file.split("/")[-1] for file in files]
        for files in (report.landed, report.refused)
    )


def test_pages_in_files_of_one_run_complete_each_other(warehouse):
    for number, names in ((1, ("u1", "u2")), (2, ("u3", "u4"))):
        page = holders(*names, pageNumber=number, pageCount=2, total=4)
        warehouse.deliver(page, f"{DAY}_p{number}.json", "license_assignments")
    assert outcome(warehouse) == ([f"{DAY}_p1.json", f"{DAY}_p2.json"], [])
    assert warehouse.sql("select count(*) from lake") == [(4,)]


def test_files_of_any_name_complete_each_other(warehouse):
    warehouse.deliver(presences("u1", cursor="a"), "z_first.json", "user_presence")
    warehouse.deliver(presences("u2"), "a_last.json", "user_presence")
    assert outcome(warehouse) == (["a_last.json", "z_first.json"], [])


def test_another_run_does_not_complete_a_page(warehouse):
    first = holders("u1", pageNumber=1, pageCount=2, total=2)
    warehouse.deliver(first, f"{DAY}_p1.json", "license_assignments")
    assert outcome(warehouse) == ([], [f"{DAY}_p1.json"])
    second = holders("u2", pageNumber=2, pageCount=2, total=2)
    path = warehouse.deliver(second, f"{DAY}_p2.json", "license_assignments")
    assert outcome(warehouse) == ([f"{DAY}_p1.json", f"{DAY}_p2.json"], [])
    path.write_text(json.dumps(second | {"pageSize": 1}))  # the page before it is in the lake
    assert outcome(warehouse) == ([f"{DAY}_p2.json"], [])


def test_pages_of_another_day_organization_or_dataset_complete_nothing(warehouse):
    first, second = presences("u1", cursor="a"), presences("u2")
    warehouse.deliver(first, "job_2026-01-20_1.json", "user_presence")
    warehouse.deliver(second, "job_2026-01-21_2.json", "user_presence")
    warehouse.deliver(second, "job_2026-01-20_2.json", "user_presence", org="zeta")
    warehouse.deliver(second, "job_2026-01-20_2.json", "routing_status")
    landed, refused = outcome(warehouse)
    assert refused == ["job_2026-01-20_1.json"] and len(landed) == 3


def test_a_complete_pull_does_not_complete_another(warehouse):
    warehouse.deliver(presences("u1", "u2", totalHits=2), "monday.json", "user_presence")
    warehouse.deliver(presences("u3", totalHits=2), "tuesday.json", "user_presence")
    assert outcome(warehouse) == (["monday.json"], ["tuesday.json"])


# What is there, what lies beside it under a number before or after, and why it completes nothing.
WHOLE = {
    "by its hits": (presences("u1", "u2", totalHits=2), presences("u3", totalHits=2)),
    "by its pages": (
        [presences("u1", pageNumber=1, pageCount=2), presences("u2", pageNumber=2, pageCount=2)],
        presences("u3", pageNumber=1, pageCount=2),
    ),
    "by a cursor to its last page": (
        [presences("u1", cursor="a"), presences("u2")],
        presences("u3", cursor="b"),
    ),
    "by the number of its last page": (
        [presences("u1", pageNumber=1, nextUri="/x?pageNumber=2"), presences("u2", pageNumber=2)],
        presences("u3", pageNumber=1, nextUri="/x?pageNumber=2"),
    ),
}


@pytest.mark.parametrize("names", [("p1", "p2"), ("p2", "p1"), ("whole", "open")])
@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_answer_is_no_page_of_the_one_beside_it(case, runs, names, warehouse):
    whole, opened = (f"{name}.json" for name in names)
    warehouse.deliver(WHOLE[case][0], whole, "user_presence")
    if runs == 2:
        assert outcome(warehouse) == ([whole], [])
    warehouse.deliver(WHOLE[case][1], opened, "user_presence")
    assert outcome(warehouse) == ([whole] * (runs == 1), [opened])


def test_a_whole_answer_of_many_is_no_page_of_another_either(warehouse):
    many = [f"u{number}" for number in range(300)]
    whole = [presences(*many, cursor="a"), presences("last")]
    warehouse.deliver(whole, "whole.json", "user_presence")
    assert outcome(warehouse) == (["whole.json"], [])
    warehouse.deliver(presences("x", cursor="b"), "open.json", "user_presence")
    assert outcome(warehouse) == ([], ["open.json"])


def test_a_count_of_hits_may_be_too_low_for_the_first_page_and_too_high_for_the_last(warehouse):
    for number, names in ((1, ("u1", "u2", "u3")), (2, ("u4",))):
        name = f"u_p{number}.json"
        path = warehouse.deliver(presences(*names, totalHits=3), name, "user_presence")
        sidecars.write(path, Asked(at(30), at(10), at(20)))
    assert outcome(warehouse) == (["u_p1.json", "u_p2.json"], [])


def test_pages_in_an_archive_complete_each_other(warehouse):
    pages = {
        f"p{number}.json": json.dumps(presences(f"u{number}", totalHits=2)).encode()
        for number in (1, 2)
    }
    warehouse.deliver(archive(pages), "pages.zip", "user_presence")
    assert outcome(warehouse) == (["p1.json", "p2.json"], [])


@pytest.mark.parametrize("names", [["p1.json", "2026-01-20.zip"], ["2026-01-20.zip", "p1.json"]])
def test_a_page_without_a_day_is_of_the_one_pull_that_has_one(names, warehouse):
    for number, name in enumerate(names):
        page = json.dumps(presences(f"u{number}", totalHits=2)).encode()
        content = archive({f"{number}.json": page}) if name.endswith(".zip") else page
        warehouse.deliver(content, name, "user_presence")
    landed, refused = outcome(warehouse)
    assert (len(landed), refused) == (2, [])
    warehouse.deliver(presences("u8", totalHits=3), "2026-01-21.json", "user_presence")
    warehouse.deliver(presences("u9", totalHits=3), "2026-01-22.json", "user_presence")
    warehouse.deliver(presences("u7", totalHits=3), "p2.json", "user_presence")
    assert outcome(warehouse) == ([], ["2026-01-21.json", "2026-01-22.json", "p2.json"])


def test_lines_of_an_invoice_in_two_files_are_of_one_landing(warehouse):
    warehouse.deliver(invoice("INV-7", 440, ("l1", 240)), "one.json", "vendor_invoice_lines")
    warehouse.deliver(invoice("INV-7", 440, ("l2", 200)), "two.json", "vendor_invoice_lines")
    assert outcome(warehouse) == (["one.json", "two.json"], [])
    assert warehouse.sql("select count(distinct landed_at) from lake") == [(1,)]


def test_a_line_that_comes_with_two_pages_is_one(warehouse):
    page = {"entities": [{"id": "l1", "product": {}, "amount": 240}]}
    content = invoice("INV-7", 240, ("l1", 240)) + json.dumps(page)
    assert warehouse.landed(content, "f.json", "vendor_invoice_lines").rows == 1


def coverage(warehouse) -> list[tuple[str, str, str]]:
    """What the footers say of the time that files cover."""
    return [
        (fact["coverage_basis"], fact.get("covered_from", "")[:19], fact["covered_to"][:19])
        for fact in warehouse.facts().values()
        if "coverage_basis" in fact
    ]


def test_an_availability_date_holds_for_all_pages(warehouse):
    last = presences("u2", dataAvailabilityDate="2026-01-21T13:56:28.000Z")
    warehouse.deliver(presences("u1", cursor="a"), "p1.json", "user_presence")
    warehouse.deliver(last, "p2.json", "user_presence")
    assert outcome(warehouse)[1] == []
    assert coverage(warehouse) == [("query", "", "2026-01-21T13:56:28")] * 2


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "asked, covered",
    [
        (Asked(at(30), at(10), at(20), at(25)), [("query", "2026-01-10", "2026-01-20")]),
        (Asked(at(30), at(10), at(20), at(15)), [("query", "2026-01-10", "2026-01-15")]),
        (Asked(at(12), at(10), at(20)), [("query", "2026-01-10", "2026-01-12")]),
        (Asked(at(30), at(10), at(20), at(9)), []),
        (Asked(at(30)), []),
    ],
    ids=["asked", "available", "not over yet", "not available", "no interval"],
)
def test_a_sidecar_says_what_was_asked_for(asked, covered, warehouse):
    page = presences("u1", dataAvailabilityDate="2026-02-01T00:00:00Z")
    path = warehouse.deliver(page, "p1.json", "user_presence")
    sidecars.write(path, asked)
    assert outcome(warehouse) == (["p1.json"], [])
    assert [(basis, *(day[:10] for day in days)) for basis, *days in coverage(warehouse)] == covered


def test_the_same_answer_for_more_is_another_file(warehouse):
    path = warehouse.deliver(presences(), "p1.json", "user_presence")
    for end in (20, 20, 21):
        sidecars.write(path, Asked(at(30), at(10), at(end)))
        warehouse.land()
    assert sorted(coverage(warehouse)) == [
        ("query", "2026-01-10T00:00:00", "2026-01-20T00:00:00"),
        ("query", "2026-01-10T00:00:00", "2026-01-21T00:00:00"),
    ]


def test_pages_that_were_asked_for_at_once_are_one_answer(warehouse):
    for name, user, hits in (("x.json", "u1", 2), ("y.json", "u2", 3)):
        path = warehouse.deliver(presences(user, f"{user}b", totalHits=hits), name, "user_presence")
        sidecars.write(path, Asked(at(30), at(10), at(20)))
    assert outcome(warehouse) == (["x.json", "y.json"], [])


@pytest.mark.parametrize("text", ["", "[]", '{"interval": 3}', '{"askedAt": "soon"}'])
def test_a_sidecar_that_says_nothing_is_warned_of(text, warehouse):
    path = warehouse.deliver(presences("u1"), "p1.json", "user_presence")
    sidecars.path_beside(path).write_text(text)
    report = warehouse.land()
    assert len(report.landed) == 1 and "cannot be understood" in report.warnings[0]
    path.unlink()
    assert "its answer is not there" in warehouse.land().warnings[0]


def test_a_report_covers_the_period_it_names(warehouse):
    report = {"startDate": "2026-01-10T00:00:00Z", "endDate": "2026-02-09T23:59:59Z", "usages": []}
    warehouse.landed(report, "f.json", "billable_usage_report")
    assert coverage(warehouse) == [("report", "2026-01-10T00:00:00", "2026-02-10T00:00:00")]


def test_what_is_kept_in_a_footer_is_read_back(warehouse):
    warehouse.landed(presences("u1", "u2", totalHits=2), "f.json", "user_presence")
    [facts] = warehouse.facts().values()
    said = Said.loads(facts["said"])
    assert said.dumps() == facts["said"] and len(said.pages[0].ids) == 2


# An answer that came in several files is one.


def of_answers(warehouse) -> list[tuple[str, str | None, str]]:
    """Which answer the files of the lake are of, by their names, as the first file of it."""
    facts = sorted(warehouse.facts().values(), key=lambda fact: fact.get("source_file", ""))
    facts = [fact for fact in facts if "source_file" in fact]
    first = {fact.get("answer_id"): fact["source_file"] for fact in reversed(facts)}
    return [
        (
            fact["source_file"].split("/", 2)[2],
            first[fact["answer_id"]].split("/", 2)[2] if "answer_id" in fact else None,
            fact.get("answer_parts", "1"),
        )
        for fact in facts
    ]


def test_the_files_of_an_answer_name_it_and_others_do_not(warehouse):
    for number, user in ((1, "u1"), (2, "u2")):
        warehouse.deliver(presences(user, totalHits=2), f"p{number}.json", "user_presence")
    warehouse.deliver(presences("u3", totalHits=1), "whole.json", "user_presence")
    warehouse.deliver(presences("u4"), "2026-01-20.json", "user_presence")
    assert outcome(warehouse)[1] == []
    assert of_answers(warehouse) == [
        ("2026-01-20.json", None, "1"),
        ("p1.json", "p1.json", "2"),
        ("p2.json", "p1.json", "2"),
        ("whole.json", None, "1"),
    ]


def test_the_page_that_a_cursor_leads_to_is_of_its_answer(warehouse):
    warehouse.deliver(presences("u1", cursor="a"), "job_1.json", "user_presence")
    warehouse.deliver(presences("u2", cursor="b"), "job_2.json", "user_presence")
    warehouse.deliver(presences("u3"), "job_3.json", "user_presence")
    warehouse.deliver(presences("u4"), "job_4.json", "user_presence")
    assert outcome(warehouse)[1] == []
    assert [answer for _, answer, _ in of_answers(warehouse)] == ["job_1.json"] * 3 + [None]


def test_another_answer_with_a_page_in_common_is_an_answer_of_its_own(warehouse):
    first = holders("u1", pageNumber=1, pageCount=2, total=2)
    second = holders("u2", pageNumber=2, pageCount=2, total=2)
    warehouse.deliver(first, f"{DAY}_p1.json", "license_assignments")
    path = warehouse.deliver(second, f"{DAY}_p2.json", "license_assignments")
    assert outcome(warehouse)[1] == []
    path.write_text(json.dumps(second | {"pageSize": 1}))
    assert outcome(warehouse) == ([f"{DAY}_p2.json"], [])
    assert sorted(of_answers(warehouse)) == [
        (f"{DAY}_p1.json", f"{DAY}_p1.json", "2"),
        (f"{DAY}_p1.json", f"{DAY}_p1.json", "2"),
        (f"{DAY}_p2.json", f"{DAY}_p1.json", "2"),
        (f"{DAY}_p2.json", f"{DAY}_p1.json", "2"),
    ]
    answers = [fact["answer_id"] for fact in warehouse.facts().values() if "answer_id" in fact]
    assert sorted(map(answers.count, set(answers))) == [2, 2]
    assert outcome(warehouse) == ([], [])


def test_a_page_of_an_answer_that_is_all_there_completes_no_other(warehouse):
    for number in (1, 2):
        page = presences(f"u{number}", totalHits=2)
        warehouse.deliver(page, f"export_{number}.json", "user_presence")
    assert outcome(warehouse)[1] == []
    warehouse.deliver(presences("u3", totalHits=2), "export_3.json", "user_presence")
    assert outcome(warehouse) == ([], ["export_3.json"])


# An invoice and its lines in files of their own.


def apart(number: str, *lines: tuple[str, float], **said: object) -> tuple[dict, dict]:
    """An invoice of the contract API, and one page of its lines."""
    amount = sum(money for _, money in lines)
    head, page = (
        json.loads(text) for text in invoice(number, amount, *lines, **said).split("\n", 1)
    )
    return head, page


def lines(warehouse) -> list[tuple]:
    """The lines in the lake with what their invoice says."""
    return warehouse.sql(
        "select invoice_number, invoice_date, currency, amount::decimal(18, 2)::varchar, "
        "count(distinct landed_at) over (partition by invoice_number) from lake "
        "where file_id is not null order by all"
    )


TWO = [("l1", 240), ("l2", 200)]
APART = {
    "one of each": {"head.json": 0, "lines.json": 1},
    "the lines first": {"1.json": 1, "2.json": 0},
    "the number in the name": {"900.json": 0, "900-lines.json": 1},
}


@pytest.mark.parametrize("names", APART.values(), ids=APART)
@pytest.mark.parametrize("said", [{}, {"pageCount": 1, "pageNumber": 1, "total": 2}])
def test_an_invoice_and_its_lines_may_be_files_of_their_own(names, said, warehouse):
    answers = apart("900", *TWO, **said)
    for name, place in names.items():
        warehouse.deliver(answers[place], name, "vendor_invoice_lines")
    assert outcome(warehouse) == (sorted(names), [])
    assert lines(warehouse) == [
        ("900", "2026-03-15", "USD", "200.00", 1),
        ("900", "2026-03-15", "USD", "240.00", 1),
    ]
    assert {answer for _, answer, _ in of_answers(warehouse)} == {sorted(names)[0]}
    assert outcome(warehouse) == ([], [])


@pytest.mark.parametrize("counted", [(0, 1), (0,), (1,), ()])
def test_the_second_page_of_lines_may_be_a_file_without_the_invoice(counted, warehouse):
    head, page = apart("900", *TWO)
    for number, name in ((0, "head.json"), (1, "more.zip")):
        said = {"pageNumber": number + 1, "pageCount": 2, "total": 2} if number in counted else {}
        content = json.dumps({"entities": [page["entities"][number]], **said})
        if number == 0:
            warehouse.deliver(json.dumps(head) + content, name, "vendor_invoice_lines")
        else:
            packed = archive({"sub/page2.json": content.encode()})
            warehouse.deliver(packed, name, "vendor_invoice_lines")
    assert outcome(warehouse) == (["head.json", "page2.json"], [])
    assert [line[3:] for line in lines(warehouse)] == [("200.00", 1), ("240.00", 1)]


def test_lines_of_several_invoices_find_theirs(warehouse):
    listing = []
    for place, (number, money) in enumerate({"A": 10, "B": 20, "C": 30, "D": 20}.items()):
        head, page = apart(number, (f"l{number}", money))
        listing.append(head)
        if number == "D":
            page["selfUri"] = "/api/v2/billing/contracts/invoices/D/lines?pageSize=100"
        warehouse.deliver(page, f"lines_{place}.json", "vendor_invoice_lines")
    warehouse.deliver({"entities": listing, "total": 4}, "list.json", "vendor_invoice_lines")
    assert outcome(warehouse)[1] == []
    assert [line[0::3] for line in lines(warehouse)] == [
        ("A", "10.00"),
        ("B", "20.00"),
        ("C", "30.00"),
        ("D", "20.00"),
    ]


def test_invoices_of_one_total_are_told_apart_by_the_names_of_their_files(warehouse):
    for number, month in (("A", "february"), ("B", "march")):
        head, page = apart(number, (f"l{number}", 10))
        warehouse.deliver(head, f"{month}.json", "vendor_invoice_lines")
        warehouse.deliver(page, f"{month} lines.json", "vendor_invoice_lines")
    assert outcome(warehouse)[1] == []
    extra = "json_extract_string(extra_columns, '$.line_id')"
    assert warehouse.sql(f"select invoice_number, {extra} from lake order by 1") == [
        ("A", "lA"),
        ("B", "lB"),
    ]


def test_lines_that_could_be_of_two_invoices_are_refused(warehouse):
    for number in ("A", "B"):
        head, page = apart(number, (f"l{number}", 10))
        warehouse.deliver(head, f"head {number.lower()}.json", "vendor_invoice_lines")
        warehouse.deliver(page, f"{ord(number)}.json", "vendor_invoice_lines")
    landed, refused = outcome(warehouse)
    assert landed == [] and len(refused) == 4


def test_an_invoice_fetched_again_takes_the_lines_it_has(warehouse):
    head, page = apart("900", *TWO)
    path = warehouse.deliver(head | {"paymentStatus": "Unpaid"}, "h.json", "vendor_invoice_lines")
    warehouse.deliver(page, "l.json", "vendor_invoice_lines")
    assert outcome(warehouse)[1] == []
    path.write_text(json.dumps(head | {"paymentStatus": "Paid", "dateInvoiced": "2026-03-16"}))
    assert outcome(warehouse) == (["h.json"], [])
    latest = "landed_at = (select max(landed_at) from lake)"
    assert warehouse.sql(
        f"select invoice_date, sum(amount::decimal(18, 2))::varchar from lake where {latest} "
        "group by 1"
    ) == [("2026-03-16", "440.00")]
    assert outcome(warehouse) == ([], [])
