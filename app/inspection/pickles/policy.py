"""What a name in a pickle means: plain data, something unknown, or a way to run code.

Three answers. ``dangerous`` is what does harm when it is called, by name (`harm`), and steps that lead out of a value.
``safe`` are classes and rebuilders of the libraries that people log with. Everything else is ``suspicious``: it is
listed, not refused. What the pickle does with a name is judged in ``usage``.
"""

from __future__ import annotations

import _compat_pickle
import re
import sys
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from app.inspection.pickles.gadgets import (
    BUILTIN_CALLERS,
    BUILTIN_CONSTRUCTORS,
    EXPECTED,
    FUNCTION_STEPS,
    HARMLESS,
    INNER_STEPS,
    MODULE_STEPS,
    MUTATORS,
    PLAIN_MODULES,
    REBUILDERS,
    TRUSTED_PACKAGES,
)
from app.inspection.pickles.harm.libraries import LOADERS, RUNNERS, WRITERS
from app.inspection.pickles.harm.lookup import HARM, harm
from app.inspection.pickles.harm.reasons import AGAIN, CALLS, CHANGES, CODE, FILES

COPIES = {
    "joblib.externals.cloudpickle": "cloudpickle",
    "pyspark.cloudpickle": "cloudpickle",
    "ray.cloudpickle": "cloudpickle",
    "sklearn.externals.joblib": "joblib",
}
"""Copies of packages inside of other packages, by their first part."""
SAME = {"_operator": "operator", "_functools": "functools"}
"""Modules in C whose names the other module has as well."""
DTYPES = re.compile(
    r"(?:torch|numpy|ml_dtypes)\.(?:(?:q?u?int|b?float|b?complex|bits)\d+\w*|half|double|cfloat|cdouble)"
)
"""Types of numbers, of which every release brings new ones."""
STANDARD_MODULES = sys.stdlib_module_names | frozenset(
    """commands popen2 httplib urllib2 imp asyncore asynchat smtpd distutils pipes telnetlib nntplib cgi cgitb mailcap
    imghdr sndhdr xdrlib crypt spwd lib2to3 anydbm whichdb""".split()
)
JUDGED_PACKAGES = STANDARD_MODULES | TRUSTED_PACKAGES | {name.partition(".")[0] for name in HARM}
USED_AS_VALUES = frozenset({"builtins", "operator", "functools", "itertools", "types"})
"""Modules whose functions models keep; other scanners condemn all of them."""
NAMES_OF_USERS = frozenset({"code", "test"})
"""Modules of Python's library by whose names users call their own."""


class Level(IntEnum):
    """How bad a name or a call is; the worst one of a file decides."""

    SAFE = 0
    SUSPICIOUS = 1
    DANGEROUS = 2


@dataclass(frozen=True, slots=True)
class Judgement:
    """A level, and the reason as the end of a sentence."""

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
    for copy, package in COPIES.items():
        if module == copy or module.startswith(f"{copy}."):
            module = package + module[len(copy) :]
    return SAME.get(module, module), name


@lru_cache(maxsize=10_000)
def judge_import(module: str, name: str) -> Judgement:
    """What it means that loading looks up ``name`` in ``module``."""
    full = f"{module}.{name}"
    if full in EXPECTED:
        return Judgement(Level.SUSPICIOUS, EXPECTED[full])
    if full in REBUILDERS:
        return SAFE
    why = harm(module, name) or _leaves(module, name)
    if why is not None:
        return Judgement(Level.DANGEROUS, why)
    if module == "builtins":
        plain = name.split(".", maxsplit=1)[0] in BUILTIN_CONSTRUCTORS
        return SAFE if plain else Judgement(Level.SUSPICIOUS, "is a function of Python itself")
    return SAFE if _is_plain(module, name) else UNKNOWN


@lru_cache(maxsize=10_000)
def judge_call(module: str, name: str) -> Judgement:
    """What it means that loading calls it: names that may be kept, and not called."""
    full = f"{module}.{name}"
    if module == "builtins" and name in BUILTIN_CALLERS:
        return Judgement(Level.DANGEROUS, CALLS)
    judgement = judge_import(module, name)
    if judgement.level is Level.DANGEROUS or full in EXPECTED or full in REBUILDERS:
        return judgement
    owner, _, method = name.rpartition(".")
    for methods, why in ((WRITERS, FILES), (LOADERS, AGAIN), (RUNNERS, CODE)):
        if owner and method in methods and is_of_library(module):
            return Judgement(Level.DANGEROUS, why)
    if owner and method in MUTATORS and not is_class_like(module, owner):
        return Judgement(Level.DANGEROUS, CHANGES)
    return SAFE


def is_judged_by_use(module: str, name: str) -> bool:
    """Whether the opinion of another scanner on the name alone is of no interest, since honest files need it."""
    full = f"{module}.{name}"
    if full in EXPECTED or full in REBUILDERS:
        return True
    return module in USED_AS_VALUES and judge_import(module, name).level is not Level.DANGEROUS


def leads_out(attribute: str) -> bool:
    """Whether an attribute of any value reaches what the value does not own."""
    return attribute in INNER_STEPS or (attribute.startswith("__") and attribute not in HARMLESS)


def is_class_like(module: str, name: str) -> bool:
    """Whether a name is that of a class, as far as can be told: known ones, and those with a capital letter."""
    full, last = f"{module}.{name}", name.rpartition(".")[2].lstrip("_")
    if module == "builtins":
        return name in BUILTIN_CONSTRUCTORS
    return last[:1].isupper() or full in REBUILDERS or module in PLAIN_MODULES or bool(DTYPES.fullmatch(full))


def is_standard(module: str) -> bool:
    """Whether it is a module of Python's library, unless a module of the user's has the same name."""
    return module.split(".", maxsplit=1)[0] in STANDARD_MODULES


def is_of_library(module: str) -> bool:
    """Whether it is a module of Python's library or of a package that is known here: not a user's own."""
    package = module.split(".", maxsplit=1)[0]
    return package in JUDGED_PACKAGES and package not in NAMES_OF_USERS


def _leaves(module: str, name: str) -> str | None:
    """The step by which the name leaves the module or class that carries it.

    What a user's own module has under the name of a function that does harm elsewhere is the user's own.
    """
    steps = name.split(".")
    is_foreign = is_of_library(module)
    for at, step in enumerate(steps):
        of_value = at > 0 and steps[at - 1].lstrip("_")[:1].isupper()
        if step in MODULE_STEPS and (is_foreign or len(steps) > 1):
            return f"reaches {step} through something else"
        if step in FUNCTION_STEPS and not of_value and (is_foreign or at > 0):
            return f"reaches {step} through something else"
        if (at > 0 or step in INNER_STEPS or step.endswith("__")) and leads_out(step):
            return f"reaches {step} through something else"
    return None


def _is_plain(module: str, name: str) -> bool:
    """Whether it is a class of a library that people log with: classes of them keep data, functions may do more."""
    last = name.rsplit(".", maxsplit=1)[-1].lstrip("_")
    if module in PLAIN_MODULES or DTYPES.fullmatch(f"{module}.{name}"):
        return True
    plain = last[:1].isupper() or name.startswith("__pyx_unpickle_")  # Cython's counterpart of copyreg._reconstructor
    return module.split(".", maxsplit=1)[0] in TRUSTED_PACKAGES and plain and "." not in name
