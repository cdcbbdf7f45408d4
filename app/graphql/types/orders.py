"""The direction of an order, and orders of searches by MLflow's keys."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import strawberry

from app.graphql.types.fields import optional, value


@strawberry.enum(name="OrderDirection", description="The direction of an order.")
class Direction(Enum):
    ASC = value("ASC", "The least come first.")
    DESC = value("DESC", "The greatest come first.")

    @property
    def is_descending(self) -> bool:
        return self is Direction.DESC


def direction() -> Any:
    """The field ``direction`` of an order."""
    return optional("The direction.", default=Direction.ASC)


class SearchOrder:
    """What the orders of searches have in common: a key of MLflow's order grammar, and a direction."""

    field: str
    direction: Direction


def clauses(order_by: Sequence[SearchOrder]) -> tuple[str, ...]:
    """The same in MLflow's order grammar, e.g. ``metrics.accuracy DESC``."""
    return tuple(f"{key.field} {key.direction.value}" for key in order_by)
