"""Trigger `mqtt`: a message came over the town's broker."""

from __future__ import annotations

import json
import logging
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator

from hub.automation.ports import MqttMessages
from hub.automation.triggers.base import CannotListen, Detach, Site, Trigger
from hub.model.message import Message
from hub.model.references import IsTemplate, TemplateText, is_template
from hub.model.said import said
from hub.text.templates import TemplateProblem

log = logging.getLogger("hub.automation")


def _filter(value: str) -> str:
    levels = value.split("/")
    wrong = (
        not value
        or "\0" in value
        or len(value) > 512
        or any("#" in level and level != "#" for level in levels)
        or any("+" in level and level != "+" for level in levels)
        or "#" in levels[:-1]
    )
    if wrong and not is_template(value):
        raise ValueError(said("an MQTT topic reads like 'town/gate', 'town/+/state' or 'town/#'"))
    return value


class MqttTrigger(Trigger):
    """A message came on a topic, with the payload asked for. One that the broker had kept from
    before (retained) is no news and does not fire."""

    word: ClassVar[str] = "mqtt"

    trigger: Literal["mqtt"]
    """`mqtt`."""
    topic: Annotated[str, IsTemplate(), AfterValidator(_filter)]
    """The topic, wildcards allowed; a template sees `trigger_variables`."""
    payload: TemplateText | None = None
    """Only messages with this text; a template sees `trigger_variables`."""
    value_template: TemplateText | None = None
    """What to compare with `payload` instead of the whole text: it sees `value`, and
    `value_json` where the text is JSON."""
    qos: Literal[0, 1, 2] = 1
    """Accepted for Home Assistant's sake; the hub asks its broker for quality 1."""

    def listen(self, site: Site) -> Detach:
        """Listen to the topic."""
        link = site.links.mqtt
        if link is None:
            raise CannotListen("the hub runs without a broker")
        topic = _filter(str(site.limited(self.topic)))
        payload = None if self.payload is None else str(site.limited(self.payload))
        task = site.tasks.loop(
            lambda: self._hear(site, link, topic, payload), f"messages for {site.owner}"
        )

        def detach() -> None:
            task.cancel()

        return detach

    async def _hear(self, site: Site, link: MqttMessages, topic: str, payload: str | None) -> None:
        async for message in link.messages(topic):
            if not message.retain:
                self._handle(site, message, payload)

    def _handle(self, site: Site, message: Message, payload: str | None) -> None:
        try:
            text = message.text
        except UnicodeDecodeError:
            log.debug("%s: a message on %s is not UTF-8", site.owner, message.topic)
            return
        parsed = _json(text)
        data: dict[str, Any] = {"topic": message.topic, "payload": text, "qos": message.qos}
        if parsed is not _NO_JSON:
            data["payload_json"] = parsed
        try:
            if payload is None or self._value(site, text, parsed) == payload:
                site.fire(data, None)
        except TemplateProblem as problem:
            log.debug("%s: 'value_template' of its trigger 'mqtt': %s", site.owner, problem.why)

    def _value(self, site: Site, text: str, parsed: Any) -> str:
        if self.value_template is None:
            return text
        variables = {"value": text} if parsed is _NO_JSON else {"value": text, "value_json": parsed}
        return site.seeing(**variables).text(self.value_template)


_NO_JSON = object()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NO_JSON
