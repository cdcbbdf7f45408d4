"""What was made from what, and what depends on it: across models and projects, as far as the caller may see."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import members
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.errors import Conflict
from app.lifecycle.lineage import derivations, learning
from app.lifecycle.lineage.derivations import Base, Kind
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from tests.conftest import new_project
from tests.lifecycle.deployments.conftest import REGISTER, named

CREATE = """mutation d($v: ModelVersionLookup!, $b: ModelVersionLookup, $name: String, $kind: DerivationKind!) {
  derivationCreate(input: {modelVersion: $v, kind: $kind, parent: $b, baseName: $name}) {
    derivation { id kind baseName source parent { version } } userErrors { code message field } } }"""
IMPACT = """query i($by: ImpactLookup!, $first: Int, $after: String) { impact(by: $by) {
  isComplete modelVersionCount deploymentCount entries(first: $first, after: $after) { totalCount pageInfo { endCursor
  hasNextPage } nodes { step relation baseName parentId dataset { name digest } candidate { id }
  modelVersion { id version model { name } } deployment { environment } } } } }"""
UP = """query u($v: ModelVersionLookup!) { modelVersion(by: $v) { derivations { baseName parent { version } }
  lineage(direction: UPSTREAM) { isComplete entries(first: 100) { nodes { step relation baseName
  dataset { name digest } candidate { id } modelVersion { version } } } } } }"""


async def derive(data, person, version, base, kind="FINE_TUNED"):
    """State it; gives the payload."""
    return (await data(person, CREATE, v=version, b=base, kind=kind))["derivationCreate"]


async def versions_below(data, person, version):
    answer = (await data(person, IMPACT, by={"modelVersion": version}, first=100))["impact"]
    nodes = answer["entries"]["nodes"]
    return [(node["step"], node["modelVersion"]["version"]) for node in nodes if node["modelVersion"]]


async def make(data, project, model, *versions, candidate=None):
    owner = project[Role.OWNER]
    await data(owner, """mutation m($p: String!, $n: String!) {
      modelCreate(input: {project: {path: $p}, name: $n}) { userErrors { code } } }""",
      p=project.path, n=model)  # fmt: skip
    for version in versions:
        made = await data(owner, """mutation v($m: ModelLookup!, $v: String!, $c: ID) {
          modelVersionCreate(input: {model: $m, version: $v, candidateId: $c}) { userErrors { code message } } }""",
          m={"path": {"project": project.path, "name": model}}, v=version,
      c=candidate)  # fmt: skip
        assert made["modelVersionCreate"]["userErrors"] == []


@pytest.fixture
async def other(runtime, staff):
    """A second private project with the same people."""
    return await new_project(runtime, staff)


async def test_a_chain_over_projects_ends_at_deployments_both_ways(fraud, other, data):
    await make(data, other, "edge", "1.0.0", "1.0.1")
    owner = fraud[Role.OWNER]
    assert (await derive(data, owner, named(fraud, "1.1.0"), named(fraud, "1.0.0")))["userErrors"] == []
    edge = named(other, "1.0.0", "edge")
    made = await derive(data, owner, edge, named(fraud, "1.1.0"), "QUANTIZED")
    assert made["derivation"]["parent"] == {"version": "1.1.0"}
    where = {"modelVersion": edge, "environment": "factory", "endpoint": "camera"}
    await data(owner, REGISTER, input=where)
    answer = (await data(owner, IMPACT, by={"modelVersion": named(fraud, "1.0.0")}, first=100))["impact"]
    assert (answer["isComplete"], answer["modelVersionCount"], answer["deploymentCount"]) == (True, 2, 1)
    shown = [(node["step"], node["relation"]) for node in answer["entries"]["nodes"]]
    assert shown == [(1, "FINE_TUNED"), (2, "QUANTIZED"), (3, "RUNS")]
    assert answer["entries"]["nodes"][2]["deployment"] == {"environment": "factory"}
    up = (await data(owner, UP, v=edge))["modelVersion"]["lineage"]["entries"]["nodes"]
    assert [one["modelVersion"]["version"] for one in up if one["modelVersion"]] == ["1.1.0", "1.0.0"]


async def test_a_data_set_leads_over_candidates_to_versions_and_back(fraud, data):
    owner = fraud[Role.OWNER]
    made = await data(owner, """mutation c($p: String!) {
      experimentCreate(input: {project: {path: $p}, name: "e"}) { userErrors { code } }
      candidateCreate(input: {experiment: {name: {project: $p, name: "e"}}}) { candidate { id } userErrors { code } }
      }""", p=fraud.path)  # fmt: skip
    candidate = made["candidateCreate"]["candidate"]["id"]
    await data(owner, """mutation l($c: ID!) { candidateLog(input: {candidate: {id: $c}, datasets: [
      {name: "claims", digest: "d1", sourceType: "s", source: "s"}]}) { userErrors { code } } }""",
      c=candidate)  # fmt: skip
    await make(data, fraud, "trained", "1.0.0", candidate=candidate)
    await derive(data, owner, named(fraud, "2.0.0"), named(fraud, "1.0.0", "trained"), "DISTILLED")
    for digest in ("d1", None):
        by = {"dataset": {"project": fraud.path, "name": "claims", "digest": digest}}
        nodes = (await data(owner, IMPACT, by=by, first=100))["impact"]["entries"]["nodes"]
        assert [(one["step"], one["relation"]) for one in nodes] == [(1, "READ"), (2, "PRODUCED"), (3, "DISTILLED")]
        assert nodes[0]["candidate"] == {"id": candidate}
        assert nodes[2]["modelVersion"]["version"] == "2.0.0"
    by = {"dataset": {"project": fraud.path, "name": "claims", "digest": "other"}}
    assert (await data(owner, IMPACT, by=by))["impact"]["entries"]["nodes"] == []
    up = (await data(owner, UP, v=named(fraud, "2.0.0")))["modelVersion"]["lineage"]["entries"]["nodes"]
    assert {"name": "claims", "digest": "d1"} in [one["dataset"] for one in up]


async def test_a_version_in_a_private_project_and_what_only_it_leads_to_does_not_leak(
    fraud, other, data, runtime, staff
):
    """fraud 1.0.0 -> other 1.0.0 -> fraud 2.0.0, seen by a member of the first project alone."""
    await make(data, other, "secret", "1.0.0")
    owner, hidden = fraud[Role.OWNER], named(other, "1.0.0", "secret")
    await derive(data, owner, hidden, named(fraud, "1.0.0"))
    await derive(data, owner, named(fraud, "2.0.0"), hidden)
    assert await versions_below(data, owner, named(fraud, "1.0.0")) == [(1, "1.0.0"), (2, "2.0.0")]
    where = GroupOrProject(project_id=other.id)
    viewer = fraud[Role.DEVELOPER]
    await members.remove(runtime.db, other.owner, where, viewer.actor.username)
    assert await versions_below(data, viewer, named(fraud, "1.0.0")) == []
    up = (await data(viewer, UP, v=named(fraud, "2.0.0")))["modelVersion"]
    assert up["derivations"] == []
    assert [one for one in up["lineage"]["entries"]["nodes"] if one["modelVersion"]] == []
    refused = await derive(data, viewer, named(fraud, "1.1.0"), hidden)
    assert refused["userErrors"][0]["code"] == "NOT_FOUND"
    assert (
        refused["userErrors"][0]["message"]
        == (await derive(data, viewer, named(fraud, "1.1.0"), named(other, "9.9.9", "none")))["userErrors"][0][
            "message"
        ]
    ), "hidden and missing are one"


async def test_circles_are_refused_also_long_ones_and_by_two_at_once(fraud, data, runtime):
    owner = fraud[Role.OWNER]
    same = await derive(data, owner, named(fraud, "1.0.0"), named(fraud, "1.0.0"))
    assert same["userErrors"][0]["code"] == "CONFLICT"
    await derive(data, owner, named(fraud, "1.1.0"), named(fraud, "1.0.0"))
    await derive(data, owner, named(fraud, "2.0.0"), named(fraud, "1.1.0"))
    assert (await derive(data, owner, named(fraud, "1.0.0"), named(fraud, "2.0.0")))["userErrors"][0]["field"] == "base"
    await make(data, fraud, "pair", "1.0.0", "2.0.0")

    def at(version):
        return Named("pair", parse_reference(version))

    async def state(version, base):
        return await derivations.state(
            runtime.db, owner.actor, fraud.id, at(version), Base(fraud.id, at(base)), Kind.OTHER
        )

    answers = await asyncio.gather(
        *(state(*pair) for _ in range(5) for pair in (("1.0.0", "2.0.0"), ("2.0.0", "1.0.0"))), return_exceptions=True
    )
    assert sum(isinstance(one, Conflict) for one in answers) == 5
    assert len({one.id for one in answers if not isinstance(one, BaseException)}) == 1


async def test_a_circle_that_stands_anyway_ends_the_walk(fraud, data, runtime):
    owner = fraud[Role.OWNER]
    await derive(data, owner, named(fraud, "1.1.0"), named(fraud, "1.0.0"))
    async with runtime.db.write() as tx:
        await tx.execute(
            text("""INSERT INTO derivations
                (project_id, version_id, kind, base_project_id, base_version_id, base, source)
              SELECT project_id, base_version_id, kind, project_id, version_id, 'b', 'stated' FROM derivations
              WHERE project_id = :p"""),
            {"p": fraud.id},
        )
    assert await versions_below(data, owner, named(fraud, "1.0.0")) == [(1, "1.1.0")]
    assert await versions_below(data, owner, named(fraud, "1.1.0")) == [(1, "1.0.0")]


async def test_pages_of_an_impact_go_on_where_they_ended(fraud, data, runtime):
    owner = fraud[Role.OWNER]
    async with runtime.db.write() as tx:
        await tx.execute(
            text("""INSERT INTO derivations
                (project_id, version_id, kind, base_project_id, base_version_id, base, source)
              SELECT v.project_id, v.id, 'merged', b.project_id, b.id, 'b', 'stated'
              FROM model_versions v, model_versions b
              WHERE v.project_id = :p AND b.project_id = :p AND b.version = '1.0.0' AND v.version <> '1.0.0'"""),
            {"p": fraud.id},
        )
    for number in range(5):
        where = {"modelVersion": named(fraud, "2.0.0"), "environment": f"e{number}", "endpoint": "x"}
        await data(owner, REGISTER, input=where)
    seen, after = [], None
    for _ in range(4):
        answer = await data(owner, IMPACT, by={"modelVersion": named(fraud, "1.0.0")}, first=2, after=after)
        page = answer["impact"]["entries"]
        seen += [node["modelVersion"] and node["modelVersion"]["version"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert len(seen) == page["totalCount"] == 7
    assert not page["pageInfo"]["hasNextPage"]


async def test_a_large_impact_is_cut_and_says_so(fraud, data, runtime):
    async with runtime.db.write() as tx:
        await tx.execute(
            text("""INSERT INTO deployments (project_id, environment, endpoint, instance, model_id, version_id, model,
                version, number, started_at)
              SELECT v.project_id, 'e', 'x', n::text, v.model_id, v.id, 'fraud', v.version, v.number, now()
              FROM model_versions v, generate_series(1, 1200) n WHERE v.project_id = :p AND v.version = '1.0.0'"""),
            {"p": fraud.id},
        )
    answer = (await data(fraud[Role.OWNER], IMPACT, by={"modelVersion": named(fraud, "1.0.0")}, first=1))["impact"]
    assert (answer["isComplete"], answer["entries"]["totalCount"]) == (False, 1000)


async def test_tags_tell_what_a_version_was_made_from_and_derivations_follow_them(fraud, data, runtime):
    owner = fraud[Role.OWNER]

    async def tag(**tags):
        patch = [{"key": key.replace("__", "."), "value": value} for key, value in tags.items()]
        answer = await data(owner, """mutation t($v: ModelVersionLookup!, $t: [TagPatch!]!) {
          modelVersionUpdate(input: {modelVersion: $v, tags: $t}) { userErrors { code message } } }""",
          v=named(fraud, "2.0.0"), t=patch)  # fmt: skip
        assert answer["modelVersionUpdate"]["userErrors"] == []
        while await learning.read_tags(runtime.db):
            pass
        shown = await data(owner, """query v($v: ModelVersionLookup!) { modelVersion(by: $v) {
          derivations { kind baseName source parent { version } } } }""", v=named(fraud, "2.0.0"))  # fmt: skip
        return [
            (one["kind"], one["baseName"], (one["parent"] or {}).get("version"), one["source"])
            for one in shown["modelVersion"]["derivations"]
        ]

    await derive(data, owner, named(fraud, "2.0.0"), named(fraud, "1.0.0"))
    stated = ("FINE_TUNED", "fraud:1.0.0", "1.0.0", "stated")
    both = await tag(modelyard__derived_from="fine_tuned fraud:^1, nonsense, bad_kind fraud:1.0.0, fraud:1.0.0@x")
    assert both == [stated, ("FINE_TUNED", "fraud:1.1.0", "1.1.0", "tag")]
    hub = await tag(
        modelyard__derived_from=f"{fraud.path}//fraud#1", base_model="org/llama", base_model_relation="adapter"
    )
    assert set(hub) == {
        stated, ("OTHER", "fraud:1.0.0", "1.0.0", "tag"), ("ADAPTED", "org/llama", None, "tag")
    }  # fmt: skip
    assert await tag(modelyard__derived_from="", base_model="") == [stated]
    assert await tag(modelyard__derived_from="fine_tuned fraud:2.0.0") == [stated], "nothing is made from itself"


async def test_tags_name_no_base_that_the_maker_of_the_version_may_not_see(fraud, other, data, runtime):
    await make(data, other, "secret", "1.0.0")
    await members.remove(
        runtime.db, other.owner, GroupOrProject(project_id=other.id), fraud[Role.DEVELOPER].actor.username
    )
    made = await data(
        fraud[Role.DEVELOPER],
        """mutation v($m: ModelLookup!, $t: [TagInput!]!) { modelVersionCreate(input: {model: $m, version: "7.0.0",
        tags: $t}) { userErrors { code message } } }""",
        m={"path": {"project": fraud.path, "name": "fraud"}},
        t=[{"key": "modelyard.derived_from", "value": f"{other.path}//secret:1.0.0"}],
    )
    assert made["modelVersionCreate"]["userErrors"] == []
    while await learning.read_tags(runtime.db):
        pass
    async with runtime.db.read() as snap:
        count = "SELECT count(*) FROM derivations WHERE project_id = :p"
        assert await snap.scalar(text(count), {"p": fraud.id}) == 0


async def test_a_base_elsewhere_has_a_name_and_nothing_more(fraud, data):
    owner = fraud[Role.OWNER]
    answer = await data(owner, CREATE, v=named(fraud, "2.0.0"), name="meta-llama/Llama-3.1-8B", kind="QUANTIZED")
    assert answer["derivationCreate"]["derivation"]["parent"] is None
    up = (await data(owner, UP, v=named(fraud, "2.0.0")))["modelVersion"]["lineage"]["entries"]["nodes"]
    assert "meta-llama/Llama-3.1-8B" in [one["baseName"] for one in up]
    for name in ("", "  ", "a\nb", "x" * 501):
        refused = (await data(owner, CREATE, v=named(fraud, "2.0.0"), name=name, kind="OTHER"))["derivationCreate"]
        assert refused["userErrors"][0]["field"] == "baseName"


async def test_what_is_taken_back_is_gone_and_only_for_who_may_write(fraud, data):
    made = await derive(data, fraud[Role.REPORTER], named(fraud, "2.0.0"), named(fraud, "1.0.0"))
    remove = "mutation r($id: ID!) { derivationDelete(input: {id: $id}) { deletedId userErrors { code } } }"
    id = made["derivation"]["id"]
    for person, code in ((fraud[Role.GUEST], "FORBIDDEN"), (fraud.stranger, "NOT_FOUND")):
        assert (await data(person, remove, id=id))["derivationDelete"]["userErrors"] == [{"code": code}]
    assert (await data(fraud[Role.REPORTER], remove, id=id))["derivationDelete"] == {"deletedId": id, "userErrors": []}
    again = (await data(fraud[Role.REPORTER], remove, id=id))["derivationDelete"]
    assert again["userErrors"] == [{"code": "NOT_FOUND"}]


@pytest.mark.parametrize("steps", [0, 21, -1])
async def test_as_many_steps_as_make_sense(fraud, ask, steps):
    answer = await ask(
        fraud[Role.OWNER],
        "query u($v: ModelVersionLookup!, $s: Int!) { modelVersion(by: $v) { lineage(direction: UPSTREAM, maxSteps: $s)"
        " { isComplete } } }",
        v=named(fraud, "1.0.0"), s=steps,
    )  # fmt: skip
    assert answer.errors[0]["extensions"]["code"] == "INVALID"


async def test_a_bad_cursor_is_refused(fraud, ask):
    for cursor in ("x", "WyJsaW5lYWdlIl0", uuid4().hex):
        answer = await ask(fraud[Role.OWNER], IMPACT, by={"modelVersion": named(fraud, "1.0.0")}, after=cursor)
        assert answer.errors[0]["extensions"]["code"] == "INVALID"
