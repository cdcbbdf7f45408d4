"""``models``, ``versions`` and ``show``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import datetime

from modelyard_client.cli import arguments as common
from modelyard_client.cli.answer import Answer
from modelyard_client.cli.service import ask
from modelyard_client.cli.tables import facts, table
from modelyard_client.registry import models as of_models
from modelyard_client.registry import versions as of_versions
from modelyard_client.results import Model, Version, as_json
from modelyard_client.text import counted, format_size

_SHOWN = 20
"""Files of a version that people are shown."""


def models_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``models``."""
    parser.add_argument(
        "search", nargs="?", default="", metavar="TEXT", help="only those with this text in their names"
    )
    _add_limit(parser)
    common.add_common(parser)


def models(arguments: argparse.Namespace) -> Answer:
    """List models."""
    listed = ask(arguments, lambda api: of_models.listed(api, arguments.search, arguments.limit))
    rows = [[one.name, one.latest_version or "", _aliases(one.aliases), _day(one.updated_at)] for one in listed]
    text = table(["MODEL", "LATEST", "ALIASES", "CHANGED"], rows) if rows else "There is none."
    return Answer({"models": as_json(listed)}, text)


def versions_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``versions``."""
    common.add_either(parser, "of which model; of which versions, as in churn:^1.2")
    parser.add_argument("--search", default="", metavar="TEXT", help="only those that begin so")
    _add_limit(parser)
    common.add_common(parser)


def versions(arguments: argparse.Namespace) -> Answer:
    """List the versions of a model, the highest first."""
    name, reference = common.either(arguments)
    listed = ask(arguments, lambda api: of_versions.listed(api, name, reference, arguments.search, arguments.limit))
    rows = [
        [
            one.version,
            str(one.number),
            _stage(one),
            ", ".join([one.status, *_withdrawn(one)]),
            ", ".join(one.aliases),
            _day(one.created_at),
            one.created_by or "",
        ]
        for one in listed
    ]
    headings = ["VERSION", "NUMBER", "STAGE", "STATUS", "ALIASES", "MADE", "BY"]
    text = table(headings, rows) if rows else "There is none."
    return Answer({"model": name, "versions": [_listed_as_json(one) for one in listed]}, text)


def show_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``show``."""
    common.add_either(parser, "a model, or a version: churn, churn:1.2.3, churn@champion")
    common.add_common(parser)


def show(arguments: argparse.Namespace) -> Answer:
    """Show a model, or a version with what is known of it."""
    name, reference = common.either(arguments)
    if reference is None:
        model = ask(arguments, lambda api: of_models.get(api, name))
        return Answer(as_json(model), _model_facts(model))
    version = ask(arguments, lambda api: of_versions.get(api, name, reference))
    data = as_json(version)
    assert isinstance(data, dict)
    return Answer({**data, "uri": version.uri}, _version_facts(version))


def _model_facts(model: Model) -> str:
    return facts(
        [
            ("model", model.name),
            ("latest", model.latest_version or "no release yet"),
            ("aliases", _aliases(model.aliases)),
            ("tags", _pairs(model.tags)),
            ("made", _moment(model.created_at)),
            ("changed", _moment(model.updated_at)),
            ("description", model.description),
        ]
    )


def _version_facts(version: Version) -> str:
    size = sum(file.size for file in version.files)
    files = [
        f"{file.path}  {format_size(file.size)}  {'' if file.status == 'READY' else file.status}".rstrip()
        for file in version.files[:_SHOWN]
    ]
    if version.file_count > len(files):
        files.append(f"… {counted(version.file_count, 'file')} in all")
    elif files:
        files.append(f"{counted(version.file_count, 'file')}, {format_size(size)}")
    reason = f": {version.status_reason}" if version.status_reason else ""
    return facts(
        [
            ("version", f"{version.model} {version.version} (number {version.number})"),
            ("status", ", ".join([f"{version.status}{reason}", *_withdrawn(version)])),
            ("stage", _stage(version)),
            ("aliases", ", ".join(version.aliases)),
            ("made", f"{_moment(version.created_at)}{f' by {version.created_by}' if version.created_by else ''}"),
            ("run", version.run_id or ""),
            ("metrics", _pairs({key: f"{value:g}" for key, value in version.metrics.items()})),
            ("params", _pairs(version.params)),
            ("datasets", "\n".join(version.datasets)),
            ("tags", _pairs(version.tags)),
            ("files", "\n".join(files)),
            ("description", version.description),
        ]
    )


def _listed_as_json(version: Version) -> dict[str, object]:
    """Without what a list does not fetch."""
    data = as_json(version)
    assert isinstance(data, dict)
    return {
        key: value for key, value in data.items() if key not in {"params", "metrics", "datasets", "files", "fileCount"}
    }


def _add_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=_limit, metavar="N", help="at most so many; all when left out")


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def _stage(version: Version) -> str:
    return "" if version.stage == "none" else version.stage


def _withdrawn(version: Version) -> list[str]:
    """Whether it was yanked or deprecated, as tags say that only the service sets."""
    return [word for word in ("yanked", "deprecated") if f"modelyard.{word}" in version.tags]


def _aliases(aliases: Mapping[str, str]) -> str:
    return ", ".join(f"{alias} → {version}" for alias, version in aliases.items())


def _pairs(values: Mapping[str, str]) -> str:
    return "\n".join(f"{key} = {value}" for key, value in values.items())


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""
