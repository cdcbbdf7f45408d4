"""``modelyard evaluation add``, against the real service."""

from __future__ import annotations

import json

import pytest

from tests.client.conftest import Desk

ADD = ("evaluation", "add", "churn:1.0.0", "--dataset", "holdout", "--digest", "d1")


@pytest.fixture
async def churn(desk: Desk) -> Desk:
    """Version 1.0.0 of `churn`."""
    desk.write("a.txt", b"hello")
    await desk.push("churn", version="1.0.0")
    return desk


async def test_results_of_a_job_are_added_once(churn: Desk):
    given = (*ADD, "--metric", "accuracy=0.9", "--slice", "night:accuracy=0.8", "--key", "job-7")
    made = await churn.command(*given, "--json")
    assert (made.code, made.err) == (0, "")
    assert made.json["metrics"] == [
        {"key": "accuracy", "value": 0.9, "slice": None}, {"key": "accuracy", "value": 0.8, "slice": "night"},
    ]  # fmt: skip
    again = await churn.command(*given)
    assert again.out == "The evaluation of churn 1.0.0 on holdout was there already: 2 values.\n"
    other = await churn.command(*ADD, "--metric", "accuracy=0.1", "--key", "job-7")
    assert other.code != 0
    assert "was sent before with another content" in other.err


async def test_results_come_from_a_file(churn: Desk):
    results = {"accuracy": 0.9, "slices": {"night": {"accuracy": 0.8}}}
    churn.write("results.json", json.dumps(results).encode())
    added = await churn.command(*ADD, "--file", str(churn.files / "results.json"))
    assert added.err == ""
    assert added.out == "The evaluation of churn 1.0.0 on holdout is added: 2 values.\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "at least one --metric"),
        (("--metric", "accuracy=NaN"), "a finite number"),
        (("--metric", "accuracy=good"), "a finite number"),
        (("--slice", "accuracy=0.1"), "SLICE:KEY=VALUE"),
        (("--file", "nowhere.json"), "No such file"),
    ],
)
async def test_what_is_no_result_is_refused(churn: Desk, words, message):
    refused = await churn.command(*ADD, *words)
    assert refused.code != 0
    assert message in refused.err
