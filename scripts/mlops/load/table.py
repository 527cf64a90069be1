"""A report as a table for a terminal."""

from typing import Any

COUNTS = "  requests  answers/s   success"
RULED = ("avg", "p50", "p95", "p99", "max")


def table(report: dict[str, Any]) -> str:
    """Return the figures of the whole load, of its steady part and of each version; replicas; failures; broken thresholds."""
    whole, steady = report["whole"], report["steady"]
    rows = [("whole", whole)]
    if steady:
        rows.append((f"from {steady['from_second']:g} s on", steady))
    rows += [(f"  {name}, {part['share']:.1%}", part) for name, part in whole["versions"].items()]
    kept = [each for each in report["conditions"] if each["held"] is not False]
    width = max(len(name) for name, _ in rows)
    lines = [
        _offered(report),
        "",
        f"{'':{width}}{COUNTS}  " + "".join(f"{name.upper() if name[0] == 'p' else name:>9}" for name in RULED) + "  ms",
        *(_row(name.ljust(width), part) for name, part in rows),
        *_extra(steady or whole, width),
        *_replicas(report["replicas"]),
        *(f"failed    {count} x {reason}" for reason, count in whole["failures"].items()),
        *(f"{'held' if each['held'] else 'unjudged':<10}{each['name']}: {each['said']}" for each in kept),
        *(f"BROKEN    {line}" for line in report["broken_thresholds"]),
    ]
    all_held = "all thresholds held" if all(each["held"] for each in kept) else "all thresholds that were judged held"
    return "\n".join(lines if report["broken_thresholds"] else [*lines, all_held])


def _offered(report: dict[str, Any]) -> str:
    how = (
        f"{report['clients']} clients, each after its answer"
        if report["loop"] == "closed"
        else f"{report['rate']:g} requests/s, at random moments"
    )
    ended = ", interrupted" if report["interrupted"] else ""
    return f"{report['url']}\n{how}, {report['whole']['seconds']:.1f} s{ended}"


def _row(name: str, part: dict[str, Any]) -> str:
    counts = f"{part['requests']:8,}  {part['answers_per_second']:9,.1f}  {part['success_rate']:8.2%}"
    return f"{name}  {counts}  {_columns(part['latency_ms'])}"


def _columns(spread: dict[str, float] | None) -> str:
    return "".join(f"{spread[column]:9.1f}" if spread else f"{'-':>9}" for column in RULED)


def _extra(part: dict[str, Any], width: int) -> list[str]:
    """Distributions below the latencies, in the same columns; then the plain figures."""
    lines, plain = [], []
    for name, value in (part["extra"] or {}).items():
        words = name.replace("_", " ")
        if value is None or isinstance(value, dict):
            lines.append(f"{words:{width + len(COUNTS) + 2}}{_columns(value)}")
        else:
            plain.append(f"{words} {value:g}")
    return lines + (["; ".join(plain)] if plain else [])


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
