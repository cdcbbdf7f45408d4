"""``promote``, and ``promotion check``, ``request``, ``approve``, ``reject`` and ``list``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from modelyard_client.cli import arguments as common
from modelyard_client.cli.answer import Answer
from modelyard_client.cli.service import ask
from modelyard_client.cli.tables import table
from modelyard_client.failures import PromotionRefused
from modelyard_client.registry import promotions
from modelyard_client.registry.promotions import Promoted
from modelyard_client.service.graphql import Api

_WAIT_SECONDS = 3600
_STATUSES = ("open", "promoted", "rejected", "withdrawn", "expired")


def promote_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``promote``."""
    _add_target(parser)
    parser.add_argument("--reason", default="", help="why, for the history")
    parser.add_argument(
        "--expected", type=_number, metavar="NUMBER", help="only if the stage means this number now; 0: no version"
    )
    parser.add_argument("--keep-others", action="store_true", help="leave versions that are in the stage there")
    parser.add_argument(
        "--wait",
        nargs="?",
        type=_number,
        const=_WAIT_SECONDS,
        default=0,
        metavar="SECONDS",
        help="wait for approvals, freezes and minimum times; an hour when no seconds are given",
    )
    parser.add_argument("--bypass", metavar="REASON", help="bypass gates and approvals, for ever marked; maintainers")
    common.add_common(parser)


def promote(arguments: argparse.Namespace) -> Answer:
    """Let a version enter a stage, if its rules allow it."""
    model, reference = common.version_reference(arguments.version, arguments.reference)

    async def work(api: Api) -> Promoted:
        return await promotions.promote_when_allowed(
            api,
            model,
            reference,
            arguments.stage,
            arguments.wait,
            reason=arguments.reason,
            expected_number=arguments.expected,
            keep_others=arguments.keep_others,
            bypass_reason=arguments.bypass,
        )

    done = ask(arguments, work)
    version, promotion = done.version, done.promotion
    data = {"model": version.model, "version": version.version, "number": version.number, "id": version.id}
    told = f"{version.model} {version.version} (number {version.number}) is in stage {version.stage}."
    if promotion and promotion["isBypass"]:
        told = f"{told} Rules were bypassed."
    return Answer({**data, "stage": version.stage, "promotion": promotion}, told)


def promotion_check_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``promotion check``."""
    _add_target(parser)
    common.add_common(parser)


def promotion_check(arguments: argparse.Namespace) -> Answer:
    """Say what a promotion would come to, rule by rule.

    Raises:
        PromotionRefused: it would be refused; people have been shown why.
    """
    model, reference = common.version_reference(arguments.version, arguments.reference)
    seen = ask(arguments, lambda api: promotions.check(api, model, reference, arguments.stage))
    version = seen["modelVersion"]["version"]
    text = _verdicts(seen["verdicts"])
    if not seen["allowsPromotion"]:
        failing = [one for one in seen["verdicts"] if one["isFailing"]]
        told = " ".join(f"{one['title']}: {one['explanation']}" for one in failing)
        raise PromotionRefused(f"{model} {version} may not enter {seen['stage']} now. {told}")
    data = {name: seen[name] for name in ("allowsPromotion", "stage", "replacedVersion", "digest", "verdicts")}
    return Answer({"model": model, "version": version, **data}, f"{text}\n{model} {version} may enter {seen['stage']}.")


def promotion_request_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``promotion request``."""
    _add_target(parser)
    parser.add_argument("--reason", default="", help="why, for those who approve")
    parser.add_argument("--automatic", action="store_true", help="let the last approval promote")
    common.add_common(parser)


def promotion_request(arguments: argparse.Namespace) -> Answer:
    """Ask others to approve a promotion."""
    model, reference = common.version_reference(arguments.version, arguments.reference)
    stage, reason = arguments.stage, arguments.reason
    made = ask(
        arguments,
        lambda api: promotions.open_request(api, model, reference, stage, reason, is_automatic=arguments.automatic),
    )
    told = f"Others may approve {model} {made['version']} for {made['stage']} until {made['expiresAt']}."
    return Answer({"promotionRequest": made}, told)


def promotion_approve_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``promotion approve``."""
    _add_target(parser)
    parser.add_argument("--comment", default="", help="what to say with it")
    common.add_common(parser)


def promotion_approve(arguments: argparse.Namespace) -> Answer:
    """Approve a promotion that was requested."""
    model, reference = common.version_reference(arguments.version, arguments.reference)
    done = ask(arguments, lambda api: promotions.approve(api, model, reference, arguments.stage, arguments.comment))
    request, promotion = done["promotionRequest"], done["promotion"]
    told = f"Approved: {model} {request['version']} for {request['stage']}."
    if promotion:
        told = f"{told} It is there now."
    return Answer({"promotionRequest": request, "promotion": promotion}, told)


def promotion_reject_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``promotion reject``."""
    _add_target(parser)
    parser.add_argument("--reason", required=True, help="why")
    common.add_common(parser)


def promotion_reject(arguments: argparse.Namespace) -> Answer:
    """End a promotion request, with a reason."""
    model, reference = common.version_reference(arguments.version, arguments.reference)
    ended = ask(arguments, lambda api: promotions.reject(api, model, reference, arguments.stage, arguments.reason))
    told = f"Rejected: {model} {ended['version']} for {ended['stage']}."
    return Answer({"promotionRequest": ended}, told)


def promotion_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``promotion list``."""
    parser.add_argument("--status", choices=_STATUSES, help="only those of this status")
    parser.add_argument("--stage", help="only those for this stage")
    common.add_common(parser)


def promotion_list(arguments: argparse.Namespace) -> Answer:
    """List promotion requests, latest first."""
    status = arguments.status.upper() if arguments.status else None
    listed = ask(arguments, lambda api: promotions.listed(api, status, arguments.stage))
    rows = [
        [
            (one["modelVersion"] or {"model": {"name": ""}})["model"]["name"],
            one["version"],
            one["stage"],
            one["status"],
            ", ".join(approval["username"] for approval in one["approvals"] if not approval["fellAt"]),
            one["requestedByUsername"],
            one["expiresAt"][:10],
        ]
        for one in listed
    ]
    headings = ["MODEL", "VERSION", "STAGE", "STATUS", "APPROVED BY", "REQUESTED BY", "UNTIL"]
    return Answer({"promotionRequests": listed}, table(headings, rows) if rows else "There is none.")


def _verdicts(verdicts: Sequence[Mapping[str, Any]]) -> str:
    return table(["", "RULE", "WHY"], [[one["outcome"], one["title"], one["explanation"]] for one in verdicts])


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "version", metavar="MODEL:REFERENCE", help="which version: churn:1.2.3, churn:^1, churn@champion"
    )
    parser.add_argument("stage", metavar="STAGE", help="the stage that it is to enter")
    parser.add_argument("--reference", help="which version; MODEL is then a name alone")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return int(text)
