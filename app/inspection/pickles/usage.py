"""What loading does with what it imports: looks up, calls, changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.inspection.pickles import calls
from app.inspection.pickles.gadgets import MUTATORS
from app.inspection.pickles.policy import Level, judge_call, judge_import, modern
from app.inspection.pickles.values import MOST_HELD, Box, Bytes, Global, Made, State, Value, origin, parts
from app.inspection.reports import shown

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
    harmful: dict[Global, str] = field(default_factory=dict)
    """Names that do harm when they are called, and why; :meth:`settle` judges each of them at the end."""
    kept: set[Global] = field(default_factory=set)
    """Those of them that became names of code in the file, which loading does not call."""
    told: set[Global] = field(default_factory=set)
    """Those of them that a danger names already."""
    acted: bool = False
    """Whether something was called, built or changed, not only imported."""

    @property
    def level(self) -> Level:
        """The worst that was seen."""
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
        imported = Global(*modern(module, name))
        if imported not in self.imports:
            self._judge(imported)
        return imported

    def _judge(self, imported: Global) -> None:
        if len(self.imports) >= MOST_KEPT:
            self.danger(f"Imports more than {MOST_KEPT:,} names.")
            return
        self.imports.add(imported)
        judgement = judge_import(imported.module, imported.name)
        if judgement.level is Level.DANGEROUS:
            self.harmful[imported] = judgement.why
        elif judgement.level is Level.SUSPICIOUS:
            self.suspect(f"{shown(str(imported), 200)} {judgement.why}.")

    def called(self, function: Value, arguments: Value) -> Value:
        """A call; what it gives."""
        self.acted = True
        if isinstance(function, Global):
            return self._called_global(function, arguments)
        if isinstance(function, Made):
            return calls.of_made(self, function, arguments)
        self.danger("Calls something that cannot be told.")
        return Made(function)

    def _called_global(self, function: Global, arguments: Value) -> Value:
        full = str(function)
        handle = calls.HANDLERS.get(full)
        if handle is not None:
            return handle(self, function, arguments)
        judgement = judge_call(function.module, function.name)
        if judgement.level is Level.DANGEROUS:
            self.danger(f"Calls {shown(full, 200)}, which {judgement.why}.")
            self.told.add(function)
        if function.name.rpartition(".")[2] in MUTATORS and "." in function.name:
            self.changed(parts(arguments)[0] if parts(arguments) else None)
        self.handed(arguments, f"to {shown(full, 200)}")
        return Made(function, arguments if full in calls.KEEPS_ARGUMENTS else None)

    def built(self, cls: Value, *arguments: Value) -> Value:
        """An instance without a call of the class itself (``cls.__new__``)."""
        self.acted = True
        if not isinstance(cls, Global | Made):
            self.danger("Builds an instance of something that cannot be told.")
        elif isinstance(cls, Global) and cls in self.harmful:
            self.danger(f"Builds {shown(str(cls), 200)}, which {self.harmful[cls]}.")
            self.told.add(cls)
        for argument in (cls, *arguments):
            self.handed(argument, "to a class")
        return Made(cls)

    def changed(self, target: Value) -> None:
        """State, items or attributes are put into something."""
        self.acted = self.acted or target is not None
        if isinstance(target, Global) and target.module == "__main__" and target.name.isidentifier():
            self.suspect(f"Changes {target}, which is whatever the program that loads it has under this name.")
        elif isinstance(target, Global):
            self.danger(f"Changes {shown(str(target), 200)} itself, for all code that uses it.")
        elif isinstance(target, Made) and origin(target) in calls.MODULE_FINDERS and target.arguments == ("__main__",):
            self.suspect("Changes __main__, as sessions of dill do.")
        elif origin(target) in calls.MODULE_FINDERS:
            self.danger("Changes a module, for all code that uses it.")
        elif origin(target) in calls.SHARED:
            self.danger(f"Changes what {origin(target)} gave, which need not be the file's own.")

    def carried(self, value: Value) -> tuple[Global, ...]:
        """The harmful names in a value."""
        if not self.harmful:
            return ()
        names: dict[Global, None] = {}
        pending, seen = [value], set[int]()
        while pending:
            part = pending.pop()
            if isinstance(part, Global):
                names |= {part: None} if part in self.harmful else {}
            elif isinstance(part, tuple) and id(part) not in seen:
                seen.add(id(part))
                pending += part
            elif isinstance(part, Made | Box):
                names |= dict.fromkeys(part.held)
            elif isinstance(part, State):
                pending += part.entries.values()
        if len(names) > MOST_HELD:
            self.danger(f"Keeps more than {MOST_HELD:,} names that do harm in one value.")
        return tuple(names)

    def handed(self, value: Value, to: str) -> None:
        """Something gets a value and may call what is in it."""
        for name in self.carried(value):
            if name not in self.told:
                self.danger(f"Hands {shown(str(name), 200)}, which {self.harmful[name]}, {to}.")
                self.told.add(name)

    def keeps(self, value: Value, of: Value = None) -> None:
        """Code of the file gets a value as one of its names: loading does not call it."""
        held = self.carried(value)
        self.kept.update(held)
        if isinstance(of, Made) and held:
            of.inner = tuple(dict.fromkeys((*of.inner, *held)))

    def filled(self, box: Box, value: Value) -> None:
        """Something goes into a dictionary of the file."""
        held = self.carried(value)
        if held:
            box.held = tuple(dict.fromkeys((*box.held, *held)))
            if box.names_of_code:
                self.kept.update(held)

    def uses(self, module: str) -> None:
        """Code of the file uses a module."""
        if len(self.modules) < MOST_KEPT:
            self.modules.add(module)

    def reads(self, names: Value) -> None:
        """Code of the file uses these names."""
        if isinstance(names, tuple) and len(self.words) < MOST_KEPT:
            self.words.update(word for word in names if isinstance(word, str))

    def settle(self) -> None:
        """The end: harmful names that nothing has been done with are no business of an honest file."""
        for name, why in self.harmful.items():
            if name in self.told:
                continue
            if name in self.kept:
                self.suspect(f"Python code in the file has {shown(str(name), 200)}, which {why}.")
            else:
                self.danger(f"Names {shown(str(name), 200)}, which {why}.")
                self.told.add(name)

    def danger(self, told: str) -> None:
        """Note a reason to call the file dangerous."""
        if len(self.dangers) < MOST_KEPT:
            self.dangers[told] = None

    def suspect(self, told: str) -> None:
        """Note a reason to call the file suspicious."""
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
        self.harmful |= other.harmful
        self.kept |= other.kept
        self.told |= other.told
        self.acted = self.acted or other.acted
