"""Calls that mean more than their name: what makes types, functions and classes, looks things up, or calls for another.

Sources: ``cloudpickle.cloudpickle`` 3.1, ``dill._dill`` 0.4, ``copyreg`` and ``typing`` of Python 3.8 to 3.14.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.inspection.pickles import typehints
from app.inspection.pickles.gadgets import BUILTIN_CONSTRUCTORS, EXPECTED, FUNCTION_STEPS, MODULE_STEPS
from app.inspection.pickles.makers import (
    CELL_MAKERS,
    CLASS_MAKERS,
    DIALECTS,
    FUNCTION_MAKERS,
    LITERAL,
    METHOD_OF_TYPE,
    MODULE_FINDERS,
    SHARED,
    TYPES_OF_DILL,
)
from app.inspection.pickles.policy import Level, is_class_like, is_standard, judge_call, leads_out
from app.inspection.pickles.values import Box, Bytes, Global, Made, Value, origin, parts
from app.inspection.reports import shown

if TYPE_CHECKING:
    from app.inspection.pickles.usage import Usage

__all__ = ["HANDLERS", "KEEPS_ARGUMENTS", "MODULE_FINDERS", "NESTED", "SHARED", "of_made"]

Handler = Callable[["Usage", Global, Value], Value]
HANDLERS: dict[str, Handler] = {}
NESTED = frozenset({"torch.storage._load_from_bytes"})
KEEPS_ARGUMENTS = frozenset({"numpy.dtype", "numpy.dtypes.StringDType", "functools.lru_cache"})
LAZY = ("starmap", "accumulate", "takewhile", "dropwhile", "filterfalse", "groupby")
MOST_FILES = 10_000
"""Files within a file that are looked at."""


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Mark the function that judges calls of these names."""

    def keep(function: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, function))
        return function

    return keep


def of_cloudpickle(*names: str) -> list[str]:
    """The full names of functions of cloudpickle, in every module that has carried them."""
    return [f"cloudpickle.{module}.{name}" for module in DIALECTS for name in names]


def of_made(usage: Usage, function: Made, arguments: Value) -> Value:
    """A call of something that an earlier call gave: a class of the file, or a type with its parameters."""
    maker = origin(function)
    if maker == "operator.getitem":
        base = parts(function.arguments)[:1]
        return usage.called(base[0] if base else None, arguments)
    if maker == "functools.partial":
        kept = (*parts(function.arguments), None)[0]
        if isinstance(kept, Global) and (kept in usage.harmful or is_class_like(kept.module, kept.name)):
            return usage.called(kept, (function, arguments))
    usage.handed(arguments, f"to {function}")
    if maker == "functools.lru_cache" and all(
        each is None or isinstance(each, int) for each in parts(function.arguments)
    ):
        return Made(function)  # the decorator keeps the function; calling that would be another call
    if maker not in CLASS_MAKERS:
        usage.danger(f"Calls {shown(str(function), 200)}.")
    return Made(function)


@handles("builtins.getattr", "dill._dill._get_attr")
def _attribute(usage: Usage, function: Global, arguments: Value) -> Value:
    """On a name or module it is an import by another way; on a value it gives a bound method."""
    base, name, *rest = (*parts(arguments), None, None)[: max(2, len(parts(arguments)))]
    if not isinstance(name, str):
        usage.danger("Looks up an attribute whose name it computes.")
        return Made(function)
    usage.handed(tuple(rest), "as what is taken instead of an attribute")
    if function.name == "_get_attr" and name not in BUILTIN_CONSTRUCTORS:
        usage.looked_up("builtins", name)  # where dill looks when the value has no such attribute
    if isinstance(base, Made) and origin(base) == "operator.getitem":
        base = (*parts(base.arguments), None)[0]  # a type with parameters hands attributes on to the type
    if isinstance(base, Global):
        return usage.looked_up(base.module, f"{base.name}.{name}")
    if isinstance(base, Made) and origin(base) in MODULE_FINDERS:
        return usage.looked_up((*parts(base.arguments), None)[0], name)
    held = (*base.held, *base.inner) if isinstance(base, Made) else usage.carried(base)
    further = origin(base) in SHARED and name in FUNCTION_STEPS | MODULE_STEPS
    if leads_out(name) or further:
        usage.danger(f"Looks up {shown(name, 100)}, which leads out of whatever carries it.")
    return Made(function, held=held)


@handles("builtins.setattr", "dill._dill._setattr")
def _set_attribute(usage: Usage, function: Global, arguments: Value) -> Value:
    target, name, value = (*parts(arguments), None, None, None)[:3]
    if not isinstance(name, str) or len(parts(arguments)) != 3:
        usage.danger("Sets an attribute whose name it computes.")
    usage.changed(target)
    if origin(target) in FUNCTION_MAKERS | CELL_MAKERS or name == "__annotations__":
        usage.keeps(value, target)
    else:
        usage.handed(value, "to an attribute")
    return Made(function)


@handles("operator.getitem")
def _item(usage: Usage, function: Global, arguments: Value) -> Value:
    """``List[int]``, ``Box[str]``: pickles of types with parameters."""
    wrong = typehints.wrong_base(arguments)
    if wrong is not None:
        usage.danger(f"Calls operator.getitem, which takes something out of {shown(wrong, 200)}.")
        usage.handed(arguments, "to operator.getitem")
    elif not typehints.is_certain(arguments):
        usage.suspect("operator.getitem takes something out of a value that is not known here.")
    return Made(function, arguments, held=usage.carried(arguments))


@handles("functools.reduce")
def _reduced(usage: Usage, function: Global, arguments: Value) -> Value:
    """``reduce(or_, (int, None))``: pickles of ``int | None`` before Python 3.14."""
    if not typehints.is_union(arguments):
        usage.danger("Calls functools.reduce, which calls what it is given.")
        usage.handed(arguments, "to functools.reduce")
    return Made(function, held=usage.carried(arguments))


@handles(
    "types.GenericAlias",
    "types.MethodType",
    "functools.partialmethod",
    "builtins.staticmethod",
    "builtins.classmethod",
    "builtins.property",
    "dill._dill._create_typing_tuple",
    *of_cloudpickle("_make_cell", "_make_typevar"),
    "dill._dill._create_cell",
)
def _carrier(usage: Usage, function: Global, arguments: Value) -> Value:
    """Keeps what it is given, and calls nothing of it."""
    return Made(function, held=usage.carried(arguments))


@handles("functools.partial")
def _partial(usage: Usage, function: Global, arguments: Value) -> Value:
    """What is bound to it matters when it is called; its state may bring another function."""
    return Made(function, parts(arguments)[:1], held=usage.carried(arguments))


@handles("builtins.map", "builtins.filter", *(f"itertools.{name}" for name in LAZY))
def _lazy(usage: Usage, function: Global, arguments: Value) -> Value:
    """Calls what it is given when it is iterated: harmless for a class, or for a function of Python that is."""
    at = 1 if function.name in {"accumulate", "groupby"} else 0
    given = (*parts(arguments), None, None)[at]
    if not isinstance(arguments, tuple) or (given is not None and not _is_harmless(given)):
        usage.danger(f"Calls {function}, which calls what it is given.")
    usage.handed(arguments, f"to {function}")
    return Made(function)


def _is_harmless(function: Value) -> bool:
    if not isinstance(function, Global) or str(function) in EXPECTED or str(function) in HANDLERS:
        return False
    is_named = is_class_like(function.module, function.name) or is_standard(function.module)
    return is_named and judge_call(function.module, function.name).level is not Level.DANGEROUS


@handles("types.new_class")
def _new_class(usage: Usage, function: Global, arguments: Value) -> Value:
    """Calls its last argument with the names of the class; dill gives ``partial(_setitems, source=…)``."""
    given = parts(arguments)
    named, filler = given[2] if len(given) > 2 else Box(), given[3] if len(given) > 3 else None
    meta = named.metaclass if isinstance(named, Box) else named
    if not given or not isinstance(named, Box) or not (meta is None or _is_metaclass(meta)):
        usage.danger("Calls types.new_class, which calls the metaclass that it is given, and that is no class.")
    kept = parts(filler.arguments)[:1] if isinstance(filler, Made) and origin(filler) == "functools.partial" else ()
    if filler is not None and [str(each) for each in kept] != ["dill._dill._setitems"]:
        usage.danger("Calls types.new_class, which calls what it is given.")
    usage.handed(arguments, "to types.new_class")
    return Made(function)


@handles(*of_cloudpickle("_make_function", "_make_skel_func"), "dill._dill._create_function", "types.FunctionType")
def _function(usage: Usage, function: Global, arguments: Value) -> Value:
    made = Made(function)
    usage.keeps(arguments, made)
    for argument in parts(arguments):
        if isinstance(argument, Box):
            argument.names_of_code = True
    return made


@handles(*of_cloudpickle("_function_setstate", "_fill_function"))
def _function_state(usage: Usage, function: Global, arguments: Value) -> Value:
    target, *state = parts(arguments) or (None,)
    if origin(target) in FUNCTION_MAKERS:
        usage.keeps(tuple(state), target)
    else:
        usage.danger(f"Calls {function} on something that the file does not bring itself.")
    return target if function.name == "_fill_function" else Made(function)


@handles(*of_cloudpickle("_cell_set", "cell_set"))
def _cell_content(usage: Usage, function: Global, arguments: Value) -> Value:
    target, *content = parts(arguments) or (None,)
    if origin(target) in CELL_MAKERS:
        usage.keeps(tuple(content), target)
    else:
        usage.handed(tuple(content), "to what is no cell")
    return Made(function)


@handles(*of_cloudpickle("_class_setstate"))
def _class_state(usage: Usage, function: Global, arguments: Value) -> Value:
    target, *state = parts(arguments) or (None,)
    if origin(target) not in CLASS_MAKERS:
        usage.danger(f"Calls {function} on something that the file does not bring itself.")
    usage.handed(tuple(state), "to a class of the file")
    return Made(function)


@handles(*of_cloudpickle("dynamic_subimport"))
def _module_of_file(usage: Usage, function: Global, arguments: Value) -> Value:
    made = Made(function)
    usage.keeps(arguments, made)
    return made


@handles(*of_cloudpickle("subimport"))
def _module(usage: Usage, function: Global, arguments: Value) -> Value:
    name = (*parts(arguments), None)[0]
    if not isinstance(name, str):
        usage.danger("Imports a module whose name it computes.")
    else:
        usage.uses(name)
    return Made(function, arguments)


@handles("dill._dill._import_module")
def _module_or_class(usage: Usage, function: Global, arguments: Value) -> Value:
    """``a.b`` is the module or class ``b`` of ``a``; what is neither is imported as a module."""
    name = (*parts(arguments), None)[0]
    if isinstance(name, str) and "." in name and is_class_like(*name.rsplit(".", 1)):
        return usage.looked_up(*name.rsplit(".", 1))
    return _module(usage, function, arguments)


@handles(*of_cloudpickle("_builtin_type"), "dill._dill._load_type")
def _type_by_name(usage: Usage, function: Global, arguments: Value) -> Value:
    name = (*parts(arguments), None)[0]
    if not isinstance(name, str):
        usage.danger(f"Calls {function} with a name that it computes.")
        return Made(Made(function))
    if name in TYPES_OF_DILL:
        return Global(*TYPES_OF_DILL[name])
    return usage.looked_up("builtins" if name in BUILTIN_CONSTRUCTORS else "types", name)


@handles("dill._dill._create_namedtuple")
def _named_tuple(usage: Usage, function: Global, arguments: Value) -> Value:
    """The class of that name if the module has one, else a new one."""
    name, _, module = (*parts(arguments), None, None, None)[:3]
    attribute = usage.looked_up(module, name)
    return attribute if attribute in usage.harmful else Made(function)


def _is_metaclass(value: Value) -> bool:
    return origin(value) in CLASS_MAKERS or (isinstance(value, Global) and is_class_like(value.module, value.name))


@handles("dill._dill._create_type", *of_cloudpickle("_make_skeleton_class", "_make_skeleton_enum"))
def _class(usage: Usage, function: Global, arguments: Value) -> Value:
    """A class is made by calling its metaclass: something else than one may give anything."""
    meta, *rest = parts(arguments) or (None,)
    is_enum = function.name == "_make_skeleton_enum"
    if not is_enum and not _is_metaclass(meta):
        return usage.called(meta, tuple(rest))
    if isinstance(meta, Global) and not is_enum:
        usage.called(meta, tuple(rest))
    usage.handed(arguments, f"to {function}")
    return Made(function)


@handles("dill._dill._create_ftype", "dill._dill._create_array")
def _called_by_dill(usage: Usage, function: Global, arguments: Value) -> Value:
    called, *rest = parts(arguments) or (None,)
    if str(called) == "functools.partial" or origin(called) == "dill._dill._load_type":
        return _carrier(usage, Global("functools", "partial"), tuple(rest))
    inner = rest[0] if rest and isinstance(rest[0], tuple) else tuple(rest)
    usage.handed(tuple(rest), f"to {function}")
    return usage.called(called, inner)


@handles("dill._dill._setitems")
def _set_items(usage: Usage, function: Global, arguments: Value) -> Value:
    target, source = (*parts(arguments), None, None)[:2]
    usage.changed(target)
    if isinstance(target, Box):
        usage.filled(target, source)
    else:
        usage.handed(source, "to a dictionary")
    return Made(function)


@handles("dill._dill._eval_repr")
def _literal(usage: Usage, function: Global, arguments: Value) -> Value:
    text = (*parts(arguments), None)[0]
    if not isinstance(text, str):
        usage.danger("Calls dill._dill._eval_repr, which runs code from text, on a text that it computes.")
    elif not LITERAL.fullmatch(text):
        usage.danger(f"Calls dill._dill._eval_repr, which runs code from text: {shown(repr(text), 100)}.")
    return Made(function)


@handles("dill._dill._getattr")
def _method_of_type(usage: Usage, function: Global, arguments: Value) -> Value:
    """Dill evaluates the name that it takes from the description of a method of a type."""
    base, name, told = (*parts(arguments), None, None, None)[:3]
    plain = isinstance(name, str) and isinstance(told, str) and METHOD_OF_TYPE.fullmatch(told) and name.isidentifier()
    if not plain:
        usage.danger("Calls dill._dill._getattr, which runs code from text, on a text that is no description.")
    usage.handed(base, "to dill._dill._getattr")
    return Made(function)


@handles(*NESTED)
def _file_within(usage: Usage, function: Global, arguments: Value) -> Value:
    content = arguments[0] if isinstance(arguments, tuple) and len(arguments) == 1 else None
    if not isinstance(content, Bytes) or len(usage.nested) >= MOST_FILES:
        usage.danger(f"Calls {function} on bytes that cannot be looked at.")
    else:
        usage.nested.append(content)
    return Made(function)


@handles("types.CodeType", "dill._dill._create_code")
def _code(usage: Usage, function: Global, arguments: Value) -> Value:
    for part in parts(arguments):
        usage.reads(part)
    usage.handed(arguments, "to code")
    return Made(function)
