"""Rules for the names of users, groups and projects: they become parts of web addresses."""

from __future__ import annotations

import re

from app.access.tables import Group
from app.errors import Invalid
from app.text import normalized

MAX_EMAIL = 254
RESERVED = frozenset(
    """
    account ajax-api api artifacts ci device get-artifact graphql health invitations metrics model-versions oauth openid
    password-resets sign-in sign-in-links sign-out uploads version
    """.split()
)
"""With what addresses of the service begin: a page of a group or user of that name could never be opened."""
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]]{1,64}@[^\W_](?:[\w-]*\w)?(?:\.[^\W_](?:[\w-]*\w)?)*")
_PATH = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_-])?")


def check_path(path: str, field: str) -> str:
    """One segment of a full path.

    Raises:
        Invalid: it could not stand in a web address.
    """
    if not _PATH.fullmatch(path) or path.endswith((".git", ".atom")) or path.isdigit():
        raise Invalid(
            f"`{path[:80]}` is not a valid path: 1–255 letters, digits, `_`, `-` and `.`, beginning with a letter, "
            "digit or `_`, not ending in `.`, `.git` or `.atom`, and not digits alone.",
            field=field,
        )
    return path


def check_first_segment(path: str, field: str) -> str:
    """The first segment of full paths: the name of a user, or of a group that is in no other. Existing ones stay.

    Raises:
        Invalid: it could not stand in a web address, or the service has addresses of its own below it.
    """
    if check_path(path, field).lower() in RESERVED:
        raise Invalid(f"`{path[:80]}` is reserved for addresses of the service; choose another name.", field=field)
    return path


def check_title(name: str, field: str, limit: int = 255) -> str:
    """A name for people, in normal form C.

    Raises:
        Invalid: blank, longer than ``limit`` characters, or with control characters.
    """
    name = normalized(name)
    if not name.strip() or len(name) > limit or any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        raise Invalid(
            f"`{name[:80]}` is not a valid name: 1–{limit} characters, not blank, no control characters.", field=field
        )
    return name


def check_email(email: str, field: str = "email") -> str:
    """An e-mail address, in normal form C. Whether mail arrives there is not checked.

    Raises:
        Invalid: it could not be one (RFC 5321 §4.5.3.1 for the lengths; quoted local parts are refused).
    """
    email = normalized(email)
    if len(email) > MAX_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise Invalid(
            f"`{email[:80]}` is not an e-mail address such as ada@example.org, at most {MAX_EMAIL} characters long.",
            field=field,
        )
    return email


VISIBILITIES = ("private", "internal", "public")
"""Who may know of a project or group, from the fewest to all."""


def check_visibility(value: str, field: str = "visibility") -> str:
    """Who may know of a project or group.

    Raises:
        Invalid: not one of the three.
    """
    if value not in VISIBILITIES:
        raise Invalid(f"`{value[:80]}` is not a visibility: private, internal or public.", field=field)
    return value


def check_below(value: str, group: Group, field: str = "visibility") -> None:
    """Refuse a project or group that more callers would see than the group around it: its path names that group.

    A user's own namespace sets no limit: what stands in it names its maker anyway.

    Raises:
        Invalid: ``value`` is more than the group's own visibility.
    """
    is_namespace = group.owner_user_id is not None
    if not is_namespace and VISIBILITIES.index(value) > VISIBILITIES.index(group.visibility):
        raise Invalid(
            f"`{value}` is more than the group around it, which is {group.visibility}: the path would show that group. "
            f"Choose {' or '.join(VISIBILITIES[: VISIBILITIES.index(group.visibility) + 1])}, or another group.",
            field=field,
        )
