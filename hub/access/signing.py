"""The hub's own key (Ed25519, RFC 8032): what it signs, others can check with the public half.

There is one key for all that a hub signs. It is made at the first start and is never replaced by
itself: what was signed with a key that is lost can still be checked, but nobody could tell a new
key from a stranger's.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

KEY = "hub.ed25519"
PUBLIC = "hub.ed25519.pub"


class BadKey(Exception):
    """The file of the hub's key cannot be used."""


class Signer:
    """Signs with the hub's key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        """The public half, 32 bytes."""
        self.key_id = key_id(self.public)

    @classmethod
    def at(cls, folder: Path) -> Signer:
        """The key in a folder, made where there is none; blocks. Its public half, as PEM, stands
        beside it for whoever checks. Raises BadKey, OSError."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / KEY
        if not path.exists():
            _make(path)
        signer = cls(_load(path))
        pem = signer._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        beside = folder / PUBLIC
        if not beside.exists() or beside.read_bytes() != pem:
            _write(beside, pem, 0o644)
        return signer

    def sign(self, data: bytes) -> bytes:
        """The signature of these bytes, 64 of them."""
        return self._key.sign(data)


def verify(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the owner of a public key (32 bytes) signed exactly these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(public: bytes) -> str:
    """A short name of a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise BadKey(
            f"{path} holds no key ({error}); put it back from a copy. Only where there is no copy, "
            "remove the file: the hub then makes a new key, which nobody knows yet"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path} holds a key of another kind than Ed25519; put it back from a copy")
    return key


def _make(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)


def _write(path: Path, data: bytes, mode: int) -> None:
    """All of it or nothing, also at a power cut."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
