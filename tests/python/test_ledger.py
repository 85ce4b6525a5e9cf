"""The ledger: what may be sealed, that nothing of it changes unseen, and what kills leave."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
from dataclasses import asdict
from datetime import date
from pathlib import Path

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import checksums, landing, warehouse
from cx_billing import files as whole_files
from cx_billing.ledger import chain, checklist, sealing, stamps
from cx_billing.ledger import files as ledger_files
from cx_billing.ledger.verification import verify
from small_inbox import Inbox

MARCH, APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
CHARGES = (
    "invoice_number,invoice_date,currency,description,charge_type,quantity,unit_price,amount,"
    "invoice_total\n"
)


def organization(inbox: Path, org_id: str) -> None:
    """Ten users at 100.00 a month, eleven of whom log in."""
    files = Inbox(inbox, org_id).named()
    files.file("contract_items", "c1,cx2,10,100,120,2026-03-01,,")
    rows = [f"u{number},cx2,2026-03-01T00:00:00Z," for number in range(11)]
    files.file("license_assignments", *rows)
    for month in ("03", "04"):
        files.file(
            "user_presence",
            *(
                f"u{number},AVAILABLE,2026-{month}-02T09:00:00Z,2026-{month}-02T17:00:00Z"
                for number in range(11)
            ),
            name=f"{month}.csv",
        )


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Path:
    """A home in which the invoices of two organizations for March and April are final."""
    folder = tmp_path_factory.mktemp("ledger")
    for org_id in ("acme", "zeta"):
        organization(folder / "inbox", org_id)
    report = landing.land(folder / "inbox", folder / "home")
    assert not report.refused
    built = warehouse.build(folder / "home", date(2026, 5, 10))
    assert built.published and not built.parked, built.failures
    return folder / "home"


@pytest.fixture
def home(original, tmp_path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "home", symlinks=True))


def seal(home: Path, *what: object, code: int = 0) -> str:
    return cx_billing("--home", home, "seal", *what, code=code)


def rows(home: Path, query: str) -> list[tuple]:
    with warehouse.connect(home) as connection:
        return connection.sql(query).fetchall()


def land_more_users(home: Path, org_id: str, name: str, month: str, *users: str) -> None:
    """Users who hold the license, and who were logged in as well, it turns out."""
    inbox = home.parent / "late"
    files = Inbox(inbox, org_id)
    files.file("license_assignments", *(f"{u},cx2,2026-03-01T00:00:00Z," for u in users), name=name)
    files.file(
        "user_presence",
        *(f"{u},AVAILABLE,2026-{month}-03T09:00:00Z,2026-{month}-03T17:00:00Z" for u in users),
        name=name,
    )
    assert not landing.land(inbox, home).refused


# Sealing.


def test_seal_prints_its_checklist_and_a_second_time_changes_nothing(home):
    said = seal(home, "acme", MARCH, "--by", "Ana", "--accept", "agreed")
    assert said.count("yes ") == 7 and "NO " not in said
    assert "is sealed by Ana: 2 lines, 1,120.00 USD, as entry 1 of the ledger" in said
    assert "note the vendor's invoice: none has come" in said
    before = sorted((path, path.read_bytes()) for path in (home / "ledger").rglob("*.*"))
    assert "is sealed already, by Ana" in seal(home, "acme", MARCH, "--by", "Ben")
    assert sorted((path, path.read_bytes()) for path in (home / "ledger").rglob("*.*")) == before
    assert "1 entries, 1 sealed invoices" in cx_billing("--home", home, "verify")


def test_seal_refuses_what_may_still_change(home):
    said = seal(home, "acme", APRIL, code=1)
    assert "NO   the data covers it (user_presence ends at" in said and "--accept REASON" in said
    assert "is not sealed" in said and not list((home / "ledger").glob("acme/*"))
    said = seal(home, "acme", MAY, "--accept", "x", code=1)
    assert "NO   it is final (it is on 2026-06-02" in said
    land_more_users(home, "acme", "more.csv", "03", "u20")
    said = seal(home, "acme", MARCH, "--accept", "x", code=1)
    assert "NO   the build has every file that is landed" in said and "more.csv" in said
    assert seal(home, "zeta", MARCH, "--accept", "another organization")
    landing.withdraw(home, "zeta/user_presence/04.csv")
    said = seal(home, "zeta", APRIL, "--accept", "x", code=1)
    assert "landed or withdrawn since: zeta/user_presence/04.csv" in said
    assert "is empty" in seal(home, "acme", MARCH, "--accept", " ", code=2)


def test_seal_refuses_a_file_that_is_read_otherwise_since_the_build(home):
    name = "acme/user_presence/03.csv"
    cx_billing("--home", home, "withdraw", name)
    cx_billing("--home", home, "withdraw", "--undo", "--time-zone", "America/New_York", name)
    said = seal(home, "acme", MARCH, "--accept", "x", code=1)
    assert (
        f"NO   the build has every file that is landed (landed or withdrawn since: {name}" in said
    )


def test_seal_refuses_a_damaged_file_and_a_restored_one_is_billed(home):
    [file, *_] = sorted((home / "lake" / "contract_items").glob("[0-9a-f]*.parquet"))
    whole, status = file.read_bytes(), file.stat()
    owner = {path: org_id for path, (org_id, _) in checksums.read(home / "lake").items()}[file]

    def write(content: bytes) -> None:
        file.write_bytes(content)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    write(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
    said = seal(home, owner, MARCH, "--accept", "x", code=1)
    assert "NO   every landed file is as it was written" in said and file.name in said
    as_of = date(2026, 5, 10)
    assert [known.org_id for known in warehouse.build(home, as_of).parked] == [owner]
    write(whole)
    result = warehouse.build(home, as_of, only_if_new=True)
    assert result.is_new and result.parked == ()


@pytest.mark.parametrize(
    "change",
    [
        {"by": "\ud800"},
        {"files": []},
        {"files": {"a": 1}},
        {"lines": "2"},
        {"reason": 3},
        {"facts": None},
    ],
)
def test_a_forged_entry_of_any_type_is_refused(change):
    words = ("x", "2026-04-01", "x", "x", None, 1, "1", "USD", "x")
    entry = asdict(chain.Entry(1, chain.BEGINNING, chain.SEALED, *words))

    def read(entry: dict) -> chain.Entry:
        text = json.dumps(entry, separators=(",", ":")).encode()
        return chain.read_line(hashlib.sha256(text).hexdigest().encode() + b" " + text, 1, ())

    assert read(entry).by == "x"
    with pytest.raises(chain.LedgerError, match="is not what an entry holds"):
        read(entry | change)


def test_seal_refuses_what_another_release_has_built(home, monkeypatch):
    monkeypatch.setattr(checklist, "version", lambda name: "99")
    said = seal(home, "acme", MARCH, "--accept", "x", code=1)
    assert "NO   the build is of this release and its rules" in said


def test_what_is_much_disputed_takes_two_people(home):
    (home / "cx_billing.duckdb").resolve().chmod(0o600)
    with duckdb.connect(str((home / "cx_billing.duckdb").resolve())) as connection:
        connection.execute(
            "insert into marts.vendor_invoices by name select 'acme' as org_id, '17' as "
            "invoice_number, 'acme-2026-04-01' as expected_invoice_ids, 'USD' as currency, "
            "date '2026-04-01' as invoice_date, 3000 as lines_total, 3000 as printed_total, "
            "1120 as expected_total, 1880 as variance_amount, 1880 as explained_amount, "
            "0 as unexplained_amount, false as is_agreed, 0 as unchecked_tax_amount"
        )
        connection.execute(
            "insert into marts.disputes by name select 'acme/17' as dispute_id, 'acme' as org_id, "
            "'17' as invoice_number, 1880 as claimed_amount, 0 as recovered_amount, 1880 as "
            "open_amount, 0 as refused_amount, 'opened' as status, 'USD' as currency, "
            "date '2026-04-01' as invoice_date, date '2026-04-02' as opened_date, "
            "0 as unmatched_credit_amount"
        )
    said = seal(home, "acme", MARCH, "--by", "Ana", "--accept", "x")
    assert "NO   two people agree (1,880.00 USD of it is disputed, more than 1,000.00" in said
    assert "is approved by Ana, as entry 1" in said
    assert "note the vendor's invoice: 17 bills 1,880.00 more than ours" in said
    assert "somebody else" in seal(home, "acme", MARCH, "--by", " ana ", "--accept", "x", code=1)
    said = seal(home, "acme", MARCH, "--by", "Ben", "--accept", "x")
    assert "approved by Ana" in said and "is sealed by Ben" in said
    assert verify(home).wrong == ()


# Corrections.


def test_what_comes_late_is_a_correction_on_the_next_open_invoice(home):
    seal(home, "acme", MARCH, "--by", "Ana", "--accept", "agreed")
    land_more_users(home, "acme", "late.csv", "03", "u20", "u21")
    warehouse.build(home, date(2026, 5, 10))
    assert rows(
        home,
        "select invoice_id, invoice_status, total_amount::int, sealed_at is not null "
        "from marts.invoices where org_id = 'acme' order by invoice_date",
    ) == [
        ("acme-2026-04-01", "sealed", 1120, True),
        ("acme-2026-05-01", "final", 1360, False),
        ("acme-2026-06-01", "accruing", 1000, False),
    ]
    assert rows(
        home,
        "select invoice_date, corrected_invoice_date, product_code, quantity::int, amount::int, "
        "service_period_start, service_period_end from marts.invoice_lines "
        "where charge_type = 'correction'",
    ) == [(APRIL, MARCH, "cx2", 2, 240, date(2026, 3, 1), MARCH)]
    shown = cx_billing("--home", home, "show", "invoice", "acme", APRIL)
    assert "Correction of invoice acme-2026-04-01" in shown
    shown = cx_billing("--home", home, "show", "invoice", "acme", MARCH)
    assert "Sealed by Ana at 20" in shown and "2026-05-01 (240.00 USD)" in shown
    told = cx_billing("--home", home, "status")
    assert "Corrections of sealed invoices" in told and "240.00" in told

    seal(home, "acme", APRIL, "--by", "Ana", "--accept", "agreed")
    land_more_users(home, "acme", "later.csv", "03", "u22")
    warehouse.build(home, date(2026, 5, 10))
    assert rows(
        home,
        "select invoice_date, amount::int, invoice_status from marts.invoice_lines "
        "where charge_type = 'correction' order by invoice_date",
    ) == [(APRIL, 240, "sealed"), (MAY, 120, "accruing")]
    [[total]] = rows(home, "select sum(amount) from marts.invoice_lines where org_id = 'acme'")
    shutil.rmtree(home / "ledger")
    warehouse.build(home, date(2026, 5, 10))
    assert rows(home, "select sum(amount) from marts.invoice_lines where org_id = 'acme'") == [
        (total,)
    ]


def test_the_vendor_is_held_against_todays_data_and_not_against_what_was_sealed(home):
    seal(home, "acme", MARCH, "--accept", "agreed")
    land_more_users(home, "acme", "late.csv", "03", "u20", "u21")
    Inbox(home.parent / "late", "acme").file(
        "vendor_invoice_lines",
        "V-1,2026-04-01,2026-03-01,2026-04-01,Genesys Cloud CX 2 User - Committed,10,100,1000,USD,",
        "V-1,2026-04-01,2026-03-01,2026-04-01,Genesys Cloud CX 2 User,3,120,360,USD,",
    )
    assert not landing.land(home.parent / "late", home).refused
    warehouse.build(home, date(2026, 5, 10))
    assert rows(
        home,
        "select expected_invoice_ids, printed_total::int, expected_total::int, is_agreed "
        "from marts.vendor_invoices",
    ) == [("acme-2026-04-01", 1360, 1360, True)]


def test_a_reopened_invoice_is_restated_by_the_next(home):
    said = cx_billing("--home", home, "reopen", "acme", MARCH, "--reason", "rebill", code=1)
    assert "is not sealed: there is nothing to reopen" in said
    seal(home, "acme", MARCH, "--accept", "agreed")
    assert "Missing option '--reason'" in cx_billing(
        "--home", home, "reopen", "acme", MARCH, code=2
    )
    said = cx_billing("--home", home, "reopen", "acme", MARCH, "--reason", "rebill", "--by", "Ana")
    assert "is reopened by Ana, as entry 2" in said
    said = seal(home, "acme", APRIL, "--accept", "agreed", code=1)
    assert "NO   the build knows every reopening" in said
    warehouse.build(home, date(2026, 5, 10))
    corrections = (
        "select invoice_date, product_code, amount::int from marts.invoice_lines "
        "where charge_type = 'correction' order by all"
    )
    assert rows(home, corrections) == [
        (APRIL, "cx2", -1000),
        (APRIL, "cx2", -120),
        (APRIL, "cx2", 120),
        (APRIL, "cx2", 1000),
    ]
    seal(home, "acme", APRIL, "--accept", "agreed")
    warehouse.build(home, date(2026, 5, 10))
    assert {day for day, *_ in rows(home, corrections)} == {APRIL}
    assert verify(home).wrong == ()


def test_as_of_a_day_before_an_invoice_was_final_it_is_not_sealed(home):
    seal(home, "acme", MARCH, "--accept", "agreed")
    warehouse.build(home, date(2026, 4, 1), publish_earlier=True)
    assert rows(home, "select distinct invoice_status from marts.invoices") == [("accruing",)]


def test_an_invoice_comes_out_again_from_files_and_release(home, tmp_path):
    seal(home, "acme", MARCH, "--accept", "agreed")
    land_more_users(home, "acme", "late.csv", "03", "u20")
    landing.withdraw(home, "acme/user_presence/03.csv")
    warehouse.build(home, date(2026, 5, 10), accept_changes=True)
    seal(home, "acme", APRIL, "--accept", "agreed")
    for day in (MARCH, APRIL):
        said = cx_billing("--home", home, "verify", "--rebuild", "acme", day)
        assert f"acme-{day} comes out byte for byte as it was sealed" in said
    assert "is not sealed" in cx_billing("--home", home, "verify", "--rebuild", "acme", MAY, code=1)
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    again = ("--home", home, "verify", "--rebuild", "acme", MARCH, "--project", project)
    assert "was sealed by version" in cx_billing(*again, code=1)


# Proof.


@pytest.fixture
def sealed(home) -> Path:
    """A home with three entries."""
    for org_id in ("acme", "zeta"):
        seal(home, org_id, MARCH, "--by", "Ana", "--accept", "agreed")
    cx_billing("--home", home, "reopen", "acme", MARCH, "--reason", "rebill", "--by", "Ana")
    assert verify(home).wrong == ()
    return home


def test_any_changed_byte_is_found(sealed):
    rng = random.Random(1)
    known = [path for path in (sealed / "ledger").rglob("*") if path.is_file()]
    known = [path for path in known if path.name != ledger_files.SCHEMA]
    assert len(known) == 6
    for path in known:
        content = path.read_bytes()
        places = (
            range(len(content)) if path.name == chain.CHAIN else rng.sample(range(len(content)), 20)
        )
        for at in places:
            changed = bytearray(content)
            changed[at] ^= 1 << rng.randrange(8)
            path.write_bytes(changed)
            assert verify(sealed).wrong, (path, at)
        for cut in (content[:-1], content[:100], b"", content + b"\n", content + content):
            path.write_bytes(cut)
            assert verify(sealed).wrong or cut == content, (path, len(cut))
        path.write_bytes(content)
    assert verify(sealed).wrong == ()


def test_what_is_removed_added_or_put_in_another_order_is_found(sealed):
    ledger = sealed / "ledger"
    path = ledger / chain.CHAIN
    lines = path.read_bytes().splitlines(keepends=True)
    for wrong in (lines[1:], [lines[1], lines[0], lines[2]], [*lines, lines[2]], lines[:1] * 3):
        path.write_bytes(b"".join(wrong))
        assert verify(sealed).wrong
    text = lines[2].split(b" ", 1)[1].rstrip(b"\n")
    for wrong in (text.replace(b",", b", ", 1), b"{}", b"[1]", b"x"):  # with a hash that fits
        forged = hashlib.sha256(wrong).hexdigest().encode() + b" " + wrong + b"\n"
        path.write_bytes(b"".join([*lines[:2], forged]))
        assert verify(sealed).wrong
    path.write_bytes(b"".join(lines))
    for known in [found for found in ledger.glob("*/*") if found.is_file()]:
        moved = known.rename(known.with_suffix(".away"))
        assert {"missing" in wrong for wrong in verify(sealed).wrong} == {True, False}
        moved.rename(known)
    (ledger / "acme" / "2026-05-01.parquet").write_bytes(b"x")
    assert "2026-05-01.parquet is no file of the ledger." in str(verify(sealed).wrong)
    assert "is no file of the ledger" in cx_billing("--home", sealed, "verify", code=1)


def test_a_ledger_that_was_cut_is_known_by_the_build_that_read_it(sealed):
    warehouse.build(sealed, date(2026, 5, 10))
    entries = chain.read_chain(sealed)
    chain.write_chain(sealed, entries[:2])
    for name in entries[2].files:
        (sealed / "ledger" / name).unlink()
    assert "has read an entry" in str(verify(sealed).wrong)


def test_a_damaged_file_parks_its_organization_and_nobody_else(sealed):
    (sealed / "ledger" / "acme" / "2026-04-01.parquet").write_bytes(b"x")
    built = warehouse.build(sealed, date(2026, 5, 10))
    [parked] = built.parked
    assert (parked.org_id, parked.reason) == (
        "acme",
        "ledger: acme/2026-04-01.parquet is not as it was written",
    )
    assert rows(sealed, "select distinct invoice_status from marts.invoices where org_id = 'zeta'")
    (sealed / "ledger" / chain.CHAIN).write_bytes(b"x\n")
    assert "Entry 1 of the ledger is not as it was written" in cx_billing(
        "--home", sealed, "build", "--as-of", "2026-05-10", code=1
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Path:
    """A time stamping authority of our own: its certificate, and what answers a request."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "tsa.cnf").write_text(
        "[req]\ndistinguished_name = name\nprompt = no\n[name]\nCN = Test authority\n"
        "[root]\nbasicConstraints = critical, CA:true\nkeyUsage = critical, keyCertSign\n"
        "subjectKeyIdentifier = hash\n"
        "[leaf]\nextendedKeyUsage = critical, timeStamping\nkeyUsage = critical, digitalSignature\n"
        "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
        "[tsa]\ndefault_tsa = own\n[own]\n"
        f"serial = {folder}/serial\ncrypto_device = builtin\nsigner_digest = sha256\n"
        "default_policy = 1.2.3.4.1\ndigests = sha256, sha384, sha512\n"
        "ess_cert_id_chain = no\nordering = yes\n"
    )
    (folder / "serial").write_text("01\n")

    def openssl(words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)

    new_key = "-newkey rsa:2048 -nodes -config tsa.cnf -keyout"
    openssl(f"req -x509 {new_key} root.key -out root.pem -days 3650 -extensions root")
    openssl(f"req {new_key} tsa.key -out tsa.csr")
    openssl(
        "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem "
        "-days 3650 -extfile tsa.cnf -extensions leaf"
    )
    return folder


def answer(authority: Path, request: Path) -> Path:
    """What the authority answers."""
    given = request.with_suffix(".tsr")
    subprocess.run(
        [
            "openssl",
            "ts",
            "-reply",
            "-config",
            "tsa.cnf",
            "-section",
            "own",
            "-queryfile",
            request,
            "-signer",
            "tsa.pem",
            "-inkey",
            "tsa.key",
            "-out",
            given,
        ],
        cwd=authority,
        check=True,
        capture_output=True,
    )
    return given


def test_a_ledger_that_was_cut_or_written_anew_is_known_by_its_stamp(sealed, authority, tmp_path):
    root = authority / "root.pem"
    said = cx_billing("--home", sealed, "stamp", "--request", tmp_path / "a.tsq")
    assert "Send it to a time stamping authority" in said
    given = answer(authority, tmp_path / "a.tsq")
    assert "cannot be proven without the certificate" in cx_billing(
        "--home", sealed, "stamp", "--answer", given, code=1
    )
    said = cx_billing("--home", sealed, "stamp", "--answer", given, "--certificate", root)
    assert "Kept: entry 3 and all before it were there at" in said
    said = cx_billing("--home", sealed, "verify", "--certificate", root)
    assert "proves entry 3 and all before it" in said

    seal(sealed, "zeta", APRIL, "--accept", "agreed")
    assert verify(sealed, [root]).wrong == ()
    entries = chain.read_chain(sealed)
    for path in entries[2].files:
        (sealed / "ledger" / path).unlink()
    for path in entries[3].files:
        (sealed / "ledger" / path).unlink()
    chain.write_chain(sealed, entries[:2])
    assert "stamps an entry that the chain does not have" in str(verify(sealed, [root]).wrong)

    shutil.rmtree(sealed / "ledger")
    for org_id in ("acme", "zeta"):
        seal(sealed, org_id, MARCH, "--by", "Eve", "--accept", "agreed")
    assert verify(sealed, [root]).wrong == ()
    anew = cx_billing("--home", sealed, "verify", "--certificate", root, "--stamp", given, code=1)
    assert "written anew" in anew


def test_a_stamp_that_is_not_signed_by_the_authority_is_refused(sealed, authority, tmp_path):
    stamps.write_request(sealed, tmp_path / "a.tsq")
    given = answer(authority, tmp_path / "a.tsq")
    forged = bytearray(given.read_bytes())
    forged[-20] ^= 1
    given.write_bytes(forged)
    with pytest.raises(chain.LedgerError, match=r"not valid|no answer"):
        stamps.add_stamp(sealed, given, [authority / "root.pem"])
    given.write_bytes(b"no answer")
    with pytest.raises(chain.LedgerError, match="is no answer of a time stamping authority"):
        stamps.add_stamp(sealed, given, [authority / "root.pem"])


# Kills.


@pytest.mark.parametrize("step", ["write_table", "append", "place"])
def test_a_seal_that_ends_halfway_is_done_or_not_done(home, monkeypatch, step):
    class Killed(BaseException):
        """The process ends."""

    def die(*_arguments, **_options):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sealing if step == "append" else ledger_files, step, die)
        with pytest.raises(Killed), warehouse.connect(home, [home / "ledger"]) as connection:
            sealing.seal(home, connection, "acme", MARCH, "Ana", "agreed")
    built = warehouse.build(home, date(2026, 5, 10))
    assert built.published and not built.parked
    status = "sealed" if step == "place" else "final"
    assert rows(
        home,
        "select distinct invoice_status from marts.invoices where invoice_id = 'acme-2026-04-01'",
    ) == [(status,)]
    seal(home, "acme", MARCH, "--accept", "agreed")
    assert verify(home).wrong == ()
    assert not list((home / "ledger").glob(f"**/.*{whole_files.PARTIAL}"))
