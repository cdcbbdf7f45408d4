"""Pickles by hand: honest opcodes in an order that no pickler would choose."""

from __future__ import annotations

STOP = b"."
CANARY = "echo harm"


def text(value: str) -> bytes:
    """SHORT_BINUNICODE."""
    return b"\x8c" + bytes((len(value.encode()),)) + value.encode()


def named(module: str, name: str) -> bytes:
    """STACK_GLOBAL."""
    return text(module) + text(name) + b"\x93"


def called(function: bytes, *arguments: bytes) -> bytes:
    """REDUCE."""
    return function + b"(" + b"".join(arguments) + b"tR"


def proto(body: bytes, version: int = 4) -> bytes:
    return b"\x80" + bytes((version,)) + body + STOP


SYSTEM = called(named("os", "system"), text(CANARY))
