"""Build a few models of the dbt project in memory, without dbt.

dbt takes seconds to import and to parse the project before it runs its first query; whoever wants
to know what a handful of small files will say cannot wait for that. The SQL is the same, only who
renders it differs: Jinja with what models and macros of this project use of dbt (`ref`, `source`,
`var`, `return` ...). A test holds the verdicts of both ways against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2

from cx_billing import lake
from cx_billing.formats import literal

MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\(.*?\{%-?\s*endmacro\s*-?%\}", re.DOTALL)


class _Returned(Exception):  # noqa: N818 - how dbt's `return` leaves a macro
    """What a macro returns where that is no text."""

    def __init__(self, value: Any):
        super().__init__()
        self.value = value


class Models:
    """The models of a project over one lake, each built when it is first asked for."""

    def __init__(
        self,
        project: Path,
        home: Path,
        connection: duckdb.DuckDBPyConnection,
        variables: Mapping[str, Any] | None = None,
    ):
        self._project = project
        self._connection = connection
        connection.execute("set variable home = ?", [str(home)])
        self._built: set[str] = set()
        self._variables = {
            **lake.read_yaml(project / "dbt_project.yml")["vars"],
            **(variables or {}),
        }
        self._files = {file.stem: file for file in project.glob("models/**/*.sql")}
        self._jinja = jinja2.Environment(
            extensions=["jinja2.ext.do"],
            autoescape=False,
        )
        self._jinja.globals.update(
            ref=self.build,
            source=self._read_source,
            var=self._variables.get,
            config=lambda **_: "",
            execute=True,
            graph={"sources": self._sources},
            dbt=SimpleNamespace(string_literal=literal),
            **{"return": _return},
        )
        for file in project.glob("macros/*.sql"):
            for found in MACRO.finditer(file.read_text()):
                self._jinja.globals[found[1]] = self._compile_macro(found[1], found[0])

    def build(self, name: str) -> str:
        """The table of a seed or model, which is built if it is not there yet."""
        if name not in self._built:
            if (seed := self._project / "seeds" / f"{name}.csv").exists():
                self._load_seed(seed)
            else:
                text = self._jinja.from_string(self._files[name].read_text()).render()
                self._connection.execute(f"create table main.{name} as ({text}\n)")
            self._built.add(name)
        return f"main.{name}"

    def _load_seed(self, file: Path) -> None:
        types = self._types_of_seeds.get(file.stem, {})
        columns = ", ".join(f"'{name}': {literal(kind)}" for name, kind in types.items())
        self._connection.execute(
            f"create table main.{file.stem} as from read_csv({literal(str(file))}, header = true"
            + (f", types = {{{columns}}}" if types else "")
            + ")"
        )

    def _read_source(self, _source: str, name: str) -> str:
        meta = self._sources[name].meta
        location = meta.get(
            "external_location", lake.declaration()["config"]["meta"]["external_location"]
        )
        return self._jinja.from_string(location).render().replace("{name}", name)

    def _compile_macro(self, name: str, text: str) -> Callable[..., Any]:
        """A macro that is compiled, each for itself, when it is first called."""
        compiled: list[Callable[..., str]] = []

        def call(*arguments: Any, **named: Any) -> Any:
            if not compiled:
                compiled.append(getattr(self._jinja.from_string(text).module, name))
            try:
                return str(compiled[0](*arguments, **named))
            except _Returned as returned:
                return returned.value

        return call

    @cached_property
    def _sources(self) -> dict[str, SimpleNamespace]:
        """The declared datasets, in the shape of dbt's graph."""
        return {
            table["name"]: SimpleNamespace(
                name=table["name"],
                meta=table.get("config", {}).get("meta", {}),
                columns={
                    column["name"]: SimpleNamespace(
                        name=column["name"], meta=column.get("config", {}).get("meta", {})
                    )
                    for column in table.get("columns", ())
                },
            )
            for table in lake.declaration()["tables"]
        }

    @cached_property
    def _types_of_seeds(self) -> dict[str, dict[str, str]]:
        declared = lake.read_yaml(self._project / "seeds" / "_seeds.yml")["seeds"]
        return {seed["name"]: seed.get("config", {}).get("column_types", {}) for seed in declared}


def _return(value: Any) -> None:
    raise _Returned(value)
