"""People with passwords, attempts to sign in from addresses of their own, and what the access log says of them."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from app.access import users
from app.access.authentication.client_info import ClientInfo
from app.access.passwords import hashing, passwords
from app.access.passwords.sign_in import Attempt, SignedIn, sign_in
from app.access.users import CreateUser
from app.runtime import Runtime

GOOD = "quiet Harbour 7 lanterns"
_addresses = itertools.count(secrets.randbelow(2**30))


@dataclass(frozen=True)
class Member:
    """A person with a password."""

    id: int
    username: str
    email: str


async def new_member(runtime: Runtime, *, password: str = GOOD, hash: str | None = None, email: bool = False) -> Member:
    """A person with a password, or with a hash as it is given."""
    username = f"member-{uuid4().hex[:12]}"
    address = f"{username}@example.org" if email else ""
    stored = await hashing.hash_password(password) if hash is None else hash
    async with runtime.db.write() as tx:
        user = await users.add(tx, CreateUser(username))
        await passwords.set_password(tx, user.id, stored)
        if email:
            await tx.execute(text("UPDATE users SET email = :email WHERE id = :id"), {"email": address, "id": user.id})
    return Member(user.id, username, address)


def new_address() -> str:
    """An address that no other attempt comes from."""
    number = next(_addresses)
    return f"2001:db8:{number >> 16 & 0xFFFF:x}:{number & 0xFFFF:x}::1"


async def attempt(runtime: Runtime, name: str, password: str, *, address: str = "", browsers: str = "") -> SignedIn:
    """Sign in, from an address of its own unless one is given."""
    client = ClientInfo(address or new_address(), "tests")
    return await sign_in(runtime.db, runtime.settings, Attempt(name, password, client, browsers), runtime.openid)


async def entries(runtime: Runtime, username: str) -> Sequence[Any]:
    """What the access log says of sign-ins with that name, oldest first."""
    statement = "SELECT * FROM access_log WHERE action = 'sign_in' AND username = :name ORDER BY id"
    async with runtime.db.read() as snap:
        return (await snap.execute(text(statement), {"name": username})).all()
