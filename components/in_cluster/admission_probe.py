"""Asks until an admission webhook answers: first a ready endpoint, then an accepted dry run of one of its objects, filled in by it."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from components.in_cluster import api, patience


def ready_endpoints(namespace: str, service: str) -> int:
    selector = f"kubernetes.io%2Fservice-name%3D{service}"
    slices = api.call(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector={selector}")
    endpoints = [endpoint for item in slices["items"] for endpoint in item.get("endpoints") or []]
    return sum(bool(endpoint["conditions"].get("ready")) for endpoint in endpoints)


def obstacle(namespace: str, service: str, plural: str, sample: str, filled_in: Sequence[str] = ()) -> str | None:
    """Return None if the webhook has admitted the sample, else the reason. `filled_in`: the path of a field that only the webhook sets."""
    try:
        if not ready_endpoints(namespace, service):
            return f"service {service} in namespace {namespace} has no ready endpoint"
        admitted = api.call(f"/apis/{json.loads(sample)['apiVersion']}/namespaces/{namespace}/{plural}?dryRun=All", sample)
    except OSError as error:
        return f"dry run of {plural}: {error}"
    return None if _has(admitted, filled_in) else f"dry run of {plural}: it came back without {'.'.join(filled_in)}, so no webhook saw it"


def _has(item: dict[str, Any], path: Sequence[str]) -> bool:
    return not path or (path[0] in item and _has(item[path[0]], path[1:]))


def main() -> int:
    namespace, service, plural = os.environ["NAMESPACE"], os.environ["WEBHOOK_SERVICE"], os.environ["PLURAL"]
    sample, filled_in = os.environ["SAMPLE"], json.loads(os.environ["FILLED_IN"])
    complaint = f"the webhook behind {service} does not admit {plural}"
    return patience.ask(lambda: obstacle(namespace, service, plural, sample, filled_in), complaint)


if __name__ == "__main__":
    sys.exit(main())
