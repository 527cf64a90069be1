"""Rules for every pod: its permissions, its resources and its probes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.rules.pods import INFERENCE_SERVICE, WITH_PODS, Container, Pod, containers, namespace, pods
from policies.rules.resource import Resource, value_at
from policies.rules.rule import Rule
from policies.rules.secrets import looks_secret
from policies.settings import Settings

GPU = "nvidia.com/gpu"
PSS = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
JOB_KINDS = ("Job", "CronJob")


def _resources(resource: Resource, _settings: Settings) -> Iterator[str]:
    for _, container in containers(resource, "resources"):
        for kind, name in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            if container.amount(kind, name) is None:  # type: ignore[arg-type] # of the literals above
                yield f"{container.path}.resources.{kind} has no {name}"


def _whole_gpus(resource: Resource, _settings: Settings) -> Iterator[str]:
    for _, container in containers(resource):
        requested, limit = container.amount("requests", GPU), container.amount("limits", GPU)
        if requested is None and limit is None:
            continue
        if limit is None or (requested is not None and _number(requested) != _number(limit)):
            yield f"{container.path}.resources asks for {_said(requested)} {GPU} and is limited to {_said(limit)}"
        elif not _number(limit).is_integer():
            yield f"{container.path}.resources.limits: {limit} {GPU} is not a whole number"


def _gpu_nodes(resource: Resource, _settings: Settings) -> Iterator[str]:
    for pod in pods(resource):
        if not any(container.amount("limits", GPU) or container.amount("requests", GPU) for container in pod.containers):
            continue
        if not pod.get("nodeSelector") and not pod.get("affinity.nodeAffinity"):
            yield f"{pod.path} asks for a GPU but selects no GPU nodes"
        if not any(toleration.get("key") in (GPU, None) for toleration in pod.get("tolerations", [])):
            yield f"{pod.path} asks for a GPU but does not tolerate the GPU nodes' taint {GPU}"


def _non_root(resource: Resource, settings: Settings) -> Iterator[str]:
    if namespace(resource) in settings.privileged_namespaces:
        return
    for pod in pods(resource):
        for container in _judged(pod):
            user = _security(pod, container, "runAsUser")
            if _security(pod, container, "runAsNonRoot") is not True or user == 0:
                yield f"{container.path} may run as root"


def _no_escalation(resource: Resource, settings: Settings) -> Iterator[str]:
    if namespace(resource) in settings.privileged_namespaces:
        return
    for _, container in containers(resource, "container-security"):
        if container.get("securityContext.allowPrivilegeEscalation") is not False:
            yield f"{container.path}.securityContext does not refuse privilege escalation"


def _no_capabilities(resource: Resource, settings: Settings) -> Iterator[str]:
    if namespace(resource) in settings.privileged_namespaces:
        return
    for _, container in containers(resource, "container-security"):
        if "ALL" not in container.get("securityContext.capabilities.drop", []):
            yield f"{container.path}.securityContext.capabilities does not drop ALL"
        added = [name for name in container.get("securityContext.capabilities.add", []) if name != "NET_BIND_SERVICE"]
        if added:
            yield f"{container.path}.securityContext.capabilities adds {', '.join(added)}"


def _seccomp(resource: Resource, settings: Settings) -> Iterator[str]:
    if namespace(resource) in settings.privileged_namespaces:
        return
    for pod in pods(resource, "pod-security"):
        of_pod = pod.get("securityContext.seccompProfile.type")
        if "container-security" not in pod.says:
            if of_pod not in ("RuntimeDefault", "Localhost"):
                yield f"{pod.path}.securityContext has no seccomp profile"
            continue
        for container in pod.containers:
            if container.get("securityContext.seccompProfile.type", of_pod) not in ("RuntimeDefault", "Localhost"):
                yield f"{container.path} has no seccomp profile"


def _not_privileged(resource: Resource, settings: Settings) -> Iterator[str]:
    if namespace(resource) not in settings.privileged_namespaces:
        for _, container in containers(resource):
            if container.get("securityContext.privileged"):
                yield f"{container.path} is privileged, in the namespace {namespace(resource)}"


def _off_the_host(resource: Resource, settings: Settings) -> Iterator[str]:
    if namespace(resource) in settings.host_path_namespaces:
        return
    for pod in pods(resource):
        yield from (f"{pod.path}.{field} is true" for field in ("hostNetwork", "hostPID", "hostIPC") if pod.get(field))
        for position, volume in enumerate(pod.get("volumes", [])):
            if "hostPath" in volume:
                yield f"{pod.path}.volumes[{position}] is a path of the node"


def _probes(resource: Resource, _settings: Settings) -> Iterator[str]:
    for _, container in containers(resource, "probes"):
        if not container.init and container.get("readinessProbe") is None:
            yield f"{container.path} has no readinessProbe"


def _no_secret_in_env(resource: Resource, _settings: Settings) -> Iterator[str]:
    for _, container in containers(resource):
        for position, variable in enumerate(container.get("env", [])):
            if "value" in variable and looks_secret(variable["name"], variable["value"]):
                yield f"{container.path}.env[{position}]: {variable['name']} has its value in the clear"


def _judged(pod: Pod) -> list[Container]:
    """Containers to check. An InferenceService's `model` is not one: only the pod's security context applies there."""
    if "container-security" in pod.says:
        return pod.containers
    return [Container(pod.path, {})]


def _security(pod: Pod, container: Container, field: str) -> Any:  # noqa: ANN401 - a field of any type
    """The container's value, else the pod's (Kubernetes: PodSecurityContext)."""
    return value_at(container.fields, f"securityContext.{field}", pod.get(f"securityContext.{field}"))


def _number(amount: object) -> float:
    try:
        return float(str(amount))
    except ValueError:
        return float("nan")


def _said(amount: object) -> str:
    return "nothing" if amount is None else str(amount)


def _mentions_gpu(resource: Resource, _settings: Settings) -> bool:
    return any(_has_gpu(container.get("resources", {})) for _, container in containers(resource))


def _has_gpu(resources: Mapping[str, Any]) -> bool:
    return any(GPU in value_at(resources, kind, {}) for kind in ("requests", "limits"))


def _long_running(resource: Resource, _settings: Settings) -> bool:
    return resource.kind not in JOB_KINDS and resource.type != INFERENCE_SERVICE


RULES: tuple[Rule, ...] = (
    Rule(
        name="resources-said",
        title="A container requests cpu and memory, and has a memory limit",
        why="The scheduler places pods by requests, and one pod without a memory limit can use up its whole node.",
        fix="Set resources.requests.cpu, resources.requests.memory and resources.limits.memory.",
        severity="medium",
        types=WITH_PODS,
        check=_resources,
        reference="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    ),
    Rule(
        name="gpu-whole-and-equal",
        title="GPUs are whole numbers, with equal requests and limits",
        why="A GPU cannot be overcommitted: the API server refuses other numbers when half of the stack is already deployed.",
        fix="Give nvidia.com/gpu the same whole number in requests and limits.",
        severity="high",
        types=WITH_PODS,
        check=_whole_gpus,
        applies=_mentions_gpu,
        reference="https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/",
    ),
    Rule(
        name="gpu-pod-placed",
        title="A pod with a GPU selects GPU nodes and tolerates their taint",
        why="Without the toleration it stays Pending beside an idle GPU; without the selector, no autoscaler knows which pool to grow.",
        fix="Set nodeSelector and tolerations from components/scheduling.py (GPU_LABELS, GPU_TOLERATION).",
        severity="high",
        types=WITH_PODS,
        check=_gpu_nodes,
        applies=_mentions_gpu,
    ),
    Rule(
        name="pod-non-root",
        title="A pod does not run as root",
        why="Root in a container becomes root on the node if the process escapes.",
        fix="Set securityContext.runAsNonRoot: true and a runAsUser that is not 0.",
        severity="high",
        types=WITH_PODS,
        check=_non_root,
        reference=PSS,
    ),
    Rule(
        name="container-no-escalation",
        title="A container cannot gain privileges",
        why="Otherwise a setuid program in the image could give a process more rights.",
        fix="Set securityContext.allowPrivilegeEscalation: false.",
        severity="high",
        types=WITH_PODS,
        check=_no_escalation,
        reference=PSS,
    ),
    Rule(
        name="container-no-capabilities",
        title="A container drops all capabilities",
        why="The runtime's default set includes raw sockets and changing file owners; no server here needs either.",
        fix="Set securityContext.capabilities.drop: [ALL].",
        severity="medium",
        types=WITH_PODS,
        check=_no_capabilities,
        reference=PSS,
    ),
    Rule(
        name="pod-seccomp",
        title="A pod runs under a seccomp profile",
        why="Most recent kernel vulnerabilities are in calls that the default profile refuses.",
        fix="Set securityContext.seccompProfile.type: RuntimeDefault.",
        severity="medium",
        types=WITH_PODS,
        check=_seccomp,
        reference=PSS,
    ),
    Rule(
        name="container-not-privileged",
        title="Only the GPU Operator's namespace has privileged containers",
        why="A privileged container controls its node, with every model and key on it.",
        fix="Remove securityContext.privileged; node agents belong in a namespace of policies/settings.py privileged_namespaces.",
        severity="critical",
        types=WITH_PODS,
        check=_not_privileged,
        reference=PSS,
    ),
    Rule(
        name="pod-off-the-host",
        title="A pod uses neither paths nor namespaces of its node",
        why="A path of the node bypasses every other boundary, and ties data to a machine that an autoscaler may remove.",
        fix="Use an emptyDir or a PersistentVolumeClaim; agents belong in a namespace of policies/settings.py host_path_namespaces.",
        severity="high",
        types=WITH_PODS,
        check=_off_the_host,
        reference=PSS,
    ),
    Rule(
        name="readiness-probed",
        title="A server has a readiness probe",
        why="Without a probe, a rollout takes a loading pod for ready, and the gateway sends it requests.",
        fix="Give the container a readinessProbe.",
        severity="medium",
        types=WITH_PODS,
        check=_probes,
        applies=_long_running,
        reference="https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
    ),
    Rule(
        name="env-no-secret",
        title="A container's environment contains no secret in the clear",
        why="Every user who may read pods can read it, and every crash report contains it.",
        fix="Keep the value in a Secret and reference it with valueFrom.secretKeyRef.",
        severity="critical",
        types=WITH_PODS,
        check=_no_secret_in_env,
        reference="https://kubernetes.io/docs/concepts/configuration/secret/",
    ),
)
