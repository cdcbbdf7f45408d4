"""Names typed with separate accents (Unicode form D, as some disks have them) are one name with the composed.

What is a name is stored composed and compared so by every call; keys, values of tags and params, and contexts of data
sets are the client's own texts and stay as they are.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from app.registry.names import stage_key
from tests.mlflow.conftest import Rest

NAME = "modèle Ångström 한국"
APART = unicodedata.normalize("NFD", NAME)
FORMS = [NAME, APART, NAME.replace("Å", "\u212b")]
"""Composed, decomposed, and with the sign for the unit Ångström, which is the letter composed."""
OTHER = "modele"

MATCHING = ["= '{}'", "LIKE '{}'", "LIKE '%{}'", "LIKE '{}%'", "ILIKE '{}'", "ILIKE '%{}%'"]
DIFFERING = ["!= '{}'"]
AMONG, NOT_AMONG = ["IN ('{}', 'x')"], ["NOT IN ('{}', 'x')"]


async def post_ok(rest: Rest, path: str, body: Any) -> dict[str, Any]:
    answer = await rest.post(path, body)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def clauses(attribute: str, *, lists: bool) -> dict[str, bool]:
    """Each way of comparing, in each form of the name, and whether it is to find what is called so."""
    yes, no = MATCHING + (AMONG if lists else []), DIFFERING + (NOT_AMONG if lists else [])
    said = {f"{attribute} {clause.format(form)}": True for clause in yes for form in FORMS}
    return said | {f"{attribute} {clause.format(form)}": False for clause in no for form in FORMS}


@pytest.mark.parametrize("stored", FORMS)
async def test_decomposed_names_of_models_and_versions(rest: Rest, stored: str) -> None:
    for name in (stored, OTHER):
        await post_ok(rest, "registered-models/create", {"name": name})
        await post_ok(rest, "model-versions/create", {"name": name, "source": ""})
    for clause, finds in clauses("name", lists=True).items():
        models = await rest.get("registered-models/search", filter=clause)
        versions = await rest.get("model-versions/search", filter=clause)
        expected = [NAME if finds else OTHER]
        assert [one["name"] for one in models.json().get("registered_models", [])] == expected, clause
        assert [one["name"] for one in versions.json().get("model_versions", [])] == expected, clause
    for form in FORMS:
        assert (await rest.get("registered-models/get", name=form)).json()["registered_model"]["name"] == NAME
        assert (await rest.get("model-versions/get", name=form, version="1")).status_code == 200
        assert (await rest.post("registered-models/create", {"name": form})).status_code == 400


async def test_decomposed_aliases_and_stages(rest: Rest) -> None:
    await post_ok(rest, "registered-models/create", {"name": NAME})
    await post_ok(rest, "model-versions/create", {"name": NAME, "source": ""})
    alias, apart = "modèle", unicodedata.normalize("NFD", "modèle")
    await post_ok(rest, "registered-models/alias", {"name": APART, "alias": apart, "version": "1"})
    for form in (alias, apart):
        result = await rest.get("registered-models/alias", name=APART, alias=form)
        assert result.json()["model_version"]["aliases"] == [alias]
        latest = await post_ok(rest, "registered-models/get-latest-versions", {"name": APART, "stages": [f"@{form}"]})
        assert [one["version"] for one in latest["model_versions"]] == ["1"]
    assert (await rest.send("DELETE", "registered-models/alias", json={"name": APART, "alias": apart})).is_success
    assert "not found" in (await rest.get("registered-models/alias", name=NAME, alias=alias)).json()["message"]
    assert stage_key(apart.title()) == alias


@pytest.mark.parametrize("stored", FORMS)
async def test_experiments(rest: Rest, stored: str) -> None:
    made = (await post_ok(rest, "experiments/create", {"name": stored}))["experiment_id"]
    other = (await post_ok(rest, "experiments/create", {"name": OTHER}))["experiment_id"]
    for clause, finds in clauses("name", lists=False).items():
        result = await post_ok(
            rest, "experiments/search", {"filter": f"{clause} AND name != 'Default'", "max_results": 10}
        )
        expected = [(made, NAME)] if finds else [(other, OTHER)]
        assert [(one["experiment_id"], one["name"]) for one in result["experiments"]] == expected, clause
    for form in FORMS:
        named = await rest.get("experiments/get-by-name", experiment_name=form)
        assert named.json()["experiment"]["experiment_id"] == made
        assert (await rest.post("experiments/create", {"name": form})).json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
        taken = await rest.post("experiments/update", {"experiment_id": other, "new_name": form})
        assert taken.json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
    await post_ok(rest, "experiments/update", {"experiment_id": other, "new_name": f"2 {APART}"})
    assert (await rest.get("experiments/get-by-name", experiment_name=f"2 {NAME}")).status_code == 200


async def test_decomposed_name_of_the_experiment_of_a_model(rest: Rest) -> None:
    await post_ok(rest, "registered-models/create", {"name": APART})
    for form in FORMS:
        result = await rest.get("experiments/get-by-name", experiment_name=f"[model]{form}")
        assert result.json()["experiment"]["name"] == f"[model]{NAME}"


@pytest.mark.parametrize("stored", FORMS)
async def test_runs(rest: Rest, stored: str) -> None:
    """The tag that MLflow keeps the name in is the name, whichever of the two was sent."""
    by_name = await post_ok(rest, "runs/create", {"experiment_id": "0", "run_name": stored})
    by_tag = await post_ok(
        rest, "runs/create", {"experiment_id": "0", "tags": [{"key": "mlflow.runName", "value": stored}]}
    )
    both = {"run_name": NAME, "tags": [{"key": "mlflow.runName", "value": stored}]}
    by_both = await post_ok(rest, "runs/create", {"experiment_id": "0", **both})
    renamed = await post_ok(rest, "runs/create", {"experiment_id": "0", "run_name": "x"})
    await post_ok(rest, "runs/update", {"run_id": renamed["run"]["info"]["run_id"], "run_name": stored})
    tagged = await post_ok(rest, "runs/create", {"experiment_id": "0", "run_name": "x"})
    tag = {"run_id": tagged["run"]["info"]["run_id"], "key": "mlflow.runName", "value": stored}
    await post_ok(rest, "runs/set-tag", tag)
    await post_ok(rest, "runs/create", {"experiment_id": "0", "run_name": OTHER})
    expected = sorted(one["run"]["info"]["run_id"] for one in (by_name, by_tag, by_both, renamed, tagged))
    for attribute in ("attributes.run_name", "tags.mlflow.runName", "tags.`mlflow.runName`"):
        for clause, finds in clauses(attribute, lists=False).items():
            runs = (await post_ok(rest, "runs/search", {"experiment_ids": ["0"], "filter": clause}))["runs"]
            names = {one["info"]["run_name"] for one in runs}
            assert names == ({NAME} if finds else {OTHER}), clause
            assert not finds or sorted(one["info"]["run_id"] for one in runs) == expected
            tags = {one["value"] for run in runs for one in run["data"]["tags"] if one["key"] == "mlflow.runName"}
            assert tags == names


@pytest.mark.parametrize("stored", FORMS)
async def test_data_sets(rest: Rest, stored: str) -> None:
    run = (await post_ok(rest, "runs/create", {"experiment_id": "0"}))["run"]["info"]["run_id"]
    other = (await post_ok(rest, "runs/create", {"experiment_id": "0"}))["run"]["info"]["run_id"]
    for id, name in ((run, stored), (other, OTHER)):
        dataset = {"name": name, "digest": "d", "source_type": "local", "source": "{}"}
        context = {"key": "mlflow.data.context", "value": stored}
        await post_ok(rest, "runs/log-inputs", {"run_id": id, "datasets": [{"dataset": dataset, "tags": [context]}]})
    again = {"name": APART, "digest": "d", "source_type": "local", "source": "{}"}
    await post_ok(rest, "runs/log-inputs", {"run_id": run, "datasets": [{"dataset": again}]})
    for clause, finds in clauses("dataset.name", lists=True).items():
        runs = (await post_ok(rest, "runs/search", {"experiment_ids": ["0"], "filter": clause}))["runs"]
        assert [one["info"]["run_id"] for one in runs] == [run if finds else other], clause
        named = [one["dataset"]["name"] for one in runs[0]["inputs"]["dataset_inputs"]]
        assert named == [NAME if finds else OTHER]
    for form in FORMS:  # a context is a tag's value
        clause = f"dataset.context = '{form}'"
        runs = (await post_ok(rest, "runs/search", {"experiment_ids": ["0"], "filter": clause})).get("runs", [])
        assert len(runs) == (2 if form == stored else 0)


@pytest.mark.parametrize("stored", FORMS)
async def test_logged_models(rest: Rest, stored: str) -> None:
    run = (await post_ok(rest, "runs/create", {"experiment_id": "0"}))["run"]["info"]["run_id"]
    ids = {}
    for name in (stored, OTHER):
        made = await post_ok(rest, "logged-models", {"experiment_id": "0", "name": name, "source_run_id": run})
        ids[name] = made["model"]["info"]["model_id"]
    metric = {"run_id": run, "key": "f1", "value": 0.5, "timestamp": 1, "model_id": ids[stored]}
    await post_ok(rest, "runs/log-metric", {**metric, "dataset_name": stored, "dataset_digest": "d"})
    for clause, finds in clauses("name", lists=True).items():
        result = await post_ok(rest, "logged-models/search", {"experiment_ids": ["0"], "filter": clause})
        assert [one["info"]["name"] for one in result["models"]] == [NAME if finds else OTHER], clause
    for form in FORMS:
        narrowed = {"experiment_ids": ["0"], "datasets": [{"dataset_name": form}], "filter": "metrics.f1 > 0"}
        result = await post_ok(rest, "logged-models/search", narrowed)
        assert [one["info"]["model_id"] for one in result["models"]] == [ids[stored]]
        order = [{"field_name": "metrics.f1", "dataset_name": form, "dataset_digest": "d"}]
        result = await post_ok(rest, "logged-models/search", {"experiment_ids": ["0"], "order_by": order})
        assert [one["info"]["model_id"] for one in result["models"]] == [ids[stored], ids[OTHER]]


@pytest.mark.parametrize("stored", FORMS)
async def test_keys_and_values_are_not_normalized(rest: Rest, stored: str) -> None:
    """MLflow's keys take no separate accents; what they take (composed letters, Korean parts) is kept to the letter."""
    run = (await post_ok(rest, "runs/create", {"experiment_id": "0"}))["run"]["info"]["run_id"]
    pair = {"key": "note", "value": stored}
    await post_ok(rest, "runs/log-batch", {"run_id": run, "params": [pair], "tags": [pair]})
    await post_ok(rest, "registered-models/create", {"name": "m", "tags": [pair]})
    await post_ok(rest, "model-versions/create", {"name": "m", "source": "", "tags": [pair]})
    for form in FORMS:
        for entity in ("params", "tags"):
            search = {"experiment_ids": ["0"], "filter": f"{entity}.note = '{form}'"}
            assert len((await post_ok(rest, "runs/search", search)).get("runs", [])) == (form == stored)
        for call in ("registered-models/search", "model-versions/search"):
            result = (await rest.get(call, filter=f"tags.note = '{form}'")).json()
            assert sum(len(value) for value in result.values()) == (form == stored)
    apart = unicodedata.normalize("NFD", "한국")
    await post_ok(rest, "runs/set-tag", {"run_id": run, "key": apart, "value": "1"})
    for key, count in ((apart, 1), ("한국", 0)):
        search = {"experiment_ids": ["0"], "filter": f"tags.`{key}` = '1'"}
        assert len((await post_ok(rest, "runs/search", search)).get("runs", [])) == count
    refused = await rest.post("runs/set-tag", {"run_id": run, "key": unicodedata.normalize("NFD", "é"), "value": "1"})
    assert refused.json()["error_code"] == "INVALID_PARAMETER_VALUE"


async def test_files(rest: Rest) -> None:
    """Paths are composed by every call that takes one."""
    info = (await post_ok(rest, "runs/create", {"experiment_id": "0"}))["run"]["info"]
    target = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
    base = rest.base.removesuffix("/mlflow") + "/mlflow/api/2.0/mlflow-artifacts/artifacts"
    sent = await rest.http.put(f"{base}/{target}/{APART}/{APART}.txt", content=b"x", headers=rest.headers)
    assert sent.is_success, sent.text
    for form in FORMS:
        listed = await rest.send("GET", "artifacts/list", params={"run_id": info["run_id"], "path": form})
        assert [one["path"] for one in listed.json()["files"]] == [f"{NAME}/{NAME}.txt"]
        got = await rest.http.get(f"{base}/{target}/{form}/{form}.txt", headers=rest.headers, follow_redirects=True)
        assert got.content == b"x"
