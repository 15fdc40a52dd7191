"""Starting, freezing and restarting the RTSP server of `rtsp_server.py`."""

from __future__ import annotations

import select
import signal
import subprocess
from pathlib import Path

_PYTHON = "/usr/bin/python3"
_SERVER = Path(__file__).with_name("rtsp_server.py")
_CHECK = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); gi.require_version('GstApp', '1.0')"
)

USER = "cam"
PASSWORD = "se:cr@t/€"


def missing() -> str | None:
    """What this machine lacks to serve RTSP, or None."""
    if not Path(_PYTHON).exists():
        return f"{_PYTHON} is missing"
    check = subprocess.run([_PYTHON, "-c", _CHECK], capture_output=True, check=False)
    if check.returncode:
        return "GStreamer's RTSP server for Python (gir1.2-gst-rtsp-server-1.0) is missing"
    return None


class RtspCameras:
    """One server process; each clip is at `url(name of the clip, number)`."""

    def __init__(self, clips: list[Path], mounts: int = 1, port: int = 0) -> None:
        command = [_PYTHON, str(_SERVER), str(port), str(mounts), USER, PASSWORD]
        self._process = subprocess.Popen(
            [*command, *map(str, clips)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], 20)
        line = self._process.stdout.readline() if readable else ""
        if not line.startswith("ready"):
            self.stop()
            raise RuntimeError("the RTSP server did not start")
        self.port = int(line.split()[1])
        self.pid = self._process.pid

    def url(self, name: str, number: int | str = 0) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{name}/{number}"

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
