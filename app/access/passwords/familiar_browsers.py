"""Browsers in which a person has signed in before: an attack on the account from elsewhere does not slow these.

Such a browser keeps a cookie with a number of its own and, for each person, a signature; nothing is stored here. The
cookie lets no one in: it gives its browser a count of wrong passwords of its own (OWASP: Slow Down Online Guessing
Attacks with Device Cookies), so a copy of it is worth a few guesses an hour.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.settings import Settings

LIFE = timedelta(days=365)
_MOST_PEOPLE = 5
_PURPOSE = b"browsers that have signed in before"
_NUMBER = re.compile(r"[A-Za-z0-9_-]{22}")
_PROOF = re.compile(r"([1-9][0-9]{0,18})-([0-9]{1,6})-([A-Za-z0-9_-]{22})")
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser has shown of itself; only people whose signature was right are in it."""

    number: str
    people: dict[int, int]
    """The day of the last sign-in of each, since 2020."""

    def is_familiar_to(self, user_id: int | None) -> bool:
        """Whether the person has signed in here before."""
        return user_id in self.people

    def with_person(self, user_id: int) -> Browser:
        """The same after a sign-in; of many people the last few are kept."""
        others = [(id, day) for id, day in self.people.items() if id != user_id]
        return replace(self, people=dict([*others, (user_id, _today())][-_MOST_PEOPLE:]))

    def cookie(self, settings: Settings) -> str:
        """The value of its cookie."""
        proofs = [f"{id}-{day}-{_signature(settings, self.number, id, day)}" for id, day in self.people.items()]
        return ".".join([self.number, *proofs])


def read(settings: Settings, cookie: str) -> Browser:
    """The browser that a cookie belongs to; a new one if it is none of ours."""
    number, *proofs = cookie[:1_000].split(".")
    if not _NUMBER.fullmatch(number):
        return Browser(base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("="), {})
    people = {}
    for proof in proofs[:_MOST_PEOPLE]:
        if (match := _PROOF.fullmatch(proof)) is None:
            continue
        user_id, day = int(match[1]), int(match[2])
        is_ours = hmac.compare_digest(match[3], _signature(settings, number, user_id, day))
        if is_ours and _today() - day <= LIFE.days:
            people[user_id] = day
    return Browser(number, people)


def _today() -> int:
    return (datetime.now(UTC) - _EPOCH).days


def _signature(settings: Settings, number: str, user_id: int, day: int) -> str:
    key = hmac.new(settings.secret_key.get_secret_value().encode(), _PURPOSE, hashlib.sha256).digest()
    digest = hmac.new(key, f"{number} {user_id} {day}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
