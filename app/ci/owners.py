"""What a CI job is linked to: candidates and versions, which belong to features above this one.

Their modules cannot be imported here; these parts of statements name a few columns of their tables, and nothing else in
this package does. Each is about a row of ``ci_jobs`` in the statement around it.
"""

from __future__ import annotations

from app.db.statements import Fragment

LINKED_TO_CANDIDATE = Fragment("""
    EXISTS (
        SELECT FROM candidate_ci_jobs l
        JOIN candidates c ON c.project_id = l.project_id AND c.id = l.candidate_id
        WHERE l.project_id = ci_jobs.project_id AND l.ci_job_id = ci_jobs.id AND c.purge_at IS NULL
    )
""")
"""The job is linked to a candidate that is not about to be purged."""
LINKED_TO_VERSION = Fragment("""
    EXISTS (
        SELECT FROM version_ci_jobs l
        JOIN model_versions v ON v.project_id = l.project_id AND v.id = l.version_id
        WHERE l.project_id = ci_jobs.project_id AND l.ci_job_id = ci_jobs.id AND v.deleted_at IS NULL
    )
""")
"""The job is linked to a living version."""
