"""What a story says, as its file is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Discriminator, Field, Tag, model_validator

from hub.automation.fields import OneOrMany
from hub.model.config import Duration, PluginConfig, Topic
from hub.model.incident import Severity
from hub.model.references import ActionName, AreaId, AutomationId, EntityId, EventType, ModeName
from hub.rehearsal.values import Moment, OnOff, Start, StateOrValue

Data = dict[str, Any]


class GivenEvent(PluginConfig):
    """Something happens, as if a plugin had told it."""

    event: EventType
    """The type, as in `panic_button.pressed`."""
    source: str
    """The entity that it is about, or the plugin's name where there is none."""
    area: AreaId | None = None
    """Where it is; the area of the source where left out."""
    data: Data = Field(default_factory=dict)
    """The event's own fields."""
    drill: bool = False
    """Part of a drill."""


class GivenStates(PluginConfig):
    """Entities change."""

    state: dict[EntityId, StateOrValue] = Field(min_length=1)
    """Entities, each with its new state."""


class GivenModes(PluginConfig):
    """Somebody switches modes of the town."""

    mode: dict[ModeName, OnOff] = Field(min_length=1)
    """Modes, each `on` or `off`."""


class GivenAcknowledge(PluginConfig):
    """A person takes an incident."""

    acknowledge: str
    """The person's name."""
    incident: str | None = None
    """The kind of the incident; the newest open one where left out."""


class GivenDismiss(PluginConfig):
    """A person says that it was a false alarm."""

    dismiss: str
    """The person's name."""
    incident: str | None = None
    """The kind of the incident; the newest one that has not ended where left out."""
    reason: str = "false alarm"
    """Why."""


class GivenNotifier(PluginConfig):
    """A way to reach people fails from now on, or works again."""

    notifier: str
    """The notifier's name; `page` is the hub's own page."""
    fails: str | None = None
    """Why nothing goes out by it; it works again where left out."""


class GivenMqtt(PluginConfig):
    """A device publishes on the town's broker, for triggers that listen there."""

    mqtt: Topic
    """The topic."""
    payload: str = ""
    """What it says."""


class GivenWebhook(PluginConfig):
    """Somebody calls a webhook."""

    webhook: str
    """Its id."""
    data: Data = Field(default_factory=dict)
    """What is sent, as JSON."""


class ExpectedAction(PluginConfig):
    """An automation asks for an action."""

    kind: ClassVar[str] = "action"

    action: ActionName
    """Its name, as in `camera.record`."""
    target: OneOrMany[EntityId] | None = None
    """All entities that it is done to, in any order."""
    data: Data = Field(default_factory=dict)
    """Those of its data that matter here; `*` in a text stands for any text."""
    automation: AutomationId | None = None
    """The automation that asks for it."""


class Message(PluginConfig):
    """A note that reaches a person."""

    to: str | None = None
    """A person's name, or a duty that they hold."""
    text: str | None = None
    """What they are told; `*` stands for any text. Of an alarm it is the incident's title."""
    by: str | None = None
    """The notifier."""
    kind: Literal["alarm", "message", "update"] | None = None
    """`alarm`: to be answered; `message`: a text of an automation; `update`: an incident that they
    were told of has changed."""


class ExpectedMessage(PluginConfig):
    """A person is told something."""

    kind: ClassVar[str] = "message"

    message: Message
    """Who is told what."""


class IncidentWords(PluginConfig):
    """An incident."""

    kind: str | None = None
    """What it is about, in one word."""
    severity: Severity | None = None
    """low, high or critical."""
    area: AreaId | None = None
    """Where it is."""
    joined: bool = False
    """`true`: no new one; what happened joined an incident that was there."""


class ExpectedIncident(PluginConfig):
    """An incident opens."""

    kind: ClassVar[str] = "incident"

    incident: IncidentWords
    """Which one."""


class ExpectedEvent(PluginConfig):
    """Something happens because of the rules: an event of an automation, or of the hub."""

    kind: ClassVar[str] = "event"

    event: EventType
    """The type, as in `automation.refused`."""
    source: str | None = None
    """What it is about."""
    data: Data = Field(default_factory=dict)
    """Those of its fields that matter here; `*` in a text stands for any text."""


class ExpectedStates(PluginConfig):
    """How entities are when the time of the entry ends."""

    kind: ClassVar[str] = "state"

    state: dict[EntityId, StateOrValue] = Field(min_length=1)
    """Entities, each with its state."""


def _word(models: tuple[type[PluginConfig], ...]) -> Any:
    """Tells by its first field which model a mapping is meant to be."""
    words = [next(iter(model.model_fields)) for model in models]

    def word(value: Any) -> str | None:
        if isinstance(value, PluginConfig):
            return next(iter(value.__class__.model_fields))
        found = [each for each in words if isinstance(value, Mapping) and each in value]
        return found[0] if found else None

    said = f"write one of {', '.join(words)}"
    return Discriminator(word, custom_error_type="no_word", custom_error_message=said)


_Given = (
    Annotated[GivenEvent, Tag("event")]
    | Annotated[GivenStates, Tag("state")]
    | Annotated[GivenModes, Tag("mode")]
    | Annotated[GivenAcknowledge, Tag("acknowledge")]
    | Annotated[GivenDismiss, Tag("dismiss")]
    | Annotated[GivenNotifier, Tag("notifier")]
    | Annotated[GivenMqtt, Tag("mqtt")]
    | Annotated[GivenWebhook, Tag("webhook")]
)
_Expected = (
    Annotated[ExpectedAction, Tag("action")]
    | Annotated[ExpectedMessage, Tag("message")]
    | Annotated[ExpectedIncident, Tag("incident")]
    | Annotated[ExpectedEvent, Tag("event")]
    | Annotated[ExpectedStates, Tag("state")]
)


def _members(union: Any) -> tuple[type[PluginConfig], ...]:
    return tuple(get_args(member)[0] for member in get_args(union))


Given = Annotated[_Given, _word(_members(_Given))]
Expected = Annotated[_Expected, _word(_members(_Expected))]


class EntryBlock(PluginConfig):
    """One entry of a story: when, what happens, and what must come of it."""

    at: Moment | None = None
    """When: a time of day (the next one after the entry before), or a date and time."""
    after: Duration | None = None
    """How long after the entry before (the first: after the start)."""
    given: OneOrMany[Given] = Field(default_factory=list)
    """What happens then."""
    expect: OneOrMany[Expected] | None = None
    """What must come of it, in this order among those of one kind. An empty list: nothing."""
    within: Duration | None = None
    """How long may pass until then; until the next entry where left out, after the last one 1
    minute."""
    silence: Duration | None = None
    """So long nothing may happen but what is expected."""
    only: bool | None = None
    """Whether all that happens must be expected; as the story's own `only` where left out."""

    @model_validator(mode="after")
    def _one_time(self) -> EntryBlock:
        if (self.at is None) == (self.after is None):
            raise ValueError("an entry says when: either 'at' or 'after'")
        if self.silence is not None and self.within is not None:
            raise ValueError("'silence' says how long, so 'within' has no place beside it")
        return self


class PersonBlock(PluginConfig):
    """A person of the story."""

    duties: OneOrMany[str] = Field(default_factory=list)
    """The duties that they hold."""
    reached_by: OneOrMany[str] | None = None
    """The notifiers that reach them; every one of the town's where left out, or the page where it
    has none."""
    language: Literal["uk", "en"] | None = None
    """The language of their messages."""


class StoryFile(PluginConfig):
    """A story: what happens in the town, and what its rules must make of it."""

    config: Path = Path("config.yaml")
    """The configuration whose rules are rehearsed; its path seen from the story."""
    description: str | None = None
    """What the story is about."""
    start: Start
    """When it begins, in the time of the town: 2026-11-20 23:00."""
    people: dict[str, PersonBlock] = Field(default_factory=dict)
    """Who there is. Duties that nobody holds are told on the page, under their names."""
    states: dict[EntityId, StateOrValue] = Field(default_factory=dict)
    """How entities are at the start; unknown where left out."""
    modes: OneOrMany[ModeName] = Field(default_factory=list)
    """The modes that are on at the start."""
    answers: dict[ActionName, Any] = Field(default_factory=dict)
    """What actions answer: {fails: WHY} makes one fail. One that has an answer here is not done."""
    only: bool = False
    """Whether all that happens must be expected."""
    story: list[EntryBlock] = Field(min_length=1)
    """What happens, one after the other."""
