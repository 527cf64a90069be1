"""Changes of the platform that `make preview` and `make up` refuse because of the platform that runs now."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.errors import DriverError
from scripts.live_platform import definitions_of_others, other_drives, refusals
from scripts.preview.live import check
from stacks.config import StackConfig, parse
from tests.stack_files import ROOT, local

FOUR = {"mode": "distributed", "replicas": 4}
KUBECTL = f"""#!{sys.executable} -IS
# A fake kubectl for tests: the objects beside it, by namespace and kind.
import json, pathlib, sys

words = sys.argv[1:]
kind = words[words.index("get") + 1]
where = next((word for before, word in zip(words, words[1:]) if before == "--namespace"), "default")
print(json.loads(pathlib.Path(__file__).with_name("objects.json").read_text()).get(f"{{where}}/{{kind}}", ""))
"""


def config(**sections: Any) -> StackConfig:  # noqa: ANN401 - any YAML
    return parse(local(**sections), "local")


def servers(replicas: int) -> dict[str, Any]:
    return {"spec": {"replicas": replicas}}


def definition(name: str, *managers: str) -> dict[str, Any]:
    fields = [{"manager": manager, "operation": "Apply"} for manager in managers]
    return {"metadata": {"name": name, "annotations": {"gateway.networking.k8s.io/bundle-version": "v1.5.1"}, "managedFields": fields}}


@pytest.mark.parametrize(("there", "store"), [(1, {}), (4, FOUR), (4, {"enabled": False})])
def test_the_drives_that_are_there_may_stay_or_go(there: int, store: dict[str, Any]) -> None:
    assert other_drives(config(modelStore=store, models={}), servers(there)) == []
    assert other_drives(config(modelStore=FOUR), None) == []


@pytest.mark.parametrize(("there", "store"), [(1, FOUR), (4, {"mode": "distributed", "replicas": 8}), (4, {})])
def test_another_set_of_drives_is_refused_with_the_way_to_migrate(there: int, store: dict[str, Any]) -> None:
    (reason,) = other_drives(config(modelStore=store), servers(there))
    wanted = store.get("replicas", 1)
    assert reason.startswith(f"modelStore.replicas: the store in the cluster has {there}, the stack file says {wanted}; ")
    assert (ROOT / reason.rpartition("(")[2].rstrip(")")).is_file()


def test_the_gateway_api_of_a_distribution_is_told_from_ours() -> None:
    on, off = {"enabled": True}, {"enabled": False}
    names = {"gatewayApi": "gateways.gateway.networking.k8s.io", "envoyGateway": "clienttrafficpolicies.gateway.envoyproxy.io"}
    for key, name in names.items():
        assert definitions_of_others(config(**{key: on}), [definition(name, "pulumi-kubernetes-1a2b", "kube-apiserver")]) == []
        (reason,) = definitions_of_others(config(**{key: on}), [definition(name, "kube-apiserver", "helm")])
        assert f"{key}.enabled: the cluster has {name} already (v1.5.1, installed by helm, kube-apiserver)" in reason
        assert f"Set {key}.enabled: false" in reason
    others = [definition(name, "helm") for name in names.values()]
    assert definitions_of_others(config(gatewayApi=off, envoyGateway=off, knative=off, models={}), others) == []


def test_the_cluster_is_asked_and_every_reason_is_said(tmp_path: Path) -> None:
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    found = {"items": [definition("gateways.gateway.networking.k8s.io", "helm")]}
    objects = {"minio/statefulsets.apps": servers(4), "default/customresourcedefinitions.apiextensions.k8s.io": found}
    (tmp_path / "objects.json").write_text(json.dumps({name: json.dumps(found) for name, found in objects.items()}))
    file = tmp_path / "Pulumi.local.yaml"
    file.write_text(json.dumps({"config": {f"inference-platform:{name}": section for name, section in local().items()}}))
    with pytest.raises(DriverError) as error:
        check("local", file, {"PATH": str(tmp_path)}, [refusals])
    first, *reasons = str(error.value).splitlines()
    assert first == "local must not be updated with this now:"
    assert [reason.partition(":")[0] for reason in reasons] == ["modelStore.replicas", "gatewayApi.enabled"]
    (tmp_path / "objects.json").write_text("{}")
    check("local", file, {"PATH": str(tmp_path)}, [refusals])
