"""The documented examples (docs/graphql-examples), and projects in which all of them work."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from app.access import groups, projects, users
from app.access.groups import CreateGroup
from app.access.policy import Role
from app.access.projects import CreateProject
from app.access.users import CreateUser
from app.graphql.schema import schema
from app.ids import GlobalId
from app.journal.positions import Cursor
from app.lifecycle.audit import chain
from app.live.subscribers import Live
from tests.conftest import Person, TestProject, new_project
from tests.support.access.signed_in import sign_in

HEADS = """INSERT INTO audit_heads (chain_id, seq, chain_hash) SELECT chain_id, seq, chain_hash FROM audit_chain
  WHERE chain_id = :chain ORDER BY seq LIMIT :rows ON CONFLICT DO NOTHING"""
FOLDER = Path(__file__).parents[3] / "docs" / "graphql-examples"
QUERIES = list(schema._schema.query_type.fields)
MUTATIONS = list(schema._schema.mutation_type.fields)
SUBSCRIPTIONS = list(schema._schema.subscription_type.fields)
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.graphql"))
"""Named after the field of Query, Mutation or Subscription that they show."""
FIRST = """mutation s($p: String!) {
  digits: modelCreate(input: {project: {path: $p}, name: "digits"}) { userErrors { message } }
  target: modelCreate(input: {project: {path: $p}, name: "production-digits"}) { userErrors { message } }
  old: modelCreate(input: {project: {path: $p}, name: "old-model"}) { userErrors { message } }
  training: experimentCreate(input: {project: {path: $p}, name: "training"}) { userErrors { message } }
  tuning: experimentCreate(input: {project: {path: $p}, name: "tuning"}) { userErrors { message } }
  trash: experimentCreate(input: {project: {path: $p}, name: "trashed-experiment"}) { userErrors { message } }
  last: experimentCreate(input: {project: {path: $p}, name: "old-experiment"}) { userErrors { message } }
  one: candidateCreate(input: {experiment: {name: {project: $p, name: "training"}}}) {
    candidate { id } userErrors { message } }
  two: candidateCreate(input: {experiment: {name: {project: $p, name: "training"}}}) {
    candidate { id } userErrors { message } }
  three: candidateCreate(input: {experiment: {name: {project: $p, name: "training"}}}) {
    candidate { id } userErrors { message } }
  four: candidateCreate(input: {experiment: {name: {project: $p, name: "training"}}}) {
    candidate { id } userErrors { message } }
  net: loggedModelCreate(input: {experiment: {name: {project: $p, name: "training"}}}) {
    loggedModel { id } userErrors { message } }
  gone: loggedModelCreate(input: {experiment: {name: {project: $p, name: "training"}}}) {
    loggedModel { id } userErrors { message } }
  hook: webhookCreate(input: {project: {path: $p}, name: "w", url: "https://127.0.0.1:9/",
    events: ["model_version.created"]}) { webhook { id } userErrors { message } }
  oldHook: webhookCreate(input: {project: {path: $p}, name: "w", url: "https://127.0.0.1:9/",
    events: ["registered_model.created"]}) { webhook { id } userErrors { message } }
  token: tokenCreate(input: {name: "t", groupOrProject: {project: {path: $p}}, role: GUEST}) {
    token { id } userErrors { message } }
  invitation: userInvite(input: {memberships: [{groupOrProject: {project: {path: $p}}, role: GUEST}]}) {
    invitation { id } userErrors { message } }
  oldInvitation: userInvite(input: {memberships: [{groupOrProject: {project: {path: $p}}, role: GUEST}]}) {
    invitation { id } userErrors { message } } }"""
SECOND = """mutation t($p: String!, $c: ID!, $two: ID!, $old: ID!, $ada: String!) {
  experimentDelete(input: {experiment: {name: {project: $p, name: "trashed-experiment"}}}) { userErrors { message } }
  candidateDelete(input: {candidate: {id: $old}}) { userErrors { message } }
  candidateLog(input: {candidate: {id: $c}, metrics: [{key: "accuracy", value: 0.5, timestamp: 1}]}) {
    userErrors { message } }
  a: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "0.9.0"}) {
    userErrors { message } }
  b: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "1.0.0", candidateId: $c}) {
    modelVersion { id } userErrors { message } }
  c: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "1.1.0"}) {
    modelVersion { id } userErrors { message } }
  d: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "0.8.0", isOpen: true}) {
    modelVersion { id } userErrors { message } }
  e: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "0.7.0", candidateId: $two}) {
    userErrors { message } }
  champion: aliasSet(input: {model: {path: {project: $p, name: "digits"}}, name: "champion", reference: "1.0.0"}) {
    userErrors { message } }
  alias: aliasSet(input: {model: {path: {project: $p, name: "digits"}}, name: "old", reference: "1.0.0"}) {
    userErrors { message } }
  linked: ciJobLink(input: {owner: {candidate: {id: $c}}, provider: GITLAB, externalId: "1"}) {
    ciJob { id } userErrors { message } }
  unlinked: ciJobLink(input: {owner: {candidate: {id: $c}}, provider: GITLAB, externalId: "2"}) {
    ciJob { id } userErrors { message } }
  ciSettingsUpdate(input: {project: {path: $p}, provider: GITLAB, ciProject: "g/p"}) { userErrors { message } }
  otherToken: tokenCreate(input: {name: "u", groupOrProject: {project: {path: $p}}, role: GUEST}) {
    token { id } userErrors { message } }
  account: serviceAccountCreate(input: {name: "account", groupOrProject: {project: {path: $p}}}) {
    serviceAccount { id } userErrors { message } }
  oldAccount: serviceAccountCreate(input: {name: "old account", groupOrProject: {project: {path: $p}}}) {
    serviceAccount { id } userErrors { message } }
  memberSet(input: {groupOrProject: {project: {path: $p}}, username: $ada, role: GUEST}) { userErrors { message } }
  up: artifactUploadCreate(input: {owner: {modelVersion: {path: {project: $p, model: "digits", reference: "0.9.0"}}},
    files: [{path: "a", size: 0}, {path: "b", size: 1}]}) { artifactUploads { id } userErrors { message } } }"""
WITHDRAWN = """mutation w($p: String!) {
  f: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "0.1.0"}) {
    userErrors { message } }
  g: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "0.5.0"}) {
    userErrors { message } }
  h: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "0.4.0"}) {
    userErrors { message } }
  i: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "0.3.0"}) {
    userErrors { message } }
  j: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "0.2.0"}) {
    userErrors { message } }
  yanked: modelVersionYank(input: {modelVersion: {path: {project: $p, model: "digits", reference: "0.5.0"}},
    reason: "r"}) { userErrors { message } }
  deprecated: modelVersionDeprecate(input: {modelVersion: {path: {project: $p, model: "digits", reference: "0.3.0"}},
    reason: "r"}) { userErrors { message } } }"""

TRASHED = """mutation t($p: String!) {
  made: modelCreate(input: {project: {path: $p}, name: "old-deleted-model"}) { userErrors { message } }
  model: modelDelete(input: {model: {path: {project: $p, name: "old-deleted-model"}}}) { userErrors { message } }
  versioned: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "0.4.2"}) {
    userErrors { message } }
  version: modelVersionDelete(input: {modelVersion: {path: {project: $p, model: "digits", reference: "0.4.2"}}}) {
    userErrors { message } } }"""
STAGED = """mutation s($p: String!) {
  oldStage: stageCreate(input: {project: {path: $p}, name: "old-stage"}) { userErrors { message } }
  rolled: aliasSet(input: {model: {path: {project: $p, name: "digits"}}, name: "rolled", reference: "1.0.0"}) {
    userErrors { message } }
  again: aliasSet(input: {model: {path: {project: $p, name: "digits"}}, name: "rolled", reference: "1.1.0"}) {
    userErrors { message } }
  aged: modelVersionStageSet(input: {modelVersion: {path: {project: $p, model: "digits", reference: "0.7.0"}},
    stage: "archived"}) { userErrors { message } }
  left: modelVersionStageSet(input: {modelVersion: {path: {project: $p, model: "digits", reference: "0.7.0"}},
    stage: "none"}) { userErrors { message } } }"""


@dataclass(frozen=True)
class Seeded:
    """A project in which every example works once, and what its placeholders stand for in it."""

    project: TestProject
    meanings: dict[str, str]

    def example(self, name: str) -> tuple[str, dict[str, Any]]:
        """Document and variables of an example, about this project."""
        document = (FOLDER / f"{name}.graphql").read_text()
        return document, self._meant(json.loads((FOLDER / f"{name}.json").read_text()))

    def _meant(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._meant(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._meant(one) for one in value]
        assert not (isinstance(value, str) and value.startswith("<") and value not in self.meanings), value
        return self.meanings.get(value, value) if isinstance(value, str) else value


async def chained(runtime: Any, project_id: int, heads: int = 1) -> None:
    """What a worker does with the audit log: entries in the chain, and heads of it. Others may do it at this moment."""
    made = 0
    while not made:
        await chain.extend(runtime.db)
        async with runtime.db.write() as tx:
            made = (await tx.execute(text(HEADS), {"chain": project_id, "rows": heads})).rowcount


async def seed(runtime: Any, staff: Any, data: Any, people: tuple[Person, Person], **options: str) -> Seeded:
    """A new project for the examples; ``people`` are ada and grace."""
    project = await new_project(runtime, staff, **options)
    owner, (ada, grace) = project.people[Role.OWNER], people
    beside = CreateProject(project.group_id, "old-project", visibility=options.get("visibility", "private"))
    old = await projects.create(runtime.db, owner.actor, beside)
    others = await _beside(runtime, owner, project)
    cursor = str(Cursor.at(await Live(runtime.db).mark()))
    first = await data(owner, FIRST, p=project.path)
    ids = {name: first[name]["candidate"]["id"] for name in ("one", "two", "three", "four")}
    variables = {"p": project.path, "c": ids["one"], "two": ids["two"], "old": ids["four"], "ada": grace.actor.username}
    second = await data(owner, SECOND, **variables)
    third = await data(owner, TRASHED, p=project.path)
    fourth = await data(owner, WITHDRAWN, p=project.path)
    fifth = await data(owner, STAGED, p=project.path)
    every = first | second | third | fourth | fifth
    assert all(not payload["userErrors"] for payload in every.values()), every
    uploads = [one["id"] for one in second["up"]["artifactUploads"]]
    await chained(runtime, project.id)
    return Seeded(
        project,
        {
            "team/vision": project.path,
            "team/old-project": old.project.full_path,
            "team": project.path.rpartition("/")[0],
            "ada": ada.actor.username,
            "grace": grace.actor.username,
            "alan": f"alan-{uuid4().hex[:12]}",
            **others,
            "<cursor>": cursor,
            "<candidate id>": ids["one"],
            "<other candidate id>": ids["two"],
            "<old candidate id>": ids["three"],
            "<trashed candidate id>": ids["four"],
            "<model version id>": second["b"]["modelVersion"]["id"],
            "<other model version id>": second["c"]["modelVersion"]["id"],
            "<pushed model version id>": second["d"]["modelVersion"]["id"],
            "<logged model id>": first["net"]["loggedModel"]["id"],
            "<old logged model id>": first["gone"]["loggedModel"]["id"],
            "<upload id>": uploads[0],
            "<open upload id>": uploads[1],
            "<invitation id>": first["invitation"]["invitation"]["id"],
            "<old invitation id>": first["oldInvitation"]["invitation"]["id"],
            "<other token id>": second["otherToken"]["token"]["id"],
            "<service account id>": second["account"]["serviceAccount"]["id"],
            "<old service account id>": second["oldAccount"]["serviceAccount"]["id"],
            "<token id>": first["token"]["token"]["id"],
            "<session id>": str(GlobalId.of("Session", (await sign_in(runtime, owner.actor)).session_id)),
            "<webhook id>": first["hook"]["webhook"]["id"],
            "<old webhook id>": first["oldHook"]["webhook"]["id"],
            "<CI job id>": second["linked"]["ciJob"]["id"],
            "<old CI job id>": second["unlinked"]["ciJob"]["id"],
            **await _rows(
                runtime, project, (_uuid(ids["one"]), _uuid(ids["two"])), _uuid(first["hook"]["webhook"]["id"])
            ),
        },
    )


async def _beside(runtime: Any, owner: Person, project: TestProject) -> dict[str, str]:
    """Private groups and a project that are changed as a whole, and people who are members of nothing."""
    team, names = project.path.rpartition("/")[0], {name: f"{name}-{uuid4().hex[:12]}" for name in ("linus", "edsger")}
    for path in ("lab", "attic", "old-group"):
        await groups.create(runtime.db, owner.actor, CreateGroup(path, parent=team))
    await projects.create(runtime.db, owner.actor, CreateProject(f"{team}/lab", "side-project"))
    async with runtime.db.write() as tx:
        for name in names.values():
            await users.add(tx, CreateUser(name))
    return names | {f"team/{name}": f"{team}/{name}" for name in ("lab", "attic", "old-group", "lab/side-project")}


async def _rows(runtime: Any, project: TestProject, candidates: tuple[UUID, UUID], webhook: UUID) -> dict[str, str]:
    """What no client can bring about: files without bytes, jobs that died."""
    one, two = candidates
    files = ((one, "model/MLmodel", "ready"), (one, "notes/a.txt", "ready"), (two, "x.pkl", "quarantined"))
    async with runtime.db.write() as tx:
        for candidate, path, state in files:
            values = {"p": project.id, "c": candidate, "path": path, "state": state}
            quarantined = await tx.scalar(text(_FILE), values)
        jobs = [await tx.scalar(text(_JOB), {"p": project.id, "state": state}) for state in ("dead", "queued", "dead")]
        delivery = await tx.scalar(text(_DELIVERY), {"p": project.id, "w": webhook})
        derivations = [await tx.scalar(text(_DERIVATION), {"p": project.id, "here": here}) for here in (True, False)]
        requested = [
            await tx.scalar(text(_REQUEST), {"p": project.id, "v": version, "stage": stage})
            for version, stage in _REQUESTED
        ]
        promoted = await tx.scalar(text(_PROMOTION), {"r": requested[0], "by": project.owner.user_id})
        running = [await tx.scalar(text(_DEPLOYMENT), {"p": project.id, "i": instance}) for instance in "ab"]
        experiments = [await tx.scalar(text(_ONLINE), {"p": project.id, "n": name}) for name in ("new", "old")]
        await tx.execute(text(_PASSWORD), {"u": project.owner.user_id})
        identity = await tx.scalar(text(_IDENTITY), {"u": project.owner.user_id, "s": uuid4().hex})
    return {
        "<quarantined artifact id>": str(GlobalId.of("Artifact", project.id, quarantined)),
        "<dead background job id>": str(GlobalId.of("BackgroundJob", jobs[0])),
        "<queued background job id>": str(GlobalId.of("BackgroundJob", jobs[1])),
        "<background job id>": str(GlobalId.of("BackgroundJob", jobs[2])),
        "<deployment id>": str(GlobalId.of("Deployment", project.id, running[0])),
        "<old deployment id>": str(GlobalId.of("Deployment", project.id, running[1])),
        "<derivation id>": str(GlobalId.of("Derivation", project.id, derivations[0])),
        "<old derivation id>": str(GlobalId.of("Derivation", project.id, derivations[1])),
        **{
            f"<promotion request id{todo}>": str(GlobalId.of("PromotionRequest", project.id, id))
            for todo, id in zip(("", " to approve", " to reject", " to withdraw"), requested, strict=True)
        },
        "<promotion id>": str(GlobalId.of("Promotion", project.id, promoted)),
        "<online experiment id>": str(GlobalId.of("OnlineExperiment", project.id, experiments[0])),
        "<old online experiment id>": str(GlobalId.of("OnlineExperiment", project.id, experiments[1])),
        "<identity id>": str(GlobalId.of("Identity", identity)),
        "<webhook delivery id>": str(GlobalId.of("WebhookDelivery", project.id, delivery)),
    }


_PASSWORD = """INSERT INTO passwords (user_id, hash) VALUES (:u, 'of no password') ON CONFLICT DO NOTHING"""
"""Another way to sign in than the identity."""
_IDENTITY = """INSERT INTO openid_identities (user_id, provider, issuer, subject, email)
  VALUES (:u, 'keycloak', 'https://login.example.org', :s, 'ada@example.org') RETURNING id"""
_FILE = """WITH b AS (INSERT INTO blobs (project_id, id, object_key, state, sha256, size)
    VALUES (:p, gen_random_uuid(), gen_random_uuid()::text, 'stored',
    sha256(convert_to(CAST(:path AS text), 'UTF8')), 1) RETURNING id)
  INSERT INTO artifacts (project_id, id, candidate_id, path, blob_id, media_type, state)
  SELECT :p, gen_random_uuid(), :c, :path, id, 'x', :state FROM b RETURNING id"""
_JOB = """INSERT INTO background_jobs (id, kind, key, project_id, payload, state)
  SELECT id, 'webhooks.deliver', id::text, :p, jsonb_build_object('project_id', CAST(:p AS bigint), 'delivery_id',
    id::text), :state FROM gen_random_uuid() id RETURNING id"""
_DEPLOYMENT = """INSERT INTO deployments
    (project_id, environment, endpoint, instance, model_id, version_id, model, version, number, started_at)
  SELECT project_id, 'staging', 'ocr', :i, model_id, id, 'digits', version, number, now() FROM model_versions
  WHERE project_id = :p AND version = '1.1.0' RETURNING id"""
_DERIVATION = """INSERT INTO derivations (project_id, version_id, kind, base_project_id, base_version_id, base, source)
  SELECT :p, v.id, 'quantized', CASE WHEN :here THEN b.project_id END, CASE WHEN :here THEN b.id END, 'digits:0.9.0',
    'stated' FROM model_versions v, model_versions b
  WHERE v.project_id = :p AND b.project_id = :p AND v.version = '1.0.0' AND b.version = '0.9.0' RETURNING id"""
_REQUEST = """WITH v AS (
    UPDATE model_versions SET created_by = NULL WHERE project_id = :p AND version = :v RETURNING *
  ), c AS (UPDATE candidates c SET created_by = NULL FROM v WHERE c.project_id = v.project_id AND c.id = v.candidate_id)
  INSERT INTO promotion_requests (project_id, model_id, version_id, version, number, stage_id, stage,
    requested_by_name, expires_at)
  SELECT v.project_id, v.model_id, v.id, v.version, v.number, s.id, s.name, 'ci', now() + interval '1 day'
  FROM v JOIN project_stages s ON s.project_id = v.project_id AND s.name = :stage RETURNING id"""
"""Of another one than the people of the examples, as their versions are: no person approves their own work."""
_REQUESTED = (("0.7.0", "staging"), ("0.7.0", "production"), ("0.2.0", "staging"), ("1.1.0", "production"))
"""None of a version that another example brings into that stage: then its request would end."""
_PROMOTION = """INSERT INTO promotions (project_id, model_id, version_id, version, number, stage_id, stage, left_stage,
    holder_number, holder_version, state, reason, bypass_reason, verdicts, checked, request_id, promoted_by,
    promoted_by_name)
  SELECT project_id, model_id, version_id, version, number, stage_id, stage, 'none', 1, '1.0.0', 'completed', 'r', 'b',
    '[{"kind": "k", "name": "n", "title": "t", "outcome": "failed", "message": "m", "compared": {"a": 1},
    "sources": [{"b": 2}]}]', '{}', id, :by, 'u' FROM promotion_requests WHERE id = :r RETURNING id"""
_ONLINE = """WITH x AS (
    INSERT INTO online_experiments (project_id, name, kind) VALUES (:p, :n, 'ab') RETURNING project_id, id
  ), a AS (
    INSERT INTO online_arms (project_id, experiment_id, name, position, version_id, model_name, version, number, share)
    SELECT x.project_id, x.id, arm.name, arm.position, v.id, 'digits', v.version, v.number, 0.5
    FROM x, (VALUES ('old', 0), ('new', 1)) AS arm (name, position), model_versions v
    WHERE v.project_id = :p AND v.version = '1.1.0'
  ) SELECT id FROM x"""
_DELIVERY = """INSERT INTO webhook_deliveries (project_id, id, webhook_id, event, data)
  VALUES (:p, gen_random_uuid(), :w, 'model_version.created', '{}') RETURNING id"""


def _uuid(id: str) -> UUID:
    parsed = GlobalId.parse(id)
    assert parsed
    return UUID(parsed.parts[1])
