"""The unmodified MLflow client tells of CI jobs by tags; whatever they say, logging goes on."""

# ruff: noqa: PLC0415 - what the client runs imports there
from __future__ import annotations

import pytest
from sqlalchemy import select

from app.ci.tables import CiJob


def tell_of_runs():
    import mlflow
    from mlflow import MlflowClient
    from mlflow.entities import RunTag

    client = MlflowClient()
    run_id = client.create_run("0", tags={"gitlab.CI_JOB_ID": "1"}).info.run_id
    client.set_tag(run_id, "gitlab.CI_JOB_ID", "2")
    client.log_batch(run_id, tags=[RunTag("gitlab.CI_JOB_ID", "3"), RunTag("github.RUN_ID", "30433642")])
    client.set_tag(run_id, "gitlab.CI_JOB_ID", "no job at all")
    with mlflow.start_run(run_id=run_id):
        mlflow.set_tags({"github.REPOSITORY": "octo/vision"})
    return client.get_run(run_id).data.tags


def tell_of_versions():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model("m")
    made = client.create_model_version(
        "m", "s3://somewhere", tags={"gitlab.CI_JOB_ID": "11", "gitlab.version": "2.1.0"}
    )
    client.set_model_version_tag("m", made.version, "github.RUN_ID", "12")
    client.set_model_version_tag("m", made.version, "gitlab.CI_JOB_ID", "../../users")
    return client.get_model_version("m", made.version).tags


@pytest.fixture
def states(runtime, project):
    """State and CI project of every CI job of the test's project, by provider and id."""

    async def read():
        async with runtime.db.read() as snap:
            jobs = await snap.scalars(select(CiJob).where(CiJob.project_id == project.id))
            return {(job.provider, job.external_id): (job.link_state, job.ci_project) for job in jobs}

    return read


async def test_ci_job_tags_of_a_run_link_its_job(mlflow, states):
    tags = await mlflow(tell_of_runs)
    told = {key: value for key, value in tags.items() if key.startswith("git")}
    assert told == {
        "gitlab.CI_JOB_ID": "no job at all", "github.RUN_ID": "30433642", "github.REPOSITORY": "octo/vision",
    }  # fmt: skip
    assert await states() == {
        ("gitlab", "1"): ("pending", ""),
        ("gitlab", "2"): ("pending", ""),
        ("gitlab", "3"): ("pending", ""),
        ("gitlab", "no job at all"): ("failed", ""),
        ("github", "30433642"): ("pending", "octo/vision"),
    }


async def test_ci_job_tags_of_a_version_link_its_job(mlflow, states):
    tags = await mlflow(tell_of_versions)
    assert tags == {"gitlab.CI_JOB_ID": "../../users", "gitlab.version": "2.1.0", "github.RUN_ID": "12"}
    assert await states() == {
        ("gitlab", "11"): ("pending", ""),
        ("github", "12"): ("pending", ""),
        ("gitlab", "../../users"): ("failed", ""),
    }
