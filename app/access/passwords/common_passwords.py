"""The most common passwords: 39,774 of them, in `common_passwords.txt.gz`.

Both sources and their licences stand in `common_passwords.LICENSES.txt`. The list is read when it is first needed and
kept as one text of 320 KiB: a set of strings would be fifteen times as large, and a search takes 0.1 ms.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("common_passwords.txt.gz")
_MOST_APPENDED = 4


def is_common(password: str) -> bool:
    """Whether it is on the list, in capitals or not, as it is or with up to four digits or signs behind it."""
    text = password.casefold()
    if _is_listed(text):
        return True
    for length in range(1, _MOST_APPENDED + 1):
        if len(text) <= length or text[-length].isalpha():
            return False
        if _is_listed(text[:-length]):
            return True
    return False


def _is_listed(text: str) -> bool:
    return "\n" not in text and f"\n{text}\n".encode("utf-8", "surrogatepass") in _listed()


@cache
def _listed() -> bytes:
    return b"\n" + gzip.decompress(_FILE.read_bytes()) + b"\n"
