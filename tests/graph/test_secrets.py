"""No secret stands anywhere in the clear."""

from __future__ import annotations

import json

from tests.graph.recording import GENERATED, Graph

PLAIN_SECRETS = (GENERATED, "secret-path")


def base64_core(text: str) -> str:
    """A part of the base64 of any text that contains this one at its beginning."""
    import base64

    return base64.b64encode(text.encode()).decode()[: len(text) // 3 * 4 - 4]


def test_generated_keys_reach_secrets_only_and_are_marked(graph: Graph) -> None:
    secrets = graph.of_kind("Secret")
    assert {secret.name for secret in secrets} == {
        "minio-root",
        "store-user-kserve-reader",
        "store-user-model-publisher",
        "mnist-classifier-storage",
    }
    for secret in secrets:
        assert "data" in secret.secret_inputs, f"{secret.key} keeps its data in the clear"
        assert base64_core(GENERATED) in secret.inputs["data"]["AWS_SECRET_ACCESS_KEY"]


def test_no_plain_input_and_no_output_holds_a_secret(graph: Graph) -> None:
    for resource in graph:
        plain = {key: value for key, value in resource.inputs.items() if key not in resource.secret_inputs}
        text = json.dumps(plain)
        for secret in (*PLAIN_SECRETS, base64_core(GENERATED)):
            assert secret not in text, f"{resource.key} shows a secret"
    assert GENERATED not in json.dumps(graph.outputs)


def test_the_kubeconfig_is_a_secret_input_of_the_provider(graph: Graph) -> None:
    provider = graph.one("kubernetes/cluster")
    assert "kubeconfig" in provider.secret_inputs
    assert provider.inputs["clusterIdentifier"] == "bench-default"


def test_keys_are_letters_and_digits_since_they_travel_in_addresses(graph: Graph) -> None:
    for password in graph.of_kind("RandomPassword"):
        assert password.inputs["special"] is False
        assert password.inputs["length"] >= 20


def test_the_root_key_stays_with_server_and_bootstrap(graph: Graph) -> None:
    users = {resource.key for resource in graph if "minio-root" in json.dumps(resource.inputs.get("spec", {}))}
    assert users == {"StatefulSet/minio", "Job/model-store-bootstrap"}


def test_the_serving_key_is_the_readers(graph: Graph) -> None:
    reader, storage = (graph.one(f"Secret/{name}").inputs["data"] for name in ("store-user-kserve-reader", "mnist-classifier-storage"))
    assert storage == reader
