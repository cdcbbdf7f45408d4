"""Requests that are almost right: documents, variables and bodies with something broken in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.support.graphql import hostile_values
from tests.support.graphql.random_documents import Request

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\.\.\.|[$\w]+|[^\s\w]')
ODD_TOKENS = [
    "{", "}", "(", ")", "[", "]", "!", "...", "on", "@", "@skip", "@include(if: $x)", "$", "$v9", ":", "=", "|", "&",
    "#", "null", "true", '"', '"""', '"""a"""', '"\\u{110000}"', '"\\ud800"', "1e999", "-0", "00", "0x1", "9" * 1_000,
    "-" * 9, "query", "mutation", "subscription", "fragment f on Query { __typename }", "extend", "schema", "__schema",
    "__typename", "\x00", "\ufeff", "\u2028", ",,,", "\U0001f600", "a" * 5_000, "input", "repeatable", "implements",
]  # fmt: skip
DIRECTIVES = [
    "@skip", "@skip(if: null)", '@include(if: "a")', "@include(if: $x)", "@skip(if: true) @skip(if: true)", "@nothing",
    "@deprecated", "@oneOf", "@specifiedBy(url: 1)", "@defer", "@stream(initialCount: 1)", "@include(if: false) " * 40,
]  # fmt: skip
DOCUMENTS = [
    "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    "{ node(id: 1) { ...a } } fragment a on Node { ... on Model { project { ...b } } } fragment b on Project { ...a }",
    "{ ...a } fragment a on Mutation { __typename } fragment a on Query { __typename }",
    "{ ...missing } fragment unused on Nothing { id }", "fragment a on Query { __typename }", "type A { a: Int }",
    "{ __typename } query b { __typename }", "query a { __typename } query a { __typename }", "{}", "query", "{ }",
    "#", "query a($a: Int, $a: Int) { __typename }", "query a($a: Model) { __typename }",
    "query a($a: Int = $b) { __typename }", "query a($a: [[[[[[Int]]]]]]) { nodes(ids: $a) { id } }",
    "mutation { __typename }", "subscription { __typename }",
    "subscription { a: projectEvents(project: {id: 1}) { cursor } b: projectEvents(project: {id: 1}) { cursor } }",
    "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
    '{ __type(name: "\\u0000") { name } }', "{ __type(name: 1) { name } __typename @skip(if: true) }",
    "{ " + " ".join(f"a{n}: __typename" for n in range(29)) + " }",
    "{ " + " ".join(f"a{n}: projects(first: 100) {{ nodes {{ id }} }}" for n in range(600)) + " }",
    "{ " + "__typename " * 2_900 + "}", "{ " * 1_400, "[" * 2_900, "{ a(a: " + "[" * 2_900, "{ a(a: " + "{a: " * 900,
    "{ nodes(ids: " + "[" * 1_000 + "]" * 1_000 + ") { id } }", "{ " + "... { " * 700 + "__typename" + " }" * 701,
    "{ projects(first: " + "9" * 4_000 + ") { nodes { id } } }", "{ projects(first: 1e400) { nodes { id } } }",
    "{ projects(first: -2147483649) { nodes { id } } }", '{ projects(after: """\n  a\\""" """) { nodes { id } } }',
    "{ projects(first: 1, last: 1, first: 1) { nodes { id } } }", "{ project(by: {id: 1, path: null}) { id } }",
    "{ project(by: {}) { id } a: project(by: null) { id } b: project { id } }", "{ projects { nodes } }",
    "{ viewer { user { id { id } } } }", "{ a: viewer { isAdmin } a: groups { totalCount } }",
    "query q($n: Int! = null) { projects(first: $n) { nodes { id } } }", "\ufeff{ __typename }", "{ __typename }\x00",
]  # fmt: skip
BODIES = [
    b"", b" ", b"null", b"true", b"0", b'""', b"[]", b"{}", b"[{}]", b"{", b'{"query"', b'{"query": null}',
    b'{"query": 1}', b'{"query": []}', b'{"query": ""}', b'{"query": " "}', b'{"query": "{ __typename }"',
    b"\xff\xfe\x00", b'{"query": "\xff"}', b'{"query": "\xed\xa0\x80"}', b'{"query": "\\ud800"}',
    b'{"query": "{ __typename }", "query": "{"}', b"\xef\xbb\xbf{}", '{"query": "{ __typename }"}'.encode("utf-16"),
    b'[{"query": "{ __typename }"}, {"query": "{ __typename }"}]', b'{"query": "{ __typename }", "variables": []}',
    b'{"query": "{ __typename }", "variables": "{}"}', b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    b'{"query": "{ __typename }", "variables": {"a": 1e999}}', b'{"query": "{ __typename }", "operationName": 1}',
    b'{"query": "{ __typename }", "operationName": "q"}', b'{"query": "{ __typename }", "operationName": ""}',
    b'{"query": "{ __typename }", "extensions": []}',
    b'{"query": "{ __typename }", "extensions": {"persistedQuery": {"sha256Hash": "a"}}}', b'{"documentId": "a"}',
    b'{"documentId": "' + b"0" * 64 + b'"}', b'{"query": "{ __typename }", "documentId": "sha256:' + b"f" * 64 + b'"}',
    b'{"extensions": {"persistedQuery": {"sha256Hash": "' + b"0" * 64 + b'"}}}',
    b'{"query": "' + b"{" * 1_100_000 + b'"}', b"[" * 100_000,
    b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
    b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 2_000 + b"1" + b"}" * 2_001,
    b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5_000 + b"}}", b"query=%7B__typename%7D",
    b"{ __typename }",
]  # fmt: skip
HEADERS = [
    {"Content-Type": "text/plain"}, {"Content-Type": "application/graphql"}, {"Content-Type": "multipart/form-data"},
    {"Content-Type": "application/json; charset=utf-16"}, {"Content-Type": "application/json; charset=latin1"},
    {"Content-Encoding": "gzip"}, {"Accept": "text/html"}, {"Accept": "application/graphql-response+json"},
    {"Accept": ";;,,"}, {"If-None-Match": "*"},
]  # fmt: skip


@dataclass(frozen=True)
class Raw:
    """A request as it goes over the wire."""

    method: str
    content: bytes | None = None
    params: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def requests(random: Random, good: Sequence[Request], count: int) -> list[Raw]:
    """Everything that is listed above once, and then good requests with something broken in each."""
    result = [_post(Request(document)) for document in DOCUMENTS] + [Raw("POST", body) for body in BODIES]
    result += [Raw("POST", good[0].body, headers=headers) for headers in HEADERS if "Content-Length" not in headers]
    ways: list[Callable[[Random, Request], Raw]] = [
        _token,
        _token,
        _token,
        _directive,
        _shape,
        _text,
        _query_string,
        _name,
    ]
    while len(result) < count:
        result.append(random.choice(ways)(random, random.choice(good)))
    return result


def spoilt(random: Random, value: Any, words: Sequence[str]) -> Any:
    """Variables with one value in them changed; ``words`` are things of others, and ids of other types."""
    changed = deepcopy(value)
    holder, key = random.choice(_slots_in(changed))
    holder[key] = _other(random, holder[key], words)
    return changed


def _slots_in(value: Any) -> list[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    result = []
    for key, one in items:
        result += [(value, key), *_slots_in(one)]
    return result


def _other(random: Random, value: Any, words: Sequence[str]) -> Any:
    if random.random() < 0.1:
        return random.choice(hostile_values.SHAPES)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return random.choice([*hostile_values.INTEGERS, *hostile_values.NUMBERS])
    if isinstance(value, list):
        return value * random.choice((0, 2, 101, 1_001))
    if isinstance(value, dict):
        return {
            **value,
            random.choice([*value, "id", "name", "tags", "description"]): random.choice(hostile_values.TEXTS),
        }
    return random.choice(words if random.random() < 0.4 else hostile_values.TEXTS)


def _post(request: Request, **headers: str) -> Raw:
    return Raw("POST", request.body, headers=headers)


def _token(random: Random, request: Request) -> Raw:
    """One to three tokens left out, doubled, exchanged or replaced."""
    tokens = TOKEN.findall(request.query)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(tokens))
        other = [random.choice(ODD_TOKENS), random.choice(tokens), f"{tokens[at]} {tokens[at]}", ""]
        tokens[at] = random.choice(other)
    return _post(Request(" ".join(tokens), request.variables))


def _directive(random: Random, request: Request) -> Raw:
    at = random.choice([match.end() for match in re.finditer(r"\w+\)? ", request.query)] or [0])
    return _post(Request(f"{request.query[:at]}{random.choice(DIRECTIVES)} {request.query[at:]}", request.variables))


def _shape(random: Random, request: Request) -> Raw:
    """Variables of another shape, too many, or too few."""
    names = list(request.variables) or ["v0"]
    variables = {**request.variables, random.choice(names): random.choice(hostile_values.SHAPES)}
    if random.random() < 0.2:
        variables = dict.fromkeys(names[1:]) | {f"x{n}": n for n in range(200)}
    return _post(Request(request.query, variables))


def _text(random: Random, request: Request) -> Raw:
    """Bytes changed in the middle of the body."""
    body = bytearray(request.body)
    for _ in range(random.randint(1, 4)):
        body[random.randrange(len(body))] = random.choice((0, 0x22, 0x5C, 0x7B, 0x7D, 0x80, 0xED, 0xFF, 0x20))
    return Raw("POST", bytes(body))


def _query_string(random: Random, request: Request) -> Raw:
    variables = random.choice((json.dumps(request.variables), "{", "[]", "\x00", "1"))
    params = {"query": request.query, "variables": variables, "operationName": random.choice(("", "q", "\u00e9"))}
    return Raw("GET", params={**params, random.choice(("a", "extensions", "documentId")): random.choice(("{}", "x"))})


def _name(random: Random, request: Request) -> Raw:
    """Several operations, and the name of one of them or of none."""
    more = random.choice(("", "query q { __typename }", "{ __typename }"))
    name = random.choice(("q", "other", "none", "", "\x00", "__proto__"))
    return _post(Request(f"{request.query} query other {{ __typename }} {more}", request.variables, name=name))
