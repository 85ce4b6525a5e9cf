"""Whether the SQL of a model keeps organizations apart.

A relation is of organizations if it has a column `org_id`, its own or by `*`. Two of them are
joined by `org_id`, or by the key of something that one organization has alone (`KEYS`); what is
grouped, made distinct or windowed over one names either. A product or name of everybody has no
organization, so `org_id is null or org_id = org_id` and `org_id is null` join, too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp

# Keys that begin with the organization, or with a file that one organization delivered.
KEYS = {
    *("org_id", "file_id", "line_id", "invoice_id", "invoice_line_id", "vendor_line_id"),
    *("report_line_id", "reconciliation_id", "difference_id", "dispute_id", "credit_id"),
    *("answer_id", "call_id", "caused_by", "peak"),
}
NAMES_IT = (exp.EQ, exp.NullSafeEQ)


@dataclass(frozen=True)
class Mixed:
    """A place where the rows of two organizations may meet."""

    model: str
    kind: str  # join, group, distinct or window
    sql: str


@dataclass
class Reader:
    """The relations of a project, and which of them are of organizations."""

    of_organizations: dict[str, bool] = field(default_factory=dict)
    _known: dict[int, bool] = field(default_factory=dict)

    def read(self, name: str, sql: str) -> list[Mixed]:
        """Where a model may mix organizations; its own columns are known from then on."""
        tree = sqlglot.parse_one(sql, read="duckdb")
        self._known = {}
        self.of_organizations[name] = self.has_organization(tree)
        return [
            Mixed(name, kind, place.sql("duckdb"))
            for select in tree.find_all(exp.Select)
            for kind, place in self.mixing(select)
        ]

    def mixing(self, select: exp.Select) -> Iterator[tuple[str, exp.Expression]]:
        """The places of one `select` that name no organization though they read some."""
        read = [table for table in tables_of(select) if self.has_organization(table)]
        if not read:
            return
        for join in joins_of(select):
            others = [table for table in read if table is not join.this]
            if join.this in read and others and not is_joined(join):
                yield "join", join
        group = select.args.get("group")
        if group and not group.args.get("all") and not names_key(group.expressions):
            yield "group", group
        is_whole = select.args.get("distinct") or (group and group.args.get("all"))
        if is_whole and not self.has_key(select):
            yield ("group" if group else "distinct"), select
        named = {window.name: window for window in select.args.get("windows") or []}
        for window in select.find_all(exp.Window):
            is_used = window.parent is not select and window.find_ancestor(exp.Select) is select
            if is_used and not names_key(partition_of(window, named)):
                yield "window", window

    def has_key(self, select: exp.Select) -> bool:
        """Whether a key of an organization is among the columns."""
        names = {column.alias_or_name for column in select.expressions}
        return bool(names & KEYS) or self.has_organization(select)

    def has_organization(self, relation: exp.Expression) -> bool:
        """Whether a query or table has a column `org_id`."""
        if isinstance(relation, exp.Subquery):
            return self.has_organization(relation.this)
        if isinstance(relation, exp.SetOperation):
            return self.has_organization(relation.left)
        if isinstance(relation, exp.Table):
            query = None if relation.args.get("db") else query_named(relation)
            if query is not None:
                return self.has_organization(query)
            return self.of_organizations.get(relation.name, False)
        if not isinstance(relation, exp.Select):
            return False
        if id(relation) not in self._known:
            self._known[id(relation)] = False  # a recursive query reads itself
            self._known[id(relation)] = any(
                column.alias_or_name == "org_id" or self.has_by_star(relation, column)
                for column in relation.expressions
            )
        return self._known[id(relation)]

    def has_by_star(self, select: exp.Select, column: exp.Expression) -> bool:
        """Whether `*` or `table.*` has the organization."""
        star = column.this if isinstance(column, exp.Column) else column
        if not isinstance(star, exp.Star):
            return isinstance(column, exp.Columns)
        left_out = star.args.get("except_") or star.args.get("except") or []
        table = column.table if isinstance(column, exp.Column) else ""
        return "org_id" not in {name.name for name in left_out} and any(
            self.has_organization(read)
            for read in tables_of(select)
            if table in ("", read.alias_or_name)
        )


def read_project(manifest: dict, project: Path) -> list[Mixed]:
    """Where the models of a compiled project may mix organizations."""
    reader = Reader()
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            with (project / node["original_file_path"]).open(encoding="utf-8") as file:
                reader.of_organizations[node["name"]] = "org_id" in next(csv.reader(file))
    models = {
        key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"
    }
    for source in manifest["sources"].values():
        reader.of_organizations[source["name"]] = True
    parents = {key: set(models) & set(models[key]["depends_on"]["nodes"]) for key in models}
    return [
        mixed
        for key in TopologicalSorter(parents).static_order()
        for mixed in reader.read(models[key]["name"], models[key]["compiled_code"])
    ]


def tables_of(select: exp.Select) -> list[exp.Expression]:
    """What a `select` reads."""
    first = from_of(select)
    return [*([first] if first else []), *(join.this for join in joins_of(select))]


def from_of(select: exp.Select) -> exp.Expression | None:
    """The relation behind `from`."""
    clause = select.args.get("from_") or select.args.get("from")
    return clause.this if clause else None


def joins_of(select: exp.Select) -> list[exp.Join]:
    """The joins of a `select`; where `from` comes first they hang on its table."""
    first = from_of(select)
    own = first.args.get("joins") if first is not None else None
    return [*(select.args.get("joins") or []), *(own or [])]


def query_named(table: exp.Table) -> exp.Expression | None:
    """The common table expression of a name, the nearest."""
    place = table.parent
    while place is not None:
        clause = place.args.get("with_") or place.args.get("with")
        for query in clause.expressions if clause else ():
            if query.alias == table.name:
                return query.this
        place = place.parent
    return None


def is_joined(join: exp.Join) -> bool:
    """Whether both sides are of one organization, or one is of everybody."""
    if any(name.name in KEYS for name in join.args.get("using") or []):
        return True
    return any(is_same(condition) for condition in flat(join.args.get("on"), exp.And))


def is_same(condition: exp.Expression) -> bool:
    """Whether a condition holds two rows of one organization together."""
    if isinstance(condition, NAMES_IT):
        return is_key(condition.left) and is_key(condition.right)
    if isinstance(condition, exp.Is):
        return is_of_everybody(condition)
    parts = list(flat(condition, exp.Or))
    return len(parts) > 1 and all(is_of_everybody(part) or is_same(part) for part in parts)


def is_of_everybody(condition: exp.Expression) -> bool:
    """`org_id is null`."""
    return (
        isinstance(condition, exp.Is)
        and isinstance(condition.this, exp.Column)
        and condition.this.name == "org_id"
        and isinstance(condition.expression, exp.Null)
    )


def is_key(value: exp.Expression) -> bool:
    """Whether it is a column that one organization has alone; also where it may be everybody's."""
    if isinstance(value, exp.Coalesce):
        return is_key(value.this) and all(is_key(other) for other in value.expressions)
    return isinstance(value, exp.Column) and value.name in KEYS


def flat(condition: exp.Expression | None, kind: type) -> Iterator[exp.Expression]:
    """The parts of a condition between `and`s, or `or`s."""
    if isinstance(condition, exp.Paren):
        yield from flat(condition.this, kind)
    elif isinstance(condition, kind):
        yield from flat(condition.left, kind)
        yield from flat(condition.right, kind)
    elif condition is not None:
        yield condition


def names_key(expressions: list[exp.Expression]) -> bool:
    """Whether a key of an organization is among some expressions."""
    columns = (column for part in expressions for column in part.find_all(exp.Column))
    names = {part.name for part in expressions} | {column.name for column in columns}
    return bool(names & KEYS)


def partition_of(window: exp.Window, named: dict[str, exp.Expression]) -> list[exp.Expression]:
    """What a window is partitioned by, itself or as the one that it is named after."""
    while not window.args.get("partition_by") and window.args.get("alias"):
        name = window.args["alias"].name
        if name not in named or named[name] is window:
            break
        window = named[name]
    return window.args.get("partition_by") or []
