"""Writes the audit log to a file, in the form that ``verify`` reads: a page at a time, whatever its length."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TextIO

from modelyard_client.audit.verify import FORMAT
from modelyard_client.failures import NotFound
from modelyard_client.progress import Reporter
from modelyard_client.registry import documents
from modelyard_client.service.graphql import Api
from modelyard_client.text import counted


@dataclass(frozen=True)
class Exported:
    """What was written."""

    chain: int
    entries: int
    heads: int
    last_hash: str
    path: str


async def write(api: Api, project: str | None, target: Path, reporter: Reporter, *, only_heads: bool) -> Exported:
    """Write the log of a project, or of what belongs to none, to the file; it appears when it is complete.

    Raises:
        Failure: the service refused it.
        OSError: the file cannot be written.
    """
    chain, number = await _end(api, project)
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            exported = await _write(api, project, chain, number, file, reporter, only_heads=only_heads)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        part.unlink()
        raise
    part.replace(target)
    return Exported(chain, *exported, str(target))


async def _write(
    api: Api, project: str | None, chain: int, number: int, file: TextIO, reporter: Reporter, *, only_heads: bool
) -> tuple[int, int, str]:
    entries, heads, last, last_hash = 0, 0, 0, ""
    if not only_heads:
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        origin = {"url": api.connection.url, "project": project, "exported_at": now}
        _line(file, {"type": "header", "format": FORMAT, "chain": chain, **origin})
    async for head in _nodes(api, project, "auditHeads"):
        line = {"chain": chain, "seq": head["number"], "chain_hash": head["chainSha256"], "at": head["createdAt"]}
        _line(file, {"type": "head", **line})
        heads += 1
    if only_heads:
        return entries, heads, last_hash
    reporter.begin("Exporting", number, lambda count: counted(round(count), "entry", "entries"))
    async for node in _nodes(api, project, "auditLog"):
        content = None if node["content"] is None else json.loads(node["content"])
        last, last_hash = node["number"], node["chainSha256"]
        hashes = {"entry_hash": node["entrySha256"], "chain_hash": last_hash}
        _line(file, {"type": "entry", "seq": last, "entry": content, **hashes})
        entries += 1
        reporter.advance(1)
    _line(file, {"type": "end", "seq": last})
    return entries, heads, last_hash


async def _end(api: Api, project: str | None) -> tuple[int, int]:
    """The number of the chain, and that of its newest entry."""
    if project is None:
        data = await api.ask(documents.INSTALLATION_AUDIT_END)
        chain = 0
    else:
        data = await api.ask(documents.AUDIT_END, project=project)
        if data["project"] is None:
            raise NotFound(f"There is no project {project}, or you may not see it.")
        chain = int(data["project"]["number"])
    nodes = data["auditLog"]["nodes"]
    return chain, int(nodes[0]["number"]) if nodes else 0


async def _nodes(api: Api, project: str | None, field: str) -> AsyncIterator[dict[str, Any]]:
    of_project = {
        "auditHeads": (documents.AUDIT_HEADS, documents.INSTALLATION_AUDIT_HEADS),
        "auditLog": (documents.AUDIT_LOG, documents.INSTALLATION_AUDIT_LOG),
    }[field]
    variables = {} if project is None else {"project": project}
    after: str | None = None
    while True:
        data = await api.ask(of_project[project is None], after=after, **variables)
        for node in data[field]["nodes"]:
            yield node
        page = data[field]["pageInfo"]
        if not page["hasNextPage"]:
            return
        after = page["endCursor"]


def _line(file: TextIO, value: dict[str, Any]) -> None:
    file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
