"""Lifecycle of a Helm release (`kubernetes.helm.v3.Release`), through the Helm command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from bench.plugins.errors import InitFailedError, PluginError, Properties
from bench.plugins.kubernetes import naming
from bench.plugins.kubernetes.chart import UPGRADE_ONLY, ReleaseSpec
from bench.plugins.kubernetes.difference import diff_response, differences
from bench.plugins.kubernetes.errors import CancelledError
from bench.plugins.kubernetes.helm import HelmCli, HelmError
from bench.plugins.kubernetes.session import Session
from bench.plugins.kubernetes.values import has_unknown, plain_map, property_map

_INPUTS = "__inputs"
_IDENTITY = ("name", "namespace")


class Releases:
    """Installs, upgrades and uninstalls. A release that Helm recorded stays in the state even if the operation failed."""

    def __init__(self, session: Session, helm: HelmCli) -> None:
        self._session = session
        self._helm = helm

    def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """The inputs with name, namespace and the chart's exact version filled in. Fails if the chart cannot be found."""
        inputs = {name: value for name, value in plain_map(request.new_inputs).items() if value is not None}
        kept = plain_map(request.old_inputs).get("name")
        inputs.setdefault("name", kept or naming.unique_name(request.name, request.random_seed))
        inputs.setdefault("namespace", self._session.default_namespace)
        if not has_unknown(inputs):
            spec = ReleaseSpec.parse(inputs)
            try:
                inputs["version"] = yaml.safe_load(self._helm.run("show", "chart", *spec.source))["version"]
            except HelmError as error:
                return sdk.CheckResponse(request.new_inputs, [sdk.CheckFailure("chart", f"{spec.chart} cannot be loaded: {error}")])
        return sdk.CheckResponse(property_map(inputs, request.new_inputs))

    def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        old = plain_map(request.old_state).get(_INPUTS) or {}
        new = plain_map(request.new_inputs)
        same_place = all(old.get(name) == new.get(name) for name in _IDENTITY)
        return diff_response(differences(old, new), _IDENTITY, delete_before_replace=same_place)

    def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        inputs = plain_map(request.properties)
        if request.preview:
            return sdk.CreateResponse("", request.properties)
        spec = ReleaseSpec.parse(inputs)
        self._clear_interrupted(spec)
        outputs = self._deploy(("install",), spec, inputs, request.properties, request.timeout)
        return sdk.CreateResponse(_release_id(spec), outputs)

    def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        inputs = plain_map(request.news)
        if request.preview:
            return sdk.UpdateResponse(request.news)
        spec = ReleaseSpec.parse(inputs)
        self._clear_interrupted(spec)
        return sdk.UpdateResponse(self._deploy(("upgrade", "--install"), spec, inputs, request.news, request.timeout))

    def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """The recorded release: its chart version and values become the inputs, so a manual change counts as drift."""
        namespace, name = naming.parse_id(request.resource_id)
        inputs = plain_map(request.inputs)
        try:
            status = self._status(name, namespace or "default")
            values = self._helm.json("get", "values", name, "--namespace", namespace or "default") or {}
        except HelmError as error:
            if error.not_found:
                return sdk.ReadResponse(resource_id="")
            raise
        live = {**inputs, "name": name, "namespace": namespace, "version": status["version"]}
        if values or inputs.get("values"):
            live["values"] = values
        outputs = _outputs(live, status, request.inputs)
        if status["status"] != "deployed":
            reason = f"release {request.resource_id} is {status['status']}"
            raise InitFailedError(request.resource_id, [reason], outputs, property_map(live, request.inputs))
        return sdk.ReadResponse(request.resource_id, outputs, property_map(live, request.inputs))

    def delete(self, request: sdk.DeleteRequest) -> None:
        """`helm uninstall --wait`; a release that is already gone counts as success."""
        namespace, name = naming.parse_id(request.resource_id)
        state = plain_map(request.properties)
        seconds = int(request.timeout or state.get("timeout") or 300)
        wait = [] if state.get("skipAwait") else ["--wait"]
        arguments = ("uninstall", name, "--namespace", namespace or "default", "--timeout", f"{seconds}s", "--ignore-not-found", *wait)
        self._helm.run(*arguments)

    def _deploy(self, verb: tuple[str, ...], spec: ReleaseSpec, inputs: dict[str, Any], marked: Properties, timeout: float) -> Properties:
        options = [option for option in spec.options if "upgrade" in verb or not option.startswith(UPGRADE_ONLY)]
        common = ("--namespace", spec.namespace, "--timeout", f"{int(timeout) or spec.timeout}s")
        try:
            self._helm.run(*verb, spec.name, *spec.source, *common, *options, values=spec.values)
        except (HelmError, CancelledError) as error:
            self._keep_failed(spec, inputs, marked, error)
        return _outputs(inputs, self._status(spec.name, spec.namespace), marked)

    def _keep_failed(self, spec: ReleaseSpec, inputs: dict[str, Any], marked: Properties, error: PluginError) -> None:
        reason = f"Helm release {_release_id(spec)}: {error}"
        taken = "cannot re-use a name" in str(error)
        status = None if taken else self._recorded(spec)
        if status is None:
            raise PluginError(reason) from error
        raise InitFailedError(_release_id(spec), [reason], _outputs(inputs, status, marked)) from error

    def _recorded(self, spec: ReleaseSpec) -> dict[str, Any] | None:
        try:
            return self._status(spec.name, spec.namespace)
        except PluginError:
            return None

    def _clear_interrupted(self, spec: ReleaseSpec) -> None:
        """Undo a killed operation, because Helm refuses to change a release that is still `pending` or `uninstalling`."""
        status = self._recorded(spec)
        if status is None or not status["status"].startswith(("pending-", "uninstalling")):
            return
        history = self._helm.json("history", spec.name, "--namespace", spec.namespace)
        good = [entry["revision"] for entry in history if entry["status"] in {"deployed", "superseded"}]
        if good and status["status"] != "uninstalling":
            self._helm.run("rollback", spec.name, str(max(good)), "--namespace", spec.namespace)
        else:
            self._helm.run("uninstall", spec.name, "--namespace", spec.namespace, "--ignore-not-found")

    def _status(self, name: str, namespace: str) -> dict[str, Any]:
        found = self._helm.json("get", "metadata", name, "--namespace", namespace)
        return {
            "appVersion": found.get("appVersion", ""),
            "chart": found["chart"],
            "name": found["name"],
            "namespace": found["namespace"],
            "revision": found["revision"],
            "status": found["status"],
            "version": found["version"],
        }


def _outputs(inputs: dict[str, Any], status: dict[str, Any], marked: Mapping[str, PropertyValue]) -> Properties:
    result = property_map({**inputs, "status": status}, marked)
    result[_INPUTS] = PropertyValue(property_map(inputs, marked))
    return result


def _release_id(spec: ReleaseSpec) -> str:
    return f"{spec.namespace}/{spec.name}"
