"""``modelyard pull``: the files of a version or candidate, checked, in a folder."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard_client import targets
from modelyard_client.connection import Connection
from modelyard_client.failures import Empty, Failure, NotFound
from modelyard_client.progress import Reporter
from modelyard_client.service import documents
from modelyard_client.service import graphql as apis
from modelyard_client.service.graphql import Api
from modelyard_client.text import counted
from modelyard_client.transfer import destination, globs
from modelyard_client.transfer.destination import Destination
from modelyard_client.transfer.receiving import Receiver, RemoteFile

_TOLD = 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**50
"""Bytes; far more than any store takes in one object."""


@dataclass(frozen=True)
class PullOptions:
    """What to pull, and where to."""

    folder: Path
    model: str = ""
    reference: str = ""
    candidate: str | None = None
    include: tuple[str, ...] = ()
    jobs: int = 8
    allow_empty: bool = False


@dataclass(frozen=True)
class Source:
    """What a reference meant."""

    owner: dict[str, Any]
    title: str
    files: list[RemoteFile]
    warnings: list[str]


@dataclass(frozen=True)
class Pulled:
    """What a pull has done."""

    source: Source
    files: int
    bytes: int
    received: int
    there_before: int
    seconds: float


def parse(text: str) -> tuple[str, str]:
    """Model and reference of `churn:^1.2` and the like; of a name alone the latest release is meant."""
    model, reference = targets.split_reference(text)
    return model, reference or "latest"


async def pull(connection: Connection, options: PullOptions, reporter: Reporter) -> Pulled:
    """Receive all files that are wanted; those that are there already are not sent again.

    Raises:
        Failure: there is no such thing, or a file is quarantined, corrupted or cannot be put in its place.
        Empty: it has no files, and that was not allowed.
        Unreachable: the service was away for too long; the same call goes on later.
    """
    began = time.monotonic()
    async with apis.opened(connection, options.jobs, lambda reason: reporter.say(f"{reason}; trying again")) as api:
        await targets.require_project(api)
        source = await _find(api, options)
        with destination.opened(options.folder) as into:
            size = sum(file.size for file in source.files)
            reporter.begin("Receiving", size)
            missing = await _missing(into, source.files, reporter)
            receiver = Receiver(api, into, options.jobs, reporter.advance)
            await receiver.receive(missing)
    if receiver.corrupted:
        raise Failure("\n".join(["Not put in place:", *_told(receiver.corrupted)]), code="CORRUPTED")
    there = len(source.files) - len(missing)
    return Pulled(source, len(source.files), size, receiver.received, there, time.monotonic() - began)


async def _find(api: Api, options: PullOptions) -> Source:
    owner, nodes = await _listed(api, options)
    _refuse_incomplete(owner)
    if not nodes and not options.allow_empty:
        raise Empty(f"{_title(owner)} has no files; with --allow-empty that is no error.")
    folder = f"{owner['artifactFolder']}/" if owner.get("artifactFolder") else ""
    chosen = [(node["path"].removeprefix(folder), node) for node in nodes]
    chosen = [(path, node) for path, node in chosen if not options.include or globs.matches(path, options.include)]
    if options.include and not chosen:
        raise NotFound(f"None of {counted(len(nodes), 'file')} matches {', '.join(options.include)}.")
    _refuse_quarantined(chosen)
    failed = [f"`{path}` is not what it claims to be: {node['statusReason']}" for path, node in chosen if _failed(node)]
    files = [_remote(path, node) for path, node in chosen]
    return Source(owner, _title(owner), files, [*owner.get("warnings", ()), *failed])


async def _listed(api: Api, options: PullOptions) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The owner of files, and all its files."""
    nodes: list[dict[str, Any]] = []
    after = id = None
    while True:
        owner = await _page(api, options, id, after)
        id = owner["id"]  # `latest` may mean another version by the time of the next page
        page = owner["artifacts"]
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return owner, nodes


async def _page(api: Api, options: PullOptions, id: str | None, after: str | None) -> dict[str, Any]:
    if options.candidate is not None:
        lookup = {"id": id} if id else targets.candidate_lookup(api, options.candidate)
        node = (await api.ask(documents.CANDIDATE_FILES, candidate=lookup, after=after))["candidate"]
        missing = f"There is no candidate `{options.candidate}` in {api.connection.project}."
    else:
        lookup = {"id": id} if id else targets.version_lookup(api, options.model, options.reference)
        node = (await api.ask(documents.VERSION_FILES, version=lookup, after=after))["modelVersion"]
        missing = f"There is no version `{options.reference}` of `{options.model}` in {api.connection.project}."
    if node is None:
        if options.candidate is None:
            await targets.require_model(api, options.model, create=None)
        raise NotFound(missing)
    owner: dict[str, Any] = node
    return owner


async def _missing(into: Destination, files: Sequence[RemoteFile], reporter: Reporter) -> list[RemoteFile]:
    """Those that are not there yet."""
    missing = []
    for file in files:
        if await asyncio.to_thread(into.has, file.parts, file.size, file.sha256):
            reporter.advance(file.size)
        else:
            missing.append(file)
    return missing


def _remote(path: str, node: dict[str, Any]) -> RemoteFile:
    """The file that the service names; its SHA-256 becomes the name of a local file, and its size an allocation.

    Raises:
        Failure: one of them cannot be.
    """
    parts, size, sha256 = destination.split(path), int(node["size"]), str(node["sha256"])
    if not _SHA256.fullmatch(sha256) or not 0 <= size <= _LARGEST:
        raise Failure(f"The service names no size or SHA-256 of `{path}` that a file could have.", code="BAD_ANSWER")
    return RemoteFile(node["id"], path, parts, size, sha256, node["downloadUrl"])


def _refuse_incomplete(owner: dict[str, Any]) -> None:
    """Refuse a version whose push goes on or was given up: some of its files are missing."""
    if not owner.get("isComplete", True):
        raise Failure(f"{_title(owner)} is {owner['status']}: {owner['statusReason']}", code="VERSION_NOT_READY")


def _refuse_quarantined(chosen: Iterable[tuple[str, dict[str, Any]]]) -> None:
    held = [f"{path}: {node['statusReason']}" for path, node in chosen if node["downloadUrl"] is None]
    if held:
        verb = "is" if len(held) == 1 else "are"
        lines = [f"{counted(len(held), 'file')} {verb} in quarantine, so nothing was pulled:", *_told(held)]
        raise Failure("\n".join(lines), code="QUARANTINED")


def _failed(node: dict[str, Any]) -> bool:
    return bool(node["status"] == "FAILED")


def _title(owner: dict[str, Any]) -> str:
    if "version" in owner:
        return f"{owner['model']['name']} {owner['version']} (number {owner['number']})"
    return f"candidate {owner['name']} ({owner['uuid']})"


def _told(lines: Sequence[str]) -> list[str]:
    more = [f"  … and {len(lines) - _TOLD:,} more"] if len(lines) > _TOLD else []
    return [f"  {line}" for line in lines[:_TOLD]] + more
