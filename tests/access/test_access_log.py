"""The sign-in and access log: what is written, who reads what of it, and that no client can fill the disk with it."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from app.access import access_log, members, projects, tokens
from app.access.access_log import Action
from app.access.authentication import refusals
from app.access.authentication.client_info import ClientInfo
from app.access.authentication.refusals import Refusals
from app.access.members import GroupOrProject
from app.access.policy import Actor, Role, Scope
from app.access.projects import CreateProject, UpdateProject
from app.access.reads import access_log as log
from app.access.reads.access_log import LogFilter
from app.access.tables_of_people import AccessLogEntry
from app.errors import Forbidden, Unauthenticated
from app.pagination import Window
from app.upkeep import project_deletion
from tests.conftest import new_person

PAGE = Window(first=100)
ALL = """query l($username: String, $doneBy: String, $action: AccessAction, $status: AccessLogEntryStatus,
    $address: String, $sinceAt: DateTime, $untilAt: DateTime, $first: Int, $after: String) {
  accessLog(username: $username, doneBy: $doneBy, action: $action, status: $status, address: $address,
      sinceAt: $sinceAt, untilAt: $untilAt, first: $first, after: $after) {
    nodes { happenedAt action status statusReason username doneBy { username } user { username } group { fullPath }
      project { fullPath } address client requestId details { name value } }
    pageInfo { endCursor hasNextPage } } }"""
MINE = """{ viewer { accessLog(first: 100) { nodes { action username address client requestId
  doneBy { username } } } } }"""
OF_PROJECT = """query p($path: String!) { project(by: {path: $path}) { accessLog(first: 100) {
  nodes { action username address doneBy { username } details { name value } } } } }"""
OF_GROUP = """query p($path: String!) { group(by: {path: $path}) { accessLog(first: 100) { nodes { action } } } }"""


def client_at(address: str) -> ClientInfo:
    return ClientInfo.of(address, "tests/1", uuid4().hex)


async def write(runtime, *entries: dict) -> None:
    async with runtime.db.write() as tx:
        await access_log.record_all(tx, entries)


async def entries_about(runtime, admin, username: str) -> list[AccessLogEntry]:
    return (await log.search(runtime.db, admin.actor, PAGE, LogFilter(username=username))).items


async def ask(http, person, query: str, **variables) -> dict:
    headers = person.headers if person else {}
    answer = await http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
    return answer.json()


class TestWriting:
    async def test_an_entry_says_who_what_from_where_and_how_it_ended(self, runtime, admin):
        name, client = f"new-{uuid4().hex[:8]}", client_at("192.0.2.7")
        async with runtime.db.write() as tx:
            await access_log.record(tx, Action.SIGN_IN, client=client, username=name, refused="password", method="m")
        (entry,) = await entries_about(runtime, admin, name.upper())
        assert (entry.action, entry.result, entry.reason) == ("sign_in", "refused", "password")
        assert (entry.address, entry.client, entry.request_id) == ("192.0.2.7", "tests/1", client.request_id)
        assert (entry.actor_id, entry.user_id, entry.username) == (None, None, name)
        assert entry.details == {"method": "m"}

    async def test_what_is_rolled_back_is_not_logged(self, runtime, admin):
        name = f"new-{uuid4().hex[:8]}"
        with pytest.raises(Forbidden):
            async with runtime.db.write() as tx:
                await access_log.record(tx, Action.SIGN_IN, username=name)
                raise Forbidden
        assert await entries_about(runtime, admin, name) == []

    async def test_the_name_of_a_user_is_kept_as_it_was(self, runtime, admin, staff):
        guest = staff[Role.GUEST].actor
        async with runtime.db.write() as tx:
            await access_log.record(tx, Action.SIGN_OUT, actor=admin.actor, user_id=guest.user_id)
        entry = (await entries_about(runtime, admin, guest.username))[0]
        assert (entry.user_id, entry.actor_id) == (guest.user_id, admin.actor.user_id)

    @pytest.mark.parametrize("typed", ["a\x00b", "\ud800", "é" * 10_000, "\u202e\x1b[31m", "' OR 1=1 --", ""])
    async def test_hostile_text_is_stored_as_something_short_that_can_be_shown(self, runtime, typed):
        client = ClientInfo(typed, typed, typed)
        async with runtime.db.write() as tx:
            await access_log.record(tx, Action.SIGN_IN, client=client, username=typed, refused=typed, typed=typed)
        async with runtime.db.read() as snap:
            entry = await snap.scalar(select(AccessLogEntry).order_by(AccessLogEntry.id.desc()).limit(1))
        texts = [entry.username, entry.reason, entry.address, entry.client, entry.request_id, entry.details["typed"]]
        assert all(len(one) <= access_log.MAX_TEXT and (one.isprintable() or not one) for one in texts)

    def test_details_are_bounded(self):
        many = {f"d{number}": "v" * 10_000 for number in range(1_000)}
        bounded = access_log.bounded(many | {})
        assert len(bounded) == access_log.MAX_DETAILS
        assert max(map(len, bounded.values())) <= access_log.MAX_TEXT
        odd = access_log.bounded(
            {"n": 2**80, "f": float("nan"), "l": ["x" * 999] * 999, "t": datetime.now(UTC), "o": 1j}
        )
        assert len(odd["l"]) == access_log.MAX_DETAILS
        assert odd["n"].isdigit()

    @pytest.mark.parametrize("prefix", ["myt_", "mys_", "myi_"])
    def test_a_secret_that_was_typed_as_a_name_is_not_kept(self, prefix):
        secret = prefix + secrets.token_urlsafe(30)
        entry = access_log.entry(Action.SIGN_IN, username=f"x {secret}", refused=secret, typed=secret, all=[secret])
        assert secret[8:] not in str(entry)


class TestWhatIsLogged:
    async def test_projects_and_groups(self, runtime, admin, project):
        owner = project.owner
        made = await projects.create(runtime.db, owner, CreateProject(project.group_id, "logged"))
        await projects.edit(runtime.db, owner, UpdateProject(made.id, description="long " * 100, name="Other"))
        await project_deletion.delete(runtime.db, owner, made.id, made.project.full_path)
        page = await log.search(runtime.db, admin.actor, PAGE, LogFilter(project_id=made.id))
        assert [entry.action for entry in page.items] == ["project_delete", "project_update", "project_create"]
        assert page.items[1].details == {"path": made.project.full_path, "name": "Other"}
        assert {entry.actor_id for entry in page.items} == {owner.user_id}
        of_group = await log.search(runtime.db, admin.actor, PAGE, LogFilter(group_id=project.group_id))
        assert {"group_create", "project_create", "project_delete"} <= {entry.action for entry in of_group.items}

    async def test_the_log_outlives_the_project(self, runtime, admin, project):
        job = await project_deletion.delete(runtime.db, project.owner, project.id, project.path)
        assert job
        from app.metadata import PROJECT_TABLES  # noqa: PLC0415

        async def progress(done: int, total: int | None) -> None: ...

        await project_deletion.purge(runtime.db, runtime.blobs, project.id, PROJECT_TABLES, progress=progress)
        page = await log.search(runtime.db, admin.actor, PAGE, LogFilter(project_id=project.id))
        assert page.items[0].action == "project_delete"


class TestRefusals:
    async def refused(self, runtime, admin, name: str, kind: str = "token") -> list[AccessLogEntry]:
        listed = await entries_about(runtime, admin, name)
        return [one for one in listed if one.action == "authenticate" and one.details.get("credential", kind) == kind]

    async def test_a_revoked_token_is_logged_once_a_minute_with_how_often(self, runtime, admin):
        now = 0.0
        counted = Refusals(runtime.db, clock=lambda: now)
        person = await new_person(runtime, admin, f"gone-{uuid4().hex[:8]}")
        await tokens.revoke(runtime.db, person.actor, person.actor.token_id)
        sha256 = tokens.digest(person.token)
        for _ in range(500):
            counted.note(sha256, client_at("192.0.2.1"))
        assert await counted.write() == 1
        for _ in range(300):
            counted.note(sha256, client_at("192.0.2.1"))
        now = 59.0
        assert await counted.write() == 0
        now = 61.0
        assert await counted.write() == 1
        later, first = await self.refused(runtime, admin, person.actor.username)
        assert (first.details["times"], later.details["times"]) == (500, 300)
        assert (first.reason, first.result, first.address) == ("revoked", "refused", "192.0.2.1")
        assert (first.user_id, first.actor_id) == (person.actor.user_id, None)
        now = 200.0
        assert await counted.write() == 0
        assert not counted._credentials
        counted._writing.cancel()

    async def test_each_reason(self, runtime, admin):
        counted = Refusals(runtime.db)
        people = {}
        for reason in ("revoked", "expired", "deactivated"):
            people[reason] = await new_person(runtime, admin, f"{reason}-{uuid4().hex[:8]}")
            counted.note(tokens.digest(people[reason].token), client_at("192.0.2.2"))
        async with runtime.db.write() as tx:
            await tx.execute(
                text("UPDATE tokens SET expires_at = now() WHERE id = :id"), {"id": people["expired"].actor.token_id}
            )
            await tx.execute(
                text("UPDATE users SET blocked_at = now() WHERE id = :id"),
                {"id": people["deactivated"].actor.user_id},
            )
        await tokens.revoke(runtime.db, people["revoked"].actor, people["revoked"].actor.token_id)
        await counted.close()
        for reason, person in people.items():
            (entry,) = await self.refused(runtime, admin, person.actor.username)
            assert entry.reason == reason

    async def test_a_token_that_is_valid_again_is_not_logged(self, runtime, admin):
        counted = Refusals(runtime.db)
        person = await new_person(runtime, admin, f"back-{uuid4().hex[:8]}")
        counted.note(tokens.digest(person.token), client_at("192.0.2.2"))
        assert await counted.write() == 0
        assert not counted._credentials
        await counted.close()
        assert await self.refused(runtime, admin, person.actor.username) == []

    async def test_guessing_costs_an_entry_a_network_and_the_number_of_those_is_bounded(self, runtime, monkeypatch):
        now = 0.0
        counted = Refusals(runtime.db, clock=lambda: now)
        for number in range(5_000):
            counted.note(secrets.token_bytes(32), client_at(f"2001:db8:0:{number % 300:x}::{number:x}"))
        assert len(counted._credentials) == refusals.MAX_CREDENTIALS
        assert await counted.write() == refusals.MAX_UNKNOWN + 1
        async with runtime.db.read() as snap:
            newest = select(AccessLogEntry).order_by(AccessLogEntry.id.desc()).limit(refusals.MAX_UNKNOWN + 1)
            rows = (await snap.scalars(newest)).all()
        assert sum(row.details["times"] for row in rows) == 5_000
        assert {row.reason for row in rows} == {"unknown"}
        for _ in range(10):
            counted.note(secrets.token_bytes(32), client_at("2001:db8::1"))
        now = 30.0
        assert await counted.write() == 0
        counted._writing.cancel()

    async def test_it_is_written_by_itself_and_goes_on_when_the_database_was_away(self, runtime, admin, monkeypatch):
        monkeypatch.setattr(refusals, "WRITE_SECONDS", 0.02)
        counted = Refusals(runtime.db)
        failures = [OSError("away")]
        write = counted.write

        async def failing(**options):
            if failures:
                raise failures.pop()
            return await write(**options)

        monkeypatch.setattr(counted, "write", failing)
        person = await new_person(runtime, admin, f"gone-{uuid4().hex[:8]}")
        await tokens.revoke(runtime.db, person.actor, person.actor.token_id)
        counted.note(tokens.digest(person.token), client_at("192.0.2.3"))
        async with asyncio.timeout(5):
            while not await self.refused(runtime, admin, person.actor.username):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        counted._writing.cancel()

    async def test_over_http_the_refusal_is_logged_with_the_address(self, runtime, http, admin, monkeypatch):
        monkeypatch.setattr(refusals, "WRITE_SECONDS", 0.05)
        person = await new_person(runtime, admin, f"gone-{uuid4().hex[:8]}")
        assert (
            await http.post("/graphql", json={"query": "{ viewer { isAdmin } }"}, headers=person.headers)
        ).is_success
        await tokens.revoke(runtime.db, person.actor, person.actor.token_id)
        answers = [await http.get("/api/v4/projects/1/ml/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0",
                                  headers=person.headers) for _ in range(20)]  # fmt: skip
        assert {answer.status_code for answer in answers} == {401}
        async with asyncio.timeout(5):
            while not (listed := await self.refused(runtime, admin, person.actor.username)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert listed[0].address == "127.0.0.1"
        assert listed[0].client.startswith("python-httpx")


class TestReading:
    async def test_only_administrators_read_all(self, runtime, http, admin, staff):
        for person in (None, *staff.values()):
            answer = await ask(http, person, ALL)
            assert answer["data"]["accessLog"] is None
            assert answer["errors"][0]["extensions"]["code"] == ("FORBIDDEN" if person else "UNAUTHENTICATED")
        assert (await ask(http, admin, ALL, first=5))["data"]["accessLog"]["nodes"]

    async def test_an_administrators_token_of_a_project_reads_not_all(self, runtime, admin, project):
        confined = Actor(admin.actor.user_id, "admin", True, frozenset({Scope.API}), project_boundary=project.id)
        with pytest.raises(Forbidden):
            await log.search(runtime.db, confined, PAGE, LogFilter())
        with pytest.raises(Unauthenticated):
            await log.search(runtime.db, Actor(), PAGE, LogFilter())

    async def test_filters_and_pages(self, runtime, http, admin):
        name, address = f"f-{uuid4().hex[:8]}", f"2001:db8::{secrets.randbelow(2**16):x}"
        client = client_at(address)
        await write(
            runtime,
            *(access_log.entry(Action.SIGN_IN, client=client, username=name, method=str(one)) for one in range(5)),
            access_log.entry(Action.SIGN_IN, client=client, username=name, refused="password"),
            access_log.entry(Action.TOKEN_CREATE, actor=admin.actor, username=name),
        )

        async def listed(**filter) -> list[dict]:
            return (await ask(http, admin, ALL, **({"username": name} | filter)))["data"]["accessLog"]["nodes"]

        assert len(await listed()) == 7
        assert len(await listed(action="SIGN_IN")) == 6
        assert len(await listed(status="DONE")) == 6
        (refused,) = await listed(status="REFUSED", address=address)
        assert (refused["statusReason"], refused["address"], refused["client"]) == ("password", address, "tests/1")
        assert len(await listed(doneBy=admin.actor.username.upper())) == 1
        assert await listed(doneBy="no-such-user") == await listed(address="192.0.2.99") == []
        assert await listed(username="a\x00c") == await listed(address="\x00") == []
        now = datetime.now(UTC)
        assert len(await listed(sinceAt=(now - timedelta(minutes=1)).isoformat())) == 7
        assert await listed(untilAt=(now - timedelta(minutes=1)).isoformat()) == []
        first = (await ask(http, admin, ALL, username=name, first=4))["data"]["accessLog"]
        after = first["pageInfo"]["endCursor"]
        then = (await ask(http, admin, ALL, username=name, first=4, after=after))["data"]["accessLog"]
        assert [len(page["nodes"]) for page in (first, then)] == [4, 3]
        assert first["nodes"] + then["nodes"] == await listed()

    async def test_people_read_what_is_about_them_and_not_from_where_others_acted(self, runtime, http, admin, staff):
        guest, name = staff[Role.GUEST], staff[Role.GUEST].actor.username
        await write(
            runtime,
            access_log.entry(Action.USER_UPDATE, actor=admin.actor, client=client_at("192.0.2.50"),
                             user_id=guest.actor.user_id, username=name),
            access_log.entry(Action.SIGN_IN, client=client_at("192.0.2.51"), user_id=guest.actor.user_id,
                             username=name, refused="password"),
        )  # fmt: skip
        tried, changed = (await ask(http, guest, MINE))["data"]["viewer"]["accessLog"]["nodes"][:2]
        assert (tried["action"], tried["address"]) == ("SIGN_IN", "192.0.2.51")
        assert (changed["action"], changed["address"], changed["client"], changed["requestId"], changed["doneBy"]) == (
            "USER_UPDATE", None, None, None, None,
        )  # fmt: skip
        theirs = (await ask(http, staff[Role.REPORTER], MINE))["data"]["viewer"]["accessLog"]["nodes"]
        assert "192.0.2.51" not in str(theirs)

    async def test_who_manages_members_reads_what_happened_there(self, runtime, http, admin, project):
        async with runtime.db.write() as tx:
            await access_log.record(tx, Action.TOKEN_REVOKE, actor=project.owner, project_id=project.id, token="ci")
        for role, sees in ((Role.OWNER, True), (Role.MAINTAINER, True), (Role.DEVELOPER, False), (Role.GUEST, False)):
            answer = (await ask(http, project[role], OF_PROJECT, path=project.path))["data"]["project"]
            assert (answer["accessLog"] is not None) is sees, role
        nodes = (await ask(http, project[Role.OWNER], OF_PROJECT, path=project.path))["data"]["project"]["accessLog"]
        assert nodes["nodes"][0]["action"] == "TOKEN_REVOKE"
        assert nodes["nodes"][0]["details"] == [{"name": "token", "value": "ci"}]
        group = project.path.rpartition("/")[0]
        below = (await ask(http, project[Role.OWNER], OF_GROUP, path=group))["data"]["group"]["accessLog"]["nodes"]
        assert {"action": "PROJECT_CREATE"} in below
        answer = (await ask(http, project.stranger, OF_PROJECT, path=project.path))["data"]["project"]
        assert answer is None

    async def test_entries_of_other_projects_are_not_among_them(self, runtime, project, staff):
        other = await projects.create(runtime.db, project.owner, CreateProject(project.group_id, "beside"))
        async with runtime.db.write() as tx:
            await access_log.record(tx, Action.MEMBER_SET, actor=project.owner, project_id=other.id)
        keys = [(project.id,), (other.id,)]
        mine, theirs = await log.of_projects(runtime.db, project.owner, keys, PAGE)
        assert {entry.about_project_id for entry in mine.items} == {project.id}
        assert {entry.about_project_id for entry in theirs.items} == {other.id}


class TestUpkeep:
    async def test_old_entries_are_removed_and_others_stay(self, runtime, admin, monkeypatch):
        monkeypatch.setattr(log, "_REMOVED_AT_ONCE", 3)
        name = f"old-{uuid4().hex[:8]}"
        await write(runtime, *(access_log.entry(Action.SIGN_IN, username=name) for _ in range(10)))
        async with runtime.db.write() as tx:
            await tx.execute(
                text(
                    "UPDATE access_log SET happened_at = now() - interval '401 days' WHERE id IN "
                    "(SELECT id FROM access_log WHERE username = :name ORDER BY id LIMIT 8)"
                ),
                {"name": name},
            )
        removed = await asyncio.gather(*(log.remove_old(runtime.db, timedelta(days=400)) for _ in range(2)))
        assert sum(removed) == 8
        assert len(await entries_about(runtime, admin, name)) == 2

    async def test_an_export_reads_all_of_it_oldest_first(self, runtime, monkeypatch):
        monkeypatch.setattr(log, "_READ_AT_ONCE", 3)
        name = f"e-{uuid4().hex[:8]}"
        await write(runtime, *(access_log.entry(Action.SIGN_IN, username=name, n=one) for one in range(10)))
        rows = [log.plain(entry) async for entry in log.everything(runtime.db, LogFilter(username=name))]
        assert [row["details"]["n"] for row in rows] == list(range(10))

    @pytest.mark.parametrize(
        "filter",
        [
            LogFilter(), LogFilter(username="u7"), LogFilter(user_id=7), LogFilter(address="10.0.0.7"),
            LogFilter(action=Action.TOKEN_EXPIRING), LogFilter(is_refused=True), LogFilter(project_id=7),
            LogFilter(group_id=7), LogFilter(actor="admin"),
            LogFilter(since=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2026, 2, 1, tzinfo=UTC)),
        ],
        ids=str,
    )  # fmt: skip
    async def test_each_filter_reads_by_an_index_in_the_order_of_the_list(self, runtime, filter):
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        statement = log.ORDER.apply(log.matching(filter), Window(first=20))
        sql = str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
        async with runtime.db.write() as tx:
            await tx.execute(text("SET LOCAL enable_seqscan = off"))
            await tx.execute(text("SET LOCAL enable_sort = off"))
            plan = (await tx.execute(text(f"EXPLAIN {sql}".replace(":", "\\:")))).scalars().all()
        assert "Sort" not in "\n".join(plan)
        assert "ix_access_log_" in "\n".join(plan)


async def test_members_are_logged_with_their_project(runtime, admin, project):
    target = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, target, project.stranger.actor.username, Role.GUEST)
    await members.remove(runtime.db, project.owner, target, project.stranger.actor.username)
    page = await log.search(runtime.db, admin.actor, Window(first=2), LogFilter(project_id=project.id))
    assert [entry.action for entry in page.items] == ["member_delete", "member_set"]
    assert {entry.user_id for entry in page.items} == {project.stranger.actor.user_id}
