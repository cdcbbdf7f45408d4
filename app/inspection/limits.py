"""How much is read, kept and waited for when a file is inspected."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """All sizes are bytes, all times seconds."""

    header_bytes: int = 32 * MIB
    """Most that is read of the header of a safetensors, GGUF, ONNX, NumPy or zip file; nothing is told of a longer."""

    document_bytes: int = 16 * MIB
    """Most that is read of MLmodel, conda.yaml and requirements.txt; nothing is told of a larger one."""

    facts_bytes: int = 64 * KIB
    """Most that the facts take as JSON; the longest lists are left out until they fit."""

    listed: int = 200
    """Most imports, findings, tensors, inputs or dependencies that are named one by one; all are counted."""

    text: int = 300
    """Most characters that are kept of one text from the file."""

    archive_members: int = 300_000
    """Most members of an archive."""

    archive_bytes: int = 64 * GIB
    """Most that all members of a compressed archive may take when unpacked, as declared."""

    archive_ratio: int = 200
    """Most bytes that one packed byte may stand for in an archive beyond ``harmless_bytes``; deflate can do 1,032."""

    harmless_bytes: int = 1 * GIB
    """What an archive may unpack to, as declared, whatever its ratio: arrays of zeros are honest."""

    unpacked_bytes: int = 4 * GIB
    """Most that is unpacked, as a stream and never to disk, to look for pickles inside."""

    nesting: int = 3
    """How deep pickles and archives inside of archives are followed."""

    read_bytes: int = 16 * GIB
    """Most that one inspection reads of a file altogether."""

    members_looked_at: int = 2_000
    """Most members of an archive whose first bytes are looked at; the data of tensors does not count."""

    seconds: float = 120.0
    """Wall time of one inspection; waiting for the store does not count."""

    cpu_seconds: int = 100
    """Processor time of one inspection."""

    memory_bytes: int = 1 * GIB
    """Address space of the process that inspects."""

    opcodes: int = 50_000_000
    """Most opcodes of the pickles of a file."""

    scanner_bytes: int = 32 * MIB
    """Longest skeleton of a pickle (its opcodes without array data) that is shown to the scanners of others."""

    scanner_opcodes: int = 200_000
    """Most opcodes of a pickle that is shown to the scanners of others, which keep all of it in memory."""
