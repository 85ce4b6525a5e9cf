"""Time stamps (RFC 3161): what somebody outside says existed, and when.

A ledger proves that it hangs together, not that it is the one of last year: whoever can write it
can write all of it anew. A stamp of the hash of the last entry, signed by a time stamping
authority, proves that. Nothing is sent anywhere: the request is a file, its answer is a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from cx_billing import files as whole_files
from cx_billing.ledger.chain import BEGINNING, FOLDER, LedgerError, find_head, read_chain
from cx_billing.ledger.files import STAMPS

SUFFIX = ".tsr"


@dataclass(frozen=True)
class Stamped:
    """A stamp that holds: the entry that was the last then, and when that was (UTC)."""

    path: Path
    sequence: int
    at: datetime


def write_request(home: Path, path: Path) -> str:
    """Write what is sent to an authority: the hash of the last entry, which is returned.

    Raises LedgerError if the ledger is empty or not as it was written.
    """
    head = find_head(read_chain(home))
    if head == BEGINNING:
        raise LedgerError("The ledger has no entry yet: there is nothing to stamp.")
    request = TimestampRequestBuilder().data(head.encode()).build()
    whole_files.write(path, request.as_bytes())
    return head


def add_stamp(home: Path, answer: Path, roots: Sequence[Path]) -> Stamped:
    """Keep an authority's answer with the ledger, once it is proven.

    Raises LedgerError if it is not about an entry of this ledger, or not signed as `roots` demand.
    """
    known = {entry.hash: entry.sequence for entry in read_chain(home)}
    stamp = prove(answer, known, roots)
    head = next(found for found, sequence in known.items() if sequence == stamp.sequence)
    folder = home / FOLDER / STAMPS
    whole_files.write(folder / f"{head}{SUFFIX}", answer.read_bytes())
    return stamp


def prove(path: Path, known: Mapping[str, int], roots: Sequence[Path]) -> Stamped:
    """A stamp whose signature holds, and the entry it is about."""
    response, head = read_stamp(path, known)
    check_signature(path, response, head, roots)
    return Stamped(path, known[head], response.tst_info.gen_time)


def read_stamp(path: Path, known: Mapping[str, int]) -> tuple[TimeStampResponse, str]:
    """An authority's answer, and the hash of the entry that it is about.

    Raises LedgerError if the chain has no such entry.
    """
    try:
        response = decode_timestamp_response(path.read_bytes())
        imprint = response.tst_info.message_imprint.message
    except ValueError as error:
        raise LedgerError(f"{path} is no answer of a time stamping authority.") from error
    for head in known:
        if is_of(head, imprint):
            return response, head
    raise LedgerError(
        f"{path} stamps an entry that the chain does not have: entries were removed or written "
        "anew since, or it is of another ledger."
    )


def is_of(head: str, imprint: bytes) -> bool:
    """Whether a stamp's imprint is that of an entry's hash, by any of the digests in use."""
    return imprint in {
        hashlib.new(name, head.encode()).digest() for name in ("sha256", "sha384", "sha512")
    }


def check_signature(
    path: Path, response: TimeStampResponse, head: str, roots: Sequence[Path]
) -> None:
    """Raises LedgerError unless one of the certificates vouches for the stamp."""
    if not roots:
        raise LedgerError(
            f"{path} cannot be proven without the certificate of its authority: --certificate FILE."
        )
    builder = VerifierBuilder()
    for root in roots:
        try:
            certificates = x509.load_pem_x509_certificates(root.read_bytes())
        except ValueError as error:
            raise LedgerError(f"{root} holds no certificate in PEM.") from error
        for certificate in certificates:
            builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify_message(response, head.encode())
    except VerificationError as error:
        raise LedgerError(f"{path}: the stamp is not valid: {error}.") from error


def check(
    home: Path, known: Mapping[str, int], roots: Sequence[Path], outside: Sequence[Path]
) -> tuple[tuple[Stamped, ...], tuple[str, ...]]:
    """The stamps that hold, and what is wrong with the others.

    Without a certificate they are only held against the chain, and none is said to hold.
    """
    stamped, refused = [], []
    for path in (*sorted((home / FOLDER / STAMPS).glob("*")), *outside):
        try:
            if roots:
                stamped.append(prove(path, known, roots))
            else:
                read_stamp(path, known)
        except LedgerError as error:
            refused.append(str(error))
    return tuple(stamped), tuple(refused)
