"""The only module that a plugin imports."""

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hub.hookspecs import hookimpl
from hub.model.action import Action, Call
from hub.model.camera import Camera, Stream
from hub.model.config import Duration, ObjectId, Place, PluginConfig, Topic
from hub.model.entity import Area, Device, Entity, Location, State, StateValue
from hub.model.event import Event, OtherEvent, parse_time
from hub.model.incident import Incident, Severity, Status
from hub.model.message import Message
from hub.model.notify import DeliveryFailed, Note, Notifier, Verdict
from hub.model.page import Page, PageAnswer, PageRequest
from hub.model.person import Person
from hub.model.problem import ActionFailed, AuthFailed, ConfigProblem, NotReady, Refused
from hub.model.references import AreaId, EntityId, TemplateText
from hub.plugin.context import MqttDoor, PluginHub
from hub.plugin.refusals import Refusals
from hub.plugin.silence import Silence

__all__ = [
    "Action",
    "ActionFailed",
    "AfterValidator",
    "Area",
    "AreaId",
    "AuthFailed",
    "Call",
    "Camera",
    "ConfigProblem",
    "DeliveryFailed",
    "Device",
    "Duration",
    "Entity",
    "EntityId",
    "Event",
    "Field",
    "Incident",
    "Location",
    "Message",
    "MqttDoor",
    "NotReady",
    "Note",
    "Notifier",
    "ObjectId",
    "OtherEvent",
    "Page",
    "PageAnswer",
    "PageRequest",
    "Person",
    "Place",
    "PluginConfig",
    "PluginHub",
    "Refusals",
    "Refused",
    "SecretStr",
    "Severity",
    "Silence",
    "State",
    "StateValue",
    "Status",
    "Stream",
    "TemplateText",
    "Topic",
    "Verdict",
    "hookimpl",
    "model_validator",
    "parse_time",
]
