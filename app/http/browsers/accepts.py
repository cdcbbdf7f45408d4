"""What browsers say they take: media types and codings, with weights (RFC 9110 §12.4.2, §12.5)."""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import Scope

IDENTITY = "identity"
_UNLISTED = 0.0005
"""Weight of no coding at all where it is neither named nor refused: below every weight that can be written."""
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def weights(given: str) -> dict[str, float]:
    """What a header lists, in lower case, with its weight from 0 (refused) to 1; a weight that is none counts as 0."""
    listed: dict[str, float] = {}
    for entry in given.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if name:
            listed[name] = _weight(parameters)
    return listed


def takes_pages(scope: Scope) -> bool:
    """Whether a request names HTML among what it takes: browsers do when a person opens an address, programs do not."""
    given = ",".join(Headers(scope=scope).getlist("accept"))
    return "text/html" in given.lower() and weights(given).get("text/html", 0) > 0


def coding(given: str | None, offered: Collection[str]) -> str | None:
    """The coding to answer in, of those offered (the best first) and of none; None if all are refused.

    ``given`` is the value of Accept-Encoding, None if the request has no such header (RFC 9110 §12.5.3).
    """
    if given is None:
        return IDENTITY
    listed = weights(given)
    rest = listed.get("*")
    weighted = [(listed.get(name, rest or 0.0), name) for name in offered]
    weighted.append((listed.get(IDENTITY, _UNLISTED if rest is None else rest), IDENTITY))
    weight, best = max(weighted, key=lambda pair: pair[0])
    return best if weight > 0 else None


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            value = value.strip()
            return float(value) if _WEIGHT.fullmatch(value) else 0.0
    return 1.0
