from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from app.runtime import Runtime
from tests.conftest import Person, serving

QUICK = 1.0
"""Seconds without progress after which the server of :func:`quick` cuts a connection."""


@pytest.fixture(scope="session")
def served_with(runtime: Runtime, admin: Person) -> Callable[..., AbstractAsyncContextManager[str]]:
    """The API with other settings."""

    def serve(**settings: Any) -> AbstractAsyncContextManager[str]:
        return serving(replace(runtime, settings=runtime.settings.model_copy(update=settings)))

    return serve


@pytest.fixture(scope="session")
async def quick(served_with: Callable[..., AbstractAsyncContextManager[str]]) -> AsyncIterator[str]:
    """The API with little patience."""
    async with served_with(stall_seconds=QUICK) as address:
        yield address
