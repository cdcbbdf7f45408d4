from __future__ import annotations

import pytest

from app.search.ast import Entity, OrderKey
from app.search.errors import InvalidOrder
from app.search.grammars import CANDIDATES, EXPERIMENTS, LOGGED_MODELS, MODEL_VERSIONS, MODELS, Grammar
from app.search.order import distinct, order_field, parse_order

A, M, P, T = Entity.ATTRIBUTE, Entity.METRIC, Entity.PARAM, Entity.TAG


@pytest.mark.parametrize(
    ("grammar", "clause", "entity", "key", "descending"),
    [
        (CANDIDATES, "metrics.accuracy DESC", M, "accuracy", True),
        (CANDIDATES, "metrics.`a b` asc", M, "a b", False),
        (CANDIDATES, 'metric."a/b"', M, "a/b", False),
        (CANDIDATES, "params.lr", P, "lr", False),
        (CANDIDATES, "tags.mlflow.user desc", T, "mlflow.user", True),
        (CANDIDATES, " start_time  DESC ", A, "start_time", True),
        (CANDIDATES, "attributes.Created", A, "start_time", False),
        (CANDIDATES, "`run name` DESC", A, "run_name", True),
        (EXPERIMENTS, "last_update_time ASC", A, "last_update_time", False),
        (EXPERIMENTS, "attribute.experiment_id", A, "experiment_id", False),
        (MODELS, "timestamp DESC", A, "last_updated_timestamp", True),
        (MODELS, "name", A, "name", False),
        (MODEL_VERSIONS, "version_number DESC", A, "version_number", True),
        (LOGGED_MODELS, "creation_time", A, "creation_timestamp", False),
        (LOGGED_MODELS, "metrics.loss", M, "loss", False),
    ],
)
def test_order_key_is_parsed(grammar: Grammar, clause: str, entity: Entity, key: str, descending: bool):
    assert parse_order([clause], grammar) == (OrderKey(entity, key, descending),)


def test_order_keys_keep_their_order():
    assert parse_order(["metrics.a DESC", "params.a", "run_id"], CANDIDATES) == (
        OrderKey(M, "a", descending=True),
        OrderKey(P, "a"),
        OrderKey(A, "run_id"),
    )
    assert parse_order([], CANDIDATES) == ()


ENTITIES = "Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset'] (at character 1)"


@pytest.mark.parametrize(
    ("grammar", "clauses", "message"),
    [
        (CANDIDATES, [""], "Invalid order_by clause ''. Could not be parsed."),
        (CANDIDATES, ["`metrics.a"], "Invalid order_by clause '`metrics.a'. Could not be parsed."),
        (CANDIDATES, ["'a' DESC"], "Invalid order_by clause ''a' DESC'. Could not be parsed."),
        (CANDIDATES, ["metrics.a DESC b"], "Invalid order_by clause 'metrics.a DESC b'. Could not be parsed."),
        (CANDIDATES, ["metrics.a, params.b"], "Invalid order_by clause 'metrics.a, params.b'. Could not be parsed."),
        (CANDIDATES, ["metrics.a > 1"], "Invalid order_by clause 'metrics.a > 1'. Could not be parsed."),
        (CANDIDATES, ["metrics.a\0"], "Invalid order_by clause 'metrics.a\\x00'. Could not be parsed."),
        (CANDIDATES, ["run_id ACS"], "Invalid ordering key in order_by clause 'run_id ACS'."),
        (CANDIDATES, ["m.acc"], f"Invalid entity type 'm'. {ENTITIES}"),
        (CANDIDATES, ["`metrics.a`"], f"Invalid entity type '`metrics'. {ENTITIES}"),
        (CANDIDATES, ["dataset.name"], "Invalid order_by entity: dataset"),
        (EXPERIMENTS, ["tags.x"], "Invalid order_by entity: tag"),
        (
            MODELS,
            ["version"],
            "Invalid order by key 'version' specified. Valid keys are ['name', 'last_updated_timestamp', 'timestamp']",
        ),
        (
            CANDIDATES,
            ["created", "start_time DESC"],
            "`order_by` contains duplicate fields: ['attribute.start_time', 'attribute.start_time']",
        ),
        (CANDIDATES, ["run_id"] * 21, "The order has 21 keys; at most 20 are read."),
    ],
)
def test_invalid_order_is_refused_with_mlflows_text(grammar: Grammar, clauses: list[str], message: str):
    with pytest.raises(InvalidOrder) as caught:
        parse_order(clauses, grammar)
    assert caught.value.message == message
    assert caught.value.field == "order_by"


def test_order_of_objects_is_read():
    metric = order_field("metrics.a b.c", LOGGED_MODELS, ascending=False, dataset_name="train", dataset_digest="1")
    assert metric == OrderKey(M, "a b.c", descending=True, dataset_name="train", dataset_digest="1")
    time = order_field("creation_time", LOGGED_MODELS)
    assert time == OrderKey(A, "creation_timestamp")
    other = order_field("metrics.a b.c", LOGGED_MODELS, dataset_name="test")
    assert distinct([metric, time, other]) == (metric, time, other)
    with pytest.raises(InvalidOrder, match="contains duplicate fields"):
        distinct([time, order_field("creation_timestamp", LOGGED_MODELS, ascending=False)])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("params.a", "Invalid order by field name: params.a. Only metrics are supported: `metrics.<name>`."),
        ("metrics.", "Invalid order by field name: metrics.. Only metrics are supported: `metrics.<name>`."),
        ("foo.a", "Invalid order by field name: foo.a. Only metrics are supported: `metrics.<name>`."),
        (
            "nokey",
            f"Invalid order by field name: nokey. Valid keys are {list(LOGGED_MODELS.order)}, or `metrics.<name>`.",
        ),
    ],
)
def test_invalid_order_of_objects_is_refused(name: str, reason: str):
    with pytest.raises(InvalidOrder) as caught:
        order_field(name, LOGGED_MODELS)
    assert caught.value.message == reason
