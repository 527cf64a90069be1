"""The driver killed at every moment it has: the same command comes to the same end, and users never get more of a bad candidate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.mlops.delivery import journal as journals
from scripts.mlops.delivery.journal import PROMOTED, ROLLED_BACK, Journal
from tests.unit.mlops.fake_platform import World
from tests.unit.mlops.fake_ports import BAD, A, B, Behaviour, Killed, Platform, entry, killed_at, share_of, shares
from tests.unit.mlops.fake_versions import NOBODY, VersionsWorld

pytestmark = pytest.mark.slow

Made = Callable[..., Platform]
MODES = pytest.mark.parametrize("made", [World, VersionsWorld])
GIVEN = [A, [entry("v1", A, 100)]]


@MODES
@pytest.mark.parametrize("kind", ["good", "slow", "errors"])
def test_killed_at_any_moment_the_same_command_comes_to_the_same_end(tmp_path: Path, made: Made, kind: str) -> None:
    def fresh(name: str) -> Platform:
        (tmp_path / name).mkdir()
        return made(tmp_path / name, {B: BAD.get(kind, Behaviour())})

    whole = fresh("whole")
    whole.run()
    for moments in range(len(whole.seen)):
        world = fresh(str(moments))
        world.moments_left = moments
        with pytest.raises(Killed):
            world.run()
        world.moments_left = None
        assert world.run().outcome == (PROMOTED if kind == "good" else ROLLED_BACK), moments
        assert share_of(world.users(), B if kind == "good" else A) == 100, moments
        assert world.noted() == whole.noted(), moments
        assert max(shares(world, NOBODY)) == 0, moments
        if kind != "good":
            assert max(shares(world, B)) == 0, moments


@MODES
@settings(max_examples=40)
@given(
    kills=st.lists(st.integers(0, 60), max_size=4),
    percent=st.sampled_from([0, 10, 50, 99, None]),
    written=st.sampled_from(GIVEN),
    is_slow=st.booleans(),
)
def test_killed_again_and_again_while_going_back_users_only_ever_get_less_of_the_candidate(
    tmp_path_factory: pytest.TempPathFactory, made: Made, kills: list[int], percent: int | None, written: object, is_slow: bool
) -> None:
    """From every share, and from a promotion."""
    slow = {"is_slow": is_slow} if made is World else {}
    world = made(tmp_path_factory.mktemp("world"), given=written, **slow)
    left_at(world, percent)
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
    assert share_of(world.users(), A) == 100
    assert world.noted() == written
    left = shares(world, B)
    assert left == sorted(left, reverse=True)
    assert max(shares(world, NOBODY), default=0) == 0


def left_at(world: Platform, percent: int | None) -> None:
    """A rollout that ended there; None: with its promotion."""
    if percent is None:
        assert world.run().outcome == PROMOTED
    elif percent == 0:
        world.killed_when = lambda _: world.shown == ["dark: good"]
        with pytest.raises(Killed):
            world.run()
        world.killed_when = lambda _: False
    else:
        killed_at(world, percent)


def _is_back(known: Journal | None) -> bool:
    return known is not None and known.outcome == ROLLED_BACK
