"""Who sees which field: every field of every type, requested by every kind of caller, in private and public projects.

The owner's answers come first, each with something in it; what the others get is compared with them. Root fields:
tests/graphql/test_permissions.py; what subscriptions tell: tests/graphql/test_fields_told.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from graphql import is_object_type

from app.graphql.nodes import LOOKUPS
from tests.graphql.test_configured_limits import configured
from tests.support.graphql.callers import secrets  # noqa: F401  (a fixture)
from tests.support.graphql.field_matrix import (
    DOORS,
    TYPES,
    Answer,
    Question,
    compared,
    documents,
    everything,
    is_real,
    leads_to_objects,
    leaves,
    read,
)
from tests.support.graphql.showcase import CASES, INSIDE, OPEN, PROJECTS, SIGHTS, symbol

NEEDS = {
    # what it takes:      where the object is seen
    "nothing more": OPEN,
    "what one may": "ooo====o",
    "registry": (OPEN, OPEN, OPEN, INSIDE),
    "candidates": (OPEN, OPEN, INSIDE, OPEN),
    "candidates, else an error": (OPEN, OPEN, "NN======", OPEN),
    "another one without candidates": (OPEN, OPEN, "oo======", OPEN),
    "part of it": (OPEN, OPEN, "<<======", "<<======"),
    "some count": (OPEN, OPEN, "oo======", "oo======"),
    "candidates' part": (OPEN, OPEN, "<<======", OPEN),
    "members' part": "<<======",
    "member": INSIDE,
    "none for visitors": "00======",
    "own page": "oo======",
    "to be named as member": "UF======",
    "maintainer": "UFFFF==F",
    "maker": "......=.",
    "of tokens": ".....==.",
    "member of the group": "UFFFFF==",
    "owner of the group": "UFFFFF=F",
    "owner": "UFFFFF=F",
    "below the group": "......==",
    "the user": "......==",
    "the user, still active": "......tt",
    "for administrators": "........",
    "what one sees": ("..<<<<==", OPEN, OPEN, OPEN),
    "role": "..rrrrrr",
    "role in the group": "......rr",
    "oneself": "oooooo==",
    "own identities": "......==",
    "own projects": "..oooo==",
    "own registries": "..ssss==",
    "own approvals": "....ss=.",
    "own jobs": "..ssss==",
    "token": "=======o",
    "token of the request": "oooooo=o",
    "may: reporter": "---====-",
    "may: developer": "----===-",
    "may: maintainer": "-----==-",
    "may: owner": "------=-",
    "may: administrator": "--------",
}
"""= the owner's value; . null or empty; - false; < some of the owner's; r the own role; o something of one's own;
t a time that goes on meanwhile;
s something, the same as the owner or not;
0 a count of none; N, F, U the error NOT_FOUND, FORBIDDEN, UNAUTHENTICATED."""
LINES = {
    "AccessLogEntry": {
        "nothing more": "happenedAt action status statusReason username details doneBy user group project",
        "maker": "address client requestId",
    },
    "AuditEntry": {
        "nothing more": "number happenedAt action objectType objectKey entrySha256 chainSha256 content objectValues "
        "changes doneBy username tokenId sessionId ciJob address client requestId backgroundJobId process databaseUser",
    },
    "Alias": {"nothing more": "model modelVersion setBy", "may: reporter": "viewerCanUpdate"},
    "AliasAssignment": {"nothing more": "modelVersion setBy endedBy", "of tokens": "token"},
    "Artifact": {
        "nothing more": "createdBy", "may: reporter": "viewerCanDelete", "may: maintainer": "viewerCanRelease",
    },
    "ArtifactUpload": {
        "nothing more": "id path size sha256 mediaType status alreadyStored statusReason partSize partCount "
        "createdAt expiresAt artifact candidate backgroundJob createdBy",
        "maker": "parts", "may: owner": "viewerCanComplete",
    },
    "ArtifactUploadConnection": {"member": "nodes edges", "none for visitors": "totalCount", "own page": "pageInfo"},
    "BackgroundJob": {
        "nothing more": "id kind status attemptCount done total statusReason project maxAttempts nextAttemptAt "
        "createdAt startedAt finishedAt cursor requestedBy",
        "may: maintainer": "viewerCanRetry viewerCanCancel",
    },
    "Candidate": {
        "nothing more": "project experiment parent children metrics loggedModels loggedModelInputs loggedModelOutputs "
        "artifacts ciJob ciJobs createdBy",
        "registry": "modelVersions",
        "may: developer": "viewerCanUpdate viewerCanDelete",
    },
    "CandidateSeries": {"nothing more": "candidate"},
    "CandidatesComparison": {"nothing more": "metrics sides"},
    "CiJob": {
        "nothing more": "id provider externalId status ciStatus name",
        "member": "statusReason ciProject ref commitSha pipelineId pipelineUrl mergeRequestIid mergeRequestUrl "
        "username userUrl logUrl webUrl startedAt finishedAt createdAt lastCheckedAt nextCheckAt",
        "may: reporter": "viewerCanRefresh",
    },
    "CiSettings": {
        "nothing more": "id provider baseUrl ciProject hasApiToken hasHookSecret hookUrl identity createdAt updatedAt",
        "may: maintainer": "viewerCanUpdate",
    },
    "ComparedMeasurement": {"nothing more": "values"},
    "ComparedMetric": {"nothing more": "values"},
    "Deployment": {
        "nothing more": "id environment endpoint instance version number modelName follows digest status statusReason "
        "startedAt createdAt lastHeartbeatAt endedAt model modelVersion modelVersionFollowed isDrifting hasOtherFiles "
        "createdBy endedBy",
        "may: reporter": "viewerCanUpdate",
    },
    "Derivation": {
        "nothing more": "modelVersion parent createdBy", "may: reporter": "viewerCanDelete",
    },
    "Gate": {"nothing more": "config gateSet createdBy", "may: maintainer": "viewerCanUpdate"},
    "GateSet": {"nothing more": "gates createdBy", "may: maintainer": "viewerCanUpdate"},
    "GateKind": {"nothing more": "name description schema"},
    "GatesDryRun": {"nothing more": "stage versions admittedCount"},
    "GatesDryRunVersion": {"nothing more": "isAdmitted modelVersion verdicts"},
    "Evaluation": {
        "nothing more": "modelVersion metrics replacedBy replaced createdBy", "candidates": "candidate",
    },
    "FactConflict": {"nothing more": "values"},
    "FactConflictValue": {"nothing more": "statement"},
    "FactStatement": {"nothing more": "statedBy"},
    "Experiment": {
        "nothing more": "project candidates loggedModels createdBy", "registry": "model",
        "may: developer": "viewerCanUpdate viewerCanDelete",
    },
    "Group": {
        "nothing more": "id name path fullPath visibility createdAt parent",
        "below the group": "groups", "what one sees": "projects", "member of the group": "members",
        "owner of the group": "tokens invitations accessLog serviceAccounts", "role in the group": "viewerRole",
        "may: owner": "viewerCanManage viewerCanUpdate viewerCanDelete",
    },
    "HyperParameters": {"candidates' part": "statements", "candidates": "conflicts"},
    "Identity": {"nothing more": "id provider email createdAt lastUsedAt"},
    "Invitation": {
        "nothing more": "id status email isAdmin memberships createdAt expiresAt acceptedAt revokedAt createdBy "
        "acceptedBy",
        "may: owner": "viewerCanRevoke",
    },
    "InvitationMembership": {"nothing more": "role expiresAt group project"},
    "LoggedModel": {
        "nothing more": "project experiment candidate metrics artifacts createdBy", "registry": "modelVersions",
        "may: developer": "viewerCanUpdate viewerCanDelete",
    },
    "Lineage": {
        "nothing more": "modelVersionCount deploymentCount", "another one without candidates": "isComplete",
        "candidates' part": "entries",
    },
    "LineageEntry": {
        "nothing more": "step relation parentId dataset baseName modelVersion candidate deployment",
    },
    "LoggedModelMetric": {"nothing more": "candidate"},
    "LoggedModelUse": {"nothing more": "loggedModel"},
    "MeasuredMetrics": {"nothing more": "conflicts isPresent learnedAt", "candidates' part": "statements keys"},
    "Member": {"nothing more": "id user role expiresAt"},
    "Metric": {"nothing more": "loggedModel"},
    "Model": {
        "nothing more": "stageHolders stageHistory project latestVersion versions aliases aliasHistory createdBy "
        "deletedBy",
        "candidates": "experiment candidates", "member": "deployments",
        "may: reporter": "viewerCanUpdate viewerCanDelete",
    },
    "ModelVersion": {
        "nothing more": "derivations lineage "
        "stageHistory model aliases artifacts createdBy deletedBy promotions promotionRequests "
        "seal withdrawals evaluations facts onlineExperiments",
        "candidates": "candidate loggedModel",
        "candidates' part": "ciJobs metrics", "member": "deployments pulls",
        "may: reporter": "viewerCanUpdate viewerCanDelete",
    },
    "ModelVersionFacts": {
        "nothing more": "sourceCommit trainingData hyperParameters metrics environment stageOfVersion",
    },
    "ModelVersionMetric": {"nothing more": "evaluation onlineExperiment"},
    "OnlineArm": {"nothing more": "modelVersion"},
    "OnlineExperiment": {"nothing more": "project arms createdBy concludedBy", "may: reporter": "viewerCanUpdate"},
    "ModelVersionsComparison": {
        "nothing more": "tags files signature sides", "candidates": "params metrics",
        "candidates' part": "measurements",
    },
    "ModelVersionDiff": {
        "nothing more": "base modelVersion leastIncrement madeIncrement isIncrementEnough isCertain causes files "
        "signature tensors requirements",
        "candidates, else an error": "params metrics",
    },
    "ModelVersionManifest": {"nothing more": "document digest isSealed fileCount size"},
    "ModelVersionSeal": {"nothing more": "sealedBy"},
    "ModelVersionWithdrawal": {"nothing more": "createdBy undoneBy"},
    "Project": {
        "nothing more": "id number name path fullPath description visibility registryAccess experimentsAccess "
        "allowsVersionReuse versionBumpPolicy createdAt descriptionHtml createdBy storage group",
        "member": "backgroundJobs limits deployments", "to be named as member": "members",
        "maintainer": "tokens webhooks ciSettings accessLog serviceAccounts", "owner": "invitations",
        "registry": "models modelSearch modelVersionSearch promotionRequests onlineExperiments "
        "stages protections",
        "candidates": "experiments candidateSearch experimentSearch loggedModelSearch",
        "role": "viewerRole", "may: maintainer": "viewerCanManage", "may: owner": "viewerCanDelete viewerCanTransfer",
        "may: reporter": "viewerCanWriteRegistry", "may: developer": "viewerCanWriteCandidates",
    },
    "Promotion": {"nothing more": "verdicts modelVersion promotionRequest promotedBy"},
    "PromotionApproval": {"nothing more": "user"},
    "PromotionCheck": {
        "nothing more": "modelVersion stage digest replacedVersion", "what one may": "verdicts",
        "may: reporter": "allowsPromotion",
    },
    "PromotionRequest": {
        "nothing more": "modelVersion project requestedBy endedBy approvals events promotion",
        "may: developer": "viewerCanApprove",
    },
    "PromotionRequestEvent": {"nothing more": "user promotion"},
    "ProjectStorage": {
        "nothing more": "stored pending damaged awaitingRemoval", "member": "sizeLimit restorableSize",
    },
    "Protection": {"nothing more": "project setBy", "may: maintainer": "viewerCanUpdate"},
    "Stage": {"nothing more": "project createdBy gateSet gateSets", "may: maintainer": "viewerCanUpdate"},
    "StageAssignment": {"nothing more": "stage modelVersion setBy endedBy", "of tokens": "token"},
    "Pull": {
        "nothing more": "day door downloadCount size resolutionCount firstAt lastAt user",
    },
    "SearchResultConnection": {"part of it": "nodes edges", "some count": "totalCount pageInfo"},
    "RuntimeEnvironment": {"nothing more": "statements conflicts"},
    "ServiceAccount": {
        "nothing more": "id name description role createdAt user tokens createdBy",
        "may: maintainer": "viewerCanUpdate",
    },
    "SignInMethods": {"nothing more": "hasPasswords providers"},
    "SourceCommit": {"member": "conflicts", "members' part": "statements"},
    "StageOfVersion": {"nothing more": "statements conflicts"},
    "TrainingData": {"candidates' part": "statements", "candidates": "conflicts"},
    "Session": {
        "nothing more": "id method provider device client address createdAt lastUsedAt expiresAt endedAt isCurrent",
        "may: owner": "viewerCanRevoke",
    },
    "Token": {
        "nothing more": "id name scopes createdAt expiresAt lastUsedAt revokedAt user createdBy modelPatterns "
        "lastAddress lastClient requestLimit storageLimit isExpiring replaces",
        "may: maintainer": "viewerCanRevoke",
    },
    "User": {
        "nothing more": "id username name isBot isDeleted createdAt", "member": "email",
        "the user": "isAdmin", "the user, still active": "lastActiveAt", "for administrators": "deactivatedAt",
        "may: administrator": "viewerCanManage",
        "may: owner": "viewerCanUpdate",
    },
    "Viewer": {
        "nothing more": "isAdmin", "oneself": "user tokens sessions accessLog", "own projects": "projects",
        "own registries": "modelVersions", "own approvals": "promotionRequests", "own jobs": "backgroundJobs",
        "own identities": "identities",
        "token": "scopes", "token of the request": "token",
    },
    "Webhook": {
        "nothing more": "id uuid name url description events status hasSecret createdAt updatedAt "
        "createdBy project deliveries",
        "may: maintainer": "viewerCanUpdate",
    },
    "WebhookDelivery": {
        "nothing more": "id uuid event payload status attemptCount responseStatus responseBody statusReason createdAt "
        "nextAttemptAt finishedAt webhook replayOf",
    },
}  # fmt: skip
"""Fields without a line take nothing more than to see their object; see :func:`wants_line`."""
BLANK = {
    "SignInMethods.providers": "the settings of these tests have none; tests/access/openid has some",
    "User.deactivatedAt": "for administrators",
    "User.viewerCanManage": "administrators may",
    **dict.fromkeys(
        [
            "UserEdge.node",
            "UserEdge.cursor",
            *(f"UserConnection.{name}" for name in ("totalCount", "pageInfo", "edges", "nodes")),
        ],
        "for administrators",
    ),
    **dict.fromkeys(
        [
            *(f"AuditHead.{name}" for name in ("number", "chainSha256", "createdAt")),
            *(f"Audit{kind}Edge.{name}" for kind in ("Entry", "Head") for name in ("node", "cursor")),
            *(
                f"Audit{kind}Connection.{name}"
                for kind in ("Entry", "Head")
                for name in ("totalCount", "pageInfo", "edges", "nodes")
            ),
        ],
        "lists of no object: tests/lifecycle/audit/test_reading.py",
    ),
    **{f"{name}.conflicts": "sources agree" for name in ("MeasuredMetrics", "RuntimeEnvironment", "StageOfVersion")},
    **{f"{name}.missing": "all is stated" for name in ("SourceCommit", "RuntimeEnvironment", "ModelVersionFacts")},
    "StageOfVersion.learnedAt": "it was never moved",
    "FactStatement.detail": "that of a person is the person",
    **dict.fromkeys(
        [
            "ModelVersionMetric.evaluation",
            "ModelVersionMetric.onlineExperiment",
            "ModelVersionMetric.slice",
            "ComparedMeasurement.slice",
        ],
        "of evaluations only; tests/lifecycle/evaluations has them",
    ),
    **dict.fromkeys(
        ["LineageEntry.candidate", "LineageEntry.dataset", "LineageDataset.name", "LineageDataset.digest"],
        "not everyone sees as many of them: tests/lifecycle/deployments/test_lineage.py",
    ),
    "LoggedModel.deletedAt": "deleted ones are seen in the answer to their deletion only",
    **{
        f"{kind}Connection.totalCount": "these are not counted"
        for kind in (
            "AccessLogEntry",
            "AliasAssignment",
            "Invitation",
            "LoggedModel",
            "Member",
            "MetricPoint",
            "Promotion",
            "PromotionRequestEvent",
            "OnlineExperiment",
            "OnlinePoint",
            "Pull",
            "ServiceAccount",
            "Session",
            "StageAssignment",
            "Token",
            "Webhook",
            "WebhookDelivery",
        )
    },
}
"""Fields without a value in every answer to a query."""


@pytest.fixture(scope="module")
async def patient(runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose queries may take as long as a busy machine needs for such large ones."""
    async with configured(
        runtime, graphql_query_seconds=60.0, graphql_max_root_fields=100, graphql_max_aliases=100
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
async def ask_all(patient, showcases, secrets):  # noqa: F811
    """Sends questions as a caller, and gives the answer to each."""

    async def send(setting: str, actor: str, questions: list[Question]) -> dict[Question, Answer]:
        result: dict[Question, Answer] = {}
        headers = {"Authorization": f"Bearer {secrets[actor]}"} if secrets[actor] else {}
        for text, variables, page in documents(questions, showcases[setting].variables):
            answer = await patient.post("/graphql", json={"query": text, "variables": variables}, headers=headers)
            assert answer.status_code == 200, (answer.text[:1000], text)
            body = answer.json()
            assert all("path" in error for error in body.get("errors", [])), (body["errors"], text)
            result |= dict(read(body, page))
        return result

    return send


@pytest.fixture(scope="module")
async def owned(ask_all) -> dict[tuple[str, str, str], dict[str, list[Any]]]:
    """The owner's values of all fields, by setting, type and door."""
    whole = [Question(kind, door, tuple(TYPES[kind].fields)) for kind, doors in DOORS.items() for door in doors]
    result = {}
    for setting in PROJECTS:
        for question, answer in (await ask_all(setting, "owner", whole)).items():
            if not answer.codes:
                values = result.setdefault((setting, question.kind, question.door), {})
                values |= {name: [compared(one[name]) for one in answer.objects] for name in question.fields}
    return result


def need_of(kind: str, name: str) -> str:
    return next((need for need, names in LINES[kind].items() if name in names.split()), "nothing more")


def is_strict(kind: str) -> bool:
    """Whether every field of a type needs a line: not every caller sees the object, or not all of its plain values."""
    ordinary = {"project", "registry", "candidates", "candidates of versions", "signed in", "writers"}
    special = [name for need, names in LINES[kind].items() if need != "nothing more" for name in names.split()]
    plain = [name for name in special if not leads_to_objects(kind, name) and not name.startswith("viewerCan")]
    return bool(plain) or not set(DOORS[kind].values()) <= ordinary


def wants_line(kind: str, name: str) -> bool:
    """What leads to other objects, depends on who asks, or stands in a type with restricted values."""
    return leads_to_objects(kind, name) or name.startswith("viewer") or is_strict(kind)


def test_every_restricted_field_has_an_expectation():
    lines = {f"{kind}.{name}" for kind, needs in LINES.items() for names in needs.values() for name in names.split()}
    fields = {f"{kind}.{name}": (kind, name) for kind in DOORS for name in TYPES[kind].fields}
    assert set(LINES) == set(DOORS)
    assert lines <= set(fields), "there are no such fields"
    assert {one for one, (kind, name) in fields.items() if wants_line(kind, name)} <= lines, "say in LINES who sees it"


def test_value_types_have_no_restricted_fields():
    """Values have no lines: whatever leads from them to objects, or depends on who asks, needs a door in DOORS."""
    values = {kind for kind in TYPES.values() if is_object_type(kind) and kind.name not in DOORS}
    reached = {one.partition(".")[0] for one in everything()}
    leading = {
        f"{kind.name}.{name}"
        for kind in values
        if kind.name in reached and "nodes" not in kind.fields and not kind.name.endswith("Edge")
        for name in kind.fields
        if leads_to_objects(kind.name, name) or name.startswith("viewer")
    }
    assert leading == set()


async def test_every_field_has_something_to_show(owned):
    """Else the comparison with other callers would prove nothing."""
    shown: set[str] = set()
    for (_, kind, _), values in owned.items():
        for name, answer in values.items():
            shown |= leaves(kind, name, [one or None for one in answer] if name.startswith("viewerCan") else answer)
    assert everything() - shown == set(BLANK)


@pytest.mark.parametrize(("setting", "actor"), CASES)
async def test_each_caller_sees_exactly_the_fields_it_may_see(ask_all, owned, setting, actor):
    whole = [Question(kind, door, tuple(TYPES[kind].fields)) for kind, doors in DOORS.items() for door in doors]
    result = await ask_all(setting, actor, whole)
    mistakes = {}
    for question, answer in result.items():
        values = owned[setting, question.kind, question.door]
        if wrong := mistakes_of(question, answer, values, setting, actor):
            mistakes[question.kind, question.door] = wrong
    assert mistakes == {}


def mistakes_of(question: Question, answer: Answer, own: dict[str, list[Any]], setting: str, actor: str) -> list[str]:
    """The fields that were not answered as the tables say."""
    sight = symbol(SIGHTS[DOORS[question.kind][question.door]], setting, actor)
    if sight == ".":
        return ["the object is shown"] if answer.objects else []
    wrong = []
    for name in question.fields:
        expected = symbol(NEEDS[need_of(question.kind, name)], setting, actor)
        if expected in "NFU":
            given = answer.codes.get(name, "none")
            wrong += [f"{name}: {given}"] if given[0] != expected else []
            # The error is the field's own: it is null, and its object is there with all the rest.
            is_null = bool(answer.objects) and all(one[name] is None for one in answer.objects)
            wrong += [] if is_null else [f"{name}: not null, or hides its object"]
        elif name in answer.codes or "" in answer.codes:
            wrong.append(f"{name}: {answer.codes}")
        elif not fits(expected, [compared(one[name]) for one in answer.objects], own.get(name), actor):
            wrong.append(f"{name}: not {expected}: {[one[name] for one in answer.objects]}"[:300])
    return wrong


def fits(expected: str, values: list[Any], own: list[Any] | None, actor: str) -> bool:
    """Whether the values of a field are what a symbol of NEEDS means."""
    role = "owner" if actor == "reader" else actor
    met = {
        "=": values == own,
        ".": not is_real(values),
        "-": not any(values),
        "0": not any(values),
        "<": expected == "<" and bool(rows(values)) and rows(values) < rows(own),
        "r": values == [role.upper()] * len(values),
        "o": is_real(values) and values != own,
        "t": is_real(values),
        "s": is_real(values),
    }
    return bool(values) and met[expected]


def rows(values: list[Any] | None) -> set[str]:
    """The rows of the lists or pages."""
    lists = [one["nodes"] if isinstance(one, dict) else one for one in values or []]
    return {json.dumps(row) for answer in lists for row in answer}


@pytest.mark.parametrize("setting", ["private", "public"])
async def test_a_token_whose_time_is_over_is_told_nothing(client, showcases, secrets, setting):  # noqa: F811
    whole = [Question(kind, door, tuple(TYPES[kind].fields)) for kind, doors in DOORS.items() for door in doors]
    headers = {"Authorization": f"Bearer {secrets['expired']}"}
    for text, variables, _ in documents(whole, showcases[setting].variables):
        answer = await client.post("/graphql", json={"query": text, "variables": variables}, headers=headers)
        assert (answer.status_code, answer.json().get("data")) == (401, None)


NODES = {
    "Alias": "registry", "Artifact": "project", "ArtifactUpload": "members", "BackgroundJob": "members",
    "Candidate": "candidates", "CiJob": "candidates", "CiSettings": "maintainers", "Deployment": "members",
    "Derivation": "registry",
    "Gate": "registry", "GateSet": "registry",
    "Evaluation": "registry", "Experiment": "candidates", "OnlineExperiment": "registry",
    "Group": "project", "Identity": "oneself", "Invitation": "owners", "LoggedModel": "candidates",
    "Member": "members", "Model": "registry",
    "ModelVersion": "registry", "Project": "project", "Promotion": "registry",
    "PromotionRequest": "registry", "Session": "oneself", "Token": "maintainers", "User": "members",
    "Protection": "registry", "Stage": "registry",
    "ServiceAccount": "maintainers", "Webhook": "maintainers", "WebhookDelivery": "maintainers",
}  # fmt: skip
"""Who gets a thing by its id; all others get null, and no error that would tell of it."""


@pytest.mark.parametrize(("setting", "actor"), CASES)
async def test_node_answers_null_for_ids_that_may_not_be_seen(patient, showcases, secrets, setting, actor):  # noqa: F811
    assert set(NODES) == set(LOOKUPS)
    ids = {kind: showcases[setting].variables[kind] for kind in NODES}
    single = " ".join(f"{kind}: node(id: ${kind}) {{ __typename id }}" for kind in ids)
    head = ", ".join(f"${kind}: ID!" for kind in ids)
    document = f"query n({head}, $ids: [ID!]!) {{ {single} nodes(ids: $ids) {{ __typename id }} }}"
    headers = {"Authorization": f"Bearer {secrets[actor]}"} if secrets[actor] else {}
    sent = {"query": document, "variables": {**ids, "ids": list(ids.values())}}
    answer = (await patient.post("/graphql", json=sent, headers=headers)).json()
    assert "errors" not in answer
    expected = {
        kind: {"__typename": kind, "id": id} if symbol(SIGHTS[NODES[kind]], setting, actor) == "=" else None
        for kind, id in ids.items()
    }
    result = answer["data"]
    assert result.pop("nodes") == list(expected.values())
    assert result == expected
