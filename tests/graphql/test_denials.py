"""Every mutation asks for permission: a stranger, a guest and nobody are refused, and nothing is written.

Deny by default: a mutation that has no example here fails the test.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import print_type
from sqlalchemy import text

from app.access.policy import Role, Scope
from app.graphql.schema import schema
from app.ids import GlobalId
from tests.conftest import new_person
from tests.graphql.conftest import Ask

SETUP = """mutation s($path: String!) {
  modelCreate(input: {project: {path: $path}, name: "m"}) { model { id } }
  modelVersionCreate(input: {model: {path: {project: $path, name: "m"}}}) { modelVersion { id candidate { id } } }
  aliasSet(input: {model: {path: {project: $path, name: "m"}}, name: "a", reference: "1.0.0"}) { alias { name } }
  experimentCreate(input: {project: {path: $path}, name: "e"}) { experiment { id } }
  candidateCreate(input: {experiment: {name: {project: $path, name: "e"}}}) { candidate { id } }
  webhookCreate(input: {project: {path: $path}, name: "w", url: "https://example.org",
    events: ["model_version.created"]}) { webhook { id } }
  ciSettingsUpdate(input: {project: {path: $path}, provider: GITLAB, ciProject: "a/b",
    baseUrl: "https://127.0.0.1:1"}) { ciSettings { ciProject } }
  tokenCreate(input: {name: "t", place: {project: {path: $path}}, role: GUEST}) { token { id } }
  artifactUploadCreate(input: {owner: {modelVersion: {path: {project: $path, model: "m", reference: "1.0.0"}}},
    files: [{path: "empty", size: 0}]}) { uploads { id } }
}"""


@pytest.fixture
async def examples(data: Ask, project) -> dict[str, dict[str, Any]]:
    """An input for every mutation that would succeed if the owner sent it."""
    made = await data(project.people[Role.OWNER], SETUP, path=project.path)
    model = {"id": made["modelCreate"]["model"]["id"]}
    version = {"id": made["modelVersionCreate"]["modelVersion"]["id"]}
    experiment = {"id": made["experimentCreate"]["experiment"]["id"]}
    candidate = {"id": made["candidateCreate"]["candidate"]["id"]}
    place = {"project": {"path": project.path}}
    guest = project[Role.GUEST].actor.username
    webhook = made["webhookCreate"]["webhook"]["id"]
    link = {"owner": {"candidate": candidate}, "provider": "GITLAB"}
    ci_job = await linked_job(data, project, {**link, "externalId": "7"})
    unreachable = {"name": "x", "url": "https://example.org", "events": ["registered_model.created"]}
    pair = [{"key": "k", "value": "v"}]
    upload = made["artifactUploadCreate"]["uploads"][0]["id"]
    file = {"path": "new", "size": 1}
    return {
        "userCreate": {"username": f"u{uuid4().hex}"},
        "groupCreate": {"path": "sub", "parent": {"path": project.path.rpartition("/")[0]}},
        "projectCreate": {"path": "other", "group": {"path": project.path.rpartition("/")[0]}},
        "projectUpdate": {"project": {"path": project.path}, "description": "changed"},
        "projectDelete": {"project": {"path": project.path}, "confirm": project.path},
        "memberSet": {"place": place, "username": guest, "role": "DEVELOPER"},
        "memberRemove": {"place": place, "username": project[Role.REPORTER].actor.username},
        "tokenCreate": {"name": "x", "place": place},
        "tokenRevoke": {"id": made["tokenCreate"]["token"]["id"]},
        "artifactUploadCreate": {"owner": {"modelVersion": version}, "files": [file]},
        "artifactUploadComplete": {"ids": [upload]},
        "artifactUploadAbort": {"ids": [upload]},
        "artifactRelease": {"id": await quarantined(project, GlobalId.parse(candidate["id"]).parts[1])},
        "modelCreate": {"project": {"path": project.path}, "name": "new"},
        "modelUpdate": {"model": model, "description": "changed"},
        "modelDelete": {"model": model},
        "modelVersionCreate": {"model": model},
        "modelVersionUpdate": {"modelVersion": version, "description": "changed"},
        "modelVersionDelete": {"modelVersion": version},
        "modelVersionStageSet": {"modelVersion": version, "stage": "production"},
        "aliasSet": {"model": model, "name": "b", "reference": "1.0.0"},
        "aliasRemove": {"model": model, "name": "a"},
        "experimentCreate": {"project": {"path": project.path}, "name": "new"},
        "experimentUpdate": {"experiment": experiment, "name": "changed"},
        "experimentTagsSet": {"experiment": experiment, "tags": pair},
        "experimentDelete": {"experiment": experiment},
        "experimentRestore": {"experiment": experiment},
        "candidateCreate": {"experiment": experiment},
        "candidateLog": {"candidate": candidate, "tags": pair, "params": pair},
        "candidateUpdate": {"candidate": candidate, "name": "changed"},
        "candidateDelete": {"candidate": candidate},
        "candidateRestore": {"candidate": candidate},
        "webhookCreate": {"project": {"path": project.path}, **unreachable},
        "webhookUpdate": {"webhook": webhook, "description": "changed"},
        "webhookDelete": {"webhook": webhook},
        "webhookTest": {"webhook": webhook},
        "webhookDeliveryReplay": {"delivery": await delivery_of(project, webhook)},
        "backgroundJobRetry": {"id": await job_of(project, "dead")},
        "backgroundJobCancel": {"id": await job_of(project, "queued")},
        "ciJobLink": {**link, "externalId": "8"},
        "ciJobUnlink": {"owner": {"candidate": candidate}, "ciJob": ci_job},
        "ciJobRefresh": {"ciJob": ci_job},
        "ciSettingsUpdate": {"project": {"path": project.path}, "ciProject": "c/d"},
        "ciSettingsDelete": {"project": {"path": project.path}},
        "artifactsDelete": {"owner": {"modelVersion": version}, "path": "model"},
    }


async def quarantined(project, candidate: str) -> str:
    """The id of a file in quarantine."""
    keys = {"project": project.id, "candidate": UUID(candidate), "key": uuid4().hex}
    async with project.runtime.db.write() as tx:
        blob = """INSERT INTO blobs (project_id, id, object_key, state, sha256, size)
                  VALUES (:project, gen_random_uuid(), :key, 'stored', sha256(convert_to(:key, 'UTF8')), 1)
                  RETURNING id"""
        artifact = """INSERT INTO artifacts (project_id, id, candidate_id, path, blob_id, media_type, state)
                      VALUES (:project, gen_random_uuid(), :candidate, 'x.pkl', :blob, 'x', 'quarantined')
                      RETURNING id"""
        made = await tx.scalar(text(artifact), keys | {"blob": await tx.scalar(text(blob), keys)})
    return str(GlobalId.of("Artifact", project.id, made))


async def linked_job(data: Ask, project, link: dict[str, Any]) -> str:
    """The id of a CI job that is linked."""
    document = "mutation l($input: CiJobLinkInput!) { ciJobLink(input: $input) { ciJob { id } } }"
    made = await data(project.people[Role.OWNER], document, input=link)
    return made["ciJobLink"]["ciJob"]["id"]


async def delivery_of(project, webhook: str) -> str:
    """The id of an entry in the log of the webhook."""
    key = GlobalId.parse(webhook).parts[1]
    async with project.runtime.db.write() as tx:
        statement = """INSERT INTO webhook_deliveries (project_id, id, webhook_id, event, data)
                       VALUES (:project, gen_random_uuid(), :webhook, 'model_version.created', '{}') RETURNING id"""
        made = await tx.scalar(text(statement), {"project": project.id, "webhook": UUID(key)})
    return str(GlobalId.of("WebhookDelivery", project.id, made))


async def job_of(project, state: str) -> str:
    """The id of a delivery's job in that state."""
    async with project.runtime.db.write() as tx:
        statement = """INSERT INTO background_jobs (id, kind, key, project_id, payload, state)
                       SELECT id, 'webhooks.deliver', id::text, :project, jsonb_build_object(
                         'project_id', CAST(:project AS bigint), 'delivery_id', id::text), :state
                       FROM gen_random_uuid() id RETURNING id"""
        made = await tx.scalar(text(statement), {"project": project.id, "state": state})
    return str(GlobalId.of("BackgroundJob", made))


MUTATIONS = sorted(schema._schema.mutation_type.fields)
HARMLESS = {"experimentRestore", "candidateRestore", "artifactsDelete", "webhookTest"}
"""Allowed, they change nothing that a count of rows or a moment would show in this set-up."""


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_mutation_is_denied_and_writes_nothing(ask: Ask, runtime, admin, project, examples, mutation):
    assert mutation in examples, f"{mutation} has no example: say how it is denied"
    reader = await new_person(runtime, admin, f"reader-{uuid4().hex[:8]}", scope=Scope.READ_API)
    before = await traces(runtime, project)
    codes = {}
    for name, person in {"nobody": None, "stranger": project.stranger, "reader": reader}.items():
        codes[name] = await denied(ask, person, mutation, examples[mutation])
    codes["guest"] = await denied(ask, project[Role.GUEST], mutation, examples[mutation])
    assert set(codes.values()) <= {"NOT_FOUND", "FORBIDDEN", "UNAUTHENTICATED"}, codes
    assert codes["guest"] in {"FORBIDDEN", "NOT_FOUND"}
    assert await traces(runtime, project) == before


@pytest.mark.parametrize("mutation", sorted(set(MUTATIONS) - HARMLESS))
async def test_examples_would_succeed(data: Ask, runtime, admin, project, examples, mutation):
    person = admin if mutation == "userCreate" else project.people[Role.OWNER]
    before = await traces(runtime, project)
    assert await send(data, person, mutation, examples[mutation]) == []
    assert await traces(runtime, project) != before


async def denied(ask: Ask, person, mutation: str, example: dict[str, Any]) -> str:
    answer = await ask(person, document(mutation), input=example)
    assert answer.errors == []
    (error,) = answer.data[mutation]["userErrors"]
    return error["code"]


async def send(data: Ask, person, mutation: str, example: dict[str, Any]) -> list[dict[str, Any]]:
    return (await data(person, document(mutation), input=example))[mutation]["userErrors"]


def document(mutation: str) -> str:
    kind = schema._schema.mutation_type.fields[mutation].args["input"].type
    return f"mutation m($input: {kind}) {{ {mutation}(input: $input) {{ userErrors {{ code message }} }} }}"


async def traces(runtime, project) -> dict[str, Any]:
    """All that belongs to the project or stands beside it, as text: whatever is written shows."""
    tables = {
        "projects": "id = :id", "memberships": "project_id = :id or group_id = :group", "tokens": "project_id = :id",
        "webhooks": "project_id = :id", "webhook_deliveries": "project_id = :id",
        "ci_settings": "project_id = :id", "ci_jobs": "project_id = :id", "candidate_ci_jobs": "project_id = :id",
        "models": "project_id = :id", "model_versions": "project_id = :id", "aliases": "project_id = :id",
        "experiments": "project_id = :id", "candidates": "project_id = :id", "candidate_tags": "project_id = :id",
        "candidate_params": "project_id = :id", "background_jobs": "project_id = :id",
        "artifacts": "project_id = :id", "multipart_uploads": "project_id = :id",
        "groups": ":group = any(lineage)",
    }  # fmt: skip
    keys = {"id": project.id, "group": project.group_id}
    found = {}
    async with runtime.db.read() as snap:
        for table, condition in tables.items():
            used = {name: value for name, value in keys.items() if f":{name}" in condition}
            columns = "to_jsonb(t) - 'last_used_at'"
            rows = await snap.scalars(text(f"select {columns} from {table} t where {condition}"), used)
            found[table] = sorted(map(str, rows.all()))
        beside = text("select count(*) from projects where group_id = :group")
        found["projects beside"] = await snap.scalar(beside, {"group": project.group_id})
        found["users"] = await snap.scalar(text("select count(*) from users where not is_bot"))
    return found


def test_every_mutation_takes_one_input_and_answers_user_errors():
    for name, field in schema._schema.mutation_type.fields.items():
        assert set(field.args) == {"input"}, name
        assert str(field.args["input"].type) == f"{name[0].upper()}{name[1:]}Input!"
        payload = field.type.of_type
        assert payload.name == f"{name[0].upper()}{name[1:]}Payload"
        assert str(payload.fields["userErrors"].type) == "[UserError!]!", print_type(payload)


def test_everything_is_described():
    bare = []
    for kind in schema._schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        if not kind.description:
            bare.append(kind.name)
        for name, field in getattr(kind, "fields", {}).items():
            if not field.description:
                bare.append(f"{kind.name}.{name}")
            bare += [f"{kind.name}.{name}({a})" for a, arg in getattr(field, "args", {}).items() if not arg.description]
    assert bare == []
