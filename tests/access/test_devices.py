"""`modelyard login`, the server's part: the device flow of RFC 8628, over HTTP, and the page that confirms it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from app.access import tokens
from app.access.devices import codes, grants
from app.access.passwords import hashing, passwords
from tests.conftest import new_person, serving
from tests.support.access.devices import GRANT, begin, change, code_of, decide, page, rested
from tests.support.access.signed_in import sign_in


@pytest.fixture
async def person(runtime, admin):
    return await new_person(runtime, admin, f"device-{uuid4().hex[:12]}")


@pytest.fixture
async def browser(runtime, person, url):
    return await sign_in(runtime, person.actor, url)


async def _tokens(runtime, person, name="") -> list[str]:
    async with runtime.db.read() as snap:
        rows = await snap.scalars(
            text("SELECT name FROM tokens WHERE user_id = :user AND name <> 'test' ORDER BY id"),
            {"user": person.actor.user_id},
        )
        return list(rows)


async def test_a_machine_that_a_person_allows_gets_a_token_of_that_person(http, runtime, person, browser, url):
    answer = await http.post(
        "/oauth/device/code", data={"client_id": "modelyard-cli", "device_name": "modelyard on lab-7"}
    )
    begun = answer.json()
    assert set(begun) == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
    }  # fmt: skip
    assert (begun["verification_uri"], begun["expires_in"], begun["interval"]) == (f"{url}/device", 600, 5)
    assert code_of(begun["verification_uri_complete"]) == begun["user_code"]
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", begun["user_code"])
    assert answer.headers["cache-control"] == "no-store"
    device = await begin(http, device_name="modelyard on lab-7")
    assert await device.error() == "authorization_pending"
    shown = await page(http, browser, device.user_code)
    assert shown.status_code == 200
    for seen in (device.user_code, "modelyard on lab-7", "127.0.0.1", person.actor.username, "Allow", "Refuse"):
        assert seen in shown.text
    assert (await decide(http, browser, device.user_code, "allow")).status_code == 200
    taken = await device.poll()
    assert taken.status_code == 200
    body = taken.json()
    assert (body["token_type"], body["scope"], taken.headers["cache-control"]) == ("Bearer", "api", "no-store")
    query = {"query": "{ viewer { user { username } } }"}
    viewer = await http.post("/graphql", json=query, headers={"Authorization": f"Bearer {body['access_token']}"})
    assert viewer.json()["data"]["viewer"]["user"]["username"] == person.actor.username
    assert await _tokens(runtime, person) == ["modelyard on lab-7"]
    assert await device.error() == "invalid_grant"


async def test_two_polls_at_once_bring_one_token(http, runtime, person, browser):
    device = await begin(http)
    await decide(http, browser, device.user_code, "allow")
    answers = await asyncio.gather(*(device.poll() for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    assert len(await _tokens(runtime, person)) == 1


async def test_a_poll_that_arrives_while_another_one_takes_the_token_waits_and_gets_none(
    http, runtime, person, browser, monkeypatch
):
    device = await begin(http)
    await decide(http, browser, device.user_code, "allow")
    add, takes, goes_on = tokens.add, asyncio.Event(), asyncio.Event()

    async def slow_add(*arguments, **options):
        takes.set()
        await goes_on.wait()
        return await add(*arguments, **options)

    monkeypatch.setattr(tokens, "add", slow_add)
    first = asyncio.create_task(device.poll())
    await takes.wait()
    second = asyncio.create_task(device.poll())
    await asyncio.sleep(0.3)
    assert not second.done()
    goes_on.set()
    assert [(await first).status_code, (await second).json()["error"]] == [200, "invalid_grant"]
    assert len(await _tokens(runtime, person)) == 1


async def test_a_refused_machine_is_told_so_and_gets_nothing(http, runtime, person, browser):
    device = await begin(http)
    assert "Refused" in (await decide(http, browser, device.user_code, "refuse")).text
    assert await device.error() == "access_denied"
    assert (await decide(http, browser, device.user_code, "allow")).status_code == 404
    assert await device.error() == "access_denied"
    assert await _tokens(runtime, person) == []


async def test_of_two_decisions_at_once_one_counts(http, runtime, admin, person, browser, url):
    device = await begin(http)
    other = await sign_in(runtime, (await new_person(runtime, admin, f"other-{uuid4().hex[:12]}")).actor, url)
    answers = await asyncio.gather(
        decide(http, browser, device.user_code, "allow"),
        decide(http, other, device.user_code, "allow"),
        decide(http, browser, device.user_code, "refuse"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404]


async def test_a_machine_that_polls_too_fast_is_slowed_and_may_go_on(http, runtime, browser):
    device = await begin(http)
    assert [await device.error() for _ in range(3)] == ["authorization_pending", "slow_down", "slow_down"]
    async with runtime.db.read() as snap:
        seconds = await snap.scalar(
            text("SELECT poll_seconds FROM device_grants WHERE user_code = :code"), {"code": device.user_code}
        )
    assert seconds == 15
    await change(runtime, device, "last_polled_at = now() - interval '13 seconds'")
    assert await device.error() == "slow_down"
    await rested(runtime, device)
    assert await device.error() == "authorization_pending"
    await decide(http, browser, device.user_code, "allow")
    assert (await device.poll()).status_code == 200


async def test_a_poll_a_little_early_is_none_too_fast(http, runtime):
    device = await begin(http)
    assert await device.error() == "authorization_pending"
    await change(runtime, device, "last_polled_at = now() - interval '4.2 seconds'")
    assert await device.error() == "authorization_pending"


async def test_the_interval_grows_to_a_minute_at_most(http, runtime):
    device = await begin(http)
    await change(runtime, device, "poll_seconds = 58, last_polled_at = now()")
    assert [await device.error() for _ in range(2)] == ["slow_down", "slow_down"]
    await change(runtime, device, "last_polled_at = now() - interval '61 seconds'")
    assert await device.error() == "authorization_pending"


async def test_after_ten_minutes_it_is_over_for_machine_and_person(http, runtime, person, browser):
    undecided, allowed = await begin(http), await begin(http)
    await decide(http, browser, allowed.user_code, "allow")
    for device in (undecided, allowed):
        await change(runtime, device, "expires_at = now()")
        assert await device.error() == "expired_token"
    assert (await page(http, browser, undecided.user_code)).status_code == 404
    assert (await decide(http, browser, undecided.user_code, "allow")).status_code == 404
    assert await _tokens(runtime, person) == []


async def test_old_rows_are_swept_and_young_ones_are_left(http, runtime):
    old, over, young = [await begin(http) for _ in range(3)]
    await change(runtime, old, "expires_at = now() - interval '11 minutes'")
    await change(runtime, over, "expires_at = now() - interval '9 minutes'")
    await asyncio.gather(grants.sweep(runtime.db), grants.sweep(runtime.db))
    assert [await device.error() for device in (old, over, young)] == [
        "invalid_grant", "expired_token", "authorization_pending",
    ]  # fmt: skip


@pytest.mark.parametrize("change_of_user", ["blocked_at = now()", "deleted_at = now()"])
async def test_who_was_deactivated_after_allowing_gives_no_token(http, runtime, person, browser, change_of_user):
    device = await begin(http)
    await decide(http, browser, device.user_code, "allow")
    async with runtime.db.write() as tx:
        await tx.execute(text(f"UPDATE users SET {change_of_user} WHERE id = :id"), {"id": person.actor.user_id})
    assert await device.error() == "access_denied"
    assert await _tokens(runtime, person) == []


async def test_a_new_password_ends_what_was_allowed_and_not_taken(http, runtime, person, browser):
    device = await begin(http)
    await decide(http, browser, device.user_code, "allow")
    stored = await hashing.hash_password("lanterns over the harbour")
    async with runtime.db.write() as tx:
        await passwords.set_password(tx, person.actor.user_id, stored)
    assert await device.error() == "invalid_grant"
    assert await _tokens(runtime, person) == []


async def test_the_page_is_for_people_who_are_signed_in_and_comes_back_to_the_code(http, person):
    device = await begin(http)
    answer = await http.get("/device", params={"code": device.user_code})
    assert (answer.status_code, answer.headers["location"]) == (
        303, f"/sign-in?return_to=%2Fdevice%3Fcode%3D{device.user_code}",
    )  # fmt: skip
    assert (await http.get("/device", params={"code": device.user_code}, headers=person.headers)).status_code == 303
    form = {"code": device.user_code, "decision": "allow", "form_token": "x"}
    assert (await http.post("/device", data=form, headers=person.headers)).status_code == 303
    assert await device.error() == "authorization_pending"


async def test_a_form_of_another_site_or_without_its_token_decides_nothing(http, browser):
    device = await begin(http)
    form = {"code": device.user_code, "decision": "allow", "form_token": "x"}
    for origin in ({}, {"Origin": "https://evil.example"}, {"Origin": browser.url}):
        assert (await http.post("/device", data=form, headers=browser.cookie | origin)).status_code == 403
    assert await device.error() == "authorization_pending"


async def test_codes_are_read_however_they_are_typed(http, browser):
    device = await begin(http)
    letters = device.user_code.replace("-", "")
    for typed in (letters.lower(), f" {letters[:2]} {letters[2:]} ", device.user_code.replace("-", "–"), letters):
        assert (await page(http, browser, typed)).status_code == 200
    for typed in (letters[:7], f"{letters}B", f"{letters[:7]}A", f"{letters[:7]}É"):
        assert (await page(http, browser, typed)).status_code == 404


async def test_guesses_of_codes_are_slowed_for_one_person_and_right_codes_count_nothing(http, runtime, admin, url):
    person = await new_person(runtime, admin, f"guess-{uuid4().hex[:12]}")
    browser = await sign_in(runtime, person.actor, url)
    device = await begin(http)
    for _ in range(12):
        assert (await page(http, browser, device.user_code)).status_code == 200
    statuses = [(await page(http, browser, codes.new_user_code())).status_code for _ in range(6)]
    assert statuses == [404] * 5 + [429]
    refused = await page(http, browser, device.user_code)
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1
    assert "try again in" in refused.text
    await asyncio.sleep(1.1)
    assert (await page(http, browser, device.user_code)).status_code == 200


async def test_what_a_machine_says_of_itself_is_shown_as_text_on_one_line(http, browser):
    device = await begin(http, device_name="<b>\u202eevil\r\n\x00" + "x" * 300)
    shown = (await page(http, browser, device.user_code)).text
    assert "&lt;b&gt; evil " in shown and "<b>" not in shown and "\u202e" not in shown
    assert "x" * 101 not in shown
    nameless = await begin(http, device_name=" \t ")
    assert "A program" in (await page(http, browser, nameless.user_code)).text


async def test_a_machine_may_take_less_than_everything(http, browser):
    device = await begin(http, scope="read_api")
    assert "Read everything" in (await page(http, browser, device.user_code)).text
    await decide(http, browser, device.user_code, "allow")
    assert (await device.poll()).json()["scope"] == "read_api"


async def test_the_token_ends_as_the_settings_want_it(http, runtime, browser, url):
    device = await begin(http)
    await decide(http, browser, device.user_code, "allow")
    limited = replace(runtime, settings=runtime.settings.model_copy(update={"token_max_days": 30}))
    async with serving(limited) as there, httpx.AsyncClient(base_url=there) as other:
        answer = await replace(device, http=other).poll()
    assert answer.status_code == 200
    assert 30 * 86_400 - 60 < answer.json()["expires_in"] <= 30 * 86_400


@pytest.mark.parametrize(
    ("path", "form", "error"),
    [
        ("/oauth/device/code", {"client": "x"}, "invalid_client"),
        ("/oauth/device/code", {"client_id": "other"}, "invalid_client"),
        ("/oauth/device/code", {"client_id": "modelyard-cli", "scope": "everything"}, "invalid_scope"),
        ("/oauth/token", {"client_id": "modelyard-cli", "grant_type": "password"}, "unsupported_grant_type"),
        ("/oauth/token", {"client_id": "modelyard-cli"}, "unsupported_grant_type"),
        ("/oauth/token", {"client_id": "other", "grant_type": GRANT}, "invalid_client"),
        ("/oauth/token", {"client_id": "modelyard-cli", "grant_type": GRANT}, "invalid_grant"),
        ("/oauth/token", {"client_id": "modelyard-cli", "grant_type": GRANT, "device_code": "myd_x"}, "invalid_grant"),
        ("/oauth/token", {"client_id": "modelyard-cli", "grant_type": GRANT, "device_code": "m" * 9_000},
         "invalid_grant"),
        ("/oauth/device/code", {f"field{number}": "" for number in range(30)}, "invalid_request"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_in_the_words_of_oauth(http, path, form, error):
    answer = await http.post(path, data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", answer.json()["error_description"])
    assert answer.headers["content-type"] == "application/json"


async def test_other_bodies_and_methods_are_refused_in_the_same_words(http):
    twice = "client_id=modelyard-cli&client_id=modelyard-cli"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for answer, status in (
        (await http.post("/oauth/device/code", content=twice, headers=kind), 400),
        (await http.post("/oauth/device/code", content="client_id=%FF", headers=kind), 400),
        (await http.post("/oauth/device/code", json={"client_id": "modelyard-cli"}), 400),
        (await http.post("/oauth/device/code", content=b"x=" + b"y" * 20_000, headers=kind), 413),
        (await http.get("/oauth/device/code"), 405),
        (await http.get("/oauth/nothing"), 404),
    ):
        assert (answer.status_code, answer.json()["error"]) == (status, "invalid_request")


async def test_one_network_has_a_hundred_sign_ins_under_way_at_most(http, runtime, monkeypatch):
    monkeypatch.setattr(grants, "MOST_OF_A_NETWORK", 0)
    answer = await http.post("/oauth/device/code", data={"client_id": "modelyard-cli"})
    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "60"
    monkeypatch.setattr(grants, "MOST_OF_A_NETWORK", 100)
    monkeypatch.setattr(grants, "MOST_OF_ALL", 0)
    answer = await http.post("/oauth/device/code", data={"client_id": "modelyard-cli"})
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


async def test_a_code_that_another_sign_in_has_is_replaced(http, monkeypatch):
    taken = (await begin(http)).user_code
    fresh = iter([taken, taken, "BCDF-GHJK"])
    monkeypatch.setattr(codes, "new_user_code", lambda: next(fresh))
    assert (await begin(http)).user_code == "BCDF-GHJK"


async def test_a_token_or_cookie_beside_the_form_changes_nothing(http, browser, person):
    device = await begin(http)
    for headers in (person.headers, browser.cookie, {"Authorization": "Bearer myt_wrong"}):
        form = {"grant_type": GRANT, "device_code": device.device_code, "client_id": "modelyard-cli"}
        answer = await http.post("/oauth/token", data=form, headers=headers)
        assert answer.json()["error"] in {"authorization_pending", "slow_down"}


async def test_decisions_and_tokens_are_logged_without_any_code(http, runtime, person, browser):
    device = await begin(http, device_name="modelyard on lab-8")
    await decide(http, browser, device.user_code, "allow")
    await device.poll()
    async with runtime.db.read() as snap:
        rows = (
            await snap.execute(
                text("SELECT action, details::text FROM access_log WHERE user_id = :id ORDER BY id"),
                {"id": person.actor.user_id},
            )
        ).all()
    assert [action for action, _ in rows] == ["device_allow", "token_create"]
    for _, details in rows:
        assert "modelyard on lab-8" in details
        assert device.user_code not in details and device.device_code not in details
