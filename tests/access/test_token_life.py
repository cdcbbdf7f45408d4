"""Rotation, longest lives, reminders, last use, and what a token may do with itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.access import tokens
from app.access.authentication.authenticator import Authenticator
from app.access.authentication.client_info import ClientInfo
from app.access.limits.requests import Defaults
from app.access.policy import Actor, Role, Scope
from app.access.tables import Token
from app.access.token_rules import rotation
from app.access.token_rules.expiry import LongestLives
from app.access.token_rules.rotation import TokenEnded
from app.access.tokens import Issued, IssueToken, TokenNotFound
from app.errors import Forbidden, Invalid, Unauthenticated
from app.upkeep import token_reminders
from tests.conftest import new_project

DAY = timedelta(days=1)


async def issued(runtime, actor: Actor, **options) -> Issued:
    return await tokens.issue(runtime.db, actor, IssueToken("t", **options))


async def actor_of(runtime, secret: str) -> Actor:
    return await tokens.authenticate(runtime.db, secret)


async def is_valid(runtime, secret: str) -> bool:
    try:
        await actor_of(runtime, secret)
    except Unauthenticated:
        return False
    return True


async def row(runtime, token_id: int) -> Token:
    async with runtime.db.read() as snap:
        return await snap.get_one(Token, token_id)


async def test_rotation_keeps_what_the_token_may_do_and_ends_the_old_secret(runtime, project):
    old = await issued(
        runtime, project.owner, scopes=[Scope.READ_REGISTRY], model_patterns=["a*"], request_limit=5, storage_limit=7
    )
    new = await rotation.rotate(runtime.db, project.owner, old.token.id)
    kept = ("name", "scopes", "model_patterns", "request_limit", "storage_limit", "user_id", "created_by", "project_id")
    assert [getattr(new.token, name) for name in kept] == [getattr(old.token, name) for name in kept]
    assert new.token.replaces_id == old.token.id and new.secret != old.secret
    assert (await is_valid(runtime, old.secret), await is_valid(runtime, new.secret)) == (False, True)


async def test_the_old_secret_goes_on_for_the_overlap(runtime, project):
    old = await issued(runtime, project.owner)
    new = await rotation.rotate(runtime.db, project.owner, old.token.id, overlap=timedelta(hours=1))
    assert await is_valid(runtime, old.secret) and await is_valid(runtime, new.secret)
    end = (await row(runtime, old.token.id)).expires_at
    assert end is not None and timedelta(minutes=59) < end - datetime.now(UTC) <= timedelta(hours=1)
    assert new.token.expires_at is None


async def test_an_overlap_prolongs_nothing(runtime, project):
    soon = datetime.now(UTC) + timedelta(minutes=5)
    old = await issued(runtime, project.owner, expires_at=soon)
    await rotation.rotate(runtime.db, project.owner, old.token.id, overlap=timedelta(hours=1))
    assert (await row(runtime, old.token.id)).expires_at == soon


@pytest.mark.parametrize("overlap", [timedelta(0), timedelta(hours=1)])
async def test_of_rotations_at_once_one_wins(runtime, project, overlap):
    old = await issued(runtime, project.owner)
    every = [rotation.rotate(runtime.db, project.owner, old.token.id, overlap=overlap) for _ in range(8)]
    outcomes = await asyncio.gather(*every, return_exceptions=True)
    assert [isinstance(one, Issued) for one in outcomes].count(True) == 1
    assert [isinstance(one, TokenEnded) for one in outcomes].count(True) == 7


async def test_what_has_ended_is_not_rotated(runtime, project):
    old = await issued(runtime, project.owner)
    await tokens.revoke(runtime.db, project.owner, old.token.id)
    with pytest.raises(TokenEnded):
        await rotation.rotate(runtime.db, project.owner, old.token.id)


async def test_a_token_with_api_rotates_itself(runtime, project):
    own = await issued(runtime, project.owner, project_id=project.id, role=Role.GUEST)
    new = await rotation.rotate(runtime.db, await actor_of(runtime, own.secret), own.token.id)
    assert (await actor_of(runtime, new.secret)).user_id == own.token.user_id
    reader = await issued(runtime, project.owner, scopes=[Scope.READ_API])
    with pytest.raises(Forbidden, match="scope api"):
        await rotation.rotate(runtime.db, await actor_of(runtime, reader.secret), reader.token.id)


async def test_no_rotation_gives_a_secret_that_may_do_more(runtime, project, admin):
    db = runtime.db
    owners = await issued(runtime, project.owner, project_id=project.id, role=Role.OWNER)
    with pytest.raises(Forbidden, match="maintainer here"):
        await rotation.rotate(db, project[Role.MAINTAINER].actor, owners.token.id)
    managing = await issued(
        runtime, project.owner, project_id=project.id, role=Role.MAINTAINER, scopes=[Scope.API, Scope.MANAGE_ACCESS]
    )
    bot = await actor_of(runtime, managing.secret)
    other = await issued(
        runtime, project.owner, project_id=project.id, role=Role.MAINTAINER, scopes=[Scope.API, Scope.MANAGE_PROJECT]
    )
    with pytest.raises(Forbidden, match="Only a person"):
        await rotation.rotate(db, bot, other.token.id)
    personal = await issued(runtime, project.owner)
    with pytest.raises(Forbidden, match="Only its owner"):
        await rotation.rotate(db, admin.actor, personal.token.id)
    with pytest.raises(TokenNotFound):
        await rotation.rotate(db, project.stranger.actor, personal.token.id)


async def test_rotation_gives_no_longer_life_than_the_maker_had(runtime, project):
    end = datetime.now(UTC) + DAY
    managing = await issued(
        runtime,
        project.owner,
        project_id=project.id,
        role=Role.MAINTAINER,
        scopes=[Scope.API, Scope.MANAGE_ACCESS],
        expires_at=end,
    )
    made = await issued(runtime, await actor_of(runtime, managing.secret), project_id=project.id)
    assert made.token.expires_at == end
    new = await rotation.rotate(runtime.db, await actor_of(runtime, made.secret), made.token.id)
    assert new.token.expires_at == end


async def test_a_token_that_rotates_another_gives_it_no_longer_life_than_its_own(runtime, project):
    end, db = datetime.now(UTC) + DAY, runtime.db
    scopes = [Scope.API, Scope.MANAGE_ACCESS]
    options = {"project_id": project.id, "role": Role.MAINTAINER}
    managing = await issued(runtime, project.owner, scopes=scopes, expires_at=end, **options)
    endless = await issued(runtime, project.owner, **options)
    bot = await actor_of(runtime, managing.secret)
    with pytest.raises(Invalid, match="ends with it at the latest"):
        await rotation.rotate(db, bot, endless.token.id, expires_at=end + DAY)
    new = await rotation.rotate(db, bot, endless.token.id)
    assert (new.token.expires_at, new.token.created_by) == (end, bot.user_id)
    again = await rotation.rotate(db, await actor_of(runtime, new.secret), new.token.id)
    assert again.token.expires_at == end


async def test_a_bots_token_that_rotates_itself_gets_no_longer_life_than_it_was_made_with(runtime, project):
    old = await issued(runtime, project.owner, project_id=project.id, expires_at=datetime.now(UTC) + 10 * DAY)
    itself, later = await actor_of(runtime, old.secret), datetime.now(UTC) + 11 * DAY
    with pytest.raises(Invalid, match="no longer life"):
        await rotation.rotate(runtime.db, itself, old.token.id, expires_at=later)
    sooner = datetime.now(UTC) + 9 * DAY
    new = await rotation.rotate(runtime.db, itself, old.token.id, expires_at=sooner)
    assert new.token.expires_at == sooner
    longer = await rotation.rotate(runtime.db, project.owner, new.token.id, expires_at=later)
    assert longer.token.expires_at == later


async def test_without_an_end_of_its_own_the_new_token_lives_as_long_as_the_old_one_did(runtime, project):
    old = await issued(runtime, project.owner, expires_at=datetime.now(UTC) + 10 * DAY)
    new = await rotation.rotate(runtime.db, project.owner, old.token.id, longest=LongestLives(5 * DAY, None))
    assert new.token.expires_at is not None
    assert abs(new.token.expires_at - datetime.now(UTC) - 5 * DAY) < timedelta(minutes=1)


@pytest.mark.parametrize("seconds", [-1, 31 * 86_400])
async def test_overlaps_have_bounds(runtime, project, seconds):
    old = await issued(runtime, project.owner)
    with pytest.raises(Invalid, match="30 days"):
        await rotation.rotate(runtime.db, project.owner, old.token.id, overlap=timedelta(seconds=seconds))
    assert await is_valid(runtime, old.secret)


async def test_the_installation_limits_the_lives_of_new_tokens(runtime, project):
    longest = LongestLives(personal=30 * DAY, bots=10 * DAY)
    far = datetime.now(UTC) + 20 * DAY
    with pytest.raises(Invalid, match="10 days at most"):
        command = IssueToken("t", project_id=project.id, expires_at=far)
        await tokens.issue(runtime.db, project.owner, command, longest=longest)
    personal = await tokens.issue(runtime.db, project.owner, IssueToken("t", expires_at=far), longest=longest)
    assert personal.token.expires_at == far
    bot = await tokens.issue(runtime.db, project.owner, IssueToken("t", project_id=project.id), longest=longest)
    assert bot.token.expires_at is not None and bot.token.expires_at < far


async def test_use_is_noted_with_address_and_client_once_a_minute(runtime, project):
    made = await issued(runtime, project.owner)
    authenticator = Authenticator(runtime.db, session_idle=DAY, limits=Defaults())
    await authenticator.actor(made.secret, ClientInfo("192.0.2.1", "first"))
    await authenticator.actor(made.secret, ClientInfo("192.0.2.2", "second"))
    used = await row(runtime, made.token.id)
    assert (used.last_address, used.last_client) == ("192.0.2.1", "first")
    async with runtime.db.write() as tx:
        await tx.execute(
            text("UPDATE tokens SET last_used_at = now() - interval '2 minutes' WHERE id = :t"), {"t": used.id}
        )
    await Authenticator(runtime.db, session_idle=DAY, limits=Defaults()).actor(
        made.secret, ClientInfo("192.0.2.2", "second")
    )
    used = await row(runtime, made.token.id)
    assert (used.last_address, used.last_client) == ("192.0.2.2", "second")


@pytest.mark.parametrize("scopes", [[Scope.READ_API], [Scope.READ_REGISTRY], [Scope.WRITE_CANDIDATES]])
async def test_every_token_sees_and_ends_itself_and_no_other(runtime, project, scopes):
    own, other = await issued(runtime, project.owner, scopes=scopes), await issued(runtime, project.owner)
    actor = await actor_of(runtime, own.secret)
    current = await tokens.current(runtime.db, actor)
    assert current is not None and current.id == own.token.id
    with pytest.raises(Forbidden):
        await tokens.revoke(runtime.db, actor, other.token.id)
    await tokens.revoke(runtime.db, actor, own.token.id)
    assert (await is_valid(runtime, own.secret), await is_valid(runtime, other.secret)) == (False, True)


async def test_each_end_is_told_of_once(runtime, staff):
    project = await new_project(runtime, staff)
    ends = {"soon": 3, "later": 30}
    made = {
        name: (
            await issued(runtime, project.owner, project_id=project.id, expires_at=datetime.now(UTC) + days * DAY)
        ).token
        for name, days in ends.items()
    }
    async with runtime.db.write() as tx:
        ids = [token.id for token in made.values()]
        await tx.execute(
            text("UPDATE tokens SET created_at = now() - interval '90 days' WHERE id = ANY(:ids)"), {"ids": ids}
        )
        hook = """INSERT INTO webhooks (project_id, id, name, url, events, status)
            VALUES (:p, gen_random_uuid(), 'w', 'https://127.0.0.1:9/', '{token.expiring}', 'active')"""
        await tx.execute(text(hook), {"p": project.id})
    await asyncio.gather(*(token_reminders.remind(runtime.db, within=7 * DAY) for _ in range(3)))
    assert await token_reminders.remind(runtime.db, within=7 * DAY) == 0
    async with runtime.db.read() as snap:
        told = (
            await snap.execute(
                text("SELECT event, data FROM webhook_deliveries WHERE project_id = :p"), {"p": project.id}
            )
        ).all()
        logged = await snap.execute(
            text("SELECT details FROM access_log WHERE action = 'token_expiring' AND about_project_id = :p"),
            {"p": project.id},
        )
        assert [row.details["token"] for row in logged] == [made["soon"].id]
    assert [(one.event, one.data["token_name"], one.data["project"]) for one in told] == [
        ("token.expiring", "t", project.path)
    ]


async def test_short_tokens_are_not_told_of(runtime, project):
    made = await issued(runtime, project.owner, expires_at=datetime.now(UTC) + 2 * DAY)
    await token_reminders.remind(runtime.db, within=7 * DAY)
    assert (await row(runtime, made.token.id)).reminded_at is None


async def test_tokens_of_ci_jobs_are_not_told_of(runtime, project):
    made = await issued(runtime, project.owner, project_id=project.id, expires_at=datetime.now(UTC) + 2 * DAY)
    async with runtime.db.write() as tx:
        statement = "UPDATE tokens SET created_at = now() - interval '90 days', ci_job = 'github:1' WHERE id = :id"
        await tx.execute(text(statement), {"id": made.token.id})
    await token_reminders.remind(runtime.db, within=7 * DAY)
    assert (await row(runtime, made.token.id)).reminded_at is None


@pytest.mark.parametrize(
    ("scopes", "words"), [([Scope.READ_ARTIFACTS], "has to let it see some"), ([], "at least one scope")]
)
async def test_scopes_that_lead_nowhere_are_refused(runtime, project, scopes, words):
    with pytest.raises(Invalid, match=words):
        await issued(runtime, project.owner, scopes=scopes)
