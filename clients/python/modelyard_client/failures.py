"""The ways in which something can end badly; each is an exit code of the command line."""

from __future__ import annotations

from typing import ClassVar


class Failure(Exception):
    """It was not done; the message says why and what would be right. Base of all that this package raises.

    A failure of no kind below was refused for a reason of its own, which ``code`` names.
    """

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "FAILED"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        """Stable and in capitals; the API's own code where the API refused."""


class Misused(Failure):
    """The command, its arguments or the settings make no sense."""

    exit_code = 2
    default_code = "USAGE"


class Unreachable(Failure):
    """The network or the service failed for longer than one waits."""

    exit_code = 3
    default_code = "UNREACHABLE"


class Empty(Failure):
    """What was to be fetched has no files."""

    exit_code = 4
    default_code = "EMPTY"


class NotFound(Failure):
    """There is no such thing, or it may not be seen."""

    exit_code = 5
    default_code = "NOT_FOUND"


class Unauthenticated(Failure):
    """There is no token, or the service does not accept it (any more)."""

    exit_code = 6
    default_code = "UNAUTHENTICATED"


class Forbidden(Failure):
    """It may be seen but not done."""

    exit_code = 7
    default_code = "FORBIDDEN"


class Conflict(Failure):
    """The state of things forbids it: a name is taken, or another caller was faster."""

    exit_code = 8
    default_code = "CONFLICT"


class QuotaExceeded(Failure):
    """A limit of requests or of stored bytes is reached, or the disk of the service is full."""

    exit_code = 9
    default_code = "QUOTA"


class PromotionRefused(Failure):
    """Rules keep the version out of the stage, or others have not approved yet."""

    exit_code = 10
    default_code = "PROMOTION_REFUSED"


class Interrupted(Failure):
    """The user pressed Ctrl-C."""

    exit_code = 130
    default_code = "INTERRUPTED"


class TemporaryFailure(Exception):
    """A request failed in a way that may be over soon; never leaves the client."""

    def __init__(self, reason: str, retry_after: float | None = None, *, is_limit: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_limit = is_limit
        """Whether too much was sent, instead of something being broken."""
        self.retry_after = retry_after
        """Seconds that the other side requires to wait."""


_KINDS: dict[str, type[Failure]] = {
    **{kind.default_code: kind for kind in (NotFound, Unauthenticated, Forbidden, Conflict, QuotaExceeded)},
    **dict.fromkeys(("PROTECTED", "VERSION_PROTECTED", "OWN_WORK"), Forbidden),
    **dict.fromkeys(("TAKEN", "STAGE_MOVED", "CHANGED", "VERSION_SEALED", "VERSION_RETIRED"), Conflict),
    "PROMOTION_REFUSED": PromotionRefused,
    "APPROVAL_NEEDED": PromotionRefused,
    "STORAGE_FULL": QuotaExceeded,
    "RATE_LIMITED": QuotaExceeded,
}


def of(code: str, message: str) -> Failure:
    """The failure of the kind that a code of the API stands for."""
    return _KINDS.get(code, Failure)(message, code=code)
