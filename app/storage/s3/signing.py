"""Presigned URLs: one method on one object, until a given time. Computed here, without network."""

from __future__ import annotations

import hashlib
import hmac
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import certifi
import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.signer import presign_v4

from app.settings import Settings, SettingsError

OWN_REQUEST = timedelta(minutes=15)
"""How long our own requests are signed for; the store looks at it when a request begins, not while it lasts."""

CONNECT_SECONDS = 3.0
IDLE_SECONDS = 30.0
SHORT_IDLE_SECONDS = 10.0
"""For requests that give a healthy store little to do: a paused or hanging one is known by then."""


_OWN_SECONDS = int(OWN_REQUEST.total_seconds())
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")
"""Keys that are the same in a URL; ours are."""


@dataclass(frozen=True, slots=True)
class _Day:
    """What all signatures of a day have in common."""

    scope: str
    query: str
    key: bytes


class Signer:
    """Signs for one endpoint and bucket; the SDK decides between path-style and virtual-host addresses."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._bucket = settings.s3_bucket
        self._region = settings.s3_region
        self._credentials = Credentials(
            settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()
        )
        self._client = client(settings, url)
        probe = urlsplit(self._client.get_presigned_url("GET", self._bucket, "x"))
        self._bucket_root = probe._replace(path=probe.path.removesuffix("x"), query="")
        self._today = _Day("", "", b"")

    def own(self, method: str, key: str) -> str:
        """A URL for one object and for now, in a tenth of the time; the same that :meth:`object` would make.

        What depends on the day and not on the object is computed once a day.
        """
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        if not _PLAIN.fullmatch(key):
            return self.object(method, key)
        return self._signed(method, key, now)

    def _signed(self, method: str, key: str, now: str) -> str:
        day = self._day(now[:8])
        root = self._bucket_root
        query = f"{day.query}&X-Amz-Date={now}&X-Amz-Expires={_OWN_SECONDS}&X-Amz-SignedHeaders=host"
        request = f"{method}\n{root.path}{key}\n{query}\nhost:{root.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
        request_hash = hashlib.sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{now}\n{day.scope}\n{request_hash}"
        signature = hmac.digest(day.key, text.encode(), "sha256").hex()
        return f"{root.scheme}://{root.netloc}{root.path}{key}?{query}&X-Amz-Signature={signature}"

    def _day(self, date: str) -> _Day:
        if not self._today.scope.startswith(f"{date}/"):
            scope = f"{date}/{self._region}/s3/aws4_request"
            credential = quote(f"{self._credentials.access_key}/{scope}", safe="")
            key = f"AWS4{self._credentials.secret_key}".encode()
            for part in scope.split("/"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._today = _Day(scope, f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}", key)
        return self._today

    def object(
        self, method: str, key: str, query: Mapping[str, str] | None = None, expires: timedelta = OWN_REQUEST
    ) -> str:
        """A URL for one object."""
        return self._client.get_presigned_url(
            method, self._bucket, key, expires=expires, extra_query_params=dict(query) if query else None
        )

    def bucket(self, method: str, query: Mapping[str, str]) -> str:
        """A URL for the bucket itself, which the SDK's own method refuses to sign."""
        fields = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
        signed: SplitResult = presign_v4(
            method=method,
            url=self._bucket_root._replace(query=fields),
            region=self._region,
            credentials=self._credentials,
            date=datetime.now(UTC),
            expires=int(OWN_REQUEST.total_seconds()),
        )
        return urlunsplit(signed)


def client(settings: Settings, url: str) -> Minio:
    """An SDK client for one endpoint; with the region given it never asks the store for it.

    Raises:
        SettingsError: the address has a path, a query or a user, which S3 signatures cannot express.
    """
    parts = urlsplit(url)
    tls = tls_context() if parts.scheme == "https" else None
    if parts.path or parts.query or parts.username is not None:
        raise SettingsError("An S3 address must be http(s)://host[:port] without path, query or user.")
    return Minio(
        parts.netloc,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        secure=tls is not None,
        region=settings.s3_region,
        http_client=urllib3.PoolManager(
            maxsize=4,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=IDLE_SECONDS),
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
            ssl_context=tls,
        ),
    )


def tls_context() -> ssl.SSLContext:
    """Trust the system's authorities (or ``SSL_CERT_FILE``) and, for images that have none, certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
