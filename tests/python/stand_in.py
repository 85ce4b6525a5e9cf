"""A stand-in dbt project of one model, which builds in a second."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from cx_billing import builds as build_folders
from cx_billing import lake, warehouse

PROJECT = """
name: stand_in
profile: stand_in
version: "1.0"
flags: {send_anonymous_usage_stats: false}
model-paths: [models]
test-paths: [tests]
models: {stand_in: {+materialized: table}}
vars: {as_of: null}
"""
PROFILE = """
stand_in:
  target: build
  outputs:
    build:
      type: duckdb
      path: "{{ env_var('CX_BILLING_DATABASE') }}"
      schema: marts
      threads: 1
"""
PLUGIN = "      plugins: [{module: cx_billing.dbt_plugin}]\n"  # hands SQL the variables
PROPERTIES = """
models: [{name: answers, description: One row per answer.}]
data_tests: [{name: answers_are_small, description: No answer is above 99.}]
"""
QUERIES = lake.PROJECT_DIR / "macros" / "data_test_queries.sql"
FOREVER = "select count(*) as answer from range(1000000000000)"


class StandIn:
    """A dbt project whose only model is the text of `answers`, and a home to build it in."""

    def __init__(self, folder: Path):
        self.home = folder / "home"
        self.project = folder / "project"
        files = {
            "dbt_project.yml": PROJECT,
            "profiles/profiles.yml": PROFILE,
            "macros/data_test_queries.sql": QUERIES.read_text(),
            "models/_models.yml": PROPERTIES,
            "tests/answers_are_small.sql": "select * from {{ ref('answers') }} where answer > 99",
        }
        for name, text in files.items():
            file = self.project / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def says(self, answer: int | str) -> StandIn:
        """Let the model hold one answer, or whatever a query says."""
        query = answer if isinstance(answer, str) else f"select {answer} as answer"
        (self.project / "models" / "answers.sql").write_text(query)
        return self

    def has_variables(self) -> StandIn:
        """Let dbt hand the model the variables of the session, as a plan does."""
        (self.project / "profiles" / "profiles.yml").write_text(PROFILE + PLUGIN)
        return self

    def build(self, **options) -> warehouse.BuildResult:
        return warehouse.build(self.home, project_dir=self.project, **options)

    def published(self) -> int:
        with warehouse.connect(self.home) as reader:
            return reader.sql("select answer from marts.answers").fetchone()[0]

    def builds(self) -> list[str]:
        return [file.name for file in build_folders.list_good_builds(self.home / "builds")]

    def build_elsewhere(self) -> subprocess.Popen:
        """Start a build in another process and wait until it is at work."""
        call = f"warehouse.build(Path({str(self.home)!r}), project_dir=Path({str(self.project)!r}))"
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"from pathlib import Path\nfrom cx_billing import warehouse\n{call}",
            ]
        )
        working = self.home / "builds" / ".building" / "build" / build_folders.PUBLISHED
        deadline = time.monotonic() + 60
        while not working.exists():
            assert process.poll() is None, "the build ended before it began"
            assert time.monotonic() < deadline, "the build did not begin within a minute"
            time.sleep(0.05)
        return process
