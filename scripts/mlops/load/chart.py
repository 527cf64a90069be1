"""Draws a report: rate, latency, the servers' own metrics, and replicas over the same seconds."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, ScalarFormatter

WIDTH, HEIGHT = 11.0, 8.0  # inches


def draw(report: dict[str, Any], path: Path) -> None:
    """Writes a PNG."""
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    seconds = report["per_second"]
    extra = [name for name in report["whole"]["extra"] or {} if name.endswith("_ms")]
    gauges = any(report["gauges"].values())
    count = 2 + bool(extra) + gauges + bool(report["replicas"])
    panels = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    _rate(panels[0], seconds)
    _latency(panels[1], seconds, report["thresholds"]["p95_ms"])
    if extra:
        _extra(panels[2], seconds, extra)
    end = len(seconds)
    if gauges:
        _gauges(panels[2 + bool(extra)], report["gauges"])
    if report["replicas"]:
        end = max(end, report["replicas"]["watched_until"])
        _replicas(panels[-1], report["replicas"], end)
    for panel in panels:
        panel.grid(alpha=0.3)
        panel.set_xlim(0, end)
        panel.axvline(len(seconds), color="grey", linestyle=":")
        if report["steady"]:
            panel.axvline(report["steady"]["from_second"], color="grey", linestyle="--")
        panel.legend(loc="upper right", fontsize="small")
    panels[-1].set_xlabel("seconds; dotted: the load ended" + ("; dashed: judged from here on" if report["steady"] else ""))
    whole = report["whole"]
    figure.suptitle(
        f"{report['url']}\n{whole['requests']:,} requests, {whole['answers_per_second']:g} answers/s, {whole['success_rate']:.2%} right"
    )
    figure.savefig(path, format="png", dpi=100)


def _rate(panel: Axes, seconds: list[dict[str, Any]]) -> None:
    at = [second["at"] + 0.5 for second in seconds]
    versions = sorted({version for second in seconds for version in second["answered"]})
    if versions:
        panel.stackplot(
            at, [[second["answered"].get(version, 0) for second in seconds] for version in versions], labels=versions, alpha=0.6
        )
    panel.plot(at, [second["due"] for second in seconds], color="black", linewidth=0.8, label="due")
    if any(second["failed"] for second in seconds):
        panel.plot(at, [second["failed"] for second in seconds], color="red", label="failed")
    panel.set_ylabel("requests per second")
    panel.set_ylim(bottom=0)


def _latency(panel: Axes, seconds: list[dict[str, Any]], threshold: float | None) -> None:
    measured = [second for second in seconds if second["due"]]
    at = [second["at"] + 0.5 for second in measured]
    for rank in ("p95", "p50"):
        panel.plot(at, [second[f"{rank}_ms"] for second in measured], label=rank.upper())
    if threshold is not None:
        panel.axhline(threshold, color="red", linestyle="--", linewidth=0.8, label="P95 threshold")
    _milliseconds(panel)


def _extra(panel: Axes, seconds: list[dict[str, Any]], names: list[str]) -> None:
    """Draw the P95 of each distribution over the seconds in which its requests were due."""
    for name in names:
        measured = [second for second in seconds if second["extra"][name]]
        label = f"P95 of {name.removesuffix('_ms').replace('_', ' ')}"
        panel.plot([second["at"] + 0.5 for second in measured], [second["extra"][name]["p95"] for second in measured], label=label)
    _milliseconds(panel)


def _gauges(panel: Axes, gauges: dict[str, list[dict[str, float]]]) -> None:
    for name, values in gauges.items():
        panel.plot([each["at"] for each in values], [each["value"] for each in values], marker=".", label=name.replace("_", " "))
    panel.set_ylabel("as servers say")
    panel.set_ylim(bottom=0)


def _milliseconds(panel: Axes) -> None:
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter(ScalarFormatter())
    panel.set_ylabel("milliseconds")


def _replicas(panel: Axes, replicas: dict[str, Any], end: float) -> None:
    changes = replicas["changes"]
    at = [change["at"] for change in changes] + [end]
    for kind in ("total", "ready"):
        counts = [change[kind] for change in changes]
        panel.step(at, [*counts, counts[-1]], where="post", label=kind)
    versions = sorted({version for change in changes for version in change["versions"]})
    if len(versions) > 1:
        for version in versions:
            ready = [change["versions"].get(version, {"ready": 0})["ready"] for change in changes]
            panel.step(at, [*ready, ready[-1]], where="post", linestyle=":", label=version)
    panel.set_ylabel("replicas")
    panel.set_ylim(0, max(change["total"] for change in changes) + 0.5)
    panel.yaxis.set_major_locator(MaxNLocator(integer=True))
