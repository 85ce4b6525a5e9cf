"""The process in which `BoundedReader` has files read; nobody else starts it.

python -P -m cx_billing.landing.reader_process PIPE PARENT MEMORY
"""

from __future__ import annotations

import pickle
import sys
import time
from multiprocessing.connection import Connection

from cx_billing import formats
from cx_billing.bounds import LARGEST_FILE, bound_computing, bound_process, end_with_parent
from cx_billing.landing.bounded import MOST_ANSWERED
from cx_billing.landing.reader import EXPLAINED, Reader, explain
from cx_billing.landing.writer import SECONDS_BETWEEN_LOOKS


class _Teller:
    """Sends what there is to say, and how far the work is a few times a second."""

    def __init__(self, pipe: Connection):
        self._pipe = pipe
        self._told = time.monotonic()

    def tell(self, *said: object) -> None:
        packed = pickle.dumps(said)
        if len(packed) > MOST_ANSWERED:
            packed = pickle.dumps(("refused", "says more of itself than any answer does"))
        self._pipe.send_bytes(packed)

    def watch(self, step: str, share: float) -> None:
        if time.monotonic() - self._told >= SECONDS_BETWEEN_LOOKS:
            self._told = time.monotonic()
            self.tell("watch", step, share)


def serve(pipe: Connection, memory: int) -> None:
    """Do what is asked, until nobody asks any more."""
    scratch, time_zone = pipe.recv()
    reader = Reader(scratch, time_zone)
    teller = _Teller(pipe)
    teller.tell("ready", None)
    while True:
        what, arguments, seconds = pipe.recv()
        bound_computing(seconds)
        try:
            said = "done", getattr(reader, what)(*arguments, watch=teller.watch)
        except EXPLAINED as error:
            said = "refused", explain(error)
        except MemoryError:
            said = "stopped", f"takes more than {memory / (1 << 30):g} GiB of memory to read"
        except Exception as error:  # a reader of foreign bytes can fail in any way
            broken = f"{type(error).__name__}: {formats.shown([str(error)])}"
            said = "stopped", f"broke its reader ({broken})"
        teller.tell(*said)


def _main(pipe: str, parent: str, memory: str) -> None:
    end_with_parent(int(parent))
    bound_process(int(memory), LARGEST_FILE)
    try:
        serve(Connection(int(pipe)), int(memory))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # whoever asked has all answers, or has gone


if __name__ == "__main__":
    _main(*sys.argv[1:])
