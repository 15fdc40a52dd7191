"""Why a camera gives no pictures, a recording has no file, or a time is not in the archive: one
word each."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The word travels, is stored and is translated; `REASONS` says it in English."""

    CONNECTING = "connecting"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    UNREACHABLE = "unreachable"
    STALLED = "stalled"
    ENDED = "ended"
    RUBBISH = "rubbish"
    NO_VIDEO = "no_video"
    NO_KEYFRAME = "no_keyframe"
    UNSUPPORTED = "unsupported"
    AUDIO_UNSUPPORTED = "audio_unsupported"
    BAD_ADDRESS = "bad_address"
    NO_PICTURE = "no_picture"
    UNKNOWN_CAMERA = "unknown_camera"
    CAPTURE_DOWN = "capture_down"
    DISK_FULL = "disk_full"
    DISK_INODES = "disk_inodes"
    DISK_READ_ONLY = "disk_read_only"
    DISK_GONE = "disk_gone"
    SWITCHED_OFF = "switched_off"
    CLOCK_SET = "clock_set"
    FILE_MISSING = "file_missing"
    HUB_STOPPED = "hub_stopped"
    CAPTURE_STOPPED = "capture_stopped"
    UNKNOWN = "unknown"


REASONS = {
    Reason.CONNECTING: "it is being connected to",
    Reason.UNAUTHORIZED: "it refuses the user or the password",
    Reason.NOT_FOUND: "there is no such stream or file",
    Reason.UNREACHABLE: "it cannot be reached",
    Reason.STALLED: "it stopped sending",
    Reason.ENDED: "it closed the connection",
    Reason.RUBBISH: "it sends what is no video stream",
    Reason.NO_VIDEO: "its stream holds no video",
    Reason.NO_KEYFRAME: "its stream holds no keyframe, from which pictures could be shown",
    Reason.UNSUPPORTED: "its codec is neither H.264 nor H.265",
    Reason.AUDIO_UNSUPPORTED: "its sound is of a codec that cannot be kept",
    Reason.BAD_ADDRESS: "its address is not of a kind that is supported",
    Reason.NO_PICTURE: "it has given no picture yet",
    Reason.UNKNOWN_CAMERA: "it is not set up",
    Reason.CAPTURE_DOWN: "the capture process does not run",
    Reason.DISK_FULL: "the disk is full",
    Reason.DISK_INODES: "the disk has no room for another file, though it has bytes left",
    Reason.DISK_READ_ONLY: "the disk may only be read",
    Reason.DISK_GONE: "the disk is not there, or cannot be written",
    Reason.SWITCHED_OFF: "its recording is switched off",
    Reason.FILE_MISSING: "its file is gone from the disk",
    Reason.CLOCK_SET: "the clock of this machine was set",
    Reason.HUB_STOPPED: "the hub did not run",
    Reason.CAPTURE_STOPPED: "the capture process did not run",
    Reason.UNKNOWN: "nobody knows why",
}


def explain(reason: str) -> str:
    """The reason in words, for the log and for operators."""
    try:
        return REASONS[Reason(reason)]
    except ValueError:
        return reason
