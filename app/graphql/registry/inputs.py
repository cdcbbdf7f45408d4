"""Inputs of the mutations of models, versions and aliases."""

from __future__ import annotations

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.registry.lookups import ModelLookup, ModelVersionLookup
from app.graphql.registry.orders import Increment
from app.graphql.types.fields import optional
from app.graphql.types.scalars import Long
from app.graphql.types.tags_and_params import TagInput, TagPatch


@strawberry.input(description="Input of `modelCreate`.")
class ModelCreateInput:
    project: ProjectLookup = strawberry.field(description="The project that it is created in.")
    name: str = strawberry.field(description="Unique in the project, 1 to 255 characters.")
    description: str = optional("Markdown, at most 10,000 characters.", default="")
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Its tags.")


@strawberry.input(description="Input of `modelUpdate`; what is left out stays.")
class ModelUpdateInput:
    model: ModelLookup = strawberry.field(description="The model.")
    name: str | None = optional("The new name; versions, candidates and experiment go along.")
    description: str | None = optional("Markdown, at most 10,000 characters.")
    tags: list[TagPatch] = strawberry.field(default_factory=list, description="Tags to set or remove.")


@strawberry.input(description="Input of `modelDelete`.")
class ModelDeleteInput:
    model: ModelLookup = strawberry.field(description="The model.")
    permanently: bool = optional(
        "For good, instead of into the trash; also one that is there already. For maintainers.", default=False
    )


@strawberry.input(description="Input of `modelVersionCreate`.")
class ModelVersionCreateInput:
    model: ModelLookup = strawberry.field(description="The model that gets the version.")
    version: str | None = optional("SemVer 2.0, unique in the model; the next one when left out.")
    increment: Increment | None = optional("What the next version raises; PATCH when left out. Not with `version`.")
    description: str = optional("Markdown, at most 10,000 characters.", default="")
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Its tags.")
    candidate_id: strawberry.ID | None = optional(
        "The candidate of the same project that it is made from: they share the files. A new one when left out."
    )
    logged_model_id: strawberry.ID | None = optional(
        "The logged model of the same project that it is made from: they share the files, and its candidate."
    )
    artifact_folder: str = optional("The folder of that candidate's files that becomes its own.", default="")
    source: str = optional("Where it comes from, as text; never opened by the service.", default="")
    location: str = optional("The address of its files where they are kept outside of this service.", default="")
    foreign_run: str = optional("The id of the run of another tracking server that it comes from.", default="")
    run_link: str = optional("A link to that run.", default="")
    is_open: bool = optional(
        "Whether files are going to be pushed: then it is OPEN, and nothing but an exact reference means it, until "
        "`modelVersionComplete`.",
        default=False,
    )


@strawberry.input(description="Input of `modelVersionComplete`.")
class ModelVersionCompleteInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version whose files were all pushed.")
    aliases: list[str] = strawberry.field(
        default_factory=list, description="Aliases that it gets in the same moment, at most 100."
    )


@strawberry.input(description="A file that is going to be pushed.")
class PlannedFileInput:
    path: str = strawberry.field(description="Folders and name, joined by slashes.")
    size: Long = strawberry.field(description="Its bytes.")


@strawberry.input(description="A version that is going to be made and pushed.")
class ModelVersionCheckInput:
    project: ProjectLookup = strawberry.field(description="The project of the model.")
    model_name: str = strawberry.field(description="The name of the model.")
    creates_model: bool = optional("Whether the model is going to be made if there is none.", default=False)
    version: str | None = optional("SemVer 2.0, unique in the model; the next one when left out.")
    increment: Increment | None = optional("What the next version raises; PATCH when left out. Not with `version`.")
    description: str = optional("Markdown, at most 10,000 characters.", default="")
    tags: list[TagInput] = strawberry.field(default_factory=list, description="Its tags.")
    artifact_folder: str = optional("The folder of the candidate's files that becomes its own.", default="")
    aliases: list[str] = strawberry.field(default_factory=list, description="Aliases that it is going to get.")
    files: list[PlannedFileInput] = strawberry.field(
        default_factory=list, description="Files that are going to be pushed, at most 1,000; check more in turn."
    )
    manifest: str | None = optional(
        "The SHA-256, in hexadecimal digits, of the lines of all files, joined by line feeds and sorted by path in "
        "byte order: path, size and SHA-256, separated by tabs. It tells whether a deleted version may come back."
    )


@strawberry.input(description="Input of `modelVersionCopy`.")
class ModelVersionCopyInput:
    model_version: ModelVersionLookup = strawberry.field(description="The version to copy.")
    model: ModelLookup = strawberry.field(description="The model of the same project that gets the copy.")
    version: str | None = optional("SemVer 2.0; the same as that of the original, or the next one where it is taken.")
    description: str | None = optional("Markdown; that of the original when left out.")
    tags: list[TagInput] | None = optional("Its tags; those of the original when left out.")


@strawberry.input(description="Input of `modelVersionUpdate`; what is left out stays.")
class ModelVersionUpdateInput:
    model_version: ModelVersionLookup = strawberry.field(description="The model version.")
    description: str | None = optional("Markdown, at most 10,000 characters.")
    tags: list[TagPatch] = strawberry.field(default_factory=list, description="Tags to set or remove.")


@strawberry.input(description="Input of `modelVersionDelete`.")
class ModelVersionDeleteInput:
    model_version: ModelVersionLookup = strawberry.field(description="The model version.")
    permanently: bool = optional(
        "For good, instead of into the trash; also one that is there already. For maintainers.", default=False
    )


@strawberry.input(description="Input of `modelVersionStageSet`.")
class ModelVersionStageSetInput:
    model_version: ModelVersionLookup = strawberry.field(description="The model version.")
    stage: str = strawberry.field(description="A stage of the project, or what MLflow calls it: `production`.")
    archive_existing: bool = optional(
        "Whether all others in that stage go to the one that is `Archived` for MLflow.", default=False
    )
    expected_current: Long | None = optional(
        "Move it only if the stage stands for the version of this number now; 0: only if it holds none."
    )
    reason: str = optional("Why, for the history; at most 2,000 characters.", default="")


@strawberry.input(description="Input of `aliasSet`.")
class AliasSetInput:
    model: ModelLookup = strawberry.field(description="The model.")
    name: str = strawberry.field(description="The alias: 1 to 255 letters, digits, `_` and `-`.")
    reference: str = strawberry.field(description="The version that it points to, in any form: `1.2.3`, `#7`, …")
    expected_current: Long | None = optional(
        "Move it only if it points to the version of this number now; 0: only if it does not exist."
    )
    reason: str = optional("Why, for the history; at most 2,000 characters.", default="")


@strawberry.input(description="Input of `aliasDelete`.")
class AliasDeleteInput:
    model: ModelLookup = strawberry.field(description="The model.")
    name: str = strawberry.field(description="The alias.")
    expected_current: Long | None = optional("Remove it only if it points to the version of this number now.")
    reason: str = optional("Why, for the history; at most 2,000 characters.", default="")
