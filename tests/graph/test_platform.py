"""Releases, the store's modes and the provider."""

from __future__ import annotations

import json

import pytest

from components import versions
from components.artifacts import Image
from tests.graph.recording import Graph
from tests.graph.stacks import local


def test_every_object_goes_through_the_stacks_own_provider(graph: Graph) -> None:
    provider = graph.one("kubernetes/cluster")
    for resource in graph:
        if resource.custom and resource.type.startswith("kubernetes:"):
            assert resource.provider == f"{provider.urn}::cluster-id", resource.key


def test_every_resource_belongs_to_a_component(graph: Graph) -> None:
    for resource in graph:
        at_top = resource.parent.endswith("::inference-platform-local") or not resource.parent
        assert at_top == (not resource.custom and "$" not in resource.urn.split("::")[2].replace("pulumi:pulumi:Stack$", "")) or (
            resource.key == "kubernetes/cluster"
        ), resource.key


def test_releases_are_named_pinned_bounded_and_never_make_namespaces(graph: Graph) -> None:
    releases = {release.name: release.inputs for release in graph.of_kind("Release")}
    assert {name: (inputs["chart"], inputs["version"]) for name, inputs in releases.items()} == {
        "cert-manager": ("oci://quay.io/jetstack/charts/cert-manager", "v1.21.2"),
        "gateway-helm": ("oci://docker.io/envoyproxy/gateway-helm", "v1.9.1"),
        "kserve-crd": ("oci://ghcr.io/kserve/charts/kserve-crd", "v0.20.0"),
        "kserve-resources": ("oci://ghcr.io/kserve/charts/kserve-resources", "v0.20.0"),
    }
    for name, inputs in releases.items():
        assert inputs["name"] == name
        assert inputs["createNamespace"] is False
        assert 0 < inputs["timeout"] <= 300


def test_a_folder_of_charts_replaces_the_registries() -> None:
    graph = local(mirror={"charts": "/srv/charts"})
    assert {release.inputs["chart"] for release in graph.of_kind("Release")} == {
        "/srv/charts/cert-manager-v1.21.2.tgz",
        "/srv/charts/gateway-helm-v1.9.1.tgz",
        "/srv/charts/kserve-crd-v0.20.0.tgz",
        "/srv/charts/kserve-resources-v0.20.0.tgz",
    }


def test_a_mirror_reaches_every_third_party_image(graph: Graph) -> None:
    mirror = {"images": {host: f"corp.example/{host}" for host in ("docker.io", "quay.io", "ghcr.io")}}
    upstream = json.dumps([resource.inputs for resource in graph if resource.custom])
    mirrored = json.dumps([resource.inputs for resource in local(mirror=mirror) if resource.custom])
    used = [pin for pin in vars(versions).values() if isinstance(pin, Image) and f'"{pin.repository}' in upstream]
    assert len(used) == 10
    for pin in used:
        assert f"corp.example/{pin.repository}" in mirrored
        assert f'"{pin.repository}' not in mirrored


def test_kserve_serves_standard_mode_without_an_ingress(graph: Graph) -> None:
    controller = graph.one("Release/kserve-resources").inputs["values"]["kserve"]["controller"]
    assert controller["deploymentMode"] == "Standard"
    assert controller["gateway"] == {"disableIngressCreation": True, "disableIstioVirtualHost": True}
    assert controller["resources"]["limits"]["memory"] == "1Gi"


def test_a_standalone_store_is_one_server_with_one_drive(graph: Graph) -> None:
    spec = graph.one("StatefulSet/minio").inputs["spec"]
    assert spec["replicas"] == 1
    assert spec["template"]["spec"]["containers"][0]["command"] == ["/usr/bin/silo", "server", "/data", "--address", ":9000"]
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "2Gi"
    assert not graph.of_kind("PodDisruptionBudget")


def test_a_distributed_store_survives_a_node() -> None:
    graph = local(modelStore={"mode": "distributed", "replicas": 4})
    spec = graph.one("StatefulSet/minio").inputs["spec"]
    assert spec["replicas"] == 4
    peers = "http://minio-{0...3}.minio-headless.minio.svc.cluster.local:9000/data"
    assert peers in spec["template"]["spec"]["containers"][0]["command"]
    assert spec["podManagementPolicy"] == "Parallel"
    # Servers of two versions refuse each other, so an upgrade never rolls.
    assert spec["updateStrategy"] == {"type": "OnDelete"}
    assert graph.one("Service/minio-headless").inputs["spec"]["publishNotReadyAddresses"] is True
    (budget,) = graph.of_kind("PodDisruptionBudget")
    assert budget.inputs["spec"]["maxUnavailable"] == 1
    (hosts, _zones) = spec["template"]["spec"]["topologySpreadConstraints"]
    assert (hosts["topologyKey"], hosts["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "DoNotSchedule")


@pytest.mark.parametrize(
    ("user", "allowed"),
    [
        ("kserve-reader", {"s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"}),
        (
            "model-publisher",
            {
                *("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketLocation"),
                *("s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
            },
        ),
    ],
)
def test_store_users_have_just_enough_rights(graph: Graph, user: str, allowed: set[str]) -> None:
    (container,) = graph.one("Job/model-store-bootstrap").inputs["spec"]["template"]["spec"]["containers"]
    env = {item["name"]: item.get("value") for item in container["env"]}
    (index,) = [key for key, value in env.items() if value == user]
    statements = json.loads(env[f"{index}_POLICY"])["Statement"]
    assert {action for statement in statements for action in statement["Action"]} == allowed
    assert {resource for statement in statements for resource in statement["Resource"]} == {"arn:aws:s3:::models", "arn:aws:s3:::models/*"}


def test_only_the_stores_clients_reach_it(graph: Graph) -> None:
    (rule,) = graph.one("NetworkPolicy/minio").inputs["spec"]["ingress"]
    assert len(rule["from"]) == 3
    clients = [
        job.name
        for job in graph.of_kind("Job")
        if "inference-platform/store-client" in job.inputs["spec"]["template"]["metadata"]["labels"]
    ]
    assert sorted(clients) == ["mnist-classifier-weights", "model-store-bootstrap"]
