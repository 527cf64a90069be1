"""docs/models.md: its examples are entries that work, as short as promised, and its tables are what the types say."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from stacks import reference
from stacks.config import parse
from tests.model_files import whole
from tests.structure.project import ROOT

TEXT = reference.PAGE.read_text()
EXAMPLES = [example for example in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL) if example.startswith("inference-platform:models:")]
LONGEST = {"vllm": 8, "custom": 12, "pytorch": 8}
"""Lines of an entry, its name included."""


def entries(example: str) -> dict[str, Any]:
    return dict(yaml.safe_load(example)["inference-platform:models"])


def kind(example: str) -> str:
    (entry,) = entries(example).values()
    return str(entry["server"]["kind"])


def test_the_tables_are_what_the_types_say() -> None:
    assert reference.page(TEXT) == TEXT, "run `make schema`"


def test_every_key_of_every_table_has_a_meaning() -> None:
    assert not [row for row in reference.tables().splitlines() if row.endswith("|  |")]


def test_every_kind_has_an_example() -> None:
    assert sorted(map(kind, EXAMPLES)) == sorted(LONGEST)


@pytest.mark.parametrize("example", EXAMPLES, ids=kind)
def test_an_example_is_an_entry_and_short(example: str) -> None:
    assert parse(whole(models=entries(example)), "dev").models.keys() == entries(example).keys()
    assert len(example.splitlines()) - 1 <= LONGEST[kind(example)]


def test_an_entry_of_the_readme_is_as_short() -> None:
    (example,) = re.findall(r"```yaml\n(inference-platform:models:.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert parse(whole(models=entries(example)), "dev").models
    assert len(example.splitlines()) - 1 <= LONGEST[kind(example)]
