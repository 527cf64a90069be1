"""One `pulumi preview` with the policy pack, and its summary, for a workspace of any stack."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.commands import ROOT, answer, show
from scripts.preview.cost import cost
from scripts.preview.plan import read
from scripts.preview.summary import Summary, markdown, terminal

POLICY_PACK = ("--policy-pack", str(ROOT / "policies"))


def comment_file(stack: str) -> Path:
    """File with the body of the pull request's comment."""
    return ROOT / "build" / f"preview-{stack}.md"


def summarized(stack: str, arguments: Sequence[str], environment: Mapping[str, str], summary_only: bool) -> None:
    """Show Pulumi's own output, unless `summary_only`, then the summary, even of a failed preview; write it to `comment_file` too.

    One run of the engine does both: it writes its events to a file. Raises DriverError if the preview fails.
    """
    comment = comment_file(stack)
    comment.parent.mkdir(exist_ok=True)
    comment.unlink(missing_ok=True)
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
