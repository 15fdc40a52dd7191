"""Why a camera gives no pictures, or a recording has no file: one word each."""

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
    UNSUPPORTED = "unsupported"
    BAD_ADDRESS = "bad_address"
    NO_PICTURE = "no_picture"
    UNKNOWN_CAMERA = "unknown_camera"
    CAPTURE_DOWN = "capture_down"
    DISK_FULL = "disk_full"
    DISK_ERROR = "disk_error"


REASONS = {
    Reason.CONNECTING: "it is being connected to",
    Reason.UNAUTHORIZED: "it refuses the user or the password",
    Reason.NOT_FOUND: "there is no such stream or file",
    Reason.UNREACHABLE: "it cannot be reached",
    Reason.STALLED: "it stopped sending",
    Reason.ENDED: "it closed the connection",
    Reason.RUBBISH: "it sends what is no video stream",
    Reason.NO_VIDEO: "its stream holds no video",
    Reason.UNSUPPORTED: "its codec is neither H.264 nor H.265",
    Reason.BAD_ADDRESS: "its address is not of a kind that is supported",
    Reason.NO_PICTURE: "it has given no picture yet",
    Reason.UNKNOWN_CAMERA: "it is not set up",
    Reason.CAPTURE_DOWN: "the capture process does not run",
    Reason.DISK_FULL: "the disk is full",
    Reason.DISK_ERROR: "the disk cannot be written",
}


def explain(reason: str) -> str:
    """The reason in words, for the log and for operators."""
    try:
        return REASONS[Reason(reason)]
    except ValueError:
        return reason
