"""What is still missing of the files below a folder: uploads that go on, and files that were not inspected yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.artifacts.artifacts import Root
from app.db.database import Snapshot
from app.db.statements import Fragment, Statement


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Counts: uploads that go on; those that failed or ran out of time and were not repeated; files to be inspected,
    and all files in place.
    """

    uploads: int
    failed: int
    uninspected: int
    files: int
    failure: str | None = None
    """Path and reason of the first of those that failed."""

    @property
    def is_pending(self) -> bool:
        """Whether waiting changes something."""
        return bool(self.uploads or self.uninspected)


def _below(path: str) -> Fragment:
    return Fragment(f"(:folder::text = '' OR {path} = :folder OR starts_with({path}, :folder || '/'))")


_FILES = Fragment(f"FROM artifacts a WHERE a.project_id = :project AND a.root_id = :root AND {_below('a.path')}")
_UPLOADS = Fragment(f"""
    FROM multipart_uploads u WHERE u.project_id = :project AND (u.candidate_id = :root OR u.logged_model_id = :root)
    AND {_below("u.path")}
""")
_REPEATED = Fragment("""
    EXISTS (SELECT FROM artifacts n WHERE n.project_id = u.project_id AND n.root_id = :root
      AND n.path = u.path AND n.created_at > u.created_at)
""")
"""The path has got its file by another upload since."""
_FAILED = Fragment(f"""
    {_UPLOADS} AND (u.state = 'failed' OR u.state = 'open' AND u.expires_at <= now()) AND NOT {_REPEATED}
    AND u.created_at >= :since
""")
COUNT_OUTSTANDING = Statement(
    "artifacts.count_outstanding",
    "What is missing of the files of a root below a folder.",
    f"""
    SELECT
        (SELECT count(*) {_UPLOADS} AND u.expires_at > now()
            AND (u.state = 'verifying' OR u.state = 'open' AND NOT {_REPEATED})) AS uploads,
        (SELECT count(*) {_FAILED}) AS failed,
        (SELECT u.path || coalesce(': ' || u.reason, '') {_FAILED} ORDER BY u.path LIMIT 1) AS failure,
        (SELECT count(*) {_FILES} AND a.inspected_at IS NULL) AS uninspected,
        (SELECT count(*) {_FILES}) AS files
    """,
    row=Outstanding,
)


async def of_folder(snap: Snapshot, root: Root, folder: str, since: datetime) -> Outstanding:
    """Read step: what is outstanding below the folder of a root, in one statement; of failures those since a moment."""
    values = {"project": root.project_id, "root": root.id, "folder": folder, "since": since}
    outstanding = await COUNT_OUTSTANDING.fetch_one(snap, **values)
    assert outstanding is not None, "counts are always one row"
    return outstanding


def has_files_sql(project: str, root: str) -> Fragment:
    """SQL: whether a root (the id of a candidate or logged model) has any file."""
    return Fragment(f"EXISTS (SELECT FROM artifacts a WHERE a.project_id = {project} AND a.root_id = {root})")


def seems_complete_sql(project: str, candidate: str) -> Fragment:
    """SQL: whether a candidate has files, all of them inspected, and no announced one that is still to come."""
    return Fragment(f"""
        {has_files_sql(project, candidate)}
        AND NOT EXISTS (SELECT FROM artifacts a
            WHERE a.project_id = {project} AND a.root_id = {candidate} AND a.inspected_at IS NULL)
        AND NOT EXISTS (SELECT FROM multipart_uploads u
            WHERE u.project_id = {project} AND u.candidate_id = {candidate}
              AND u.state IN ('open', 'verifying', 'failed')
              AND NOT EXISTS (SELECT FROM artifacts n WHERE n.project_id = u.project_id AND n.root_id = u.candidate_id
                  AND n.path = u.path AND n.created_at > u.created_at))
    """)  # noqa: S608 - of constants


def is_quiet_sql(project: str, candidate: str, logged_model: str, since: str) -> Fragment:
    """SQL: whether no file came or was announced to a candidate or logged model since, and none is on its way."""
    return Fragment(f"""
        NOT EXISTS (SELECT FROM multipart_uploads u WHERE u.project_id = {project}
            AND (u.candidate_id = {candidate} OR u.logged_model_id = {logged_model})
            AND (u.created_at > {since} OR u.state IN ('open', 'verifying') AND u.expires_at > now()))
        AND NOT EXISTS (SELECT FROM artifacts a WHERE a.project_id = {project}
            AND a.root_id = coalesce({logged_model}, {candidate}) AND a.created_at > {since})
    """)  # noqa: S608 - of constants
