"""Lists cost the same number of statements for 1 and for 20 rows, whatever is asked below them.

Generated from the schema: every field that leads to objects is asked below every list of its type, with everything
that its own type offers. A new type that is listed somewhere needs a line in ``LISTS``.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_object_type, is_required_argument

from app.access.policy import Role
from app.graphql.nodes import LOOKUPS
from app.graphql.schema import schema
from tests.support.graphql.populated_project import ROWS, Populated, populate
from tests.support.statements import statements

EXPERIMENT = 'experiment(by: {name: {project: $path, name: "e"}})'
MODEL = 'model(by: {path: {project: $path, name: "m0"}})'
TYPES = schema._schema.type_map
LISTS = {
    "AccessLogEntry": "project(by: {path: $path}) { accessLog(first: $n) { nodes @ } }",
    "Alias": MODEL + " { aliases @ }",
    "AliasAssignment": MODEL + ' { aliasHistory(name: "moved", first: $n) { nodes @ } }',
    "Artifact": "candidate(by: {id: $candidate}) { artifacts(first: $n) { nodes @ } }",
    "ArtifactUpload": "artifactUploads(owner: {candidate: {id: $candidate}}, first: $n) { nodes @ }",
    "AuditEntry": "auditLog(project: {path: $path}, first: $n) { nodes @ }",
    "AuditHead": "auditHeads(project: {path: $path}, first: $n) { nodes @ }",
    "BackgroundJob": "backgroundJobs(project: {path: $path}, first: $n) { nodes @ }",
    "Candidate": 'experiment(by: {name: {project: $path, name: "e"}}) { candidates(first: $n) { nodes @ } }',
    "Deployment": "project(by: {path: $path}) { deployments(first: $n) { nodes @ } }",
    "Derivation": MODEL + " { versions(first: $n) { nodes { derivations @ } } }",
    "LineageEntry": MODEL
    + " { versions(first: $n) { nodes { lineage(direction: UPSTREAM) { entries(first: 3) { nodes @ } } } } }",
    "Evaluation": MODEL + " { versions(first: $n) { nodes { evaluations(first: 1) { nodes @ } } } }",
    "Experiment": 'project(by: {path: $path}) { experiments(search: "[model]m", first: $n) { nodes @ } }',
    "Gate": "node(id: $gateSet) { ... on GateSet { gates @ } }",
    "GateSet": "project(by: {path: $path}) { stages { gateSets(first: $n) { nodes @ } } }",
    "GatesDryRunVersion": 'gatesDryRun(input: {model: {path: {project: $path, name: "m0"}}, '
    'stage: "staging", count: $n}) { versions @ }',
    "FactConflict": MODEL + " { versions(first: $n) { nodes { facts { sourceCommit { conflicts @ } } } } }",
    "FactConflictValue": MODEL
    + " { versions(first: $n) { nodes { facts { sourceCommit { conflicts { values @ } } } } } }",
    "Group": "group(by: {path: $group}) { groups(first: $n) { nodes @ } }",
    "Invitation": "project(by: {path: $path}) { invitations(first: $n) { nodes @ } }",
    "InvitationMembership": "project(by: {path: $path}) { invitations(first: $n) { nodes { memberships @ } } }",
    "LoggedModel": 'experiment(by: {name: {project: $path, name: "e"}}) { loggedModels(first: $n) { nodes @ } }',
    "LoggedModelMetric": "EXPERIMENT { loggedModels(first: $n) { nodes { metrics @ } } }",
    "LoggedModelUse": "EXPERIMENT { candidates(first: $n) { nodes { loggedModelInputs @ } } }",
    "Member": "project(by: {path: $path}) { members(first: $n) { nodes @ } }",
    "Metric": "EXPERIMENT { candidates(first: $n) { nodes { metrics @ } } }",
    "Model": 'project(by: {path: $path}) { models(search: "m", first: $n) { nodes @ } }',
    "ManifestFile": MODEL + " { versions(first: $n) { nodes { manifest(first: 2) { nodes @ } } } }",
    "ModelVersion": MODEL + " { versions(first: $n) { nodes @ } }",
    "ModelVersionWithdrawal": MODEL + " { versions(first: $n) { nodes { withdrawals @ } } }",
    "ModelVersionMetric": MODEL + " { versions(first: $n) { nodes { metrics @ } } }",
    "OnlineArm": "project(by: {path: $path}) { onlineExperiments(first: $n) { nodes { arms @ } } }",
    "OnlineExperiment": "project(by: {path: $path}) { onlineExperiments(first: $n) { nodes @ } }",
    "Project": "projects(search: $below, first: $n) { nodes @ }",
    "Promotion": MODEL + " { versions(first: $n) { nodes { promotions(first: 1) { nodes @ } } } }",
    "PromotionApproval": "project(by: {path: $path}) { promotionRequests(first: $n) { nodes { approvals @ } } }",
    "PromotionRequest": "project(by: {path: $path}) { promotionRequests(first: $n) { nodes @ } }",
    "PromotionRequestEvent": "project(by: {path: $path}) { promotionRequests(first: $n) { nodes { "
    "events(first: 2) { nodes @ } } } }",
    "Pull": MODEL + " { versions(first: $n) { nodes { pulls(first: 2) { nodes @ } } } }",
    "ServiceAccount": "project(by: {path: $path}) { serviceAccounts(first: $n) { nodes @ } }",
    "Protection": "project(by: {path: $path}) { protections @ }",
    "Stage": "project(by: {path: $path}) { stages @ }",
    "StageAssignment": MODEL + " { stageHistory(first: $n) { nodes @ } }",
    "Token": "project(by: {path: $path}) { tokens(first: $n) { nodes @ } }",
    "Webhook": "project(by: {path: $path}) { webhooks(first: $n) { nodes @ } }",
    "WebhookDelivery": "node(id: $webhook) { ... on Webhook { deliveries(first: $n) { nodes @ } } }",
}
"""How to come to many objects of a type; `@` stands for what is asked of them."""
ELSEWHERE = {"CandidateSeries", "ComparedMeasurement", "ComparedMetric", "ComparedPath"}
"""Answers to several ids at once: tests/graphql/test_comparing.py."""
ARGUMENTS = {
    "Candidate.metricHistory": '(key: "loss", first: 2)',
    "Candidate.metricSample": '(key: "loss", maxPoints: 2)',
    "Candidate.metricSeries": '(keys: ["loss"], maxPoints: 4)',
    "Model.aliasHistory": '(name: "moved", first: 2)',
    "ModelVersion.lineage": "(direction: UPSTREAM)",
    "OnlineArm.metricHistory": '(key: "k", first: 2)',
    "Project.candidateSearch": "(experimentIds: $experiments, first: 2)",
    "Project.loggedModelSearch": "(experimentIds: $experiments, first: 2)",
}
"""For fields that cannot be asked without."""


@pytest.fixture(scope="module")
async def full(runtime, staff, data) -> Populated:
    return await populate(runtime, staff, data)


def leads_to_objects(field: Any) -> bool:
    return is_object_type(get_named_type(field.type))


def object_fields(kind: GraphQLObjectType) -> dict[str, Any]:
    return {name: field for name, field in kind.fields.items() if leads_to_objects(field)}


def listed_types() -> set[str]:
    """Types of which several may be answered at once, and that lead further."""
    answer = set()
    for kind in TYPES.values():
        if not is_object_type(kind) or kind.name.startswith("__"):
            continue
        for field in kind.fields.values():
            target = get_named_type(field.type)
            if "[" in str(field.type) and is_object_type(target) and not target.name.endswith("Edge"):
                answer.add(target.name)
    return {name for name in answer if not is_value(TYPES[name])}


def is_value(kind: GraphQLObjectType) -> bool:
    """Whether it only groups values, which came along with its parent."""
    return all(not object_fields(get_named_type(field.type)) for field in object_fields(kind).values())


def test_every_listed_type_is_covered():
    assert listed_types() <= set(LISTS) | ELSEWHERE, "say in LISTS how to come to many of them"


def field_text(parent: str, name: str, field: Any, *, deep: bool) -> str:
    """The field with everything below it (``deep``), or with as little as can be."""
    arguments = ARGUMENTS.get(f"{parent}.{name}")
    required = [name for name, argument in field.args.items() if is_required_argument(argument)]
    assert arguments or not required, f"say in ARGUMENTS how to ask {parent}.{name}"
    if arguments is None:
        arguments = "(first: 2)" if "first" in field.args else ""
    return f"{name}{arguments} {selection(get_named_type(field.type), deep=deep)}"


def selection(kind: GraphQLObjectType, *, deep: bool) -> str:
    if "nodes" in kind.fields:
        count = "totalCount " if "totalCount" in kind.fields and deep else ""
        return f"{{ {count}nodes {selection(get_named_type(kind.fields['nodes'].type), deep=deep)} }}"
    if not deep:
        return "{ __typename }"
    parts = [
        field_text(kind.name, name, field, deep=False) if leads_to_objects(field) else name
        for name, field in kind.fields.items()
    ]
    return f"{{ {' '.join(parts)} }}"


def question(full: Populated, document: str) -> tuple[str, dict[str, Any]]:
    """The whole document, and the variables that it uses."""
    document = document.replace("EXPERIMENT", EXPERIMENT)
    variables = {"path": full.project.path, "group": full.group, "n": ROWS, **full.ids}
    used = {key: value for key, value in variables.items() if re.search(rf"\${key}\b", document)}
    kinds = {"path": "String!", "group": "String!", "below": "String!", "n": "Int!", "experiments": "[ID!]!"}
    head = ", ".join(f"${key}: {kinds.get(key, 'ID!')}" for key in used)
    return f"query q({head}) {{ {document} }}", used


FIELDS = sorted(f"{kind}.{name}" for kind in LISTS for name in object_fields(TYPES[kind])) + sorted(
    f"{kind}." for kind in LISTS
)


@pytest.mark.parametrize("coordinate", FIELDS)
async def test_statements_do_not_grow_with_rows(data, runtime, full, coordinate):
    kind, _, name = coordinate.partition(".")
    fields = TYPES[kind].fields
    if name:
        given = f"{{ {field_text(kind, name, fields[name], deep=True)} }}"
    else:  # everything else that there is
        given = f"{{ {' '.join(name for name, field in fields.items() if not leads_to_objects(field))} }}"
    text, used = question(full, LISTS[kind].replace("@", given))
    sent = {}
    for rows in (1, ROWS):
        with statements(runtime.db) as seen:
            await data(full.project.people[Role.OWNER], text, **{**used, **({"n": rows} if "n" in used else {})})
        sent[rows] = Counter(statement[:120] for statement in seen)
    assert sent[ROWS].total() <= sent[1].total(), sent[ROWS] - sent[1]


async def test_populated_lists_have_all_rows(data, full):
    """Else nothing would have been measured."""
    short = {}
    for kind in sorted(set(LISTS) - {"Member"}):
        document, used = question(full, LISTS[kind].replace("@", "{ __typename }"))
        answer = await data(full.project.people[Role.OWNER], document, **used)
        if (count := str(answer).count("__typename")) < ROWS:
            short[kind] = count
    assert short == {}


@pytest.mark.parametrize("kind", sorted(set(LOOKUPS) & set(LISTS)))
async def test_nodes_of_one_type_are_read_in_one_batch(data, runtime, full, kind):
    document, used = question(full, LISTS[kind].replace("@", "{ id }"))
    owner = full.project.people[Role.OWNER]
    ids = re.findall(r"'id': '([^']+)'", str(await data(owner, document, **used)))
    counts = []
    for some in (ids[:1], ids[:ROWS]):
        with statements(runtime.db) as seen:
            answer = await data(owner, "query n($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=some)
        assert [one["id"] for one in answer["nodes"]] == some
        counts.append(len(seen))
    assert counts[0] == counts[1]
