"""`python -m policies.document`: writes docs/policies.md from the rules."""

from __future__ import annotations

from pathlib import Path

from policies.rules.catalogue import RULES, SUBJECTS
from policies.rules.rule import Rule, StackRule

DOCUMENT = Path(__file__).parents[1] / "docs" / "policies.md"
HEAD = """# Policies

<!-- Written by `make schema` from policies/rules; a test keeps the two in step. -->

`pulumi preview` and `pulumi up` check {count} rules with `--policy-pack policies`. All are mandatory: a violation ends the operation.
A rule that reads a value which is unknown in a preview is a violation too, and names the value.
`policies/settings.py` has the differences between local, dev and prod; a stack of any other name must meet prod's settings.
"""


def document() -> str:
    sections = [f"## {subject}\n\n" + "\n".join(_entry(rule) for rule in rules) for subject, rules in SUBJECTS.items()]
    return "\n".join([HEAD.format(count=len(RULES)), *sections])


def _entry(rule: Rule | StackRule) -> str:
    scope = ", over the whole stack" if isinstance(rule, StackRule) else ""
    lines = [f"### {rule.name}", "", f"{rule.title}. *{rule.severity}{scope}*", "", f"- Why: {rule.why}", f"- Fix: {rule.fix}"]
    if rule.reference:
        lines.append(f"- See: <{rule.reference}>")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    DOCUMENT.write_text(document())
