"""How a worker and the process that inspects a file talk over a socket.

The worker sends one line of JSON, then answers requests for ranges. The other side sends ``R`` and two numbers for a
range, or ``J``, a length and the report, and ends. Instead of a request the line may be a probe: the report then says
what keeps the process in.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass

from app.inspection.confinement.measures import Measure
from app.inspection.detection import Kind
from app.inspection.limits import Limits

RANGE = b"R"
REPORT = b"J"
PROBE = b"probe\n"
RANGE_REQUEST = struct.Struct(">QQ")
LENGTH = struct.Struct(">Q")
LONGEST_RANGE = 128 * 1024 * 1024
LONGEST_REPORT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class InspectionRequest:
    """What is to be inspected."""

    kind: Kind
    path: str
    size: int
    limits: Limits

    def to_line(self) -> bytes:
        """One line, with its end."""
        fields = {"kind": self.kind.value, "path": self.path, "size": self.size, "limits": asdict(self.limits)}
        return json.dumps(fields).encode() + b"\n"

    @staticmethod
    def from_line(line: bytes) -> InspectionRequest:
        """The reverse of ``to_line``."""
        fields = json.loads(line)
        return InspectionRequest(Kind(fields["kind"]), fields["path"], fields["size"], Limits(**fields["limits"]))


def measures_to_json(measures: list[Measure]) -> bytes:
    """The answer to a probe."""
    return json.dumps([asdict(each) for each in measures]).encode()


def measures_from_json(text: bytes) -> list[Measure]:
    """The reverse of ``measures_to_json``."""
    return [Measure(**each) for each in json.loads(text)]
