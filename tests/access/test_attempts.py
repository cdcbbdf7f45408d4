"""How guessing is slowed: the rules by themselves, under a clock of the test, and their counts in PostgreSQL."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access.passwords import attempts, familiar_browsers, lanes
from app.access.passwords.lanes import FORGIVEN, LONGEST_QUEUE, Count, Lane, decide
from app.access.passwords.sign_in import NotSignedIn
from app.errors import TooManyRequests
from app.runtime import Runtime, open_runtime
from tests.support.access.passwords import GOOD, attempt, entries, new_address, new_member

START = datetime(2026, 11, 30, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass
class Book:
    """Counts in memory, and what became of attempts."""

    counts: dict[tuple[Lane, str], Count] = field(default_factory=dict)
    made: int = 0

    def attempt(self, name: str, address: str, now: datetime) -> timedelta:
        """The wait of an attempt at that moment; zero: it was made."""
        keys = {Lane.PAIR: f"{name} {address}", Lane.ADDRESS: address, Lane.ACCOUNT: name, Lane.ACCOUNT_AGAIN: name}
        counts = {lane: self.counts.get((lane, key), Count(0, EPOCH, EPOCH)) for lane, key in keys.items()}
        decision = decide(counts, now)
        self.counts |= {(lane, keys[lane]): count for lane, count in decision.changes.items()}
        self.made += decision.is_admitted
        return decision.wait

    def attack(self, addresses: int, until: datetime, names: int = 1) -> None:
        """Machines that try as soon as they may, each at its own address."""
        due = [(START, number) for number in range(addresses)]
        turns = 0
        while due and due[0][0] < until:
            now, number = heapq.heappop(due)
            turns += 1
            wait = self.attempt(f"name {turns % names}", f"attacker {number}", now)
            heapq.heappush(due, (now + (wait or timedelta(milliseconds=50)), number))


def test_five_attempts_are_free_and_each_further_one_waits_twice_as_long():
    book, now, waits = Book(), START, []
    for _ in range(17):
        wait = book.attempt("alice", "here", now)
        waits.append(round(wait.total_seconds()))
        now += wait
        assert not wait or not book.attempt("alice", "here", now)
    assert waits == [0] * 5 + [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_failures_are_forgiven_one_in_a_quarter_of_an_hour():
    count = Count(20, START, START)
    assert [count.at(START + quarters * FORGIVEN) for quarters in (0, 1, 5, 20, 400)] == [20, 19, 15, 0, 0]
    assert count.at(START - FORGIVEN) == 20


def test_no_more_failures_are_counted_than_are_forgiven_in_a_day():
    count = Count(0, EPOCH, EPOCH)
    for _ in range(1_000):
        count = count.with_attempt(Lane.BROWSER, START)
    assert count.at(START + timedelta(days=1)) == 0


def test_a_hundred_addresses_together_get_one_attempt_in_five_seconds_beside_the_first_of_each():
    book = Book()
    book.attack(100, START + timedelta(hours=1))
    assert book.made <= 100 + 11 + 3_600 / 5 + 5


@pytest.mark.parametrize(
    ("addresses", "after", "most"),
    [(1, 5, 0), (1, 7_200, 0), (100, 5, 445), (100, 300, 150), (100, 900, 0), (100, 7_200, 0), (600, 5, 2_945),
     (600, 3_600, 0)],
)  # fmt: skip
def test_the_owner_in_a_new_browser_waits_for_the_first_attempt_of_each_address_at_most(addresses, after, most):
    book, now = Book(), START + after * SECOND
    book.attack(addresses, now)
    wait = book.attempt("name 0", "at home", now)
    assert wait <= most * SECOND
    if wait:  # however hard the others try meanwhile, the turn is the owner's
        for number in range(addresses):
            book.attempt("name 0", f"attacker {number}", now + wait)
        assert not book.attempt("name 0", "at home", now + wait)


def test_an_owner_who_mistypes_under_attack_waits_for_one_attempt_of_each_address_at_most():
    book, now = Book(), START + timedelta(hours=1)
    book.attack(100, now)
    assert not book.attempt("name 0", "at home", now)
    assert book.attempt("name 0", "at home", now + SECOND) <= 505 * SECOND


def test_more_addresses_than_an_hour_has_turns_are_told_to_come_again():
    book = Book()
    book.attack(2_000, START + SECOND)
    wait = book.attempt("name 0", "at home", START)
    assert LONGEST_QUEUE < wait < LONGEST_QUEUE + 10 * SECOND
    rows = len(book.counts)
    for number in range(5_000):
        book.attempt("name 0", f"late {number}", START)
    assert len(book.counts) == rows


def test_a_colleague_at_the_address_of_an_attacker_gets_a_turn_too():
    book = Book()
    book.attack(1, START + timedelta(hours=1), names=1_000_000)
    now = START + timedelta(hours=1)
    wait = book.attempt("colleague", "attacker 0", now)
    assert timedelta() < wait <= 2 * lanes.LIMITS[Lane.ADDRESS].longest
    book.attempt("another name", "attacker 0", now + wait)
    assert not book.attempt("colleague", "attacker 0", now + wait)


def test_one_address_that_tries_many_names_is_slowed_to_two_a_minute():
    book = Book()
    book.attack(1, START + timedelta(hours=2), names=1_000_000)
    assert book.made < 2 * 60 * 2 + 40
    assert len(book.counts) < 3 * (2 * 60 * 2 + 200)


async def _reserved(runtime: Runtime, subjects: attempts.Subjects) -> timedelta:
    async with runtime.db.write() as tx:
        return (await attempts.reserve(tx, subjects)).wait


async def test_as_many_attempts_at_once_as_one_after_the_other_whichever_process_counts(runtime: Runtime) -> None:
    async with open_runtime(runtime.settings, name="second") as second:
        name, address = uuid4().hex, new_address()
        many = [attempts.from_stranger(name, new_address()) for _ in range(60)]
        waits = await asyncio.gather(*(_reserved((runtime, second)[n % 2], one) for n, one in enumerate(many)))
        assert sum(not wait for wait in waits) == 11
        one = attempts.from_stranger(uuid4().hex, address)
        waits = await asyncio.gather(*(_reserved((runtime, second)[n % 2], one) for n in range(40)))
        assert sum(not wait for wait in waits) == 5
        names = [attempts.from_stranger(uuid4().hex, new_address_in(address)) for _ in range(60)]
        waits = await asyncio.gather(*(_reserved((runtime, second)[n % 2], one) for n, one in enumerate(names)))
        assert sum(not wait for wait in waits) == 21 - 5


def new_address_in(address: str) -> str:
    """Another address of the same network, as each client of IPv6 has many."""
    return address.removesuffix("::1") + f"::{uuid4().hex[:4]}"


async def test_turns_are_given_in_order_and_kept_whatever_others_do(runtime: Runtime) -> None:
    name = uuid4().hex
    for _ in range(11):
        assert not await _reserved(runtime, attempts.from_stranger(name, new_address()))
    first, second = (attempts.from_stranger(name, new_address()) for _ in range(2))
    waits = [await _reserved(runtime, one) for one in (first, second)]
    assert timedelta() < waits[0] < waits[1] <= 3.1 * SECOND
    await asyncio.sleep(waits[0].total_seconds() + 0.05)
    assert not await _reserved(runtime, first)
    assert await _reserved(runtime, second)


@pytest.mark.parametrize("exists", [True, False])
async def test_the_sixth_attempt_waits_whether_the_account_exists_or_not(runtime: Runtime, exists: bool) -> None:
    name = (await new_member(runtime)).username if exists else f"missing-{uuid4().hex[:12]}"
    address = new_address()
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            await attempt(runtime, name, "wrong", address=address)
    with pytest.raises(TooManyRequests) as slowed:
        await attempt(runtime, name, GOOD, address=address)
    assert slowed.value.retry_after == 1
    assert slowed.value.message == (
        "There were too many failed attempts with this name or from this network; try again in 1 s."
    )
    assert [entry.reason for entry in await entries(runtime, name)] == [
        "wrong_password" if exists else "unknown_name"
    ] * 5


async def test_name_and_address_of_a_person_are_counted_apart_so_that_neither_tells_of_the_other(
    runtime: Runtime,
) -> None:
    member = await new_member(runtime, email=True)
    address = new_address()
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            await attempt(runtime, member.username, "wrong", address=address)
    assert await attempt(runtime, member.email, GOOD, address=address)


async def test_capitals_do_not_make_another_count(runtime: Runtime) -> None:
    member = await new_member(runtime)
    address = new_address()
    for spelling in (str.upper, str.lower, str.title, str.swapcase, str):
        with pytest.raises(NotSignedIn):
            await attempt(runtime, spelling(member.username), "wrong", address=address)
    with pytest.raises(TooManyRequests):
        await attempt(runtime, member.username, GOOD, address=address)


async def test_a_right_password_takes_its_own_failures_away_and_leaves_those_of_others(runtime: Runtime) -> None:
    member = await new_member(runtime)
    home = new_address()
    for _ in range(4):
        with pytest.raises(NotSignedIn):
            await attempt(runtime, member.username, "wrong", address=home)
    for _ in range(6):
        with pytest.raises(NotSignedIn):
            await attempt(runtime, member.username, "wrong")
    await attempt(runtime, member.username, GOOD, address=home)
    subjects = attempts.from_stranger(member.username, home).by_lane
    assert {lane: await _failures(runtime, subject) for lane, subject in subjects.items()} == {
        Lane.PAIR: None,
        Lane.ADDRESS: 0,
        Lane.ACCOUNT: 6,
        Lane.ACCOUNT_AGAIN: 0,
    }


async def test_an_own_account_does_not_clear_what_an_address_did_to_others(runtime: Runtime) -> None:
    own, address = await new_member(runtime), new_address()
    for _ in range(3):
        for _ in range(3):
            with pytest.raises(NotSignedIn):
                await attempt(runtime, f"missing-{uuid4().hex[:12]}", "wrong", address=address)
        await attempt(runtime, own.username, GOOD, address=address)
    subjects = attempts.from_stranger(own.username, address).by_lane
    assert await _failures(runtime, subjects[Lane.ADDRESS]) == 9


async def test_an_attack_does_not_slow_a_browser_that_has_signed_in_before(runtime: Runtime) -> None:
    member = await new_member(runtime)
    browsers = (await attempt(runtime, member.username, GOOD)).browsers
    for _ in range(11):
        with pytest.raises(NotSignedIn):
            await attempt(runtime, member.username, "wrong")
    address = new_address()
    with pytest.raises(TooManyRequests):
        await attempt(runtime, member.username, GOOD, address=address)
    signed = await attempt(runtime, member.username, GOOD, address=address, browsers=browsers)
    assert signed.session.session.user_id == member.id
    assert await attempt(runtime, member.username, GOOD, browsers=signed.browsers)


async def test_a_browser_that_has_signed_in_before_has_ten_attempts_of_its_own(runtime: Runtime) -> None:
    member, other = await new_member(runtime), await new_member(runtime)
    browsers = (await attempt(runtime, member.username, GOOD)).browsers
    for _ in range(10):
        with pytest.raises(NotSignedIn):
            await attempt(runtime, member.username, "wrong", browsers=browsers)
    with pytest.raises(TooManyRequests):
        await attempt(runtime, member.username, GOOD, browsers=browsers)
    # Neither other accounts nor other browsers pay for that.
    assert await attempt(runtime, other.username, GOOD, browsers=browsers)
    assert await attempt(runtime, member.username, GOOD)


def test_a_browser_knows_the_last_five_people_and_believes_no_other_signature(runtime: Runtime) -> None:
    settings = runtime.settings
    browser = familiar_browsers.read(settings, "")
    for user_id in (1, 2, 3, 4, 5, 6, 2):
        browser = browser.with_person(user_id)
    cookie = browser.cookie(settings)
    assert len(cookie) < 300
    again = familiar_browsers.read(settings, cookie)
    assert (again.number, set(again.people)) == (browser.number, {2, 3, 4, 5, 6})
    number, *proofs = cookie.split(".")
    proof = proofs[-1]
    other = settings.model_copy(update={"secret_key": type(settings.secret_key)("another key of thirty-two letters")})
    for forged in (
        f"{number}.7-{proof.partition('-')[2]}",
        f"{number[:-1]}{'A' if number[-1] != 'A' else 'B'}.{proof}",
        f"{number}.{proof[:-1]}",
        f"{number}.2-1-{proof.rpartition('-')[2]}",
        f".{proof}", "x" * 100_000, "é.é", f"{number}.-1-1-{'x' * 22}", f"{number}.{'9' * 30}-1-{'x' * 22}",
    ):  # fmt: skip
        assert familiar_browsers.read(settings, forged).people == {}
    assert familiar_browsers.read(other, cookie).people == {}


def test_after_a_year_a_browser_is_not_familiar_any_more(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = familiar_browsers.read(runtime.settings, "").with_person(7).cookie(runtime.settings)
    today = familiar_browsers._today()
    for days, familiar in ((365, True), (366, False)):
        monkeypatch.setattr(familiar_browsers, "_today", lambda day=today + days: day)
        assert familiar_browsers.read(runtime.settings, cookie).is_familiar_to(7) is familiar


async def test_forgiven_counts_are_swept_and_others_are_left(runtime: Runtime) -> None:
    kinds = {
        "forgiven": ("1", "20 minutes", "20 minutes"),
        "counted": ("3", "20 minutes", "20 minutes"),
        "waiting": ("0", "20 minutes", "-1 minute"),
        "turn": ("0", "100 days", "10 minutes"),
        "old turn": ("0", "100 days", "20 minutes"),
    }
    subjects = {kind: uuid4().bytes for kind in kinds}
    async with runtime.db.write() as tx:
        for kind, (failures, last, due) in kinds.items():
            await tx.execute(
                text(
                    "INSERT INTO sign_in_failures VALUES (:subject, :failures, now() - CAST(:last AS text)::interval, "
                    "now() - CAST(:due AS text)::interval, :turn)"
                ),
                {
                    "subject": subjects[kind],
                    "failures": int(failures),
                    "last": last,
                    "due": due,
                    "turn": "turn" in kind,
                },
            )
    await asyncio.gather(attempts.sweep(runtime.db), attempts.sweep(runtime.db))
    left = {kind for kind, subject in subjects.items() if await _failures(runtime, subject) is not None}
    assert left == {"counted", "waiting", "turn"}


async def test_counting_sweeping_and_giving_back_at_once_never_wait_for_each_other(runtime: Runtime) -> None:
    names, addresses = [uuid4().hex for _ in range(3)], [new_address() for _ in range(3)]

    async def work(number: int) -> None:
        subjects = attempts.from_stranger(names[number % 3], addresses[number // 3 % 3])
        await _reserved(runtime, subjects)
        async with runtime.db.write() as tx:
            await attempts.give_back(tx, subjects)

    await asyncio.gather(*(work(number) for number in range(90)), *(attempts.sweep(runtime.db) for _ in range(5)))


async def test_who_has_to_wait_anyway_locks_and_writes_nothing(runtime: Runtime) -> None:
    member, address = await new_member(runtime), new_address()
    subjects = attempts.from_stranger(member.username, address)
    async with runtime.db.write() as tx:
        for _ in range(6):
            await attempts.reserve(tx, subjects)
    async with runtime.db.write() as tx:
        await attempts.reserve(tx, subjects)  # holds the locks
        with pytest.raises(TooManyRequests):
            await asyncio.wait_for(attempt(runtime, member.username, GOOD, address=address), 0.5)


async def _failures(runtime: Runtime, subject: bytes) -> int | None:
    async with runtime.db.read() as snap:
        count: int | None = await snap.scalar(
            text("SELECT failures FROM sign_in_failures WHERE subject = :subject"), {"subject": subject}
        )
        return count


async def test_what_is_given_back_while_another_attempt_is_counted_takes_nothing_of_that(runtime: Runtime) -> None:
    name = uuid4().hex
    mine, theirs = (attempts.from_stranger(name, new_address()) for _ in range(2))
    await _reserved(runtime, mine)

    async def give_back() -> None:
        async with runtime.db.write() as tx:
            await attempts.give_back(tx, mine)

    async with runtime.db.write() as tx:
        await attempts.reserve(tx, theirs)
        giving = asyncio.create_task(give_back())
        await asyncio.sleep(0.2)
    await giving
    assert await _failures(runtime, mine.by_lane[Lane.ACCOUNT]) == 1
