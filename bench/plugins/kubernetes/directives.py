"""The `pulumi.com/...` annotations by which a program controls one object."""

from __future__ import annotations

from bench.plugins.kubernetes.documents import Object

AUTONAMED = "pulumi.com/autonamed"
PATCH_FORCE = "pulumi.com/patchForce"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
SKIP_AWAIT = "pulumi.com/skipAwait"

_DEFAULT_TIMEOUT_SECONDS = 600.0


def value(obj: Object, name: str) -> str | None:
    found = ((obj.get("metadata") or {}).get("annotations") or {}).get(name)
    return str(found).lower() if isinstance(found, bool) else found


def is_true(obj: Object, name: str) -> bool:
    return value(obj, name) == "true"


def skip_await(obj: Object) -> bool:
    return is_true(obj, SKIP_AWAIT)


def timeout_seconds(custom: float, obj: Object) -> float:
    """Seconds to wait: `customTimeouts` first, then `pulumi.com/timeoutSeconds`, else ten minutes."""
    if custom:
        return custom
    try:
        return float(value(obj, "pulumi.com/timeoutSeconds") or _DEFAULT_TIMEOUT_SECONDS)
    except ValueError:
        return _DEFAULT_TIMEOUT_SECONDS


def propagation(obj: Object) -> str:
    """Propagation policy of a delete; foreground unless the object sets another one."""
    wanted = (value(obj, "pulumi.com/deletionPropagationPolicy") or "").lower()
    return {"orphan": "Orphan", "background": "Background"}.get(wanted, "Foreground")
