"""The short codes that people compare and type, and the long ones of machines."""

from __future__ import annotations

import re
import secrets

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Twenty letters without vowels: no words come about, none is taken for a digit, capitals do not matter (RFC 8628
§6.1). Eight of them are 34 bits, for ten minutes."""
LENGTH = 8
DEVICE_PREFIX = "myd_"
MAX_DEVICE_CODE = 100
_IGNORED = re.compile(r"[\s\u2010-\u2015_.-]+")


def new_user_code() -> str:
    """A code as it is shown: two groups of four letters."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def new_device_code() -> str:
    """The secret with which a machine polls."""
    return DEVICE_PREFIX + secrets.token_urlsafe(30)


def read_user_code(typed: str) -> str | None:
    """A code as it is shown, however it was typed; None for a text that is none."""
    letters = _IGNORED.sub("", typed[:40]).upper()
    if len(letters) != LENGTH or not set(letters) <= set(ALPHABET):
        return None
    return f"{letters[:4]}-{letters[4:]}"
