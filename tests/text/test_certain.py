"""What is certain of a template before it is rendered."""

from __future__ import annotations

import pytest

from hub.text.certain import gives_number


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        ("{{ 5 }}", True),
        ("{{ -5.5 }}", True),
        ("{{ states('sensor.n') | int }}", True),
        ("{{ states('sensor.n') | float(0) * 60 }}", True),
        ("{{ 1 if is_state('mode.night', 'on') else 2 | round }}", True),
        ("{{ states('sensor.n') }}", False),
        ("{{ n * 2 }}", False),
        ("{{ states('sensor.n') | int('5m') }}", False),
        ("{{ states('sensor.n') | int(default='5m') }}", False),
        ("{{ 1 if x else '5m' }}", False),
        ("{{ 1 if x }}", False),
        ("{{ '5' }}", False),
        ("{{ true }}", False),
        ("{{ 5 }}s", False),
        ("{{ 5 }}{{ 's' }}", False),
        ("{% if x %}5{% endif %}", False),
        ("{{ 5", False),
    ],
)
def test_a_template_that_can_only_give_a_number_is_known(text: str, certain: bool) -> None:
    assert gives_number(text) is certain
