"""Addresses of this service that need no token: for downloads, whole uploads and parts.

What a link permits stands in its signature; whether its maker still may is asked with every request
(docs/decisions/0023-links-ask-again.md).
"""

from __future__ import annotations

from datetime import timedelta

from app.access import policy
from app.access.policy import Actor, Permission
from app.artifacts import links
from app.artifacts.artifacts import ArtifactDetails, Root
from app.artifacts.links import FileLink
from app.artifacts.reads import downloads
from app.errors import Invalid, Unauthenticated
from app.files import store
from app.files.backend import Backend
from app.files.targets import CandidateFiles, Client, LoggedModelFiles, Target
from app.settings import Settings


def life(settings: Settings, seconds: int | None, default: int, field: str | None = None) -> timedelta:
    """How long a link shall live: as requested, else ``default`` seconds; in both cases as far as the settings allow.

    Raises:
        Invalid: more, or less than a second, is requested in ``field``.
    """
    most = settings.link_seconds
    if seconds is not None and not 1 <= seconds <= most:
        raise Invalid(f"{field} must be between 1 and {most} seconds (got {seconds}).", field=field)
    return timedelta(seconds=min(default, most) if seconds is None else seconds)


def presign_get(
    settings: Settings, actor: Actor, file: ArtifactDetails, base: str, *, life: timedelta | None = None
) -> str:
    """Where a file can be downloaded on behalf of the actor; ``base`` is the service's address as the client knows it.

    Without ``life`` the link lives the longer the larger the file is.

    Raises:
        Forbidden: the token's scopes let the actor see files, and not their bytes.
        Quarantined, BlobDamaged: there is nothing to be had.
    """
    policy.require_scope(actor, Permission.ARTIFACT_READ)
    downloads.require_sound(file)
    lives = downloads.life_for(settings, file) if life is None else life
    return downloads.link(settings, actor, file, life=lives, base=base)


def download_url(settings: Settings, actor: Actor, file: ArtifactDetails, base: str) -> str | None:
    """Where a file that is shown can be downloaded for five minutes; None while it is in quarantine.

    Whether its bytes are damaged is told by the download.

    Raises:
        Forbidden: the token's scopes let the actor see files, and not their bytes.
    """
    policy.require_scope(actor, Permission.ARTIFACT_READ)
    if file.state == "quarantined":
        return None
    return downloads.link(settings, actor, file, base=base)


async def presign_put(
    backend: Backend,
    actor: Actor,
    target: Target,
    path: str,
    base: str,
    *,
    life: timedelta,
    client: Client = Client.REGISTRY,
) -> str:
    """Where one file can be PUT under the path, on behalf of the actor; used again, it replaces the file.

    Raises:
        Unauthenticated: a visitor, on whose behalf nothing could be stored.
        InvalidPath, NotFound, Forbidden, WrittenElsewhere, PathOccupied: as :func:`app.files.store.put`.
    """
    root, checked = await store.permit(backend, actor, target, path, client=client)
    if actor.is_anonymous:
        raise Unauthenticated("Links to upload are made with a token or a session.")
    return links.file_url(backend.settings, FileLink(root, checked, links.signer_of(actor)), life, base)


def target_of(root: Root) -> Target:
    """The files of a root, as a link names them."""
    if root.logged_model_id is not None:
        return LoggedModelFiles(root.project_id, root.logged_model_id)
    return CandidateFiles(root.project_id, root.id)
