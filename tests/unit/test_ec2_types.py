"""The shipped list of EC2 instance types, and what it says of node pools."""

from __future__ import annotations

import gzip
import json

import pytest

from bench import aws_models
from components.aws.ec2_types import EXAMPLE, ec2_types, system_type, unfit
from components.aws.instance_types import GPU_INSTANCES


def test_every_gpu_type_exists_with_gpus_and_this_memory() -> None:
    for name, instance in GPU_INSTANCES.items():
        found = ec2_types()[name]
        assert (found.architecture, found.traits) == ("x86_64", ("gpu",)), name
        assert found.memory_gib == instance.memory_gib, name


@pytest.mark.parametrize("name", ["m7i.xlarge", "m7a.large", "t3.large", "c7i.2xlarge", "r8i.4xlarge", "m5.xlarge", "m7i.metal-24xl"])
def test_a_usual_type_of_x86_machines_can_be_a_system_node(name: str) -> None:
    assert system_type(name) == name


@pytest.mark.slow
def test_what_is_suggested_is_usable() -> None:
    assert not unfit(EXAMPLE)
    for name in ec2_types():
        if unfit(name):
            with pytest.raises(ValueError, match=r"did you mean|choose for example") as error:
                system_type(name)
            suggested = str(error.value).rpartition("did you mean ")[2].rpartition("choose for example ")[2].rstrip("?")
            assert not unfit(suggested), f"{name}: {suggested}"


def test_the_service_models_know_every_type_of_the_list() -> None:
    models = aws_models.installed()
    if not models:
        pytest.skip("the service models come with `python -m bench build`")
    shapes = json.loads(gzip.decompress((models / "ec2.json.gz").read_bytes()))["shapes"]
    assert not ec2_types().keys() - set(shapes["InstanceType"]["enum"])
