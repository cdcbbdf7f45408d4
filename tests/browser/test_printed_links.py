"""Addresses that MLflow's client prints, and those of GitLab, lead to the pages of the same things."""

from __future__ import annotations

import re
from urllib.parse import quote
from uuid import uuid4

import pytest
from playwright.async_api import expect
from sqlalchemy import text

from app.access.policy import Role


@pytest.fixture
async def made(caller, project):
    """The number of an experiment, the id of a run in it, and a version of a model."""
    here = {"path": project.path}
    made = await caller.do("experimentCreate", "experiment { id number }", project=here, name="tuning")
    experiment = made["experiment"]
    candidate = await caller.do("candidateCreate", "candidate { id uuid }", experiment={"id": experiment["id"]})
    await caller.do("modelCreate", "model { id }", project=here, name="scratches")
    version = await caller.do(
        "modelVersionCreate",
        "modelVersion { number }",
        model={"path": {"project": project.path, "name": "scratches"}},
        version="1.0.0",
    )
    return experiment["number"], candidate["candidate"]["uuid"], version["modelVersion"]["number"]


IN_PROJECT = [(below, what) for below in ("project", "encoded path") for what in ("experiment", "run", "version")]


@pytest.mark.parametrize(("below", "what"), [*IN_PROJECT, ("root", "run")])
async def test_links_of_mlflow(as_person, project, member, made, below, what):
    number, run, version = made
    reference = {"project": str(project.id), "encoded path": quote(project.path, safe=""), "root": None}[below]
    fragment, shown = {
        "experiment": (f"experiments/{number}", rf"/-/experiments/{number}"),
        "run": (f"experiments/{number}/runs/{run}", rf"/-/candidates/{run}"),
        "version": (f"models/scratches/versions/{version}", r"/-/models/scratches/versions/"),
    }[what]
    base = "/" if reference is None else f"/api/v4/projects/{reference}/ml/mlflow/"
    page = await as_person(member)
    await page.goto(f"{base}#/{fragment}")
    await expect(page).to_have_url(re.compile(re.escape(project.path) + shown))
    await expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()


async def test_a_link_of_an_experiment_without_project_leads_to_the_one_that_has_the_number(
    as_person, runtime, project, member
):
    number = uuid4().int % 10**12 + 10**6
    async with runtime.db.write() as tx:
        insert = text("INSERT INTO experiments (project_id, number, name) VALUES (:project, :number, 'printed')")
        await tx.execute(insert, {"project": project.id, "number": number})
    page = await as_person(member)
    await page.goto(f"/#/experiments/{number}")
    await expect(page).to_have_url(re.compile(re.escape(project.path) + f"/-/experiments/{number}"))
    await expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("what", ["models", "experiments", "experiment", "candidate", "version"])
async def test_links_of_gitlab(as_person, project, made, what):
    number, run, _ = made
    path, shown = {
        "models": ("models", "/-/models$"),
        "experiments": ("experiments", "/-/experiments$"),
        "experiment": (f"experiments/{number}", f"/-/experiments/{number}$"),
        "candidate": (f"candidates/{run}", f"/-/candidates/{run}$"),
        "version": ("models/scratches/versions/1.0.0", r"/-/models/scratches/versions/1\.0\.0$"),
    }[what]
    page = await as_person(Role.REPORTER)
    await page.goto(f"/{project.path}/-/ml/{path}")
    await expect(page).to_have_url(re.compile(re.escape(project.path) + shown))
    await expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
