"""The address of a Prometheus that others run: how people write it, and in which namespace its pods are."""

from __future__ import annotations

import re

import pytest

from components.prometheus import Prometheus, address, namespace_of


@pytest.mark.parametrize(
    ("url", "namespace"),
    [
        ("http://prometheus.monitoring.svc.cluster.local:9090", "monitoring"),
        ("http://prometheus.watch.svc:9090/base", "watch"),
        ("https://prometheus.example", None),
        ("https://prometheus.team.example.com", None),
        ("http://10.0.0.1:9090", None),
        ("https://p.monitoring.svc", "monitoring"),
        ("http://p.monitoring.svc.cluster.local.:9090", "monitoring"),
        ("http://p.monitoring:9090", "monitoring"),
        ("http://localhost:9090", None),
    ],
)
def test_only_a_service_of_the_cluster_has_a_namespace(url: str, namespace: str | None) -> None:
    assert namespace_of(url) == namespace


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("http://p.m:9090/", "http://p.m:9090"),
        ("http://p.m:9090", "http://p.m:9090"),
        ("https://p.monitoring.svc", "https://p.monitoring.svc"),
        ("http://p.m.svc:9090/base//", "http://p.m.svc:9090/base"),
        ("http://[::1]:9090/", "http://[::1]:9090"),
    ],
)
def test_slashes_at_the_end_are_taken_away(given: str, normal: str) -> None:
    assert address(given) == Prometheus(url=given).url == normal


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("http://p.m:9090/api/v1/", "goes on after the address of Prometheus itself; leave out /api/v1"),
        ("http://p.m:9090/graph?g0.expr=up", "leave out /api/v1 and whatever follows it, ? and #"),
        ("http://p.m:port", "is no address: Port could not be cast"),
        ("http://p.m:99999", "is no address: Port out of range"),
        ("http://p.m:0", "is no http:// or https:// address"),
        ("http://:9090", "is no http:// or https:// address of a host; write for example http://prometheus."),
        ("p.m:9090", "is no http:// or https:// address"),
        ("ftp://p.m", "is no http:// or https:// address"),
        ("http://p.m :9090", "is no http:// or https:// address"),
    ],
)
def test_what_is_no_address_of_a_prometheus_is_refused(given: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        address(given)


@pytest.mark.parametrize("given", ["http://u:secret@p.m:9090", "http://secret@p.m", "http://u:se/cret@p.m", "ftp://u:secret@p.m"])
def test_a_password_in_the_address_is_refused_and_never_repeated(given: str) -> None:
    with pytest.raises(ValueError, match="answers without credentials") as error:
        address(given)
    assert "cret" not in str(error.value)
