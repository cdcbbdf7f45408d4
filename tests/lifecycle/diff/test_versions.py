"""Differences of stored versions: which is compared with which, files, params, metrics, and who sees what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.access import projects
from app.access.policy import Role, SwitchedOff
from app.access.projects import UpdateProject
from app.errors import Invalid
from app.lifecycle.diff import bump_rule, versions
from app.lifecycle.diff.versions import NoEarlierRelease
from app.lifecycle.gates.rules.rule import Outcome
from app.lifecycle.promotions import promote as promotions
from app.lifecycle.promotions.outcomes import PromotionRefused
from app.lifecycle.promotions.promote import Promote
from app.registry import models
from app.registry.models import CreateModel
from app.registry.references.parse import parse_reference
from app.registry.versions import create, delete, lookup
from app.registry.versions.lookup import ModelVersion, Named, VersionNotFound
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from app.tracking.logging import log
from app.tracking.logging.log import LogBatch
from app.tracking.logging.metrics import MetricInput
from tests.conftest import new_project
from tests.support.registry import moves
from tests.support.registry.versions import store_file
from tests.support.statements import statements

SIGNATURE = {"inputs": [{"name": "a", "type": "double"}], "outputs": [{"type": "long"}], "params": None}


@dataclass
class Desk:
    """A project with the model ``m``."""

    runtime: Any
    project: Any

    async def version(self, semver: str, files: dict[str, bytes] | None = None, **values: Any) -> ModelVersion:
        command = CreateVersion(values.pop("model", "m"), version=semver, **values)
        made = await create.create(self.runtime.db, self.project.owner, self.project.id, command)
        for path, content in (files or {}).items():
            await store_file(self.runtime, self.project, lookup.root_of(made)[0], path, content)
        return made

    async def say(self, version: ModelVersion, path: str, format: str, **facts: Any) -> None:
        """What an inspection says of a file."""
        statement = """UPDATE artifacts SET format = :format, facts = :facts, inspected_at = now()
          WHERE project_id = :p AND root_id = :root AND path = :path RETURNING id"""
        values = {"p": self.project.id, "root": lookup.root_of(version)[0].id, "path": path, "format": format}
        async with self.runtime.db.write() as tx:
            changed = await tx.execute(text(statement), values | {"facts": json.dumps(facts)})
            assert len(changed.all()) == 1

    async def signed(self, semver: str, content: bytes, *inputs: dict[str, Any]) -> ModelVersion:
        made = await self.version(semver, {"MLmodel": content})
        await self.say(made, "MLmodel", "mlmodel", signature=SIGNATURE | {"inputs": list(inputs)})
        return made

    async def diff(self, after: ModelVersion, before: ModelVersion | None = None, actor: Any = None) -> Any:
        base = (before.project_id, before.id) if before else None
        who = actor or self.project.owner
        return await versions.diff(self.runtime.db, who, after.project_id, after.id, base)

    async def policy(self, policy: str) -> None:
        command = UpdateProject(self.project.id, bump_policy=policy)
        await projects.edit(self.runtime.db, self.project.owner, command)

    async def judge(self, version: ModelVersion) -> Any:
        async with self.runtime.db.read() as snap:
            return await bump_rule.judge(snap, version)


@pytest.fixture
async def desk(runtime, project) -> Desk:
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    return Desk(runtime, project)


async def test_files_are_compared_by_path_and_bytes(desk):
    before = await desk.version("1.0.0", {"same": b"s", "other": b"1", "gone": b"g", "old/name": b"moved"})
    after = await desk.version("1.0.1", {"same": b"s", "other": b"22", "new": b"n", "newer/name": b"moved"})
    told = await desk.diff(after)
    assert told.before.id == before.id
    totals = told.content.totals
    assert (totals.before, totals.after, totals.same) == (4, 4, 1)
    assert (totals.changed, totals.added, totals.removed) == (1, 2, 2)
    shown = {file.path: (file.size_before, file.size_after, file.moved_from) for file in told.files}
    assert shown == {
        "gone": (1, None, None), "new": (None, 1, None), "newer/name": (None, 5, "old/name"),
        "old/name": (5, None, None), "other": (1, 2, None),
    }  # fmt: skip
    assert list(shown) == sorted(shown)
    assert (told.content.least, told.made, told.is_enough) == ("PATCH", "PATCH", True)


async def test_equal_versions_take_no_step(desk):
    before, after = [await desk.version(semver, {"w": b"w"}) for semver in ("1.0.0", "1.0.1")]
    told = await desk.diff(after, before)
    assert (told.content.least, told.files, told.content.reasons) == (None, [], [])


async def test_paths_are_those_within_the_folders_of_the_versions(desk, runtime, project):
    run = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate
    whole = await desk.version("1.0.0", candidate_id=run.id)
    for path in ("a/w", "b/w", "ab/w"):
        await store_file(runtime, project, lookup.root_of(whole)[0], path, path[:1].encode())
    first = await desk.version("1.0.1", candidate_id=run.id, artifact_folder="a")
    second = await desk.version("1.0.2", candidate_id=run.id, artifact_folder="b")
    told = await desk.diff(second, first)
    assert [(file.path, told.content.totals.changed) for file in told.files] == [("w", 1)]


async def test_the_base_is_the_release_before_it(desk, runtime, project):
    made = {semver: await desk.version(semver) for semver in ("1.0.0", "1.1.0", "1.2.0-rc.1", "1.2.0", "2.0.0")}
    bases = {semver: (await desk.diff(made[semver])).before.version for semver in list(made)[1:]}
    assert bases == {"1.1.0": "1.0.0", "1.2.0-rc.1": "1.1.0", "1.2.0": "1.1.0", "2.0.0": "1.2.0"}
    await delete.delete(runtime.db, project.owner, project.id, made["1.1.0"].id)
    assert (await desk.diff(made["1.2.0"])).before.version == "1.0.0"
    async with runtime.db.write() as tx:
        values = {"id": made["1.2.0"].id}
        await tx.execute(text("UPDATE model_versions SET yanked_at = now() WHERE id = :id"), values)
    assert (await desk.diff(made["2.0.0"])).before.version == "1.0.0"
    with pytest.raises(NoEarlierRelease, match=r"before '1\.0\.0'; name another"):
        await desk.diff(made["1.0.0"])


async def test_signatures_tensors_and_requirements_are_told(desk):
    before = await desk.signed("1.0.0", b"1", {"name": "a", "type": "double"})
    after = await desk.signed("1.0.1", b"2", {"name": "a", "type": "string"})
    for version, shape, numpy in ((before, [2, 3], "numpy==1.0"), (after, [3, 3], "numpy==2.0")):
        root = lookup.root_of(version)[0]
        await store_file(desk.runtime, desk.project, root, "w.safetensors", bytes(shape))
        tensors = [{"name": "w", "dtype": "F32", "shape": shape}]
        parameters = shape[0] * shape[1]
        await desk.say(
            version, "w.safetensors", "safetensors", tensorCount=1, parameterCount=parameters,
            dtypes={"F32": parameters}, tensors=tensors,
        )  # fmt: skip
        await store_file(desk.runtime, desk.project, root, "requirements.txt", numpy.encode())
        await desk.say(version, "requirements.txt", "requirements", dependencies=[numpy])
    content = (await desk.diff(after)).content
    assert [str(change) for change in content.signature] == ["input `a` was double and is string"]
    assert [(one.name, one.before.shape, one.after.shape) for one in content.tensors.changes] == [("w", (2, 3), (3, 3))]
    assert [(one.name, one.before, one.after) for one in content.requirements] == [("numpy", "==1.0", "==2.0")]
    assert [one.cause.value for one in content.reasons] == ["signature", "architecture", "environment", "files"]
    assert (content.least, content.is_certain) == ("MAJOR", True)
    assert not (await desk.diff(after)).is_enough


async def test_params_and_metrics_are_told_to_those_who_see_candidates(desk, runtime, project):
    runs = []
    for depth, loss in (("3", 0.5), ("4", 0.25)):
        command = CreateCandidate(params={"depth": depth, "same": "1"})
        run = (await candidates.create(runtime.db, project.owner, project.id, command)).candidate
        points = [MetricInput("loss", loss, 1), MetricInput("same", 1.0, 1)]
        await log.log_batch(runtime.db, project.owner, project.id, LogBatch(run.id, metrics=points))
        runs.append(run)
    before, after = [
        await desk.version(semver, candidate_id=run.id) for semver, run in zip(("1.0.0", "1.0.1"), runs, strict=True)
    ]
    told = await desk.diff(after, before)
    assert [(row.key, row.values) for row in told.params] == [("depth", ["3", "4"])]
    assert [(row.key, [point.value for point in row.values]) for row in told.metrics] == [("loss", [0.5, 0.25])]
    command = UpdateProject(project.id, experiments_access="disabled")
    await projects.edit(runtime.db, project.owner, command)
    told = await desk.diff(after, before, project[Role.GUEST].actor)
    assert isinstance(told.params, SwitchedOff) and isinstance(told.metrics, SwitchedOff)


async def test_versions_of_other_models_and_projects_are_compared_if_both_may_be_seen(desk, runtime, staff, project):
    mine = await desk.version("1.0.0", {"w": b"1"})
    other = Desk(runtime, await new_project(runtime, staff))
    await models.create(runtime.db, other.project.owner, other.project.id, CreateModel("n"))
    theirs = await other.version("3.0.0", {"w": b"2"}, model="n")
    told = await desk.diff(theirs, mine)
    assert ([file.path for file in told.files], told.made) == (["w"], "MAJOR")
    with pytest.raises(projects.ProjectNotFound):
        await desk.diff(theirs, mine, project.stranger.actor)
    with pytest.raises(VersionNotFound):
        await versions.diff(runtime.db, project.owner, project.id, mine.id, (project.id, mine.id + 10_000))
    named = Named("m", parse_reference("1.0.0"))
    assert (await versions.diff(runtime.db, project.owner, project.id, named, (project.id, mine.id))).made is None


async def test_what_is_kept_elsewhere_has_no_files_here(desk):
    before = await desk.version("1.0.0", {"w": b"1"})
    after = await desk.version("1.0.1", location="s3://bucket/key")
    told = await desk.diff(after, before)
    assert (told.content.totals.before, told.content.totals.after, told.content.totals.removed) == (1, 0, 1)
    assert "its files are kept at another address" in [one.message for one in told.content.reasons]


async def test_the_statements_do_not_grow_with_files_and_equal_ones_are_not_read(desk, runtime, project):
    counts = []
    for number in (1, 40):
        files = {f"f{at}": b"%d" % at for at in range(number)}
        before, after = [await desk.version(f"{number}.{minor}.0", files) for minor in (0, 1)]
        with statements(runtime.db) as seen:
            told = await desk.diff(after, before)
        counts.append(len(seen))
        assert told.content.totals.same == number
    assert counts[0] == counts[1] <= 12


async def test_the_policy_of_a_project_hints_warns_or_rules(desk, runtime):
    first = await desk.signed("1.0.0", b"1", {"name": "a", "type": "double"})
    small = await desk.signed("1.1.0", b"2", {"name": "b", "type": "double"})
    large = await desk.signed("2.0.0", b"2", {"name": "b", "type": "double"})
    with statements(runtime.db) as seen:
        assert await desk.judge(small) is None
    assert len([one for one in seen if "FROM projects" in one]) == 1
    await desk.policy("warning")
    judged = await desk.judge(small)
    assert (judged.outcome, judged.is_required) == (Outcome.WARNING, False)
    await desk.policy("rule")
    judged = await desk.judge(small)
    assert (judged.outcome, judged.is_required) == (Outcome.FAILED, True)
    assert judged.message == (
        "Its differences take MAJOR, and the step from 1.0.0 to 1.1.0 is MINOR: input `a` was removed (it was double); "
        "input `b` is new and required (double)."
    )
    assert (judged.compared["base"], judged.compared["least"], judged.compared["made"]) == ("1.0.0", "MAJOR", "MINOR")
    json.dumps(judged.compared)
    assert (await desk.judge(large)).outcome is Outcome.PASSED
    assert await desk.judge(first) is None


async def test_the_rule_waits_for_files_that_were_not_looked_into(desk, runtime, project):
    await desk.policy("rule")
    await desk.version("1.0.0", {"a": b"1"})
    after = await desk.version("1.0.1", {"a": b"2"})
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE artifacts SET inspected_at = NULL WHERE project_id = :p"), {"p": project.id})
    judged = await desk.judge(after)
    assert (judged.outcome, "2 files were not looked into yet" in judged.message) == (Outcome.PENDING, True)


async def test_a_policy_that_there_is_not_is_refused(desk):
    with pytest.raises(Invalid, match="hint, warning, rule"):
        await desk.policy("always")
    assert isinstance(versions._NOWHERE, UUID)


async def promote(desk, version, **values):
    command = Promote("staging", **values)
    db, owner = desk.runtime.db, desk.project.owner
    return await promotions.promote(db, desk.runtime.gate_clients, owner, desk.project.id, version.id, command)


async def test_a_promotion_is_refused_warned_of_or_not_concerned(desk):
    await desk.signed("1.0.0", b"1", {"name": "a", "type": "double"})
    small = await desk.signed("1.0.1", b"2", {"name": "a", "type": "string"})
    told = {}
    for policy in ("rule", "warning", "hint"):
        await desk.policy(policy)
        try:
            promotion = (await promote(desk, small)).promotion
        except PromotionRefused as refusal:
            promotion, message = refusal.promotion, refusal.message
        told[policy] = [one["outcome"] for one in promotion.verdicts if one["kind"] == bump_rule.KIND]
        await moves.set_stage(desk.runtime.db, desk.project.owner, desk.project.id, small.id, "none")
    assert told == {"rule": ["failed"], "warning": ["warning"], "hint": []}
    assert "input `a` was double and is string" in message
    await desk.policy("rule")
    bypassed = await promote(desk, small, bypass_reason="consumers were told")
    assert bypassed.promotion.number == small.number
