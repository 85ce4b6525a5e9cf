"""Any case: files of every format that hold a table, damaged or not."""

from __future__ import annotations

import random
from dataclasses import replace

from fuzz.cases import Case
from fuzz.csv_files import csv_case, spoiled_csv
from fuzz.json_files import answer_case, json_case, spoiled_json
from fuzz.other_files import gzip_case, odd_case, parquet_case, pdf_case, workbook_case, zip_case


def draw_case(rng: random.Random) -> Case:
    """Any case; some kinds are dearer to land than others."""
    kinds = {
        csv_case: 40, spoiled_csv: 20, json_case: 14, spoiled_json: 8, answer_case: 10,
        workbook_case: 5, parquet_case: 4, zip_case: 5, gzip_case: 5, pdf_case: 0.6, odd_case: 3,
    }  # fmt: skip
    [kind] = rng.choices(list(kinds), list(kinds.values()))
    case = kind(rng)
    return replace(case, recipe=f"{kind.__name__}: {case.recipe}")
