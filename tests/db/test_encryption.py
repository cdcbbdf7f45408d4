"""Secrets at rest: encrypted for one context, readable across releases, never with another key."""

from __future__ import annotations

import pytest

from app.encryption import Encryption, SecretUnreadable

STORED = bytes.fromhex("01c5a53871e5584eefbb2c7afe1e3bfa59839fa8b366009b9c59f3088464e30d0c2cb2c593b05c")
"""As a former release stored it, with another library."""


@pytest.fixture
def encryption():
    return Encryption("installation key", b"purpose")


def test_secret_of_a_former_release_is_read(encryption):
    assert encryption.decrypt("7:token", STORED) == "geheim: ü"


@pytest.mark.parametrize("secret", ["", "x", "geheim: ü", "a" * 10_000])
def test_secret_is_read_again_and_stored_otherwise_each_time(encryption, secret):
    first, second = encryption.encrypt("7:token", secret), encryption.encrypt("7:token", secret)
    assert first != second
    assert encryption.decrypt("7:token", first) == encryption.decrypt("7:token", second) == secret


@pytest.mark.parametrize(
    ("other", "context", "stored"),
    [
        (Encryption("other key", b"purpose"), "7:token", STORED),
        (Encryption("installation key", b"other"), "7:token", STORED),
        (Encryption("installation key", b"purpose"), "8:token", STORED),
        (Encryption("installation key", b"purpose"), "7:token", STORED[:-1]),
        (Encryption("installation key", b"purpose"), "7:token", STORED[:-1] + b"x"),
        (Encryption("installation key", b"purpose"), "7:token", STORED[:20]),
        (Encryption("installation key", b"purpose"), "7:token", b""),
    ],
)
def test_secret_is_unreadable_otherwise(other, context, stored):
    with pytest.raises(SecretUnreadable):
        other.decrypt(context, stored)
