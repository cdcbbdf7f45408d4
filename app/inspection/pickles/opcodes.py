"""What each opcode does to the stack (``pickletools`` of Python's library, protocols 0 to 5)."""

from __future__ import annotations

from app.inspection.pickles.machine import (
    HIGHEST_PROTOCOL,
    LONGEST_TEXT,
    WRAPPER,
    Broken,
    Machine,
    Refused,
    counted_bytes,
    counted_text,
    opcode,
)
from app.inspection.pickles.values import Box, Global, State, Value, origin, parts
from app.inspection.source import Unended


@opcode(b"\x80")
def protocol(machine: Machine) -> None:
    """PROTO: the protocol that the rest is written in."""
    machine.protocol = machine.argument(1)[0]
    if machine.protocol > HIGHEST_PROTOCOL:
        raise Broken(f"The pickle wants protocol {machine.protocol}; there are 0 to {HIGHEST_PROTOCOL}.")


@opcode(b"\x95")
def frame(machine: Machine) -> None:
    """FRAME: how many bytes follow; of no meaning here."""
    machine.argument(8)


@opcode(b"I", b"L", b"F")
def number_line(machine: Machine) -> None:
    """INT, LONG, FLOAT: a number as text."""
    line = machine.line().removesuffix(b"L")
    machine.push(int(line) if machine.code != ord("F") and len(line) < 20 and line.lstrip(b"-").isdigit() else None)


@opcode(b"J", b"M", b"K")
def binary_number(machine: Machine) -> None:
    """BININT and its shorter forms."""
    width = {ord("J"): 4, ord("M"): 2, ord("K"): 1}[machine.code]
    machine.push(int.from_bytes(machine.argument(width), "little", signed=width == 4))


@opcode(b"G")
def binary_float(machine: Machine) -> None:
    """BINFLOAT: eight bytes."""
    machine.argument(8)
    machine.push(None)


@opcode(b"\x8a", b"\x8b")
def long_number(machine: Machine) -> None:
    """LONG1, LONG4: a number of any length; kept up to eight bytes."""
    _, _, kept = machine.payload(1 if machine.code == 0x8A else 4, signed=machine.code == 0x8B)
    machine.push(int.from_bytes(kept, "little", signed=True) if kept is not None and len(kept) <= 8 else None)


@opcode(b"N", b"\x88", b"\x89", b"]", b"\x8f")
def constant(machine: Machine) -> None:
    """NONE, NEWTRUE, NEWFALSE, EMPTY_LIST, EMPTY_SET: values that import nothing."""
    machine.skeleton.add_opcode(machine.code)
    machine.push(None)


@opcode(b"S")
def quoted_line(machine: Machine) -> None:
    """STRING: a text in quotes on a line of its own."""
    line = machine.line().strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in {b"'", b'"'}:
        raise Refused(f"The text before byte {machine.stream.position:,} is not in quotes.")
    machine.push(machine.text(line[1:-1], "unicode_escape"))


@opcode(b"V")
def escaped_line(machine: Machine) -> None:
    """UNICODE: a text with escapes on a line of its own."""
    machine.push(machine.text(machine.line(), "raw_unicode_escape"))


@opcode(b"T")
def old_text(machine: Machine) -> None:
    """BINSTRING: a text of Python 2."""
    counted_text(machine, 4, "latin-1", signed=True)


@opcode(b"U")
def short_old_text(machine: Machine) -> None:
    """SHORT_BINSTRING: a short text of Python 2."""
    counted_text(machine, 1, "latin-1")


@opcode(b"\x8c", b"X", b"\x8d")
def text(machine: Machine) -> None:
    """BINUNICODE in its three lengths."""
    counted_text(machine, {0x8C: 1, ord("X"): 4, 0x8D: 8}[machine.code])


@opcode(b"C", b"B", b"\x8e", b"\x96")
def some_bytes(machine: Machine) -> None:
    """BINBYTES in its three lengths, and BYTEARRAY8."""
    counted_bytes(machine, {ord("C"): 1, ord("B"): 4, 0x8E: 8, 0x96: 8}[machine.code])


@opcode(b"\x97")
def next_buffer(machine: Machine) -> None:
    """NEXT_BUFFER: a buffer from outside of the pickle."""
    constant(machine)


@opcode(b"\x98")
def read_only(machine: Machine) -> None:
    """READONLY_BUFFER: the top, as it is."""
    machine.skeleton.add_opcode(machine.code)
    machine.push(machine.pop())


@opcode(b"}")
def empty_dict(machine: Machine) -> None:
    """EMPTY_DICT; after joblib's wrapper of an array it is the wrapper's state."""
    machine.skeleton.add_opcode(machine.code)
    machine.push(State() if machine.stack and origin(machine.stack[-1]) == WRAPPER else Box())


@opcode(b")")
def empty_tuple(machine: Machine) -> None:
    """EMPTY_TUPLE."""
    machine.skeleton.add_opcode(machine.code)
    machine.push(())


@opcode(b"\x85", b"\x86", b"\x87")
def short_tuple(machine: Machine) -> None:
    """TUPLE1, TUPLE2, TUPLE3: one to three values from the top."""
    machine.skeleton.add_opcode(machine.code)
    count = machine.code - 0x84
    items: list[Value] = [machine.pop() for _ in range(count)]
    machine.push(tuple(items[::-1]))


@opcode(b"t", b"l", b"d", b"\x91")
def collection(machine: Machine) -> None:
    """TUPLE, LIST, DICT, FROZENSET: everything above the mark."""
    machine.skeleton.add_opcode(machine.code)
    items = machine.pop_to_mark()
    if machine.code == ord("t"):
        machine.push(machine.bundled(items))
    elif machine.code == ord("d"):
        machine.push(Box())
        machine.fill(items)
    else:
        machine.push(None)
        machine.add(items)


@opcode(b"a")
def append(machine: Machine) -> None:
    """APPEND: one item to a list."""
    machine.skeleton.add_opcode(machine.code)
    item = machine.pop()
    machine.add([item])


@opcode(b"e", b"\x90")
def extend(machine: Machine) -> None:
    """APPENDS, ADDITEMS: items to a list or set."""
    machine.skeleton.add_opcode(machine.code)
    items = machine.pop_to_mark()
    machine.add(items)


@opcode(b"s")
def set_item(machine: Machine) -> None:
    """SETITEM: one entry of a dictionary."""
    machine.skeleton.add_opcode(machine.code)
    value, key = machine.pop(), machine.pop()
    machine.fill([key, value])


@opcode(b"u")
def set_items(machine: Machine) -> None:
    """SETITEMS: the entries above the mark."""
    machine.skeleton.add_opcode(machine.code)
    machine.fill(machine.pop_to_mark())


@opcode(b"(")
def mark(machine: Machine) -> None:
    """MARK: begin a new part of the stack."""
    machine.skeleton.add_opcode(machine.code)
    machine.marked.append(machine.stack)
    machine.stack = []


@opcode(b"0")
def pop(machine: Machine) -> None:
    """POP: drop the top, or the mark if it is on top."""
    machine.skeleton.add_opcode(machine.code)
    if machine.stack:
        machine.pop()
    else:
        machine.pop_to_mark()


@opcode(b"1")
def pop_mark(machine: Machine) -> None:
    """POP_MARK: drop everything above the mark."""
    machine.skeleton.add_opcode(machine.code)
    machine.pop_to_mark()


@opcode(b"2")
def duplicate(machine: Machine) -> None:
    """DUP."""
    machine.skeleton.add_opcode(machine.code)
    machine.push(machine.stack[-1])


@opcode(b"g")
def get(machine: Machine) -> None:
    """GET: a value of the memo, its key as text."""
    machine.recall(machine.number(machine.line()))


@opcode(b"h", b"j")
def binary_get(machine: Machine) -> None:
    """BINGET, LONG_BINGET: a value of the memo."""
    machine.recall(int.from_bytes(machine.argument(1 if machine.code == ord("h") else 4), "little"))


@opcode(b"p")
def put(machine: Machine) -> None:
    """PUT: keep the top in the memo, its key as text."""
    key = machine.number(machine.line())
    if key < 0:
        raise Refused(f"The memo has no entry {key}.")
    machine.memo[key] = machine.stack[-1]


@opcode(b"q", b"r")
def binary_put(machine: Machine) -> None:
    """BINPUT, LONG_BINPUT: keep the top in the memo."""
    key = int.from_bytes(machine.argument(1 if machine.code == ord("q") else 4), "little")
    machine.memo[key] = machine.stack[-1]


@opcode(b"\x94")
def memoize(machine: Machine) -> None:
    """MEMOIZE: keep the top in the memo under the next key."""
    machine.skeleton.add_opcode(machine.code)
    machine.memo[len(machine.memo)] = machine.stack[-1]


@opcode(b"\x82", b"\x83", b"\x84")
def extension(machine: Machine) -> None:
    """EXT1, EXT2, EXT4: an import by number, which the program that loads the file decides."""
    number = int.from_bytes(machine.argument({0x82: 1, 0x83: 2, 0x84: 4}[machine.code]), "little")
    machine.usage.danger(f"Imports what the reader has registered under the number {number}.")
    machine.push(None)


def _name(machine: Machine) -> str:
    line = machine.line()
    name = machine.text(line)
    if name is None:
        raise Refused(
            f"The name of an import before byte {machine.stream.position:,} is no text of {LONGEST_TEXT:,} bytes."
        )
    return name


def _two_lines(machine: Machine) -> Value:
    module = _name(machine)
    # The second line belongs to the same opcode.
    try:
        line, _ = machine.stream.line(LONGEST_TEXT + 1)
    except Unended as unended:
        line = unended.line[:-1]  # as CPython takes a last line that has no end
    machine.skeleton.add(line + b"\n")
    return machine.usage.looked_up(module, machine.text(line))


@opcode(b"c")
def global_name(machine: Machine) -> None:
    """GLOBAL: an import, its names as text."""
    machine.push(_two_lines(machine))


@opcode(b"\x93")
def stack_global(machine: Machine) -> None:
    """STACK_GLOBAL: an import, its names from the stack."""
    machine.skeleton.add_opcode(machine.code)
    name, module = machine.pop(), machine.pop()
    machine.push(machine.usage.looked_up(module, name))


@opcode(b"R")
def reduce(machine: Machine) -> None:
    """REDUCE: call a function."""
    machine.skeleton.add_opcode(machine.code)
    arguments, function = machine.pop(), machine.pop()
    machine.push(machine.usage.called(function, arguments))


@opcode(b"b")
def build(machine: Machine) -> None:
    """BUILD: set the state of an object."""
    machine.skeleton.add_opcode(machine.code)
    machine.build()


@opcode(b"i")
def instance(machine: Machine) -> None:
    """INST: import a class and call it."""
    cls = _two_lines(machine)
    arguments = machine.pop_to_mark()
    machine.push(machine.usage.called(cls, machine.bundled(arguments)))


@opcode(b"o")
def old_object(machine: Machine) -> None:
    """OBJ: call the class above the mark."""
    machine.skeleton.add_opcode(machine.code)
    items = machine.pop_to_mark()
    machine.push(machine.usage.called(items[0], machine.bundled(items[1:])))


@opcode(b"\x81")
def new_object(machine: Machine) -> None:
    """NEWOBJ: ``cls.__new__(cls, *arguments)``."""
    machine.skeleton.add_opcode(machine.code)
    arguments, cls = machine.pop(), machine.pop()
    machine.push(machine.usage.built(cls, arguments))


@opcode(b"\x92")
def new_object_with_names(machine: Machine) -> None:
    """NEWOBJ_EX: the same with keyword arguments."""
    machine.skeleton.add_opcode(machine.code)
    named, arguments, cls = machine.pop(), machine.pop(), machine.pop()
    machine.push(machine.usage.built(cls, arguments, named))


@opcode(b"P")
def persistent_line(machine: Machine) -> None:
    """PERSID: an object that the loader resolves by a text."""
    machine.line()
    machine.push(None)


@opcode(b"Q")
def persistent(machine: Machine) -> None:
    """BINPERSID: an object that the loader resolves by a value."""
    machine.skeleton.add_opcode(machine.code)
    state = machine.pop()
    machine.usage.handed(state, "to the loader")
    machine.push(class_of_module(state))


def class_of_module(state: Value) -> Value:
    """Before its zip archives, torch.save put classes of modules with their source: ``("module", cls, …)``."""
    kind, cls, *_ = (*parts(state), None, None)
    return cls if kind == "module" and isinstance(cls, Global) else None
