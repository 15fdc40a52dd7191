"""What may be set about recording, and what of it counts for a camera."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hub import from_config
from hub.config.check import load
from hub.plugin.loader import Plugins
from hub.video.settings import Keep, RecordingSettings, Tier

DAY = timedelta(days=1)


def settings(**fields: Any) -> RecordingSettings:
    return RecordingSettings.model_validate(fields)


def test_without_a_word_events_of_the_main_stream_are_recorded() -> None:
    its = settings().of("camera.gate")
    assert (its.mode.main, its.mode.sub) == ("events", "off")
    assert not its.audio
    assert its.masks == {}


def test_a_camera_has_what_it_says_itself_and_else_what_all_have() -> None:
    told = settings(
        default={"mode": "continuous", "audio": True, "pre_roll": "20s"},
        cameras={"camera.gate": {"audio": False, "process": 2}},
    )
    gate, yard = told.of("camera.gate"), told.of("camera.yard")
    assert (gate.mode.main, gate.audio, gate.process) == ("continuous", False, 2)
    assert (yard.mode.main, yard.audio, yard.process) == ("continuous", True, None)
    assert gate.pre_roll == timedelta(seconds=20)


def test_a_class_that_is_stated_stands_as_a_whole() -> None:
    told = settings(
        default={"keep": {"continuous": {"max": "2d"}}},
        cameras={"camera.gate": {"keep": {"event": {"min": "1d"}}}},
    )
    its = told.of("camera.gate").keep
    assert its.continuous == Keep(min=timedelta(), max=2 * DAY)
    assert its.event == Keep(min=DAY, max=None)
    assert its.incident == Keep(min=90 * DAY, max=3 * 365 * DAY)
    assert told.of("camera.yard").keep.event == Keep(min=30 * DAY, max=90 * DAY)


def test_every_mode_that_a_stream_may_come_to_have_is_known() -> None:
    told = settings(
        default={
            "mode": "off",
            "schedule": [{"mode": {"main": "events", "sub": "continuous"}}],
            "modes": {"raid": "continuous"},
        }
    )
    its = told.of("camera.gate")
    assert its.may_be("main") == {"off", "events", "continuous"}
    assert its.may_be("sub") == {"off", "continuous"}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("400GB", 400_000_000_000),
        ("1.5TB", 1_500_000_000_000),
        ("512MiB", 512 << 20),
        ("2 kB", 2_000),
        ("7B", 7),
        (0, 0),
        ("0B", 0),
    ],
)
def test_sizes_are_written_as_people_write_them(text: str, size: int) -> None:
    assert Tier(name="ssd", path=Path("a"), quota=text).quota == size  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["400", 400, "GB", "-1GB", "1GiB2", "7iB", "much", True, "1e9B"])
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        Tier(name="ssd", path=Path("a"), quota=text)  # type: ignore[arg-type]


def test_folders_of_disks_are_seen_from_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "config.yaml").write_text(
        "hub: {name: Town}\nrecording:\n  default: {mode: continuous}\n"
        "  tiers: [{name: ssd, path: video}, {name: nas, path: /mnt/nas, mounted: true}]\n"
    )
    told = from_config.recording(load(Path("town/config.yaml"), Plugins([])))
    assert [tier.path for tier in told.tiers] == [Path("town/video"), Path("/mnt/nas")]
    assert told.default.mode.main == "continuous"


@pytest.fixture
def check(tmp_path: Path) -> Callable[[str], None]:
    def check(recording: str) -> None:
        path = tmp_path / "config.yaml"
        path.write_text(f"hub: {{name: Town}}\nmodes: {{raid: {{name: Raid}}}}\n{recording}\n")
        load(path, Plugins([]))

    return check


@pytest.mark.parametrize(
    "recording",
    [
        "recording: {default: {mode: off}}",
        "recording: {default: {mode: {main: continuous, sub: events}}}",
        'recording: {default: {schedule: [{mode: events, from: "22:00", to: "06:00"}]}}',
        "recording: {default: {schedule: [{mode: off, days: [sun]}], modes: {raid: continuous}}}",
        "recording: {processes: auto}",
        "recording: {tiers: [{name: ssd, path: a, move_after: 2d}, {name: nas, path: b}]}",
    ],
)
def test_what_is_documented_checks(check: Callable[[str], None], recording: str) -> None:
    check(recording)
