"""the audit log and its chain

Revision ID: 0027_audit
Revises: 0026_deployments
Create Date: 2026-11-30 21:10:00
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027_audit"
down_revision = "0026_deployments"
branch_labels = None
depends_on = None

# What is in `app.lifecycle.audit.audited`, as of this revision.
AUDITED: dict[str, dict[str, Any]] = {
    "aliases": {"type": "alias", "about": ["model_id", "version_id", "name"]},
    "artifacts": {
        "type": "artifact",
        "about": ["path", "candidate_id", "logged_model_id"],
        "left_out": ["format", "facts", "scan", "inspected_at", "root_id", "created_at"],
        "context": "@id::text",
    },
    "background_jobs": {
        "type": "background_job",
        "about": ["kind", "key"],
        "left_out": ["worker", "lease_epoch", "lease_until", "run_after", "done", "total", "started_at", "finished_at"],
        "when": {
            "insert": "false",
            "update": "(NEW.state = 'cancelled' OR OLD.state IN ('dead', 'cancelled'))",
            "delete": "false",
        },
        "chain": "coalesce(@project_id, 0)",
    },
    "backup_holds": {"type": "backup_hold", "chain": "0"},
    "candidate_ci_jobs": {
        "type": "candidate_ci_job",
        "key": ["candidate_id", "ci_job_id"],
        "about": ["candidate_id", "ci_job_id"],
    },
    "candidate_datasets": {
        "type": "candidate_data_set",
        "key": ["candidate_id", "dataset_id"],
        "about": ["candidate_id", "dataset_id"],
    },
    "candidates": {
        "type": "candidate",
        "about": ["name", "experiment_number"],
        "left_out": ["updated_at"],
        "when": {"insert": "NOT NEW.of_version"},
        "context": "@id::text",
    },
    "ci_settings": {
        "type": "ci_settings",
        "key": ["project_id"],
        "left_out": ["created_at", "updated_at"],
        "masked": ["sealed_token", "sealed_hook_secret"],
    },
    "deployments": {
        "type": "deployment",
        "about": ["environment", "endpoint", "model_id", "number", "version"],
        "left_out": ["heartbeat_at", "silent_at"],
    },
    "derivations": {"type": "derivation", "about": ["version_id", "base"]},
    "evaluation_metrics": {
        "type": "evaluation_metric",
        "key": ["evaluation_id", "slice", "key"],
        "about": ["evaluation_id", "slice", "key"],
    },
    "evaluations": {"type": "evaluation", "about": ["version_id", "name", "dataset_name"], "left_out": ["content"]},
    "experiments": {"type": "experiment", "key": ["number"], "about": ["name"], "left_out": ["updated_at"]},
    "fact_statements": {"type": "fact_statement", "about": ["version_id", "fact"], "left_out": ["content"]},
    "gate_sets": {"type": "gate_set", "key": ["stage_id", "version"], "about": ["stage_id", "version"]},
    "gates": {
        "type": "gate",
        "about": ["stage_id", "set_version", "name"],
        "masked": ["sealed_secret"],
        "partly": {
            "config": """@config || CASE WHEN @config ? 'url' THEN '{"url": "[not shown]"}' ELSE '{}' END::jsonb"""
        },
    },
    "groups": {"type": "group", "about": ["full_path"], "chain": "0"},
    "invitation_roles": {
        "type": "invitation_role",
        "about": ["link_id", "group_id", "project_id"],
        "chain": "coalesce(@project_id, 0)",
    },
    "logged_models": {"type": "logged_model", "about": ["name", "experiment_number"], "left_out": ["updated_at"]},
    "memberships": {"type": "membership", "about": ["user_id", "group_id"], "chain": "coalesce(@project_id, 0)"},
    "model_versions": {
        "type": "model_version",
        "about": ["model_id", "number", "version"],
        "left_out": ["precedence", "is_prerelease", "updated_at", "was_ready", "is_announced", "announced_state"],
        "context": "@version",
    },
    "models": {"type": "model", "about": ["name"], "left_out": ["last_number", "updated_at"]},
    "name_protections": {"type": "name_protection", "about": ["kind", "pattern"]},
    "one_time_links": {
        "type": "one_time_link",
        "about": ["purpose", "user_id"],
        "left_out": ["sha256"],
        "masked": ["email"],
        "chain": "0",
    },
    "online_arms": {"type": "online_arm", "key": ["experiment_id", "name"], "about": ["experiment_id", "name"]},
    "online_experiments": {"type": "online_experiment", "about": ["name"], "left_out": ["content"]},
    "online_shares": {
        "type": "online_share",
        "key": ["experiment_id", "arm", "since"],
        "about": ["experiment_id", "arm"],
    },
    "openid_identities": {
        "type": "openid_identity",
        "about": ["user_id", "provider"],
        "left_out": ["last_used_at"],
        "masked": ["email", "subject"],
        "chain": "0",
    },
    "passwords": {"type": "password", "key": ["user_id"], "masked": ["hash"], "chain": "0"},
    "project_stages": {"type": "project_stage", "about": ["name"]},
    "projects": {"type": "project", "about": ["full_path"], "left_out": ["last_experiment_number"], "chain": "@id"},
    "promotion_approvals": {"type": "promotion_approval", "about": ["request_id", "user_id"]},
    "promotion_request_events": {"type": "promotion_request_event", "about": ["request_id", "kind"]},
    "promotion_requests": {"type": "promotion_request", "about": ["model_id", "number", "version", "stage"]},
    "promotions": {"type": "promotion", "about": ["model_id", "number", "version", "stage", "state"]},
    "service_accounts": {
        "type": "service_account",
        "key": ["user_id"],
        "about": ["name"],
        "chain": "coalesce(@project_id, 0)",
    },
    "sessions": {
        "type": "session",
        "about": ["user_id"],
        "left_out": ["sha256", "last_used_at", "last_address", "client"],
        "chain": "0",
    },
    "stage_intervals": {
        "type": "stage_interval",
        "about": ["model_id", "number", "version", "stage_id"],
        "left_out": ["precedence", "is_prerelease"],
    },
    "tokens": {
        "type": "token",
        "about": ["user_id", "name"],
        "left_out": ["sha256", "last_used_at", "last_address", "last_client", "reminded_at"],
        "chain": "coalesce(@project_id, 0)",
    },
    "users": {"type": "user", "about": ["username"], "left_out": ["last_active_at"], "masked": ["email"], "chain": "0"},
    "version_ci_jobs": {
        "type": "version_ci_job",
        "key": ["version_id", "ci_job_id"],
        "about": ["version_id", "ci_job_id"],
    },
    "version_seals": {"type": "version_seal", "key": ["version_id"], "about": ["version_id"]},
    "version_withdrawals": {"type": "version_withdrawal", "about": ["version_id", "kind"]},
    "webhook_deliveries": {
        "type": "webhook_delivery",
        "about": ["webhook_id", "event"],
        "left_out": ["data", "response_body", "next_attempt_at", "finished_at"],
        "when": {"insert": "NEW.replay_of IS NOT NULL", "update": "false", "delete": "false"},
    },
    "webhooks": {
        "type": "webhook",
        "about": ["name"],
        "left_out": ["created_at", "updated_at"],
        "masked": ["url", "sealed_secret"],
    },
}


def upgrade() -> None:
    """Tables that are new, and triggers: nothing is written anew, and nothing waits long for a lock."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _tables()
    for function in (_CONTEXT, _SHORTENED, _BOUNDED, _CHANGES, _CANONICAL, _LINKED, _AUDIT_TABLE, _REFUSE):
        op.execute(function)
    op.execute("CREATE AGGREGATE audit_chained(bytea, bytea) (SFUNC = audit_linked, STYPE = bytea)")
    for table in ("audit_entries", "audit_chain", "audit_heads"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
    audit = sa.text("SELECT audit_table(:table, CAST(:settings AS jsonb))")
    for table, settings in AUDITED.items():
        op.execute(audit.bindparams(table=table, settings=json.dumps(settings)))


def _tables() -> None:
    moment, binary = sa.DateTime(timezone=True), sa.LargeBinary()
    now = sa.text("now()")
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, server_default=now, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "audit_chain",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_hash", binary, nullable=False),
        sa.Column("chain_hash", binary, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "seq", name=op.f("pk_audit_chain")),
    )
    _index("uq_audit_chain_entry_id", "audit_chain", ["entry_id"], unique=True)
    _index("ix_audit_chain_at", "audit_chain", ["chain_id", "at"])
    _index("ix_audit_chain_object", "audit_chain", ["chain_id", "object_type", "object_key", "seq"])
    _index("ix_audit_chain_actor", "audit_chain", ["chain_id", "actor_id", "seq"], where="actor_id is not null")
    op.create_table(
        "audit_heads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("chain_hash", binary, nullable=False),
        sa.Column("at", moment, server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
    )
    _index("uq_audit_heads_chain_id", "audit_heads", ["chain_id", "seq"], unique=True)
    op.create_table(
        "audit_progress",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("floor_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("seen_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("seen_transaction", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("headed_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("headed_at", moment, nullable=True),
        sa.CheckConstraint("single", name=op.f("ck_audit_progress_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_audit_progress")),
    )
    op.execute("INSERT INTO audit_progress DEFAULT VALUES")


def _index(name: str, table: str, columns: list[str], *, unique: bool = False, where: str | None = None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table, columns, unique=unique, postgresql_where=condition)


# What the transaction was told of its author. Of a statement that several requests share: after each line feed the key
# of a row, a tab, and the context of that row; JSON has neither of these two characters in it. One expression, so that
# PostgreSQL puts it in place of the call.
_CONTEXT = r"""
    CREATE FUNCTION audit_context(of_key text) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT coalesce(
            nullif(CASE
                WHEN left(current_setting('modelyard.audit', true), 1) <> E'\n'
                    THEN current_setting('modelyard.audit', true)
                ELSE split_part(
                    split_part(current_setting('modelyard.audit', true), E'\n' || of_key || E'\t', 2), E'\n', 1
                )
            END, ''),
            json_build_object('database_user', session_user)::text
        )
    $$
"""
# A long text is kept as its beginning, its length and its hash.
_SHORTENED = """
    CREATE FUNCTION audit_shortened(value jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN length(long) > 1000 THEN jsonb_build_object(
            'begins', left(long, 200), 'characters', length(long),
            'sha256', encode(sha256(convert_to(long, 'UTF8')), 'hex')
        ) ELSE value END FROM (SELECT value #>> '{}' AS long) AS of_text
    $$
"""
# The second half leaves out what looks like a secret of this service, which someone typed where it does not belong.
_BOUNDED = r"""
    CREATE FUNCTION audit_bounded(row_text text) RETURNS text LANGUAGE plpgsql STABLE AS $$
    BEGIN
        IF length(row_text) > 1000 THEN
            SELECT coalesce(jsonb_object_agg(key, audit_shortened(value)), '{}')::text INTO row_text
            FROM jsonb_each(row_text::jsonb);
        END IF;
        IF row_text LIKE '%my_\_%' THEN
            row_text := regexp_replace(row_text, '\mmy[a-z]_[A-Za-z0-9_-]{16,}', '[secret]', 'g');
        END IF;
        RETURN row_text;
    END $$
"""
_CHANGES = """
    CREATE FUNCTION audit_changes(INOUT before jsonb, INOUT after jsonb) LANGUAGE sql IMMUTABLE AS $$
        SELECT jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, a.value)
        FROM jsonb_each(before) AS b JOIN jsonb_each(after) AS a ON a.key = b.key AND a.value <> b.value
    $$
"""
# As Python words it: json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).
_CANONICAL = """
    CREATE FUNCTION audit_canonical(e audit_entries) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT concat(
            '{"about":', to_json(e.about), ',"action":', to_json(e.action),
            ',"after":', coalesce(to_json(e.after), 'null'),
            ',"at":"', to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            '","before":', coalesce(to_json(e.before), 'null'),
            ',"chain":', e.chain_id, ',"context":', to_json(e.context), ',"id":', e.id,
            ',"key":', to_json(e.object_key), ',"type":', to_json(e.object_type), '}'
        )
    $$
"""
_LINKED = """
    CREATE FUNCTION audit_linked(state bytea, before bytea, entry_hash bytea) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN sha256(coalesce(state, before) || entry_hash); END $$
"""
_REFUSE = """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'The audit log is append-only: % of % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
    END $$
"""
# Makes the trigger function of a table, with its columns as they are now: a column that comes later is in no entry
# until this is called again. A function of its own, with its columns spelled out, takes half the time of one for all.
# The log is named with its schema: else a temporary table of its name would come first.
_AUDIT_TABLE = r"""
    CREATE FUNCTION audit_table(of_table text, settings jsonb) RETURNS void LANGUAGE plpgsql AS $make$
    DECLARE
        left_out text[] := ARRAY (SELECT jsonb_array_elements_text(settings -> 'left_out'));
        masked text[] := ARRAY (SELECT jsonb_array_elements_text(settings -> 'masked'));
        audited text[];
        pairs jsonb := '{}';
        side text;
        changed text;
        event text;
        condition text;
    BEGIN
        SELECT array_agg(attname::text ORDER BY attnum) INTO audited FROM pg_attribute
        WHERE attrelid = of_table::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL (left_out);
        FOREACH side IN ARRAY ARRAY ['OLD', 'NEW', 'CHANGED'] LOOP
            pairs := pairs || jsonb_build_object(side, (
                SELECT string_agg(format('%L, %s', name, CASE
                    WHEN settings -> 'partly' ? name
                        THEN replace(settings -> 'partly' ->> name, '@', replace(side, 'CHANGED', 'NEW') || '.')
                    WHEN name <> ALL (masked) THEN format('%s.%I', replace(side, 'CHANGED', 'NEW'), name)
                    WHEN side <> 'CHANGED'
                        THEN format('CASE WHEN %s.%I IS NOT NULL THEN ''[not shown]'' END', side, name)
                    ELSE format('CASE WHEN NEW.%1$I IS NULL THEN NULL WHEN NEW.%1$I IS DISTINCT FROM OLD.%1$I'
                                ' THEN ''[not shown, new]'' ELSE ''[not shown]'' END', name)
                END), ', ') FROM unnest(audited) AS name
            ));
            CONTINUE WHEN side = 'CHANGED';
            pairs := pairs || jsonb_build_object(
                'key of ' || side, (
                    SELECT string_agg(format('%s.%I::text', side, name), ' || ''/'' || ')
                    FROM jsonb_array_elements_text(coalesce(settings -> 'key', '["id"]')) AS name
                ),
                'about ' || side, (
                    SELECT coalesce(string_agg(format('%L, %s.%I', name, side, name), ', '), '')
                    FROM jsonb_array_elements_text(settings -> 'about') AS name
                ),
                'chain of ' || side, replace(coalesce(settings ->> 'chain', '@project_id'), '@', side || '.'),
                'context of ' || side, replace(coalesce(settings ->> 'context', ''''''), '@', side || '.')
            );
        END LOOP;
        EXECUTE format(
            $body$
            CREATE OR REPLACE FUNCTION audit_%1$s() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE
                known text;
                made text;
            BEGIN
                IF TG_OP = 'INSERT' THEN
                    known := json_build_object(%5$s)::text;
                    made := json_strip_nulls(json_build_object(%7$s))::text;
                    IF length(known) + length(made) > 1000 OR known LIKE '%%my_\_%%' OR made LIKE '%%my_\_%%' THEN
                        known := audit_bounded(known);
                        made := audit_bounded(made);
                    END IF;
                    INSERT INTO %14$s.audit_entries (chain_id, action, object_type, object_key, about, context, after)
                    VALUES (%2$s, 'create', %3$L, %4$s, known, audit_context(%6$s), made);
                ELSIF TG_OP = 'UPDATE' THEN
                    INSERT INTO %14$s.audit_entries
                        (chain_id, action, object_type, object_key, about, context, before, after)
                    SELECT %2$s, 'update', %3$L, %4$s, audit_bounded(json_build_object(%5$s)::text),
                        audit_context(%6$s), audit_bounded(c.before::text), audit_bounded(c.after::text)
                    FROM audit_changes(jsonb_build_object(%8$s), jsonb_build_object(%9$s)) AS c;
                ELSE
                    INSERT INTO %14$s.audit_entries (chain_id, action, object_type, object_key, about, context, before)
                    VALUES (%10$s, 'delete', %3$L, %11$s, audit_bounded(json_build_object(%12$s)::text),
                            audit_context(%13$s), audit_bounded(json_strip_nulls(json_build_object(%8$s))::text));
                END IF;
                RETURN NULL;
            END $$
            $body$,
            of_table,
            pairs ->> 'chain of NEW', settings ->> 'type', pairs ->> 'key of NEW', pairs ->> 'about NEW',
            pairs ->> 'context of NEW', pairs ->> 'NEW', pairs ->> 'OLD', pairs ->> 'CHANGED',
            pairs ->> 'chain of OLD', pairs ->> 'key of OLD', pairs ->> 'about OLD', pairs ->> 'context of OLD',
            quote_ident(current_schema())
        );
        SELECT string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', name), ' OR ') INTO changed
        FROM unnest(audited) AS name;
        FOREACH event IN ARRAY ARRAY ['insert', 'update', 'delete'] LOOP
            condition := settings -> 'when' ->> event;
            CONTINUE WHEN condition = 'false';
            IF event = 'update' THEN
                condition := concat_ws(' AND ', format('(%s)', changed), condition);
            END IF;
            EXECUTE format(
                'CREATE OR REPLACE TRIGGER audit_%s AFTER %s ON %I FOR EACH ROW %s EXECUTE FUNCTION audit_%s()',
                event, event, of_table, 'WHEN (' || condition || ')', of_table
            );
        END LOOP;
    END $make$
"""
