"""The driver killed at every moment it has: the same command comes to the same end, and users never get more of a bad candidate."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK
from tests.unit.mlops.fake_platform import A, B, World
from tests.unit.mlops.fake_ports import BAD, Behaviour, Killed, killed_at, share_of


def count(world: World) -> int:
    """How many moments a whole run has."""
    before = len(world.seen)
    world.run()
    return len(world.seen) - before


@pytest.mark.parametrize("kind", ["good", "slow", "errors"])
def test_killed_at_any_moment_the_same_command_comes_to_the_same_end(tmp_path: Path, kind: str) -> None:
    def fresh(name: str) -> World:
        (tmp_path / name).mkdir()
        return World(tmp_path / name, {B: BAD.get(kind, Behaviour())})

    total = count(fresh("whole"))
    for moments in range(total):
        world = fresh(str(moments))
        world.moments_left = moments
        with pytest.raises(Killed):
            world.run()
        world.moments_left = None
        done = world.run()
        assert done.outcome == (PROMOTED if kind == "good" else ROLLED_BACK), moments
        assert share_of(world.kserve.users(), B if kind == "good" else A) == 100, moments
        if kind != "good":
            assert max(share_of(users, B) for _, users in world.seen) == 0, moments


@settings(max_examples=30, deadline=None)
@given(kills=st.lists(st.integers(0, 60), max_size=3), percent=st.sampled_from([10, 50, 99, 100]), is_slow=st.booleans())
def test_killed_again_and_again_while_going_back_users_only_ever_get_less_of_the_candidate(
    tmp_path_factory: pytest.TempPathFactory, kills: list[int], percent: int, is_slow: bool
) -> None:
    world = World(tmp_path_factory.mktemp("world"), is_slow=is_slow)
    killed_at(world, percent) if percent < 100 else world.run()
    world.seen.clear()
    for moments in kills:
        world.moments_left = moments
        try:
            world.rollout().back("a person asked for it")
            break
        except Killed:
            continue
    world.moments_left = None
    known = journals.load(world.journal)
    assert known is not None
    if known.outcome != ROLLED_BACK:
        assert world.rollout().back("again").outcome == ROLLED_BACK
    shares = [share_of(users, B) for _, users in world.seen]
    assert shares == sorted(shares, reverse=True)
    assert share_of(world.kserve.users(), A) == 100
