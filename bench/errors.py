"""The one exception of the bench that is meant for people."""

from __future__ import annotations


class BenchError(Exception):
    """Something a person can mend. The message says what is wrong and what to do; it is printed without a traceback."""
