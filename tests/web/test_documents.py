"""The pages name their documents by hash: the build's manifest is known to every process, and stays so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from app.graphql.execution import trusted_documents
from app.graphql.execution.limits import Limits
from app.graphql.execution.page_documents import PageDocuments
from app.http.browsers import built_pages
from app.runtime import Runtime
from app.settings import Settings
from tests.conftest import TestProject
from tests.graphql.test_configured_limits import configured
from tests.support.source import ROOT
from tests.web.conftest import QUERY, write

HASH = trusted_documents.hash_of(QUERY)
OTHER = "query Other { viewer { user { username } } }"
COMMITTED = ROOT / "web" / "src" / "api" / "documents.json"


async def post(client: httpx.AsyncClient, project: TestProject, **body: object) -> tuple[int, dict]:
    answer = await client.post("/graphql", json=body, headers=project.headers)
    return answer.status_code, answer.json()


def by_hash(document_id: str) -> dict[str, object]:
    """What the pages send."""
    return {"query": "", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": document_id}}}


@pytest.mark.parametrize("with_manifest", [False, True])
@pytest.mark.parametrize("only", [False, True])
async def test_documents_of_the_pages_run_whatever_the_operator_trusts(
    runtime: Runtime, project: TestProject, built: Path, tmp_path: Path, with_manifest: bool, only: bool
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({trusted_documents.hash_of(OTHER): OTHER}))
    settings = {"trusted_documents": manifest} if with_manifest else {}
    async with configured(runtime, **settings, trusted_documents_only=only) as api:
        for body in (by_hash(HASH), {"documentId": HASH}, {"query": QUERY}):
            status, answer = await post(api, project, **body)
            assert (status, answer["data"]) == (200, {"viewer": {"isAdmin": False}})
        status, answer = await post(api, project, **by_hash(trusted_documents.hash_of(OTHER)))
        assert (status, "data" in answer) == ((200, True) if with_manifest else (403 if only else 400, False))
        assert (await post(api, project, query="{ viewer { isAdmin } }"))[0] == (403 if only else 200)


async def test_other_hashes_are_refused_as_without_pages(runtime: Runtime, project: TestProject, built: Path) -> None:
    unknown = by_hash("0" * 64)
    async with configured(runtime) as api:
        status, answer = await post(api, project, **unknown)
        assert (status, answer["errors"][0]["extensions"]["code"]) == (400, "PERSISTED_QUERY_NOT_SUPPORTED")
    async with configured(runtime, trusted_documents_only=True) as api:
        status, answer = await post(api, project, **unknown)
        assert (status, answer["errors"][0]["extensions"]["code"]) == (403, "DOCUMENT_NOT_TRUSTED")


def test_documents_of_another_build_are_there_after_a_second(built: Path) -> None:
    now = [100.0]
    documents = PageDocuments(lambda: now[0])
    new = trusted_documents.hash_of(OTHER)
    assert (documents.text_of(HASH), documents.text_of(new)) == (QUERY, None)
    shutil.rmtree(built)
    write(built, query=OTHER)
    assert documents.text_of(new) is None
    now[0] += 1.0
    assert documents.text_of(new) == OTHER
    assert documents.text_of(HASH) == QUERY, "pages of the former build are still open"


def test_unknown_hashes_cost_no_more_than_a_look_in_a_second(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, looks = [100.0], []
    documents = PageDocuments(lambda: now[0])
    monkeypatch.setattr(PageDocuments, "_look", lambda _self: looks.append(now[0]))
    for _ in range(1_000):
        documents.text_of("0" * 64)
        now[0] += 0.002
    assert len(looks) == 2


def test_nothing_is_read_before_a_document_is_named_by_hash(monkeypatch: pytest.MonkeyPatch, built: Path) -> None:
    monkeypatch.setattr(PageDocuments, "_look", lambda _self: pytest.fail("it was read"))
    trusted_documents.Documents(None).resolve(_operation(QUERY, None))


def _operation(query: str, document_id: str | None):
    from app.graphql.transport.requests import Operation  # noqa: PLC0415

    return Operation(query, {}, None, document_id)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"7", b"[1]"])
def test_a_manifest_that_cannot_be_read_ends_nothing(built: Path, content: bytes | None) -> None:
    manifest = built / built_pages.DOCUMENTS
    manifest.unlink()
    if content is not None:
        manifest.write_bytes(content)
    with capture_logs() as logs:
        assert PageDocuments().text_of(HASH) is None
    warned = [entry["event"] for entry in logs]
    assert warned == ([] if content is None else ["page_documents.unreadable"])


def test_all_documents_of_the_pages_are_within_the_limits(settings: Settings) -> None:
    documents = trusted_documents.read(COMMITTED)
    assert documents
    assert trusted_documents.check(documents, Limits.of(settings)) == []
