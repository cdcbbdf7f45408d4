"""The six facts of a version as the client sees them: typed, each with its sources, conflicts and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import strawberry

from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.types.fields import enumerated, resolved
from app.graphql.types.tags_and_params import Param
from app.lifecycle.evaluations import six_facts
from app.lifecycle.evaluations.reads import SixFacts
from app.lifecycle.evaluations.six_facts import LIBRARY, FactKind, FactSource, SourceStatement

enumerated(
    FactKind,
    "One of the six facts of a version.",
    name="Fact",
    SOURCE_COMMIT="Repository, SHA and branch of its code.",
    TRAINING_DATA="The data that it was trained on.",
    HYPER_PARAMETERS="Its hyper-parameters.",
    METRICS="What was measured on which data, or online.",
    ENVIRONMENT="Image, hardware and libraries.",
    STAGE="Its stage.",
)
enumerated(
    FactSource,
    "Where a statement about a fact comes from.",
    STATED="It was said of the version itself, by a person or a job.",
    CI_JOB="A CI job, as the CI system tells of it.",
    TAG="Tags of the version, its candidate or its logged model.",
    DATASET="Data sets that the candidate read.",
    PARAM="Params of the candidate or the logged model.",
    FILE="A file of the version, such as `conda.yaml`.",
    METRIC="Metrics of the candidate or the logged model that name a data set.",
    EVALUATION="An evaluation.",
    ONLINE="An online experiment.",
    STAGE="The stage that the version is in.",
)


@strawberry.type(description="An entry of a fact, as a source says it; null: it was taken back.")
class FactEntry:
    key: str = strawberry.field(description="What it is, such as `sha`, or the name of a data set, param or library.")
    value: str | None = strawberry.field(description="What is said of it.")


@strawberry.type(description="What one source says of a fact. It never changes: corrections are further statements.")
class FactStatement:
    row: strawberry.Private[SourceStatement]
    project_id: strawberry.Private[int]
    source: FactSource = strawberry.field(description="Where it comes from.")
    fact: FactKind = strawberry.field(description="Of which fact.")
    detail: str = strawberry.field(description="Which source: the owner of the tag, the path of the file, the CI job.")
    entries: list[FactEntry] = strawberry.field(description="What it says, by key.")
    learned_at: datetime | None = strawberry.field(description="When that was learned; null where nothing tells.")
    note: str = strawberry.field(description="Why it was stated; may be empty.")
    is_kept: bool = strawberry.field(description="Whether it is what the source said when the version was sealed.")

    @classmethod
    def of(cls, project_id: int, row: SourceStatement) -> FactStatement:
        is_person = row.source is FactSource.STATED and row.ci_job is None
        return cls(
            row=row,
            project_id=project_id,
            fact=row.fact,
            source=row.source,
            detail="" if is_person else row.detail,
            entries=[FactEntry(key=key, value=value) for key, value in sorted(row.entries.items())],
            learned_at=row.learned_at,
            note=row.reason,
            is_kept=row.is_kept,
        )

    @resolved("Who stated it.")
    async def stated_by(self, info: Info) -> User | None:
        return await maker(info, self.row.stated_by, self.project_id)


@strawberry.type(description="What one of the sources that contradict each other says.")
class FactConflictValue:
    value: str = strawberry.field(description="The value.")
    statement: FactStatement = strawberry.field(description="Who says so.")


@strawberry.type(description="An entry of a fact of which sources say different things.")
class FactConflict:
    key: str = strawberry.field(description="The entry, such as `sha`.")
    values: list[FactConflictValue] = strawberry.field(description="What each says; the first one counts.")
    is_settled: bool = strawberry.field(description="Whether someone has stated of the version what holds.")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A fact for the client, as far as it is the same for all six."""

    project_id: int
    fact: six_facts.Fact

    def statements(self) -> list[FactStatement]:
        return [FactStatement.of(self.project_id, one) for one in self.fact.statements]

    def conflicts(self) -> list[FactConflict]:
        return [
            FactConflict(
                key=one.entry,
                values=[
                    FactConflictValue(value=value, statement=FactStatement.of(self.project_id, said))
                    for value, said in one.values
                ],
                is_settled=one.is_settled,
            )
            for one in self.fact.conflicts
        ]


@strawberry.type
class _Told:
    """The fields that all six have."""

    shown: strawberry.Private[_Shown]

    @resolved("Whether a source says it.")
    def is_present(self) -> bool:
        return self.shown.fact.is_present

    @resolved("When the latest part of what counts was learned.")
    def learned_at(self) -> datetime | None:
        return self.shown.fact.learned_at

    @resolved("All that was said of it, the latest first; what was said before a correction is among it.")
    def statements(self) -> list[FactStatement]:
        return self.shown.statements()

    @resolved("Where its sources contradict each other.")
    def conflicts(self) -> list[FactConflict]:
        return self.shown.conflicts()

    def entry(self, key: str) -> str | None:
        """What counts of an entry."""
        return self.shown.fact.entries.get(key)

    def pairs(self) -> Sequence[tuple[str, str]]:
        """All entries that count."""
        return list(self.shown.fact.entries.items())


@strawberry.type(description="The commit of the code that a version was made with.")
class SourceCommit(_Told):
    @resolved("The repository.")
    def repository(self) -> str | None:
        return self.entry("repository")

    @resolved("The SHA of the commit.")
    def sha(self) -> str | None:
        return self.entry("sha")

    @resolved("The branch.")
    def branch(self) -> str | None:
        return self.entry("branch")

    @resolved("Which of `repository`, `sha` and `branch` no source says.")
    def missing(self) -> list[str]:
        return list(self.shown.fact.missing)


@strawberry.type(description="A data set that a version was trained on.")
class TrainingDataset:
    name: str = strawberry.field(description="Its name.")
    digest: str = strawberry.field(description="Its digest or version.")


@strawberry.type(description="The data that a version was trained on.")
class TrainingData(_Told):
    @resolved("The data sets, by name.")
    def datasets(self) -> list[TrainingDataset]:
        return [TrainingDataset(name=name.removesuffix(f" {digest}"), digest=digest) for name, digest in self.pairs()]


@strawberry.type(description="The hyper-parameters of a version.")
class HyperParameters(_Told):
    @resolved("The hyper-parameters, by key; the first 1,000 of a candidate.")
    def params(self) -> list[Param]:
        return [Param(key=key, value=value) for key, value in self.pairs()]


@strawberry.type(description="What was measured of a version on a named data set or online; `metrics` has the values.")
class MeasuredMetrics(_Told):
    @resolved("Each metric and the data that it was measured on, as a text.")
    def keys(self) -> list[str]:
        return [key for key, _ in self.pairs()]


@strawberry.type(description="A library of an environment.")
class Library:
    name: str = strawberry.field(description="Its name, in small letters.")
    version: str = strawberry.field(description="Its version or rule, such as `==1.26.4`; may be empty.")


@strawberry.type(description="The environment that a version was trained in and runs in.")
class RuntimeEnvironment(_Told):
    @resolved("The digest of the container's image.")
    def image_digest(self) -> str | None:
        return self.entry("image_digest")

    @resolved("The hardware.")
    def hardware(self) -> str | None:
        return self.entry("hardware")

    @resolved("The version of Python.")
    def python(self) -> str | None:
        return self.entry("python")

    @resolved("The libraries, by name.")
    def libraries(self) -> list[Library]:
        libraries = [(key.removeprefix(LIBRARY), value) for key, value in self.pairs() if key.startswith(LIBRARY)]
        return [Library(name=name, version=version) for name, version in libraries]

    @resolved("Which of `image_digest`, `hardware` and `libraries` no source says.")
    def missing(self) -> list[str]:
        return list(self.shown.fact.missing)


@strawberry.type(description="The stage of a version, among its facts.")
class StageOfVersion(_Told):
    @resolved("The stage.")
    def stage(self) -> str | None:
        return self.entry("stage")


@strawberry.type(description="The six facts of a version: what it was made of, how good it is, and where it stands.")
class ModelVersionFacts:
    project_id: strawberry.Private[int]
    facts: strawberry.Private[SixFacts]

    @resolved("Its stage.")
    def stage_of_version(self) -> StageOfVersion:
        return StageOfVersion(shown=self._shown(FactKind.STAGE))

    @resolved("How many of the six are present.")
    def present_count(self) -> int:
        return six_facts.present_count(self.facts)

    @resolved("Those that no source says.")
    def missing(self) -> list[FactKind]:
        return six_facts.missing(self.facts)

    @resolved("Whether sources contradict each other in something that was not settled.")
    def has_conflicts(self) -> bool:
        return any(not one.is_settled for fact in self.facts.values() for one in fact.conflicts)

    @resolved("The commit of its code.")
    def source_commit(self) -> SourceCommit:
        return SourceCommit(shown=self._shown(FactKind.SOURCE_COMMIT))

    @resolved("The data that it was trained on.")
    def training_data(self) -> TrainingData:
        return TrainingData(shown=self._shown(FactKind.TRAINING_DATA))

    @resolved("Its hyper-parameters.")
    def hyper_parameters(self) -> HyperParameters:
        return HyperParameters(shown=self._shown(FactKind.HYPER_PARAMETERS))

    @resolved("What was measured of it.")
    def metrics(self) -> MeasuredMetrics:
        return MeasuredMetrics(shown=self._shown(FactKind.METRICS))

    @resolved("Its environment.")
    def environment(self) -> RuntimeEnvironment:
        return RuntimeEnvironment(shown=self._shown(FactKind.ENVIRONMENT))

    def _shown(self, kind: FactKind) -> _Shown:
        return _Shown(self.project_id, self.facts[kind])


async def facts_of(info: Info, version: tuple[int, int]) -> ModelVersionFacts | None:
    """The six facts of a version, through the request's loader; None when it may not be seen."""
    six = await info.context.loaders.evaluations.facts.load(version)
    return ModelVersionFacts(project_id=version[0], facts=six) if six is not None else None
