"""What pages say in English, by the keys of their messages: tests find buttons by it, and survive another wording."""

from __future__ import annotations

import functools
import json
import re

from tests.support.source import ROOT

FOLDER = ROOT / "web" / "messages" / "en"


def word(key: str, **values: str) -> str:
    """The message of a key, such as `lifecycle.approve`, with its placeholders filled in."""
    text = messages()[key]
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def words(*keys: str) -> re.Pattern[str]:
    """Matches any of these messages, whole."""
    return re.compile("|".join(f"^{re.escape(word(key))}$" for key in keys))


@functools.cache
def messages() -> dict[str, str]:
    """All of them."""
    return {key: text for file in FOLDER.glob("*.json") for key, text in json.loads(file.read_text("utf-8")).items()}
