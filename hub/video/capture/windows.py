"""The windows of time that are ordered of a stream."""

from __future__ import annotations

from hub.video.talk.messages import Order, RecordedReport

_FORGET_AFTER = 200


class Windows:
    """Orders that are open, and the last ones that are over."""

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._open: dict[str, Order] = {}
        self._over: dict[str, RecordedReport] = {}

    def ids(self) -> list[str]:
        """The orders that are open."""
        return list(self._open)

    def put(self, order: Order) -> RecordedReport | None:
        """Take an order, which may lengthen one of the same id. Returns what was told of it where
        it is over already."""
        done = self._over.get(order.order)
        if done is not None and done.until is not None and order.end <= done.until:
            return done
        self._over.pop(order.order, None)
        self._open[order.order] = order
        return None

    def want(self, start: float, end: float) -> bool:
        """Whether an order asks for something between two instants."""
        return any(order.start < end and start < order.end for order in self._open.values())

    def ended(self, now: float, until: float | None) -> list[RecordedReport]:
        """Close the orders whose end is past. `until`: how far files have come."""
        found = []
        for order in [order for order in self._open.values() if order.end <= now]:
            del self._open[order.order]
            report = RecordedReport(order.order, self._camera, until)
            self._over[order.order] = report
            found.append(report)
            while len(self._over) > _FORGET_AFTER:
                del self._over[next(iter(self._over))]
        return found
