"""Programs that people and workflows run. Ctrl-C ends each with one line, also while it still imports its modules."""

from __future__ import annotations

import sys
from types import TracebackType


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Python calls it for an exception that nothing has caught."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    print("\ninterrupted", file=sys.stderr)
    raise SystemExit(130)


sys.excepthook = _ended
