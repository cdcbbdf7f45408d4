"""Sessions in front of the work: whom the queue and the budget charge for them, and what the log says."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from app.access.policy import Role
from app.graphql.edge import EDGE as GRAPHQL
from app.http.admission.senders import Senders
from app.mlflow.edge import EDGE as MLFLOW
from tests.graphql.test_configured_limits import VIEWER, ask, configured
from tests.support.access.signed_in import SESSION, sign_in


def scope_of(cookie: str, edge=GRAPHQL, **state):
    headers = [(b"cookie", cookie.encode("latin-1"))]
    return {"headers": headers, "state": {"edge": edge, **state}, "client": ("192.0.2.1", 1), "scheme": "http"}


@pytest.fixture
async def browsers(runtime, project):
    person = project[Role.DEVELOPER].actor
    return [await sign_in(runtime, person) for _ in range(2)]


async def test_a_session_is_charged_to_its_user_once_it_was_seen_to_be_valid(project, browsers):
    senders, actor = Senders(), project[Role.DEVELOPER].actor
    ours, theirs = (f"a=b; {SESSION}={browser.secret}; c" for browser in browsers)
    assert senders.of(scope_of(ours)).accounts == ("address 192.0.2.1",)
    seen = scope_of(ours, actor=actor)
    assert senders.learn(senders.of(seen), seen) == (f"user {actor.user_id}",)
    assert senders.of(scope_of(ours)).accounts == (f"user {actor.user_id}",)
    # Other cookies beside it change, it does not; another session is another one, and two are none.
    assert senders.of(scope_of(f"z=1; {SESSION}={browsers[0].secret}")).accounts == (f"user {actor.user_id}",)
    assert senders.of(scope_of(theirs)).accounts == ("address 192.0.2.1",)
    assert senders.of(scope_of(f"{ours}; {SESSION}=x")).accounts == ("address 192.0.2.1",)


async def test_a_cookie_is_no_credential_where_sessions_do_not_count(project, browsers):
    senders, actor = Senders(), project[Role.DEVELOPER].actor
    seen = scope_of(f"{SESSION}={browsers[0].secret}", actor=actor)
    senders.learn(senders.of(seen), seen)
    assert senders.of(scope_of(f"{SESSION}={browsers[0].secret}", MLFLOW)).accounts == ("address 192.0.2.1",)


async def test_all_sessions_of_a_person_have_one_budget(runtime, project, browsers):
    async with configured(runtime, graphql_budget=5) as api:
        left = [(await ask(api, VIEWER, one.headers)).json()["extensions"]["cost"]["remaining"] for one in browsers]
        assert left == [3, 1]
        assert (await ask(api, VIEWER, browsers[0].headers)).status_code == 429
        assert (await ask(api, VIEWER, project[Role.DEVELOPER].headers)).status_code == 200


async def test_the_log_names_the_session_and_never_its_secret(runtime, project, browsers):
    async with configured(runtime) as api:
        with capture_logs() as lines:
            await ask(api, VIEWER, browsers[0].headers)
    (line,) = [one for one in lines if one["event"] == "request"]
    actor = project[Role.DEVELOPER].actor
    assert (line["user"], line["token"], line["session"]) == (actor.username, None, browsers[0].session_id)
    assert browsers[0].secret not in str(lines)
