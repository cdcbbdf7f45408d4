"""Prompts: models with a tag, which need no calls of their own."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from tests.support.mlflow.client import MLflow


def client_methods():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_prompt("greeting", description="d", tags={"team": "a"})
    client.create_prompt_version("greeting", "Hello {{name}}", "first", {"k": "v"})
    client.register_prompt("greeting", "Hi {{name}}", "second")
    client.set_prompt_tag("greeting", "phase", "one")
    client.delete_prompt_tag("greeting", "team")
    client.set_prompt_version_tag("greeting", "1", "l", "w")
    client.delete_prompt_version_tag("greeting", "1", "k")
    client.set_prompt_alias("greeting", "live", 2)
    by_alias = client.get_prompt_version_by_alias("greeting", "live").version
    loaded = client.load_prompt("prompts:/greeting@live").format(name="Ann")
    parsed = list(client.parse_prompt_uri("prompts:/greeting/1"))
    client.delete_prompt_alias("greeting", "live")
    first = client.get_prompt_version("greeting", "1")
    result = client.get_prompt("greeting")
    named = [one.name for one in client.search_prompts()]
    versions = [one.version for one in client.search_prompt_versions("greeting")]
    models = [one.name for one in client.search_registered_models()]
    run = client.create_run("0").info.run_id
    client.link_prompt_version_to_run(run, first)
    client.set_prompt_version_tag("greeting", "1", "mlflow.prompt.associatedRunIds", run)
    linked = [[one.name, one.version] for one in client.list_logged_prompts(run)]
    client.detach_prompt_from_run(run, "prompts:/greeting/1")
    model = client.create_logged_model("0").model_id
    client.link_prompt_version_to_model("greeting", "1", model)
    tagged = "greeting" in client.get_logged_model(model).tags["mlflow.linkedPrompts"]
    client.delete_prompt_version("greeting", "2")
    client.delete_prompt_version("greeting", "1")
    client.delete_prompt("greeting")
    return [
        [by_alias, loaded, parsed, first.template, first.tags, first.commit_message],
        [result.description, result.tags["phase"], "team" in result.tags],
        [named, versions, models, linked, tagged, len(client.search_prompts())],
    ]


async def test_client_methods(mlflow: MLflow) -> None:
    first, prompt, lists = await mlflow(client_methods)
    assert first[:4] == [2, "Hi Ann", ["greeting", "1"], "Hello {{name}}"]
    assert (first[4]["l"], "k" in first[4], first[5]) == ("w", False, "first")
    assert prompt == ["d", "one", False]
    assert lists == [["greeting"], [2, 1], [], [["greeting", 1]], True, 0]


def fluent_functions():
    import mlflow

    mlflow.register_prompt("greeting", "Hello {{name}}")
    mlflow.set_prompt_alias("greeting", "live", 1)
    loaded = mlflow.load_prompt("prompts:/greeting@live").format(name="Ann")
    mlflow.delete_prompt_alias("greeting", "live")
    return [loaded, [one.name for one in mlflow.search_prompts()]]


async def test_fluent_functions(mlflow: MLflow) -> None:
    assert await mlflow(fluent_functions) == ["Hello Ann", ["greeting"]]
