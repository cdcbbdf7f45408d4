"""Trusted documents: named by their hash, registered at build, checked against the schema."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner
from websockets.asyncio.client import connect

from app.cli import main
from app.errors import Invalid
from app.graphql.execution import admission, trusted_documents
from app.graphql.execution.limits import Limits
from tests.conftest import serving
from tests.graphql.test_configured_limits import configured

ADMIN = "query admin { viewer { isAdmin } }\n"
NAMED = "query named($path: String!) { project(by: {path: $path}) { fullPath } }"
OTHER = "{ viewer { user { username } } }"
HASH = trusted_documents.hash_of(ADMIN)


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({trusted_documents.hash_of(text): text for text in (ADMIN, NAMED)}))
    return path


async def post(client, project, **body):
    answer = await client.post("/graphql", json=body, headers=project.headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "name",
    [
        {"documentId": HASH},
        {"documentId": f"sha256:{HASH}"},
        {"documentId": HASH.upper()},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
        {"query": ADMIN, "documentId": HASH},
    ],
)
@pytest.mark.parametrize("only", [False, True])
async def test_documents_run_by_their_hash(runtime, project, manifest, name, only):
    async with configured(runtime, trusted_documents=manifest, trusted_documents_only=only) as api:
        assert (await post(api, project, **name))[1]["data"] == {"viewer": {"isAdmin": False}}
        requested = {key: value if isinstance(value, str) else json.dumps(value) for key, value in name.items()}
        answer = await api.get("/graphql", params=requested, headers=project.headers)
        assert answer.json()["data"] == {"viewer": {"isAdmin": False}}


async def test_named_documents_take_variables(runtime, project, manifest):
    async with configured(runtime, trusted_documents=manifest) as api:
        given = {"documentId": trusted_documents.hash_of(NAMED), "variables": {"path": project.path}}
        assert (await post(api, project, **given))[1]["data"] == {"project": {"fullPath": project.path}}


async def test_only_trusted_documents_run_where_that_is_set(runtime, project, manifest):
    async with configured(runtime, trusted_documents=manifest, trusted_documents_only=True) as api:
        for body in (
            {"query": OTHER},
            {"query": OTHER, "documentId": trusted_documents.hash_of(OTHER)},
            {"documentId": trusted_documents.hash_of(OTHER)},
        ):
            status, answer = await post(api, project, **body)
            assert (status, answer["errors"][0]["extensions"]["code"]) == (403, "DOCUMENT_NOT_TRUSTED")
        assert (await post(api, project, query=ADMIN))[0] == 200
    async with configured(runtime, trusted_documents_only=True) as api:
        assert (await post(api, project, query=ADMIN))[0] == 403


@pytest.mark.parametrize(
    ("with_manifest", "body", "code"),
    [
        (True, {"documentId": "0" * 64}, "PERSISTED_QUERY_NOT_FOUND"),
        (False, {"documentId": "0" * 64}, "PERSISTED_QUERY_NOT_SUPPORTED"),
        (True, {"documentId": "0" * 64, "query": OTHER}, "INVALID"),
        (True, {"documentId": "abc"}, "INVALID"),
        (True, {"documentId": 5}, "INVALID"),
        (True, {"extensions": {"persistedQuery": {"sha256Hash": None}}}, "INVALID"),
    ],
)
async def test_other_hashes_are_refused(runtime, project, manifest, with_manifest, body, code):
    settings = {"trusted_documents": manifest} if with_manifest else {}
    async with configured(runtime, **settings) as api:
        status, answer = await post(api, project, **body)
        assert (status, answer["errors"][0]["extensions"]["code"]) == (400, code)


async def test_sockets_run_trusted_documents_by_hash(runtime, project, manifest):
    changed = runtime.settings.model_copy(update={"trusted_documents": manifest, "trusted_documents_only": True})
    async with (
        serving(replace(runtime, settings=changed)) as url,
        connect(f"ws{url[4:]}/graphql", subprotocols=["graphql-transport-ws"]) as socket,
    ):
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        for payload, kind in (({"documentId": HASH}, "next"), ({"query": OTHER}, "error")):
            await socket.send(json.dumps({"id": kind, "type": "subscribe", "payload": payload}))
            while (told := json.loads(await socket.recv()))["id"] != kind:
                pass
            assert told["type"] == kind


async def test_a_trusted_document_is_read_once(runtime, project, manifest, monkeypatch):
    async with configured(runtime, trusted_documents=manifest) as api:
        await post(api, project, documentId=HASH)

        def never(*_args, **_kwargs):
            raise AssertionError("it was read again")

        monkeypatch.setattr(admission, "parse", never)
        monkeypatch.setattr(admission, "validate", never)
        admission._read_cached.cache_clear()
        assert (await post(api, project, documentId=HASH))[1]["data"]


def test_folders_are_registered(tmp_path, manifest):
    (tmp_path / "a.graphql").write_text(ADMIN)
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "b.gql").write_text(NAMED)
    (tmp_path / "notes.txt").write_text("not one")
    made = CliRunner().invoke(main, ["documents", "register", str(tmp_path)])
    assert made.exit_code == 0
    assert json.loads(made.stdout) == json.loads(manifest.read_text())
    checked = CliRunner().invoke(main, ["documents", "check", str(manifest)])
    assert (checked.exit_code, checked.stdout) == (0, "2 documents can be run.\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{ nothing }", "Cannot query field"),
        ("{", "Syntax Error"),
        ("{ a: " + "... { " * 70 + "b" + " }" * 71, "Syntax Error"),
        ("{ " + "... { " * 70 + "b" + " }" * 71, "too large"),
    ],
)
def test_invalid_documents_are_not_registered(tmp_path, text, problem):
    (tmp_path / "a.graphql").write_text(text)
    made = CliRunner().invoke(main, ["documents", "register", str(tmp_path)])
    assert made.exit_code == 1
    assert made.stdout == ""
    assert problem in made.stderr


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', json.dumps({"0" * 64: ADMIN})])
def test_broken_manifests_are_refused_with_a_reason(tmp_path, runtime, content):
    path = tmp_path / "manifest.json"
    path.write_text(content)
    assert CliRunner().invoke(main, ["documents", "check", str(path)]).exit_code == 1
    with pytest.raises(Invalid):
        trusted_documents.Documents.of(runtime.settings.model_copy(update={"trusted_documents": path}))


def test_register_of_an_empty_folder_fails_with_a_reason(tmp_path):
    assert CliRunner().invoke(main, ["documents", "register", str(tmp_path)]).exit_code == 1
    assert trusted_documents.check({}, Limits()) == []
