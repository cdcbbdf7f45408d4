"""What reading and writing files needs of a process."""

from __future__ import annotations

from typing import Protocol

from app.db.database import Database
from app.settings import Settings
from app.storage.blobs import BlobStore


class Backend(Protocol):
    """The database, the store of bytes and the settings; the runtime of a process is one."""

    @property
    def db(self) -> Database: ...
    @property
    def blobs(self) -> BlobStore: ...
    @property
    def settings(self) -> Settings: ...
