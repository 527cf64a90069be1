"""The first thing that a destroy deletes."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_random

from components.base import Args, Component


class GuardArgs(Args):
    """`protect`: a destroy ends here, before it deletes anything."""

    protect: bool


class Guard(Component):
    """Owns a text that nobody reads. Usable as a guard if it comes after everything else: then a destroy begins with it.

    The engine finds a protected resource only when its turn comes, unless a preview came first (`pulumi destroy --skip-preview`): until
    then it deletes whatever nothing else waits for, such as models, node groups and rights of admins.
    """

    def __init__(
        self,
        name: str,
        args: GuardArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        # It stays declared without protection too: a protected resource that the program drops could not be deleted either.
        pulumi_random.RandomString(name, length=8, special=False, opts=self.child(protect=args.protect))
        self.register_outputs({})
