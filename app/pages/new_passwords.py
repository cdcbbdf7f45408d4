"""The two fields of a form in which a person sets a password."""

from __future__ import annotations

from starlette.requests import Request

from app.access.openid import password_sign_in
from app.access.passwords import hashing, rules
from app.errors import Invalid
from app.runtime import Runtime


async def are_accepted(request: Request) -> bool:
    """Whether a person may sign in with a password here, so that it makes sense to set one."""
    runtime: Runtime = request.app.state.runtime
    async with runtime.db.read() as snap:
        return await password_sign_in.is_on(snap, runtime.openid)


async def require_accepted(request: Request) -> None:
    """Refuse to set a password where none is accepted.

    Raises:
        PasswordsOff: none is.
    """
    runtime: Runtime = request.app.state.runtime
    async with runtime.db.read() as snap:
        await password_sign_in.require_on(snap, runtime.openid)


async def hash_of(request: Request, fields: dict[str, str], username: str) -> str:
    """The hash of the new password, once it was judged.

    Raises:
        PasswordsOff: passwords are not accepted here.
        Invalid: the two fields differ, or the password breaks a rule.
        TooManyRequests: too many passwords are hashed at the moment.
    """
    await require_accepted(request)
    password = fields.get("password", "")
    rules.check(password, username)
    if fields.get("password_again", "") != password:
        raise Invalid("The two passwords differ; type the same one twice.", field="password_again")
    return await hashing.hash_password(password)
