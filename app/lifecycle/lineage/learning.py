"""Reads out of tags what versions were made from.

``modelyard.derived_from`` has a line, or a part between commas, for each base: ``fine_tuned ocr:1.2.0`` of the same
project, ``team/vision//ocr@champion`` of another; without a kind it is ``other``. Hugging Face's ``base_model`` names
repositories, ``base_model_relation`` the kind of all of them (huggingface.co/docs/hub/model-cards). Derivations that
were read out of tags follow the tags; those that a caller stated stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import delete, select

from app.access.policy import Actor, Scope
from app.db.database import Database, Tx
from app.errors import ModelyardError
from app.lifecycle.lineage import derivations
from app.lifecycle.lineage.derivations import Kind, StoredBase
from app.lifecycle.lineage.tables import Derivation, UnreadTags
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion

TAG = "modelyard.derived_from"
HUB_TAG, HUB_RELATION = "base_model", "base_model_relation"
_HUB_KINDS = {
    "finetune": Kind.FINE_TUNED,
    "quantized": Kind.QUANTIZED,
    "merge": Kind.MERGED,
    "adapter": Kind.ADAPTED,
}
_ENTRY = re.compile(r"(?:(?P<kind>[a-z_]+) +)?(?:(?P<project>[^\s:@#]+)//)?(?P<model>[^:@#]+)(?P<reference>[:@#]\S+)")
_AT_ONCE = 50
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Said:
    """One base that tags name: a version here, or what is kept elsewhere."""

    kind: Kind
    project: str | None
    version: Named | None
    name: str


def bases_in(tags: Mapping[str, str]) -> list[Said]:
    """The bases that the tags of a version name; what cannot be read is left out."""
    said = [_entry(part) for part in _parts(tags.get(TAG, ""))]
    kind = _HUB_KINDS.get(tags.get(HUB_RELATION, "").strip().lower(), Kind.OTHER)
    said += [Said(kind, None, None, name) for name in _parts(tags.get(HUB_TAG, ""))]
    return [one for one in said if one is not None][: derivations.MAX_BASES]


async def read_tags(db: Database) -> int:
    """Read the tags of some versions whose tags are new; the number of versions.

    Safe for two workers at once: each takes other rows, and a version is read while its row is locked against changes
    of its tags, which would add it anew.
    """
    async with db.write() as tx:
        oldest = select(UnreadTags).order_by(UnreadTags.project_id, UnreadTags.version_id).limit(_AT_ONCE)
        rows = list(await tx.scalars(oldest.with_for_update(skip_locked=True)))
        if rows:
            await derivations.lock(tx)
        for row in rows:
            version = await lookup.lock_by_id(tx, row.project_id, row.version_id)
            if version is not None:
                await _follow(tx, version)
            mine = (UnreadTags.project_id == row.project_id, UnreadTags.version_id == row.version_id)
            await tx.execute(delete(UnreadTags).where(*mine))
    return len(rows)


async def _follow(tx: Tx, version: ModelVersion) -> None:
    """Make the derivations of a version those that its tags name, as far as its maker may see the bases."""
    kept: set[int] = set()
    for said in bases_in(version.tags):
        try:
            base = await _base_of(tx, version, said)
            made = await derivations.add(tx, version, base, said.kind, source="tag", created_by=version.created_by)
        except ModelyardError as error:
            log.info("lineage.tag_not_read", project=version.project_id, version=version.id, reason=error.message)
        else:
            kept.add(made.id)
    mine = (Derivation.project_id == version.project_id, Derivation.version_id == version.id)
    await tx.execute(delete(Derivation).where(*mine, Derivation.source == "tag", Derivation.id.not_in(kept)))


async def _base_of(tx: Tx, version: ModelVersion, said: Said) -> StoredBase:
    if said.version is None:
        return derivations.elsewhere(said.name)
    # Tags are read for no caller, so a base counts as seen by the one who made the version.
    maker = Actor(user_id=version.created_by, scopes=frozenset({Scope.READ_API}))
    if said.project is None:
        return await derivations.find_within(tx, maker, version.project_id, said.version)
    return await derivations.find_version(tx, maker, said.project, said.version)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,\n]", text[:100_000]) if part.strip()]


def _entry(text: str) -> Said | None:
    entry = _ENTRY.fullmatch(text)
    if entry is None or (entry["kind"] or Kind.OTHER) not in set(Kind):
        return None
    reference = entry["reference"].removeprefix(":")
    try:
        parsed = parse_reference(reference)
    except ModelyardError:
        return None
    return Said(Kind(entry["kind"] or Kind.OTHER), entry["project"], Named(entry["model"].strip(), parsed), text)
