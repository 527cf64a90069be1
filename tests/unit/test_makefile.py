"""The Makefile's recipes as make prints them: a user's value is one word of the command, whatever is in it."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from scripts.commands import ROOT

VALUE = "a;`b`|c'd\"e"


def words(target: str, *variables: str, line: int = -1) -> list[str]:
    """Return the shell's words of one line of a recipe, which is not run."""
    command = ["make", "--dry-run", "--no-print-directory", target, *variables]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return list(shlex.shlex(printed.splitlines()[line], posix=True, punctuation_chars=True))


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("up", ["WITH", "WITHOUT"]),
        ("cache-push", ["TO"]),
        ("cache-pull", ["FROM"]),
        ("doctor", ["STACK"]),
        ("preview", ["STACK"]),
        ("comment", ["STACK"]),
        ("deploy", ["STACK"]),
        ("drift", ["STACK"]),
        ("publish", ["STACK", "FILE", "TO"]),
        ("rollout", ["STACK", "MODEL_NAME", "SOURCE"]),
        ("rollback", ["STACK", "MODEL_NAME"]),
        ("prices", ["REGION"]),
        ("mirror-list", ["STACK"]),
    ],
)
def test_a_value_is_one_word(target: str, names: list[str]) -> None:
    assert words(target, *[f"{name}={VALUE}" for name in names]).count(VALUE) == len(names)


def test_spaces_stay_in_a_value_and_part_the_words_of_args() -> None:
    found = words("rollout", "MODEL_NAME=a b", "SOURCE=s3://models/c d", "ARGS=--interval 5")
    assert found[-6:] == ["--model-name", "a b", "--source", "s3://models/c d", "--interval", "5"]


def test_a_variable_that_is_not_given_adds_no_word() -> None:
    assert words("rollback")[-3:] == ["--stack", "local", "--rollback"]


@pytest.mark.parametrize("target", ["rollout", "rollback"])
def test_the_old_spelling_is_answered_with_its_value_in_one_word(target: str) -> None:
    (said,) = [word for word in words(target, f"MODEL={VALUE}", line=-2) if word.startswith("error: ")]
    assert said.startswith(f"error: write make {target} MODEL_NAME=")
    assert said.endswith(" in place of MODEL= and SERVICE=")
    assert (f" SOURCE={VALUE} " in said) == (target == "rollout")
