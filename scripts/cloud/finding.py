"""What a check of a real account found, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One check: what was found, and the remedy where that is not enough."""

    check: str
    state: str
    remedy: str = ""

    @property
    def missing(self) -> bool:
        return bool(self.remedy)

    def __str__(self) -> str:
        head = f"{'missing' if self.missing else 'ok':<8} {self.check:<16} {self.state}"
        return f"{head}\n{'':<25} to mend it: {self.remedy}" if self.missing else head
