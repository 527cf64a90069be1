"""Values that are compared and kept: pruned live objects, normal forms, secrets and unknowns, names."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from hypothesis import given
from pulumi.provider.experimental.property_value import PropertyValue

from bench.plugins.errors import PluginError
from bench.plugins.kubernetes import checkpoint, naming
from bench.plugins.kubernetes.config import ProviderConfig, config_replacements
from bench.plugins.kubernetes.normal import normalise, prune, quantity
from bench.plugins.kubernetes.tokens import Gvk, gvk_of_token
from bench.plugins.kubernetes.values import UNKNOWN, has_unknown, plain, plain_map, property_map, property_value
from tests.unit.bench.test_plugin_difference import DOCUMENTS

SECRET = Gvk("", "v1", "Secret")


@given(DOCUMENTS)
def test_pruning_an_object_to_itself_keeps_it(document: dict[str, Any]) -> None:
    assert prune(document, document, lenient=True) == document
    assert prune(document, document, lenient=False) == document


def test_pruning_drops_defaults_and_other_owners_fields() -> None:
    live = {"spec": {"replicas": 2, "strategy": {}, "ports": [{"port": 80, "protocol": "TCP"}]}, "status": {"x": 1}}
    wanted = {"spec": {"replicas": 1, "ports": [{"port": 80}]}}
    assert prune(live, wanted, lenient=True) == {"spec": {"replicas": 2, "ports": [{"port": 80}]}}


@pytest.mark.parametrize(("live", "wanted"), [("1", "1000m"), ("1Gi", "1024Mi"), ("2", 2)])
def test_a_quantity_in_another_spelling_is_drift_only_in_custom_resources(live: Any, wanted: Any) -> None:  # noqa: ANN401
    assert prune({"cpu": live}, {"cpu": wanted}, lenient=True) == {"cpu": wanted}
    assert prune({"cpu": live}, {"cpu": wanted}, lenient=False) == {"cpu": live}


def test_an_empty_value_that_the_server_drops_is_no_drift() -> None:
    assert prune({}, {"command": [], "x": {"y": None}, "a": "set"}, lenient=True) == {"command": [], "x": {"y": None}}


@pytest.mark.parametrize(
    ("text", "value"),
    [("500m", "0.5"), ("2Gi", str(2 * 1024**3)), ("1E", str(10**18)), ("1e3", "1000"), ("1Ki", "1024"), ("0.5", "0.5")],
)
def test_quantities(text: str, value: str) -> None:
    assert str(quantity(text)) == value or float(quantity(text) or 0) == float(value)


@pytest.mark.parametrize("text", ["", "v1", "10.0.0.1", "1 Gi", "Gi", "1.2.3", "true"])
def test_what_is_not_a_quantity(text: str) -> None:
    assert quantity(text) is None


def test_string_data_becomes_data_and_nulls_go() -> None:
    given_ = {"data": {"a": "eA=="}, "stringData": {"b": "y"}, "type": None}
    assert normalise(given_, SECRET) == {"data": {"a": "eA==", "b": "eQ=="}}


def test_nothing_is_normalised_while_a_value_is_unknown() -> None:
    given_ = {"stringData": {"b": UNKNOWN}}
    assert normalise(given_, SECRET) == given_
    assert has_unknown(given_)


@given(DOCUMENTS)
def test_values_survive_the_way_through_the_engine(document: dict[str, Any]) -> None:
    assert plain_map(property_map(document)) == document


def test_outputs_are_secret_where_the_inputs_are() -> None:
    like = {"spec": PropertyValue({"key": PropertyValue("x", is_secret=True)}), "list": PropertyValue([PropertyValue("y", is_secret=True)])}
    result = property_map({"spec": {"key": "x", "other": "z"}, "list": ["y", "more"]}, like)
    spec = result["spec"].value
    assert isinstance(spec, dict) or hasattr(spec, "items")
    assert spec["key"].is_secret  # type: ignore[index, union-attr, call-overload]
    assert not spec["other"].is_secret  # type: ignore[index, union-attr, call-overload]
    assert result["list"].is_secret, "a list shifts, so it is secret as a whole"


def test_what_a_secret_carries_is_secret_without_being_asked() -> None:
    state = checkpoint.outputs(
        {"kind": "Secret", "data": {"a": "eA=="}}, {"kind": "Secret", "data": {"a": "eA=="}, "metadata": {}}, "m", {}
    )
    assert state["data"].is_secret
    assert state["__inputs"].value["data"].is_secret  # type: ignore[index, union-attr, call-overload]


def test_a_state_gives_back_inputs_and_live_object() -> None:
    live = {"kind": "A", "metadata": {"name": "x", "managedFields": [1]}, "spec": {"a": 1}}
    state = plain_map(checkpoint.outputs({"kind": "A", "spec": {"a": 1}}, live, "manager", {}))
    inputs, back = checkpoint.split(state)
    assert inputs == {"kind": "A", "spec": {"a": 1}}
    assert back == {"kind": "A", "metadata": {"name": "x"}, "spec": {"a": 1}}
    assert checkpoint.field_manager(state, inputs) == "manager"


def test_an_asset_is_refused() -> None:
    with pytest.raises(PluginError, match="assets"):
        plain(PropertyValue(pulumi.StringAsset("x")))


def test_whole_numbers_reach_kubernetes_as_integers() -> None:
    assert plain(PropertyValue(3.0)) == 3
    assert isinstance(plain(PropertyValue(3.0)), int)
    assert plain(property_value(0.5)) == 0.5


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("kubernetes:core/v1:Namespace", ("", "v1", "Namespace")),
        ("kubernetes:apps/v1:Deployment", ("apps", "v1", "Deployment")),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", ("rbac.authorization.k8s.io", "v1", "ClusterRole")),
        ("kubernetes:serving.kserve.io/v1beta1:InferenceService", ("serving.kserve.io", "v1beta1", "InferenceService")),
    ],
)
def test_type_tokens(token: str, expected: tuple[str, str, str]) -> None:
    assert gvk_of_token(token) == expected


@pytest.mark.parametrize(
    "token", ["kubernetes:helm.sh/v4:Chart", "kubernetes:yaml/v2:ConfigGroup", "kubernetes:core/v1:ConfigMapPatch", "aws:s3:B"]
)
def test_types_of_the_official_plugin_that_we_lack_are_refused_by_name(token: str) -> None:
    with pytest.raises(PluginError, match=token.replace("/", ".")):
        gvk_of_token(token)


def test_a_name_is_kept_once_it_was_given() -> None:
    first: dict[str, Any] = {}
    naming.ensure_name(first, {}, "web", b"seed")
    again: dict[str, Any] = {}
    naming.ensure_name(again, first, "web", b"another seed")
    assert first["metadata"]["name"].startswith("web-")
    assert again["metadata"]["name"] == first["metadata"]["name"]


_KUBECONFIG = """{{clusters: [{{name: c, cluster: {{server: "{server}"}}}}], users: [{{name: u, user: {{token: "{token}"}}}}],
 contexts: [{{name: x, context: {{cluster: c, user: u}}}}], current-context: x}}"""


def test_when_another_kubeconfig_means_another_cluster() -> None:
    first = {"kubeconfig": _KUBECONFIG.format(server="https://a", token="1")}
    renewed = {"kubeconfig": _KUBECONFIG.format(server="https://a", token="2")}
    other = {"kubeconfig": _KUBECONFIG.format(server="https://b", token="1")}
    assert config_replacements(first, renewed) == []
    assert config_replacements(first, other) == ["kubeconfig"]


def test_a_cluster_with_an_identifier_is_known_by_it_alone() -> None:
    first = {"kubeconfig": _KUBECONFIG.format(server="https://a", token="1"), "clusterIdentifier": "c"}
    moved = {"kubeconfig": _KUBECONFIG.format(server="https://b", token="1"), "clusterIdentifier": "c"}
    assert config_replacements(first, moved) == []
    assert config_replacements(first, {**moved, "clusterIdentifier": "d"}) == ["clusterIdentifier"]


def test_an_option_that_would_be_lost_is_refused() -> None:
    with pytest.raises(PluginError, match="renderYamlToDirectory"):
        ProviderConfig.parse({"renderYamlToDirectory": "out"})


def test_an_unknown_context_is_named_beside_those_there_are(tmp_path: Any) -> None:  # noqa: ANN401
    path = tmp_path / "config"
    path.write_text(_KUBECONFIG.format(server="https://a", token="t"))
    with pytest.raises(PluginError, match="'y' is not in the kubeconfig; it has: x"):
        ProviderConfig(kubeconfig=str(path), context="y").load()
