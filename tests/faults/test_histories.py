"""The rules of histories find what they are there to find."""

from __future__ import annotations

import pytest

from tests.faults import histories
from tests.faults.histories import Op


def write(value, invoked, ended, result="ok"):
    return Op("write", "r", value, invoked, ended, result)


def read(value, invoked, ended):
    return Op("read", "r", value, invoked, ended, "ok")


A, B, MAYBE_B = write("a", 0, 1), write("b", 2, 3), write("b", 2, 3, "unknown")


@pytest.mark.parametrize(
    ("writes", "reading", "is_fine"),
    [
        ([], read(None, 0, 1), True),
        ([A], read("a", 2, 3), True),
        ([A], read(None, 0.5, 2), True),
        ([A], read(None, 2, 3), False),
        ([A], read("x", 2, 3), False),
        ([A, B], read("a", 2.5, 4), True),
        ([A, B], read("a", 4, 5), False),
        ([A, MAYBE_B], read("a", 4, 5), True),
        ([A, MAYBE_B], read("b", 9, 10), True),
        ([MAYBE_B, write("c", 5, 6)], read("b", 9, 10), True),
        ([A, write("b", 2, 3, "fail")], read("b", 4, 5), False),
        ([write("a", 0, 4), write("b", 1, 3)], read("a", 5, 6), True),
        ([write("a", 0, 4), write("b", 1, 3)], read("b", 5, 6), True),
        ([A, write(None, 2, 3)], read(None, 4, 5), True),
        ([A, B], read("b", 1, 1.5), False),
    ],
)
def test_register_histories(writes, reading, is_fine):
    assert (histories.register(writes, [reading]) == []) is is_fine


def version(number, invoked, ended, result="ok"):
    return Op("version", "m", number, invoked, ended, result)


@pytest.mark.parametrize(
    ("creations", "stored", "problem"),
    [
        ([version(1, 0, 1), version(2, 2, 3)], [1, 2], None),
        ([version(1, 0, 1), version(None, 2, 3, "unknown")], [1, 2], None),
        ([version(1, 0, 1), version(None, 2, 3, "unknown")], [1], None),
        ([version(1, 0, 1), version(1, 2, 3)], [1], "given 2 times"),
        ([version(1, 0, 1), version(2, 2, 3)], [1], "is lost"),
        ([version(1, 0, 1), version(3, 2, 3)], [1, 3], "not 1 to 2"),
        ([version(2, 0, 1), version(1, 2, 3)], [1, 2], "given before"),
        ([version(1, 0, 1)], [1, 2], "asked for"),
    ],
)
def test_counter_histories(creations, stored, problem):
    problems = histories.counter(creations, stored)
    assert problems == [] if problem is None else any(problem in one for one in problems)


def batch(*values, result="ok"):
    return Op("metrics", "run", values, 0, 1, result)


@pytest.mark.parametrize(
    ("additions", "stored", "problem"),
    [
        ([batch(1, 2)], [1, 2], None),
        ([batch(1, 2, result="unknown")], [], None),
        ([batch(1, 2)], [1], "are lost"),
        ([batch(1, 2, result="unknown")], [1], "of one batch"),
        ([batch(1)], [1, 1], "2 times"),
        ([batch(1)], [1, 2], "never sent"),
        ([batch(1, result="fail")], [1], "refused"),
    ],
)
def test_growing_set_histories(additions, stored, problem):
    problems = histories.growing_set(additions, stored)
    assert problems == [] if problem is None else any(problem in one for one in problems)
