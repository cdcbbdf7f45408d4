"""The six facts: what each source says, what counts, where sources contradict each other, and what a sealing keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.lifecycle.evaluations import facts, metrics, six_facts
from app.lifecycle.evaluations.six_facts import FactKind, FactSource, SourceStatement, merged, same
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create
from app.registry.versions.request import CreateVersion
from app.tracking import candidates, experiments
from app.tracking.candidates import CreateCandidate
from app.tracking.experiments import CreateExperiment
from app.tracking.logging import log
from app.tracking.logging.inputs import DatasetUse
from app.tracking.logging.log import LogBatch, MetricInput

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


def commit(sha: str, source: FactSource = FactSource.TAG, hours: int = 0, **values) -> SourceStatement:
    return SourceStatement(FactKind.SOURCE_COMMIT, {"sha": sha}, source, NOON + timedelta(hours=hours), **values)


@pytest.fixture
async def version(runtime, project):
    """A version of a candidate that says of its code, data and params, as an MLflow client does."""
    db, owner = runtime.db, project.owner
    await models.create(db, owner, project.id, CreateModel("m"))
    made = await experiments.create(db, owner, project.id, CreateExperiment("training"))
    candidate = await candidates.create(db, owner, project.id, CreateCandidate(made.number))
    await log.log_batch(
        db,
        owner,
        project.id,
        LogBatch(
            candidate.id,
            metrics=[MetricInput("loss", 0.5, 1_000), MetricInput("acc", 0.9, 1_000, 0, None, "digits", "d1")],
            params={"depth": "3"},
            tags={
                "mlflow.source.git.commit": SHA,
                "mlflow.source.git.repoURL": "https://ci:secret@git.example/team/code.git",
                "modelyard.hardware": "1x H200",
            },
            datasets=[
                DatasetUse("digits-train", "t1", "local", "{}"),
                DatasetUse("digits", "d1", "local", "{}", tags={"mlflow.data.context": "eval"}),
            ],
        ),
    )
    return await create.create(db, owner, project.id, CreateVersion("m", candidate_id=candidate.id))


async def test_tags_params_and_data_sets_of_the_candidate_are_facts(runtime, project, version) -> None:
    async with runtime.db.read() as snap:
        six = await facts.of_version(snap, project.id, version)
    assert six[FactKind.SOURCE_COMMIT].entries == {"repository": "https://git.example/team/code.git", "sha": SHA}
    assert six[FactKind.SOURCE_COMMIT].missing == ["branch"]
    assert six[FactKind.TRAINING_DATA].entries == {"digits-train": "t1"}
    assert six[FactKind.HYPER_PARAMETERS].entries == {"depth": "3"}
    assert six[FactKind.METRICS].entries == {"acc on digits d1": "0.9"}
    assert six[FactKind.ENVIRONMENT].entries == {"hardware": "1x H200"}
    assert six[FactKind.STAGE].entries == {"stage": "none"}
    assert six_facts.missing(six) == [FactKind.ENVIRONMENT]
    assert six_facts.present_count(six) == 5
    assert six[FactKind.SOURCE_COMMIT].learned_at is not None


async def test_metrics_of_training_are_values_of_the_version(runtime, project, version) -> None:
    async with runtime.db.read() as snap:
        values = await metrics.of_version(snap, project.id, version)
    assert [(one.key, one.value, one.dataset_name, one.source, one.at) for one in values] == [
        ("acc", 0.9, "digits", "candidate", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("loss", 0.5, None, "candidate", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
    ]


def test_what_was_stated_counts_before_what_a_job_and_a_tag_say() -> None:
    said = [
        commit("a" * 40, FactSource.TAG, 5),
        commit("b" * 40, FactSource.CI_JOB, 1, detail="gitlab:7"),
        commit("c" * 40, FactSource.STATED, 2, id=1),
        commit("d" * 40, FactSource.STATED, 3, id=2),
    ]
    assert merged(said[:2])[FactKind.SOURCE_COMMIT].entries["sha"] == "b" * 40
    fact = merged(said)[FactKind.SOURCE_COMMIT]
    assert fact.entries["sha"] == "d" * 40
    assert len(fact.statements) == 4


def test_sources_that_differ_are_a_conflict_until_someone_states_what_holds() -> None:
    said = [commit("a" * 40, FactSource.TAG), commit("b" * 40, FactSource.CI_JOB, 1)]
    (conflict,) = merged(said)[FactKind.SOURCE_COMMIT].conflicts
    assert ([value for value, _ in conflict.values], conflict.is_settled) == (["b" * 40, "a" * 40], False)
    (settled,) = merged([*said, commit("a" * 40, FactSource.STATED, 2, id=1)])[FactKind.SOURCE_COMMIT].conflicts
    assert ([value for value, _ in settled.values], settled.is_settled) == (["a" * 40, "b" * 40], True)


def test_an_entry_that_was_taken_back_does_not_count_and_stays_readable() -> None:
    taken_back = SourceStatement(FactKind.SOURCE_COMMIT, {"sha": None}, FactSource.STATED, NOON, id=1)
    fact = merged([commit("a" * 40), taken_back])[FactKind.SOURCE_COMMIT]
    assert fact.entries == {}
    assert not fact.is_present
    assert len(fact.statements) == 2


def test_after_the_sealing_later_statements_only_add() -> None:
    sealed = NOON + timedelta(hours=1)
    early = commit("a" * 40, FactSource.TAG, 0, is_kept=True, id=1)
    changed_tag = commit("b" * 40, FactSource.TAG, -5)
    late = SourceStatement(
        FactKind.SOURCE_COMMIT, {"sha": "c" * 40, "branch": "main"}, FactSource.STATED, NOON + timedelta(hours=2), id=2
    )
    fact = merged([early, commit("a" * 40), changed_tag, late], sealed_at=sealed)[FactKind.SOURCE_COMMIT]
    assert fact.entries == {"sha": "a" * 40, "branch": "main"}
    assert len(fact.statements) == 3
    assert {value for value, _ in fact.conflicts[0].values} == {"a" * 40, "b" * 40, "c" * 40}


@pytest.mark.parametrize(
    ("entry", "one", "other", "is_same"),
    [
        ("repository", "https://u:p@git.example/team/code.git", "git@git.example:team/code", True),
        ("repository", "https://git.example/team/code", "team/code", True),
        ("repository", "https://git.example/team/code", "code/other", False),
        ("sha", SHA, SHA[:8].upper(), True),
        ("sha", SHA, SHA[:5], False),
        ("branch", "refs/heads/main", "main", True),
        ("image_digest", "repo/image@sha256:AB", "sha256:ab", True),
        ("library:numpy", "==1.26.4", "=1.26", True),
        ("library:numpy", "==1.26.4", "==1.2", False),
        ("depth", "3", "3.0", False),
    ],
)
def test_sources_may_write_the_same_differently(entry, one, other, is_same) -> None:
    assert same(entry, one, other) is is_same


@pytest.mark.parametrize(
    ("requirement", "named"),
    [
        ("numpy==1.26.4", ("numpy", "==1.26.4")),
        ("Scikit_Learn[extra] >=1 ; python_version < '4'", ("scikit-learn", ">=1")),
        ("pip<=24", ("pip", "<=24")),
        ("./local", None),
    ],
)
def test_requirements_name_libraries(requirement, named) -> None:
    assert facts.library(requirement) == named
