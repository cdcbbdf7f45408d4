"""A version comes to a stage: by a request that another person approves, and back again."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from app.access.policy import Role
from tests.support.browser.words import word

GATES = [{"kind": "approvals", "config": {"count": 1}}]


@pytest.fixture
async def version(caller, project):
    """A version that its author wants in production, where one approval is needed."""
    here = {"path": project.path}
    await caller.do("modelCreate", project=here, name="scratches")
    await caller.do("gatesSet", project=here, stage="production", gates=GATES, expectedNumber=0)
    model = {"path": {"project": project.path, "name": "scratches"}}
    made = await caller.do("modelVersionCreate", "modelVersion { id candidate { uuid } }", model=model, version="1.0.0")
    run = made["modelVersion"]["candidate"]["uuid"]
    await caller.put(project.id, f"candidate:{run}", "weights.txt", b"1")
    return made["modelVersion"]["id"]


async def test_a_request_waits_for_another_person_and_is_promoted(as_person, caller, project, version):
    made = await caller.do(
        "promotionRequestCreate",
        "promotionRequest { id }",
        modelVersion={"id": version},
        stage="production",
        reason="Better on glare.",
    )
    page = await as_person(Role.MAINTAINER)
    await page.goto(f"/{project.path}/-/promotions")
    await page.get_by_role("link", name="scratches 1.0.0").click()
    await expect(page).to_have_url(f"{page.url.partition('/-/')[0]}/-/promotions/{made['promotionRequest']['id']}")
    await expect(page.get_by_text("Better on glare.").first).to_be_visible()
    await page.get_by_label(word("lifecycle.comment")).fill("Looks right.")
    await page.get_by_role("button", name=word("lifecycle.approve"), exact=True).click()
    await expect(page.get_by_text(word("lifecycle.outcome_PASSED")).first).to_be_visible()
    await page.get_by_role("button", name=word("lifecycle.promote"), exact=True).click()
    await expect(page.get_by_text(word("lifecycle.request_PROMOTED")).first).to_be_visible()
    stage = await caller.ask("query($id: ID!) { modelVersion(by: {id: $id}) { stage } }", id=version)
    assert stage["modelVersion"]["stage"] == "production"


async def test_the_author_may_not_approve(as_person, caller, project, version):
    made = await caller.do(
        "promotionRequestCreate", "promotionRequest { id }", modelVersion={"id": version}, stage="production"
    )
    page = await as_person(Role.OWNER)
    await page.goto(f"/{project.path}/-/promotions/{made['promotionRequest']['id']}")
    await expect(page.get_by_role("button", name=word("lifecycle.withdraw"), exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name=word("lifecycle.approve"), exact=True)).to_have_count(0)


async def test_a_stage_goes_back_to_the_version_before(as_person, caller, project, version):
    await caller.do("gatesSet", project={"path": project.path}, stage="production", gates=[], expectedNumber=1)
    model = {"path": {"project": project.path, "name": "scratches"}}
    made = await caller.do("modelVersionCreate", "modelVersion { id candidate { uuid } }", model=model, version="1.1.0")
    run = made["modelVersion"]["candidate"]["uuid"]
    await caller.put(project.id, f"candidate:{run}", "weights.txt", b"2")
    for each in (version, made["modelVersion"]["id"]):
        await caller.do("modelVersionPromote", modelVersion={"id": each}, stage="production")
    page = await as_person(Role.MAINTAINER)
    await page.goto(f"/{project.path}/-/models/scratches")
    await page.get_by_role("button", name=word("models.more")).click()
    await page.get_by_role("menuitem", name=word("lifecycle.roll_back")).click()
    dialog = page.get_by_role("dialog", name=word("lifecycle.roll_back"))
    await expect(dialog.get_by_role("cell", name="1.1.0")).to_be_visible()
    await dialog.get_by_label(word("lifecycle.reason")).fill("Slower on phones.")
    await dialog.get_by_role("button", name=word("lifecycle.back"), exact=True).click()
    await expect(
        page.get_by_text(word("lifecycle.rolled_back", stage="production", version="1.0.0")).first
    ).to_be_visible()
    shown = await caller.ask("query($id: ID!) { modelVersion(by: {id: $id}) { stage } }", id=version)
    assert shown["modelVersion"]["stage"] == "production"
