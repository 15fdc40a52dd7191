"""Names of what a trace holds, and the hub's own reasons, as texts that can be translated."""

from __future__ import annotations

from hub.web.words import N_

FACTS = {
    "above": N_("above"),
    "answer": N_("answer"),
    "area": N_("place"),
    "area_id": N_("place"),
    "at": N_("since"),
    "attribute": N_("attribute"),
    "below": N_("below"),
    "data": N_("data"),
    "entity_id": N_("entity"),
    "event": N_("event"),
    "event_type": N_("event"),
    "for": N_("stayed so for"),
    "gave": N_("it gave"),
    "id": N_("trigger"),
    "incident": N_("incident"),
    "item": N_("item"),
    "json": N_("data"),
    "now": N_("time"),
    "observed_at": N_("seen by the device"),
    "offset": N_("shifted by"),
    "option": N_("option"),
    "passed": N_("the conditions passed"),
    "passed_over": N_("passed over"),
    "payload": N_("content"),
    "payload_json": N_("content"),
    "query": N_("query"),
    "received_at": N_("heard by the hub"),
    "refused": N_("refused"),
    "response": N_("answer"),
    "source": N_("source"),
    "state": N_("state"),
    "stopped": N_("stopped"),
    "sunrise": N_("sunrise"),
    "sunset": N_("sunset"),
    "targets": N_("targets"),
    "topic": N_("topic"),
    "trigger": N_("trigger"),
    "turns": N_("times"),
    "until": N_("until"),
    "value": N_("value"),
    "variables": N_("variables"),
    "wait": N_("came of it"),
    "webhook_id": N_("webhook"),
}
"""What a trace saw, by name; what people named themselves stays as they wrote it."""
REASONS = frozenset(
    {
        N_("a bug of the hub, see the log"),
        N_("it runs already, and its mode is single"),
        N_("it was called anew"),
        N_("it was switched off"),
        N_("it was triggered anew"),
        N_("it was under way when the hub ended, and is not safe to repeat"),
        N_("the hub ended"),
        N_("the hub ended; the run will be resumed"),
        N_("the time to wait was up"),
        N_("there is nothing to act on"),
        N_("this action takes no target"),
        N_("this event has had its run"),
    }
)
"""Why the hub's own automations end, fail and are refused, as a trace holds it."""
