"""Filters as MLflow reads them; the expected values were compared with MLflow 3.17.2's own parser."""

from __future__ import annotations

import pytest

from app.search.ast import And, Comparison, Entity, Operator, Value
from app.search.errors import InvalidFilter
from app.search.grammars import CANDIDATES, EXPERIMENTS, LOGGED_MODELS, MODEL_VERSIONS, MODELS, Grammar
from app.search.parser import parse_filter

A, M, P, T, D = Entity.ATTRIBUTE, Entity.METRIC, Entity.PARAM, Entity.TAG, Entity.DATASET


@pytest.mark.parametrize(
    ("grammar", "text", "entity", "key", "operator", "value"),
    [
        (CANDIDATES, "metrics.accuracy > 0.9", M, "accuracy", ">", 0.9),
        (CANDIDATES, "metric.a>=-1.5e-3", M, "a", ">=", -0.0015),
        (CANDIDATES, "metrics.a < .5", M, "a", "<", 0.5),
        (CANDIDATES, "metrics.a != 5.", M, "a", "!=", 5.0),
        (CANDIDATES, "metrics.`a b/c` = 1", M, "a b/c", "=", 1.0),
        (CANDIDATES, 'metrics."a b" <= 1', M, "a b", "<=", 1.0),
        (CANDIDATES, "`metrics`.`a.b` = 1", M, "a.b", "=", 1.0),
        (CANDIDATES, "`metrics`.a = 1", M, "a", "=", 1.0),
        (CANDIDATES, "metrics.1a = 1", M, "1a", "=", 1.0),
        (CANDIDATES, "params.and = 'x'", P, "and", "=", "x"),
        (CANDIDATES, "parameter.x LIKE 'a%'", P, "x", "LIKE", "a%"),
        (CANDIDATES, "parameters.x iLike 'a_'", P, "x", "ILIKE", "a_"),
        (CANDIDATES, 'param.x = "it\'s"', P, "x", "=", "it's"),
        (CANDIDATES, "params.x = 'it''s'", P, "x", "=", "it''s"),
        (CANDIDATES, "params.x = 'C:\\'", P, "x", "=", "C:\\"),
        (CANDIDATES, "params.x is null", P, "x", "IS NULL", None),
        (CANDIDATES, "tags.mlflow.source.name != ''", T, "mlflow.source.name", "!=", ""),
        (CANDIDATES, "tag.été = 'AND'", T, "été", "=", "AND"),
        (CANDIDATES, "tags.x IS NOT NULL", T, "x", "IS NOT NULL", None),
        (CANDIDATES, "status = 'RUNNING'", A, "status", "=", "RUNNING"),
        (CANDIDATES, "run.user_id ILIKE 'x'", A, "user_id", "ILIKE", "x"),
        (CANDIDATES, "attr.artifact_uri LIKE 's3%'", A, "artifact_uri", "LIKE", "s3%"),
        (CANDIDATES, "run_id IN ('a','b')", A, "run_id", "IN", ("a", "b")),
        (CANDIDATES, "attributes.run_id not  in ( 'a' , \"b\", )", A, "run_id", "NOT IN", ("a", "b")),
        (CANDIDATES, "`run name` = 'x'", A, "run_name", "=", "x"),
        (CANDIDATES, "attributes.\"Run Name\" = 'x'", A, "run_name", "=", "x"),
        (CANDIDATES, "created > 1700000000000", A, "start_time", ">", 1_700_000_000_000),
        (CANDIDATES, "attribute.end_time < 1.5", A, "end_time", "<", 1.5),
        (CANDIDATES, "start_time < 9223372036854775807", A, "start_time", "<", 2**63 - 1),
        (CANDIDATES, "start_time > -9223372036854775808", A, "start_time", ">", -(2**63)),
        (CANDIDATES, "start_time > " + "0" * 30 + "5", A, "start_time", ">", 5),
        (CANDIDATES, "datasets.name IN ('x')", D, "name", "IN", ("x",)),
        (CANDIDATES, "dataset.context LIKE 'tr%'", D, "context", "LIKE", "tr%"),
        (EXPERIMENTS, "name ILIKE 'x%'", A, "name", "ILIKE", "x%"),
        (EXPERIMENTS, "attribute.experiment_id = '7'", A, "experiment_id", "=", 7),
        (EXPERIMENTS, "experiment_id NOT IN ('1', '2')", A, "experiment_id", "NOT IN", (1, 2)),
        (EXPERIMENTS, "creation_time >= 5", A, "creation_time", ">=", 5),
        (EXPERIMENTS, "tags.x IS NULL", T, "x", "IS NULL", None),
        (MODELS, "name IN ('a', 'b')", A, "name", "IN", ("a", "b")),
        (MODELS, "tag.`mlflow.prompt.is_prompt` != 'true'", T, "mlflow.prompt.is_prompt", "!=", "true"),
        (MODEL_VERSIONS, "version_number > 5", A, "version_number", ">", 5),
        (MODEL_VERSIONS, "version_number = '5'", A, "version_number", "=", 5),
        (MODEL_VERSIONS, "source_path LIKE '%x'", A, "source_path", "LIKE", "%x"),
        (MODEL_VERSIONS, "run_id IN ('a')", A, "run_id", "IN", ("a",)),
        (LOGGED_MODELS, "attributes.status NOT IN ('READY')", A, "status", "NOT IN", ("READY",)),
        (LOGGED_MODELS, "creation_time > 5", A, "creation_timestamp", ">", 5),
        (LOGGED_MODELS, "last_updated_timestamp < 5", A, "last_updated_timestamp", "<", 5),
        (LOGGED_MODELS, "metrics.a > 1", M, "a", ">", 1.0),
        (LOGGED_MODELS, "params.`a b` IN ('x')", P, "a b", "IN", ("x",)),
    ],
)
def test_comparison_is_parsed(grammar: Grammar, text: str, entity: Entity, key: str, operator: str, value: Value):
    expected = Comparison(entity, key, Operator(operator), value)
    assert parse_filter(text, grammar) == expected
    assert parse_filter(text, grammar, extended=True) == (
        expected if "''s" not in text else Comparison(entity, key, Operator(operator), "it's")
    )


def test_numbers_keep_their_type():
    for text, kind in [("metrics.a > 1", float), ("start_time > 1", int), ("start_time > 1e3", float)]:
        comparison = parse_filter(text, CANDIDATES)
        assert isinstance(comparison, Comparison)
        assert type(comparison.value) is kind


def test_condition_that_the_client_appends_to_model_searches_is_parsed():
    prompt = Comparison(T, "mlflow.prompt.is_prompt", Operator.NE, "true")
    named = Comparison(A, "name", Operator.EQ, "iris")
    assert parse_filter("name = 'iris' AND tag.`mlflow.prompt.is_prompt` != 'true'", MODELS) == And((named, prompt))
    assert parse_filter("  AND tag.`mlflow.prompt.is_prompt` != 'true'", MODELS) == prompt


@pytest.mark.parametrize("text", [None, "", "  \n"])
@pytest.mark.parametrize("extended", [False, True])
def test_blank_text_is_no_filter(text: str | None, extended: bool):
    assert parse_filter(text, CANDIDATES, extended=extended) is None


@pytest.mark.parametrize(
    "text",
    [
        "metrics.a > 1 AND tags.b = 'x'",
        "metrics.a>1 and\ntags.b='x'",
        "AND metrics.a > 1 AND AND tags.b = 'x' AND",
        "metrics.a > 1 tags.b = 'x'",
    ],
)
def test_superfluous_ands_are_ignored_as_by_mlflow(text: str):
    assert parse_filter(text, CANDIDATES) == And(
        (Comparison(M, "a", Operator.GT, 1.0), Comparison(T, "b", Operator.EQ, "x"))
    )


CLAUSES = "Invalid clause(s) in filter string:"
IDENTIFIER = "Invalid comparison clause. Expected 'Identifier' found"
UNQUOTED = "Parameter value is either not quoted or unidentified quote types used for string value"
LIST = "While parsing a list in the query, expected"
MULTIPLE = "Search filter contained multiple expression"
NUMBER_OPERATORS = ["=", "!=", "<", "<=", ">", ">="]
TAG_OPERATORS = ["=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"]


@pytest.mark.parametrize(
    ("grammar", "text", "reason", "position"),
    [
        (CANDIDATES, "metrics.a > 1 OR tags.b = 'x'", f"{CLAUSES} 'OR'; conditions are joined by AND only", 15),
        (CANDIDATES, "(metrics.a > 1)", f"{CLAUSES} '('; conditions are joined by AND only", 1),
        (CANDIDATES, "NOT metrics.a > 1", f"{CLAUSES} 'NOT'; conditions are joined by AND only", 1),
        (CANDIDATES, "metrics.a", f"{CLAUSES} 'metrics.a'; a comparison is a key, a comparator and a value", 1),
        (
            CANDIDATES,
            "dummy-term",
            f"{CLAUSES} 'dummy-term'; a comparison begins with a key such as metrics.accuracy",
            1,
        ),
        (CANDIDATES, "metrics.a >", f"{CLAUSES} the end of the filter; a value is expected here", 12),
        (CANDIDATES, "tags.a = = 'x'", f"{CLAUSES} '='; a value is expected here", 10),
        (CANDIDATES, "tags.a = AND", f"{CLAUSES} 'AND'; a value is expected here", 10),
        (CANDIDATES, "tags.a = 'x';", f"{CLAUSES} ';'; a comparison begins with a key such as metrics.accuracy", 13),
        (
            CANDIDATES,
            "tags.a = 'x'; tags.b = 'y'",
            f"{MULTIPLE} \"tags.a = 'x'; tags.b = 'y'\". Provide AND-ed expression list.",
            13,
        ),
        (CANDIDATES, "'a' = tags.x", f"{IDENTIFIER} ''a''", 1),
        (CANDIDATES, "1 = 1", f"{IDENTIFIER} '1'", 1),
        (
            CANDIDATES,
            "metrics.a-b > 1",
            f"{IDENTIFIER} 'metrics.a-b'; a key with other characters than letters, digits, _ and . needs backticks",
            1,
        ),
        (
            CANDIDATES,
            "foo.a > 1",
            "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
            1,
        ),
        (
            CANDIDATES,
            "`metrics.a` > 1",
            "Invalid entity type '`metrics'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
            1,
        ),
        (
            MODELS,
            "metrics.a > 1",
            "Invalid entity type 'metrics'. Valid entity types are ('attribute', 'attributes', 'tag', 'tags')",
            1,
        ),
        (
            LOGGED_MODELS,
            "metric.a > 1",
            "Invalid entity type: 'metric'. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
            1,
        ),
        (MODELS, "foo = 'x'", "Invalid attribute key 'foo' specified. Valid keys are ['name']", 1),
        (
            CANDIDATES,
            "status = 'x' AND dataset.foo = 'x'",
            "Invalid dataset key 'foo' specified. Valid keys are ['name', 'digest', 'context']",
            18,
        ),
        (CANDIDATES, "metrics.a = '1'", "Expected numeric value type for metric. Found '1'", 13),
        (CANDIDATES, "metrics.a = nan", "Expected numeric value type for metric. Found nan", 13),
        (CANDIDATES, "metrics.a LIKE 'x'", "Expected numeric value type for metric. Found 'x'", 16),
        (
            CANDIDATES,
            "start_time > '1'",
            "Expected numeric value type for numeric attribute: start_time. Found '1'",
            14,
        ),
        (
            CANDIDATES,
            "params.x = 5",
            "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 5",
            12,
        ),
        (CANDIDATES, "tags.x = 5", "Expected a quoted string value for tag (e.g. 'my-value'). Got value 5", 10),
        (CANDIDATES, "status = 5", "Expected a quoted string value for attributes. Got value 5", 10),
        (CANDIDATES, "dataset.name = 5", "Expected a quoted string value for dataset attributes. Got value 5", 16),
        (CANDIDATES, "params.x = LR", f"{UNQUOTED} LR. Use either single or double quotes.", 12),
        (CANDIDATES, "params.x = `LR`", f"{UNQUOTED} `LR`. Use either single or double quotes.", 12),
        (
            CANDIDATES,
            "params.x == 'a'",
            "Invalid comparator '==' not one of ['=', '!=', 'LIKE', 'ILIKE', 'IS NULL', 'IS NOT NULL']",
            10,
        ),
        (
            CANDIDATES,
            "tags.x not like 'a'",
            "Invalid comparator 'NOT LIKE' not one of ['=', '!=', 'LIKE', 'ILIKE', 'IS NULL', 'IS NOT NULL']",
            8,
        ),
        (
            MODELS,
            "name > 'x'",
            "Invalid comparator for attribute: >; it must be one of ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN']",
            6,
        ),
        (
            MODEL_VERSIONS,
            "version_number LIKE '1'",
            f"Invalid comparator for attribute version_number: LIKE; it must be one of {NUMBER_OPERATORS}",
            16,
        ),
        (EXPERIMENTS, "tags.a > 'x'", f"Invalid comparator for tag: >; it must be one of {TAG_OPERATORS}", 8),
        (
            LOGGED_MODELS,
            "metrics.a LIKE 'x'",
            "Invalid comparison operator for metrics.a: 'LIKE'. Expected one of ('=', '!=', '<', '<=', '>', '>=').",
            11,
        ),
        (EXPERIMENTS, "experiment_id > '1'", "Invalid comparator '>' not one of ['=', '!=', 'IN', 'NOT IN']", 15),
        (
            CANDIDATES,
            "run_id IS NULL",
            "IS NULL / IS NOT NULL is only supported for tags and params, not for 'attribute' 'run_id'",
            8,
        ),
        (
            EXPERIMENTS,
            "name IS NOT NULL",
            "IS NULL / IS NOT NULL is only supported for tags, not for 'attribute' 'name'",
            6,
        ),
        (MODELS, "tags.x IS NULL", "IS NULL / IS NOT NULL is not supported for 'tag' 'x'", 8),
        (
            CANDIDATES,
            "run_name IN ('a')",
            "Only ['run_id'] attributes support comparison with a list of quoted string values.",
            13,
        ),
        (
            MODEL_VERSIONS,
            "source_path IN ('a')",
            "Only ['name', 'run_id'] attributes support comparison with a list of quoted string values.",
            16,
        ),
        (
            CANDIDATES,
            "tags.x IN ('a')",
            "Expected a quoted string value for tag (e.g. 'my-value'). Got value ('a')",
            11,
        ),
        (CANDIDATES, "run_id IN 'a'", "IN compares with a list in parentheses, e.g. ('a', 'b'). Got value 'a'", 11),
        (CANDIDATES, "run_id = ('a')", "A list is compared by IN or NOT IN, not by '='", 8),
        (CANDIDATES, "run_id IN ()", f"{LIST} a non-empty list of string values, but got empty list", 11),
        (
            CANDIDATES,
            "run_id IN ('a', 2)",
            f"{LIST} string value, punctuation, or whitespace, but got different type in list: (2,)",
            17,
        ),
        (CANDIDATES, "run_id IN ('a' 'b')", f"{LIST} a non-empty list of string values, but got ill-formed list.", 16),
        (CANDIDATES, "run_id IN ('a'", "Invalid clause(s) in filter string: '('; the list has no ')'", 11),
        (EXPERIMENTS, "name IN (", "Invalid clause(s) in filter string: '('; the list has no ')'", 9),
        (
            MODELS,
            "evilhax = true",
            "Invalid clause(s) in filter string: 'evilhax'; a value is a number or stands in quotes",
            1,
        ),
        (
            MODEL_VERSIONS,
            "version_number = 1.5",
            "Invalid value for numeric attribute 'version_number': 1.5; an integer is expected",
            18,
        ),
        (
            MODEL_VERSIONS,
            "version_number = 'x'",
            "Invalid value for numeric attribute 'version_number': 'x'; an integer is expected",
            18,
        ),
        (
            EXPERIMENTS,
            "experiment_id IN ('1', 'x')",
            "Invalid value 'x' for experiment_id. It must be a valid integer in quotes.",
            24,
        ),
    ],
)
def test_errors_have_mlflows_text_and_a_position(grammar: Grammar, text: str, reason: str, position: int):
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text, grammar)
    assert caught.value.message == f"{reason} (at character {position})"
    assert (caught.value.position, caught.value.field) == (position, "filter")


def test_one_hundred_conditions_are_the_limit():
    text = " AND ".join(["metrics.a > 1"] * 100)
    expression = parse_filter(text, CANDIDATES)
    assert isinstance(expression, And)
    assert len(expression.operands) == 100
    with pytest.raises(InvalidFilter, match="The filter has more than 100 conditions"):
        parse_filter(f"{text} AND metrics.a > 1", CANDIDATES)


@pytest.mark.parametrize(
    ("grammar", "text", "position"),
    [
        (CANDIDATES, "start_time < 9223372036854775808", 14),
        (CANDIDATES, "end_time > -9223372036854775809", 12),
        (CANDIDATES, "start_time > -" + "9" * 3000, 14),
        (MODEL_VERSIONS, "version_number = '9223372036854775808'", 18),
        (MODEL_VERSIONS, "version_number = 9223372036854775808", 18),
        (EXPERIMENTS, "experiment_id IN ('9223372036854775808')", 19),
        (LOGGED_MODELS, "creation_time > 9223372036854775808", 17),
    ],
)
def test_integers_beyond_64_bits_are_refused(grammar: Grammar, text: str, position: int):
    with pytest.raises(InvalidFilter, match=rf"an integer of 64 bits is expected \(at character {position}\)"):
        parse_filter(text, grammar)


@pytest.mark.parametrize(
    ("grammar", "key"),
    [
        (MODELS, "name"),
        (MODEL_VERSIONS, "name"),
        (EXPERIMENTS, "attributes.name"),
        (LOGGED_MODELS, "name"),
        (CANDIDATES, "run_name"),
        (CANDIDATES, "attributes.`Run name`"),
        (CANDIDATES, "tags.`mlflow.runName`"),
        (CANDIDATES, "dataset.name"),
    ],
)
def test_names_are_normalized_as_they_are_stored(grammar: Grammar, key: str):
    for operator in ("=", "!=", "LIKE", "ILIKE"):
        comparison = parse_filter(f"{key} {operator} 'e\u0301te\u0301%'", grammar)
        assert isinstance(comparison, Comparison)
        assert comparison.value == "\u00e9t\u00e9%"


@pytest.mark.parametrize(
    ("grammar", "key"),
    [
        (MODELS, "tags.name"),
        (MODEL_VERSIONS, "source_path"),
        (EXPERIMENTS, "tags.`mlflow.runName`"),
        (LOGGED_MODELS, "model_type"),
        (LOGGED_MODELS, "params.name"),
        (CANDIDATES, "params.`mlflow.runName`"),
        (CANDIDATES, "tags.run_name"),
        (CANDIDATES, "user_id"),
        (CANDIDATES, "dataset.context"),
    ],
)
def test_other_texts_are_not_normalized(grammar: Grammar, key: str):
    comparison = parse_filter(f"{key} = 'e\u0301'", grammar)
    assert isinstance(comparison, Comparison)
    assert comparison.value == "e\u0301"


def test_names_in_a_list_are_normalized_as_they_are_stored():
    comparison = parse_filter("name IN ('e\u0301', '\u212b')", MODELS)
    assert isinstance(comparison, Comparison)
    assert comparison.value == ("\u00e9", "\u00c5")
