"""What tokens of projects and groups may ask and do: every field of Query and Mutation, tokens of every role.

The same for people: tests/graphql/test_permissions.py, whose table says what each field takes; a field that is in
neither fails there.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.access.tokens_of_places import KINDS, TOKENS, Bearer, token_of
from tests.graphql.examples import MUTATIONS, QUERIES, Seeded, seed
from tests.graphql.test_permissions import HIDDEN, LOW, NEEDS, verdict_of

FIELDS = QUERIES + MUTATIONS
MANAGED = [
    "projectUpdate", "memberSet", "memberRemove", "tokenCreate", "webhookCreate", "webhookUpdate", "webhookDelete",
    "webhookTest", "webhookDeliveryReplay", "ciSettingsUpdate", "ciSettingsDelete",
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
    # The uploads are a person's.
    "maker of the upload": (LOW,) * len(KINDS),
    ("maintainer of the group", "project"): (LOW,) * len(KINDS),
    ("maintainer of the group", "group"): (LOW, LOW, LOW, LOW, LOW, LOW, "ok", "ok"),
    ("owner of another project", "project"): (HIDDEN,) * len(KINDS),
    ("owner of another project", "group"): (LOW, LOW, LOW, LOW, LOW, LOW, LOW, "ok"),
    "administrator": (LOW,) * len(KINDS),
}


def expected(field: str, place: str, name: str) -> str:
    need = "managed" if field in MANAGED else next(need for need, fields in NEEDS.items() if field in fields)
    row = VERDICTS.get(need) or VERDICTS.get((need, place)) or SEEN
    return row[list(KINDS).index(name)]


@pytest.fixture(scope="module")
async def places(runtime, staff, data, people) -> dict[tuple[str, str], tuple[Seeded, Bearer]]:
    """A project for every token, since an example works once."""
    seeded = await asyncio.gather(*(seed(runtime, staff, data, people) for _ in TOKENS))
    return {
        token: (one, await token_of(runtime, one.project, *token)) for token, one in zip(TOKENS, seeded, strict=True)
    }


@pytest.mark.parametrize("field", FIELDS)
async def test_verdicts(client, places, field):
    found, wanted = {}, {}
    for token, (seeded, bearer) in places.items():
        document, variables = seeded.example(field)
        sent = {"query": document, "variables": variables}
        answer = await client.post("/graphql", json=sent, headers=bearer.headers)
        found[token], wanted[token] = verdict_of(answer, field), expected(field, *token)
    assert found == wanted
