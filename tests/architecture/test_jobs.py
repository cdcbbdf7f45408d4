"""Every kind of background job can be written down, read back, and done."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import get_type_hints
from uuid import UUID, uuid4

import pytest

from app.queue import jobs, rules
from workers.handlers import HANDLERS

KINDS = sorted(jobs.KINDS)
EXAMPLES = {int: 7, str: "a: \u00e9 \u2713", UUID: uuid4(), bool: True}


def test_no_job_is_forgotten() -> None:
    assert {job.kind for job in jobs.Job.__subclasses__()} == set(jobs.KINDS)
    assert {kind: job.kind for kind, job in jobs.KINDS.items()} == {kind: kind for kind in jobs.KINDS}


def test_every_kind_has_a_worker() -> None:
    assert set(HANDLERS) == set(jobs.KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_name_their_feature(kind: str) -> None:
    assert re.fullmatch(r"(access|artifacts|ci|lifecycle|registry|tracking|webhooks)\.[a-z]+(_[a-z]+)*", kind)


@pytest.mark.parametrize("kind", KINDS)
def test_payloads_survive_json(kind: str) -> None:
    job = _example(jobs.KINDS[kind])
    assert jobs.decode(kind, json.loads(json.dumps(job.payload()))) == job


@pytest.mark.parametrize("kind", KINDS)
def test_a_payload_of_a_later_release_is_understood(kind: str) -> None:
    job = _example(jobs.KINDS[kind])
    assert jobs.decode(kind, job.payload() | {"field_of_a_later_release": 1}) == job


@pytest.mark.parametrize("kind", KINDS)
def test_every_worker_says_why_it_may_run_twice_and_late(kind: str) -> None:
    assert "Safe twice: " in (HANDLERS[kind].__doc__ or "")
    assert "Safe late: " in (HANDLERS[kind].__doc__ or "")


def test_rules_are_of_kinds_and_leave_places() -> None:
    assert set(rules.RULES) <= set(jobs.KINDS)
    assert all(rule.at_once >= 1 and rule.step_seconds >= 1 and rule.attempts >= 1 for rule in rules.RULES.values())


def _example(job_type: type[jobs.Job]) -> jobs.Job:
    hints = get_type_hints(job_type)
    return job_type(**{field.name: EXAMPLES[hints[field.name]] for field in dataclasses.fields(job_type)})
