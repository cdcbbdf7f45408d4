"""What MLflow clients send: JSON bodies and query strings, read into one kind of message.

The rules are those of MLflow's protobuf JSON (MLflow REST: requests): snake_case or camelCase names, integers as
numbers or strings, an empty text counts as missing, unknown fields are ignored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from app.errors import Invalid, TooLarge
from app.http import bodies

_SEE = "See the API docs for more information about request parameters."
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_EXACT = 2**53
_TRUTHS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}
_MAX_QUERY_FIELDS = 2000


class InvalidParameter(Invalid):
    """A field of the request is missing or not acceptable."""


class BodyTooLarge(TooLarge):
    """The body of the request is larger than allowed."""


def missing(name: str) -> InvalidParameter:
    """The error for a required field that is not there."""
    return InvalidParameter(f"Missing value for required parameter '{name}'. {_SEE}", field=name)


def invalid(name: str, value: object, hint: str = "") -> InvalidParameter:
    """The error for a field with a value that it cannot have."""
    shown = orjson.dumps(value, default=str).decode()
    shown = shown if len(shown) <= 200 else f"{shown[:200]}…"
    hint = f"{hint} " if hint else ""
    return InvalidParameter(f"Invalid value {shown} for parameter '{name}' supplied. {hint}{_SEE}", field=name)


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of a request, or of an object within one; ``path`` is where that object stands."""

    fields: Mapping[str, Any]
    path: str = ""
    is_query: bool = False

    def has(self, name: str) -> bool:
        """Whether the field was sent, and not as null."""
        return self._value(name) is not None

    def text(self, *names: str, default: str = "") -> str:
        """A text under the first of the names that was sent (``run_id`` and its old name ``run_uuid``)."""
        for name in names:
            value = self._scalar(name)
            if value is not None:
                return self._checked(name, value)
        return default

    def optional_text(self, name: str) -> str | None:
        """A text, None when it was not sent."""
        value = self._scalar(name)
        return None if value is None else self._checked(name, value)

    def required(self, *names: str) -> str:
        """A text that must be there and not be empty."""
        value = self.text(*names)
        if not value:
            raise missing(self.path + names[0])
        return value

    def integer(self, name: str) -> int | None:
        """A 64-bit integer, as number or text; None when it was not sent.

        ``5.0`` will do, too, up to where such numbers stand for one integer each: JSON's reader makes a number with a
        point of an integer beyond 64 bits, and rounds it.
        """
        value = self._scalar(name)
        if value is None:
            return None
        whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
        number = int(value) if whole or (isinstance(value, str) and _INTEGER.fullmatch(value)) else value
        if type(number) is not int or not -(2**63) <= number < 2**63:
            raise invalid(self.path + name, value, "It must be a 64-bit integer.")
        return number

    def required_integer(self, name: str) -> int:
        """A 64-bit integer that must be there."""
        value = self.integer(name)
        if value is None:
            raise missing(self.path + name)
        return value

    def page_size(self, name: str = "max_results", *, default: int, limit: int, rule: str | None = None) -> int:
        """How many rows a page may have: 1 to ``limit``; ``rule`` is MLflow's own sentence where the call has one."""
        value = self.integer(name)
        if value is None:
            return default
        if not 1 <= value <= limit:
            bound = f"It must be at most {limit}" if value > limit else "It must be a positive integer"
            shown = invalid(self.path + name, value, f"{bound}.")
            raise shown if rule is None else InvalidParameter(f"{rule} {shown.message}", field=name)
        return value

    def number(self, name: str) -> float:
        """A required number; NaN and the infinities come as texts."""
        value = self._scalar(name)
        if value is None or value == "":
            raise missing(self.path + name)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise invalid(self.path + name, value, "It must be a number.")
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise invalid(self.path + name, value, "It must be a number.") from None
        return math.nan if math.isnan(number) else number

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A truth value."""
        value = self._scalar(name)
        if value is None:
            return default
        if isinstance(value, str) and value in _TRUTHS:
            return _TRUTHS[value]
        if not isinstance(value, bool):
            raise invalid(self.path + name, value, "It must be true or false.")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty when it was not sent."""
        return [self._checked(name, value) for value in self._list(name)]

    def items(self, name: str) -> list[Message]:
        """A list of objects; empty when it was not sent."""
        values = self._list(name)
        if not all(isinstance(value, dict) for value in values):
            raise invalid(self.path + name, values, "It must be a list of objects.")
        return [Message(value, f"{self.path}{name}[{index}].") for index, value in enumerate(values)]

    def item(self, name: str) -> Message:
        """An object that must be there."""
        value = self._value(name)
        if value is None:
            raise missing(self.path + name)
        if not isinstance(value, dict):
            raise invalid(self.path + name, value, "It must be an object.")
        return Message(value, f"{self.path}{name}.")

    def choice(self, name: str, names: Mapping[str, int]) -> int | None:
        """An enum by name or by number; None when it was not sent."""
        value = self._scalar(name)
        if value is None:
            return None
        number = names.get(value) if isinstance(value, str) else value
        if isinstance(value, str) and value.isdecimal() and len(value) < 3:
            number = int(value)
        if type(number) is not int or number not in names.values():
            raise invalid(self.path + name, value, f"It must be one of {', '.join(names)}.")
        return number

    def pairs(self, name: str, *, unique: bool = False) -> dict[str, str]:
        """A list of {key, value} as a dictionary; of equal keys the last one counts, unless they must be unique."""
        result: dict[str, str] = {}
        repeated: list[str] = []
        for item in self.items(name):
            key, value = item.required("key"), item.text("value")
            if unique and key in result and key not in repeated:
                repeated.append(key)
            result[key] = value
        if repeated:
            keys = f"{repeated}"[:500]
            raise InvalidParameter(
                f"Duplicate parameter keys have been submitted: {keys}. Please ensure the request contains only one "
                "param value per param key.",
                field=name,
            )
        return result

    def _value(self, name: str) -> Any:
        camel = _camel(name)
        if camel == name or camel not in self.fields:
            return self.fields.get(name)
        if name in self.fields:
            raise InvalidParameter(f"The field '{self.path}{name}' was sent twice, as {name} and {camel}.", field=name)
        return self.fields[camel]

    def _scalar(self, name: str) -> Any:
        value = self._value(name)
        return value[-1] if self.is_query and isinstance(value, list) else value

    def _list(self, name: str) -> Sequence[Any]:
        value = self._value(name)
        if value is None:
            return []
        if self.is_query and isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            raise invalid(self.path + name, value, "It must be a list.")
        return value

    def _checked(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise invalid(self.path + name, value, "It must be a text.")
        if "\0" in value:
            raise InvalidParameter(f"The parameter '{self.path}{name}' holds the character NUL.", field=name)
        return value


async def read(request: Request, limit: int) -> Message:
    """The message of a request: the query of a GET, else the JSON body of at most ``limit`` bytes.

    Raises:
        BodyTooLarge: the body is larger.
        BrokenBody: the client went away.
        InvalidParameter: the body is not a JSON object, or not declared as JSON.
    """
    if request.method in {"GET", "HEAD"}:
        return from_query(request.scope["query_string"])
    body = await _body(request, limit)
    if not body:
        return Message({})
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in {"POST", "PUT"} and kind != "application/json":
        raise InvalidParameter(f"Bad Request. Content-Type must be application/json, not {kind[:80]!r}.")
    return Message(_decoded(body))


def from_query(query: bytes) -> Message:
    """A query string as message; a repeated field is a list."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_QUERY_FIELDS)
    except ValueError:
        raise InvalidParameter(f"The query has more than {_MAX_QUERY_FIELDS} fields.") from None
    fields: dict[str, Any] = {}
    for key, value in pairs:
        fields.setdefault(key, []).append(value)
    return Message(fields, is_query=True)


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
        if isinstance(value, str):  # some old clients encode twice
            value = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise InvalidParameter(f"The body is not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise InvalidParameter("The body must be a JSON object.")
    return value


async def _body(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    chunks: list[bytes] = []
    size = int(announced) if announced.isdecimal() and len(announced) < 19 else 0
    too_large = BodyTooLarge(f"The body of the request is larger than {limit} bytes.")
    if size > limit:
        raise too_large
    size = 0
    async for chunk in bodies.chunks(request):
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


@cache
def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
