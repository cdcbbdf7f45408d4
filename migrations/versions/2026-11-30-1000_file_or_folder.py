"""a path is a file or a folder, never both

Revision ID: 0014_file_or_folder
Revises: 0013_known_verdicts
Create Date: 2026-11-30 10:00:00
"""

from __future__ import annotations

from alembic import op

revision = "0014_file_or_folder"
down_revision = "0013_known_verdicts"
branch_labels = None
depends_on = None

MOST_LOCKS = 256
"""A statement that would lock more names than this locks the whole root instead: the lock table has an end."""


def upgrade() -> None:
    """Only files that come from now on are checked: pairs that an older release let in stay as they are."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _name_folders()
    _refuse()
    op.execute(
        "CREATE TRIGGER file_or_folder AFTER INSERT ON artifacts REFERENCING NEW TABLE AS placed"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_file_and_folder()"
    )


def _name_folders() -> None:
    """All folders that a file is in: `a` and `a/b` of `a/b/c`."""
    op.execute("""
        CREATE FUNCTION folders_of(path text) RETURNS SETOF text LANGUAGE sql IMMUTABLE ROWS 3 AS $$
            SELECT array_to_string((string_to_array(path, '/'))[1 : n], '/')
            FROM generate_series(1, cardinality(string_to_array(path, '/')) - 1) AS n
        $$
    """)


def _refuse() -> None:
    """Whoever makes `a` a file holds the lock of `a` alone until the commit; who stores files below it shares it.

    In a function each statement sees what was committed before that statement began: a look that comes after the locks
    sees whatever their last holders have stored. Locks are taken in one order, so that nobody waits in a circle; files
    that do not exclude each other never wait for each other.

    A look takes the next path in the order of one index, and compares afterwards: in a small table any index would do
    for the comparison alone, and the plan is kept when the table has grown.
    """
    op.execute(f"""
        CREATE FUNCTION refuse_file_and_folder() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
        DECLARE
            met record;
        BEGIN
            PERFORM CASE WHEN alone OR several > {MOST_LOCKS}
                THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END
            FROM (
                SELECT key, bool_or(alone) AS alone, bool_or(is_root) AS is_root, count(*) OVER () AS several
                FROM (
                    SELECT hashtextextended(root_id::text, 0), false, true FROM placed
                    UNION ALL
                    SELECT hashtextextended(root_id || '/' || path, 0), true, false FROM placed
                    UNION ALL
                    SELECT hashtextextended(root_id || '/' || folder, 0), false, false
                    FROM placed, folders_of(path) AS folder
                ) AS each (key, alone, is_root) GROUP BY key ORDER BY key
            ) AS locks WHERE several <= {MOST_LOCKS} OR is_root;
            SELECT found.* INTO met FROM (
                SELECT p.path, file.path AS other FROM placed p, folders_of(p.path) AS folder, LATERAL (
                    SELECT a.path FROM artifacts a
                    WHERE a.project_id = p.project_id AND a.root_id = p.root_id AND a.path >= folder
                    ORDER BY a.project_id, a.root_id, a.path LIMIT 1
                ) AS file WHERE file.path = folder
                UNION ALL
                SELECT p.path, below.path FROM placed p, LATERAL (
                    SELECT a.path FROM artifacts a
                    WHERE a.project_id = p.project_id AND a.root_id = p.root_id AND a.path >= p.path || '/'
                    ORDER BY a.project_id, a.root_id, a.path LIMIT 1
                ) AS below WHERE below.path < p.path || '0'
            ) AS found LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'a path would be a file and a folder' USING
                    ERRCODE = 'exclusion_violation', CONSTRAINT = 'file_or_folder', TABLE = 'artifacts',
                    DETAIL = met.path || E'\\n' || met.other;
            END IF;
            RETURN NULL;
        END $$
    """)  # noqa: S608 - of constants
