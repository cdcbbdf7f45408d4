"""A test is listed for the calls in its source, so these have to be made and answered when it runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.mlflow import catalogue


@pytest.fixture(autouse=True)
def _calls_what_it_is_listed_for(request: pytest.FixtureRequest) -> Iterator[None]:
    clients = [request.getfixturevalue(name) for name in ("mlflow", "each_client") if name in request.fixturenames]
    yield
    test = f"{request.path.stem}::{request.function.__name__}"
    for client in clients:
        missing = catalogue.claims(test) - client.called
        assert missing == set(), f"{test} gets no answer from {sorted(missing)}"
