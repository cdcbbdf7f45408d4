"""The schema: all features put together, with limits before and masking behind them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError

from app.graphql.access.group_mutations import GroupsMutation
from app.graphql.access.mutations import AccessMutation
from app.graphql.access.queries import AccessQuery
from app.graphql.artifacts.mutations import ArtifactsMutation
from app.graphql.artifacts.queries import ArtifactsQuery, ArtifactUploadsQuery
from app.graphql.ci.mutations import CiMutation
from app.graphql.errors import presented
from app.graphql.execution.admission import Gate, shows_schema
from app.graphql.jobs.mutations import JobsMutation
from app.graphql.jobs.queries import JobsQuery
from app.graphql.lifecycle.audit.queries import AuditQuery
from app.graphql.lifecycle.deployments.mutations import DeploymentsMutation
from app.graphql.lifecycle.diff import DiffQuery
from app.graphql.lifecycle.evaluations.mutations import EvaluationsMutation
from app.graphql.lifecycle.gates.mutations import GatesMutation
from app.graphql.lifecycle.gates.queries import GatesQuery
from app.graphql.lifecycle.lineage.mutations import DerivationsMutation
from app.graphql.lifecycle.lineage.queries import LineageQuery
from app.graphql.lifecycle.promotions.mutations import PromotionsMutation
from app.graphql.lifecycle.promotions.queries import PromotionsQuery
from app.graphql.lifecycle.seals.mutations import SealsMutation, SealsQuery
from app.graphql.lifecycle.stages.mutations import StagesMutation
from app.graphql.live.subscriptions import Subscription
from app.graphql.logged_models.mutations import LoggedModelsMutation
from app.graphql.nodes import NodesQuery
from app.graphql.people.access_log import AccessLogQuery
from app.graphql.people.identities import IdentitiesMutation, IdentitiesQuery
from app.graphql.people.invitations import InvitationsMutation, InvitationsQuery
from app.graphql.people.limits import LimitsMutation
from app.graphql.people.password_resets import PasswordResetsMutation
from app.graphql.people.passwords import PasswordsMutation
from app.graphql.people.sessions import SessionsMutation
from app.graphql.people.users import UsersMutation, UsersQuery
from app.graphql.registry.global_search import FindingQuery
from app.graphql.registry.mutations import RegistryMutation
from app.graphql.registry.queries import RegistryQuery
from app.graphql.registry.trash import TrashMutation
from app.graphql.tracking.comparison import ComparisonQuery
from app.graphql.tracking.mutations import TrackingMutation
from app.graphql.tracking.queries import TrackingQuery
from app.graphql.types.scalars import SCALARS
from app.graphql.uploads.mutations import ArtifactUploadsMutation
from app.graphql.webhooks.mutations import WebhooksMutation


class Schema(strawberry.Schema):
    """Strawberry's schema, whose results never show a client an unexpected error."""

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> ExecutionResult:
        result = await super().execute(query, *args, **kwargs)
        if result.errors:
            context = kwargs.get("context_value")
            result.errors = _presented(result.errors, context)
        return result

    async def results(self, query: str, context: Any, **kwargs: Any) -> AsyncGenerator[ExecutionResult, None]:
        """The results of an operation one by one: of a subscription many, of anything else one."""
        stream = cast("Any", await super().stream(query, context_value=context, **kwargs))
        try:
            async with aclosing(stream):
                async for result in stream:
                    if result.errors:
                        result.errors = _presented(result.errors, context)
                    yield result
        except GraphQLError as error:  # of the gate, which this path of Strawberry's does not catch
            yield PreExecutionError(data=None, errors=_presented([error], context))

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: Strawberry would log every error with its stack; ``presented`` logs the unforeseen ones."""


def _presented(errors: list[GraphQLError], context: Any) -> list[GraphQLError]:
    if context is None:
        return presented(errors, "")
    return presented(errors, context.request_id, hide_suggestions=not shows_schema(context))


@strawberry.type(description="The entry points for reading.")
class Query(
    AccessQuery,
    UsersQuery,
    AccessLogQuery,
    AuditQuery,
    RegistryQuery,
    LineageQuery,
    TrackingQuery,
    ComparisonQuery,
    DiffQuery,
    FindingQuery,
    ArtifactsQuery,
    ArtifactUploadsQuery,
    JobsQuery,
    PromotionsQuery,
    IdentitiesQuery,
    InvitationsQuery,
    GatesQuery,
    SealsQuery,
    NodesQuery,
):
    pass


@strawberry.type(description="Everything that changes something. Each field is a transaction of its own.")
class Mutation(
    AccessMutation,
    LimitsMutation,
    GroupsMutation,
    UsersMutation,
    RegistryMutation,
    SealsMutation,
    TrashMutation,
    TrackingMutation,
    LoggedModelsMutation,
    ArtifactsMutation,
    ArtifactUploadsMutation,
    WebhooksMutation,
    JobsMutation,
    PromotionsMutation,
    CiMutation,
    DeploymentsMutation,
    GatesMutation,
    DerivationsMutation,
    EvaluationsMutation,
    StagesMutation,
    IdentitiesMutation,
    SessionsMutation,
    InvitationsMutation,
    PasswordResetsMutation,
    PasswordsMutation,
):
    pass


schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    extensions=[Gate],
    config=StrawberryConfig(scalar_map=SCALARS),
)
