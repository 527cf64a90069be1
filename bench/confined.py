"""Programs that mount things and start others, run so that nothing of them can stay behind."""

from __future__ import annotations

from collections.abc import Sequence


def confined(command: Sequence[str]) -> list[str]:
    """`command` in a mount and process namespace of its own, which the kernel ends with this process, however that ends."""
    return ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *command]
