"""Who may see and write which files: those of candidates under the switch of experiments, those of versions under that
of the registry.

A version's files are its candidate's, so that both switches can open the same file.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, or_, text

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.artifacts.tables import Artifact
from app.db.database import Snapshot

# Versions belong to a feature above this one; only the names of a few columns are known here.
_OF_VERSION = text(
    "EXISTS (SELECT FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id"
    " WHERE v.project_id = artifacts.project_id AND v.deleted_at IS NULL AND m.deleted_at IS NULL"
    " AND (v.logged_model_id = artifacts.logged_model_id"
    " OR (v.logged_model_id IS NULL AND v.candidate_id = artifacts.candidate_id))"
    " AND (v.artifact_folder = '' OR starts_with(artifacts.path, v.artifact_folder || '/')))"
)


async def shown(snap: Snapshot, actor: Actor, project_ids: Collection[int]) -> ColumnElement[bool]:
    """Read step: which files of these projects the actor may see. One statement."""
    seen = (await projects.visible_by_ids(snap, actor, project_ids)).values()
    of_candidates = [one.id for one in seen if policy.allows(actor, one, Permission.CANDIDATE_READ)]
    of_versions = [one.id for one in seen if policy.allows(actor, one, Permission.REGISTRY_READ)]
    return or_(Artifact.project_id.in_(of_candidates), and_(Artifact.project_id.in_(of_versions), _OF_VERSION))


def may_read(actor: Actor, access: ProjectAccess) -> bool:
    """Whether :func:`require_reader` would let the actor pass."""
    return any(policy.allows(actor, access, one) for one in (Permission.CANDIDATE_READ, Permission.REGISTRY_READ))


def require_reader(actor: Actor, access: ProjectAccess) -> None:
    """Refuse those who may see neither candidates nor versions.

    Raises:
        NotFound: both are switched off, or open to members only.
    """
    if not policy.allows(actor, access, Permission.CANDIDATE_READ):
        policy.require(actor, access, Permission.REGISTRY_READ)


def require_writer(actor: Actor, access: ProjectAccess) -> None:
    """Refuse those who may write neither candidates nor versions.

    Raises:
        NotFound, Unauthenticated, Forbidden: see :func:`app.access.policy.require`.
    """
    policy.require(actor, access, writing(access))


def writing(access: ProjectAccess) -> Permission:
    """What writing files of candidates and versions takes: the registry's, or the other where that is switched off."""
    off = access.project.registry_access == "disabled"
    return Permission.CANDIDATE_WRITE if off else Permission.REGISTRY_WRITE
