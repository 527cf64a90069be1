"""The objects that a recorded release's chart makes of exactly its values, and the values that the chart does not know."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bench import charts
from bench.charts import KUBERNETES
from bench.tools import binary
from tests.graph.recording import Resource

Object = dict[str, Any]

KUBERNETES_FIELDS = {"annotations", "nodeSelector", "resources", "podAnnotations", "envoyProxy"}
"""Keys whose values go into an object as they are: that object's schema judges them (test_dry_run.py)."""


class Rendered:
    """The objects of one release. Fails with helm's words where the chart, or its schema, refuses the values."""

    def __init__(self, release: Resource) -> None:
        self.chart = package(release)
        command = [str(binary("helm")), "template", release.inputs["name"], str(self.chart), "--kube-version", KUBERNETES]
        options = ["--namespace", release.inputs["namespace"], "--values", "-"]
        done = subprocess.run([*command, *options], input=json.dumps(release.inputs["values"]), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{release.key}: {done.stderr}"
        self.objects: list[Object] = [item for item in yaml.load_all(done.stdout, yaml.CSafeLoader) if item]

    def of_kind(self, *kinds: str) -> dict[str, Object]:
        return {item["metadata"]["name"]: item for item in self.objects if item["kind"] in kinds}

    @property
    def pods(self) -> dict[str, Object]:
        """The pod templates, by the name of the workload that makes them."""
        return {name: item["spec"]["template"] for name, item in self.of_kind("Deployment", "Job").items()}

    @property
    def images(self) -> list[str]:
        return [container["image"] for pod in self.pods.values() for container in pod["spec"]["containers"]]


def package(release: Resource) -> Path:
    (chart,) = (each for each in charts.TABLE if (each.name, each.version) == (release.inputs["name"], release.inputs["version"]))
    return chart.path


def unknown_keys(release: Resource) -> list[str]:
    """The values, by dotted path, that stand neither in the chart's values and schema nor in its templates."""
    with tarfile.open(package(release)) as archive:
        files = {name.partition("/")[2]: archive.extractfile(name) for name in archive.getnames()}
        texts = {name: file.read().decode() for name, file in files.items() if file}
    defaults = yaml.safe_load(texts["values.yaml"])
    schema = json.loads(texts.get("values.schema.json", "{}"))
    templates = "\n".join(text for name, text in texts.items() if name.startswith("templates/"))
    return list(_unknown(release.inputs["values"], defaults, _resolved(schema, schema), schema, "", templates))


def _unknown(values: Object, defaults: object, schema: Object, whole: Object, path: str, templates: str) -> Iterator[str]:
    for key, value in values.items():
        here = f"{path}.{key}"
        default = defaults.get(key) if isinstance(defaults, dict) else None
        property_schema = _resolved(schema.get("properties", {}).get(key, {}), whole)
        known = (isinstance(defaults, dict) and key in defaults) or property_schema or f".Values{here}" in templates
        if not known:
            yield here.removeprefix(".")
        elif isinstance(value, dict) and key not in KUBERNETES_FIELDS:
            yield from _unknown(value, default, property_schema, whole, here, templates)


def _resolved(schema: Object, whole: Object) -> Object:
    """cert-manager's schema is one list of definitions that refer to one another."""
    while "$ref" in schema:
        target: Any = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema
