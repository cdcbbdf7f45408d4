"""Which request is worked on next, when there are more than this process can work on at once.

Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) over accounts. What a request takes is charged to all its
accounts: its sender, and the project that it is about. Of the waiting requests the one is next whose most charged
account has been charged least; among equals the one whose other account has. So many tokens of one project get no more
of the process than one of another project, and one token no more for naming many projects.

For instance project A has been charged 2 s and project B nothing, and both are at their first request of a busy moment
with 300 more of A waiting: the request of B is let in next, though it came last, and even beside the slots if these
are all held (``Bounds.reserve``). What that saves a quiet project stands in docs/decisions/0024-fair-admission.md.

Time is counted while a request is under work and not while it waits, so that long requests count more than short ones.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias

from app.errors import TooManyRequests, Unavailable

Account: TypeAlias = str
Accounts: TypeAlias = tuple[Account, ...]
"""The sender's comes first; how many may wait is bounded by that."""

LEAST_COST = 0.001
"""Seconds that are charged when a request is let in; the rest of what it took when it leaves."""
MAX_ACCOUNTS = 10_000
MAX_HELD_BACK = 64
"""So many flows that have their share are skipped in the search for one that may begin."""
MAX_GIVE_WAY_SECONDS = 0.05
"""Seconds for which a request that has begun lets quiet ones go first between two of its statements."""
RECOVERY_SECONDS = 0.1
"""Seconds after which an account may have one slot more than its share, if no quiet request has arrived meanwhile."""


class Overloaded(Unavailable):
    """More requests wait than this server can answer in time; nothing was done, try again shortly."""


@dataclass(slots=True)
class Slot:
    """The right of a request to be worked on, from when it is given until it is left."""

    queue: FairQueue
    accounts: Accounts
    since: float
    has_priority: bool
    """Whether it was given to a quiet sender while others waited."""
    is_held: bool = True

    def leave(self, *also: Account) -> None:
        """Charge the time it took, to further accounts too, and let the next request in. Doing so twice is fine."""
        if self.is_held:
            self.is_held = False
            self.queue.take_back(self, also)

    async def give_way(self) -> None:
        """Wait while quiet requests are under work, but not for long: a request that has begun shall also end."""
        if self.is_held and not self.has_priority:
            await self.queue.wait_for_priority()


@dataclass(slots=True)
class _Flow:
    """Requests of the same accounts, which are worked on in the order in which they arrived."""

    accounts: Accounts
    waiting: deque[asyncio.Future[Slot]] = field(default_factory=deque)


_Tag: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many requests may be under work or wait, and for how long."""

    reserve: int
    """Slots beside all others for requests whose accounts have been charged less than all others."""
    share: int
    """Slots that an account may have just after a quiet request."""
    max_waiting_per_sender: int
    max_waiting: int
    max_wait_seconds: float
    priority_seconds: float
    """For how long a quiet request goes before others: one that takes longer is not quiet."""


class FairQueue:
    """Lets in so many requests at a time, fairly.

    A quiet sender, whose accounts have been charged less than all others, need not even wait until a noisy one has been
    answered. Database and store are not fair, so no other account has more than one slot while a quiet request is
    under work, and more than a share only some time after it.

    A request that has a slot must not enter again.
    """

    def __init__(self, slots: int, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self.slots, self._bounds, self._clock = slots, bounds, clock
        self._under_work = self._with_priority = 0
        self._held: dict[Account, int] = {}
        self._giving_way: list[asyncio.Future[None]] = []
        self._last_priority = -math.inf
        self._charged: dict[Account, float] = {}
        self._virtual_time = 0.0
        self._flows: dict[Accounts, _Flow] = {}
        self._order: list[tuple[_Tag, int, _Flow]] = []
        """A heap of the flows that wait. Tags only grow: an old one is brought up to date when it comes to the top."""
        self._numbers = count()
        self._waiting_of: Counter[Account] = Counter()
        self.waiting = 0
        """How many requests wait."""

    @property
    def under_work(self) -> int:
        """How many slots are held."""
        return self._under_work

    def enter_at_once(self, accounts: Accounts) -> Slot | None:
        """A slot if the request need not wait, else None."""
        tag = self._tag(accounts)
        if not self._has_room(accounts, tag):
            return None
        return self._admit(accounts, tag, self._order[0][0][0] if self._order else tag[0])

    async def enter(self, accounts: Accounts) -> Slot:
        """A slot, when the turn of the request has come.

        Raises:
            TooManyRequests: too many requests of the sender wait already.
            Overloaded: too many wait in all, or the turn did not come within ``Bounds.max_wait_seconds``.
        """
        slot = self.enter_at_once(accounts)
        if slot is not None:
            return slot
        turn = self._queue_up(accounts)
        timer = asyncio.get_running_loop().call_later(self._bounds.max_wait_seconds, self._refuse, accounts, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._withdraw(accounts, turn)
            elif turn.exception() is None:
                turn.result().leave()
            raise
        finally:
            timer.cancel()

    def take_back(self, slot: Slot, also: Accounts) -> None:
        """End the use of a slot; see :meth:`Slot.leave`."""
        self._under_work -= 1
        for account in slot.accounts:
            self._held[account] -= 1
            if not self._held[account]:
                del self._held[account]
        if slot.has_priority:
            self._end_priority(slot)
        if not self._under_work and not self.waiting:
            # No request waits for another, so earlier use does not count any more.
            self._charged.clear()
            self._order.clear()
            self._virtual_time = 0.0
            return
        self._charge((*slot.accounts, *also), max(0.0, self._clock() - slot.since - LEAST_COST))
        self._dispatch()

    async def wait_for_priority(self) -> None:
        """See :meth:`Slot.give_way`."""
        if not self._with_priority:
            return
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._giving_way.append(waiter)
        timer = loop.call_later(MAX_GIVE_WAY_SECONDS, _set, waiter)
        try:
            await waiter
        finally:
            timer.cancel()

    def _expire_priority(self, slot: Slot) -> None:
        if slot.has_priority:
            self._end_priority(slot)
            self._dispatch()

    def _end_priority(self, slot: Slot) -> None:
        slot.has_priority = False
        self._with_priority -= 1
        self._last_priority = self._clock()
        if not self._with_priority:
            for waiter in self._giving_way:
                _set(waiter)
            self._giving_way.clear()

    def resize(self, slots: int) -> None:
        """Have more or fewer slots from now on."""
        self.slots = slots
        self._dispatch()

    def _tag(self, accounts: Accounts) -> _Tag:
        charged = [self._charged.get(account, self._virtual_time) for account in accounts]
        return max(charged), min(charged)

    def _has_room(self, accounts: Accounts, tag: _Tag) -> bool:
        is_quiet = self._is_quiet(tag)
        if self._under_work >= self.slots + (self._bounds.reserve if is_quiet else 0):
            return False
        most = self._most_of_each(is_quiet=is_quiet)
        return most >= self.slots or all(self._held.get(account, 0) < most for account in accounts)

    def _most_of_each(self, *, is_quiet: bool) -> int:
        """How many slots an account may hold: few after a quiet request, and slowly more from then on."""
        if self._with_priority and not is_quiet:
            return 1
        recovered = (self._clock() - self._last_priority) / RECOVERY_SECONDS
        return self._bounds.share + math.floor(min(recovered, self.slots))

    def _is_quiet(self, tag: _Tag) -> bool:
        return tag[0] <= self._virtual_time

    def _admit(self, accounts: Accounts, tag: _Tag, floor: float) -> Slot:
        """``floor`` is the least charge of any account that waits or is let in now."""
        has_priority = self.waiting > 0 and self._is_quiet(tag)
        self._under_work += 1
        self._with_priority += has_priority
        self._virtual_time = max(self._virtual_time, min(tag[0], floor))
        for account in accounts:
            self._held[account] = self._held.get(account, 0) + 1
            charged = self._charged.get(account, 0.0)
            self._charged[account] = max(charged, self._virtual_time) + LEAST_COST
        if len(self._charged) > MAX_ACCOUNTS:
            self._forget()
        slot = Slot(self, accounts, self._clock(), has_priority)
        if has_priority:
            asyncio.get_running_loop().call_later(self._bounds.priority_seconds, self._expire_priority, slot)
        return slot

    def _charge(self, accounts: Accounts, seconds: float) -> None:
        for account in accounts:
            self._charged[account] = self._charged.get(account, self._virtual_time) + seconds

    def _forget(self) -> None:
        """Drop accounts that are charged like new ones; all accounts, if hardly any is."""
        now = self._virtual_time
        self._charged = {account: charged for account, charged in self._charged.items() if charged > now}
        if len(self._charged) > MAX_ACCOUNTS // 2:
            self._charged.clear()

    def _queue_up(self, accounts: Accounts) -> asyncio.Future[Slot]:
        if self._waiting_of[accounts[0]] >= self._bounds.max_waiting_per_sender:
            raise TooManyRequests
        if self.waiting >= self._bounds.max_waiting:
            self._make_room(accounts)
        flow = self._flows.get(accounts)
        if flow is None:
            flow = self._flows[accounts] = _Flow(accounts)
            self._push(flow)
        turn: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        flow.waiting.append(turn)
        self.waiting += 1
        self._waiting_of[accounts[0]] += 1
        return turn

    def _make_room(self, accounts: Accounts) -> None:
        """Refuse the last request of the longest flow, unless the new request belongs to that flow."""
        own = len(self._flows[accounts].waiting) if accounts in self._flows else 0
        longest = max(self._flows.values(), key=lambda flow: len(flow.waiting))
        if len(longest.waiting) <= own + 1:
            raise Overloaded
        self._refuse(longest.accounts, longest.waiting[-1])

    def _refuse(self, accounts: Accounts, turn: asyncio.Future[Slot]) -> None:
        if not turn.done():
            turn.set_exception(Overloaded())
            self._withdraw(accounts, turn)

    def _withdraw(self, accounts: Accounts, turn: asyncio.Future[Slot]) -> None:
        """Take a request out that waits no more, unless the dispatcher has already let it in."""
        flow = self._flows.get(accounts)
        if flow is not None and turn in flow.waiting:
            flow.waiting.remove(turn)
            self._count_less(flow)

    def _count_less(self, flow: _Flow) -> None:
        """Count one waiting request less; an empty flow is dropped, and skipped when the heap gives it out."""
        sender = flow.accounts[0]
        self.waiting -= 1
        self._waiting_of[sender] -= 1
        if not self._waiting_of[sender]:
            del self._waiting_of[sender]
        if not flow.waiting:
            del self._flows[flow.accounts]

    def _push(self, flow: _Flow) -> None:
        heapq.heappush(self._order, (self._tag(flow.accounts), next(self._numbers), flow))

    def _dispatch(self) -> None:
        held_back: list[tuple[_Tag, int, _Flow]] = []
        while self._order and self._under_work < self.slots + self._bounds.reserve and len(held_back) < MAX_HELD_BACK:
            tag, number, flow = heapq.heappop(self._order)
            if not flow.waiting:
                continue
            now = self._tag(flow.accounts)
            if now > tag:
                heapq.heappush(self._order, (now, number, flow))
            elif not self._has_room(flow.accounts, tag):
                held_back.append((tag, number, flow))
            else:
                self._let_in(flow, tag, held_back[0][0][0] if held_back else tag[0])
        for entry in held_back:
            heapq.heappush(self._order, entry)

    def _let_in(self, flow: _Flow, tag: _Tag, floor: float) -> None:
        turn = flow.waiting.popleft()
        self._count_less(flow)
        if not turn.done():
            turn.set_result(self._admit(flow.accounts, tag, floor))
        if flow.waiting:
            self._push(flow)


def _set(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
