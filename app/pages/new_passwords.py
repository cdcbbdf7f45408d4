"""The two fields of a form in which a person sets a password."""

from __future__ import annotations

from app.access.passwords import hashing, rules
from app.errors import Invalid


async def hash_of(fields: dict[str, str], username: str) -> str:
    """The hash of the new password, once it was judged.

    Raises:
        Invalid: the two fields differ, or the password breaks a rule.
        TooManyRequests: too many passwords are hashed at the moment.
    """
    password = fields.get("password", "")
    rules.check(password, username)
    if fields.get("password_again", "") != password:
        raise Invalid("The two passwords differ; type the same one twice.", field="password_again")
    return await hashing.hash_password(password)
