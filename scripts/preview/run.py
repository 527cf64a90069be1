"""One `pulumi preview` with the policy pack, and its summary: the same of every stack, whoever prepared its workspace."""

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
    """Where a preview leaves the body of the pull request's comment."""
    return ROOT / "build" / f"preview-{stack}.md"


def summarized(stack: str, arguments: Sequence[str], environment: Mapping[str, str], summary_only: bool) -> None:
    """Pulumi's own output unless it is the summary alone; then the summary, also of a preview that fails; it goes to `comment_file` too.

    One run of the engine for both: it writes its events to a file beside what it shows. Raises DriverError as the preview does.
    """
    comment = comment_file(stack)
    comment.parent.mkdir(exist_ok=True)
    comment.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="events-") as folder:
        log = Path(folder) / "events.json"
        command = ["pulumi", "preview", "--stack", stack, "--event-log", str(log), *POLICY_PACK, *arguments]
        try:
            # The variable unlocks --event-log, as the Automation API does.
            (answer if summary_only else show)(command, {**environment, "PULUMI_DEBUG_COMMANDS": "true"})
        finally:
            plan = read(log)
            found = Summary(stack, plan, cost(plan))
            comment.write_text(markdown(found))
            if "--json" not in arguments:
                print(f"\n{terminal(found)}", flush=True)
