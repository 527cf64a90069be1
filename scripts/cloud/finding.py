"""Result of a check of a real account, and the remedy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Result of one check. `remedy` is empty if nothing needs fixing."""

    check: str
    state: str
    remedy: str = ""

    @property
    def missing(self) -> bool:
        return bool(self.remedy)

    def __str__(self) -> str:
        head = f"{'missing' if self.missing else 'ok':<8} {self.check:<16} {self.state}"
        return f"{head}\n{'':<25} to fix it: {self.remedy}" if self.missing else head
