"""The virtual environments of the comparison, in `.bench/` (ignored by git).

    python -m benchmarks.peers.environments [--lock]

Makes one of Home Assistant, by a lock with the hash of each package, and, where that needs another
Python than the present one, one of the hub on that same Python, so that interpreters are compared
with themselves. What is there already is left alone. Without the Python, a compiler or the
Internet it says what is missing and ends with status 0: the hub is then measured alone. `--lock`
makes the locks anew instead.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".bench"
LOCKS = Path(__file__).parent / "locks"
THERE = "complete"


@dataclass(frozen=True, slots=True)
class Peer:
    """A release of Home Assistant and the Python it is measured on."""

    release: str
    python: tuple[int, int]

    @property
    def lock(self) -> Path:
        return LOCKS / f"home_assistant_{self.release}.txt"

    @property
    def environment(self) -> Path:
        return FOLDER / f"home_assistant_{self.release}"


PEERS = (Peer("2025.4.4", (3, 13)), Peer("2024.3.3", (3, 11)))
"""The newest first: the first whose Python is at hand is the one."""


@dataclass(frozen=True, slots=True)
class Pythons:
    """The interpreters that play: of the peer, if it is there, and of the hub beside it."""

    hub: Path
    home_assistant: Path | None


def found() -> Pythons:
    """What `make` made; without it the hub alone, on the present Python."""
    present = Path(sys.executable)
    for peer in PEERS:
        if (peer.environment / THERE).exists():
            own = present if sys.version_info[:2] == peer.python else _python_of(_hub_for(peer))
            if own.exists():
                return Pythons(own, _python_of(peer.environment))
    return Pythons(present, None)


def make() -> None:
    """Make what is missing. Raises subprocess.CalledProcessError where a package cannot be had."""
    for peer in PEERS:
        python = _interpreter(peer.python)
        if python is None:
            continue
        print(f"benchmarks: Home Assistant {peer.release} on {python}", flush=True)
        _made(peer.environment, python, peer.lock)
        if sys.version_info[:2] != peer.python:
            _made(_hub_for(peer), python, ROOT / "requirements.lock")
        return
    wanted = " or ".join(".".join(map(str, peer.python)) for peer in PEERS)
    print(f"benchmarks: Home Assistant needs Python {wanted}, which is not at hand", flush=True)


def lock() -> None:
    """Resolve each release's packages anew, from the few that its `.in` file names."""
    for peer in PEERS:
        line = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--generate-hashes"]
        line += ["--no-emit-index-url", "--no-header", "--no-annotate", "--python-version"]
        line += ["{}.{}".format(*peer.python), str(peer.lock.with_suffix(".in"))]
        subprocess.run([*line, "-o", str(peer.lock)], check=True)


def _hub_for(peer: Peer) -> Path:
    return FOLDER / f"hub_on_{peer.python[0]}.{peer.python[1]}"


def _python_of(environment: Path) -> Path:
    return environment / "bin" / "python"


def _made(environment: Path, python: Path, lock: Path) -> None:
    mark = environment / THERE
    if mark.exists() and mark.read_text() == lock.read_text():
        return
    subprocess.run([python, "-m", "venv", "--clear", environment], check=True)
    pip = [_python_of(environment), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
    mark.write_text(lock.read_text())


def _interpreter(version: tuple[int, int]) -> Path | None:
    """An interpreter of that version that runs: pyenv, for one, has names of some that do not."""
    ask = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    for path in _candidates("{}.{}".format(*version)):
        done = subprocess.run([path, "-c", ask], capture_output=True, text=True, check=False)
        if done.returncode == 0 and tuple(map(int, done.stdout.split())) == version:
            return path
    return None


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    named = shutil.which(f"python{version}")
    if named is not None:
        yield Path(named)
    yield from sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), reverse=True)
    uv = ".local/share/uv/python"
    yield from sorted(Path.home().glob(f"{uv}/cpython-{version}.*/bin/python"), reverse=True)


if __name__ == "__main__":
    try:
        lock() if sys.argv[1:] == ["--lock"] else make()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"benchmarks: no Home Assistant, the hub is measured alone: {error}", flush=True)
