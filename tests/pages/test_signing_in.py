"""Signing in and out by the pages, as browsers do, and as those who would use another one's browser try."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import text

from tests.conftest import serving
from tests.pages.conftest import PASSWORD
from tests.support.access.signed_in import SESSION, sign_in
from tests.support.pages.visitor import Visitor


async def signed_in(visitor, person, return_to="/account"):
    page = await visitor.open(f"/sign-in?return_to={quote(return_to, safe='')}")
    return await visitor.send(page.form("/sign-in"), username=person.actor.username, password=PASSWORD)


async def test_a_password_opens_the_page_that_was_wanted(visitor, person):
    shown = await visitor.open("/account?done=token")
    assert shown.path.startswith("/sign-in?return_to=")
    page = await visitor.send(shown.form("/sign-in"), username=person.actor.username.upper(), password=PASSWORD)
    assert (page.status, page.path) == (200, "/account?done=token")
    assert person.actor.username in page.text and "The token was revoked." in page.text


async def test_wrong_and_missing_names_are_refused_in_the_same_words(visitor, person):
    texts = set()
    for name in (person.actor.username, "nobody-of-this-name"):
        page = await visitor.open("/sign-in")
        refused = await visitor.send(page.form("/sign-in"), username=name, password="not the password")
        assert refused.status == 401 and refused.answer.headers["www-authenticate"].startswith("Bearer")
        assert refused.form("/sign-in").fields["username"] == name
        assert "not the password" not in refused.answer.text
        texts.add(refused.answer.text.replace(name, "").split("<main")[1].split('name="form_token"')[0])
    assert len(texts) == 1
    assert SESSION not in visitor.http.cookies


async def test_a_page_with_an_error_says_so_first_and_beside_its_field(visitor, person):
    page = await visitor.open("/sign-in")
    refused = await visitor.send(page.form("/sign-in"), username=person.actor.username, password="wrong")
    assert "<title>Error: Sign in" in refused.answer.text and 'role="alert"' in refused.answer.text


async def test_every_field_has_a_label_and_every_id_is_one(visitor, person):
    pages = [await visitor.open("/sign-in"), await signed_in(visitor, person)]
    for page in pages:
        shown = [one for one in page.reader.inputs if one.get("type") != "hidden" and "hidden" not in one]
        assert shown and {one["id"] for one in shown} <= page.reader.labels
        assert len(page.reader.ids) == len(set(page.reader.ids))
        assert all(any(form.buttons) for form in page.forms)


async def test_signing_out_ends_the_session(visitor, person, http):
    page = await signed_in(visitor, person)
    secret = visitor.http.cookies[SESSION]
    left = await visitor.send(page.form("/sign-out"))
    assert left.path == "/sign-in" and SESSION not in visitor.http.cookies
    again = await http.get("/account", headers={"Cookie": f"{SESSION}={secret}"})
    assert again.status_code == 303 and f"{SESSION}=;" in again.headers["set-cookie"]


async def test_signing_out_twice_is_fine(visitor, person):
    page = await signed_in(visitor, person)
    await visitor.send(page.form("/sign-out"))
    assert (await visitor.send(page.form("/sign-out"))).path == "/sign-in"


async def test_scripts_of_own_pages_sign_out_without_a_form(visitor, person, http):
    await signed_in(visitor, person)
    secret, marked = visitor.http.cookies[SESSION], {"X-Requested-With": "Modelyard"}
    for sender in REFUSED.values():
        assert (await visitor.post("/sign-out", {}, **(sender | marked))).status_code == 403
    assert (await visitor.http.post("/sign-out", headers=marked)).status_code == 403
    assert (await visitor.post("/sign-out", {"form_token": "none"})).status_code == 403
    assert (await visitor.post("/sign-out", {}, **marked)).status_code == 303
    again = await http.get("/account", headers={"Cookie": f"{SESSION}={secret}"})
    assert again.status_code == 303


async def test_the_secret_is_new_at_every_sign_in_and_the_old_session_ends(visitor, person, http):
    """A session that somebody else has put into the browser, or knows of, is worth nothing afterwards."""
    await signed_in(visitor, person)
    planted = visitor.http.cookies[SESSION]
    page = await visitor.open("/account")
    fields = {"form_token": page.form("/sign-out").fields["form_token"], "username": person.actor.username}
    answer = await visitor.post("/sign-in", fields | {"password": PASSWORD})
    assert answer.status_code == 303 and visitor.http.cookies[SESSION] != planted
    assert (await http.get("/account", headers={"Cookie": f"{SESSION}={planted}"})).status_code == 303


async def test_a_planted_secret_never_becomes_a_session(visitor, person, http):
    page = await visitor.open("/sign-in")
    planted = "mys_" + "a" * 40
    visitor.http.cookies.set(SESSION, planted, domain="127.0.0.1", path="/")
    assert (await visitor.send(page.form("/sign-in"), username=person.actor.username, password=PASSWORD)).status == 200
    assert (await http.get("/account", headers={"Cookie": f"{SESSION}={planted}"})).status_code == 303


FOREIGN = [
    "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "\\\\evil.example", "evil.example",
    "javascript:alert(1)", "/%0d%0aSet-Cookie:x=1", "/a\r\nSet-Cookie: x=1", "http:evil.example", "///evil.example", "",
    "/" + "a" * 3000, "/ä", "/a b", " /account", "/@evil.example",
]  # fmt: skip


@pytest.mark.parametrize("target", FOREIGN)
async def test_no_link_leads_away_after_the_sign_in(visitor, person, target):
    page = await visitor.open(f"/sign-in?return_to={quote(target, safe='')}")
    for fields in ({}, {"return_to": target}):
        answer = await visitor.send(
            page.form("/sign-in"), fields, username=person.actor.username, password=PASSWORD, follow=False
        )
        location = answer.answer.headers["location"]
        assert location.startswith("/") and location[1:2] not in {"/", "\\"}, location
        assert "\r" not in location and "x=1" not in answer.answer.headers.get("x", "")
        assert all(not one.startswith("x=") for one in answer.answer.headers.get_list("set-cookie"))
        page = await visitor.send((await visitor.open("/account")).form("/sign-out"))


async def test_who_is_signed_in_already_is_led_on_and_never_away(visitor, person):
    await signed_in(visitor, person)
    assert (await visitor.open("/sign-in?return_to=%2Faccount%3Fdone%3Dtoken")).path == "/account?done=token"
    assert (await visitor.open("/sign-in?return_to=https%3A%2F%2Fevil.example")).path == "/account"


REFUSED = {
    "another site": {"Origin": "https://evil.example"},
    "a sandboxed frame": {"Origin": "null"},
    "the same host, another port": {"Origin": "http://127.0.0.1:1"},
    "a name that ends like ours": {"Origin": "http://evil127.0.0.1"},
}


@pytest.mark.parametrize("sender", REFUSED)
async def test_forms_of_other_origins_do_nothing(visitor, person, sender):
    page = await signed_in(visitor, person)
    fields = page.form("/sign-out").fields
    answer = await visitor.post("/sign-out", fields, **REFUSED[sender])
    assert answer.status_code == 403 and "another site" in answer.text
    assert (await visitor.open("/account")).path == "/account"


async def test_a_form_without_an_origin_does_nothing(visitor, person):
    page = await signed_in(visitor, person)
    answer = await visitor.http.post("/sign-out", data=page.form("/sign-out").fields)
    assert answer.status_code == 403


@pytest.mark.parametrize("token", [None, "", "0" * 80, "é" * 80])
async def test_a_form_without_its_token_does_nothing(visitor, person, token):
    page = await signed_in(visitor, person)
    fields = {"x": "1"} if token is None else {"form_token": token}
    answer = await visitor.post("/sign-out", fields)
    assert answer.status_code == 403 and "load the page again" in answer.text
    wrong = await visitor.post("/sign-in", fields | {"username": person.actor.username, "password": PASSWORD})
    assert wrong.status_code == 403
    assert page.status == 200


async def test_the_token_of_another_session_or_browser_does_nothing(url, visitor, person):
    async with Visitor(url) as other, Visitor(url) as signed_out:
        stolen = (await signed_in(other, person)).form("/sign-out").fields["form_token"]
        before = (await signed_out.open("/sign-in")).form("/sign-in").fields["form_token"]
        await signed_in(visitor, person)
        for token in (stolen, before):
            assert (await visitor.post("/sign-out", {"form_token": token})).status_code == 403
        async with Visitor(url) as third:
            await third.open("/sign-in")
            fields = {"form_token": before, "username": person.actor.username, "password": PASSWORD}
            assert (await third.post("/sign-in", fields)).status_code == 403


async def test_cookies_over_http_are_out_of_reach_of_scripts_and_other_sites(visitor, person):
    page = await visitor.open("/sign-in")
    form = page.answer.headers["set-cookie"]
    assert form.startswith("modelyard_form=") and form.endswith("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax")
    answer = (
        await visitor.send(page.form("/sign-in"), username=person.actor.username, password=PASSWORD, follow=False)
    ).answer
    given = {one.partition("=")[0]: one.partition("; ")[2] for one in answer.headers.get_list("set-cookie")}
    assert given == {
        "modelyard_session": "Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax",
        "modelyard_form": "Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
        "modelyard_browser": "Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax",
    }


@pytest.fixture(scope="module")
async def behind_proxy(runtime):
    """The API behind a proxy that speaks https, which the operator has named."""
    from dataclasses import replace  # noqa: PLC0415

    settings = runtime.settings.model_copy(update={"trusted_proxies": "127.0.0.1"})
    async with serving(replace(runtime, settings=settings)) as address:
        yield address


async def test_cookies_over_https_belong_to_no_other_host(behind_proxy, person, runtime):
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.9", "Host": "test"}
    async with Visitor(behind_proxy, proxied, origin="https://test") as visitor:
        # The browser's own cookies are left to this test, since the connection itself is not https.
        page = await visitor.open("/sign-in")
        mark = page.answer.headers["set-cookie"]
        assert mark.startswith("__Host-modelyard_form=") and mark.endswith("; SameSite=Lax; Secure")
        fields = page.form("/sign-in").fields | {"username": person.actor.username, "password": PASSWORD}
        answer = await visitor.post("/sign-in", fields, Cookie=mark.partition(";")[0])
        session = next(one for one in answer.headers.get_list("set-cookie") if "session" in one)
        assert session.startswith("__Host-modelyard_session=mys_")
        assert session.endswith("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax; Secure")
        secret = session.partition("=")[2].partition(";")[0]
        shown = await visitor.http.get("/account", headers={"Cookie": f"__Host-modelyard_session={secret}"})
        assert shown.status_code == 200 and "198.51.100.9" in shown.text
        bare = await visitor.http.get("/account", headers={"Cookie": f"modelyard_session={secret}"})
        assert bare.status_code == 303
    async with runtime.db.read() as snap:
        where = text("SELECT last_address FROM sessions WHERE user_id = :u")
        assert (await snap.scalars(where, {"u": person.actor.user_id})).all() == ["198.51.100.9"]


async def test_an_https_page_is_no_page_of_plain_http(behind_proxy, person, runtime):
    """Over https only the https origin is ours."""
    proxied = {"X-Forwarded-Proto": "https", "Host": "test"}
    browser = await sign_in(runtime, person.actor, "http://test")
    async with Visitor(behind_proxy, proxied, origin="http://test") as visitor:
        answer = await visitor.post("/sign-out", {}, Cookie=f"__Host-modelyard_session={browser.secret}")
        assert answer.status_code == 403 and "another site" in answer.text


BODIES = {
    "too long": (b"username=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
    "many fields": (b"&".join(b"a%d=1" % n for n in range(60)), "application/x-www-form-urlencoded", 400),
    "a field twice": (b"username=a&username=b", "application/x-www-form-urlencoded", 400),
    "not UTF-8": (b"username=%ff", "application/x-www-form-urlencoded", 400),
    "raw bytes": (b"username=\xff\xfe", "application/x-www-form-urlencoded", 400),
    "NUL": (b"username=%00", "application/x-www-form-urlencoded", 400),
    "JSON": (b"{}", "application/json", 400),
    "multipart": (b"--x--", "multipart/form-data; boundary=x", 400),
    "plain text": (b"a=b", "text/plain", 400),
}


@pytest.mark.parametrize("kind", BODIES)
async def test_forms_of_other_shapes_are_refused(visitor, kind):
    body, media_type, status = BODIES[kind]
    headers = {"Origin": visitor.url, "Content-Type": media_type}
    answer = await visitor.http.post("/sign-in", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "username", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a' autofocus b='"]
)
async def test_what_was_typed_is_shown_as_text(visitor, username):
    page = await visitor.open(f"/sign-in?return_to={quote('/' + username, safe='')}")
    refused = await visitor.send(page.form("/sign-in"), username=username, password="x")
    assert refused.form("/sign-in").fields["username"] == username
    assert "<script" not in refused.answer.text and "<img" not in refused.answer.text


async def test_a_session_that_is_too_old_or_was_not_used_leads_to_the_sign_in(runtime, http, url, person):
    for moved in ("expires_at = now() - interval '1 s'", "last_used_at = now() - interval '15 days'"):
        browser = await sign_in(runtime, person.actor, url)
        async with runtime.db.write() as tx:
            await tx.execute(text(f"UPDATE sessions SET {moved} WHERE id = :id"), {"id": browser.session_id})
        answer = await http.get("/account", headers=browser.cookie)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?return_to=%2Faccount")
        assert "modelyard_session=; Path=/; Max-Age=0" in answer.headers["set-cookie"]


async def test_names_are_escaped_on_the_account(runtime, http, url, person):
    browser = await sign_in(runtime, person.actor, url)
    async with runtime.db.write() as tx:
        agent = {"id": browser.session_id, "a": "<b>x</b>"}
        await tx.execute(text("UPDATE sessions SET client = :a, last_address = :a WHERE id = :id"), agent)
        values = {"n": "<i>t</i>", "u": person.actor.user_id}
        await tx.execute(text("UPDATE tokens SET name = :n WHERE user_id = :u"), values)
    answer = await http.get("/account", headers=browser.cookie)
    assert "<b>x" not in answer.text and "<i>t" not in answer.text and "&lt;i&gt;t" in answer.text


@pytest.mark.parametrize(
    "cookie", ["modelyard_session=" + "a" * 7_000, "modelyard_session=\xff", "; ;=;modelyard_session"]
)
async def test_odd_cookies_are_no_session(http, cookie):
    answer = await http.get("/account", headers={"Cookie": cookie.encode("latin-1")})
    assert answer.status_code == 303


async def test_a_session_of_yesterday_goes_on_and_is_noted(runtime, http, url, person):
    browser = await sign_in(runtime, person.actor, url)
    async with runtime.db.write() as tx:
        past = text("UPDATE sessions SET last_used_at = now() - interval '1 day' WHERE id = :id")
        await tx.execute(past, {"id": browser.session_id})
    used = browser.cookie | {"User-Agent": "Mozilla/5.0 (iPhone) Safari/1"}
    assert "Safari on iPhone" in (await http.get("/account", headers=used)).text
    async with runtime.db.read() as snap:
        row = (await snap.execute(text("SELECT * FROM sessions WHERE id = :id"), {"id": browser.session_id})).one()
        assert (row.last_address, row.client) == ("127.0.0.1", "Mozilla/5.0 (iPhone) Safari/1")
        assert await snap.scalar(text("SELECT now() - :at < interval '1 minute'"), {"at": row.last_used_at})
