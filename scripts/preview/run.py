"""One `pulumi preview` with the policy pack, and its summary, for a workspace of any stack."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.commands import ROOT, answer, show
from scripts.errors import DriverError
from scripts.preview.cost import cost
from scripts.preview.plan import read
from scripts.preview.summary import Summary, markdown, terminal

POLICY_PACK = ("--policy-pack", str(ROOT / "policies"))


def comment_file(stack: str) -> Path:
    """File with the body of the pull request's comment."""
    return ROOT / "build" / f"preview-{stack}.md"


def summarized(stack: str, arguments: Sequence[str], environment: Mapping[str, str], summary_only: bool) -> None:
    """Show Pulumi's own output, unless `summary_only`, then the summary, even of a failed preview; write it to `comment_file` too.

    One run of the engine does both: it writes its events to a file.
    Raises DriverError if the preview fails, or if that file cannot be written.
    """
    comment = comment_file(stack)
    _make_way(comment)
    with tempfile.TemporaryDirectory(prefix="events-") as folder:
        log = Path(folder) / "events.json"
        command = ["pulumi", "preview", "--stack", stack, "--event-log", str(log), *POLICY_PACK, *arguments]
        try:
            # The variable enables --event-log; the Automation API sets it too.
            (answer if summary_only else show)(command, {**environment, "PULUMI_DEBUG_COMMANDS": "true"})
        finally:
            plan = read(log)
            found = Summary(stack, plan, cost(plan))
            comment.write_text(markdown(found))
            if "--json" not in arguments:
                print(f"\n{terminal(found)}", flush=True)


def _make_way(comment: Path) -> None:
    """Remove the comment of an earlier preview. Raises DriverError, before Pulumi starts, if no new one can be written."""
    try:
        comment.parent.mkdir(exist_ok=True)
        comment.touch()
        comment.unlink()
    except OSError as error:
        raise DriverError(f"the folder {comment.parent} must be writable, for the summary {comment.name}: {error.strerror}") from None
