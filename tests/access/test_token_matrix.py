"""What tokens of projects and groups may ask and do: every field of Query and Mutation, tokens of every role.

The same for people: tests/graphql/test_permissions.py, whose table says what each field takes; a field that is in
neither fails there. REST: test_token_routes.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.access.policy import Role
from tests.graphql.test_configured_limits import configured
from tests.graphql.test_permissions import HIDDEN, LOW, NEEDS, verdict_of
from tests.support.access.scoped_tokens import KINDS, TOKENS, Bearer, token_of
from tests.support.graphql.examples import MUTATIONS, QUERIES, Seeded, seed
from tests.support.graphql.field_matrix import DOORS, TYPES, Question, documents, read

FIELDS = QUERIES + MUTATIONS
MANAGED = [
    "projectUpdate", "memberSet", "memberDelete", "tokenCreate", "serviceAccountCreate",
    "webhookCreate", "webhookUpdate", "webhookDelete",
    "promotionRequestWithdraw",
    "webhookTest", "webhookDeliveryReplay", "ciSettingsUpdate", "ciSettingsDelete", "gatesSet",
    "stageCreate", "stageUpdate", "stageRetire", "protectionSet", "protectionDelete",
]  # fmt: skip
"""Of what people of the role maintainer may do: a bot needs a scope for it that a person has granted."""
SEEN = ("ok",) * len(KINDS)
VERDICTS = {
    # what it takes: guest reporter develop. maintain. owner reader managing deleting
    "reporter": (LOW, "ok", "ok", "ok", "ok", LOW, "ok", "ok"),
    "developer": (LOW, LOW, "ok", "ok", "ok", LOW, "ok", "ok"),
    "maintainer": (LOW, LOW, LOW, "ok", "ok", LOW, "ok", "ok"),
    "managed": (LOW, LOW, LOW, LOW, LOW, LOW, "ok", "ok"),
    "maintainer of a job": (LOW, LOW, LOW, "ok", "ok", LOW, "ok", "ok"),
    "manager of a token": (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, LOW, "ok", "ok"),
    # Only people approve.
    "person of the role developer": (LOW,) * len(KINDS),
    # Only people invite people.
    "owner": (LOW,) * len(KINDS),
    "owner of an invitation": (LOW,) * len(KINDS),
    # Identities are of people.
    "holder of an identity": (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, LOW, HIDDEN, HIDDEN),
    # The sessions and uploads are a person's.
    "person of the session": (LOW,) * len(KINDS),
    "person": (LOW,) * len(KINDS),
    "maker of the upload": (LOW,) * len(KINDS),
    ("maintainer of the group", "project"): (LOW,) * len(KINDS),
    ("maintainer of the group", "group"): (LOW, LOW, LOW, LOW, LOW, LOW, "ok", "ok"),
    ("owner of another project", "project"): (HIDDEN,) * len(KINDS),
    ("owner of another project", "group"): (LOW, LOW, LOW, LOW, LOW, LOW, LOW, "ok"),
    ("owner of something private beside", "project"): (HIDDEN,) * len(KINDS),
    ("owner of something private beside", "group"): (LOW, LOW, LOW, LOW, LOW, LOW, LOW, "ok"),
    "administrator": (LOW,) * len(KINDS),
    "oneself": (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, LOW, HIDDEN, HIDDEN),
    "session of a browser": (LOW,) * len(KINDS),
}


def expected(field: str, scope: str, name: str) -> str:
    need = "managed" if field in MANAGED else next(need for need, fields in NEEDS.items() if field in fields)
    boundary = "group" if scope == "group" else "project"
    row = VERDICTS.get(need) or VERDICTS.get((need, boundary)) or SEEN
    return row[list(KINDS).index(name)]


@pytest.fixture(scope="module")
async def projects_by_token(runtime, staff, data, people) -> dict[tuple[str, str], tuple[Seeded, Bearer]]:
    """A project for every token, since an example works once."""
    seeded = [await seed(runtime, staff, data, people) for _ in TOKENS]
    return {
        token: (one, await token_of(runtime, one.project, *token)) for token, one in zip(TOKENS, seeded, strict=True)
    }


@pytest.mark.parametrize("field", FIELDS)
async def test_verdicts(client, projects_by_token, field):
    verdicts, wanted = {}, {}
    for token, (seeded, bearer) in projects_by_token.items():
        document, variables = seeded.example(field)
        sent = {"query": document, "variables": variables}
        answer = await client.post("/graphql", json=sent, headers=bearer.headers)
        verdicts[token], wanted[token] = verdict_of(answer, field), expected(field, *token)
    assert verdicts == wanted


MANAGED_FIELDS = {
    ("Project", "accessLog"), ("Project", "invitations"), ("Project", "tokens"), ("Project", "webhooks"),
    ("Project", "ciSettings"), ("Project", "serviceAccounts"),
    ("Group", "serviceAccounts"), ("Group", "accessLog"), ("Group", "invitations"), ("Group", "tokens"),
}  # fmt: skip
MANAGED_TYPES = {
    "AccessLogEntry",
    "CiSettings",
    "Invitation",
    "InvitationMembership",
    "ServiceAccount",
    "Token",
    "Webhook",
    "WebhookDelivery",
}
OF_PEOPLE = {"Identity", "Session"}
"""What only people have, each their own."""


@pytest.fixture(scope="module")
async def patient(runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose queries may take as long as a busy machine needs for such large ones."""
    async with configured(runtime, graphql_query_seconds=60.0) as opened:
        yield opened


@pytest.fixture(scope="module")
async def shown(patient, showcases):
    """Every field of every object of a private project, asked for alone: which are seen, and the errors of others."""
    single = [
        Question(kind, door, (name,)) for kind, doors in DOORS.items() for door in doors for name in TYPES[kind].fields
    ]

    async def ask(headers) -> tuple[set[tuple[str, str, str]], dict[tuple[str, str, str], str]]:
        seen, codes = set(), {}
        for document, variables, page in documents(single, showcases["private"].variables):
            sent = {"query": document, "variables": variables}
            answer = await patient.post("/graphql", json=sent, headers=headers)
            assert answer.status_code == 200, answer.text
            for question, result in read(answer.json(), page):
                key = (question.kind, question.fields[0], question.door)
                codes |= dict.fromkeys([key] if result.codes else [], "".join(result.codes.values()))
                seen |= {key} if result.objects and not result.codes else set()
        return seen, codes

    return ask


@pytest.fixture(scope="module")
def of_people() -> dict[Role, Any]:
    """What was asked already of people: it is the same for all tokens of a role."""
    return {}


LOOKING = [token for token in TOKENS if token[1] in {"guest", "owner", "managing", "reader"} or token[0] == "job"]


@pytest.mark.parametrize(("scope", "name"), LOOKING)
async def test_tokens_see_what_people_of_their_role_see(runtime, showcases, shown, of_people, scope, name):
    """But what is managed, and what is beyond their scope; and no field breaks."""
    project = showcases["private"].project
    bearer = await token_of(runtime, project, scope, name)
    role = Role.OWNER if name in {"reader", "deleting"} else KINDS[name][0]
    seen, codes = await shown(bearer.headers)
    if role not in of_people:
        of_people[role], _ = await shown(project[role].headers)
    theirs = of_people[role]
    assert set(codes.values()) <= {LOW, HIDDEN}, codes
    managing = name in {"managing", "deleting"}
    missed = {key for key in theirs - seen if key[0] not in MANAGED_TYPES | OF_PEOPLE and key[:2] not in MANAGED_FIELDS}
    # The owner of these projects is the owner of the group around them, too; a token of the project is not.
    beyond = {key for key in missed if key[0] == "Group" or "group(by" in key[2]} if scope != "group" else set()
    # What is deleted is shown to those who may restore it.
    deleted = {key for key in missed if "view: DELETED" in key[2] and key[0] != "Experiment"}
    # The audit log takes the scope api.
    audited = {key for key in missed if key[0] == "AuditEntry"}
    assert missed - beyond - (deleted | audited if name == "reader" else set()) == set()
    told = {key for key in seen if key[0] in MANAGED_TYPES or key[:2] in MANAGED_FIELDS}
    assert bool(told) == managing, told
