"""Tools link one version of what they share."""

from __future__ import annotations

from bench.alignment import AS_RELEASED, aligned, groups, required
from bench.tools import KNOWN


def test_every_tool_links_the_newest_version_of_what_tools_share() -> None:
    """If it fails: `python -m bench.alignment`, then `python -m bench build`."""
    kubernetes, older = groups({name: required(tool) for name, tool in KNOWN.items() if name not in AS_RELEASED})
    assert len(kubernetes["kubernetes"]) > 150
    assert older["kserve"]["k8s.io/api"] < kubernetes["kubernetes"]["k8s.io/api"]
    for group in (kubernetes, older):
        assert {tool: raised for tool, raised in aligned(group).items() if raised} == {}


def test_kubernetes_own_modules_stay_at_its_release_and_the_rest_follows_the_newest() -> None:
    kubernetes = {"k8s.io/api": "v0.36.3", "k8s.io/client-go": "v0.36.3", "golang.org/x/net": "v0.49.0", "k8s.io/utils": "v0.0.0-20260210"}
    other = {
        "k8s.io/api": "v0.37.1",
        "k8s.io/client-go": "v0.35.1",
        "golang.org/x/net": "v0.60.0",
        "k8s.io/utils": "v0.0.0-20250604",
        "a.b/c": "v1.0.0",
    }
    assert aligned({"kubernetes": kubernetes, "other": other}) == {
        "kubernetes": {"golang.org/x/net": "v0.60.0"},
        "other": {"k8s.io/client-go": "v0.36.3", "k8s.io/utils": "v0.0.0-20260210"},
    }


def test_a_release_is_newer_than_what_led_to_it() -> None:
    early = {"k8s.io/api": "v0.36.3", "google.golang.org/protobuf": "v1.36.12-0.20260120151049-f2248ac996af"}
    later = {"google.golang.org/protobuf": "v1.36.12"}
    assert aligned({"kubernetes": early, "other": later})["kubernetes"] == later


def test_a_replaced_version_is_shared_with_its_replacement() -> None:
    """Go compiles v0.34.5 again where another go.mod requires v0.35.3 and replaces it by v0.34.5."""
    first = {"k8s.io/api": "v0.35.3=>v0.34.5", "k8s.io/klog": "v2.1.0"}
    second = {"k8s.io/api": "v0.34.5", "k8s.io/klog": "v2.0.0"}
    assert aligned({"kserve": first, "knative": second}) == {"kserve": {}, "knative": first}
