"""Encrypted values of a stack file: mistakes beside them are explained in full, and no part of a secret is ever shown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.config import load
from stacks.config.errors import ConfigError
from tests.stack_files import local

FILE = "Pulumi.dev.yaml"
KEY = "Pulumi.dev.yaml: inference-platform:"
HIDDEN = "[secret] is not allowed ({}); see schema/stack.schema.json"


class Secret(str):
    """A value that the stack file has encrypted."""

    __slots__ = ()


def in_the_file(value: Any) -> Any:  # noqa: ANN401 - any YAML
    match value:
        case Secret():
            return {"secure": "v1:bm9uY2U=:Y2lwaGVydGV4dA=="}
        case dict():
            return {key: in_the_file(item) for key, item in value.items()}
        case list():
            return [in_the_file(item) for item in value]
    return value


@pytest.fixture(autouse=True, scope="module")
def _own_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("program"))
    yield
    os.chdir(before)


def write(values: dict[str, Any], file: Path = Path(FILE)) -> None:
    config = {f"inference-platform:{key}": value for key, value in in_the_file(values).items()}
    file.write_text(yaml.safe_dump({"encryptionsalt": "v1:x", "config": config}))


def loaded(values: dict[str, Any], secret_keys: tuple[str, ...] = ()) -> list[str]:
    """The program's messages for these values, which Pulumi has decrypted."""
    given = {f"inference-platform:{key}": json.dumps(value) for key, value in values.items()}
    pulumi.runtime.set_all_config(given, [f"inference-platform:{key}" for key in secret_keys])
    try:
        load("dev")
    except ConfigError as error:
        return error.lines
    return []


def told(values: dict[str, Any]) -> list[str]:
    """The program's messages beside a stack file of these values. They are the same if Pulumi names the keys with a secret inside."""
    write(values)
    unnamed = loaded(values)
    assert loaded(values, tuple(key for key, value in values.items() if in_the_file(value) != value)) == unnamed
    return unnamed


def model(**given: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    """A stack with one model that has a secret."""
    server = {"kind": "custom", "image": "r/a:1", "secretEnv": {"TOKEN": Secret("hunter2")}, **given.pop("server", {})}
    return local(models={"iris": {"server": server, **given}})


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ({"replicas": {"min": 4, "max": 3}}, "replicas: min 4 is greater than max 3"),
        ({"replicas": {"min": 0}}, "replicas.min: 0 is not allowed: it should be greater than or equal to 1"),
        (
            {"replicas": {"min": "two"}},
            'replicas.min: "two" is not allowed: it should be a valid integer, unable to parse string as an integer',
        ),
        (
            {"server": {"port": 80}},
            "server.port: 80 is not allowed: it should be greater than or equal to 1024",
        ),
        ({"scaling": {"metric": "gpu"}}, 'scaling.metric: "gpu" is not allowed; choose one of: cpu, concurrency, rps, queue'),
        ({"server": {"env": {"TOKEN": "a"}}}, "server: TOKEN is in env and in secretEnv"),
        # The same text as the secret, in plain in the file.
        (
            {"namespace": "Hunter2"},
            "namespace: \"Hunter2\" is not allowed: String should match pattern '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'",
        ),
    ],
)
def test_a_mistake_beside_a_secret_is_explained(entry: dict[str, Any], line: str) -> None:
    assert told(model(**entry)) == [f"{KEY}models.iris.{line}"]
    assert told(model()) == []


@pytest.mark.parametrize("secret", ["", "1", "3", "iris", "custom", "default", '"', "None", "a\nb"])
def test_a_secret_of_any_text_hides_nothing_else(secret: str) -> None:
    values = model(server={"secretEnv": {"TOKEN": Secret(secret)}}, replicas={"min": 4, "max": 3})
    assert told(values) == [f"{KEY}models.iris.replicas: min 4 is greater than max 3"]


@pytest.mark.parametrize(
    ("entry", "lines"),
    [
        # A number that was parsed from the secret, and the rule that quotes it.
        ({"replicas": {"min": Secret("7777"), "max": 3}}, ["replicas: " + HIDDEN.format("value_error")]),
        ({"replicas": {"min": Secret("hunter2")}}, ["replicas.min: [secret] is not allowed: it should be a valid integer, "]),
        ({"namespace": Secret("Hunter2")}, ["namespace: [secret] is not allowed: String should match pattern"]),
        ({"server": {"kind": Secret("hunter2")}}, ["server.kind: [secret] is not allowed; choose one of: pytorch, vllm, custom"]),
        ({"server": {"image": Secret("hunter2")}}, ["server.image: " + HIDDEN.format("value_error")]),
        ({"source": Secret("s3://hunter2/a.pt")}, [": " + HIDDEN.format("value_error")]),
        ({"server": {"args": [Secret("hunter2"), 7]}}, ["server.args[1]: 7 is read as a number; put it in quotes"]),
        (
            {"server": {"secretEnv": {"TOKEN": [Secret("hunter2")]}}},
            ["server.secretEnv.TOKEN: a secret is text; a number or true needs quotes"],
        ),
        (
            {"replicas": {"min": Secret("7777"), "max": 0}},
            ["replicas.max: 0 is not allowed: it should be greater than or equal to 1"],
        ),
        ({"scaling": {"metric": "queue", "p95Seconds": Secret("7777")}}, ["scaling.p95Seconds: " + HIDDEN.format("value_error")]),
    ],
)
def test_a_mistake_in_a_secret_names_its_place_alone(entry: dict[str, Any], lines: list[str]) -> None:
    found = told(model(**entry))
    assert len(found) == len(lines)
    for line, start in zip(found, lines, strict=True):
        assert line.startswith(f"{KEY}models{'' if start.startswith(':') else '.iris.'}{start}")
        assert not any(secret in line.lower() for secret in ("hunter2", "7777"))


def test_a_key_that_is_encrypted_as_a_whole_shows_none_of_its_keys() -> None:
    values = model(replicas={"min": 4, "max": 3}) | {"mirror": "quay"}
    write(values | {"models": Secret("{}")})
    assert loaded(values, ("models",)) == [
        f'{KEY}mirror: "quay" is not a set of keys and values',
        f'{KEY}models["[secret]"].replicas: {HIDDEN.format("value_error")}',
    ]


@pytest.mark.parametrize("text", [None, "", "config:\n", "config: [1]\n", "a: b: c\n", "- 1\n", "\x00"])
def test_without_a_file_no_text_is_shown(text: str | None) -> None:
    Path(FILE).unlink(missing_ok=True) if text is None else Path(FILE).write_text(text)
    values = model(replicas={"min": 4, "max": 3}, namespace="A")
    assert loaded(values) == [
        f"{KEY}models.iris.replicas: min 4 is greater than max 3",
        f"{KEY}models.iris.namespace: [secret] is not allowed: String should match pattern '^[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?$'",
    ]
    assert loaded(values, ("models",))[0] == f'{KEY}models["[secret]"].replicas: {HIDDEN.format("value_error")}'


def test_an_option_names_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = model(namespace="A", server={"image": Secret("r/a:1")})
    write(model())
    (hidden,) = loaded(values)
    write(values, tmp_path / "other.yaml")
    monkeypatch.setenv("PULUMI_OPTION_CONFIG_FILE", str(tmp_path / "other.yaml"))
    (shown,) = loaded(values)
    assert ('"A"' in hidden, '"A"' in shown) == (False, True)


def test_a_text_that_yaml_may_read_as_another_type_is_plain() -> None:
    """Go's YAML reads `yes`, `2026-01-31` and `0x1F` differently from Python's, and a merge brings keys from elsewhere in the file."""
    Path(FILE).write_text(
        "config:\n  inference-platform:models:\n    a: &a {server: {kind: custom, image: r/a:1}, namespace: yes}\n"
        "    b: {<<: *a, namespace: 2026-01-31, source: 0x1F}\n    c: {<<: *a}\n"
    )
    entry = {"server": {"kind": "custom", "image": "r/a:1"}}
    models = {
        "a": {**entry, "namespace": True},
        "b": {**entry, "namespace": "2026-01-31", "source": "0x1F"},
        "c": {**entry, "namespace": "yes", "server": {"kind": "custom", "port": 80}},
    }
    assert [line.removeprefix(f"{KEY}models.").partition(" is ")[0] for line in loaded(local(models=models))] == [
        "a.namespace: true",
        'b.source: "0x1F"',
        'b.namespace: "2026-01-31"',
        "c.server.port: 80",
    ]


MARK = "Zq7"
"""A text that is in no message."""

PLACES = [
    (),
    ("server",),
    ("server", "kind"),
    ("server", "image"),
    ("server", "secretEnv", "TOKEN"),
    ("server", "env", "A"),
    ("server", "args"),
    ("source",),
    ("replicas", "min"),
    ("replicas",),
    ("scaling", "metric"),
    ("scaling", "target"),
    ("namespace",),
    ("probe", "request"),
    ("resources", "requests", "memory"),
    ("versions",),
    ("experiment", "groups", "b"),
    ("nonsense",),
]
TEXTS = st.sampled_from(["custom", "4", "two", "s3://models/a.pt", "2Gi", "[1]"])
SECRETS = st.builds(lambda before, after: Secret(f"{before}{MARK}{after}"), *[st.sampled_from(["", "1", "s3://", "r/a:"])] * 2)
LEAVES = TEXTS | SECRETS | st.integers(0, 5) | st.lists(TEXTS | SECRETS, max_size=2) | st.dictionaries(st.just("kind"), SECRETS)


@pytest.mark.slow
@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(PLACES), LEAVES, max_size=4))
def test_no_message_contains_a_part_of_any_secret(changes: dict[tuple[str, ...], Any]) -> None:
    entry: Any = model(replicas={"min": 1, "max": 2})["models"]["iris"]
    for place, value in changes.items():
        entry = with_value(entry, place, value)
    values = local(models={"iris": entry})
    lines = told(values)
    write(local(models={}))
    assert MARK.lower() not in "\n".join([*lines, *loaded(values)]).lower()


def with_value(section: Any, place: tuple[str, ...], value: Any) -> Any:  # noqa: ANN401 - any YAML
    if not place:
        return value
    inside = section if isinstance(section, dict) else {}
    return {**inside, place[0]: with_value(inside.get(place[0]), place[1:], value)}
