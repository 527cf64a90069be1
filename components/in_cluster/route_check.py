"""Waits until a gateway has accepted a service's route and an answer comes through it, and says why not when none does.

Reads the environment: NAMESPACE, NAME (of the HTTPRoute), URL, REQUEST and ANSWER (components/in_cluster/answers.py),
PATIENCE_SECONDS. Ends with 0 after a right answer, else with 1 when the patience is over; the reason is its
last output, which Kubernetes keeps as the termination message.
"""

import os
import sys
from typing import Any

from components.in_cluster import api, patience
from components.in_cluster.answers import not_answering

WANTED = ("Accepted", "ResolvedRefs")
"""https://gateway-api.sigs.k8s.io/reference/spec/#routeconditiontype"""


def main() -> int:
    namespace, name, url = os.environ["NAMESPACE"], os.environ["NAME"], os.environ["URL"]
    request, answer = os.environ["REQUEST"], os.environ["ANSWER"]
    status = patience.ask(lambda: obstacle(namespace, name, url, request, answer), f"{url} is not served")
    if status == 0:
        print(f"{url} answers through route {namespace}/{name}")
    return status


def obstacle(namespace: str, name: str, url: str, request: str, answer: str) -> str | None:
    """Return None if the gateway serves the route and the answer is right, else the reason."""
    try:
        return not_accepted(namespace, name) or not_answering(url, request, answer)
    except OSError as error:
        return f"the API server says {error}"


def not_accepted(namespace: str, name: str) -> str | None:
    """Return None if every gateway that the route names has accepted its latest change, else the reason."""
    route = api.call(f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/httproutes/{name}")
    parents = route.get("status", {}).get("parents", [])
    if len(parents) < len(route["spec"]["parentRefs"]):
        return f"no gateway has taken route {name} yet"
    return next((problem for parent in parents for problem in problems(parent, route["metadata"]["generation"])), None)


def problems(parent: dict[str, Any], generation: int) -> list[str]:
    found = {condition["type"]: condition for condition in parent.get("conditions", [])}
    gateway = parent["parentRef"]["name"]
    return [reason for kind in WANTED if (reason := unmet(kind, found.get(kind), gateway, generation))]


def unmet(kind: str, condition: dict[str, Any] | None, gateway: str, generation: int) -> str | None:
    if condition is None or condition.get("observedGeneration", generation) < generation:
        return f"gateway {gateway} has not said yet whether the route is {kind}"
    if condition["status"] != "True":
        return f"gateway {gateway}: {kind} {condition['status']}: {condition.get('reason', '')} {condition.get('message', '')}"
    return None


if __name__ == "__main__":
    sys.exit(main())
