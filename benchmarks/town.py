"""A town of buttons, sensors and cameras, as config.yaml."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import command
from tests.world import mosquitto, rtsp_cameras
from tests.world.bot_api import TOKEN

CHAT = "1001"
CLIP = "town"


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each there are."""

    buttons: int
    sensors: int
    cameras: int


def broker_block(broker: mosquitto.Mosquitto) -> dict[str, Any]:
    login = {"username": mosquitto.USER, "password": mosquitto.PASSWORD}
    return {"host": "127.0.0.1", "port": broker.port, **login}


def write(folder: Path, config: dict[str, Any]) -> Path:
    """Write config.yaml (JSON is YAML), and tie a person on duty to a chat."""
    folder.mkdir(parents=True)
    path = folder / "config.yaml"
    path.write_text(json.dumps(config))
    command(path, "user", "add", "Olena", "--duty", "duty", "--telegram", CHAT)
    return path


def configuration(
    size: Size,
    *,
    broker: mosquitto.Mosquitto,
    api: str,
    cameras: rtsp_cameras.RtspCameras,
    record: bool,
) -> dict[str, Any]:
    """A square around each camera, the buttons spread over the squares. A press opens an incident
    and takes a snapshot, and with `record` has the camera of its square record. `sensor.probe` is
    answered on town/echo."""
    squares = [[round(49.70 + 0.01 * number, 2), 28.83] for number in range(size.cameras)]
    return {
        "hub": {"name": "Benchmark", "data_dir": "data"},
        "areas": {"town": {"name": "Town", "location": squares[0]}},
        "mqtt": broker_block(broker),
        "recording": {"default": {"mode": "events", "pre_roll": "5s"}},
        "plugins": {
            "panic_button": {"buttons": _buttons(size.buttons, squares)},
            "sensors": {"entities": _sensors(size.sensors)},
            "onvif": {"cameras": _cameras(cameras, squares)},
            "notify_telegram": {"token": TOKEN, "api_server": api},
        },
        "escalations": {"life_safety": [{"notify": ["duty"], "acknowledge_within": "1h"}]},
        "automations": [_panic(record), _echo()],
    }


def _buttons(count: int, squares: list[list[float]]) -> dict[str, Any]:
    return {
        f"b{number}": {
            "area": "town",
            "name": f"Button {number}.",
            "location": squares[number % len(squares)],
            "mqtt": {"topic": f"town/panic/{number}"},
        }
        for number in range(count)
    }


def _sensors(count: int) -> dict[str, Any]:
    topics = {f"s{number}": f"town/sensor/{number}" for number in range(count)}
    topics["probe"] = "town/probe"
    return {
        key: {"kind": "sensor", "area": "town", "mqtt": {"topic": topic}}
        for key, topic in topics.items()
    }


def _cameras(cameras: rtsp_cameras.RtspCameras, squares: list[list[float]]) -> dict[str, Any]:
    login = {"username": rtsp_cameras.USER, "password": rtsp_cameras.PASSWORD}
    return {
        f"c{number}": {
            "area": "town",
            "location": square,
            "url": cameras.url(CLIP, number),
            **login,
        }
        for number, square in enumerate(squares)
    }


def _panic(record: bool) -> dict[str, Any]:
    near = {"near": {"entity_id": "{{ trigger.entity_id }}", "within": "100m"}}
    incident = {"kind": "panic", "severity": "critical", "escalation": "life_safety"}
    actions: list[dict[str, Any]] = [{"action": "incident.open", "data": incident}]
    if record:
        window = {"before": "5s", "after": "30s"}
        actions.append({"action": "camera.record", "target": near, "data": window})
    actions.append({"action": "camera.snapshot", "target": near})
    return {
        "id": "panic",
        "triggers": [{"trigger": "event", "event_type": "panic_button.pressed"}],
        "actions": actions,
        "mode": "parallel",
        "max": 100,
    }


def _echo() -> dict[str, Any]:
    answer = {"topic": "town/echo", "payload": "{{ trigger.to_state.state }}"}
    return {
        "id": "echo",
        "triggers": [{"trigger": "state", "entity_id": "sensor.probe"}],
        "actions": [{"action": "mqtt.publish", "data": answer}],
        "mode": "parallel",
        "max": 100,
    }
