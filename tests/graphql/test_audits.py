"""GraphQL over HTTP as its own audits see it: npm `graphql-http`, against a server that listens."""

from __future__ import annotations

import pytest

from tests.support.graphql import nodejs

AUDITS = 61
"""Of graphql-http 1.23.1; a smaller number would mean that some did not run."""


@pytest.mark.parametrize("signed_in", [False, True], ids=["for nobody", "for a member"])
async def test_every_audit_passes(url, project, signed_in):
    results = await nodejs.run("audits.mjs", f"{url}/graphql", *([project.token] if signed_in else []))
    wrong = [f"{one['id']} {one['name']}: {one['status']}, {one['reason']}" for one in results if one["status"] != "ok"]
    assert wrong == []
    assert len(results) == AUDITS
    print(f"{len(results)} audits passed")  # noqa: T201 - shown with `pytest -s`
