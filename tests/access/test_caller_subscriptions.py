"""Subscriptions by tokens of every scope, and by service accounts: told of what the scope reads, refused else."""

from __future__ import annotations

import pytest

from tests.access.test_token_subscriptions import first  # noqa: F401 - a fixture
from tests.support.access.narrow_tokens import NARROW, account_token, narrow_token
from tests.support.graphql.examples import SUBSCRIPTIONS

REFUSED = {
    "candidateUpdated": {"reads registry", "writes registry", "reads bytes", "patterns"},
    "projectEvents": {"patterns"},
}
"""Tokens of which scopes may not follow what. A job is shown to its requester, and to those who read all jobs."""


@pytest.mark.parametrize("holder", ["person", "project"])
@pytest.mark.parametrize("name", NARROW)
async def test_tokens_follow_what_their_scope_reads(runtime, showcases, first, holder, name):  # noqa: F811
    bearer = await narrow_token(runtime, showcases["private"].project, holder, name, ["digits"])
    for root in SUBSCRIPTIONS:
        is_own = holder == "person" and name != "patterns"  # the owner has requested the job
        expected = "NOT_FOUND" if root == "backgroundJobUpdated" and not is_own else None
        expected = "FORBIDDEN" if name in REFUSED.get(root, ()) else expected
        if root == "projectEvents" and expected is None:
            continue  # the first event may be one of a part that the scope leaves out
        told = await first("private", bearer, root)
        codes = [error["extensions"]["code"] for error in told.get("errors", [])]
        assert codes == ([expected] if expected else []), (root, told)


@pytest.mark.parametrize("holder", ["project", "group"])
async def test_service_accounts_follow_as_members_do(runtime, showcases, first, holder):  # noqa: F811
    bearer = await account_token(runtime, showcases["private"].project, holder, "reporter")
    for root in SUBSCRIPTIONS:
        told = await first("private", bearer, root)
        assert not told.get("errors") and told["data"][root], told
