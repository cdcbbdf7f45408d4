"""All tables in one place, for migrations and the drift check. The only module that may look into every feature."""

from __future__ import annotations

import app.access.tables
import app.artifacts.tables
import app.ci.tables
import app.journal.tables
import app.queue.tables
import app.registry.tables
import app.tracking.tables
import app.webhooks.tables  # noqa: F401  (imported for the tables that it declares)
from app.db.base import Row

metadata = Row.metadata
