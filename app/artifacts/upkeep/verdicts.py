"""What inspections have found, by bytes and kind of name: files that are equal in both are inspected once.

A verdict that refuses takes the row of the blob first and marks it (``has_trouble``). A transaction that lets a file
share bytes holds that row until it commits, so of the two one comes second and sees the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias, cast
from uuid import UUID

from sqlalchemy import ARRAY, Table, Text, Uuid, and_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from app.artifacts.tables import STORED, Blob, Verdict
from app.db.database import Snapshot, Tx
from app.inspection.equality import name_kind, rules

BytesAndName: TypeAlias = tuple[UUID, str]
"""A blob, and a path under which its bytes are known or are going to be."""
COLUMNS = ("state", "state_reason", "format", "facts", "scan", "inspected_at", "released_by", "released_at")
"""What a verdict says, in columns that artifacts have, too."""


async def find(snap: Snapshot, project_id: int, files: Collection[BytesAndName]) -> dict[BytesAndName, dict[str, Any]]:
    """Read step: the verdicts on these bytes under such names, as columns of artifacts; nothing where there is none.

    Who acts on it holds the blobs.
    """
    if not files:
        return {}
    kinds = {file: (file[0], name_kind(file[1])) for file in files}
    wanted = list(dict.fromkeys(kinds.values()))
    values = {
        "of_project": project_id,
        "by_rules": rules(),
        "blobs": [blob_id for blob_id, _ in wanted],
        "names": [name for _, name in wanted],
    }
    rows = {(row.blob_id, row.name_kind): row for row in await snap.execute(_FIND, values)}
    judged = ((file, rows.get(kind)) for file, kind in kinds.items())
    return {file: {name: getattr(row, name) for name in COLUMNS} for file, row in judged if row is not None}


async def find_held(tx: Tx, project_id: int, files: Collection[BytesAndName]) -> dict[BytesAndName, dict[str, Any]]:
    """Step: the same for who does not hold the blobs yet; until the end of the transaction no verdict is changed."""
    mine = (Blob.project_id == project_id, Blob.id == func.any([blob_id for blob_id, _ in files]))
    await tx.execute(select(Blob.id).where(*mine).order_by(Blob.id).with_for_update(read=True))
    return await find(tx, project_id, files)


async def lock_refused(tx: Tx, project_id: int, blob_ids: Collection[UUID]) -> None:
    """Step: before a verdict that refuses these bytes; no transaction shares them from here on without seeing it."""
    if not blob_ids:
        return
    mine = (Blob.project_id == project_id, Blob.id == func.any(list(blob_ids)))
    # In one order, as those do that share.
    await tx.execute(select(Blob.id).where(*mine).order_by(Blob.id).with_for_update(key_share=True))
    marked = update(Blob).where(*mine, Blob.has_trouble.is_(False)).values(has_trouble=True)
    await tx.execute(marked.execution_options(synchronize_session=False))


async def keep(tx: Tx, project_id: int, judged: Sequence[tuple[BytesAndName, Mapping[str, Any]]]) -> None:
    """Step: remember verdicts, given as columns of artifacts; of bytes that are gone by now there is none."""
    latest = {(blob_id, name_kind(path)): columns for (blob_id, path), columns in judged}
    rows = [
        {"of_project": project_id, "of_blob": blob_id, "of_name": name, "by_rules": rules()}
        | {f"found_{each}": columns.get(each) for each in COLUMNS}
        for (blob_id, name), columns in sorted(latest.items())
    ]
    if rows:
        await tx.execute(_KEEP, rows)


async def release(tx: Tx, project_id: int, blob_id: UUID, by: int | None) -> None:
    """Step: whatever name these bytes are in quarantine under, they are not any more."""
    mine = (Verdict.project_id == project_id, Verdict.blob_id == blob_id, Verdict.state == "quarantined")
    released = update(Verdict).where(*mine).values(state="ready", released_by=by, released_at=func.now())
    await tx.execute(released.execution_options(synchronize_session=False))


def _keep() -> Any:
    table = cast("Table", Verdict.__table__)
    judged = [bindparam(f"found_{name}", type_=_type(table.c[name].type)) for name in COLUMNS]
    # Held, since a blob that goes at this moment would break the reference.
    living = (
        select(Blob.project_id, Blob.id, bindparam("of_name", type_=Text), bindparam("by_rules", type_=Text), *judged)
        .where(Blob.project_id == bindparam("of_project"), Blob.id == bindparam("of_blob"), Blob.state == STORED)
        .with_for_update(read=True, key_share=True)
    )
    statement = upsert(table).from_select(["project_id", "blob_id", "name_kind", "rules", *COLUMNS], living)
    changing = {name: statement.excluded[name] for name in ("rules", *COLUMNS)}
    return statement.on_conflict_do_update(index_elements=["project_id", "blob_id", "name_kind"], set_=changing)


def _type(of_column: Any) -> Any:
    return JSONB(none_as_null=True) if isinstance(of_column, JSONB) else of_column


_KEEP = _keep()


def _find() -> Any:
    given = (
        func.unnest(bindparam("blobs", type_=ARRAY(Uuid)), bindparam("names", type_=ARRAY(Text)))
        .table_valued("blob_id", "name_kind", name="given")
        .render_derived()
    )
    same = and_(Verdict.blob_id == given.c.blob_id, Verdict.name_kind == given.c.name_kind)
    columns = [Verdict.blob_id, Verdict.name_kind, *(getattr(Verdict, name) for name in COLUMNS)]
    return (
        select(*columns)
        .join_from(given, Verdict, same)
        .where(Verdict.project_id == bindparam("of_project"), Verdict.rules == bindparam("by_rules"))
    )


_FIND = _find()
