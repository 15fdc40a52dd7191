"""What a plugin tells for support holds no secret, and cannot hang the one who asks."""

from __future__ import annotations

import json

import pytest

from hub.plugin import diagnostics
from hub.plugin.diagnostics import facts_of

from .conftest import Several, Write

TALKATIVE = """
    class Account(PluginConfig):
        password: SecretStr = SecretStr("s3cret-planted")

    class Config(PluginConfig):
        accounts: dict[str, Account] = {"a": Account()}

    @hookimpl
    def hub_config_model():
        return Config

    @hookimpl
    async def hub_setup(hub, config):
        hub.runtime.secret = config.accounts["a"].password

    @hookimpl
    async def hub_diagnostics(hub):
        secret = hub.runtime.secret
        return {"url": f"rtsp://u:{secret.get_secret_value()}@x", "all": [secret], "n": 3}
"""


async def test_secrets_of_the_block_are_removed_wherever_they_stand(
    hub: Several, write: Write
) -> None:
    write("talks1", TALKATIVE)
    await hub.start("talks1", {})
    facts = await facts_of(hub._running)
    assert facts["status"] == "running"
    assert facts["facts"] == {"url": "rtsp://u:(removed)@x", "all": ["(removed)"], "n": 3}
    assert "s3cret" not in json.dumps(facts)


async def test_a_hook_that_hangs_is_said_to_have_failed(
    hub: Several, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "TIMEOUT_S", 0.05)
    code = (
        "import asyncio\n@hookimpl\nasync def hub_diagnostics(hub):\n    await asyncio.sleep(9)\n"
    )
    write("hangs9", code)
    await hub.start("hangs9", {})
    assert (await facts_of(hub._running))["facts"] == "failed: TimeoutError"
