"""Links lead somewhere, named modules exist, and every GraphQL example is valid against the served schema."""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from app.graphql import sdl
from tests.support.source import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SCHEMA = build_schema(sdl.text())


def names(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_links_within_pages_lead_to_headings(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    lost = [
        f"{target}#{anchor}"
        for target, anchor in links
        if anchor not in _anchors(page.parent / target if target else page)
    ]
    assert lost == []


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


_CODE = re.compile(r"`((?:app|workers|tests|bench|demo|migrations|clients)[./][\w./]*)(?:\(\))?`")
_MODULE = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.py)`")


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_named_modules_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in _CODE.findall(text) if not _exists(name)] == []
    if page.name not in {"architecture.md", "mlflow-clients.md"}:  # the latter names modules of MLflow
        assert [name for name in _MODULE.findall(text) if not _exists(name) and not _exists(f"app/{name}")] == []


def _exists(name: str) -> bool:
    if "/" in name:
        return (ROOT / name).exists()
    path = ROOT / name.replace(".", "/")
    return any(each.with_suffix(".py").exists() or each.is_dir() for each in (path, path.parent))


def _examples() -> list[str]:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    blocks = chain.from_iterable(re.findall(r"```graphql\n(.*?)```", text, re.DOTALL) for text in texts)
    requests = chain.from_iterable(re.findall(r"^\$ ask '(.*)'$", text, re.MULTILINE) for text in texts)
    return [*blocks, *(json.loads(request)["query"] for request in requests)]


@pytest.mark.parametrize("document", _examples())
def test_examples_are_valid(document: str) -> None:
    assert validate(SCHEMA, parse(document)) == []


def test_there_are_examples() -> None:
    assert len(_examples()) >= 5
