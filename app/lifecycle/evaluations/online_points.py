"""What is measured of the arms of online experiments: checked, and appended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import update

from app.db.database import Tx
from app.db.statements import Statement
from app.errors import Conflict, Invalid, TooLarge
from app.lifecycle.evaluations import input_rules
from app.lifecycle.evaluations.tables import OnlineArm, OnlineExperiment
from app.text import quoted

MAX_POINTS = 1_000
MAX_KEYS = 200
"""Different metrics of one arm."""


class PointChanged(Conflict):
    """A point of that arm, metric and moment is stored with another value; nothing was stored."""


class PointInput(NamedTuple):
    """What was measured of an arm; None as moment: now."""

    arm: str
    key: str
    value: float
    at: datetime | None = None
    sample_count: int | None = None


# One transaction at a time logs to an experiment, since its row is locked; so the second statement sees all points.
_INSERT_POINTS = Statement(
    "evaluations.insert_online_points",
    "Stores points of an experiment; one that is there stays as it is.",
    """
    INSERT INTO online_points (project_id, experiment_id, arm, key, at, value, sample_count)
    SELECT :project::bigint, :experiment::bigint, p.arm, p.key, coalesce(least(p.at, now()), now()), p.value,
        p.sample_count
    FROM unnest(:arms::text[], :keys::text[], :moments::timestamptz[], :values::float8[], :samples::bigint[])
        AS p (arm, key, at, value, sample_count)
    ON CONFLICT DO NOTHING
    """,
)
_DIFFERING = Statement(
    "evaluations.differing_online_points",
    "The first point that is stored with another value than is given.",
    """
    SELECT s.arm, s.key, s.at, s.value
    FROM unnest(:arms::text[], :keys::text[], :moments::timestamptz[], :values::float8[])
        AS p (arm, key, at, value)
    JOIN online_points s ON s.project_id = :project AND s.experiment_id = :experiment
        AND s.arm = p.arm AND s.key = p.key AND s.at = p.at
    WHERE s.value <> p.value ORDER BY s.arm, s.key, s.at LIMIT 1
    """,
)


def checked(points: Sequence[PointInput]) -> list[PointInput]:
    """The points as they are stored.

    Raises:
        Invalid: with the position and the rule.
    """
    if len(points) > MAX_POINTS:
        raise TooLarge(f"There are {len(points)} points; a call takes {MAX_POINTS:,} at most.", field="points")
    stored = []
    for index, one in enumerate(points):
        field = f"points[{index}]"
        key = input_rules.metric_key(one.key, f"{field}.key")
        value = input_rules.number(one.value, key, f"{field}.value")
        if one.sample_count is not None and not 0 <= one.sample_count < 2**63:
            raise Invalid(f"{one.sample_count} is no number of samples.", field=f"{field}.sampleCount")
        stored.append(PointInput(one.arm, key, value, input_rules.moment(one.at, f"{field}.at"), one.sample_count))
    return stored


async def store(tx: Tx, row: OnlineExperiment, arms: dict[str, OnlineArm], points: Sequence[PointInput]) -> None:
    """Step: append points to an experiment that is locked.

    Raises:
        PointChanged: one is stored with another value.
        TooLarge: an arm would have too many metrics.
    """
    if not points:
        return
    given: dict[str, Any] = {
        "arms": [one.arm for one in points],
        "keys": [one.key for one in points],
        "moments": [one.at for one in points],
        "values": [one.value for one in points],
    }
    key = {"project": row.project_id, "experiment": row.id}
    await _INSERT_POINTS.execute(tx, **key, **given, samples=[one.sample_count for one in points])
    differing = await _DIFFERING.fetch_one(tx, **key, **given)
    if differing is not None:
        raise PointChanged(
            f"The arm {quoted(differing['arm'])} has {differing['value']} as {quoted(differing['key'])} at "
            f"{differing['at'].isoformat()}; a point does not change. Nothing was stored.",
            field="points",
        )
    for name, arm in arms.items():
        keys = {*arm.keys, *(one.key for one in points if one.arm == name)}
        if len(keys) > MAX_KEYS:
            raise TooLarge(
                f"The arm {quoted(name)} would have {len(keys)} metrics; at most {MAX_KEYS}.", field="points"
            )
        if len(keys) > len(arm.keys):
            await change_arm(tx, arm, keys=sorted(keys))


async def change_arm(tx: Tx, arm: OnlineArm, **values: Any) -> None:
    """Step: write values of an arm whose experiment is locked; the row has them, too."""
    mine = (
        OnlineArm.project_id == arm.project_id,
        OnlineArm.experiment_id == arm.experiment_id,
        OnlineArm.name == arm.name,
    )
    statement = update(OnlineArm).where(*mine).values(**values).returning(OnlineArm)
    (await tx.scalars(statement, execution_options={"populate_existing": True})).one()
