"""All tables in one place, for migrations, the drift check and the purge of projects."""

from __future__ import annotations

import app.access.tables
import app.access.tables_of_people
import app.artifacts.tables
import app.ci.tables
import app.journal.tables
import app.lifecycle.audit.tables
import app.lifecycle.deployments.tables
import app.lifecycle.evaluations.tables
import app.lifecycle.gates.tables
import app.lifecycle.lineage.tables
import app.lifecycle.promotions.tables
import app.lifecycle.pulls.tables
import app.lifecycle.seals.tables
import app.queue.tables
import app.registry.stages.tables
import app.registry.tables
import app.tracking.tables
import app.webhooks.tables  # noqa: F401  (imported for the tables that it declares)
from app.db.base import Row

metadata = Row.metadata
PROJECT_TABLES = tuple(table.name for table in reversed(metadata.sorted_tables) if "project_id" in table.columns)
"""The tables whose rows belong to a project, each after those that refer to it."""
