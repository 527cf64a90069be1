"""Every version stands once, under a marker that Renovate reads."""

from __future__ import annotations

import json
import re

import pytest

from components import versions
from components.artifacts import Addon, Chart, Image, Manifest
from scripts.supply.outdated import watched
from tests.structure.project import ROOT, relative, sources

LINES = (ROOT / "components" / "versions.py").read_text().splitlines()
MARKER = re.compile(r"# renovate: datasource=(?P<source>docker|helm) depName=(?P<name>[a-z0-9./-]+)(?: registryUrl=(?P<url>https://\S+))?")
ADDON_MARKER = re.compile(r"# renovate: datasource=aws-eks-addon depName=(?P<package>\{\S+\})")
"""Renovate asks AWS; the package is JSON (https://docs.renovatebot.com/modules/datasource/aws-eks-addon)."""
ADDONS = {name: addon for name, addon in vars(versions).items() if isinstance(addon, Addon)}
RELEASE_MARKER = re.compile(r"# renovate: datasource=github-releases depName=(?P<repository>[a-z0-9./-]+)")
MANIFESTS = {name: manifest for name, manifest in vars(versions).items() if isinstance(manifest, Manifest)}
PINS = {name: pin for name, pin in vars(versions).items() if isinstance(pin, Chart | Image)}


@pytest.mark.parametrize("name", PINS)
def test_the_line_above_a_pin_is_its_marker(name: str) -> None:
    pin = PINS[name]
    (number,) = [index for index, line in enumerate(LINES) if line.startswith(f"{name} = ")]
    marker = MARKER.fullmatch(LINES[number - 1])
    assert marker, f"{name}: {LINES[number - 1]!r} is no marker"
    if isinstance(pin, Image):
        assert (marker["source"], marker["name"], marker["url"]) == ("docker", pin.repository, None)
    elif pin.repository.startswith("oci://"):
        assert (marker["source"], marker["name"], marker["url"]) == ("docker", f"{pin.repository.removeprefix('oci://')}/{pin.name}", None)
    else:
        assert (marker["source"], marker["name"]) == ("helm", pin.name)
        # Some projects keep the index apart and the archive at the GitHub release, whose name repeats the version.
        released = f"/releases/download/{pin.name}-chart-{pin.version}"
        assert pin.repository.startswith(marker["url"]) or pin.repository.endswith(released), (
            f"{name}: index and archives are of two places"
        )


def test_markers_and_pins_are_as_many() -> None:
    markers = [line for line in LINES if "renovate:" in line]
    assert sum(bool(MARKER.fullmatch(line)) for line in markers) == len(PINS)
    assert sum(bool(ADDON_MARKER.fullmatch(line)) for line in markers) == len(ADDONS)
    assert sum(bool(RELEASE_MARKER.fullmatch(line)) for line in markers) == len(MANIFESTS)
    assert len(markers) == len(PINS) + len(ADDONS) + len(MANIFESTS)


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_a_file_of_the_release_that_its_marker_watches(name: str) -> None:
    manifest = MANIFESTS[name]
    (number,) = [index for index, line in enumerate(LINES) if line.startswith(f"{name} = ")]
    marker = RELEASE_MARKER.fullmatch(LINES[number - 1])
    assert marker, f"{name}: {LINES[number - 1]!r} is no marker"
    released = rf"https://github\.com/{re.escape(marker['repository'])}/releases/download/\S*{re.escape(manifest.version)}/\S+\.yaml"
    assert re.fullmatch(released, manifest.url)
    block = "\n".join(LINES[number : number + 5])
    assert block.count(manifest.version) == 1, f"{name}: Renovate raises the version in one place"


def test_no_two_manifests_share_a_name() -> None:
    """A mirror's folder holds them by name and version."""
    assert len({manifest.name for manifest in MANIFESTS.values()}) == len(MANIFESTS) >= 4


@pytest.mark.parametrize("name", ADDONS)
def test_an_add_on_is_a_build_for_its_kubernetes_minor(name: str) -> None:
    addon = ADDONS[name]
    (number,) = [index for index, line in enumerate(LINES) if line.startswith(f"{name} = ")]
    marker = ADDON_MARKER.fullmatch(LINES[number - 1])
    assert marker, f"{name}: {LINES[number - 1]!r} is no marker"
    assert json.loads(marker["package"]) == {"kubernetesVersion": addon.kubernetes, "addonName": addon.name}
    assert re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", addon.version)


@pytest.mark.parametrize("name", PINS)
def test_an_image_names_its_registry_and_a_version(name: str) -> None:
    pin = PINS[name]
    host = pin.repository.removeprefix("oci://").removeprefix("https://").split("/")[0]
    assert "." in host, f"{name}: a mirror replaces by registry host"
    version = pin.required_tag if isinstance(pin, Image) else pin.version
    assert re.search(r"\d", version)
    assert version != "latest"


def test_no_other_file_of_the_product_names_a_version_or_a_registry() -> None:
    for path in sources("components", "stacks"):
        if path.name != "versions.py":
            code = "\n".join(line.split("#")[0] for line in path.read_text().splitlines())
            code = re.sub(r'""".*?"""', "", code, flags=re.DOTALL)
            assert not re.search(r'"v?\d+\.\d+\.\d+"|quay\.io|docker\.io|ghcr\.io|nvcr\.io|registry\.k8s\.io', code), relative(path)


def test_renovate_finds_every_pin_with_its_version() -> None:
    config = json.loads((ROOT / "renovate.json").read_text())
    (manager,) = config["customManagers"]
    (file,) = manager["managerFilePatterns"]
    assert re.search(file.strip("/"), "components/versions.py")
    found = [pin.version for pin in watched("\n".join(LINES))]
    pins = [*PINS.values(), *ADDONS.values(), *MANIFESTS.values()]
    assert sorted(found) == sorted(pin.required_tag if isinstance(pin, Image) else pin.version for pin in pins)


def test_renovate_orders_the_versions_of_the_object_store_by_their_time() -> None:
    config = json.loads((ROOT / "renovate.json").read_text())
    (rule,) = [rule for rule in config["packageRules"] if rule.get("matchDepNames") == [versions.SILO.repository]]
    match = re.fullmatch(rule["versioning"].removeprefix("regex:").replace("(?<", "(?P<"), versions.SILO.required_tag)
    assert match
    assert match.groupdict().keys() == {"major", "minor", "patch"}
