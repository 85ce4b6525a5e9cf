"""Archives: every file lands for itself, a damaged archive not at all."""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile

import pytest

from cx_billing import formats
from cx_billing.formats import archives
from deliveries import HEADER, MORE, USERS, archive, workbook


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_both_land(warehouse):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("users.csv", USERS)
        packed.writestr("users.csv", MORE)
    warehouse.deliver(content.getvalue(), name="twice.zip")
    assert [landed.rows for landed in warehouse.land().landed] == [2, 1]
    assert warehouse.sql("select count(distinct user_id) from lake") == [(3,)]


def test_every_file_of_an_archive_lands_for_itself(warehouse):
    members = {
        "2026/jan.csv": USERS,
        "more.CSV.gz": gzip.compress(MORE),
        "users.json": b'{"user_id": "u4", "email": "d"}',
        "book.xlsx": workbook(S=[HEADER, ["u5", "e", "Eve"]]),
        "2026/": b"",
        "__MACOSX/._jan.csv": b"junk",
        ".DS_Store": b"junk",
        "x/~$book.xlsx": b"junk",
    }
    warehouse.deliver(archive(members), name="all.zip")
    report = warehouse.land()
    assert report.refused == []
    assert [(landed.source_file, landed.rows) for landed in report.landed] == [
        ("acme/users/all.zip/2026/jan.csv", 2),
        ("acme/users/all.zip/more.CSV.gz", 1),
        ("acme/users/all.zip/users.json", 1),
        ("acme/users/all.zip/book.xlsx", 1),
    ]
    assert warehouse.sql("select distinct source_file from lake where user_id = 'u3'") == [
        ("acme/users/all.zip/more.CSV.gz",)
    ]
    assert list(warehouse.home.glob(".scratch-*")) == []
    again = warehouse.land()
    assert (again.landed, len(again.already_landed)) == ([], 4)


def test_a_file_is_the_same_within_an_archive_and_beside_it(warehouse):
    warehouse.landed(USERS)
    warehouse.deliver(archive({"f.csv": USERS}), name="f.zip")
    assert len(warehouse.land().already_landed) == 2


def test_names_within_an_archive_lead_nowhere(warehouse):
    names = ["../../evil.csv", "/tmp/evil.csv", "C:\\evil.csv", "a/../../../evil.csv"]
    members = {name: MORE + name.encode() + b",,\n" for name in names}
    warehouse.deliver(archive(members), name="f.zip")
    assert len(warehouse.land().landed) == 4
    assert not list(warehouse.inbox.parent.rglob("evil*"))


def test_a_bad_file_of_an_archive_stops_no_other(warehouse):
    members = {"a.txt": b"x", "b.csv": b"name\nx\n", "c.csv": USERS, "d.zip": archive({"u": USERS})}
    warehouse.deliver(archive(members), name="f.zip")
    report = warehouse.land()
    assert [landed.source_file for landed in report.landed] == ["acme/users/f.zip/c.csv"]
    said = {refused.source_file: refused.message for refused in report.refused}
    assert formats.ACCEPTED in said["acme/users/f.zip/a.txt"]
    assert "lacks required columns" in said["acme/users/f.zip/b.csv"]
    assert "archive within an archive" in said["acme/users/f.zip/d.zip"]


def encrypted() -> bytes:
    content = bytearray(archive({"f.csv": USERS}))
    content[6] |= 1  # the flags of the file itself and of the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def damaged() -> bytes:
    content = bytearray(archive({"a.csv": MORE, "f.csv": USERS * 99}))
    content[content.rindex(b"f.csv", 0, content.index(b"PK\x01\x02")) + 9] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    "content, expected",
    [
        (encrypted(), "encrypted archive; pack it without a password"),
        (damaged(), "damaged archive"),
        (archive({"f.csv": USERS})[:-30], "damaged archive"),
        (USERS, "damaged archive"),
        (archive({"\xfc.csv": USERS}).replace("\xfc".encode(), b"\xff\xff"), "damaged archive"),
        (archive({}), "without files"),
        (archive({".hidden.csv": USERS}), "without files"),
        (archive({"f.csv": b"a" * (1 << 27)}), "would unpack to 134,217,728 bytes"),
    ],
    ids=["encrypted", "damaged", "cut", "text", "name", "empty", "hidden", "bomb"],
)
def test_an_archive_is_refused_whole(warehouse, content, expected):
    message = warehouse.refusal(content, name="f.zip")
    assert expected in message and "acme/users/f.zip (dataset users)" in message


def test_an_archive_whose_directory_hides_a_file_is_refused(warehouse):
    content = bytearray(archive({"a.csv": USERS, "b.csv": MORE}))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[first + 32] = content.index(b"PK\x05\x06") - second  # the second as a comment
    assert "damaged archive" in warehouse.refusal(bytes(content), name="f.zip")


def test_no_byte_of_an_archive_can_stop_a_run(tmp_path):
    content = archive({"a.csv": USERS, "b.csv": MORE})
    path = tmp_path / "f.zip"
    for position in range(len(content)):
        path.write_bytes(content[:position] + b"\x99" + content[position + 1 :])
        with contextlib.suppress(formats.UnreadableError, OSError):
            formats.unpack(path, tmp_path)


def test_an_archive_beyond_the_bounds_is_refused(warehouse, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 1)
    content = archive({"a.csv": USERS, "b.csv": MORE})
    assert "more than 1 files" in warehouse.refusal(content, name="f.zip")
    monkeypatch.setattr(archives, "LARGEST", 50)
    assert "would unpack to" in warehouse.refusal(content, name="f.zip")


def test_an_archive_in_no_dataset_is_refused_once(warehouse):
    message = warehouse.refusal(archive({"a.csv": USERS, "b.csv": MORE}), "f.zip", "user")
    assert "no dataset" in message
