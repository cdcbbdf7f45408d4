"""Names that an earlier release stored as they came are composed by the migration."""

from __future__ import annotations

import unicodedata
from uuid import UUID, uuid4

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from app.db import migrate
from app.db.database import async_url
from app.tracking.tables import Candidate, CandidateTag, Dataset, Experiment, LoggedModel, LoggedModelMetric

NAME = "modèle Ångström"
APART = unicodedata.normalize("NFD", NAME)
HALF = NAME.replace("è", "e\u0300")


def again(connection: Connection) -> None:
    """The step itself: it changes rows and no tables."""
    step = ScriptDirectory.from_config(migrate.config()).get_revision("0012_composed_names")
    with Operations.context(MigrationContext.configure(connection)):
        step.module.upgrade()


def rows(project_id: int) -> list[tuple[type, dict[str, object]]]:
    here = {"project_id": project_id, "experiment_number": 1}
    candidate, model, tagged = uuid4(), uuid4(), {"project_id": project_id}
    tagged["candidate_id"] = candidate
    measured = {"project_id": project_id, "logged_model_id": model, "value": 1.0, "step": 0, "timestamp": 0}
    source = {"source_type": "local", "source": ""}
    return [
        (Experiment, {"project_id": project_id, "number": 1, "name": APART}),
        (Experiment, {"project_id": project_id, "number": 2, "name": HALF}),
        (Experiment, {"project_id": project_id, "number": 3, "name": f"taken {NAME}"}),
        (Experiment, {"project_id": project_id, "number": 4, "name": f"taken {APART}"}),
        (Experiment, {"project_id": project_id, "number": 5, "name": "plain"}),
        (Candidate, {**here, "id": candidate, "name": APART, "status": 1}),
        (CandidateTag, {**tagged, "key": "mlflow.runName", "value": APART}),
        (CandidateTag, {**tagged, "key": "note", "value": APART}),
        (Dataset, {**here, **source, "id": UUID(int=1), "name": APART, "digest": "a"}),
        (Dataset, {**here, **source, "id": UUID(int=2), "name": NAME, "digest": "b"}),
        (Dataset, {**here, **source, "id": UUID(int=3), "name": APART, "digest": "b"}),
        (LoggedModel, {**here, "id": model, "name": APART}),
        (LoggedModelMetric, {**measured, "key": "f1", "dataset_name": APART}),
        (LoggedModelMetric, {**measured, "key": "f2", "dataset_name": APART}),
        (LoggedModelMetric, {**measured, "key": "f2", "dataset_name": NAME}),
    ]


async def test_migration_normalizes_names_stored_as_sent(migrated, project):
    """Of names that become equal one is composed, and nothing is lost."""
    engine = create_async_engine(async_url(migrated.owner_url))
    wanted = (
        (Experiment.number, Experiment.name),
        (Candidate.id.is_not(None), Candidate.name),
        (CandidateTag.key, CandidateTag.value),
        (Dataset.id, Dataset.name),
        (LoggedModel.id.is_not(None), LoggedModel.name),
        (LoggedModelMetric.key, LoggedModelMetric.dataset_name),
    )
    async with engine.begin() as connection:
        for table, values in rows(project.id):
            await connection.execute(insert(table).values(values))
        for _ in range(2):
            await connection.run_sync(again)
        names = []
        for key, name in wanted:
            mine = select(key, name).where(name.class_.project_id == project.id).order_by(key, name)
            names.append([tuple(row) for row in await connection.execute(mine)])
    await engine.dispose()
    assert names == [
        [(1, NAME), (2, HALF), (3, f"taken {NAME}"), (4, f"taken {APART}"), (5, "plain")],
        [(True, NAME)],
        [("mlflow.runName", NAME), ("note", APART)],
        [(UUID(int=1), NAME), (UUID(int=2), NAME), (UUID(int=3), APART)],
        [(True, NAME)],
        [("f1", NAME), ("f2", APART), ("f2", NAME)],
    ]
