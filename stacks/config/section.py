"""The base of every section of a stack file."""

from __future__ import annotations

from components.declared import Declared

NAMESPACE = "inference-platform"


class Section(Declared):
    """One level of the stack file."""
