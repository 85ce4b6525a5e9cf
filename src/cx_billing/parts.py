"""Parts of a home's organizations, each built apart, on any machine, and published together.

`<home>/parts/<K>-of-<N>/` holds the marts of one part and its manifest: of which files, rules, day
and key it was made, and what is in it. Organizations of one billing account are in one part, and
parts have about as many rows. Who is in which depends on the lake alone, so that every machine
divides it alike; parts that were made of different lakes are not published together.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import checksums, duck, files, parking, unchanged
from cx_billing.builds import PUBLISHED, place_private_file
from cx_billing.failures import Failure
from cx_billing.formats.common import identifier, literal
from cx_billing.homes import BuildLockedError, WarehouseError, private_home, read_key
from cx_billing.landing.landed_files import list_landed
from cx_billing.ledger import chain
from cx_billing.ledger import files as ledger
from cx_billing.rules import hash_rules

FOLDER = "parts"
MANIFEST = "manifest.json"
# What the facts that all parts share are called, where they differ.
FACTS = {
    "as_of": "day (--as-of)",
    "version": "release of cx-billing",
    "duckdb": "version of DuckDB",
    "rules": "models, macros and seeds",
    "checks": "data tests",
    "key": "customer key",
    "ledger_head": "ledger",
    "show_personal_data": "--show-personal-data",
    "lake": "landed files",
}


class PartsError(WarehouseError):
    """The parts that are there cannot be published together; the message says why."""


@dataclass(frozen=True)
class Part:
    """One of several parts, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        """As its folder is called."""
        return f"{self.number}-of-{self.of}"


@dataclass(frozen=True)
class Manifest:
    """What a part was made of, and what is in it.

    `facts` are equal in all parts of one set; `made_from` tells a part from what it would be now,
    `rows` are those of its marts, `sha256` is of its file.
    """

    number: int
    of: int
    facts: dict[str, str]
    made_from: str
    organizations: list[str]
    parked: list[dict[str, Any]]
    rows: dict[str, int]
    nodes: int
    has_warnings: bool
    sha256: str

    @property
    def part(self) -> Part:
        """Which part it is."""
        return Part(self.number, self.of)

    def read_parked(self) -> dict[str, parking.Parked]:
        """Its organizations that were set aside, by id."""
        return {known["org_id"]: parking.Parked(**known) for known in self.parked}


def divide(home: Path, of: int) -> list[set[str]]:
    """The organizations of each part: the largest billing account first, to the smallest part."""
    rows: Counter[str] = Counter(dict.fromkeys(list_known(home), 0))
    known = checksums.read(home / "lake")
    contracts = []
    with duck.connect() as connection:
        for file in list_landed(home / "lake", connection):
            rows[file.facts["org_id"]] += int(file.facts["rows_in_file"])
            is_contract = file.facts["dataset"] == "contracts"
            if is_contract and not checksums.is_damaged(file.path, known):
                contracts.append(file.path)
    accounts: Counter[frozenset[str]] = Counter()
    for account in join_accounts(rows, read_accounts(contracts)):
        accounts[account] = sum(rows[org_id] for org_id in account)
    parts: list[set[str]] = [set() for _ in range(of)]
    sizes = [0] * of
    for account in sorted(accounts, key=lambda known: (-accounts[known], min(known))):
        smallest = sizes.index(min(sizes))
        parts[smallest] |= account
        sizes[smallest] += accounts[account]
    return parts


def list_known(home: Path) -> set[str]:
    """The organizations of files on record that are there, also of those that cannot be read, and
    those of the ledger."""
    landed = checksums.read(home / "lake").items()
    return {org_id for path, (org_id, _) in landed if path.exists()} | {
        file.parent.name for file in ledger.list_files(home)
    }


def read_accounts(contracts: Sequence[Path]) -> list[tuple[str, str]]:
    """The billing accounts that landed contracts name, by organization."""
    if not contracts:
        return []
    with duck.connect() as connection:
        return connection.execute(
            "select distinct org_id, lower(trim(billing_account_id)) "
            "from read_parquet(?, union_by_name = true) where trim(billing_account_id) <> ''",
            [[str(path) for path in contracts]],
        ).fetchall()


def join_accounts(
    organizations: Iterable[str], accounts: Iterable[tuple[str, str]]
) -> set[frozenset[str]]:
    """Organizations that share a billing account, over several if need be; without one, alone."""
    of_account: dict[str, set[str]] = defaultdict(set)
    groups = {}
    for org_id in organizations:
        groups[org_id] = of_account[org_id.lower()]
        groups[org_id].add(org_id)
    for org_id, account in sorted(accounts):
        one, other = groups.setdefault(org_id, {org_id}), of_account[account]
        one |= other
        for member in other:
            groups[member] = one
        for known in [known for known, group in of_account.items() if group is other]:
            of_account[known] = one
    return {frozenset(group) for group in groups.values()}


def find_organizations(home: Path, part: Part) -> tuple[set[str], set[str]]:
    """The organizations of a part, and all others."""
    divided = divide(home, part.of)
    own = divided.pop(part.number - 1)
    return own, set().union(*divided)


def list_files_of(
    home: Path, lake: Sequence[tuple[str, int, int]], organizations: Iterable[str]
) -> list[tuple[str, int, int]]:
    """Of the files of a lake those of some organizations."""
    of_organization = parking.list_files(home / "lake")
    own = {
        path.relative_to(home / "lake").as_posix()
        for org_id in organizations
        for path in of_organization.get(org_id, ())
    }
    return [file for file in lake if file[0] in own]


def place(home: Path, part: Part, state: str = "") -> Path:
    """The folder of a part; hidden, that of one which is being built, or which failed."""
    return home / FOLDER / (f".{part}-{state}" if state else str(part))


@contextmanager
def lock(home: Path, part: Part, wait: float = 0) -> Iterator[None]:
    """Hold the only right to build a part; BuildLockedError if somebody else holds it for longer
    than so many seconds."""
    held = files.lock(
        home / FOLDER / f".{part}.lock",
        lambda holder: BuildLockedError(
            f"Another build of part {part.number} of {part.of} is running: {holder}. Nothing was "
            "built. Wait until it has ended (or end it: the lock goes with the process), then "
            "retry."
        ),
        wait,
    )
    with private_home(home), held:
        yield


def keep(home: Path, working: Path, manifest: Manifest) -> Path:
    """Make what was built the part that its manifest says; its file.

    What is not published is not kept. The folder of the part appears whole or not at all.
    """
    place_private_file(working).unlink(missing_ok=True)
    write(working.parent, manifest)
    folder = place(home, manifest.part)
    shutil.rmtree(folder, ignore_errors=True)
    files.replace(working.parent, folder)
    return folder / PUBLISHED


def read(folder: Path) -> Manifest:
    """The manifest of a part. Raises PartsError if the folder holds none."""
    try:
        return Manifest(**json.loads((folder / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise PartsError(
            f"{folder} is no part: it has no {MANIFEST} of this release. Build it with "
            "cx-billing build --part K/N."
        ) from error


def find(home: Path, folders: Sequence[Path], of: int | None) -> dict[Path, Manifest]:
    """The parts below some folders, or of a home, in their order. Raises PartsError if there are
    none, or if it is not clear which."""
    places = sorted(
        file.parent
        for folder in folders or [home / FOLDER]
        for file in (*folder.glob(MANIFEST), *folder.glob(f"*/{MANIFEST}"))
    )
    found = {folder: read(folder) for folder in places}
    if of:
        found = {folder: manifest for folder, manifest in found.items() if manifest.of == of}
    if not found:
        raise PartsError(
            f"There is no part to publish in {', '.join(map(str, folders or [home / FOLDER]))}. "
            "Build parts first: cx-billing build --part K/N."
        )
    totals = sorted({manifest.of for manifest in found.values()})
    if len(totals) > 1:
        raise PartsError(
            f"There are parts of {' and of '.join(map(str, totals))}. Say which are meant: "
            f"cx-billing publish --parts {totals[-1]}."
        )
    return dict(sorted(found.items(), key=lambda known: known[1].number))


def check_set(found: Mapping[Path, Manifest], show_personal_data: bool) -> None:
    """Raise PartsError unless these are all parts of one whole, once each, built alike; and if they
    show personal data, unless that is wanted."""
    manifests = list(found.values())
    of = manifests[0].of
    numbers = Counter(manifest.number for manifest in manifests)
    if missing := [str(number) for number in range(1, of + 1) if number not in numbers]:
        raise PartsError(
            f"Of {of} parts there is no part {', '.join(missing)}. Nothing was published. "
            f"Build it: cx-billing build --part {missing[0]}/{of}."
        )
    if twice := [str(number) for number, count in numbers.items() if count > 1]:
        raise PartsError(f"Part {', '.join(twice)} of {of} is there twice. Nothing was published.")
    for name, words in FACTS.items():
        of_fact = defaultdict(list)
        for manifest in manifests:
            of_fact[manifest.facts[name]].append(str(manifest.number))
        if len(of_fact) > 1:
            odd = min(of_fact.values(), key=lambda numbers: (len(numbers), numbers[::-1]))
            raise PartsError(
                f"The parts were not built alike: part {', '.join(odd)} of {of} has another "
                f"{words} than the others. Nothing was published. Build all parts of the same "
                "lake, with one release and one --as-of."
            )
    if manifests[0].facts["show_personal_data"] == "true" and not show_personal_data:
        raise PartsError(
            "The parts show personal data. Nothing was published. Say --show-personal-data to "
            "publish that, or build them without it."
        )
    in_part: dict[str, int] = {}
    for manifest in manifests:
        for org_id in manifest.organizations:
            if in_part.setdefault(org_id, manifest.number) != manifest.number:
                raise PartsError(f"{org_id} is in part {in_part[org_id]} and {manifest.number}.")


def find_failures(manifests: Sequence[Manifest], strictly: bool) -> Iterator[Failure]:
    """What keeps parts from being published although each of them holds.

    Where every organization was set aside, what failed is nothing of theirs. `strictly`, a data
    test that warns does too.
    """
    parked = {org_id: known for each in manifests for org_id, known in each.read_parked().items()}
    everybody = {org_id for manifest in manifests for org_id in manifest.organizations}
    whole = {org_id for org_id in everybody if not (org_id in parked and parked[org_id].is_damaged)}
    if whole and whole <= set(parked):
        yield Failure(
            name="not_every_organization_is_set_aside",
            file="",
            description="What fails for every organization is the cause of none.",
            message=parked[min(whole)].reason,
        )
    for manifest in manifests if strictly else ():
        if manifest.has_warnings:
            yield Failure(
                name="warning",
                file="",
                description="",
                message=f"A data test of part {manifest.number} warns; its build says which.",
            )


def take(found: Mapping[Path, Manifest], into: Path) -> dict[Path, Manifest]:
    """The files of parts as they are now, in folders of their own below `into`: whoever builds a
    part meanwhile replaces another file. Raises PartsError if one is not as its manifest says."""
    taken = {}
    for folder, manifest in found.items():
        copy = into / str(manifest.part)
        copy.mkdir(parents=True)
        try:
            os.link(folder / PUBLISHED, copy / PUBLISHED)
        except FileNotFoundError:
            pass
        except OSError:  # on another disk
            shutil.copyfile(folder / PUBLISHED, copy / PUBLISHED)
        if not is_whole(copy, manifest):
            raise PartsError(
                f"{folder / PUBLISHED} is not as it was built. Nothing was published. Build it "
                f"again: cx-billing build --part {manifest.number}/{manifest.of} --full-refresh."
            )
        taken[copy] = manifest
    return taken


def count_rows(database: Path) -> dict[str, int]:
    """The rows of every mart."""
    with duck.connect(database, read_only=True) as connection:
        return {
            name: connection.sql(f"from marts.{identifier(name)}").shape[0]
            for name in list_marts(connection)
        }


def list_marts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of marts whose rows are of an organization: all but `build`."""
    found = connection.execute(
        "select table_name from duckdb_tables() "
        "where schema_name = 'marts' and database_name = current_database() "
        "and table_name <> 'build' order by table_name"
    )
    return [name for (name,) in found.fetchall()]


def merge(
    found: Mapping[Path, Manifest], working: Path, build_number: int, built_at: datetime
) -> None:
    """Bring the marts of all parts into one new file.

    Raises PartsError if it does not hold just the rows that the manifests count.
    """
    first, *others = found
    shutil.copyfile(first / PUBLISHED, working)
    with duck.connect(working) as connection:
        connection.execute("set TimeZone = 'UTC'")
        marts = list_marts(connection)
        for folder in others:
            connection.execute(f"attach {literal(str(folder / PUBLISHED))} as part (read_only)")
            for name in map(identifier, marts):
                connection.execute(f"insert into marts.{name} by name from part.marts.{name}")
            connection.execute("detach part")
        connection.execute(
            """
            update marts.build
            set
                build_number = ?::integer,
                built_at = ?::timestamp,
                -- As int_inputs has it, of all files.
                inputs_hash = (
                    select sha256(coalesce(string_agg(
                        file_id || ' ' || coalesce(withdrawn_at::varchar, ''), ','
                        order by file_id
                    ), ''))
                    from marts.load_audit
                )
            """,
            [build_number, built_at],
        )
    expected: Counter[str] = Counter()
    for manifest in found.values():
        expected.update(manifest.rows)
    if (rows := count_rows(working)) != dict(expected):
        odd = sorted(name for name in rows.keys() | expected if rows.get(name) != expected[name])
        raise PartsError(f"The rows of {', '.join(odd)} are not those of the parts.")


def describe_facts(
    variables: Mapping[str, str | bool],
    lake: Iterable[tuple[str, int, int]],
    project_dir: Path,
    key: str,
) -> dict[str, str]:
    """What all parts that are published together must have been made with."""
    return {
        "as_of": str(variables["as_of"]),
        "version": str(variables["version"]),
        "duckdb": duckdb.__version__,
        "rules": str(variables["rules_hash"]),
        "checks": hash_rules(project_dir, unchanged.CHECKS),
        "key": fingerprint(key),
        "ledger_head": str(variables["ledger_head"]),
        "show_personal_data": str(variables.get("show_personal_data", False)).lower(),
        "lake": hash_lake(lake),
    }


def describe_whole(
    home: Path, facts: Mapping[str, str], parked: Iterable[str], project_dir: Path
) -> str:
    """What a build of all organizations would be made from, if it was made as these parts.

    Raises PartsError if the home has other files, rules or another key by now.
    """
    lake, key = unchanged.list_lake(home), read_key(home)
    variables: dict[str, str | bool] = {
        "as_of": facts["as_of"],
        **({"show_personal_data": True} if facts["show_personal_data"] == "true" else {}),
        "version": version("cx-billing"),
        "rules_hash": hash_rules(project_dir),
        "ledger_head": chain.find_head(chain.read_chain(home)),
    }
    now = describe_facts(variables, lake, project_dir, key)
    if other := [FACTS[name] for name in FACTS if now[name] != facts[name]]:
        raise PartsError(
            f"The parts were built with other {', '.join(other)} than {home} has now. Nothing was "
            "published. Build them again: cx-billing build --part K/N."
        )
    return unchanged.describe(lake, parked, project_dir, key, variables)


def keep_made(home: Path, part: Part, made_from: str, facts: dict[str, str]) -> Manifest | None:
    """The manifest of a part that is there and was made from the same; None otherwise.

    What it shares with the other parts is brought up to date: their files may be new.
    """
    folder = place(home, part)
    try:
        manifest = read(folder)
    except PartsError:
        return None
    if manifest.made_from != made_from or not is_whole(folder, manifest):
        return None
    write(folder, replace(manifest, facts=facts))
    return manifest


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a part."""
    files.write(folder / MANIFEST, json.dumps(asdict(manifest), indent=2).encode())


def is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether the file of a part is as it was built."""
    database = folder / PUBLISHED
    return database.exists() and checksums.hash_file(database) == manifest.sha256


def fingerprint(key: str) -> str:
    """What tells one customer key from another, and nobody the key."""
    return hashlib.sha256(f"cx-billing part {key}".encode()).hexdigest()[:16]


def hash_lake(lake: Iterable[tuple[str, int, int]]) -> str:
    """One hash of the files of a lake; when they were written is not the same on all machines."""
    return hashlib.sha256(ascii([(path, size) for path, size, _ in lake]).encode()).hexdigest()
