"""Kubernetes documents as plain Python."""

from typing import Any

Json = Any
"""None, bool, int, float, str, list of Json or dict from str to Json."""

Object = dict[str, Any]
"""One Kubernetes object."""
