"""Plugins while the hub runs: only what has changed is set up anew."""

from __future__ import annotations

from typing import Any

from hub.plugin.supervisor import Supervisor

from .conftest import Several, Write, status_of

LAMP = """
    class Config(PluginConfig):
        names: list[str] = ["a"]
        'Its lamps.'
        trouble: str = ""
        'What goes wrong in setup.'

    @hookimpl
    def hub_config_model():
        return Config

    @hookimpl
    def hub_entities(config):
        return [Entity(entity_id=f"light.{name}", name=name) for name in config.names]

    @hookimpl
    async def hub_setup(hub, config):
        if config.trouble == "later":
            raise NotReady("no answer")
        if config.trouble == "bug":
            raise RuntimeError("a bug")
        for entity in hub_entities(config):
            hub.add_entity(entity)
        hub.runtime.set = hub.set_state
"""


async def begun(hub: Several, write: Write, name: str) -> Supervisor:
    write(name, LAMP)
    await hub.start_all(name)
    assert hub._supervisor is not None
    return hub._supervisor


def block(hub: Several, name: str, **values: Any) -> dict[str, Any]:
    plugin = hub._plugins.find(name)
    return {name: (plugin, plugin.config_model.model_validate(values))}


async def test_a_plugin_whose_block_says_the_same_goes_on_undisturbed(
    hub: Several, write: Write
) -> None:
    supervisor = await begun(hub, write, "lamp1")
    before = supervisor.plugins["lamp1"]
    await supervisor.change(block(hub, "lamp1"))
    assert supervisor.plugins["lamp1"] is before


async def test_entities_of_a_changed_plugin_keep_their_states_and_no_change_is_told(
    hub: Several, write: Write
) -> None:
    supervisor = await begun(hub, write, "lamp2")
    hub.context.runtime.set("light.a", True)
    told = len(hub.events)
    await supervisor.change(block(hub, "lamp2", names=["a", "b"]))
    changes = [event for event in hub.events[told:] if event.type == "state_changed"]
    assert changes == []
    state, new = hub.state("light.a"), hub.state("light.b")
    assert state is not None
    assert state.value is True
    assert new is not None
    await supervisor.change(block(hub, "lamp2", names=["b"]))
    assert hub.state("light.a") is None


async def test_an_entity_may_go_from_one_plugin_to_another_in_one_change(
    hub: Several, write: Write
) -> None:
    supervisor = await begun(hub, write, "lamp3")
    write("lamp4", LAMP)
    both = block(hub, "lamp3", names=["x"]) | block(hub, "lamp4", names=["a"])
    await supervisor.change(both)
    assert status_of(dict(supervisor.plugins)) == {"lamp3": "running", "lamp4": "running"}
    entity = hub.registry.entity("light.a")
    assert entity is not None
    assert entity.plugin == "lamp4"


async def test_a_plugin_that_fails_when_set_up_anew_takes_its_entities_with_it(
    hub: Several, write: Write
) -> None:
    supervisor = await begun(hub, write, "lamp5")
    await supervisor.change(block(hub, "lamp5", trouble="bug"))
    assert status_of(dict(supervisor.plugins)) == {"lamp5": "failed"}
    assert hub.state("light.a") is None


async def test_a_plugin_that_has_failed_gets_another_try_though_its_block_says_the_same(
    hub: Several, write: Write
) -> None:
    supervisor = await begun(hub, write, "lamp6")
    await supervisor.change(block(hub, "lamp6", trouble="bug"))
    failed = supervisor.plugins["lamp6"]
    await supervisor.change(block(hub, "lamp6", trouble="bug"))
    assert supervisor.plugins["lamp6"] is not failed
    assert not supervisor.all_running


async def test_a_removed_plugin_that_was_not_ready_does_not_come_back(
    hub: Several, write: Write
) -> None:
    supervisor = await begun(hub, write, "lamp7")
    await supervisor.change(block(hub, "lamp7", trouble="later"))
    assert status_of(dict(supervisor.plugins)) == {"lamp7": "retrying"}
    waiting = supervisor.plugins["lamp7"]
    await supervisor.change({})
    await hub.advance(60)
    assert supervisor.plugins == {}
    assert waiting.status == "stopping"
