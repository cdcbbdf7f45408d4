"""Zip archives that are models: PyTorch, NumPy, Keras, skops."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.inspection.archives import zips
from app.inspection.formats import keras
from app.inspection.pickle_search import PickleSearch
from app.inspection.reports import JsonValue, Malformed, Unread, shown
from app.inspection.source import Source

TORCH_DATA = re.compile(r"([^/]+)/data/\d+")
"""Bytes of tensors (torch.serialization: ``_save``)."""
KERAS_MEMBERS = {"config.json", "metadata.json"}
MODEL_OF_EXPORT = re.compile(r"(?:[^/]+/)?models/[^/]+\.json")
VERSION_OF_EXPORT = re.compile(r"(?:[^/]+/)?archive_version")
LONGEST_CONFIG = 32 * 1024 * 1024
Facts: TypeAlias = dict[str, JsonValue]


@dataclass(slots=True)
class Archive:
    """A zip archive whose directory has been read."""

    source: Source
    search: PickleSearch
    members: list[zips.Member]
    names: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = {member.name for member in self.members}

    def text(self, name: str) -> bytes:
        """What a member holds; of two of the same name the last, as for Python.

        Raises:
            Unread: it is too long.
        """
        member = next(each for each in reversed(self.members) if each.name == name)
        if member.size > LONGEST_CONFIG:
            raise Unread(f"{name} has {member.size:,} bytes; at most {LONGEST_CONFIG:,} are read.")
        return zips.open_member(self.source, member, self.search.budget).peek(LONGEST_CONFIG)

    def json(self, name: str) -> Any:
        """The same as a value; None when it cannot be read, which is a fault of the model and no danger."""
        try:
            return json.loads(self.text(name))
        except (ValueError, RecursionError, Malformed):
            return None


def look(source: Source, members: list[zips.Member], search: PickleSearch) -> tuple[str, Facts]:
    """What the archive of these members is, and what it says of itself; pickles in it are looked for.

    Raises:
        Malformed: it is damaged.
        zips.Hostile: it is made to harm.
    """
    limits = search.limits
    archive = Archive(source, search, members)
    facts: Facts = {
        "memberCount": len(archive.members),
        "unpackedBytes": sum(member.size for member in archive.members),
        "encrypted": sum(member.encrypted for member in archive.members),
        "members": [shown(member.name, 200) for member in archive.members[: limits.listed]],
    }
    format, told, skipped = _recognised(archive)
    search.zip(source, archive.members, 0, skipped)
    if format == "numpy":
        told["arrays"] = {
            shown(name, 100): each.facts() for name, each in list(search.headers.items())[: limits.listed]
        }
    return format, facts | told


def _recognised(archive: Archive) -> tuple[str, Facts, frozenset[str]]:
    """Format, facts, and members that hold bare numbers."""
    names = archive.names
    roots = {name.split("/")[0] for name in names if name.count("/") == 1 and name.endswith("/data.pkl")}
    if any(VERSION_OF_EXPORT.fullmatch(name) for name in names) or "serialized_exported_program.json" in names:
        return "torch-export", _exported(archive), frozenset()
    if roots:
        skipped = frozenset(_tensors(archive.members, roots))
        is_script = any(name.split("/")[1:2] == ["code"] for name in names)
        return "pytorch", {"tensorCount": len(skipped), "torchScript": is_script}, skipped
    if names >= KERAS_MEMBERS:
        return "keras", _keras(archive), frozenset()
    schema = archive.json("schema.json") if "schema.json" in names else None
    if isinstance(schema, dict) and "_skops_version" in schema:
        return "skops", _skops(archive), frozenset()
    is_numpy = bool(names) and all(name.endswith(".npy") for name in names)
    return "numpy" if is_numpy else "zip", {}, frozenset()


def _tensors(members: list[zips.Member], roots: set[str]) -> Iterator[str]:
    counts = Counter(member.name for member in members)
    for member in members:
        match = TORCH_DATA.fullmatch(member.name)
        if match and match[1] in roots and member.method == zips.STORED and counts[member.name] == 1:
            yield member.name


def _keras(archive: Archive) -> Facts:
    config, metadata = archive.json("config.json"), archive.json("metadata.json")
    if config is None:
        archive.search.notes.append("Its config.json cannot be read here, which may hold Python code.")
    elif keras.has_code(config):
        archive.search.notes.append("It has a Lambda layer, which brings Python code of its own.")
    layers = keras.layers(config)
    return {
        "kerasVersion": _told(metadata, "keras_version"),
        "layerCount": len(layers),
        "layers": [shown(each, 100) for each in layers[: archive.search.limits.listed]],
    }


def _skops(archive: Archive) -> Facts:
    schema = archive.json("schema.json")
    return {
        "skopsVersion": _told(schema, "_skops_version"),
        "protocol": _told(schema, "protocol"),
        "class": f"{_told(schema, '__module__')}.{_told(schema, '__class__')}",
    }


def _exported(archive: Archive) -> Facts:
    """``torch.export.save``: an archive with ``archive_format``, or in torch before 2.8 two members of their own."""
    models = sorted(name.rsplit("/", 1)[-1][:-5] for name in archive.names if MODEL_OF_EXPORT.fullmatch(name))
    version = next((name for name in archive.names if VERSION_OF_EXPORT.fullmatch(name)), None)
    told = None if version is None else archive.text(version).strip()[:20].decode("utf-8", "replace")
    return {"archiveVersion": None if told is None else shown(told), "models": [shown(each, 100) for each in models]}


def _told(config: Any, name: str) -> str | None:
    value = config.get(name) if isinstance(config, dict) else None
    return None if value is None else shown(str(value), 60)
