"""From the stack file to Alertmanager: the receivers, and their credentials, which only a Secret holds."""

from __future__ import annotations

import base64
import json

import pytest

from tests import stack_files
from tests.graph.recording import record
from tests.graph.stacks import stand_ins


@pytest.mark.slow
def test_a_receiver_of_the_stack_file_reaches_alertmanager_and_its_key_a_secret_alone() -> None:
    told = {"critical": {"kind": "pagerduty", "routingKey": "key-of-the-pager"}}
    with stand_ins() as manifests:
        graph = record(stack_files.dev(monitoring__alerts={"receivers": told}, mirror={"manifests": str(manifests)}))
    secret = graph.one("Secret/alert-receivers")
    assert base64.b64decode(secret.inputs["data"]["critical"]).decode() == "key-of-the-pager"
    assert "data" in secret.secret_inputs
    stack = graph.one("Release/kube-prometheus-stack").inputs["values"]
    assert stack["alertmanager"]["config"]["receivers"][1]["name"] == "critical"
    assert not [
        resource.key for resource in graph if resource is not secret and "key-of-the-pager" in json.dumps(resource.inputs, default=str)
    ]
