"""The limits that a service must keep under load."""

from dataclasses import asdict, dataclass

from scripts.mlops.load.measurement import Measurement, percentile


@dataclass(frozen=True)
class Thresholds:
    """P95 must stay below `p95_ms` milliseconds (or None); `rate`: fewest right answers per second, `success_rate`: lowest share, 0..1."""

    p95_ms: float | None
    rate: float
    success_rate: float

    def broken(self, whole: Measurement, steady: Measurement) -> list[str]:
        """Return one line for each broken limit. Speed is judged when steady, lost requests always: a starting replica is no excuse."""
        if not steady.samples:
            return ["it ended before it was steady"]
        p95 = 1000 * percentile(steady.latencies, 95)
        checks = [
            (self.p95_ms is None or p95 < self.p95_ms, f"P95 {p95:.1f} ms is not below {self.p95_ms or 0:g} ms"),
            (steady.per_second >= self.rate, f"{steady.per_second:.1f} right answers per second are below {self.rate:g}"),
            (whole.success_rate >= self.success_rate, f"success rate {whole.success_rate:.4%} is below {self.success_rate:.4%}"),
        ]
        return [line for held, line in checks if not held]

    def described(self) -> dict[str, float | None]:
        """For the report."""
        return asdict(self)
