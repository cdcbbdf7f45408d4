"""What versions were made from, and what depends on a version or a data set, as far as the caller may see.

Many roots are explored together, step by step, with a fixed number of statements for each step: the projects that the
nodes are in, derivations, versions, candidates' data sets or deployments. What the caller may not see ends the walk:
neither it nor anything that only it leads to is told. A thousand nodes are explored at most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias
from uuid import UUID

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Snapshot
from app.db.statements import Statement
from app.lifecycle.deployments.reads import RUNNING_SQL
from app.lifecycle.lineage import nodes
from app.lifecycle.lineage.nodes import Graph, Lineage, Node, NodeKind, Relation, Step
from app.registry.reads import lineage as versions
from app.tracking.reads import datasets

MAX_NODES = 1_000
MAX_STEPS = 20
_PER_STEP = 2_000
Following: TypeAlias = dict[Node, list[Step]]


class _Derived(NamedTuple):
    project_id: int
    version_id: int
    kind: str
    base_project_id: int | None
    base_version_id: int | None
    base: str


_COLUMNS = "d.project_id, d.version_id, d.kind, d.base_project_id, d.base_version_id, d.base"
_DERIVED = Statement(
    "lineage.derived",
    "What was made from some versions, in all projects.",
    f"""
    SELECT {_COLUMNS} FROM derivations d WHERE d.base_version_id = ANY (:versions::bigint[])
    ORDER BY d.base_version_id, d.id LIMIT :limit
    """,  # noqa: S608 - of constants
    row=_Derived,
)
_BASES = Statement(
    "lineage.bases",
    "What some versions were made from.",
    f"""
    SELECT {_COLUMNS} FROM unnest(:projects::bigint[], :versions::bigint[]) AS one (project_id, version_id)
    JOIN derivations d ON d.project_id = one.project_id AND d.version_id = one.version_id
    ORDER BY d.version_id, d.id LIMIT :limit
    """,  # noqa: S608 - of constants
    row=_Derived,
)
_RUNNING = Statement(
    "lineage.running",
    "Deployments of some versions that have not ended.",
    f"""
    SELECT running.* FROM unnest(:projects::bigint[], :versions::bigint[]) AS one (project_id, version_id)
    CROSS JOIN LATERAL ({RUNNING_SQL}) AS running ORDER BY running.version_id, running.id LIMIT :limit
    """,  # noqa: S608 - a fragment
)


class Explorer:
    """One exploration for one caller; ``allowed`` remembers what it may do in each project."""

    def __init__(self, snap: Snapshot, actor: Actor) -> None:
        self._snap, self._actor = snap, actor
        self._allowed: dict[int, frozenset[Permission]] = {}
        self.is_cut = False

    async def down(self, frontier: Sequence[Node]) -> Following:
        """What depends on each node of a frontier."""
        following: Following = defaultdict(list)
        for dataset in [node for node in frontier if node.kind is NodeKind.DATASET]:
            await self._from_dataset(dataset, following)
        keys = _versions(frontier)
        if not keys:
            return following
        projects_of, ids = [key[0] for key in keys], [key[1] for key in keys]
        rows = await _DERIVED.fetch(self._snap, versions=ids, limit=_PER_STEP)
        derived = await self._seen_versions((row.project_id, row.version_id) for row in rows)
        for row in rows:
            if (row.project_id, row.version_id) in derived:
                base = Node(NodeKind.VERSION, row.base_project_id or 0, row.base_version_id)
                following[base].append(Step(_version(row.project_id, row.version_id), Relation(row.kind)))
        running = await _RUNNING.fetch(self._snap, projects=projects_of, versions=ids, limit=_PER_STEP)
        self._note_limit(rows, running)
        allowed = await self._with(Permission.DEPLOYMENT_READ, {row["project_id"] for row in running})
        for one in running:
            if one["project_id"] in allowed:
                deployment = Node(NodeKind.DEPLOYMENT, one["project_id"], one["id"])
                following[_version(one["project_id"], one["version_id"])].append(Step(deployment, Relation.RUNS))
        return following

    async def up(self, frontier: Sequence[Node]) -> Following:
        """What each node of a frontier was made from."""
        following: Following = defaultdict(list)
        await self._datasets_of([node for node in frontier if node.kind is NodeKind.CANDIDATE], following)
        keys = _versions(frontier)
        if not keys:
            return following
        projects_of, ids = [key[0] for key in keys], [key[1] for key in keys]
        rows = await _BASES.fetch(self._snap, projects=projects_of, versions=ids, limit=_PER_STEP)
        self._note_limit(rows)
        here = [(row.base_project_id, row.base_version_id) for row in rows]
        seen = await self._seen_versions(
            (project, id) for project, id in here if project is not None and id is not None
        )
        for row in rows:
            version = _version(row.project_id, row.version_id)
            if row.base_version_id is None:
                elsewhere = Node(NodeKind.ELSEWHERE, 0, None, row.base)
                following[version].append(Step(elsewhere, Relation(row.kind)))
            elif (row.base_project_id, row.base_version_id) in seen:
                base = _version(row.base_project_id or 0, row.base_version_id)
                following[version].append(Step(base, Relation(row.kind)))
        with_candidates = await self._with(Permission.CANDIDATE_READ, {project_id for project_id, _ in keys})
        for origin in await versions.living(self._snap, self._actor, keys):
            if origin.project_id in with_candidates:
                candidate = Node(NodeKind.CANDIDATE, origin.project_id, origin.candidate_id)
                following[_version(origin.project_id, origin.id)].append(Step(candidate, Relation.PRODUCED))
        return following

    async def _from_dataset(self, dataset: Node, following: Following) -> None:
        if dataset.project_id not in await self._with(Permission.CANDIDATE_READ, {dataset.project_id}):
            return
        if dataset.project_id not in await self._with(Permission.REGISTRY_READ, {dataset.project_id}):
            return
        made = await versions.of_dataset(
            self._snap, self._actor, dataset.project_id, dataset.name, dataset.digest or None, _PER_STEP
        )
        self._note_limit(made)
        for origin in made:
            candidate = Node(NodeKind.CANDIDATE, origin.project_id, origin.candidate_id)
            step = Step(candidate, Relation.READ)
            if step not in following[dataset]:
                following[dataset].append(step)
            following[candidate].append(Step(_version(origin.project_id, origin.id), Relation.PRODUCED))

    async def _datasets_of(self, candidates: Sequence[Node], following: Following) -> None:
        keys = [(node.project_id, node.id) for node in candidates if isinstance(node.id, UUID)]
        if not keys:
            return
        used = await datasets.of_candidates(self._snap, keys, _PER_STEP)
        self._note_limit(used)
        for one in used:
            candidate = Node(NodeKind.CANDIDATE, one.project_id, one.candidate_id)
            dataset = Node(NodeKind.DATASET, one.project_id, None, one.name, one.digest)
            following[candidate].append(Step(dataset, Relation.READ))

    async def _seen_versions(self, keys: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
        given = sorted(set(keys))
        allowed = await self._with(Permission.REGISTRY_READ, {project_id for project_id, _ in given})
        readable = [key for key in given if key[0] in allowed]
        living = await versions.living(self._snap, self._actor, readable) if readable else []
        return {(row.project_id, row.id) for row in living}

    async def _with(self, permission: Permission, ids: set[int]) -> set[int]:
        """Those of the projects in which the actor has the permission."""
        unknown = sorted(ids - self._allowed.keys())
        if unknown:
            accesses = await projects.visible_by_ids(self._snap, self._actor, unknown)
            for id in unknown:
                access = accesses.get(id)
                self._allowed[id] = frozenset(
                    one
                    for one in (Permission.REGISTRY_READ, Permission.CANDIDATE_READ, Permission.DEPLOYMENT_READ)
                    if access is not None and policy.allows(self._actor, access, one, of_models=True)
                )
        return {id for id in ids if permission in self._allowed[id]}

    def _note_limit(self, *answers: Sequence[object]) -> None:
        self.is_cut |= any(len(rows) >= _PER_STEP for rows in answers)


async def downstream(db: Database, actor: Actor, roots: Sequence[Node], max_steps: int) -> list[Lineage]:
    """What depends on each of the roots, which the caller has found for the actor; in their order."""
    return await _explore(db, actor, roots, max_steps, is_down=True)


async def upstream(db: Database, actor: Actor, roots: Sequence[Node], max_steps: int) -> list[Lineage]:
    """What each of the roots was made from; in their order."""
    return await _explore(db, actor, roots, max_steps, is_down=False)


async def _explore(
    db: Database, actor: Actor, roots: Sequence[Node], max_steps: int, *, is_down: bool
) -> list[Lineage]:
    graph, frontier = Graph(), list(dict.fromkeys(roots))
    async with db.read() as snap:
        explorer = Explorer(snap, actor)
        for _ in range(max_steps + 1):
            if not frontier:
                break
            if len(graph.next) + len(frontier) > MAX_NODES + len(roots):
                graph.is_cut = True
                break
            following = await (explorer.down(frontier) if is_down else explorer.up(frontier))
            frontier = nodes.add(graph, following, list(dict.fromkeys([*frontier, *following])))
    graph.is_cut |= explorer.is_cut
    return [nodes.walk(graph, root, max_steps=max_steps, most=MAX_NODES) for root in roots]


def _versions(frontier: Sequence[Node]) -> list[tuple[int, int]]:
    return [
        (node.project_id, node.id) for node in frontier if node.kind is NodeKind.VERSION and isinstance(node.id, int)
    ]


def _version(project_id: int, version_id: int) -> Node:
    return Node(NodeKind.VERSION, project_id, version_id)
