"""Failures of a cluster, as messages that the user can act on."""

from __future__ import annotations

from typing import Any

from bench.plugins.errors import PluginError


class UnreachableError(PluginError):
    """The API server did not answer."""


class CancelledError(PluginError):
    """The user interrupted the operation."""


class NotReadyError(PluginError):
    """The object exists, but it failed or did not become ready in time. `reasons` are single lines."""

    def __init__(self, message: str, reasons: list[str]) -> None:
        super().__init__(message)
        self.reasons = reasons


class ApiError(PluginError):
    """The API server refused a request: `code` is the HTTP status, `reason` the Status object's machine-readable word."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason

    @classmethod
    def from_body(cls, code: int, body: dict[str, Any], fallback: str) -> ApiError:
        return cls(code, str(body.get("reason") or ""), str(body.get("message") or fallback))

    @property
    def not_found(self) -> bool:
        return self.code == 404

    @property
    def namespace_missing(self) -> bool:
        return self.not_found and str(self).startswith("namespaces ")

    @property
    def already_exists(self) -> bool:
        return self.code == 409 and self.reason == "AlreadyExists"

    @property
    def conflict(self) -> bool:
        return self.code == 409 and self.reason == "Conflict"


class NoSuchKindError(ApiError):
    """The API server does not serve this kind: its CustomResourceDefinition is missing or not established."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(
            404,
            "NoSuchKind",
            f"the API server does not serve {api_version}/{kind}: check that its CustomResourceDefinition is created before it",
        )
