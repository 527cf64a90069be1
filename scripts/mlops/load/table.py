"""A report as a person reads it in a terminal."""

from typing import Any

RULED = ("avg", "p50", "p95", "p99", "max")


def table(report: dict[str, Any]) -> str:
    """Figures of the whole load, of its steady part and of each version; replicas; failures; what broke."""
    whole, steady = report["whole"], report["steady"]
    rows = [("whole", whole)]
    if steady:
        rows.append((f"from {steady['from_second']:g} s on", steady))
    rows += [(f"  {name}, {part['share']:.1%}", part) for name, part in whole["versions"].items()]
    width = max(len(name) for name, _ in rows)
    lines = [
        _offered(report),
        "",
        f"{'':{width}}  requests  answers/s   success  "
        + "".join(f"{name.upper() if name[0] == 'p' else name:>9}" for name in RULED)
        + "  ms",
        *(_row(name.ljust(width), part) for name, part in rows),
        *_replicas(report["replicas"]),
        *(f"failed    {count} x {reason}" for reason, count in whole["failures"].items()),
        *(f"BROKEN    {line}" for line in report["broken_thresholds"]),
    ]
    return "\n".join(lines if report["broken_thresholds"] else [*lines, "all thresholds held"])


def _offered(report: dict[str, Any]) -> str:
    how = (
        f"{report['clients']} clients, each after its answer"
        if report["loop"] == "closed"
        else f"{report['rate']:g} requests/s, at random moments"
    )
    ended = ", interrupted" if report["interrupted"] else ""
    return f"{report['url']}\n{how}, {report['whole']['seconds']:.1f} s{ended}"


def _row(name: str, part: dict[str, Any]) -> str:
    latency = part["latency_ms"] or {}
    times = "".join(f"{latency[column]:9.1f}" if latency else f"{'-':>9}" for column in RULED)
    return f"{name}  {part['requests']:8,}  {part['answers_per_second']:9,.1f}  {part['success_rate']:8.2%}  {times}"


def _replicas(replicas: dict[str, Any] | None) -> list[str]:
    if replicas is None:
        return []
    steps: list[str] = []
    ready = None
    for change in replicas["changes"]:
        if change["ready"] != ready:
            ready = change["ready"]
            steps.append(f"{ready} at {max(0, change['at']):.0f} s" if steps else str(ready))
    return [f"replicas  {', '.join(steps)}; at most {replicas['max']}"]
