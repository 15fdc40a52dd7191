"""An alarm that the broker took is never lost, whenever the hub is killed."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.whole.conftest import Town
from tests.world.hub_process import PARTS, POINTS

REPEATED = "(повторно)"
SEED = 20261122
LONGEST_S = 0.12  # from the press to the message it takes some 50 ms


def check(town: Town, number: int, told: list[str]) -> None:
    """The incident is there once; the message went out once, or its second is marked as a repeat
    (and so may the only one be: nobody knows whether the first went out)."""
    incidents = town.incidents(number)
    assert len(incidents) == 1, f"button {number}: {incidents}"
    assert sum(REPEATED not in text for text in told) <= 1


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_each_step_the_press_is_told_after_the_restart(
    town: Town, point: str
) -> None:
    await town.hub.start("--die-at", point)
    await town.press(0)
    await town.hub.died()
    await town.hub.start()
    told = await town.told(0)
    assert len(town.incidents(0)) == 1
    sent_before = point == "after the message"
    tried_before = sent_before or point == "before the message"
    assert [REPEATED in text for text in told] == [False] * sent_before + [tried_before]


async def test_killed_at_30_random_moments_every_press_is_told(town: Town) -> None:
    await survive(town, rounds=30, seed=SEED)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(6))
async def test_killed_at_200_random_moments_every_press_is_told(town: Town, seed: int) -> None:
    await survive(town, rounds=34, seed=seed)


async def survive(town: Town, *, rounds: int, seed: int) -> None:
    """Press, kill at a random moment, start again; each press is told."""
    moments = random.Random(seed)
    await town.hub.start()
    for number in range(rounds):
        await town.press(number)
        await asyncio.sleep(moments.uniform(0, LONGEST_S))
        town.hub.kill()
        await town.hub.start()
        check(town, number, await town.told(number))


@pytest.mark.parametrize("part", PARTS)
async def test_without_what_it_relies_on_the_press_would_be_lost(town: Town, part: str) -> None:
    """The proof that the tests above can fail."""
    point = "before the journal" if part == "the manual acknowledgement" else "before the run"
    await town.hub.start("--without", part, "--die-at", point)
    await town.press(0)
    await town.hub.died()
    await town.hub.start()
    with pytest.raises(TimeoutError):
        await town.told(0, within=8)
