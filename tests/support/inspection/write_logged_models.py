"""Writes what people really log; run by the interpreter that has the libraries: ``python logged.py <folder>``."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import logging
import os
import pathlib
import pickle
import re
import subprocess
import sys
import uuid
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from tempfile import TemporaryDirectory
from threading import get_ident
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypeVar

import cloudpickle
import joblib
import lightgbm
import numpy as np
import pandas as pd
import xgboost
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer


class Point(NamedTuple):
    x: int
    y: int


class Color(enum.Enum):
    RED = 1


class Wrapper:
    """As a mlflow.pyfunc.PythonModel of one's own: by value, with a closure, a module and a bound method."""

    def __init__(self, inner):
        self.inner = inner
        self.method = self.predict

    @staticmethod
    def shape(values):
        return np.asarray(values).shape

    def predict(self, values):
        return self.inner.predict(values) if os.environ.get("MODEL") else super().__repr__()


T = TypeVar("T")


@dataclass
class Item:
    name: str
    tags: list[str] = field(default_factory=list)
    score: Optional[float] = None  # noqa: UP045 - as people write it
    more: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen(Generic[T]):
    value: T
    rows: tuple[int, ...] = ()


class Typed:
    """The type hints of MLflow's documentation, and names that its methods use."""

    def predict(self, model_input: dict[str, Any] | None, params: Optional[dict[str, Any]] = None) -> list[str]:  # noqa: UP045
        with TemporaryDirectory() as folder:
            return [str(get_ident()), subprocess.run(["true"], cwd=folder, check=True).args, *(params or {})]

    def more(
        self, rows: list[Item] | list[list[int] | None], how: Callable[[int, str], bool], then: Callable[..., Any]
    ):
        return rows, how, then

    def kinds(self, kind: Literal["a", "b"], note: Annotated[int, "note"], box: Frozen[int], process: subprocess.Popen):
        return kind, note, box, process


def scaled(values, by=2):
    return np.log1p(values) ** by + len(re.findall("a", os.fspath("ab")))


x, y = load_iris(return_X_y=True, as_frame=True)
forest = RandomForestClassifier(5).fit(x, y)
models = {
    "forest": forest,
    "boosting": HistGradientBoostingClassifier(max_iter=2).fit(x, y),
    "text": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["hello world", "foo bar"], [0, 1]),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(x, y),
    "xgboost": xgboost.XGBClassifier(n_estimators=2).fit(x, y),
    "functions": make_pipeline(FunctionTransformer(np.log1p), FunctionTransformer(partial(scaled, by=3))),
    "wrapper": Wrapper(forest),
    "typed": [Typed(), Item("a"), Frozen(value=1), Typed, Item],
    "memory": Pipeline([("forest", forest)], memory=joblib.Memory(None)),
    "frame": x.assign(t=pd.Timestamp("2020", tz="UTC"), s="x", c=pd.Categorical(["a", "b"] * 75), p=pd.Period("2020")),
    "values": [
        dt.datetime.now(dt.UTC), decimal.Decimal(1), uuid.uuid4(), Color.RED, Point(1, 2), OrderedDict(a=1),
        pathlib.Path("/a"), np.random.default_rng(1), np.random.RandomState(1), 1j, bytearray(b"x"), range(3),
        logging.getLogger("a"), "x".join, np.array(["a", None], dtype=object), np.rec.array([(1, 2.0)], dtype="i4,f8"),
        x.mean, defaultdict(list), re.compile("x"), np.float64(1), print, abs, iter([1]), np.ma.array([1]),
    ],
}  # fmt: skip

os.chdir(sys.argv[1])
for name, model in models.items():
    for protocol in (0, 5):
        pathlib.Path(f"{name}.{protocol}.pkl").write_bytes(pickle.dumps(model, protocol))
    for protocol in (2, 5):
        pathlib.Path(f"{name}.{protocol}.cloudpickle").write_bytes(cloudpickle.dumps(model, protocol))
    joblib.dump(model, f"{name}.joblib")
pathlib.Path("lambda.cloudpickle").write_bytes(cloudpickle.dumps(lambda values: values + 1))
for method in ("zlib", "gzip", "bz2", "xz", "lzma"):
    joblib.dump(forest, f"{method}.joblib", compress=(method, 3))
np.save("objects.npy", np.array([1, None], dtype=object), allow_pickle=True)
np.savez("arrays.npz", a=np.arange(3), o=np.array([None], dtype=object))
