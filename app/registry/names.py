"""What models, aliases, stages and tags may be called, and how long their texts may be."""

from __future__ import annotations

import posixpath
import re
import unicodedata

from app.composing import composed
from app.errors import Invalid, TooLarge
from app.quoting import quoted

MAX_NAME = 255
MAX_ALIAS = 255
MAX_STAGE = 63
MAX_DESCRIPTION = 10_000
MAX_TAG_KEY = 250
MAX_TAG_VALUE = 100_000
PROMPT_TAG = "mlflow.prompt.is_prompt"
VERSION_TAG = "gitlab.version"
"""The tag under which MLflow clients name and see the version itself (GitLab's convention)."""

_WORD = re.compile(r"[\w-]+")
_VERSION_ALIAS = re.compile(r"[vV]\d+")
_TAG_KEY = re.compile(r"[\w./\- :]+")
_RESERVED_STAGES = frozenset({"latest", "latest-prerelease", "x"})
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
            f"The model name {quoted(name)} is blank; it needs at least one visible character.", field=field
        )
    if ":" in name:
        raise InvalidName(
            f"The model name {quoted(name)} has a colon, which `models:/` addresses keep for themselves.", field=field
        )
    if any(segment in {"", ".", ".."} for segment in name.split("/")):
        raise InvalidName(
            f"The model name {quoted(name)} has an empty, '.' or '..' segment; write it like 'team/name'.", field=field
        )
    return name


def check_alias(name: str, *, field: str = "alias") -> str:
    """The name of an alias in normal form C: 1 to 255 letters, digits, ``_`` and ``-`` (MLflow's rule).

    Raises:
        InvalidName: other characters, or a name that reads as a version: ``latest``, ``v1``, ``7``.
    """
    if not is_alias(name):
        raise InvalidName(
            f"The alias {quoted(name)} is not acceptable; an alias has 1 to {MAX_ALIAS} letters, digits, _ and -.",
            field=field,
        )
    name = alias_key(name)
    if name.lower() == "latest" or _VERSION_ALIAS.fullmatch(name) or name.isdecimal():
        raise InvalidName(
            f"The alias {quoted(name)} is reserved: 'latest', numbers and 'v' with a number name versions themselves.",
            field=field,
        )
    return name


def check_stage(name: str, *, field: str = "stage") -> str:
    """The name of a stage in lower case: 1 to 63 letters, digits, ``_`` and ``-``.

    Raises:
        InvalidName: other characters, or a name that reads as a version: ``latest``, ``x``, ``7``.
    """
    if not is_stage(name):
        raise InvalidName(
            f"The stage {quoted(name)} is not acceptable; a stage has 1 to {MAX_STAGE} letters, digits, _ and -.",
            field=field,
        )
    name = stage_key(name)
    if name in _RESERVED_STAGES or name.isdecimal():
        raise InvalidName(
            f"The stage {quoted(name)} is reserved: 'latest', 'latest-prerelease', 'x' and numbers name versions.",
            field=field,
        )
    return name


def check_description(text: str, *, field: str = "description") -> str:
    """A description in Markdown, at most 10,000 characters.

    Raises:
        TooLarge: it is longer.
        InvalidName: it holds NUL or half of a surrogate pair, which no database text can.
    """
    _storable(text, "description", field)
    return _limit(text, MAX_DESCRIPTION, "description", field)


def check_tag_key(key: str, *, field: str = "key") -> str:
    """The key of a tag, 1 to 250 characters (MLflow's rule for keys).

    Raises:
        InvalidName: it is empty, has other characters than letters, digits, ``_ - . / :`` and blanks, or reads as a
            path that is not in its shortest form.
        TooLarge: it is longer.
    """
    _limit(key, MAX_TAG_KEY, "tag key", field)
    if not _TAG_KEY.fullmatch(key):
        raise InvalidName(
            f"The tag key {quoted(key)} is not acceptable; a key has letters, digits, blanks and _ - . / : only.",
            field=field,
        )
    if key == "." or key.startswith(("/", "..")) or posixpath.normpath(key) != key:
        raise InvalidName(
            f"The tag key {quoted(key)} would be another name when taken as a path: {quoted(posixpath.normpath(key))}.",
            field=field,
        )
    return key


def check_tag_value(value: str, *, field: str = "value") -> str:
    """The value of a tag of a model or version, at most 100,000 characters.

    Raises:
        TooLarge: it is longer.
        InvalidName: it holds NUL or half of a surrogate pair.
    """
    _storable(value, "tag value", field)
    return _limit(value, MAX_TAG_VALUE, "tag value", field)


def is_alias(name: str) -> bool:
    """Whether an alias could be written so; reserved names are not told apart."""
    key = alias_key(name)
    return len(key) <= MAX_ALIAS and _WORD.fullmatch(key) is not None


def is_stage(name: str) -> bool:
    """Whether a stage could be written so; reserved names are not told apart."""
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
    return composed(text, 4 * limit)


def _refuse_unseen(text: str, what: str, field: str) -> None:
    for position, character in enumerate(text, start=1):
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _BIDIRECTIONAL:
            raise InvalidName(
                f"The {what} {quoted(text)} has the character U+{ord(character):04X} at place {position}; control "
                "characters, line breaks, direction marks and half surrogates are not allowed.",
                field=field,
            )


def _storable(text: str, what: str, field: str) -> None:
    for position, character in enumerate(text, start=1):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise InvalidName(
                f"The {what} has the character U+{ord(character):04X} at place {position}, which is not text.",
                field=field,
            )


def _limit(text: str, limit: int, what: str, field: str) -> str:
    if len(text) > limit:
        raise TooLarge(f"The {what} {quoted(text)} has {len(text)} characters; at most {limit} fit.", field=field)
    return text
