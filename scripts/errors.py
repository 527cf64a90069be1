"""What the driver tells a person instead of a traceback."""


class DriverError(Exception):
    """One or a few clear lines: what is wrong and what to do about it."""
