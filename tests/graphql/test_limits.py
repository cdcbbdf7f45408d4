"""Documents that are too large are refused before anything else is done with them."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query

from app.graphql import cost
from app.graphql.schema import schema

DOUBLING = "\n".join(
    ["{ ...f0 }"]
    + [f"fragment f{number} on Query {{ ...f{number + 1} ...f{number + 1} }}" for number in range(40)]
    + ["fragment f40 on Query { viewer { isAdmin } }"]
)
NESTED = "{ groups { nodes " + "{ parent " * 12 + "{ id }" + " }" * 14


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("{ " + " ".join(f"a{number}: viewer {{ isAdmin }}" for number in range(31)) + " }", "30 aliases"),
        ("{ " + "viewer { isAdmin } " * 21 + "}", "20 root fields"),
        ("{ ...a } fragment a on Query { " + "viewer { isAdmin } " * 21 + "}", "20 root fields"),
        ("{ viewer { " + "isAdmin " * 2000 + "} }", "2,000 fields"),
        (NESTED, "12 levels"),
        ("{ ...a } fragment a on Query { " + NESTED[1:], "12 levels"),
        ("{ viewer @skip(if: false) { isAdmin " + "@skip(if: false) " * 30 + "} }", "30 directives"),
        ("query q(" + " ".join(f"$v{n}: Int" for n in range(101)) + ") { viewer { isAdmin } }", "100 variables"),
        ("{ viewer { isAdmin } } " + " ".join(f"fragment f{n} on Query {{ a }}" for n in range(51)), "50 fragments"),
        ("{ " + "... { " * 61 + "viewer { isAdmin }" + " }" * 62, "60"),
        (DOUBLING, "2,000 fields"),
        (
            "{ projects(first: 99) { nodes { members(first: 99) { nodes { role } } } } }",
            "10,000 points of cost",
        ),
    ],
    ids=lambda value: value[:40],
)
async def test_breaches_are_named(ask, document, what):
    answer = await ask(None, document)
    assert answer.data is None
    (error,) = answer.errors
    assert error["extensions"] == {"code": "TOO_LARGE"}
    assert f"at most {what}" in error["message"]


async def test_tokens_are_limited_in_the_parser(ask):
    answer = await ask(None, "{ viewer { " + "isAdmin " * 3000 + "} }")
    assert "3000 tokens" in answer.errors[0]["message"]


@pytest.mark.parametrize(
    "document",
    [
        "{ ...a } fragment a on Query { ...a }",
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a viewer { isAdmin } }",
        "{ ...missing }",
        "{ viewer { isAdmin } } fragment unused on Query { viewer { isAdmin } }",
    ],
)
async def test_broken_fragments_are_left_to_validation(ask, document):
    answer = await ask(None, document)
    assert answer.data is None
    assert all("Internal" not in error["message"] for error in answer.errors)


async def test_few_errors_are_told_and_in_few_words(ask):
    answer = await ask(None, "{ project(by: {" + " ".join(f"a{n}: 1" for n in range(900)) + "}) { id } }")
    assert answer.data is None
    assert len(answer.errors) <= 6
    assert max(len(error["message"]) for error in answer.errors) <= 1_001


async def test_standard_introspection_passes(data):
    answer = await data(None, get_introspection_query())
    assert answer["__schema"]["queryType"] == {"name": "Query", "kind": "OBJECT"}


@pytest.mark.parametrize(
    ("document", "variables", "expected"),
    [
        ("{ viewer { isAdmin } }", {}, 2),
        ("{ projects { nodes { id } } }", {}, 1 + 20 * 2),
        ("{ projects(first: 5) { nodes { id name } pageInfo { endCursor } } }", {}, 1 + 5 * 5),
        ("query q($n: Int) { projects(first: $n) { nodes { id } } }", {"n": 7}, 1 + 7 * 2),
        ("query q($n: Int = 9) { projects(first: $n) { nodes { id } } }", {}, 1 + 9 * 2),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', {}, 1 + 3),
        ("query q($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a", "b"]}, 1 + 2),
        ("{ ...p ...p } fragment p on Query { projects(last: 3) { nodes { id } } }", {}, 2 * (1 + 3 * 2)),
    ],
)
async def test_cost_is_fields_times_rows(ask, document, variables, expected):
    answer = await ask(None, document, **variables)
    assert answer.errors == []
    assert answer.extensions["cost"] == {"requested": expected, "limit": 10_000}


def test_no_field_means_a_page_here_and_a_value_there():
    connections = cost.connection_fields(schema._schema)
    kinds = [kind for kind in schema._schema.type_map.values() if not kind.name.startswith("__")]
    for kind in kinds:
        for name, field in getattr(kind, "fields", {}).items():
            if name in connections and hasattr(field, "args"):
                assert "first" in field.args, f"{kind.name}.{name} shares its name with a connection"
