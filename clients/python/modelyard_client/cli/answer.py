"""What a command has to tell, for people and for programs, and how failures are told."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from modelyard_client.failures import Failure, Unauthenticated
from modelyard_client.text import legible


@dataclass(frozen=True)
class Answer:
    """The end of a command that went well."""

    data: Any
    """What ``--json`` prints."""
    text: str
    """What people read."""
    notes: list[str] = field(default_factory=list)
    """For people, on standard error."""
    is_raw: bool = False
    """Whether the text is for another program, and printed as it is."""


def tell(answer: Answer, *, as_json: bool) -> None:
    """Print it."""
    for note in () if as_json else answer.notes:
        print(f"modelyard: {legible(note)}", file=sys.stderr)  # noqa: T201
    if as_json:
        _write(json.dumps(answer.data, ensure_ascii=False))
    elif answer.text:
        _write(answer.text if answer.is_raw else legible(answer.text))


def tell_failure(failure: Failure, *, as_json: bool) -> int:
    """Print why it was not done; returns the exit code."""
    if as_json:
        error = {"code": failure.code, "message": failure.message}
        _write(json.dumps({"error": error, "exitCode": failure.exit_code}, ensure_ascii=False))
    else:
        sys.stdout.flush()
        hint = " Sign in with `modelyard login`." if isinstance(failure, Unauthenticated) else ""
        print(legible(f"modelyard: {failure.message}{hint}"), file=sys.stderr)  # noqa: T201
    return failure.exit_code


def _write(text: str) -> None:
    """Print it in whatever encoding the output has; a reader that has gone away is no failure of the command."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
