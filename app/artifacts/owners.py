"""Who owns files, in SQL: which candidates and logged models live, and which files do versions show?

Candidates and logged models belong to tracking, versions to the registry: features above this one, whose modules cannot
be imported here. Files depend on them all the same, so these parts of statements name a few columns of their tables,
and nothing else in this package does.
"""

from __future__ import annotations

from app.db.statements import Fragment

HAS_OWNER = Fragment("""
    (EXISTS (SELECT FROM candidates c
        WHERE c.project_id = artifacts.project_id AND c.id = artifacts.candidate_id AND c.purge_at IS NULL)
    OR EXISTS (SELECT FROM logged_models l
        WHERE l.project_id = artifacts.project_id AND l.id = artifacts.logged_model_id AND l.purge_at IS NULL)
    OR EXISTS (SELECT FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
        WHERE v.project_id = artifacts.project_id AND v.deleted_at IS NULL AND m.deleted_at IS NULL
          AND (v.candidate_id = artifacts.candidate_id OR v.logged_model_id = artifacts.logged_model_id)))
""")
"""The file of a row named ``artifacts`` still counts: what waits for its removal has no files any more, except where a
living version needs them."""


def _in_trash(owner: str) -> str:
    """In the trash itself, or hidden with a model or version that can be restored."""
    return f"(({owner}.deleted_at IS NOT NULL AND {owner}.purge_at IS NULL) OR {owner}.purge_at > now())"


_OF_VERSION = "(v.candidate_id = artifacts.candidate_id OR v.logged_model_id = artifacts.logged_model_id)"
IN_TRASH = Fragment(f"""
    ((EXISTS (SELECT FROM candidates c WHERE c.project_id = artifacts.project_id AND c.id = artifacts.candidate_id
        AND {_in_trash("c")})
      OR EXISTS (SELECT FROM logged_models l WHERE l.project_id = artifacts.project_id
        AND l.id = artifacts.logged_model_id AND {_in_trash("l")}))
    AND NOT EXISTS (SELECT FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
        WHERE v.project_id = artifacts.project_id AND v.deleted_at IS NULL AND m.deleted_at IS NULL
          AND {_OF_VERSION}))
""")  # noqa: S608 - of constants
"""The file of a row named ``artifacts`` is of what is deleted and can be restored, and no living version needs it."""
TRASHED_BLOBS = Fragment(f"""
    SELECT a.project_id, a.blob_id FROM candidates c
    JOIN artifacts a ON a.project_id = c.project_id AND a.candidate_id = c.id
    WHERE c.project_id = ANY (:projects::bigint[]) AND {_in_trash("c")}
    UNION SELECT a.project_id, a.blob_id FROM logged_models l
    JOIN artifacts a ON a.project_id = l.project_id AND a.logged_model_id = l.id
    WHERE l.project_id = ANY (:projects::bigint[]) AND {_in_trash("l")}
""")  # noqa: S608 - of constants
"""The blobs of files of what is deleted and can be restored, in some projects."""


def is_of_version(file: str, patterns: str) -> Fragment:
    """SQL: whether a living version shows the file of a row of this name (project, candidate, logged model, path).

    ``patterns`` is an array of patterns of ``LIKE``: then it is a version of a model that one of them stands for.
    What a version keeps elsewhere (``location``) is not here, whatever run it names.
    """
    return Fragment(f"""
        EXISTS (SELECT {_versions(file)}
          AND (CAST({patterns} AS text[]) IS NULL OR m.name LIKE ANY (CAST({patterns} AS text[])))
          AND (v.artifact_folder = '' OR starts_with({file}.path, v.artifact_folder || '/')))
    """)


def is_beside_models(file: str, patterns: str) -> Fragment:
    """SQL: whether a living version of another model than these shows anything at or below the path, or above it.

    The path of the row is that of a folder and ends in ``/``; the empty one is all there is.
    """
    return Fragment(f"""
        EXISTS (SELECT {_versions(file)} AND NOT m.name LIKE ANY (CAST({patterns} AS text[]))
          AND (v.artifact_folder = '' OR starts_with({file}.path, v.artifact_folder || '/')
            OR starts_with(v.artifact_folder || '/', {file}.path)))
    """)


def _versions(file: str) -> str:
    return f"""FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
          WHERE v.project_id = {file}.project_id AND v.deleted_at IS NULL AND m.deleted_at IS NULL AND v.location = ''
          AND (v.logged_model_id = {file}.logged_model_id
            OR (v.logged_model_id IS NULL AND v.candidate_id = {file}.candidate_id))"""


def _has_no_guard(owner: str) -> str:
    """No version that is sealed or in a stage has files of the owner; who may change those is asked one by one."""
    return f"""NOT EXISTS (SELECT FROM model_versions v WHERE v.project_id = {owner}.project_id
            AND coalesce(v.logged_model_id, v.candidate_id) = {owner}.id
            AND (v.sealed_at IS NOT NULL OR v.stage <> 'none'))"""


def _living(candidate_lock: str, model_lock: str) -> Fragment:
    return Fragment(f"""
        living_candidates AS MATERIALIZED (
          SELECT c.project_id, c.id FROM candidates c
          WHERE (c.project_id, c.id) IN (SELECT project_id, candidate_id FROM given)
          AND c.purge_at IS NULL AND c.deleted_at IS NULL AND {_has_no_guard("c")} {candidate_lock}
        ), living_models AS MATERIALIZED (
          SELECT l.project_id, l.id FROM logged_models l
          WHERE (l.project_id, l.id) IN (SELECT project_id, logged_model_id FROM given)
          AND l.purge_at IS NULL AND l.deleted_at IS NULL AND {_has_no_guard("l")} {model_lock}
        )
    """)  # noqa: S608 - put together from constants


LIVING = _living("", "")
"""Common table expressions: the living owners of the rows of ``given``, as they are when the statement begins.

Without those of versions that are sealed or in a stage: not every writer may change their files.
"""
LOCKED = _living("FOR SHARE OF c SKIP LOCKED", "FOR SHARE OF l SKIP LOCKED")
"""The same, held against deletion. An owner that another transaction changes is left out and not waited for: all others
of the statement would wait along."""
OWNER_LIVES = Fragment("""
    ((given.project_id, given.candidate_id) IN (SELECT project_id, id FROM living_candidates)
      OR (given.project_id, given.logged_model_id) IN (SELECT project_id, id FROM living_models))
""")
"""The owner of a row of ``given`` is one of :data:`LIVING` or :data:`LOCKED`."""
