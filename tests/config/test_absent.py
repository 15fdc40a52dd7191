"""Entities that rules name and the town does not have now: told once, and once more when back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.bus import Bus
from hub.clock import VirtualClock
from hub.config.absent import Absent
from hub.config.check import load
from hub.modes import OWNER, entity_of
from hub.plugin.loader import Plugins
from hub.registry import Registry

RULE = {
    "id": "rule",
    "triggers": [{"trigger": "state", "entity_id": "mode.night"}],
    "conditions": ["{{ is_state('mode.curfew', 'on') }}"],
    "actions": [{"stop": "x"}],
}
CONFIG = {
    "hub": {"name": "Town"},
    "modes": {"night": {"name": "Ніч"}, "curfew": {"name": "Комендантська"}},
    "automations": [RULE],
    "scripts": {"call": {"sequence": [{"wait_template": "{{ is_state('mode.night', 'on') }}"}]}},
}


async def test_what_rules_name_and_is_not_there_is_told_once_with_who_names_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(CONFIG))
    config = load(path, Plugins([]))
    clock = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))
    registry = Registry(Bus(), clock)
    registry.add((entity_of(mode, mode), False) for mode in config.modes)
    absent = Absent(lambda: config, lambda name: registry.entity(name) is not None, clock)
    caplog.set_level("INFO", "hub.automation")
    await absent.look()
    assert caplog.messages == []
    registry.remove_of(OWNER)
    await absent.look()
    await absent.look()
    (said,) = caplog.messages
    assert "mode.curfew (rule), mode.night (rule, script.call)" in said
    registry.add([(entity_of("night", "Ніч"), False)])
    await absent.look()
    assert caplog.messages[1:] == [
        "what rules name is in the town again: mode.night (rule, script.call)"
    ]
