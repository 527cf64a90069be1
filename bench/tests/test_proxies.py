"""Requests to the node go past this machine's proxies."""

from __future__ import annotations

import urllib.request

import pytest

from bench.paths import Instance
from bench.proxies import exceptions

NODE = Instance("test")


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "all_proxy"])
def test_the_nodes_addresses_are_excepted_in_both_spellings(name: str) -> None:
    found = exceptions(NODE, {name: "http://proxy.example:3128"})
    assert found["NO_PROXY"] == found["no_proxy"]
    assert {NODE.node_ip, NODE.service_cidr, NODE.pod_cidr, "127.0.0.1"} <= set(found["NO_PROXY"].split(","))


def test_the_users_own_exceptions_stay_and_come_first() -> None:
    found = exceptions(NODE, {"HTTPS_PROXY": "http://proxy.example:3128", "no_proxy": "corp.example, 10.0.0.7", "NO_PROXY": "corp.example"})
    assert found["NO_PROXY"].split(",")[:2] == ["corp.example", "10.0.0.7"]


@pytest.mark.parametrize("environment", [{}, {"NO_PROXY": "corp.example"}, {"HTTP_PROXY": ""}, {"HTTP_PROXY": "http://p", "NO_PROXY": "*"}])
def test_nothing_is_set_where_no_request_would_go_to_a_proxy(environment: dict[str, str]) -> None:
    assert exceptions(NODE, environment) == {}


def test_python_reaches_the_api_server_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"https_proxy": "http://proxy.example:3128"}
    for key, value in {**environment, **exceptions(NODE, environment)}.items():
        monkeypatch.setenv(key, value)
    assert urllib.request.proxy_bypass(f"{NODE.node_ip}:6443")
    assert not urllib.request.proxy_bypass("registry.example")
