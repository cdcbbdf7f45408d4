"""How the histories of stages and aliases begin and end an interval: who, when, why, by which token or CI job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from app.access.policy import Actor
from app.db.database import Snapshot
from app.errors import TooLarge
from app.registry.names import refuse_unstorable
from app.registry.stages.tables import StageInterval

MAX_REASON = 2_000


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changes something and why, as histories keep it."""

    user_id: int | None
    username: str
    token_id: int | None
    ci_job: str | None
    reason: str

    @classmethod
    def of(cls, actor: Actor, reason: str = "") -> Cause:
        return cls(actor.user_id, actor.username, actor.token_id, actor.ci_job, reason)

    @property
    def beginning(self) -> dict[str, Any]:
        """The columns of an interval that begins."""
        return {
            "set_by": self.user_id,
            "set_by_name": self.username,
            "token_id": self.token_id,
            "ci_job": self.ci_job,
            "reason": self.reason,
        }

    @property
    def ending(self) -> dict[str, Any]:
        """The columns of an interval that ends."""
        return {
            "ended_by": self.user_id,
            "ended_by_name": self.username,
            "ended_token_id": self.token_id,
            "ended_ci_job": self.ci_job,
            "ended_reason": self.reason,
        }


async def standing(snap: Snapshot, project_id: int, version_ids: Sequence[int]) -> dict[int, StageInterval]:
    """Read step: since when each version has been in its stage, by its id; of those in the first one there may be none.
    One statement.
    """
    here = (StageInterval.project_id == project_id, StageInterval.version_id == func.any(list(version_ids)))
    rows = await snap.scalars(select(StageInterval).where(*here, StageInterval.valid_until.is_(None)))
    return {row.version_id: row for row in rows}


def check_reason(reason: str, *, field: str = "reason") -> str:
    """Why something is moved, in plain text of at most 2,000 characters.

    Raises:
        TooLarge: it is longer.
        InvalidName: it holds what no database text can.
    """
    refuse_unstorable(reason, "reason", field)
    if len(reason) > MAX_REASON:
        raise TooLarge(f"The reason has {len(reason)} characters; at most {MAX_REASON} fit.", field=field)
    return reason
