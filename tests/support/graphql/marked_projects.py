"""Projects of others, with a mark in every text that only their members may read, and what tells that they changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from app.access.policy import Role
from app.ids import GlobalId
from app.metadata import metadata
from tests.conftest import new_person
from tests.support.graphql.examples import Seeded, seed
from tests.support.graphql.random_documents import Scenario

NOWHERE = 10**9
"""Added to a number, it makes that of a thing which does not exist."""
MARK = re.compile(r"zq7mark_\w+_")
TEXTS = {
    "projects": "name description", "models": "description", "experiments": "", "candidates": "name user_name",
    "candidate_params": "value", "candidate_tags": "value", "model_versions": "description source location run_link",
    "logged_models": "name model_type foreign_run", "artifacts": "path media_type format", "multipart_uploads": "path",
    "webhooks": "name description", "webhook_deliveries": "response_body last_error", "tokens": "name",
    "ci_settings": "ci_project base_url", "ci_jobs": "name ref user_name log_url status reason",
    "background_jobs": "last_error", "groups": "name", "datasets": "name source",
}  # fmt: skip
TAGGED = ("models", "experiments", "model_versions", "logged_models")
MARKS = {f"zq7mark_{table}_{column}_" for table, columns in TEXTS.items() for column in columns.split()}
MARKS |= {f"zq7mark_{table}_tags_" for table in TAGGED}
EXTRA = """mutation x($p: String!, $c: ID!) {
  a: candidateLog(input: {candidate: {id: $c}, params: [{key: "width", value: "1"}], tags: [{key: "t", value: "1"}],
    datasets: [{name: "d", digest: "1", sourceType: "s", source: "s"}]}) { userErrors { message } }
  b: modelDelete(input: {model: {path: {project: $p, name: "old-model"}}}) { userErrors { message } } }"""
TOLD = """query t($p: String!, $c: ID!, $v: ID!, $u: ID!) {
  project(by: {path: $p}) { name description group { name } ciSettings { ciProject baseUrl } tokens { nodes { name } }
    webhooks { nodes { name description deliveries { nodes { responseBody statusReason } } } }
    backgroundJobs { nodes { statusReason } } models { nodes { description tags { value } } }
    experiments { nodes { tags { value } } } }
  candidate(by: {id: $c}) { name username params { value } tags { value } datasets { name source }
    artifacts { nodes { path mediaType format } } ciJob { name ref username logUrl ciStatus statusReason } }
  modelVersion(by: {id: $v}) { description source location runLink tags { value } }
  loggedModel(by: {id: $u}) { name modelType foreignRun tags { value } }
  artifactUploads(owner: {modelVersion: {path: {project: $p, model: "digits", reference: "0.9.0"}}}) {
    nodes { path } } }"""
"""Where members read each of them."""
IDS = """query i($p: String!) { project(by: {path: $p}) { id group { id }
  models(first: 9) { nodes { id versions(first: 9) { nodes { id } } } }
  experiments(first: 9) { nodes { id candidates(first: 9) { nodes { id artifacts(first: 9) { nodes { id } } } } } }
  webhooks { nodes { id deliveries { nodes { id } } } } tokens { nodes { id } } backgroundJobs { nodes { id } } } }"""
NAMES = {
    "name": ["digits", "training", "old-model", "w", "new"], "model": ["digits", "production-digits"],
    "reference": ["1.0.0", "latest", "@champion", "^1", "#2", "stage:production"], "version": ["2.0.0", "1.0.0"],
    "key": ["accuracy", "loss", "t"], "keys": ["accuracy", "loss"], "search": ["di", "digits", "train", ""],
    "filter": ["", "metrics.accuracy > 0.1", "name = 'digits'", "tags.t = '1'", "metrics.accuracy > 0"],
    "modelName": ["digits", "new"], "field": ["metrics.accuracy", "name"],
    "folder": ["", "model"], "ArtifactPath.path": ["model/MLmodel", "notes/a.txt"], "stage": ["production", "staging"],
    "url": ["https://127.0.0.1:9/"], "events": ["model_version.created"], "event": ["model_version.created"],
    "ProjectCreateInput.path": ["p1"], "GroupCreateInput.path": ["g1"], "kind": ["webhooks.deliver"],
    "baseUrl": ["https://127.0.0.1:9"], "value": ["1", "x"], "description": ["words"],
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """A project with its people; ``scenario`` is it, and ``nowhere`` what has the same form and does not exist."""

    seeded: Seeded
    scenario: Scenario
    nowhere: dict[str, str]

    @property
    def path(self) -> str:
        return self.seeded.project.path


async def make(runtime: Any, admin: Any, data: Any) -> World:
    """A project in which all examples work, of people who are in no other."""
    roles = (*Role, None)
    staff = {role: await new_person(runtime, admin, f"p-{uuid4().hex[:12]}") for role in roles}
    people = [await new_person(runtime, admin, f"q-{uuid4().hex[:12]}") for _ in range(2)]
    seeded = await seed(runtime, staff, data, (people[0], people[1]))
    project, owner = seeded.project, staff[Role.OWNER]
    await data(owner, EXTRA, p=project.path, c=seeded.meanings["<candidate id>"])
    answers = await data(owner, IDS, p=project.path)
    given = [value for name, value in seeded.meanings.items() if name.startswith("<")]
    ids = sorted({*_ids_in(answers), *given})
    by_kind: dict[str, list[str]] = {}
    for id in ids:
        by_kind.setdefault(_parsed(id).type_name, []).append(id)
    words = {**NAMES, "project": [project.path], "ProjectLookup.path": [project.path]}
    words |= {"GroupLookup.path": [seeded.meanings["team"]], "username": [one.actor.username for one in people]}
    words["uuid"] = [_parsed(id).parts[-1] for id in by_kind["Candidate"] + by_kind["LoggedModel"]]
    nowhere = {id: _twin(id) for id in ids}
    for id, twin in list(nowhere.items()):
        pair = _parsed(id).parts[-1], _parsed(twin).parts[-1]
        if len(pair[0]) == len(UUID(int=0).hex):
            nowhere |= {pair[0]: pair[1], str(UUID(pair[0])): str(UUID(pair[1]))}
    for name in ("team/vision", "team/old-project", "team"):
        path = seeded.meanings[name]
        nowhere[path] = path.replace(path.partition("/")[0], f"g{uuid4().hex}")
    return World(seeded, Scenario(by_kind, words), nowhere)


async def mark(runtime: Any, world: World) -> None:
    """Put the mark into all that is told to members alone; each says where it stands."""
    project = world.seeded.project
    async with runtime.db.write() as tx:
        for table, columns in TEXTS.items():
            key = "id" if table in {"projects", "groups"} else "project_id"
            assignments = [f"{column} = 'zq7mark_{table}_{column}_'" for column in columns.split()]
            assignments = [one + " || path" if one.startswith("path ") else one for one in assignments]
            assignments += [f"tags = jsonb_build_object('t', 'zq7mark_{table}_tags_')"] if table in TAGGED else []
            value = project.group_id if table == "groups" else project.id
            await tx.execute(
                text(f"UPDATE {table} SET {', '.join(assignments)} WHERE {key} = :value"), {"value": value}
            )


class Witness:
    """Tells whether a project, or any user and their rights, has changed in the database since it last looked."""

    def __init__(self, runtime: Any, world: World, *, inside: bool = False) -> None:
        """``inside``: nothing but the project counts."""
        self._runtime = runtime
        self._statement = _statement({**_OWN, "projects": "id = :project"} if inside else {**_OWN, **_ALL_USERS})
        self._parameters = {"project": world.seeded.project.id}
        self._transactions = 0
        self._rows: dict[str, tuple[int, Any]] = {}

    async def changes(self) -> list[str]:
        """The tables whose rows are others than before. Rows are read only if any transaction has written since."""
        async with self._runtime.db.read() as snap:
            last = await snap.scalar(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))
            if last == self._transactions:
                return []
            rows = {row[0]: (row[1], row[2]) for row in await snap.execute(self._statement, self._parameters)}
        before, self._rows, self._transactions = self._rows, rows, last
        return [table for table, row in rows.items() if before.get(table) != row]


def _statement(conditions: dict[str, str]) -> Any:
    # What merely using a token notes is no change.
    noted = "ARRAY['last_used_at', 'last_address', 'last_client', 'last_active_at']"
    row = f"hashtextextended((to_jsonb(t) - {noted})::text, 0)::numeric"
    parts = (f"SELECT '{table}', count(*), sum({row}) FROM {table} t WHERE {one}" for table, one in conditions.items())
    return text(" UNION ALL ".join(parts))


_OWN = {table.name: "project_id = :project" for table in metadata.sorted_tables if "project_id" in table.c}
_ALL_USERS = dict.fromkeys(("users", "groups", "projects", "memberships", "tokens"), "true")


def _parsed(id: str) -> GlobalId:
    parsed = GlobalId.parse(id)
    assert parsed
    return parsed


def _twin(id: str) -> str:
    """An id of the same type, in a project that does not exist, of a thing that does not exist."""
    parsed = _parsed(id)
    parts = [str(int(part) + NOWHERE) if part.isdigit() and len(part) < 20 else uuid4().hex for part in parsed.parts]
    return str(GlobalId(parsed.type_name, tuple(parts)))


def _ids_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["id"]] if "id" in value else []
        return own + [id for one in value.values() for id in _ids_in(one)]
    return [id for one in value for id in _ids_in(one)] if isinstance(value, list) else []
