"""Signing in by password: whether its time tells anything, and what an attack does to the owner of an account.

    python -m bench.sign_in [--each 200] [--attempts 10000] [--addresses 100] [--patience 0]

Everything goes over HTTP to the page `/sign-in` of an installation with two API processes. Addresses are told by
`X-Forwarded-For`, which the installation believes here. First right and wrong passwords, of accounts that exist and
that do not, each from an address of its own, one after the other in turn. Then the attack: as many clients as there are
addresses send wrong passwords as fast as they are answered, against one account and then against a thousand names.
Meanwhile its owner signs in again and again in a browser that has done so before, and once in a new one, which waits as
it is told (``--patience`` seconds at most); another client reads by a token, before and during the attack.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

import httpx

from app.access import users
from app.access.passwords import hashing, passwords
from app.access.users import CreateUser
from app.runtime import open_runtime
from app.settings import Settings
from bench.servers.machine import Machine, running

_PASSWORD = "quiet Harbour 7 lanterns"
_WRONG = "loud Harbour 8 lanterns"
_ACCOUNTS = 60
_NAMES = 1_000
_PAUSE = 0.5
"""Seconds between two sign-ins of the owner, and a tenth of it between two calls of the API."""
_FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_addresses = count(1)


def new_address() -> str:
    """A client in a network of its own."""
    return f"2001:db8:{next(_addresses):x}::1"


@dataclass
class Visitor:
    """A browser at an address; it keeps the form that it was shown."""

    http: httpx.AsyncClient
    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    form_token: str = ""

    async def open(self) -> None:
        """Get the form."""
        shown = await self.http.get("/sign-in", headers=self._headers())
        self._keep(shown)
        token = _FORM_TOKEN.search(shown.text)
        assert token is not None, shown.text
        self.form_token = token[1]

    async def submit(self, name: str, password: str) -> httpx.Response:
        """Send the form of `/sign-in`; the answer's cookies are kept, but for the session."""
        if not self.form_token:
            await self.open()
        fields = {"username": name, "password": password, "form_token": self.form_token, "return_to": "/account"}
        answer = await self.http.post("/sign-in", data=fields, headers=self._headers())
        if answer.status_code == 303:
            self._keep(answer)
            self.form_token = ""
        return answer

    def _headers(self) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"X-Forwarded-For": self.address, "Origin": str(self.http.base_url).rstrip("/"), "Cookie": cookie}

    def _keep(self, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            if name != "modelyard_session":
                self.cookies[name] = rest.partition(";")[0]


@dataclass
class Times:
    """How long answers took, by what they were."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)

    async def of(self, name: str, call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        began = time.perf_counter()
        answer = await call()
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)
        self.statuses[answer.status_code] += 1
        return answer

    def row(self, name: str) -> str:
        values = sorted(self.seconds.get(name, []))
        if not values:
            return "–"
        p50, p95, p99 = (values[min(len(values) - 1, int(len(values) * share))] * 1000 for share in (0.5, 0.95, 0.99))
        return f"{p50:.1f} / {p95:.1f} / {p99:.1f} ms (n={len(values)})"


async def prepare(machine: Machine) -> list[str]:
    """Accounts with a password; all have the same hash, which nothing can see."""
    settings = Settings.model_validate({name[10:].lower(): value for name, value in machine.store.items()})
    names = [f"person-{number}" for number in range(_ACCOUNTS)]
    stored = await hashing.hash_password(_PASSWORD)
    async with open_runtime(settings, name="bench") as runtime:
        for name in names:
            async with runtime.db.write() as tx:
                user = await users.add(tx, CreateUser(name))
                await passwords.set_password(tx, user.id, stored)
    return names


async def timings(http: httpx.AsyncClient, names: Sequence[str], each: int) -> None:
    """Right, wrong and missing in turn, so that what else the machine does hits all of them alike."""
    times, expected = Times(), {"right password": 303, "wrong password": 401, "missing account": 401}
    missing = [f"missing-{number}" for number in range(len(names))]
    for number in range(each):
        name, other = names[number % len(names)], missing[number % len(names)]
        for kind, (typed, password) in {
            "right password": (name, _PASSWORD),
            "wrong password": (name, _WRONG),
            "missing account": (other, _PASSWORD),
        }.items():
            visitor = Visitor(http, new_address())
            await visitor.open()  # so that only the form is timed
            submit = partial(visitor.submit, typed, password)
            answer = await times.of(kind, submit)
            assert answer.status_code == expected[kind], (kind, answer.status_code, answer.text)
    medians = {kind: statistics.median(values) for kind, values in times.seconds.items()}
    print(f"\n| {each} each, in turn | p50 / p95 / p99 | to the wrong password |\n|---|---|---|")
    for kind, median in medians.items():
        print(f"| {kind} | {times.row(kind)} | × {median / medians['wrong password']:.3f} |")


@dataclass
class Attack:
    """Wrong passwords from many addresses, and what goes on beside them."""

    base: str
    token: str
    owner: str
    familiar: Visitor
    patience: float

    async def run(self, title: str, names: Sequence[str], addresses: int, attempts: int) -> None:
        """Attack, and print what came of it."""
        before, during, owner, wrong = Times(), Times(), Times(), Times()
        await self._read(before, None, 40)
        over = asyncio.Event()
        began = time.perf_counter()
        beside = [
            asyncio.create_task(self._read(during, over)),
            asyncio.create_task(self._come_in(owner, over)),
            asyncio.create_task(self._new_browser()),
        ]
        numbers = iter(range(attempts))
        await asyncio.gather(*(self._guess(wrong, names, numbers) for _ in range(addresses)))
        seconds = time.perf_counter() - began
        over.set()
        await asyncio.gather(*beside[:2])
        told = await beside[2]
        verified, refused = wrong.statuses[401], wrong.statuses[429]
        print(f"\n**{title}**: {attempts:,} from {addresses} addresses in {seconds:.0f} s\n\n| | |\n|---|---|")
        print(f"| passwords that were looked at | {verified:,} |\n| refused by 429 | {refused:,} |")
        if others := {status: n for status, n in wrong.statuses.items() if status not in {401, 429}}:
            print(f"| other answers | {others} |")
        print(f"| a refusal took | {wrong.row('429')} |")
        print(f"| owner, familiar browser | {dict(owner.statuses)} {owner.row('sign-in')} |")
        print(f"| owner, new browser | {told} |")
        print(
            f"| API before | {before.row('read')} |\n| API meanwhile | {during.row('read')} {dict(during.statuses)} |"
        )

    async def _guess(self, wrong: Times, names: Sequence[str], numbers: Iterator[int]) -> None:
        async with httpx.AsyncClient(base_url=self.base, timeout=60) as http:
            visitor = Visitor(http, new_address())
            for number in numbers:
                began = time.perf_counter()
                answer = await visitor.submit(names[number % len(names)], f"{_WRONG} {number}")
                wrong.statuses[answer.status_code] += 1
                wrong.seconds.setdefault(str(answer.status_code), []).append(time.perf_counter() - began)

    async def _come_in(self, owner: Times, over: asyncio.Event) -> None:
        while not over.is_set():
            # A connection of its own each time: one that is kept may be ended by the server as the next form is sent.
            async with httpx.AsyncClient(base_url=self.base, timeout=60) as self.familiar.http:
                await owner.of("sign-in", lambda: self.familiar.submit(self.owner, _PASSWORD))
            await asyncio.sleep(_PAUSE)

    async def _new_browser(self) -> str:
        await asyncio.sleep(2)
        began, visitor = time.perf_counter(), Visitor(self.familiar.http, new_address())
        waits: list[float] = []
        while True:
            async with httpx.AsyncClient(base_url=self.base, timeout=60) as visitor.http:
                answer = await visitor.submit(self.owner, _PASSWORD)
            if answer.status_code == 303:
                return f"in after {time.perf_counter() - began:.1f} s; told to wait {waits} s"
            waits.append(int(answer.headers.get("retry-after", "0")))
            if answer.status_code != 429 or sum(waits) > self.patience:
                return f"{answer.status_code}; told to wait {waits} s"
            await asyncio.sleep(waits[-1])

    async def _read(self, times: Times, over: asyncio.Event | None, most: int = 1_000_000) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        query = {"query": "{ viewer { user { username } } }"}
        async with httpx.AsyncClient(base_url=self.base, timeout=60) as http:
            for _ in range(most):
                if over is not None and over.is_set():
                    return
                await times.of("read", lambda: http.post("/graphql", json=query, headers=headers))
                await asyncio.sleep(_PAUSE / 10)


async def measure(machine: Machine, options: argparse.Namespace) -> None:
    """Everything, on one installation."""
    names = await prepare(machine)
    base = "/".join(machine.connection["MLFLOW_TRACKING_URI"].split("/")[:3])
    async with httpx.AsyncClient(base_url=base, timeout=60) as http:
        await timings(http, names[2:], options.each)
        for title, targets in (
            ("One account", [names[0]]),
            (
                "A thousand names, two of which are accounts",
                [*names[1:3], *(f"no-{number}" for number in range(_NAMES))],
            ),
        ):
            familiar = Visitor(http, new_address())
            assert (await familiar.submit(targets[0], _PASSWORD)).status_code == 303
            token = machine.connection["MLFLOW_TRACKING_TOKEN"]
            attack = Attack(base, token, targets[0], familiar, options.patience)
            await attack.run(title, targets, options.addresses, options.attempts)


def main() -> None:
    """Run it with the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--attempts", type=int, default=10_000)
    parser.add_argument("--addresses", type=int, default=100)
    parser.add_argument("--patience", type=float, default=0)
    options = parser.parse_args()
    with running(MODELYARD_TRUSTED_PROXIES="127.0.0.1") as machine:
        asyncio.run(measure(machine, options))


if __name__ == "__main__":
    main()
