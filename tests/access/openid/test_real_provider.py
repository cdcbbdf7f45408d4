"""Signing in with the certified OpenID provider, over HTTP as a browser does it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, text, update

from app.access.access_log import AccessLogEntry
from app.access.openid.configuration import GroupRule
from app.access.policy import Role
from app.access.tables import Membership, User
from app.outgoing import issuers
from tests.access.openid.conftest import described
from tests.support.access.openid_provider import person, query_of, said


@pytest.fixture
async def configured(service, real, subject, username):
    """The real provider knows the subject; gives the service's description of it."""

    async def configure(*, claims=None, **changes):
        await real.tell(accounts={subject: person(preferred_username=username, email=None) | (claims or {})})
        return service.has(described("real", real.issuer, **changes))

    return configure


def rules(*given):
    return tuple(GroupRule.model_validate(rule) for rule in given)


@pytest.fixture
def roles(runtime, subject):
    """Roles of the subject's person, with the rule that gave each, but for their own namespace."""

    async def read():
        async with runtime.db.read() as snap:
            rows = await snap.execute(
                text(
                    "SELECT coalesce(g.full_path, p.full_path), m.role, m.rule FROM memberships m"
                    " JOIN openid_identities i ON i.user_id = m.user_id AND i.subject = :s"
                    " LEFT JOIN groups g ON g.id = m.group_id LEFT JOIN projects p ON p.id = m.project_id"
                    " WHERE g.owner_user_id IS DISTINCT FROM m.user_id"
                ),
                {"s": subject},
            )
            return {(path, Role(role), rule) for path, role, rule in rows}

    return read


async def test_a_person_signs_in_and_is_the_same_one_the_next_time(
    real, configured, visit, subject, username, identities
):
    await configured(claims={"name": "Ada  Lovelace\n"})
    first, second = visit(), visit()
    answer = await first.sign_in(real, subject, return_to="/account?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?x=1")
    assert await first.viewer() == {"isAdmin": False, "user": {"username": username, "name": "Ada Lovelace"}}
    await configured(claims={"name": "Countess", "preferred_username": "another"})
    assert (await second.sign_in(real, subject)).status_code == 303
    assert await second.viewer() == await first.viewer(), "names are decided once"
    (identity,) = await identities(subject)
    assert (identity.provider, identity.issuer) == ("real", real.issuer)


async def test_what_the_browser_is_sent_with_holds_no_secret_of_the_sign_in(
    service, real, configured, visitor, runtime
):
    await configured()
    query = query_of(await visitor.address())
    assert query["redirect_uri"] == service.callback("real")
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert query["scope"] == "openid profile email groups"
    async with runtime.db.read() as snap:
        row = (await snap.execute(text("SELECT verifier, nonce FROM openid_requests ORDER BY created_at DESC"))).first()
    assert row is not None and row.verifier not in str(query) and row.nonce == query["nonce"]
    assert visitor.http.cookies["modelyard_openid"] not in str(query)


async def test_groups_give_roles_that_change_and_end_with_them(
    real, configured, visit, subject, project, roles, runtime
):
    group = project.path.rpartition("/")[0]
    given = rules(
        {"member_of": "readers", "role": "reporter", "group": group.upper()},
        {"member_of": "writers", "role": "maintainer", "group": group},
        {"member_of": "writers", "role": "developer", "project": project.path},
        {"member_of": "readers", "role": "guest", "group": "no/such/group"},
        {"member_of": "readers", "role": "owner", "group": project.owner.username},  # a person's own namespace
    )
    await configured(claims={"groups": ["readers", "strangers"]}, rules=given)
    assert (await visit().sign_in(real, subject)).status_code == 303
    assert await roles() == {(group, Role.REPORTER, "real")}

    await configured(claims={"groups": ["readers", "writers"]}, rules=given)
    assert (await visit().sign_in(real, subject)).status_code == 303
    assert await roles() == {(group, Role.MAINTAINER, "real"), (project.path, Role.DEVELOPER, "real")}

    async with runtime.db.write() as tx:
        user_id = await tx.scalar(text("SELECT user_id FROM openid_identities WHERE subject = :s"), {"s": subject})
        tx.add(Membership(user_id=user_id, project_id=project.id, role=int(Role.GUEST)))
        tx.add(Membership(user_id=user_id, project_id=project.id, role=int(Role.GUEST), rule="another"))
        await tx.flush()
    untouched = {(project.path, Role.GUEST, None), (project.path, Role.GUEST, "another")}
    await configured(claims={"groups": ["readers"]}, rules=given)
    browser = visit()
    assert (await browser.sign_in(real, subject)).status_code == 303
    assert await roles() == {(group, Role.REPORTER, "real")} | untouched

    # A claim that is not told is no group.
    await configured(claims={"groups": None}, rules=given)
    assert (await visit().sign_in(real, subject)).status_code == 303
    assert await roles() == untouched
    async with runtime.db.read() as snap:
        entry = (
            await snap.scalars(
                select(AccessLogEntry)
                .where(AccessLogEntry.user_id == user_id, AccessLogEntry.action == "sign_in")
                .order_by(AccessLogEntry.id.desc())
                .limit(1)
            )
        ).one()
    told = ("memberships_made", "memberships_removed", "tells_groups")
    assert (entry.result, *(entry.details[name] for name in told)) == ("ok", 0, 1, False)


async def test_a_role_that_a_group_gave_opens_and_closes_its_project(
    service, real, configured, visit, subject, project
):
    given = rules({"member_of": "team", "role": "reporter", "project": project.path})
    await configured(claims={"groups": ["team"]}, rules=given)
    browser = visit()
    await browser.sign_in(real, subject)
    document = "query q($path: String!) { project(by: {path: $path}) { fullPath } }"
    query = {"query": document, "variables": {"path": project.path}}
    headers = {"Origin": service.url, "X-Requested-With": "tests"}
    answer = (await browser.http.post("/graphql", json=query, headers=headers)).json()
    assert answer["data"]["project"] == {"fullPath": project.path}
    await configured(claims={"groups": []}, rules=given)
    assert (await visit().sign_in(real, subject)).status_code == 303, "in another browser"
    answer = (await browser.http.post("/graphql", json=query, headers=headers)).json()
    assert answer["data"]["project"] is None


async def test_rotated_keys_are_fetched_again_with_restraint(service, real, configured, visit, subject):
    openid = await configured()
    assert (await visit().sign_in(real, subject)).status_code == 303
    await real.tell(rotate=True)
    refused = await visit().sign_in(real, subject)
    assert refused.status_code == 403 and "a key that the provider does not publish" in said(refused)
    openid.issuers._issuers[real.issuer].next_try_at = 0.0  # a minute later
    assert (await visit().sign_in(real, subject)).status_code == 303


async def test_a_slash_more_in_the_issuer_is_told_before_anybody_goes_there(service, real, configured, visitor):
    service.has(described("real", f"{real.issuer}/"))
    answer = await visitor.start()
    assert answer.status_code == 503
    assert "cannot be used at the moment: it describes another issuer" in said(answer)


async def test_a_code_and_a_state_work_once(real, configured, visitor, subject, identities):
    await configured()
    address = await real.sign_in(await visitor.address(), subject)
    assert (await visitor.back(address)).status_code == 303
    again = await visitor.back(address)
    assert (again.status_code, "completed or ended already" in said(again)) == (400, True)
    # The same code with a state that is under way: the provider refuses it.
    code, fresh = query_of(address)["code"], query_of(await visitor.address())["state"]
    replayed = await visitor.http.get(
        "/openid/real/callback", params={"code": code, "state": fresh, "iss": real.issuer}
    )
    assert (replayed.status_code, "does not accept the code" in said(replayed)) == (409, True)
    assert len(await identities(subject)) == 1


async def test_two_callbacks_at_once_are_one_sign_in(real, configured, visitor, subject, runtime):
    await configured()
    address = await real.sign_in(await visitor.address(), subject)
    answers = await asyncio.gather(*(visitor.back(address) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400, 400]


async def test_a_stolen_callback_is_of_no_use_in_another_browser(real, configured, visit, subject):
    await configured()
    victim, thief = visit(), visit()
    address = await real.sign_in(await victim.address(), subject)
    for browser in (thief, visit()):
        if browser is thief:
            await thief.address()  # has a cookie of its own
        refused = await browser.back(address)
        assert (refused.status_code, "begun in another browser" in said(refused)) == (403, True)
        assert await browser.viewer() is None
    assert (await victim.back(address)).status_code == 303, "the browser that began it may still complete it"


async def test_a_sign_in_that_took_too_long_has_expired(real, configured, visitor, subject, runtime, identities):
    await configured()
    address = await real.sign_in(await visitor.address(), subject)
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE openid_requests SET expires_at = now() - interval '1 second'"))
    answer = await visitor.back(address)
    assert (answer.status_code, "has expired" in said(answer)) == (409, True)
    assert await identities(subject) == []


@pytest.mark.parametrize(("ahead", "status"), [(30, 303), (300, 403)])
async def test_clocks_may_differ_by_a_minute(real, configured, visitor, subject, ahead, status):
    await configured()
    await real.tell(skew=ahead)
    try:
        answer = await visitor.sign_in(real, subject)
    finally:
        await real.tell(skew=0)
    assert answer.status_code == status
    assert status == 303 or "from the future; compare the clocks" in said(answer)


async def test_the_person_may_refuse_at_the_provider(real, configured, visitor):
    await configured()
    state = query_of(await visitor.address())["state"]
    refused = await visitor.http.get(
        "/openid/real/callback",
        params={"error": "access_denied", "error_description": "<b>evil</b>", "state": state, "iss": real.issuer},
    )
    assert (refused.status_code, said(refused)) == (403, "The real one did not sign you in: you or it refused.")
    assert "evil" not in refused.text


async def test_pkce_is_what_the_provider_demands(real, configured, visitor, subject, runtime):
    await configured()
    address = await real.sign_in(await visitor.address(), subject)
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE openid_requests SET verifier = repeat('x', 43)"))
    answer = await visitor.back(address)
    assert (answer.status_code, "does not accept the code" in said(answer)) == (409, True)


async def test_a_wrong_secret_is_told_to_the_operator_and_not_to_people(real, configured, visitor, subject, capsys):
    await configured(client_secret="wrong")
    answer = await visitor.sign_in(real, subject)
    assert (answer.status_code, "does not accept this installation as its client" in said(answer)) == (503, True)
    assert "wrong" not in answer.text


async def test_the_secret_may_be_sent_in_the_form(real, configured, visitor, subject):
    await configured(client_authentication="post")
    assert (await visitor.sign_in(real, subject)).status_code == 303


async def test_a_deactivated_person_is_refused_with_a_reason(real, configured, visit, subject, username, runtime):
    await configured()
    first = visit()
    assert (await first.sign_in(real, subject)).status_code == 303
    async with runtime.db.write() as tx:
        await tx.execute(update(User).where(User.username == username).values(blocked_at=text("now()")))
    refused = await visit().sign_in(real, subject)
    assert (refused.status_code, "deactivated" in said(refused)) == (403, True)
    assert await first.viewer() is None
    async with runtime.db.read() as snap:
        entries = select(AccessLogEntry).where(AccessLogEntry.username == username, AccessLogEntry.result == "refused")
        (entry,) = (await snap.scalars(entries)).all()
    assert (entry.action, "deactivated" in entry.reason, entry.details["provider"]) == ("sign_in", True, "real")


async def test_two_providers_with_the_same_subject_are_two_people(
    service, real, other, visit, subject, username, identities
):
    for provider in (real, other):
        await provider.tell(accounts={subject: person(preferred_username=username, email=f"{subject}@example.org")})
    service.has(described("real", real.issuer), described("other", other.issuer))
    first, second = visit(), visit()
    assert (await first.sign_in(real, subject)).status_code == 303
    assert (await second.sign_in(other, subject, "other")).status_code == 303
    assert [(await one.viewer())["user"]["username"] for one in (first, second)] == [username, f"{username}-2"]
    one, two = await identities(subject)
    assert one.user_id != two.user_id and one.email == two.email


async def test_a_name_that_is_an_address_of_the_service_gets_a_number(real, configured, visitor, subject):
    await configured(claims={"preferred_username": "GraphQL"})
    assert (await visitor.sign_in(real, subject)).status_code == 303
    assert (await visitor.viewer())["user"]["username"].startswith("GraphQL-")


async def test_an_account_with_the_same_e_mail_address_or_name_is_not_linked(
    real, configured, visitor, subject, username, runtime, staff
):
    mine = staff[None].actor
    async with runtime.db.write() as tx:
        await tx.execute(update(User).where(User.id == mine.user_id).values(email=f"{subject}@example.org"))
    await configured(claims={"email": f"{subject}@EXAMPLE.org", "preferred_username": mine.username})
    assert (await visitor.sign_in(real, subject)).status_code == 303
    assert (await visitor.viewer())["user"]["username"] == f"{mine.username}-2"
    async with runtime.db.read() as snap:
        made = (await snap.scalars(select(User).where(User.username == f"{mine.username}-2"))).one()
    assert made.email is None


@pytest.mark.parametrize(
    ("verified", "trusted", "kept"), [(True, False, True), (False, False, False), (None, False, False),
                                      (None, True, True), (False, True, False)],
)  # fmt: skip
async def test_only_verified_addresses_are_kept(
    real, configured, visitor, subject, username, runtime, verified, trusted, kept
):
    email = f"{subject}@example.org"
    await configured(claims={"email": email, "email_verified": verified}, emails_are_verified=trusted)
    assert (await visitor.sign_in(real, subject)).status_code == 303
    async with runtime.db.read() as snap:
        assert await snap.scalar(select(User.email).where(User.username == username)) == (email if kept else None)


async def test_no_account_is_made_where_people_are_invited(real, configured, visitor, subject, identities):
    await configured(accounts="invited")
    answer = await visitor.sign_in(real, subject)
    assert (answer.status_code, "Ask for an invitation" in said(answer)) == (403, True)
    assert await identities(subject) == [] and await visitor.viewer() is None


async def test_automatic_accounts_may_be_for_some_domains_only(real, configured, visit, subject, identities):
    for email, verified in [("ada@elsewhere.org", True), (None, True), ("ada@example.org", False)]:
        await configured(claims={"email": email, "email_verified": verified}, email_domains=("Example.org",))
        refused = await visit().sign_in(real, subject)
        assert (refused.status_code, "verified e-mail addresses of example.org" in said(refused)) == (403, True)
    assert await identities(subject) == []
    await configured(claims={"email": f"{subject}@EXAMPLE.org"}, email_domains=("example.org",))
    assert (await visit().sign_in(real, subject)).status_code == 303


async def test_first_sign_ins_of_a_person_at_once_make_one_account(
    real, configured, visit, subject, username, identities
):
    await configured()
    browsers = [visit() for _ in range(6)]
    addresses = [await real.sign_in(await browser.address(), subject) for browser in browsers]
    answers = await asyncio.gather(*(one.back(address) for one, address in zip(browsers, addresses, strict=True)))
    assert [answer.status_code for answer in answers] == [303] * 6
    assert len(await identities(subject)) == 1
    assert {(await browser.viewer())["user"]["username"] for browser in browsers} == {username}


async def test_people_who_want_the_same_name_at_once_all_get_one(service, real, visit, subject, username):
    everyone = {f"{subject}-{number}": person(preferred_username=username, email=None) for number in range(5)}
    await real.tell(accounts=everyone)
    service.has(described("real", real.issuer))
    browsers = [visit() for _ in everyone]
    addresses = [await real.sign_in(await one.address(), who) for one, who in zip(browsers, everyone, strict=True)]
    answers = await asyncio.gather(*(one.back(address) for one, address in zip(browsers, addresses, strict=True)))
    assert [answer.status_code for answer in answers] == [303] * 5
    names = {(await browser.viewer())["user"]["username"] for browser in browsers}
    assert names == {username, *(f"{username}-{number}" for number in range(2, 6))}


@pytest.mark.parametrize("away", ["silent", "down"])
async def test_a_provider_that_is_away_is_named_and_not_called_again_at_once(service, real, visit, away):
    openid = service.has(described("real", real.issuer))
    await real.tell(away=away)
    try:
        answers = [await visit().start() for _ in range(3)]
    finally:
        await real.tell(away=None)
    for answer in answers:
        assert answer.status_code == 503
        assert said(answer).startswith("The real one cannot be used at the moment: it ")
        assert 'href="/sign-in"' in answer.text
    entry = openid.issuers._issuers[real.issuer]
    assert entry.failure and entry.fetched_at == -issuers.STALE_SECONDS
