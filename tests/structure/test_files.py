"""Size, names, and what may know what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.structure.project import MODEL_PACKAGES, PRODUCT, ROOT, WRITTEN, imported, relative, sources

VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "shared"}


@pytest.mark.parametrize("path", sources(*WRITTEN), ids=relative)
def test_a_file_is_one_thing(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300, f"{path} is over 300 lines: it is two things"


def test_names_say_what_a_file_is() -> None:
    assert not [relative(path) for path in sources(*WRITTEN) if set(path.stem.split("_")) & VAGUE and path.stem != "cert_manager"]


def test_the_program_is_load_build_export() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 20


def test_the_product_knows_nothing_of_bench_scripts_or_tests() -> None:
    for path in [ROOT / "__main__.py", *sources(*PRODUCT)]:
        assert not {name for name in imported(path) if name.split(".")[0] in {"bench", "scripts", "tests", *MODEL_PACKAGES}}, relative(path)


def test_the_bench_is_a_package_of_its_own() -> None:
    for path in sources("bench"):
        assert not {name for name in imported(path) if name.split(".")[0] in {*PRODUCT, "policies", "scripts", "tests"}}, relative(path)


def test_what_needs_a_node_lies_where_its_suite_looks_for_it() -> None:
    """tests/suites.py collects these two folders."""
    elsewhere = [path for path in sources("tests") if not {"node", "engine", "structure"} & set(path.parent.parts)]
    assert not [relative(path) for path in elsewhere if re.search(r"pytest\.mark\.(node|engine)\b", path.read_text())]
