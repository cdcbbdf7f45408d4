"""A small build that stands in for the real one: the server does not know what is in the files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from app.graphql.execution import trusted_documents
from app.http.browsers import built_pages

SCRIPT, DOCUMENT = b"export const x = 1;\n" * 100, b"<!doctype html>\n<title>Pages</title>\n"
BROTLI = b"as Brotli"
"""Stands for compressed bytes: the server hands them out as they are."""
QUERY = "query FromPages { viewer { isAdmin } }"
PAGE = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
"""What browsers send when a person opens an address."""


def write(folder: Path, document: bytes = DOCUMENT, query: str = QUERY) -> None:
    """Write the files of a build."""
    assets = folder / "-" / "assets"
    assets.mkdir(parents=True)
    (folder / "index.html").write_bytes(document)
    (folder / "documents.json").write_text(json.dumps({trusted_documents.hash_of(query): query}))
    (folder / "licenses.md").write_text("# Licences\n")
    (assets / "main-abc.js").write_bytes(SCRIPT)
    (assets / "main-abc.js.br").write_bytes(BROTLI)
    (assets / "main-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "font-abc.woff2").write_bytes(b"font")
    (assets / "style-abc.css").write_bytes(b"a{}")


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a build, which the server finds."""
    folder = tmp_path / "built"
    write(folder)
    monkeypatch.setattr(built_pages, "FOLDER", folder)
    return folder


@pytest.fixture
def unbuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the source in which nothing is built."""
    monkeypatch.setattr(built_pages, "FOLDER", tmp_path / "app" / "web" / "built")
    monkeypatch.setattr(built_pages, "SOURCE", tmp_path)
    return tmp_path
