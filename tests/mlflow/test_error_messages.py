"""What MLflow's own server says, this one says first: people and programs look for its sentences."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import pytest

from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import MLflow

VERSION = "Model Version (name=nope, version=1) not found"
LONG = "exceeds the maximum length of"
CLAUSE = "Invalid clause(s) in filter string"
NAMES = (
    "supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) "
    "and slashes (/)."
)
TOKEN = "Invalid page token, could not base64-decode"
DOES_NOT_MATCH = "in the page token {} not match the requested"

SENTENCES = {
    # what is asked for does not exist
    "client.get_model_version('nope', '1')": VERSION,
    "registry.get_model_version_download_uri('nope', '1')": VERSION,
    "registry.update_model_version('nope', '1', 'd')": VERSION,
    "registry.set_model_version_tag('nope', '1', ModelVersionTag('k', 'v'))": VERSION,
    "registry.delete_model_version_tag('nope', '1', 'k')": VERSION,
    "registry.transition_model_version_stage('nope', '1', 'Staging', False)": VERSION,
    "registry.set_registered_model_alias('nope', 'champion', '1')": VERSION,
    "registry.delete_model_version('nope', '1')": VERSION,
    "client.get_model_version('m', '9')": "Model Version (name=m, version=9) not found",
    "client.get_model_version_by_alias('m', 'absent')": "Registered model alias absent not found.",
    "client.get_registered_model('nope')": "Registered Model with name=nope not found",
    # a name that is taken
    "client.create_registered_model('m')": "Registered Model (name=m) already exists.",
    "registry.create_registered_model('p', PROMPT)": "Prompt (name=p) already exists.",
    "registry.create_registered_model('m', PROMPT)": (
        "Tried to create a prompt with name 'm', but the name is already taken by a registered model. MLflow does not "
        "allow creating a model and a prompt with the same name."
    ),
    "client.create_registered_model('p')": (
        "Tried to create a registered model with name 'p', but the name is already taken by a prompt. MLflow does not "
        "allow creating a model and a prompt with the same name."
    ),
    # names and texts that cannot be
    "client.create_registered_model('a:b')": "Invalid model name 'a:b'. ",
    "client.set_registered_model_tag('m', 'k', 'x' * 100_001)": f"'value' {LONG} 100000 characters",
    "client.set_registered_model_tag('m', 'k' * 251, 'v')": f"'key' {LONG} 250 characters",
    "client.set_registered_model_tag('m', 'k?', 'v')": f"Invalid value \"k?\" for parameter 'key' {NAMES}",
    "client.set_model_version_tag('m', '1', 'k', 'x' * 100_001)": f"'value' {LONG} 100000 characters",
    "client.create_experiment('x' * 501)": f"'name' {LONG} 500 characters",
    "client.rename_experiment('0', 'x' * 501)": f"'name' {LONG} 500 characters",
    "client.set_experiment_tag('0', 'k', 'x' * 20_001)": f"'value' {LONG} 20000 characters",
    "store.set_experiment_tag('0', ExperimentTag('k' * 251, 'v'))": f"'key' {LONG} 250 characters",
    "store.set_tag(run, RunTag('k' * 251, 'v'))": f"'key' {LONG} 250 characters",
    "store.set_tag(run, RunTag('k?', 'v'))": f"Invalid value \"k?\" for parameter 'key' {NAMES}",
    "store.log_param(run, Param('../k', 'v'))": (
        "Invalid value \"../k\" for parameter 'key' supplied: Names may be treated as files in certain cases, and must "
        "not resolve to other names when treated as such. This name would resolve to '../k'"
    ),
    "store.log_metric(run, Metric('k?', 1, 1, 0))": f"Invalid value \"k?\" for parameter 'name' {NAMES}",
    "store.log_batch(run, [Metric('k?', 1, 1, 0)], [], [])": (
        f"Invalid value \"k?\" for parameter 'metrics[0].name' {NAMES}"
    ),
    "store.log_inputs(run, data_set(name='x' * 501))": f"'name' {LONG} 500 characters",
    "store.log_inputs(run, data_set(digest='x' * 37))": f"'digest' {LONG} 36 characters",
    "store.log_inputs(run, data_set(source='x' * 65_536))": f"'source' {LONG} 65535 characters",
    "registry.set_registered_model_alias('m', 'a b', '1')": "Invalid alias name: 'a b'. Names may only contain",
    "registry.set_registered_model_alias('m', 'latest', '1')": "'latest' alias name (case insensitive) is reserved.",
    "registry.set_registered_model_alias('m', 'v1', '1')": "Version alias name 'v1' is reserved.",
    "registry.set_registered_model_alias('m', 'a' * 256, '1')": (
        f"'Registered model alias name' {LONG} 255 characters"
    ),
    "registry.transition_model_version_stage('m', '1', 'unknown', False)": (
        "Invalid Model Version stage: unknown. Value must be one of None, Staging, Production, Archived."
    ),
    "registry.get_latest_versions('m', ['unknown'])": "Invalid Model Version stage: unknown. Value must",
    # filters
    "client.search_registered_models('evilhax = true')": CLAUSE,
    "client.search_model_versions('run_id IN (')": CLAUSE,
    "client.search_model_versions('run_id IN')": CLAUSE,
    "client.search_experiments(filter_string='name IN (')": CLAUSE,
    "client.search_runs(['0'], 'run_name = true')": CLAUSE,
    "client.search_registered_models(\"name > 'a'\")": "Invalid comparator for attribute: >",
    "client.search_model_versions(\"version_number LIKE '1'\")": "Invalid comparator for attribute version_number:",
    "client.search_model_versions(\"tags.a > 'b'\")": "Invalid comparator for tag: >",
    "client.search_experiments(filter_string=\"tags.a > 'b'\")": "Invalid comparator for tag: >",
    "client.search_runs(['0'], \"run_name > 'a'\")": "Invalid comparator '>' not one of",
    "client.search_registered_models('metrics.a > 1')": "Invalid entity type 'metrics'. Valid entity types are (",
    "client.search_logged_models(['0'], 'blah')": "Invalid filter string: 'blah'. Expected a list of comparisons",
    "client.search_logged_models(['0'], \"name > 'a'\")": "Invalid comparison operator for attributes.name: '>'.",
    "client.search_logged_models(['0'], 'foo.a > 1')": "Invalid entity type: 'foo'. Expected one of [",
    # orders
    "client.search_registered_models(order_by=['nokey'])": "Invalid order by key 'nokey' specified.",
    "client.search_registered_models(order_by=['metrics.x'])": "Invalid order by key 'metrics.x' specified.",
    "client.search_model_versions(order_by=['run_id DESC'])": "Invalid attribute key 'run_id' specified.",
    "client.search_experiments(order_by=['nokey'])": "Invalid attribute key 'nokey' specified.",
    "client.search_runs(['0'], order_by=['nokey'])": "Invalid attribute key 'nokey' specified.",
    "client.search_logged_models(['0'], order_by=[{'field_name': 'nokey'}])": "Invalid order by field name: nokey",
    # pages
    "client.search_registered_models(page_token='evilhax')": TOKEN,
    "client.search_model_versions(page_token='evilhax')": TOKEN,
    "client.search_experiments(page_token='evilhax')": TOKEN,
    "client.search_runs(['0'], page_token='evilhax')": TOKEN,
    "client.list_webhooks(page_token='evilhax')": TOKEN,
    "client.search_registered_models(page_token='e30=')": "Invalid page token, decoded value=b'{}'",
    "client.search_logged_models(['0', other], max_results=1, page_token=token)": (
        f"Experiment IDs {DOES_NOT_MATCH.format('do')} experiment IDs"
    ),
    "client.search_logged_models(['0'], \"name = 'a'\", max_results=1, page_token=token)": (
        f"Filter string {DOES_NOT_MATCH.format('does')} filter string"
    ),
    "client.search_logged_models(['0'], order_by=[{'field_name': 'name'}], max_results=1, page_token=token)": (
        f"Order by {DOES_NOT_MATCH.format('does')} order by"
    ),
    "store.search_experiments(max_results=50_001)": (
        "Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000"
    ),
    "store.search_experiments(max_results=0)": (
        "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"
    ),
    "registry.search_registered_models(max_results=1_001)": "Invalid value for request parameter max_results",
    "registry.search_model_versions(max_results=200_001)": "Invalid value for max_results.",
    "registry.list_webhooks(max_results=1_001)": "max_results must be between 1 and 1000.",
}


def tell(expressions):
    """What each expression raises, in a project with a model, a prompt, a run and two logged models.

    ``registry`` and ``store`` are what the client sends its requests with, past its own checks.
    """
    from mlflow import MlflowClient
    from mlflow.entities import Dataset, DatasetInput, ExperimentTag, Metric, Param, RunTag
    from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
    from mlflow.exceptions import MlflowException

    def data_set(**given):
        fields = {"name": "d", "digest": "1", "source_type": "t", "source": "s", **given}
        return [DatasetInput(Dataset(**fields), [])]

    client, prompt = MlflowClient(), [RegisteredModelTag("mlflow.prompt.is_prompt", "true")]
    registry, store = client._get_registry_client().store, client._tracking_client.store
    client.create_registered_model("m")
    client.create_model_version("m", "s3://bucket/m")
    registry.create_registered_model("p", prompt)
    for _ in range(2):
        client.create_logged_model("0")
    names = {
        "client": client,
        "registry": registry,
        "store": store,
        "PROMPT": prompt,
        "run": client.create_run("0").info.run_id,
        "other": client.create_experiment("other"),
        "token": client.search_logged_models(["0"], max_results=1).token,
        "data_set": data_set,
        **{kind.__name__: kind for kind in (ExperimentTag, Metric, ModelVersionTag, Param, RunTag)},
    }
    told = {}
    for expression in expressions:
        try:
            told[expression] = f"no error, but {eval(expression, names)!r}"
        except MlflowException as error:
            told[expression] = error.message.partition(": ")[2]  # the code stands first
    return told


async def test_error_messages_begin_like_those_of_mlflow(mlflow: MLflow) -> None:
    told = await mlflow(tell, list(SENTENCES))
    others = {one: (told[one], SENTENCES[one]) for one in SENTENCES if not told[one].startswith(SENTENCES[one])}
    assert others == {}


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow/artifacts/list",
        "/get-artifact",
        "/model-versions/get-artifact",
        "//model-versions/get-artifact",
    ],
)
async def test_a_path_outside_of_the_root_answers_invalid_path(rest: Rest, path: str) -> None:
    run = (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]
    query = {"run_id": run, "name": "nope", "version": "1", "path": "../x"}
    answer = await rest.http.get(rest.base + path, params=query, headers=rest.headers)
    told = answer.json()
    assert [answer.status_code, told["error_code"], told["message"]] == [400, "INVALID_PARAMETER_VALUE", "Invalid path"]
