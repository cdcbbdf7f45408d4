"""A project in which every field of every type has something to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from app.access.policy import Role
from app.access.sessions import Method
from app.ids import GlobalId
from app.journal.positions import Cursor
from app.live.subscribers import Live
from tests.conftest import TestProject
from tests.support.access.signed_in import sign_in
from tests.support.graphql.callers import ACTORS
from tests.support.graphql.examples import Seeded, seed

PROJECTS = {
    "private": {"visibility": "private"},
    "public": {"visibility": "public"},
    "no candidates": {"visibility": "public", "experiments": "private"},
    "no registry": {"visibility": "public", "registry": "private"},
}
"""The last two are public, and only their members see candidates and experiments, or models and versions."""
SOME = ("nobody", "stranger", "guest")
"""The callers in all but the private one: what is open to visitors makes no difference among members."""
CASES = [(project, actor) for project in PROJECTS for actor in (ACTORS[:-1] if project == "private" else SOME)]
OPEN, INSIDE = "========", "..======"
SIGHTS = {
    # who sees it:  private, public, no candidates, no registry
    "project": (INSIDE, OPEN, OPEN, OPEN),
    "registry": (INSIDE, OPEN, OPEN, INSIDE),
    "candidates": (INSIDE, OPEN, INSIDE, OPEN),
    "registry and candidates": (INSIDE, OPEN, INSIDE, INSIDE),
    "candidates of versions": (INSIDE, OPEN, INSIDE, INSIDE),
    "members": (INSIDE,) * 4,
    "writers": ("...====.",) * 4,
    "maintainers": (".....==.",) * 4,
    "owners": ("......=.",) * 4,
    "owners of the group": ("......==",) * 4,
    "signed in": (".=======",) * 4,
    "oneself": ("......==",) * 4,
    "open": (OPEN,) * 4,
}
"""For anonymous, stranger, guest, reporter, developer, maintainer, owner, and the owner's token that may only read:
whether a thing is there at all."""
HASH = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
ROUND = """mutation r($group: String!, $p: String!, $c: ID!, $v: ID!) {
  first: aliasSet(input: {model: {path: {project: $p, name: "digits"}}, name: "best", reference: "1.0.0"}) {
    userErrors { message } }
  sub: groupCreate(input: {path: "sub", parent: {path: $group}}) { group { id } userErrors { message } }
  inSub: groupCreate(input: {path: "deep", parent: {path: "GROUP/sub"}}) { userErrors { message } }
  beside: projectCreate(input: {group: {path: "GROUP/sub"}, path: "p"}) { userErrors { message } }
  ofGroup: tokenCreate(input: {name: "g", groupOrProject: {group: {path: $group}}}) { userErrors { message } }
  ofSub: tokenCreate(input: {name: "s", groupOrProject: {group: {path: "GROUP/sub"}}}) { userErrors { message } }
  ended: tokenCreate(input: {name: "e", groupOrProject: {project: {path: $p}}, expiresAt: "2040-01-01T00:00:00Z"}) {
    token { id } userErrors { message } }
  revoked: tokenCreate(input: {name: "r", groupOrProject: {project: {path: $p}}, expiresAt: "2040-01-01T00:00:00Z"}) {
    token { id } userErrors { message } }
  robot: serviceAccountCreate(input: {name: "robot", description: "d", groupOrProject: {project: {path: $p}}}) {
    serviceAccount { id } userErrors { message } }
  inGroup: serviceAccountCreate(input: {name: "robot", groupOrProject: {group: {path: $group}}}) {
    userErrors { message } }
  used: userInvite(input: {email: "ada@example.org", memberships: [
    {groupOrProject: {project: {path: $p}}, role: GUEST, expiresAt: "2040-01-01T00:00:00Z"},
    {groupOrProject: {group: {path: $group}}, role: GUEST}]}) { invitation { id } userErrors { message } }
  dead: userInvite(input: {memberships: [{groupOrProject: {project: {path: $p}}, role: GUEST}]}) {
    invitation { id } userErrors { message } }
  modelUpdate(input: {model: {path: {project: $p, name: "digits"}}, description: "d",
    tags: [{key: "t", value: "1"}]}) { model { id experiment { id } } userErrors { message } }
  modelVersionUpdate(input: {modelVersion: {id: $v}, description: "d", tags: [{key: "t", value: "1"}]}) {
    userErrors { message } }
  experimentUpdate(input: {experiment: {name: {project: $p, name: "training"}}, tags: [{key: "t", value: "1"}]}) {
    experiment { id } userErrors { message } }
  net: loggedModelCreate(input: {experiment: {name: {project: $p, name: "training"}}, candidateId: $c, name: "net",
    modelType: "t", foreignRun: "f", params: [{key: "p", value: "1"}], tags: [{key: "t", value: "1"}]}) {
    loggedModel { id } userErrors { message } }
  child: candidateCreate(input: {experiment: {name: {project: $p, name: "training"}}, name: "child", parentId: $c,
    username: "u", startedAt: "2027-01-01T00:00:00Z", params: [{key: "p", value: "1"}],
    tags: [{key: "t", value: "1"}]}) { candidate { id } userErrors { message } }
  ciSettingsUpdate(input: {project: {path: $p}, provider: GITLAB, ciProject: "g/p", apiToken: "glpat",
    hookSecret: "0123456789abcdef", identity: {isEnabled: true, audience: "a", ciProjectId: "1", ciOwnerId: "2",
    claims: [{name: "ref", values: ["main"]}]}}) { userErrors { message } } }"""
FILLED = """mutation f($p: String!, $c: ID!, $l: ID!, $files: [ArtifactUploadFileInput!]!) {
  candidateLog(input: {candidate: {id: $c}, metrics: [
      {key: "loss", value: 1, timestamp: 1, step: 1, datasetName: "d", datasetDigest: "1", loggedModelId: $l},
      {key: "loss", value: 2, timestamp: 2, step: 2, datasetName: "d", datasetDigest: "1", loggedModelId: $l}],
    datasets: [{name: "d", digest: "1", sourceType: "s", source: "s", schema: "{}", profile: "{}",
      tags: [{key: "mlflow.data.context", value: "training"}]}], loggedModelInputIds: [$l],
    loggedModelOutputs: [{loggedModelId: $l}], params: [{key: "p", value: "1"}], tags: [{key: "t", value: "1"}]}) {
    userErrors { message } }
  candidateUpdate(input: {candidate: {id: $c}, status: FINISHED, finishedAt: "2027-01-02T00:00:00Z"}) {
    userErrors { message } }
  modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "2.0.0", loggedModelId: $l,
    candidateId: $c, description: "d", tags: [{key: "t", value: "1"}], source: "s", location: "s3://b/k",
    foreignRun: "f", runLink: "https://example.org/", artifactFolder: ""}) {
    modelVersion { id } userErrors { message } }
  foldered: modelVersionCreate(input: {model: {path: {project: $p, name: "digits"}}, version: "3.0.0-rc.1",
    candidateId: $c, artifactFolder: "model", isOpen: true}) { modelVersion { id } userErrors { message } }
  aliasSet(input: {model: {path: {project: $p, name: "digits"}}, name: "best", reference: "2.0.0"}) {
    userErrors { message } }
  gatesSet(input: {project: {path: $p}, stage: "staging", expectedNumber: 0, note: "n", gates: [
    {kind: "approvals", config: {}, isRequired: false}]}) { gateSet { id gates { id } } userErrors { message } }
  ciJobLink(input: {owner: {modelVersion: {path: {project: $p, model: "digits", reference: "2.0.0"}}},
    provider: GITLAB, externalId: "3"}) { ciJob { id } userErrors { message } }
  other: ciJobLink(input: {owner: {modelVersion: {path: {project: $p, model: "digits", reference: "3.0.0-rc.1"}}},
    provider: GITLAB, externalId: "3"}) { userErrors { message } }
  projectUpdate(input: {project: {path: $p}, description: "d"}) { project { id group { id } } userErrors { message } }
  artifactUploadCreate(input: {owner: {candidate: {id: $c}}, files: $files}) {
    artifactUploads { id } userErrors { message } } }"""
EVALUATED = """mutation f($p: String!, $v: ID!) {
  wrong: evaluationCreate(input: {modelVersion: {id: $v}, datasetName: "d", metrics: [{key: "acc", value: 0.5}]}) {
    evaluation { id } userErrors { message } }
  foldered: evaluationCreate(input: {modelVersion: {path: {project: $p, model: "digits", reference: "3.0.0-rc.1"}},
    datasetName: "d", metrics: [{key: "acc", value: 0.5}]}) { userErrors { message } }
  onlineExperimentCreate(input: {project: {path: $p}, name: "x", kind: "ab", description: "d", arms: [
    {name: "a", modelVersion: {id: $v}, share: 0.5},
    {name: "b", modelVersion: {path: {project: $p, model: "digits", reference: "1.1.0"}}, share: 0.5}]}) {
    onlineExperiment { id } userErrors { message } }
  factsSet(input: {modelVersion: {id: $v}, note: "n", sourceCommit: {repository: "https://h/r", branch: "b",
    sha: "0a1b2c3d4e5f"}, trainingData: [{name: "d", digest: "2"}], hyperParameters: [{key: "p", value: "2"}],
    environment: {hardware: "h", python: "3.11", libraries: [{name: "numpy", version: "==1"}],
    imageDigest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}}) {
    userErrors { message } } }"""
CONCLUDED = """mutation f($v: ID!, $c: ID!, $wrong: ID!, $x: ID!) {
  evaluationCreate(input: {modelVersion: {id: $v}, datasetName: "d", datasetDigest: "1", name: "n", description: "d",
    candidateId: $c, artifactFolder: "model", evaluationId: $wrong,
    metrics: [{key: "acc", value: 0.6}, {key: "acc", value: 0.4, slice: "s"}]}) {
    evaluation { id } userErrors { message } }
  onlineExperimentLog(input: {id: $x, points: [{arm: "a", key: "clicks", value: 1, sampleCount: 2}]}) {
    userErrors { message } }
  onlineExperimentConclude(input: {id: $x, conclusion: "c", winner: "a"}) { userErrors { message } } }"""
STAGED = """mutation g($p: String!) {
  shown: stageCreate(input: {project: {path: $p}, name: "shown", description: "d"}) { userErrors { message } }
  gone: stageCreate(input: {project: {path: $p}, name: "gone"}) { stage { id } userErrors { message } }
  stageRetire(input: {project: {path: $p}, name: "gone"}) { userErrors { message } }
  protectionSet(input: {project: {path: $p}, kind: ALIAS, pattern: "live-*"}) {
    protection { id } userErrors { message } }
  in: modelVersionStageSet(input: {modelVersion: {path: {project: $p, model: "digits", reference: "2.0.0"}},
    stage: "shown", reason: "r"}) { userErrors { message } }
  out: modelVersionStageSet(input: {modelVersion: {path: {project: $p, model: "digits", reference: "2.0.0"}},
    stage: "archived", reason: "r"}) { userErrors { message } } }"""
# What only workers, CI systems and time bring about.
WRITTEN = (
    """INSERT INTO artifacts (project_id, id, logged_model_id, candidate_id, path, blob_id, media_type, created_by)
      SELECT project_id, CAST(o.id AS uuid), CAST(o.logged AS uuid), CAST(o.candidate AS uuid), 'f', blob_id, 'x', :by
      FROM (SELECT project_id, blob_id FROM artifacts WHERE project_id = :p AND state = 'ready' LIMIT 1) AS b,
      (VALUES (gen_random_uuid()::text, :logged, NULL), (:loose, NULL, :child)) AS o(id, logged, candidate)""",
    """INSERT INTO artifacts (project_id, id, candidate_id, path, blob_id, media_type)
      SELECT a.project_id, gen_random_uuid(), coalesce(v.candidate_id, CAST(:parent AS uuid)), o.path, a.blob_id, 'x'
      FROM (VALUES ('model/MLmodel', NULL, 'model/w'), ('x.pkl', '1.1.0', 'model/w'),
        ('notes/a.txt', '1.1.0', 'MLmodel')) AS o (source, version, path)
      JOIN artifacts a ON a.project_id = :p AND a.path = o.source
      LEFT JOIN model_versions v ON v.project_id = :p AND v.version = o.version""",
    """UPDATE artifacts SET created_by = :by, state_reason = 'r', inspected_at = now(), released_at = now(),
      format = CASE path WHEN 'model/w' THEN 'safetensors' ELSE 'mlmodel' END,
      facts = CASE WHEN path = 'MLmodel'
        THEN '{"signature": {"inputs": [{"name": "x", "type": "long"}], "outputs": []}, "pythonVersion": "3.10.1"}'
        WHEN path <> 'model/w'
        THEN '{"signature": {"inputs": [{"name": "x", "type": "double"}], "outputs": []}, "pythonVersion": "3.11.1"}'
        WHEN candidate_id = CAST(:parent AS uuid) THEN '{"tensorCount": 1, "parameterCount": 2, "dtypes": {"F32": 2},
          "tensors": [{"name": "t", "dtype": "F32", "shape": [2]}]}'
        ELSE '{"tensorCount": 1, "parameterCount": 3, "dtypes": {"F32": 3},
          "tensors": [{"name": "t", "dtype": "F32", "shape": [3]}]}' END::jsonb,
      scan = '{"verdict": "safe", "imports": ["a"], "findings": ["a"], "scanners": ["a"]}' WHERE project_id = :p""",
    "UPDATE blobs SET damage = 'hash', damaged_at = now() WHERE project_id = :p",
    """UPDATE ci_jobs SET reason = 'r', status = 's', name = 'n', ref = 'main', commit_sha = 'c', pipeline_id = '1',
      pipeline_url = 'u', merge_request_iid = 1, merge_request_url = 'u', user_name = 'u', user_url = 'u',
      log_url = 'u', web_url = 'u', started_at = now(), finished_at = now(), last_checked_at = now(),
      next_check_at = now(), ci_project = 'g/p' WHERE project_id = :p""",
    """WITH entry AS (
        INSERT INTO audit_entries (chain_id, action, object_type, object_key, about, context, before, after)
        VALUES (:p, 'update', 'model', '1', '{"name": "digits"}', json_build_object('actor', CAST(:by AS bigint),
          'username', 'u', 'token', 1, 'session', 1, 'ci_job', 'gitlab:1', 'address', '192.0.2.1', 'client', 'c',
          'request', 'q', 'job', gen_random_uuid(), 'doing', 'd', 'database_user', 'x')::text, '{"a": 1}', '{"a": 2}')
        RETURNING id, at)
      INSERT INTO audit_chain SELECT :p, 1000000, id, sha256(''), sha256(''), at, 'update', 'model', '1', :by, 'q'
      FROM entry""",
    "INSERT INTO audit_heads (chain_id, seq, chain_hash) VALUES (:p, 1000000, sha256(''))",
    """UPDATE derivations SET created_by = :by, version_id = v.id FROM model_versions v
      WHERE derivations.project_id = :p AND v.project_id = :p AND v.version = '2.0.0'""",
    """INSERT INTO pulls (project_id, version_id, day, user_id, door, downloads, bytes, resolutions, first_at, last_at)
      SELECT :p, id, '2027-01-31', :by, 'mlflow', 1, 1, 1, now(), now() FROM model_versions
      WHERE project_id = :p AND version = '2.0.0'""",
    """UPDATE deployments SET follows = 'latest', digest = '\\x00', created_by = :by, model_id = v.model_id,
      version_id = v.id FROM model_versions v
      WHERE deployments.project_id = :p AND v.project_id = :p AND v.version = '2.0.0'""",
    """UPDATE deployments SET ended_at = now(), end_kind = 'ended', end_reason = 'r', ended_by = :by
      WHERE project_id = :p AND instance = 'b'""",
    """INSERT INTO promotion_requests (project_id, model_id, version_id, version, number, stage_id, stage, state,
      reason, requested_by, requested_by_name, expires_at, ended_at, ended_by, end_reason)
      SELECT v.project_id, v.model_id, v.id, v.version, v.number, s.id, s.name, 'promoted', 'r', :by, 'u', now(), now(),
      :by, 'r' FROM model_versions v JOIN project_stages s ON s.project_id = v.project_id AND s.name = 'staging'
      WHERE v.project_id = :p AND v.version = '2.0.0'""",
    """INSERT INTO promotion_approvals (project_id, request_id, user_id, username, checked, fell_at, fall_reason)
      SELECT project_id, id, :by, 'u', '{}', now(), 'r' FROM promotion_requests
      WHERE project_id = :p AND version = '2.0.0'""",
    """INSERT INTO promotions (project_id, model_id, version_id, version, number, stage_id, stage, left_stage, state,
      verdicts, checked, promoted_by_name) SELECT project_id, model_id, version_id, version, number, stage_id, stage,
      'none', 'refused', '[]', '{}', 'u' FROM promotion_requests WHERE project_id = :p AND version = '2.0.0'""",
    """INSERT INTO promotion_request_events (project_id, request_id, kind, user_id, username, body, promotion_id)
      SELECT r.project_id, r.id, 'promoted', :by, 'u', 'b', p.id FROM promotion_requests r
      JOIN promotions p ON p.project_id = r.project_id AND p.state = 'completed'
      WHERE r.project_id = :p AND r.version = '2.0.0'""",
    """UPDATE webhook_deliveries SET response_status = 200, response_body = 'b', last_error = 'e', replay_of = id,
      next_attempt_at = now(), finished_at = now(), attempts = 1 WHERE project_id = :p""",
    "UPDATE webhooks SET description = 'd', sealed_secret = 'x' WHERE project_id = :p",
    """UPDATE background_jobs SET total = 1, last_error = 'e', requested_by = :by, started_at = now(),
      finished_at = now() WHERE project_id = :p""",
    """UPDATE stage_intervals SET ci_job = 'gitlab:1', ended_ci_job = 'gitlab:2', reason = 'r', ended_reason = 'e',
      token_id = :revoked, ended_by = :by, ended_by_name = 'o' WHERE project_id = :p""",
    """UPDATE aliases SET ci_job = 'gitlab:1', ended_ci_job = 'gitlab:2', reason = 'r', ended_reason = 'e',
      token_id = :revoked, ended_by = :by, ended_by_name = 'o' WHERE project_id = :p""",
    "UPDATE users SET email = 'owner' || id || '@example.org' WHERE id = :by AND email IS NULL",
    "UPDATE memberships SET expires_at = '2040-01-01' WHERE project_id = :p",
    """UPDATE tokens SET last_used_at = now(), last_address = '192.0.2.1', last_client = 'c', model_patterns = '{a*}',
      request_limit = 1, storage_limit = 1 WHERE project_id = :p OR group_id = :group""",
    "UPDATE tokens SET revoked_at = now() WHERE id = :revoked",
    "UPDATE tokens SET replaces_id = :ended, user_id = :robot WHERE id = :revoked",
    "UPDATE one_time_links SET used_at = now(), used_by = :by WHERE id = :used",
    "UPDATE one_time_links SET revoked_at = now() WHERE id = :dead",
    """UPDATE multipart_uploads SET reason = 'r', job_id = CAST(:job AS uuid), artifact_id = CAST(:file AS uuid),
      sha256 = '\\x00', state = 'completed' WHERE project_id = :p AND id = CAST(:upload AS uuid)""",
    """INSERT INTO access_log (happened_at, action, result, reason, actor_id, user_id, username, about_group_id,
      about_project_id, address, client, request_id, details) SELECT now() + interval '1 hour', 'member_set', 'refused',
      'r', :by, :by, 'u', :group, :p, '192.0.2.1', 'c', 'q', '{"role": "owner"}'""",
    """INSERT INTO access_log (action, result, user_id, username) SELECT 'sign_in', 'ok', id, username FROM users
      WHERE NOT is_bot""",
    """UPDATE model_versions SET sealed_at = now(), manifest_digest = sha256('x'), yanked_at = now(),
      deprecated_at = now() WHERE project_id = :p AND version = '2.0.0'""",
    """INSERT INTO version_seals (project_id, version_id, digest, file_count, size, sealed_by, sealed_by_name)
      SELECT project_id, id, sha256('x'), 1, 1, :by, 'u' FROM model_versions WHERE project_id = :p
      AND version = '2.0.0'""",
    """INSERT INTO version_withdrawals (project_id, version_id, kind, reason, replacement, made_by, made_by_name,
      undone_at, undone_by, undone_by_name, undone_reason) SELECT v.project_id, v.id, o.kind, 'r', '1.0.0',
      CAST(:by AS bigint), 'u',
      o.undone_at, CASE WHEN o.undone_at IS NOT NULL THEN CAST(:by AS bigint) END, 'u', 'r'
      FROM model_versions v, (VALUES ('yank', NULL), ('deprecation', now()), ('deprecation', NULL))
      AS o(kind, undone_at)
      WHERE v.project_id = :p AND v.version = '2.0.0'""",
    "UPDATE projects SET request_limit = 1000000000, storage_limit = 1000000000000 WHERE id = :p",
    "UPDATE projects SET registry_access = :registry, experiments_access = :experiments WHERE id = :p",
)


@dataclass(frozen=True)
class Showcase:
    """The project, and ids of things in it by type."""

    project: TestProject
    variables: dict[str, Any]
    beginning: str
    """A cursor of before all that happened in it."""


async def build(
    runtime: Any,
    staff: Any,
    data: Any,
    people: Any,
    *,
    visibility: str,
    registry: str = "enabled",
    experiments: str = "enabled",
) -> Showcase:
    """A project whose switches are set as requested."""
    beginning = Cursor.at(await Live(runtime.db).mark())
    seeded = await seed(runtime, staff, data, people, visibility=visibility)
    project, owner = seeded.project, seeded.project[Role.OWNER]
    group, path = project.path.rpartition("/")[0], project.path
    candidate, version = seeded.meanings["<candidate id>"], seeded.meanings["<model version id>"]
    arguments = {"group": group, "p": path, "c": candidate, "v": version}
    made = await _done(data, owner, ROUND.replace("GROUP", group), **arguments)
    logged = made["net"]["loggedModel"]["id"]
    files = [{"path": "shared", "size": 1, "sha256": HASH}, {"path": "open", "size": 1}]
    filled = await _done(data, owner, FILLED, p=path, c=candidate, l=logged, files=files)
    evaluated = filled["modelVersionCreate"]["modelVersion"]["id"]
    begun = await _done(data, owner, EVALUATED, p=path, v=evaluated)
    wrong, online = begun["wrong"]["evaluation"]["id"], begun["onlineExperimentCreate"]["onlineExperiment"]["id"]
    concluded = await _done(data, owner, CONCLUDED, v=evaluated, c=candidate, wrong=wrong, x=online)
    staged = await _done(data, owner, STAGED, p=path)
    uploads = [one["id"] for one in filled["artifactUploadCreate"]["artifactUploads"]]
    variables = {
        "path": path,
        "group": group,
        "Candidate": made["child"]["candidate"]["id"],
        "Parent": candidate,
        "Trashed": seeded.meanings["<trashed candidate id>"],
        "ModelVersion": filled["modelVersionCreate"]["modelVersion"]["id"],
        "Original": version,
        "Other": seeded.meanings["<other model version id>"],
        "Foldered": filled["foldered"]["modelVersion"]["id"],
        "LoggedModel": logged,
        "Artifact": await _file(data, owner, candidate),
        "Loose": str(GlobalId.of("Artifact", project.id, uuid4().hex)),
        "Quarantined": seeded.meanings["<quarantined artifact id>"],
        "ArtifactUpload": uploads[0],
        "Open": uploads[1],
        "BackgroundJob": seeded.meanings["<dead background job id>"],
        "Queued": seeded.meanings["<queued background job id>"],
        "CiJob": seeded.meanings["<CI job id>"],
        "VersionJob": filled["ciJobLink"]["ciJob"]["id"],
        "Derivation": seeded.meanings["<derivation id>"],
        "Deployment": seeded.meanings["<deployment id>"],
        "EndedDeployment": seeded.meanings["<old deployment id>"],
        "Gate": filled["gatesSet"]["gateSet"]["gates"][0]["id"],
        "GateSet": filled["gatesSet"]["gateSet"]["id"],
        "Promotion": seeded.meanings["<promotion id>"],
        "PromotionRequest": seeded.meanings["<promotion request id>"],
        "Evaluation": concluded["evaluationCreate"]["evaluation"]["id"],
        "WrongEvaluation": wrong,
        "OnlineExperiment": online,
        "Webhook": seeded.meanings["<webhook id>"],
        "WebhookDelivery": seeded.meanings["<webhook delivery id>"],
        "Alias": str(GlobalId.of("Alias", *_parts(made["modelUpdate"]["model"]["id"]), "best")),
        "Stage": staged["gone"]["stage"]["id"],
        "Protection": staged["protectionSet"]["protection"]["id"],
        "CiSettings": str(GlobalId.of("CiSettings", project.id)),
        "Member": str(GlobalId.of("Member", "project", project.id, project.owner.user_id)),
        "Token": seeded.meanings["<token id>"],
        "ServiceAccount": made["robot"]["serviceAccount"]["id"],
        "Identity": seeded.meanings["<identity id>"],
        "Invitation": made["used"]["invitation"]["id"],
        "Model": made["modelUpdate"]["model"]["id"],
        "Own": made["modelUpdate"]["model"]["experiment"]["id"],
        "Experiment": made["experimentUpdate"]["experiment"]["id"],
        "Project": filled["projectUpdate"]["project"]["id"],
        "Group": filled["projectUpdate"]["project"]["group"]["id"],
        "User": str(GlobalId.of("User", project.owner.user_id)),
        **await _sessions(runtime, project),
    }
    ended = {
        "robot": int(_key(made["robot"]["serviceAccount"]["id"])),
        "ended": int(_key(made["ended"]["token"]["id"])),
        "revoked": int(_key(made["revoked"]["token"]["id"])),
        "used": int(_key(made["used"]["invitation"]["id"])),
        "dead": int(_key(made["dead"]["invitation"]["id"])),
    }
    await _write(runtime, seeded, variables, ended, registry, experiments)
    return Showcase(project, variables, str(beginning))


async def _sessions(runtime: Any, project: TestProject) -> dict[str, str]:
    """One for everybody, since each sees only their own; and one of the owner that has ended."""
    for person in (*project.people.values(), project.stranger):
        await sign_in(runtime, person.actor)
    shown = await sign_in(runtime, project.owner, method=Method.OPENID, provider="p")
    ended = await sign_in(runtime, project.owner)
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE sessions SET ended_at = now() WHERE id = :id"), {"id": ended.session_id})
    return {
        "Session": str(GlobalId.of("Session", shown.session_id)),
        "EndedSession": str(GlobalId.of("Session", ended.session_id)),
    }


def symbol(rows: str | tuple[str, ...], project: str, actor: str) -> str:
    """What a table says of an actor in a project."""
    row = rows if isinstance(rows, str) else rows[list(PROJECTS).index(project)]
    return row[ACTORS.index(actor)]


async def _done(data: Any, owner: Any, document: str, **variables: Any) -> Any:
    answer = await data(owner, document, **variables)
    assert all(not payload["userErrors"] for payload in answer.values()), answer
    return answer


async def _file(data: Any, owner: Any, candidate: str) -> str:
    query = "query f($c: ID!) { candidate(by: {id: $c}) { artifacts { nodes { id path } } } }"
    artifacts = (await data(owner, query, c=candidate))["candidate"]["artifacts"]["nodes"]
    return next(str(one["id"]) for one in artifacts if one["path"] == "model/MLmodel")


async def _write(
    runtime: Any, seeded: Seeded, variables: dict[str, Any], ended: dict[str, int], registry: str, experiments: str
) -> None:
    values = {
        "p": seeded.project.id,
        "by": seeded.project.owner.user_id,
        "group": seeded.project.group_id,
        "logged": _key(variables["LoggedModel"]),
        "loose": _key(variables["Loose"]),
        "child": _key(variables["Candidate"]),
        "parent": _key(variables["Parent"]),
        "job": _key(variables["BackgroundJob"]),
        "file": _key(variables["Artifact"]),
        "upload": _key(variables["ArtifactUpload"]),
        **ended,
        "registry": registry,
        "experiments": experiments,
    }
    async with runtime.db.write() as tx:
        for statement in WRITTEN:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await tx.execute(text(statement), used)


def _key(id: str) -> str:
    return _parts(id)[-1]


def _parts(id: str) -> tuple[str, ...]:
    parsed = GlobalId.parse(id)
    assert parsed
    return parsed.parts
