"""What is wrong with a filter or an order, and where."""

from __future__ import annotations

from app.errors import Invalid


class InvalidFilter(Invalid):
    """The filter does not follow the grammar."""

    code = "INVALID_FILTER"

    def __init__(self, reason: str, position: int) -> None:
        """Args:
        reason: what is wrong, in MLflow's words where MLflow has some.
        position: the character at which it is, counted from 1.
        """
        self.reason = reason
        self.position = position
        super().__init__(f"{reason} (at character {position})", field="filter")


class InvalidOrder(Invalid):
    """The order does not follow the grammar."""

    code = "INVALID_ORDER"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, field="order_by")


def shown(text: str, limit: int = 200) -> str:
    """The client's text as it may stand in a message: not too long, nothing invisible."""
    cut = text[:limit] + ("…" if len(text) > limit else "")
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in cut)
