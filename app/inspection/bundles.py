"""Zip archives that are models: PyTorch, NumPy, Keras."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from app.inspection.archives import zips
from app.inspection.reports import JsonValue, Malformed, shown
from app.inspection.search import Search
from app.inspection.source import Source

TORCH_DATA = re.compile(r"([^/]+)/data/\d+")
"""Bytes of tensors (torch.serialization: ``_save``)."""
KERAS_MEMBERS = {"config.json", "metadata.json"}
LONGEST_CONFIG = 4 * 1024 * 1024


def look(source: Source, search: Search) -> tuple[str, dict[str, JsonValue]]:
    """What the archive is, and what it says of itself; pickles in it are looked for.

    Raises:
        Malformed: it is damaged.
        zips.Hostile: it is made to harm.
    """
    limits = search.limits
    members = zips.members(source, limits)
    names = {member.name for member in members}
    facts: dict[str, JsonValue] = {
        "memberCount": len(members),
        "unpackedBytes": sum(member.size for member in members),
        "encrypted": sum(member.encrypted for member in members),
        "members": [shown(member.name, 200) for member in members[: limits.listed]],
    }
    format, skipped = "zip", frozenset[str]()
    roots = {name.split("/")[0] for name in names if name.count("/") == 1 and name.endswith("/data.pkl")}
    if roots:
        format, skipped = "pytorch", frozenset(_tensors(members, roots))
        facts["tensorCount"] = len(skipped)
        facts["torchScript"] = any(name.split("/")[1:2] == ["code"] for name in names)
    elif names >= KERAS_MEMBERS:
        format = "keras"
        facts |= _keras(source, members, search)
    elif names and all(name.endswith(".npy") for name in names):
        format = "numpy"
    search.zip(source, members, 0, skipped)
    if format == "numpy":
        facts["arrays"] = {
            shown(name, 100): each.facts() for name, each in list(search.headers.items())[: limits.listed]
        }
    return format, facts


def _tensors(members: list[zips.Member], roots: set[str]) -> Iterator[str]:
    for member in members:
        match = TORCH_DATA.fullmatch(member.name)
        if match and match[1] in roots and member.method == zips.STORED:
            yield member.name


def _keras(source: Source, members: list[zips.Member], search: Search) -> dict[str, JsonValue]:
    read = {name: _json(source, members, name, search) for name in sorted(KERAS_MEMBERS)}
    classes = sorted(set(_classes(read["config.json"])))
    if "Lambda" in classes:
        search.notes.append("It has a Lambda layer, which brings Python code of its own.")
    version = read["metadata.json"].get("keras_version") if isinstance(read["metadata.json"], dict) else None
    return {
        "kerasVersion": shown(str(version), 60) if version is not None else None,
        "layers": [shown(each, 100) for each in classes[: search.limits.listed]],
    }


def _json(source: Source, members: list[zips.Member], name: str, search: Search) -> Any:
    member = next(each for each in members if each.name == name)
    if member.size > LONGEST_CONFIG:
        raise Malformed(f"{name} has {member.size:,} bytes; at most {LONGEST_CONFIG:,} are read.")
    text = zips.open_member(source, member, search.budget).peek(LONGEST_CONFIG)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed(f"{name} is no JSON.") from None


def _classes(config: Any) -> Iterator[str]:
    """Every ``class_name`` at any depth."""
    pending = [config]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            name = part.get("class_name")
            if isinstance(name, str):
                yield name
            pending += part.values()
        elif isinstance(part, list):
            pending += part
