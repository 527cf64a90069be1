"""Before anything is made: what an `up` still needs is one list in a preview, and an `up` without it is refused."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.artifacts import Image, Mirror
from components.lock import Lock, Locked
from stacks import supply
from stacks.config import parse
from stacks.images import server_image
from stacks.models import models

PIN = Image(repository="ghcr.io/a/b", tag="1")


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    monkeypatch.setattr(supply, "PINS", {"PIN": PIN})
    monkeypatch.setattr(supply, "committed", Lock)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    return said


def check(**values: Any) -> None:  # noqa: ANN401 - any configuration
    supply.check(parse(values, "prod"))


def test_a_preview_names_what_is_missing_once(warned: list[str]) -> None:
    for digests in ("optional", "required"):
        check(safeguards={"digests": digests})
    line = "  digests of 1 artifacts in components/artifacts.lock.json: `make lock` (ghcr.io/a/b:1)"
    assert warned == [f"worth doing before an `up`:\n{line}", f"an `up` of this stack needs first:\n{line}"]


def test_an_up_is_refused_where_digests_are_required(warned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    check()
    assert len(warned) == 1
    with pytest.raises(pulumi.RunError, match=r"needs first:\n  digests of 1 artifacts .*ghcr\.io/a/b:1"):
        check(safeguards={"digests": "required"})


def test_nothing_is_said_when_all_is_known_or_digests_are_dropped(warned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    check(mirror={"digests": "drop"})
    known = Lock(artifacts={PIN.address: Locked(digest="sha256:" + "a" * 64, source="a test")})
    monkeypatch.setattr(supply, "committed", lambda: known)
    check(safeguards={"digests": "required"})
    assert warned == []


DIGITS = {"server": {"kind": "pytorch"}, "source": "s3://models/digits/a.pt"}
UNBUILT = {
    "mnist-classifier": DIGITS,
    "llm": {"server": {"kind": "vllm"}, "source": "hf://acme/llm"},
    "counter": {"server": {"kind": "custom"}},
}
PLATFORM: dict[str, Any] = {
    "mirror": {"digests": "drop"},
    "gpu": {"mode": "existing"},
    "keda": {"enabled": True},
    "monitoring": {"prometheusUrl": "http://prometheus.example:9090"},
}


def test_images_that_nobody_has_built_are_listed_with_the_command_for_each(warned: list[str]) -> None:
    check(**PLATFORM, models=UNBUILT)
    (said,) = warned
    setting = "`pulumi config set --path inference-platform:images"
    assert said.splitlines() == [
        "an `up` of this stack needs first:",
        f"  images.mnist-classifier: build models/mnist-classifier (docs/models.md), then {setting}.mnist-classifier.server <reference>` "
        f"and {setting}.mnist-classifier.weights <reference>`, or `make publish` to s3://models/digits/a.pt",
        "  models.counter.server.image: name the image of its server; there is no folder models/counter to build one from",
    ]


def test_an_up_without_an_image_is_refused_and_one_with_it_is_not(warned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    with pytest.raises(pulumi.RunError, match=r"this `up` needs first:\n  models\.digits\.server\.image: "):
        check(**PLATFORM, models={"digits": DIGITS})
    check(**PLATFORM, models={"digits": DIGITS}, images={"digits": {"server": "registry.example/digits:1"}})
    check(**PLATFORM, models={"digits": {**DIGITS, "server": {"kind": "pytorch", "image": "registry.example/digits:1"}}})
    check(**PLATFORM, models={"llm": UNBUILT["llm"]})
    assert warned == []


def test_in_a_preview_an_image_that_nobody_has_built_is_a_name_that_leads_nowhere() -> None:
    config = parse({**PLATFORM, "models": UNBUILT}, "prod")
    images = {model.name: server_image(config, model, Mirror()) for model in models(config)}
    assert images["counter"] == "not-built.invalid/counter-serving:none"
    assert images["llm"].startswith("docker.io/vllm/vllm-openai:")
