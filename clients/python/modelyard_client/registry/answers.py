"""From what the service answers to plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from modelyard_client.results import Account, Deployment, File, Model, Version

Node = Mapping[str, Any]


def account(url: str, viewer: Node) -> Account:
    """The account of a token; without a name if the service does not accept it."""
    user, token = viewer["user"], viewer.get("token") or {}
    return Account(
        url,
        str(user["username"]) if user else None,
        bool(viewer["isAdmin"]),
        [str(scope).lower() for scope in viewer["scopes"]],
        token.get("name"),
        _moment(token.get("expiresAt")),
    )


def model(node: Node) -> Model:
    """A model."""
    latest = node["latestVersion"]
    return Model(
        str(node["id"]),
        str(node["name"]),
        str(node["description"]),
        _pairs(node["tags"]),
        {
            str(alias["name"]): str(alias["modelVersion"]["version"])
            for alias in node["aliases"]
            if alias["modelVersion"]
        },
        str(latest["version"]) if latest else None,
        _moment(node["createdAt"]),
        _moment(node["updatedAt"]),
    )


def deployment(node: Node) -> Deployment:
    """A deployment."""
    return Deployment(
        str(node["id"]),
        str(node["environment"]),
        str(node["endpoint"]),
        str(node["instance"]),
        str(node["modelName"]),
        str(node["version"]),
        int(node["number"]),
        str(node["follows"]),
        str(node["status"]),
        node["statusReason"],
        node["isDrifting"],
        _moment(node["startedAt"]),
        _moment(node["lastHeartbeatAt"]),
        _moment(node["endedAt"]),
    )


def version(node: Node) -> Version:
    """A version, with what was fetched of it."""
    evidence, files = node.get("evidence") or {}, node.get("artifacts") or {}
    creator, candidate = node["createdBy"], node["candidate"]
    return Version(
        str(node["id"]),
        str(node["model"]["name"]),
        str(node["version"]),
        int(node["number"]),
        str(node["stage"]),
        str(node["status"]),
        node["statusReason"],
        str(node["description"]),
        _pairs(node["tags"]),
        [str(alias["name"]) for alias in node["aliases"]],
        _moment(node["createdAt"]),
        str(creator["username"]) if creator else None,
        str(candidate["uuid"]) if candidate else None,
        _pairs(evidence.get("params", ())),
        {str(metric["key"]): float(metric["value"]) for metric in evidence.get("metrics", ())},
        [f"{one['name']}@{one['digest']}" for one in evidence.get("datasets", ())],
        [_file(file) for file in files.get("nodes", ())],
        int(files.get("totalCount") or 0),
    )


def _file(node: Node) -> File:
    return File(str(node["path"]), int(node["size"]), str(node["sha256"]), str(node["status"]))


def _pairs(tags: Sequence[Node]) -> dict[str, str]:
    return {str(tag["key"]): str(tag["value"]) for tag in tags}


def _moment(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(str(text).replace("Z", "+00:00"))
