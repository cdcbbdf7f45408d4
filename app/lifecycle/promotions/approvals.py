"""Approvals of promotion requests, and which of them still hold.

An approval is given for what was there: files, metrics and evaluations of the version, the gates of the stage, and the
version that the stage stood for. When any of these changes, it falls. It counts while who gave it is a person with the
right to approve, other than the requester and the makers of the version and its candidate.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import orjson

from app.access import members
from app.access.policy import Role
from app.db.database import Snapshot, Tx
from app.db.statements import Statement, columns
from app.lifecycle.promotions.checked import Checked
from app.registry.versions.lookup import ModelVersion
from app.tracking.reads import subjects


class Approval(NamedTuple):
    """An approval that has not fallen; ``checked`` is what it was given for, ``role`` who gave it has now."""

    id: int
    user_id: int
    username: str
    given_at: datetime
    checked: str
    """As JSON."""
    is_person: bool
    role: int | None

    @property
    def given_for(self) -> Checked:
        return Checked.of_json(orjson.loads(self.checked))


_READ = Statement(
    "promotions.read_approvals",
    "The approvals of a request that have not fallen, with what who gave them may do now.",
    f"""
    SELECT {
        columns(
            Approval,
            of="a",
            checked="a.checked::text",
            is_person=members.is_active_person_sql("a.user_id"),
            role=members.role_in_project_sql("a.user_id", "a.project_id"),
        )
    }
    FROM promotion_approvals a
    WHERE a.project_id = :project AND a.request_id = :request AND a.fell_at IS NULL
    ORDER BY a.id
    """,  # noqa: S608 - of constants
    row=Approval,
)
_GIVE = Statement(
    "promotions.give_approval",
    "Notes that a person approves, unless they do already.",
    """
    INSERT INTO promotion_approvals (project_id, request_id, user_id, username, checked)
    VALUES (:project, :request, :user, :username, :checked::jsonb)
    ON CONFLICT (project_id, request_id, user_id) WHERE fell_at IS NULL DO NOTHING
    """,
)
_FALL = Statement(
    "promotions.fall_approvals",
    "Ends approvals that were given for something else than there is now.",
    """
    UPDATE promotion_approvals SET fell_at = clock_timestamp(), fall_reason = :reason
    WHERE project_id = :project AND id = :approval AND fell_at IS NULL
    """,
)


async def authors(snap: Snapshot, version: ModelVersion) -> frozenset[int]:
    """Read step: the users and bots whose work a version is: they made it, its candidate, or its logged model."""
    makers = await subjects.makers_of(snap, version.project_id, version.candidate_id, version.logged_model_id)
    return frozenset(id for id in (version.created_by, *makers) if id is not None)


async def standing(snap: Snapshot, project_id: int, request_id: int) -> list[Approval]:
    """Read step: the approvals that have not been ended, whether or not they hold for what is there now."""
    return await _READ.fetch(snap, project=project_id, request=request_id)


def valid(given: Iterable[Approval], now: Checked, *not_by: int | None) -> list[Approval]:
    """Those that hold: for what there is now, of people who may approve, and by none of these users."""
    return [
        approval
        for approval in given
        if approval.given_for == now
        and approval.user_id not in not_by
        and approval.is_person
        and approval.role is not None
        and approval.role >= Role.DEVELOPER
    ]


async def give(tx: Tx, project_id: int, request_id: int, user_id: int, username: str, now: Checked) -> bool:
    """Step: note an approval; False when that person has one already."""
    return bool(
        await _GIVE.execute(
            tx,
            project=project_id,
            request=request_id,
            user=user_id,
            username=username,
            checked=orjson.dumps(now.as_json()).decode(),
        )
    )


async def fall(tx: Tx, project_id: int, given: Iterable[Approval], now: Checked) -> list[tuple[Approval, str]]:
    """Step: end those that were given for something else; each with the reason."""
    fallen = []
    for approval in given:
        changes = now.changes_since(approval.given_for)
        if changes:
            reason = f"Changed since: {changes}."
            await _FALL.execute(tx, project=project_id, approval=approval.id, reason=reason)
            fallen.append((approval, reason))
    return fallen
