"""Gates about time: how long a version has been in a stage, and windows in which nothing is promoted.

Moments come from the database's clock. Windows are written in the wall time of a zone and compared there, so that
"Friday 16:00" stays that when the clocks are changed. An hour that happens twice is frozen both times; one that does
not happen is skipped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, ClassVar, Literal, Self, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from app.lifecycle.gates.rules.rule import Data, Judgement, Outcome, Rule, passed
from app.lifecycle.gates.rules.subject import Subject

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS = get_args(Weekday)
_DAY = timedelta(days=1)


class TimeInStage(Rule):
    """The version is in another stage now, and has been there without a break for some time."""

    kind: ClassVar[str] = "time_in_stage"
    stage: Annotated[str, Field(min_length=1, max_length=255)]
    hours: Annotated[float, Field(gt=0, le=24 * 3660)]

    def title(self) -> str:
        """What it demands."""
        return f"At least {_hours(self.hours)} in `{self.stage}`"

    def judge(self, subject: Subject) -> Judgement:
        """Reckon since when it is there."""
        version, needed = subject.version, timedelta(hours=self.hours)
        since = version.stages.get(self.stage)
        if since is None:
            message = (
                f"Version {version.version} is not in the stage `{self.stage}` now; it has to be there for "
                f"{_hours(self.hours)} first."
            )
            return Judgement(Outcome.PENDING, message, {"stage": self.stage, "since": None, "hours": self.hours})
        ready = since + needed
        compared = {"stage": self.stage, "since": since.isoformat(), "until": ready.isoformat(), "hours": self.hours}
        spent = _hours(max(0.0, (subject.now - since).total_seconds() / 3600))
        if subject.now < ready:
            message = f"It has been in `{self.stage}` for {spent} of {_hours(self.hours)}, until {_utc(ready)}."
            return Judgement(Outcome.PENDING, message, compared)
        return passed(f"It has been in `{self.stage}` for {spent}; {_hours(self.hours)} are required.", compared)


class _Window(Data, ABC):
    @abstractmethod
    def end(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the window that ``now`` lies in ends; None when it lies in none."""


class WeeklyWindow(_Window):
    """Every week on these days, from a time of day until another, which is on the next day if it is not later."""

    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    from_: Annotated[str, Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "00:00"
    until: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")] = "24:00"

    def end(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """In wall time: the window that began today or yesterday."""
        local = now.astimezone(zone)
        for day in (local.date() - _DAY, local.date()):
            begin, end = self._on(day)
            if WEEKDAYS[day.weekday()] in self.weekdays and begin <= local.replace(tzinfo=None) < end:
                return end.replace(tzinfo=zone, fold=1)
        return None

    def _on(self, day: date) -> tuple[datetime, datetime]:
        begin = datetime.combine(day, time.fromisoformat(self.from_))
        if self.until == "24:00":
            return begin, datetime.combine(day + _DAY, time())
        end = datetime.combine(day, time.fromisoformat(self.until))
        return begin, end if end > begin else end + _DAY


class SingleWindow(_Window):
    """Once, from a moment until another, both in wall time: ``2026-12-20T18:00``."""

    from_: Annotated[str, Field(alias="from", max_length=30)]
    until: Annotated[str, Field(max_length=30)]

    @field_validator("from_", "until")
    @classmethod
    def _is_wall_time(cls, text: str) -> str:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("is a moment like 2026-12-20T18:00") from None
        if moment.tzinfo is not None:
            raise ValueError("is wall time of timeZone, so it has no offset of its own")
        return text

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if datetime.fromisoformat(self.from_) >= datetime.fromisoformat(self.until):
            raise ValueError(f"until ({self.until}) is not later than from ({self.from_})")
        return self

    def end(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """As moments: from the first time that the clock shows ``from`` to the last that it shows ``until``."""
        begin = datetime.fromisoformat(self.from_).replace(tzinfo=zone, fold=0)
        end = datetime.fromisoformat(self.until).replace(tzinfo=zone, fold=1)
        return end if _moment(begin) <= now < _moment(end) else None


class FreezeWindows(Rule):
    """Nothing enters the stage within these windows, which are in the wall time of a zone of the IANA database."""

    kind: ClassVar[str] = "freeze_windows"
    time_zone: str
    windows: Annotated[list[WeeklyWindow | SingleWindow], Field(min_length=1, max_length=100)]

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, name: str) -> str:
        if name not in _zones():
            raise ValueError("is a time zone of the IANA database, such as Europe/Berlin or UTC")
        return name

    def title(self) -> str:
        """What it demands."""
        count = len(self.windows)
        return f"Outside of {count} freeze window{'' if count == 1 else 's'} ({self.time_zone})"

    def judge(self, subject: Subject) -> Judgement:
        """Look whether the moment lies in one, and when it is out of all of them."""
        zone = ZoneInfo(self.time_zone)
        local = subject.now.astimezone(zone)
        compared = {"now": local.isoformat(), "timeZone": self.time_zone}
        end = self._end(subject.now, zone)
        if end is None:
            return passed(f"It is {_wall(local)} in {self.time_zone}, outside of all freeze windows.", compared)
        moment = _moment(end)
        message = (
            f"It is {_wall(local)} in {self.time_zone}, within a freeze window until {_wall(end)} there "
            f"({_utc(moment)})."
        )
        return Judgement(Outcome.PENDING, message, compared | {"until": moment.isoformat()})

    def _end(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Windows may follow each other without a gap: the end of the last of them, as far as a year away."""
        end: datetime | None = None
        at = now
        while at < now + timedelta(days=366):
            ends = [each for window in self.windows if (each := window.end(at, zone)) and _moment(each) > at]
            if not ends:
                break
            end = max(ends, key=_moment)
            at = _moment(end)
        return end


def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


def _moment(local: datetime) -> datetime:
    return local.astimezone(UTC)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _wall(local: datetime) -> str:
    return f"{local:%A, %Y-%m-%d %H:%M}"


def _hours(hours: float) -> str:
    if hours >= 48:
        return f"{hours / 24:.3g} days"
    return f"{hours:.3g} hours" if hours >= 1 else f"{hours * 60:.3g} minutes"
