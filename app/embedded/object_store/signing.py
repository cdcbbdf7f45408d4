"""Just enough of AWS Signature Version 4 and RFC 7519 to ask a store whether it works.

The supervisor must start at once; the S3 client would cost it 0.3 s of imports.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time

_EMPTY = hashlib.sha256(b"").hexdigest()
_REGION = "us-east-1"


def request(port: int, method: str, path: str, access_key: str, secret_key: str) -> int:
    """Send one signed request without a body to 127.0.0.1 and return the HTTP status.

    Raises:
        OSError, http.client.HTTPException: nothing useful answered within 5 s.
    """
    host = f"127.0.0.1:{port}"
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {"host": host, "x-amz-content-sha256": _EMPTY, "x-amz-date": now}
    scope = f"{now[:8]}/{_REGION}/s3/aws4_request"
    names = ";".join(headers)
    listed = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"{method}\n{path}\n\n{listed}\n{names}\n{_EMPTY}"
    to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _mac(_signing_key(secret_key, scope), to_sign).hex()
    credential = f"Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, headers=headers | {"authorization": f"AWS4-HMAC-SHA256 {credential}"})
        return connection.getresponse().status
    finally:
        connection.close()


def json_web_token(key: str) -> str:
    """A token for SeaweedFS' inner ports (RFC 7519 with HS256), good for one minute."""
    parts = [{"alg": "HS256", "typ": "JWT"}, {"exp": int(time.time()) + 60}]
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{_base64url(_mac(key.encode(), signed))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signing_key(secret_key: str, scope: str) -> bytes:
    """The key derivation of Signature Version 4: date, region, service, terminator."""
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
