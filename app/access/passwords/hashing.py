"""Argon2id, in two threads of their own: computing a hash takes 40 ms and 19 MiB, and holds up nothing else.

The parameters are those that OWASP names for small servers (Password Storage Cheat Sheet: t=2, m=19 MiB, p=1). A hash
names its own, so old ones go on being verified, and are made anew when their owner signs in.
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar
from weakref import WeakKeyDictionary

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from app.errors import TooManyRequests
from app.text import normalized

TIME_COST = 2
MEMORY_KIB = 19 * 1024
PARALLELISM = 1
MAX_CHARACTERS = 1_024
THREADS = 2
"""With two cores more threads compute little more, and each needs the memory again."""
WAITING, WAITING_FROM_FAMILIAR = 24, 32
"""Hashes that a process computes or has in its queue, 0.6 s of work. Browsers that have signed in before have the rest
of the queue for themselves and go first, so that they do not wait behind guesses."""
_TOO_LONG = 4 * MAX_CHARACTERS
"""Longer texts are no passwords whatever their normal form; making that of a long one takes long."""
_NICENESS = 5
"""Hashing gives way to requests: by so much its threads are less urgent than the others of the process."""
_SALT, _HASH = 16, 32
_SPACES = "Zs"
log = structlog.get_logger()
Result = TypeVar("Result")

_hasher = PasswordHasher(TIME_COST, MEMORY_KIB, PARALLELISM, hash_len=_HASH, salt_len=_SALT)


def _give_way() -> None:
    """Lower the priority of this thread; Linux alone has one for each."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.nice(0) + _NICENESS)


_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2", initializer=_give_way)


def _of_no_password() -> str:
    """A hash with the parameters of today that no password has: its bytes are random."""
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (_SALT, _HASH))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={PARALLELISM}${salt}${digest}"


NO_PASSWORD = _of_no_password()
"""What a password is compared with where there is none, so that this takes as long."""


class _Queue:
    """Counts the hashes of this process, from any thread and event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    @contextmanager
    def entry(self, limit: int) -> Iterator[None]:
        with self._lock:
            if self._taken >= limit:
                raise TooManyRequests("The server computes too many passwords at once; try again shortly.")
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1


_queue = _Queue()
_strangers: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@contextmanager
def queued(*, from_familiar_browser: bool = False) -> Iterator[None]:
    """Hold one entry of the queue, for one hash after the other; enter it before an attempt is counted.

    Raises:
        TooManyRequests: too many are under way.
    """
    with _queue.entry(WAITING_FROM_FAMILIAR if from_familiar_browser else WAITING):
        yield


async def hash_password(password: str) -> str:
    """A hash to be stored, in PHC's format, with a salt of its own.

    Raises:
        TooManyRequests: too many are under way.
    """
    with queued(from_familiar_browser=True):
        return await _in_thread(lambda: _hasher.hash(prepared(password)))


async def verify(stored: str | None, password: str, *, goes_first: bool = False) -> bool:
    """Whether the hash is that of the password; without a hash this takes as long and is false.

    The caller holds an entry of the queue; ``goes_first`` lets it overtake those of strangers.
    """
    text = prepared(password)
    if stored is None or len(password) > _TOO_LONG:
        await _in_thread(lambda: _is_of(NO_PASSWORD, text[:MAX_CHARACTERS]), goes_first=goes_first)
        return False
    return await _in_thread(lambda: _is_of(stored, text), goes_first=goes_first)


async def renewed(stored: str, password: str) -> str | None:
    """A new hash of the same password, if the stored one has other parameters than those of today.

    The caller holds an entry of the queue.
    """
    if not _hasher.check_needs_rehash(stored):
        return None
    return await _in_thread(lambda: _hasher.hash(prepared(password)))


def prepared(password: str) -> bytes:
    """The password as bytes that do not depend on the keyboard: every space is U+0020, letters are in normal form C.

    That is RFC 8265 (OpaqueString), which Unicode's own stability makes safe to store; control characters, which it
    refuses, are left as they are.
    """
    return comparable(password).encode("utf-8", "surrogatepass")


def comparable(password: str) -> str:
    """The same as text: passwords that differ in it differ. One that is longer than any can be stays as it is."""
    if password.isascii() or len(password) > _TOO_LONG:
        return password
    return normalized("".join(" " if unicodedata.category(letter) == _SPACES else letter for letter in password))


def _is_of(stored: str, text: bytes) -> bool:
    try:
        return _hasher.verify(stored, text)
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError) as error:
        log.error("passwords.unreadable_hash", kind=type(error).__name__)  # noqa: TRY400 - the trace would show nothing
        return False


async def _in_thread(function: Callable[[], Result], *, goes_first: bool = True) -> Result:
    """Strangers are handed to the threads only as these are free: what goes first waits for one hash at most."""
    loop = asyncio.get_running_loop()
    if goes_first:
        return await loop.run_in_executor(_threads, function)
    async with _strangers.setdefault(loop, asyncio.Semaphore(THREADS)):
        return await loop.run_in_executor(_threads, function)
