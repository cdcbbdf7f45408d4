"""What can keep the embedded servers from running, in words for the person who typed ``up``."""

from __future__ import annotations


class EmbeddedError(Exception):
    """The installation cannot be started as it is; the message says what to change."""


class AlreadyRunning(EmbeddedError):
    """Another supervisor owns the data directory."""


class PortTaken(EmbeddedError):
    """Something else listens where the API should."""


class ServerFailed(EmbeddedError):
    """A server ended or did not answer in time; the message carries the end of its log."""
