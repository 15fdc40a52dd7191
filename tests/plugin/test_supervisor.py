"""One bad plugin never stops the rest, and is told by name with its own line."""

from __future__ import annotations

import pytest

from hub.plugin import supervisor
from hub.plugin.loader import PluginBroken

from .conftest import Several, Write, status_of

GOOD = """
    class Beeped(Event, type="{name}.beeped"):
        pass

    @hookimpl
    def hub_event_types():
        return [Beeped]

    @hookimpl
    async def hub_setup(hub):
        hub.add_entity(Entity(entity_id="sensor.{name}", name="x"), value=1)
"""


def good(write: Write, name: str) -> None:
    write(name, GOOD.format(name=name))


async def test_a_plugin_that_raises_fails_alone_and_is_shown_with_its_own_line(
    hub: Several, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    good(write, "sound1")
    write("raises1", "\n@hookimpl\nasync def hub_setup(hub):\n    raise KeyError('nothing')\n")
    running = await hub.start_all("sound1", "raises1")
    assert status_of(running) == {"sound1": "running", "raises1": "failed"}
    assert "plugin 'raises1' failed: KeyError: 'nothing' at " in caplog.text
    assert "raises1/__init__.py:6" in caplog.text


async def test_a_plugin_that_hangs_in_setup_is_cut_off_shown_where_it_hung_and_tried_again(
    hub: Several, write: Write, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "SETUP_TIMEOUT_S", 0.2)
    good(write, "sound2")
    code = """
        import asyncio
        tries = []

        @hookimpl
        async def hub_setup(hub):
            tries.append(hub)
            if len(tries) == 1:
                await asyncio.Event().wait()
    """
    write("hangs2", code)
    running = await hub.start_all("sound2", "hangs2")
    assert status_of(running) == {"sound2": "running", "hangs2": "retrying"}
    assert "plugin 'hangs2': setup took longer than" in caplog.text
    assert "hangs2/__init__.py:11" in caplog.text
    await hub.advance(5)
    assert status_of(running) == {"sound2": "running", "hangs2": "running"}


async def test_a_plugin_that_is_not_ready_is_tried_again_with_one_line_lost_and_one_back(
    hub: Several, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    code = """
        tries = []

        @hookimpl
        async def hub_setup(hub):
            tries.append(hub.clock.monotonic())
            if len(tries) < 4:
                raise NotReady("the camera does not answer")
    """
    write("later3", code)
    running = await hub.start_all("later3")
    assert status_of(running) == {"later3": "retrying"}
    await hub.advance(5 + 10 + 20)
    assert status_of(running) == {"later3": "running"}
    lines = [record.message for record in caplog.records if "later3" in record.message]
    assert lines == [
        "plugin 'later3' is not ready: the camera does not answer; trying again",
        "plugin 'later3' runs again",
    ]


async def test_entities_of_a_setup_that_fails_never_appear(hub: Several, write: Write) -> None:
    code = """
        @hookimpl
        async def hub_setup(hub):
            hub.add_entity(Entity(entity_id="sensor.ghost", name="x"))
            raise RuntimeError("half way")
    """
    write("half4", code)
    await hub.start_all("half4")
    assert hub.registry.entity("sensor.ghost") is None


async def test_a_loop_that_dies_is_started_again_and_the_rest_goes_on(
    hub: Several, write: Write
) -> None:
    code = """
        async def work():
            raise RuntimeError("lost it")

        @hookimpl
        async def hub_setup(hub):
            hub.loop(work, "work")
    """
    write("loops5", code)
    good(write, "sound5")
    running = await hub.start_all("loops5", "sound5")
    await hub.advance(10)
    failures = [event for event in hub.events if event.type == "plugin.failed"]
    assert len(failures) == 4  # at 0, 1, 3 and 7 s
    assert status_of(running) == {"loops5": "running", "sound5": "running"}


async def test_a_plugin_may_not_speak_for_another(hub: Several, write: Write) -> None:
    good(write, "sound6")
    code = """
        @hookimpl
        async def hub_setup(hub):
            hub.runtime.steal = lambda: hub.set_state("sensor.sound6", 2)
    """
    write("thief6", code)
    running = await hub.start_all("sound6", "thief6")
    context = running["thief6"].context
    assert context is not None
    with pytest.raises(ValueError, match="has not added"):
        context.runtime.steal()


async def test_an_event_that_was_not_declared_is_refused(hub: Several, write: Write) -> None:
    good(write, "sound7")
    write("mute7", "\nclass Odd(Event, type='mute7.odd'):\n    pass\n")
    running = await hub.start_all("sound7", "mute7")
    plugin = running["mute7"]
    assert plugin.context is not None
    with pytest.raises(ValueError, match="hub_event_types"):
        await plugin.context.publish(plugin.plugin.module.Odd(source="x"))


async def test_tearing_down_leaves_no_task_subscription_or_entity(
    hub: Several, write: Write
) -> None:
    code = """
        import asyncio

        async def listen(hub):
            async for message in hub.mqtt("t/x"):
                pass

        @hookimpl
        async def hub_setup(hub):
            hub.add_entity(Entity(entity_id="sensor.gone8", name="x"))
            hub.start(listen(hub), "listen")
            async def hear(event): pass
            hub.on("state_changed", hear)
    """
    write("tidy8", code)
    await hub.start_all("tidy8")
    assert hub._supervisor is not None
    await hub._supervisor.stop()
    assert hub.registry.entity("sensor.gone8") is None
    assert not hub.mqtt._queues["t/x"]
    assert "state_changed" not in hub.bus._of_type


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("@hookimpl\nasync def hub_setpu(hub): pass", "unknown hook 'hub_setpu'; did you mean"),
        ("@hookimpl\ndef hub_setup(hub): pass", "must write 'hub_setup' as an `async def`"),
        ("@hookimpl\nasync def hub_actions(): pass", "as a plain function"),
        ("@hookimpl\nasync def hub_setup(hub, town): pass", "town"),
        ("import nowhere_at_all", "cannot be imported: No module named 'nowhere_at_all'"),
        (
            "class E(Event, type='other.e'): pass\n@hookimpl\ndef hub_event_types(): return [E]",
            "under another's name",
        ),
    ],
)
def test_a_plugin_that_is_written_wrong_is_refused_with_the_reason(
    hub: Several, write: Write, code: str, why: str, request: pytest.FixtureRequest
) -> None:
    name = f"wrong{abs(hash(code))}"
    write(name, "\n" + code + "\n")
    with pytest.raises(PluginBroken, match=name) as broken:
        hub._plugins.find(name)
    assert why in str(broken.value)
