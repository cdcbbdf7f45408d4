"""What charts and overviews ask: thinned histories, data sets of an experiment, versions that come from elsewhere."""

from __future__ import annotations

from app.access.policy import Role
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from app.tracking.logging import inputs, log
from app.tracking.logging.inputs import DatasetUse
from app.tracking.logging.log import LogBatch, MetricInput

SAMPLE = """query q($project: ProjectLookup!, $size: Int!, $from: Long, $to: Long) {
  project(by: $project) { experiments(first: 1) { nodes { datasets { name digest context }
    candidates(first: 5) { nodes { name
      metricSample(key: "loss", maxPoints: $size, fromStep: $from, toStep: $to) { step } } }
  } } } }"""


async def test_histories_are_thinned_and_data_sets_listed(data, project):
    db, owner = project.runtime.db, project.owner
    for name, count in (("short", 3), ("long", 20)):
        made = await candidates.create(db, owner, project.id, CreateCandidate(0, name=name))
        points = [MetricInput("loss", 1.0, step, step) for step in range(count)]
        await log.log_batch(db, owner, project.id, LogBatch(made.candidate.id, metrics=points))
        use = DatasetUse("digits", "abc", "http", "http://data", tags={"mlflow.data.context": "training"})
        await inputs.log_inputs(db, owner, project.id, made.candidate.id, datasets=[use])

    async def steps(**given):
        answer = await data(project[Role.GUEST], SAMPLE, project={"path": project.path}, **given)
        (experiment,) = answer["project"]["experiments"]["nodes"]
        assert experiment["datasets"] == [{"name": "digits", "digest": "abc", "context": "training"}]
        return {
            one["name"]: [point["step"] for point in one["metricSample"]] for one in experiment["candidates"]["nodes"]
        }

    assert await steps(size=5) == {"short": [0, 1, 2], "long": [0, 4, 8, 12, 19]}
    assert await steps(size=3) == {"short": [0, 1, 2], "long": [0, 7, 19]}
    assert await steps(size=1) == {"short": [2], "long": [19]}
    assert await steps(size=5, **{"from": 1, "to": 2}) == {"short": [1, 2], "long": [1, 2]}


CREATE = """mutation m($input: ModelVersionCreateInput!) { modelVersionCreate(input: $input) {
  modelVersion { version source location foreignRun runLink } userErrors { code field } } }"""


async def test_version_create_stores_source_and_location_of_foreign_files(data, project):
    made = await data(
        project[Role.DEVELOPER],
        "mutation m($input: ModelCreateInput!) { modelCreate(input: $input) { model { id } } }",
        input={"project": {"path": project.path}, "name": "m"},
    )
    given = {
        "model": {"id": made["modelCreate"]["model"]["id"]},
        "source": "s3://theirs/m",
        "location": "s3://theirs/m",
        "foreignRun": "run-7",
        "runLink": "https://theirs/runs/7",
    }
    answer = (await data(project[Role.DEVELOPER], CREATE, input=given))["modelVersionCreate"]
    assert answer["userErrors"] == []
    assert answer["modelVersion"] == {"version": "1.0.0", **{key: given[key] for key in given if key != "model"}}
    too_long = await data(project[Role.DEVELOPER], CREATE, input={**given, "location": "s3://" + "x" * 5000})
    assert too_long["modelVersionCreate"]["userErrors"] == [{"code": "TOO_LARGE", "field": "location"}]
