"""Formats that have a small writer of their own, tables, and what people write beside models."""

from __future__ import annotations

import json

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.corpus.making import makes, run

X, Y = load_iris(return_X_y=True, as_frame=True)


@makes("onnx")
def written_by_helper(folder):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def model(nodes, inputs, outputs, initializers=(), **more):
        graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
        return helper.make_model(graph, **more)

    value = helper.make_tensor_value_info
    plain = model(
        [helper.make_node("Relu", ["x"], ["y"])],
        [value("x", 1, ["n", 4])],
        [value("y", 1, ["n", 4])],
        producer_name="corpus",
    )
    onnx.save(plain, "plain.onnx")
    onnx.save(plain, "without-suffix")
    onnx.save(plain, "plain.pb")
    onnx.save(plain, "plain.textproto", format="textproto")
    onnx.save(plain, "plain.onnxjson", format="json")
    plain.model_version = -1
    plain.doc_string = "ä" * 200
    onnx.save(plain, "negative-version.onnx")
    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    heavy = model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [value("x", 1, [1, 64])], [value("y", 1, [1, 64])], [weights]
    )
    onnx.save(heavy, "external.onnx", save_as_external_data=True, location="external.onnx.data", size_threshold=0)
    onnx.save(heavy, "heavy.onnx")
    for name in TensorProto.DataType.keys():  # noqa: SIM118
        number = TensorProto.DataType.Value(name)
        if number:
            typed = model(
                [helper.make_node("Identity", ["x"], ["y"])], [value("x", number, [2])], [value("y", number, [2])]
            )
            onnx.save(typed, f"type-{name}.onnx")
    types = {
        "sequence": helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, [2])),
        "map": helper.make_map_type_proto(7, helper.make_tensor_type_proto(1, [])),
        "optional": helper.make_optional_type_proto(helper.make_tensor_type_proto(1, None)),
        "sparse": helper.make_sparse_tensor_type_proto(1, [2]),
    }
    for name, described in types.items():
        infos = [helper.make_value_info(each, described) for each in "xy"]
        onnx.save(model([helper.make_node("Identity", ["x"], ["y"])], infos[:1], infos[1:]), f"{name}.onnx")
    function = helper.make_function(
        "own", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 20)]
    )
    graph = helper.make_graph(
        [helper.make_node("Twice", ["x"], ["y"], domain="own")], "g", [value("x", 1, [2])], [value("y", 1, [2])]
    )
    onnx.save(
        helper.make_model(
            graph, functions=[function], opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
        ),
        "function.onnx",
    )
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["z"], value=helper.make_tensor("c", 1, [], [1.0]))],
        "b",
        [],
        [value("z", 1, [])],
    )
    onnx.save(
        model(
            [helper.make_node("If", ["k"], ["y"], then_branch=branch, else_branch=branch)],
            [value("k", 9, [])],
            [value("y", 1, [])],
        ),
        "branches.onnx",
    )
    (folder / "tensor.pb").write_bytes(weights.SerializeToString())
    for version in (3, 7, 8, 10, 13):
        onnx.save(helper.make_model(heavy.graph, ir_version=version), f"ir-{version}.onnx")


@makes("skl2onnx")
def converted(folder):
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier

    values = X.to_numpy(np.float32)
    for model in (
        LogisticRegression(max_iter=500),
        RandomForestClassifier(3),
        make_pipeline(StandardScaler(), Ridge()),
    ):
        name = type(model).__name__
        (folder / f"{name}.onnx").write_bytes(to_onnx(model.fit(values, Y), values[:1]).SerializeToString())
    plain = to_onnx(LogisticRegression(max_iter=500).fit(values, Y), values[:1], options={"zipmap": False})
    (folder / "without-zipmap.onnx").write_bytes(plain.SerializeToString())


@makes("onnxmltools")
def converted_by_onnxmltools(folder):
    import lightgbm
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    model = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, Y)
    converted_model = convert_lightgbm(model, initial_types=[("x", FloatTensorType([None, 4]))])
    (folder / "lightgbm.onnx").write_bytes(converted_model.SerializeToString())


@makes("gguf")
def written_by_gguf(folder):
    import gguf

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
    import h5py

    for name, options in {
        "plain": {},
        "userblock": {"userblock_size": 512},
        "userblock-large": {"userblock_size": 4096},
        "latest": {"libver": "latest"},
        "earliest": {"libver": "earliest"},
    }.items():
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
    import pickle

    import cloudpickle
    import joblib
    import polars as pl

    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None], "c": [[1], [2, 3]], "d": [{"k": 1}, {"k": 2}]})
    made = {
        "frame": frame,
        "series": frame["a"],
        "lazy": frame.lazy().filter(pl.col("a") > 1),
        "expression": pl.col("a").sum() + 1,
        "schema": frame.schema,
        "types": [pl.Int64, pl.List(pl.Int8), pl.Datetime("us", "UTC"), pl.Enum(["a"])],
        "categories": frame["b"].cast(pl.Categorical),
    }
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
    import pickle

    import pyarrow as pa

    table = pa.table({"a": [1, 2], "b": ["x", None]})
    for name, value in {
        "table": table,
        "array": table["a"],
        "schema": table.schema,
        "scalar": pa.scalar(1),
        "type": pa.list_(pa.int8()),
    }.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(value))
    (folder / "frame.pkl").write_bytes(pickle.dumps(X.convert_dtypes(dtype_backend="pyarrow")))


@makes("python", "requirements")
def written_by_people(folder):
    """As pip, pip-tools, uv, conda and editors write them."""
    (folder / "requirements.txt").write_text(
        "# models\nscikit-learn==1.9.1\nnumpy>=2,<3 ; python_version >= '3.11'\n-e .\n"
    )
    (folder / "requirements-hashes.txt").write_text(
        f"numpy==2.1.0 \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n    # via pandas\n"
    )
    (folder / "requirements-marker.txt").write_text(
        "colorama==0.4.6 ; \\\n    sys_platform == 'win32'\nuvicorn[standard]==0.54.0\n"
    )
    (folder / "requirements-utf16.txt").write_text("numpy==2.1.0\nscipy\n", "utf-16")
    (folder / "requirements-utf8-mark.txt").write_text("numpy==2.1.0\n", "utf-8-sig")
    (folder / "requirements-latin.txt").write_bytes("# -*- coding: latin-1 -*-\n# für alle\nnumpy\n".encode("latin-1"))
    (folder / "requirements-crlf.txt").write_bytes(b"numpy==2.1.0\r\nscipy\r\n")
    (folder / "requirements-options.txt").write_text(
        "-r base.txt\n-c constraints.txt\n--pre\n--only-binary=:all:\ntorch @ file:///wheels/torch.whl\n./local\n"
    )
    (folder / "requirements-empty.txt").write_text("")
    for name, text in {
        "empty": "name: e\ndependencies:\n",
        "plain": "name: e\nchannels: [conda-forge]\ndependencies:\n- python=3.11\n- pip\n- pip:\n  - mlflow==3.17.2\n",
        "exported": "name: base\nchannels:\n  - defaults\ndependencies:\n  - numpy=2.1.0=py3_0\nprefix: /opt/conda\n",
        "list": "dependencies: []\n",
        "variables": "name: e\ndependencies: [python]\nvariables: {A: '1'}\n",
    }.items():
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
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\ni\nc\ncos\nos\nposix\nsystem\nthe\n")


if __name__ == "__main__":
    run()
