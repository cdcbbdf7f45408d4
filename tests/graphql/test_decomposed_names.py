"""Names typed with separate accents are one name with the composed, in lookups, filters and searches."""

from __future__ import annotations

import unicodedata
from uuid import uuid4

from app.access.policy import Role

NAME = "modèle Ångström"
APART = unicodedata.normalize("NFD", NAME)
FORMS = [NAME, APART, NAME.replace("Å", "\u212b")]

SETUP = """mutation s($p: String!, $n: String!, $alias: String!) {
  m: modelCreate(input: {project: {path: $p}, name: $n}) { model { name } userErrors { message } }
  v: modelVersionCreate(input: {model: {path: {project: $p, name: $n}}}) { userErrors { message } }
  a: aliasSet(input: {model: {path: {project: $p, name: $n}}, name: $alias, reference: "latest"}) {
    userErrors { message } }
  e: experimentCreate(input: {project: {path: $p}, name: $n}) { experiment { id name } userErrors { message } }
  c: candidateCreate(input: {experiment: {name: {project: $p, name: $n}}, name: $n}) {
    candidate { id name } userErrors { message } }
  l: loggedModelCreate(input: {experiment: {name: {project: $p, name: $n}}, name: $n}) {
    loggedModel { name } userErrors { message } }
}"""
UPLOAD = """mutation u($id: ID!, $file: String!) {
  artifactUploadCreate(input: {owner: {candidate: {id: $id}},
    files: [{path: $file, size: "1", sha256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}]}) {
    artifactUploads { path } userErrors { message } }
}"""
LOOKUPS = """query l($p: String!, $n: String!, $alias: String!, $model: String!, $stage: String!) {
  model(by: {path: {project: $p, name: $n}}) { name }
  byAlias: modelVersion(by: {path: {project: $p, model: $n, reference: $alias}}) { number }
  inStage: modelVersion(by: {path: {project: $p, model: $n, reference: $stage}}) { number }
  experiment(by: {name: {project: $p, name: $n}}) { name }
  ofModel: experiment(by: {name: {project: $p, name: $model}}) { name }
}"""
SEARCHES = """query f($p: String!, $n: String!, $e: [ID!]!, $run: String!, $name: String!) {
  search(project: {path: $p}, search: $n) { nodes { __typename } }
  project(by: {path: $p}) {
    models(search: $n) { nodes { name } }
    experiments(search: $n) { nodes { name } }
    candidateSearch(experimentIds: $e, filter: $run) { nodes { name } }
    loggedModelSearch(experimentIds: $e, filter: $name) { nodes { name } }
    experimentSearch(filter: $name) { nodes { name } }
    modelSearch(filter: $name) { nodes { name } }
    modelVersionSearch(filter: $name) { nodes { number } }
  }
}"""


async def test_lookups_and_searches_match_every_unicode_form_of_a_name(data, project):
    owner, given = project[Role.OWNER], {"p": project.path}
    made = await data(owner, SETUP, **given, n=APART, alias=unicodedata.normalize("NFD", "hérité"))
    assert [answer["userErrors"] for answer in made.values()] == [[]] * len(made)
    named = (("m", "model"), ("e", "experiment"), ("c", "candidate"), ("l", "loggedModel"))
    assert [made[field][kind]["name"] for field, kind in named] == [NAME] * len(named)
    sent = await data(owner, UPLOAD, id=made["c"]["candidate"]["id"], file=f"{APART}.bin")
    assert sent["artifactUploadCreate"] == {"artifactUploads": [{"path": f"{NAME}.bin"}], "userErrors": []}
    for form in FORMS:
        alias = unicodedata.normalize("NFD", "hérité") if form == APART else "hérité"
        words = {"alias": f"@{alias}", "model": f"[model]{form}", "stage": " stage:None "}
        result = await data(owner, LOOKUPS, **given, n=form, **words)
        assert result == {
            "model": {"name": NAME},
            "byAlias": {"number": 1},
            "inStage": {"number": 1},
            "experiment": {"name": NAME},
            "ofModel": {"name": f"[model]{NAME}"},
        }
        words = {
            "run": f"NOT attributes.run_name != '{form}' OR run_name = 'x'",
            "name": f"name ILIKE '%{form.upper()}'",
        }
        result = await data(owner, SEARCHES, **given, n=form.upper(), e=[made["e"]["experiment"]["id"]], **words)
        kinds = [one["__typename"] for one in result["search"]["nodes"]]
        assert kinds == ["Model", "Experiment", "Experiment", "Candidate", "Candidate"]
        assert result["project"] == {
            "models": {"nodes": [{"name": NAME}]},
            "experiments": {"nodes": [{"name": NAME}, {"name": f"[model]{NAME}"}]},
            "candidateSearch": {"nodes": [{"name": NAME}]},
            "loggedModelSearch": {"nodes": [{"name": NAME}]},
            "experimentSearch": {"nodes": [{"name": NAME}, {"name": f"[model]{NAME}"}]},
            "modelSearch": {"nodes": [{"name": NAME}]},
            "modelVersionSearch": {"nodes": [{"number": 1}]},
        }


async def test_display_names_are_stored_in_normal_form_c(data, project):
    made = await data(
        project[Role.OWNER],
        """mutation g($path: String!, $parent: String!, $name: String!) {
          groupCreate(input: {path: $path, parent: {path: $parent}, name: $name}) { group { name }
            userErrors { message } } }""",
        path=f"g{uuid4().hex[:8]}",
        parent=project.path.partition("/")[0],
        name=APART,
    )
    assert made["groupCreate"] == {"group": {"name": NAME}, "userErrors": []}
