"""Several changes of an experiment or candidate at once: all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.tracking import candidates, experiments, names
from app.tracking.candidates import Candidate, UpdateCandidate
from app.tracking.experiments import Experiment
from app.tracking.logging import log
from app.tracking.logging.log import LogBatch


@dataclass(frozen=True, slots=True)
class EditExperiment:
    """Only what is not None changes; a tag with the value None is removed."""

    number: int
    name: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)


async def edit_experiment(db: Database, actor: Actor, project: int | str, wish: EditExperiment) -> Experiment:
    """Change name and tags of an experiment.

    Raises:
        ExperimentNotFound, ExperimentInTrash: there is no living experiment of that number.
        ExperimentTaken: another one has the name.
        Conflict: the experiment belongs to a model and is named after it.
        Invalid: a value is not acceptable.
    """
    name = None if wish.name is None else names.check_experiment_name(wish.name)
    experiments.check_tags({key: value for key, value in wish.tags.items() if value is not None})
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        experiment = await experiments.lock_active(tx, access.id, wish.number)
        if name is not None:
            experiment = await experiments.rename_step(tx, experiment, name)
        return await experiments.patch_tags(tx, experiment, wish.tags) if wish.tags else experiment


async def edit_candidate(
    db: Database, actor: Actor, project: int | str, wish: UpdateCandidate, tags: Mapping[str, str | None]
) -> Candidate:
    """Change name, status, end and tags of a candidate; None removes a tag, whether it is there or not.

    Raises:
        CandidateNotFound, CandidateInTrash: there is no living candidate.
        Invalid: a value is not acceptable.
    """
    kept = {key: value for key, value in tags.items() if value is not None}
    log.check(LogBatch(wish.candidate_id, tags=kept))
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_WRITE)
        candidate = await candidates.lock_living(tx, access.id, wish.candidate_id, to_change=True)
        await log.drop_tags(tx, access.id, candidate.id, sorted(tags.keys() - kept.keys()))
        await log.set_tags(tx, candidate, actor, kept)
        return await candidates.edit_step(tx, actor, candidate, wish)
