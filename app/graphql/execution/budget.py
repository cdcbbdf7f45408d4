"""How much of the service one caller may use within a minute, counted in points of cost.

Each process counts for itself: it guards itself against callers who ask without end, and a query that reads need not
write for it. With several processes a caller who spreads its requests gets as many budgets.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLError

WINDOW = 60
"""Seconds; all budgets begin anew with each minute of the clock."""
CODE = "RATE_LIMITED"


class Budget:
    """What callers have spent in the current minute."""

    def __init__(self, limit: int) -> None:
        """``limit`` is in points of cost a minute; 0: none."""
        self._limit = limit
        self._spent: Counter[int | str] = Counter()
        self._minute = 0

    def spend(self, caller: int | str, cost: int) -> dict[str, Any]:
        """Take the cost of an operation from the caller's budget; what remains of it, and when it begins anew.

        Raises:
            GraphQLError: RATE_LIMITED; nothing was taken.
        """
        if not self._limit:
            return {}
        now = time.time()
        if self._minute != now // WINDOW:
            self._minute = int(now // WINDOW)
            self._spent.clear()
        end = (self._minute + 1) * WINDOW
        remaining = self._limit - self._spent[caller]
        reset_at = datetime.fromtimestamp(end, UTC).isoformat()
        if cost > remaining:
            raise _refused(cost, self._limit, remaining, reset_at, math.ceil(end - now))
        self._spent[caller] += cost
        return {"remaining": remaining - cost, "resetAt": reset_at}


def _refused(cost: int, limit: int, remaining: int, reset_at: str, wait: int) -> GraphQLError:
    message = (
        f"This costs {cost:,} points, and {remaining:,} of {limit:,} for this minute remain; ask again in {wait} s."
    )
    extensions = {
        "code": CODE,
        "retryAfter": wait,
        "cost": {"requested": cost, "limit": limit, "remaining": remaining, "resetAt": reset_at},
    }
    return GraphQLError(message, extensions=extensions)
