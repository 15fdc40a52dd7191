"""Sensors that never rest: `python -m benchmarks.load PORT SENSORS RATE`.

Publishes RATE messages a second, spread evenly over the topics town/sensor/0 to SENSORS-1, each
with a value that differs from the one before, so that each is a change of state. QoS 0, as most
sensors do. Runs until it is terminated; then prints how many messages there were, and over how
many seconds.
"""

from __future__ import annotations

import itertools
import signal
import sys
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.world.mosquitto import PASSWORD, USER

TICK_S = 0.01


def main() -> None:
    port, sensors, rate = (int(word) for word in sys.argv[1:])
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(USER, PASSWORD)
    client.connect("127.0.0.1", port)
    client.loop_start()
    began = time.monotonic()
    for number in itertools.count(1):
        client.publish(f"town/sensor/{number % sensors}", str(number))
        ahead = number / rate - (time.monotonic() - began)
        if ahead > TICK_S:
            time.sleep(ahead)
        if ended:
            break
    print(number, round(time.monotonic() - began, 3), flush=True)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main()
