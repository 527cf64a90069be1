"""What the driver tells a person instead of a traceback."""

from subprocess import CompletedProcess


class DriverError(Exception):
    """One or a few clear lines: what is wrong and what to do about it."""


def reason(failed: CompletedProcess[str]) -> str:
    """A program's own word for why it failed, the last line of its standard error: kubectl's log comes before it."""
    return next((line.strip() for line in reversed(failed.stderr.splitlines()) if line.strip()), f"exit status {failed.returncode}")
