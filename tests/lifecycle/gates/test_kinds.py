"""Every kind of gate: what it accepts as data, when it passes, and what a user reads."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.errors import Invalid
from app.lifecycle.gates.rules import kinds
from app.lifecycle.gates.rules.rule import Judgement, Outcome
from app.lifecycle.gates.rules.subject import Approval, Approvals, Files
from tests.support.gate_examples import (
    ANNA,
    BEN,
    EXAMPLES,
    NOW,
    PAGE,
    VERSION,
    Example,
    column,
    figure,
    signature,
    subject,
    table,
)  # fmt: skip


def judge(kind: str, config: dict[str, Any], **changes: Any) -> Judgement:
    return kinds.parse(kind, config, field="gates.0").judge(subject(**changes))


def refusal(kind: str, config: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        kinds.parse(kind, config, field="gates.0")
    return caught.value


def test_every_kind_has_an_example() -> None:
    assert [example.kind for example in EXAMPLES] == list(kinds.KINDS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.kind)
def test_an_example_passes_and_another_refuses(example: Example) -> None:
    rule = kinds.parse(example.kind, example.config, field="gates.0")
    accepted, refused = example.subjects()
    assert rule.judge(accepted).outcome is Outcome.PASSED
    assert rule.judge(refused).outcome in {Outcome.FAILED, Outcome.PENDING}
    assert rule.title()
    assert kinds.stored(example.kind, rule.model_dump(by_alias=True, mode="json")) == rule


@pytest.mark.parametrize(
    ("kind", "config", "field", "said"),
    [
        ("metric_treshold", {}, "kind", "There is no kind of gate 'metric_treshold'; kinds are metric_threshold"),
        ("signature", {}, "kind", "stores and checks no signatures"),
        ("metric_threshold", {"metric": "a"}, "config", "give min, max or both"),
        ("metric_threshold", {"metric": "a", "min": 2, "max": 1}, "config", "min 2 is above max 1"),
        ("metric_threshold", {"metric": "a", "min": "0.9"}, "config.min", "valid number"),
        ("metric_threshold", {"metric": "a", "min": math.nan}, "config", "give min, max or both"),
        ("metric_threshold", {"metric": "a", "min": True}, "config.min", "valid number"),
        ("metric_threshold", {"metric": "a", "minimum": 1}, "config.minimum", "Its fields are metric, slice, source"),
        ("metric_against_holder", {"metric": "a"}, "config.direction", "Field required"),
        ("metric_against_holder", {"metric": "a", "direction": "up"}, "config.direction", "'higher_is_better'"),
        ("metric_on_dataset", {"metric": "a", "min": 1}, "config.dataset", "Field required"),
        ("required_facts", {}, "config", "name at least one of"),
        ("required_facts", {"facts": ["moon"]}, "config.facts.0", "'source_commit'"),
        ("licence_allowed", {"licences": []}, "config.licences", "at least 1 item"),
        ("licence_allowed", {"licences": ["Apache 2"]}, "config", "no SPDX identifier"),
        ("size_limit", {"maxBytes": 0}, "config.maxBytes", "greater than or equal to 1"),
        ("time_in_stage", {"stage": "staging", "hours": 0}, "config.hours", "greater than 0"),
        ("approvals", {"count": 0}, "config.count", "greater than or equal to 1"),
        ("freeze_windows", {"timeZone": "Mars/Base", "windows": [{"weekdays": ["friday"]}]}, "config.timeZone", "IANA"),
        ("freeze_windows", {"timeZone": "UTC", "windows": []}, "config.windows", "at least 1 item"),
        (
            "webhook",
            {"url": "https://a.example", "timeoutSeconds": 60},
            "config.timeoutSeconds",
            "less than or equal to 10",
        ),
        ("expression", {"expression": "x" * 4_001}, "config.expression", "at most 4000 characters"),
        ("expression", {"expression": "true", "message": "x" * 30_000}, "config", "at most 20,000 fit"),
        ("approvals", [], "config", "should be an object"),
    ],
)
def test_data_that_is_not_acceptable_is_refused_with_its_path(kind: str, config: Any, field: str, said: str) -> None:
    error = refusal(kind, config)
    assert error.field == f"gates.0.{field}"
    assert said in error.message


@pytest.mark.parametrize(
    "window",
    [
        {"weekdays": ["friday"], "from": "24:00"},
        {"weekdays": ["freitag"]},
        {"from": "2026-12-23", "until": "2026-12-22"},
        {"from": "2026-12-23T10:00+01:00", "until": "2026-12-24T10:00"},
        {"from": "soon", "until": "2026-12-24T10:00"},
    ],
)
def test_windows_that_make_no_sense_are_refused(window: dict[str, Any]) -> None:
    assert (refusal("freeze_windows", {"timeZone": "UTC", "windows": [window]}).field or "").startswith(
        "gates.0.config.windows.0"
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_no_finite_number_meets_no_threshold(value: float) -> None:
    said = judge("metric_threshold", {"metric": "a", "max": 10.0}, figures=[figure("a", value)])
    assert said.outcome is Outcome.FAILED
    assert "no finite number" in said.message
    assert isinstance(said.compared["value"], str)
    better = {"metric": "a", "direction": "higher_is_better"}
    assert judge("metric_against_holder", better, figures=[figure("a", value)]).outcome is Outcome.FAILED
    against = judge("metric_against_holder", better, figures=[figure("a", 1)], holder_figures=[figure("a", value)])
    assert against.outcome is Outcome.FAILED


def test_a_metric_that_is_missing_is_told_with_those_that_are_there() -> None:
    said = judge("metric_threshold", {"metric": "acuracy", "min": 0.9})
    assert said.message == ("Version 1.4.0 has no metric `acuracy`; its metrics are `accuracy`, `latency_ms`.")
    elsewhere = judge("metric_on_dataset", {"metric": "accuracy", "dataset": "moon", "min": 0.9})
    assert elsewhere.message.endswith("it has it on `holdout-2026` and without a data set.")
    bare = judge("metric_on_dataset", {"metric": "a", "dataset": "moon", "min": 0}, figures=[figure("a", 1)])
    assert bare.message.endswith("it has it without a data set.")
    assert judge("metric_threshold", {"metric": "a", "min": 0}, figures=[]).message.endswith("has no metrics at all.")


def test_thresholds_count_themselves_and_figures_are_shown_exactly() -> None:
    assert judge("metric_threshold", {"metric": "accuracy", "min": 0.91}).outcome is Outcome.PASSED
    below = judge("metric_threshold", {"metric": "a", "min": 0.9}, figures=[figure("a", 0.8999999999999999)])
    assert below.outcome is Outcome.FAILED
    assert "0.8999999999999999" in below.message


def test_of_several_values_that_of_the_evaluation_recorded_last_counts() -> None:
    figures = [
        figure("a", 0.1, at=NOW + timedelta(days=900)),
        figure("a", 0.2, "evaluation", source_id="9", at=NOW + timedelta(days=9)),
        figure("a", 0.3, "evaluation", source_id="10", at=NOW),
        figure("a", 0.4, "online", source_id="77/b", at=NOW + timedelta(days=99)),
        figure("a", 0.5, "evaluation", source_id="11", slice="women"),
    ]
    value = {"metric": "a", "min": 0}
    assert judge("metric_threshold", value, figures=figures).compared["value"] == 0.3
    assert judge("metric_threshold", value | {"source": "training"}, figures=figures).compared["value"] == 0.1
    assert judge("metric_threshold", value | {"source": "online"}, figures=figures).compared["value"] == 0.4
    assert judge("metric_threshold", value | {"slice": "women"}, figures=figures).compared["value"] == 0.5


@pytest.mark.parametrize(
    ("direction", "margin", "ours", "theirs", "outcome"),
    [
        ("higher_is_better", 0.1, 0.8, 0.7, Outcome.PASSED),
        ("higher_is_better", 0.1, 0.79, 0.7, Outcome.FAILED),
        ("higher_is_better", 0.0, 0.7, 0.7, Outcome.PASSED),
        ("higher_is_better", -0.02, 0.68, 0.7, Outcome.PASSED),
        ("higher_is_better", -0.02, 0.67, 0.7, Outcome.FAILED),
        ("lower_is_better", 5, 39, 44, Outcome.PASSED),
        ("lower_is_better", 5, 40, 44, Outcome.FAILED),
    ],
)
def test_a_margin_says_by_how_much_better(
    direction: str, margin: float, ours: float, theirs: float, outcome: Outcome
) -> None:
    config = {"metric": "a", "direction": direction, "margin": margin}
    said = judge("metric_against_holder", config, figures=[figure("a", ours)], holder_figures=[figure("a", theirs)])
    assert said.outcome is outcome


def test_a_relative_margin_is_a_share_of_the_holders_value_whatever_its_sign() -> None:
    config = {"metric": "a", "direction": "higher_is_better", "margin": 0.1, "isRelative": True}
    for ours, theirs, outcome in (
        (110, 100, "passed"),
        (109, 100, "failed"),
        (-90, -100, "passed"),
        (-95, -100, "failed"),
    ):
        said = judge("metric_against_holder", config, figures=[figure("a", ours)], holder_figures=[figure("a", theirs)])
        assert said.outcome == outcome


def test_without_a_holder_and_without_its_metric_the_gate_does_what_it_says() -> None:
    config = {"metric": "accuracy", "direction": "higher_is_better"}
    assert judge("metric_against_holder", config, holder=None).outcome is Outcome.PASSED
    assert judge("metric_against_holder", config | {"ifNoHolder": "fail"}, holder=None).outcome is Outcome.FAILED
    assert judge("metric_against_holder", config, holder_figures=[]).outcome is Outcome.FAILED
    assert (
        judge("metric_against_holder", config | {"ifHolderLacks": "pass"}, holder_figures=[]).outcome is Outcome.PASSED
    )
    assert judge("metric_against_holder", config, holder=VERSION).message.endswith(
        "is what the stage `production` holds."
    )


def test_files_that_are_not_inspected_yet_are_waited_for() -> None:
    assert judge("scan_verdict", {}, files=Files(2, 10, uninspected_count=1)).outcome is Outcome.PENDING
    assert judge("scan_verdict", {}, files=Files()).outcome is Outcome.FAILED
    released = Files(2, 10, released_count=1)
    assert judge("scan_verdict", {}, files=released).outcome is Outcome.FAILED
    assert judge("scan_verdict", {"allowReleased": True}, files=released).outcome is Outcome.PASSED
    odd = Files(2, 10, suspicious=["a.pkl"], suspicious_count=1)
    assert judge("scan_verdict", {}, files=odd).outcome is Outcome.PASSED
    assert judge("scan_verdict", {"allowSuspicious": False}, files=odd).outcome is Outcome.FAILED


def test_licences_are_compared_as_spdx_expressions() -> None:
    allowed = {"licences": ["Apache-2.0", "MIT"]}
    for licence, outcome in {
        "apache-2.0": "passed", "GPL-3.0-only OR MIT": "passed", "MIT AND Apache-2.0": "passed",
        "MIT AND GPL-3.0-only": "failed", "GPL-3.0-only": "failed", "(MIT)": "failed", " ": "failed",
    }.items():  # fmt: skip
        assert judge("licence_allowed", allowed, tags={"license": licence}).outcome == outcome, licence
    of_model = judge("licence_allowed", allowed, tags={}, model_tags={"licence": "MIT"})
    assert (of_model.outcome, of_model.sources[0]["of"]) == (Outcome.PASSED, "model")


def test_signatures_are_compared_from_the_view_of_callers() -> None:
    gate = "compatible_signature"
    more = signature(column("area"), column("rooms", "long"), column("year", "long"))
    assert judge(gate, {}, files=more).outcome is Outcome.FAILED
    assert judge(gate, {"allowNewRequired": True}, files=more).outcome is Outcome.PASSED
    fewer = judge(gate, {}, files=signature(column("area")))
    assert fewer.message == "Compared with the holder 1.3.2, input `rooms` was removed (it was long)."
    retyped = judge(gate, {}, files=signature(column("area"), column("rooms", "string")))
    assert "input `rooms` was long and is string" in retyped.message
    wider = {
        "files": signature(column("area"), column("rooms", "long")),
        "holder_files": signature(column("area", "float")),
    }
    assert judge(gate, {"allowNewRequired": True}, **wider).outcome is Outcome.PASSED
    assert judge(gate, {"allowNewRequired": True, "allowWidened": False}, **wider).outcome is Outcome.FAILED


def test_signatures_that_are_missing_or_cut_are_never_taken_for_equal() -> None:
    gate = "compatible_signature"
    assert judge(gate, {}, holder=None).outcome is Outcome.PASSED
    assert judge(gate, {"ifNoHolder": "fail"}, holder=None).outcome is Outcome.FAILED
    assert judge(gate, {}, files=Files(3, 10)).outcome is Outcome.FAILED
    assert judge(gate, {}, files=Files(3, 10, has_mlmodel=True)).outcome is Outcome.PENDING
    assert judge(gate, {}, holder_files=Files(3, 10)).outcome is Outcome.PASSED
    cut = replace(VERSION.files.signature, is_whole=False)  # type: ignore[type-var] # it has a signature
    assert judge(gate, {}, files=replace(VERSION.files, signature=cut)).outcome is Outcome.ERROR


def test_approvals_of_authors_requesters_and_bots_do_not_count() -> None:
    author, bot = Approval(7, "author", NOW), Approval(30, "bot", NOW, is_person=False)
    assert judge("approvals", {}).outcome is Outcome.PENDING
    assert judge("approvals", {}, approvals=Approvals(None, [author])).outcome is Outcome.PENDING
    assert judge("approvals", {}, approvals=Approvals(21, [ANNA])).outcome is Outcome.PENDING
    assert judge("approvals", {}, approvals=Approvals(7, [bot])).outcome is Outcome.PENDING
    assert judge("approvals", {"countsBots": True}, approvals=Approvals(7, [bot])).outcome is Outcome.PASSED
    twice = Approvals(7, [BEN, replace(BEN, at=NOW + timedelta(hours=1))])
    assert judge("approvals", {"count": 2}, approvals=twice).outcome is Outcome.PENDING
    of_candidate = judge("approvals", {}, approvals=Approvals(7, [ANNA]), candidate_created_by=21)
    assert of_candidate.outcome is Outcome.PENDING


def test_time_in_a_stage_ends_to_the_second() -> None:
    day = {"stage": "staging", "hours": 24}
    there = {"staging": NOW - timedelta(hours=24)}
    assert judge("time_in_stage", day, stages=there).outcome is Outcome.PASSED
    early = judge("time_in_stage", day, stages=there, now=NOW - timedelta(seconds=1))
    assert (early.outcome, early.compared["until"]) == (Outcome.PENDING, NOW.isoformat())
    assert "is not in the stage `staging` now" in judge("time_in_stage", day, stages={}).message
    ahead = judge("time_in_stage", day, stages={"staging": NOW + timedelta(hours=1)})
    assert ahead.outcome is Outcome.PENDING


def frozen(windows: list[dict[str, Any]], moment: str, zone: str = "Europe/Berlin") -> Judgement:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return judge("freeze_windows", {"timeZone": zone, "windows": windows}, now=now)


@pytest.mark.parametrize(
    ("moment", "outcome"),
    [
        # In winter Berlin is one hour ahead of UTC, in summer two: the window goes with the clock on the wall.
        ("2026-12-11T14:59", "passed"),
        ("2026-12-11T15:00", "pending"),
        ("2026-07-10T13:59", "passed"),
        ("2026-07-10T14:00", "pending"),
        # It lasts until 6:00 on the next day, also in the nights in which the clocks are changed.
        ("2026-12-12T04:59", "pending"),
        ("2026-12-12T05:00", "passed"),
    ],
)
def test_a_weekly_window_follows_the_clock_on_the_wall(moment: str, outcome: str) -> None:
    assert frozen([{"weekdays": ["friday"], "from": "16:00", "until": "06:00"}], moment).outcome == outcome


def test_an_hour_that_happens_twice_is_frozen_both_times() -> None:
    window = [{"weekdays": ["sunday"], "from": "02:00", "until": "03:00"}]
    # On 25 October 2026 the clocks in Berlin go back from 3:00 to 2:00, at 1:00 UTC.
    outcomes = [
        frozen(window, f"2026-10-{moment}").outcome for moment in ("24T23:59", "25T00:30", "25T01:30", "25T02:00")
    ]
    assert outcomes == ["passed", "pending", "pending", "passed"]
    assert frozen(window, "2026-10-25T00:30").compared["until"] == "2026-10-25T02:00:00+00:00"


def test_an_hour_that_does_not_happen_freezes_nothing() -> None:
    window = [{"weekdays": ["sunday"], "from": "02:00", "until": "03:00"}]
    # On 29 March 2026 the clocks in Berlin go from 2:00 to 3:00, at 1:00 UTC.
    assert [frozen(window, f"2026-03-29T{moment}").outcome for moment in ("00:59", "01:00")] == ["passed", "passed"]


def test_windows_one_after_the_other_are_told_as_one() -> None:
    windows = [
        {"weekdays": ["friday"], "from": "16:00"}, {"weekdays": ["saturday", "sunday"]},
        {"from": "2026-12-14T00:00", "until": "2026-12-15T08:00"},
    ]  # fmt: skip
    said = frozen(windows, "2026-12-11T18:00")
    assert said.compared["until"] == "2026-12-15T07:00:00+00:00"
    assert said.message == (
        "It is Friday, 2026-12-11 19:00 in Europe/Berlin, within a freeze window until Tuesday, 2026-12-15 08:00 there "
        "(2026-12-15 07:00 UTC)."
    )


def test_a_freeze_without_end_is_told_and_computed_at_once() -> None:
    every = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    assert frozen([{"weekdays": every}] * 100, "2026-12-11T18:00").outcome is Outcome.PENDING


def test_the_page_about_gates_has_the_examples_with_the_sentences_that_users_read() -> None:
    assert table() in PAGE.read_text(), "run: python -m tests.support.gate_examples"
