"""Trusted documents: those that clients name by their SHA-256 instead of sending them.

A manifest, JSON of hash and document, is written when the client is built (`modelyard documents register`) and read
once by each API process. With ``trusted_documents_only`` no other document runs. The documents of our own pages are
trusted always: the build wrote their manifest beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from app.errors import Invalid
from app.graphql.execution import admission
from app.graphql.execution.limits import Limits
from app.graphql.execution.page_documents import PageDocuments
from app.graphql.transport.requests import Operation
from app.settings import Settings

SUFFIXES = {".graphql", ".gql"}


class Refused(HTTPException):
    """The document may not or cannot be run; ``code`` says why."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(status, message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Documents:
    """The manifest of one process; without one, documents cannot be named."""

    texts: Mapping[str, str] | None = None
    exclusively: bool = False
    of_pages: PageDocuments = field(default_factory=PageDocuments)

    @classmethod
    def of(cls, settings: Settings) -> Documents:
        """Read the manifest that the settings name.

        Raises:
            Invalid: it cannot be read, or one of its documents cannot be run.
        """
        if settings.trusted_documents is None:
            return cls({} if settings.trusted_documents_only else None, settings.trusted_documents_only)
        texts = read(settings.trusted_documents)
        problems = check(texts, Limits.of(settings))
        if problems:
            raise Invalid("\n".join(problems[:20]))
        return cls(texts, settings.trusted_documents_only)

    def resolve(self, operation: Operation) -> Operation:
        """The operation with its document.

        Raises:
            Refused: there is no such document, it is not the one that was named, or it is not trusted.
        """
        if operation.document_id is None:
            if self.exclusively and self._text_of(hash_of(operation.query)) is None:
                raise Refused("DOCUMENT_NOT_TRUSTED", "Only trusted documents run here; name one by `documentId`.", 403)
            return operation
        text = self._text_of(operation.document_id)
        if text is not None:
            return replace(operation, query=text)
        if self.exclusively:
            raise Refused("DOCUMENT_NOT_TRUSTED", "No trusted document has this `documentId`.", 403)
        if not operation.query:
            code = "PERSISTED_QUERY_NOT_SUPPORTED" if self.texts is None else "PERSISTED_QUERY_NOT_FOUND"
            name = "PersistedQueryNotSupported" if self.texts is None else "PersistedQueryNotFound"
            raise Refused(code, f"{name}: no document with this hash is registered; send it as `query`.")
        if hash_of(operation.query) != operation.document_id:
            raise Refused("INVALID", "The hash is not that of `query`: it must be its SHA-256, in hexadecimal digits.")
        return operation

    def _text_of(self, document_id: str) -> str | None:
        text = self.texts.get(document_id) if self.texts is not None else None
        return text if text is not None else self.of_pages.text_of(document_id)


def of(app: Starlette) -> Documents:
    """The manifest of this process, read at the first request."""
    documents: Documents | None = getattr(app.state, "documents", None)
    if documents is None:
        documents = app.state.documents = Documents.of(app.state.runtime.settings)
    return documents


def hash_of(text: str) -> str:
    """A document's SHA-256, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read(path: Path) -> dict[str, str]:
    """The manifest in a file.

    Raises:
        Invalid: it cannot be read, or is not JSON of hash and document.
    """
    try:
        manifest = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise Invalid(f"The manifest {path} cannot be read: {error}") from None
    if not isinstance(manifest, dict) or not all(isinstance(text, str) for text in manifest.values()):
        raise Invalid(f"The manifest {path} is not a JSON object of hash and document.")
    return manifest


def gather(folder: Path) -> dict[str, str]:
    """A manifest of all files below a folder that end in .graphql or .gql.

    Raises:
        Invalid: there is no such file, or one is not UTF-8.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if not paths:
        raise Invalid(f"There is no file below {folder} that ends in {' or '.join(sorted(SUFFIXES))}.")
    try:
        texts = [path.read_text(encoding="utf-8") for path in paths]
    except UnicodeDecodeError as error:
        raise Invalid(f"A document is not UTF-8: {error}") from None
    return {hash_of(text): text for text in texts}


def check(documents: Mapping[str, str], limits: Limits) -> list[str]:
    """What is wrong with a manifest; nothing, when all of it can be run. What passes need not be read again."""
    problems = []
    for id, text in documents.items():
        if hash_of(text) != id:
            problems.append(f"{id[:80]}: this is not the SHA-256 of its document, which is {hash_of(text)}.")
            continue
        start = " ".join(text.split())[:60]
        problems += [f"{id[:12]}… {start}: {error.message}" for error in admission.examine(text, limits)]
    return problems
