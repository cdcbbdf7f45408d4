"""Subscriptions as the reference clients see them: npm graphql-ws and graphql-sse, against two API processes' worth."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import text

from app.access import members, projects
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.access.projects import UpdateProject
from app.ids import GlobalId
from app.journal.positions import Cursor
from app.live import streams
from app.live.subscribers import Live
from app.main import create_app, stop
from app.queue import leases, outbox
from app.registry import aliases, models
from app.registry.background_jobs import PurgeModel
from app.registry.models import CreateModel
from app.registry.references.parse import parse_reference
from app.registry.versions import change, complete, create, delete
from app.registry.versions.change import EditVersion
from app.registry.versions.request import CreateVersion
from app.tracking import candidate_edit, candidates
from app.tracking.candidate_edit import EditCandidate
from app.tracking.candidates import CreateCandidate, Status
from app.tracking.logging import log as logging_log
from app.tracking.logging.log import LogBatch, MetricInput
from tests.conftest import new_person, serving
from tests.support.graphql.subscription_clients import Clients
from tests.support.registry import moves

EVENTS = """subscription e($path: String!, $after: String) { projectEvents(project: {path: $path}, after: $after) {
  type objectType objectId detail cursor object { id } } }"""
CANDIDATE = """subscription c($id: ID!, $after: String) { candidateUpdated(by: {id: $id}, after: $after) {
  isComplete cursor candidate { status } metrics { key value step } } }"""
JOB = "subscription j($uuid: String!) { backgroundJobUpdated(by: {uuid: $uuid}) { status done } }"
JOB_AFTER = """subscription j($uuid: String!, $after: String) {
  backgroundJobUpdated(by: {uuid: $uuid}, after: $after) { status done cursor } }"""
CREATE = """mutation m($path: String!, $name: String!) {
  modelCreate(input: {project: {path: $path}, name: $name}) { model { id } userErrors { message } } }"""


@pytest.fixture(scope="module")
async def clients():
    opened = await Clients.open()
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture(scope="module")
async def other_url(runtime):
    """A second API beside the one at ``url``; they share nothing but the database."""
    async with serving(runtime) as address:
        yield address


@pytest.fixture(params=["ws", "sse"])
def transport(request):
    return request.param


async def created(http, project, name):
    answer = await http.post(
        "/graphql", json={"query": CREATE, "variables": {"path": project.path, "name": name}}, headers=project.headers
    )
    assert answer.json()["data"]["modelCreate"]["userErrors"] == []
    return answer.json()["data"]["modelCreate"]["model"]["id"]


async def now(project):
    """The position in the journal after all events so far."""
    return str(Cursor.at(await Live(project.runtime.db).mark()))


async def test_event_reaches_subscribers_of_another_process(clients, http, other_url, project, transport):
    variables = {"path": project.path, "after": await now(project)}
    watched = await clients.subscribe(other_url, EVENTS, project.token, variables=variables, transport=transport)
    for name in ("a", "b"):
        made = await created(http, project, name)
        told = await watched.data()
        assert (told["type"], told["objectType"], told["objectId"]) == ("MODEL_CREATED", "Model", made)
        assert told["object"] == {"id": made}
    await watched.stop()


async def test_project_events_arrive_in_order(clients, url, runtime, project):
    db, owner = runtime.db, project.owner
    begin = await now(project)
    model = await models.create(db, owner, project.id, CreateModel("m"))
    version = await create.create(db, owner, project.id, CreateVersion(model.id))
    await aliases.set(db, owner, project.id, model.id, "champion", parse_reference("1.0.0"))
    await moves.set_stage(db, owner, project.id, version.id, "production")
    await change.edit(db, owner, project.id, version.id, EditVersion(tags={"a": "b"}))
    await aliases.remove(db, owner, project.id, model.id, "champion")
    candidate = await candidates.create(db, owner, project.id, CreateCandidate(tags={"gitlab.CI_JOB_ID": "7"}))
    await candidate_edit.edit(db, owner, project.id, EditCandidate(candidate.id, status=Status.FINISHED))
    await delete.delete(db, owner, project.id, version.id)
    watched = await clients.subscribe(url, EVENTS, project.token, variables={"path": project.path, "after": begin})
    told = [await watched.data() for _ in range(16)]
    assert [(one["type"], one["objectType"], one["detail"]) for one in told] == [
        ("MODEL_CREATED", "Model", None),
        ("CANDIDATE_CREATED", "Candidate", None),
        ("MODEL_VERSION_CREATED", "ModelVersion", "none"),
        ("ALIAS_SET", "ModelVersion", "champion"),
        ("MODEL_VERSION_STAGE_CHANGED", "ModelVersion", "production"),
        ("MODEL_VERSION_UPDATED", "ModelVersion", "production"),
        ("ALIAS_DELETED", "ModelVersion", "champion"),
        ("CANDIDATE_CREATED", "Candidate", None),
        ("CI_JOB_CREATED", "CiJob", "pending"),
        ("BACKGROUND_JOB_CREATED", "BackgroundJob", "queued"),
        ("CI_JOB_LINKED", "Candidate", told[10]["detail"]),
        ("CANDIDATE_UPDATED", "Candidate", None),
        ("CANDIDATE_FINISHED", "Candidate", None),
        ("MODEL_VERSION_DELETED", "ModelVersion", "production"),
        ("CANDIDATE_DELETED", "Candidate", None),
        ("BACKGROUND_JOB_CREATED", "BackgroundJob", "queued"),
    ]
    await watched.stop()
    # A client that resumes with the cursor of any of them gets the rest, each once.
    for index in (0, 7, 12):
        variables = {"path": project.path, "after": told[index]["cursor"]}
        again = await clients.subscribe(url, EVENTS, project.token, variables=variables)
        rest = [await again.data() for _ in told[index + 1 :]]
        assert [one["objectId"] for one in rest] == [one["objectId"] for one in told[index + 1 :]]
        await again.stop()


async def test_project_events_are_filtered_by_type(clients, url, runtime, project):
    db, owner = runtime.db, project.owner
    begin = await now(project)
    model = await models.create(db, owner, project.id, CreateModel("m"))
    pushed = await create.create(db, owner, project.id, CreateVersion(model.id, is_open=True))
    await complete.complete(db, owner, project.id, pushed.id)
    wanted = ["MODEL_VERSION_OPENED", "MODEL_VERSION_CREATED", "MODEL_VERSION_READY"]
    document = """subscription e($path: String!, $after: String, $types: [ProjectEventType!]) {
      projectEvents(project: {path: $path}, after: $after, types: $types) { type } }"""
    for types in (wanted, wanted[1:2]):
        variables = {"path": project.path, "after": begin, "types": types}
        watched = await clients.subscribe(url, document, project.token, variables=variables)
        assert [(await watched.data())["type"] for _ in types] == types
        await watched.stop()


async def test_events_of_late_commits_are_not_skipped(runtime, project):
    """Numbers are handed out before the commit; a reader between both must still be told of the earlier one."""
    live, owner = Live(runtime.db), project.owner
    begin = Cursor.at(await live.mark())
    told = []

    async def follow(cursor, count):
        async with aclosing(streams.project(live, owner, project.id, cursor)) as answer:
            async for one in answer:
                told.append((one.event.detail, one.cursor))
                if len(told) == count:
                    return

    async with runtime.db.write() as early:
        await outbox.enqueue(early, PurgeModel(project.id, 1), project_id=project.id)
        await models.create(runtime.db, owner, project.id, CreateModel("late"))
        async with asyncio.timeout(5):
            await follow(begin, 1)
    async with asyncio.timeout(5):
        await follow(told[0][1], 2)
    assert [detail for detail, _ in told] == [None, "queued"]
    await live.close()


async def test_cursor_that_is_too_old_gets_a_reset(clients, url, runtime, project):
    mark = await Live(runtime.db).mark()
    old = str(Cursor(mark, mark, made_at=time.time() - 3600))
    watched = await clients.subscribe(url, EVENTS, project.token, variables={"path": project.path, "after": old})
    told = await watched.data()
    assert told["type"] == "RESET"
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("after the reset"))
    assert (await watched.data())["objectId"] == str(GlobalId.of("Model", project.id, model.id))
    await watched.stop()


@pytest.mark.parametrize("after", ["x", "W10", "e30", "%%%", "WyIxOjE6IiwiMToxOjUiLDAsMCwwXQ", "A" * 30_000])
async def test_malformed_cursor_is_refused(clients, url, project, after):
    watched = await clients.subscribe(url, EVENTS, project.token, variables={"path": project.path, "after": after})
    told = await watched.next()
    assert [error["extensions"]["code"] for error in told["errors"]] == ["INVALID"]


async def test_candidate_updated_sends_changed_metrics(clients, url, runtime, project, transport):
    db, me = runtime.db, project[Role.DEVELOPER].actor
    made = await candidates.create(db, me, project.id, CreateCandidate())
    await log(db, me, project, made, loss=0.5)
    variables = {"id": str(GlobalId.of("Candidate", project.id, made.id))}
    watched = await clients.subscribe(url, CANDIDATE, project.token, variables=variables, transport=transport)
    first = await watched.data()
    assert first["isComplete"] is True
    assert first["metrics"] == [{"key": "loss", "value": 0.5, "step": 1}]
    await log(db, me, project, made, step=2, accuracy=0.9)
    assert (await watched.data())["metrics"] == [{"key": "accuracy", "value": 0.9, "step": 2}]
    await candidate_edit.edit(db, me, project.id, EditCandidate(made.id, status=Status.FINISHED))
    told = await watched.data()
    assert (told["candidate"], told["metrics"], told["isComplete"]) == ({"status": "FINISHED"}, [], False)
    await watched.stop()
    await log(db, me, project, made, step=3, loss=0.1)
    again = await clients.subscribe(
        url, CANDIDATE, project.token, variables={**variables, "after": told["cursor"]}, transport=transport
    )
    missed = await again.data()
    assert (missed["metrics"], missed["isComplete"]) == ([{"key": "loss", "value": 0.1, "step": 3}], False)
    await again.stop()


async def log(db, actor, project, candidate, step=1, **values):
    metrics = [MetricInput(key, value, 1, step) for key, value in values.items()]
    await logging_log.log_batch(db, actor, project.id, LogBatch(candidate.id, metrics=metrics))


async def test_background_job_updated_completes_with_the_job(clients, url, runtime, project, transport):
    async with runtime.db.write() as tx:
        id = await outbox.enqueue(tx, PurgeModel(project.id, 10**9), project_id=project.id)
    variables = {"uuid": str(id)}
    watched = await clients.subscribe(url, JOB, project.token, variables=variables, transport=transport)
    assert await watched.data() == {"status": "QUEUED", "done": 0}
    lease = await leases.claim(runtime.db, id, "test")
    assert await watched.data() == {"status": "RUNNING", "done": 0}
    await leases.report(runtime.db, lease, 5, 9)
    assert await watched.data() == {"status": "RUNNING", "done": 5}
    await leases.succeed(runtime.db, lease)
    assert await watched.data() == {"status": "SUCCEEDED", "done": 5}
    assert (await watched.next())["kind"] == "complete"


async def test_background_job_updated_skips_the_state_of_the_cursor(clients, url, runtime, project):
    async with runtime.db.write() as tx:
        id = await outbox.enqueue(tx, PurgeModel(project.id, 10**9), project_id=project.id)
    variables = {"uuid": str(id)}
    watched = await clients.subscribe(url, JOB_AFTER, project.token, variables=variables)
    queued = await watched.data()
    await watched.stop()
    again = await clients.subscribe(url, JOB_AFTER, project.token, variables={**variables, "after": queued["cursor"]})
    lease = await leases.claim(runtime.db, id, "test")
    assert (await again.data())["status"] == "RUNNING"
    await leases.succeed(runtime.db, lease)
    done = await again.data()
    assert (done["status"], (await again.next())["kind"]) == ("SUCCEEDED", "complete")
    for existing, told in ((queued["cursor"], done), ("garbage", done), (done["cursor"], None)):
        late = await clients.subscribe(url, JOB_AFTER, project.token, variables={**variables, "after": existing})
        if told:
            assert await late.data() == told
        assert (await late.next())["kind"] == "complete"


@pytest.mark.parametrize("query", [EVENTS, CANDIDATE, JOB], ids=["project", "candidate", "job"])
async def test_subscriptions_of_strangers_are_refused(clients, url, runtime, project, transport, query):
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    async with runtime.db.write() as tx:
        job = await outbox.enqueue(tx, PurgeModel(project.id, 10**9), project_id=project.id)
    variables = {"path": project.path, "id": str(GlobalId.of("Candidate", project.id, made.id)), "uuid": str(job)}
    for token in (project.stranger.token, None):
        watched = await clients.subscribe(url, query, token, variables=variables, transport=transport)
        told = await watched.next()
        assert told["kind"] in {"error", "next"}
        assert [error["extensions"]["code"] for error in told["errors"]] == ["NOT_FOUND"]
        assert not told.get("data")


async def test_wrong_tokens_are_refused(clients, url, project):
    variables = {"path": project.path}
    for options in ({"transport": "ws"}, {"transport": "ws", "by": "header"}, {"transport": "sse"}):
        watched = await clients.subscribe(url, EVENTS, "myt_wrong", variables=variables, **options)
        told = await watched.next()
        while told["kind"] != "error" and told.get("code") != 4401:
            told = await watched.next()
        if options == {"transport": "ws"}:
            assert told["code"] == 4401
        if options == {"transport": "sse"}:
            assert told["status"] == 401


async def test_the_token_may_stand_in_the_handshake(clients, url, runtime, project):
    variables = {"path": project.path, "after": await now(project)}
    watched = await clients.subscribe(url, EVENTS, project.token, variables=variables, by="header")
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    assert (await watched.data())["type"] == "MODEL_CREATED"
    await watched.stop()


@pytest.mark.parametrize("how", ["revoked", "expired", "blocked"])
async def test_revoked_or_expired_token_ends_its_subscriptions(clients, url, runtime, project, admin, how):
    person = await new_person(runtime, admin, f"p-{uuid4().hex[:8]}")
    await members.set_role(
        runtime.db, project.owner, GroupOrProject(project_id=project.id), person.actor.username, Role.REPORTER
    )
    watched = [
        await clients.subscribe(
            url, EVENTS, person.token, variables={"path": project.path, "after": await now(project)}, transport=kind
        )
        for kind in ("ws", "sse")
    ]
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    for one in watched:
        await one.data()
    async with runtime.db.write() as tx:
        token, user = {"id": person.actor.token_id}, {"id": person.actor.user_id}
        if how == "revoked":
            await tx.execute(text("UPDATE tokens SET revoked_at = now() WHERE id = :id"), token)
        elif how == "expired":
            await tx.execute(text("UPDATE tokens SET expires_at = now() WHERE id = :id"), token)
        else:
            await tx.execute(text("UPDATE users SET blocked_at = now() WHERE id = :id"), user)
    async with asyncio.timeout(5):
        socket, stream = [await one.next() for one in watched]
    if socket["kind"] == "next":  # its subscription may hear of it before the socket, which the client closes then
        assert socket["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    else:
        assert socket["code"] == 4401
    assert stream["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_losing_a_project_ends_its_subscriptions(clients, url, runtime, project, admin):
    person = await new_person(runtime, admin, f"p-{uuid4().hex[:8]}")
    target = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, target, person.actor.username, Role.REPORTER)
    watched = await clients.subscribe(
        url, EVENTS, person.token, variables={"path": project.path, "after": await now(project)}
    )
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    await watched.data()
    await members.remove(runtime.db, project.owner, target, person.actor.username)
    async with asyncio.timeout(5):
        told = await watched.next()
    assert told["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_events_of_disabled_features_are_not_sent(clients, url, runtime, project):
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, experiments_access="disabled"))
    watched = await clients.subscribe(
        url, EVENTS, project.token, variables={"path": project.path, "after": await now(project)}
    )
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    await create.create(runtime.db, project.owner, project.id, CreateVersion(model.id))
    assert [(await watched.data())["type"] for _ in range(2)] == ["MODEL_CREATED", "MODEL_VERSION_CREATED"]
    await watched.stop()


async def test_one_socket_carries_many_operations(clients, url, runtime, project):
    variables = {"path": project.path, "after": await now(project)}
    first = await clients.subscribe(url, EVENTS, project.token, variables=variables)
    second = await clients.subscribe(url, EVENTS, share=first.name, variables=variables)
    query = await clients.subscribe(url, "{ viewer { user { username } } }", share=first.name)
    assert (await query.data())["user"]["username"]
    assert (await query.next())["kind"] == "complete"
    refused = await clients.subscribe(url, "subscription { nothing }", share=first.name)
    assert (await refused.next())["kind"] == "error"
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    assert (await first.data())["objectId"] == (await second.data())["objectId"]
    await first.stop()
    await second.stop()


async def test_streams_answer_queries_but_change_nothing_by_get(http, project):
    headers = {**project.headers, "accept": "text/event-stream"}
    answer = await http.post("/graphql", json={"query": "{ viewer { isAdmin } }"}, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.endswith('event: next\ndata: {"data":{"viewer":{"isAdmin":false}},"extensions":{"cost":'
                                '{"requested":2,"limit":10000}}}\n\nevent: complete\ndata:\n\n')  # fmt: skip
    document = 'mutation { tokenCreate(input: {name: "x"}) { secret } }'
    answer = await http.get("/graphql", params={"query": document}, headers=headers)
    assert "mutations are not allowed" in answer.text
    answer = await http.post("/graphql", json={"query": "subscription { a }"}, headers=project.headers)
    assert answer.status_code == 400
    answer = await http.post("/graphql", json=5, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")


async def test_stopping_process_ends_its_streams(runtime, project):
    """Without `complete`: for the reference client that means to connect again."""
    app = create_app(runtime.settings, runtime=runtime)
    app.state.runtime = runtime
    body = orjson.dumps({"query": EVENTS, "variables": {"path": project.path}})
    arriving, leaving = asyncio.Queue(), asyncio.Queue()
    arriving.put_nowait({"type": "http.request", "body": body, "more_body": False})
    headers = [(b"accept", b"text/event-stream"), (b"content-type", b"application/json")]
    headers.append((b"authorization", f"Bearer {project.token}".encode()))
    scope = {"type": "http", "method": "POST", "path": "/graphql", "raw_path": b"/graphql", "query_string": b"",
             "headers": headers, "scheme": "http", "server": ("test", 80)}  # fmt: skip
    running = asyncio.create_task(app(scope, arriving.get, leaving.put))
    async with asyncio.timeout(5):
        assert (await leaving.get())["status"] == 200
        assert (await leaving.get())["body"] == b":\n\n"
        await asyncio.sleep(0)
        stop(app)
        assert await leaving.get() == {"type": "http.response.body", "body": b"", "more_body": False}
        await running


async def test_subscriptions_and_sockets_are_limited_per_caller(runtime, clients, project):
    few = replace(runtime, settings=runtime.settings.model_copy(update={"graphql_max_subscriptions": 2}))
    async with serving(few) as address:
        variables = {"path": project.path, "after": await now(project)}
        held = [await clients.subscribe(address, EVENTS, project.token, variables=variables) for _ in range(1)]
        held.append(await clients.subscribe(address, EVENTS, share=held[0].name, variables=variables))
        await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
        for one in held:
            await one.data()
        refused = await clients.subscribe(address, EVENTS, share=held[0].name, variables=variables)
        told = await refused.next()
        assert told["errors"][0]["extensions"] == {"code": "TOO_MANY"}
        stream = await clients.subscribe(address, EVENTS, project.token, variables=variables, transport="sse")
        assert (await stream.next())["status"] == 429
        await clients.subscribe(address, EVENTS, project.stranger.token, variables=variables)  # others have their own
        for one in held:
            await one.stop()
