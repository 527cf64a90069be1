"""Schema, project file and stack files are in step with the model."""

from __future__ import annotations

import re

import pulumi
import pytest
import yaml

from scripts import stack_file
from stacks import schema
from stacks.config import NAMESPACE, StackConfig, parse
from tests.stack_files import IMAGES_BY_DIGEST, committed
from tests.structure.project import ROOT

PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
STACKS = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
KEYS = [field.alias for field in StackConfig.model_fields.values()]


def test_the_schema_is_in_step_with_the_model() -> None:
    assert schema.PATH.read_text() == schema.text(), "run: make schema"


def test_the_schema_knows_every_key_and_refuses_others_of_ours() -> None:
    config = schema.schema()["properties"]["config"]
    assert list(config["properties"]) == [f"{NAMESPACE}:{key}" for key in KEYS]
    ((pattern, allowed),) = config["patternProperties"].items()
    assert allowed is False
    assert re.match(pattern, f"{NAMESPACE}:modelstore")
    assert not any(re.match(pattern, key) for key in (*config["properties"], "aws:region", "pulumi:disable-default-providers"))


def test_the_project_declares_the_models_keys_and_makes_none_of_them_required() -> None:
    assert list(PROJECT["config"]) == KEYS
    for key, declared in PROJECT["config"].items():
        assert declared["description"], key
        assert declared["default"] == {}, f"{key}: without a default Pulumi refuses a stack that leaves it out"


def test_the_project_wants_the_engine_it_is_tried_with() -> None:
    assert PROJECT["requiredPulumiVersion"] == ">=3.170.0"
    assert PROJECT["name"] == NAMESPACE == stack_file.PROJECT


@pytest.mark.parametrize("stack", STACKS)
def test_a_committed_stack_is_valid_names_its_schema_and_has_no_default_provider(stack: str) -> None:
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=schema/stack.schema.json\n")
    assert "kubernetes" in yaml.safe_load(text)["config"]["pulumi:disable-default-providers"]
    pulumi.runtime.set_all_config({}, [])
    assert parse({**committed(stack), "images": IMAGES_BY_DIGEST}, stack).models
