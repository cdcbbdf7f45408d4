"""By whichever Python runs this: functions and classes by value (cloudpickle, dill), and plain values of libraries."""

from __future__ import annotations

import abc
import array
import collections
import contextlib
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import ipaddress
import json
import logging
import operator
import os
import pathlib
import pickle
import random
import re
import threading
import typing
import uuid
import weakref
import zoneinfo
from collections.abc import Callable
from typing import Any, Generic, List, Literal, NamedTuple, Optional, Protocol, TypedDict, TypeVar, Union  # noqa: UP035

import cloudpickle
import joblib
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from tests.corpus.making import attempt, makes, run

T = TypeVar("T")


@dataclasses.dataclass
class Settings:
    depth: int
    names: list[str] = dataclasses.field(default_factory=list)
    nested: Settings | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    value: float = 1.0


@dataclasses.dataclass(kw_only=True, order=True)
class Ordered:
    kind: Literal["a", "b"] = "a"
    _: dataclasses.KW_ONLY = None
    cost: dataclasses.InitVar[int] = 3
    total: typing.ClassVar[int] = 0


class Point(NamedTuple):
    x: int
    y: int = 0


class Entry(TypedDict, total=False):
    name: str
    size: int


class Color(enum.Enum):
    RED = 1
    GREEN = "g"


class Rights(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


class Level(enum.IntEnum):
    LOW = 1


class Name(enum.StrEnum if hasattr(enum, "StrEnum") else enum.Enum):
    A = "a"


class Predicts(Protocol):
    def predict(self, values: np.ndarray) -> np.ndarray: ...


class Base(abc.ABC):
    @abc.abstractmethod
    def predict(self, values): ...


class Wrapper(Base, Generic[T]):
    """With slots of every kind: properties, class and static methods, a cache, a closure, super()."""

    lock_free: typing.ClassVar[dict[str, int]] = {}

    def __init__(self, inner: T, log: logging.Logger | None = None):
        super().__init__()
        self.inner = inner
        self.log = log or logging.getLogger(__name__)

    @property
    def name(self) -> str:
        return type(self.inner).__name__

    @staticmethod
    def shape(values):
        return np.asarray(values).shape

    @classmethod
    def of(cls, inner):
        return cls(inner)

    @functools.lru_cache(maxsize=3)  # noqa: B019
    def remembered(self, value):
        return value

    def predict(self, values: dict[str, Any] | None, how: Optional[str] = None) -> Union[List[str], np.ndarray]:  # noqa: UP006, UP007, UP045
        self.log.info("%s %s", os.getpid(), threading.get_ident())
        with contextlib.suppress(ValueError), pathlib.Path(os.devnull).open():
            return json.dumps(values)
        return self.inner.predict(values)


class Caching:
    """Before Python 3.12 cached_property holds a lock, which no pickler takes."""

    @functools.cached_property
    def weights(self):
        return np.ones(3)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 1


class Meta(type):
    def __new__(cls, name, bases, space):
        return super().__new__(cls, name, bases, space)


class WithMeta(metaclass=Meta):
    pass


class Descriptor:
    def __get__(self, instance, owner):
        return 1

    def __set_name__(self, owner, name):
        self.name = name


class WithDescriptor:
    field = Descriptor()


class Reduced:
    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return (Reduced, (self.value,), {"a": 1})


class Stateful:
    def __getstate__(self):
        return {"a": 1}

    def __setstate__(self, state):
        self.__dict__.update(state)


class Problem(Exception):
    pass


def scaled(values, by=2, *rest, only: int = 1, **more) -> float:
    return np.log1p(values) ** by + len(re.findall("a", os.fspath("ab")))


def recursive(n: int) -> int:
    return 1 if n < 2 else n * recursive(n - 1)


def outer(factor):
    def inner(value: dict[str, Any] | None) -> list[Settings]:
        return [Settings(factor * len(value or {}))]

    return inner


def counted(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)

    return call


@counted
def decorated(x: Callable[[int], str], y: typing.Annotated[int, "unit"] = 1) -> typing.Iterator[int]:
    yield y


async def awaited(values: typing.AsyncIterator[bytes]) -> bytes:
    return b"".join([each async for each in values])


def hinted(
    a: dict[str, Any] | None,
    b: List[str],  # noqa: UP006
    c: Optional[Settings],  # noqa: UP045
    d: Callable[[int], str],
    e: Callable[..., Any],
    f: typing.Tuple[int, ...],  # noqa: UP006
    g: Literal["a", 1],
    h: collections.OrderedDict[str, list[int]],
    i: typing.Annotated[int, "unit"],
    j: type[Settings],
    k: typing.Mapping[str, np.ndarray | pd.DataFrame],
    l: Union[int, str, None],  # noqa: E741, UP007
    m: T,
    n: typing.Any,
    o: Entry,
    p: Point,
    *q: int,
    **r: str,
) -> np.ndarray:
    return np.ones(1)


def without_future_annotations():
    """The same hints as objects, as in modules that do not import annotations from __future__."""
    space: dict[str, Any] = {
        "typing": typing,
        "np": np,
        "pd": pd,
        "dataclasses": dataclasses,
        "Settings": Settings,
        "__name__": "__main__",
    }
    source = """
from typing import *
from collections.abc import Callable as C
import datetime, decimal, uuid, pathlib, enum

@dataclasses.dataclass
class Request:
    text: str
    options: dict[str, Any] | None = None
    when: Optional[datetime.datetime] = None
    tags: List[str] = dataclasses.field(default_factory=list)

@dataclasses.dataclass(slots=True, frozen=True)
class Row(Generic[TypeVar("K")]):
    cells: tuple[int, ...] = ()
    path: pathlib.Path | None = None
    size: "int | None" = None

class Modelled:
    def predict(self, model_input: list[dict[str, Any]] | None, params: Optional[Dict[str, Any]] = None) -> List[str]:
        return []
    def typed(self, a: Callable[[int], str], b: C[..., Any], c: Tuple[int, ...], d: Literal["x"], e: Annotated[int, 1],
              f: int | str | None, g: Union[int, None], h: Type[Request], i: "Request", j: set[frozenset[int]],
              k: np.ndarray | pd.DataFrame, l: ClassVar[int] = 1) -> Iterator[Request]:
        yield Request("")
    def more(self, a: Iterable[Mapping[str, Sequence[int]]], b: Any, c: NoReturn = None, d: Awaitable[int] = None,
             e: Generator[int, None, str] = None, f: Deque[int] = None, g: DefaultDict[str, int] = None,
             h: Pattern[str] = None, i: IO[bytes] = None, j: Type[int] = int) -> Final[int]: ...

def predict(model_input: List[str]) -> List[str]:
    return model_input

Alias = dict[str, list[int]]
Nested = Optional[List[Dict[str, Union[int, Callable[[int], str]]]]]
Piped = int | str | list[int] | None
New = NewType("New", int)
"""
    if __import__("sys").version_info >= (3, 12):
        source += "type Vector = list[float]\ndef first[S](values: list[S]) -> S: return values[0]\n"
        source += "class Box[S]:\n    item: S\n"
    exec(compile(source, "hints", "exec", dont_inherit=True), space)
    names = "Request Row Modelled predict Alias Nested Piped New Vector first Box".split()
    return {name: space[name] for name in names if name in space}


def classes():
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    return {
        "dataclass": Settings(1, ["a"], Settings(2)),
        "frozen": Frozen(),
        "ordered": Ordered,
        "namedtuple": Point(1),
        "typeddict": Entry(name="a"),
        "enum": [Color.RED, Rights.READ | Rights.WRITE, Level.LOW, Name.A],
        "enum-class": Color,
        "wrapper": Wrapper(model),
        "wrapper-class": Wrapper,
        "protocol": Predicts,
        "generic": Wrapper[int],
        "slots": Slotted(),
        "metaclass": WithMeta(),
        "descriptor": WithDescriptor(),
        "reduced": Reduced(1),
        "state": Stateful(),
        "exception": Problem("a"),
        "bound-method": Wrapper(model).predict,
        "abstract": Base,
        "caching": Caching(),
    }


def functions():
    return {
        "scaled": scaled,
        "recursive": recursive,
        "closure": outer(3),
        "lambda": lambda values: values + 1,
        "decorated": decorated,
        "async": awaited,
        "hinted": hinted,
        "partial": functools.partial(scaled, by=3),
        "partial-method": functools.partial(Wrapper.predict, values=None),
        "composed": functools.reduce(lambda f, g: lambda x: f(g(x)), [abs, float]),
        "itemgetter": operator.itemgetter(1, "a"),
        "attrgetter": operator.attrgetter("a.b"),
        "methodcaller": operator.methodcaller("strip"),
        "singledispatch": _dispatched(),
        "numpy-function": np.log1p,
        "vectorized": np.vectorize(scaled),
        "builtin": len,
        "method-of-text": "a".join,
    }


def _dispatched():
    @functools.singledispatch
    def shown(value):
        return str(value)

    shown.register(int)(lambda value: f"{value:,}")
    return shown


def values():
    counter = collections.Counter("abca")
    return {
        "dates": [
            dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            dt.date(2026, 1, 1),
            dt.timedelta(1),
            dt.time(1),
            dt.timezone(dt.timedelta(hours=2)),
        ],
        "zones": [zoneinfo.ZoneInfo("UTC"), dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC"))],
        "numbers": [
            decimal.Decimal("1.5"),
            fractions.Fraction(1, 3),
            2**70,
            1j,
            float("inf"),
            True,
            None,
            Ellipsis,
            NotImplemented,
        ],
        "collections": [
            counter,
            collections.OrderedDict(a=1),
            collections.defaultdict(list, a=[1]),
            collections.deque([1], 3),
            collections.ChainMap({"a": 1}),
        ],
        "nested-defaultdict": collections.defaultdict(functools.partial(collections.defaultdict, int)),
        "texts": ["ä", b"\xff", bytearray(b"x"), "x" * 70000, re.compile("a+", re.IGNORECASE)],
        "paths": [
            pathlib.Path("/a"),
            pathlib.PurePosixPath("b"),
            pathlib.PureWindowsPath("C:/a"),
            uuid.UUID(int=1),
            ipaddress.ip_address("::1"),
            ipaddress.ip_network("10.0.0.0/8"),
        ],
        "ranges": [range(3), slice(1, 2), frozenset([1]), {1, 2}, array.array("d", [1.0]), memoryview(b"a").tobytes()],
        "iterators": [
            iter([1]),
            iter((1,)),
            reversed([1, 2]),
            enumerate("ab"),
            zip([1], [2], strict=False),
            map(str, [1]),
            filter(None, [1]),
        ],
        "random": [
            random.Random(1),
            np.random.RandomState(1),
            np.random.default_rng(1),
            np.random.SeedSequence(1),
            np.random.MT19937(1),
        ],
        "logging": [logging.getLogger("a"), logging.INFO],
        "errors": [ValueError("a"), KeyError(1), OSError(2, "no"), SystemExit(1)],
        "types": [
            int,
            list[int],
            dict[str, int],
            typing.Optional[int],  # noqa: UP045 - the older spelling is another object
            type(None),
            int | None,
            typing.Any,
            typing.Callable[[int], str],
            type(...),
        ],
        "builtins": [print, len, abs, map, getattr, isinstance],
        "numpy-types": [
            np.float32,
            np.dtype("f4"),
            np.dtype([("a", "i4")]),
            np.int64(1),
            np.float64(1),
            np.bool_(1),
            np.str_("a"),
            np.datetime64("2026-01-01"),
        ],
        "modules": [os, json, np, pd, collections, functools],
        "environ": dict(os.environ.__class__.__dict__).keys() and {"HOME": "/x"},
        "weak": weakref.WeakValueDictionary(),
    }


def _each(folder, dump, suffix, sets):
    for title, made in sets.items():
        for name, value in made.items():
            attempt(folder / f"{title}-{name}{suffix}", lambda path: path.write_bytes(dump(value)))


@makes("cloudpickle", "by-value")
def by_cloudpickle(folder):
    hints = without_future_annotations()
    _each(
        folder,
        cloudpickle.dumps,
        ".pkl",
        {"class": classes(), "function": functions(), "value": values(), "hints": hints},
    )
    hints = {name: hints[name] for name in ("Modelled", "Request")}
    _each(folder, lambda value: cloudpickle.dumps(value, 2), ".protocol-2.pkl", {"class": classes(), "hints": hints})


@makes("python", "pickle")
def by_pickle(folder):
    _each(folder, pickle.dumps, ".pkl", {"value": values()})
    for protocol in (0, 1, 2, 3):
        _each(folder, lambda value: pickle.dumps(value, protocol), f".protocol-{protocol}.pkl", {"value": values()})


@makes("joblib", "by-value")
def by_joblib(folder):
    for name, value in (values() | functions()).items():
        attempt(folder / f"{name}.joblib", lambda path: joblib.dump(value, path))


@makes("pandas", "pickle")
def frames(folder):
    table = pd.DataFrame({"i": [1, 2], "f": [1.0, None], "s": ["a", "b"], "t": pd.to_datetime(["2026-01-01", None])})
    made = {
        "plain": table,
        "series": table["i"],
        "index": pd.Index([1, 2]),
        "multi": table.set_index(["i", "s"]),
        "categories": table.assign(c=pd.Categorical(["x", "y"], ordered=True)),
        "zones": table.assign(t=pd.Timestamp("2026-01-01", tz="Europe/Berlin")),
        "periods": table.assign(p=pd.period_range("2026", periods=2)),
        "intervals": pd.interval_range(0, 3),
        "nullable": table.convert_dtypes(),
        "spans": pd.Series(pd.timedelta_range("1h", periods=2)),
        "sparse": pd.Series(pd.arrays.SparseArray([0, 0, 1])),
        "text": pd.array(["a", None], dtype="string"),
        "offset": pd.offsets.BMonthEnd(2),
        "grouped": table.groupby("s").mean(numeric_only=True),
        "timestamp": pd.Timestamp("2026-01-01"),
        "na": [pd.NA, pd.NaT],
        "objects": pd.DataFrame({"o": [{}, [1]]}),
        "dtypes": table.dtypes,
        "range": pd.RangeIndex(3),
        "empty": pd.DataFrame(),
    }
    for name, value in made.items():
        pd.to_pickle(value, f"{name}.pkl")
    for suffix in ("gz", "bz2", "xz", "zip", "tar"):
        pd.to_pickle(table, f"plain.pkl.{suffix}")
    pd.to_pickle(table, "plain.protocol-2.pkl", protocol=2)


@makes("numpy", "save")
def arrays(folder):
    np.save("plain.npy", np.ones((2, 3)))
    np.save("fortran.npy", np.asfortranarray(np.ones((2, 3))))
    np.save("objects.npy", np.array([1, None, {"a": 1}], dtype=object), allow_pickle=True)
    np.save("structured.npy", np.array([(1, 2.0, "x")], dtype=[("a", "i4"), ("b", "f8", (2,)), ("ä", "U3")]))
    np.save("dates.npy", np.array(["2026-01-01"], dtype="M8[D]"))
    np.save("empty.npy", np.empty((0, 3)))
    np.save("scalar.npy", np.array(1))
    np.save("complex.npy", np.ones(2, np.complex64))
    np.save("text.npy", np.array(["a", "bcd"]))
    np.savez("several.npz", a=np.arange(3), b=np.ones(2))
    np.savez_compressed("packed.npz", a=np.arange(3), o=np.array([None], dtype=object))
    np.savez("positional.npz", np.arange(3), np.ones(2))
    np.savetxt("table.txt", np.ones((2, 2)))
    np.ones(3).dump("dumped.pkl")
    np.ones(3).tofile("raw.bin")
    version_two = np.zeros(1, dtype=[(f"field-{n}" * 10, "f4") for n in range(900)])
    np.save("long-header.npy", version_two)


@makes("dill", "by-value")
def by_dill(folder):
    import dill  # importing it changes what pickle and joblib write

    _each(
        folder,
        dill.dumps,
        ".dill",
        {"class": classes(), "function": functions(), "value": values(), "hints": without_future_annotations()},
    )
    settings = {"recurse": True, "byref": True}
    for name, chosen in settings.items():
        _each(folder, lambda value: dill.dumps(value, **{name: chosen}), f".{name}.dill", {"function": functions()})
    attempt(folder / "session.pkl", dill.dump_module)
    joblib.dump(Wrapper, "patched.joblib")


if __name__ == "__main__":
    run()
