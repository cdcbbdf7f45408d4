"""What models, aliases, stages and tags may be called, and how long their texts may be."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Mapping

from app.errors import Invalid, TooLarge
from app.text import in_json, normalized, quoted

MAX_NAME = 255
MAX_ALIAS = 255
MAX_STAGE = 63
MAX_DESCRIPTION = 10_000
MAX_TAG_KEY = 250
MAX_TAG_VALUE = 100_000
PROMPT_TAG = "mlflow.prompt.is_prompt"
VERSION_TAG = "gitlab.version"
"""The tag under which MLflow clients name and see the version itself (GitLab's convention)."""

YANKED_TAG, DEPRECATED_TAG = "modelyard.yanked", "modelyard.deprecated"
RESERVED_TAGS = frozenset({YANKED_TAG, DEPRECATED_TAG})
"""Tags of versions by which MLflow clients see what the service says of them; users set none of these."""

_WORD = re.compile(r"[\w-]+")
_VERSION_ALIAS = re.compile(r"[vV]\d+")
_TAG_KEY = re.compile(r"[\w./\- :]+")
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = ("C", "Z")


class InvalidName(Invalid):
    """The name may not be used."""

    code = "INVALID_NAME"


def check_model_name(name: str, *, field: str = "name") -> str:
    """The name of a model in normal form C, 1 to 255 characters.

    Both what MLflow takes (anything without ``/`` and ``:``, blanks and percent signs included) and what GitLab
    takes (letters, digits, ``_ - . + @`` in segments between slashes) is accepted.

    Raises:
        InvalidName: blank, too long, with a colon, with invisible or unencodable characters, or not a path that
            stays what it is.
    """
    name = _limit(_composed(name, MAX_NAME), MAX_NAME, "model name", field)
    _refuse_unseen(name, "model name", field)
    if all(unicodedata.category(character).startswith(_UNSEEN) for character in name):
        raise InvalidName(
            f"Missing value for required parameter '{field}'. The model name {quoted(name)} is blank; "
            "it needs at least one visible character.",
            field=field,
        )
    if ":" in name:
        raise InvalidName(
            f"Invalid model name {quoted(name)}. It has a colon, which `models:/` addresses keep for themselves.",
            field=field,
        )
    if any(segment in {"", ".", ".."} for segment in name.split("/")):
        raise InvalidName(
            f"Invalid model name {quoted(name)}. It has an empty, '.' or '..' segment; write it like 'team/name'.",
            field=field,
        )
    return name


def check_alias(name: str, *, field: str = "alias") -> str:
    """The name of an alias in normal form C: 1 to 255 letters, digits, ``_`` and ``-`` (MLflow's rule).

    Raises:
        InvalidName: other characters, or a name that reads as a version: ``latest``, ``v1``, ``7``.
    """
    key = alias_key(name)
    if len(key) > MAX_ALIAS:
        raise InvalidName(
            f"'Registered model alias name' exceeds the maximum length of {MAX_ALIAS} characters: "
            f"{quoted(name)} has {len(key)}.",
            field=field,
        )
    if not _WORD.fullmatch(key):
        raise InvalidName(
            f"Invalid alias name: {quoted(name)}. Names may only contain alphanumerics, underscores (_), "
            f"and dashes (-). An alias has 1 to {MAX_ALIAS} of them.",
            field=field,
        )
    if key.lower() == "latest":
        raise InvalidName(
            "'latest' alias name (case insensitive) is reserved. It means the latest version itself.", field=field
        )
    if _VERSION_ALIAS.fullmatch(key) or key.isdecimal():
        raise InvalidName(
            f"Version alias name {quoted(key)} is reserved. Numbers, and 'v' with a number, name versions themselves.",
            field=field,
        )
    return key


def check_description(text: str, *, field: str = "description") -> str:
    """A description in Markdown, at most 10,000 characters.

    Raises:
        TooLarge: it is longer.
        InvalidName: it holds NUL or half of a surrogate pair, which no database text can.
    """
    refuse_unstorable(text, "description", field)
    return _limit(text, MAX_DESCRIPTION, "description", field)


def check_tag_key(key: str, *, field: str = "key") -> str:
    """The key of a tag, 1 to 250 characters (MLflow's rule for keys).

    Raises:
        InvalidName: it is empty, has other characters than letters, digits, ``_ - . / :`` and blanks, or reads as a
            path that is not in its shortest form.
        TooLarge: it is longer.
    """
    if len(key) > MAX_TAG_KEY:
        raise TooLarge(_too_long("key", key, MAX_TAG_KEY), field=field)
    if not _TAG_KEY.fullmatch(key):
        raise InvalidName(
            f"Invalid value {in_json(key)} for parameter 'key' supplied: Names may only contain alphanumerics, "
            "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
            field=field,
        )
    if key == "." or key.startswith(("/", "..")) or posixpath.normpath(key) != key:
        raise InvalidName(
            f"Invalid value {in_json(key)} for parameter 'key' supplied: Names may be treated as files in certain "
            "cases, and must not resolve to other names when treated as such. "
            f"This name would resolve to {quoted(posixpath.normpath(key))}",
            field=field,
        )
    return key


def check_tag_value(value: str, *, field: str = "value") -> str:
    """The value of a tag of a model or version, at most 100,000 characters.

    Raises:
        TooLarge: it is longer.
        InvalidName: it holds NUL or half of a surrogate pair.
    """
    refuse_unstorable(value, "tag value", field)
    if len(value) > MAX_TAG_VALUE:
        raise TooLarge(_too_long("value", value, MAX_TAG_VALUE), field=field)
    return value


def is_prompt(tags: Mapping[str, str]) -> bool:
    """Whether a model with these tags is one that MLflow keeps as a prompt."""
    return str(tags.get(PROMPT_TAG, "")).lower() == "true"


def is_alias(name: str) -> bool:
    """Whether an alias could be written so; reserved names count as written so, too."""
    key = alias_key(name)
    return len(key) <= MAX_ALIAS and _WORD.fullmatch(key) is not None


def is_stage(name: str) -> bool:
    """Whether a stage could be written so; reserved names count as written so, too."""
    key = stage_key(name)
    return len(key) <= MAX_STAGE and _WORD.fullmatch(key) is not None


def alias_key(name: str) -> str:
    """The form in which an alias is stored."""
    return _composed(name, MAX_ALIAS)


def stage_key(name: str) -> str:
    """The form in which a stage is stored: MLflow's ``Production`` is ``production``."""
    return _composed(name, MAX_STAGE).lower()


def _composed(text: str, limit: int) -> str:
    """Normal form C; a text far beyond its limit is refused for that and stays as it is."""
    return normalized(text, 4 * limit)


def _refuse_unseen(text: str, what: str, field: str) -> None:
    for position, character in enumerate(text, start=1):
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _BIDIRECTIONAL:
            raise InvalidName(
                f"The {what} {quoted(text)} has the character U+{ord(character):04X} at position {position}; control "
                "characters, line breaks, direction marks and half surrogates are not allowed.",
                field=field,
            )


def refuse_unstorable(text: str, what: str, field: str) -> None:
    """Refuse a text that no database can keep.

    Raises:
        InvalidName: it holds NUL or half of a surrogate pair.
    """
    for position, character in enumerate(text, start=1):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise InvalidName(
                f"The {what} has the character U+{ord(character):04X} at position {position}, which is not text.",
                field=field,
            )


def _too_long(what: str, text: str, limit: int) -> str:
    return f"'{what}' exceeds the maximum length of {limit} characters: that of a tag, {quoted(text)}, has {len(text)}."


def _limit(text: str, limit: int, what: str, field: str) -> str:
    if len(text) > limit:
        raise TooLarge(f"The {what} {quoted(text)} has {len(text)} characters; at most {limit} fit.", field=field)
    return text
