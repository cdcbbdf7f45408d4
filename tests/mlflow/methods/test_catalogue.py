"""Every public method of both clients is called by a test of this package, and the documentation says so."""

from __future__ import annotations

import pytest

from tests.support.mlflow import catalogue
from tests.support.mlflow.catalogue import Line
from tests.support.mlflow.outside import LOCAL, NOT_CALLED, OUTSIDE


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return catalogue.lines()


def test_every_method_is_called(lines: list[Line]) -> None:
    assert {line.name: line.untested for line in lines if line.untested and line.name not in NOT_CALLED} == {}


def test_methods_listed_as_out_of_scope_or_local_exist(lines: list[Line]) -> None:
    existing = {(line.module, line.name) for line in lines}
    named = {(module, name) for table in (LOCAL, OUTSIDE) for module, names in table.items() for name in names}
    assert named - existing == set()


def test_the_documentation_page_is_up_to_date(lines: list[Line]) -> None:
    text = catalogue.PAGE.read_text()
    assert catalogue.page(text, lines) == text, "write it anew: python -m tests.support.mlflow.catalogue"
