"""IAM policies that AWS maintains, by their ARNs."""

from __future__ import annotations

import difflib
import functools
from pathlib import Path

PREFIX = "arn:aws:iam::aws:policy/"

_LIST = Path(__file__).with_name("managed-policies.txt")
"""Its first line has source and date."""


@functools.cache
def managed_policies() -> frozenset[str]:
    return frozenset(f"{PREFIX}{line[1:]}" for line in _LIST.read_text().splitlines() if line.startswith("/"))


def missing(arn: str) -> str:
    """Reason for which AWS would not find the policy; empty for one that exists, and for a policy that is not AWS's."""
    if not arn.startswith(PREFIX) or arn in managed_policies():
        return ""
    name = arn.rpartition("/")[2]
    near = [known for known in managed_policies() if known.endswith(f"/{name}")] or difflib.get_close_matches(arn, managed_policies(), n=1)
    return f"AWS has no policy {arn}" + (f"; did you mean {near[0]}?" if near else "")
