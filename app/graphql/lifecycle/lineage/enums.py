"""Kinds, relations and directions of a lineage."""

from __future__ import annotations

from enum import Enum

import strawberry

from app.graphql.types.fields import value
from app.lifecycle.lineage.derivations import Kind
from app.lifecycle.lineage.nodes import Relation


@strawberry.enum(description="How a version was made from its base.")
class DerivationKind(Enum):
    FINE_TUNED = value(Kind.FINE_TUNED, "Trained further.")
    QUANTIZED = value(Kind.QUANTIZED, "The same with fewer bits.")
    DISTILLED = value(Kind.DISTILLED, "Trained to answer as the base does.")
    MERGED = value(Kind.MERGED, "Put together from the base and others.")
    ADAPTED = value(Kind.ADAPTED, "An adapter that is loaded on top of the base.")
    OTHER = value(Kind.OTHER, "In another way.")


@strawberry.enum(description="How an entry of a lineage and its parent belong together.")
class LineageRelation(Enum):
    READ = value(Relation.READ, "The candidate read the data set.")
    PRODUCED = value(Relation.PRODUCED, "The version was made from the candidate.")
    FINE_TUNED = value(Relation.FINE_TUNED, "One version is the other, trained further.")
    QUANTIZED = value(Relation.QUANTIZED, "One version is the other with fewer bits.")
    DISTILLED = value(Relation.DISTILLED, "One version was trained to answer as the other does.")
    MERGED = value(Relation.MERGED, "One version was put together from the other and more.")
    ADAPTED = value(Relation.ADAPTED, "One version is an adapter for the other.")
    OTHER = value(Relation.OTHER, "One version was made from the other in another way.")
    RUNS = value(Relation.RUNS, "The deployment runs the version.")


@strawberry.enum(description="Which way a lineage is followed.")
class LineageDirection(Enum):
    UPSTREAM = value("up", "What it was made from: bases, candidates, data sets.")
    DOWNSTREAM = value("down", "What depends on it: derived versions, and deployments that have not ended.")
