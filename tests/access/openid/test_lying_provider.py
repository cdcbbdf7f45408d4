"""Providers that lie, break or stall: every failure is told on a page, and nothing is half done."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from sqlalchemy import func, select, text

from app.access.access_log import AccessLogEntry
from app.access.openid import providers
from app.access.tables_of_people import OpenIdRequest, Session
from app.outgoing import issuers
from tests.access.openid.conftest import described
from tests.support.access.fake_openid_provider import DISCOVERY, FORGED, KEYS, TOKEN, USERINFO
from tests.support.access.openid_provider import CLIENT_ID, query_of, said
from tests.support.ci.issuer import EC_KEY, OTHER_RSA_KEY, RSA_KEY, public


@pytest.fixture
def at_fake(service, fake):
    """The service with the provider that lies."""

    def configure(**changes):
        return service.has(described("fake", fake.url, **changes))

    configure()
    return configure


@pytest.fixture
def sign_in(fake, at_fake, visit):
    """The answer to a callback of a new browser."""

    async def come(browser=None, **changes):
        browser = browser or visit()
        return await browser.back(fake.callback(await browser.address("fake"), **changes))

    return come


@pytest.fixture
def nothing_done(runtime, fake, identities):
    """That a refused sign-in has left neither account nor session nor a request that could be used again."""
    counted = (select(func.count()).select_from(Session), select(func.count()).select_from(OpenIdRequest))

    async def sums():
        async with runtime.db.read() as snap:
            return [await snap.scalar(statement) for statement in counted]

    async def check(before):
        assert await sums() == before
        assert await identities(fake.subject) == []
        async with runtime.db.read() as snap:
            last = (await snap.scalars(select(AccessLogEntry).order_by(AccessLogEntry.id.desc()).limit(1))).one()
        assert (last.action, last.result) == ("sign_in", "refused")
        assert last.details["provider"] == "fake"

    return sums, check


def at_times(claims):
    """The claims with times that are given in seconds from now."""
    now = int(time.time())
    return {
        name: now + value if name in {"exp", "iat", "nbf"} and isinstance(value, int) else value
        for name, value in claims.items()
    }


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"nonce": "another"}, "made for another sign-in"),
        ({"nonce": None}, "made for another sign-in"),
        ({"nonce": ["x"]}, "made for another sign-in"),
        ({"iss": "https://evil.example"}, "by another issuer"),
        ({"iss": None}, "lacks the claim `iss`"),
        ({"aud": "another"}, "meant for another application"),
        ({"aud": ["another"]}, "meant for another application"),
        ({"aud": None}, "lacks the claim `aud`"),
        ({"aud": {"modelyard": 1}}, "meant for another application"),
        ({"aud": [CLIENT_ID, "another"]}, "issued to another application (`azp`)"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "issued to another application (`azp`)"),
        ({"azp": "another"}, "issued to another application (`azp`)"),
        ({"exp": -300}, "has expired; compare the clocks"),
        ({"exp": None}, "lacks the claim `exp`"),
        ({"exp": "soon"}, "not signed by the provider, or not readable"),
        ({"iat": 300}, "from the future; compare the clocks"),
        ({"iat": None}, "lacks the claim `iat`"),
        ({"nbf": 300}, "from the future; compare the clocks"),
        ({"at_hash": "AAAA"}, "belongs to another access token"),
        ({"sub": "x" * 256}, "`sub` is not 1 to 255 printable"),
        ({"sub": "a\nb"}, "`sub` is not 1 to 255 printable"),
        ({"sub": ""}, "`sub` is not 1 to 255 printable"),
        ({"sub": None}, "lacks the claim `sub`"),
    ],
)
async def test_an_id_token_that_is_not_right_is_refused(sign_in, fake, nothing_done, claims, why):
    sums, check = nothing_done
    fake.id_token = at_times(claims)
    before = await sums()
    answer = await sign_in()
    assert (answer.status_code, why in said(answer)) == (403, True), said(answer)
    await check(before)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID},
        {"azp": CLIENT_ID},
        {"iat": 50, "nbf": 50},
        {"exp": -50},
        {"at_hash": base64.urlsafe_b64encode(hashlib.sha256(b"at-1").digest()[:16]).rstrip(b"=").decode()},
    ],
)
async def test_an_id_token_may_have_other_shapes(sign_in, fake, claims):
    fake.id_token = at_times(claims)
    answer = await sign_in()
    assert answer.status_code == 303, said(answer)


def unsigned(fake, nonce):
    claims = {
        "iss": fake.url,
        "sub": fake.subject,
        "aud": CLIENT_ID,
        **at_times({"iat": 0, "exp": 600}),
        "nonce": nonce,
    }
    return jwt.encode(claims, None, "none", headers={"kid": "k1"})


def by_public_key(fake, nonce):
    """HS256 with the published key as its secret, by hand: the library refuses to make such a token."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    claims = {
        "iss": fake.url,
        "sub": fake.subject,
        "aud": CLIENT_ID,
        **at_times({"iat": 0, "exp": 600}),
        "nonce": nonce,
    }
    signed = part({"alg": "HS256", "typ": "JWT", "kid": "k1"}) + b"." + part(claims)
    secret = json.dumps(public("k1", RSA_KEY)).encode()
    mac = base64.urlsafe_b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).rstrip(b"=")
    return (signed + b"." + mac).decode()


def nested(fake, nonce):
    return f"{base64.urlsafe_b64encode(b'[' * 9000).decode().rstrip('=')}.e30.AAAA"


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (unsigned, "not signed by the provider"),
        (by_public_key, "not signed by the provider"),
        (nested, "no signed JSON Web Token"),
        (lambda fake, nonce: "a.b", "no signed JSON Web Token"),
        (lambda fake, nonce: "e30.e30.e30.e30.e30", "no signed JSON Web Token"),
        (lambda fake, nonce: "é.b.c", "not ASCII"),
        (lambda fake, nonce: "x" * 70_000, "longer than 65536"),
    ],
)
async def test_what_is_no_token_of_the_provider_is_refused(at_fake, visitor, fake, nothing_done, forge, why):
    sums, check = nothing_done
    before = await sums()
    address = await visitor.address("fake")
    token = forge(fake, query_of(address)["nonce"])
    fake.troubles[TOKEN] = json.dumps({"id_token": token, "access_token": "at-1"})
    answer = await visitor.back(fake.callback(address))
    assert (answer.status_code, why in said(answer)) == (403, True), said(answer)
    await check(before)


@pytest.mark.parametrize(
    ("keys", "signs_with", "status"),
    [
        ({"k1": RSA_KEY}, FORGED, 403),
        ({"k1": RSA_KEY}, ("k2", OTHER_RSA_KEY, "RS256"), 403),
        ({"k1": RSA_KEY}, (None, RSA_KEY, "RS256"), 303),
        ({"k1": RSA_KEY, "e1": EC_KEY}, (None, RSA_KEY, "RS256"), 403),
        ({"k1": RSA_KEY, "e1": EC_KEY}, ("e1", EC_KEY, "ES256"), 303),
        ({"k1": RSA_KEY, "e1": EC_KEY}, ("k1", EC_KEY, "ES256"), 403),
        ({"k1": RSA_KEY}, ("k1", RSA_KEY, "RS512"), 403),
        ({}, ("k1", RSA_KEY, "RS256"), 403),
    ],
)
async def test_the_key_decides_how_a_token_is_checked(sign_in, fake, keys, signs_with, status):
    fake.keys, fake.signs_with = keys, signs_with
    answer = await sign_in()
    assert answer.status_code == status, said(answer)


@pytest.mark.parametrize(
    ("key", "algorithm", "hashed"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "ES384", hashlib.sha384),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA", hashlib.sha512),
        (RSA_KEY, "PS256", hashlib.sha256),
    ],
)
async def test_other_kinds_of_keys_are_accepted(sign_in, fake, monkeypatch, key, algorithm, hashed):
    kind = {"ES384": ECAlgorithm, "EdDSA": OKPAlgorithm, "PS256": RSAAlgorithm}[algorithm]
    told = json.loads(kind.to_jwk(key.public_key())) | {"kid": "k1", "use": "sig", "alg": algorithm}
    monkeypatch.setattr("tests.support.access.fake_openid_provider.public", lambda kid, one: told)
    fake.signs_with = ("k1", key, algorithm)
    digest = hashed(b"at-1").digest()
    fake.id_token = {"at_hash": base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()}
    answer = await sign_in()
    assert answer.status_code == 303, said(answer)


@pytest.mark.parametrize(
    "odd",
    [{"kty": ["RSA"]}, {"kty": {}}, {"crv": []}, {"kty": None}, {"n": [], "e": 1}, {"alg": "HS256"}, {"alg": ["RS256"]},
     {"alg": "none"}, {"kty": "oct", "k": "AAAA", "alg": "HS256"}, {"use": "enc"}],
)  # fmt: skip
async def test_keys_of_odd_kinds_are_refused(sign_in, monkeypatch, odd):
    monkeypatch.setattr("tests.support.access.fake_openid_provider.public", lambda kid, key: public(kid, key) | odd)
    assert (await sign_in()).status_code == 403


TROUBLES = [
    "silent", "<html>please sign in</html>", "[1]", "null", '{"a"', '{"x": "' + "y" * 1_100_000 + '"}',
    web.Response(status=500, text="boom"), web.Response(status=302), web.Response(status=404),
]  # fmt: skip


def name_of(trouble):
    return trouble[:8] if isinstance(trouble, str) else str(trouble.status)


@pytest.mark.parametrize("endpoint", [TOKEN, USERINFO])
@pytest.mark.parametrize("trouble", TROUBLES, ids=name_of)
async def test_an_endpoint_that_breaks_or_stalls_leaves_nothing(sign_in, fake, nothing_done, endpoint, trouble):
    sums, check = nothing_done
    before = await sums()
    fake.troubles[endpoint] = trouble
    began = time.monotonic()
    answer = await sign_in()
    assert time.monotonic() - began < 8
    assert answer.status_code == 503, said(answer)
    assert said(answer).startswith("The fake one cannot be used at the moment: it ")
    await check(before)


@pytest.mark.parametrize("endpoint", [DISCOVERY, KEYS])
@pytest.mark.parametrize("trouble", TROUBLES, ids=name_of)
async def test_a_provider_that_does_not_describe_itself_is_told_at_the_button(
    at_fake, fake, visitor, endpoint, trouble
):
    fake.troubles[endpoint] = trouble
    answer = await visitor.start("fake")
    assert answer.status_code == 503
    assert said(answer).startswith("The fake one cannot be used at the moment: it ")
    assert "http-equiv" not in answer.text
    sent = len(fake.requests)
    assert (await visitor.start("fake")).status_code == 503
    assert len(fake.requests) == sent, "it is left in peace for a while"


@pytest.mark.parametrize(
    "told",
    [{}, {"id_token": "x"}, {"access_token": "at-1"}, {"id_token": 7, "access_token": "at-1"},
     {"id_token": "x", "access_token": ["at-1"]}, {"id_token": "x", "access_token": "a\r\nb"},
     {"id_token": "x", "access_token": ""}],
)  # fmt: skip
async def test_an_answer_without_its_tokens_is_refused(sign_in, fake, nothing_done, told):
    sums, check = nothing_done
    before = await sums()
    fake.troubles[TOKEN] = json.dumps(told)
    answer = await sign_in()
    assert (answer.status_code, "without an ID token or access token" in said(answer)) == (503, True)
    await check(before)


@pytest.mark.parametrize("sub", ["another", None, ["x"], 7])
async def test_userinfo_of_another_person_is_refused(sign_in, fake, nothing_done, sub):
    sums, check = nothing_done
    before = await sums()
    fake.userinfo = {"sub": sub}
    answer = await sign_in()
    assert (answer.status_code, "about another one" in said(answer)) == (403, True)
    await check(before)


async def test_a_provider_without_userinfo_tells_all_in_its_id_token(sign_in, fake, visit):
    fake.described = {"userinfo_endpoint": None}
    fake.id_token = {"preferred_username": f"only-{fake.subject}"}
    browser = visit()
    assert (await sign_in(browser)).status_code == 303
    assert (await browser.viewer())["user"]["username"] == f"only-{fake.subject}"
    assert USERINFO not in fake.requests


@pytest.mark.parametrize(
    ("announced", "iss", "status"),
    [(True, "https://evil.example", 403), (True, None, 403), (None, None, 303), (False, "https://evil.example", 403),
     ("yes", None, 303)],
)  # fmt: skip
async def test_the_callback_s_issuer_is_compared(sign_in, fake, announced, iss, status):
    fake.described = {"authorization_response_iss_parameter_supported": announced}
    answer = await sign_in(iss=iss)
    assert answer.status_code == status, said(answer)
    assert status == 303 or "it names another issuer" in said(answer)
    assert status == 303 or TOKEN not in fake.requests, "the code is sent nowhere"


@pytest.mark.parametrize(
    "described_as",
    [{"issuer": "https://evil.example"}, {"issuer": None}, {"issuer": ["x"]}, {"jwks_uri": None},
     {"jwks_uri": "http://169.254.169.254/keys"}, {"jwks_uri": "file:///etc/passwd"}, {"jwks_uri": 7},
     {"authorization_endpoint": "javascript:alert(1)"}, {"authorization_endpoint": None},
     {"authorization_endpoint": "http://10.0.0.1/auth"}, {"authorization_endpoint": ["x"]}],
)  # fmt: skip
async def test_a_description_that_leads_astray_is_refused(at_fake, fake, visitor, described_as):
    fake.described = described_as
    answer = await visitor.start("fake")
    assert (answer.status_code, said(answer).startswith("The fake one cannot be used")) == (503, True), said(answer)
    assert "http-equiv" not in answer.text


@pytest.mark.parametrize("name", ["token_endpoint", "userinfo_endpoint"])
async def test_no_code_or_token_is_sent_to_addresses_that_are_not_allowed(sign_in, fake, name, nothing_done):
    sums, check = nothing_done
    before = await sums()
    fake.described = {name: "http://169.254.169.254/latest"}
    answer = await sign_in()
    assert (answer.status_code, "MODELYARD_OPENID_PRIVATE_HOSTS" in said(answer)) == (503, True), said(answer)
    await check(before)


async def test_secret_and_client_are_encoded_in_the_header(sign_in, fake):
    assert (await sign_in()).status_code == 303
    sent = base64.b64decode(fake.headers[-1].removeprefix("Basic ")).decode()
    assert sent == "modelyard:a+secret+with+%26+and+%25+in+it"


async def test_the_provider_says_how_the_secret_is_sent(sign_in, fake):
    fake.described = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await sign_in()).status_code == 303
    assert fake.headers == [""]


async def test_what_was_published_is_used_while_the_provider_s_description_is_away(sign_in, fake, at_fake):
    openid = at_fake()
    assert (await sign_in()).status_code == 303
    fake.troubles[DISCOVERY] = web.Response(status=500)
    entry = openid.issuers._issuers[fake.url]
    entry.fetched_at, entry.next_try_at = time.monotonic() - issuers.FRESH_SECONDS - 1, 0.0
    assert (await sign_in()).status_code == 303
    entry.fetched_at = time.monotonic() - issuers.STALE_SECONDS - 1
    with pytest.raises(AssertionError, match="cannot be used at the moment"):
        await sign_in()


async def test_a_provider_that_stalls_takes_only_so_many_turns(at_fake, fake, visit, monkeypatch):
    monkeypatch.setattr(providers, "MAX_CONVERSATIONS", 2)
    at_fake()
    browsers = [visit() for _ in range(5)]
    addresses = [fake.callback(await browser.address("fake")) for browser in browsers]
    fake.troubles[TOKEN] = "silent"
    answers = await asyncio.gather(*(one.back(address) for one, address in zip(browsers, addresses, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [429, 429, 429, 503, 503]
    del fake.troubles[TOKEN]
    assert (await browsers[0].back(fake.callback(await browsers[0].address("fake")))).status_code == 303


async def test_a_provider_that_stalls_at_the_button_takes_only_so_many_turns(at_fake, fake, visit, monkeypatch):
    monkeypatch.setattr(providers, "MAX_CONVERSATIONS", 2)
    at_fake()
    fake.troubles[DISCOVERY] = "silent"
    answers = await asyncio.gather(*(visit().start("fake") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [429, 429, 429, 429, 503, 503]


async def test_what_was_published_is_used_while_a_fetch_is_under_way(at_fake, fake, visit):
    openid = at_fake()
    await visit().address("fake")
    fake.troubles[DISCOVERY] = "silent"
    entry = openid.issuers._issuers[fake.url]
    entry.fetched_at, entry.next_try_at = time.monotonic() - issuers.FRESH_SECONDS - 1, 0.0
    first = asyncio.create_task(visit().start("fake"))
    while not entry.lock.locked():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.01)
    began = time.monotonic()
    assert (await visit().start("fake")).status_code == 200
    assert time.monotonic() - began < 1
    assert (await first).status_code == 200, "in the end the old description will do"


async def test_a_browser_that_leaves_while_the_provider_is_slow_leaves_nothing(
    at_fake, fake, visit, runtime, identities
):
    openid = at_fake()
    browser = visit()
    address = fake.callback(await browser.address("fake"))
    fake.troubles[TOKEN] = "silent"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(browser.back(address), 0.5)
    await asyncio.sleep(3)
    assert set(openid._conversations.values()) == {0}
    assert await identities(fake.subject) == []


async def test_neither_code_nor_state_nor_secret_is_logged(sign_in, fake, visit, capsys):
    browser = visit()
    address = fake.callback(await browser.address("fake"))
    assert (await browser.back(address)).status_code == 303
    fake.troubles[TOKEN] = "garbage"
    again = fake.callback(await browser.address("fake"))
    assert (await browser.back(again)).status_code == 503
    logged = capsys.readouterr()
    for one in (address, again):
        for secret in (query_of(one)["code"], query_of(one)["state"]):
            assert secret not in logged.out + logged.err
    assert "a secret with" not in logged.out + logged.err
    assert "/openid/fake/callback" in logged.out


@pytest.mark.parametrize(
    ("query", "status", "why"),
    [
        ("", 400, "no such sign-in is under way"),
        ("?code=x", 400, "no such sign-in is under way"),
        ("?state=x&code=x", 400, "no such sign-in is under way"),
        ("?state=" + "x" * 43, 400, "completed or ended already"),
        ("?state=" + "x" * 5000, 400, "no such sign-in is under way"),
        ("?state=%00" + "x" * 43, 400, "no such sign-in is under way"),
        ("?state=" + "é" * 43, 400, "no such sign-in is under way"),
        ("?error=access_denied", 400, "no such sign-in is under way"),
    ],
)
async def test_a_callback_without_a_sign_in_of_ours_is_refused(at_fake, visitor, query, status, why):
    answer = await visitor.http.get(f"/openid/fake/callback{query}")
    assert (answer.status_code, why in said(answer)) == (status, True), said(answer)


@pytest.mark.parametrize(
    ("error", "why"),
    [("access_denied", "refused"), ("login_required", "sign in there first"), ("server_error", "error of its own"),
     ("invalid_request", "operator has to compare"), ("<script>", "operator has to compare"),
     ("x" * 7000, "operator has to compare")],
)  # fmt: skip
async def test_errors_of_the_provider_are_told_in_our_own_words(sign_in, fake, error, why):
    answer = await sign_in(code=None, error=error, error_description="<b>evil</b>")
    assert (answer.status_code, why in said(answer)) == (403, True)
    assert "evil" not in answer.text and "<script>" not in answer.text and "xxx" not in answer.text
    assert TOKEN not in fake.requests


async def test_a_callback_at_another_provider_s_address_is_refused(service, fake, visitor):
    service.has(described("fake", fake.url), described("second", "https://second.example"))
    address = fake.callback(await visitor.address("fake"))
    moved = await visitor.back(address.replace("/openid/fake/", "/openid/second/"))
    assert (moved.status_code, "completed or ended already" in said(moved)) == (400, True)
    assert (await visitor.back(address)).status_code == 303


async def test_two_tabs_of_a_browser_may_sign_in_at_once(fake, at_fake, visitor):
    one, two = await visitor.address("fake"), await visitor.address("fake")
    assert (await visitor.back(fake.callback(one))).status_code == 303
    assert (await visitor.back(fake.callback(two))).status_code == 303


async def test_requests_that_were_never_completed_are_removed(at_fake, visitor, runtime):
    await visitor.address("fake")
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE openid_requests SET expires_at = now() - interval '20 minutes'"))
    await visitor.address("fake")
    async with runtime.db.read() as snap:
        assert await snap.scalar(text("SELECT count(*) FROM openid_requests WHERE expires_at < now()")) == 0


async def test_the_button_needs_a_form_of_ours(at_fake, visitor):
    path = "/openid/fake/start"
    assert (await visitor.http.post(path, headers={"Origin": visitor.url})).status_code in {400, 403}
    assert (await visitor.http.get(path)).status_code == 405
    page = await visitor.start("fake", return_to="https://evil.example/")
    assert page.status_code == 200
    assert (await visitor.start("none")).status_code == 404


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"])
async def test_a_sign_in_leads_to_pages_of_ours_only(fake, at_fake, visitor, target):
    answer = await visitor.back(fake.callback(await visitor.address("fake", return_to=target)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_browser_that_has_the_service_under_another_name_is_told(service, fake, at_fake, visit):
    at_fake()
    runtime = service.runtime
    service.app.state.runtime = type(runtime)(
        **{name: getattr(runtime, name) for name in runtime.__dataclass_fields__}
        | {"settings": runtime.settings.model_copy(update={"url": "https://models.example.org"})}
    )
    answer = await visit().start("fake")
    assert (answer.status_code, "open that address and sign in there" in said(answer)) == (409, True)


HOSTILE = [
    {"preferred_username": "x" * 100_000, "name": "y" * 100_000},
    {"preferred_username": "<script>alert(1)</script>", "name": "<script>alert(1)</script>"},
    {"preferred_username": "a\u0000b\u001b[31m\u202e", "name": "a\u0000b\u001b[31m\u202ec"},
    {"preferred_username": ["ada"], "name": {"x": 1}, "email": ["a@b.org"], "groups": {"a": "b"}},
    {"preferred_username": None, "name": None, "email": None, "groups": None, "email_verified": "yes"},
    {"preferred_username": 7, "name": True, "email": 1.5, "groups": [1, None, {"x": 1}, ["y"], "z" * 10_000]},
    {"preferred_username": "../../etc/passwd", "name": " \t\n ", "email": "a@b@c.org"},
    {"preferred_username": "12345", "name": "\u200b\u2028"},
    {"preferred_username": "....", "email": "x" * 300 + "@example.org"},
    {"preferred_username": "модель", "name": "Ада Лавлейс"},
    {"preferred_username": "ada.git.atom", "email": "\u0000@example.org"},
    {"preferred_username": "ADMIN@example.org"},
    {"groups": [f"group {number}" for number in range(30_000)]},
    {"groups": "one"},
    {"a": {"b": {}}, "groups.x": 1},
]


@pytest.mark.parametrize("told", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_claims_make_an_ordinary_account(sign_in, fake, visit, told, runtime):
    fake.userinfo = told
    browser = visit()
    answer = await sign_in(browser)
    assert answer.status_code == 303, said(answer)
    user = (await browser.viewer())["user"]
    assert user["username"].isascii() and user["username"].isprintable() and 0 < len(user["username"]) <= 70
    assert not set(user["username"]) & set("<>/\\ @") and 0 < len(user["name"]) <= 255 and user["name"].isprintable()
    page = await browser.http.get("/account")
    assert page.status_code == 200 and "<script" not in page.text
