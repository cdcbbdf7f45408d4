"""Sessions at GraphQL, over HTTP and WebSockets: whom they speak for, what they may not, and when they end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.access import members, sessions
from app.access.authentication.authenticator import Authenticator
from app.access.authentication.client_info import ClientInfo
from app.access.authentication.devices import device_of
from app.access.limits.requests import Defaults
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.access.sessions import SessionEnded, SessionNotFound
from app.db.database import Database
from app.errors import Forbidden
from app.live import subscribers
from app.registry import models
from app.registry.models import CreateModel
from tests.conftest import new_person
from tests.support.access.signed_in import BROWSER, SESSION, sign_in
from tests.support.statements import statements

VIEWER = {"query": "{ viewer { user { username } scopes sessions { nodes { id device address method isCurrent } } } }"}
REVOKE = "mutation r($id: ID!) { sessionRevoke(input: {id: $id}) { session { endedAt } userErrors { code } } }"
REVOKE_ALL = (
    "mutation r($k: Boolean!) { sessionsRevoke(input: {keepCurrent: $k}) { deletedCount userErrors { code } } }"
)
EVENTS = "subscription s($p: String!) { projectEvents(project: {path: $p}) { type } }"
IDLE = timedelta(days=14)


@pytest.fixture
async def person(runtime, admin, project):
    """A developer of the project whom no other test knows."""
    made = await new_person(runtime, admin, f"browsing-{uuid4().hex[:8]}")
    scope = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, scope, made.actor.username, Role.DEVELOPER)
    return made


@pytest.fixture
async def browser(runtime, person, url):
    return await sign_in(runtime, person.actor, url)


@pytest.fixture
async def processes(migrated):
    """Two servers on one database, each with a memory of its own."""
    databases = [Database(migrated.database_url, pool=2) for _ in range(2)]
    opened = [Authenticator(db, session_idle=IDLE, limits=Defaults()) for db in databases]
    yield opened
    for authenticator, db in zip(opened, databases, strict=True):
        await authenticator.refusals.close()
        await db.close()


def code_of(answer):
    return answer.json()["errors"][0]["extensions"]["code"]


async def test_a_session_speaks_for_its_person(http, browser, person):
    viewer = (await http.post("/graphql", json=VIEWER, headers=browser.headers)).json()["data"]["viewer"]
    assert (viewer["user"]["username"], viewer["scopes"]) == (person.actor.username, ["API"])
    (shown,) = viewer["sessions"]["nodes"]
    assert {**shown, "id": ""} == {
        "id": "", "device": "Firefox on Linux", "address": "192.0.2.7", "method": "PASSWORD", "isCurrent": True,
    }  # fmt: skip


async def test_a_token_wins_over_the_cookie(http, browser, admin):
    answer = await http.post("/graphql", json=VIEWER, headers=browser.cookie | admin.headers)
    assert answer.json()["data"]["viewer"]["user"]["username"] == admin.actor.username
    wrong = await http.post("/graphql", json=VIEWER, headers=browser.headers | {"Authorization": "Bearer myt_x"})
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers


async def test_reading_by_get_needs_nothing_but_the_cookie(http, browser, person):
    answer = await http.get("/graphql", params=VIEWER, headers=browser.cookie)
    assert answer.json()["data"]["viewer"]["user"]["username"] == person.actor.username


WITHOUT = {
    "no origin": {"Origin": None},
    "another site": {"Origin": "https://evil.example"},
    "null": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "no header": {"X-Requested-With": None},
    "an empty header": {"X-Requested-With": ""},
}


@pytest.mark.parametrize("kind", WITHOUT)
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_post_by_cookie_needs_the_own_origin_and_header(http, browser, kind, accept):
    headers = {k: v for k, v in (browser.headers | WITHOUT[kind] | {"Accept": accept}).items() if v is not None}
    answer = await http.post("/graphql", json=VIEWER, headers=headers)
    assert (answer.status_code, code_of(answer)) == (403, "FORBIDDEN")
    expected = "X-Requested-With" if "header" in kind else "Origin"
    assert expected in answer.json()["errors"][0]["message"]


async def test_two_origins_are_none(http, browser):
    headers = [*browser.headers.items(), ("Origin", "https://evil.example")]
    assert (await http.post("/graphql", json=VIEWER, headers=headers)).status_code == 403


async def test_no_page_of_another_origin_may_send_the_cookie(http, browser, runtime):
    """Also one that the operator has named: it sends a token."""
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = await http.options("/graphql", headers=preflight)
    assert "access-control-allow-credentials" not in answer.headers


REST = ["/api/2.0/mlflow/experiments/search?max_results=1", "/metrics"]


@pytest.mark.parametrize("path", REST)
async def test_other_edges_do_not_look_at_the_cookie(http, browser, path):
    plain = await http.get(path)
    assert (await http.get(path, headers=browser.headers)).status_code == plain.status_code
    odd = {"Cookie": f"{SESSION}=mys_nothing"}
    answer = await http.get(path, headers=odd)
    assert answer.status_code == plain.status_code and "set-cookie" not in answer.headers


BAD = {
    "unknown": f"{SESSION}=mys_" + "x" * 40,
    "a token": f"{SESSION}=myt_" + "x" * 40,
    "nothing": f"{SESSION}=",
    "long": f"{SESSION}=mys_" + "x" * 7_000,
    "not ASCII": f"{SESSION}=mys_\xff\xfe",
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_cookie_that_is_no_session_is_refused_and_forgotten(http, url, kind):
    headers = {"Cookie": BAD[kind].encode("latin-1"), "Origin": url, "X-Requested-With": "tests"}
    answer = await http.post("/graphql", json=VIEWER, headers=headers)
    assert (answer.status_code, code_of(answer)) == (401, "UNAUTHENTICATED")
    assert answer.headers["set-cookie"] == f"{SESSION}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    page = await http.get("/graphql", headers={"Cookie": headers["Cookie"], "Accept": "text/html"})
    assert page.status_code == 200 and "set-cookie" in page.headers


async def test_several_cookies_are_none(http, browser):
    twice = browser.headers | {"Cookie": f"{SESSION}={browser.secret}; other=1; {SESSION}={browser.secret}"}
    answer = await http.post("/graphql", json=VIEWER, headers=twice)
    assert answer.status_code == 401 and "more than one session cookie" in answer.text
    apart = [*browser.headers.items(), ("Cookie", f"{SESSION}=mys_other")]
    assert (await http.post("/graphql", json=VIEWER, headers=apart)).status_code == 401


async def test_a_cookie_among_others_is_read(http, browser, person):
    among = browser.headers | {"Cookie": f"a=b; =; {SESSION}={browser.secret} ;z; x{SESSION}=1"}
    answer = await http.post("/graphql", json=VIEWER, headers=among)
    assert answer.json()["data"]["viewer"]["user"]["username"] == person.actor.username


async def test_a_session_is_read_once(runtime, processes, person, browser):
    here, _ = processes
    first = await here.person(browser.secret)
    with statements(here._db) as sent:
        assert await here.person(browser.secret) == first
        assert await here.session_holder(browser.session_id) == first
    assert len(sent) == 1, "by its id it is read once more"


ENDS = {
    "revoked": "UPDATE sessions SET ended_at = now() WHERE id = :id",
    "too old": "UPDATE sessions SET expires_at = now() WHERE id = :id",
    "deleted": "DELETE FROM sessions WHERE id = :id",
    "of a deactivated person": "UPDATE users SET blocked_at = now() WHERE id = :u",
    "of a deleted person": "UPDATE users SET deleted_at = now(), blocked_at = now() WHERE id = :u",
}


@pytest.mark.parametrize("kind", ENDS)
async def test_a_session_that_has_ended_is_refused_at_once_everywhere(runtime, processes, person, browser, kind):
    for process in processes:
        assert (await process.person(browser.secret)).user_id == person.actor.user_id
    async with runtime.db.write() as tx:
        values = {"id": browser.session_id, "u": person.actor.user_id}
        await tx.execute(text(ENDS[kind]), {name: values[name] for name in values if f":{name}" in ENDS[kind]})
    for process in processes:
        with pytest.raises(SessionEnded):
            await process.person(browser.secret)
        with pytest.raises(SessionEnded):
            await process.session_holder(browser.session_id)


async def test_a_session_that_another_process_uses_stays(runtime, migrated, person, browser):
    """What this process has cached of its last use may be too old by now: it looks again before it refuses."""
    db = Database(migrated.database_url, pool=2)
    here = Authenticator(db, session_idle=timedelta(minutes=1), limits=Defaults())
    await here.person(browser.secret)
    cached = here._sessions._entries[sessions.digest(browser.secret)]
    cached.last_used_at -= timedelta(hours=1)
    assert (await here.person(browser.secret)).session_id == browser.session_id
    async with runtime.db.write() as tx:
        past = text("UPDATE sessions SET last_used_at = now() - interval '2 minutes' WHERE id = :id")
        await tx.execute(past, {"id": browser.session_id})
    cached = here._sessions._entries[sessions.digest(browser.secret)]
    cached.last_used_at -= timedelta(hours=1)
    with pytest.raises(SessionEnded):
        await here.person(browser.secret)
    await here.refusals.close()
    await db.close()


async def test_use_is_noted_once_a_minute_with_the_address(runtime, processes, person, browser, url):
    here, _ = processes
    other = await sign_in(runtime, person.actor, url)
    used = ClientInfo("198.51.100.1", "curl/8")
    async with runtime.db.write() as tx:
        past = text("UPDATE sessions SET last_used_at = now() - interval '2 minutes' WHERE user_id = :u")
        await tx.execute(past, {"u": person.actor.user_id})
    await here.person(browser.secret, used)
    with statements(here._db) as sent:
        await here.person(browser.secret, BROWSER)
    assert sent == []
    async with runtime.db.read() as snap:
        where = text("SELECT last_address, client FROM sessions WHERE id = :id")
        assert (await snap.execute(where, {"id": browser.session_id})).one() == ("198.51.100.1", "curl/8")
        assert (await snap.execute(where, {"id": other.session_id})).one() == (BROWSER.address, BROWSER.agent)


async def test_only_the_hash_is_kept(runtime, browser):
    async with runtime.db.read() as snap:
        row = text("SELECT sessions::text FROM sessions WHERE id = :id")
        kept = await snap.scalar(row, {"id": browser.session_id})
    assert browser.secret not in kept and browser.secret[4:] not in kept


async def test_one_session_ends_by_graphql_and_twice_is_fine(http, runtime, person, browser, url):
    other = await sign_in(runtime, person.actor, url)
    viewer = (await http.post("/graphql", json=VIEWER, headers=browser.headers)).json()["data"]["viewer"]
    (id,) = (one["id"] for one in viewer["sessions"]["nodes"] if not one["isCurrent"])
    for _ in range(2):
        sent = {"query": REVOKE, "variables": {"id": id}}
        answer = (await http.post("/graphql", json=sent, headers=browser.headers)).json()["data"]["sessionRevoke"]
        assert answer["userErrors"] == [] and answer["session"]["endedAt"]
    assert (await http.post("/graphql", json=VIEWER, headers=other.headers)).status_code == 401
    async with runtime.db.read() as snap:
        logged = text("SELECT count(*) FROM access_log WHERE action = 'session_revoke' AND actor_id = :u")
        assert await snap.scalar(logged, {"u": person.actor.user_id}) == 1


@pytest.mark.parametrize(("keep", "status"), [(True, 200), (False, 401)])
async def test_all_sessions_end_by_graphql(http, runtime, person, browser, url, keep, status):
    others = [await sign_in(runtime, person.actor, url) for _ in range(2)]
    sent = {"query": REVOKE_ALL, "variables": {"k": keep}}
    answer = (await http.post("/graphql", json=sent, headers=browser.headers)).json()["data"]["sessionsRevoke"]
    assert answer == {"deletedCount": 2 if keep else 3, "userErrors": []}
    assert (await http.post("/graphql", json=VIEWER, headers=browser.headers)).status_code == status
    assert {(await http.post("/graphql", json=VIEWER, headers=one.headers)).status_code for one in others} == {401}


async def test_no_one_ends_the_session_of_another(runtime, admin, browser):
    for actor in (admin.actor, (await new_person(runtime, admin, f"other-{uuid4().hex[:8]}")).actor):
        with pytest.raises(SessionNotFound):
            await sessions.revoke(runtime.db, actor, browser.session_id)


@pytest.mark.parametrize("confined", [{"project_boundary": 1}, {"group_boundary": 1}, {"model_patterns": ("a*",)}])
async def test_a_token_that_is_confined_ends_no_session_of_its_person(runtime, person, browser, confined):
    actor = replace(person.actor, **confined)
    with pytest.raises(Forbidden, match="cannot end sessions"):
        await sessions.revoke(runtime.db, actor, browser.session_id)
    with pytest.raises(Forbidden, match="cannot end sessions"):
        await sessions.revoke_all(runtime.db, actor, keep_current=False)


async def test_sessions_that_ended_long_ago_are_removed(runtime, person, url):
    kept, old, aged = [await sign_in(runtime, person.actor, url) for _ in range(3)]
    async with runtime.db.write() as tx:
        long_ago = "now() - interval '31 days'"
        await tx.execute(text(f"UPDATE sessions SET ended_at = {long_ago} WHERE id = :id"), {"id": old.session_id})
        await tx.execute(text(f"UPDATE sessions SET expires_at = {long_ago} WHERE id = :id"), {"id": aged.session_id})
    assert await sessions.remove_old(runtime.db) >= 2
    async with runtime.db.read() as snap:
        left = text("SELECT id FROM sessions WHERE user_id = :u")
        assert (await snap.scalars(left, {"u": person.actor.user_id})).all() == [kept.session_id]


# --- sockets and event streams


def socket(url, **headers):
    return connect(f"ws{url[4:]}/graphql", subprotocols=["graphql-transport-ws"], additional_headers=headers)


async def answer_to(connection, document, **variables):
    payload = {"query": document, "variables": variables}
    await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    return json.loads(await connection.recv())


async def begun(connection, token=None):
    payload = {"payload": {"authorization": f"Bearer {token}"}} if token else {}
    await connection.send(json.dumps({"type": "connection_init"} | payload))
    return json.loads(await connection.recv())


async def username_of(connection):
    told = await answer_to(connection, "{ viewer { user { username } } }")
    viewer = told["payload"]["data"]["viewer"]
    return viewer and viewer["user"]["username"]


async def test_a_socket_of_an_own_page_speaks_for_the_session(url, browser, person):
    async with socket(url, Origin=url, **browser.cookie) as connection:
        assert (await begun(connection))["type"] == "connection_ack"
        assert await username_of(connection) == person.actor.username


async def test_a_socket_without_the_own_origin_has_no_session(url, browser):
    """What is not a browser sends no origin, and a token if it has one."""
    async with socket(url, **browser.cookie) as connection:
        await begun(connection)
        assert await username_of(connection) is None
    with pytest.raises(InvalidStatus):
        async with socket(url, Origin="https://evil.example", **browser.cookie):
            pass


async def test_a_named_origin_has_no_session_on_its_socket_and_may_send_a_token(runtime, browser, admin):
    from dataclasses import replace  # noqa: PLC0415

    from tests.conftest import serving  # noqa: PLC0415

    settings = runtime.settings.model_copy(update={"graphql_origins": "https://ui.example"})
    async with serving(replace(runtime, settings=settings)) as url:
        for token, name in ((None, None), (admin.token, admin.actor.username)):
            async with socket(url, Origin="https://ui.example", **browser.cookie) as connection:
                await begun(connection, token)
                assert await username_of(connection) == name


async def test_a_socket_whose_session_has_ended_may_still_send_a_token(url, admin):
    ended = {"Cookie": f"{SESSION}=mys_{'x' * 40}"}
    async with socket(url, Origin=url, **ended) as connection:
        await begun(connection, admin.token)
        assert await username_of(connection) == admin.actor.username
    async with socket(url, Origin=url, **ended) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            await begun(connection)
        assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("how", ["revoked", "of a deactivated person", "unused"])
async def test_sockets_end_with_their_session(monkeypatch, runtime, url, browser, person, project, how):
    monkeypatch.setattr(subscribers, "CHECK_EVERY", 0.1)
    statement = ENDS.get(how, "UPDATE sessions SET last_used_at = now() - interval '15 days' WHERE id = :id")
    async with socket(url, Origin=url, **browser.cookie) as connection:
        await begun(connection)
        payload = {"query": EVENTS, "variables": {"p": project.path}}
        await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        await asyncio.sleep(0.3)
        async with runtime.db.write() as tx:
            values = {"id": browser.session_id, "u": person.actor.user_id}
            await tx.execute(text(statement), {name: values[name] for name in values if f":{name}" in statement})
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(10):
                while True:
                    await connection.recv()
        assert closed.value.rcvd.code == 4401
        assert "sign-in has ended" in closed.value.rcvd.reason


async def test_event_streams_end_with_their_session(monkeypatch, runtime, http, browser, project):
    monkeypatch.setattr(subscribers, "CHECK_EVERY", 0.1)
    sent = {"query": EVENTS, "variables": {"p": project.path}}
    headers = browser.headers | {"Accept": "text/event-stream"}
    told = ""
    async with asyncio.timeout(10), http.stream("POST", "/graphql", json=sent, headers=headers) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            told += line
            if not line and "UNAUTHENTICATED" not in told and "ended" not in told:
                await sessions.revoke(
                    runtime.db, await runtime.authenticator.person(browser.secret), browser.session_id
                )
                told += "ended"
    assert "UNAUTHENTICATED" in told and "event: complete" in told


async def test_an_event_source_of_an_own_page_needs_the_cookie_and_nothing_else(http, runtime, browser, project):
    """The browser's `EventSource` can send no header; what it gets, no page of another origin can read."""
    query = {
        "query": 'subscription s { projectEvents(project: {path: "PATH"}) { type } }'.replace("PATH", project.path)
    }
    headers = browser.cookie | {"Accept": "text/event-stream"}
    told = ""
    async with asyncio.timeout(10), http.stream("GET", "/graphql", params=query, headers=headers) as answer:
        async for line in answer.aiter_lines():
            told += line
            if line == ":" and "begun" not in told:
                told += "begun"
                await asyncio.sleep(0.6)
                await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
            if line.startswith("data:"):
                break
    assert '"type":' in told and "errors" not in told


# --- signed links


async def test_a_link_of_a_session_ends_with_it(http, runtime, rest, browser, project, person, url):
    async with httpx.AsyncClient(base_url=url) as client:
        run = (await client.post(
            "/graphql",
            json={
                "query": "mutation c($p: String!) { candidateCreate(input: {experiment: {name: {project: $p, "
                'name: "Default"}}}) { candidate { id } userErrors { message } } }',
                "variables": {"p": project.path},
            },
            headers=browser.headers,
        )).json()["data"]["candidateCreate"]["candidate"]["id"]  # fmt: skip
        upload = {
            "query": "mutation u($c: ID!) { artifactUploadCreate(input: {owner: {candidate: {id: $c}}, files: "
            '[{path: "a.txt", size: 3}]}) { artifactUploads { id parts { url } } userErrors { message } } }',
            "variables": {"c": run},
        }
        answer = (await client.post("/graphql", json=upload, headers=browser.headers)).json()
        (made,) = answer["data"]["artifactUploadCreate"]["artifactUploads"]
        part = made["parts"][0]["url"]
        assert f"by=s{browser.session_id}&" in part
        assert (await client.put(part, content=b"abc")).status_code == 200
        altered = part.replace(f"by=s{browser.session_id}&", f"by={person.actor.token_id}&")
        assert (await client.put(altered, content=b"abc")).status_code == 403
        async with runtime.db.write() as tx:
            await sessions.end_all(tx, person.actor.user_id)
        refused = await client.put(part, content=b"abc")
        assert refused.status_code == 403 and "sign-in that the link was made with has ended" in refused.text


AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 "
    "Edg/140.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Safari/605.1.15": "Safari on Mac",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":
        "Chrome on Android",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 "
    "Mobile/15E148 Safari/604.1": "Chrome on iPhone",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox on Linux",
    "curl/8.5.0": "curl/8.5.0",
    "": "Unknown device",
}  # fmt: skip


@pytest.mark.parametrize("agent", AGENTS)
def test_devices_are_named_as_their_users_know_them(agent):
    assert device_of(agent) == AGENTS[agent]
