"""Summary of a preview for a reviewer, most important parts first: for a terminal, and as a comment on a pull request.

Losses (deletions, replacements) come before everything else, and are cut last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.preview import pools
from scripts.preview.plan import Change, Cluster, Operation, Plan, Violation

COMMENT_LIMIT = 65_536
"""Maximum characters in the body of a GitHub comment."""

OPERATIONS: tuple[Operation, ...] = ("create", "update", "replace", "delete")
PATHS_SHOWN = 8
"""Changed properties that are named per resource; the preview's own output has the rest."""

LINES_SHOWN = 20
"""Lines that a terminal shows of each error; the comment has all of them."""

CLUSTER_NOTES = {
    Cluster.NOT_YET: (
        "The cluster's address is not known before an `up` (the cluster does not exist yet, or is recreated): "
        "the program and the provider checked its resources, but no API server did."
    ),
    Cluster.UNREACHABLE: (
        "The cluster's API server was not reachable: changes inside the cluster are compared with the state alone. "
        "A private endpoint answers only inside the network: set the repository's variable VPC_RUNNER to a runner in the VPC "
        "(docs/pull-requests.md)."
    ),
}
SIMULATED = "aws is simulated by the bench: no account was asked, and it is unknown what AWS would refuse."


@dataclass(frozen=True)
class Price:
    """US dollars per month of one component, with every pool at its minimum and at its maximum."""

    component: str
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Cost:
    """`date`: of the oldest price in it. `unpriced`: resources with an unknown cost, each with the reason."""

    prices: tuple[Price, ...]
    date: str
    unpriced: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """`cost` is None if nothing has a price, such as for `local`."""

    stack: str
    plan: Plan
    cost: Cost | None = None

    @property
    def headline(self) -> str:
        if not self.plan.complete:
            return f"{self.stack}: the preview FAILED"
        counts = _counts(self.plan.changes)
        told = ", ".join(f"{counts[operation]} to {operation}" for operation in OPERATIONS if counts[operation])
        return f"{self.stack}: {told or 'no changes'}, {self.plan.unchanged} unchanged"

    @property
    def notes(self) -> list[str]:
        cluster = CLUSTER_NOTES.get(self.plan.cluster)
        return [*([cluster] if cluster else []), *([SIMULATED] if self.plan.simulated else []), *pools.notes(self.stack, self.plan)]

    @property
    def policies(self) -> str:
        """One line with the number of violations, which says so if no policy ran."""
        if not self.plan.packs and not self.plan.violations:
            return "policies: did not run"
        if not self.plan.complete and not self.plan.violations:
            return "policies: the preview failed before they were done"
        mandatory = sum(violation.mandatory for violation in self.plan.violations)
        return f"policies: {mandatory} mandatory violations, {len(self.plan.violations) - mandatory} advisory"


def terminal(summary: Summary) -> str:
    """The summary for a terminal, below Pulumi's own output."""
    plan = summary.plan
    lines = [summary.headline, *(f"  note: {note}" for note in summary.notes)]
    lines += [line for error in plan.errors for line in _error(error.splitlines())]
    for change in plan.of("delete", "replace"):
        lines.append(
            f"  {change.operation.upper():8}{'PROTECTED ' if change.protected else ''}{change.name}  ({change.type}){_why(change)}"
        )
    lines += ["", *plan.needs] if plan.needs else []
    lines += ["", *_aligned(["component", *OPERATIONS], _rows(plan.changes))] if plan.changes else []
    updates = [f"  {change.name}  ({change.type}){_why(change)}" for change in plan.of("update")]
    lines += ["", "updates", *updates] if updates else []
    lines += ["", summary.policies, *(_violation(violation) for violation in plan.violations)]
    if summary.cost:
        lines += ["", *_aligned([_month(summary.cost), "minimum", "maximum"], _prices(summary.cost))]
        lines += [f"  no price: {unpriced}" for unpriced in summary.cost.unpriced]
    return "\n".join(lines)


def _error(lines: Sequence[str]) -> list[str]:
    """The lines of one error; a mistake in the stack file is one line."""
    more = len(lines) - LINES_SHOWN
    first, *others = [*lines[:LINES_SHOWN], *([f"and {more} more"] if more > 0 else [])]
    return [f"  error: {first}", *(f"         {line}" for line in others)]


def marker(stack: str) -> str:
    """An invisible marker by which the comment is found again."""
    return f"<!-- inference-platform preview: {stack} -->"


def markdown(summary: Summary, limit: int = COMMENT_LIMIT) -> str:
    """The body of the comment, at most `limit` characters; the least important sections are cut."""
    head = "\n".join([marker(summary.stack), f"### {summary.headline}", *(f"\n> {note}" for note in summary.notes)])
    plan = summary.plan
    sections = [
        _code("Pulumi says", plan.errors),
        _table("Deleted and replaced", ["", "resource", "type", "because of"], [_loss(change) for change in plan.of("delete", "replace")]),
        "\n".join(f"- {line.strip()}" if line.startswith(" ") else f"**{line}**\n" for line in plan.needs),
        f"**{summary.policies.capitalize()}**",
        _table(
            "", ["level", "policy", "resource", "what"], [[_level(v.mandatory), v.policy, v.resource, v.message] for v in plan.violations]
        ),
        _table("", [_month(summary.cost), "minimum", "maximum"], _prices(summary.cost)) if summary.cost else "",
        "\n".join(f"- no price: {unpriced}" for unpriced in summary.cost.unpriced) if summary.cost else "",
        _table("", ["component", *OPERATIONS], _rows(plan.changes)),
        _table("Updated", ["resource", "type", "changed"], [[change.name, change.type, _paths(change)] for change in plan.of("update")]),
    ]
    return _cut([head, *filter(None, sections)], limit)


def _cut(sections: Sequence[str], limit: int) -> str:
    text = "\n\n".join(sections) + "\n"
    if len(text) <= limit:
        return text
    end = "\n\n*Cut here: the comment is full. The job's log has the whole preview.*\n"
    kept = text[: limit - len(end) - len("\n```")].rpartition("\n")[0]
    return kept + ("\n```" if kept.count("\n```") % 2 else "") + end


def _counts(changes: Sequence[Change]) -> Counter[Operation]:
    return Counter(change.operation for change in changes)


def _rows(changes: Sequence[Change]) -> list[list[str]]:
    """Number of each operation, per component and in total."""
    components = sorted({change.component for change in changes})
    groups = [(name, [change for change in changes if change.component == name]) for name in components]
    return [
        [name, *(str(_counts(found)[operation] or "") for operation in OPERATIONS)]
        for name, found in [*groups, *([("all", changes)] if changes else [])]
    ]


def _prices(cost: Cost) -> list[list[str]]:
    total = Price("all", sum(price.minimum for price in cost.prices), sum(price.maximum for price in cost.prices))
    return [[price.component, f"{price.minimum:,.0f}", f"{price.maximum:,.0f}"] for price in (*cost.prices, total)]


def _month(cost: Cost) -> str:
    return f"USD per month, prices of {cost.date}"


def _loss(change: Change) -> list[str]:
    return [f"{change.operation}{', PROTECTED' if change.protected else ''}", change.name, change.type, _paths(change)]


def _paths(change: Change) -> str:
    more = len(change.paths) - PATHS_SHOWN
    return ", ".join(change.paths[:PATHS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _why(change: Change) -> str:
    return f": {_paths(change)}" if change.paths else ""


def _violation(violation: Violation) -> str:
    message = violation.message.replace("\n", "\n    ")
    return f"  {_level(violation.mandatory)} {violation.policy}{f' of {violation.resource}' if violation.resource else ''}:\n    {message}"


def _level(mandatory: bool) -> str:
    return "mandatory" if mandatory else "advisory"


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in columns: words to the left, numbers to the right."""
    first, *widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    return [
        "  ".join([row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], widths, strict=True))])
        for row in [header, *rows]
    ]


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join([*([f"**{title}**", ""] if title else []), f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *lines])


def _cell(text: str) -> str:
    """A table cell; names become code, so that they are neither formatting nor a mention."""
    flat = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    literal = any(mark in flat for mark in "_*@:/[") and "`" not in flat and " " not in flat
    return f"`{flat}`".replace("&lt;", "<") if literal else flat.replace("@", "@\u200b")


def _code(title: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    text = "\n\n".join(texts).replace("```", "'''")
    return f"**{title}**\n\n```text\n{text}\n```"
