"""Where charts, release manifests and images come from when a company mirrors them, and by which digest they are known."""

from __future__ import annotations

import re

import pytest

from components.artifacts import Chart, Image, Manifest, Mirror, missing, parse_image
from components.lock import Lock, Locked

CHART = Chart(repository="oci://quay.io/jetstack/charts", name="cert-manager", version="v1.21.2")
ARCHIVE = Chart(repository="https://helm.example/charts", name="operator", version="v1.2.3")
MANIFEST = Manifest(name="serving-core", version="1.21.1", url="https://releases.example/serving-core.yaml")
IMAGE = Image(repository="quay.io/jetstack/cert-manager-webhook", tag="v1.21.2", digest="sha256:" + "a" * 64)
DIGEST = "sha256:" + "b" * 64


def locked(*addresses: str) -> Lock:
    return Lock(artifacts={address: Locked(digest=DIGEST, source="a test") for address in addresses})


def test_a_chart_comes_from_its_registry_a_mirrored_prefix_or_a_folder_of_archives() -> None:
    assert Mirror().chart(CHART) == "oci://quay.io/jetstack/charts/cert-manager"
    assert Mirror(charts="oci://corp.example/charts/").chart(CHART) == "oci://corp.example/charts/cert-manager"
    assert Mirror(charts="/srv/charts").chart(CHART) == "/srv/charts/cert-manager-v1.21.2.tgz"
    assert Mirror().chart(ARCHIVE) == "https://helm.example/charts/operator-v1.2.3.tgz"


def test_a_manifest_comes_from_its_release_a_folder_or_a_registry() -> None:
    assert Mirror().manifest(MANIFEST) == MANIFEST.url
    assert Mirror(manifests="/srv/manifests/").manifest(MANIFEST) == "/srv/manifests/serving-core-1.21.1.yaml"
    assert Mirror(manifests="https://corp.example/m").manifest(MANIFEST) == "https://corp.example/m/serving-core-1.21.1.yaml"
    assert Mirror(manifests="oci://corp.example/m").manifest(MANIFEST) == "oci://corp.example/m/serving-core:1.21.1"


def test_one_registry_holds_everything_under_full_upstream_names() -> None:
    mirror = Mirror(registry="corp.example:5000/mirror")
    assert mirror.chart(CHART) == "oci://corp.example:5000/mirror/quay.io/jetstack/charts/cert-manager"
    assert mirror.chart(ARCHIVE) == "oci://corp.example:5000/mirror/helm.example/charts/operator"
    assert mirror.manifest(MANIFEST) == "oci://corp.example:5000/mirror/manifests/serving-core:1.21.1"
    assert mirror.image(IMAGE).repository == "corp.example:5000/mirror/quay.io/jetstack/cert-manager-webhook"
    assert mirror.hosts == {"corp.example:5000"}


def test_one_kind_of_artifact_can_come_from_elsewhere_than_the_registry() -> None:
    mirror = Mirror(registry="corp.example", charts="/srv/charts", manifests="/srv/manifests", images={"quay.io/": "other.example/quay/"})
    assert mirror.chart(CHART) == "/srv/charts/cert-manager-v1.21.2.tgz"
    assert mirror.manifest(MANIFEST) == "/srv/manifests/serving-core-1.21.1.yaml"
    assert mirror.image(IMAGE).repository == "other.example/quay/jetstack/cert-manager-webhook"
    assert mirror.image(Image(repository="ghcr.io/a/b", tag="1")).repository == "corp.example/ghcr.io/a/b"
    assert mirror.hosts == {"corp.example", "other.example"}


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


def test_the_lock_says_by_which_digest_an_image_and_a_manifest_are_known() -> None:
    pin = Image(repository="ghcr.io/a/b", tag="1")
    lock = locked("ghcr.io/a/b:1", MANIFEST.url)
    assert Mirror(lock=lock).image(pin).reference == f"ghcr.io/a/b:1@{DIGEST}"
    assert Mirror(lock=lock, registry="corp.example").image(pin).reference == f"corp.example/ghcr.io/a/b:1@{DIGEST}"
    assert Mirror(lock=lock, digests="drop").image(pin).reference == "ghcr.io/a/b:1"
    assert Mirror(lock=lock).manifest_digest(MANIFEST) == DIGEST
    assert Mirror(lock=lock, digests="drop").manifest_digest(MANIFEST) is None
    assert Mirror(lock=locked()).manifest_digest(MANIFEST) is None


def test_a_manifest_may_name_an_image_by_its_digest_alone() -> None:
    reference = f"gcr.io/knative-releases/activator@{DIGEST}"
    assert Mirror().reference(reference) == reference
    assert Mirror(registry="corp.example").reference(reference) == f"corp.example/{reference}"
    assert Mirror(images={"gcr.io/": "corp.example/g/"}).reference(reference) == f"corp.example/g/knative-releases/activator@{DIGEST}"
    assert Mirror(lock=locked("ghcr.io/a/b:1")).reference("ghcr.io/a/b:1") == f"ghcr.io/a/b:1@{DIGEST}"
    with pytest.raises(ValueError, match=r"mirror\.digests: drop would leave nothing"):
        Mirror(digests="drop").reference(reference)
    with pytest.raises(ValueError, match="has no tag"):
        Mirror().reference("gcr.io/knative-releases/activator")


def test_what_was_asked_for_is_what_a_stack_needs() -> None:
    mirror = Mirror(registry="corp.example", digests="drop", lock=locked(CHART.address, "ghcr.io/a/b:1"))
    mirror.chart(CHART)
    mirror.chart(ARCHIVE)
    mirror.manifest_digest(MANIFEST)
    for _ in range(2):
        mirror.image(Image(repository="ghcr.io/a/b", tag="1"))
    mirror.image(IMAGE)
    assert [(each.kind, each.address, each.digest, each.mirrored) for each in mirror.artifacts] == [
        ("chart", "https://helm.example/charts/operator-v1.2.3.tgz", None, "helm.example/charts/operator:v1.2.3"),
        ("chart", "oci://quay.io/jetstack/charts/cert-manager:v1.21.2", DIGEST, "quay.io/jetstack/charts/cert-manager:v1.21.2"),
        ("image", "ghcr.io/a/b:1", DIGEST, "ghcr.io/a/b:1"),
        ("image", IMAGE.address, IMAGE.digest, IMAGE.address),
        ("manifest", MANIFEST.url, None, "manifests/serving-core:1.21.1"),
    ]
    assert missing(mirror.artifacts, Lock()) == ["https://helm.example/charts/operator-v1.2.3.tgz", MANIFEST.url]


def test_what_is_mirrored_is_where_it_is_looked_for() -> None:
    mirror = Mirror(registry="corp.example", lock=Lock())
    places = {
        mirror.chart(CHART) + f":{CHART.version}",
        mirror.chart(ARCHIVE) + f":{ARCHIVE.version}",
        mirror.manifest(MANIFEST),
        "oci://" + mirror.image(Image(repository="ghcr.io/a/b", tag="1")).reference,
    }
    mirror.manifest_digest(MANIFEST)
    assert {f"oci://corp.example/{artifact.mirrored}" for artifact in mirror.artifacts} == places


def test_a_pin_is_missing_while_neither_it_nor_the_lock_has_a_digest() -> None:
    pins: list[Chart | Manifest | Image] = [CHART, ARCHIVE, MANIFEST, IMAGE, Image(repository="ghcr.io/a/b", tag="1")]
    assert missing(pins, Lock()) == [CHART.address, ARCHIVE.address, MANIFEST.url, "ghcr.io/a/b:1"]
    assert missing(pins, locked(CHART.address, MANIFEST.url, "ghcr.io/a/b:1")) == [ARCHIVE.address]


def test_a_replacement_by_digest_alone_keeps_the_tag_that_charts_need() -> None:
    mirror = Mirror(images={"ghcr.io/a/b:1": f"corp.example/b@{DIGEST}"}, lock=Lock())
    assert mirror.image(Image(repository="ghcr.io/a/b", tag="1")).tag_and_digest == f"1@{DIGEST}"
    with pytest.raises(ValueError, match="has no tag, and a chart needs one"):
        _ = Image(repository="ghcr.io/a/b", digest=DIGEST).tag_and_digest


@pytest.mark.parametrize(
    ("reference", "repository", "tag", "digest", "registry"),
    [
        ("host:5000/a/b:1", "host:5000/a/b", "1", None, "host:5000"),
        ("ghcr.io/acme/m_x/y--z:V1.0-rc_1", "ghcr.io/acme/m_x/y--z", "V1.0-rc_1", None, "ghcr.io"),
        (f"r/m@{DIGEST}", "r/m", None, DIGEST, None),
        (f"localhost/m:1@{DIGEST}", "localhost/m", "1", DIGEST, "localhost"),
        ("mnist:dev", "mnist", "dev", None, None),
        ("kind.local/x:y", "kind.local/x", "y", None, "kind.local"),
        ("[::1]:5000/x:y", "[::1]:5000/x", "y", None, "[::1]:5000"),
    ],
)
def test_a_reference_is_read_as_container_runtimes_read_it(
    reference: str, repository: str, tag: str | None, digest: str | None, registry: str | None
) -> None:
    image = parse_image(reference)
    assert image == Image(repository=repository, tag=tag, digest=digest)
    assert (image.reference, image.registry) == (reference, registry)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("a/b", "'a/b' has no tag; write <repository>:<tag> or <repository>@sha256:<digest>"),
        ("host:5000/a/b", "has no tag"),
        ("r/m:1@sha256:abc", "the digest 'sha256:abc' is not sha256: and 64 digits"),
        ("r/m@" + DIGEST.upper(), "the digest 'SHA256:BBB"),
        ("r/m:1@", "the digest '' is not"),
        (
            "ghcr.io/Acme/M:1",
            "'ghcr.io/Acme/M' is no name of a repository such as registry.example/acme/server; write it in small letters: ghcr.io/acme/m",
        ),
        (f"Acme/m@{DIGEST}", "write it in small letters: acme/m"),
        ("r/m:1 ", "has a blank at an end or inside"),
        (" r/m:1", "has a blank"),
        ("r/m:1\n", "has a blank"),
        ("r/m :1", "has a blank"),
        ("https://ghcr.io/a/b:1", "is a URL; leave out what stands before"),
        ("docker://r/m:1", "is a URL"),
        ("r/m:", "the tag '' is not"),
        ("r/m:.1", "the tag '.1' is not"),
        (f"r/m:{'1' * 129}", "the tag '111"),
        ("r//m:1", "'r//m' is no name of a repository"),
        ("/r/m:1", "'/r/m' is no name"),
        ("r/m/:1", "'r/m/' is no name"),
        ("r/m:1:2", "'r/m:1' is no name"),
        ("r/-m:1", "'r/-m' is no name"),
        (f"{'a' * 256}:1", "is no name of a repository"),
        (":1", "'' is no name"),
        ("", "'' is no name"),
        (f"r/m:1@{DIGEST}@{DIGEST}", "the digest 'sha256:"),
    ],
)
def test_a_reference_that_no_runtime_would_read_is_refused_by_name(reference: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse_image(reference)
