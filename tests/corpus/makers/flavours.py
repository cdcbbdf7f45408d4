"""What MLflow's client logs, of many flavours; and the formats that have a small writer of their own."""

from __future__ import annotations

import dataclasses
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any, List  # noqa: UP035

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.corpus.makers.logging_models import logged, store
from tests.corpus.making import makes, run

X, Y = load_iris(return_X_y=True, as_frame=True)


@dataclasses.dataclass
class Message:
    role: str
    content: str | None = None
    parts: list[str] = dataclasses.field(default_factory=list)


class Plain(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


class Hinted(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: List[str]) -> List[str]:  # noqa: UP006
        return model_input


class Optionals(mlflow.pyfunc.PythonModel):
    def load_context(self, context: mlflow.pyfunc.PythonModelContext) -> None:
        self.words = context.artifacts

    def predict(
        self, context, model_input: list[dict[str, Any]], params: dict[str, Any] | None = None
    ) -> Callable[[int], str] | None:
        return None


class Nested(mlflow.pyfunc.PythonModel):
    """With a dataclass of the script, a model and a logger within."""

    def __init__(self):
        self.inner = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, Y)
        self.messages = [Message("user", "hello")]

    def predict(self, context, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> list[Message]:
        return [Message("model", str(each)) for each in self.inner.predict(model_input)]


class Chat(mlflow.pyfunc.ChatModel):
    def predict(self, context, messages: list, params) -> dict:
        return mlflow.types.llm.ChatCompletionResponse.from_dict({"choices": []})


def hinted_objects():
    """Models whose hints are objects rather than text, as in scripts without the __future__ import."""
    source = """
from typing import *
import dataclasses, mlflow, pydantic, pandas as pd

@dataclasses.dataclass
class Row:
    a: int
    b: Optional[str] = None

class Request(pydantic.BaseModel):
    text: str
    size: int | None = None

class ByDataclass(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params: dict[str, Any] | None = None) -> list[Row]:
        return [Row(1)]

class ByPydantic(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[Request]) -> list[str]:
        return [each.text for each in model_input]

class ByOptional(mlflow.pyfunc.PythonModel):
    def predict(
        self, model_input: List[Dict[str, Optional[Union[str, int]]]], params: Optional[Dict[str, Any]] = None
    ) -> List[str]:
        return []

class ByCallable(mlflow.pyfunc.PythonModel):
    def predict(
        self, context, model_input, hook: Callable[[int], str] | None = None, frame: Union[pd.DataFrame, None] = None
    ):
        return model_input

def function(model_input: list[str]) -> list[str]:
    return model_input
"""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "hints", "exec", dont_inherit=True), space)
    return {name: space[name] for name in ("ByDataclass", "ByPydantic", "ByOptional", "ByCallable")} | {
        "function": space["function"]
    }


@makes("mlflow", "sklearn")
def sklearn_flavour(folder):
    ridge, example = Ridge().fit(X, Y), X.head(3)
    signature = infer_signature(X, Y)
    logged(folder, "inferred", lambda **at: mlflow.sklearn.log_model(ridge, input_example=example, **at))
    for how in ("cloudpickle", "pickle", "skops"):
        options = {"skops_trusted_types": []} if how == "skops" else {}
        logged(
            folder,
            how,
            lambda **at: mlflow.sklearn.log_model(
                make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, Y),
                serialization_format=how,
                signature=signature,
                pip_requirements=["scikit-learn"],
                **options,
                **at,
            ),
        )
    logged(
        folder,
        "metadata",
        lambda **at: mlflow.sklearn.log_model(
            ridge,
            signature=signature,
            metadata={"a": 1, "nested": {"b": [1, None, "ä"]}},
            pip_requirements=["scikit-learn>=1", "-c constraints.txt"][:1],
            **at,
        ),
    )
    logged(
        folder,
        "conda",
        lambda **at: mlflow.sklearn.log_model(
            ridge,
            conda_env={
                "name": "e",
                "channels": ["conda-forge"],
                "dependencies": ["python=3.11", {"pip": ["mlflow", "scikit-learn"]}],
            },
            **at,
        ),
    )


@makes("mlflow", "pyfunc")
def pyfunc_flavour(folder):
    pins = ["mlflow", "pandas"]
    (folder / "words.txt").write_text("hello\n")
    (folder / "code").mkdir()
    (folder / "code/helper.py").write_text("VALUE = 1\n")
    for made in (Plain, Hinted, Optionals, Nested, Chat):
        logged(
            folder,
            made.__name__.lower(),
            lambda **at: mlflow.pyfunc.log_model(
                python_model=made(),
                pip_requirements=pins,
                artifacts={"words": str(folder / "words.txt")},
                code_paths=[str(folder / "code")],
                **at,
            ),
        )
    for name, made in hinted_objects().items():
        model = made if name == "function" else made()
        logged(
            folder, name.lower(), lambda **at: mlflow.pyfunc.log_model(python_model=model, pip_requirements=pins, **at)
        )
    logged(
        folder,
        "example",
        lambda **at: mlflow.pyfunc.log_model(
            python_model=Plain(),
            input_example=(pd.DataFrame({"a": [1], "t": pd.Timestamp("2026-01-01")}), {"x": 1.0}),
            pip_requirements=pins,
            **at,
        ),
    )
    (folder / "from_code.py").write_text(
        "import mlflow\n\nclass M(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n        return model_input\n\n"
        "mlflow.models.set_model(M())\n"
    )
    logged(
        folder,
        "from-code",
        lambda **at: mlflow.pyfunc.log_model(python_model=str(folder / "from_code.py"), pip_requirements=pins, **at),
    )
    columns = pd.DataFrame(np.zeros((1, 20_000)), columns=[f"column-{n:05}" for n in range(20_000)])
    logged(
        folder,
        "wide",
        lambda **at: mlflow.pyfunc.log_model(
            python_model=Plain(), signature=infer_signature(columns), pip_requirements=pins, **at
        ),
    )


@makes("mlflow", "boosting")
def boosting_flavours(folder):
    import catboost
    import lightgbm
    import xgboost

    pins = ["mlflow"]
    for form in ("ubj", "json"):
        logged(
            folder,
            f"xgboost-{form}",
            lambda **at: mlflow.xgboost.log_model(
                xgboost.XGBClassifier(n_estimators=2).fit(X, Y), model_format=form, pip_requirements=pins, **at
            ),
        )
    logged(
        folder,
        "lightgbm",
        lambda **at: mlflow.lightgbm.log_model(
            lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, Y), pip_requirements=pins, **at
        ),
    )
    logged(
        folder,
        "lightgbm-booster",
        lambda **at: mlflow.lightgbm.log_model(
            lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(X, Y).booster_, pip_requirements=pins, **at
        ),
    )
    logged(
        folder,
        "catboost",
        lambda **at: mlflow.catboost.log_model(
            catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False).fit(X, Y),
            pip_requirements=pins,
            **at,
        ),
    )


@makes("mlflow", "statsmodels")
def statsmodels_flavour(folder):
    import statsmodels.api as sm

    logged(
        folder, "ols", lambda **at: mlflow.statsmodels.log_model(sm.OLS(Y, X).fit(), pip_requirements=["mlflow"], **at)
    )


@makes("mlflow", "onnx")
def onnx_flavour(folder):
    from skl2onnx import to_onnx

    model = to_onnx(LogisticRegression(max_iter=500).fit(X, Y), X.to_numpy(np.float32)[:1])
    logged(folder, "model", lambda **at: mlflow.onnx.log_model(model, pip_requirements=["mlflow"], **at))


@makes("mlflow", "autolog")
def autolog_run(folder):
    store()
    mlflow.create_experiment("auto", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("auto")
    mlflow.sklearn.autolog(log_datasets=True, silent=True)
    with mlflow.start_run():
        LogisticRegression(max_iter=500).fit(X, Y)
        mlflow.log_table({"a": [1, 2], "b": ["x", None]}, "table.json")
        mlflow.log_dict({"a": 1}, "data.yaml")
        mlflow.log_text("hello", "note.txt")
        mlflow.log_image(np.zeros((4, 4, 3), np.uint8), "image.png")
        mlflow.log_image(np.zeros((4, 4, 3), np.uint8), key="key", step=1)
        figure = __import__("matplotlib.figure").figure.Figure()
        figure.subplots().plot([1, 2])
        mlflow.log_figure(figure, "figure.png")
        mlflow.models.evaluate(
            lambda frame: frame["a"],
            pd.DataFrame({"a": [1.0, 2.0], "y": [1.0, 2.5]}),
            targets="y",
            model_type="regressor",
        )
    mlflow.sklearn.autolog(disable=True)


@makes("mlflow", "archives")
def archives(folder):
    logged(
        folder,
        "model",
        lambda **at: mlflow.sklearn.log_model(Ridge().fit(X, Y), pip_requirements=["scikit-learn==1.9.1"], **at),
    )
    with tarfile.open("model.tar.gz", "w:gz") as packed:
        packed.add("model")
    with zipfile.ZipFile("model.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted((folder / "model").rglob("*")):
            packed.write(path, path.relative_to(folder))


if __name__ == "__main__":
    run()
