"""Inputs of a Release and the Helm arguments for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.plugins.errors import PluginError

_DEFAULT_TIMEOUT_SECONDS = 300
_IGNORED = {"compat", "name", "namespace", "resourceNames", "checksum", "allowNullValues", "lint", "manifest"}
_FLAGS = {
    "atomic": "--atomic",
    "cleanupOnFail": "--cleanup-on-fail",
    "createNamespace": "--create-namespace",
    "dependencyUpdate": "--dependency-update",
    "devel": "--devel",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "disableWebhooks": "--no-hooks",
    "forceUpdate": "--force",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
    "skipCrds": "--skip-crds",
    "waitForJobs": "--wait-for-jobs",
}
UPGRADE_ONLY = ("--cleanup-on-fail", "--history-max", "--reset-values", "--reuse-values")
"""Options that `helm install` does not accept."""

_OTHERS = {"chart", "description", "maxHistory", "repositoryOpts", "skipAwait", "timeout", "values", "version"}


@dataclass(frozen=True)
class ReleaseSpec:
    """A Release as the program declares it. `timeout` is in seconds per Kubernetes operation (Helm's meaning)."""

    name: str
    namespace: str
    chart: str
    version: str | None = None
    repository: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    timeout: int = _DEFAULT_TIMEOUT_SECONDS
    options: tuple[str, ...] = ()

    @classmethod
    def parse(cls, inputs: dict[str, Any]) -> ReleaseSpec:
        """Parse the inputs. Raises PluginError for an option that would have no effect."""
        unknown = {name for name, value in inputs.items() if value} - _IGNORED - _OTHERS - set(_FLAGS)
        repository = dict(inputs.get("repositoryOpts") or {})
        unknown |= {f"repositoryOpts.{name}" for name, value in repository.items() if value and name != "repo"}
        if unknown:
            raise PluginError(f"Release option {', '.join(sorted(unknown))} is not supported by the bench's kubernetes plugin")
        if not inputs.get("chart"):
            raise PluginError("a Release needs a chart")
        return cls(
            name=inputs["name"],
            namespace=inputs["namespace"],
            chart=inputs["chart"],
            version=inputs.get("version") or None,
            repository=repository.get("repo") or None,
            values=inputs.get("values") or {},
            timeout=int(inputs.get("timeout") or _DEFAULT_TIMEOUT_SECONDS),
            options=_options(inputs),
        )

    @property
    def source(self) -> list[str]:
        """The arguments that name the chart."""
        pinned = ["--version", self.version] if self.version else []
        return [self.chart, *pinned, *(["--repo", self.repository] if self.repository else [])]


def _options(inputs: dict[str, Any]) -> tuple[str, ...]:
    options = [flag for name, flag in _FLAGS.items() if inputs.get(name)]
    if not inputs.get("skipAwait"):
        options.append("--wait")
    if inputs.get("maxHistory") is not None:
        options.append(f"--history-max={inputs['maxHistory']}")
    if inputs.get("description"):
        options.append(f"--description={inputs['description']}")
    return tuple(options)
