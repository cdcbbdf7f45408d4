"""Arguments of lists of candidates."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.graphql.types.fields import enumerated, optional
from app.graphql.types.orders import Direction, SearchOrder, direction
from app.search import grammars
from app.search.ast import OrderKey
from app.search.order import order_field
from app.tracking.search.candidate_search import View

__all__ = [
    "ExperimentIds",
    "Filter",
    "InView",
    "MeasuredOn",
    "MlflowFilter",
    "OrderCandidates",
    "OrderExperiments",
    "OrderLoggedModels",
    "ViewType",
]

ViewType = View
enumerated(
    ViewType,
    "Which of the things that can be in the trash: MLflow's view types.",
    name="ViewType",
    ACTIVE="Those that are not in the trash.",
    DELETED="Those in the trash.",
    ALL="All.",
)

ExperimentIds = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of the experiments to look in, at most 100.")
]
InView = Annotated[ViewType, strawberry.argument(description="Whether those in the trash are listed.")]
Filter = Annotated[
    str,
    strawberry.argument(
        description="E.g. `metrics.accuracy > 0.9 AND (params.depth = '5' OR NOT tags.kind = 'baseline')`: MLflow's "
        "filter grammar with OR, NOT and parentheses."
    ),
]
MlflowFilter = Annotated[
    str, strawberry.argument(description="In MLflow's filter grammar, e.g. `name LIKE 'digits%' AND tags.team = 'a'`.")
]


@strawberry.input(description="A data set on which metrics were measured.")
class DatasetFilter:
    name: str = strawberry.field(description="Its name.")
    digest: str | None = optional("Its digest; any when left out.")


@strawberry.input(description="One key of an order of candidates; those without it come last.")
class CandidateSearchOrder(SearchOrder):
    field: str = strawberry.field(
        description="A key of MLflow's order grammar, e.g. `metrics.accuracy`, `params.depth` or `start_time`."
    )
    direction: Direction = direction()


@strawberry.input(description="One key of an order of experiments.")
class ExperimentSearchOrder(SearchOrder):
    field: str = strawberry.field(description="A key of MLflow's order grammar, e.g. `name` or `creation_time`.")
    direction: Direction = direction()


@strawberry.input(description="One key of an order of logged models; those without it come last.")
class LoggedModelSearchOrder:
    field: str = strawberry.field(description="E.g. `metrics.accuracy`, `name` or `creation_timestamp`.")
    direction: Direction = direction()
    dataset_name: str | None = optional("The data set on which the metric was measured; any when left out.")
    dataset_digest: str | None = optional("The digest of that data set.")

    def key(self) -> OrderKey:
        """The same for the core.

        Raises:
            InvalidOrder: the field cannot be sorted by.
        """
        return order_field(
            self.field,
            grammars.LOGGED_MODELS,
            ascending=not self.direction.is_descending,
            dataset_name=self.dataset_name,
            dataset_digest=self.dataset_digest,
        )


MeasuredOn = Annotated[
    list[DatasetFilter] | None,
    strawberry.argument(description="Only metrics that were measured on one of these count in the filter."),
]
OrderCandidates = Annotated[
    list[CandidateSearchOrder] | None,
    strawberry.argument(description="The keys of the order; latest start first when left out."),
]
OrderExperiments = Annotated[
    list[ExperimentSearchOrder] | None,
    strawberry.argument(description="The keys of the order; latest change first when left out."),
]
OrderLoggedModels = Annotated[
    list[LoggedModelSearchOrder] | None,
    strawberry.argument(description="The keys of the order; newest first when left out."),
]
