"""Ids and ARNs that the monitor of a recorded graph made up, and what stands in their place: an emulator's, or references of a template."""

from __future__ import annotations

from typing import Any

ID = "-id"
"""The monitor's id of a resource is its name with this end (tests/graph/recording.py)."""

KINDS = {
    "gatewayId": "InternetGateway",
    "natGatewayId": "NatGateway",
    "routeTableId": "RouteTable",
    "routeTableIds": "RouteTable",
    "securityGroupId": "SecurityGroup",
    "securityGroupIds": "SecurityGroup",
    "subnetId": "Subnet",
    "subnetIds": "Subnet",
    "subnets": "Subnet",
    "vpcId": "Vpc",
    "id": "LaunchTemplate",
}
"""Argument → kind of resource that it names: two resources of different kinds may have one name."""


class References:
    """`ids`: by kind and recorded id. `texts`: other values that the monitor made up, such as ARNs."""

    def __init__(self) -> None:
        self.ids: dict[tuple[str, str], Any] = {}
        self.texts: dict[str, Any] = {}

    def real(self, value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON
        """The value with what stands in place of them. A reference to what is not made yet is a KeyError: the order is wrong."""
        if isinstance(value, dict):
            return {name: self.real(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.real(item, key) for item in value]
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, str) and key in KINDS and value.endswith(ID):
            return self.ids[KINDS[key], value]
        return self.texts.get(value, value) if isinstance(value, str) else value
