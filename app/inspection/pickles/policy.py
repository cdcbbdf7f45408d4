"""What an import of a pickle means: plain data, something unknown, or a way to run code.

Three answers. ``dangerous`` is what no honest model needs and what gives the sender the machine. ``safe`` are classes
and rebuilders of the libraries that people log with. Everything else is ``suspicious``: it is listed, not refused.
"""

from __future__ import annotations

import _compat_pickle
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from app.inspection.pickles.gadgets import (
    ATTRIBUTES,
    BUILTIN_CONSTRUCTORS,
    BUILTIN_VALUES,
    EXPECTED,
    HARMLESS,
    MODULES,
    NAMES,
    ONLY,
    PLAIN_MODULES,
    REBUILDERS,
    TRUSTED_PACKAGES,
    UNCALLABLE,
    USED_AS_VALUES,
)

CLOUDPICKLES = ("joblib.externals.cloudpickle", "pyspark.cloudpickle", "ray.cloudpickle")
"""Copies of cloudpickle inside of other packages."""


class Level(IntEnum):
    SAFE = 0
    SUSPICIOUS = 1
    DANGEROUS = 2


@dataclass(frozen=True, slots=True)
class Judgement:
    level: Level
    why: str = ""


SAFE = Judgement(Level.SAFE)
UNKNOWN = Judgement(Level.SUSPICIOUS, "is not known here; loading runs whatever it does")


def modern(module: str, name: str) -> tuple[str, str]:
    """The name that Python 3 looks up for one of Python 2, and that of the package for its copies."""
    if (module, name) in _compat_pickle.NAME_MAPPING:
        module, name = _compat_pickle.NAME_MAPPING[module, name]
    elif module in _compat_pickle.IMPORT_MAPPING:
        module = _compat_pickle.IMPORT_MAPPING[module]
    for copy in CLOUDPICKLES:
        if module == copy or module.startswith(f"{copy}."):
            module = "cloudpickle" + module[len(copy) :]
    return module, name


@lru_cache(maxsize=10_000)
def judge_import(module: str, name: str) -> Judgement:
    """What it means that loading looks up ``name`` in ``module``."""
    full = f"{module}.{name}"
    if full in EXPECTED:
        return Judgement(Level.SUSPICIOUS, EXPECTED[full])
    if full in REBUILDERS:
        return SAFE
    why = _danger(module, name)
    if why is not None:
        return Judgement(Level.DANGEROUS, why)
    if module == "builtins":
        return (
            SAFE
            if name.split(".", maxsplit=1)[0] in BUILTIN_CONSTRUCTORS
            else Judgement(Level.SUSPICIOUS, "is a function of Python itself")
        )
    return SAFE if _is_plain(module, name) else UNKNOWN


@lru_cache(maxsize=10_000)
def judge_call(module: str, name: str) -> Judgement:
    """What it means that loading calls it; the import has been judged already."""
    full = f"{module}.{name}"
    if full in UNCALLABLE or (module in {"operator", "_operator"} and full not in EXPECTED):
        return Judgement(Level.DANGEROUS, "runs what it is given")
    if module == "builtins" and name.split(".", maxsplit=1)[0] not in BUILTIN_CONSTRUCTORS and full not in EXPECTED:
        return Judgement(Level.DANGEROUS, "has no business in building a value")
    return SAFE


def is_judged_by_use(module: str, name: str) -> bool:
    """Whether honest files need it, so that only what the pickle does with it tells whether it is dangerous."""
    full, first = f"{module}.{name}", name.split(".", maxsplit=1)[0]
    if full in EXPECTED or full in REBUILDERS:
        return True
    if module == "builtins":
        known = first in BUILTIN_CONSTRUCTORS or name in BUILTIN_VALUES
    else:
        known = module in USED_AS_VALUES or first in ONLY.get(module, ())
    return known and _danger(module, name) is None


def leads_out(attribute: str) -> bool:
    """Whether an attribute of any value reaches what the value does not own."""
    return attribute in ATTRIBUTES or (attribute.startswith("__") and attribute not in HARMLESS)


def _danger(module: str, name: str) -> str | None:
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        why = MODULES.get(".".join(parts[:end]))
        if why is not None:
            return why
    full = f"{module}.{name}"
    steps = full.split(".")
    for end in range(len(steps), 1, -1):
        why = NAMES.get(".".join(steps[:end]))
        if why is not None:
            return why
    allowed = ONLY.get(module)
    if allowed is not None and name.split(".", maxsplit=1)[0] not in allowed:
        return f"is not among what honest files need of {module}"
    if module == "builtins" and steps[1] not in BUILTIN_CONSTRUCTORS and name not in BUILTIN_VALUES:
        return "reaches into Python itself"
    return _attributes(name)


def _attributes(name: str) -> str | None:
    steps = name.split(".")
    for step in steps:
        if step in ATTRIBUTES or (len(steps) > 1 and leads_out(step)):
            return f"reaches {step} through something else"
    return None


def _is_plain(module: str, name: str) -> bool:
    """Whether it is a class of a library that people log with: classes of them keep data, functions may do more."""
    last = name.rsplit(".", maxsplit=1)[-1].lstrip("_")
    if module in PLAIN_MODULES:
        return True
    plain = last[:1].isupper() or name.startswith("__pyx_unpickle_")  # Cython's counterpart of copyreg._reconstructor
    return module.split(".", maxsplit=1)[0] in TRUSTED_PACKAGES and plain and "." not in name
