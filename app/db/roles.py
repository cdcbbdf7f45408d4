"""The role of the application in PostgreSQL: it reads and writes rows, owns nothing, and only adds to the audit log.

Migrations run as the owner of the tables (``MODELYARD_DATABASE_OWNER_URL``); API, workers and commands as the role of
``MODELYARD_DATABASE_URL``. So what has the application's password, or runs in its process, cannot change or remove
what the audit log says, nor switch off the triggers that write it. Without an address of the owner both are one role.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from sqlalchemy import Connection, make_url, text

APPEND_ONLY = ("audit_entries", "audit_chain", "audit_heads")
"""Tables whose rows the application adds and reads, and never changes."""
_ITERATIONS = 4096
"""As PostgreSQL's own ``scram_iterations``."""

_ENSURE = text("""
    DO $$
    DECLARE
        role text := current_setting('modelyard.role');
        verifier text := current_setting('modelyard.verifier');
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role);
        ELSIF verifier = '' THEN
            RETURN;
        END IF;
        IF verifier <> '' THEN
            EXECUTE format('ALTER ROLE %I PASSWORD %L', role, verifier);
        END IF;
    END $$
""")
# Grants are given where they are missing: each changes catalogs, which every start of a process would else do.
_GRANT = text("""
    DO $$
    DECLARE
        role text := current_setting('modelyard.role');
        append_only text[] := string_to_array(current_setting('modelyard.append_only'), ',');
        object record;
        privilege text;
        wanted text[];
    BEGIN
        IF NOT has_schema_privilege(role, current_schema(), 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
        END IF;
        FOR object IN
            SELECT c.oid, c.relname, c.relkind FROM pg_class c
            WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
            ORDER BY c.oid
        LOOP
            IF object.relkind = 'S' THEN
                wanted := ARRAY['USAGE', 'SELECT'];
            ELSIF object.relname = 'alembic_version' THEN
                wanted := ARRAY['SELECT'];
            ELSIF object.relname = ANY (append_only) THEN
                wanted := ARRAY['SELECT', 'INSERT'];
            ELSE
                wanted := ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
            END IF;
            FOREACH privilege IN ARRAY wanted LOOP
                IF NOT (
                    CASE WHEN object.relkind = 'S' THEN has_sequence_privilege(role, object.oid, privilege)
                    ELSE has_table_privilege(role, object.oid, privilege) END
                ) THEN
                    EXECUTE format('GRANT %s ON %s %I TO %I', privilege,
                        CASE WHEN object.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, object.relname, role);
                END IF;
            END LOOP;
        END LOOP;
        FOR object IN
            SELECT name AS relname FROM unnest(append_only) AS name WHERE to_regclass(quote_ident(name)) IS NOT NULL
        LOOP
            FOREACH privilege IN ARRAY ARRAY['UPDATE', 'DELETE', 'TRUNCATE'] LOOP
                IF has_table_privilege(role, quote_ident(object.relname), privilege) THEN
                    EXECUTE format('REVOKE %s ON TABLE %I FROM %I', privilege, object.relname, role);
                END IF;
            END LOOP;
        END LOOP;
    END $$
""")
_SETTING = text("SELECT set_config(:name, :value, true)")


def differ(owner_url: str, application_url: str) -> bool:
    """Whether the addresses name two roles."""
    return make_url(owner_url).username != make_url(application_url).username


def ensure(connection: Connection, application_url: str) -> None:
    """Step of a migration: make the role of the application's address if it is missing, and give it that password.

    The password travels as a verifier (RFC 5803), which is of no use to readers of the server's log.
    """
    url = make_url(application_url)
    _set(connection, "role", url.username or "")
    _set(connection, "verifier", verifier(url.password) if url.password else "")
    connection.execute(_ENSURE)


def grant(connection: Connection, application_url: str) -> None:
    """Step of a migration: give the role of the application what it needs, and take from it what it must not have."""
    _set(connection, "role", make_url(application_url).username or "")
    _set(connection, "append_only", ",".join(APPEND_ONLY))
    connection.execute(_GRANT)


def verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL keeps of a password for SCRAM-SHA-256 (RFC 5802, RFC 5803)."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored, server = hashlib.sha256(client).digest(), hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(each).decode() for each in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt_text}${stored_text}:{server_text}"


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(_SETTING, {"name": f"modelyard.{name}", "value": value})
