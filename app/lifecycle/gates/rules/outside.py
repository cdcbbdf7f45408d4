"""Gates that ask something outside of the registry's data, before the transaction that decides."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar

from pydantic import Field

from app.lifecycle.gates.rules.rule import Judgement, Outcome, Rule, failed, passed
from app.lifecycle.gates.rules.subject import Subject

MAX_EXPRESSION = 4_000
MAX_SECONDS = 10


class _Asking(Rule):
    asks_outside: ClassVar[bool] = True
    kind: ClassVar[str] = ""

    def judge(self, subject: Subject) -> Judgement:
        """What the answer says."""
        answer = subject.answer
        compared: dict[str, Any] = dict(answer.details) if answer else {}
        if answer is None:
            return Judgement(Outcome.PENDING, self._without_answer(), compared)
        if answer.allows is None:
            return Judgement(Outcome.ERROR, answer.error or "There was no answer.", compared)
        return (passed if answer.allows else failed)(self._said(answer.allows, answer.message), compared)

    @abstractmethod
    def _without_answer(self) -> str:
        """What is said before the answer is there."""

    @abstractmethod
    def _said(self, allows: bool, _message: str) -> str:
        """What is said of an answer."""


class WebhookAnswer(_Asking):
    """A receiver answers yes: it gets the version, its candidate and the holder by a signed POST.

    It answers 200 with ``{"allow": true}`` or ``{"allow": false, "message": "why"}`` within ``timeoutSeconds``.
    Anything else is no answer, and refuses.
    """

    kind: ClassVar[str] = "webhook"
    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    timeout_seconds: Annotated[float, Field(ge=1, le=MAX_SECONDS)] = MAX_SECONDS

    def title(self) -> str:
        """What it demands."""
        return f"The webhook at {self.origin} says yes"

    @property
    def origin(self) -> str:
        """Scheme and host of the address: the rest may be a secret."""
        return "/".join(self.url.split("/")[:3]).partition("?")[0][:200]

    def _without_answer(self) -> str:
        return "The webhook is asked when a caller who may promote the version does so."

    def _said(self, allows: bool, _message: str) -> str:
        said = f"The webhook says {'yes' if allows else 'no'}" + (f": {_message}" if _message else "")
        return said if said.endswith((".", "!", "?")) else f"{said}."


class Expression(_Asking):
    """An expression of CEL over ``version``, ``candidate``, ``holder`` (null if there is none), ``stage`` is true."""

    kind: ClassVar[str] = "expression"
    expression: Annotated[str, Field(min_length=1, max_length=MAX_EXPRESSION)]
    message: Annotated[str, Field(max_length=500)] = ""
    """What users read when it is false."""

    def title(self) -> str:
        """What it demands."""
        return f"`{self.expression[:120]}`" + ("…" if len(self.expression) > 120 else "")

    def _without_answer(self) -> str:
        return "The expression was not evaluated."

    def _said(self, allows: bool, _message: str) -> str:
        if allows:
            return "The expression is true."
        return self.message or "The expression is false."
