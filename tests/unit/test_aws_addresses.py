"""How a network is shared out among zones."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws.addresses import share_out

ZONES = ["a", "b", "c"]


def test_the_sizes_are_those_that_are_stated() -> None:
    shares = share_out("10.0.0.0/16", ZONES)
    assert shares.private == {"a": "10.0.0.0/18", "b": "10.0.64.0/18", "c": "10.0.128.0/18"}
    assert shares.public == {"a": "10.0.192.0/20", "b": "10.0.208.0/20", "c": "10.0.224.0/20"}


@given(st.integers(16, 20), st.integers(0, 15), st.integers(1, 3))
def test_no_two_subnets_overlap_and_none_leaves_the_network(prefix: int, block: int, zones: int) -> None:
    network = IPv4Network((IPv4Network("10.0.0.0/8").network_address + (block << (32 - prefix)), prefix))
    shares = share_out(str(network), ZONES[:zones])
    subnets = [IPv4Network(subnet) for subnet in (*shares.private.values(), *shares.public.values())]
    assert len(subnets) == 2 * zones
    assert all(subnet.subnet_of(network) for subnet in subnets)
    assert not [pair for pair in combinations(subnets, 2) if pair[0].overlaps(pair[1])]


def test_a_zone_added_at_the_end_moves_no_other() -> None:
    two, three = share_out("10.0.0.0/16", ZONES[:2]), share_out("10.0.0.0/16", ZONES)
    assert two.private.items() <= three.private.items()
    assert two.public.items() <= three.public.items()


def test_there_is_room_for_three() -> None:
    with pytest.raises(ValueError, match="4 zones; there is room for 3"):
        share_out("10.0.0.0/16", [*ZONES, "d"])
