"""An RTSP camera that films a clock; runs under the system's python3, which has gi.

    /usr/bin/python3 clock_camera.py

serves rtsp://127.0.0.1:PORT/clock, 720p, 25 frames/s, about 2 Mbit/s, encoded as it goes, to all
who look at it. The top 16 lines of a frame hold 20 blocks, white for 1 and black for 0: the Unix
time at which it was made, in milliseconds, its lowest 20 bits, the highest first. Prints
`ready PORT`.
"""

import random
import time

import gi

for name in ("Gst", "GstApp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtspServer  # noqa: E402, F401

WIDTH, HEIGHT, STRIP, BITS, RATE = 1280, 720, 16, 20, 25
BLOCK = WIDTH // BITS
CAPS = f"video/x-raw,format=GRAY8,width={WIDTH},height={HEIGHT},framerate={RATE}/1"
LAUNCH = (
    f'( appsrc name=source is-live=true format=time do-timestamp=true caps="{CAPS}" '
    "! videoconvert ! openh264enc bitrate=2000000 gop-size=50 complexity=low "
    "! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)

Gst.init(None)


def background():
    """Twice the height of a frame of soft noise: each frame shows another part of it."""
    noise = random.Random(1)
    rows = []
    for _ in range(HEIGHT * 2 // 16):
        row = b"".join(bytes([noise.randrange(60, 180)]) * 16 for _ in range(WIDTH // 16))
        rows.append(row * 16)
    return b"".join(rows)


def strip():
    now = time.time_ns() // 1_000_000
    bits = (now >> bit & 1 for bit in reversed(range(BITS)))
    return b"".join((b"\xeb" if bit else b"\x10") * BLOCK for bit in bits) * STRIP


class Camera:
    def __init__(self):
        self.background = background()
        self.noise = random.Random(2)

    def configure(self, _factory, media):
        source = media.get_element().get_by_name("source")
        state = {"id": GLib.timeout_add(1000 // RATE, self.film, source)}
        media.connect("unprepared", lambda _media: GLib.source_remove(state["id"]))

    def film(self, source):
        start = self.noise.randrange(HEIGHT) * WIDTH
        rest = self.background[start : start + (HEIGHT - STRIP) * WIDTH]
        source.emit("push-buffer", Gst.Buffer.new_wrapped(strip() + rest))
        return True


def main():
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_shared(True)
    factory.set_latency(0)
    factory.set_launch(LAUNCH)
    factory.connect("media-configure", Camera().configure)
    server.get_mount_points().add_factory("/clock", factory)
    server.attach(None)
    print("ready", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
