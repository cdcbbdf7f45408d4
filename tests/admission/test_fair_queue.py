"""Whose turn is next: order, shares, bounds, and that no slot is ever lost."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import TooManyRequests, Unavailable
from app.http.admission import fair_queue
from app.http.admission.fair_queue import Bounds, FairQueue, Overloaded


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Requests:
    """Requests at a queue, by name, and the order in which they were let in."""

    def __init__(
        self,
        slots=1,
        *,
        reserve=0,
        share=100,
        max_waiting_per_sender=1000,
        max_waiting=1000,
        max_wait_seconds=1000.0,
        priority_seconds=1000.0,
    ) -> None:
        self.clock = Clock()
        self.queue = FairQueue(
            slots,
            Bounds(reserve, share, max_waiting_per_sender, max_waiting, max_wait_seconds, priority_seconds),
            self.clock,
        )
        self.order: list[str] = []
        self.slots: dict[str, fair_queue.Slot] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def enter(self, name: str, *accounts: str) -> None:
        """One comes; it is in, or waits, when this returns."""
        self.tasks[name] = asyncio.create_task(self._enter(name, accounts or (name[0],)))
        await settled()

    async def leave(self, name: str, *also: str, after: float = 1.0) -> None:
        """Time passes, then one leaves."""
        self.clock.now += after
        self.slots.pop(name).leave(*also)
        await settled()

    async def drain(self, cost=lambda _name: 1.0) -> list[str]:
        """All leave in the order in which they came in; who was let in meanwhile."""
        before = len(self.order)
        while self.slots:
            name = next(iter(self.slots))
            await self.leave(name, after=cost(name))
        return self.order[before:]

    async def _enter(self, name: str, accounts: tuple[str, ...]) -> None:
        slot = await self.queue.enter(accounts)
        self.slots[name] = slot
        self.order.append(name)


async def settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_request_to_an_idle_queue_does_not_wait():
    queue = FairQueue(
        2, Bounds(reserve=0, share=2, max_waiting_per_sender=1, max_waiting=1, max_wait_seconds=1, priority_seconds=1)
    )
    first, second = queue.enter_at_once(("a",)), queue.enter_at_once(("a",))
    assert first and second and queue.enter_at_once(("a",)) is None
    first.leave()
    assert queue.enter_at_once(("a",)) is not None


async def test_requests_of_one_sender_are_let_in_in_their_order():
    requests = Requests()
    for number in range(5):
        await requests.enter(f"a{number}")
    assert requests.order == ["a0"]
    assert await requests.drain() == ["a1", "a2", "a3", "a4"]


async def test_a_quiet_sender_is_served_before_all_waiting_requests_of_a_noisy_one():
    requests = Requests()
    for number in range(50):
        await requests.enter(f"n{number}")
    await requests.enter("q0")
    await requests.leave("n0")
    assert requests.order == ["n0", "q0"]
    await requests.leave("q0", after=0.01)
    await requests.leave("n1")
    await requests.enter("q1")
    await requests.leave("n2")
    assert requests.order == ["n0", "q0", "n1", "n2", "q1"]


async def test_only_quiet_senders_get_slots_of_the_reserve():
    requests = Requests(2, reserve=1)
    for number in range(5):
        await requests.enter(f"n{number}")
    assert requests.order == ["n0", "n1"]
    await requests.enter("q0")
    assert requests.order == ["n0", "n1", "q0"]
    assert requests.queue.under_work == 3


async def test_no_other_request_begins_while_one_with_priority_is_under_work():
    requests = Requests(2, reserve=1)
    for number in range(5):
        await requests.enter(f"n{number}")
    await requests.enter("q0")
    await requests.leave("n0")
    assert requests.order == ["n0", "n1", "q0"]
    await requests.leave("q0")
    assert requests.order == ["n0", "n1", "q0", "n2"]


async def test_a_long_request_loses_its_priority():
    requests = Requests(3, reserve=1, priority_seconds=0.01)
    for number in range(4):
        await requests.enter(f"n{number}")
    await requests.enter("q0")
    await requests.leave("n0")
    await requests.leave("n1")
    await asyncio.wait_for(requests.tasks["n3"], 10)
    assert set(requests.slots) == {"n2", "q0", "n3"}


async def test_a_single_sender_uses_all_slots():
    requests = Requests(3, reserve=2)
    for number in range(6):
        await requests.enter(f"a{number}")
    assert requests.queue.under_work == 3
    await requests.leave("a0")
    assert requests.queue.under_work == 3


async def test_a_noisy_sender_recovers_slots_slowly_after_a_quiet_request():
    requests = Requests(4, reserve=1, share=2)
    for number in range(12):
        await requests.enter(f"n{number}")
    assert requests.queue.under_work == 4
    await requests.enter("q0")
    for name in ("n0", "n1", "n2"):
        await requests.leave(name, after=0.0)
    assert list(requests.slots) == ["n3", "q0"]  # it goes ahead: meanwhile the others have one
    await requests.leave("q0", after=0.0)
    assert list(requests.slots) == ["n3", "n4"]
    await requests.leave("n3", after=fair_queue.RECOVERY_SECONDS / 2)
    assert list(requests.slots) == ["n4", "n5"]
    await requests.leave("n4", after=fair_queue.RECOVERY_SECONDS)
    assert list(requests.slots) == ["n5", "n6", "n7"]
    await requests.leave("n5", after=fair_queue.RECOVERY_SECONDS)
    assert list(requests.slots) == ["n6", "n7", "n8", "n9"]


async def test_an_account_with_its_share_does_not_block_those_behind_it():
    requests = Requests(2, reserve=1, share=1)
    for number in range(3):
        await requests.enter(f"n{number}", "user 1", "project 1")
    await requests.enter("m0", "user 2", "project 1")
    await requests.enter("q0", "user 3", "project 2")
    await requests.enter("b0", "user 4", "project 3")
    assert list(requests.slots) == ["n0", "n1", "q0"]
    await requests.leave("n0", after=0.01)
    await requests.leave("q0", after=0.01)
    assert list(requests.slots) == ["n1", "b0"]
    await requests.leave("b0", after=0.01)
    assert list(requests.slots) == ["n1"]
    await requests.leave("n1", after=0.01)
    assert list(requests.slots) == ["m0"]


async def test_two_busy_senders_share_all_slots():
    requests = Requests(4, reserve=1, share=1)
    for number in range(6):
        await requests.enter(f"a{number}")
        await requests.enter(f"b{number}")
    for _ in range(4):
        await requests.leave(next(iter(requests.slots)))
    assert sorted(name[0] for name in requests.slots) == ["a", "a", "b", "b"]


async def test_a_request_pauses_for_a_quiet_one_between_statements_but_not_for_long(monkeypatch):
    requests = Requests(1, reserve=1)
    for number in range(3):
        await requests.enter(f"n{number}")
    noisy = requests.slots["n0"]
    await asyncio.wait_for(noisy.give_way(), 1)  # no request has priority
    await requests.enter("q0")
    await asyncio.wait_for(requests.slots["q0"].give_way(), 1)  # it has priority itself
    giving = asyncio.create_task(noisy.give_way())
    await settled()
    assert not giving.done()
    await requests.leave("q0", after=0.0)
    assert giving.done()
    monkeypatch.setattr(fair_queue, "MAX_GIVE_WAY_SECONDS", 0.001)
    await requests.leave("n0")
    await requests.enter("q1")
    assert "q1" in requests.slots
    await asyncio.wait_for(requests.slots["n1"].give_way(), 10)
    assert "q1" in requests.slots


async def test_long_requests_count_more_than_short_ones():
    """Two that always want more: who takes ten times as long is let in a tenth as often."""
    requests = Requests()
    for number in range(200):
        await requests.enter(f"l{number:03}")
        await requests.enter(f"s{number:03}")
    for _ in range(110):
        (name,) = requests.slots
        await requests.leave(name, after=10.0 if name[0] == "l" else 1.0)
    long, short = (sum(name[0] == kind for name in requests.order) for kind in "ls")
    assert 9 <= long <= 12
    assert long + short == 111


async def test_many_tokens_of_one_project_get_no_more_than_one_of_another():
    requests = Requests()
    await requests.enter("first", "user 0", "project 1")
    for number in range(20):
        await requests.enter(f"n{number:02}", f"user {number + 10}", "project 1")
        await requests.enter(f"q{number:02}", "user 1", "project 2")
    result = await requests.drain()
    assert [name[0] for name in result[:20]].count("q") in {10, 11}


async def test_one_token_gets_no_more_by_naming_many_projects():
    requests = Requests()
    await requests.enter("first", "user 0", "project 0")
    for number in range(20):
        await requests.enter(f"n{number:02}", "user 0", f"project {number + 10}")
        await requests.enter(f"q{number:02}", "user 1", "project 2")
    result = await requests.drain()
    assert [name[0] for name in result[:20]].count("q") in {10, 11}


async def test_within_a_project_the_quieter_user_goes_first():
    requests = Requests()
    for number in range(10):
        await requests.enter(f"n{number}", "user 0", "project 1")
    await requests.leave("n0")
    await requests.enter("q0", "user 1", "project 1")
    await requests.leave("n1")
    assert requests.order[-1] == "q0"


async def test_charges_are_dropped_when_the_queue_is_idle():
    requests = Requests()
    for number in range(5):
        await requests.enter(f"n{number}")
    await requests.drain()
    await requests.enter("n5")
    await requests.enter("n6")
    await requests.enter("q0")
    assert await requests.drain() == ["q0", "n6"]


async def test_accounts_that_are_learned_later_are_charged_too():
    requests = Requests()
    await requests.enter("a0", "address x")
    for number in range(1, 4):
        await requests.enter(f"a{number}", "user 1")
    await requests.enter("b0", "user 2")
    await requests.leave("a0", "user 1")
    assert requests.order == ["a0", "b0"]


async def test_the_waiting_requests_of_one_sender_are_bounded():
    requests = Requests(max_waiting_per_sender=2)
    for number in range(4):
        await requests.enter(f"a{number}", "a", f"a {number}")
    with pytest.raises(TooManyRequests):
        await requests.tasks["a3"]
    await requests.enter("b0")
    assert (await requests.drain())[:1] == ["b0"]
    assert requests.queue.waiting == 0


async def test_a_full_queue_refuses_the_last_request_of_the_longest_flow():
    requests = Requests(max_waiting=3)
    for number in range(4):
        await requests.enter(f"n{number}")
    await requests.enter("q0")
    with pytest.raises(Overloaded):
        await requests.tasks["n3"]
    await requests.enter("n4")
    with pytest.raises(Overloaded):
        await requests.tasks["n4"]
    await requests.enter("r0")
    assert requests.tasks["n2"].done()
    await requests.enter("s0")
    with pytest.raises(Overloaded):
        await requests.tasks["s0"]
    assert sorted(await requests.drain()) == ["n1", "q0", "r0"]


async def test_a_request_that_waits_too_long_is_refused():
    requests = Requests(max_wait_seconds=0.01)
    await requests.enter("a0")
    await requests.enter("a1")
    with pytest.raises(Unavailable):
        await requests.tasks["a1"]
    assert requests.queue.waiting == 0
    await requests.leave("a0")
    await requests.enter("a2")
    assert requests.order == ["a0", "a2"]


async def test_a_cancelled_request_leaves_its_turn_to_the_next():
    requests = Requests()
    for number in range(4):
        await requests.enter(f"a{number}")
    requests.tasks["a1"].cancel()
    await settled()
    requests.slots.pop("a0").leave()
    # The turn is a2's by now, though it has not heard of it yet.
    requests.tasks["a2"].cancel()
    await settled()
    assert requests.order == ["a0", "a3"]
    assert (requests.queue.under_work, requests.queue.waiting) == (1, 0)


async def test_a_request_cancelled_as_it_gets_a_slot_returns_it():
    requests = Requests()
    for number in range(3):
        await requests.enter(f"a{number}")
    requests.tasks["a1"].cancel()
    requests.slots.pop("a0").leave()
    await settled()
    assert requests.order == ["a0", "a2"]
    assert (requests.queue.under_work, requests.queue.waiting) == (1, 0)


async def test_more_slots_let_more_requests_in_and_fewer_interrupt_none():
    requests = Requests(1)
    for number in range(5):
        await requests.enter(f"a{number}")
    requests.queue.resize(3)
    await settled()
    assert requests.order == ["a0", "a1", "a2"]
    requests.queue.resize(1)
    await requests.leave("a0")
    await requests.leave("a1")
    assert requests.order == ["a0", "a1", "a2"]
    await requests.leave("a2")
    assert requests.order == ["a0", "a1", "a2", "a3"]


async def test_accounts_are_dropped_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(fair_queue, "MAX_ACCOUNTS", 10)
    requests = Requests()
    for number in range(100):
        await requests.enter(f"a{number:02}", f"address {number}")
    assert len(await requests.drain()) == 99
    for number in range(100):
        await requests.enter(f"b{number:02}", f"address {number}")
        assert len(requests.queue._charged) <= 11
    assert len(await requests.drain()) == 99


_MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.integers(0, 3), st.integers(0, 2)),
        st.tuples(st.just("leave"), st.integers(0, 20), st.integers(0, 5)),
        st.tuples(st.just("cancel"), st.integers(0, 20), st.booleans()),
        st.tuples(st.just("resize"), st.integers(1, 4), st.just(0)),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(
    moves=_MOVES,
    slots=st.integers(1, 3),
    reserve=st.integers(0, 2),
    share=st.integers(1, 2),
    max_waiting=st.integers(1, 8),
)
async def test_no_slot_is_lost_and_every_request_ends(moves, slots, reserve, share, max_waiting):
    requests = Requests(slots, reserve=reserve, share=share, max_waiting=max_waiting, max_waiting_per_sender=5)
    held = requests.slots
    for number, (move, first, second) in enumerate(moves):
        match move:
            case "come":
                await requests.enter(f"{number}", f"user {first}", f"project {second}")
            case "leave" if held:
                await requests.leave(list(held)[first % len(held)], after=second / 10)
            case "cancel":
                waiting = [task for task in requests.tasks.values() if not task.done()]
                if waiting and second and held:
                    held.pop(next(iter(held))).leave()
                if waiting:
                    waiting[first % len(waiting)].cancel()
                await settled()
            case "resize":
                requests.queue.resize(first)
                await settled()
        waiting = sum(not task.done() for task in requests.tasks.values())
        assert requests.queue.waiting == waiting <= max_waiting
        assert requests.queue.under_work == len(held)
        assert not waiting or len(held) >= 1
    await requests.drain()
    assert all(task.done() for task in requests.tasks.values())
    assert (requests.queue.under_work, requests.queue.waiting, requests.queue._with_priority) == (0, 0, 0)
    assert not any((requests.queue._held, requests.queue._flows, requests.queue._order, requests.queue._waiting_of))
    ends = {type(task.exception()) for task in requests.tasks.values() if not task.cancelled()}
    assert ends <= {type(None), Overloaded, TooManyRequests}


@settings(max_examples=60, deadline=None)
@given(costs=st.lists(st.integers(1, 30), min_size=2, max_size=4), slots=st.integers(1, 3))
async def test_senders_that_are_always_busy_get_equal_time(costs, slots):
    """The bound of start-time fair queueing: apart by no more than a longest request of each for every slot."""
    requests = Requests(slots)
    used = dict.fromkeys(range(len(costs)), 0.0)
    for number in range(60):
        for sender in used:
            await requests.enter(f"{sender} {number}", f"user {sender}")
    ends = {name: costs[int(name[0])] for name in requests.slots}
    for _ in range(50):
        name = min(ends, key=lambda one: ends[one])
        now = ends.pop(name)
        used[int(name[0])] += costs[int(name[0])]
        before = set(requests.slots)
        await requests.leave(name, after=max(0.0, now - (requests.clock.now - 100.0)))
        for name_of_new in set(requests.slots) - before:
            ends[name_of_new] = now + costs[int(name_of_new[0])]
    assert max(used.values()) - min(used.values()) <= 2 * max(costs) * (slots + 1)
