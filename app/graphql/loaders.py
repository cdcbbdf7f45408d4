"""The loaders of one request. Each batch opens its own view of the database; nothing outlives the request."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from app.access.policy import Actor
from app.db.database import Database
from app.graphql.access.loaders import AccessLoaders
from app.graphql.artifacts.loaders import ArtifactLoaders
from app.graphql.ci.loaders import CiLoaders
from app.graphql.lifecycle.deployments.loaders import DeploymentLoaders
from app.graphql.lifecycle.evaluations.loaders import EvaluationLoaders
from app.graphql.lifecycle.gates.loaders import GateLoaders
from app.graphql.lifecycle.lineage.loaders import LineageLoaders
from app.graphql.lifecycle.promotions.loaders import PromotionLoaders
from app.graphql.lifecycle.seals.loaders import SealLoaders
from app.graphql.lifecycle.stages.loaders import StageLoaders
from app.graphql.people.invitation_loaders import InvitationLoaders
from app.graphql.registry.loaders import RegistryLoaders
from app.graphql.tracking.loaders import TrackingLoaders
from app.graphql.webhooks.loaders import WebhookLoaders
from app.settings import Settings


class Loaders:
    """Made at first use, per request: what one actor may see is never handed to another."""

    def __init__(self, db: Database, actor: Actor, settings: Settings) -> None:
        self._db = db
        self._actor = actor
        self._settings = settings

    @cached_property
    def access(self) -> AccessLoaders:
        return AccessLoaders(self._db, self._actor)

    @cached_property
    def evaluations(self) -> EvaluationLoaders:
        return EvaluationLoaders(self._db, self._actor)

    @cached_property
    def invitations(self) -> InvitationLoaders:
        return InvitationLoaders(self._db, self._actor)

    @cached_property
    def tracking(self) -> TrackingLoaders:
        return TrackingLoaders(self._db, self._actor)

    @cached_property
    def artifacts(self) -> ArtifactLoaders:
        return ArtifactLoaders(self._db, self._actor)

    @cached_property
    def registry(self) -> RegistryLoaders:
        return RegistryLoaders(self._db, self._actor)

    @cached_property
    def seals(self) -> SealLoaders:
        return SealLoaders(self._db, self._actor)

    @cached_property
    def stages(self) -> StageLoaders:
        return StageLoaders(self._db, self._actor)

    @cached_property
    def ci(self) -> CiLoaders:
        return CiLoaders(self._db, self._actor)

    @cached_property
    def promotions(self) -> PromotionLoaders:
        return PromotionLoaders(self._db, self._actor)

    @cached_property
    def webhooks(self) -> WebhookLoaders:
        return WebhookLoaders(self._db, self._actor)

    @cached_property
    def gates(self) -> GateLoaders:
        return GateLoaders(self._db, self._actor)

    @cached_property
    def deployments(self) -> DeploymentLoaders:
        silent_after = timedelta(seconds=self._settings.deployment_silent_seconds)
        return DeploymentLoaders(self._db, self._actor, silent_after)

    @cached_property
    def lineage(self) -> LineageLoaders:
        return LineageLoaders(self._db, self._actor)
