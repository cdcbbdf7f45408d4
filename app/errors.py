"""The kinds of error with which a request can fail, the same for all protocols.

A feature raises a subclass (or the kind itself) whose message says what was wrong, with what value, and what would be
right. Each edge translates the kind once: to an HTTP status, MLflow's ``error_code``, GraphQL's ``userErrors``.
"""

from __future__ import annotations

from typing import ClassVar


class ModelyardError(Exception):
    """Base of every expected failure; the message is meant for the client."""

    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.field = field
        """Path of the input that was wrong, as the client named it; None when no single one was."""
        super().__init__(self.message)


class NotFound(ModelyardError):
    """There is no such thing, or it may not be seen."""

    code = "NOT_FOUND"


class Gone(NotFound):
    """It was there and is no more; asking again is of no use."""

    code = "GONE"


class Conflict(ModelyardError):
    """The state of things forbids it."""

    code = "CONFLICT"


class Taken(Conflict):
    """The name is already in use."""

    code = "TAKEN"


class Invalid(ModelyardError):
    """The input is not acceptable."""

    code = "INVALID"


class TooLarge(Invalid):
    """The input is larger than allowed."""

    code = "TOO_LARGE"


class Forbidden(ModelyardError):
    """You may see this but not do that."""

    code = "FORBIDDEN"


class Misdirected(ModelyardError):
    """The request is meant for another host."""

    code = "MISDIRECTED"


class Unauthenticated(ModelyardError):
    """A valid token is needed."""

    code = "UNAUTHENTICATED"


class Unavailable(ModelyardError):
    """A part of the service is not reachable at the moment; try again shortly."""

    code = "UNAVAILABLE"


class StorageFull(Unavailable):
    """There is no room left to store this; delete what is not needed, or have the operator make room."""

    code = "STORAGE_FULL"


class QuotaExceeded(ModelyardError):
    """There is no room left within a limit of stored bytes; nothing was stored."""

    code = "QUOTA"


class OutcomeUnknown(Unavailable):
    """The connection to the database broke during the commit: it is unknown whether this was done; ask again."""

    code = "OUTCOME_UNKNOWN"


class Busy(Unavailable):
    """Another transaction holds what was to be changed, and has not ended in time."""


class TooManyRequests(ModelyardError):
    """Too many of your requests wait already; nothing was done, send fewer at once and try again shortly."""

    code = "RATE_LIMITED"

    def __init__(
        self, message: str | None = None, *, field: str | None = None, retry_after: float | None = None
    ) -> None:
        """``retry_after``: seconds until the same request may be answered; None: shortly."""
        super().__init__(message, field=field)
        self.retry_after = retry_after
