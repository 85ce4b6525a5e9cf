"""One run: every file it is given becomes one file of the lake, or is refused."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cx_billing import checksums, formats, lake, sidecars
from cx_billing.bounds import LARGEST_FILE
from cx_billing.formats import literal
from cx_billing.formats.completeness import Said
from cx_billing.landing.answers import settle
from cx_billing.landing.bounded import BoundedReader
from cx_billing.landing.delivered import Delivered, columns_of_lines, copy_id, plan
from cx_billing.landing.earlier import find_still_counting
from cx_billing.landing.facts import identify, is_answer
from cx_billing.landing.inbox import Delivery, find_dataset
from cx_billing.landing.landed_files import (
    TEMPORARY,
    LandedFile,
    find_split_answers,
    list_landed,
    read_facts,
    write_anew,
)
from cx_billing.landing.parts import Answer, Part
from cx_billing.landing.reader import EXPLAINED, connect, explain
from cx_billing.landing.report import (
    AlreadyLanded,
    Landed,
    LeftOut,
    Progress,
    Refused,
    Report,
)
from cx_billing.landing.stopped import StoppedError, StoppedFiles
from cx_billing.landing.writer import SECONDS_BETWEEN_LOOKS, zone_for
from cx_billing.masking import mask_words

SCRATCH_PREFIX = ".scratch-"
LONGEST_NAME = 1_000  # characters of the path of a file, in an archive too
LONGEST_MESSAGE = 4_000  # characters
LONGEST_NAME_TOLD = 300  # likewise in a message


class Lander:
    """One run: a reader, a connection, a scratch folder and a clock that never stands still.

    What files hold is looked at by the reader alone; the connection is for what is in the lake.
    """

    def __init__(
        self,
        home: Path,
        report: Report,
        time_zone: str | None = None,
        is_stopped_retried: bool = False,
    ):
        self._home = home
        self._stopped = StoppedFiles(home, is_stopped_retried)
        self._report = report
        self._time_zone = time_zone
        self._extra: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        self._folder: tuple[str, str] | None = None
        self._parts: dict[str, Part] = {}
        self._pull: list[Part] = []
        self._waiting: dict[str, Delivered] = {}
        self._by_name: dict[str, list[LandedFile]] | None = None

    def __enter__(self) -> Lander:
        self._lake = lake.ensure(self._home)
        for leftover in self._lake.glob(f"*/*{TEMPORARY}"):
            leftover.unlink()
        for leftover in self._home.glob(f"{SCRATCH_PREFIX}*"):
            shutil.rmtree(leftover)
        self._scratch = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=self._home))
        self._reader = BoundedReader(self._scratch, self._time_zone)
        self._connection = connect(self._scratch / "spill")
        self._before = list_landed(self._lake, self._connection)
        self._landed = {file.file_id: file for file in self._before}
        self._split = find_split_answers(self._before)
        self._withdrawn = {file.answer_id for file in self._before if file.withdrawn_at} - {None}
        self._clock = max(
            (datetime.fromisoformat(file.facts["landed_at"]) for file in self._before),
            default=datetime.min,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._connection.close()
        shutil.rmtree(self._scratch)
        self._warn_of_organizations_alike()
        for (dataset, names), found in self._extra.items():
            others = f" and {len(found) - 1} more" if len(found) > 1 else ""
            self._report.warnings.append(
                f"{found[0]}{others}: columns that {dataset} does not know are kept in "
                f"extra_columns: {mask_words(formats.shown(names))}"
            )

    def land(self, delivery: Delivery, watch: formats.Watch = formats.unwatched) -> None:
        """Land one file, or every file of an archive, and report what became of it.

        Answers that may be of several files are landed with the last file of their dataset.
        """
        if self._folder != (folder := (delivery.org_id, delivery.dataset)):
            self.settle()
            self._folder = folder
        with self._refusing(delivery):
            if delivery.path.suffix.lower() != ".zip":
                self._land(delivery, watch)
                return
            find_dataset(delivery.dataset)
            with tempfile.TemporaryDirectory(dir=self._scratch) as unpacked:
                for member in _with_sidecars(self._unpack(delivery, Path(unpacked), watch)):
                    source_file = f"{delivery.source_file}/{member.name}"
                    part = replace(delivery, path=member.path, source_file=source_file)
                    with self._refusing(part):
                        self._land(part, watch)

    @contextmanager
    def _refusing(self, delivery: Delivery) -> Iterator[None]:
        """Refuse and report what cannot be read, and go on."""
        try:
            yield
        except EXPLAINED as error:
            self._refuse(delivery, explain(error))

    @contextmanager
    def _marking(self, file_id: str, delivery: Delivery) -> Iterator[None]:
        """Mark a file that stops its reader, and refuse it."""
        try:
            yield
        except StoppedError as error:
            marked = self._stopped.mark(file_id, delivery, str(error))
            raise formats.UnreadableError(marked) from error

    def _pass_by(self, file_id: str) -> None:
        """Refuse a file that stopped its reader before, unless that is to be tried again."""
        if reason := self._stopped.find(file_id):
            raise formats.UnreadableError(reason)

    def _unpack(
        self, delivery: Delivery, folder: Path, watch: formats.Watch
    ) -> list[formats.Member]:
        """The members of an archive, which is known by its content only if it stops the reader."""

        def file_id() -> str:
            return identify(delivery, _hash(delivery.path, watch), None)

        _look_at(delivery)
        if self._stopped.are_any:
            self._pass_by(file_id())
        try:
            return self._reader.unpack(delivery.path, folder, watch)
        except StoppedError as error:
            marked = self._stopped.mark(file_id(), delivery, str(error))
            raise formats.UnreadableError(marked) from error

    def _land(self, delivery: Delivery, watch: formats.Watch) -> None:
        dataset = find_dataset(delivery.dataset)
        formats.format_of(delivery.path)
        before = _look_at(delivery)
        sha256 = _hash(delivery.path, watch)
        asked = self._read_sidecar(delivery)
        file_id = identify(delivery, sha256, asked)
        known = self._landed.get(file_id)
        if known and (self._is_withdrawn(known) or known.answer_id not in self._split):
            self._take_known(delivery, dataset, known, asked)
            return
        if file_id in self._waiting:
            self._report.already_landed.append(AlreadyLanded(delivery.source_file, file_id))
            return

        self._pass_by(file_id)
        landed_at = max(datetime.now(UTC).replace(tzinfo=None), self._clock + timedelta(0, 0, 1))
        facts = {
            "org_id": delivery.org_id,
            "dataset": dataset.name,
            "source_file": delivery.source_file,
            "sha256": sha256,
            "landed_at": landed_at.isoformat(timespec="microseconds"),
        }
        target = self._lake / dataset.name / f"{file_id}.parquet"
        staged = self._scratch / file_id
        staged.mkdir()
        try:
            with self._marking(file_id, delivery):
                read = self._reader.read(
                    Delivered(delivery, dataset, target, facts, known, staged, asked), watch
                )
            after = delivery.path.stat()
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise formats.UnreadableError("changed while it was read; land it again")
            self._clock = landed_at
            if read.is_answer:
                self._wait(read)
            else:
                self._put(read)
        finally:
            if file_id not in self._waiting:
                target.with_suffix(TEMPORARY).unlink(missing_ok=True)
                shutil.rmtree(staged)

    def _wait(self, read: Delivered) -> None:
        """Keep an answer until all files of its dataset were read.

        What is complete waits only for the rest of the pull it came with.
        """
        said = read.rows.said or Said()
        part = Part(read.delivery.source_file, read.file_id, said, _interval(read.asked))
        if self._pull and self._pull[0].pull != part.pull:
            if not any(before.is_incomplete for before in self._pull):
                for before in self._pull:
                    self._land_answer(Answer([before], said=before.said))
                    self._parts[before.file_id] = replace(before, is_new=False)
            self._pull = []
        if part.pull:
            self._pull.append(part)
        self._parts[part.file_id] = part
        self._waiting[read.file_id] = read

    def settle(self) -> None:
        """Land what waited for the rest of its answer, or refuse it."""
        parts, self._parts, self._pull = self._parts, {}, []
        for answer in settle(parts.values()):
            self._land_answer(answer)

    def _land_answer(self, answer: Answer) -> None:
        """Put an answer into the lake, if every part of it can be written."""
        reads = [self._waiting.pop(part.file_id) for part in answer.new]
        try:
            if answer.missing:
                for read in reads:
                    self._refuse(read.delivery, self._explain(answer.missing, read.delivery))
                return
            facts = plan(answer, reads, self._landed)
            written = []
            for part, read in zip(answer.new, reads, strict=True):
                with (
                    self._refusing(read.delivery),
                    self._marking(read.file_id, read.delivery),
                ):
                    told = replace(read, facts=read.facts | facts[read.file_id])
                    if not told.is_there:
                        self._reader.write(told, part.lines_of)
                    written.append(told)
            if len(written) < len(reads):
                for told in written:
                    self._refuse(told.delivery, "another part of its answer was refused")
                return
            for part in answer.borrowed:
                with self._refusing(reads[0].delivery):
                    self._copy(part, facts)
            for told in written:
                with self._refusing(told.delivery):
                    self._put(told)
        finally:
            for read in reads:
                read.temporary.unlink(missing_ok=True)
                shutil.rmtree(read.staged)

    def _explain(self, missing: str, delivery: Delivery) -> str:
        """Why an answer is refused, and what would complete it."""
        folder = f"{delivery.org_id}/{delivery.dataset}/"
        is_withdrawn = any(
            file.source_file.startswith(folder) and self._landed[file.file_id].answer_id
            for file in self._report.left_out
        )
        withdrawn = " (other parts in the inbox were withdrawn earlier)" if is_withdrawn else ""
        return (
            f"incomplete_answer: {missing}{withdrawn}; fetch the rest of the answer and land all "
            "of it in one run"
        )

    def _copy(self, part: Part, facts: Mapping[str, dict[str, str]]) -> None:
        """Put a file of the lake there once more, as a part of another answer."""
        file = self._landed[part.file_id]
        new_id = next(copy_id(part.file_id, fact["answer_id"]) for fact in facts.values())
        told = read_facts(file.path, self._connection) | facts[new_id]
        told.pop("withdrawn_at", None)
        path = file.path.with_stem(new_id)
        columns = {
            "file_id": literal(new_id),
            "landed_at": f"timestamp {literal(told['landed_at'])}",
            "withdrawn_at": "null::timestamp",
        }
        columns |= columns_of_lines(part.lines_of)
        write_anew(file.path, path, told, columns, self._connection)
        self._landed[new_id] = LandedFile(path, told)

    def _put(self, read: Delivered) -> None:
        """Give what was written its name in the lake, and report it."""
        if read.is_there:
            known = AlreadyLanded(read.delivery.source_file, read.file_id)
            self._report.already_landed.append(known)
            return
        checksums.put(read.temporary, read.target, read.delivery.org_id)
        self._landed[read.file_id] = LandedFile(read.target, read.facts)
        self._report.landed.append(
            Landed(
                read.delivery.source_file,
                read.delivery.org_id,
                read.delivery.dataset,
                read.file_id,
                read.rows.count,
                read.rows.parse_errors,
            )
        )
        self._warn(read.delivery, read.rows)
        new = self._landed[read.file_id]
        earlier = [
            file
            for file in self._of_name(new.source_file)
            if not file.withdrawn_at and file.answer_id not in self._split
        ]
        if earlier:
            still = find_still_counting(new, earlier, read.dataset, self._connection)
            self._report.still_counting += [still] if still else []

    def _take_known(
        self,
        delivery: Delivery,
        dataset: lake.Dataset,
        known: LandedFile,
        asked: sidecars.Asked | None,
    ) -> None:
        """A file whose content is in the lake: it counts already, or it was taken back.

        What it says is remembered, for others that could be of the same answer.
        """
        if self._is_withdrawn(known):
            left_out = LeftOut(delivery.source_file, known.file_id, self._name_of(known))
            self._report.left_out.append(left_out)
        else:
            self._report.already_landed.append(AlreadyLanded(delivery.source_file, known.file_id))
            self._warn_of_another_zone(delivery, dataset, known)
        if not is_answer(delivery.path) or (known.withdrawn_at and not known.answer_id):
            return
        said = read_facts(known.path, self._connection).get("said")
        if said:
            self._parts[known.file_id] = Part(
                delivery.source_file,
                known.file_id,
                Said.loads(said),
                _interval(asked),
                is_new=False,
                answer_id=known.answer_id,
                answer_parts=known.answer_parts,
            )

    def _is_withdrawn(self, known: LandedFile) -> bool:
        """Whether a file of the lake was taken back, or any part of its answer."""
        return known.withdrawn_at is not None or known.answer_id in self._withdrawn

    def _name_of(self, known: LandedFile) -> str:
        """By what `withdraw` finds a file of the lake: its name if no other has it."""
        is_alone = len(self._of_name(known.source_file)) == 1
        return known.source_file if is_alone else known.file_id

    def _of_name(self, source_file: str) -> list[LandedFile]:
        """The files of the lake that were landed under a name before this run."""
        if self._by_name is None:
            self._by_name = defaultdict(list)
            for file in self._before:
                self._by_name[file.source_file].append(file)
        return self._by_name.get(source_file, [])

    def _read_sidecar(self, delivery: Delivery) -> sidecars.Asked | None:
        """What an answer was asked for, if that lies beside it."""
        try:
            return sidecars.read(delivery.path) if is_answer(delivery.path) else None
        except (ValueError, ArithmeticError, RecursionError) as error:
            self._report.warnings.append(
                f"{delivery.source_file}{sidecars.SUFFIX}: cannot be understood ({error}), so "
                "nothing is known of the interval that was asked for; delete it or extract again"
            )
            return None

    def _warn_of_another_zone(
        self, delivery: Delivery, dataset: lake.Dataset, known: LandedFile
    ) -> None:
        """Say so if a file was landed as of another zone than this run's: it stays as it is."""
        zone = zone_for(dataset, self._time_zone)
        if not zone:
            return
        landed_as = known.facts.get("time_zone", "UTC")
        if landed_as != zone:
            name = self._name_of(known)
            self._report.warnings.append(
                f"{delivery.source_file}: was landed already, with times of {landed_as}, and stays "
                f"so; cx-billing withdraw {name}, then cx-billing withdraw --undo --time-zone "
                f"{zone} {name} has them read as {zone}"
            )

    def _warn_of_organizations_alike(self) -> None:
        """Name organizations of the lake whose ids differ in letter case alone.

        Only if this run landed files of one of them, or found them landed.
        """
        alike: dict[str, set[str]] = defaultdict(set)
        for file in self._landed.values():
            if not file.withdrawn_at:
                alike[file.facts["org_id"].lower()].add(file.facts["org_id"])
        delivered = {landed.org_id for landed in self._report.landed}
        delivered |= {  # what waited twice for the rest of its answer may not be there
            self._landed[known.file_id].facts["org_id"]
            for known in self._report.already_landed
            if known.file_id in self._landed
        }
        for _, names in sorted(alike.items()):
            if len(names) > 1 and names & delivered:
                self._report.warnings.append(
                    f"{', '.join(sorted(names))}: {len(names)} organizations, each billed apart, "
                    "whose names differ in upper and lower case alone; if they are one, withdraw "
                    "the files of the wrong name and land them in the folder of the other"
                )

    def _refuse(self, delivery: Delivery, reason: str) -> None:
        name = _shorten(delivery.source_file, LONGEST_NAME_TOLD)
        message = f"{name} (dataset {delivery.dataset}): {_shorten(reason, LONGEST_MESSAGE)}"
        self._report.refused.append(Refused(delivery.source_file, message))

    def _warn(self, delivery: Delivery, rows: formats.Rows) -> None:
        if rows.extra:
            found = self._extra.setdefault((delivery.dataset, rows.extra), [])
            found.append(delivery.source_file)
        if rows.notice:
            self._report.warnings.append(f"{delivery.source_file}: {rows.notice}")
        if not rows.count and not is_answer(delivery.path):
            self._report.warnings.append(
                f"{delivery.source_file}: has a header and no row; if it should have rows, export "
                "it again"
            )
        if rows.is_full:
            self._report.warnings.append(
                f"{delivery.source_file}: has {rows.count:,} rows, as many as a spreadsheet can "
                "hold; it was probably cut, export it again as CSV without opening it"
            )


def _look_at(delivery: Delivery) -> os.stat_result:
    """What the system says of a file, unless its name or its size is beyond all bounds."""
    try:
        delivery.source_file.encode()
    except UnicodeEncodeError as error:
        raise formats.UnreadableError("has a name that is not UTF-8; rename it") from error
    if len(delivery.source_file) > LONGEST_NAME:
        raise formats.UnreadableError(
            f"has a name of more than {LONGEST_NAME:,} characters; rename it"
        )
    found = delivery.path.stat()
    if found.st_size > LARGEST_FILE:
        raise formats.UnreadableError(
            f"has {found.st_size:,} bytes, more than {LARGEST_FILE:,}; export it in parts"
        )
    return found


def _shorten(text: str, most: int) -> str:
    """A text that comes from outside, bounded."""
    return text if len(text) <= most else f"{text[:most]}…"


def _hash(path: Path, watch: formats.Watch) -> str:
    """What a file is known by."""
    with formats.open_raw(path, "hashing", watch) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _with_sidecars(members: list[formats.Member]) -> Iterator[formats.Member]:
    """The members of an archive that are no sidecars; those lie beside their answers then."""
    beside = {member.name: member.path for member in members if _is_sidecar(member)}
    for member in members:
        if not _is_sidecar(member):
            if path := beside.pop(member.name + sidecars.SUFFIX, None):
                path.replace(sidecars.path_beside(member.path))
            yield member


def _is_sidecar(member: formats.Member) -> bool:
    return member.name.endswith(sidecars.SUFFIX)


def _interval(asked: sidecars.Asked | None) -> str | None:
    """The interval that an answer was asked for, as a key."""
    return f"{asked.start}/{asked.end}" if asked and asked.start else None


def watch_now_and_then(state: Progress, show: Callable[[Progress], None]) -> formats.Watch:
    """Shows how far a file is, a few times a second."""
    shown = time.monotonic()

    def watch(step: str, share: float) -> None:
        nonlocal shown
        if time.monotonic() - shown >= SECONDS_BETWEEN_LOOKS:
            shown = time.monotonic()
            show(replace(state, step=step, share=share))

    return watch
