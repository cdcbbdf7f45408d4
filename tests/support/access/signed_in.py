"""Browsers with a session: callers beside those with tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.access import sessions
from app.access.authentication.client_info import ClientInfo
from app.access.policy import Actor
from app.access.sessions import Method

SESSION = "modelyard_session"
BROWSER = ClientInfo("192.0.2.7", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")


@dataclass(frozen=True)
class Browser:
    """A person's sign-in, over http at ``url``."""

    session_id: int
    secret: str
    url: str

    @property
    def cookie(self) -> dict[str, str]:
        """What every request of the browser carries."""
        return {"Cookie": f"{SESSION}={self.secret}"}

    @property
    def headers(self) -> dict[str, str]:
        """What a page of the service sends by fetch."""
        return self.cookie | {"Origin": self.url, "X-Requested-With": "tests"}


async def sign_in(
    runtime: Any,
    person: Actor,
    url: str = "http://test",
    *,
    method: Method = Method.PASSWORD,
    provider: str | None = None,
    days: float = 90,
) -> Browser:
    """A new session of a person, for requests to the service at ``url``."""
    assert person.user_id is not None
    async with runtime.db.write() as tx:
        life = timedelta(days=days)
        new = await sessions.start(tx, person.user_id, BROWSER, method, life=life, provider=provider)
    return Browser(new.session.id, new.secret, url)
