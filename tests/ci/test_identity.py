"""A CI job gets a short-lived token for its identity, and no other caller does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from sqlalchemy import select, text

from app.access.policy import Role, Scope
from app.access.tables import Token
from app.ci import configuration
from app.ci.identities.trust import EditIdentity
from app.errors import Invalid
from app.outgoing import issuers as published
from tests.support.ci import fake_servers
from tests.support.ci.issuer import AUDIENCE, EC_KEY, OTHER_RSA_KEY, OWNER, PROJECT, RSA_KEY, Issuer, public

NUMBERS = {"ci_project_id": PROJECT, "ci_owner_id": OWNER}
CREATE = """mutation c($path: String!) { candidateCreate(input: {experiment: {path: {project: $path, number: "0"}}}) {
  candidate { ciJobs { provider externalId } createdBy { username } } userErrors { code message } } }"""
VERSION = """mutation v($path: String!) { modelCreate(input: {project: {path: $path}, name: "m"}) { userErrors { code }
  }
  modelVersionCreate(input: {model: {path: {project: $path, name: "m"}}}) {
    modelVersion { ciJobs { externalId } } userErrors { code } } }"""


@pytest.fixture
async def issuer():
    async with fake_servers.running(Issuer()) as running:
        yield running


@pytest.fixture
def trust(configure, issuer):
    """Let the test's project exchange identities from the issuer."""

    async def save(**identity):
        usual = {"enabled": True, "audience": AUDIENCE, "issuer": issuer.url}
        identity_edit = EditIdentity(**(usual | NUMBERS | identity))
        defaults = {"provider": "gitlab", "base_url": "https://127.0.0.1:1", "ci_project": "team/vision"}
        return await configure(**defaults, identity=identity_edit)

    return save


@pytest.fixture
def exchange(client, project):
    async def send(identity, addressed=None):
        form = {"project": str(addressed or project.id), "subject_token": identity}
        return await client.post("/ci/token", data=form)

    return send


class Bearer:
    def __init__(self, answer):
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_a_job_s_identity_becomes_a_token_of_15_minutes(runtime, project, issuer, trust, exchange, ask):
    await trust()
    answer = await exchange(issuer.sign())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert {name: told[name] for name in told if name != "access_token"} == {
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token", "token_type": "Bearer",
        "expires_in": 900, "scope": "api",
    }  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"
    assert told["access_token"].startswith("myt_")
    async with runtime.db.read() as snap:
        token = (await snap.scalars(select(Token).where(Token.project_id == project.id))).one()
    assert timedelta(minutes=14) < token.expires_at - datetime.now(UTC) <= timedelta(minutes=15)
    assert (token.ci_job, token.name) == ("gitlab:77", "CI job gitlab:77")

    made = (await ask(Bearer(answer), CREATE, path=project.path)).data["candidateCreate"]
    assert made["userErrors"] == []
    assert made["candidate"]["ciJobs"] == [{"provider": "GITLAB", "externalId": "77"}]
    made = (await ask(Bearer(answer), VERSION, path=project.path)).data["modelVersionCreate"]
    assert made["modelVersion"]["ciJobs"] == [{"externalId": "77"}]


async def test_an_identity_may_be_exchanged_again_and_its_bot_is_one(runtime, project, issuer, trust, exchange):
    await trust()
    identity = issuer.sign()
    answers = [
        await exchange(identity),
        await exchange(identity, project.path),
        await exchange(issuer.sign(EC_KEY, "e1", "ES256")),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    async with runtime.db.read() as snap:
        bots = set(await snap.scalars(select(Token.user_id).where(Token.project_id == project.id)))
    assert len(bots) == 1
    assert issuer.requests == ["discovery", "keys"]


async def test_json_will_do(client, project, issuer, trust):
    await trust()
    message = {"project": project.id, "subject_token": issuer.sign()}
    assert (await client.post("/ci/token", json=message)).status_code == 200


async def test_role_and_scope_are_those_of_the_settings(project, issuer, trust, exchange, ask):
    await trust(role=Role.REPORTER)
    answer = await exchange(issuer.sign())
    made = (await ask(Bearer(answer), CREATE, path=project.path)).data["candidateCreate"]
    assert [error["code"] for error in made["userErrors"]] == ["FORBIDDEN"]
    await trust(role=Role.DEVELOPER, scope=Scope.READ_API)
    made = (await ask(Bearer(await exchange(issuer.sign())), CREATE, path=project.path)).data["candidateCreate"]
    assert [error["code"] for error in made["userErrors"]] == ["FORBIDDEN"]
    # The role of the token that was given before has grown with the settings: it is the bot's.
    made = (await ask(Bearer(answer), CREATE, path=project.path)).data["candidateCreate"]
    assert made["userErrors"] == []


async def test_switching_it_off_ends_all_tokens(runtime, project, issuer, trust, exchange, client):
    await trust()
    for end in (trust, None):
        bearer = Bearer(await exchange(issuer.sign()))
        if end:
            await end(enabled=False)
        else:
            await configuration.delete(runtime.db, project.owner, project.id)
        answer = await client.post(
            "/graphql", json={"query": "{ viewer { user { username } } }"}, headers=bearer.headers
        )
        assert answer.status_code == 401
        assert (await exchange(issuer.sign())).status_code == 401
        if end:
            await trust(enabled=True)


NOT_ACCEPTED = (
    "The identity token is not accepted for this project: there is no such project, it takes no identities of CI jobs, "
    "or it trusts another issuer or key."
)


def unsigned(issuer):
    return jwt.encode({"iss": issuer.url, "aud": AUDIENCE}, None, "none", headers={"kid": "k1"})


def by_public_key(issuer):
    """HS256 with the published key as its secret, by hand: the library refuses to make such a token."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    claims = jwt.decode(issuer.sign(), options={"verify_signature": False})
    signed = part({"alg": "HS256", "typ": "JWT", "kid": "k1"}) + b"." + part(claims)
    secret = json.dumps(public("k1", RSA_KEY)).encode()
    mac = base64.urlsafe_b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).rstrip(b"=")
    return (signed + b"." + mac).decode()


def nested(issuer):
    header = base64.urlsafe_b64encode(b"[" * 9000).decode().rstrip("=")
    return f"{header}.e30.AAAA"


@pytest.mark.parametrize(
    ("forge", "status", "said"),
    [
        (unsigned, 401, "must be signed with RS256 or ES256"),
        (by_public_key, 401, "must be signed with RS256 or ES256"),
        (nested, 401, "not a JSON Web Token"),
        (lambda issuer: "no.token", 401, "not a JSON Web Token"),
        (lambda issuer: "x" * 20_000, 400, "1 to 16384 ASCII characters"),
        (lambda issuer: "", 400, "subject_token"),
        (lambda issuer: issuer.sign(OTHER_RSA_KEY), 401, NOT_ACCEPTED),
        (lambda issuer: issuer.sign(kid="unknown"), 401, NOT_ACCEPTED),
        (lambda issuer: issuer.sign(EC_KEY, "k1", "ES256"), 401, NOT_ACCEPTED),
        (lambda issuer: issuer.sign(kid="e1"), 401, NOT_ACCEPTED),
        (lambda issuer: issuer.sign(algorithm="RS512"), 401, "must be signed with RS256 or ES256"),
        (lambda issuer: issuer.sign(iss="https://gitlab.com"), 401, NOT_ACCEPTED),
        (lambda issuer: issuer.sign(exp=int(time.time()) - 60), 401, "has expired"),
        (lambda issuer: issuer.sign(nbf=int(time.time()) + 300), 401, "not valid yet"),
        (lambda issuer: issuer.sign(iat=int(time.time()) + 300), 401, "not valid yet"),
        (lambda issuer: issuer.sign(exp=None), 403, "lacks the claim `exp`"),
        (lambda issuer: issuer.sign(aud="https://other.example"), 403, "another audience"),
        (lambda issuer: issuer.sign(aud=None), 403, "lacks the claim `aud`"),
        (lambda issuer: issuer.sign(project_id="4712"), 403, "of another CI project"),
        (lambda issuer: issuer.sign(project_id=None), 403, "of another CI project"),
        (lambda issuer: issuer.sign(project_id=["4711"]), 403, "of another CI project"),
        (lambda issuer: issuer.sign(namespace_id="32"), 403, "has another owner"),
        (lambda issuer: issuer.sign(namespace_id=None), 403, "has another owner"),
        (lambda issuer: issuer.sign(ref_protected="false"), 403, "claim `ref_protected` is not one"),
        (lambda issuer: issuer.sign(ref_protected=None), 403, "claim `ref_protected` is not one"),
        (lambda issuer: issuer.sign(ref="feature/x"), 403, "claim `ref` is not one"),
    ],
)
async def test_a_false_identity_is_refused(issuer, trust, exchange, runtime, project, forge, status, said):
    await trust(claims={"ref_protected": ["true"], "ref": ["main", "release/*"]})
    assert (await exchange(issuer.sign(ref="release/1.x"))).status_code == 200
    answer = await exchange(forge(issuer))
    assert (answer.status_code, said in answer.json()["message"]) == (status, True), answer.text
    for secret in ("modelyard.example", "release", issuer.url, "team"):
        assert secret not in answer.text
    async with runtime.db.read() as snap:
        assert len(list(await snap.scalars(select(Token).where(Token.project_id == project.id)))) == 1


async def test_unknown_projects_answer_like_projects_without_trust(issuer, trust, exchange, project):
    existing = await exchange(issuer.sign())
    assert (existing.status_code, existing.json()["message"]) == (401, NOT_ACCEPTED)
    for path in ("no/such", "0", "9" * 30, "٣"):
        unknown = await exchange(issuer.sign(), path)
        assert (unknown.status_code, unknown.content) == (401, existing.content)
    await trust()
    forged = await exchange(issuer.sign(OTHER_RSA_KEY))
    assert (forged.status_code, forged.content) == (401, existing.content)


async def test_new_keys_are_fetched_and_hostile_ids_cause_no_fetches(issuer, trust, exchange, runtime, monkeypatch):
    await trust()
    assert (await exchange(issuer.sign())).status_code == 200
    issuer.keys["k2"] = OTHER_RSA_KEY
    for _ in range(3):
        assert (await exchange(issuer.sign(OTHER_RSA_KEY, "k2"))).status_code == 401
    assert issuer.requests == ["discovery", "keys"], "at most once a minute"
    runtime.ci_client.issuers._issuers[issuer.url].next_try_at = 0.0
    assert (await exchange(issuer.sign(OTHER_RSA_KEY, "k2"))).status_code == 200
    assert issuer.requests == ["discovery", "keys"] * 2


@pytest.mark.parametrize(
    "odd", [{"kty": ["RSA"]}, {"kty": {}}, {"crv": []}, {"kty": None, "crv": 7}, {"n": [], "e": 1}]
)
async def test_keys_of_odd_kinds_are_refused(issuer, trust, exchange, monkeypatch, odd):
    monkeypatch.setattr("tests.support.ci.issuer.public", lambda kid, key: public(kid, key) | odd)
    await trust()
    assert (await exchange(issuer.sign())).status_code == 401


async def test_keys_are_used_while_their_issuer_is_away(issuer, trust, exchange, runtime):
    await trust()
    assert (await exchange(issuer.sign())).status_code == 200
    issuer.is_down = True
    keys = runtime.ci_client.issuers._issuers[issuer.url]
    keys.fetched_at, keys.next_try_at = time.monotonic() - published.FRESH_SECONDS - 1, 0.0
    assert (await exchange(issuer.sign())).status_code == 200
    keys.fetched_at = time.monotonic() - published.STALE_SECONDS - 1
    assert (await exchange(issuer.sign())).status_code == 401


@pytest.mark.parametrize(
    "described",
    [{"jwks_uri": "http://127.0.0.1:1/keys"}, {"jwks_uri": "file:///etc/passwd"}, {"issuer": "https://gitlab.com"},
     {"jwks_uri": None}],
)  # fmt: skip
async def test_keys_are_fetched_only_from_the_issuer(issuer, trust, exchange, described):
    await trust()
    issuer.described = described
    assert (await exchange(issuer.sign())).status_code == 401
    assert issuer.requests == ["discovery"]


async def test_a_run_of_github_has_another_shape(configure, project, issuer, exchange, runtime):
    identity = EditIdentity(
        enabled=True, audience=AUDIENCE, issuer=issuer.url, claims={"environment": ["prod"]}, ci_project_id="70",
        ci_owner_id="8",
    )  # fmt: skip
    await configure(provider="github", ci_project="octo/vision", identity=identity)
    claims = {
        "project_path": None, "job_id": None, "project_id": None, "namespace_id": None, "repository": "Octo/vision",
        "repository_id": "70", "repository_owner_id": "8", "run_id": "30433642", "environment": "prod",
        "ref": "refs/heads/main", "ref_protected": None,
    }  # fmt: skip
    assert (await exchange(issuer.sign(**claims))).status_code == 200
    for change in ({"repository_id": "71"}, {"repository_owner_id": "9"}, {"environment": "test"}):
        assert (await exchange(issuer.sign(**claims | change))).status_code == 403
    async with runtime.db.read() as snap:
        assert await snap.scalar(select(Token.ci_job).where(Token.project_id == project.id)) == "github:30433642"


async def test_a_path_that_another_project_has_now_is_not_trusted(issuer, trust, exchange):
    """Made again under the same name it has another number; renamed it keeps its own."""
    await trust()
    again = await exchange(issuer.sign(project_path="team/vision", project_id="9000"))
    assert (again.status_code, "of another CI project" in again.json()["message"]) == (403, True)
    assert (await exchange(issuer.sign(project_path="team/renamed"))).status_code == 200
    given_away = await exchange(issuer.sign(project_path="others/vision", namespace_path="others", namespace_id="99"))
    assert (given_away.status_code, "has another owner" in given_away.json()["message"]) == (403, True)


async def test_a_project_by_number_is_compared_by_number(configure, issuer, exchange):
    identity = EditIdentity(enabled=True, audience=AUDIENCE, issuer=issuer.url, ci_owner_id=OWNER)
    await configure(provider="gitlab", ci_project="4711", identity=identity)
    assert (await exchange(issuer.sign(project_path="renamed/since"))).status_code == 200
    assert (await exchange(issuer.sign(project_id="4712"))).status_code == 403
    with pytest.raises(Invalid, match="is number 4711"):
        await configure(identity=EditIdentity(ci_project_id="4712"))


async def test_a_protected_ref_is_needed_unless_the_settings_say_otherwise(issuer, trust, exchange):
    for claims in (None, {"ref": ["main"]}):
        saved = await trust(claims=claims)
        assert saved.identity_claims["ref_protected"] == ["true"]
        assert (await exchange(issuer.sign())).status_code == 200
        for loose in ("false", None):
            answer = await exchange(issuer.sign(ref_protected=loose))
            assert (answer.status_code, "`ref_protected`" in answer.json()["message"]) == (403, True)
    await trust(claims={"ref_protected": ["true", "false"]})
    assert (await exchange(issuer.sign(ref_protected="false"))).status_code == 200
    saved = await trust(claims={"environment_protected": ["true"]})
    assert saved.identity_claims == {"environment_protected": ["true"]}
    assert (await exchange(issuer.sign(ref_protected="false", environment_protected="true"))).status_code == 200
    assert (await exchange(issuer.sign())).status_code == 403


@pytest.mark.parametrize("left_out", ["ci_project_id", "ci_owner_id"])
@pytest.mark.parametrize(("provider", "ci_project"), [("gitlab", "team/vision"), ("github", "octo/vision")])
async def test_nothing_is_trusted_without_both_numbers(configure, issuer, provider, ci_project, left_out):
    numbers = {name: number for name, number in NUMBERS.items() if name != left_out}
    defaults = {"provider": provider, "ci_project": ci_project}
    with pytest.raises(Invalid, match="Say the number") as refusal:
        await configure(**defaults, identity=EditIdentity(enabled=True, audience=AUDIENCE, **numbers))
    assert refusal.value.field == left_out
    await configure(**defaults, identity=EditIdentity(enabled=True, audience=AUDIENCE, **NUMBERS))
    with pytest.raises(Invalid, match="Say the number"):  # those of the former one mean nothing for the next
        await configure(ci_project=f"{ci_project}-2")


async def test_a_rule_by_path_of_an_earlier_release_is_refused_until_it_has_numbers(
    runtime, project, configure, issuer, trust, exchange
):
    await trust()
    async with runtime.db.write() as tx:
        bare = "UPDATE ci_settings SET identity_ci_project_id = NULL, identity_ci_owner_id = NULL WHERE project_id = :p"
        await tx.execute(text(bare), {"p": project.id})
    answer = await exchange(issuer.sign())
    assert (answer.status_code, "ciProjectId" in answer.json()["message"]) == (403, True)
    await configure(hook_secret="a long random text")  # what is not about it needs no numbers
    with pytest.raises(Invalid, match="Say the number"):
        await configure(identity=EditIdentity(role=Role.REPORTER))
    await configure(identity=EditIdentity(**NUMBERS))
    assert (await exchange(issuer.sign())).status_code == 200


async def test_expired_tokens_are_forgotten(runtime, project, issuer, trust, exchange):
    await trust()
    await exchange(issuer.sign())
    async with runtime.db.write() as tx:
        past = "UPDATE tokens SET expires_at = now() - interval '2 days' WHERE project_id = :project"
        await tx.execute(text(past), {"project": project.id})
    await exchange(issuer.sign())
    async with runtime.db.read() as snap:
        assert len(list(await snap.scalars(select(Token).where(Token.project_id == project.id)))) == 1


@pytest.mark.parametrize(
    ("field", "identity"),
    [
        ("audience", {"audience": " "}), ("role", {"role": Role.OWNER}), ("issuer", {"issuer": "http://x.example"}),
        ("claims", {"claims": {"Ref!": ["x"]}}), ("claims", {"claims": {"ref": []}}),
        ("claims", {"claims": {"ref": [""]}}), ("audience", {"audience": "x" * 501}),
        ("ci_project_id", {"ci_project_id": "team/vision"}), ("ci_owner_id", {"ci_owner_id": "0"}),
        ("ci_project_id", {"ci_project_id": ""}), ("scope", {"scope": Scope.MANAGE_ACCESS}),
        ("scope", {"scope": Scope.DELETE_PROJECT}),
    ],
)  # fmt: skip
async def test_settings_that_trust_too_much_are_refused(trust, field, identity):
    with pytest.raises(Invalid) as refusal:
        await trust(**identity)
    assert refusal.value.field == field


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"project=1", b"a=1&" * 50, b"\xff\xfe", b"x" * 70_000])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
async def test_garbage_is_refused(client, body, kind):
    answer = await client.post("/ci/token", content=body, headers={"Content-Type": kind})
    assert answer.status_code in {400, 413}, answer.text
