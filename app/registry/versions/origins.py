"""What a version may be made from: it shows files to all who see the registry, so its creator has to see them."""

from __future__ import annotations

from app.access import policy
from app.access.policy import Permission, ProjectAccess
from app.access.token_rules import model_patterns
from app.db.database import Database
from app.db.statements import Statement
from app.registry.versions.request import VersionRequest

IS_SHOWN = Statement(
    "registry.is_shown",
    "Whether a living version shows these files of a candidate or logged model, or a folder above them.",
    """
    SELECT EXISTS (
        SELECT FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
        WHERE v.project_id = :project AND v.deleted_at IS NULL AND m.deleted_at IS NULL AND v.location = :location
          AND (:candidate::uuid IS NULL OR v.candidate_id = :candidate)
          AND v.logged_model_id IS NOT DISTINCT FROM :logged_model
          AND (:patterns::text[] IS NULL OR m.name LIKE ANY (:patterns))
          AND (v.artifact_folder = '' OR starts_with(:folder::text || '/', v.artifact_folder || '/'))
    )
    """,
)


async def require_seen(db: Database, access: ProjectAccess, request: VersionRequest) -> None:
    """Refuse a version of a candidate or logged model that the caller may not see, whether there is one or not.

    What a living version of a model that the caller reaches shows may be shown by others, such as its copies. A caller
    who sees all candidates costs no statement.

    Raises:
        SwitchedOff, Forbidden: candidates may not be seen, and no version shows this folder.
    """
    if request.candidate_id is None and request.logged_model_id is None:
        return
    if policy.allows(request.actor, access, Permission.CANDIDATE_READ):
        return
    async with db.read() as snap:
        is_shown = await IS_SHOWN.fetch_value(
            snap,
            project=access.id,
            location=request.location,
            candidate=request.candidate_id,
            logged_model=request.logged_model_id,
            folder=request.artifact_folder,
            patterns=model_patterns.like(request.actor.model_patterns),
        )
    if not is_shown:
        policy.require(request.actor, access, Permission.CANDIDATE_READ)
