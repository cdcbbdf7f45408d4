"""What clients learn of failures, and what they do not."""

from __future__ import annotations

import pytest
import strawberry
from structlog.testing import capture_logs

from app.access.policy import ANONYMOUS, Role
from app.errors import Invalid
from app.graphql.context import Context
from app.graphql.execution.budget import Budget
from app.graphql.loaders import Loaders
from app.graphql.schema import Schema
from app.graphql.types import markdown
from app.live.subscribers import Live


@strawberry.type
class Failing:
    @strawberry.field
    def unforeseen(self) -> str:
        raise RuntimeError("secret detail")

    @strawberry.field
    def expected(self) -> str:
        raise Invalid("Say it otherwise.", field="x")


def unasked(runtime) -> Context:
    """The context of an operation without a request."""
    loaders = Loaders(runtime.db, ANONYMOUS, runtime.settings)
    return Context(runtime, Live(runtime.db), ANONYMOUS, loaders, "request-7", None, "http://test", Budget(0), "")


async def test_unexpected_errors_are_masked_and_logged_once(runtime):
    context = unasked(runtime)
    with capture_logs() as logs:
        result = await Schema(query=Failing).execute("{ unforeseen }", context_value=context)
    assert [error.formatted for error in result.errors] == [
        {
            "message": "Internal error; the log has it under the request id request-7.",
            "locations": [{"line": 1, "column": 3}],
            "path": ["unforeseen"],
            "extensions": {"code": "INTERNAL", "request_id": "request-7"},
        }
    ]
    assert [(entry["event"], str(entry["exc_info"])) for entry in logs] == [("graphql.failed", "secret detail")]


async def test_expected_errors_of_queries_carry_their_code(runtime):
    context = unasked(runtime)
    result = await Schema(query=Failing).execute("{ expected }", context_value=context)
    (error,) = result.errors
    assert (error.message, error.extensions) == ("Say it otherwise.", {"code": "INVALID"})


@pytest.mark.parametrize(
    "arguments",
    [
        "first: 0",
        "first: -1",
        "first: 101",
        "first: 2147483647",
        "first: 1, last: 1",
        'after: "garbage"',
        'after: "W10"',
    ],
)
async def test_contradictory_page_arguments_are_refused(ask, project, arguments):
    document = f"query q($p: String!) {{ project(by: {{path: $p}}) {{ models({arguments}) {{ nodes {{ id }} }} }} }}"
    answer = await ask(project.people[Role.OWNER], document, p=project.path)
    assert {error["extensions"]["code"] for error in answer.errors} == {"INVALID"}


async def test_mutation_fields_run_serially_in_separate_transactions(data, project):
    document = """mutation m($p: String!) {
      a: modelCreate(input: {project: {path: $p}, name: "x"}) { model { name } userErrors { code } }
      b: modelCreate(input: {project: {path: $p}, name: "x"}) { model { name } userErrors { code } }
      c: modelCreate(input: {project: {path: $p}, name: "y"}) { model { name } userErrors { code } } }"""
    assert await data(project.people[Role.OWNER], document, p=project.path) == {
        "a": {"model": {"name": "x"}, "userErrors": []},
        "b": {"model": None, "userErrors": [{"code": "TAKEN"}]},
        "c": {"model": {"name": "y"}, "userErrors": []},
    }


async def test_secret_of_a_token_is_shown_once_and_works(data, project):
    document = 'mutation { tokenCreate(input: {name: "ci", scopes: [READ_API]}) { secret token { id name scopes } } }'
    made = (await data(project.people[Role.OWNER], document))["tokenCreate"]
    assert made["secret"].startswith("myt_")
    listed = await data(project.people[Role.OWNER], "{ viewer { tokens(first: 1) { nodes { id name } } } }")
    assert listed["viewer"]["tokens"]["nodes"] == [{"id": made["token"]["id"], "name": "ci"}]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("![x](https://a/b.png)", '<p><img src="https://a/b.png" alt="x"></p>\n'),
        ("[x](https://a)", '<p><a href="https://a" rel="nofollow noopener noreferrer">x</a></p>\n'),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
    ],
)
def test_descriptions_are_sanitised(text, html):
    assert html in markdown.to_html(text)


def test_nested_markdown_is_bounded():
    assert len(markdown.to_html(">" * 10_000)) < 100_000


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{", {}),
        ("{ nothing }", {}),
        ("query q($n: Int!) { projects(first: $n) { nodes { id } } }", {}),
        ("query q($by: ProjectLookup!) { project(by: $by) { id } }", {"by": {"id": "a", "path": "b"}}),
        ('{ nodes(ids: ["' + "x" * 2000 + '", {}]) { id } }', {}),
    ],
    ids=["syntax", "schema", "variable", "one of", "long"],
)
async def test_requests_that_cannot_be_run_are_invalid(ask, document, variables):
    answer = await ask(None, document, **variables)
    assert [error["extensions"] for error in answer.errors] == [{"code": "INVALID"}] * len(answer.errors)
    assert answer.data is None
    assert answer.errors


EXPIRING = """mutation e($at: DateTime) { tokenCreate(input: {name: "t", expiresAt: $at}) {
  token { expiresAt } userErrors { code field } } }"""


@pytest.mark.parametrize(
    "moment", ["2099-01-01T00:00:00", "2099-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "x", 1]
)
async def test_a_moment_without_its_offset_or_beyond_the_calendar_is_invalid(ask, project, moment):
    answer = await ask(project.stranger, EXPIRING, at=moment)
    assert answer.data is None
    (error,) = answer.errors
    assert error["extensions"] == {"code": "INVALID"}
    assert "moment with its offset" in error["message"]


async def test_datetimes_are_answered_in_utc(data, project):
    made = await data(project.stranger, EXPIRING, at="2099-01-01T01:00:00+01:00")
    assert made["tokenCreate"] == {"token": {"expiresAt": "2099-01-01T00:00:00+00:00"}, "userErrors": []}
