"""One kind of resource: how it is made, read and deleted by AWS's API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Inputs = dict[str, Any]


@dataclass
class Made:
    """Answer of the emulator. `facts`: what other resources refer to."""

    id: str
    arn: str = ""
    facts: dict[str, str] = field(default_factory=dict)


class Aws:
    """Clients of one emulator, by service; `_` stands for the `-` of boto3's names."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client has no static type
        if service not in self._clients:
            self._clients[service] = self._client(service.replace("_", "-"))
        return self._clients[service]


@dataclass(frozen=True)
class Kind:
    """`read` returns what AWS says of a resource, in the words of its inputs; each of them must be as declared.

    `change` takes old and new inputs; None: the provider replaces such a resource, or it never changes here.
    """

    make: Callable[[Aws, Inputs], Made]
    read: Callable[[Aws, Inputs, Made], Inputs]
    delete: Callable[[Aws, Inputs, Made], object]
    change: Callable[[Aws, Inputs, Inputs, Made], object] | None = None


def capitals(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """EC2's spelling of names: `httpTokens` → `HttpTokens`."""
    if isinstance(value, dict):
        return {f"{name[0].upper()}{name[1:]}": capitals(item) for name, item in value.items()}
    return [capitals(item) for item in value] if isinstance(value, list) else value


def small(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The provider's spelling of what EC2 answers."""
    if isinstance(value, dict):
        return {f"{name[0].lower()}{name[1:]}": small(item) for name, item in value.items()}
    return [small(item) for item in value] if isinstance(value, list) else value


def tags(found: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in found.items()]
