"""All pickles of a stream, one after the other, with the arrays that joblib puts between their opcodes."""

from __future__ import annotations

import re
from collections import ChainMap
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod

from app.inspection.limits import Limits
from app.inspection.pickles import opcodes as _opcodes  # noqa: F401 - registers what each opcode does
from app.inspection.pickles.machine import Broken, Machine, Refused
from app.inspection.pickles.policy import DTYPES, Level, judge_import
from app.inspection.pickles.skeleton import Skeleton
from app.inspection.pickles.usage import Usage
from app.inspection.pickles.values import Bytes, Global, Made, Value, origin
from app.inspection.reports import Malformed, shown
from app.inspection.source import Ended, Stream

MOST_PICKLES = 10_000
LOOK_AHEAD = 500
"""Opcodes for which array data is read as if it were a pickle."""
PLAIN_DTYPE = re.compile(r"[<>=|]?(?:([?bBhHiIlLqQefdg])|([biufcmM])(\d{1,2}))")
LETTER_SIZES = dict(zip("?bBhHiIlLqQefdg", (1, 1, 1, 2, 2, 4, 4, 8, 8, 8, 8, 2, 4, 8, 16), strict=True))
STRINGS = frozenset(
    {
        "numpy.dtypes.StringDType",
        "numpy._core._internal._convert_to_stringdtype_kwargs",
        "numpy.core._internal._convert_to_stringdtype_kwargs",
    }
)
"""What makes the dtype of texts of any length; such arrays are pickled."""
HOLDS_OBJECTS = 1
"""Flag of a dtype (NumPy: ``NPY_ITEM_HASOBJECT``)."""
SIZED_DTYPE = re.compile(r"[<>=|]?([SUVa])(\d{1,9})")


@dataclass(slots=True)
class Dissection:
    """What the pickles of one file import and do."""

    usage: Usage = field(default_factory=Usage)
    skeletons: list[Skeleton] = field(default_factory=list)
    pickles: int = 0
    arrays: int = 0
    opcodes: int = 0
    broken: str | None = None
    """Why it could not be followed to its end."""
    given_up: bool = False
    """Whether others could follow it further; else unpickling ends there, too."""
    trailing: int | None = None
    """Where bytes begin that are no pickle, after the last pickle."""
    nested: list[Bytes] = field(default_factory=list)

    @property
    def acted(self) -> bool:
        """Whether loading would do more than import before it ends."""
        return self.usage.acted or self.pickles > 0


class Dissector:
    """Takes apart what a stream holds."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.opcodes
        self._skeleton_bytes = limits.scanner_bytes
        self.result = Dissection()

    def stream(self, stream: Stream) -> Dissection:
        """Every pickle from here on; that what follows the first is none either is no fault."""
        try:
            self._pickle(stream, self.result.usage, depth=0)
            while self.result.pickles < MOST_PICKLES and stream.peek(1):
                if not self._follows(stream):
                    break
        except Malformed as error:
            self.result.broken = error.reason
            self.result.given_up = not isinstance(error, Refused | Ended)
        self.result.usage.settle()
        self.result.nested = self.result.usage.nested
        return self.result

    def _pickle(self, stream: Stream, usage: Usage, depth: int) -> None:
        skeleton = Skeleton(self._skeleton_bytes, self._limits.scanner_opcodes)
        machine = Machine(stream, usage, skeleton, self._left)
        machine.arrays = lambda machine, wrapper: self._array(machine, wrapper, depth)
        self.result.skeletons.append(skeleton)
        try:
            machine.run()
        finally:
            self.result.opcodes += self._left - machine.left
            self._left = machine.left
        self.result.pickles += 1

    def _follows(self, stream: Stream) -> bool:
        """Whether another pickle follows. Bytes that only look like one may still name what is dangerous."""
        start = stream.position
        usage, kept = Usage(), len(self.result.skeletons)
        try:
            self._pickle(stream, usage, depth=0)
        except Malformed:
            del self.result.skeletons[kept:]
            self.result.trailing = start
            self._blame(usage, f"The bytes that follow the pickle at {start:,} import")
            return False
        self.result.usage.absorb(usage)
        return True

    def _blame(self, usage: Usage, told: str) -> None:
        for imported in usage.imports:
            if imported.module != "?" and judge_import(imported.module, imported.name).level is Level.DANGEROUS:
                self.result.usage.imports.add(imported)
                self.result.usage.danger(f"{told} {shown(str(imported), 200)}.")

    def _array(self, machine: Machine, wrapper: Made, depth: int) -> None:
        """Go past the array that joblib writes after its wrapper (joblib: ``NumpyArrayWrapper.read_array``)."""
        self.result.arrays += 1
        state = wrapper.state
        entries = getattr(state, "entries", {})
        shape = entries.get("shape")
        if not isinstance(shape, tuple) or not all(isinstance(side, int) and side >= 0 for side in shape):
            raise Broken(f"The shape of the array at byte {machine.stream.position:,} cannot be told.")
        size = item_size(entries.get("dtype"))
        if size is None:
            self._objects(machine, depth)
            return
        self._hidden(machine)
        if entries.get("numpy_array_alignment_bytes") is not None:
            machine.stream.skip(machine.stream.take(1)[0])
        machine.stream.skip(prod(side for side in shape if isinstance(side, int)) * size)

    def _objects(self, machine: Machine, depth: int) -> None:
        if depth >= self._limits.nesting:
            raise Broken(f"Arrays are nested deeper than {self._limits.nesting}.")
        before = machine.left
        self._left = machine.left
        self._pickle(machine.stream, machine.usage, depth + 1)
        self.result.opcodes -= before - self._left
        machine.left = self._left

    def _hidden(self, machine: Machine) -> None:
        """``pickle.load`` knows nothing of joblib's arrays and takes their bytes for opcodes: what would it import?"""
        usage = Usage()
        ahead = Machine(machine.stream.fork(), usage, Skeleton(0, 0), LOOK_AHEAD)
        ahead.stack = list(machine.stack)
        ahead.marked = [list(each) for each in machine.marked[-8:]]
        ahead.memo = ChainMap({}, machine.memo)  # type: ignore[assignment] # reads and writes as a dict does
        with suppress(Malformed):
            ahead.run()
        self._blame(usage, "Read by pickle instead of joblib, its array data imports")


def item_size(dtype: Value) -> int | None:
    """Bytes of one item of a NumPy dtype as it is pickled; None when items are Python objects.

    The state, not the name, says how long the items of texts, structures and types of other packages (ml_dtypes) are,
    and whether they hold objects (NumPy: ``dtype.__setstate__``).

    Raises:
        Broken: the dtype is none that joblib writes as bytes.
    """
    if origin(dtype) in STRINGS:
        return None
    if origin(dtype) != "numpy.dtype" or not isinstance(dtype, Made) or not isinstance(dtype.arguments, tuple):
        raise Broken("The dtype of an array cannot be told.")
    code = dtype.arguments[0] if dtype.arguments else None
    is_extension = isinstance(code, Global) and code.module == "ml_dtypes" and DTYPES.fullmatch(str(code))
    if not isinstance(code, str) and not is_extension:
        raise Broken("The dtype of an array cannot be told.")
    if isinstance(code, str) and code.startswith("O"):
        return None
    plain = PLAIN_DTYPE.fullmatch(str(code))
    if plain:
        return LETTER_SIZES[plain[1]] if plain[1] else int(plain[3])
    state = dtype.state
    if not (is_extension or SIZED_DTYPE.fullmatch(str(code))) or not isinstance(state, tuple) or len(state) < 8:
        raise Broken(f"The dtype {shown(repr(code), 60)} of an array cannot be told.")
    size, flags = state[5], state[7]
    if not isinstance(size, int) or not isinstance(flags, int) or size < 0:
        raise Broken(f"The dtype {shown(repr(code), 60)} of an array cannot be told.")
    return None if flags & HOLDS_OBJECTS else size
