"""Whether a call puts types together, as pickles of type hints do, or only looks as if it did."""

from __future__ import annotations

from app.inspection.pickles.makers import CLASS_MAKERS
from app.inspection.pickles.policy import is_class_like, is_standard
from app.inspection.pickles.values import Box, Global, Made, State, Value, origin, parts

TYPE_CALLS = frozenset(
    {
        "operator.getitem",
        "functools.reduce",
        "types.GenericAlias",
        "builtins.type",
        "dill._dill._create_typing_tuple",
        "dill._dill._eval_repr",
        "cloudpickle.cloudpickle._make_typevar",
        "cloudpickle.cloudpickle_fast._make_typevar",
    }
)
TYPING = frozenset({"typing", "typing_extensions", "collections.abc", "types"})


def is_type(value: Value) -> bool:
    """Whether it is a class or a type hint; texts are names of types, None what no name or call stands for."""
    pending, seen = [value], set[int]()
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            pending += part if id(part) not in seen else ()
            seen.add(id(part))
        elif not _is_simple(part):
            return False
    return True


def _is_simple(value: Value) -> bool:
    if isinstance(value, Global):
        return is_class_like(value.module, value.name)
    if isinstance(value, Made):
        maker = origin(value)
        if maker in TYPE_CALLS or maker in CLASS_MAKERS:
            return True
        return (
            isinstance(value.by, Global) and value.by.module in TYPING and is_class_like(value.by.module, value.by.name)
        )
    return value is None or isinstance(value, str | int)


def is_union(arguments: Value) -> bool:
    """Whether ``functools.reduce`` of these is ``a | b | c`` of types."""
    function, *rest = parts(arguments) or (None,)
    return (
        isinstance(function, Global)
        and str(function) == "operator.or_"
        and len(rest) == 1
        and isinstance(rest[0], tuple)
        and is_type(rest[0])
    )


def wrong_base(arguments: Value) -> str | None:
    """What ``operator.getitem`` of these takes something out of, if that is known to be no type."""
    if not isinstance(arguments, tuple) or len(arguments) != 2:
        return "what it computes"
    base = arguments[0]
    if isinstance(base, Global):
        is_other = not is_class_like(base.module, base.name) and is_standard(base.module)
        return str(base) if is_other else None
    if isinstance(base, Made):
        return None if is_type(base) else str(base)
    return None if isinstance(base, str | tuple | Box | State) or base is None else "what it computes"


def is_certain(arguments: Value) -> bool:
    """Whether the first of two arguments is a type."""
    base = parts(arguments)[0] if parts(arguments) else None
    return isinstance(base, Global | Made) and is_type(base)
