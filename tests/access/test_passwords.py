"""Signing in with a name and a password: what is right, what is refused, and that both look alike from outside."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from app.access import sessions, users
from app.access.administration import user_changes
from app.access.authentication.client_info import ClientInfo
from app.access.passwords import hashing, passwords
from app.access.passwords.sign_in import Attempt, NotSignedIn, SignedIn, sign_in
from app.access.sessions import Method
from app.access.users import CreateUser
from app.errors import TooManyRequests
from app.runtime import Runtime
from app.upkeep import group_deletion
from tests.conftest import Person
from tests.support.access.passwords import GOOD, Member, attempt, entries, new_address, new_member


async def test_name_and_password_begin_a_session_in_any_spelling_of_the_name(runtime: Runtime) -> None:
    member = await new_member(runtime, email=True)
    for name in (member.username, member.username.upper(), f" {member.username} ", member.email, member.email.upper()):
        signed = await attempt(runtime, name, GOOD)
        assert signed.session.session.user_id == member.id
        assert signed.session.session.method == "password"
        assert signed.session.secret.startswith("mys_")


async def _unusable(runtime: Runtime) -> dict[str, str]:
    """Names with which no password is right, by the reason that the access log has."""
    blocked, gone, bot, empty = [await new_member(runtime) for _ in range(4)]
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE users SET blocked_at = now() WHERE id = :id"), {"id": blocked.id})
        await tx.execute(text("UPDATE users SET deleted_at = now() WHERE id = :id"), {"id": gone.id})
        await tx.execute(text("UPDATE users SET is_bot = true WHERE id = :id"), {"id": bot.id})
        await tx.execute(text("DELETE FROM passwords WHERE user_id = :id"), {"id": empty.id})
    return {
        f"missing{uuid4().hex}": "unknown_name",
        blocked.username: "deactivated",
        gone.username: "deactivated",
        bot.username: "bot",
        empty.username: "no_password",
        (await new_member(runtime)).username: "wrong_password",
    }


async def test_every_refusal_is_the_same_answer_and_only_the_log_tells_why(runtime: Runtime) -> None:
    for name, reason in (await _unusable(runtime)).items():
        password = "wrong, wrong, wrong" if reason == "wrong_password" else GOOD
        with pytest.raises(NotSignedIn) as refused:
            await attempt(runtime, name, password)
        assert refused.value.message == "The name or the password is not right."
        assert refused.value.field is None
        assert [(entry.result, entry.reason) for entry in await entries(runtime, name)] == [("refused", reason)]


@pytest.mark.parametrize(
    "name", ["", "x" * 300 + "@example.org", "a" * 100_000, "nul\0inside", "half \ud800", "@", "%"]
)
async def test_names_that_no_account_can_have_are_refused_alike(runtime: Runtime, name: str) -> None:
    with pytest.raises(NotSignedIn):
        await attempt(runtime, name, GOOD)


async def test_a_password_may_have_any_character_and_its_spelling_does_not_matter(runtime: Runtime) -> None:
    for stored, typed in (
        ("Zürich\u00a0und Genève", "Zu\u0308rich und Gene\u0300ve"),
        ("密码很长也没有关系的吧", "密码很长也没有关系的吧"),
        ("tabs\tand\x07bells and ✅", "tabs\tand\x07bells and ✅"),
        ("🦄" * 5 + "é" * 1_019, "🦄" * 5 + "e\u0301" * 1_019),
    ):
        member = await new_member(runtime, password=stored)
        assert (await attempt(runtime, member.username, typed)).session.session.user_id == member.id
        with pytest.raises(NotSignedIn):
            await attempt(runtime, member.username, typed[:-1])


async def test_a_password_longer_than_any_is_wrong_and_costs_no_more(runtime: Runtime) -> None:
    member = await new_member(runtime, password="x1y" * 341)
    for length in (1_025, 64_000, 2_000_000):
        with pytest.raises(NotSignedIn):
            await asyncio.wait_for(attempt(runtime, member.username, "x1y" * 341 + "ü" * length), 2)


async def test_capitals_and_spaces_at_the_ends_belong_to_the_password(runtime: Runtime) -> None:
    member = await new_member(runtime)
    for wrong in (GOOD.upper(), f" {GOOD}", f"{GOOD} ", f"{GOOD}\0", ""):
        with pytest.raises(NotSignedIn):
            await attempt(runtime, member.username, wrong)


async def test_a_hash_of_other_parameters_is_made_anew_when_its_owner_signs_in(runtime: Runtime) -> None:
    member = await new_member(runtime, hash=PasswordHasher(1, 8 * 1024, 2).hash(GOOD))
    with pytest.raises(NotSignedIn):
        await attempt(runtime, member.username, "not the password")
    assert "m=8192,t=1,p=2" in await _hash(runtime, member)
    await attempt(runtime, member.username, GOOD)
    renewed = await _hash(runtime, member)
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    await attempt(runtime, member.username, GOOD)
    assert await _hash(runtime, member) == renewed


async def test_a_hash_that_is_none_is_never_right(runtime: Runtime) -> None:
    for broken in ("", "secret", "$argon2id$v=19$m=19456", "$2b$12$abcdefghijklmnopqrstuv"):
        member = await new_member(runtime, hash=broken)
        for password in (GOOD, broken, ""):
            with pytest.raises(NotSignedIn):
                await attempt(runtime, member.username, password)


async def test_what_is_compared_where_there_is_no_password_has_the_parameters_of_today() -> None:
    checked = PasswordHasher(hashing.TIME_COST, hashing.MEMORY_KIB, hashing.PARALLELISM)
    assert not checked.check_needs_rehash(hashing.NO_PASSWORD)
    assert not await hashing.verify(None, "")


async def test_a_sign_in_that_is_overtaken_by_a_change_or_deactivation_gets_no_session(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = hashing.verify

    async def overtaken(stored: str | None, password: str, *, goes_first: bool) -> bool:
        is_right = await verify(stored, password, goes_first=goes_first)
        async with runtime.db.write() as tx:
            if change == "password":
                await passwords.set_password(tx, member.id, await hashing.hash_password("another password"))
            else:
                await tx.execute(text("UPDATE users SET blocked_at = now() WHERE id = :id"), {"id": member.id})
        return is_right

    monkeypatch.setattr(hashing, "verify", overtaken)
    for each in ("password", "deactivation"):
        change, member = each, await new_member(runtime)
        with pytest.raises(NotSignedIn):
            await attempt(runtime, member.username, GOOD)
        assert [entry.reason for entry in await entries(runtime, member.username)] == ["changed_meanwhile"]
        async with runtime.db.read() as snap:
            assert not await snap.scalar(text("SELECT count(*) FROM sessions WHERE user_id = :id"), {"id": member.id})


async def test_more_hashes_than_the_queue_holds_are_refused_and_not_counted(runtime: Runtime) -> None:
    member = await new_member(runtime)
    tries = [Attempt(f"missing{uuid4().hex}", GOOD, ClientInfo(new_address())) for _ in range(3 * hashing.WAITING)]
    answers = await asyncio.gather(
        *(sign_in(runtime.db, runtime.settings, one, runtime.openid) for one in tries), return_exceptions=True
    )
    kinds = {type(answer) for answer in answers}
    assert kinds == {NotSignedIn, TooManyRequests}
    assert isinstance(await attempt(runtime, member.username, GOOD), SignedIn)


async def test_a_familiar_browser_does_not_wait_behind_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hash begins as soon as those have ended that were under way."""
    begun: list[bytes] = []
    hashed = hashing._is_of

    def is_of(stored: str, text: bytes) -> bool:
        begun.append(text)
        return hashed(stored, text)

    monkeypatch.setattr(hashing, "_is_of", is_of)
    strangers = [asyncio.create_task(hashing.verify(None, "stranger")) for _ in range(20)]
    await asyncio.sleep(0)
    await hashing.verify(None, "owner", goes_first=True)
    await asyncio.gather(*strangers)
    assert len(begun) == 21
    assert begun.index(b"owner") <= hashing.THREADS


async def test_the_log_has_the_address_and_never_the_password(runtime: Runtime) -> None:
    member = await new_member(runtime)
    client = ClientInfo("192.0.2.7", "Browser/1", "request-1")
    await sign_in(runtime.db, runtime.settings, Attempt(member.username, GOOD, client), runtime.openid)
    [entry] = await entries(runtime, member.username)
    assert (entry.result, entry.user_id, entry.address, entry.client) == ("ok", member.id, "192.0.2.7", "Browser/1")
    assert GOOD not in repr(entry.details)
    assert GOOD not in repr(Attempt(member.username, GOOD, client))


async def _hash(runtime: Runtime, member: Member) -> str:
    async with runtime.db.read() as snap:
        stored: str | None = await snap.scalar(
            text("SELECT hash FROM passwords WHERE user_id = :id"), {"id": member.id}
        )
    assert stored is not None
    return stored


async def test_a_user_without_a_password_signs_in_once_one_is_set(runtime: Runtime) -> None:
    async with runtime.db.write() as tx:
        user = await users.add(tx, CreateUser(f"late-{uuid4().hex[:10]}"))
    with pytest.raises(NotSignedIn):
        await attempt(runtime, user.username, GOOD)
    stored = await hashing.hash_password(GOOD)
    async with runtime.db.write() as tx:
        await passwords.set_password(tx, user.id, stored)
    await attempt(runtime, user.username, GOOD)


async def test_a_person_who_is_deleted_while_signing_in_has_no_session_afterwards(
    runtime: Runtime, admin: Person
) -> None:
    for _ in range(5):
        member = await new_member(runtime)
        *signed, deleted = await asyncio.gather(
            *(attempt(runtime, member.username, GOOD) for _ in range(4)),
            group_deletion.delete_user(runtime.db, admin.actor, member.username, None),
            return_exceptions=True,
        )
        assert not isinstance(deleted, BaseException)
        assert {type(answer) for answer in signed} <= {SignedIn, NotSignedIn}
        async with runtime.db.read() as snap:
            count = text("SELECT count(*) FROM sessions WHERE user_id = :id")
            assert await snap.scalar(count, {"id": member.id}) == 0


@pytest.mark.parametrize("change", ["password", "deactivation"])
async def test_what_is_verified_stays_true_until_the_session_stands(
    runtime: Runtime, admin: Person, change: str
) -> None:
    member = await new_member(runtime)
    stored, new = await _hash(runtime, member), await hashing.hash_password("another password")

    async def set_password() -> int:
        async with runtime.db.write() as tx:
            return await passwords.set_password(tx, member.id, new)

    async def deactivate() -> None:
        await user_changes.deactivate(runtime.db, admin.actor, member.username)

    async with runtime.db.write() as tx:
        assert await passwords.is_still(tx, member.id, stored)
        changing = asyncio.create_task(set_password() if change == "password" else deactivate())
        await asyncio.sleep(0.2)
        assert not changing.done()
        await sessions.start(tx, member.id, ClientInfo(), Method.PASSWORD, life=timedelta(days=1))
    assert await changing in {1, None}  # the session that has just begun, or nothing to tell
    async with runtime.db.write() as tx:
        assert not await passwords.is_still(tx, member.id, stored)


async def test_every_refusal_costs_one_hash_of_the_parameters_of_today(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_of, computed = hashing._is_of, []

    def recorded(stored: str, password: bytes) -> bool:
        computed.append(stored.rpartition("$")[0].rpartition("$")[0])
        return is_of(stored, password)

    monkeypatch.setattr(hashing, "_is_of", recorded)
    names = list(await _unusable(runtime))
    for name in names:
        with pytest.raises(NotSignedIn):
            await attempt(runtime, name, "wrong " * 2_000 if name == names[0] else "wrong")
    assert computed == ["$argon2id$v=19$m=19456,t=2,p=1"] * len(names)
