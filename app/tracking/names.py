"""Names and limits of what is logged (MLflow's own: see its REST limits)."""

from __future__ import annotations

import posixpath
import re
import secrets
from functools import lru_cache

from app.errors import Invalid
from app.text import in_json, normalized, quoted

KEY_LIMIT = 250
PARAM_LIMIT = 6_000
TAG_LIMIT = 8_000
EXPERIMENT_TAG_LIMIT = 20_000
EXPERIMENT_NAME_LIMIT = 500
_KEY = re.compile(r"[\w\-. /:]+")

_ADJECTIVES = (
    "able agile amber ample bold brave bright brisk calm candid casual clean clever cosmic crisp curious dapper daring "
    "deft eager early easy fair fancy fluent fond frank fresh gentle glad grand handy happy hardy honest humble ideal "
    "jolly keen kind lively loyal lucid lucky mellow merry mighty modest neat nimble noble patient placid polite proud "
    "quick quiet rapid rare ready robust secure sharp shiny silent simple skilled smart smooth snappy solid spry "
    "steady sunny swift tidy trusty upbeat valiant vivid warm wise witty worthy zesty"
).split()
_NOUNS = (
    "ant auk bass bat bear bee bison boar calf cat chimp clam cod colt crab crane crow cub deer doe dog dolphin dove "
    "drake eagle eel elk emu ewe falcon fawn finch fish flea foal fowl fox frog gnat goat goose grouse gull hare hawk "
    "hen heron hog horse hound ibis jay kite koala lamb lark lion lynx mare mink mole moose moth mouse mule newt otter "
    "owl ox panda perch pig pony puma quail ram rat raven roan rook seal shad shark sheep shrew skunk slug snail snake "
    "snipe sow squid stag steed stork swan tern toad trout turtle vole wasp whale wolf worm wren yak zebra"
).split()


def friendly_name() -> str:
    """A name for a candidate that has none: adjective-noun-number."""
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_NOUNS)}-{secrets.randbelow(1000)}"


@lru_cache(maxsize=20_000)
def is_key(key: str) -> bool:
    """Whether it can be the key of a param, metric or tag; training repeats the same few for hours."""
    try:
        check_key(key)
    except Invalid:
        return False
    return True


def check_key(key: str, field: str = "key", *, named: str = "") -> str:
    """The key of a param, metric or tag; the message calls it ``named``, or as the field is called.

    Raises:
        Invalid: empty, over 250 characters, with other characters, or not in the form of a plain path.
    """
    name = quoted(named or field)
    if not key:
        raise Invalid(f"Missing value for required parameter {name}: a key is not empty.", field=field)
    if len(key) > KEY_LIMIT:
        raise Invalid(
            f"{name} exceeds the maximum length of {KEY_LIMIT} characters: {quoted(key)} has {len(key)}.", field=field
        )
    if not _KEY.fullmatch(key):
        raise Invalid(
            f"Invalid value {in_json(key)} for parameter {name} supplied: Names may only contain "
            "alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
            field=field,
        )
    if key.startswith(("/", "..")) or posixpath.normpath(key) != key or key == ".":
        raise Invalid(
            f"Invalid value {in_json(key)} for parameter {name} supplied: Names may be treated as files in "
            "certain cases, and must not resolve to other names when treated as such. "
            f"This name would resolve to {quoted(posixpath.normpath(key))}",
            field=field,
        )
    return key


def check_value(value: str, limit: int, field: str, *, named: str = "") -> str:
    """The value of a param or tag; the message calls it ``named``, or as the field is called.

    Raises:
        Invalid: longer than ``limit`` characters, or holding NUL.
    """
    if len(value) > limit:
        raise Invalid(
            f"{quoted(named or field)} exceeds the maximum length of {limit} characters: that of {quoted(field)} has "
            f"{len(value)}.",
            field=field,
        )
    return _without_nul(value, field)


def check_experiment_name(name: str) -> str:
    """The name of an experiment in normal form C.

    Raises:
        Invalid: blank, over 500 characters, or with control characters.
    """
    name = normalized(name)
    if not name.strip():
        raise Invalid("An experiment name must not be blank.", field="name")
    if len(name) > EXPERIMENT_NAME_LIMIT:
        raise Invalid(
            f"'name' exceeds the maximum length of {EXPERIMENT_NAME_LIMIT} characters: "
            f"that of an experiment has {len(name)}.",
            field="name",
        )
    return check_printable(name, "name")


def check_printable(text: str, field: str) -> str:
    """A name without control characters.

    Raises:
        Invalid: it holds one.
    """
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text):
        raise Invalid(f"{quoted(text)} holds control characters.", field=field)
    return text


def _without_nul(text: str, field: str) -> str:
    if "\x00" in text:
        raise Invalid("The text holds a NUL character, which cannot be stored.", field=field)
    return text
