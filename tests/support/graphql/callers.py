"""Every kind of caller that there can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.access import tokens
from app.access.policy import Role, Scope
from app.access.tokens import IssueToken

ACTORS = ("nobody", "stranger", "guest", "reporter", "developer", "maintainer", "owner", "reader", "expired")
"""The reader is the owner with a token that may only read; the last one the owner with a token whose time is over."""


@pytest.fixture(scope="module")
async def secrets(runtime, staff) -> dict[str, str | None]:
    """The token of every actor."""
    owner = staff[Role.OWNER].actor.user_id
    over = datetime.now(UTC) - timedelta(days=1)
    async with runtime.db.write() as tx:
        reader = await tokens.add(tx, IssueToken("r", (Scope.READ_API,)), user_id=owner, created_by=owner)
        expired = await tokens.add(tx, IssueToken("e", expires_at=over), user_id=owner, created_by=owner)
    by_role = {role.name.lower(): staff[role].token for role in Role}
    made = {"nobody": None, "stranger": staff[None].token, **by_role}
    return {**made, "reader": reader.secret, "expired": expired.secret}
