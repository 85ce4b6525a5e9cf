"""What a process that reads foreign bytes may take, and that it ends with the one that asked.

A reader in C or Rust that wants more memory than there is ends its whole process, and one that
never comes back cannot be interrupted: only another process can say so and go on.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

LARGEST_FILE = 1 << 36  # bytes that a file may have, or be written with
FIRST_TO_GO = "800"  # of 1,000: where the machine's memory ends, this ends before the others
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def bound_process(memory: int, largest_file: int | None = None) -> None:
    """Bound this process, as far as the system can, for good: also what it starts."""
    _bound(resource.RLIMIT_AS, memory)
    _bound(resource.RLIMIT_CORE, 0)  # a core dump would have the rows of a file
    if largest_file is not None:
        _bound(resource.RLIMIT_FSIZE, largest_file)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)


def bound_computing(seconds: float) -> None:
    """Have this process end when it has computed for so many seconds from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    until = int(used.ru_utime + used.ru_stime + seconds) + 1
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def end_with_parent(parent: int) -> None:
    """Have this process be killed when `parent`, which started it, ends in any way."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _bound(kind: int, most: int) -> None:
    """Not every system can bound everything."""
    with suppress(ValueError, OSError):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
