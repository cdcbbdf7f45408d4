"""Of every kind of gate an example that passes and one that refuses; docs/gates.md shows them with their sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from app.lifecycle.gates.rules import kinds
from app.lifecycle.gates.rules.subject import Answer, Approval, Approvals, Evidence, Fact, Figure, Files, Subject
from app.lifecycle.signatures import of_json

NOW = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
"""A Friday, 15:30 in Berlin."""


def column(name: str, type: str = "double", **more: Any) -> dict[str, Any]:
    return {"type": type, "name": name, "required": True, **more}


def signature(*columns: Mapping[str, Any]) -> Files:
    return Files(
        count=4, size=48_000_000, has_mlmodel=True, is_mlmodel_inspected=True,
        signature=of_json({"inputs": list(columns), "outputs": [column("price")]}),
    )  # fmt: skip


def figure(name: str, value: float, source: str = "candidate", **more: Any) -> Figure:
    return Figure(name, value, source, more.pop("source_id", "0192f0c1a2b37c4d8e5f60718293a4b5"), **more)


VERSION = Evidence(
    id=12,
    version="1.4.0",
    number=12,
    state="ready",
    created_at=NOW - timedelta(days=2),
    created_by=7,
    description="Trained on the data of November.",
    tags={"license": "Apache-2.0"},
    model_name="prices",
    model_tags={},
    candidate_id=UUID("0192f0c1-a2b3-7c4d-8e5f-60718293a4b5"),
    candidate={"id": "0192f0c1a2b37c4d8e5f60718293a4b5", "name": "brave-otter-12", "status": "FINISHED", "tags": {}},
    candidate_created_by=7,
    params={"learning_rate": "0.01"},
    figures=(
        figure("accuracy", 0.93),
        figure("accuracy", 0.91, "evaluation", source_id="31", dataset_name="holdout-2026", dataset_digest="8c1f"),
        figure("latency_ms", 41.0, "online", source_id="5/b"),
    ),
    files=signature(column("area"), column("rooms", "long"), column("garden", "boolean", required=False)),
    facts={
        "source_commit": Fact({"sha": "4f0c2d1"}, "ci_job"),
        "hyper_parameters": Fact({"learning_rate": "0.01"}, "param"),
    },
    stages={"staging": NOW - timedelta(hours=30)},
)
HOLDER = replace(
    VERSION,
    id=9,
    version="1.3.2",
    number=9,
    figures=(
        figure("accuracy", 0.9),
        figure("accuracy", 0.9, "evaluation", source_id="22", dataset_name="holdout-2026", dataset_digest="8c1f"),
        figure("latency_ms", 44.0, "online", source_id="5/a"),
    ),
    files=signature(column("area"), column("rooms", "long")),
)
SUBJECT = Subject(VERSION, HOLDER, "production", NOW)


@dataclass(frozen=True)
class Example:
    """A kind with data, and what differs from ``SUBJECT`` where it passes and where it refuses."""

    kind: str
    says: str
    config: Mapping[str, Any]
    accepted: Mapping[str, Any] = field(default_factory=dict)
    refused: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    """What is different where it refuses."""

    def subjects(self) -> tuple[Subject, Subject]:
        return subject(**self.accepted), subject(**self.refused)


def subject(**changes: Any) -> Subject:
    """``SUBJECT`` with changes of the version, the ``holder_…``, or of itself."""
    of_holder = {key.removeprefix("holder_"): changes.pop(key) for key in list(changes) if key.startswith("holder_")}
    own = {key: changes.pop(key) for key in ("holder", "now", "approvals", "answer") if key in changes}
    changed = replace(SUBJECT, version=replace(VERSION, **changes), **own)
    return replace(changed, holder=replace(HOLDER, **of_holder)) if of_holder else changed


ANNA, BEN = Approval(21, "anna", NOW), Approval(22, "ben", NOW)
EXAMPLES = [
    Example(
        "metric_threshold",
        "A metric is at least `min`, at most `max`, or both.",
        {"metric": "accuracy", "min": 0.9},
        refused={"figures": (figure("accuracy", 0.87), figure("f1", 0.8))},
        when="accuracy is 0.87",
    ),
    Example(
        "metric_against_holder",
        "A metric is better than that of the version that the stage holds, by `margin`.",
        {"metric": "accuracy", "direction": "higher_is_better", "margin": 0.01, "dataset": "holdout-2026"},
        refused={"figures": (figure("accuracy", 0.905, "evaluation", dataset_name="holdout-2026", source_id="33"),)},
        when="it is better by 0.005",
    ),
    Example(
        "metric_on_dataset",
        "The same as `metric_threshold`, of the value on one data set.",
        {"metric": "accuracy", "dataset": "holdout-2026", "min": 0.9},
        refused={"figures": (figure("accuracy", 0.99), figure("accuracy", 0.99, dataset_name="train-2026"))},
        when="it was measured on other data sets only",
    ),
    Example(
        "required_facts",
        "Facts are told of the version, and tags, params and a description.",
        {"facts": ["source_commit", "hyper_parameters"], "tags": ["license"], "description": True},
        refused={"facts": {}, "description": ""},
        when="none is told",
    ),
    Example(
        "scan_verdict",
        "All files are inspected, and none is quarantined or failed.",
        {"allowReleased": False},
        refused={"files": Files(2, 900, refused=["model.pkl: Loading this file is dangerous."], refused_count=1)},
        when="a file is quarantined",
    ),
    Example(
        "licence_allowed",
        "The licence (tag `license` of version, candidate or model) is one of a list.",
        {"licences": ["Apache-2.0", "MIT"]},
        refused={"tags": {"license": "CC-BY-NC-4.0"}},
        when="it is another one",
    ),
    Example(
        "compatible_signature",
        "The inputs of the holder are accepted: none removed or retyped, no new required one.",
        {},
        refused={"files": signature(column("area", "string"), column("floor", "long"))},
        when="inputs changed",
    ),
    Example(
        "size_limit",
        "The files have at most so many bytes, and are at most `maxFiles`.",
        {"maxBytes": 50_000_000},
        refused={"files": Files(3, 61_000_000)},
        when="they have more",
    ),
    Example(
        "time_in_stage",
        "The version has been in another stage for some hours, without a break.",
        {"stage": "staging", "hours": 24},
        refused={"stages": {"staging": NOW - timedelta(hours=3)}},
        when="it is there for three hours",
    ),
    Example(
        "approvals",
        "So many people approve who are no authors and have not requested it.",
        {"count": 2},
        accepted={"approvals": Approvals(7, [ANNA, BEN])},
        refused={"approvals": Approvals(21, [ANNA, BEN])},
        when="one of two had requested it",
    ),
    Example(
        "freeze_windows",
        "Nothing enters within these windows, in the wall time of a zone.",
        {
            "timeZone": "Europe/Berlin",
            "windows": [
                {"weekdays": ["friday"], "from": "16:00", "until": "24:00"},
                {"weekdays": ["saturday", "sunday"]},
                {"from": "2026-12-23T12:00", "until": "2027-01-04T08:00"},
            ],
        },
        refused={"now": NOW + timedelta(hours=1)},
        when="it is Friday, 16:30",
    ),
    Example(
        "webhook",
        "A receiver answers yes to a signed question.",
        {"url": "https://gates.example.com/questions", "timeoutSeconds": 5},
        accepted={"answer": Answer(True, "ticket OPS-7 is approved")},
        refused={"answer": Answer(False, "ticket OPS-7 is open")},
        when="it says no",
    ),
    Example(
        "expression",
        "A CEL expression over `version`, `candidate`, `holder` and `stage` is true.",
        {
            "expression": "candidate.status == 'FINISHED' && double(candidate.params.learning_rate) <= 0.1",
            "message": "Candidates that enter production have ended, with a learning rate of 0.1 at most.",
        },
        accepted={"answer": Answer(True)},
        refused={"answer": Answer(False)},
        when="it is false",
    ),
]


PAGE = Path(__file__).resolve().parents[2] / "docs" / "gates.md"
BEGIN, END = "<!-- The table: python -m tests.support.gate_examples -->", "<!-- The end of the table -->"


def table() -> str:
    """The kinds with both examples, as they stand in docs/gates.md."""
    parts = []
    for example in EXAMPLES:
        rule = kinds.parse(example.kind, example.config, field="gates.0")
        accepted, refused = (rule.judge(each) for each in example.subjects())
        parts += [
            f"### `{example.kind}`",
            "",
            example.says,
            "",
            "```json",
            json.dumps({"kind": example.kind, "config": example.config}, ensure_ascii=False),
            "```",
            "",
            "| | a user reads |",
            "|---|---|",
            f"| title | {rule.title()} |",
            f"| {accepted.outcome.name} | {accepted.message} |",
            f"| {refused.outcome.name}: {example.when} | {refused.message} |",
            "",
        ]
    return "\n".join(parts)


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n{END}{rest.partition(END)[2]}")
