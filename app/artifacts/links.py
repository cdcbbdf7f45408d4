"""Links that need no token: they carry what they permit, and on behalf of whose token.

What a link permits stands in its signature, so that nothing of it can be changed and no table is asked for it. What it
does not carry is the right: every request with it asks whether the token or
session is valid and its holder still may.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, NewType
from urllib.parse import quote
from uuid import UUID

from app.access.policy import Actor
from app.artifacts.artifacts import Root
from app.artifacts.tables import MultipartUpload
from app.errors import Forbidden
from app.settings import Settings

VIA_STORE = "&via=store"
"""A hint, which permits nothing: `Expect: 100-continue` is worth a request."""


Signer = NewType("Signer", str)
"""On whose behalf a link acts: the number of a token, `s` and the number of a session, or 0 for a visitor."""


class Signature(NamedTuple):
    """What stands in the query of a link, as the client has sent it."""

    by: str
    """A signer, as far as the signature agrees."""
    expires: str
    """Until when it lives, in seconds since 1970."""
    signature: str


@dataclass(frozen=True, slots=True)
class FileLink:
    """A whole file that may be sent: where to, and on whose behalf."""

    root: Root
    path: str
    signer: Signer


def signer_of(actor: Actor) -> Signer:
    """What a link names that is made for this caller; it ends with that token or session."""
    return Signer(f"s{actor.session_id}" if actor.session_id is not None else str(actor.token_id or 0))


def part_urls(settings: Settings, upload: MultipartUpload, signer: Signer, base: str) -> list[str]:
    """The address of every part, in their order; they live as long as the upload, and its signer's token or session.

    Computing ten thousand signatures takes a moment: call it in a thread.
    """
    return [part_url(settings, upload, number, signer, base) for number in range(1, upload.parts + 1)]


def part_url(settings: Settings, upload: MultipartUpload, number: int, signer: Signer, base: str) -> str:
    """The address of one part, from 1; it lives as long as the upload, and its signer's token or session.

    It ends in :data:`VIA_STORE` where a client that waits for an answer before it sends is sent to the store.
    """
    ends = int(upload.expires_at.timestamp())
    query = _query(settings, _part_text(upload.project_id, upload.id, number), signer, ends)
    hint = VIA_STORE if settings.s3_public_url and upload.store_id is not None else ""
    return f"{base}/uploads/{upload.project_id}/{upload.id.hex}/{number}?{query}{hint}"


def check_part(settings: Settings, project_id: int, upload_id: UUID, number: int, given: Signature) -> Signer:
    """On whose behalf a link to a part acts.

    Raises:
        Forbidden: the link was altered or is too old, with the reason.
    """
    return check(settings, _part_text(project_id, upload_id, number), given)


def file_url(settings: Settings, link: FileLink, life: timedelta, base: str) -> str:
    """An address to which this file may be PUT without a token for a while, as long as its signer is valid."""
    owner = f"{'m' if link.root.logged_model_id else 'c'}{link.root.id.hex}"
    query = signed(settings, _file_text(link.root.project_id, owner, link.path), link.signer, life)
    return f"{base}/uploads/{link.root.project_id}/file/{owner}/{quote(link.path)}?{query}"


def read_file(settings: Settings, project_id: int, owner: str, path: str, given: Signature) -> FileLink:
    """What a link to a whole file permits.

    Raises:
        Forbidden: it was altered or is too old.
    """
    signer = check(settings, _file_text(project_id, owner, path), given)
    id = UUID(hex=owner[1:])
    root = Root(project_id, logged_model_id=id) if owner[0] == "m" else Root(project_id, candidate_id=id)
    return FileLink(root, path, signer)


def signed(settings: Settings, text: str, signer: Signer, life: timedelta) -> str:
    """The query of a link that permits what the text says, for a while: no longer than the settings allow."""
    seconds = min(life.total_seconds(), settings.link_seconds)
    return _query(settings, text, signer, int(time.time() + seconds))


def check(settings: Settings, text: str, given: Signature) -> Signer:
    """On whose behalf a link acts.

    Raises:
        Forbidden: it was not made for this, or is too old.
    """
    expected = _sign(settings, text, given.by, given.expires)
    if not hmac.compare_digest(expected.encode(), given.signature.encode("utf-8", "replace")):
        raise Forbidden("The link is not one that this service gave out; ask for a new one.")
    if not re.fullmatch(r"\d{1,12}", given.expires) or int(given.expires) < time.time():
        raise Forbidden("The link has expired; ask for a new one.")
    return Signer(given.by)


def _query(settings: Settings, text: str, signer: Signer, expires: int) -> str:
    signature = _sign(settings, text, signer, str(expires))
    return f"by={signer}&expires={expires}&signature={signature}"


def _part_text(project_id: int, upload_id: UUID, number: int) -> str:
    return f"part:{project_id}:{upload_id.hex}:{number}"


def _file_text(project_id: int, owner: str, path: str) -> str:
    return f"file:{project_id}:{owner}:{path}"


def _sign(settings: Settings, text: str, by: str, expires: str) -> str:
    """The text comes last: it may hold anything, the two numbers before it may not."""
    key, message = settings.secret_key.get_secret_value().encode(), f"{len(by)}:{by}:{expires}:{text}"
    return hmac.new(key, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
