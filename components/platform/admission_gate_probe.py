"""Runs inside the gate's Job, on Python's standard library alone. Exits 0 once the webhook has admitted the sample."""

import contextlib
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

IDENTITY = Path("/var/run/secrets/kubernetes.io/serviceaccount")
API = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"


def call(path: str, body: str | None = None) -> dict[str, object]:
    """One request to the API server. Raises OSError with the server's own words."""
    request = urllib.request.Request(  # noqa: S310 - the address is the API server's
        API + path,
        data=body.encode() if body else None,
        headers={"Authorization": f"Bearer {(IDENTITY / 'token').read_text()}", "Content-Type": "application/json"},
    )
    trust = ssl.create_default_context(cafile=str(IDENTITY / "ca.crt"))
    try:
        with urllib.request.urlopen(request, timeout=10, context=trust) as answer:  # noqa: S310
            parsed: dict[str, object] = json.load(answer)
            return parsed
    except urllib.error.HTTPError as refused:
        text = refused.read().decode(errors="replace")
        with contextlib.suppress(ValueError, KeyError):
            text = json.loads(text)["message"]
        raise OSError(f"{refused.code}: {text}") from None


def ready_endpoints(namespace: str, service: str) -> int:
    slices = call(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{service}")
    items: list[dict[str, list[dict[str, dict[str, bool]]]]] = slices["items"]  # type: ignore[assignment]
    return sum(bool(endpoint["conditions"].get("ready")) for item in items for endpoint in item.get("endpoints") or [])


def why_not_admitted(namespace: str, service: str, plural: str, sample: str) -> str | None:
    """None when the webhook has admitted the sample, else the reason in one line."""
    try:
        if not ready_endpoints(namespace, service):
            return f"service {service} in namespace {namespace} has no ready endpoint"
        call(f"/apis/{json.loads(sample)['apiVersion']}/namespaces/{namespace}/{plural}?dryRun=All", sample)
    except OSError as error:
        return f"dry run of {plural}: {error}"
    return None


def main() -> int:
    namespace, service, plural = os.environ["NAMESPACE"], os.environ["WEBHOOK_SERVICE"], os.environ["PLURAL"]
    end = time.monotonic() + float(os.environ["PATIENCE_SECONDS"])
    while (reason := why_not_admitted(namespace, service, plural, os.environ["SAMPLE"])) is not None:
        if time.monotonic() > end:
            print(f"the webhook behind {service} does not admit {plural}: {reason}"[:4000], file=sys.stderr)
            return 1
        time.sleep(1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
