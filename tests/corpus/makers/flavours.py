"""What MLflow's client logs, of many flavours; and the formats that have a small writer of their own."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, List, Optional  # noqa: UP035

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.corpus.makers.logging_models import logged
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
    def load_context(self, context: "mlflow.pyfunc.PythonModelContext") -> None:
        self.words = context.artifacts

    def predict(self, context, model_input: list[dict[str, Any]], params: Optional[dict[str, Any]] = None) -> Callable[[int], str] | None:  # noqa: UP045
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
    def predict(self, model_input: List[Dict[str, Optional[Union[str, int]]]], params: Optional[Dict[str, Any]] = None) -> List[str]:
        return []

class ByCallable(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, hook: Callable[[int], str] | None = None, frame: Union[pd.DataFrame, pd.Series, None] = None):
        return model_input

def function(model_input: list[str]) -> list[str]:
    return model_input
"""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "hints", "exec", dont_inherit=True), space)  # noqa: S102 - the import of annotations is not inherited
    return {name: space[name] for name in ("ByDataclass", "ByPydantic", "ByOptional", "ByCallable")} | {"function": space["function"]}


@makes("mlflow", "sklearn")
def sklearn_flavour(folder):
    ridge, example = Ridge().fit(X, Y), X.head(3)
    signature = infer_signature(X, Y)
    logged(folder, "inferred", lambda **at: mlflow.sklearn.log_model(ridge, input_example=example, **at))
    for how in ("cloudpickle", "pickle", "skops"):
        options = {"skops_trusted_types": []} if how == "skops" else {}
        logged(folder, how, lambda **at: mlflow.sklearn.log_model(
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, Y), serialization_format=how, signature=signature,  # noqa: B023
            pip_requirements=["scikit-learn"], **options, **at))  # fmt: skip
    logged(folder, "metadata", lambda **at: mlflow.sklearn.log_model(
        ridge, signature=signature, metadata={"a": 1, "nested": {"b": [1, None, "ä"]}}, pip_requirements=["scikit-learn>=1", "-c constraints.txt"][:1], **at))  # fmt: skip
    logged(folder, "conda", lambda **at: mlflow.sklearn.log_model(
        ridge, conda_env={"name": "e", "channels": ["conda-forge"], "dependencies": ["python=3.11", {"pip": ["mlflow", "scikit-learn"]}]}, **at))  # fmt: skip


@makes("mlflow", "pyfunc")
def pyfunc_flavour(folder):
    pins = ["mlflow", "pandas"]
    (folder / "words.txt").write_text("hello\n")
    (folder / "code").mkdir()
    (folder / "code/helper.py").write_text("VALUE = 1\n")
    for made in (Plain, Hinted, Optionals, Nested, Chat):
        logged(folder, made.__name__.lower(), lambda **at: mlflow.pyfunc.log_model(
            python_model=made(), pip_requirements=pins, artifacts={"words": str(folder / "words.txt")}, code_paths=[str(folder / "code")], **at))  # noqa: B023  # fmt: skip
    for name, made in hinted_objects().items():
        model = made if name == "function" else made()
        logged(folder, name.lower(), lambda **at: mlflow.pyfunc.log_model(python_model=model, pip_requirements=pins, **at))  # noqa: B023
    logged(folder, "example", lambda **at: mlflow.pyfunc.log_model(
        python_model=Plain(), input_example=(pd.DataFrame({"a": [1], "t": pd.Timestamp("2026-01-01")}), {"x": 1.0}), pip_requirements=pins, **at))  # fmt: skip
    (folder / "from_code.py").write_text(
        "import mlflow\n\nclass M(mlflow.pyfunc.PythonModel):\n    def predict(self, context, model_input, params=None):\n        return model_input\n\nmlflow.models.set_model(M())\n")
    logged(folder, "from-code", lambda **at: mlflow.pyfunc.log_model(python_model=str(folder / "from_code.py"), pip_requirements=pins, **at))
    columns = pd.DataFrame(np.zeros((1, 20_000)), columns=[f"column-{n:05}" for n in range(20_000)])
    logged(folder, "wide", lambda **at: mlflow.pyfunc.log_model(python_model=Plain(), signature=infer_signature(columns), pip_requirements=pins, **at))


@makes("mlflow", "boosting")
def boosting_flavours(folder):
    import catboost  # noqa: PLC0415
    import lightgbm  # noqa: PLC0415
    import xgboost  # noqa: PLC0415

    pins = ["mlflow"]
    for form in ("ubj", "json"):
        logged(folder, f"xgboost-{form}", lambda **at: mlflow.xgboost.log_model(
            xgboost.XGBClassifier(n_estimators=2).fit(X, Y), model_format=form, pip_requirements=pins, **at))  # noqa: B023  # fmt: skip
    logged(folder, "lightgbm", lambda **at: mlflow.lightgbm.log_model(lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, Y), pip_requirements=pins, **at))
    logged(folder, "lightgbm-booster", lambda **at: mlflow.lightgbm.log_model(lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(X, Y).booster_, pip_requirements=pins, **at))
    logged(folder, "catboost", lambda **at: mlflow.catboost.log_model(catboost.CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False).fit(X, Y), pip_requirements=pins, **at))


@makes("mlflow", "statsmodels")
def statsmodels_flavour(folder):
    import statsmodels.api as sm  # noqa: PLC0415

    logged(folder, "ols", lambda **at: mlflow.statsmodels.log_model(sm.OLS(Y, X).fit(), pip_requirements=["mlflow"], **at))


@makes("mlflow", "onnx")
def onnx_flavour(folder):
    from skl2onnx import to_onnx  # noqa: PLC0415

    model = to_onnx(LogisticRegression(max_iter=500).fit(X, Y), X.to_numpy(np.float32)[:1])
    logged(folder, "model", lambda **at: mlflow.onnx.log_model(model, pip_requirements=["mlflow"], **at))


@makes("mlflow", "autolog")
def autolog_run(folder):
    store = Path(tempfile.mkdtemp())
    mlflow.set_tracking_uri(f"sqlite:///{store}/mlflow.db")
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
        mlflow.models.evaluate(lambda frame: frame["a"], pd.DataFrame({"a": [1.0, 2.0], "y": [1.0, 2.5]}), targets="y", model_type="regressor")
    mlflow.sklearn.autolog(disable=True)
    shutil.rmtree(store)


@makes("mlflow", "archives")
def archives(folder):
    logged(folder, "model", lambda **at: mlflow.sklearn.log_model(Ridge().fit(X, Y), pip_requirements=["scikit-learn==1.9.1"], **at))
    with tarfile.open("model.tar.gz", "w:gz") as packed:
        packed.add("model")
    with zipfile.ZipFile("model.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted((folder / "model").rglob("*")):
            packed.write(path, path.relative_to(folder))


@makes("onnx")
def written_by_helper(folder):
    import onnx  # noqa: PLC0415
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    def model(nodes, inputs, outputs, initializers=(), **more):
        graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
        return helper.make_model(graph, **more)

    value = helper.make_tensor_value_info
    plain = model([helper.make_node("Relu", ["x"], ["y"])], [value("x", 1, ["n", 4])], [value("y", 1, ["n", 4])], producer_name="corpus")
    onnx.save(plain, "plain.onnx")
    onnx.save(plain, "without-suffix")
    onnx.save(plain, "plain.pb")
    onnx.save(plain, "plain.textproto", format="textproto")
    onnx.save(plain, "plain.onnxjson", format="json")
    plain.model_version = -1
    plain.doc_string = "ä" * 200
    onnx.save(plain, "negative-version.onnx")
    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    heavy = model([helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", 1, [1, 64])], [value("y", 1, [1, 64])], [weights])
    onnx.save(heavy, "external.onnx", save_as_external_data=True, location="external.onnx.data", size_threshold=0)
    onnx.save(heavy, "heavy.onnx")
    for name in TensorProto.DataType.keys():  # noqa: SIM118
        number = TensorProto.DataType.Value(name)
        if number:
            typed = model([helper.make_node("Identity", ["x"], ["y"])], [value("x", number, [2])], [value("y", number, [2])])
            onnx.save(typed, f"type-{name}.onnx")
    types = {
        "sequence": helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, [2])), "map": helper.make_map_type_proto(7, helper.make_tensor_type_proto(1, [])),
        "optional": helper.make_optional_type_proto(helper.make_tensor_type_proto(1, None)), "sparse": helper.make_sparse_tensor_type_proto(1, [2]),
    }  # fmt: skip
    for name, described in types.items():
        infos = [helper.make_value_info(each, described) for each in "xy"]
        onnx.save(model([helper.make_node("Identity", ["x"], ["y"])], infos[:1], infos[1:]), f"{name}.onnx")
    function = helper.make_function("own", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 20)])
    graph = helper.make_graph([helper.make_node("Twice", ["x"], ["y"], domain="own")], "g", [value("x", 1, [2])], [value("y", 1, [2])])
    onnx.save(helper.make_model(graph, functions=[function], opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]), "function.onnx")
    branch = helper.make_graph([helper.make_node("Constant", [], ["z"], value=helper.make_tensor("c", 1, [], [1.0]))], "b", [], [value("z", 1, [])])
    onnx.save(model([helper.make_node("If", ["k"], ["y"], then_branch=branch, else_branch=branch)], [value("k", 9, [])], [value("y", 1, [])]), "branches.onnx")
    (folder / "tensor.pb").write_bytes(weights.SerializeToString())
    for version in (3, 7, 8, 10, 13):
        onnx.save(helper.make_model(heavy.graph, ir_version=version), f"ir-{version}.onnx")


@makes("skl2onnx")
def converted(folder):
    from skl2onnx import to_onnx  # noqa: PLC0415
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415

    values = X.to_numpy(np.float32)
    for model in (LogisticRegression(max_iter=500), RandomForestClassifier(3), make_pipeline(StandardScaler(), Ridge())):
        name = type(model).__name__
        (folder / f"{name}.onnx").write_bytes(to_onnx(model.fit(values, Y), values[:1]).SerializeToString())
    plain = to_onnx(LogisticRegression(max_iter=500).fit(values, Y), values[:1], options={"zipmap": False})
    (folder / "without-zipmap.onnx").write_bytes(plain.SerializeToString())


@makes("onnxmltools")
def converted_by_onnxmltools(folder):
    import lightgbm  # noqa: PLC0415
    from onnxmltools import convert_lightgbm  # noqa: PLC0415
    from onnxmltools.convert.common.data_types import FloatTensorType  # noqa: PLC0415

    model = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, Y)
    converted_model = convert_lightgbm(model, initial_types=[("x", FloatTensorType([None, 4]))])
    (folder / "lightgbm.onnx").write_bytes(converted_model.SerializeToString())


@makes("gguf")
def written_by_gguf(folder):
    import gguf  # noqa: PLC0415

    def write(name, kinds, file_type=None, **options):
        writer = gguf.GGUFWriter(name, "llama", **options)
        writer.add_name("tiny")
        writer.add_context_length(32)
        writer.add_block_count(1)
        writer.add_embedding_length(64)
        writer.add_array("tokenizer.ggml.tokens", ["a", "ä", "<s>"])
        writer.add_array("tokenizer.ggml.scores", [0.5, 1.0, -1.0])
        writer.add_bool("a.bool", True)
        writer.add_uint64("a.large", 2**63)
        writer.add_float64("a.double", 0.1)
        writer.add_chat_template("{{ messages }}")
        if file_type is not None:
            writer.add_file_type(file_type)
        for index, (kind, rows) in enumerate(kinds):
            block, size = gguf.GGML_QUANT_SIZES[kind]
            columns = max(block, 32)
            raw = np.zeros((rows, columns // block * size), np.uint8)
            writer.add_tensor(f"blk.0.t{index}.weight", raw, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    types = gguf.GGMLQuantizationType
    for kind in types:
        write(f"{kind.name}.gguf", [(types.F32, 1), (kind, 8)])
    for number in gguf.LlamaFileType:
        if number.name != "GUESSED":
            write(f"file-type-{number.value}.gguf", [(types.F32, 1)], number.value)
    write("mixed.gguf", [(types.F32, 1)] * 20 + [(types.Q4_K, 64), (types.Q6_K, 8)], gguf.LlamaFileType.MOSTLY_Q4_K_M)
    write("big-endian.gguf", [(types.F32, 1)], endianess=gguf.GGUFEndian.BIG)
    write("nothing.gguf", [])


@makes("h5py")
def written_by_h5py(folder):
    import h5py  # noqa: PLC0415

    for name, options in {"plain": {}, "userblock": {"userblock_size": 512}, "userblock-large": {"userblock_size": 4096}, "latest": {"libver": "latest"}, "earliest": {"libver": "earliest"}}.items():
        with h5py.File(f"{name}.h5", "w", **options) as file:
            file["a/b"] = np.ones((4, 4))
            file.attrs["ä"] = "text"
            file.create_dataset("packed", data=np.zeros(1000), compression="gzip", chunks=True)
    h5py.File("empty.hdf5", "w").close()


@makes("pandas", "tables")
def tables(folder):
    X.to_csv("table.csv")
    X.to_csv("table.csv.gz")
    X.to_parquet("table.parquet")
    X.to_feather("table.feather")
    X.to_json("table.json", orient="records", lines=True)
    X.to_csv("table.csv.zip")
    X.to_orc("table.orc")


@makes("polars")
def frames(folder):
    import pickle  # noqa: PLC0415

    import cloudpickle  # noqa: PLC0415
    import joblib  # noqa: PLC0415
    import polars  # noqa: PLC0415

    frame = polars.DataFrame({"a": [1, 2], "b": ["x", None], "c": [[1], [2, 3]], "d": [{"k": 1}, {"k": 2}]})
    made = {
        "frame": frame, "series": frame["a"], "lazy": frame.lazy().filter(polars.col("a") > 1), "expression": polars.col("a").sum() + 1, "schema": frame.schema,
        "types": [polars.Int64, polars.List(polars.Int8), polars.Datetime("us", "UTC"), polars.Enum(["a"])], "categories": frame["b"].cast(polars.Categorical),
    }  # fmt: skip
    for name, value in made.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(value))
        (folder / f"{name}.cloudpickle").write_bytes(cloudpickle.dumps(value))
        joblib.dump(value, f"{name}.joblib")
    frame.write_parquet("frame.parquet")
    frame.write_ipc("frame.arrow")
    frame.write_ndjson("frame.ndjson")
    frame.write_avro("frame.avro") if hasattr(frame, "write_avro") else None
    (folder / "plan.bin").write_bytes(frame.lazy().select("a").serialize())


@makes("pyarrow")
def pickled_tables(folder):
    import pickle  # noqa: PLC0415

    import pyarrow  # noqa: PLC0415

    table = pyarrow.table({"a": [1, 2], "b": ["x", None]})
    for name, value in {"table": table, "array": table["a"], "schema": table.schema, "scalar": pyarrow.scalar(1), "type": pyarrow.list_(pyarrow.int8())}.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(value))
    (folder / "frame.pkl").write_bytes(pickle.dumps(X.convert_dtypes(dtype_backend="pyarrow")))


@makes("python", "requirements")
def written_by_people(folder):
    """As pip, pip-tools, uv, conda and editors write them."""
    (folder / "requirements.txt").write_text("# models\nscikit-learn==1.9.1\nnumpy>=2,<3 ; python_version >= '3.11'\n-e .\n")
    (folder / "requirements-hashes.txt").write_text(f"numpy==2.1.0 \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n    # via pandas\n")
    (folder / "requirements-marker.txt").write_text("colorama==0.4.6 ; \\\n    sys_platform == 'win32'\nuvicorn[standard]==0.54.0\n")
    (folder / "requirements-utf16.txt").write_text("numpy==2.1.0\nscipy\n", "utf-16")
    (folder / "requirements-utf8-mark.txt").write_text("numpy==2.1.0\n", "utf-8-sig")
    (folder / "requirements-latin.txt").write_bytes("# -*- coding: latin-1 -*-\n# für alle\nnumpy\n".encode("latin-1"))
    (folder / "requirements-crlf.txt").write_bytes(b"numpy==2.1.0\r\nscipy\r\n")
    (folder / "requirements-options.txt").write_text("-r base.txt\n-c constraints.txt\n--pre\n--only-binary=:all:\ntorch @ file:///wheels/torch.whl\n./local\n")
    (folder / "requirements-empty.txt").write_text("")
    for name, text in {
        "empty": "name: e\ndependencies:\n", "plain": "name: e\nchannels: [conda-forge]\ndependencies:\n- python=3.11\n- pip\n- pip:\n  - mlflow==3.17.2\n",
        "exported": "name: base\nchannels:\n  - defaults\ndependencies:\n  - numpy=2.1.0=py311h_0\n  - pip:\n      - foo==1\nprefix: /opt/conda\n", "list": "dependencies: []\n", "variables": "name: e\ndependencies: [python]\nvariables: {A: '1'}\n",
    }.items():  # fmt: skip
        (folder / name).mkdir()
        (folder / name / "conda.yaml").write_text(text)


@makes("python", "texts")
def texts(folder):
    """Texts by people whose names or lines resemble those of pickles."""
    (folder / "train.jl").write_text("using Flux\n\nmodel = Chain(Dense(4, 2), softmax)\nprintln(model)\n")
    (folder / "newstest.pt").write_text("Olá mundo.\nOs modelos são pequenos.\n", "utf-8")
    (folder / "words.txt").write_text("cos\nsin\ntan\n")
    (folder / "functions.txt").write_text("abs\ncos\nsystem\nlog\n")
    (folder / "notes.p").write_text("proc main { } { }\n")
    (folder / "README.md").write_text("# Model\n\nos\npath\n")
    (folder / "config.json").write_text(json.dumps({"a": 1}))
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "i", "c", "cos", "os", "posix", "system", "the"]) + "\n")


if __name__ == "__main__":
    run()
