"""The offered load: how fast, how long, in which order."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Plan:
    """An open loop if `rate` is given, in requests per second at random moments; else a closed loop of `clients`.

    Ends after `seconds`, after `requests`, or, with neither, when it is stopped; both count from the end of `warm_up` (seconds).
    """

    seconds: float | None = None
    requests: int | None = None
    rate: float | None = None
    clients: int = 10
    warm_up: float = 0.0
    seed: int = 0

    def due_times(self) -> Iterator[float]:
        """Open loop: when each request is due, in seconds since the end of the warm-up.

        Poisson arrivals, like those of many independent users: a fixed clock never sends two at once, which flatters a server.
        """
        assert self.rate is not None  # noqa: S101 (a closed loop has no clock)
        random = Random(self.seed)  # noqa: S311 (no secret)
        due = -self.warm_up
        while True:
            due += random.expovariate(self.rate)
            yield due
