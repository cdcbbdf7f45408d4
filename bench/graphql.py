"""How fast GraphQL answers in a large project: 10,000 models with 30,000 versions, 100,000 candidates.

    python -m bench.graphql [--models 10000] [--candidates 100000] [--explain 20]

Starts servers of its own in a temporary directory, fills a project by INSERT … SELECT, and prints for each question the
number of database statements, their time, and the time of the whole answer (in process, median of five). With
``--explain`` the plans of statements that take longer (milliseconds) are printed, too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import structlog
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

from app import installation
from app.access import bootstrap, groups, projects, tokens
from app.access.groups import CreateGroup
from app.access.projects import CreateProject
from app.db.database import Database, async_url
from app.embedded import servers
from app.main import create_app
from app.registry.references import semver
from app.runtime import Runtime, open_runtime
from app.settings import Settings

ROUNDS = 5
RICH = 10_000
"""So many of the newest candidates have 20 metrics and 30 params; the others have three of each."""
FILL = {
    "experiments": """INSERT INTO experiments (project_id, number, name, created_by, created_at)
      SELECT :p, n, CASE WHEN n <= :models THEN '[model]model-' || n ELSE 'experiment-' || n END, :u,
        now() - make_interval(secs => 1000000 - n) FROM generate_series(1, :models + 100) n""",
    "models": """INSERT INTO models (project_id, name, description, tags, experiment_number, last_number, created_by,
        created_at, updated_at)
      SELECT :p, 'model-' || n, 'Reads *text*.', jsonb_build_object('team', 'team-' || n % 20), n, 3, :u,
        now() - make_interval(secs => 1000000 - n), now() - make_interval(secs => n)
      FROM generate_series(1, :models) n""",
    "candidates": """INSERT INTO candidates (project_id, id, experiment_number, name, status, start_time, user_name,
        created_by, created_at)
      SELECT :p, CAST(lpad(to_hex(n), 32, '0') AS uuid), :models + 1 + n % 100, 'run-' || n, 3, 1700000000000 + n,
        'ada', :u, now() - make_interval(secs => 1000000 - n) FROM generate_series(1, :candidates) n""",
    "versions": """INSERT INTO model_versions (project_id, model_id, number, version, precedence, is_prerelease, stage,
        candidate_id, created_by, created_at)
      SELECT :p, m.id, v.n, v.version, v.precedence, false, CASE WHEN v.n = 3 THEN 'production' ELSE 'none' END,
        CAST(lpad(to_hex(1 + (m.experiment_number * 3 + v.n) % :candidates), 32, '0') AS uuid), :u, now()
      FROM models m, unnest(CAST(:numbers AS int[]), CAST(:versions AS text[]), CAST(:precedences AS bytea[]))
        AS v (n, version, precedence) WHERE m.project_id = :p""",
    "aliases": """INSERT INTO aliases (project_id, model_id, version_id, name, set_by)
      SELECT :p, model_id, id, 'champion', :u FROM model_versions WHERE project_id = :p AND number = 2""",
    "metrics": """INSERT INTO latest_metrics (project_id, candidate_id, key, value, step, timestamp)
      SELECT :p, c.id, CASE k WHEN 1 THEN 'accuracy' ELSE 'metric-' || k END,
        ((hashtext(c.name || k) & 65535) / 65536.0), 100, 1700000000000
      FROM candidates c, generate_series(1, 20) k
      WHERE c.project_id = :p AND (k <= 3 OR c.start_time > 1700000000000 + :candidates - :rich)""",
    "params": """INSERT INTO candidate_params (project_id, candidate_id, key, value)
      SELECT :p, c.id, 'param-' || k, (hashtext(c.name || k) & 15)::text FROM candidates c, generate_series(1, 30) k
      WHERE c.project_id = :p AND (k <= 3 OR c.start_time > 1700000000000 + :candidates - :rich)""",
    "points": """INSERT INTO metric_points (project_id, candidate_id, key, value, step, timestamp)
      SELECT :p, c.id, 'accuracy', random(), s, 1700000000000 + s FROM candidates c, generate_series(1, 2000) s
      WHERE c.project_id = :p AND c.start_time > 1700000000000 + :candidates - 20""",
    "blobs": """INSERT INTO blobs (project_id, id, object_key, state, sha256, size)
      SELECT :p, gen_random_uuid(), 'bench/' || n, 'stored', sha256(convert_to(n::text, 'UTF8')), n
      FROM generate_series(1, 1000) n""",
    "artifacts": """INSERT INTO artifacts (project_id, id, candidate_id, path, blob_id, media_type, created_by)
      SELECT :p, gen_random_uuid(), c.id, 'model/part-' || b.n, b.id, 'application/octet-stream', :u
      FROM (SELECT id FROM candidates WHERE project_id = :p ORDER BY start_time DESC LIMIT 1000) c,
        (SELECT id, row_number() OVER () n FROM blobs WHERE project_id = :p LIMIT 20) b""",
}
MODELS = """query q($p: String!, $after: String) { project(by: {path: $p}) {
  models(first: 100, after: $after) { totalCount pageInfo { endCursor } nodes { name updatedAt createdBy { username }
    latestVersion { version stage } aliases { name } versions(first: 1) { totalCount }
    candidates(first: 1) { totalCount } } } } }"""
PAGES = """query q($p: String!, $after: String) { project(by: {path: $p}) {
  models(first: 20, after: $after) { pageInfo { endCursor } nodes { name } } } }"""
VERSION = """query q($p: String!, $m: String!) { modelVersion(by: {path: {project: $p, model: $m, reference: "^1"}}) {
  version number stage tags { key } descriptionHtml createdBy { username } viewerCanUpdate aliases { name }
  model { name latestVersion { version } experiment { name } } ciJobs { ciStatus } loggedModel { name }
  candidate { name params { key value } metrics { key value } tags { key } datasets { name } loggedModelOutputs { step }
    experiment { name } children(first: 20) { nodes { name } } modelVersions { version } }
  artifacts(first: 100) { totalCount nodes { path size sha256 downloadUrl status facts createdBy { username } } } } }"""
CANDIDATES = """query q($p: String!, $e: String!, $after: String) { experiment(by: {name: {project: $p, name: $e}}) {
  candidates(first: 100, after: $after) { totalCount pageInfo { endCursor } nodes { id uuid name status startedAt
    params { key value } metrics { key value step } tags { key value } createdBy { username }
    modelVersions { version } } } } }"""
SEARCH = """query q($p: String!, $ids: [ID!]!, $filter: String!, $order: [CandidateSearchOrder!], $after: String) {
  project(by: {path: $p}) {
    candidateSearch(experimentIds: $ids, filter: $filter, orderBy: $order, first: 20, after: $after) {
    pageInfo { endCursor } nodes { name metrics { key value } } } } }"""
FIND = """query q($p: String!, $text: String!) { search(project: {path: $p}, search: $text, first: 20) {
  nodes { __typename ... on Model { name } ... on Candidate { name } } } }"""
SERIES = """query q($ids: [ID!]!) { metricSeries(candidateIds: $ids, keys: ["accuracy"], maxPoints: 500) {
  series { pointCount points { step value } } } }"""
EXPERIMENTS = """query q($p: String!) { project(by: {path: $p}) { experiments(search: "experiment-", first: 100) {
  nodes { id name } } } }"""
COMPARE = """query q($ids: [ID!]!) { candidatesCompare(ids: $ids, differencesOnly: true) { params { key values }
  metrics { key values { value } } files { key values { size } } } }"""


@dataclass
class Sent:
    """Statements of one request, each with its parameters and milliseconds."""

    statements: list[tuple[str, Any, float]] = field(default_factory=list)


@contextmanager
def watched(db: Database) -> Iterator[Sent]:
    """Notes what the block sends to the database, through both pools."""
    sent, begun = Sent(), {}

    def before(connection: Any, *_rest: Any) -> None:
        begun[id(connection)] = time.perf_counter()

    def after(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.statements.append((statement, parameters, (time.perf_counter() - begun[id(connection)]) * 1000))

    def direct(query: Any) -> None:
        sent.statements.append((query.query, query.args, query.elapsed * 1000))

    engines = [engine.sync_engine for engine in db.engines]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
    db.watchers.append(direct)
    try:
        yield sent
    finally:
        db.watchers.remove(direct)
        for engine in engines:
            event.remove(engine, "before_cursor_execute", before)
            event.remove(engine, "after_cursor_execute", after)


class Bench:
    """One filled project, and a client that asks about it."""

    def __init__(self, runtime: Runtime, client: httpx.AsyncClient, path: str, explain: float | None) -> None:
        self._runtime, self._client, self._path, self._explain = runtime, client, path, explain

    async def ask(self, document: str, **variables: Any) -> Any:
        used = {key: value for key, value in {"p": self._path, **variables}.items() if f"${key}" in document}
        answer = await self._client.post("/graphql", json={"query": document, "variables": used})
        body = answer.json()
        if body.get("errors"):
            raise RuntimeError(body["errors"])
        return body["data"]

    async def measure(self, title: str, document: str, **variables: Any) -> Any:
        answer = await self.ask(document, **variables)
        whole, inside = [], []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            with watched(self._runtime.db) as sent:
                await self.ask(document, **variables)
            whole.append((time.perf_counter() - begin) * 1000)
            inside.append(sum(ms for _, _, ms in sent.statements))
        count, slowest = len(sent.statements), max(sent.statements, key=lambda one: one[2])
        print(
            f"{title:<48} {count:>3} statements {statistics.median(inside):>8.1f} ms in them"
            f" {statistics.median(whole):>8.1f} ms in all; slowest {slowest[2]:.1f} ms",
            flush=True,
        )
        if self._explain is not None:
            for statement, parameters, ms in sent.statements:
                if ms >= self._explain:
                    await self._plan(statement, parameters)
        return answer

    async def _plan(self, statement: str, parameters: Any) -> None:
        async with self._runtime.db.engines[0].connect() as connection:
            rows = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)
            print(f"\n{statement}\n" + "\n".join(f"    {row[0]}" for row in rows) + "\n", flush=True)


async def fill(database_url: str, project_id: int, user_id: int, models: int, candidates: int) -> None:
    """The rows, table by table, each in a transaction of its own."""
    engine = create_async_engine(async_url(database_url))  # without the limits of requests
    versions = ["1.0.0", "1.1.0", "2.0.0"]
    keys = {
        "p": project_id,
        "u": user_id,
        "models": models,
        "candidates": candidates,
        "rich": min(RICH, candidates),
        "numbers": [1, 2, 3],
        "versions": versions,
        "precedences": [semver.precedence_key(semver.parse(version)) for version in versions],
    }
    for table, statement in FILL.items():
        begin = time.perf_counter()
        async with engine.begin() as tx:
            await tx.execute(text("SET LOCAL synchronous_commit = off"))
            await tx.execute(text(statement), {key: value for key, value in keys.items() if f":{key}" in statement})
        print(f"filled {table} in {time.perf_counter() - begin:.1f} s", flush=True)
    async with engine.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await plain.exec_driver_sql("VACUUM ANALYZE")
    await engine.dispose()


async def questions(bench: Bench) -> None:
    """What a web interface asks all day."""
    await bench.measure("100 models: latest, aliases, counts", MODELS)
    await bench.measure("one version with everything", VERSION, m="model-77")
    after = None
    for _ in range(499):
        answer = await bench.ask(PAGES, after=after)
        after = answer["project"]["models"]["pageInfo"]["endCursor"]
        if after is None:
            break
    await bench.measure("models, page 1 of 20", PAGES)
    await bench.measure("models, page 500 of 20", PAGES, after=after)
    experiments = (await bench.ask(EXPERIMENTS))["project"]["experiments"]["nodes"]
    ids = [one["id"] for one in experiments]
    name = experiments[0]["name"]
    page = (await bench.measure("100 candidates with metrics and params", CANDIDATES, e=name))["experiment"][
        "candidates"
    ]
    await bench.measure("the next 100", CANDIDATES, e=name, after=page["pageInfo"]["endCursor"])
    some = [one["id"] for one in page["nodes"]]
    good = "metrics.accuracy > 0.99"
    best = [{"field": "metrics.accuracy", "direction": "DESC"}]
    one = ids[:1]
    await bench.measure("search by metric, 1 experiment", SEARCH, ids=one, filter=good)
    await bench.measure("search by metric, 100 experiments", SEARCH, ids=ids, filter=good)
    await bench.measure("search ordered by metric, 1 experiment", SEARCH, ids=one, filter="", order=best)
    await bench.measure("search ordered by metric, 100 experiments", SEARCH, ids=ids, filter="", order=best)
    await bench.measure(
        "search by param and OR, 100 experiments", SEARCH, ids=ids, filter="params.`param-1` = '3' OR " + good
    )
    await bench.measure("latest of 100 experiments", SEARCH, ids=ids, filter="")
    after = None
    for _ in range(499):
        answer = await bench.ask(
            SEARCH.replace("nodes { name metrics { key value } }", ""), ids=ids, filter="", after=after
        )
        after = answer["project"]["candidateSearch"]["pageInfo"]["endCursor"]
        if after is None:
            break
    await bench.measure("the same, page 500 of 20", SEARCH, ids=ids, filter="", after=after)
    await bench.measure("text over the project, many found", FIND, text="run-9")
    await bench.measure("text over the project, few found", FIND, text="run-99999")
    await bench.measure("10 candidates side by side", COMPARE, ids=some[:10])
    curves = (await bench.ask(SEARCH, ids=ids, filter="", order=[{"field": "start_time", "direction": "DESC"}]))[
        "project"
    ]["candidateSearch"]["nodes"]
    assert curves, "the newest have histories"
    newest = [await _id_of(bench, ids, one["name"]) for one in curves[:10]]
    await bench.measure("10 curves of 2,000 points, 500 of each", SERIES, ids=newest)


async def _id_of(bench: Bench, experiments: list[str], name: str) -> str:
    document = SEARCH.replace("name metrics { key value }", "id")
    answer = await bench.ask(document, ids=experiments, filter=f"attributes.run_name = '{name}'")
    return str(answer["project"]["candidateSearch"]["nodes"][0]["id"])


async def run(settings: Settings, options: argparse.Namespace) -> None:
    await installation.prepare_schema(settings)
    async with open_runtime(settings, name="bench") as runtime:
        first = await bootstrap.ensure(runtime.db, token=None)
        actor = await tokens.authenticate(runtime.db, first.token)
        group = await groups.create(runtime.db, actor, CreateGroup("bench"))
        project = await projects.create(runtime.db, actor, CreateProject(group.id, "large"))
        assert actor.user_id is not None, "a token has a user"
        await fill(settings.owner_url, project.id, actor.user_id, options.models, options.candidates)
        app = create_app(settings, runtime=runtime)
        app.state.runtime = runtime
        headers = {"Authorization": f"Bearer {first.token}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers, timeout=300
        ) as client:
            await questions(Bench(runtime, client, "bench/large", options.explain))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--explain", type=float, help="print plans of statements that take so many milliseconds")
    options = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    directory = Path(tempfile.mkdtemp(prefix="myb"))
    running = servers.start(directory)
    try:
        os.environ.update(running.environment)
        asyncio.run(run(Settings.read(), options))
    finally:
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
