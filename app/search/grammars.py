"""What may be searched, and how: one table for each searchable thing (MLflow REST: search of each noun)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from app.search.ast import Entity, Operator
from app.search.wording import Wording


class ValueKind(Enum):
    """What stands on the right of a comparison."""

    STRING = auto()
    """Text in single or double quotes."""
    NUMBER = auto()
    """An integer or a decimal number."""
    INTEGER = auto()
    """An integer."""
    QUOTABLE_INTEGER = auto()
    """An integer, with or without quotes."""
    QUOTED_INTEGER = auto()
    """An integer in quotes: an identifier that happens to be a number."""

    @property
    def is_number(self) -> bool:
        """Whether values are numbers, in quotes or not."""
        return self is not ValueKind.STRING


@dataclass(frozen=True, slots=True)
class Field:
    """How one key, or all keys of an entity, may be compared; ``key`` is its canonical spelling."""

    kind: ValueKind
    operators: tuple[Operator, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Grammar:
    """The prefixes, keys, comparators and value types of one kind of search.

    ``closed`` holds the entities with a fixed set of keys, by every accepted spelling; ``open`` those whose keys are
    the client's own. ``order`` maps the spellings of sortable attributes to canonical ones, ``order_entities``
    names the open entities that can be sorted by. ``names`` holds what is a name: stored in Unicode's normal form C,
    so that values compared with it are put into that form; all other values are compared as they are.
    ``wording`` says whose sentences errors use.
    """

    wording: Wording

    prefixes: Mapping[str, Entity]
    closed: Mapping[Entity, Mapping[str, Field]]
    open: Mapping[Entity, Field]
    order: Mapping[str, str]
    order_entities: frozenset[Entity] = field(default_factory=frozenset)
    names: frozenset[tuple[Entity, str]] = frozenset({(Entity.ATTRIBUTE, "name")})


RUN_NAME_TAG = "mlflow.runName"
"""The tag in which MLflow keeps the name of a run a second time."""

_EQUALITY = (Operator.EQ, Operator.NE)
_LIKE = (*_EQUALITY, Operator.LIKE, Operator.ILIKE)
_LISTS = (Operator.IN, Operator.NOT_IN)
_NULLS = (Operator.IS_NULL, Operator.IS_NOT_NULL)
_ORDERED = (*_EQUALITY, Operator.LT, Operator.LE, Operator.GT, Operator.GE)

_TEXT = Field(ValueKind.STRING, _LIKE)
_TEXT_OR_LIST = Field(ValueKind.STRING, (*_LIKE, *_LISTS))
_TEXT_OR_NULL = Field(ValueKind.STRING, (*_LIKE, *_NULLS))
_NUMBER = Field(ValueKind.NUMBER, _ORDERED)
_INTEGER = Field(ValueKind.INTEGER, _ORDERED)


def _keys(**fields: Field) -> dict[str, Field]:
    return {key: Field(field.kind, field.operators, key) for key, field in fields.items()}


def _spelled(keys: dict[str, Field], spellings: dict[str, str]) -> dict[str, Field]:
    return keys | {spelling: keys[key] for spelling, key in spellings.items()}


def _order(*keys: str, **spellings: str) -> dict[str, str]:
    return {key: key for key in keys} | spellings


_ATTRIBUTE = {"attribute": Entity.ATTRIBUTE, "attributes": Entity.ATTRIBUTE}
_TAG = {"tag": Entity.TAG, "tags": Entity.TAG}
_CANDIDATE_SPELLINGS = {
    "created": "start_time",
    "Created": "start_time",
    "run name": "run_name",
    "Run name": "run_name",
    "Run Name": "run_name",
}

CANDIDATES = Grammar(
    wording=Wording.RUNS,
    prefixes={
        "metric": Entity.METRIC,
        "metrics": Entity.METRIC,
        "parameter": Entity.PARAM,
        "parameters": Entity.PARAM,
        "param": Entity.PARAM,
        "params": Entity.PARAM,
        **_TAG,
        **_ATTRIBUTE,
        "attr": Entity.ATTRIBUTE,
        "run": Entity.ATTRIBUTE,
        "dataset": Entity.DATASET,
        "datasets": Entity.DATASET,
    },
    closed={
        Entity.ATTRIBUTE: _spelled(
            _keys(
                run_id=_TEXT_OR_LIST,
                run_name=_TEXT,
                user_id=_TEXT,
                status=_TEXT,
                artifact_uri=_TEXT,
                start_time=_NUMBER,
                end_time=_NUMBER,
            ),
            _CANDIDATE_SPELLINGS,
        ),
        Entity.DATASET: _keys(name=_TEXT_OR_LIST, digest=_TEXT_OR_LIST, context=_TEXT_OR_LIST),
    },
    open={Entity.METRIC: _NUMBER, Entity.PARAM: _TEXT_OR_NULL, Entity.TAG: _TEXT_OR_NULL},
    order=_order("run_id", "run_name", "status", "start_time", "end_time", "user_id", "artifact_uri")
    | _CANDIDATE_SPELLINGS,
    order_entities=frozenset({Entity.METRIC, Entity.PARAM, Entity.TAG}),
    names=frozenset({(Entity.ATTRIBUTE, "run_name"), (Entity.TAG, RUN_NAME_TAG), (Entity.DATASET, "name")}),
)

EXPERIMENTS = Grammar(
    wording=Wording.EXPERIMENTS,
    prefixes={**_ATTRIBUTE, **_TAG},
    closed={
        Entity.ATTRIBUTE: _keys(
            name=_TEXT,
            experiment_id=Field(ValueKind.QUOTED_INTEGER, (*_EQUALITY, *_LISTS)),
            creation_time=_INTEGER,
            last_update_time=_INTEGER,
        )
    },
    open={Entity.TAG: _TEXT_OR_NULL},
    order=_order("name", "experiment_id", "creation_time", "last_update_time"),
)

MODELS = Grammar(
    wording=Wording.MODELS,
    prefixes={**_ATTRIBUTE, **_TAG},
    closed={Entity.ATTRIBUTE: _keys(name=_TEXT_OR_LIST)},
    open={Entity.TAG: _TEXT},
    order=_order("name", "last_updated_timestamp", timestamp="last_updated_timestamp"),
)

MODEL_VERSIONS = Grammar(
    wording=Wording.VERSIONS,
    prefixes={**_ATTRIBUTE, **_TAG},
    closed={
        Entity.ATTRIBUTE: _keys(
            name=_TEXT_OR_LIST,
            run_id=_TEXT_OR_LIST,
            source_path=_TEXT,
            version_number=Field(ValueKind.QUOTABLE_INTEGER, _ORDERED),
        )
    },
    open={Entity.TAG: _TEXT},
    order=_order("name", "version_number", "creation_timestamp", "last_updated_timestamp"),
)

_LOGGED_MODEL_SPELLINGS = {
    "creation_time": "creation_timestamp",
    "last_updated_time": "last_updated_timestamp",
}

LOGGED_MODELS = Grammar(
    wording=Wording.LOGGED_MODELS,
    prefixes={
        "attributes": Entity.ATTRIBUTE,
        "metrics": Entity.METRIC,
        "params": Entity.PARAM,
        "tags": Entity.TAG,
    },
    closed={
        Entity.ATTRIBUTE: _spelled(
            _keys(
                name=_TEXT_OR_LIST,
                model_id=_TEXT_OR_LIST,
                model_type=_TEXT_OR_LIST,
                source_run_id=_TEXT_OR_LIST,
                status=Field(ValueKind.STRING, (*_EQUALITY, *_LISTS)),
                creation_timestamp=_NUMBER,
                last_updated_timestamp=_NUMBER,
            ),
            _LOGGED_MODEL_SPELLINGS,
        )
    },
    open={Entity.METRIC: _NUMBER, Entity.PARAM: _TEXT_OR_LIST, Entity.TAG: _TEXT_OR_LIST},
    order=_order(
        "name", "model_id", "model_type", "status", "source_run_id", "creation_timestamp", "last_updated_timestamp"
    )
    | _LOGGED_MODEL_SPELLINGS,
    order_entities=frozenset({Entity.METRIC}),
)
