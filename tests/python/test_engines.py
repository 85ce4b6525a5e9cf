"""Parts placed by Ray, Spark and plain processes are what one build is, whoever is killed.

The organizations are random ones whose codes and words collide, so that a part that read another's
rows would differ. What cannot be installed here is named in the summary.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cx_billing import lake
from environments import Environment, create_environment, find_python
from random_orgs.inbox import as_of_for, draw_organization, write_organization

pytestmark = pytest.mark.nightly
SEED = int(os.environ.get("CX_BILLING_RANDOM_SEED", "7"))
ORGS = int(os.environ.get("CX_BILLING_ENGINE_ORGS", "40"))
KILLS = int(os.environ.get("CX_BILLING_ENGINE_KILLS", "20"))
AS_OF = str(as_of_for(SEED))
KEY = "3e47a4af326fe2034b290e1c34c638d0ae185cb1e3fa376a213c5e718dd5ce32"
LOOPBACK = {"SPARK_LOCAL_IP": "127.0.0.1", "RAY_USAGE_STATS_ENABLED": "0"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Environment:
    """An environment with this checkout and both engines."""
    python = find_python("3.11")
    assert python
    environment = create_environment(python, tmp_path_factory.mktemp("engines") / "env")
    why = environment.install(lake.PROJECT_DIR, "ray>=2.50", "pyspark>=4")
    if why:
        pytest.skip(f"the engines cannot be installed here: {why}")
    return environment


@pytest.fixture(scope="module")
def landed(environment, tmp_path_factory) -> Path:
    """A home in which random organizations were landed and built at once."""
    folder = tmp_path_factory.mktemp("organizations")
    for number in range(ORGS):
        write_organization(draw_organization(number, SEED), folder / "inbox")
    home = folder / "home"
    environment.run("cx-billing", "--home", home, "land", folder / "inbox", cwd=folder)
    build(environment, home, "build")
    return home


@pytest.fixture(scope="module")
def spark(environment, tmp_path_factory) -> Iterator[str]:
    """The address of a standalone cluster of one master and two workers on loopback."""
    home = next((environment.folder / "lib").glob("python*/site-packages/pyspark"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"spark://127.0.0.1:{port}"
    master = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port)]
    master += ["--webui-port", "0"]
    worker = ["org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "1"]
    worker += ["--memory", "1g", "--webui-port", "0", address]
    log = (tmp_path_factory.mktemp("spark") / "log").open("w")
    classes = [str(home / "bin" / "spark-class")]
    variables = {**os.environ, **LOOPBACK, "SPARK_HOME": str(home)}
    started = []
    for command in (master, worker, worker):
        started.append(
            subprocess.Popen(
                classes + command,
                env=variables,
                cwd=log.name.rsplit("/", 1)[0],
                stdout=log,
                stderr=log,
            )
        )
        time.sleep(5)
    yield address
    for process in started:
        process.terminate()
        process.wait()


def build(environment: Environment, home: Path, *words: object, check: bool = True) -> int:
    """Run a build of a home; its exit code. Random organizations have files that are refused."""
    process = start(environment, home, *words)
    said, _ = process.communicate()
    assert not check or process.returncode in (0, 3), said
    return process.returncode


def start(environment: Environment, home: Path, *words: object) -> subprocess.Popen:
    """Start a command of a home."""
    command = [environment.program("cx-billing"), "--home", home, *words, "--as-of", AS_OF]
    return subprocess.Popen(
        [str(word) for word in command],
        env={**os.environ, **LOOPBACK, "CX_BILLING_CUSTOMER_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def marts(environment: Environment, home: Path) -> dict[str, list[str]]:
    """Every row of every mart, as text."""
    return environment.read_marts(home)


def copy(landed: Path, folder: Path) -> Path:
    """The lake of a home in another one."""
    shutil.copytree(landed / "lake", folder / "lake")
    return folder


@pytest.mark.parametrize("engine", ["processes", "ray", "spark"])
@pytest.mark.parametrize("of", [1, 3, 8])
def test_parts_of_any_engine_are_one_build(environment, landed, tmp_path, request, engine, of):
    home = copy(landed, tmp_path / "home")
    address = ["--address", request.getfixturevalue("spark")] if engine == "spark" else []
    build(environment, home, "build-parts", of, "--engine", engine, *address)
    assert marts(environment, home) == marts(environment, landed)


@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_what_is_killed_on_the_way_changes_nothing(environment, landed, tmp_path, engine):
    """Workers or the driver, at any moment; the same command afterwards publishes all."""
    home = copy(landed, tmp_path / "home")
    rng = random.Random(SEED)
    for _ in range(KILLS):
        driver = start(environment, home, "build-parts", 3, "--engine", engine)
        time.sleep(rng.uniform(0, 25))
        if rng.random() < 0.5:
            os.killpg(driver.pid, signal.SIGKILL)
        else:
            kill_a_part(home)
        driver.communicate()
    build(environment, home, "build-parts", 3, "--engine", engine)
    assert marts(environment, home) == marts(environment, landed)


def kill_a_part(home: Path) -> None:
    """Kill one of the processes that build a part of a home, if there is one."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "--part" in words and str(home) in words:
            os.kill(int(process.name), signal.SIGKILL)
            return
