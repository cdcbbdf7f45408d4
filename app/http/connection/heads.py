"""Which heads of requests are accepted: their size, and what they say of the body and of the host (RFC 9112)."""

from __future__ import annotations

from collections.abc import Sequence

from app.http.errors import HttpError

MAX_BYTES = 64 * 1024
"""Of a request line with all headers, and of trailers or chunk extensions in a row."""
MAX_HEADERS = 100
MAX_SOCKET_HEADER = 8_000
"""Of a header line in a WebSocket's handshake: the library that reads it takes 8,192."""

FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})
"""Headers that are checked before the application sees the request."""


def too_large(*, is_url: bool) -> HttpError:
    """The error for a head that has more bytes than are read."""
    if is_url:
        return HttpError(414, f"The request line is longer than {MAX_BYTES:,} bytes; send long queries in a body.")
    return HttpError(431, f"The headers are larger than {MAX_BYTES:,} bytes.")


def too_many() -> HttpError:
    """The error for a head with too many lines."""
    return HttpError(431, f"There are more than {MAX_HEADERS} header lines.")


def check(version: str, url: bytes, framing: Sequence[tuple[bytes, bytes]]) -> None:
    """Refuse what two readers could read in two ways. ``framing`` holds the headers of :data:`FRAMING`.

    Contradictions and odd values of Content-Length are refused by the parser itself.

    Raises:
        HttpError: with the rule.
    """
    if version not in {"1.1", "1.0"}:
        raise HttpError(505, f"HTTP/{version} is not spoken here; send HTTP/1.1.")
    hosts = [value for name, value in framing if name == b"host"]
    if len(hosts) > 1 or (version == "1.1" and not hosts):
        raise HttpError(400, f"A request has exactly one Host header, not {len(hosts)}.")
    if not url.startswith(b"/"):
        _check_absolute(url, hosts)
    for name, value in framing:
        if name == b"transfer-encoding":
            _check_encoding(version, value)
        elif name == b"expect" and value.lower() != b"100-continue":
            raise HttpError(417, "The only expectation that can be met is 100-continue.")


def _check_encoding(version: str, value: bytes) -> None:
    if value.lower() != b"chunked" or version != "1.1":
        raise HttpError(400, "Transfer-Encoding can only be `chunked`, once, in HTTP/1.1.")


def _check_absolute(url: bytes, hosts: Sequence[bytes]) -> None:
    """A target with a host of its own names the same one as the Host header, which is the one that is checked."""
    scheme, colon, rest = url.partition(b"://")
    authority = rest.partition(b"/")[0].partition(b"?")[0]
    if (
        not colon
        or scheme.lower() not in {b"http", b"https"}
        or [authority.lower()] != [host.lower() for host in hosts]
    ):
        raise HttpError(400, "The target of a request is a path, or an address with the host of the Host header.")
