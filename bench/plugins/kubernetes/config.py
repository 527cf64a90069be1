"""Provider configuration: the cluster, and how objects are written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.plugins.errors import PluginError
from bench.plugins.kubernetes.cluster import Cluster
from bench.plugins.kubernetes.documents import Json
from bench.plugins.kubernetes.values import UNKNOWN

_POOL = 64  # the engine runs as many steps in parallel as the program allows


@dataclass(frozen=True)
class ProviderConfig:
    """Options of `kubernetes.Provider` that this plugin honours; it accepts and ignores the `suppress...` options."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    cluster_identifier: str | None = None
    namespace: str | None = None
    enable_config_map_mutable: bool = False
    enable_secret_mutable: bool = False
    enable_patch_force: bool = False

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> ProviderConfig:
        """Parse the provider's inputs. Raises PluginError for an option that would change the program's meaning."""
        for refused in ("renderYamlToDirectory", "upsertExistingObjects", "deleteUnreachable", "skipUpdateUnreachable"):
            if values.get(refused) not in (None, "", False, "false"):
                raise PluginError(f"{refused} is not supported by the bench's kubernetes plugin; install the official plugin to use it")
        if values.get("enableServerSideApply") in (False, "false"):
            raise PluginError("enableServerSideApply=false is not supported by the bench's kubernetes plugin")
        return cls(
            kubeconfig=_text(values.get("kubeconfig")),
            context=_text(values.get("context")),
            cluster=_text(values.get("cluster")),
            cluster_identifier=_text(values.get("clusterIdentifier")),
            namespace=_text(values.get("namespace")),
            enable_config_map_mutable=_flag(values, "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
            enable_secret_mutable=_flag(values, "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
            enable_patch_force=_flag(values, "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
        )

    def load(self) -> dict[str, Any]:
        """The kubeconfig as data, with the chosen context current. Raises PluginError if there is none or it is malformed."""
        text = self._text_of_kubeconfig()
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise PluginError("the kubeconfig is neither valid YAML nor the path of a file") from error
        if not isinstance(data, dict) or not data.get("clusters"):
            raise PluginError("the kubeconfig names no cluster; give its content or the path of a file that exists")
        current = self.context or data.get("current-context")
        contexts = {entry["name"]: entry.get("context", {}) for entry in data.get("contexts") or []}
        if current not in contexts:
            raise PluginError(f"context {current!r} is not in the kubeconfig; it has: {', '.join(sorted(contexts)) or 'none'}")
        if self.cluster:
            contexts[current]["cluster"] = self.cluster
        return {**data, "current-context": current}

    def default_namespace(self, kubeconfig: dict[str, Any]) -> str:
        """Namespace of namespaced objects that do not name one."""
        current = next(entry for entry in kubeconfig["contexts"] if entry["name"] == kubeconfig["current-context"])
        return self.namespace or current.get("context", {}).get("namespace") or "default"

    def _text_of_kubeconfig(self) -> str:
        if self.kubeconfig and "\n" not in self.kubeconfig and not self.kubeconfig.lstrip().startswith("{"):
            return _read(Path(self.kubeconfig).expanduser())
        if self.kubeconfig:
            return self.kubeconfig
        ambient = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
        return _read(Path(ambient) if ambient else Path.home() / ".kube" / "config")


def connect(kubeconfig: dict[str, Any]) -> Cluster:
    """A client for the current context. It opens no connection yet, but runs a configured credential plugin."""
    # Imported late, so that a preview that never configures the provider saves the time.
    from kubernetes.client.configuration import Configuration
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.kube_config import new_client_from_config_dict

    configuration = Configuration()
    configuration.connection_pool_maxsize = _POOL
    try:
        client = new_client_from_config_dict(kubeconfig, client_configuration=configuration, persist_config=False)  # type: ignore[no-untyped-call]
    except ConfigException as error:
        raise PluginError(f"the kubeconfig cannot be used: {error}") from error
    return Cluster(client)


def config_replacements(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Provider inputs whose change means another cluster, so that every object is replaced (as in the official plugin)."""
    identifiers = (old.get("clusterIdentifier"), new.get("clusterIdentifier"))
    if all(identifiers):
        return [] if identifiers[0] == identifiers[1] else ["clusterIdentifier"]
    if UNKNOWN in (new.get("kubeconfig"), new.get("context"), new.get("cluster")):
        return [name for name in ("kubeconfig", "context", "cluster") if new.get(name) == UNKNOWN]
    before, after = _active_cluster(old), _active_cluster(new)
    if before is None or after is None or before == after:
        return []
    return [name for name in ("kubeconfig", "context", "cluster") if old.get(name) != new.get(name)]


def _active_cluster(values: Mapping[str, Any]) -> Json:
    config = ProviderConfig(
        kubeconfig=_text(values.get("kubeconfig")), context=_text(values.get("context")), cluster=_text(values.get("cluster"))
    )
    try:
        data = config.load()
    except PluginError:
        return None
    context = next(entry for entry in data["contexts"] if entry["name"] == data["current-context"])["context"]
    return next((entry.get("cluster") for entry in data["clusters"] if entry["name"] == context.get("cluster")), None)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise PluginError(f"no kubeconfig at {path}: give the provider one, or set KUBECONFIG") from error


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _flag(values: Mapping[str, Any], name: str, environment: str) -> bool:
    value = values.get(name)
    if value is None:
        return os.environ.get(environment) == "true"
    return value in (True, "true")
