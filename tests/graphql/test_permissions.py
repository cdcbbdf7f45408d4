"""Who may do what: every query and every mutation, by every kind of caller, on a private and on a public project.

The requests are the documented examples. A field without a line in ``NEEDS`` fails.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from graphql import get_named_type, is_object_type

from app.graphql.schema import schema
from tests.support.graphql.callers import ACTORS, secrets  # noqa: F401  (a fixture)
from tests.support.graphql.examples import MUTATIONS, QUERIES, Seeded, seed

HIDDEN, LOW, WHO = "NOT_FOUND", "FORBIDDEN", "UNAUTHENTICATED"
VERDICTS = {
    # what it takes:      nobody  stranger guest   reporter develop. maintain. owner  reader
    ("open", "*"): ("ok",) * 8,
    ("signed in", "*"): (None, "ok", "ok", "ok", "ok", "ok", "ok", "ok"),
    ("to see it", "private"): (None, None, "ok", "ok", "ok", "ok", "ok", "ok"),
    ("to see it", "public"): ("ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok"),
    ("to see all", "private"): (HIDDEN, HIDDEN, "ok", "ok", "ok", "ok", "ok", "ok"),
    ("to see all", "public"): ("ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok"),
    ("to be a member", "*"): (None, None, "ok", "ok", "ok", "ok", "ok", "ok"),
    ("membership", "private"): (HIDDEN, HIDDEN, "ok", "ok", "ok", "ok", "ok", "ok"),
    ("membership", "public"): (None, None, "ok", "ok", "ok", "ok", "ok", "ok"),
    ("reporter", "private"): (HIDDEN, HIDDEN, LOW, "ok", "ok", "ok", "ok", LOW),
    ("reporter", "public"): (WHO, LOW, LOW, "ok", "ok", "ok", "ok", LOW),
    ("developer", "private"): (HIDDEN, HIDDEN, LOW, LOW, "ok", "ok", "ok", LOW),
    ("developer", "public"): (WHO, LOW, LOW, LOW, "ok", "ok", "ok", LOW),
    ("person of the role developer", "private"): (HIDDEN, HIDDEN, LOW, LOW, "ok", "ok", "ok", LOW),
    ("person of the role developer", "public"): (WHO, LOW, LOW, LOW, "ok", "ok", "ok", LOW),
    ("maintainer", "private"): (HIDDEN, HIDDEN, LOW, LOW, LOW, "ok", "ok", LOW),
    ("maintainer", "public"): (WHO, LOW, LOW, LOW, LOW, "ok", "ok", LOW),
    # Jobs are seen by members and by those who asked for them, whatever the visibility.
    ("maintainer of a job", "*"): (HIDDEN, HIDDEN, LOW, LOW, LOW, "ok", "ok", LOW),
    # Callers who do not manage tokens cannot know of one.
    ("manager of a token", "*"): (WHO, HIDDEN, HIDDEN, HIDDEN, HIDDEN, "ok", "ok", LOW),
    # Uploads are ended by who has made them, here the owner, and given up by maintainers, too.
    # Sessions are their person's alone, here the owner's.
    ("person of the session", "*"): (WHO, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, "ok", LOW),
    ("person", "*"): (WHO, "ok", "ok", "ok", "ok", "ok", "ok", LOW),
    ("maker of the upload", "private"): (HIDDEN, HIDDEN, LOW, LOW, LOW, LOW, "ok", LOW),
    ("maker of the upload", "public"): (WHO, LOW, LOW, LOW, LOW, LOW, "ok", LOW),
    ("maintainer of the group", "private"): (HIDDEN, HIDDEN, LOW, LOW, LOW, LOW, "ok", LOW),
    # A public project stands in a public group.
    ("maintainer of the group", "public"): (WHO, LOW, LOW, LOW, LOW, LOW, "ok", LOW),
    # A project beside, of which only the owner of its group is a member.
    ("owner of another project", "private"): (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, "ok", LOW),
    ("owner of another project", "public"): (WHO, LOW, LOW, LOW, LOW, LOW, "ok", LOW),
    ("owner of something private beside", "*"): (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, "ok", LOW),
    ("owner", "private"): (HIDDEN, HIDDEN, LOW, LOW, LOW, LOW, "ok", LOW),
    ("owner", "public"): (WHO, LOW, LOW, LOW, LOW, LOW, "ok", LOW),
    # Only owners of what an invitation is to know of it.
    ("owner of an invitation", "*"): (WHO, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, "ok", LOW),
    ("holder of an identity", "*"): (WHO, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, "ok", LOW),
    ("administrator", "*"): (WHO, LOW, LOW, LOW, LOW, LOW, LOW, LOW),
    ("member of anything together", "*"): (None, None, "ok", "ok", "ok", "ok", "ok", "ok"),
    ("oneself", "*"): (WHO, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, LOW),
    # No token, whosever it is: tests/access/test_password_change.py
    ("session of a browser", "*"): (WHO, LOW, LOW, LOW, LOW, LOW, LOW, LOW),
}
"""``ok``: done or answered; None: null, or an empty list."""
NEEDS = {
    "open": ["signInMethods", "gateKinds"],
    "signed in": ["viewer"],
    "to see it": [
        "project", "projects", "model", "modelVersion", "experiment", "candidate", "loggedModel", "artifact",
        "metricSeries", "node", "nodes", "group", "groups", "impact",
        "modelVersionManifest",
    ],
    "to see all": [
        "promotionCheck", "candidatesCompare", "modelVersionsCompare", "modelVersionDiff", "search", "gatesDryRun",
    ],
    "to be a member": ["backgroundJob"],
    "membership": ["backgroundJobs"],
    "reporter": [
        "modelCreate", "modelUpdate", "modelDelete", "modelVersionCheck", "modelVersionComplete", "modelVersionCreate",
        "modelVersionCopy", "modelVersionUpdate",
        "modelVersionDelete", "modelVersionStageSet", "aliasSet", "aliasDelete", "aliasRollback", "stageRollback",
        "artifactsDelete",
        "artifactUploadCreate", "ciJobLink", "ciJobRefresh",
        "modelVersionSeal", "modelVersionYank", "modelVersionDeprecate", "modelVersionUndeprecate",
        "deploymentRegister", "deploymentHeartbeat", "deploymentEnd", "derivationCreate", "derivationDelete",
        "modelVersionPromote", "promotionRequestCreate", "promotionRequestComment",
        "modelRestore", "modelVersionRestore",
        "evaluationCreate", "factsSet", "onlineExperimentCreate", "onlineExperimentLog", "onlineExperimentConclude",
    ],
    "developer": [
        "experimentCreate", "experimentUpdate", "experimentDelete", "experimentRestore",
        "candidateCreate", "candidateLog", "candidateUpdate", "candidateDelete", "candidateRestore",
        "loggedModelCreate", "loggedModelUpdate", "loggedModelDelete", "ciJobUnlink", "promotionRequestReject",
    ],
    "person of the role developer": ["promotionRequestApprove"],
    "maintainer": [
        "promotionRequestWithdraw",
        "projectUpdate", "memberSet", "memberDelete", "tokenCreate", "serviceAccountCreate",
        "artifactUploadAbort", "artifactRelease", "auditLog", "auditHeads",
        "webhookCreate", "webhookUpdate", "webhookDelete", "webhookTest", "webhookDeliveryReplay",
        "ciSettingsUpdate", "ciSettingsDelete", "gatesSet", "modelVersionUnyank",
        "stageCreate", "stageUpdate", "stageRetire", "protectionSet", "protectionDelete",
    ],
    "maintainer of a job": ["backgroundJobRetry", "backgroundJobCancel"],
    "manager of a token": ["tokenRevoke", "tokenRotate", "serviceAccountUpdate", "serviceAccountDelete"],
    "person of the session": ["sessionRevoke"],
    "person": ["sessionsRevoke"],
    "maker of the upload": ["artifactUploadComplete"],
    "maintainer of the group": ["groupCreate", "projectCreate"],
    "owner of another project": ["projectDelete"],
    "owner of something private beside": ["projectTransfer", "groupUpdate", "groupDelete"],
    "member of anything together": ["user"],
    # By others than administrators: the user is a member of nothing.
    "oneself": ["userUpdate"],
    "owner": ["userInvite"],
    "owner of an invitation": ["invitationRenew", "invitationRevoke"],
    "holder of an identity": ["identityDelete"],
    "administrator": [
        "accessLog", "invitations", "userPasswordResetCreate", "userCreate", "users", "userDeactivate",
        "projectLimitsUpdate",
        "userReactivate", "userDelete",
    ],
    "session of a browser": ["passwordChange"],
    "own uploads": ["artifactUpload", "artifactUploads"],
}  # fmt: skip
VERDICTS |= {
    # Visitors see their own uploads, which are none.
    ("own uploads", "private"): (None, None, "ok", "ok", "ok", "ok", "ok", "ok"),
    ("own uploads", "public"): (None, None, "ok", "ok", "ok", "ok", "ok", "ok"),
}
FIELDS = QUERIES + MUTATIONS


@pytest.fixture(scope="module")
async def projects(runtime, staff, data, people) -> dict[tuple[str, str], Seeded]:
    """A project for every actor and visibility, since an example works once."""
    answer: dict[tuple[str, str], Seeded] = {}
    for visibility in ("private", "public"):
        requests = [seed(runtime, staff, data, people, visibility=visibility) for _ in ACTORS]
        seeded = await asyncio.gather(*requests)
        answer |= {(visibility, actor): one for actor, one in zip(ACTORS, seeded, strict=True)}
    return answer


def test_every_field_says_what_it_takes():
    lines = [field for fields in NEEDS.values() for field in fields]
    assert sorted(lines) == sorted(FIELDS), "add new fields to NEEDS"


def test_changeable_types_have_viewer_can_fields_and_a_creator():
    """Front ends ask `viewerCan…` before they show a button."""
    payloads = (field.type.of_type for field in schema._schema.mutation_type.fields.values())
    kinds = {get_named_type(field.type) for payload in payloads for field in payload.fields.values()}
    objects = {kind.name: kind.fields for kind in kinds if is_object_type(kind) and kind.name != "UserError"}
    silent = {name for name, fields in objects.items() if not any(one.startswith("viewerCan") for one in fields)}
    makers = {"createdBy", "requestedBy", "setBy"}
    unsigned = {name for name, fields in objects.items() if not makers & set(fields)}
    # Members have it on their project, deliveries on their webhook; promotions never change.
    assert silent == {"Member", "Promotion", "WebhookDelivery", "WebhookTestResult"}
    # Groups are made by their first owner, sessions are of their person, CI jobs and deliveries by no user; settings
    # are a part of their project, and of users the access log tells who made them.
    assert unsigned == silent | {"CiJob", "CiSettings", "Group", "Session", "User"}


@pytest.mark.parametrize("field", FIELDS)
async def test_each_operation_requires_the_documented_role(client, projects, secrets, field):  # noqa: F811
    need = next(name for name, fields in NEEDS.items() if field in fields)
    result, expected = {}, {}
    for visibility in ("private", "public"):
        row = VERDICTS.get((need, visibility)) or VERDICTS[need, "*"]
        for actor, verdict in zip(ACTORS, (*row, "401"), strict=True):
            document, variables = projects[visibility, actor].example(field)
            secret = secrets[actor]
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            sent = {"query": document, "variables": variables}
            answer = await client.post("/graphql", json=sent, headers=headers)
            result[visibility, actor] = verdict_of(answer, field)
            expected[visibility, actor] = verdict
    assert result == expected


def verdict_of(answer: Any, field: str) -> str | None:
    if answer.status_code != 200:
        return str(answer.status_code)
    body = answer.json()
    if body.get("errors"):
        # An error of its own: whatever stands beside the field is answered.
        assert body["data"] is not None, body
        assert body["data"][field] is None, body
        return str(body["errors"][0]["extensions"]["code"])
    value = body["data"][field]
    if isinstance(value, dict) and value.get("userErrors"):
        assert not [name for name, one in value.items() if one and name != "userErrors"], value
        return str(value["userErrors"][0]["code"])
    return "ok" if is_something(value) else None


def is_something(value: Any) -> bool:
    """Whether an answer tells of anything at all."""
    if isinstance(value, list):
        return any(one is not None for one in value)
    if isinstance(value, dict) and "nodes" in value:
        return bool(value["nodes"])
    return value is not None
