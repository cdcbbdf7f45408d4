"""The typed operations for TypeScript: current, accepted by the compiler, and at work in Node.js against a server."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from app.graphql.execution import trusted_documents
from app.graphql.execution.limits import Limits
from tests.conftest import serving
from tests.support.graphql import nodejs
from tests.support.graphql.examples import EXAMPLES

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "typescript"
MANIFEST = CLIENT / "documents.json"
JOURNEY = ROOT / "tests" / "graphql" / "typescript" / "journey.ts"
TSC = CLIENT / "node_modules" / "typescript" / "bin" / "tsc"
WRONG = """
import {
  type CandidateLookup, CandidateDocument, CandidateLogDocument, ModelDocument, SearchDocument,
} from '%(client)s/operations.ts';
import { request, type DataOf } from '%(client)s/request.ts';

const endpoint = { url: 'https://models.example.org/graphql' };
export const both: CandidateLookup = { id: 'a', path: { project: 'p', uuid: 'u' } }; // TS2322
export const neither: CandidateLookup = {}; // TS2322
await request(endpoint, ModelDocument); // TS2554
await request(endpoint, ModelDocument, { by: { name: 'digits' } }); // TS2353
const { model } = await request(endpoint, ModelDocument, { by: { id: 'a' } });
model.name; // TS18047
model?.nmae; // TS2339
const { search } = await request(endpoint, SearchDocument, { project: { path: 'p' }, search: 't' });
search?.nodes.map((found) => found.status); // TS2339
const { candidate } = await request(endpoint, CandidateDocument, { by: { id: 'a' } });
export const started: Date | null = candidate?.startedAt ?? null; // TS2322
export const loss: number | undefined = candidate?.metrics[0]?.value; // TS2322
export const status: DataOf<typeof CandidateDocument>['candidate'] | 'DONE' = 'DONE';
if (candidate?.status === 'DONE') throw new Error(); // TS2367
const metrics = [{ key: 'loss', value: 'nan', timestamp: 1 }] as const;
await request(endpoint, CandidateLogDocument, { input: { candidate: { id: 'a' }, metrics: [...metrics] } }); // TS2322
"""


@pytest.fixture(scope="module", autouse=True)
def installed():
    if not TSC.exists():
        pytest.fail(f"The packages of {CLIENT} are not installed: run `make test`, or `npm ci` there.")


async def in_node(*arguments: str | Path, seconds: float = 60) -> tuple[int, str, str]:
    """Exit code, output and errors of a Node.js program."""
    pipe = asyncio.subprocess.PIPE
    words = map(str, arguments)
    process = await asyncio.create_subprocess_exec(nodejs.executable(), *words, stdout=pipe, stderr=pipe, cwd=CLIENT)
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, output.decode(), errors.decode()


async def test_committed_operations_are_current():
    assert await in_node("codegen.mjs", "--check") == (0, "", "")


async def test_outdated_operations_are_reported(tmp_path):
    """For operations of one's own, too: those of a folder, with their fragments."""
    (tmp_path / "deeper").mkdir()
    (tmp_path / "a.graphql").write_text("query A { viewer { user { ...Name } } }")
    (tmp_path / "deeper" / "b.gql").write_text("fragment Name on User { username ...Id } fragment Id on User { id }")
    given = ["codegen.mjs", "--out", tmp_path / "made", tmp_path]
    code, _, errors = await in_node(*given, "--check")
    assert (code, errors.count("make typescript")) == (1, 2)
    assert await in_node(*given) == (0, "", "")
    assert await in_node(*given, "--check") == (0, "", "")
    existing = trusted_documents.read(tmp_path / "made" / "documents.json")
    assert trusted_documents.check(existing, Limits()) == []
    (text,) = existing.values()
    assert text.count("fragment") == 2
    (tmp_path / "a.graphql").write_text("query A { viewer { name } }")
    code, _, errors = await in_node(*given)
    assert (code, 'Cannot query field "name" on type "Viewer"' in errors) == (1, True)


def test_the_manifest_holds_every_example_and_nothing_else():
    existing = trusted_documents.read(MANIFEST)
    assert trusted_documents.check(existing, Limits()) == []
    names = [re.match(r"\w+ (\w+)", text)[1] for text in existing.values()]
    assert sorted(names) == sorted(name[0].upper() + name[1:] for name in EXAMPLES)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--project", CLIENT),
        ("--strict", "--noEmit", "--ignoreConfig", "operations.ts", "request.ts"),
        ("--ignoreConfig", "--noEmit", "--strict", "--allowImportingTsExtensions", "--target", "es2022", "--module",
         "esnext", "--moduleResolution", "bundler", "--erasableSyntaxOnly", "--skipLibCheck", "--types", "", JOURNEY),
    ],
    ids=["with its examples", "alone", "with a program"],
)  # fmt: skip
async def test_the_compiler_accepts_it(arguments):
    assert await in_node(TSC, *arguments) == (0, "", "")


async def test_the_compiler_refuses_programs_that_are_wrong(tmp_path):
    program = WRONG.strip() % {"client": CLIENT}
    (tmp_path / "wrong.ts").write_text(program)
    settings = {"extends": str(CLIENT / "tsconfig.json"), "include": [], "files": ["wrong.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    code, output, _ = await in_node(TSC, "--project", tmp_path, "--pretty", "false")
    answer = {(int(line), error) for line, error in re.findall(r"wrong\.ts\((\d+),\d+\): error (TS\d+)", output)}
    lines = enumerate(program.splitlines(), 1)
    assert answer == {(number, line.rpartition("// ")[2]) for number, line in lines if "// TS" in line}, output
    assert code != 0


@pytest.mark.parametrize("trusted", [False, True], ids=["by text", "by hash"])
async def test_programs_work_against_a_server(runtime, project, trusted):
    """By hash with a server that runs nothing but what codegen has registered."""
    update = {"trusted_documents": MANIFEST, "trusted_documents_only": True} if trusted else {}
    changed = replace(runtime, settings=runtime.settings.model_copy(update=update))
    async with serving(changed) as url:
        words = [f"{url}/graphql", project.token, project.path, *(["trusted"] if trusted else [])]
        code, output, errors = await in_node(JOURNEY, *words)
    assert code == 0, errors
    assert json.loads(output) == {
        "viewer": project.owner.username,
        "losses": [0.5, "NaN"],
        "urql": [None, "by-urql"],
        "apollo": [None, "by-apollo"],
        "again": "TAKEN",
        "found": [
            "model by-apollo, no version",
            "model by-urql, no version",
            "experiment [model]by-apollo",
            "experiment [model]by-urql",
        ],
        "refusal": [403, "DOCUMENT_NOT_TRUSTED"] if trusted else {"viewer": {"isAdmin": False}},
        "refusalOfText": [403, "DOCUMENT_NOT_TRUSTED"] if trusted else {"viewer": {"isAdmin": False}},
    }


def test_the_readme_shows_the_programs_that_run():
    examples = [path.read_text() for path in (CLIENT / "examples").glob("*.ts")]
    blocks = re.findall(r"```ts\n(.*?)```", (CLIENT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) > 3
    assert [block for block in blocks if not any(block in text for text in examples)] == []


@pytest.mark.parametrize("folder", [CLIENT, nodejs.HERE], ids=lambda folder: folder.name)
def test_locks_name_no_registry(folder):
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    packages.pop("")
    assert [name for name, one in packages.items() if "resolved" in one or "integrity" not in one] == []
