"""Where a Prometheus of others has its pods, as its address says."""

from __future__ import annotations

import pytest

from components.prometheus import namespace_of


@pytest.mark.parametrize(
    ("url", "namespace"),
    [
        ("http://prometheus.monitoring.svc.cluster.local:9090", "monitoring"),
        ("http://prometheus.watch.svc:9090/base", "watch"),
        ("https://prometheus.example", None),
        ("https://prometheus.team.example.com", None),
        ("http://10.0.0.1:9090", None),
    ],
)
def test_only_a_service_of_the_cluster_has_a_namespace(url: str, namespace: str | None) -> None:
    assert namespace_of(url) == namespace
