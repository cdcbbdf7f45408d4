"""One deployment: found, and ended."""

from __future__ import annotations

from sqlalchemy import func, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Snapshot
from app.errors import NotFound
from app.lifecycle.deployments import announcements, names
from app.lifecycle.deployments.tables import Deployment
from app.registry.reads import reach

__all__ = ["Deployment"]


class DeploymentNotFound(NotFound):
    """There is no such deployment, or it may not be seen."""

    def __init__(self) -> None:
        super().__init__("There is no such deployment, or you may not see it.", field="id")


async def find(snap: Snapshot, actor: Actor, project_id: int, deployment_id: int) -> Deployment:
    """Read step: a deployment of a project that was found, if the actor's token reaches its model.

    Raises:
        DeploymentNotFound: there is none.
    """
    mine = (Deployment.project_id == project_id, Deployment.id == deployment_id)
    reached = reach.reached(actor, Deployment.project_id, Deployment.model_id)
    row: Deployment | None = await snap.scalar(select(Deployment).where(*mine, *reached))
    if row is None:
        raise DeploymentNotFound
    return row


async def end(db: Database, actor: Actor, project_id: int, deployment_id: int, reason: str = "") -> Deployment:
    """Note that a deployment runs no more; one that has ended already stays as it is.

    Raises:
        DeploymentNotFound: there is none, or it may not be seen.
        Forbidden: the actor is not at least reporter.
        Invalid, TooLarge: the reason cannot be stored.
    """
    reason = names.check_reason(reason)
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project_id)
        policy.require(actor, access, Permission.DEPLOYMENT_WRITE, of_models=True)
        deployment = await find(tx, actor, access.id, deployment_id)
        running = (Deployment.id == deployment.id, Deployment.ended_at.is_(None))
        statement = (
            update(Deployment)
            .where(Deployment.project_id == access.id, *running)
            .values(ended_at=func.clock_timestamp(), end_kind="ended", end_reason=reason, ended_by=actor.user_id)
            .returning(Deployment)
        )
        ended = (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
        if ended is None:
            await tx.refresh(deployment)
            return deployment
        await announcements.ended(tx, [ended], actor.username)
    return ended
