"""What models of gradient boosting say of themselves in their own formats: XGBoost, LightGBM, CatBoost.

XGBoost writes one document, as JSON or as UBJSON (ubjson.org), with its keys in order: the trees are in the middle and
not read. LightGBM writes lines of text, CatBoost a flat buffer behind its mark and length.
"""

from __future__ import annotations

import re

from app.inspection.limits import Limits
from app.inspection.reports import JsonValue, Malformed, Unlike, shown
from app.inspection.source import Source

LOOKED_AT = 64 * 1024
"""Bytes that are read of the beginning and of the end of a model of XGBoost."""
LONGEST_LINES = 1024 * 1024
"""Bytes that are read of the lines before the first tree of LightGBM."""
UBJ_NUMBERS = re.compile(rb"L\0{7}\x07version\[(?:\$([iU]))?(?:#(?:L.{8}|[iU].))?((?:[iU].){3}|.{3})", re.DOTALL)
JSON_NUMBERS = re.compile(rb'"version"\s*:\s*\[([\d,\s]{1,40})\]')
CATBOOST_CORE, CATBOOST_HEAD = b"FlabuffersModel_v", 1024
"""What a model of CatBoost has within its first bytes, and how many these are."""
LINE = re.compile(r"([a-z_]+)=(.*)")


def xgboost(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Version, objective, booster, number of features, classes and trees; None for what is not told.

    Raises:
        Unlike: it is no model of XGBoost.
    """
    head = source.read(0, min(LOOKED_AT, source.size))
    tail = source.read(max(0, source.size - LOOKED_AT), source.size)
    is_binary = head[:1] == b"{" and head[1:2] == b"L"
    start = tail.rfind(_key("learner_model_param", is_binary=is_binary))
    if start < 0:
        raise Unlike("A model of XGBoost ends with learner_model_param; this file does not.")
    parameters, before = tail[start:], tail[:start]
    objective = parameters[max(0, parameters.find(_key("objective", is_binary=is_binary))) :]
    booster = before[max(0, before.rfind(_key("name", is_binary=is_binary))) :]
    return {
        "encoding": "ubjson" if is_binary else "json",
        "version": _version(parameters, is_binary=is_binary),
        "objective": _text(objective, "name", limits, is_binary=is_binary),
        "booster": _text(booster, "name", limits, is_binary=is_binary),
        "featureCount": _number(_text(parameters, "num_feature", limits, is_binary=is_binary)),
        "classCount": _number(_text(parameters, "num_class", limits, is_binary=is_binary)),
        "treeCount": _number(_text(head, "num_trees", limits, is_binary=is_binary)),
    }


def _key(name: str, *, is_binary: bool) -> bytes:
    raw = name.encode()
    return b"L" + len(raw).to_bytes(8, "big") + raw if is_binary else b'"' + raw + b'"'


def _text(raw: bytes, name: str, limits: Limits, *, is_binary: bool) -> str | None:
    """The text that first stands under a name."""
    at = raw.find(_key(name, is_binary=is_binary))
    if at < 0:
        return None
    value = raw[at + len(_key(name, is_binary=is_binary)) :]
    if not is_binary:
        match = re.match(rb'\s*:\s*"([^"]{0,100})"', value)
        return shown(match[1].decode("utf-8", "replace"), limits.text) if match else None
    if value[:2] != b"SL":
        return None
    length = int.from_bytes(value[2:10], "big")
    return shown(value[10 : 10 + min(length, 100)].decode("utf-8", "replace"), limits.text)


def _version(raw: bytes, *, is_binary: bool) -> str | None:
    if not is_binary:
        told = JSON_NUMBERS.search(raw)
        return ".".join(told[1].decode().replace(" ", "").split(",")) if told else None
    numbers = UBJ_NUMBERS.search(raw)
    if numbers is None:
        return None
    return ".".join(str(each) for each in (numbers[2] if numbers[1] else numbers[2][1::2]))


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 19 else None


def lightgbm(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Version, objective, number of features, classes and trees."""
    raw = source.read(0, min(LONGEST_LINES, source.size)).decode("utf-8", "replace").replace("\r\n", "\n")
    lines = (LINE.fullmatch(line) for line in raw.split("\n\n", 1)[0].splitlines())
    told = {line[1]: line[2] for line in lines if line is not None}
    last = _number(told.get("max_feature_idx"))
    return {
        "version": shown(told.get("version", ""), limits.text),
        "objective": shown(told["objective"], limits.text) if "objective" in told else None,
        "featureCount": None if last is None else last + 1,
        "classCount": _number(told.get("num_class")),
        "treeCount": len(told["tree_sizes"].split()) if "tree_sizes" in told else None,
        "features": [shown(each, 100) for each in told.get("feature_names", "").split()[: limits.listed]],
    }


def catboost(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """Version of the format and of CatBoost, its loss function and bytes.

    Raises:
        Unlike: it is no model of CatBoost.
        Malformed: it is cut off.
    """
    length = int.from_bytes(source.read(4, 8), "little")
    if CATBOOST_CORE not in source.read(8, CATBOOST_HEAD):
        raise Unlike(f"A model of CatBoost names its version, {CATBOOST_CORE.decode()}, near its beginning.")
    if 8 + length > source.size:
        raise Malformed(f"The CatBoost model claims {length:,} bytes, but only {max(0, source.size - 8):,} follow.")
    raw = source.read(8, 8 + min(length, LONGEST_LINES))
    told: dict[str, re.Match[bytes] | None] = {
        "formatVersion": re.search(rb"(FlabuffersModel_v\d+)", raw),
        "version": re.search(rb"CatBoost release (\d[\w.]{0,40}\w)", raw),
        "lossFunction": re.search(rb'"loss_function":\{"type":"(\w{1,60})"', raw),
    }
    facts: dict[str, JsonValue] = {
        name: shown(match[1].decode(), limits.text) if match else None for name, match in told.items()
    }
    return facts | {"modelBytes": length}
