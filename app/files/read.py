"""Finding, listing and opening files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts import artifacts, paths, visibility
from app.artifacts.artifacts import ArtifactDetails, ArtifactNotFound
from app.artifacts.paths import InvalidPath
from app.artifacts.reads import downloads, encoded_names, folders, loaders
from app.artifacts.reads.downloads import Download
from app.artifacts.reads.folders import Entry
from app.db.database import Database
from app.errors import ModelyardError
from app.files import targets
from app.files.backend import Backend
from app.files.targets import FileOwner, Target, VersionFiles
from app.pagination import Page, Window


async def require_visible(db: Database, actor: Actor, project: int | str) -> None:
    """Refuse those who may see no files of the project at all, before they learn anything of what they ask for.

    Raises:
        NotFound, SwitchedOff: the project, or its files, may not be seen.
    """
    visibility.of_actor(actor, await projects.get(db, actor, project))


async def find(db: Database, actor: Actor, target: Target, path: str) -> ArtifactDetails:
    """The file at a path; two statements for one of a version, else one, beside that for the project.

    Raises:
        InvalidPath: no file can be called so.
        ArtifactNotFound: there is no such file, or it may not be seen.
        NotFound, SwitchedOff, KeptElsewhere: see :func:`app.files.targets.find`.
    """
    checked = paths.check(path)
    owner = await targets.find(db, actor, target)
    return await artifacts.get(db, owner.root, owner.below(checked), owner.view)


async def find_listed(db: Database, actor: Actor, target: Target, path: str) -> ArtifactDetails:
    """As :func:`find`, for clients that take listed names for percent-encoded text and ask for what they decode to.

    A file that has the very path comes first; see :mod:`app.artifacts.reads.encoded_names`.

    Raises:
        InvalidPath, ArtifactNotFound, NotFound, SwitchedOff, KeptElsewhere: as :func:`find`.
    """
    missing: ModelyardError | None = None
    checked = ""
    try:
        checked = paths.check(path)
    except InvalidPath as error:
        if error.leaves_root:
            raise
        missing = error
    owner = await targets.find(db, actor, target)
    if missing is None:
        try:
            return await artifacts.get(db, owner.root, owner.below(checked), owner.view)
        except ArtifactNotFound as error:
            missing = error
    meant = await encoded_names.find(db, owner.root, owner.below(path), owner.view)
    if meant is None:
        raise missing
    return await artifacts.get(db, owner.root, meant, owner.view)


async def by_digest(
    db: Database, actor: Actor, project: int | str, sha256: bytes, *, within: Target | None = None
) -> ArtifactDetails:
    """A file of the project with these bytes (32 bytes of SHA-256), or of one target; one that may be downloaded first.

    The same bytes may be in quarantine under one name and harmless under another; then the harmless file is answered.
    One statement beside those of :func:`app.files.targets.find`, or two where all that may be seen is in quarantine.

    Raises:
        ArtifactNotFound: no file that the actor may see has these bytes.
        NotFound, SwitchedOff, KeptElsewhere: see :func:`app.files.targets.find`.
    """
    if within is not None:
        owner = await targets.find(db, actor, within)
        return await artifacts.by_digest(db, owner.root.project_id, sha256, owner.view, owner.root, owner.folder)
    access = await projects.get(db, actor, project)
    return await artifacts.by_digest(db, access.id, sha256, visibility.of_actor(actor, access))


async def open(  # noqa: A001 - called as `read.open`
    backend: Backend, actor: Actor, file: ArtifactDetails, request: Mapping[str, str], *, head: bool = False
) -> Download:
    """Answer a request for a file that was found: with its bytes, or with the way to the store where clients reach it.

    ``request`` are the headers of the request with names in small letters: conditions and ranges.

    Raises:
        Forbidden: the token's scopes let the actor see files, and not their bytes.
        Quarantined: it may not be downloaded.
        BlobMissing, BlobDamaged: the bytes are gone or altered; that is a fault of the service and never a 404.
        Unavailable: the store is away.
    """
    policy.require_scope(actor, Permission.ARTIFACT_READ)
    life = timedelta(seconds=backend.settings.store_link_seconds)
    return await downloads.answer(backend.blobs, file, request, head=head, store_life=life)


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What is directly in a folder: the first page of it, and the way to the others."""

    entries: list[Entry]
    _db: Database
    _owner: FileOwner
    _folder: str
    _after: str | None

    @property
    def is_whole(self) -> bool:
        """Whether the first page is all there is."""
        return self._after is None

    async def more(self) -> AsyncIterator[list[Entry]]:
        """The other pages, in order; each is read when it is asked for."""
        after = self._after
        while after is not None:
            entries, after = await _page(self._db, self._owner, self._folder, after)
            if entries:
                yield entries


async def list_folder(db: Database, actor: Actor, target: Target, folder: str = "") -> FolderListing:
    """The files and folders directly in a folder, by name; a folder that is not there is empty, not missing.

    A page reads 10,000 files at most, in one statement.

    Raises:
        InvalidPath: no folder can be called so.
        NotFound, SwitchedOff, KeptElsewhere: see :func:`app.files.targets.find`.
    """
    checked = paths.check_folder(folder)
    owner = await targets.find(db, actor, target)
    below = owner.below(checked)
    entries, after = await _page(db, owner, below, "")
    return FolderListing(entries, db, owner, below, after)


async def list_files(
    db: Database, actor: Actor, target: Target, window: Window, folder: str = ""
) -> Page[ArtifactDetails]:
    """A page of all files below a folder, in whatever depth, by path, with sizes and SHA-256; one statement.

    Raises:
        InvalidPath: no folder can be called so.
        NotFound, SwitchedOff, KeptElsewhere: see :func:`app.files.targets.find`.
    """
    owner = await targets.find(db, actor, target)
    below = owner.below(paths.check_folder(folder))
    seen_as = Permission.REGISTRY_READ if isinstance(target, VersionFiles) else Permission.CANDIDATE_READ
    keys = [(owner.root.project_id, owner.root.id)]
    (page,) = await loaders.of_roots(db, actor, keys, window, below, seen_as)
    if isinstance(page, ModelyardError):
        raise page
    return page


async def by_link(db: Database, actor: Actor, project_id: int, artifact_id: UUID) -> ArtifactDetails:
    """The file behind a link that was checked, if the one who made the link may still read it.

    Raises:
        NotFound: it was deleted since, or may not be read any more; the answer does not tell which.
    """
    return await downloads.by_link(db, actor, project_id, artifact_id)


async def _page(db: Database, owner: FileOwner, folder: str, after: str) -> tuple[list[Entry], str | None]:
    async with db.read() as snap:
        return await folders.list_page(snap, owner.root, folder, after, owner.view)
