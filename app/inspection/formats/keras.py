"""What Keras says of a model: its layers, and whether one of them brings code of its own.

A ``Lambda`` layer of a function that has a name keeps that name (Keras 3: ``class_name`` ``function``, Keras 2:
``function_type`` ``function``); of any other it keeps the function's code (``__lambda__``, ``lambda``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

CODE_IN_TEXT = re.compile(rb'"class_name"\s*:\s*"__lambda__"|"(?:function|output_shape|mask)_type"\s*:\s*"lambda"')
LAMBDA_IN_TEXT = re.compile(rb'"class_name"\s*:\s*"Lambda"')
REGISTERED_IN_TEXT = re.compile(
    rb'"function"\s*:\s*(?:"|\{\s*"module"\s*:\s*"(?:builtins|keras[\w.]*)"\s*,\s*"class_name"\s*:\s*"function")'
)
KINDS_OF_FUNCTION = ("function_type", "output_shape_type", "mask_type")
MOST_LAYERS = 100_000


def layers(config: Any) -> list[str]:
    """The class of every layer, in the order of the model; of models within it theirs follow."""
    return [each for each, _ in zip(_layers(config), range(MOST_LAYERS), strict=False)]


def _layers(config: Any) -> Iterator[str]:
    pending = [config]
    while pending:
        part = pending.pop()
        if not isinstance(part, dict):
            continue
        inner = part.get("config")
        inside = inner.get("layers") if isinstance(inner, dict) else None
        if isinstance(inside, list):
            for layer in inside:
                if isinstance(layer, dict) and isinstance(layer.get("class_name"), str):
                    yield layer["class_name"]
            pending += reversed(inside)


def has_code(config: Any) -> bool:
    """Whether any part of a configuration is a function by its code."""
    pending = [config]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if part.get("class_name") == "__lambda__" or any(part.get(each) == "lambda" for each in KINDS_OF_FUNCTION):
                return True
            if part.get("class_name") == "Lambda" and not _is_registered(part.get("config")):
                return True
            pending += part.values()
        elif isinstance(part, list):
            pending += part
    return False


def _is_registered(config: Any) -> bool:
    """Whether the function of a ``Lambda`` layer is named and not brought along."""
    function = config.get("function") if isinstance(config, dict) else None
    if isinstance(function, dict):
        module = function.get("module")
        return function.get("class_name") == "function" and str(module).split(".")[0] in {"builtins", "keras"}
    return isinstance(function, str)


def brings_code(raw: bytes) -> bool:
    """The same for a configuration that stands as text somewhere in these bytes."""
    if CODE_IN_TEXT.search(raw):
        return True
    return any(not REGISTERED_IN_TEXT.search(one) for one in LAMBDA_IN_TEXT.split(raw)[1:])
