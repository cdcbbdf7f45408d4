"""People with passwords, and browsers for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from app.access.passwords import hashing, passwords
from tests.conftest import Person, new_person
from tests.support.pages.visitor import Visitor

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
async def password_hash() -> str:
    """Computed once: it is slow on purpose."""
    return await hashing.hash_password(PASSWORD)


@pytest.fixture
async def person(runtime, admin, password_hash) -> Person:
    """Somebody whom no other test knows, with a password."""
    made = await new_person(runtime, admin, f"person-{uuid4().hex[:8]}")
    async with runtime.db.write() as tx:
        await passwords.set_password(tx, made.actor.user_id, password_hash)
    return made


@pytest.fixture
async def visitor(url) -> AsyncIterator[Visitor]:
    """A browser that has never been here."""
    async with Visitor(url) as browser:
        yield browser
