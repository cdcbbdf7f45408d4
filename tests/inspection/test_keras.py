"""Models of Keras: their layers, and code that a Lambda layer brings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.inspection.inspector import Outcome
from tests.inspection.test_archives import verdict, zipped
from tests.inspection.test_headers import hdf5
from tests.support.inspection.sample_files import looked_at

CODE = {"class_name": "__lambda__", "config": {"code": "4wEA", "defaults": None, "closure": None}}
REGISTERED: dict[str, Any] = {
    "Keras 3": {"function": {"module": "builtins", "class_name": "function", "config": "relu"}},
    "Keras 3, registered": {"function": {"module": "builtins", "class_name": "function", "config": "pkg>double"}},
    "Keras 2": {"function": "double", "function_type": "function", "module": "__main__"},
}
BROUGHT: dict[str, Any] = {
    "Keras 3": {"function": CODE},
    "Keras 3, its mask": {**REGISTERED["Keras 3"], "mask": CODE},
    "Keras 2": {"function": ["4wEA", None, None], "function_type": "lambda"},
    "TensorFlow 2": {"function": {"class_name": "__tuple__", "items": ["4wEA", None]}, "function_type": "lambda"},
    "Keras 2, its shape": {**REGISTERED["Keras 2"], "output_shape": ["4wEA"], "output_shape_type": "lambda"},
    "another module": {"function": {"module": "os", "class_name": "function", "config": "system"}},
    "nothing that is known": {},
}


def model(config: Any) -> dict[str, Any]:
    initializer = {"class_name": "GlorotUniform", "config": {}}
    dense = {
        "class_name": "Dense",
        "config": {"kernel_initializer": initializer, "dtype": {"class_name": "DTypePolicy"}},
    }
    inner = {"class_name": "Functional", "config": {"layers": [{"class_name": "Dropout", "config": {}}]}}
    layers = [dense, {"class_name": "Lambda", "config": config}, inner, dense]
    return {"class_name": "Sequential", "config": {"layers": layers}}


def archive(config: Any) -> bytes:
    members = {"metadata.json": b'{"keras_version": "3.15.1"}', "config.json": json.dumps(config).encode()}
    return zipped(members | {"model.weights.h5": b"\x89HDF"})


@pytest.mark.parametrize("config", REGISTERED.values(), ids=REGISTERED)
def test_a_lambda_of_a_registered_function_is_no_code(config: Any) -> None:
    report = looked_at("m.keras", archive(model(config)))
    assert (report.outcome, report.format, report.scan) == (Outcome.READY, "keras", None)
    assert (report.facts["layerCount"], report.facts["layers"]) == (
        5,
        ["Dense", "Lambda", "Functional", "Dense", "Dropout"],
    )
    old = looked_at("m.h5", hdf5(0, extra=b"keras_version" + json.dumps(model(config)).encode()))
    assert (old.outcome, old.facts["keras"], old.facts["lambdaLayer"], old.scan) == (Outcome.READY, True, False, None)


@pytest.mark.parametrize("config", BROUGHT.values(), ids=BROUGHT)
def test_a_lambda_that_brings_its_code_is_suspicious(config: Any) -> None:
    assert verdict(looked_at("m.keras", archive(model(config)))) == "suspicious"
    old = looked_at("m.h5", hdf5(0, extra=b"keras_version" + json.dumps(model(config)).encode()))
    assert (old.facts["lambdaLayer"], verdict(old)) == (True, "suspicious")


def test_lambda_code_counts_at_any_depth() -> None:
    config = {"class_name": "Mine", "config": {"deep": [{"activation": CODE}]}}
    report = looked_at("m.keras", archive(config))
    assert (report.facts["layers"], verdict(report)) == ([], "suspicious")


@pytest.mark.parametrize("config", [[], 7, {"config": 1}, {"config": {"layers": [1, {"class_name": 2}]}}])
def test_other_configurations_have_no_layers(config: Any) -> None:
    assert looked_at("m.keras", archive(config)).facts["layers"] == []


def test_the_last_of_two_configurations_counts_as_in_keras() -> None:
    members = {"metadata.json": b"{}", "config.json": json.dumps(model(REGISTERED["Keras 3"])).encode()}
    twice = zipped(members | {"gifnoc.json": json.dumps(model({"function": CODE})).encode()})
    assert verdict(looked_at("m.keras", twice.replace(b"gifnoc.json", b"config.json"))) == "suspicious"


def test_a_configuration_that_cannot_be_read_may_hold_code() -> None:
    report = looked_at("m.keras", zipped({"metadata.json": b"{}", "config.json": b"no"}))
    assert (report.outcome, report.format, verdict(report)) == (Outcome.READY, "keras", "suspicious")
