"""Names of the calls by which cloudpickle, dill and ``copyreg`` make functions, classes and modules."""

from __future__ import annotations

import re

DIALECTS = ("cloudpickle", "cloudpickle_fast")
"""Modules of cloudpickle; the second is that of its versions 1.3 to 2."""
MODULE_FINDERS = frozenset({f"cloudpickle.{module}.subimport" for module in DIALECTS} | {"dill._dill._import_module"})
FUNCTION_MAKERS = frozenset(
    {
        *(f"cloudpickle.{module}.{name}" for module in DIALECTS for name in ("_make_function", "_make_skel_func")),
        "dill._dill._create_function",
        "types.FunctionType",
    }
)
CELL_MAKERS = frozenset(
    {
        *(f"cloudpickle.{module}.{name}" for module in DIALECTS for name in ("_make_cell", "_make_empty_cell")),
        "dill._dill._create_cell",
        "types.CellType",
    }
)
CLASS_MAKERS = frozenset(
    {
        *(
            f"cloudpickle.{module}.{name}"
            for module in DIALECTS
            for name in ("_make_skeleton_class", "_make_skeleton_enum", "_rehydrate_skeleton_class")
        ),
        "dill._dill._create_type",
        "dill._dill._create_namedtuple",
        "collections.namedtuple",
        "types.new_class",
    }
)
"""What they make is a class of the file; calling it builds an instance."""
SHARED = frozenset({"operator.getitem", "functools.reduce", "builtins.getattr"})
"""What they give may belong to something imported: ``List[int]`` hands what is set on to ``list``."""
KEEPERS = FUNCTION_MAKERS | {"dataclasses.Field"}
"""What they make keeps its state, and loading does not call it."""
CARRIERS = frozenset({"functools.partial", "functools.partialmethod"})
"""What they make keeps what it is given, and calls it when it is called."""
LITERAL = re.compile(r"Ellipsis|NotImplemented|None|\.\.\.|range\(-?\d{1,20}, -?\d{1,20}(, -?\d{1,20})?\)")
"""Texts that dill writes to be evaluated."""
METHOD_OF_TYPE = re.compile(r"<[a-z ]+ '\w+' of '[\w.]+' objects>")
TYPES_OF_DILL = {
    "ClassType": ("builtins", "type"),
    "TypeType": ("builtins", "type"),
    "PartialType": ("functools", "partial"),
    "SuperType": ("builtins", "super"),
    "ItemGetterType": ("operator", "itemgetter"),
    "AttrGetterType": ("operator", "attrgetter"),
}
"""Names that cloudpickle and dill give to types beside Python's own."""
