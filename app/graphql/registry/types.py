"""Models, versions and aliases as the client sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.access.policy import Permission
from app.errors import Invalid
from app.files import targets
from app.graphql.access.types import User, maker
from app.graphql.artifacts.types import Artifact, Folder, artifacts_of
from app.graphql.ci import types as ci
from app.graphql.context import Info
from app.graphql.errors import or_empty, or_none
from app.graphql.lifecycle.deployments.lists import ModelDeployments, VersionDeployments
from app.graphql.lifecycle.deployments.pulls import VersionPulls
from app.graphql.lifecycle.evaluations.lists import VersionEvaluations
from app.graphql.lifecycle.lineage.lists import VersionLineage
from app.graphql.lifecycle.stages.lists import AsOf, ModelStages, VersionStages
from app.graphql.registry.orders import ModelVersionStatus, VersionOrderBy
from app.graphql.tracking.list_arguments import InView, ViewType
from app.graphql.types import ids, markdown
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.graphql.types.tags_and_params import Tag, tags_of
from app.pagination import Page, Window
from app.registry import models
from app.registry.reads.loaders import ModelOrder, VersionList
from app.registry.references import parse
from app.registry.versions import lookup, states

Reference = Annotated[
    str | None,
    strawberry.argument(
        description="Only versions that it means, or meant at the moment `asOf`: `1.2.3`, `^1.2`, `~1.2.0`, `>=1,<2`, "
        "`1.x`, `latest`, `latest-prerelease`, `@alias`, `stage:production`, `#7`."
    ),
]
SearchVersion = Annotated[str, strawberry.argument(description="Only versions that have this text in them.")]
OrderVersions = Annotated[
    VersionOrderBy | None, strawberry.argument(description="The order; by precedence, highest first, when left out.")
]


@strawberry.type(description="A named line of model versions.")
class Model(ModelDeployments, ModelStages, Node):
    row: strawberry.Private[models.Model]
    name: str = strawberry.field(description="Unique in its project.")
    description: str = strawberry.field(description="Markdown.")
    tags: list[Tag] = strawberry.field(description="Tags, by key.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it or one of its versions last changed.")
    deleted_at: datetime | None = strawberry.field(description="Since when it is in the trash; null: it is not.")
    purge_at: datetime | None = strawberry.field(
        description="Until when it can be restored, of what is in the trash; then it is removed."
    )

    @classmethod
    def of(cls, row: models.Model) -> Model:
        return cls(
            id=ids.of("Model", row.project_id, row.id),
            row=row,
            name=row.name,
            description=row.description,
            tags=tags_of(row.tags),
            created_at=row.created_at,
            updated_at=row.updated_at,
            deleted_at=row.deleted_at,
            purge_at=row.purge_at,
        )

    @resolved("The description as sanitised HTML.")
    def description_html(self) -> str:
        return markdown.to_html(self.description)

    @resolved("The project that it is in.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.project_id)

    @resolved("The experiment whose candidates belong to it.")
    async def experiment(self, info: Info) -> tracking.Experiment | None:
        return await tracking.experiment_by_key(info, self.row.project_id, self.row.experiment_number)

    @resolved("The candidates of its experiment, newest first.")
    async def candidates(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[tracking.Candidate]:
        page = window(first, after, last, before)
        return await tracking.candidates_of(info, self.row.project_id, self.row.experiment_number, page)

    @resolved("The highest release, or the highest prerelease while there is no release; or what it was at a moment.")
    async def latest_version(self, info: Info, *, as_of: AsOf = None) -> ModelVersion | None:
        loaders, key = info.context.loaders.registry, (self.row.project_id, self.row.id)
        if as_of is None:
            row = await loaders.latest.load(key)
            return ModelVersion.of(row) if row else None
        then = VersionList(reference=parse.as_of(parse.Latest(), as_of))
        page = await loaders.version_pages.load((key, (Window(first=1), then)))
        return ModelVersion.of(page.items[0]) if page.items else None

    @resolved("Its versions.")
    async def versions(
        self,
        info: Info,
        *,
        reference: Reference = None,
        as_of: AsOf = None,
        search: SearchVersion = "",
        view: InView = ViewType.ACTIVE,
        order_by: OrderVersions = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ModelVersion]:
        loaders, key = info.context.loaders.registry, (self.row.project_id, self.row.id)
        request = _version_list(reference, as_of, search, view, order_by)
        page = await loaders.version_pages.load((key, (window(first, after, last, before), request)))
        return connection(page, ModelVersion.of, lambda: loaders.version_counts.load((key, request)))

    @resolved(
        "Bytes of the distinct files of all its versions that are not in the trash: contents that several files share "
        "count once, files kept outside of this service (`location`) not at all."
    )
    async def size(self, info: Info) -> Long:
        return Long(await info.context.loaders.registry.sizes.load((self.row.project_id, self.row.id)))

    @resolved("Its aliases, by name; or those that there were at a moment.")
    async def aliases(self, info: Info, *, as_of: AsOf = None) -> list[alias_types.Alias]:
        loaders, key = info.context.loaders.registry, (self.row.project_id, self.row.id)
        past, current = info.context.loaders.stages.past_aliases_of_models, loaders.aliases_of_models
        rows = await (current.load(key) if as_of is None else past.load((key, as_of)))
        return [alias_types.Alias.of(row) for row in rows]

    @resolved("The versions that one of its aliases points and pointed to, latest first; also of a deleted alias.")
    async def alias_history(
        self,
        info: Info,
        *,
        name: Annotated[str, strawberry.argument(description="The name of the alias.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[alias_types.AliasAssignment]:
        return await alias_types.history_of(
            info, (self.row.project_id, self.row.id), name, window(first, after, last, before)
        )

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Who put it into the trash.")
    async def deleted_by(self, info: Info) -> User | None:
        return await maker(info, self.row.deleted_by, self.row.project_id)

    @resolved("Whether you may change it, add versions and set aliases.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.REGISTRY_WRITE)

    @resolved("Whether you may delete it.")
    async def viewer_can_delete(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.REGISTRY_WRITE)


@strawberry.type(description="One release of a model.")
class ModelVersion(VersionDeployments, VersionPulls, VersionLineage, VersionEvaluations, VersionStages, Node):
    row: strawberry.Private[lookup.ModelVersion]
    version: str = strawberry.field(description="Semantic version, unique in its model.")
    number: Long = strawberry.field(description="1, 2, 3 … in its model; what MLflow clients call the version.")
    is_prerelease: bool = strawberry.field(description="Whether it precedes a release, such as `2.0.0-rc.1`.")
    description: str = strawberry.field(description="Markdown.")
    tags: list[Tag] = strawberry.field(description="Tags, by key.")
    status: ModelVersionStatus = strawberry.field(
        description="Whether its files are complete and sound: `latest`, ranges and stages see READY ones only."
    )
    status_reason: str | None = strawberry.field(description="Why it is not READY; null when it is.")
    is_complete: bool = strawberry.field(description="Whether all its files were pushed; false while it is OPEN.")
    source: str = strawberry.field(description="Where its maker said that it came from; never opened by the service.")
    location: str = strawberry.field(description="Where its files are, when they are kept outside of this service.")
    foreign_run: str = strawberry.field(description="The run of another tracking server that it comes from.")
    run_link: str = strawberry.field(description="A link that its maker gave.")
    artifact_folder: str = strawberry.field(description="The folder of its candidate's files that is its own.")
    sealed_at: datetime | None = strawberry.field(
        description="Since when its files, facts and description do not change any more; null: they do."
    )
    yanked_at: datetime | None = strawberry.field(
        description="Since when only its text, its number and aliases mean it; null: it is not yanked."
    )
    deprecated_at: datetime | None = strawberry.field(
        description="Since when all who use it are warned; null: it is not deprecated."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When description or stage last changed.")
    deleted_at: datetime | None = strawberry.field(description="Since when it is in the trash; null: it is not.")
    purge_at: datetime | None = strawberry.field(
        description="Until when it can be restored, of what is in the trash; then it is removed."
    )

    @classmethod
    def of(cls, row: lookup.ModelVersion) -> ModelVersion:
        return cls(
            id=ids.of("ModelVersion", row.project_id, row.id),
            row=row,
            version=row.version,
            number=Long(row.number),
            is_prerelease=row.is_prerelease,
            description=row.description,
            tags=tags_of(row.tags),
            status=ModelVersionStatus(row.state),
            is_complete=not row.open_until,
            status_reason=states.reason(row.state, row.state_reason),
            source=row.source,
            location=row.location,
            foreign_run=row.foreign_run,
            run_link=row.run_link,
            artifact_folder=row.artifact_folder,
            sealed_at=row.sealed_at,
            yanked_at=row.yanked_at,
            deprecated_at=row.deprecated_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
            deleted_at=row.deleted_at,
            purge_at=row.purge_at,
        )

    @resolved("The description as sanitised HTML.")
    def description_html(self) -> str:
        return markdown.to_html(self.description)

    @resolved("The model that it is of.")
    async def model(self, info: Info) -> Model | None:
        row = await info.context.loaders.registry.models.load((self.row.project_id, self.row.model_id))
        return Model.of(row) if row else None

    @resolved("The candidate that it was made from, or its own.")
    async def candidate(self, info: Info) -> tracking.Candidate | None:
        return await tracking.candidate_by_key(info, self.row.project_id, self.row.candidate_id)

    @resolved("The logged model that it was made from, whose files are its own.")
    async def logged_model(self, info: Info) -> logged.LoggedModel | None:
        model_id = self.row.logged_model_id
        return await logged.logged_model_by_key(info, self.row.project_id, model_id) if model_id else None

    @resolved("The aliases that point to it, by name; or those that did at a moment.")
    async def aliases(self, info: Info, *, as_of: AsOf = None) -> list[alias_types.Alias]:
        loaders, key = info.context.loaders.registry, (self.row.project_id, self.row.id)
        past, current = info.context.loaders.stages.past_aliases_of_versions, loaders.aliases_of_versions
        rows = await (current.load(key) if as_of is None else past.load((key, as_of)))
        return [alias_types.Alias.of(row) for row in rows]

    @resolved("Its files, by path; paths are those of the candidate.")
    async def artifacts(
        self,
        info: Info,
        *,
        folder: Folder = "",
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Artifact]:
        owner, page = targets.of_version(self.row), window(first, after, last, before)
        key = (owner.root.project_id, owner.root.id)
        return await artifacts_of(info, key, page, owner.below(folder), Permission.REGISTRY_READ)

    @resolved("Its files as its manifest has them, by path; paths are those below its folder.")
    async def manifest(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[seals.ManifestFile]:
        owner, page = targets.of_version(self.row), window(first, after, last, before)
        key = (owner.root.project_id, owner.root.id)
        return await seals.files_of(info, key, page, owner.folder, Permission.REGISTRY_READ)

    @resolved("Its seal; null: it is not sealed.")
    async def seal(self, info: Info) -> seals.ModelVersionSeal | None:
        if self.row.sealed_at is None:
            return None
        row = await info.context.loaders.seals.seals.load((self.row.project_id, self.row.id))
        return seals.ModelVersionSeal.of(row) if row else None

    @resolved("How it was yanked and deprecated, and that undone, the latest first.")
    async def withdrawals(self, info: Info) -> list[seals.ModelVersionWithdrawal]:
        rows = await info.context.loaders.seals.withdrawals.load((self.row.project_id, self.row.id))
        return [seals.ModelVersionWithdrawal.of(row) for row in rows]

    @resolved(
        "What all who use it are to be told, one sentence each: that it is yanked or deprecated, why, what to use."
    )
    async def warnings(self, info: Info) -> list[str]:
        if self.row.yanked_at is None and self.row.deprecated_at is None:
            return []
        rows = await info.context.loaders.seals.withdrawals.load((self.row.project_id, self.row.id))
        return seals.warnings_of(self.row.version, rows)

    @resolved("The CI jobs that it is linked to, the last one first, then those of its candidate.")
    async def ci_jobs(self, info: Info) -> list[ci.CiJob]:
        return await ci.jobs_of_version(info, self.row.project_id, self.row.id, self.row.candidate_id)

    @resolved("Its promotions to stages, completed and refused, latest first.")
    async def promotions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[promotion_types.Promotion]:
        page = window(first, after, last, before)
        return await promotion_types.promotions_of_version(info, self.row.project_id, self.row.id, page)

    @resolved("The requests that it enters a stage, latest first.")
    async def promotion_requests(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[promotion_types.PromotionRequest]:
        page = window(first, after, last, before)
        return await promotion_types.requests_of_version(info, self.row.project_id, self.row.id, page)

    @resolved("Who made it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Who put it into the trash.")
    async def deleted_by(self, info: Info) -> User | None:
        return await maker(info, self.row.deleted_by, self.row.project_id)

    @resolved("Whether you may change it, move its stage and set aliases on it.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.REGISTRY_WRITE)

    @resolved("Whether you may delete it.")
    async def viewer_can_delete(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.REGISTRY_WRITE)


async def model_by_key(info: Info, project_id: int, model_id: int) -> Model | None:
    """The model with that id, through the request's loader; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.registry.models.load((project_id, model_id)))
    return Model.of(row) if row else None


async def model_of_experiment(info: Info, project_id: int, number: int) -> Model | None:
    """The model that an experiment belongs to; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.registry.models_of_experiments.load((project_id, number)))
    return Model.of(row) if row else None


async def version_by_key(info: Info, project_id: int, version_id: int) -> ModelVersion | None:
    """The version with that id, through the request's loader; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.registry.versions.load((project_id, version_id)))
    return ModelVersion.of(row) if row else None


async def versions_of_candidate(info: Info, project_id: int, candidate_id: UUID) -> list[ModelVersion]:
    """Versions that were made from a candidate, newest first."""
    rows = await or_empty(info.context.loaders.registry.versions_of_candidates.load((project_id, candidate_id)), [])
    return [ModelVersion.of(row) for row in rows]


async def versions_of_logged_model(info: Info, project_id: int, model_id: UUID) -> list[ModelVersion]:
    """Versions that were made from a logged model, newest first."""
    rows = await or_empty(info.context.loaders.registry.versions_of_logged_models.load((project_id, model_id)), [])
    return [ModelVersion.of(row) for row in rows]


def _version_list(
    reference: str | None, at: datetime | None, search: str, view: ViewType, order: VersionOrderBy | None
) -> VersionList:
    if at is not None and not reference:
        raise Invalid("`asOf` says when `reference` is meant; give both.", field="asOf")
    parsed = parse.as_of(parse.parse_reference(reference), at) if reference else None
    request = VersionList(reference=parsed, text=search, view=view)
    return VersionList(order.field, order.direction.is_descending, parsed, search, view) if order else request


async def models_of(
    info: Info, project_id: int, page: Window, text: str, order: ModelOrder, view: ViewType
) -> Connection[Model]:
    """The models of a project."""
    loaders, key = info.context.loaders.registry, (project_id,)
    rows = await or_empty(loaders.model_pages.load((key, (page, text, order, view))), Page())
    return connection(rows, Model.of, lambda: or_empty(loaders.model_counts.load((key, (text, view))), 0))


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.lifecycle.promotions import types as promotion_types  # noqa: E402
from app.graphql.lifecycle.seals import types as seals  # noqa: E402
from app.graphql.logged_models import types as logged  # noqa: E402
from app.graphql.registry import aliases as alias_types  # noqa: E402
from app.graphql.tracking import types as tracking  # noqa: E402
