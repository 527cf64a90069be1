"""Code knows kinds of models; a model's name is data."""

from __future__ import annotations

import re
import subprocess

from tests.structure.project import ROOT

NAMES = sorted({path.name.split("-")[0] for path in (ROOT / "models").iterdir() if path.is_dir()})
"""The word by which people know each model: the first part of its folder's name."""

ALLOWED = (
    *("models/", "tests/", "docs/", "bench/go/"),
    *("Pulumi.", "README.md", "LICENSE", "CONTRIBUTING.md"),
    # Commands that people know by these paths; each is a few lines around the general one.
    *("scripts/mlops/test_mnist_inference.py", "scripts/mlops/load_test_smollm.py"),
)
"""Beginnings of the paths that may name a model."""


def offenders(paths: list[str]) -> list[str]:
    """Return each line outside of ALLOWED that names a model, and each such path, as `<path>:<line>: <text>`."""
    name = re.compile("|".join(map(re.escape, NAMES)), re.IGNORECASE)
    found = []
    for path in sorted(path for path in paths if not path.startswith(ALLOWED) and (ROOT / path).is_file()):
        if name.search(path):
            found.append(f"{path}: its name")
        for number, line in enumerate((ROOT / path).read_text(errors="replace").splitlines(), start=1):
            if name.search(line):
                found.append(f"{path}:{number}: {line.strip()}")
    return found


def test_the_names_of_models_are_known() -> None:
    assert {"mnist", "smollm"} <= set(NAMES)


def test_an_offender_is_found() -> None:
    here = "tests/structure/test_names.py"
    assert offenders([here]) == []
    assert any(line.startswith(f"./{here}:") and "load_test_smollm.py" in line for line in offenders([f"./{here}"]))
    assert offenders(["./models/mnist-classifier/README.md"])[0] == "./models/mnist-classifier/README.md: its name"


def test_no_code_outside_of_models_names_one() -> None:
    """A second model is then an entry in the stack file, whatever it is called."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = offenders(listed.stdout.splitlines())
    assert not found, "\n".join(found)
