"""The results of a load: every request with its latency, the version that answered it, and the reason of a failure."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import NamedTuple

UNKNOWN = "unknown"
"""Stands for the version of a request without an answer, or with an answer that names no version."""


class RequestFailed(Exception):  # noqa: N818 (an outcome that is counted, not an error of the program)
    """A request without a right answer; the message is a short reason, the same for the same fault."""

    def __init__(self, reason: str, version: str = UNKNOWN) -> None:
        super().__init__(reason)
        self.version = version


class NoAnswer(RequestFailed):
    """There was no answer: refused, reset, timed out."""


class Answered(NamedTuple):
    """The version that gave a right answer; `detail`: the service's figures of the answer in addition to latency (extra.py)."""

    version: str
    detail: object = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: its number, when it was due (seconds since the measurement began), and the seconds from then to its checked answer.

    Requests of the warm-up have numbers below 0, so their count does not change the measured ones. A failed request has no `detail`.
    """

    number: int
    due: float
    seconds: float
    failure: str | None
    version: str
    detail: object = None

    @property
    def finished(self) -> float:
        """When the answer came, in seconds since the measurement began."""
        return self.due + self.seconds


@dataclass(frozen=True)
class Measurement:
    """The samples in order of completion, the seconds from the first moment to the last answer, and that moment (seconds of the epoch)."""

    samples: tuple[Sample, ...]
    seconds: float
    started: float

    @property
    def success_rate(self) -> float:
        """Share of requests with a right answer, 0..1; 0 without requests."""
        return self._right / len(self.samples) if self.samples else 0.0

    @property
    def failures(self) -> dict[str, int]:
        """Return how often each reason occurred, the most frequent first."""
        return dict(Counter(sample.failure for sample in self.samples if sample.failure is not None).most_common())

    @property
    def per_second(self) -> float:
        """Right answers per second: a server that refuses fast has no throughput."""
        return self._right / self.seconds if self.seconds > 0 else 0.0

    @property
    def latencies(self) -> list[float]:
        """Latencies in seconds, sorted. Failed requests count too: to leave out time-outs would flatter the tail."""
        return sorted(sample.seconds for sample in self.samples)

    def since(self, due: float) -> "Measurement":
        """Return the requests that were due from that second on; their times still count from this measurement's beginning."""
        return Measurement(tuple(sample for sample in self.samples if sample.due >= due), max(0.0, self.seconds - due), self.started)

    def by_version(self) -> dict[str, "Measurement"]:
        """Return the requests of each version, sorted by its name, all over the same seconds."""
        groups: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in self.samples:
            groups[sample.version].append(sample)
        return {version: Measurement(tuple(groups[version]), self.seconds, self.started) for version in sorted(groups)}

    @property
    def _right(self) -> int:
        return sum(sample.failure is None for sample in self.samples)


@dataclass(frozen=True)
class Second:
    """One second of a measurement: requests due in it, with latencies and failures, and right answers in it, by version."""

    at: int
    latencies: list[float]
    failures: int
    answered: dict[str, int]


def by_second(measurement: Measurement) -> list[Second]:
    """Return every second from the first to the last answer, even those in which nothing happened."""
    due: defaultdict[int, list[Sample]] = defaultdict(list)
    answered: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for sample in measurement.samples:
        due[int(sample.due)].append(sample)
        if sample.failure is None:
            answered[int(sample.finished)][sample.version] += 1
    return [
        Second(
            at,
            sorted(sample.seconds for sample in due[at]),
            sum(sample.failure is not None for sample in due[at]),
            dict(sorted(answered[at].items())),
        )
        for at in range(max([*due, *answered], default=-1) + 1)
    ]


def percentile(ascending: list[float], percent: float) -> float:
    """Return the smallest value that `percent` of the values do not exceed (nearest rank). Raises ValueError without values."""
    if not ascending:
        raise ValueError("no values")
    return ascending[max(0, math.ceil(percent / 100 * len(ascending)) - 1)]
