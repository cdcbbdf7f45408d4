"""Arguments of lists of candidates."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.tracking.listing import View

__all__ = ["Experiments", "Filter", "InView", "OrderCandidates", "View"]

strawberry.enum(View, name="CandidateView", description="Living candidates, those in the trash, or both.")

Experiments = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of the experiments to look in, at most 100.")
]
InView = Annotated[View, strawberry.argument(description="Which of them.")]
Filter = Annotated[
    str,
    strawberry.argument(
        description="E.g. `metrics.accuracy > 0.9 AND (params.depth = '5' OR NOT tags.kind = 'baseline')`: MLflow's "
        "filter grammar with OR, NOT and parentheses."
    ),
]
OrderCandidates = Annotated[
    list[str] | None,
    strawberry.argument(
        description="E.g. `metrics.accuracy DESC`; those without the key come last. Latest start first when left out."
    ),
]
