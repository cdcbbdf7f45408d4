"""Which step in SemVer a difference takes: pure comparisons of what files say."""

from __future__ import annotations

import pytest

from app.artifacts.reads.differences import DescribedFile
from app.lifecycle import signatures
from app.lifecycle.diff import bump, documents, environment, tensors
from app.lifecycle.diff.bump import Differences
from app.registry.references import semver
from app.registry.references.semver import Increment

COLUMNS = [{"name": "a", "type": "double"}, {"name": "b", "type": "string", "required": False}]


def mlmodel(
    inputs=COLUMNS, outputs=({"type": "long"},), flavors=("sklearn",), loader="mlflow.sklearn", python="3.11.1"
):
    signature = None if inputs is None else {"inputs": list(inputs), "outputs": list(outputs), "params": None}
    facts = {
        "flavors": {"python_function": {}, **{name: {} for name in flavors}},
        "loaderModule": loader,
        "pythonVersion": python,
        "signature": signature,
    }
    return DescribedFile("model/MLmodel", "mlmodel", facts)


def weights(*entries, dtype="F32", path="model.safetensors", count=None):
    told = [{"name": name, "dtype": dtype, "shape": list(shape)} for name, *shape in entries]
    parameters = 0
    for _, *shape in entries:
        size = 1
        for side in shape:
            size *= side
        parameters += size
    facts = {
        "tensorCount": len(told) if count is None else count,
        "parameterCount": parameters,
        "dtypes": {dtype: parameters},
        "tensors": told,
    }
    return DescribedFile(path, "safetensors", facts)


def pip(*entries):
    return DescribedFile("requirements.txt", "requirements", {"dependencies": list(entries)})


def reasons(before, after, changed_files=0):
    sides = documents.read(before), documents.read(after)
    signed = [side.signature for side in sides]
    changes = signatures.compare(*signed) if all(signed) else []
    compared = tensors.compare(tensors.read(before), tensors.read(after))
    required = environment.compare(*(side.requirements for side in sides))
    return bump.reasons(Differences(*sides, changes, compared, required, changed_files))


CASES = [
    ("nothing", [mlmodel()], [mlmodel()], 0, None),
    ("other bytes", [mlmodel()], [mlmodel()], 1, "PATCH"),
    ("a required input more", [mlmodel()], [mlmodel([*COLUMNS, {"name": "c", "type": "double"}])], 0, "MAJOR"),
    ("an optional input more", [mlmodel()],
     [mlmodel([*COLUMNS, {"name": "c", "type": "double", "required": False}])], 0, "MINOR"),
    ("an input less", [mlmodel()], [mlmodel(COLUMNS[:1])], 0, "MAJOR"),
    ("an input retyped", [mlmodel()], [mlmodel([{"name": "a", "type": "string"}, COLUMNS[1]])], 0, "MAJOR"),
    ("an input widened", [mlmodel([{"name": "a", "type": "integer"}])],
     [mlmodel([{"name": "a", "type": "long"}])], 0, "MINOR"),
    ("an input optional now", [mlmodel()],
     [mlmodel([{"name": "a", "type": "double", "required": False}, COLUMNS[1]])], 0, "MINOR"),
    ("an input required now", [mlmodel()], [mlmodel([COLUMNS[0], {"name": "b", "type": "string"}])], 0, "MAJOR"),
    ("an output retyped", [mlmodel()], [mlmodel(outputs=[{"type": "double"}])], 0, "MAJOR"),
    ("no signature any more", [mlmodel()], [mlmodel(None)], 0, "MAJOR"),
    ("a signature for the first time", [mlmodel(None)], [mlmodel()], 0, "MINOR"),
    ("another flavor", [mlmodel()], [mlmodel(flavors=["xgboost"], loader="mlflow.xgboost")], 0, "MAJOR"),
    ("a flavor more", [mlmodel()], [mlmodel(flavors=["sklearn", "onnx"])], 0, "MINOR"),
    ("another loader", [mlmodel()], [mlmodel(loader="mine")], 0, "MAJOR"),
    ("a patch of Python", [mlmodel()], [mlmodel(python="3.11.9")], 0, "PATCH"),
    ("another Python", [mlmodel()], [mlmodel(python="3.12.0")], 0, "MINOR"),
    ("a package more", [pip("numpy==1")], [pip("numpy==1", "torch==2")], 0, "MINOR"),
    ("a package less", [pip("numpy==1", "torch==2")], [pip("numpy==1")], 0, "PATCH"),
    ("a package newer", [pip("Num_Py ==1")], [pip("num-py==2")], 0, "PATCH"),
    ("the same package written otherwise", [pip("Num_Py==1")], [pip("num-py == 1")], 0, None),
    ("a tensor reshaped", [weights(("w", 2, 3))], [weights(("w", 3, 2))], 1, "MAJOR"),
    ("a tensor more", [weights(("w", 2))], [weights(("w", 2), ("v", 1))], 1, "MAJOR"),
    ("quantised", [weights(("w", 2))], [weights(("w", 2), dtype="F16")], 1, "MINOR"),
    ("retrained", [weights(("w", 2))], [weights(("w", 2))], 1, "PATCH"),
    ("cut into other files", [weights(("w", 2), ("v", 1))],
     [weights(("w", 2), path="1.safetensors"), weights(("v", 1), path="2.safetensors")], 3, "PATCH"),
    ("weights for the first time", [], [weights(("w", 2))], 1, "PATCH"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "changed", "least"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_each_difference_takes_its_step(before, after, changed, least):
    assert bump.least(reasons(before, after, changed)) == (least and Increment(least))


def test_reasons_come_with_the_largest_first_and_say_what_differs():
    before, after = [mlmodel(), pip("numpy==1")], [mlmodel(COLUMNS[:1]), pip("numpy==2")]
    told = reasons(before, after, 2)
    assert [one.increment for one in told] == sorted((one.increment for one in told), key=["MAJOR", "PATCH"].index)
    assert told[0].message == "input `b` was removed (it was string)"
    assert {one.message for one in told[1:]} == {
        "it requires numpy==2 and required numpy==1", "2 files have other bytes",
    }  # fmt: skip


def test_tensors_that_are_not_all_named_are_compared_by_name_and_by_count():
    before, after = weights(("w", 2), count=900), weights(("v", 2), count=900)
    compared = tensors.compare(tensors.read([before]), tensors.read([after]))
    assert (compared.changes, compared.is_whole, compared.is_reshaped) == ([], False, False)
    compared = tensors.compare(tensors.read([before]), tensors.read([weights(("v", 2), count=901)]))
    assert compared.is_reshaped


def test_what_a_graph_declares_stands_in_for_a_missing_signature():
    def graph(*inputs):
        told = [{"name": name, "type": "float", "shape": ["batch", 4]} for name in inputs]
        return DescribedFile("m.onnx", "onnx", {"inputs": told, "outputs": []})

    side = documents.read([graph("x")])
    assert side.signature_path == "m.onnx"
    assert side.signature.inputs[0].type == "float [batch, 4]"
    assert bump.least(reasons([graph("x")], [graph("x", "y")])) is Increment.MAJOR
    assert documents.read([mlmodel(), graph("x")]).signature_path == "model/MLmodel"


HOSTILE = [None, 1, "x", [1, None, "x", {}], {"a": 1}, [["a"]], [{"name": 1, "shape": "x"}], True]


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
def test_facts_of_any_shape_break_nothing(value):
    keys = ("signature", "flavors", "loaderModule", "pythonVersion", "tensors", "tensorCount", "dtypes", "dependencies",
            "pip", "inputs", "outputs", "parameterCount", "leftOut")  # fmt: skip
    for kind in ("mlmodel", "safetensors", "gguf", "onnx", "conda", "requirements"):
        facts = {key: value for key in keys if key != "leftOut" or isinstance(value, list)}
        odd = [DescribedFile("f", kind, facts)]
        for before, after in ((odd, [mlmodel()]), ([mlmodel()], odd), (odd, odd)):
            reasons(before, after)


STEPS = [
    ("1.2.3", "1.2.4", "PATCH"), ("1.2.3", "1.3.0", "MINOR"), ("1.2.3", "2.0.0", "MAJOR"), ("1.2.3", "1.2.3", None),
    ("1.2.3", "1.2.2", None), ("2.0.0", "1.9.9", None), ("2.0.0-rc.1", "2.0.0", "PRERELEASE"),
    ("2.0.0-rc.1", "2.0.0-rc.2", "PRERELEASE"), ("1.2.3", "2.0.0-rc.1", "MAJOR"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "step"), STEPS)
def test_the_step_between_two_versions(before, after, step):
    assert bump.between(semver.parse(before), semver.parse(after)) == (step and Increment(step))


ENOUGH = [
    ("1.2.3", "1.2.4", "PATCH", True), ("1.2.3", "1.2.4", "MINOR", False), ("1.2.3", "1.3.0", "MINOR", True),
    ("1.2.3", "1.3.0", "MAJOR", False), ("1.2.3", "2.0.0", "MAJOR", True), ("1.2.3", "2.0.0-rc.1", "MAJOR", True),
    ("1.2.3", "1.2.4", None, True), ("1.2.3", "1.2.2", None, True), ("1.2.3", "1.2.2", "PATCH", False),
    ("0.2.3", "0.3.0", "MAJOR", True), ("0.2.3", "0.2.4", "MAJOR", False), ("0.2.3", "0.2.4", "MINOR", False),
    ("0.9.0", "1.0.0", "MAJOR", True), ("2.0.0-rc.1", "2.0.0", "MAJOR", True),
    ("2.0.0-rc.1", "2.0.0-rc.2", "MAJOR", True),
    ("1.2.3", "1.2.3+b", "PATCH", False),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "needed", "enough"), ENOUGH)
def test_whether_a_step_says_enough(before, after, needed, enough):
    made = semver.parse(before), semver.parse(after)
    assert bump.is_enough(*made, needed and Increment(needed)) is enough
