"""RTSP cameras, served by GStreamer's server; runs under the system's python3, which has gi.

    /usr/bin/python3 rtsp_server.py PORT MOUNTS USER PASSWORD FILE...

serves each H.264 or H.265 file, in a loop and without encoding it again, at
rtsp://127.0.0.1:PORT/<name of the file without extension>/<0 to MOUNTS-1>, asking for digest
authentication. /<name>/ulaw, /<name>/aac and /<name>/opus have a tone beside the pictures.
PORT 0 picks a free one. Prints `ready PORT` when it listens. All who look at one
address see the same pictures at the same time.
"""

import sys
from pathlib import Path

import gi

for name in ("Gst", "GstApp", "GstRtsp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402, F401

Gst.init(None)


def load(path):
    """(codec, caps, access units) of a file; the units stay in memory, shared by all mounts."""
    for codec in ("h264", "h265"):
        units, caps = [], ""
        pipeline = Gst.parse_launch(
            f'filesrc location="{path}" ! qtdemux ! {codec}parse config-interval=-1 '
            f"! video/x-{codec},stream-format=byte-stream,alignment=au "
            "! appsink name=sink sync=false"
        )
        sink = pipeline.get_by_name("sink")
        pipeline.set_state(Gst.State.PLAYING)
        while sample := sink.try_pull_sample(2 * Gst.SECOND):
            units.append(sample.get_buffer())
            caps = sample.get_caps()
        pipeline.set_state(Gst.State.NULL)
        if units:
            return codec, caps, units
    raise SystemExit(f"no H.264 or H.265 video in {path}")


SOUND = {
    "ulaw": "audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0",
    "aac": "audio/x-raw,rate=16000,channels=1 ! voaacenc ! rtpmp4gpay name=pay1 pt=97",
    "opus": "audio/x-raw,rate=48000,channels=1 ! opusenc ! rtpopuspay name=pay1 pt=97",
}


class Loop:
    """Feeds the access units for ever, with timestamps that never break."""

    def __init__(self, units, frame_ns):
        self.units, self.frame_ns, self.count = units, frame_ns, 0

    def more(self, source, _length):
        unit = self.units[self.count % len(self.units)].copy()  # shares the memory
        unit.pts = unit.dts = self.count * self.frame_ns
        unit.duration = self.frame_ns
        self.count += 1
        source.emit("push-buffer", unit)


def configure(_factory, media, units, frame_ns):
    source = media.get_element().get_by_name("source")
    source.connect("need-data", Loop(units, frame_ns).more)


def mount(mounts, name, count, codec, caps, units, role):
    known, rate, per = caps.get_structure(0).get_fraction("framerate")
    frame_ns = Gst.SECOND * per // rate if known and rate else Gst.SECOND // 25
    quoted = caps.to_string().replace('"', '\\"')
    for number in [*range(count), *SOUND]:
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_shared(True)
        factory.set_latency(0)
        beep = "audiotestsrc is-live=true ! audioconvert"
        sound = f"{beep} ! {SOUND[number]} " if number in SOUND else ""
        factory.set_launch(
            f'( appsrc name=source format=time max-bytes=100000 caps="{quoted}" '
            f"! {codec}parse ! rtp{codec}pay name=pay0 pt=96 config-interval=-1 {sound})"
        )
        factory.connect("media-configure", configure, units, frame_ns)
        permissions = GstRtspServer.RTSPPermissions()
        for right in ("access", "construct"):
            permissions.add_permission_for_role(role, f"media.factory.{right}", True)
        factory.set_permissions(permissions)
        mounts.add_factory(f"/{name}/{number}", factory)


def main():
    port, count, user, password, *files = sys.argv[1:]
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "camera")
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    for path in files:
        mount(server.get_mount_points(), Path(path).stem, int(count), *load(path), "camera")
    server.attach(None)
    print("ready", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
