"""Actions of Home Assistant that operators know and this hub does not have, and what to write."""

from __future__ import annotations

from hub.model.said import said

SWITCHES = said("things that are switched listen to a topic: write mqtt.publish")

INSTEAD = {
    "homeassistant": said(
        "there are no actions for things of any kind: write automation.turn_on, "
        "automation.turn_off, script.turn_on, script.turn_off, mode.set, "
        "or mqtt.publish to a device"
    ),
    "scene": said("write what is to be done as a script, and call it as script.NAME"),
    "conversation": said("nobody talks to this hub: write notify.send"),
    "tts": said("write notify.send"),
    "persistent_notification": said(
        "write notify.send, or incident.open where somebody must answer"
    ),
    "notify": said("write notify.send with {to: [...], message: ...}"),
    "input_boolean": said("write mode.set for a mode of the town, or use a variable"),
    "input_select": said("write mode.set for a mode of the town, or use a variable"),
    "input_button": said("an automation is run by automation.trigger, a script by script.NAME"),
    "input_datetime": said("use a variable"),
    "input_number": said("use a variable"),
    "input_text": said("use a variable"),
    "telegram_bot": said("write notify.send with {to: [...], message: ...}"),
    "timer": said("write a delay, or wait_for_trigger with a timeout"),
    "counter": said("use a variable"),
    "logbook": said("every run has its trace: write incident.update to note it at an incident"),
    "system_log": said("every run has its trace: write incident.update to note it at an incident"),
    "rest_command": said("write a plugin that calls it, with an action of its own"),
    "shell_command": said("the hub runs no programs: write a plugin"),
    "python_script": said("write a plugin"),
    "alarm_control_panel": said("write incident.open"),
    "light": SWITCHES,
    "switch": SWITCHES,
    "siren": SWITCHES,
    "lock": SWITCHES,
    "cover": SWITCHES,
    "fan": SWITCHES,
    "valve": SWITCHES,
    "device_tracker": said("positions come from plugins"),
}
"""By the word before the dot."""


FOR_PAGES = said("it is for Home Assistant's pages, and means nothing here: delete it")

KEYS = {
    "hide_entity": FOR_PAGES,
    "icon": FOR_PAGES,
    "initial_state": said("write 'enabled'"),
    "metadata": FOR_PAGES,
}
"""Keys of Home Assistant that are nowhere here, and what to do about them."""


def instead_of(action: str) -> str | None:
    """What to write instead of an action of Home Assistant's; None for one that is not known."""
    return INSTEAD.get(action.partition(".")[0])
