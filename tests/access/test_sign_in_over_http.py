"""The page `/sign-in` under attack: two API processes on one database, and callers at addresses of their own."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from app.runtime import open_runtime
from tests.conftest import serving
from tests.support.access.passwords import GOOD, new_member
from tests.support.pages.visitor import Visitor

TOKEN = re.compile(r'value="[0-9a-f]{80}"')


@pytest.fixture
async def urls(runtime) -> AsyncIterator[tuple[str, str]]:
    """Two API processes, as far as they share nothing but the servers."""
    async with (
        open_runtime(runtime.settings, name="second") as second,
        serving(runtime) as first_url,
        serving(second) as second_url,
    ):
        yield first_url, second_url


@asynccontextmanager
async def visitor_at(url: str, address: str = "") -> AsyncIterator[Visitor]:
    """A browser at another address of the loopback, of which Linux has sixteen million."""
    address = address or f"127.{secrets.randbelow(250) + 2}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 1}"
    visitor = Visitor(url)
    transport = httpx.AsyncHTTPTransport(local_address=address)
    visitor.http = httpx.AsyncClient(base_url=url, transport=transport, timeout=30)
    async with visitor:
        yield visitor


async def fields(visitor: Visitor) -> dict[str, str]:
    return (await visitor.open("/sign-in")).form("/sign-in").fields


async def attempts(urls, name: str, many: int) -> list[httpx.Response]:
    """So many wrong passwords at once, of one address, to both processes in turn."""
    address = f"127.{secrets.randbelow(250) + 2}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 1}"
    async with visitor_at(urls[0], address) as here, visitor_at(urls[1], address) as there:
        sent = [(one, {**await fields(one), "username": name, "password": "wrong"}) for one in (here, there)]
        calls = [sent[number % 2][0].post("/sign-in", sent[number % 2][1]) for number in range(many)]
        return await asyncio.gather(*calls)


@pytest.mark.parametrize("exists", [True, False])
async def test_two_processes_let_five_attempts_through_however_many_come_at_once(runtime, urls, exists):
    name = (await new_member(runtime)).username if exists else f"missing-{uuid4().hex[:12]}"
    answers = await attempts(urls, name, 20)
    assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 15}
    for answer in answers:
        if answer.status_code == 429:
            assert answer.headers["retry-after"] == "1"
            assert "try again in 1 s" in answer.text
    async with runtime.db.read() as snap:
        logged = await snap.scalar(
            text("SELECT count(*) FROM access_log WHERE action = 'sign_in' AND username = :name"), {"name": name}
        )
    assert logged == 5


async def test_pages_of_all_refusals_are_the_same_but_for_the_name_and_the_form_token(runtime, urls):
    member, blocked, bot = [await new_member(runtime) for _ in range(3)]
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE users SET blocked_at = now() WHERE id = :id"), {"id": blocked.id})
        await tx.execute(text("UPDATE users SET is_bot = true WHERE id = :id"), {"id": bot.id})
    seen = set()
    for name, password in (
        (member.username, "wrong"),
        (blocked.username, GOOD),
        (bot.username, GOOD),
        (f"missing-{uuid4().hex[:11]}", GOOD),
    ):
        async with visitor_at(urls[0]) as visitor:
            answer = await visitor.post("/sign-in", {**await fields(visitor), "username": name, "password": password})
        headers = {key: value for key, value in answer.headers.items() if key not in {"date", "x-request-id"}}
        seen.add((answer.status_code, TOKEN.sub("", answer.text.replace(name, "NAME")), str(headers)))
    assert len(seen) == 1
    [(status, shown, _)] = seen
    assert status == 401 and "The name or the password is not right." in shown and GOOD not in shown


async def test_long_passwords_fit_into_the_form_and_larger_bodies_are_refused(runtime, urls):
    longest = "🦄🐎🦓🐴" * 256
    member = await new_member(runtime, password=longest)
    async with visitor_at(urls[0]) as visitor:
        form = {**await fields(visitor), "username": member.username}
        for password, status in ((longest[:-1], 401), ("x" * 60_000, 401), ("x" * 66_000, 413), (longest, 303)):
            answer = await visitor.post("/sign-in", form | {"password": password})
            assert answer.status_code == status, (len(password), answer.status_code)


async def test_a_browser_that_has_signed_in_comes_in_while_its_account_is_attacked(runtime, urls):
    member = await new_member(runtime)
    async with visitor_at(urls[0]) as owner, visitor_at(urls[1]) as stranger:
        form = (await owner.open("/sign-in")).form("/sign-in")
        page = await owner.send(form, username=member.username, password=GOOD)
        await owner.send(page.form("/sign-out"))
        for _ in range(13):
            await attempts(urls, member.username, 1)
        form = (await owner.open("/sign-in")).form("/sign-in")
        # From another address, such as that of a train.
        async with visitor_at(urls[1]) as moved:
            moved.http.cookies = owner.http.cookies
            assert (await moved.send(form, username=member.username, password=GOOD)).status == 200
        form = (await stranger.open("/sign-in")).form("/sign-in")
        refused = await stranger.send(form, username=member.username, password=GOOD)
        assert refused.status == 429
        await asyncio.sleep(int(refused.answer.headers["retry-after"]))
        assert (await stranger.send(form, username=member.username, password=GOOD)).status == 200
