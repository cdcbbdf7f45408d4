"""Everything that the environment may say about this installation.

One frozen object, read once at the start of a process and handed down from there. No other module reads the
environment.
"""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MODELYARD_"
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")

MIB = 1024 * 1024
TIB = MIB * MIB


def listed(text: str) -> list[str]:
    """The entries of a setting that is a list with commas."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


class SettingsError(Exception):
    """The environment does not describe a runnable installation."""


class Settings(BaseSettings):
    """Settings of API, worker and commands; every name is an environment variable with the prefix ``MODELYARD_``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: str = Field(description="postgresql://user:password@host:port/database, PostgreSQL 16 or newer.")
    database_owner_url: str | None = Field(
        default=None,
        description="The same database as the owner of its tables, for `migrate` alone: then database_url is that of a"
        " role that can only add to the audit log. Unset: migrations run as database_url.",
    )
    redis_url: str = Field(
        description="redis://:password@host:port/0 or unix:///path/to.sock; may be emptied at any time."
    )
    s3_url: str = Field(description="http(s)://host:port of MinIO or any S3 store, as this process reaches it.")
    s3_socket: Path | None = Field(
        default=None,
        description="Unix socket by which this process reaches the store instead of by s3_url's host; `up` sets it.",
    )
    s3_access_key: SecretStr
    s3_secret_key: SecretStr
    s3_bucket: str = Field(default="modelyard", min_length=3, max_length=63, pattern=r"^[a-z0-9][a-z0-9.-]+[a-z0-9]$")
    s3_region: str = "us-east-1"
    s3_public_url: str | None = Field(
        default=None,
        description="The store as clients reach it. Set: downloads redirect there. Unset: the API streams the bytes.",
    )

    link_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=3600, description="The longest life of a link to a file; what asks for more by name is refused."
    )
    store_link_seconds: Annotated[int, Field(ge=1, le=60)] = Field(
        default=5,
        description="Life of the addresses at the store to which checked requests are redirected (S3_PUBLIC_URL).",
    )

    secret_key: SecretStr = Field(
        description="At least 32 characters; signs links, seals webhook and CI secrets. The same for every process.",
    )
    url: str = Field(default="http://127.0.0.1:8080", description="Public address of the API, for links in answers.")

    session_idle_seconds: Annotated[int, Field(ge=60)] = Field(
        default=14 * 86_400, description="A browser's sign-in ends when it has not been used for so long."
    )
    session_seconds: Annotated[int, Field(ge=60)] = Field(
        default=90 * 86_400, description="It ends after so long however much it is used."
    )

    token_max_days: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Longest life of personal tokens that are made from now on; 0: no limit."
    )
    bot_token_max_days: Annotated[int, Field(ge=0)] = Field(
        default=0, description="The same for tokens of projects, groups and service accounts."
    )
    token_reminder_days: Annotated[int, Field(ge=0)] = Field(
        default=7, description="How long before its end a token counts as expiring and is told of once; 0: never."
    )

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    worker_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=0, description="Where a worker answers probes and /metrics; 0: nowhere."
    )
    web_concurrency: Annotated[int, Field(ge=1, le=64)] = 2
    concurrent_requests: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=64,
        description="Requests that one API process works on at once; others wait, fairly by user and project.",
    )
    database_pool: Annotated[int, Field(ge=1, le=200)] = 10
    data_dir: Path = Field(default=Path(".modelyard"), description="State of `up`; unused in production.")
    embedded: str = Field(
        default="", description="Set by `up`: which servers (postgres, redis, s3) keep their data in that directory."
    )
    reserved_bytes: Annotated[int, Field(ge=0)] = Field(
        default=256 * MIB,
        description="Files are refused while the disk of the store that `up` started has less left; 0: never.",
    )

    max_artifact_bytes: Annotated[int, Field(ge=1)] = 5 * TIB
    max_body_bytes: Annotated[int, Field(ge=1024)] = Field(default=2 * MIB, description="Limit of every JSON body.")
    graphql_max_tokens: Annotated[int, Field(ge=100)] = 3000
    graphql_max_depth: Annotated[int, Field(ge=5)] = 12
    graphql_max_aliases: Annotated[int, Field(ge=1)] = 30
    graphql_max_root_fields: Annotated[int, Field(ge=1)] = 20
    graphql_max_cost: Annotated[int, Field(ge=100)] = Field(default=10_000, description="Points of one operation.")
    graphql_budget: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Points that one token may spend with one API process in a minute; 0: no limit."
    )
    graphql_query_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        default=5.0, description="For how long a query may run; its statements are cancelled then."
    )
    graphql_max_body_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=MIB, description="Limit of a GraphQL request, query string or WebSocket message."
    )
    graphql_introspection: Literal["signed-in", "everybody", "nobody"] = "everybody"
    graphql_max_subscriptions: Annotated[int, Field(ge=1)] = Field(
        default=100, description="Subscriptions, and WebSockets, that one user may have open with one API process."
    )
    graphql_origins: str = Field(
        default="",
        description="Comma-separated origins (https://ui.example.org) whose pages may use GraphQL and files, beside "
        "our own.",
    )
    allowed_hosts: str = Field(
        default="",
        description="Comma-separated names under which clients may reach the API, beside loopback, IP addresses and "
        "that of MODELYARD_URL; *.example.org for all below one, * for any.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Comma-separated addresses or networks (10.0.0.0/8) of reverse proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed.",
    )
    stall_seconds: Annotated[float, Field(ge=0.1, le=3600)] = Field(
        default=30, description="A connection whose client sends or takes nothing for so long is cut."
    )
    trusted_documents: Path | None = Field(
        default=None, description="A manifest of GraphQL documents, as `modelyard documents register` prints it."
    )
    trusted_documents_only: bool = Field(default=False, description="Run no GraphQL document but those.")
    trash_retention_days: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="Soft-deleted candidates and experiments are purged after so many days; 0 keeps them until asked.",
    )
    restore_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=30,
        description="For how many days deleted models and versions can be restored; 0: they are removed at once. Holds "
        "for what is deleted from then on.",
    )
    deleted_bytes_seconds: Annotated[int, Field(ge=30, le=90 * 86_400)] = Field(
        default=30,
        description="How long the bytes of what was deleted stay in the store at least; backups by `modelyard backup`"
        " need no more than the default.",
    )
    project_request_limit: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Requests in a minute of each project without a limit of its own; 0: no limit."
    )
    token_request_limit: Annotated[int, Field(ge=0)] = Field(
        default=0, description="The same of each token without a limit of its own."
    )
    project_storage_limit: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Bytes that each project without a limit of its own may store; 0: no limit."
    )
    token_storage_limit: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Bytes that may be stored with each token without a limit of its own; 0: no limit."
    )
    promotion_request_days: Annotated[int, Field(ge=1, le=3_650)] = Field(
        default=14, description="How long promotion requests stay open."
    )
    deployment_silent_seconds: Annotated[int, Field(ge=10, le=86_400)] = Field(
        default=300, description="A deployment without heartbeat for so long is shown, and told of, as silent."
    )
    deployment_lost_days: Annotated[int, Field(ge=1, le=3_650)] = Field(
        default=7, description="A deployment without heartbeat for so long has ended."
    )
    pull_flush_seconds: Annotated[int, Field(ge=0, le=300)] = Field(
        default=5, description="How often each process writes who pulled which version; 0: pulls are not counted."
    )
    pull_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        default=400, description="How long it is kept who pulled which version on which day."
    )
    access_log_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        default=400, description="How long entries of the sign-in and access log are kept."
    )
    recheck_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        default=1.0, description="Share of the stored bytes that workers read and hash again each day; 0: none."
    )
    webhook_private_hosts: str = Field(
        default="",
        description="Comma-separated host or host:port: webhooks may go there by http and at private addresses.",
    )
    faults: Path | None = Field(
        default=None, description="For tests of crashes only: a directory of traps, see `app/faults.py`."
    )
    ci_private_hosts: str = Field(
        default="",
        description="The same for CI systems: host or host:port that may be asked by http and at private addresses.",
    )
    ci_timeout_seconds: Annotated[float, Field(ge=0.1, le=60)] = Field(
        default=10, description="How long a CI system may take for one answer."
    )
    openid_providers: Path | None = Field(
        default=None, description="A file in TOML that describes the OpenID providers; docs/people.md shows one."
    )
    openid_private_hosts: str = Field(
        default="",
        description="The same for OpenID providers: host or host:port, asked by http and at private addresses too.",
    )
    openid_timeout_seconds: Annotated[float, Field(ge=0.1, le=60)] = Field(
        default=10, description="How long an OpenID provider may take for one answer."
    )
    openid_only: bool = Field(
        default=False, description="No passwords, as soon as an administrator has signed in with an OpenID provider."
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Opens /metrics of API and worker, as a bearer token; else only administrators may."
    )
    log_level: str = Field(default="INFO", description="INFO writes a line for every request, WARNING none.")
    log_json: bool = True

    @property
    def owner_url(self) -> str:
        """The database as the owner of its tables, for what changes or replaces those."""
        return self.database_owner_url or self.database_url

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _database_is_postgresql(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
            raise ValueError("must begin with postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_has_supported_scheme(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @field_validator("s3_url", "s3_public_url", "url")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be http://host[:port] or https://host[:port]")
        return value.rstrip("/")

    @field_validator("graphql_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for origin in listed(value):
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin; write https://host[:port], without a path")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for network in listed(value):
            try:
                ip_network(network)
            except ValueError as error:
                raise ValueError(f"{error}; write addresses or networks, such as 10.0.0.0/8") from None
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters; `openssl rand -hex 32` makes one")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _cannot_be_guessed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("must have at least 16 characters; `openssl rand -hex 24` makes one")
        return value

    @property
    def restore_period(self) -> timedelta:
        """For how long what is deleted can be restored."""
        return timedelta(days=self.restore_days)

    @classmethod
    def read(cls) -> Self:
        """Read the environment.

        Raises:
            SettingsError: a line for every variable that is missing or wrong, with what would be right.
        """
        try:
            return cls.model_validate({})
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    lines = ["The settings are not complete:"]
    for problem in error.errors(include_input=False, include_url=False):
        field = str(problem["loc"][0])
        name = PREFIX + field.upper()
        if problem["type"] == "missing":
            purpose = Settings.model_fields[field].description or "required"
            lines.append(f"  {name} is not set: {purpose}")
        else:
            lines.append(f"  {name}: {problem['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)
