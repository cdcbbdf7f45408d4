"""How long tokens may live, by the settings of the installation; and which of them end soon.

The rule holds where tokens are made and rotated. Those that were made before it, with a later end or none, go on as
they are: a rule that ended them would stop what runs by them without a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.errors import Invalid


@dataclass(frozen=True, slots=True)
class LongestLives:
    """The longest lives of tokens: of people, and of bots. None: as long as their makers like."""

    personal: timedelta | None = None
    bots: timedelta | None = None

    @classmethod
    def of_days(cls, personal: int, bots: int) -> LongestLives:
        """From the settings, where 0 is no limit."""
        return cls(timedelta(days=personal) if personal else None, timedelta(days=bots) if bots else None)


UNLIMITED = LongestLives()


def end(wanted: datetime | None, longest: timedelta | None) -> datetime | None:
    """When a token ends that is made now: as requested, and where nothing is, as late as is allowed.

    Raises:
        Invalid: it is in the past, or later than is allowed.
    """
    now = datetime.now(UTC)
    if wanted is not None and wanted <= now:
        raise Invalid(f"`{wanted.isoformat()}` is in the past; a token must expire later.", field="expiresAt")
    if longest is None:
        return wanted
    latest = now + longest
    if wanted is not None and wanted > latest:
        raise Invalid(
            f"Tokens of this kind live for {longest.days} days at most on this installation: `{wanted.isoformat()}` is "
            f"after `{latest.isoformat(timespec='seconds')}`.",
            field="expiresAt",
        )
    return wanted or latest


def is_ending(expires_at: datetime | None, revoked_at: datetime | None, within: timedelta) -> bool:
    """Whether a token that is still valid ends within that time."""
    now = datetime.now(UTC)
    return revoked_at is None and expires_at is not None and now < expires_at <= now + within
