"""The fields that stages have of their gates."""

from __future__ import annotations

from typing import Any

import strawberry

from app.graphql.context import Info
from app.graphql.types.connections import After, Before, Connection, First, Last, window
from app.graphql.types.fields import resolved


@strawberry.type
class StageGates:
    """Mixed into the stage."""

    row: strawberry.Private[Any]

    @resolved("The gates that versions have to pass to enter it; null: it never had any.")
    async def gate_set(self, info: Info) -> types.GateSet | None:
        return await types.gate_set_of_stage(info, self.row.project_id, self.row.id)

    @resolved("All sets of gates that it has had, the newest first.")
    async def gate_sets(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[types.GateSet]:
        page = window(first, after, last, before)
        return await types.gate_sets_of_stage(info, self.row.project_id, self.row.id, page)


# At the end, since the types of these modules refer to each other.
from app.graphql.lifecycle.gates import types  # noqa: E402
