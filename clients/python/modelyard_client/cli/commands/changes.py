"""``log``, ``stage``, ``alias``, ``tag`` and ``delete``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Optional

from modelyard_client.cli import arguments as common
from modelyard_client.cli.answer import Answer
from modelyard_client.cli.service import ask
from modelyard_client.failures import Failure, Misused
from modelyard_client.registry import logs, models, versions
from modelyard_client.results import Version
from modelyard_client.service.graphql import Api
from modelyard_client.text import counted, legible


def log_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``log``."""
    _add_version(parser)
    common.add_evidence(parser)
    parser.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE", help="a tag of the version")
    common.add_common(parser)


def log(arguments: argparse.Namespace) -> Answer:
    """Log what is known of a version."""
    model, reference = common.version_reference(arguments.version, arguments.reference)
    evidence, tags = common.evidence(arguments), common.pairs("--tag", arguments.tag)
    if not evidence and not tags:
        raise Misused("Give at least one --metric, --param, --dataset, --fact or --tag.")

    async def work(api: Api) -> Version:
        version = await versions.get(api, model, reference)  # a reference may mean another one a moment later
        if evidence:
            await logs.to_candidate(api, await logs.candidate_of(api, {"id": version.id}, model), evidence)
        if tags:
            await versions.change(api, {"id": version.id}, dict(tags))
        return version

    version = ask(arguments, work)
    counts = {
        "metrics": len(evidence.metrics), "params": len(evidence.params), "datasets": len(evidence.datasets),
        "facts": len(evidence.facts), "tags": len(tags),
    }  # fmt: skip
    told = ", ".join(counted(count, name[:-1]) for name, count in counts.items() if count)
    return Answer({**_named(version), "logged": counts}, f"Logged to {_title(version)}: {told}.")


def stage_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``stage``."""
    _add_version(parser)
    parser.add_argument(
        "stage", metavar="STAGE", help="a stage of the project; at first none, staging, production, archived"
    )
    parser.add_argument("--archive-existing", action="store_true", help="move those that are there to archived")
    common.add_common(parser)


def stage(arguments: argparse.Namespace) -> Answer:
    """Move a version to a stage."""
    model, reference = common.version_reference(arguments.version, arguments.reference)

    async def work(api: Api) -> Version:
        return await versions.set_stage(
            api, model, reference, arguments.stage, archive_existing=arguments.archive_existing
        )

    version = ask(arguments, work)
    return Answer({**_named(version), "stage": version.stage}, f"{_title(version)} is in stage {version.stage}.")


def alias_set_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``alias set``."""
    _add_version(parser)
    parser.add_argument("alias", metavar="ALIAS", help="the alias that means this version from now on")
    parser.add_argument(
        "--expected", type=_number, metavar="NUMBER", help="only if it means this number so far; 0: if there is none"
    )
    common.add_common(parser)


def alias_set(arguments: argparse.Namespace) -> Answer:
    """Let an alias mean a version."""
    model, reference = common.version_reference(arguments.version, arguments.reference)
    alias = arguments.alias
    version = ask(arguments, lambda api: versions.set_alias(api, model, reference, alias, arguments.expected))
    return Answer({**_named(version), "alias": alias}, f"{alias} of {model} means {version.version} now.")


def alias_delete_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``alias delete``."""
    parser.add_argument("model", metavar="MODEL", help="name of the model")
    parser.add_argument("alias", metavar="ALIAS", help="its alias")
    common.add_common(parser)


def alias_delete(arguments: argparse.Namespace) -> Answer:
    """Delete an alias."""
    model, alias = arguments.model, arguments.alias
    existed = ask(arguments, lambda api: versions.delete_alias(api, model, alias))
    text = f"{alias} of {model} is deleted." if existed else f"{model} had no alias {alias}."
    return Answer({"model": model, "alias": alias, "existed": existed}, text)


def tag_set_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``tag set``."""
    common.add_either(parser)
    parser.add_argument("tags", nargs="+", metavar="KEY=VALUE", help="tags to set")
    common.add_common(parser)


def tag_set(arguments: argparse.Namespace) -> Answer:
    """Set tags of a model or a version."""
    return _tag(arguments, common.pairs("A tag", arguments.tags))


def tag_delete_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``tag delete``."""
    common.add_either(parser)
    parser.add_argument("tags", nargs="+", metavar="KEY", help="tags to delete")
    common.add_common(parser)


def tag_delete(arguments: argparse.Namespace) -> Answer:
    """Delete tags of a model or a version."""
    return _tag(arguments, dict.fromkeys(arguments.tags))


def delete_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``delete``."""
    common.add_either(parser)
    parser.add_argument("--yes", action="store_true", help="do not have it confirmed")
    common.add_common(parser)


def delete(arguments: argparse.Namespace) -> Answer:
    """Delete a version, or a model with all of its versions."""
    name, reference = common.either(arguments)
    if reference is None:
        model = ask(arguments, lambda api: models.get(api, name))
        _confirm(arguments, f"the model {model.name} with all of its versions")
        ask(arguments, lambda api: models.delete(api, model.id))
        return Answer({"model": model.name, "id": model.id}, f"The model {model.name} is deleted.")
    version = ask(arguments, lambda api: versions.get(api, name, reference))
    _confirm(arguments, _title(version))
    ask(arguments, lambda api: versions.delete(api, version.id))
    return Answer(_named(version), f"{_title(version)} is deleted.")


def _tag(arguments: argparse.Namespace, tags: Mapping[str, Optional[str]]) -> Answer:
    name, reference = common.either(arguments)
    told = ", ".join(f"{key} = {value}" if value is not None else f"without {key}" for key, value in tags.items())
    if reference is None:
        ask(arguments, lambda api: models.change(api, name, tags))
        return Answer({"model": name, "tags": dict(tags)}, f"{name}: {told}.")

    async def work(api: Api) -> Version:
        version = await versions.get(api, name, reference)
        await versions.change(api, {"id": version.id}, tags)
        return version

    version = ask(arguments, work)
    return Answer({**_named(version), "tags": dict(tags)}, f"{_title(version)}: {told}.")


def _confirm(arguments: argparse.Namespace, what: str) -> None:
    """Have a deletion confirmed.

    Raises:
        Misused: there is no terminal to confirm it at.
        Failure: it was not confirmed.
    """
    if arguments.yes:
        return
    if arguments.json or not sys.stdin.isatty():
        raise Misused(f"To delete {what} without being asked, add --yes.")
    sys.stderr.write(legible(f"Delete {what}? Type `yes`: "))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"yes", "y"}:
        raise Failure("Nothing was deleted.", code="NOT_CONFIRMED")


def _add_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "version", metavar="MODEL:REFERENCE", help="which version: churn:1.2.3, churn:^1, churn@champion"
    )
    parser.add_argument("--reference", help="which version; MODEL is then a name alone")


def _named(version: Version) -> dict[str, object]:
    return {"model": version.model, "version": version.version, "number": version.number, "id": version.id}


def _title(version: Version) -> str:
    return f"{version.model} {version.version} (number {version.number})"


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a version")
    return int(text)
