"""Only people the town knows may answer, only to what they were told, and it leaves a trace."""

from __future__ import annotations

import pytest

from hub.model.incident import Status
from hub.model.problem import Refused

from .conftest import Town


async def told(town: Town) -> tuple[int, str]:
    opened = await town.alarms.open(town.opening())
    await town.settle()
    token = town.sms.notes[-1].answer_token
    assert token is not None
    return opened.incident, token


async def answer(town: Town, token: str, address: str = "1", verdict: str = "acknowledge") -> str:
    return await town.answers.from_contact(
        token,
        verdict,
        contact="phone",
        address=address,  # type: ignore[arg-type]
    )


async def trail(town: Town) -> list[tuple[str, str, str]]:
    return [(row.actor, row.permission, row.result) for row in await town.access.audit.last()]


async def test_a_stranger_is_refused_and_noted(town: Town) -> None:
    number, token = await told(town)
    with pytest.raises(Refused, match="not known"):
        await answer(town, token, address="666")
    incident = await town.alarms.get(number)
    assert incident is not None
    assert incident.status is Status.OPEN
    assert ("666", "incidents.acknowledge", "refused") in await trail(town)


async def test_a_button_of_another_persons_message_is_refused(town: Town) -> None:
    await told(town)
    await town.people.add("Ivan", duties_held=frozenset({"duty"}), reached_by={"phone": "3"})
    token = town.sms.notes[0].answer_token
    assert token is not None
    with pytest.raises(Refused, match="not valid"):
        await answer(town, token, address="3")
    with pytest.raises(Refused, match="not valid"):
        await answer(town, "made-up")


async def test_the_same_answer_given_twice_is_taken_once_and_thanked_twice(town: Town) -> None:
    number, token = await told(town)
    await answer(town, token)
    assert await answer(town, token) == "Your answer is already noted."
    lines = [row.what for row in await town.alarms.book.journal(number)]
    assert lines.count("acknowledged") == 1


async def test_a_false_alarm_is_dismissed_with_its_reason(town: Town) -> None:
    number, token = await told(town)
    assert await answer(town, token, verdict="dismiss") == "Noted: false alarm."
    incident = await town.alarms.get(number)
    assert incident is not None
    assert (incident.status, incident.reason) == (Status.DISMISSED, "False alarm")
    with pytest.raises(Refused, match="Already answered"):
        await answer(town, token)


async def test_an_answer_is_on_disk_before_it_is_thanked(town: Town) -> None:
    number, token = await told(town)
    await answer(town, token)
    await town.crash()
    incident = await town.alarms.get(number)
    assert incident is not None
    assert (incident.status, incident.owner) == (Status.ACKNOWLEDGED, "Olena")
    assert ("Olena", "incidents.acknowledge", "done") in await trail(town)
