"""Which tests of MLflow's are left out before they run, and why; patterns of the part behind the file's name."""

from __future__ import annotations

import re

EXCLUDED = {
    "traces and assessments": r"trace|span|token_usage|completed_sessions|correlation|assessment"
    r"|test_set_and_delete_tags|test_set_invalid_tag",
    "evaluation data sets": r"test_dataset_|sql_dataset_record|evaluation_dataset|experiments_rest_tracking"
    r"|experiments_at_once",
    "scorers": r"scorer|online_scoring",
    "AI gateway and its secrets": r"secret|gateway|endpoint|provider|model_definition|list_models",
    "workspaces": r"workspace-enabled|workspace_",
    "prompt lab, prompt optimisation, jobs, MCP, issues": r"promptlab|optimi|_job|mcp|issue|review|label_schema",
    "MLflow's own GraphQL": r"graphql",
    "the former file store": r"\[file[-\]]",
    "the server's tables, seen from inside": r"upgrade_cli|materialization|MYSQL|MSSQL|sqlalchemy_store_|db_type"
    r"|multiple_drivers|_model\b|hard_delete|appends_to_artifact|test_get_orderby_clauses|test_get_attribute_name",
    "a clock or a setting of the server, changed from inside": r"test_create_model_version\["
    r"|registered_model_order_by\[|max_length_value|test_get_registered_model\[|test_set_tag\[|with_validation_regex",
    "files on the server's own disk": r"with_path_source|with_file_uri|local_artifact_uri|test_artifacts\["
    r"|test_create_get_search_experiment\[|non_local_source",
    "MLflow's list of words for run names": r"test_get_run_with_name",
}


def reason(nodeid: str) -> str | None:
    """Why a test is left out; None: it is not."""
    name = nodeid.partition("::")[2]
    return next((why for why, pattern in EXCLUDED.items() if re.search(pattern, name)), None)
