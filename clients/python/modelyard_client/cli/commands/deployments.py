"""``deployment register``, ``heartbeat``, ``end`` and ``list``."""

from __future__ import annotations

import argparse
import asyncio

from modelyard_client.cli import arguments as common
from modelyard_client.cli.answer import Answer
from modelyard_client.cli.service import ask
from modelyard_client.cli.tables import table
from modelyard_client.failures import Failure, Unreachable
from modelyard_client.registry import deployments
from modelyard_client.registry.deployments import Running
from modelyard_client.results import Deployment, as_json
from modelyard_client.service.graphql import Api

_STATUSES = ("RUNNING", "SILENT", "ENDED")
_LEAST_SECONDS = 5.0


def deployment_register_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``deployment register``."""
    parser.add_argument(
        "version", metavar="MODEL:REFERENCE", help="what runs: churn:1.2.3, churn:stage:production, churn@champion"
    )
    parser.add_argument("--reference", help="which version; MODEL is then a name alone")
    parser.add_argument("--environment", required=True, metavar="NAME", help="such as production")
    parser.add_argument(
        "--endpoint", required=True, metavar="NAME", help="what is served, such as a name or an address"
    )
    parser.add_argument("--instance", default="", metavar="NAME", help="which of several processes or machines")
    parser.add_argument(
        "--follows", metavar="REFERENCE", help="the reference that it resolves at its start; else that of the version"
    )
    parser.add_argument("--digest", metavar="SHA256", help="of the manifest of what it has loaded")
    common.add_common(parser)


def deployment_register(arguments: argparse.Namespace) -> Answer:
    """Say that a version runs."""
    model, reference = common.version_reference(arguments.version, arguments.reference)
    running = Running(
        arguments.environment, arguments.endpoint, arguments.instance, arguments.follows, arguments.digest
    )
    deployment = ask(arguments, lambda api: deployments.register(api, model, reference, running))
    return Answer(as_json(deployment), f"{_title(deployment)}\nid {deployment.id}")


def deployment_heartbeat_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``deployment heartbeat``."""
    parser.add_argument("id", metavar="ID", help="what `deployment register` printed")
    parser.add_argument(
        "--every", type=_seconds, metavar="SECONDS", help="go on until the deployment has ended, 5 or more"
    )
    common.add_common(parser)


def deployment_heartbeat(arguments: argparse.Namespace) -> Answer:
    """Say that a deployment still runs, once or again and again."""

    async def work(api: Api) -> Deployment:
        deployment = await deployments.heartbeat(api, arguments.id)
        while arguments.every and deployment.status != "ENDED":
            await asyncio.sleep(arguments.every)
            try:
                deployment = await deployments.heartbeat(api, arguments.id)
            except Unreachable as failure:
                api.notice(str(failure))  # the service is away: what runs goes on, and so does this
        return deployment

    deployment = ask(arguments, work)
    if deployment.status == "ENDED" and not arguments.every:
        raise Failure(f"The deployment has ended: {deployment.status_reason} Register it anew.", code="ENDED")
    return Answer(as_json(deployment), _title(deployment))


def deployment_end_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``deployment end``."""
    parser.add_argument("id", metavar="ID", help="what `deployment register` printed")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for people to read")
    common.add_common(parser)


def deployment_end(arguments: argparse.Namespace) -> Answer:
    """Say that a deployment runs no more."""
    deployment = ask(arguments, lambda api: deployments.end(api, arguments.id, arguments.reason))
    return Answer(as_json(deployment), _title(deployment))


def deployment_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``deployment list``."""
    parser.add_argument("--environment", metavar="NAME", help="only those of this environment")
    parser.add_argument("--status", type=str.upper, choices=_STATUSES, help="only those that stand so")
    parser.add_argument("--all", action="store_true", help="those that have ended, too")
    parser.add_argument("--limit", type=int, metavar="NUMBER", help="no more than so many")
    common.add_common(parser)


def deployment_list(arguments: argparse.Namespace) -> Answer:
    """List what runs where, the newest first."""

    async def work(api: Api) -> list[Deployment]:
        if arguments.status or arguments.all:
            return await deployments.listed(api, arguments.environment, arguments.status, arguments.limit)
        running = await deployments.listed(api, arguments.environment, "RUNNING", arguments.limit)
        return running + await deployments.listed(api, arguments.environment, "SILENT", arguments.limit)

    listed = ask(arguments, work)
    rows = [[one.environment, one.endpoint, one.instance, f"{one.model} {one.version}", _status(one)] for one in listed]
    text = table(["ENVIRONMENT", "ENDPOINT", "INSTANCE", "VERSION", "STATUS"], rows) if rows else "There is none."
    return Answer({"deployments": as_json(listed)}, text)


def _title(deployment: Deployment) -> str:
    where = f"{deployment.environment}, {deployment.endpoint}"
    return f"{deployment.model} {deployment.version} at {where}: {_status(deployment)}"


def _status(deployment: Deployment) -> str:
    if deployment.status == "ENDED":
        return f"ended ({deployment.status_reason})"
    drift = f", but {deployment.follows} means another version" if deployment.is_drifting else ""
    return f"{deployment.status.lower()}{drift}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not _LEAST_SECONDS <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 5 to 86400")
    return seconds
