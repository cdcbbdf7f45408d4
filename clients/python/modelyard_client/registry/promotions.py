"""Promotions: a version enters a stage; what the rules say of it; and what others approve."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Optional

from modelyard_client import failures, targets
from modelyard_client.failures import Failure, NotFound, PromotionRefused, TemporaryFailure
from modelyard_client.registry import answers, documents
from modelyard_client.results import Version
from modelyard_client.service import http
from modelyard_client.service.graphql import Api

_REFUSALS = frozenset({"PROMOTION_REFUSED", "APPROVAL_NEEDED", "VERSION_NOT_READY"})
_LOOK_SECONDS = 5.0
"""Between two looks at whether a promotion that waits may be made."""


@dataclass(frozen=True)
class Promoted:
    """A version in its stage; ``promotion`` is what the API tells of it, None for stages without rules."""

    version: Version
    promotion: Optional[Mapping[str, Any]]


class Refused(PromotionRefused):
    """Rules keep the version out; ``verdicts`` has all of them."""

    def __init__(self, message: str, code: str, verdicts: list[Mapping[str, Any]]) -> None:
        super().__init__(message, code=code)
        self.verdicts = verdicts

    @property
    def only_waits(self) -> bool:
        """Whether nothing fails that time or other people cannot mend."""
        failing = [one for one in self.verdicts if one["isFailing"]]
        return bool(failing) and all(one["outcome"] == "PENDING" for one in failing)


async def promote(
    api: Api,
    model: str,
    reference: str,
    stage: str,
    reason: str = "",
    expected_number: Optional[int] = None,
    *,
    keep_others: bool = False,
    bypass_reason: Optional[str] = None,
) -> Promoted:
    """Let a version enter a stage. Twice is fine.

    Raises:
        Refused: rules keep it out.
        Conflict: another version got into the stage first.
        NotFound, Forbidden: the service refused it.
    """
    wanted: dict[str, Any] = {
        "modelVersion": targets.version_lookup(api, model, reference),
        "stage": stage,
        "reason": reason,
        "keepOthers": keep_others,
    }
    if expected_number is not None:
        wanted["expectedCurrent"] = expected_number
    if bypass_reason is not None:
        wanted["bypassReason"] = bypass_reason

    async def attempt() -> dict[str, Any]:
        payload = (await api.once(documents.PROMOTE, {"input": wanted}))["modelVersionPromote"]
        for error in payload["userErrors"]:
            if error["code"] in {"UNAVAILABLE", "OUTCOME_UNKNOWN", "PROMOTION_UNSETTLED"}:
                raise TemporaryFailure(error["message"])
            raise _refusal(error, payload)
        result: dict[str, Any] = payload
        return result

    payload = await http.retry(attempt, api.connection.patience, api.notice)
    return Promoted(answers.version(payload["modelVersion"]), payload["promotion"])


async def promote_when_allowed(
    api: Api, model: str, reference: str, stage: str, seconds: float, **how: Any
) -> Promoted:
    """The same, waiting at most so long while nothing but approvals or time is missing.

    Raises:
        Refused: another rule fails, the time is over, or the request for it was ended.
    """
    end = monotonic() + seconds
    while True:
        try:
            return await promote(api, model, reference, stage, **how)
        except Refused as refusal:
            if not refusal.only_waits or monotonic() >= end:
                raise
        await _until_allowed(api, model, reference, stage, end)


async def check(api: Api, model: str, reference: str, stage: str) -> Mapping[str, Any]:
    """What a promotion would come to: ``allowsPromotion``, ``verdicts``, ``digest``, ``modelVersion``.

    Raises:
        NotFound: there is no such version or stage.
    """
    lookup = targets.version_lookup(api, model, reference)
    answer = (await api.ask(documents.PROMOTION_CHECK, version=lookup, stage=stage))["promotionCheck"]
    if answer is None:
        raise NotFound(f"There is no version `{reference}` of `{model}` in {api.connection.project}.")
    result: Mapping[str, Any] = answer
    return result


async def open_request(
    api: Api, model: str, reference: str, stage: str, reason: str = "", *, is_automatic: bool = False
) -> Mapping[str, Any]:
    """Ask others to approve.

    Raises:
        Conflict: there is an open request already.
        NotFound, Forbidden, Failure: the service refused it.
    """
    wanted = {
        "modelVersion": targets.version_lookup(api, model, reference),
        "stage": stage,
        "reason": reason,
        "isAutomatic": is_automatic,
    }
    made: Mapping[str, Any] = (await api.change(documents.PROMOTION_REQUEST, input=wanted))["promotionRequest"]
    return made


async def approve(api: Api, model: str, reference: str, stage: str, comment: str = "") -> Mapping[str, Any]:
    """Approve the open request for a version and stage, as things stand now; the payload of the API.

    Raises:
        NotFound: there is none that is open.
        Forbidden, Failure: the service refused it.
    """
    seen = await check(api, model, reference, stage)
    wanted = {"id": _open(seen, model, reference)["id"], "comment": comment, "digest": seen["digest"]}
    return await api.change(documents.PROMOTION_APPROVE, input=wanted)


async def reject(api: Api, model: str, reference: str, stage: str, reason: str) -> Mapping[str, Any]:
    """End the open request for a version and stage.

    Raises:
        NotFound: there is none that is open.
        Forbidden, Failure: the service refused it.
    """
    request = _open(await check(api, model, reference, stage), model, reference)
    wanted = {"id": request["id"], "reason": reason}
    ended: Mapping[str, Any] = (await api.change(documents.PROMOTION_REJECT, input=wanted))["promotionRequest"]
    return ended


async def listed(
    api: Api, status: Optional[str] = None, stage: Optional[str] = None, limit: int = 100
) -> list[Mapping[str, Any]]:
    """Requests of the project, latest first.

    Raises:
        NotFound: there is no such project.
    """
    data = await api.ask(
        documents.PROMOTION_REQUESTS, project=api.connection.project, status=status, stage=stage, first=limit
    )
    if data["project"] is None:
        raise targets.no_project(api)
    nodes: list[Mapping[str, Any]] = data["project"]["promotionRequests"]["nodes"]
    return nodes


async def _until_allowed(api: Api, model: str, reference: str, stage: str, end: float) -> None:
    """Look until the rules allow it, or something other than time and approvals fails, or the time is over.

    Raises:
        Refused: the request for it was ended.
    """
    was_open = False
    while monotonic() < end:
        seen = await check(api, model, reference, stage)
        requests = [one for one in seen["modelVersion"]["promotionRequests"]["nodes"] if one["stage"] == seen["stage"]]
        newest = requests[0] if requests else None
        if newest and was_open and newest["status"] in {"REJECTED", "WITHDRAWN", "EXPIRED"}:
            why = f": {newest['statusReason']}" if newest["statusReason"] else ""
            raise Refused(
                f"The promotion request was {newest['status'].lower()}{why}.", "PROMOTION_REFUSED", seen["verdicts"]
            )
        was_open = was_open or bool(newest and newest["status"] == "OPEN")
        failing = [one for one in seen["verdicts"] if one["isFailing"]]
        if seen["modelVersion"]["stage"] == seen["stage"] or any(one["outcome"] != "PENDING" for one in failing):
            return
        if not failing:
            return
        await asyncio.sleep(min(_LOOK_SECONDS, max(0.0, end - monotonic())))


def _open(seen: Mapping[str, Any], model: str, reference: str) -> Mapping[str, Any]:
    for one in seen["modelVersion"]["promotionRequests"]["nodes"]:
        if one["status"] == "OPEN" and one["stage"] == seen["stage"]:
            result: Mapping[str, Any] = one
            return result
    raise NotFound(f"There is no open promotion request for {model}:{reference} to {seen['stage']}.")


def _refusal(error: Mapping[str, Any], payload: Mapping[str, Any]) -> Failure:
    code, message = str(error["code"]), str(error["message"])
    if code in _REFUSALS and payload["promotion"]:
        return Refused(message, code, list(payload["promotion"]["verdicts"]))
    return failures.of(code, message)
