"""Documents that are too large are refused before anything else is done with them."""

from __future__ import annotations

import json

import pytest
from graphql import (
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_object_type,
    parse,
)

from app.graphql.execution import cost, page_sizes
from app.graphql.schema import schema
from app.settings import Settings
from tests.support.graphql.examples import EXAMPLES, FOLDER

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


async def test_validation_errors_are_limited_in_number_and_length(ask):
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


SERIES = """query q($keys: [String!]!, $points: Int!, $size: Int = 250) {
  metricSeries(candidateIds: ["a", "b", "c"], keys: $keys, maxPoints: $points) {
    candidate { name metricSample(key: "k", maxPoints: $size) { step value } }
    ...s } }
fragment s on CandidateSeries { series { key points { step value } } }"""


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("candidateSearch(experimentIds: []) { nodes { id } }", 1 + 20 * 2),
        ('candidateSearch(experimentIds: ["a", "b"], first: 7) { nodes { id } pageInfo { endCursor } }', 1 + 7 * 4),
        ("loggedModelSearch(experimentIds: [], first: 100) { nodes { id } }", 1 + 100 * 2),
        ("experimentSearch(first: 2) { nodes { loggedModels(first: 3) { nodes { id } } } }", 1 + 2 * (1 + 1 + 3 * 2)),
        ("modelSearch(first: 9) { nodes { descriptionHtml } }", 1 + 9 * (1 + 10)),
        ("modelVersionSearch(first: 1000) { nodes { id } }", 1 + 100 * 2),
    ],
)
async def test_searches_cost_their_pages(ask, selection, expected):
    answer = await ask(None, f'{{ project(by: {{path: "a/b"}}) {{ {selection} }} }}')
    assert answer.extensions["cost"]["requested"] == 1 + expected


@pytest.mark.parametrize(
    ("points", "keys", "expected"), [(500, 2, 5), (501, 2, 6), (4, 1, 1), (2_500, 20, 25), (10**6, 20, 25)]
)
async def test_curves_cost_by_the_hundred_points(ask, points, keys, expected):
    answer = await ask(None, SERIES, keys=[str(number) for number in range(keys)], points=points)
    curves = 1 + keys * (1 + 1 + expected * 2)
    assert answer.extensions["cost"]["requested"] == 1 + 3 * (1 + 1 + (1 + 3 * 2) + curves)


@pytest.mark.parametrize(("arguments", "expected"), [("", 1), ("(maxParts: 1000)", 10), ("(maxParts: 101)", 2)])
async def test_parts_cost_by_the_hundred(ask, arguments, expected):
    answer = await ask(None, f'{{ artifactUpload(by: {{id: "a"}}) {{ parts{arguments} {{ number url }} }} }}')
    assert answer.extensions["cost"]["requested"] == 1 + 1 + expected * 2


async def test_deeply_nested_fragments_are_refused_quickly(ask):
    """Each fragment is small where it was measured; below the curves all of them stand within each other."""
    chain = "".join(
        f"fragment f{n} on MetricSeries {{ {'... { ' * 30} key ...f{n + 1} {'} ' * 30} }} " for n in range(20)
    )
    spread = " ".join(f"...f{n}" for n in range(20, -1, -1))
    document = f"""query q {{ candidate(by: {{id: "a"}}) {{
      a: metricSeries(keys: ["a"]) {{ {spread} }} b: metricSeries(keys: ["a"], maxPoints: 9) {{ ...f0 }} }} }}
      {chain} fragment f20 on MetricSeries {{ key }}"""
    (error,) = (await ask(None, document)).errors
    assert error["extensions"] == {"code": "TOO_LARGE"}


def test_every_argument_that_says_how_many_is_counted():
    """Of fields that answer a list or a page; a new argument of this kind is counted, or stands here."""
    filters = {("Project", name) for name in ("experimentIds", "orderBy", "datasets")}
    filters |= {("Subscription", "types"), ("Query", "types"), ("Viewer", "status")}
    filters |= {(owner, "maxSteps") for owner in ("Query", "ModelVersion")}  # how far, of pages that are counted
    kinds = [kind for kind in schema._schema.type_map.values() if is_object_type(kind) and kind.name[:2] != "__"]
    fields = [(kind.name, field) for kind in kinds for field in kind.fields.values()]
    answer = {
        (owner, name)
        for owner, field in fields
        for name, argument in field.args.items()
        if is_list_type(get_nullable_type(argument.type)) or get_named_type(argument.type).name == "Int"
    }
    counted = {*page_sizes.PAGES, *page_sizes.LENGTHS, *page_sizes.VALUES}
    assert {one for one in answer if one[1] not in counted} == filters | {("ArtifactUpload", "afterNumber")}
    assert {name for _, name in answer if name in counted} == counted
    for owner, field in fields:
        kind = get_named_type(field.type)
        if "pageInfo" in getattr(kind, "fields", {}):
            assert page_sizes.is_page(field) and "first" in field.args, f"{owner} has a page that is not counted"
        for name in page_sizes.VALUES.keys() & field.args.keys():
            assert field.args[name].default_value > 0


def test_examples_cost_little():
    """What is documented can be asked for eight times as much."""
    limit = Settings.model_fields["graphql_max_cost"].default
    for name in EXAMPLES:
        document, variables = parse((FOLDER / f"{name}.graphql").read_text()), FOLDER / f"{name}.json"
        (operation,) = document.definitions
        arguments = (document, operation, json.loads(variables.read_text()), schema._schema)
        assert cost.check(*arguments, limit) <= limit / 8, name
