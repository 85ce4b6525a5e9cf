"""What `docs/datasets.md` says is what is declared."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal

import pytest

from cx_billing import formats, lake
from cx_billing.check_files import check_files

DATASETS = (lake.PROJECT_DIR / "docs" / "datasets.md").read_text()


@pytest.mark.parametrize("dataset", lake.datasets().values(), ids=lambda dataset: dataset.name)
def test_the_documentation_has_every_dataset_with_its_columns(dataset):
    [section] = re.findall(rf"^### `{dataset.name}`\n(.*?)(?=^##|\Z)", DATASETS, re.M | re.S)
    documented = dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", section, re.M))
    assert documented == {
        column: "yes" if column in dataset.required else "no" for column in dataset.columns
    }
    [key] = re.findall(r"^Key: (.*)", section, re.M)
    assert re.findall(r"`(\w+)`", key) == list(dataset.natural_key)
    header, example = re.search(r"^```csv\n(.*)\n(.*)\n", section, re.M).groups()
    positions = formats.match(header.split(","), dataset)
    assert dataset.required <= set(positions)
    assert len(next(csv.reader([example]))) == len(header.split(","))


def test_the_documentation_explains_every_reason():
    with (lake.PROJECT_DIR / "seeds" / "reject_reasons.csv").open() as file:
        reasons = [row["reason"] for row in csv.DictReader(file)]
    assert re.findall(r"^\| `(\w+)` \| \D", DATASETS.split("## Reasons")[1], re.M) == reasons


def test_the_documentation_has_every_product_and_alias():
    for seed in ("products", "product_aliases", "billing_option_names"):
        with (lake.PROJECT_DIR / "seeds" / f"{seed}.csv").open() as file:
            names = [next(iter(row.values())) for row in csv.DictReader(file)]
        assert [name for name in names if f"`{name}`" not in DATASETS] == []


def test_the_documentation_names_every_alias():
    text = (lake.PROJECT_DIR / "docs" / "datasets.md").read_text()
    for dataset in lake.datasets().values():
        section = text.split(f"### `{dataset.name}`\n")[1].split("\n### ")[0]
        aliases = [alias for found in dataset.header_aliases.values() for alias in found]
        assert [alias for alias in aliases if f"`{alias}`" not in section] == [], dataset.name


def test_the_invoice_that_is_typed_from_paper_is_read_whole(tmp_path):
    section = DATASETS.split("### Typing an invoice from paper")[1]
    [example] = re.findall(r"^```csv\n(.*?)^```", section.split("\n### ")[0], re.M | re.S)
    for dataset, text in (
        ("contracts", "contract_id,org_name,region,license_model,billing_option,currency,"
         "effective_date\nc1,Acme,us-east-1,concurrent,annual_prepay_monthly,USD,2026-01-07\n"),
        ("vendor_invoice_lines", example),
    ):  # fmt: skip
        file = tmp_path / "inbox" / "acme" / dataset / "typed.csv"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    found = check_files(tmp_path / "inbox", tmp_path, date(2026, 6, 1))
    assert (found.mistakes, found.later, found.report.refused) == ((), (), [])
    *lines, total = csv.DictReader(example.splitlines())
    amounts = [Decimal(row["Amount"]) for row in lines]
    assert f"{sum(amounts):,}" == total["Amount"]
    wrong = example.replace("1,052.29", "1,152.29")
    (tmp_path / "inbox/acme/vendor_invoice_lines/typed.csv").write_text(wrong)
    [mistakes] = check_files(tmp_path / "inbox", tmp_path, date(2026, 6, 1)).mistakes
    assert mistakes.shown[0]["reason"] == "total_differs"
