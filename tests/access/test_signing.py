"""The hub's own key."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from hub.access.signing import KEY, PUBLIC, BadKey, Signer, key_id, verify


def test_what_was_signed_is_true_and_a_changed_byte_is_seen(tmp_path: Path) -> None:
    signer = Signer.at(tmp_path)
    data = b"what was deleted"
    signature = signer.sign(data)
    assert verify(signer.public, data, signature)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        assert not verify(signer.public, bytes(changed), signature)
    assert not verify(signer.public, data, signature[:-1])
    assert not verify(b"no key", data, signature)


def test_the_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    first = Signer.at(tmp_path / "keys")
    again = Signer.at(tmp_path / "keys")
    assert first.public == again.public
    assert first.key_id == key_id(again.public)
    assert stat.S_IMODE((tmp_path / "keys" / KEY).stat().st_mode) == 0o600
    assert Signer.at(tmp_path / "others").public != first.public


def test_others_can_check_it_with_the_public_half(tmp_path: Path) -> None:
    data, signature = tmp_path / "data", tmp_path / "signature"
    data.write_bytes(b"a record")
    signature.write_bytes(Signer.at(tmp_path).sign(b"a record"))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(tmp_path / PUBLIC)]
    files = ["-rawin", "-in", str(data), "-sigfile", str(signature)]
    try:
        done = subprocess.run([*command, *files], capture_output=True, timeout=20, check=False)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert done.returncode == 0, done.stderr


def test_a_lost_public_half_is_written_again(tmp_path: Path) -> None:
    Signer.at(tmp_path)
    pem = (tmp_path / PUBLIC).read_bytes()
    (tmp_path / PUBLIC).write_bytes(b"torn")
    Signer.at(tmp_path)
    assert (tmp_path / PUBLIC).read_bytes() == pem


def test_a_broken_key_is_told_and_not_replaced(tmp_path: Path) -> None:
    Signer.at(tmp_path)
    (tmp_path / KEY).write_bytes(b"-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(BadKey, match="put it back from a copy"):
        Signer.at(tmp_path)
    assert (tmp_path / KEY).read_bytes().startswith(b"-----BEGIN")
