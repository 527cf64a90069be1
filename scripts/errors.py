"""Errors that the user sees instead of a traceback."""

from subprocess import CompletedProcess


class DriverError(Exception):
    """One or a few clear lines: the problem and its remedy."""


def reason(failed: CompletedProcess[str]) -> str:
    """A failed program's reason: the last line of its standard error, because kubectl's log comes before it."""
    return next((line.strip() for line in reversed(failed.stderr.splitlines()) if line.strip()), f"exit status {failed.returncode}")
