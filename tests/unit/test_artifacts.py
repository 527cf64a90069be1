"""Where charts and images come from when a company mirrors them."""

from __future__ import annotations

import pytest

from components.artifacts import Chart, Image, Mirror, parse_image

CHART = Chart(repository="oci://quay.io/jetstack/charts", name="cert-manager", version="v1.21.2")
IMAGE = Image(repository="quay.io/jetstack/cert-manager-webhook", tag="v1.21.2", digest="sha256:" + "a" * 64)


def test_a_chart_comes_from_its_registry_a_mirrored_prefix_or_a_folder_of_archives() -> None:
    assert Mirror().chart(CHART) == "oci://quay.io/jetstack/charts/cert-manager"
    assert Mirror(charts="oci://corp.example/charts/").chart(CHART) == "oci://corp.example/charts/cert-manager"
    assert Mirror(charts="/srv/charts").chart(CHART) == "/srv/charts/cert-manager-v1.21.2.tgz"


def test_the_longest_prefix_wins() -> None:
    mirror = Mirror(images={"quay.io": "corp.example/quay", "quay.io/jetstack/": "corp.example/certs/"})
    assert mirror.image(IMAGE).repository == "corp.example/certs/cert-manager-webhook"


def test_a_prefix_ends_at_a_boundary() -> None:
    assert Mirror(images={"quay.io/jet": "corp.example/other"}).image(IMAGE) == IMAGE


def test_a_whole_reference_can_be_replaced_tag_included() -> None:
    mirror = Mirror(images={"docker.io/pgsty/silo:R1": "bench.local/minio:7aac2a2c5b7c"})
    assert mirror.image(Image(repository="docker.io/pgsty/silo", tag="R1")).reference == "bench.local/minio:7aac2a2c5b7c"
    assert mirror.image(Image(repository="docker.io/pgsty/silo", tag="R11")).reference == "docker.io/pgsty/silo:R11"


def test_digests_are_kept_unless_the_mirror_holds_its_own_builds() -> None:
    assert Mirror().image(IMAGE).reference.endswith("@sha256:" + "a" * 64)
    assert Mirror(digests="drop").image(IMAGE).reference == "quay.io/jetstack/cert-manager-webhook:v1.21.2"


def test_a_reference_without_a_tag_is_refused() -> None:
    assert parse_image("host:5000/a/b:1") == Image(repository="host:5000/a/b", tag="1")
    for reference in ("a/b", "host:5000/a/b", "a/b@sha256:aa"):
        with pytest.raises(ValueError, match="has no tag"):
            parse_image(reference)
