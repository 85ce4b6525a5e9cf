"""Engines that run the builds of all parts: processes of this machine, Ray or Spark.

Where a part is built, how many at a time, and that one is tried again whose worker has died, is the
engine's business; here is only what one task does. A task is a process of its own on the machine
of its worker, so a build that dies takes no worker along. All machines see the home under the same
path, and have the same environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

TRIES = 4  # of a part whose worker dies, by Ray; Spark has its own setting for it


class EngineError(Exception):
    """The engine cannot be used; the message says what to do."""


class WorkerDiedError(Exception):
    """The process of a part was killed: the part can be built again."""


@dataclass(frozen=True)
class Ended:
    """How the build of a part has ended: its exit code, and what it said."""

    part: int
    exit_code: int
    said: str


def run_part(part: int, arguments: Sequence[str]) -> Ended:
    """Run the command of a part in a process. Raises WorkerDiedError if a signal ends it."""
    done = subprocess.run(
        [sys.executable, "-m", "cx_billing", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode < 0:
        raise WorkerDiedError(f"part {part}: ended by signal {-done.returncode}")
    return Ended(part, done.returncode, done.stdout + done.stderr)


def on_processes(
    tasks: Sequence[tuple[int, Sequence[str]]], workers: int | None, address: str | None
) -> Iterator[Ended]:
    """Run tasks on this machine, some at a time. One that is killed is not tried again."""
    if address:
        raise EngineError("Processes run on this machine: --address is for ray and spark.")
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        waiting = {pool.submit(run_part, part, arguments): part for part, arguments in tasks}
        try:
            for ended in as_completed(waiting):
                try:
                    yield ended.result()
                except WorkerDiedError as error:
                    yield Ended(waiting[ended], 1, f"{error}\n")
        except BaseException:  # interrupted: the parts that wait are not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def on_ray(
    tasks: Sequence[tuple[int, Sequence[str]]], workers: int | None, address: str | None
) -> Iterator[Ended]:
    """Run tasks on a Ray cluster, or on one that lives as long as this."""
    try:
        import ray
    except ImportError as error:
        raise EngineError("Ray is not installed: pip install 'cx-billing[ray]'.") from error
    local = {} if address else {"num_cpus": workers, "include_dashboard": False}
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", **local)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise EngineError(f"Ray cannot be used: {error}") from error
    try:
        task = ray.remote(num_cpus=1, max_retries=TRIES - 1, retry_exceptions=[WorkerDiedError])(
            run_part
        )
        waiting = {task.remote(part, list(arguments)): part for part, arguments in tasks}
        while waiting:
            [ended], _ = ray.wait(list(waiting), num_returns=1)
            part = waiting.pop(ended)
            try:
                yield ray.get(ended)
            except (WorkerDiedError, ray.exceptions.RayError) as error:
                yield Ended(part, 1, f"{error}\n")
    finally:
        ray.shutdown()


def on_spark(
    tasks: Sequence[tuple[int, Sequence[str]]], workers: int | None, address: str | None
) -> Iterator[Ended]:
    """Run tasks on a Spark cluster (`spark://…`), or on one in this process."""
    try:
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError("Spark is not installed: pip install 'cx-billing[spark]'.") from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    master = address or f"local[{workers or '*'},{TRIES}]"
    builder = (
        SparkSession.builder.master(master)
        .appName("cx-billing")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
    )
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JJavaError, OSError, RuntimeError) as error:  # no Java, say
        raise EngineError(f"Spark cannot be used: {error}") from error
    try:
        context = session.sparkContext
        context.setLogLevel("OFF")
        spread = context.parallelize([(part, list(words)) for part, words in tasks], len(tasks))
        yield from spread.map(lambda task: run_part(*task)).collect()
    except Py4JJavaError as error:
        yield Ended(0, 1, f"{error.java_exception}\n")
    finally:
        session.stop()


Engine = Callable[[Sequence[tuple[int, Sequence[str]]], int | None, str | None], Iterator[Ended]]
ENGINES: dict[str, Engine] = {"processes": on_processes, "ray": on_ray, "spark": on_spark}
