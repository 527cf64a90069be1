"""Entries of models by their servers, and what the program says of them."""

from __future__ import annotations

from typing import Any

import pytest

from components.serving.model import Model
from stacks.config import ConfigError, parse
from tests.model_files import whole

KEY = "Pulumi.dev.yaml: inference-platform:models"


def model(name: str, entry: dict[str, Any]) -> Model:
    return Model(name=name, entry=parse(whole(models={name: entry}), "dev").models[name])


def mistakes(models: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(whole(models=models), "dev")
    return [line.removeprefix(KEY) for line in error.value.lines]


def vllm(**server: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    return {"server": {"kind": "vllm", **server}, "source": "hf://acme/llm"}


def custom(**server: Any) -> dict[str, Any]:  # noqa: ANN401 - any YAML
    return {"server": {"kind": "custom", "image": "registry.example/counter:1", **server}}


def arguments(**server: Any) -> list[str]:  # noqa: ANN401 - any YAML
    found: list[str] = model("llm", vllm(**server)).entry.server.container("llm")["args"]
    return found
