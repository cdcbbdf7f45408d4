"""Gauges of the store, as a part of the statement that reads those of the installation (:mod:`app.upkeep.gauges`)."""

from __future__ import annotations

from app.db.statements import Fragment

GAUGES = Fragment("""
SELECT name, NULL AS kind, NULL AS state, value FROM (
    SELECT count(*)::float8 AS count, coalesce(sum(size), 0)::float8 AS bytes,
      coalesce(extract(epoch FROM now() - min(condemned_at)), 0)::float8 AS oldest FROM condemned_objects) waiting,
  LATERAL (VALUES ('condemned_objects', count), ('condemned_bytes', bytes), ('condemned_oldest_seconds', oldest))
    AS named (name, value)
UNION ALL SELECT name, NULL, NULL, value FROM (
    SELECT count(*)::float8 AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest,
      greatest(coalesce(extract(epoch FROM now() - min(lease_until)), 0), 0)::float8 AS silent
    FROM blobs WHERE state = 'pending') uploads,
  LATERAL (VALUES ('pending_uploads', count), ('pending_uploads_oldest_seconds', oldest),
    ('silent_uploads_oldest_seconds', silent)) AS named (name, value)
UNION ALL SELECT 'backup_hold_seconds', NULL, NULL,
    coalesce(extract(epoch FROM now() - min(begun_at)), 0)::float8 FROM backup_holds
UNION ALL SELECT 'suspect_objects', NULL, NULL, count(*)::float8 FROM suspect_objects
UNION ALL SELECT 'damaged_blobs', NULL, NULL, count(*)::float8 FROM blobs WHERE damaged_at IS NOT NULL
""")
"""Rows of name, kind, state and value; mostly from indexes."""
HELP = {
    "condemned_objects": "Objects in the store that wait for their removal.",
    "condemned_bytes": "Their bytes, as far as the sizes are known.",
    "condemned_oldest_seconds": "For how long the oldest of them has been waiting.",
    "backup_hold_seconds": "For how long the oldest backup has kept all bytes in the store; 0: there is none.",
    "pending_uploads": "Blobs whose upload has begun and not ended.",
    "pending_uploads_oldest_seconds": "For how long the oldest of them has been under way.",
    "silent_uploads_oldest_seconds": "For how long the lease of the oldest silent upload has been over.",
    "suspect_objects": "Old objects in the store that no row knows.",
    "damaged_blobs": "Blobs whose bytes are missing or altered in the store.",
}
