"""What triggers of the database refuse, as errors of the features that they belong to.

A trigger names a constraint and says in its detail what was wrong. The feature says here what that means, so that the
error is the same whichever statement met it, and no caller has to think of it.
"""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from app.errors import ModelyardError

_REFUSALS: dict[str, Callable[[list[str]], ModelyardError]] = {}


def register(constraint: str, error: Callable[[list[str]], ModelyardError]) -> None:
    """Have ``error`` made of the lines of the detail whenever a trigger names that constraint."""
    _REFUSALS[constraint] = error


def explained(error: BaseException) -> ModelyardError | None:
    """The feature's error for one of the driver, or for SQLAlchemy's around it; None where no feature knows it."""
    cause = getattr(getattr(error, "orig", None), "__cause__", None) or error
    if not isinstance(cause, asyncpg.PostgresError):
        return None
    make = _REFUSALS.get(str(getattr(cause, "constraint_name", "") or ""))
    return make(str(getattr(cause, "detail", "") or "").split("\n")) if make else None
