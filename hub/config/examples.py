"""An example of each word of the language, as it is written in config.yaml: for `hub explain`."""

from __future__ import annotations

from collections.abc import Mapping

TRIGGERS: Mapping[str, str] = {
    "event": """\
- trigger: event
  event_type: panic_button.pressed
  area_id: market""",
    "hub": """\
- trigger: hub
  event: start""",
    "mqtt": """\
- trigger: mqtt
  topic: town/river/level
  value_template: "{{ value_json.status }}"
  payload: flood""",
    "numeric_state": """\
- trigger: numeric_state
  entity_id: sensor.river_level
  above: 3.2
  for: 5m""",
    "state": """\
- trigger: state
  entity_id: binary_sensor.school_door
  from: "off"
  to: "on"
  for: 30s""",
    "sun": """\
- trigger: sun
  event: sunset
  offset: -30m""",
    "template": """\
- trigger: template
  value_template: "{{ states('sensor.river_level') | float > 3 }}"
  for: 1m""",
    "time": """\
- trigger: time
  at: ["06:00", "22:00"]
  weekday: [mon, tue, wed, thu, fri]""",
    "time_pattern": """\
- trigger: time_pattern
  minutes: /15""",
    "webhook": """\
- trigger: webhook
  webhook_id: gate-of-the-depot
  allowed_methods: [POST]""",
}

CONDITIONS: Mapping[str, str] = {
    "and": """\
- and:
    - {condition: time, after: "22:00", before: "06:00"}
    - "{{ is_state('binary_sensor.school_door', 'on') }}\"""",
    "mode": """\
- condition: mode
  mode: night""",
    "not": """\
- not:
    - {condition: time, weekday: [sat, sun]}""",
    "numeric_state": """\
- condition: numeric_state
  entity_id: sensor.river_level
  above: 3
  below: 5""",
    "or": """\
- or:
    - {condition: time, after: "22:00"}
    - {condition: time, before: "06:00"}""",
    "state": """\
- condition: state
  entity_id: binary_sensor.school_door
  state: "on"
  for: 10m""",
    "sun": """\
- condition: sun
  after: sunset
  after_offset: 30m""",
    "template": """\
- condition: template
  value_template: "{{ states('sensor.river_level') | float > 3 }}\"""",
    "time": """\
- condition: time
  after: "22:00"
  before: "06:00"
  weekday: [mon, tue, wed, thu, fri]""",
    "trigger": """\
- condition: trigger
  id: [button, siren]""",
}

STEPS: Mapping[str, str] = {
    "action": """\
- action: camera.record
  target: {area_id: market}
  data: {before: 30s, after: 10m}
  continue_on_error: true""",
    "choose": """\
- choose:
    - conditions: "{{ trigger.event.drill }}"
      sequence:
        - stop: a drill
  default:
    - delay: 5s""",
    "delay": """\
- delay: 1m30s""",
    "event": """\
- event: town.flood_expected
  event_data: {level: "{{ states('sensor.river_level') }}"}""",
    "if": """\
- if: {condition: time, after: "22:00"}
  then:
    - delay: 5s
  else:
    - stop: by day""",
    "parallel": """\
- parallel:
    - {action: camera.snapshot, target: {area_id: market}}
    - sequence:
        - delay: 10s
        - {action: camera.record, target: {area_id: market}}""",
    "repeat": """\
- repeat:
    count: 3
    sequence:
      - {action: camera.snapshot, target: {area_id: market}}
      - delay: 20s""",
    "sequence": """\
- sequence:
    - delay: 5s
    - stop: enough""",
    "stop": """\
- stop: the river is too high
  error: true""",
    "variables": """\
- variables:
    level: "{{ states('sensor.river_level') | float }}\"""",
    "wait_for_trigger": """\
- wait_for_trigger:
    - {trigger: state, entity_id: binary_sensor.school_door, to: "off"}
  timeout: 10m
  continue_on_timeout: false""",
    "wait_template": """\
- wait_template: "{{ is_state('binary_sensor.school_door', 'off') }}"
  timeout: 10m""",
}

VALUES: Mapping[str, str] = {
    "active": "true",
    "after": "10m",
    "before": "30s",
    "escalation": "life_safety",
    "kind": "panic",
    "message": "Рівень річки росте",
    "mode": "night",
    "note": "двері перевірено",
    "payload": '"on"',
    "severity": "critical",
    "title": "Двері школи відчинено",
    "to": "[duty]",
    "topic": "town/siren",
}
"""What stands in the example of an action, by its key."""

TARGETS: Mapping[str, str] = {
    "automation": "{entity_id: automation.night_door}",
    "camera": "{near: {entity_id: event.market_kiosk, within: 200m}}",
    "script": "{entity_id: script.siren}",
}
"""What stands as the target in the example of an action, by its domain."""
