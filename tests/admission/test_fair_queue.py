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


class Crowd:
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

    async def come(self, name: str, *accounts: str) -> None:
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
    crowd = Crowd()
    for number in range(5):
        await crowd.come(f"a{number}")
    assert crowd.order == ["a0"]
    assert await crowd.drain() == ["a1", "a2", "a3", "a4"]


async def test_a_quiet_sender_is_served_before_all_waiting_requests_of_a_noisy_one():
    crowd = Crowd()
    for number in range(50):
        await crowd.come(f"n{number}")
    await crowd.come("q0")
    await crowd.leave("n0")
    assert crowd.order == ["n0", "q0"]
    await crowd.leave("q0", after=0.01)
    await crowd.leave("n1")
    await crowd.come("q1")
    await crowd.leave("n2")
    assert crowd.order == ["n0", "q0", "n1", "n2", "q1"]


async def test_only_quiet_senders_get_slots_of_the_reserve():
    crowd = Crowd(2, reserve=1)
    for number in range(5):
        await crowd.come(f"n{number}")
    assert crowd.order == ["n0", "n1"]
    await crowd.come("q0")
    assert crowd.order == ["n0", "n1", "q0"]
    assert crowd.queue.under_work == 3


async def test_no_other_request_begins_while_one_with_priority_is_under_work():
    crowd = Crowd(2, reserve=1)
    for number in range(5):
        await crowd.come(f"n{number}")
    await crowd.come("q0")
    await crowd.leave("n0")
    assert crowd.order == ["n0", "n1", "q0"]
    await crowd.leave("q0")
    assert crowd.order == ["n0", "n1", "q0", "n2"]


async def test_a_long_request_loses_its_priority():
    crowd = Crowd(3, reserve=1, priority_seconds=0.01)
    for number in range(4):
        await crowd.come(f"n{number}")
    await crowd.come("q0")
    await crowd.leave("n0")
    await crowd.leave("n1")
    await asyncio.wait_for(crowd.tasks["n3"], 10)
    assert set(crowd.slots) == {"n2", "q0", "n3"}


async def test_a_single_sender_uses_all_slots():
    crowd = Crowd(3, reserve=2)
    for number in range(6):
        await crowd.come(f"a{number}")
    assert crowd.queue.under_work == 3
    await crowd.leave("a0")
    assert crowd.queue.under_work == 3


async def test_a_noisy_sender_recovers_slots_slowly_after_a_quiet_request():
    crowd = Crowd(4, reserve=1, share=2)
    for number in range(12):
        await crowd.come(f"n{number}")
    assert crowd.queue.under_work == 4
    await crowd.come("q0")
    for name in ("n0", "n1", "n2"):
        await crowd.leave(name, after=0.0)
    assert list(crowd.slots) == ["n3", "q0"]  # it goes ahead: meanwhile the others have one
    await crowd.leave("q0", after=0.0)
    assert list(crowd.slots) == ["n3", "n4"]
    await crowd.leave("n3", after=fair_queue.RECOVERY_SECONDS / 2)
    assert list(crowd.slots) == ["n4", "n5"]
    await crowd.leave("n4", after=fair_queue.RECOVERY_SECONDS)
    assert list(crowd.slots) == ["n5", "n6", "n7"]
    await crowd.leave("n5", after=fair_queue.RECOVERY_SECONDS)
    assert list(crowd.slots) == ["n6", "n7", "n8", "n9"]


async def test_an_account_with_its_share_does_not_block_those_behind_it():
    crowd = Crowd(2, reserve=1, share=1)
    for number in range(3):
        await crowd.come(f"n{number}", "user 1", "project 1")
    await crowd.come("m0", "user 2", "project 1")
    await crowd.come("q0", "user 3", "project 2")
    await crowd.come("b0", "user 4", "project 3")
    assert list(crowd.slots) == ["n0", "n1", "q0"]
    await crowd.leave("n0", after=0.01)
    await crowd.leave("q0", after=0.01)
    assert list(crowd.slots) == ["n1", "b0"]
    await crowd.leave("b0", after=0.01)
    assert list(crowd.slots) == ["n1"]
    await crowd.leave("n1", after=0.01)
    assert list(crowd.slots) == ["m0"]


async def test_two_busy_senders_share_all_slots():
    crowd = Crowd(4, reserve=1, share=1)
    for number in range(6):
        await crowd.come(f"a{number}")
        await crowd.come(f"b{number}")
    for _ in range(4):
        await crowd.leave(next(iter(crowd.slots)))
    assert sorted(name[0] for name in crowd.slots) == ["a", "a", "b", "b"]


async def test_a_request_pauses_for_a_quiet_one_between_statements_but_not_for_long(monkeypatch):
    crowd = Crowd(1, reserve=1)
    for number in range(3):
        await crowd.come(f"n{number}")
    noisy = crowd.slots["n0"]
    await asyncio.wait_for(noisy.give_way(), 1)  # nobody goes ahead
    await crowd.come("q0")
    await asyncio.wait_for(crowd.slots["q0"].give_way(), 1)  # it is the one that goes ahead
    giving = asyncio.create_task(noisy.give_way())
    await settled()
    assert not giving.done()
    await crowd.leave("q0", after=0.0)
    assert giving.done()
    monkeypatch.setattr(fair_queue, "MAX_GIVE_WAY_SECONDS", 0.001)
    await crowd.leave("n0")
    await crowd.come("q1")
    assert "q1" in crowd.slots
    await asyncio.wait_for(crowd.slots["n1"].give_way(), 10)
    assert "q1" in crowd.slots


async def test_long_requests_count_more_than_short_ones():
    """Two that always want more: who takes ten times as long is let in a tenth as often."""
    crowd = Crowd()
    for number in range(200):
        await crowd.come(f"l{number:03}")
        await crowd.come(f"s{number:03}")
    for _ in range(110):
        (name,) = crowd.slots
        await crowd.leave(name, after=10.0 if name[0] == "l" else 1.0)
    long, short = (sum(name[0] == kind for name in crowd.order) for kind in "ls")
    assert 9 <= long <= 12
    assert long + short == 111


async def test_many_tokens_of_one_project_get_no_more_than_one_of_another():
    crowd = Crowd()
    await crowd.come("first", "user 0", "project 1")
    for number in range(20):
        await crowd.come(f"n{number:02}", f"user {number + 10}", "project 1")
        await crowd.come(f"q{number:02}", "user 1", "project 2")
    found = await crowd.drain()
    assert [name[0] for name in found[:20]].count("q") in {10, 11}


async def test_one_token_gets_no_more_by_naming_many_projects():
    crowd = Crowd()
    await crowd.come("first", "user 0", "project 0")
    for number in range(20):
        await crowd.come(f"n{number:02}", "user 0", f"project {number + 10}")
        await crowd.come(f"q{number:02}", "user 1", "project 2")
    found = await crowd.drain()
    assert [name[0] for name in found[:20]].count("q") in {10, 11}


async def test_within_a_project_the_quieter_user_goes_first():
    crowd = Crowd()
    for number in range(10):
        await crowd.come(f"n{number}", "user 0", "project 1")
    await crowd.leave("n0")
    await crowd.come("q0", "user 1", "project 1")
    await crowd.leave("n1")
    assert crowd.order[-1] == "q0"


async def test_charges_are_dropped_when_the_queue_is_idle():
    crowd = Crowd()
    for number in range(5):
        await crowd.come(f"n{number}")
    await crowd.drain()
    await crowd.come("n5")
    await crowd.come("n6")
    await crowd.come("q0")
    assert await crowd.drain() == ["q0", "n6"]


async def test_accounts_that_are_learned_later_are_charged_too():
    crowd = Crowd()
    await crowd.come("a0", "address x")
    for number in range(1, 4):
        await crowd.come(f"a{number}", "user 1")
    await crowd.come("b0", "user 2")
    await crowd.leave("a0", "user 1")
    assert crowd.order == ["a0", "b0"]


async def test_the_waiting_requests_of_one_sender_are_bounded():
    crowd = Crowd(max_waiting_per_sender=2)
    for number in range(4):
        await crowd.come(f"a{number}", "a", f"a {number}")
    with pytest.raises(TooManyRequests):
        await crowd.tasks["a3"]
    await crowd.come("b0")
    assert (await crowd.drain())[:1] == ["b0"]
    assert crowd.queue.waiting == 0


async def test_a_full_queue_refuses_the_last_request_of_the_longest_flow():
    crowd = Crowd(max_waiting=3)
    for number in range(4):
        await crowd.come(f"n{number}")
    await crowd.come("q0")
    with pytest.raises(Overloaded):
        await crowd.tasks["n3"]
    await crowd.come("n4")
    with pytest.raises(Overloaded):
        await crowd.tasks["n4"]
    await crowd.come("r0")
    assert crowd.tasks["n2"].done()
    await crowd.come("s0")
    with pytest.raises(Overloaded):
        await crowd.tasks["s0"]
    assert sorted(await crowd.drain()) == ["n1", "q0", "r0"]


async def test_a_request_that_waits_too_long_is_refused():
    crowd = Crowd(max_wait_seconds=0.01)
    await crowd.come("a0")
    await crowd.come("a1")
    with pytest.raises(Unavailable):
        await crowd.tasks["a1"]
    assert crowd.queue.waiting == 0
    await crowd.leave("a0")
    await crowd.come("a2")
    assert crowd.order == ["a0", "a2"]


async def test_a_cancelled_request_leaves_its_turn_to_the_next():
    crowd = Crowd()
    for number in range(4):
        await crowd.come(f"a{number}")
    crowd.tasks["a1"].cancel()
    await settled()
    crowd.slots.pop("a0").leave()
    # The turn is a2's by now, though it has not heard of it yet.
    crowd.tasks["a2"].cancel()
    await settled()
    assert crowd.order == ["a0", "a3"]
    assert (crowd.queue.under_work, crowd.queue.waiting) == (1, 0)


async def test_a_request_cancelled_as_it_gets_a_slot_returns_it():
    crowd = Crowd()
    for number in range(3):
        await crowd.come(f"a{number}")
    crowd.tasks["a1"].cancel()
    crowd.slots.pop("a0").leave()
    await settled()
    assert crowd.order == ["a0", "a2"]
    assert (crowd.queue.under_work, crowd.queue.waiting) == (1, 0)


async def test_more_slots_let_more_requests_in_and_fewer_interrupt_none():
    crowd = Crowd(1)
    for number in range(5):
        await crowd.come(f"a{number}")
    crowd.queue.resize(3)
    await settled()
    assert crowd.order == ["a0", "a1", "a2"]
    crowd.queue.resize(1)
    await crowd.leave("a0")
    await crowd.leave("a1")
    assert crowd.order == ["a0", "a1", "a2"]
    await crowd.leave("a2")
    assert crowd.order == ["a0", "a1", "a2", "a3"]


async def test_accounts_are_dropped_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(fair_queue, "MAX_ACCOUNTS", 10)
    crowd = Crowd()
    for number in range(100):
        await crowd.come(f"a{number:02}", f"address {number}")
    assert len(await crowd.drain()) == 99
    for number in range(100):
        await crowd.come(f"b{number:02}", f"address {number}")
        assert len(crowd.queue._charged) <= 11
    assert len(await crowd.drain()) == 99


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
    crowd = Crowd(slots, reserve=reserve, share=share, max_waiting=max_waiting, max_waiting_per_sender=5)
    held = crowd.slots
    for number, (move, first, second) in enumerate(moves):
        match move:
            case "come":
                await crowd.come(f"{number}", f"user {first}", f"project {second}")
            case "leave" if held:
                await crowd.leave(list(held)[first % len(held)], after=second / 10)
            case "cancel":
                waiting = [task for task in crowd.tasks.values() if not task.done()]
                if waiting and second and held:
                    held.pop(next(iter(held))).leave()
                if waiting:
                    waiting[first % len(waiting)].cancel()
                await settled()
            case "resize":
                crowd.queue.resize(first)
                await settled()
        waiting = sum(not task.done() for task in crowd.tasks.values())
        assert crowd.queue.waiting == waiting <= max_waiting
        assert crowd.queue.under_work == len(held)
        assert not waiting or len(held) >= 1
    await crowd.drain()
    assert all(task.done() for task in crowd.tasks.values())
    assert (crowd.queue.under_work, crowd.queue.waiting, crowd.queue._with_priority) == (0, 0, 0)
    assert not any((crowd.queue._held, crowd.queue._flows, crowd.queue._order, crowd.queue._waiting_of))
    ends = {type(task.exception()) for task in crowd.tasks.values() if not task.cancelled()}
    assert ends <= {type(None), Overloaded, TooManyRequests}


@settings(max_examples=60, deadline=None)
@given(costs=st.lists(st.integers(1, 30), min_size=2, max_size=4), slots=st.integers(1, 3))
async def test_senders_that_are_always_busy_get_equal_time(costs, slots):
    """The bound of start-time fair queueing: apart by no more than a longest request of each for every slot."""
    crowd = Crowd(slots)
    used = dict.fromkeys(range(len(costs)), 0.0)
    for number in range(60):
        for sender in used:
            await crowd.come(f"{sender} {number}", f"user {sender}")
    ends = {name: costs[int(name[0])] for name in crowd.slots}
    for _ in range(50):
        name = min(ends, key=lambda one: ends[one])
        now = ends.pop(name)
        used[int(name[0])] += costs[int(name[0])]
        known = set(crowd.slots)
        await crowd.leave(name, after=max(0.0, now - (crowd.clock.now - 100.0)))
        for newcomer in set(crowd.slots) - known:
            ends[newcomer] = now + costs[int(newcomer[0])]
    assert max(used.values()) - min(used.values()) <= 2 * max(costs) * (slots + 1)
