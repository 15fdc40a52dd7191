"""The technical incident of a wrong configuration: the hub runs by the last one that checked."""

from __future__ import annotations

from hub.alarms.incidents import Opening
from hub.alarms.path import Alarms
from hub.config.render import render
from hub.config.sealed import Started
from hub.model.incident import Severity
from hub.text.translations import Texts


async def tell_wrong_config(alarms: Alarms, started: Started, texts: Texts) -> None:
    """Open it, with all problems, so that a person hears of them before the next change."""
    _ = texts.get(None)
    listing = render(started.problems, started.excerpts)
    await alarms.open(
        Opening(
            key=f"config:{alarms.now().isoformat()}",
            kind="technical",
            severity=Severity.HIGH,
            title=_("config.yaml is wrong; the hub runs by the last one that was good"),
            message=listing[:2000],
            source="hub",
            lasting=True,
        )
    )
