"""A project in which every kind of object exists twenty times, each as full as the next."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.access.policy import Role
from tests.conftest import TestProject, new_project
from tests.support.graphql.examples import chained

ROWS = 20
SUBGROUP = """mutation s($group: String!, $path: String!) {
  groupCreate(input: {path: $path, parent: {path: $group}}) { userErrors { message } } }"""
IN_SUBGROUP = """mutation p($group: String!, $project: String!, $guest: String!) {
  groupCreate(input: {path: "sub", parent: {path: $group}}) { userErrors { message } }
  memberSet(input: {groupOrProject: {group: {path: $group}}, username: $guest, role: GUEST}) { userErrors { message } }
  ofGroup: tokenCreate(input: {name: "t", groupOrProject: {group: {path: $group}}}) { userErrors { message } }
  projectCreate(input: {group: {path: $group}, path: "p"}) { userErrors { message } }
  userInvite(input: {memberships: [{groupOrProject: {group: {path: $group}}, role: GUEST},
    {groupOrProject: {project: {path: $project}}, role: GUEST}]}) { userErrors { message } }
  ofProject: tokenCreate(input: {name: "t", groupOrProject: {project: {path: $project}}}) { userErrors { message } }
  ciSettingsUpdate(input: {project: {path: $project}, provider: GITLAB, ciProject: "g/p"}) { userErrors { message } }
  webhookCreate(input: {project: {path: $project}, name: "w", url: "https://example.org",
    events: ["model_version.created"]}) { userErrors { message } }
  modelCreate(input: {project: {path: $project}, name: "m"}) { userErrors { message } }
  experimentCreate(input: {project: {path: $project}, name: "e"}) { experiment { id } userErrors { message } }
  candidateCreate(input: {experiment: {name: {project: $project, name: "e"}}}) {
    candidate { id } userErrors { message } }
  loggedModelCreate(input: {experiment: {name: {project: $project, name: "e"}}}) { userErrors { message } }
  modelVersionCreate(input: {model: {path: {project: $project, name: "m"}}}) { userErrors { message } } }"""
RICH = """mutation r($project: String!, $model: String!, $experiment: String!, $parent: ID) {
  webhookCreate(input: {project: {path: $project}, name: "w", url: "https://example.org",
    events: ["model_version_tag.set"]}) { webhook { id } userErrors { message } }
  modelCreate(input: {project: {path: $project}, name: $model}) { model { id } userErrors { message } }
  candidateCreate(input: {experiment: {name: {project: $project, name: "e"}}, parentId: $parent,
    params: [{key: "p", value: "1"}], tags: [{key: "t", value: "1"}]}) { candidate { id } userErrors { message } }
  other: candidateCreate(input: {experiment: {name: {project: $project, name: $experiment}}}) {
    userErrors { message } }
  tokenCreate(input: {name: "t", groupOrProject: {project: {path: $project}}}) { userErrors { message } }
  serviceAccountCreate(input: {name: $model, groupOrProject: {project: {path: $project}}}) { userErrors { message } }
  userInvite(input: {memberships: [{groupOrProject: {project: {path: $project}}, role: GUEST}]}) {
    userErrors { message } } }"""
FILLED = """mutation f($project: String!, $model: String!, $candidate: ID!, $made: ID!, $read: ID!, $job: ID!,
    $files: [ArtifactUploadFileInput!]!) {
  candidateLog(input: {candidate: {id: $candidate}, metrics: [
    {key: "loss", value: 1, timestamp: 1, step: 1, loggedModelId: $made},
    {key: "loss", value: 2, timestamp: 2, step: 2}],
    datasets: [{name: "d", digest: "1", sourceType: "s", source: "s"}], loggedModelInputIds: [$read],
    loggedModelOutputs: [{loggedModelId: $made}]}) { userErrors { message } }
  candidateCreate(input: {experiment: {name: {project: $project, name: "children"}}, parentId: $candidate}) {
    userErrors { message } }
  ciJobLink(input: {owner: {candidate: {id: $candidate}}, provider: GITLAB, externalId: $job}) {
    userErrors { message } }
  files: artifactUploadCreate(input: {owner: {candidate: {id: $candidate}}, files: $files}) {
    artifactUploads { id } userErrors { message } }
  m0: modelVersionCreate(input: {model: {path: {project: $project, name: "m0"}}, candidateId: $candidate,
    loggedModelId: $made}) { modelVersion { id } userErrors { message } }
  own: modelVersionCreate(input: {model: {path: {project: $project, name: $model}}, candidateId: $candidate,
    loggedModelId: $made}) { modelVersion { id version } userErrors { message } }
  aliasSet(input: {model: {path: {project: $project, name: $model}}, name: "a", reference: "1.0.0"}) {
    userErrors { message } }
  modelVersionStageSet(input: {modelVersion: {path: {project: $project, model: $model, reference: "1.0.0"}},
    stage: "staging"}) { userErrors { message } } }"""
VERSION = """mutation v($id: ID!, $project: String!, $alias: String!, $job: ID!) {
  modelVersionUpdate(input: {modelVersion: {id: $id}, tags: [{key: "t", value: "1"}]}) { userErrors { message } }
  aliasSet(input: {model: {path: {project: $project, name: "m0"}}, name: $alias, reference: "latest"}) {
    userErrors { message } }
  ciJobLink(input: {owner: {modelVersion: {id: $id}}, provider: GITLAB, externalId: $job}) {
    userErrors { message } } }"""
LOGGED = """mutation l($project: String!, $candidate: ID!) {
  made: loggedModelCreate(input: {experiment: {name: {project: $project, name: "e"}}, candidateId: $candidate,
    params: [{key: "p", value: "1"}]}) { loggedModel { id } userErrors { message } } }"""
FILES = """INSERT INTO blobs (project_id, id, object_key, state, sha256, size)
  SELECT :project, gen_random_uuid(), :key || n, 'stored', sha256(convert_to(:key || n, 'UTF8')), 1
  FROM generate_series(1, :n) n"""
ARTIFACTS = """INSERT INTO artifacts
    (project_id, id, candidate_id, logged_model_id, path, blob_id, media_type, created_by, format, facts, scan)
  SELECT :project, gen_random_uuid(), CASE WHEN :kind = 'c' THEN o.id END, CASE WHEN :kind = 'l' THEN o.id END,
    'f' || b.n, b.id, 'x', :by, 'mlmodel', '{"a": 1}',
    '{"verdict": "safe", "imports": [], "findings": [], "scanners": []}'
  FROM {owners} o, (SELECT id, row_number() OVER () n FROM blobs WHERE project_id = :project AND state = 'stored') b
  WHERE o.project_id = :project"""

DEPLOYED = """INSERT INTO deployments (project_id, environment, endpoint, instance, model_id, version_id, model,
    version, number, follows, started_at, created_by)
  SELECT v.project_id, 'production', 'e', v.id, v.model_id, v.id, m.name, v.version, v.number, 'latest', now(), :by
  FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
  JOIN projects p ON p.id = v.project_id WHERE p.full_path LIKE :path || '/%'"""
PULLED = """INSERT INTO pulls (project_id, version_id, day, user_id, door, first_at, last_at)
  SELECT v.project_id, v.id, current_date - n, :by, 'link', now(), now() FROM generate_series(1, 2) n, model_versions v
  JOIN projects p ON p.id = v.project_id WHERE p.full_path LIKE :path || '/%'"""
DERIVED = """INSERT INTO derivations (project_id, version_id, kind, base_project_id, base_version_id, base, source,
    created_by)
  SELECT v.project_id, v.id, 'merged', b.project_id, b.id, 'b', 'stated', :by
  FROM model_versions v JOIN projects p ON p.id = v.project_id LEFT JOIN LATERAL (
    SELECT o.project_id, o.id FROM model_versions o WHERE o.project_id = v.project_id AND o.id < v.id
    ORDER BY o.id LIMIT 1
  ) b ON true WHERE p.full_path LIKE :path || '/%'"""

_BELOW = "project_id IN (SELECT p.id FROM projects p WHERE p.full_path LIKE :path || '/%')"
REQUESTED = f"""INSERT INTO promotion_requests (project_id, model_id, version_id, version, number, stage_id, stage,
    requested_by, requested_by_name, expires_at, state, ended_at, ended_by)
  SELECT v.project_id, v.model_id, v.id, v.version, v.number, s.id, s.name, :by, 'u', now(), 'promoted', now(), :by
  FROM model_versions v JOIN project_stages s ON s.project_id = v.project_id AND s.name = 'staging' WHERE v.{_BELOW}"""
APPROVED = f"""INSERT INTO promotion_approvals (project_id, request_id, user_id, username, checked)
  SELECT project_id, id, :by, 'u', '{{}}' FROM promotion_requests WHERE {_BELOW}"""
PROMOTED = f"""INSERT INTO promotions (project_id, model_id, version_id, version, number, stage_id, stage, left_stage,
    state, verdicts, checked, request_id, promoted_by, promoted_by_name)
  SELECT project_id, model_id, version_id, version, number, stage_id, stage, 'none', 'completed', '[]', '{{}}', id, :by,
    'u' FROM promotion_requests WHERE {_BELOW}"""
TOLD = f"""INSERT INTO promotion_request_events (project_id, request_id, kind, user_id, username, promotion_id)
  SELECT project_id, request_id, kind, :by, 'u', id FROM promotions, (VALUES ('commented'), ('promoted')) AS k (kind)
  WHERE request_id IS NOT NULL AND {_BELOW}"""

EVALUATED = (
    """INSERT INTO evaluations (project_id, version_id, dataset_name, candidate_id, created_by)
      SELECT project_id, id, 'd', candidate_id, :by FROM model_versions WHERE project_id = :project""",
    """INSERT INTO evaluations (project_id, version_id, dataset_name, candidate_id, created_by, replaces_id)
      SELECT project_id, version_id, 'd', candidate_id, :by, id FROM evaluations WHERE project_id = :project""",
    """INSERT INTO evaluation_metrics (project_id, evaluation_id, key, value)
      SELECT project_id, id, 'k', 1 FROM evaluations WHERE project_id = :project""",
    """INSERT INTO online_experiments (project_id, name, kind, created_by)
      SELECT :project, 'x', 'shadow', :by FROM generate_series(1, :n)""",
    """INSERT INTO online_arms (project_id, experiment_id, name, position, version_id, model_name, version, number,
        share, keys)
      SELECT x.project_id, x.id, v.id::text, v.number, v.id, 'm0', v.version, v.number, 0, '{k}'
      FROM online_experiments x JOIN model_versions v ON v.project_id = x.project_id
      JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id AND m.name = 'm0'
      WHERE x.project_id = :project""",
    """INSERT INTO online_points (project_id, experiment_id, arm, key, at, value)
      SELECT project_id, experiment_id, name, 'k', now(), 1 FROM online_arms WHERE project_id = :project""",
    """INSERT INTO fact_statements (project_id, version_id, fact, entries, source, detail, stated_by)
      SELECT v.project_id, v.id, 'source_commit', jsonb_build_object('sha', s.sha), 'stated', s.sha, :by
      FROM model_versions v, (VALUES ('aaaaaaaaaa'), ('bbbbbbbbbb')) AS s (sha) WHERE v.project_id = :project""",
)
"""Two evaluations of each version, of which one corrects the other; experiments; and facts that are in conflict."""
LOGGED_ACCESS = """INSERT INTO access_log (happened_at, action, result, actor_id, user_id, about_group_id,
    about_project_id) SELECT now() + interval '1 hour', 'member_set', 'ok', :by, :by, :group, :project
  FROM generate_series(1, :n)"""

SEALS = (
    """UPDATE model_versions SET sealed_at = now(), manifest_digest = sha256('x'), deprecated_at = now()
      WHERE project_id = :p""",
    """INSERT INTO version_seals (project_id, version_id, digest, file_count, size, sealed_by, sealed_by_name)
      SELECT project_id, id, sha256('x'), 1, 1, :by, 'u' FROM model_versions WHERE project_id = :p""",
    """INSERT INTO version_withdrawals (project_id, version_id, kind, reason, made_by, made_by_name, undone_at,
      undone_by)
      SELECT v.project_id, v.id, 'deprecation', 'r', CAST(:by AS bigint), 'u', o.undone_at, CAST(:by AS bigint)
      FROM model_versions v,
        (VALUES (now()), (NULL)) AS o(undone_at) WHERE v.project_id = :p""",
)


@dataclass(frozen=True)
class Populated:
    """Where it is, and the ids that queries begin at."""

    project: TestProject
    group: str
    ids: dict[str, Any]


async def populate(runtime: Any, staff: Any, data: Any) -> Populated:
    """Through GraphQL as far as a client can; the bytes of files through SQL."""
    project = await new_project(runtime, staff)
    group, owner = project.path.rpartition("/")[0], project.people[Role.OWNER]
    guest = project[Role.GUEST].actor.username

    async def do(document: str, **variables: Any) -> Any:
        answer = await data(
            owner, document, **{key: value for key, value in variables.items() if f"${key}" in document}
        )
        assert all(not payload["userErrors"] for payload in answer.values()), answer
        return answer

    experiments: list[str] = []

    async def subgroup(number: int) -> None:
        path = f"{group}/s{number:02}"
        await do(SUBGROUP, group=group, path=f"s{number:02}")
        made = await do(IN_SUBGROUP, group=path, project=f"{path}/p", guest=guest)
        experiments.append(made["experimentCreate"]["experiment"]["id"])

    for name in ("e", "children"):
        await do(
            "mutation e($p: String!, $n: String!) { experimentCreate(input: {project: {path: $p}, name: $n}) "
            "{ userErrors { message } } }",
            p=project.path,
            n=name,
        )
    await do(
        'mutation c($p: String!) { ciSettingsUpdate(input: {project: {path: $p}, provider: GITLAB, ciProject: "g/p"})'
        " { userErrors { message } } }",
        p=project.path,
    )
    root = await do(
        'mutation c($p: String!) { candidateCreate(input: {experiment: {name: {project: $p, name: "children"}}})'
        " { candidate { id } userErrors { message } } }",
        p=project.path,
    )
    parent = root["candidateCreate"]["candidate"]["id"]
    ids: dict[str, Any] = {"parent": parent}

    async def rich(number: int) -> tuple[int, Any]:
        names = {"model": f"m{number}", "experiment": f"[model]m{number}"}
        return number, await do(RICH, project=project.path, parent=parent, **names)

    files = [{"path": f"u{number}", "size": 1} for number in range(ROWS)]

    async def fill(number: int, made: Any) -> None:
        candidate, job = made["candidateCreate"]["candidate"]["id"], str(number + 1)
        logged = (await do(LOGGED, project=project.path, candidate=candidate))["made"]["loggedModel"]["id"]
        arguments = {"project": project.path, "model": f"m{number}", "candidate": candidate, "job": job}
        filled = await do(FILLED, **arguments, made=logged, read=logged, files=files)
        for name in ("m0", "own"):
            id, alias = filled[name]["modelVersion"]["id"], f"a{number}{name}"
            await do(VERSION, id=id, project=project.path, alias=alias if name == "m0" else "x", job=job)
        ids.update(candidate=candidate, webhook=made["webhookCreate"]["webhook"]["id"])

    await asyncio.gather(*(subgroup(number) for number in range(ROWS)))
    made = [await rich(0), *await asyncio.gather(*(rich(number) for number in range(1, ROWS)))]
    for begin in range(0, ROWS, 5):
        await asyncio.gather(*(fill(number, one) for number, one in made[begin : begin + 5]))
    await add_names(do, project)
    ids["gateSet"] = await add_gates(do, project)
    await add_files(runtime, project)
    await seal_versions(runtime, project)
    async with runtime.db.write() as tx:
        values = {"by": project.owner.user_id, "group": project.group_id, "project": project.id}
        await tx.execute(text(LOGGED_ACCESS), {**values, "n": ROWS})
        for statement in (DEPLOYED, PULLED, DERIVED, REQUESTED, APPROVED, PROMOTED, TOLD):
            await tx.execute(text(statement), {"by": project.owner.user_id, "path": group})
        for statement in EVALUATED:
            given = {"project": project.id, "by": project.owner.user_id, "n": ROWS}
            used = {name: value for name, value in given.items() if f":{name}" in statement}
            await tx.execute(text(statement), used)
    await chained(runtime, project.id, heads=ROWS)
    return Populated(project, group, {**ids, "experiments": experiments, "below": f"{group}/s"})


async def seal_versions(runtime: Any, project: TestProject) -> None:
    """Every version is sealed and deprecated, and was so before."""
    values = {"p": project.id, "by": project.owner.user_id}
    async with runtime.db.write() as tx:
        for statement in SEALS:
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await tx.execute(text(statement), used)


async def add_names(do: Any, project: TestProject) -> None:
    """Stages, rules, and histories of as many rows as there are versions, all of which have ended or go on."""
    numbers = range(1, ROWS + 1)
    references = [*(f"#{number}" for number in numbers[1:]), "latest-prerelease"]
    alias = 'aliasSet(input: {model: {path: {project: $p, name: "m0"}}, name: "moved", reference: "%s"})'
    version = '{path: {project: $p, model: "m0", reference: "%s"}}'
    staged = f'modelVersionStageSet(input: {{modelVersion: {version}, stage: "%s"}})'
    every = [
        [alias % reference for reference in references],
        *([staged % (reference, stage) for reference in references] for stage in ("staging", "archived")),
        [f'stageCreate(input: {{project: {{path: $p}}, name: "s{number}"}})' for number in numbers],
        [f'protectionSet(input: {{project: {{path: $p}}, kind: ALIAS, pattern: "r{number}"}})' for number in numbers],
        ['aliasDelete(input: {model: {path: {project: $p, name: "m0"}}, name: "moved"})'],
    ]
    for calls in every:
        fields = " ".join(f"c{number}: {call} {{ userErrors {{ message }} }}" for number, call in enumerate(calls))
        await do(f"mutation m($p: String!) {{ {fields} }}", p=project.path)


async def add_gates(do: Any, project: TestProject) -> str:
    """Twenty sets of gates for a stage, the last of twenty gates; the id of that."""
    gates = ", ".join(['{kind: "approvals", config: {}}'] * ROWS)
    values = 'project: {path: $p}, stage: "staging"'
    one = "s%d: gatesSet(input: {%s, expectedNumber: %d, gates: [%s]}) { gateSet { id } userErrors { message } }"
    sets = " ".join(one % (n, values, n, gates if n == ROWS - 1 else "") for n in range(ROWS))
    return str((await do(f"mutation g($p: String!) {{ {sets} }}", p=project.path))[f"s{ROWS - 1}"]["gateSet"]["id"])


async def add_files(runtime: Any, project: TestProject) -> None:
    """Twenty files for every candidate and logged model."""
    keys = {"project": project.id, "by": project.owner.user_id}
    async with runtime.db.write() as tx:
        await tx.execute(text(FILES), {"project": project.id, "key": f"k{project.id}-", "n": ROWS})
        for kind, owners in (("c", "candidates"), ("l", "logged_models")):
            await tx.execute(text(ARTIFACTS.replace("{owners}", owners)), {**keys, "kind": kind})
