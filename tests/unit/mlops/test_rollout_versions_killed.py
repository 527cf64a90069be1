"""The driver killed at every moment on weighted versions: the same end, and users never get more of a bad candidate, or nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK, Journal
from scripts.mlops.delivery.weighted_versions import VERSIONS
from tests.unit.mlops.fake_ports import BAD, Behaviour, Killed, killed_at
from tests.unit.mlops.fake_versions import NOBODY, A, B, VersionsWorld, entry, shares

STABLE = [entry("v1", A, 100)]


@pytest.mark.parametrize("kind", ["good", "slow", "errors"])
def test_killed_at_any_moment_the_same_command_comes_to_the_same_end(tmp_path: Path, kind: str) -> None:
    def fresh(name: str) -> VersionsWorld:
        (tmp_path / name).mkdir()
        return VersionsWorld(tmp_path / name, {B: BAD.get(kind, Behaviour())})

    whole = fresh("whole")
    whole.run()
    for moments in range(len(whole.seen)):
        world = fresh(str(moments))
        world.moments_left = moments
        with pytest.raises(Killed):
            world.run()
        world.moments_left = None
        assert world.run().outcome == (PROMOTED if kind == "good" else ROLLED_BACK), moments
        assert world.kserve.users() == {B if kind == "good" else A: 100}, moments
        assert max(shares(world, NOBODY)) == 0, moments
        if kind != "good":
            assert max(shares(world, B)) == 0, moments


@settings(max_examples=60, deadline=None)
@given(kills=st.lists(st.integers(0, 40), max_size=4), percent=st.sampled_from([0, 10, 50, 100, None]))
def test_killed_again_and_again_while_going_back_users_only_ever_get_less_of_the_candidate(
    tmp_path_factory: pytest.TempPathFactory, kills: list[int], percent: int | None
) -> None:
    """From every share, and from a promotion."""
    world = VersionsWorld(tmp_path_factory.mktemp("world"))
    if percent is None:
        assert world.run().outcome == PROMOTED
    elif percent == 0:
        world.killed_when = lambda _: world.shown == ["dark: good"]
        with pytest.raises(Killed):
            world.run()
        world.killed_when = lambda _: False
    else:
        killed_at(world, percent)
    world.seen.clear()
    outcome = ""
    for moments in kills:
        world.moments_left = moments
        try:
            outcome = world.rollout().back("a person asked for it").outcome
            break
        except Killed:
            continue
    world.moments_left = None
    if not outcome and not _is_back(journals.load(world.journal)):
        outcome = world.rollout().back("again").outcome
    assert world.kserve.users() == {A: 100}
    assert world.file.value(VERSIONS) == STABLE
    given = shares(world, B)
    assert given == sorted(given, reverse=True)
    assert max(shares(world, NOBODY), default=0) == 0


def _is_back(known: Journal | None) -> bool:
    return known is not None and known.outcome == ROLLED_BACK
