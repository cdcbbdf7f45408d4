"""What a version may be made from: a version shows files to all who see the registry, so its maker has to see them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text, Uuid, bindparam, text

from app.access import policy
from app.access.policy import Permission, ProjectAccess, SwitchedOff
from app.db.database import Database
from app.registry.versions.request import VersionRequest


async def require_seen(db: Database, access: ProjectAccess, wish: VersionRequest) -> None:
    """Refuse a version of a candidate or logged model that its maker may not see, whether there is one or not.

    What a living version shows may be shown by others, such as its copies. No statement for who sees all candidates.

    Raises:
        SwitchedOff: candidates may not be seen, and no version shows this folder.
    """
    if wish.candidate_id is None and wish.logged_model_id is None:
        return
    if policy.allows(wish.actor, access, Permission.CANDIDATE_READ):
        return
    values = {
        "of_project": access.id,
        "of_candidate": wish.candidate_id,
        "of_model": wish.logged_model_id,
        "folder": wish.values["artifact_folder"],
        "location": wish.values["location"],
    }
    async with db.read() as snap:
        if not await snap.scalar(_IS_SHOWN, values):
            raise SwitchedOff(
                f"This part of project `{access.project.full_path}` is switched off.", field="candidateId"
            )


_IS_SHOWN = text("""
SELECT EXISTS (SELECT FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
  WHERE v.project_id = :of_project AND v.deleted_at IS NULL AND m.deleted_at IS NULL AND v.location = :location
  AND (CAST(:of_candidate AS uuid) IS NULL OR v.candidate_id = :of_candidate)
  AND v.logged_model_id IS NOT DISTINCT FROM :of_model
  AND (v.artifact_folder = '' OR starts_with(:folder || '/', v.artifact_folder || '/')))
""").bindparams(
    bindparam("of_project", type_=BigInteger),
    bindparam("of_candidate", type_=Uuid),
    bindparam("of_model", type_=Uuid),
    bindparam("folder", type_=Text(collation="C")),
    bindparam("location", type_=Text()),
)
