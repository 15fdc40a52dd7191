"""Clips with sound: numbered pictures, and a tone that is silent in each odd second."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av

RATE = 16_000
_BEEP = "aevalsrc=exprs='0.5*sin(2*PI*440*t)*(1-mod(floor(t)\\,2))'"
_CODECS = {
    "aac": ["-c:a", "aac", "-b:a", "32k"],
    "opus": ["-c:a", "libopus", "-b:a", "32k"],
    "alaw": ["-c:a", "pcm_alaw"],
    "ulaw": ["-c:a", "pcm_mulaw"],
    "mp2": ["-c:a", "mp2"],
}
_RATES = {"opus": 48_000, "alaw": 8_000, "ulaw": 8_000}


def make(path: Path, clip: Path, codec: str, *, seconds: int = 6, begin: float = 0.0) -> Path:
    """The clip's pictures, not encoded again, with sound from `begin` on."""
    rate = _RATES.get(codec, RATE)
    sound = f"{_BEEP}:s={rate}:d={seconds - begin}"
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-itsoffset", str(begin)]
    command += ["-f", "lavfi", "-i", sound, "-map", "0:v", "-map", "1:a", "-t", str(seconds)]
    command += ["-c:v", "copy", *_CODECS[codec], str(path)]
    subprocess.run(command, check=True)
    return path


def loudness(path: Path) -> list[tuple[float, float]]:
    """When (in seconds) and how loud (root of the mean square) the sound of a file is, in tenths
    of a second."""
    found: dict[int, list[float]] = {}
    resampler = av.AudioResampler("flt", "mono", RATE)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                assert part.pts is not None
                samples = memoryview(bytes(part.planes[0])).cast("f")[: part.samples]
                for number, sample in enumerate(samples):
                    found.setdefault((part.pts + number) // (RATE // 10), []).append(sample)
    return [(at / 10, (sum(s * s for s in v) / len(v)) ** 0.5) for at, v in sorted(found.items())]
