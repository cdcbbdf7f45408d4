"""Tokens that are confined to models by pattern: what matches no pattern is not there, through every edge."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import ARRAY, Text, bindparam, literal, text
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from app.access import tokens
from app.access.policy import Scope
from app.access.token_rules import model_patterns
from app.access.tokens import IssueToken
from app.errors import Invalid
from app.pagination import Window
from app.registry.reads import global_search, loaders, search
from app.registry.reads.loaders import ModelOrder
from app.registry.reads.search import SearchModels, SearchVersions
from tests.conftest import Person, TestProject, new_project
from tests.mlflow.conftest import Rest
from tests.support.db import owner

NAMES = [
    "fraud", "fraud-", "fraud-a", "Fraud-a", "fraud_a", "fraud%a", "fraud-\\", "fraud-é", "frau", "fraud/a/b", "fraue",
    "fraud-a-live", "fraud-live", "a%b", "axb", "fraud-a\U0010ffff", "fraud-a*",
]  # fmt: skip
PATTERNS = [
    "fraud", "fraud*", "fraud-*", "fraud_*", "fraud%*", "fraud-\\*", "fraud-*-live", "f*d*a", "fraud-é*", "a%b",
    "fra*u*d", "f*a*e",
]  # fmt: skip


async def test_memory_and_database_agree(runtime):
    wrong = []
    async with runtime.db.read() as snap:
        for pattern in PATTERNS:
            kept = model_patterns.check([pattern])
            for name in NAMES:
                column = literal(name, Text).collate("C")
                condition = model_patterns.condition(kept, column)
                like = text("SELECT :name LIKE ANY (CAST(:patterns AS text[]))").bindparams(
                    bindparam("patterns", type_=ARRAY(Text))
                )
                said = (
                    model_patterns.matches(kept, name),
                    await snap.scalar(sql_select(condition)),
                    await snap.scalar(like, {"name": name, "patterns": model_patterns.like(kept)}),
                )
                if len(set(said)) != 1:
                    wrong.append((pattern, name, said))
    assert not wrong


def test_a_hostile_pattern_takes_no_time():
    kept = model_patterns.check(["a*a*a*a*a*b"])
    assert not model_patterns.matches(kept, "a" * 255)


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        ([], "0 patterns"), (["*"], "begins with"), (["*-live"], "begins with"), ([""], "1 to 255"),
        (["a" * 256], "1 to 255"), (["a\x00"], "1 to 255"), (["a*b*c*d*e*f*g"], "more than"),
        (["a"] * 21, "21 patterns"),
    ],
)  # fmt: skip
def test_what_is_no_pattern(patterns, words):
    with pytest.raises(Invalid, match=words):
        model_patterns.check(patterns)


@pytest.mark.parametrize("scopes", [[Scope.API], [Scope.READ_API], [Scope.READ_REGISTRY, Scope.WRITE_CANDIDATES]])
async def test_patterns_go_with_scopes_for_models_only(runtime, project, scopes):
    with pytest.raises(Invalid, match="confined to models"):
        await tokens.issue(runtime.db, project.owner, IssueToken("t", scopes, model_patterns=["a*"]))


@pytest.fixture
async def confined(runtime, project: TestProject) -> Person:
    """The owner's token for models that begin with fraud-."""
    command = IssueToken("t", [Scope.WRITE_REGISTRY, Scope.READ_ARTIFACTS], model_patterns=["fraud-*"])
    issued = await tokens.issue(runtime.db, project.owner, command)
    return Person(await tokens.authenticate(runtime.db, issued.secret), issued.secret)


@pytest.fixture
async def models(rest: Rest, project: TestProject) -> dict[str, dict[str, Any]]:
    """A model that matches and one that does not, each with a version with a file, an alias and a stage."""
    made: dict[str, dict[str, Any]] = {}
    for name in ("fraud-cards", "churn"):
        run = (await rest.post("runs/create", {"experiment_id": "0"})).json()["run"]["info"]["run_id"]
        url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/m/weights.bin"
        assert (await rest.http.put(url, content=name.encode(), headers=rest.headers)).status_code == 200
        await rest.post("registered-models/create", {"name": name})
        source = f"mlflow-artifacts:/0/{run}/artifacts/m"
        await rest.post("model-versions/create", {"name": name, "run_id": run, "source": source})
        await rest.post("registered-models/alias", {"name": name, "alias": "champion", "version": "1"})
        await rest.post("model-versions/transition-stage", {"name": name, "version": "1", "stage": "Staging"})
        made[name] = {"run": run}
    return made


@pytest.fixture
def own(rest: Rest, confined: Person) -> Rest:
    """MLflow's calls with the confined token."""
    return Rest(rest.http, rest.base, confined.headers)


READS = {
    "registered-models/get": {}, "registered-models/get-latest-versions": {"stages": ["Staging"]},
    "registered-models/alias": {"alias": "champion"}, "model-versions/get": {"version": "1"},
    "model-versions/get-download-uri": {"version": "1"},
}  # fmt: skip
WRITES = [
    ("PATCH", "registered-models/update", {"description": "d"}),
    ("POST", "registered-models/rename", {"new_name": "fraud-other"}),
    ("POST", "registered-models/set-tag", {"key": "k", "value": "v"}),
    ("DELETE", "registered-models/delete-tag", {"key": "k"}),
    ("POST", "registered-models/alias", {"alias": "b", "version": "1"}),
    ("DELETE", "registered-models/alias", {"alias": "b"}),
    ("POST", "model-versions/create", {}),
    ("PATCH", "model-versions/update", {"version": "1", "description": "d"}),
    ("POST", "model-versions/transition-stage", {"version": "1", "stage": "Archived"}),
    ("POST", "model-versions/set-tag", {"version": "1", "key": "k", "value": "v"}),
    ("DELETE", "model-versions/delete-tag", {"version": "1", "key": "k"}),
    ("DELETE", "model-versions/delete", {"version": "1"}),
    ("DELETE", "registered-models/delete", {}),
]


async def test_mlflow_shows_what_matches_and_nothing_else(own, models):
    for call, fields in READS.items():
        assert (await own.get(call, name="fraud-cards", **fields)).status_code == 200, call
        hidden = await own.get(call, name="churn", **fields)
        missing = await own.get(call, name="absent", **fields)
        assert (hidden.status_code, hidden.text.replace("churn", "absent")) == (404, missing.text), call
    listed = (await own.get("registered-models/search")).json()["registered_models"]
    assert [one["name"] for one in listed] == ["fraud-cards"]
    assert [one["name"] for one in (await own.get("model-versions/search")).json()["model_versions"]] == ["fraud-cards"]
    run = models["churn"]["run"]
    assert not (await own.get("model-versions/search", filter=f"run_id = '{run}'")).json().get("model_versions")


async def test_mlflow_changes_what_matches_and_nothing_else(own, rest, models):
    for method, call, fields in WRITES:
        refused = await own.send(method, call, json={"name": "churn", **fields})
        assert refused.status_code == 404, (call, refused.text)
    for method, call, fields in WRITES:
        name = "fraud-other" if WRITES.index((method, call, fields)) > 1 else "fraud-cards"
        allowed = await own.send(method, call, json={"name": name, **fields})
        assert allowed.status_code == 200, (call, allowed.text)
    kept = (await rest.get("registered-models/get", name="churn")).json()["registered_model"]
    assert kept["latest_versions"][0]["current_stage"] == "Staging" and not kept.get("description")


async def test_no_name_beyond_the_patterns_comes_into_being(own, rest, models):
    for name in ("churn", "absent"):
        made = await own.post("registered-models/create", {"name": name})
        assert made.status_code == 403 and "fraud-*" in made.text
        renamed = await own.post("registered-models/rename", {"name": "fraud-cards", "new_name": name})
        assert renamed.status_code == 403
    assert (await own.post("registered-models/create", {"name": "fraud-new"})).status_code == 200


async def test_candidates_experiments_and_webhooks_are_beyond(own, models):
    run = models["fraud-cards"]["run"]
    for call, fields in {
        "runs/get": {"run_id": run},
        "experiments/get": {"experiment_id": "0"},
        "webhooks": {},
    }.items():
        assert (await own.get(call, **fields)).status_code == 403, call
    assert (await own.post("runs/create", {"experiment_id": "0"})).status_code == 403


async def test_files_are_those_of_versions_that_match(own, rest, models):
    for name, status in (("fraud-cards", 200), ("churn", 404)):
        run = models[name]["run"]
        base = f"{own.base}/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts"
        assert (await own.http.get(f"{base}/m/weights.bin", headers=own.headers)).status_code == status
        listed = await own.get("artifacts/list", run_id=run)
        assert listed.status_code == 403
        put = await own.http.put(f"{base}/m/weights.bin", content=b"new", headers=own.headers)
        assert put.status_code == (200 if status == 200 else 403), put.text
        loose = await own.http.put(f"{base}/loose.bin", content=b"new", headers=own.headers)
        assert loose.status_code == 403


async def test_files_that_another_model_shares_are_not_changed(own, rest, models):
    run = models["fraud-cards"]["run"]
    source = f"mlflow-artifacts:/0/{run}/artifacts/m"
    made = await rest.post("model-versions/create", {"name": "churn", "run_id": run, "source": source})
    assert made.status_code == 200
    url = f"{own.base}/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/m/weights.bin"
    assert (await own.http.get(url, headers=own.headers)).status_code == 200
    for method in ("PUT", "DELETE"):
        content = b"x" if method == "PUT" else None
        refused = await own.http.request(method, url, content=content, headers=own.headers)
        assert refused.status_code == 403 and "another one, too" in refused.text, refused.text


async def test_a_version_is_made_of_what_matching_versions_show(own, models):
    for name, status in (("fraud-cards", 200), ("churn", 403)):
        run = models[name]["run"]
        source = f"mlflow-artifacts:/0/{run}/artifacts/m"
        fields = {"name": "fraud-cards", "run_id": run, "source": source}
        assert (await own.post("model-versions/create", fields)).status_code == status


async def test_lists_counts_and_searches_are_of_what_matches(runtime, project, confined, models):
    db, actor, keys = runtime.db, confined.actor, [(project.id,)]
    (page,) = await loaders.models_of_projects(db, actor, keys, Window(first=10), text="", order=ModelOrder())
    assert [one.name for one in page.items] == ["fraud-cards"]
    assert await loaders.count_models_of_projects(db, actor, keys, text="") == [1]
    rows, _ = await search.models(db, actor, project.id, SearchModels())
    assert [one.row.name for one in rows] == ["fraud-cards"]
    versions, _ = await search.versions(db, actor, project.id, SearchVersions())
    assert [one.model.name for one in versions] == ["fraud-cards"]
    everything, _ = await search.models(db, project.owner, project.id, SearchModels())
    assert [one.row.name for one in everything] == ["churn", "fraud-cards"]
    for term, count in (("fraud", 1), ("churn", 0), ("1.0.0", 1)):
        assert await global_search.count(db, actor, project.id, term) == count


async def test_loaders_hide_versions_and_aliases_of_other_models(runtime, project, confined, models):
    db, owner = runtime.db, project.owner
    (every,) = await loaders.models_of_projects(
        db, owner, [(project.id,)], Window(first=10), text="", order=ModelOrder()
    )
    churn, fraud = ((project.id, one.id) for one in sorted(every.items, key=lambda model: model.name))
    keys = [churn, fraud]
    assert [one is None for one in await loaders.models_by_keys(db, confined.actor, keys)] == [True, False]
    assert [one is None for one in await loaders.latest_of_models(db, confined.actor, keys)] == [True, False]
    assert [len(one) for one in await loaders.aliases_of_models(db, confined.actor, keys)] == [0, 1]
    history = await loaders.history_of_aliases(db, confined.actor, keys, Window(first=5), name="champion")
    assert [len(one.items) for one in history] == [0, 1]
    latest = [one for one in await loaders.latest_of_models(db, owner, keys) if one is not None]
    versions = [(project.id, one.id) for one in latest]
    assert [one is None for one in await loaders.versions_by_keys(db, confined.actor, versions)] == [True, False]
    assert [len(one) for one in await loaders.aliases_of_versions(db, confined.actor, versions)] == [0, 1]


async def test_a_confined_token_renames_against_a_rename(runtime, project, confined, own, rest, models):
    """The owner moves the model out of reach while the token changes it: afterwards it is out of reach, and whole."""

    async def away() -> int:
        return (await rest.post("registered-models/rename", {"name": "fraud-cards", "new_name": "kept"})).status_code

    async def describe() -> int:
        fields = {"name": "fraud-cards", "description": "mine"}
        return (await own.send("PATCH", "registered-models/update", json=fields)).status_code

    moved, told = await asyncio.gather(away(), describe())
    assert moved == 200 and told in {200, 404}
    assert (await own.get("registered-models/get", name="kept")).status_code == 404


async def test_pages_read_no_more_of_the_index_than_they_show(runtime, staff):
    """Among 100,000 models: the range of the patterns, not a walk over all names."""
    project = await new_project(runtime, staff)
    async with runtime.db.write() as tx:
        await tx.execute(
            text("INSERT INTO experiments (project_id, number, name) VALUES (:p, 900, 'x')"), {"p": project.id}
        )
    # By the owner, whose statements may take as long as they do.
    await owner.execute(runtime.settings, _MANY.format(project=project.id), "ANALYZE models")
    condition = model_patterns.condition(("fraud-*", "m04*2"), search.Model.name)
    statement = (
        sql_select(search.Model.id)
        .where(search.Model.project_id == project.id, search.Model.deleted_at.is_(None), condition)
        .order_by(search.Model.name)
        .limit(101)
    )
    compiled = statement.compile(dialect=dialect(), compile_kwargs={"literal_binds": True})
    async with runtime.db.read() as snap:
        explained = text(f"EXPLAIN (ANALYZE, TIMING OFF) {compiled}".replace(":", "\\:"))
        plan = "\n".join(await snap.scalars(explained))
    removed = [int(number) for number in re.findall(r"Rows Removed by Filter: (\d+)", plan)]
    assert "uq_models_name" in plan and "Seq Scan" not in plan and sum(removed) < 10_100, plan


_MANY = """INSERT INTO models (project_id, name, experiment_number)
  SELECT {project}, 'm' || lpad(i::text, 6, '0'), 900 FROM generate_series(1, 100000) AS i
  UNION ALL SELECT {project}, 'fraud-' || i, 900 FROM generate_series(1, 50) AS i"""
