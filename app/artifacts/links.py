"""Links that carry their own permission to send bytes: one part of an upload, or one whole file.

What a link permits stands in its signature, so that nothing of it can be changed and no table is asked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlencode
from uuid import UUID

from app.artifacts.artifacts import Root
from app.artifacts.tables import MultipartUpload
from app.errors import Forbidden
from app.settings import Settings
from app.storage.blobs import BlobStore


@dataclass(frozen=True, slots=True)
class FileLink:
    """A whole file that may be sent: where to, and on behalf of which token's holder."""

    root: Root
    path: str
    token_id: int


def part_urls(settings: Settings, blobs: BlobStore, upload: MultipartUpload, base: str) -> list[str]:
    """The address of every part, in their order: at the store if clients reach it, else at this service.

    Computing ten thousand signatures takes a moment: call it in a thread.
    """
    return [part_url(settings, blobs, upload, number, base) for number in range(1, upload.parts + 1)]


def part_url(settings: Settings, blobs: BlobStore, upload: MultipartUpload, number: int, base: str) -> str:
    """The address of one part, from 1; it lives as long as the upload."""
    if blobs.has_public_endpoint and upload.store_id is not None:
        life = upload.expires_at - upload.created_at
        return blobs.presign_put_part(upload.object_key, upload.store_id, number, life)
    return _part_url(settings, upload, number, int(upload.expires_at.timestamp()), base)


def check_part(settings: Settings, project_id: int, upload_id: UUID, number: int, expires: str, signature: str) -> None:
    """Refuse links to parts that were altered or are too old.

    Raises:
        Forbidden: with the reason.
    """
    _check(settings, f"part:{project_id}:{upload_id.hex}:{number}:{expires}", expires, signature)


def file_url(settings: Settings, link: FileLink, life: timedelta, base: str) -> str:
    """An address to which anybody may PUT this file for a while, as long as the token is valid."""
    kind = "m" if link.root.logged_model_id else "c"
    owner = f"{kind}{link.root.id.hex}"
    expires = int(time.time() + life.total_seconds())
    by = str(link.token_id)
    signature = _sign(settings, _file_text(link.root.project_id, owner, link.path, by, str(expires)))
    query = urlencode({"by": by, "expires": expires, "signature": signature})
    return f"{base}/uploads/{link.root.project_id}/file/{owner}/{quote(link.path)}?{query}"


def read_file(
    settings: Settings, project_id: int, owner: str, path: str, by: str, expires: str, signature: str
) -> FileLink:
    """What a link to a whole file permits.

    Raises:
        Forbidden: it was altered or is too old.
    """
    _check(settings, _file_text(project_id, owner, path, by, expires), expires, signature)
    id = UUID(hex=owner[1:])
    root = Root(project_id, logged_model_id=id) if owner[0] == "m" else Root(project_id, candidate_id=id)
    return FileLink(root, path, int(by))


def _part_url(settings: Settings, upload: MultipartUpload, number: int, expires: int, base: str) -> str:
    signature = _sign(settings, f"part:{upload.project_id}:{upload.id.hex}:{number}:{expires}")
    place = f"{base}/uploads/{upload.project_id}/{upload.id.hex}/{number}"
    return f"{place}?expires={expires}&signature={signature}"


def _file_text(project_id: int, owner: str, path: str, by: str, expires: str) -> str:
    return f"file:{project_id}:{owner}:{by}:{expires}:{path}"


def _check(settings: Settings, text: str, expires: str, signature: str) -> None:
    if not hmac.compare_digest(_sign(settings, text).encode(), signature.encode("utf-8", "replace")):
        raise Forbidden("The link is not one that this service gave out; ask for a new one.")
    if not re.fullmatch(r"\d{1,12}", expires) or int(expires) < time.time():
        raise Forbidden("The link has expired; ask for a new one.")


def _sign(settings: Settings, text: str) -> str:
    key = settings.secret_key.get_secret_value().encode()
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
