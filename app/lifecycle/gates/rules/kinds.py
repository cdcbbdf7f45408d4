"""All kinds of gates, and how the data of a gate is read, with refusals that say what would be right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from app.errors import Invalid
from app.lifecycle.gates.rules.facts import LicenceAllowed, RequiredFacts
from app.lifecycle.gates.rules.files import CompatibleSignature, ScanVerdict, SizeLimit
from app.lifecycle.gates.rules.metrics import MetricAgainstHolder, MetricOnDataset, MetricThreshold
from app.lifecycle.gates.rules.outside import Expression, WebhookAnswer
from app.lifecycle.gates.rules.people import ApprovalsByOthers
from app.lifecycle.gates.rules.rule import Rule
from app.lifecycle.gates.rules.times import FreezeWindows, TimeInStage
from app.text import quoted

MAX_CONFIG = 20_000
"""Characters of the data of one gate, as JSON."""
KINDS: dict[str, type[Rule]] = {
    each.kind: each
    for each in (
        MetricThreshold, MetricAgainstHolder, MetricOnDataset, RequiredFacts, ScanVerdict, LicenceAllowed,
        CompatibleSignature, SizeLimit, TimeInStage, ApprovalsByOthers, FreezeWindows, WebhookAnswer, Expression,
    )
}  # fmt: skip
NOT_YET = {
    "signature": (
        "The kind 'signature' (a valid OpenSSF signature of the files) cannot be set: this release stores and checks "
        "no signatures, so no version could pass. Nothing was saved."
    )
}
"""Kinds that are refused when they are set, with the reason: better than gates that never say no, or always."""


def parse(kind: str, config: Mapping[str, Any], *, field: str) -> Rule:
    """The rule of that kind with that data. ``field`` is the path of the gate in the input, for refusals.

    Raises:
        Invalid: there is no such kind, or its data is not acceptable; the message names the part.
    """
    if kind in NOT_YET:
        raise Invalid(NOT_YET[kind], field=f"{field}.kind")
    if kind not in KINDS:
        raise Invalid(f"There is no kind of gate {quoted(kind)}; kinds are {', '.join(KINDS)}.", field=f"{field}.kind")
    try:
        text = orjson.dumps(config)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise Invalid(f"The config of this gate is no JSON: {str(error)[:200]}.", field=f"{field}.config") from None
    if len(text) > MAX_CONFIG:
        raise Invalid(
            f"The config of this gate has {len(text):,} bytes; at most {MAX_CONFIG:,} fit.", field=f"{field}.config"
        )
    try:
        return KINDS[kind].model_validate_json(text)
    except ValidationError as error:
        raise _refusal(kind, error, f"{field}.config") from None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as it is told to clients."""

    name: str
    description: str
    schema: dict[str, Any]


def described() -> list[Kind]:
    """All kinds, each with the JSON schema of its data."""
    return [
        Kind(name, " ".join((rule.__doc__ or "").split()), rule.model_json_schema(by_alias=True))
        for name, rule in KINDS.items()
    ]


def has_secret(kind: str) -> bool:
    """Whether gates of that kind sign what they send."""
    return kind == WebhookAnswer.kind


def stored(kind: str, config: Mapping[str, Any]) -> Rule | None:
    """The rule as it was stored; None when this release does not read it any more."""
    try:
        return KINDS[kind].model_validate_json(json.dumps(config))
    except (KeyError, ValidationError):
        return None


def _refusal(kind: str, error: ValidationError, field: str) -> Invalid:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    fields = ", ".join(info.alias or name for name, info in KINDS[kind].model_fields.items())
    where = f"`{path}`: " if path else ""
    return Invalid(
        f"This gate of the kind '{kind}' is not acceptable: {where}{message}. Its fields are {fields}.",
        field=f"{field}.{path}" if path else field,
    )
