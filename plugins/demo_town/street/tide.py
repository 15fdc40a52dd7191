"""The level of the demo town's river: the gauge in the picture and the sensor agree on it."""

from __future__ import annotations

from math import sin, tau


def level(seconds: float) -> float:
    """Metres at the gauge, at an instant given in seconds of the epoch: a slow rise and fall of
    half an hour, with the small unrest that water has."""
    slow = 0.62 * sin(tau * seconds / 1800)
    unrest = 0.021 * sin(tau * seconds / 47) + 0.013 * sin(tau * seconds / 19.3)
    return 1.84 + slow + unrest
