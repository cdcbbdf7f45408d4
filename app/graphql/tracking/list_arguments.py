"""Arguments of lists of candidates."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.types.fields import enumerated, optional
from app.tracking.search.candidate_search import View

__all__ = [
    "Experiments",
    "Filter",
    "InView",
    "MeasuredOn",
    "MlflowFilter",
    "Order",
    "OrderCandidates",
    "OrderLoggedModels",
    "View",
]

enumerated(
    View,
    "Living candidates, those in the trash, or both.",
    name="CandidateView",
    ACTIVE="Living ones.",
    DELETED="Those in the trash.",
    ALL="Both.",
)

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
MlflowFilter = Annotated[
    str, strawberry.argument(description="In MLflow's filter grammar, e.g. `name LIKE 'digits%' AND tags.team = 'a'`.")
]
Order = Annotated[list[str] | None, strawberry.argument(description="In MLflow's order grammar, e.g. `name DESC`.")]


@strawberry.input(description="A data set on which metrics were measured.")
class DatasetFilter:
    name: str = strawberry.field(description="Its name.")
    digest: str | None = optional("Its digest; any when left out.")


@strawberry.input(description="One key of an order of logged models.")
class LoggedModelOrder:
    field: str = strawberry.field(description="E.g. `metrics.accuracy`, `name` or `creation_timestamp`.")
    descending: bool = optional("Whether the greatest come first; those without come last.", default=False)
    dataset_name: str | None = optional("The data set on which the metric was measured; any when left out.")
    dataset_digest: str | None = optional("The digest of that data set.")


MeasuredOn = Annotated[
    list[DatasetFilter] | None,
    strawberry.argument(description="Only metrics that were measured on one of these count in the filter."),
]
OrderLoggedModels = Annotated[
    list[LoggedModelOrder] | None, strawberry.argument(description="By what they are ordered; newest first else.")
]
