"""The stack machine of pickles, run without running anything: it follows names, not values.

Opcodes and their meaning: ``pickletools`` of Python's library. Whatever the real machine would refuse ends it here,
too, since nothing after that point runs.
"""

from __future__ import annotations

from collections.abc import Callable

from app.inspection.pickles.calls import NESTED
from app.inspection.pickles.makers import CARRIERS, KEEPERS
from app.inspection.pickles.skeleton import Skeleton
from app.inspection.pickles.usage import Usage
from app.inspection.pickles.values import Box, Bytes, Global, Made, State, Value, origin, parts
from app.inspection.reports import Malformed
from app.inspection.source import Stream

LONGEST_TEXT = 1024
"""Longest text in bytes that is followed; no import is longer."""
LONGEST_LINE = 64 * 1024
WIDEST_TUPLE = 64
MOST_KEYWORDS = 16
"""Keys and values of a dictionary by which a class may be made."""
MANY = Made(None)
WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
HIGHEST_PROTOCOL = 5
STOP = ord(".")


class Broken(Malformed):
    """The pickle cannot be followed to its end."""


class Refused(Broken):
    """No program can follow it: unpickling ends here with an error."""


Handler = Callable[["Machine"], None]
HANDLERS: dict[int, Handler] = {}


def opcode(*codes: bytes) -> Callable[[Handler], Handler]:
    """Mark the function that does what these opcodes do."""

    def keep(function: Handler) -> Handler:
        HANDLERS.update((code[0], function) for code in codes)
        return function

    return keep


class Machine:
    """One pickle; ``stream`` stands at its first opcode."""

    def __init__(self, stream: Stream, usage: Usage, skeleton: Skeleton, opcodes: int) -> None:
        self.stream = stream
        self.usage = usage
        self.skeleton = skeleton
        self.left = opcodes
        """Opcodes that may still be read."""
        self.code = 0
        self.stack: list[Value] = []
        self.marked: list[list[Value]] = []
        self.memo: dict[int, Value] = {}
        self.protocol = 0
        self.arrays: Callable[[Machine, Made], None] | None = None
        """What goes past the array that follows its wrapper in the stream (joblib)."""

    def run(self) -> None:
        """To the end of the pickle.

        Raises:
            Malformed: it has no end, or an opcode that cannot be done.
        """
        take, handlers = self.stream.take, HANDLERS
        while True:
            self.code = code = take(1)[0]
            if code == STOP and self.stack:
                self.skeleton.add(b".")
                return
            if self.left <= 0:
                raise Broken(
                    f"The pickle has more opcodes than are followed; it was left at byte {self.stream.position:,}."
                )
            self.left -= 1
            handler = handlers.get(code)
            if code == STOP:
                raise Refused(f"The pickle ends at byte {self.stream.position:,} without a value.")
            if handler is None:
                raise Refused(f"The byte 0x{code:02x} at {self.stream.position - 1:,} is no opcode of a pickle.")
            try:
                handler(self)
            except IndexError:
                raise Refused(
                    f"The opcode at byte {self.stream.position:,} needs more on the stack than is there."
                ) from None

    def push(self, value: Value) -> None:
        """Put a value on top of the stack."""
        self.stack.append(value)

    def pop(self) -> Value:
        """The top, which must be above the last mark."""
        return self.stack.pop()

    def pop_to_mark(self) -> list[Value]:
        """Everything above the last mark, which is taken, too."""
        items = self.stack
        self.stack = self.marked.pop()
        return items

    def argument(self, count: int) -> bytes:
        """Bytes that belong to the opcode."""
        taken = self.stream.take(count)
        self.skeleton.add_opcode(self.code, taken)
        return taken

    def line(self) -> bytes:
        """The line that belongs to the opcode; cut when it is longer than any pickler writes."""
        taken, whole = self.stream.line(LONGEST_LINE)
        self.skeleton.add_opcode(self.code, taken + b"\n")
        if not whole and self.code in b"ci":  # and no module has a name of this length
            raise Refused(
                f"The name of an import before byte {self.stream.position:,} is longer than {LONGEST_LINE:,} bytes."
            )
        return taken

    def text(self, raw: bytes, encoding: str = "utf-8") -> str | None:
        """A text that may become part of a name."""
        if len(raw) > LONGEST_TEXT:
            return None
        try:
            return raw.decode(encoding, "surrogatepass" if encoding == "utf-8" else "strict")
        except ValueError:
            return None

    def payload(self, width: int, *, signed: bool = False) -> tuple[int, int, bytes | None]:
        """Position and length of counted bytes, and the bytes themselves unless they are many."""
        counted = self.stream.take(width)
        length = int.from_bytes(counted, "little", signed=signed)
        if length < 0:
            raise Refused(f"The value before byte {self.stream.position:,} has the negative length {length:,}.")
        position = self.stream.position
        if length > LONGEST_TEXT:
            self.stream.skip(length)
            self.skeleton.add_opcode(self.code, bytes(width))
            return position, length, None
        kept = self.stream.take(length)
        self.skeleton.add_opcode(self.code, counted + kept)
        return position, length, kept

    def number(self, line: bytes) -> int:
        """An index of the memo in text."""
        try:
            return int(line)
        except ValueError:
            raise Refused(f"{line[:20]!r} before byte {self.stream.position:,} is no number.") from None

    def recall(self, key: int) -> None:
        """Push what the memo holds."""
        if key not in self.memo:
            raise Refused(f"The memo has nothing under {key}, which is asked for before byte {self.stream.position:,}.")
        self.stack.append(self.memo[key])

    def expects_bytes(self) -> bool:
        """Whether what comes is the argument of a function that loads it."""
        return bool(self.stack) and isinstance(self.stack[-1], Global) and str(self.stack[-1]) in NESTED

    def fill(self, entries: list[Value]) -> None:
        """Keys and values go into the dictionary on top."""
        target = self.stack[-1]
        if isinstance(target, State):
            if len(target.entries) + len(entries) > 2 * WIDEST_TUPLE:
                raise Broken("An array has more properties than arrays have.")
            target.entries.update(
                (key, value) for key, value in zip(entries[::2], entries[1::2], strict=False) if isinstance(key, str)
            )
        elif isinstance(target, Box):
            if len(entries) > MOST_KEYWORDS:
                target.metaclass = MANY
            elif "metaclass" in entries or any(isinstance(key, Made) for key in entries[::2]):
                self.describe(target, entries)
            if self.usage.harmful:
                self.keep(target, entries)
        else:
            self.usage.changed(target)
            for each in entries if self.usage.harmful else ():
                self.usage.handed(each, "to what it built")

    def describe(self, box: Box, entries: list[Value]) -> None:
        """Keywords of a class that is made from them; a key that is computed may spell any name."""
        for key, value in zip(entries[::2], entries[1::2], strict=False):
            if key == "metaclass" or isinstance(key, Made):
                box.metaclass = value if key == "metaclass" else key

    def keep(self, box: Box, entries: list[Value]) -> None:
        """Keys and values go into a dictionary of the file; annotations are never called."""
        for key, value in zip(entries[::2], entries[1::2], strict=False):
            if key == "__annotations__":
                self.usage.keeps(value)
            else:
                self.usage.filled(box, (key, value))

    def add(self, items: list[Value]) -> None:
        """Items go into the list or set on top."""
        self.usage.changed(self.stack[-1])
        for each in items if self.usage.harmful else ():
            self.usage.handed(each, "to a list")

    def build(self) -> None:
        """The state on top goes into what lies below it."""
        state = self.pop()
        target = self.stack[-1]
        self.usage.changed(target)
        if not isinstance(target, Made):
            self.usage.handed(state, "to what it changes")
            return
        if origin(target) in KEEPERS:
            self.usage.keeps(state, target)
        elif origin(target) in CARRIERS:
            target.held += self.usage.carried(state)
            target.arguments = parts(state)[:1]
        else:
            self.usage.handed(state, f"to {target}")
        if origin(target) == "numpy.dtype":
            target.state = state
        elif origin(target) == WRAPPER:
            target.state = state
            if self.arrays is not None:
                self.arrays(self, target)

    def bundled(self, values: list[Value]) -> Value:
        """A tuple that is followed only if it is short."""
        if len(values) <= WIDEST_TUPLE:
            return tuple(values)
        for each in values if self.usage.harmful else ():
            self.usage.handed(each, "to a long tuple")
        return None


def counted_bytes(machine: Machine, width: int) -> None:
    """Push bytes whose length precedes them in ``width`` bytes; by position where they may hold a file."""
    position, length, _ = machine.payload(width)
    machine.push(Bytes(position, length) if machine.expects_bytes() else None)


def counted_text(machine: Machine, width: int, encoding: str = "utf-8", *, signed: bool = False) -> None:
    """Push a text whose length precedes it in ``width`` bytes; None where it is too long to be a name."""
    _, _, kept = machine.payload(width, signed=signed)
    machine.push(None if kept is None else machine.text(kept, encoding))
