"""Runs programs that mount file systems and start other programs, so that nothing of them remains afterwards."""

from __future__ import annotations

from collections.abc import Sequence


def ended_with_this_process(command: Sequence[str]) -> list[str]:
    """`command`, which the kernel ends with SIGTERM when this process ends, even by SIGKILL."""
    return ["setpriv", "--pdeathsig", "TERM", "--", *command]


def confined(command: Sequence[str]) -> list[str]:
    """`command` in its own mount and process namespace, which the kernel ends together with this process."""
    return ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *command]
