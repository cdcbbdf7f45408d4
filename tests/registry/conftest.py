from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import pytest

from app.runtime import Runtime
from tests.support.statements import statements as noted


@pytest.fixture
def statements(runtime: Runtime) -> Callable[[], AbstractContextManager[list[str]]]:
    """Collects the statements that run inside ``with statements() as seen:``."""
    return partial(noted, runtime.db)
