"""The wire format of protocol buffers, field by field; what is long is gone past, not held.

The format: protobuf's "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.inspection.reports import Malformed, Unread
from app.inspection.source import Source, Stream

VARINT, FIXED64, COUNTED, FIXED32 = 0, 1, 2, 5
GROUP, END_OF_GROUP = 3, 4
"""Around what was used before messages within messages; no format that is read here has any, and all go past them."""
MOST_GROUPS = 100
"""Groups within each other, as many as protobuf itself follows."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its value, or where its bytes are."""

    number: int
    wire: int
    value: int
    """The number, or the count of bytes."""
    position: int

    @property
    def end(self) -> int:
        """The position behind the field's bytes."""
        return self.position + self.value


class Fields:
    """Counts what is read, so that no message is read without end."""

    def __init__(self, source: Source, stream: Stream, most: int) -> None:
        self.source = source
        self.stream = stream
        self.left = most
        """Fields that may still be read."""

    def within(self, end: int) -> Iterator[Field]:
        """The fields from here to ``end``; the caller may read into one, the rest of it is gone past.

        Raises:
            Malformed: they are cut off, reach beyond, or are none.
        """
        while self.stream.position < end:
            self.left -= 1
            if self.left < 0:
                raise Unread("The message has more fields than are read.")
            field = self._field(end)
            yield field
            if field.wire == COUNTED:
                if self.stream.position > field.end:
                    raise Malformed(f"The field at byte {field.position:,} is longer than it says.")
                self.stream.skip(field.end - self.stream.position)

    def _field(self, end: int) -> Field:
        start = self.stream.position
        tag = self.varint()
        number, wire = tag >> 3, tag & 7
        if number and wire == GROUP:
            self._group(number, end)
            return Field(number, wire, 0, self.stream.position)
        if not number or wire not in {VARINT, FIXED64, COUNTED, FIXED32}:
            raise Malformed(f"The byte {start:,} begins no field of a message.")
        value = 0
        if wire in {VARINT, COUNTED}:
            value = self.varint()
        else:
            self.stream.skip(8 if wire == FIXED64 else 4)
        field = Field(number, wire, value, self.stream.position)
        if (field.end if wire == COUNTED else field.position) > end:
            raise Malformed(
                f"The field {number} at byte {start:,} claims {value:,} bytes, but its message ends at {end:,}."
            )
        return field

    def _group(self, number: int, end: int) -> None:
        """Go past a group and those within it."""
        opened = [number]
        while opened:
            self.left -= 1
            if self.left < 0:
                raise Unread("The message has more fields than are read.")
            tag = self.varint()
            number, wire = tag >> 3, tag & 7
            if wire == GROUP and number and len(opened) < MOST_GROUPS:
                opened.append(number)
            elif wire == END_OF_GROUP and number == opened[-1]:
                opened.pop()
            elif number and wire in {VARINT, FIXED64, COUNTED, FIXED32}:
                self._past(wire)
            else:
                raise Malformed(f"The group before byte {self.stream.position:,} does not end.")
            if self.stream.position > end:
                raise Malformed(f"A group reaches beyond its message, which ends at {end:,}.")

    def _past(self, wire: int) -> None:
        if wire in {VARINT, COUNTED}:
            value = self.varint()
            self.stream.skip(value if wire == COUNTED else 0)
        else:
            self.stream.skip(8 if wire == FIXED64 else 4)

    def varint(self) -> int:
        """A number of up to ten bytes."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self.stream.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & (2**64 - 1)
        raise Malformed(f"The number before byte {self.stream.position:,} has no end.")

    def text(self, field: Field, most: int) -> str:
        """The text of a field, cut."""
        return self.stream.take(min(field.value, most)).decode("utf-8", "replace") if field.wire == COUNTED else ""


def signed(value: int) -> int:
    """A number of 64 bits that may be negative (``int64``)."""
    return value - 2**64 if value >= 2**63 else value
