"""What loading does with what it imports: looks up, calls, changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.inspection.pickles.policy import Level, judge_call, judge_import, leads_out, modern
from app.inspection.pickles.values import Bytes, Global, Made, Value, origin
from app.inspection.reports import shown

MODULE_FINDERS = frozenset({"cloudpickle.cloudpickle.subimport", "cloudpickle.cloudpickle_fast.subimport"})
CLASS_MAKERS = frozenset(
    f"{module}.{name}"
    for module, names in {
        "cloudpickle.cloudpickle": "_make_skeleton_class _make_skeleton_enum _rehydrate_skeleton_class _builtin_type",
        "dill._dill": "_create_type _load_type _create_namedtuple",
        "collections": "namedtuple",
    }.items()
    for name in names.split()
)
"""What they make is a class; calling it builds an instance."""
CHANGERS = {
    "cloudpickle.cloudpickle._function_setstate": frozenset({"cloudpickle.cloudpickle._make_function"}),
    "cloudpickle.cloudpickle._class_setstate": CLASS_MAKERS,
}
"""Functions that change their first argument, and what must have made it."""
TYPE_FINDERS = frozenset({"cloudpickle.cloudpickle._builtin_type", "dill._dill._load_type"})
NESTED = frozenset({"torch.storage._load_from_bytes"})
KEEPS_ARGUMENTS = frozenset({"numpy.dtype"}) | MODULE_FINDERS
CODE = "types.CodeType"
MOST_KEPT = 10_000
"""Names and findings of each kind that are kept of one file."""


@dataclass(slots=True)
class Usage:
    """What has been seen so far; each set is bounded."""

    imports: set[Global] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    """Modules that code inside the file uses."""
    words: set[str] = field(default_factory=set)
    """Names that code inside the file uses."""
    dangers: dict[str, None] = field(default_factory=dict)
    suspicions: dict[str, None] = field(default_factory=dict)
    nested: list[Bytes] = field(default_factory=list)
    """Files within the file, which have to be looked at, too."""

    @property
    def level(self) -> Level:
        if self.dangers:
            return Level.DANGEROUS
        return Level.SUSPICIOUS if self.suspicions or self.modules else Level.SAFE

    def looked_up(self, module: Value, name: Value) -> Global:
        """An import.

        One whose name the pickle computes cannot be judged, and no pickler writes it.
        """
        if not isinstance(module, str) or not isinstance(name, str):
            self.danger("Imports something whose name it computes.")
            return Global("?", "?")
        found = Global(*modern(module, name))
        if found not in self.imports:
            self._judge(found)
        return found

    def _judge(self, found: Global) -> None:
        if len(self.imports) >= MOST_KEPT:
            self.danger(f"Imports more than {MOST_KEPT:,} names.")
            return
        self.imports.add(found)
        judgement = judge_import(found.module, found.name)
        told = f"{shown(str(found), 200)} {judgement.why}."
        if judgement.level is Level.DANGEROUS:
            self.danger(told)
        elif judgement.level is Level.SUSPICIOUS:
            self.suspect(told)

    def called(self, function: Value, arguments: Value) -> Value:
        """A call; what it gives."""
        if isinstance(function, Global):
            return self._called_global(function, arguments)
        if isinstance(function, Made):
            if origin(function) not in CLASS_MAKERS:
                self.danger(f"Calls {shown(str(function), 200)}.")
        else:
            self.danger("Calls something that cannot be told.")
        return Made(function)

    def _called_global(self, function: Global, arguments: Value) -> Value:
        judgement = judge_call(function.module, function.name)
        full = str(function)
        if judgement.level is Level.DANGEROUS:
            self.danger(f"Calls {shown(full, 200)}, which {judgement.why}.")
        if full == "builtins.getattr":
            return self._attribute(arguments)
        if full in TYPE_FINDERS and isinstance(arguments, tuple) and arguments and isinstance(arguments[0], str):
            return Global("types", "CodeType") if arguments[0] == "CodeType" else Made(function)
        if full in MODULE_FINDERS:
            self._module(arguments)
        elif full in CHANGERS:
            self._changed_by(full, arguments)
        elif full in NESTED:
            self._nested(full, arguments)
        elif full == CODE:
            self._code(arguments)
        return Made(function, arguments if full in KEEPS_ARGUMENTS else None)

    def _attribute(self, arguments: Value) -> Value:
        """``getattr``: on a name or module it is an import by another way; on a value it gives a bound method."""
        function = Global("builtins", "getattr")
        if not isinstance(arguments, tuple) or len(arguments) < 2 or not isinstance(arguments[1], str):
            self.danger("Looks up an attribute whose name it computes.")
            return Made(function)
        base, name = arguments[0], arguments[1]
        if isinstance(base, Global):
            return self.looked_up(base.module, f"{base.name}.{name}")
        if isinstance(base, Made) and origin(base) in MODULE_FINDERS:
            module = base.arguments[0] if isinstance(base.arguments, tuple) and base.arguments else None
            return self.looked_up(module, name)
        if leads_out(name):
            self.danger(f"Looks up {shown(name, 100)}, which leads out of whatever carries it.")
        return Made(function)

    def _module(self, arguments: Value) -> None:
        name = arguments[0] if isinstance(arguments, tuple) and arguments else None
        if not isinstance(name, str):
            self.danger("Imports a module whose name it computes.")
        elif len(self.modules) < MOST_KEPT:
            self.modules.add(name)

    def _changed_by(self, changer: str, arguments: Value) -> None:
        target = arguments[0] if isinstance(arguments, tuple) and arguments else None
        if origin(target) not in CHANGERS[changer]:
            self.danger(f"Calls {changer} on something that the file does not bring itself.")

    def _nested(self, full: str, arguments: Value) -> None:
        content = arguments[0] if isinstance(arguments, tuple) and len(arguments) == 1 else None
        if not isinstance(content, Bytes) or len(self.nested) >= MOST_KEPT:
            self.danger(f"Calls {full} on bytes that cannot be looked at.")
        else:
            self.nested.append(content)

    def _code(self, arguments: Value) -> None:
        for part in arguments if isinstance(arguments, tuple) else ():
            if isinstance(part, tuple) and len(self.words) < MOST_KEPT:
                self.words.update(word for word in part if isinstance(word, str))

    def built(self, cls: Value) -> Value:
        """An instance without a call of the class itself (``cls.__new__``)."""
        if not isinstance(cls, Global | Made):
            self.danger("Builds an instance of something that cannot be told.")
        return Made(cls)

    def changed(self, target: Value) -> None:
        """State, items or attributes are put into something."""
        if isinstance(target, Global):
            self.danger(f"Changes {shown(str(target), 200)} itself, for everybody who uses it.")
        elif origin(target) in MODULE_FINDERS:
            self.danger("Changes a module, for everybody who uses it.")

    def danger(self, told: str) -> None:
        if len(self.dangers) < MOST_KEPT:
            self.dangers[told] = None

    def suspect(self, told: str) -> None:
        if len(self.suspicions) < MOST_KEPT:
            self.suspicions[told] = None

    def absorb(self, other: Usage) -> None:
        """Add what has been seen elsewhere."""
        self.imports |= other.imports
        self.modules |= other.modules
        self.words |= other.words
        self.nested += other.nested
        self.dangers |= other.dangers
        self.suspicions |= other.suspicions
