#!/usr/bin/env bash
# mlflow.models.evaluate of MLflow 3.17.2, given a registered version (`models:/name/1`), logs its metrics without the id of the
# logged model, and the run has no logged model as input. Only the tag `mlflow.datasets` names it. Given the logged model itself
# (`models:/m-…`), all three do. So a server that looks for evaluations of a version has to read the tag.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/script.py" <<'PYTHON'
import json
import sys
import warnings

warnings.simplefilter("ignore")
import mlflow
import mlflow.sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(f"sqlite:///{sys.argv[1]}/mlflow.db")
mlflow.set_experiment("evaluations")
data = load_iris(as_frame=True).frame
features, target = data.drop(columns="target"), data["target"]
with mlflow.start_run():
    model = mlflow.sklearn.log_model(LogisticRegression(max_iter=200).fit(features, target), name="model")
mlflow.register_model(model.model_uri, "iris")


def evaluated(address):
    dataset = mlflow.data.from_pandas(data, targets="target", name="iris")
    with mlflow.start_run() as run:
        mlflow.models.evaluate(
            address, dataset, model_type="classifier", evaluators="default",
            evaluator_config={"log_model_explainability": False},
        )
    stored = mlflow.get_run(run.info.run_id)
    of_model = mlflow.get_logged_model(model.model_id).metrics or []
    has_metrics = any(one.run_id == run.info.run_id and one.key == "accuracy_score" for one in of_model)
    in_tag = json.loads(stored.data.tags["mlflow.datasets"])[0]["model"]
    inputs = [one.model_id for one in stored.inputs.model_inputs]
    return has_metrics, inputs == [model.model_id], in_tag == model.model_id


print("mlflow", mlflow.__version__)
by_name, by_id = evaluated("models:/iris/1"), evaluated(model.model_uri)
print("by name of the version: metrics, input, tag name the model:", by_name)
print("by id of the model:     metrics, input, tag name the model:", by_id)
sys.exit(0 if (by_name, by_id) == ((False, False, True), (True, True, True)) else 1)
PYTHON

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --quiet --quiet install "mlflow==3.17.2" "scikit-learn" "matplotlib"
cd "$folder" && MLFLOW_DISABLE_TELEMETRY=true MPLBACKEND=Agg "$folder/venv/bin/python" "$folder/script.py" "$folder" 2>/dev/null
