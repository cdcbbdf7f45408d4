"""Every field of Query and Mutation by callers that test_token_matrix.py and tests/graphql/test_permissions.py lack.

Tokens with a part of the scopes, tokens that are confined to models, service accounts, browsers with a session, people
who were deactivated, and people whose membership has ended. All are those of the owner, or have that role: what is
refused is refused for the scope. A field without a line in ``SCOPED`` fails.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from app.access.policy import Role
from tests.access.test_token_matrix import expected as of_bot
from tests.conftest import new_person
from tests.graphql.test_permissions import HIDDEN, NEEDS, VERDICTS, verdict_of
from tests.support.access.narrow_tokens import NARROW, account_token, narrow_token
from tests.support.access.signed_in import sign_in
from tests.support.graphql.examples import MUTATIONS, QUERIES, Seeded, seed

FIELDS = QUERIES + MUTATIONS
LETTERS = {"o": "ok", "-": None, "p": "part", "F": "FORBIDDEN", "N": HIDDEN, "u": "unless deleted"}
_SCOPED = {
    # reads registry, writes registry, writes candidates, reads bytes, patterns: of a person, then of a project
    "FFFFF FFFFF": """
      users accessLog auditLog auditHeads modelVersionsCompare invitations nodes serviceAccountCreate
      serviceAccountUpdate serviceAccountDelete userCreate groupCreate projectCreate projectUpdate projectLimitsUpdate
      memberSet memberDelete tokenCreate tokenRotate tokenRevoke userUpdate userDeactivate userReactivate
      userDelete artifactsDelete artifactRelease webhookCreate webhookUpdate webhookDelete webhookTest
      webhookDeliveryReplay ciSettingsUpdate ciSettingsDelete identityDelete sessionRevoke sessionsRevoke
      promotionRequestApprove promotionRequestReject promotionRequestWithdraw
      userInvite invitationRenew invitationRevoke userPasswordResetCreate passwordChange gatesSet gatesDryRun
      stageCreate stageUpdate stageRetire protectionSet protectionDelete modelVersionUnyank
    """,
    "ooooo ooooo": """
      group project groups projects search artifactUpload signInMethods gateKinds
    """,
    "----- -----": """
      user backgroundJob backgroundJobs
    """,
    "ppppp ppppp": """
      viewer
    """,
    "ooFoo ooFoo": """
      model impact artifactUploads modelVersionManifest promotionCheck
    """,
    "ppFpp ppFpp": """
      modelVersion modelVersionDiff
    """,
    "FoFFo FoFFo": """
      modelVersionCheck modelUpdate modelDelete modelVersionCreate modelVersionComplete modelVersionCopy
      modelVersionUpdate modelVersionDelete modelVersionStageSet aliasSet aliasDelete artifactUploadCreate
      ciJobLink deploymentRegister deploymentHeartbeat deploymentEnd derivationCreate derivationDelete
      modelVersionPromote promotionRequestCreate promotionRequestComment modelRestore modelVersionRestore
      modelVersionSeal modelVersionYank modelVersionDeprecate modelVersionUndeprecate
      evaluationCreate factsSet onlineExperimentCreate onlineExperimentLog onlineExperimentConclude
      aliasRollback stageRollback
    """,
    "FFpFF FFpFF": """
      experiment artifact
    """,
    "FFoFF FFoFF": """
      candidate loggedModel candidatesCompare metricSeries node experimentCreate experimentUpdate
      experimentDelete experimentRestore candidateCreate candidateLog candidateUpdate candidateDelete
      candidateRestore loggedModelCreate loggedModelUpdate loggedModelDelete ciJobUnlink
    """,
    "FFFFF NNNNN": """
      projectDelete groupUpdate groupDelete projectTransfer
    """,
    "FpFFp FpFFp": """
      modelCreate
    """,
    "FuFFu FNFFN": "artifactUploadComplete",
    "FuFFu FuFFu": "artifactUploadAbort",
    "NNNNN NNNNN": """
      backgroundJobRetry backgroundJobCancel
    """,
    "FooFF FooFF": """
      ciJobRefresh
    """,
}
SCOPED = {field: row.replace(" ", "") for row, fields in _SCOPED.items() for field in fields.split()}
"""For tokens of :data:`NARROW`: ``o`` done, ``p`` but for a part, ``-`` null or nothing, ``F`` forbidden, ``N`` as if
it were not there. The patterns match the models of most examples. The uploads of the examples are to a version."""
ACCOUNTS = [(holder, name) for holder in ("project", "group") for name in ("reporter", "developer", "managing")]
SESSIONS = [Role.OWNER, Role.DEVELOPER, Role.GUEST]
NARROW_CALLERS = [(holder, name) for holder in ("person", "project") for name in NARROW]
PATTERNS = ("digits", "production-*", "old-*", "new-*", "fraud-*")


@pytest.fixture(scope="module")
async def callers(runtime, admin, staff, data, people, url) -> dict[Any, tuple[Seeded, dict[str, str]]]:
    """A project for every caller, since an example works once."""
    made: dict[Any, tuple[Seeded, dict[str, str]]] = {}

    async def seeded() -> Seeded:
        return await seed(runtime, staff, data, people)

    count = len(NARROW_CALLERS) + len(ACCOUNTS) + len(SESSIONS) + 2
    projects = iter(await asyncio.gather(*(seeded() for _ in range(count))))
    for holder, name in NARROW_CALLERS:
        one = next(projects)
        made["narrow", holder, name] = one, (await narrow_token(runtime, one.project, holder, name, PATTERNS)).headers
    for holder, name in ACCOUNTS:
        one = next(projects)
        made["account", holder, name] = one, (await account_token(runtime, one.project, holder, name)).headers
    for role in SESSIONS:
        one = next(projects)
        made["session", role] = one, (await sign_in(runtime, one.project[role].actor)).headers
    gone, ended = await new_person(runtime, admin, "gone"), await new_person(runtime, admin, "ended")
    made["deactivated"], made["expired membership"] = (next(projects), gone.headers), (next(projects), ended.headers)
    async with runtime.db.write() as tx:
        values = {"user": ended.actor.user_id, "project": made["expired membership"][0].project.id}
        await tx.execute(text(_ENDED), values)
        await tx.execute(text("UPDATE users SET blocked_at = now() WHERE id = :user"), {"user": gone.actor.user_id})
    return made


_ENDED = """INSERT INTO memberships (user_id, project_id, role, expires_at)
  VALUES (:user, :project, 50, now() - interval '1 second')"""


def expected(field: str, caller: Any) -> str | None:
    match caller:
        case ("narrow", holder, name):
            column = NARROW_CALLERS.index((holder, name))
            return LETTERS[SCOPED[field][column]]
        case ("account", holder, name):
            return of_bot(field, holder, name)
        case ("session", role):
            return _of_person(field, 2 + list(Role).index(role))
        case "deactivated":
            return "401"
    return _of_person(field, 1)


def _of_person(field: str, column: int) -> str | None:
    need = next(need for need, fields in NEEDS.items() if field in fields)
    return (VERDICTS.get((need, "private")) or VERDICTS[need, "*"])[column]


def verdict(answer: Any, field: str) -> str | None:
    """As ``verdict_of``; ``part``: answered, but for what is beyond the scope."""
    body = answer.json() if answer.status_code == 200 else {}
    if not body.get("errors"):
        return verdict_of(answer, field)
    codes = {error["extensions"]["code"] for error in body["errors"]}
    value = (body["data"] or {}).get(field)
    if value is None:
        return codes.pop() if len(codes) == 1 else str(sorted(codes))
    assert codes == {"FORBIDDEN"}, body["errors"]
    return "part"


def test_every_field_says_what_it_takes():
    assert sorted(SCOPED) == sorted(FIELDS), "add new fields to SCOPED"


@pytest.mark.parametrize("field", FIELDS)
async def test_verdicts(client, callers, field):
    verdicts, wanted = {}, {}
    for caller, (seeded, headers) in callers.items():
        document, variables = seeded.example(field)
        answer = await client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
        verdicts[caller], wanted[caller] = verdict(answer, field), expected(field, caller)
        if wanted[caller] == "unless deleted":
            wanted[caller] = verdicts[caller] if verdicts[caller] in {"ok", HIDDEN} else "ok"
        if field == "passwordChange" and caller[0] == "session":  # a person with a session may, with the right password
            wanted[caller] = verdicts[caller] if verdicts[caller] in {"INVALID", "CONFLICT"} else "INVALID"
    assert verdicts == wanted
