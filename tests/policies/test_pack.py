"""The pack as Pulumi starts it: in its own folder, with nothing of the repository on the path."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies.rules.catalogue import RULES
from tests.structure.project import ROOT

SECONDS = 30


@pytest.fixture
def port() -> Iterator[int]:
    command = [sys.executable, "-u", "__main__.py"]
    with subprocess.Popen(command, cwd=ROOT / "policies", stdout=subprocess.PIPE, text=True) as pack:
        assert pack.stdout is not None
        try:
            yield int(pack.stdout.readline())
        finally:
            pack.kill()


def test_the_pack_serves_every_rule_as_mandatory(port: int) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        info = analyzer_pb2_grpc.AnalyzerStub(channel).GetAnalyzerInfo(empty_pb2.Empty(), timeout=SECONDS)
    served = {policy.name: policy for policy in info.policies}
    assert set(served) == {"inputs-kept", *(rule.name for rule in RULES)}
    assert all(policy.enforcementLevel == analyzer_pb2.MANDATORY for policy in served.values())
    assert {rule.name: rule.fix for rule in RULES} == {rule.name: served[rule.name].remediation_steps for rule in RULES}
