"""Technical incidents of the hub itself: it runs by an old configuration, or began a database anew.

They are opened by the composition, since what they tell of comes before anybody else works.
"""

from __future__ import annotations

from hub.alarms.incidents import Opening
from hub.alarms.path import Alarms
from hub.config.render import render
from hub.config.sealed import Started
from hub.model.incident import Severity
from hub.store.damage import PutAside
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


async def tell_begun_anew(alarms: Alarms, aside: PutAside, texts: Texts) -> None:
    """Open it: what is lost, what was carried over, and what is to be done."""
    _ = texts.get(None)
    carried = ", ".join(f"{name} {number}" for name, number in aside.rescued.items()) or "0"
    lines = [
        _("bulk.db was damaged and is put aside as {file}: {why}.").format(
            file=aside.file.name, why=aside.why
        ),
        _("History, traces and audit log begin anew. Carried over: {what}.").format(what=carried),
    ]
    if aside.incomplete:
        what = ", ".join(aside.incomplete)
        lines.append(_("Perhaps incomplete: {what}. Look at the people.").format(what=what))
    lines.append(_("Look at the disk. The files of the archive are indexed at the next start."))
    await alarms.open(
        Opening(
            key=f"store:{aside.file.name}",
            kind="technical",
            severity=Severity.HIGH,
            title=_("A damaged database was put aside, and a new one is begun"),
            message="\n".join(lines),
            source="hub",
            lasting=True,
        )
    )
