"""How the end of a command is told, to people and to programs."""

from __future__ import annotations

from typing import Any

from modelyard_client.connection import Connection
from modelyard_client.failures import Failure
from modelyard_client.pull import Pulled, PullOptions
from modelyard_client.push import Pushed, PushOptions
from modelyard_client.text import counted, format_size


def pushed_as_text(pushed: Pushed, options: PushOptions, connection: Connection) -> str:
    """The end of a push for people."""
    name, version = options.new.model, pushed.version
    lines = [f"Warning: {warning}" for warning in pushed.warnings]
    lines += [
        f"{name} {version.version} (number {version.number}) in {connection.project}",
        f"  {counted(pushed.files, 'file')}, {format_size(pushed.bytes)}, in {pushed.seconds:.1f} s",
        f"  sent {_rate(pushed.sent_bytes, pushed.seconds)}{_stored_before(pushed)}",
        f"  fetch it: modelyard pull {name}:{version.version} FOLDER, or models:/{name}/{version.version} with MLflow",
        f"  at {connection.url}, id {version.id}",
    ]
    return "\n".join(lines)


def pushed_as_json(pushed: Pushed, options: PushOptions, connection: Connection) -> dict[str, Any]:
    """The end of a push for programs."""
    return {
        "url": connection.url,
        "project": connection.project,
        "model": options.new.model,
        "version": pushed.version.version,
        "number": pushed.version.number,
        "id": pushed.version.id,
        "uri": f"models:/{options.new.model}/{pushed.version.version}",
        "aliases": list(options.aliases),
        "files": pushed.files,
        "bytes": pushed.bytes,
        "sentBytes": pushed.sent_bytes,
        "sentParts": pushed.sent_parts,
        "alreadyStored": pushed.stored_before,
        "seconds": round(pushed.seconds, 3),
        "resumed": pushed.resumed,
        "warnings": pushed.warnings,
    }


def pulled_as_text(pulled: Pulled, options: PullOptions) -> str:
    """The end of a pull for people."""
    there = f"; {counted(pulled.there_before, 'file')} had been there" if pulled.there_before else ""
    lines = [f"Warning: {warning}" for warning in pulled.source.warnings]
    lines += [
        f"{pulled.source.title} is in {options.folder}",
        f"  {counted(pulled.files, 'file')}, {format_size(pulled.bytes)}, in {pulled.seconds:.1f} s",
        f"  received {_rate(pulled.received, pulled.seconds)}{there}",
    ]
    return "\n".join(lines)


def pulled_as_json(pulled: Pulled, options: PullOptions, connection: Connection) -> dict[str, Any]:
    """The end of a pull for programs."""
    owner = pulled.source.owner
    if "version" in owner:
        of = {"model": owner["model"]["name"], "version": owner["version"], "number": int(owner["number"])}
    else:
        of = {"candidate": owner["uuid"]}
    return {
        "url": connection.url,
        "project": connection.project,
        **of,
        "id": owner["id"],
        "folder": str(options.folder),
        "files": pulled.files,
        "bytes": pulled.bytes,
        "receivedBytes": pulled.received,
        "thereBefore": pulled.there_before,
        "seconds": round(pulled.seconds, 3),
        "warnings": pulled.source.warnings,
    }


def failure_as_json(failure: Failure) -> dict[str, Any]:
    """A bad end for programs."""
    return {"error": {"code": failure.code, "message": failure.message}, "exitCode": failure.exit_code}


def _rate(size: int, seconds: float) -> str:
    return f"{format_size(size)} ({format_size(size / max(seconds, 1e-6))}/s)"


def _stored_before(pushed: Pushed) -> str:
    if not pushed.stored_before:
        return ""
    return f"; the project had the bytes of {counted(pushed.stored_before, 'file')} already"
