"""A stage goes back to the version that it stood for before: a promotion like any other, with every rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.access.policy import Actor
from app.db.database import Database
from app.lifecycle.gates.clients import GateClients
from app.lifecycle.promotions import promote
from app.lifecycle.promotions.promote import Entry, Promote
from app.registry.stages import rollback
from app.registry.stages.definitions import Stage


@dataclass(frozen=True, slots=True)
class RollBack:
    """Which stage, to what stood at a moment; without one, to the version before this one. See :class:`Promote`."""

    stage: str
    at: datetime | None = None
    reason: str = ""
    expected_current: int | None = None
    bypass_reason: str | None = None


async def roll_back(
    db: Database, clients: GateClients, actor: Actor, project: int | str, model: int | str, command: RollBack
) -> tuple[Stage, Entry]:
    """Promote the version that a stage stood for before back to it; the others in it make room.

    What has been yanked or damaged since does not come back, and gates are asked again: they may have been set because
    of that version. Whoever is in a hurry bypasses those, with a reason.

    Raises:
        ModelNotFound, UnknownStage, NothingBefore: as for :func:`app.registry.stages.rollback.stage`.
        PromotionRefused, NameProtected, Forbidden: as for :func:`app.lifecycle.promotions.promote.promote`.
            PromotionOvertaken: it stands for another version than expected, or another one got there first.
    """
    async with db.read() as snap:
        before = await rollback.stage(snap, actor, project, model, command.stage, at=command.at)
    expected = before.expected_current if command.expected_current is None else command.expected_current
    wanted = Promote(before.stage.name, command.reason, expected_current=expected, bypass_reason=command.bypass_reason)
    return before.stage, await promote.promote(db, clients, actor, before.model.project_id, before.version.id, wanted)
