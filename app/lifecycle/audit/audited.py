"""Which tables are audited and how, and why the others are not: each table stands in one of the two lists.

A test compares both with the tables of the application, and the first with the triggers of the database. A later
migration that adds a column or table calls ``audit_table`` (see ``0027_audit``) with the settings of the table here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Audited:
    """How the rows of a table are told of.

    ``key`` and ``about`` are columns: what identifies a row beside its project, and what stands in each of its entries
    even where it does not change. ``left_out`` are columns that are noise or derived, ``masked`` those whose values are
    secret or personal: of these one sees only that they changed. ``partly`` has expressions, with ``@`` before columns,
    for columns of which a part is secret. ``when`` has conditions by event (``insert``,
    ``update``, ``delete``); ``false`` means never.

    ``chain`` and ``context`` are expressions with ``@`` before columns: the project (0: none), and the key under which
    a statement that several requests share tells the context of the row.
    """

    type: str
    key: tuple[str, ...] = ("id",)
    about: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    partly: Mapping[str, str] = field(default_factory=dict)
    when: Mapping[str, str] = field(default_factory=dict)
    chain: str = "@project_id"
    context: str = "''"

    def settings(self) -> dict[str, object]:
        """The argument of ``audit_table``: what is as in most tables is left out."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        told = {name: value for name, value in values.items() if value and value != getattr(Audited(""), name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}


NO_PROJECT = "0"
_PERHAPS_PROJECT = "coalesce(@project_id, 0)"
_LOGS = ("created_at", "updated_at")

AUDITED: dict[str, Audited] = {
    "aliases": Audited("alias", about=("model_id", "version_id", "name")),
    "artifacts": Audited(
        "artifact",
        about=("path", "candidate_id", "logged_model_id"),
        # What an inspection finds, which anyone can find again; a state that it changes is told.
        left_out=("format", "facts", "scan", "inspected_at", "root_id", "created_at"),
        context="@id::text",
    ),
    "background_jobs": Audited(
        "background_job",
        about=("kind", "key"),
        left_out=("worker", "lease_epoch", "lease_until", "run_after", "done", "total", "started_at", "finished_at"),
        # What a person does with a job; what a worker does with it is its work.
        when={
            "insert": "false",
            "update": "(NEW.state = 'cancelled' OR OLD.state IN ('dead', 'cancelled'))",
            "delete": "false",
        },
        chain=_PERHAPS_PROJECT,
    ),
    "backup_holds": Audited("backup_hold", chain=NO_PROJECT),
    "candidate_ci_jobs": Audited(
        "candidate_ci_job", key=("candidate_id", "ci_job_id"), about=("candidate_id", "ci_job_id")
    ),
    "candidate_datasets": Audited(
        "candidate_data_set", key=("candidate_id", "dataset_id"), about=("candidate_id", "dataset_id")
    ),
    "candidates": Audited(
        "candidate",
        about=("name", "experiment_number"),
        left_out=("updated_at",),
        # One that is made for a version is a part of it, and named in the entry of the version.
        when={"insert": "NOT NEW.of_version"},
        context="@id::text",
    ),
    "ci_settings": Audited(
        "ci_settings", key=("project_id",), left_out=_LOGS, masked=("sealed_token", "sealed_hook_secret")
    ),
    "deployments": Audited(
        "deployment",
        about=("environment", "endpoint", "model_id", "number", "version"),
        left_out=("heartbeat_at", "silent_at"),
    ),
    "derivations": Audited("derivation", about=("version_id", "base")),
    "evaluation_metrics": Audited(
        "evaluation_metric", key=("evaluation_id", "slice", "key"), about=("evaluation_id", "slice", "key")
    ),
    "evaluations": Audited("evaluation", about=("version_id", "name", "dataset_name"), left_out=("content",)),
    "experiments": Audited("experiment", key=("number",), about=("name",), left_out=("updated_at",)),
    "fact_statements": Audited("fact_statement", about=("version_id", "fact"), left_out=("content",)),
    "gate_sets": Audited("gate_set", key=("stage_id", "version"), about=("stage_id", "version")),
    "gates": Audited(
        "gate",
        about=("stage_id", "set_version", "name"),
        masked=("sealed_secret",),
        # As that of any webhook, the address may be a secret itself.
        partly={
            "config": """@config || CASE WHEN @config ? 'url' THEN '{"url": "[not shown]"}' ELSE '{}' END::jsonb"""
        },
    ),
    "groups": Audited("group", about=("full_path",), chain=NO_PROJECT),
    "invitation_roles": Audited("invitation_role", about=("link_id", "group_id", "project_id"), chain=_PERHAPS_PROJECT),
    "logged_models": Audited("logged_model", about=("name", "experiment_number"), left_out=("updated_at",)),
    "memberships": Audited("membership", about=("user_id", "group_id"), chain=_PERHAPS_PROJECT),
    "model_versions": Audited(
        "model_version",
        about=("model_id", "number", "version"),
        left_out=("precedence", "is_prerelease", "updated_at", "was_ready", "is_announced", "announced_state"),
        context="@version",
    ),
    "models": Audited("model", about=("name",), left_out=("last_number", "updated_at")),
    "name_protections": Audited("name_protection", about=("kind", "pattern")),
    "one_time_links": Audited(
        "one_time_link", about=("purpose", "user_id"), left_out=("sha256",), masked=("email",), chain=NO_PROJECT
    ),
    "online_arms": Audited("online_arm", key=("experiment_id", "name"), about=("experiment_id", "name")),
    "online_experiments": Audited("online_experiment", about=("name",), left_out=("content",)),
    "online_shares": Audited("online_share", key=("experiment_id", "arm", "since"), about=("experiment_id", "arm")),
    "openid_identities": Audited(
        "openid_identity",
        about=("user_id", "provider"),
        left_out=("last_used_at",),
        masked=("email", "subject"),
        chain=NO_PROJECT,
    ),
    "passwords": Audited("password", key=("user_id",), masked=("hash",), chain=NO_PROJECT),
    "project_stages": Audited("project_stage", about=("name",)),
    "projects": Audited("project", about=("full_path",), left_out=("last_experiment_number",), chain="@id"),
    "promotion_approvals": Audited("promotion_approval", about=("request_id", "user_id")),
    "promotion_request_events": Audited("promotion_request_event", about=("request_id", "kind")),
    "promotion_requests": Audited("promotion_request", about=("model_id", "number", "version", "stage")),
    "promotions": Audited("promotion", about=("model_id", "number", "version", "stage", "state")),
    "service_accounts": Audited("service_account", key=("user_id",), about=("name",), chain=_PERHAPS_PROJECT),
    "sessions": Audited(
        "session",
        about=("user_id",),
        left_out=("sha256", "last_used_at", "last_address", "client"),
        chain=NO_PROJECT,
    ),
    "stage_intervals": Audited(
        "stage_interval", about=("model_id", "number", "version", "stage_id"), left_out=("precedence", "is_prerelease")
    ),
    "tokens": Audited(
        "token",
        about=("user_id", "name"),
        left_out=("sha256", "last_used_at", "last_address", "last_client", "reminded_at"),
        chain=_PERHAPS_PROJECT,
    ),
    "users": Audited("user", about=("username",), left_out=("last_active_at",), masked=("email",), chain=NO_PROJECT),
    "version_ci_jobs": Audited("version_ci_job", key=("version_id", "ci_job_id"), about=("version_id", "ci_job_id")),
    "version_seals": Audited("version_seal", key=("version_id",), about=("version_id",)),
    "version_withdrawals": Audited("version_withdrawal", about=("version_id", "kind")),
    "webhook_deliveries": Audited(
        "webhook_delivery",
        about=("webhook_id", "event"),
        left_out=("data", "response_body", "next_attempt_at", "finished_at"),
        # Only what a person sends again.
        when={"insert": "NEW.replay_of IS NOT NULL", "update": "false", "delete": "false"},
    ),
    "webhooks": Audited("webhook", about=("name",), left_out=_LOGS, masked=("url", "sealed_secret")),
}

_LOGGED = "what training code logs, by the thousand; the candidate it belongs to is audited"
_BYTES = "which bytes stand behind files; the files are audited"
_COUNTED = "a count or mark that the service keeps for itself"
_UPKEEP = "work of the service; what it changes is audited"
_SIGN_IN = "a step of signing in, which lives for minutes; what comes of it is audited, and stands in the access log"
_LOG = "a log itself"

NOT_AUDITED: dict[str, str] = {
    "access_epoch": _COUNTED,
    "access_log": _LOG,
    "audit_chain": _LOG,
    "audit_entries": _LOG,
    "audit_heads": _LOG,
    "audit_progress": _COUNTED,
    "blobs": _BYTES,
    "candidate_models": _LOGGED,
    "candidate_params": _LOGGED,
    "candidate_tags": _LOGGED,
    "ci_jobs": "what a CI system says of its jobs; which versions and candidates they belong to is audited",
    "condemned_objects": _BYTES,
    "datasets": _LOGGED,
    "device_grants": _SIGN_IN,
    "evaluated_models": _UPKEEP,
    "evaluation_runs": _UPKEEP,
    "latest_metrics": _LOGGED,
    "logged_model_metrics": _LOGGED,
    "metric_points": _LOGGED,
    "multipart_uploads": "files on their way; once one is in its place it is audited",
    "noted_models": _UPKEEP,
    "online_points": "what a serving stack logs of an experiment, by the thousand; the experiment is audited",
    "openid_requests": _SIGN_IN,
    "project_events": _LOG,
    "pulls": "who pulled what, counted by the day; nothing is changed by it",
    "request_counts": _COUNTED,
    "retired_versions": "texts of versions whose deletion is audited",
    "sign_in_failures": _COUNTED,
    "stage_holders": "which version a stage meant when, derived from the intervals of stages, which are audited",
    "stored_bytes": _COUNTED,
    "suspect_objects": _BYTES,
    "unread_lineage_tags": _UPKEEP,
    "verdicts": "what inspections found in bytes; a release from quarantine stands with the file",
}
