"""Waits until an InferenceService serves the model it was told to, asks for one answer, and says why not when it doesn't.

Reads the environment: NAMESPACE, NAME, MODEL (storage URI, or "" where the image brings the model), IMAGE (of the model server),
URL, REQUEST and ANSWER (components/in_cluster/answers.py), PATIENCE_SECONDS; optional: PERCENT (Knative mode: the newest revision's
share of the requests).
Ends with 0 after a right answer. Ends with 1 at once when the failure is certain, else when the patience is over; the
reason is its last output, which Kubernetes keeps as the termination message (4096 bytes at most).
"""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.in_cluster import api, knative
from components.in_cluster.answers import WrongAnswer, not_answering

INITIALIZER = "storage-initializer"
SERVER = "kserve-container"
SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
MESSAGE_BYTES = 4000
CERTAIN = {"InvalidImageName", "CreateContainerConfigError", "ErrImageNeverPull"}
"""Reasons for waiting that only a change of the specification ends."""
WRONG_ANSWERS = 5
"""Wrong answers in a row after which a ready model is not asked again: users get them too while this program waits."""


@dataclass(frozen=True)
class Target:
    namespace: str
    name: str
    model: str
    image: str
    url: str
    request: str = ""
    answer: str = "{}"
    percent: int | None = None

    @property
    def content(self) -> str:
        """Description of the server's content, for messages."""
        return self.model or f"what {self.image} brings"

    @property
    def deployment(self) -> str:
        """The Knative Service has the same name."""
        return f"{self.name}-predictor"


class CertainFailureError(Exception):
    """A failure that more waiting can't end."""


def main() -> int:
    target = target_of(os.environ)
    end = time.monotonic() + float(os.environ["PATIENCE_SECONDS"])
    wrong = 0
    while True:
        try:
            problem = not_rolled_out(target) or not_answering(target.url, target.request, target.answer)
            if problem is None:
                print(f"{target.name} serves {target.content} and answers at {target.url}")
                return 0
            wrong = wrong + 1 if isinstance(problem, WrongAnswer) else 0
            over = wrong == WRONG_ANSWERS or time.monotonic() > end
        except CertainFailureError as failure:
            problem, over = str(failure), True
        except OSError as error:
            problem, over = f"the API server says {error}", time.monotonic() > end
        if over:
            print(report(target, problem))
            return 1
        time.sleep(1)


def target_of(environment: Mapping[str, str]) -> Target:
    percent = environment.get("PERCENT")
    return Target(
        namespace=environment["NAMESPACE"],
        name=environment["NAME"],
        model=environment["MODEL"],
        image=environment["IMAGE"],
        url=environment["URL"],
        request=environment["REQUEST"],
        answer=environment["ANSWER"],
        percent=int(percent) if percent else None,
    )


def not_rolled_out(target: Target) -> str | None:
    """Return None if every replica runs this model on this image, else the reason. Raises CertainFailureError and OSError."""
    return deployment_problem(target) if target.percent is None else revision_problem(target, target.percent)


def deployment_problem(target: Target) -> str | None:
    raise_certain_failure(target, pods_of(target))
    deployment = api.find(f"/apis/apps/v1/namespaces/{target.namespace}/deployments/{target.deployment}")
    if deployment is None:
        return f"KServe has made no Deployment {target.deployment} yet"
    return rollout_problem(target, deployment)


def rollout_problem(target: Target, deployment: dict[str, Any]) -> str | None:
    """Judge like `kubectl rollout status`, for the template that has this model and image."""
    if not is_current(target, deployment["spec"]["template"]):
        return f"Deployment {target.deployment} does not have model {target.model or 'none'} and image {target.image} yet"
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
        return f"Deployment {target.deployment} is not observed yet"
    updated, available, total = (status.get(key, 0) for key in ("updatedReplicas", "availableReplicas", "replicas"))
    if updated < wanted or total > updated or available < updated:
        return f"Deployment {target.deployment}: {updated} of {wanted} replicas updated, {available} available, {total} in all"
    return None


def revision_problem(target: Target, percent: int) -> str | None:
    """Judge Knative's newest revision in the same way, and check its share of the requests."""
    service = knative.service(target.namespace, target.deployment)
    if service is None:
        return f"KServe has made no Knative Service {target.deployment} yet"
    revision = knative.newest_revision(target.namespace, service)
    if revision is None:
        return f"Knative has not observed Service {target.deployment} yet"
    name = revision["metadata"]["name"]
    if not is_current(target, revision):
        return f"the newest revision {name} does not have model {target.model or 'none'} and image {target.image} yet"
    raise_certain_failure(target, [pod for pod in pods_of(target) if knative.revision_of(pod) == name])
    problem = knative.not_ready(revision)
    if problem and knative.certainly_failed(revision):
        raise CertainFailureError(problem)
    return problem or knative.wrong_share(service, name, percent) or knative.not_routed(service)


def raise_certain_failure(target: Target, pods: list[dict[str, Any]]) -> None:
    for pod in pods:
        if reason := certain_failure(target, pod):
            raise CertainFailureError(reason)


def certain_failure(target: Target, pod: dict[str, Any]) -> str | None:
    """Return why this pod can't become ready without a change, in one line with the container's last words."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = container.get("state", {}).get("waiting", {})
        if waiting.get("reason") in CERTAIN:
            return f"pod {name}, {container['name']}: {waiting['reason']}: {waiting.get('message', '')}"
        ended = container.get("state", {}).get("terminated") or container.get("lastState", {}).get("terminated") or {}
        # A first failure may come from a store that is just starting; a second one is certain.
        failures = container.get("restartCount", 0) + bool(container.get("state", {}).get("terminated"))
        if ended.get("exitCode", 0) != 0 and failures >= 2:
            words = last_words(target, name, container)
            return f"pod {name}, {container['name']} failed {failures} times with exit code {ended['exitCode']}: {words}"
    return None


def last_words(target: Target, pod: str, container: dict[str, Any]) -> str:
    previous = "false" if container.get("state", {}).get("terminated") else "true"
    path = f"/api/v1/namespaces/{target.namespace}/pods/{pod}/log?container={container['name']}&tailLines=2&previous={previous}"
    try:
        return api.text(path).strip()[-1500:]
    except OSError as error:
        return f"(no log: {error})"


def report(target: Target, problem: str) -> str:
    """Return the problem first, then the conditions of KServe and the pods, cut to the size of a termination message."""
    lines = [f"InferenceService {target.namespace}/{target.name} does not serve {target.content}: {problem}"]
    try:
        lines.append(condition_text(inference_service(target)))
        lines += [pod_text(pod) for pod in pods_of(target)]
    except OSError as error:
        lines.append(f"the API server says {error}")
    return "\n".join(line for line in lines if line).encode()[:MESSAGE_BYTES].decode(errors="ignore")


def condition_text(service: dict[str, Any]) -> str:
    """Return the conditions that are not True, and the last line of the model's last failure."""
    status = service.get("status", {})
    conditions = [
        f"condition {item['type']} {item['status']}: {item.get('reason', '')} {item.get('message', '')}"
        for item in status.get("conditions", [])
        if item["status"] != "True" and item.get("severity") != "Info"
    ]
    model = status.get("modelStatus", {})
    if failure := model.get("lastFailureInfo"):
        message = failure.get("message", "").strip().rpartition("\n")[2]
        conditions.append(f"model status {model.get('transitionStatus')}: {failure.get('reason', '')} {message}")
    return "\n".join(conditions)


def pod_text(pod: dict[str, Any]) -> str:
    """Return the pod's phase, why it is not scheduled, and what its containers wait for."""
    status = pod.get("status", {})
    reasons = [
        item.get("message", "") for item in status.get("conditions", []) if item["type"] == "PodScheduled" and item["status"] != "True"
    ]
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = container.get("state", {}).get("waiting")
        if waiting:
            reasons.append(f"{container['name']} {waiting.get('reason', '')} {waiting.get('message', '')}")
    return f"pod {pod['metadata']['name']} {status.get('phase')}: {'; '.join(reasons)}"


def is_current(target: Target, template: dict[str, Any]) -> bool:
    """Return whether a pod, its template or a revision belongs to the checked rollout; failures of older ones do not matter."""
    images = {container["name"]: container["image"] for container in template["spec"]["containers"]}
    return images.get(SERVER) == target.image and has_model(target, template)


def has_model(target: Target, template: dict[str, Any]) -> bool:
    return bool(template["metadata"].get("annotations", {}).get(SOURCE, "") == target.model)


def inference_service(target: Target) -> dict[str, Any]:
    return api.call(f"/apis/serving.kserve.io/v1beta1/namespaces/{target.namespace}/inferenceservices/{target.name}")


def pods_of(target: Target) -> list[dict[str, Any]]:
    selector = f"serving.kserve.io%2Finferenceservice%3D{target.name}"
    pods = api.call(f"/api/v1/namespaces/{target.namespace}/pods?labelSelector={selector}")["items"]
    # Knative's pods have the digest that it resolved the image's tag to, not the tag.
    belongs = is_current if target.percent is None else has_model
    return [pod for pod in pods if belongs(target, pod)]


if __name__ == "__main__":
    sys.exit(main())
