"""JSON files, well written or with one fault, and the answers of the platform's API."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from cx_billing import lake
from fuzz import answers, damage
from fuzz.cases import PLAIN_DATASETS, Bad, Case
from fuzz.tables import draw


def json_case(rng: random.Random) -> Case:
    """Rows as objects in one of the shapes that are read, and a fault that is known."""
    dataset = lake.datasets()[rng.choice(PLAIN_DATASETS)]
    table = draw(rng, dataset)
    # an array of no object lacks no column, any other needs all of them
    tokens = [{name: damage.json_token(rng, text) for name, text in
               zip(table.names, row, strict=True)} for row in table.rows]  # fmt: skip
    rows = [
        {column: found for column, name in zip(table.columns, table.names, strict=True)
         if (found := row[name][1]) is not None}
        for row in tokens
    ]  # fmt: skip
    objects = ["{" + ", ".join(f"{json.dumps(name)}: {token}" for name, (token, _) in row.items())
               + "}" for row in tokens]  # fmt: skip
    recipe, refused = "as it should be", False
    fault = rng.choice(("", "", "", "none", "double", "broken", "twice", "surrogate"))
    at = rng.randrange(len(objects)) if objects else None
    if fault and at is not None:
        recipe = fault
        if fault == "none":
            token = rng.choice(("5", '"x"', "null", "true", "1e999", '[["x"]]'))
            objects.insert(at, token)
            text = '"x"' if "x" in token else token
            rows.insert(at, Bad("not_an_object", text))
        elif fault == "double":
            places = [at for at, column in enumerate(table.columns) if column in dataset.required]
            other = table.names[rng.choice(places)]
            objects[at] = objects[at][:-1] + f', {json.dumps(other + "_")}: "x"}}'
            rows[at] = Bad("duplicate_column")
        elif fault == "surrogate":
            objects[at] = objects[at][:-1] + ', "zzz": "\\ud800"}'
            rows[at] = Bad("invalid_encoding")
        else:
            refused, rows = True, None
            objects[at] = {
                "broken": rng.choice((objects[at][:-1], objects[at].replace(":", "", 1),
                                      "{" + objects[at], objects[at] + "]")),
                "twice": objects[at][:-1] + f", {json.dumps(table.names[0])}: 1}}",
            }[fault]  # fmt: skip
    shapes = {
        "array": ("f.json", "[" + ",\n".join(objects) + "]"),
        "lines": ("f.ndjson", "".join(f"{item}\n" for item in objects)),
        "documents": ("f.json", " ".join(objects)),
        "pages": ("f.json", "\n".join(f'{{"entities": [{item}], "total": 1}}' for item in objects)),
        "arrays": ("f.json", "".join(f"[{item}]" for item in objects)),
    }
    if fault == "broken" and at is not None:
        del shapes["arrays"], shapes["documents"], shapes["lines"]
    shape = rng.choice(list(shapes))
    name, text = shapes[shape]
    if not text.strip():
        refused, rows = True, None
    content = (b"\xef\xbb\xbf" * (rng.random() < 0.1)) + text.encode()
    return Case(dataset.name, name, content, f"{shape}, {recipe}", rows, refused)


def spoiled_json(rng: random.Random) -> Case:
    case = json_case(rng)
    content, recipe = damage.spoiled(rng, case.content)
    return replace(
        case, content=content, recipe=f"{case.recipe}; {recipe}", rows=None, refused=None
    )


def answer_case(rng: random.Random) -> Case:
    """An answer of the platform's API with parts of any other kind; rows are not foreseen."""
    dataset = rng.choice(list(answers.SHAPES))
    content, recipe = answers.draw(rng, dataset)
    if rng.random() < 0.2:
        content, how = damage.spoiled(rng, content)
        recipe += f"; {how}"
    name = rng.choice(("f.json", "2026-01-31.json", "2026-01-31.json"))
    return Case(dataset, name, content, recipe, None, None)
