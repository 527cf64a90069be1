"""What a service has to keep under load."""

from dataclasses import asdict, dataclass

from scripts.mlops.load.measurement import Measurement, percentile


@dataclass(frozen=True)
class Thresholds:
    """P95 in milliseconds, which must stay below it, None for any; right answers per second and share of requests (0..1), to be reached."""

    p95_ms: float | None
    rate: float
    success_rate: float

    def broken(self, whole: Measurement, steady: Measurement) -> list[str]:
        """One line for each that did not hold. Speed is judged when steady, lost requests always: a replica that starts is no excuse."""
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
