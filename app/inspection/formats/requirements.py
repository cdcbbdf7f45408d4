"""requirements.txt: the packages and options of pip.

The format: pip's documentation, "Requirements File Format"; read as ``pip/_internal/req/req_file.py`` does.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from app.inspection.limits import Limits
from app.inspection.reports import JsonValue, Malformed, Unread, shown
from app.inspection.source import Source

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks, the longer before those that they begin with."""
CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
"""PEP 263, in a comment of the first two lines."""
COMMENT = re.compile(r"(^|\s+)#.*$")


def read(source: Source, limits: Limits) -> dict[str, JsonValue]:
    """The packages without their hashes, and the options of the whole file.

    Raises:
        Malformed: it is no text.
        Unread: it is text in an encoding that it does not name: pip reads it by that of the machine.
    """
    lines = list(_lines(_text(source, limits)))
    named = [_without_options(line) for line in lines if not line.startswith("-")]
    options = [line for line in lines if line.startswith("-")]
    return {
        "dependencyCount": len(named),
        "dependencies": [shown(line, limits.text) for line in named[: limits.listed]],
        "options": [shown(line, limits.text) for line in options[: limits.listed]],
    }


def _text(source: Source, limits: Limits) -> str:
    if source.size > limits.document_bytes:
        raise Unread(f"The file has {source.size:,} bytes; at most {limits.document_bytes:,} are read.")
    raw = source.read(0, source.size)
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return _decoded(raw[len(mark) :], encoding)
    for line in raw.split(b"\n")[:2]:
        told = CODING.search(line) if line.startswith(b"#") else None
        if told:
            return _decoded(raw, told[1].decode("ascii", "replace"))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if b"\0" in raw:
            raise Malformed(f"requirements.txt is no text: byte {raw.index(0):,} is NUL.") from None
        raise Unread(f"requirements.txt is no text in UTF-8: byte {error.start:,} is none.") from None


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except LookupError:
        raise Malformed(f"requirements.txt names the encoding {shown(encoding, 60)}, which there is not.") from None
    except ValueError as error:
        raise Malformed(f"requirements.txt is no text in {shown(encoding, 60)}: {shown(str(error), 200)}.") from None


def _lines(text: str) -> Iterator[str]:
    """Lines with what they are continued by, without comments and empty ones (pip: ``join_lines``)."""
    begun: list[str] = []
    for line in text.splitlines():
        is_comment = COMMENT.match(line) is not None
        if not is_comment and line.endswith("\\"):
            begun.append(line.strip("\\"))
            continue
        # A comment ends what is continued, and is none of it.
        yield from _cleaned("".join([*begun, f" {line}" if is_comment else line]))
        begun = []
    yield from _cleaned("".join(begun))


def _cleaned(line: str) -> Iterator[str]:
    kept = " ".join(COMMENT.sub("", line).split())
    if kept:
        yield kept


def _without_options(line: str) -> str:
    """A package without what follows it for pip alone, as hashes do (pip: ``break_args_options``)."""
    words = line.split(" ")
    end = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    return " ".join(words[:end])
