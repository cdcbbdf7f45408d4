"""Every kind of background job can be written down, read back, and done."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import subprocess
import sys
from typing import get_type_hints
from uuid import UUID, uuid4

import pytest

from app.queue import jobs
from app.queue.tables import ROUND_ROBIN
from tests.support.source import ROOT, modules
from workers.handlers import HANDLERS

KINDS = sorted(HANDLERS)
EXAMPLES = {int: 7, str: "a: \u00e9 \u2713", UUID: uuid4(), bool: True}


def test_every_kind_is_declared_once() -> None:
    declarations = [
        ast.literal_eval(decorator.args[0])
        for module in modules("app")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "job"
    ]
    assert sorted(declarations) == KINDS
    assert {kind: job.kind for kind, job in jobs.KINDS.items()} == {kind: kind for kind in jobs.KINDS}


@pytest.mark.parametrize("process", ["app.main", "app.upkeep.job_cancellation, app.graphql.schema"])
def test_processes_that_read_kinds_load_all_of_them(process: str) -> None:
    program = f"import {process}; from app.queue.jobs import KINDS; print(*sorted(KINDS))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == KINDS


def test_every_kind_has_a_handler() -> None:
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


def test_rules_let_jobs_run() -> None:
    rules = [jobs.rule_of(kind) for kind in KINDS]
    assert all(rule.concurrency >= 1 and rule.step_seconds >= 1 and rule.attempts >= 1 for rule in rules)


def test_kinds_in_round_robin_are_those_of_the_index() -> None:
    assert {kind for kind in KINDS if jobs.rule_of(kind).is_round_robin} == set(ROUND_ROBIN)


def test_only_deliveries_may_be_cancelled() -> None:
    assert [kind for kind in KINDS if jobs.is_cancellable(kind)] == ["webhooks.deliver"]
    assert not jobs.is_cancellable("lifecycle.of_a_later_release")


def _example(job_type: type[jobs.Job]) -> jobs.Job:
    hints = get_type_hints(job_type)
    return job_type(**{field.name: EXAMPLES[hints[field.name]] for field in dataclasses.fields(job_type)})
