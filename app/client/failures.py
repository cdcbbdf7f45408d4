"""The ways in which a command can end badly; each is an exit code."""

from __future__ import annotations

from typing import ClassVar


class Failure(Exception):
    """The command did not do what was asked; the message says why and what would be right."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, code: str = "FAILED") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        """Stable and in capitals; the API's own code where the API refused."""


class Misused(Failure):
    """The command line or the settings make no sense."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(message, code="USAGE")


class Unreachable(Failure):
    """The network or the service failed for longer than one waits."""

    exit_code = 3

    def __init__(self, message: str) -> None:
        super().__init__(message, code="UNREACHABLE")


class Empty(Failure):
    """What was to be fetched has no files."""

    exit_code = 4

    def __init__(self, message: str) -> None:
        super().__init__(message, code="EMPTY")


class Interrupted(Failure):
    """The user pressed Ctrl-C."""

    exit_code = 130

    def __init__(self, message: str) -> None:
        super().__init__(message, code="INTERRUPTED")


class TemporaryFailure(Exception):
    """A request failed in a way that may be over soon; never leaves the client."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        """Seconds that the other side asked to wait."""
