"""What the driver tells a person instead of a traceback."""


class DriverError(Exception):
    """One or a few clear lines: what is wrong and what to do about it."""


def reason(stderr: str) -> str:
    """A program's own word for why it failed: the last line that it printed there. Kubectl's log comes before it."""
    return next((line for line in reversed(stderr.splitlines()) if line.strip()), "it does not say why").strip()
