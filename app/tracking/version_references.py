"""Which candidates, logged models and experiments do model versions and models still need?

Versions and models belong to the registry, a feature above this one, whose modules cannot be imported here. Tracking
must not delete under them all the same, so these parts of statements name a few columns of the registry's tables, and
nothing else in tracking does. Each is about a row of the statement around it, whose table has its own name there.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from app.db.database import Snapshot
from app.db.statements import Fragment, Statement


class _Which(StrEnum):
    """Which versions count; a living one is of a living model, too, and so is one that can be restored."""

    ALL = ""
    LIVING = "AND v.deleted_at IS NULL AND m.deleted_at IS NULL"
    KEPT = """AND (v.deleted_at IS NULL OR v.purge_at > now()) AND (m.deleted_at IS NULL OR m.purge_at > now())"""
    """Those that live and those that can be restored."""


def _version(of: str, which: _Which = _Which.ALL) -> Fragment:
    """Whether there is a version ``v`` for which the condition holds."""
    models = "JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id" if which else ""
    return Fragment(f"EXISTS (SELECT FROM model_versions v {models} WHERE {of} {which})")


def _of_candidate(candidates: str) -> str:
    return f"v.project_id = {candidates}.project_id AND v.candidate_id = {candidates}.id"


def _logged_model(candidates: str, which: _Which = _Which.ALL) -> Fragment:
    """Whether the candidate logged a model that a version was made from."""
    version = _version("v.project_id = l.project_id AND v.logged_model_id = l.id", which)
    return Fragment(f"""EXISTS (
        SELECT FROM logged_models l
        WHERE l.project_id = {candidates}.project_id AND l.source_candidate_id = {candidates}.id AND {version}
    )""")


CANDIDATE_IS_UNREFERENCED = Fragment(f"NOT {_version(_of_candidate('candidates'))}")
"""No version, not even a deleted one whose row is left, was made from the candidate."""
CANDIDATE_IS_UNNEEDED = Fragment(f"NOT {_version(_of_candidate('candidates'), _Which.LIVING)}")
"""No living version of a living model was made from the candidate."""
CANDIDATE_IS_OF_MODEL = _version(f"{_of_candidate('candidates')} AND v.model_id = :model")
"""A version of the model was made from the candidate."""
LOGGED_MODELS_ARE_UNREFERENCED = Fragment(f"NOT {_logged_model('candidates')}")
"""No version was made from a model that the candidate logged."""
LOGGED_MODEL_IS_UNREFERENCED = Fragment(
    f"NOT {_version('v.project_id = logged_models.project_id AND v.logged_model_id = logged_models.id')}"
)
"""No version was made from the logged model."""
EXPERIMENT_HAS_NO_MODEL = Fragment("""NOT EXISTS (
    SELECT FROM models m WHERE m.project_id = experiments.project_id AND m.experiment_number = experiments.number
)""")
"""No model, not even a deleted one whose row is left, has the experiment as its own."""

CANDIDATE_IS_OF_RESTORED_MODEL = _version(
    f"{_of_candidate('candidates')} AND v.model_id = :model AND v.deleted_at IS NULL"
)
"""A version of the model that was not deleted by itself was made from the candidate."""


def _needed(which: _Which) -> Fragment:
    of_candidate, of_logged = _version(_of_candidate("c"), which), _logged_model("c", which)
    return Fragment(
        f"SELECT c.id FROM candidates c WHERE c.project_id = :project AND ({of_candidate} OR {of_logged})"  # noqa: S608
    )


FIND_NEEDED_CANDIDATE = Statement(
    "tracking.find_needed_candidate",
    "The candidate, if a living version was made from it or from a model that it logged.",
    f"{_needed(_Which.LIVING)} AND c.id = :candidate",
)
FIND_KEPT_CANDIDATE = Statement(
    "tracking.find_kept_candidate",
    "The candidate, if a version that lives or can be restored was made from it or from a model that it logged.",
    f"{_needed(_Which.KEPT)} AND c.id = :candidate",
)
FIND_NEEDED_OF_EXPERIMENT = Statement(
    "tracking.find_needed_of_experiment",
    "One of the candidates of an experiment that living versions were made from.",
    f"{_needed(_Which.LIVING)} AND c.experiment_number = :number LIMIT 1",
)
FIND_KEPT_OF_EXPERIMENT = Statement(
    "tracking.find_kept_of_experiment",
    "One of the candidates of an experiment that versions were made from which live or can be restored.",
    f"{_needed(_Which.KEPT)} AND c.experiment_number = :number LIMIT 1",
)
FIND_MODEL_EXPERIMENTS = Statement(
    "tracking.find_model_experiments",
    "Those of some experiments that living models have as their own.",
    """
    SELECT m.project_id, m.experiment_number
    FROM unnest(:projects::bigint[], :numbers::bigint[]) AS given (project_id, experiment_number)
    JOIN models m USING (project_id, experiment_number) WHERE m.deleted_at IS NULL
    """,
)


async def is_needed(snap: Snapshot, project_id: int, candidate_id: UUID, *, by_trash: bool = False) -> bool:
    """Read step: whether a living model version was made from the candidate or from a model that it logged.

    ``by_trash``: or a deleted version that can be restored.
    """
    statement = FIND_KEPT_CANDIDATE if by_trash else FIND_NEEDED_CANDIDATE
    return await statement.fetch_one(snap, project=project_id, candidate=candidate_id) is not None


async def needed_of_experiment(snap: Snapshot, project_id: int, number: int, *, by_trash: bool = False) -> UUID | None:
    """Read step: a candidate of the experiment that a model version needs, as :func:`is_needed`; None: none."""
    statement = FIND_KEPT_OF_EXPERIMENT if by_trash else FIND_NEEDED_OF_EXPERIMENT
    needed: UUID | None = await statement.fetch_value(snap, project=project_id, number=number)
    return needed


async def has_model(snap: Snapshot, project_id: int, experiment_number: int) -> bool:
    """Read step: whether a living model has the experiment as its own; the name alone says nothing."""
    key = (project_id, experiment_number)
    return key in await with_models(snap, [key])


async def with_models(snap: Snapshot, keys: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Read step: those of the experiments, by project and number, that a living model has as its own."""
    projects, numbers = [project for project, _ in keys], [number for _, number in keys]
    rows = await FIND_MODEL_EXPERIMENTS.fetch(snap, projects=projects, numbers=numbers)
    return {(row["project_id"], row["experiment_number"]) for row in rows}
