"""Which files lie in an inbox, and what lies where nothing is read."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cx_billing import files, formats, lake, sidecars
from cx_billing.landing.report import InboxError, Refused, Report

LEADS_OUT = (
    "is a link to nothing, or to something outside of the inbox, which is not read; put the file "
    "or folder itself there"
)
FOR_READING = ("README.md", "README.txt")
CALLED = {  # words for what a dataset holds that its name does not have
    "voice_usage": {"call", "calls", "cdr", "cdrs", "telephony"},
    "vendor_invoice_lines": {"invoice", "invoices", "bill", "bills"},
    "contract_items": {"price", "prices", "pricing", "rates"},
    "users": {"people", "person", "directory", "agents"},
    "license_assignments": {"licenses", "licences", "licensing"},
    "user_presence": {"presence", "presences", "logins"},
    "message_interactions": {"conversation", "conversations", "messages", "messaging"},
    "phone_numbers": {"numbers", "dids"},
    "resource_usage": {"storage"},
}


@dataclass(frozen=True)
class Delivery:
    """A file in the inbox."""

    path: Path
    org_id: str
    dataset: str
    source_file: str


def list_deliveries(inbox: Path, home: Path, report: Report) -> list[Delivery]:
    """Every file of the inbox in path order.

    What lies where nothing is read is named. A folder that cannot be read is refused, and so is
    what is no regular file, or a link to something outside of the inbox.
    """
    if not inbox.exists():
        raise InboxError(f"{inbox}: there is no such inbox; give the folder that holds <org_id>/")
    if not inbox.is_dir():
        raise InboxError(f"{inbox}: is no folder; give the folder that holds <org_id>/<dataset>/")
    if _is_home(inbox, home):
        raise InboxError(f"{inbox}: is a home of cx-billing; give the folder that holds <org_id>/")
    organizations = [path for path in list_visible(inbox) if path.is_dir()]
    if not organizations:
        raise InboxError(f"{inbox}: holds no organization folder; expected <org_id>/<dataset>/")
    if datasets := [path.name for path in organizations if _is_dataset(path)]:
        raise InboxError(
            f"{inbox}: this looks like one organization's folder, since it holds the datasets "
            f"{', '.join(datasets)}; land its parent, {inbox.absolute().parent}"
            if len(datasets) == len(organizations)
            else f"{inbox}: holds {', '.join(datasets)} beside organizations; move it into the "
            f"folder of the organization it belongs to, like {inbox}/<org_id>/{datasets[0]}"
        )
    report.misplaced += [
        f"{path.name}: ignored, not in <org_id>/<dataset>/"
        for path in list_visible(inbox)
        if path not in organizations
    ]
    found: list[Delivery] = []
    root = inbox.resolve()
    for organization in organizations:
        with _reading(organization.name, report):
            if _leads_out(organization, root):
                _refuse_link(organization.name, report)
                continue
            if _is_home(organization, home):
                report.warnings.append(f"{organization.name}: skipped, it is a home of cx-billing")
                continue
            folders = [path for path in list_visible(organization) if path.name != files.NOT_LANDED]
            if not folders:
                report.warnings.append(f"{organization.name}: the folder is empty")
            for folder in folders:
                where = f"{organization.name}/{folder.name}"
                with _reading(where, report):
                    found += _list_files(folder, organization.name, home, root, report)
    return sorted(found, key=lambda delivery: delivery.source_file)


def _list_files(
    folder: Path, org_id: str, home: Path, root: Path, report: Report
) -> list[Delivery]:
    """The files of one dataset folder of one organization."""
    where = f"{org_id}/{folder.name}"
    if _leads_out(folder, root):
        _refuse_link(where, report)
        return []
    if not folder.is_dir():
        report.misplaced.append(f"{where}: ignored, not in <org_id>/<dataset>/")
        return []
    if _is_home(folder, home):
        report.warnings.append(f"{where}: skipped, it is a home of cx-billing")
        return []
    paths = list_visible(folder)
    if not paths:
        report.warnings.append(f"{where}: the folder is empty")
    found = []
    for path in paths:
        source_file = f"{where}/{path.name}"
        if reason := _find_irregular(path, root):
            message = f"{source_file} (dataset {folder.name}): {reason}"
            report.refused.append(Refused(source_file, message))
        elif path.name.endswith(sidecars.SUFFIX):
            if path.with_name(path.name.removesuffix(sidecars.SUFFIX)) not in paths:
                report.warnings.append(f"{source_file}: ignored, its answer is not there")
        elif path.is_dir() and folder.name in lake.datasets():
            report.misplaced.append(f"{source_file}: folders within a dataset are ignored")
        elif path.is_dir():
            message = (
                f"{source_file}: {folder.name} is no dataset. Files lie in <org_id>/<dataset>/; "
                "an organization is one folder, so its id cannot hold a slash"
            )
            report.refused.append(Refused(source_file, message))
        else:
            found.append(Delivery(path, org_id, folder.name, source_file))
    return found


def _find_irregular(path: Path, root: Path) -> str | None:
    """What is wrong with what lies in the place of a file; nothing with a file or a folder.

    A sidecar that cannot be read would be missed, so its answer is refused with it.
    """
    if _leads_out(path, root):
        return LEADS_OUT
    try:
        kind = path.stat().st_mode
    except OSError:
        return None  # landing says so
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return "is no file but a pipe, a socket or a device; put the file itself there"
    beside = sidecars.path_beside(path)
    is_there = stat.S_ISREG(kind) and (beside.is_symlink() or beside.exists())
    if is_there and (_leads_out(beside, root) or not beside.is_file()):
        return f"cannot be read without {beside.name} beside it, which is no regular file"
    return None


def _leads_out(path: Path, root: Path) -> bool:
    """Whether a path is a link to nothing, or to what lies outside of the inbox."""
    try:
        return path.is_symlink() and not path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # it leads nowhere, or round in a circle
        return True


def _refuse_link(where: str, report: Report) -> None:
    report.refused.append(Refused(where, f"{where}: {LEADS_OUT}"))


@contextmanager
def _reading(where: str, report: Report) -> Iterator[None]:
    """Refuse a folder that cannot be read, and go on with the next."""
    try:
        yield
    except OSError as error:
        message = (
            f"{where}: the folder could not be read ({error.strerror}); fix that, then land again"
        )
        report.refused.append(Refused(where, message))


def _is_dataset(folder: Path) -> bool:
    """Whether a folder in the place of an organization is a dataset's: its name, and files."""
    try:
        return folder.name in lake.datasets() and any(
            path.is_file() for path in list_visible(folder)
        )
    except OSError:
        return False


def _is_home(folder: Path, home: Path) -> bool:
    """Whether a folder is the home that is landed into, or has the looks of another one."""
    return folder.resolve() == home.resolve() or (
        (folder / "lake").is_dir() and (folder / "builds").is_dir()
    )


def list_visible(folder: Path) -> list[Path]:
    """What a folder holds, without hidden files, leftovers of editors and what is for reading."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith((".", "~$")) and path.name not in FOR_READING
    )


def find_dataset(name: str) -> lake.Dataset:
    declared = lake.datasets()
    if name not in declared:
        close = _find_closest(name.lower().replace("-", "_"), list(declared))
        hint = f" Did you mean {close}?" if close else ""
        raise formats.UnreadableError(
            f"lies in a folder that is no dataset.{hint} Datasets are {', '.join(declared)}"
        )
    return declared[name]


def _find_closest(name: str, declared: list[str]) -> str | None:
    """What was meant: by a word for what it holds, a name that begins alike, or the spelling."""
    for dataset, words in CALLED.items():
        if set(name.split("_")) & words:
            return dataset
    alike = [known for known in declared if known.startswith(name) or name.startswith(known)]
    return min(alike, key=len, default=None) or next(
        iter(difflib.get_close_matches(name, declared, n=1)), None
    )
