"""What environments, endpoints and instances may be called."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from app.errors import Invalid, TooLarge
from app.registry.references.parse import (
    ByAlias,
    InRange,
    InStage,
    Latest,
    Reference,
    format_reference,
    parse_reference,
)
from app.registry.references.resolve import Named, Target
from app.text import normalized, quoted

MAX_ENVIRONMENT = 100
MAX_ENDPOINT = 500
MAX_REASON = 1_000
DIGEST_BYTES = 32
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Key:
    """What runs under the same three names is one deployment after the other."""

    environment: str
    endpoint: str
    instance: str = ""

    def checked(self) -> Key:
        """The key as it is stored: in normal form C, without blanks at the ends.

        Raises:
            Invalid: a name is missing, too long, or has characters that are not seen.
        """
        return Key(
            _name(self.environment, "environment", MAX_ENVIRONMENT),
            _name(self.endpoint, "endpoint", MAX_ENDPOINT),
            _name(self.instance, "instance", MAX_ENDPOINT, may_be_empty=True),
        )


def check_reason(text: str) -> str:
    """Why something ended, for people: at most 1,000 characters.

    Raises:
        TooLarge: it is longer.
        Invalid: it has a character that is no text.
    """
    if len(text) > MAX_REASON:
        raise TooLarge(f"The reason has {len(text)} characters; at most {MAX_REASON} fit.", field="reason")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise Invalid("The reason has a character that is not text (NUL, or half of a surrogate pair).", field="reason")
    return text


def check_digest(text: str) -> bytes:
    """The SHA-256 of a manifest: 64 hexadecimal digits, with or without ``sha256:`` before them.

    Raises:
        Invalid: it is not.
    """
    digits = text.removeprefix("sha256:")
    try:
        digest = bytes.fromhex(digits)
    except ValueError:
        digest = b""
    if len(digits) != 2 * DIGEST_BYTES or len(digest) != DIGEST_BYTES:
        raise Invalid(
            f"{quoted(text, 80)} is no SHA-256: write 64 hexadecimal digits, or sha256: and these.", field="digest"
        )
    return digest


def followed(target: Target, follows: str | None) -> str:
    """The reference that a deployment follows: the one that is given, else that by which the version is named.

    Empty where the version is named exactly: then it is meant to stay.

    Raises:
        InvalidReference: what is given has no form of a reference.
    """
    reference = parse_reference(follows) if follows else None
    if follows is None and isinstance(target, Named):
        reference = target.reference
    return format_reference(reference) if reference is not None and moves(reference) else ""


def moves(reference: Reference) -> bool:
    """Whether a reference may mean another version tomorrow."""
    return isinstance(reference, ByAlias | InStage | InRange | Latest)


def _name(text: str, field: str, limit: int, *, may_be_empty: bool = False) -> str:
    name = normalized(text, 4 * limit).strip()
    if not name and not may_be_empty:
        raise Invalid(f"The {field} is empty; name it, such as `production`.", field=field)
    if len(name) > limit:
        raise TooLarge(f"The {field} {quoted(name)} has {len(name)} characters; at most {limit} fit.", field=field)
    for character in name:
        if unicodedata.category(character) in _UNSEEN:
            raise Invalid(
                f"The {field} {quoted(name)} has the character U+{ord(character):04X}, which is not seen.", field=field
            )
    return name
