"""The documents of our own pages, by hash: those of the build that lies there now, and read when the first is named.

They are within the limits: tests check that before a release, so that no process spends its start on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import orjson
import structlog

from app.http.browsers import built_pages

PATIENCE = 1.0
"""Seconds between two looks whether the pages were built anew, while hashes are named that are unknown."""
log = structlog.get_logger()


class PageDocuments:
    """The manifest that the build wrote, as one process knows it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._texts: Mapping[str, str] = {}
        self._read_from: tuple[int, int] | None = None
        self._next_look = float("-inf")

    def text_of(self, document_id: str) -> str | None:
        """The document of that hash, None if the pages have no such one."""
        text = self._texts.get(document_id)
        if text is None and self._clock() >= self._next_look:
            self._next_look = self._clock() + PATIENCE
            self._look()
            text = self._texts.get(document_id)
        return text

    def _look(self) -> None:
        """Read the manifest, if it is another one. The former documents stay known: pages that send them are open."""
        path = built_pages.FOLDER / built_pages.DOCUMENTS
        try:
            state = path.stat()
            if (state.st_ino, state.st_mtime_ns) == self._read_from:
                return
            texts = orjson.loads(path.read_bytes())
            self._texts = {**self._texts, **texts}
        except FileNotFoundError:
            return
        except (OSError, orjson.JSONDecodeError, TypeError) as error:
            log.warning("page_documents.unreadable", path=str(path), error=str(error))
            return
        self._read_from = state.st_ino, state.st_mtime_ns
