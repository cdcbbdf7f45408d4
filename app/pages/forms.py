"""Forms that browsers send: bounded, whole, and sent from a page of ours."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from app.errors import Forbidden, Invalid, TooLarge
from app.http import bodies
from app.http.browsers.own_origin import is_own
from app.pages import form_tokens
from app.runtime import Runtime

MAX_BYTES = 64 * 1024
MAX_FIELDS = 50
TOKEN = "form_token"  # noqa: S105 - the name of a field
_TYPE = "application/x-www-form-urlencoded"


async def read(request: Request) -> dict[str, str]:
    """The fields of a form by name, without its token.

    Raises:
        Forbidden: it was not sent from a page of ours that this browser was shown in this sign-in.
        Invalid: it is no such form, too large, or names a field twice.
    """
    runtime: Runtime = request.app.state.runtime
    if not is_own(request.scope, runtime.settings):
        raise Forbidden("The form was sent from a page of another site, or the browser does not say from which.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise Invalid(f"Forms are sent as {_TYPE}.")
    fields = _fields(await _body(request))
    if not form_tokens.is_valid(request, fields.pop(TOKEN, "")):
        raise Forbidden(
            "The form is of an earlier visit, or of another sign-in. Go back, load the page again and repeat."
        )
    return fields


def number(fields: dict[str, str], name: str) -> int:
    """The number in a hidden field.

    Raises:
        Invalid: it is none.
    """
    text = fields.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(f"`{name}` must be a number; go back and load the page again.")
    return int(text)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in bodies.chunks(request):
        body += chunk
        if len(body) > MAX_BYTES:
            raise TooLarge(f"The form is larger than {MAX_BYTES:,} bytes.")
    return bytes(body)


def _fields(body: bytes) -> dict[str, str]:
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Invalid(f"The form is not UTF-8 in percent-encoding, or has more than {MAX_FIELDS} fields.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Invalid("The form has a field twice.")
    if any("\0" in text for pair in pairs for text in pair):
        raise Invalid("The form holds a NUL character, which no field may have.")
    return fields
