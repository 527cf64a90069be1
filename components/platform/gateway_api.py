"""The Gateway API's CRDs, with which Envoy Gateway and KServe describe their routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import pulumi
from pydantic import Field

from components import versions
from components.artifacts import Mirror
from components.base import Args, Component
from components.manifest_resources import register
from components.manifests import load


class GatewayApiArgs(Args):
    """`protect`: protects the CRDs. `timeout_seconds`: limit for each object."""

    mirror: Mirror
    protect: bool = False
    timeout_seconds: Annotated[int, Field(ge=30)] = 120


class GatewayApi(Component):
    """Owns the CRDs of the standard channel, and the admission policy that refuses to replace them with older ones.

    Ready when the API server serves them.
    """

    def __init__(
        self,
        name: str,
        args: GatewayApiArgs,
        opts: pulumi.ResourceOptions | None = None,
        after: Sequence[pulumi.Resource | None] = (),
    ) -> None:
        super().__init__(name, opts, after)
        self.objects = register(
            load([versions.GATEWAY_API], args.mirror),
            args.mirror,
            owner=self,
            prefix=name,
            timeout_seconds=args.timeout_seconds,
            protect_definitions=args.protect,
        )
        self.register_outputs({"definitions": len(self.objects)})
