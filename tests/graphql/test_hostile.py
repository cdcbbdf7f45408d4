"""Some 2,100 documents, random and hostile: none breaks the server, tells of others, or is done by half.

The same ones each time. ``MODELYARD_HOSTILE_FACTOR=10`` makes ten times as many, by a seed that is printed;
``MODELYARD_HOSTILE_SEED`` repeats it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

import httpx
import pytest
from graphql import is_object_type
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import floats, integers, text
from hypothesis_graphql import mutations, nodes, queries

from app.access.policy import Role
from tests.conftest import Person
from tests.support.graphql import answer_checks
from tests.support.graphql.examples import MUTATIONS, QUERIES
from tests.support.graphql.malformed_requests import Raw, requests, spoilt
from tests.support.graphql.marked_projects import MARK, MARKS, NOWHERE, TOLD, Witness, World, make, mark
from tests.support.graphql.random_documents import SCHEMA, Generator, Request

FACTOR = int(os.environ.get("MODELYARD_HOSTILE_FACTOR", "1"))
SEED = int(os.environ.get("MODELYARD_HOSTILE_SEED", secrets.randbits(32) if FACTOR > 1 else 1))
READS, CHANGES, BROKEN, STREAMS, HYPOTHESIS = (count * FACTOR for count in (520, 140, 450, 80, 30))
SPOILT = 8 * FACTOR
"""Of every example of a mutation."""
TOGETHER = 8
TRIES = 6
WHO = ("owner elsewhere", "owner elsewhere", "owner elsewhere", "guest elsewhere", "stranger", "nobody")
READABLE = [
    f"{kind.name}.{name}"
    for kind in SCHEMA.type_map.values()
    if is_object_type(kind)
    and not re.match("__|.*Payload$|Mutation|Subscription|.*Update$|.*Event$|UserError", kind.name)
    for name in kind.fields
]
CHECKS = list(HealthCheck)
ENDS = re.compile("Delete|Remove|Revoke|Unlink|Cancel|Abort")


# Where an answer fails as a whole, graphql-core drops fields that were begun beside it, and does not await them.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
REFUSALS = ("PROMOTION_REFUSED", "STAGE_MOVED", "APPROVAL_NEEDED", "VERSION_NOT_READY", "PROMOTION_UNSETTLED")
"""Promotions that rules refuse are kept with their verdicts: the one change that comes with a refusal."""
OF_REFUSALS = {"promotions", "project_events", "promotion_request_events", "webhook_deliveries", "background_jobs"}


@pytest.fixture(autouse=True)
def _dropped() -> Iterator[None]:
    """Lets what is dropped be noticed here, and not in some test after."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
async def others(runtime, admin, data) -> World:
    """The project that no caller here may see."""
    world = await make(runtime, admin, data)
    await mark(runtime, world)
    return world


@pytest.fixture(scope="module")
async def own(runtime, admin, data) -> World:
    """The project of those who ask."""
    return await make(runtime, admin, data)


@pytest.fixture(scope="module")
def askers(admin, own) -> dict[str, Person | None]:
    people = own.seeded.project.people
    return {
        "nobody": None,
        "stranger": own.seeded.project.stranger,
        "owner elsewhere": people[Role.OWNER],
        "guest elsewhere": people[Role.GUEST],
    }


@pytest.fixture(autouse=True)
async def watched(runtime, others):
    """Whatever a test asks, the log stays silent, and what belongs to others stays as it was."""
    witness = Witness(runtime, others, inside=True)
    await witness.changes()
    with answer_checks.quiet() as noted:
        yield
    assert noted == []
    assert await witness.changes() == []


Send = Callable[..., Any]


@pytest.fixture
def send(http) -> Send:
    async def one(request: Request, person: Person | None) -> httpx.Response:
        headers = {"Content-Type": "application/json", **(person.headers if person else {})}
        return await http.post("/graphql", content=request.body, headers=headers)

    return one


def documents(kind: Any, count: int) -> list[str]:
    """Documents by hypothesis-graphql, which is what Schemathesis asks GraphQL services with."""
    answer: list[str] = []
    scalars = {
        "Long": integers().map(nodes.Int),
        "Number": floats(allow_nan=False, allow_infinity=False).map(nodes.Float),
        "DateTime": text().map(nodes.String),
        "JSON": text().map(nodes.String),
    }

    @seed(SEED)
    @settings(
        max_examples=count, database=None, phases=[Phase.generate], deadline=None, suppress_health_check=HealthCheck
    )
    @given(kind(SCHEMA, custom_scalars=scalars))
    def note(document: str) -> None:
        answer.append(document)

    note()
    return answer


def random_of(name: str) -> Random:
    print(f"MODELYARD_HOSTILE_SEED={SEED} MODELYARD_HOSTILE_FACTOR={FACTOR}")  # noqa: T201 - shown when a test fails
    return Random(f"{SEED} {name}")


async def together(work: Iterable[Any]) -> list[Any]:
    """The results, a few at a time."""
    gate = asyncio.Semaphore(TOGETHER)

    async def one(what: Any) -> Any:
        async with gate:
            return await what

    return await asyncio.gather(*(one(what) for what in work))


async def test_random_queries_leak_and_break_nothing(send, own, others, askers):
    random = random_of("reading")
    generator = Generator(random, [own.scenario, own.scenario, others.scenario], 0.15)
    requested = [(random.choice(WHO), generator.query()) for _ in range(READS)]
    requested += [(random.choice(WHO), Request(text, note="hypothesis")) for text in documents(queries, HYPOTHESIS)]
    answers = await together(send(request, askers[who]) for who, request in requested)
    result = [
        (problems, who, request, answer.text[:500])
        for (who, request), answer in zip(requested, answers, strict=True)
        if (problems := answer_checks.faults(answer.status_code, answer.content))
    ]
    assert not result, told(result)
    assert all(generator.used[f"Query.{name}"] for name in QUERIES)
    unused = [name for name in READABLE if not generator.used[name]]
    assert len(unused) < len(READABLE) / 6, unused
    assert Counter(map(answer_checks.outcome, answers))["done"] > len(requested) / 3


async def test_members_read_every_mark(data, others):
    """So that the other tests can fail."""
    names = {"c": "candidate", "v": "model version", "u": "logged model"}
    variables = {name: others.seeded.meanings[f"<{meaning} id>"] for name, meaning in names.items()}
    told = await data(others.seeded.project.people[Role.OWNER], TOLD, p=others.path, **variables)
    assert set(MARK.findall(json.dumps(told))) == MARKS


OPEN = {"gateKinds"}
"""What says the same to all callers; its long texts have words that stand for things of others here."""


@pytest.mark.parametrize("who", ["stranger", "owner elsewhere"])
async def test_invisible_things_look_like_missing_ones(send, others, askers, who):
    """Every example, and random queries, about things of others; then the same about things that do not exist."""
    generator = Generator(random_of(f"nowhere {who}"), [others.scenario], 0.05)
    requested = [Request(*others.seeded.example(name), note=name) for name in QUERIES + MUTATIONS if name not in OPEN]
    requested += [one for one in (generator.query() for _ in range(READS // 8)) if "gateKinds" not in one.query]
    back = {void: one for one, void in others.nowhere.items()}

    async def compared(request: Request) -> tuple[Any, ...] | None:
        """Asked again where the answers differ: of several errors, chance says which one comes first."""
        real, void = set[str](), set[str]()
        for _ in range(TRIES):
            one = await send(request, askers[who])
            other = await send(request.translated(others.nowhere), askers[who])
            if problems := answer_checks.faults(one.status_code, one.content):
                return problems, request, one.text
            real.add(without_positions(one.json()))
            void.add(without_positions(about_others(other.json(), back)))
            if real & void:
                return None
        return request, real, void

    answer = [one for one in await together(compared(request) for request in requested) if one]
    assert not answer, told(answer)


async def test_random_mutations_change_only_what_the_caller_may(runtime, admin, send, own, others, askers):
    """One after the other, so that the database tells what each has done."""
    random = random_of("changing")
    generator = Generator(random, [own.scenario, own.scenario, own.scenario, others.scenario], 0.1)
    words = [*own.nowhere, *others.nowhere]
    requested: list[tuple[str, Request]] = []
    for name in sorted(MUTATIONS, key=lambda name: ENDS.search(name) is not None):
        document, variables = own.seeded.example(name)
        given = [spoilt(random, variables, words) for _ in range(SPOILT)]
        requested += [(random.choice(WHO), Request(document, one, f"spoilt {name}")) for one in given]
        requested.append(("admin" if name == "userCreate" else "owner elsewhere", Request(document, variables, name)))
    requested += [(random.choice(WHO), generator.mutation()) for _ in range(CHANGES)]
    requested += [("owner elsewhere", Request(text, note="hypothesis")) for text in documents(mutations, HYPOTHESIS)]
    result, done = [], 0
    witness = Witness(runtime, own)
    await witness.changes()
    for who, request in requested:
        answer = await send(request, admin if who == "admin" else askers[who])
        changed = await witness.changes()
        problems = answer_checks.faults(answer.status_code, answer.content)
        is_kept = set(changed) <= OF_REFUSALS and any(code in answer.text for code in REFUSALS)
        problems += [f"changed: {changed}"] * bool(changed and answer_checks.undone(answer) and not is_kept)
        result += [(problems, who, request, answer.text[:500])] * bool(problems)
        done += bool(changed)
    assert not result, told(result)
    assert all(generator.used[f"Mutation.{name}"] for name in MUTATIONS)
    assert done > len(MUTATIONS), "hardly anything was changed at all"


async def test_malformed_requests_are_errors_without_effect(http, own, others, askers):
    random = random_of("broken")
    generator = Generator(random, [own.scenario, others.scenario], 0.3)
    good = [generator.query() for _ in range(200)] + [generator.subscription() for _ in range(10)]

    async def send(raw: Raw, person: Person | None) -> httpx.Response:
        headers = {"Content-Type": "application/json", **raw.headers, **(person.headers if person else {})}
        return await http.request(raw.method, "/graphql", content=raw.content, params=raw.params, headers=headers)

    requested = [(random.choice(WHO), raw) for raw in requests(random, good, BROKEN)]
    answers = await together(send(raw, askers[who]) for who, raw in requested)
    result = [
        (problems, who, raw, answer.text[:500])
        for (who, raw), answer in zip(requested, answers, strict=True)
        if (problems := answer_checks.faults(answer.status_code, answer.content))
    ]
    assert not result, told(result)


async def test_random_subscriptions_leak_nothing(http, own, others, askers):
    """Subscriptions and anything else, answered as events; what goes on for ever is left after a moment."""
    random = random_of("streams")
    generator = Generator(random, [own.scenario, others.scenario], 0.3)
    good = [generator.subscription() for _ in range(STREAMS)]
    requested = [(random.choice(WHO), Raw("POST", one.body)) for one in good]
    requested += [(random.choice(WHO), raw) for raw in requests(random, good, STREAMS)[-STREAMS // 2 :]]

    async def events(who: str, raw: Raw) -> tuple[int, list[str]]:
        person = askers[who]
        headers = {"Content-Type": "application/json", **(person.headers if person else {}), **raw.headers}
        given = {"content": raw.content, "params": raw.params, "headers": {**headers, "Accept": "text/event-stream"}}
        lines: list[str] = []
        async with http.stream(raw.method, "/graphql", **given) as answer:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    lines += [line async for line in answer.aiter_lines()]
            return answer.status_code, lines

    result = []
    for (who, raw), (status, lines) in zip(requested, await together(events(*one) for one in requested), strict=True):
        data = [line.removeprefix("data: ") for line in lines if line.startswith(("data: ", "{"))]
        problems = [problem for line in data for problem in answer_checks.faults(status, line.encode())]
        result += [(problems, who, raw, lines)] * bool(problems)
    assert not result, told(result)


def about_others(body: Any, words: dict[str, str]) -> Any:
    """An answer about what does not exist, told of what does."""
    text = json.dumps(body)
    for one, other in words.items():
        text = text.replace(one, other)
    return json.loads(re.sub(r"\b1\d{9}\b", lambda answer: str(int(answer[0]) - NOWHERE), text))


def without_positions(body: Any) -> str:
    """An answer without the positions in the request that it names: ids differ in length."""
    errors = [{**error, "locations": None} for error in body.get("errors", [])]
    return re.sub(r"at character \d+", "", json.dumps({**body, "errors": errors}))


def told(results: list[Any]) -> str:
    """The first of what was results, whole."""
    return "\n\n".join("\n".join(str(part)[:3_000] for part in one) for one in results[:3])
