"""Settings that work and are a risk. Reads nothing but the settings."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.settings import Settings
from app.upkeep.doctor.findings import Finding, Level

FEWEST_CHARACTERS = 8
"""Different ones in a key; `openssl rand -hex 32` has all sixteen but once in a thousand times."""


def risks(settings: Settings) -> list[Finding]:
    """A warning for each risk, or one line that says there is none."""
    warnings = [Finding("settings", Level.WARNING, text) for text in _texts(settings)]
    return warnings or [Finding("settings", Level.OK, "complete, and none that is a known risk")]


def _texts(settings: Settings) -> Iterator[str]:
    if urlsplit(settings.url).scheme == "http" and not _is_loopback(settings.url):
        yield f"MODELYARD_URL is {settings.url}: tokens and files travel in plain text; put TLS in front and say https"
    elif not _is_loopback(f"http://{_bracketed(settings.host)}") and urlsplit(settings.url).scheme == "http":
        yield (
            f"MODELYARD_HOST is {settings.host}, so others reach the API, and MODELYARD_URL is {settings.url}: put TLS "
            "in front and set MODELYARD_URL to its https address, or listen on 127.0.0.1"
        )
    public = settings.s3_public_url
    if public and urlsplit(public).scheme == "http" and not _is_loopback(public):
        yield f"MODELYARD_S3_PUBLIC_URL is {public}: files by link travel in plain text; let it be https"
    if public and _is_loopback(public) and not _is_loopback(settings.url):
        yield f"MODELYARD_S3_PUBLIC_URL is {public}: no other machine reaches files by link; leave it empty"
    if len(set(settings.secret_key.get_secret_value())) < FEWEST_CHARACTERS:
        yield "MODELYARD_SECRET_KEY has few different characters and could be guessed; `openssl rand -hex 32` makes one"
    for name in ("webhook_private_hosts", "ci_private_hosts", "openid_private_hosts"):
        every_port = [host for host in _hosts(getattr(settings, name)) if not _has_port(host)]
        if every_port:
            yield f"MODELYARD_{name.upper()} opens every port of {', '.join(every_port)}; write host:port"
    if settings.faults is not None:
        yield "MODELYARD_FAULTS is set: processes end on purpose; it is for tests alone, leave it empty"
    if settings.trusted_documents_only and settings.trusted_documents is None:
        yield (
            "MODELYARD_TRUSTED_DOCUMENTS_ONLY is set and MODELYARD_TRUSTED_DOCUMENTS is not: no GraphQL document runs "
            "but those of the pages"
        )


def _hosts(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _has_port(host: str) -> bool:
    return host.rpartition("]")[2].count(":") == 1


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
