"""Loaders of lists: one call of the core for all parents that want the same page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K", bound=Hashable)
A = TypeVar("A", bound=Hashable)
V = TypeVar("V")

Fetch = Callable[[list[K], A], Awaitable[Sequence[V | BaseException]]]


def per_arguments(fetch: Fetch[K, A, V]) -> DataLoader[tuple[K, A], V]:
    """A loader whose keys are parents with the arguments of their list.

    ``fetch`` gets the parents that share the same arguments and answers in their order; a failure instead of an
    answer concerns that parent alone.
    """

    async def load(requests: list[tuple[K, A]]) -> Sequence[V | BaseException]:
        parents: dict[A, list[K]] = {}
        for parent, arguments in requests:
            parents.setdefault(arguments, []).append(parent)
        answers = await asyncio.gather(*(fetch(keys, arguments) for arguments, keys in parents.items()))
        results = {
            (key, arguments): value
            for (arguments, keys), values in zip(parents.items(), answers, strict=True)
            for key, value in zip(keys, values, strict=True)
        }
        return [results[request] for request in requests]

    return DataLoader(load)


async def together(awaitables: Iterable[Awaitable[V]]) -> list[V]:
    """All at once, so that loaders see them together; the first failure is the whole's."""
    return list(await asyncio.gather(*awaitables))
