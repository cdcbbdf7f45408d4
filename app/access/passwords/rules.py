"""What a password has to be: long enough, not what everyone else has, and not the username.

NIST SP 800-63B §5.1.1.2: length and a list of common ones, no rules about kinds of characters.
"""

from __future__ import annotations

from app.access.passwords import common_passwords
from app.access.passwords.hashing import MAX_CHARACTERS, comparable
from app.errors import Invalid

MIN_CHARACTERS = 10


def check(password: str, username: str, *, field: str = "password") -> None:
    """Refuse a password that is too short, too long, common, or built on the username.

    Length is counted in Unicode code points after normalization.

    Raises:
        Invalid: with what would be right; the message never holds the password.
    """
    if len(comparable(password)) > MAX_CHARACTERS:
        raise Invalid(f"A password has at most {MAX_CHARACTERS:,} characters; this one has more.", field=field)
    try:
        password.encode()
    except UnicodeEncodeError:
        raise Invalid("The password holds a lone surrogate (half of a UTF-16 pair).", field=field) from None
    if "\0" in password:
        raise Invalid("A password may have any character but NUL, which no form can send.", field=field)
    text = comparable(password)
    if len(text) < MIN_CHARACTERS:
        raise Invalid(f"A password has at least {MIN_CHARACTERS} characters; this one has {len(text)}.", field=field)
    if len(set(text)) < 3:
        raise Invalid("This is one or two characters over and over, which is guessed first; mix more.", field=field)
    if _holds(text, username):
        raise Invalid("The password holds the username, which is guessed first; choose another one.", field=field)
    if common_passwords.is_common(text):
        raise Invalid(
            "This is one of the most common passwords, or one with a few digits or signs behind it; such are guessed "
            "first. Several words that do not belong together make a good one.",
            field=field,
        )


def _holds(text: str, username: str) -> bool:
    """Whether a username of four letters or more is in it; of a shorter one, whether it is all of it, repeated."""
    name, folded = username.casefold(), text.casefold()
    if not name:
        return False
    if len(name) > 3:
        return name in folded or name[::-1] in folded
    return not folded.replace(name, "")
