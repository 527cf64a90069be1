"""The bench's one exception for the user."""

from __future__ import annotations


class BenchError(Exception):
    """A problem that the user can fix. The message says what is wrong and what to do; it is printed without a traceback."""
