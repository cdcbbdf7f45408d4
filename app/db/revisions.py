"""Whether a database was migrated by a newer release than this one.

Alembic notes the last migration in ``alembic_version``. One that this tree does not have comes from a release with more
of them, whose tables this code does not know. There is one such release that may still run: the one from which the
database was upgraded, whose processes are replaced after that (docs/production.md, Upgrades). The upgrade says which
that is, as a comment on the table, since no table of ours can be relied on here.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from app.db.database import Database
from app.db.statements import Fragment, Statement
from app.errors import ModelyardError, Unavailable

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
_IDS = re.compile(r"^(down_)?revision\b[^=\n]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
LAST_MIGRATION = Fragment("SELECT version_num FROM alembic_version")
"""The id of the last migration of a database."""
_READ_REVISIONS = Statement(
    "db.read_revisions",
    "The last migration, and the comment on its table.",
    "SELECT version_num, obj_description('alembic_version'::regclass) AS note FROM alembic_version",
)
_IS_MIGRATED = Statement(
    "db.is_migrated", "Whether any migration ran.", "SELECT to_regclass('alembic_version') IS NOT NULL"
)


class NewerData(ModelyardError):
    """The data was written by a newer release."""

    code = "NEWER_DATA"


async def require_supported(db: Database) -> None:
    """Refuse a database of a newer release; one that is away, or has no tables yet, passes.

    Raises:
        NewerData: its last migration is unknown here, and it does not say that this release may still run.
    """
    try:
        async with db.read() as snap:
            if not await _IS_MIGRATED.fetch_value(snap):
                return
            rows = await _READ_REVISIONS.fetch(snap)
    except Unavailable:
        return
    for row in rows:
        refuse_unknown(row["version_num"], row["note"])


def refuse_unknown(revision: str | None, note: str | None) -> None:
    """Refuse a revision; ``note`` is the comment on its table.

    Raises:
        NewerData: see :func:`require_supported`.
    """
    if revision is None or revision in existing() or note == fits(head()):
        return
    raise NewerData(
        f"The database is at the migration {revision!r}, which this release does not know (its last one is "
        f"{head()!r}): a newer release has migrated it. Run that release, or restore a backup that is older."
    )


def fits(revision: str) -> str:
    """The comment of a database that was upgraded from this revision."""
    return f"upgraded from {revision}, whose release may still run"


@cache
def existing() -> frozenset[str]:
    """The ids of all migrations of this tree. Read as text: Alembic would cost every start a fifth of a second."""
    return frozenset(own for own, _ in _pairs())


@cache
def head() -> str:
    """The id of the last migration of this tree."""
    before = {down for _, down in _pairs()}
    (last,) = existing() - before
    return last


@cache
def _pairs() -> tuple[tuple[str, str], ...]:
    pairs = []
    for path in sorted(VERSIONS.glob("*.py")):
        ids = {bool(down): id for down, id in _IDS.findall(path.read_text(encoding="utf-8"))}
        pairs.append((ids[False], ids.get(True, "")))
    return tuple(pairs)
