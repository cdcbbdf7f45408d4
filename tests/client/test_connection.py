"""Which service is meant, and as whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.embedded.preparation import FirstProject, connection_lines
from modelyard_client import connection
from modelyard_client.connection import Choice, Connection
from modelyard_client.failures import Misused

FULL = {"MODELYARD_URL": "http://env:1/", "MODELYARD_TOKEN": "env", "MODELYARD_PROJECT": "g/env"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def write(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(connection_lines(f"http://{name}:1", FirstProject("admin", f"g/{name} x", 1, name)))
    return path


def test_the_environment_is_enough():
    assert connection.find(Choice(None, project=None), FULL) == Connection("http://env:1", "env", "g/env")


def test_a_named_file_comes_before_the_environment(folder: Path):
    file = write(folder / "c.env", "file")
    assert connection.find(Choice(file, project=None), {}) == Connection("http://file:1", "file", "g/file x")
    service = connection.find(Choice(file, project=None), FULL)
    assert (service.url, service.token) == ("http://file:1", "file")


def test_the_data_directory_comes_before_the_working_directory(folder: Path):
    write(folder / ".modelyard" / "connection.env", "here")
    assert connection.find(Choice(None, project=None), {}).token == "here"
    write(folder / "data" / "connection.env", "data")
    assert connection.find(Choice(None, project=None), {"MODELYARD_DATA_DIR": str(folder / "data")}).token == "data"


def test_a_project_may_be_named(folder: Path):
    write(folder / ".modelyard" / "connection.env", "here")
    assert connection.find(Choice(None, project=None), {"MODELYARD_PROJECT": "g/env"}).project == "g/env"
    assert connection.find(Choice(None, project="g/option"), {"MODELYARD_PROJECT": "g/env"}).project == "g/option"


def test_the_token_of_one_service_is_not_sent_to_another(folder: Path):
    write(folder / ".modelyard" / "connection.env", "here")
    with pytest.raises(Misused, match="MODELYARD_TOKEN and MODELYARD_PROJECT are missing in the environment"):
        connection.find(Choice(None, project=None), {"MODELYARD_URL": "http://other:1"})


def test_a_missing_connection_is_refused():
    with pytest.raises(Misused) as refused:
        connection.find(Choice(None, project=None), {"MODELYARD_DATA_DIR": "data"})
    assert refused.value.message == (
        "MODELYARD_URL and MODELYARD_TOKEN and MODELYARD_PROJECT are missing in the environment, and there is no "
        "profile nor data/connection.env nor .modelyard/connection.env. Sign in with `modelyard login URL`, set "
        "MODELYARD_URL, MODELYARD_TOKEN and MODELYARD_PROJECT, or name the connection.env that `modelyard up` writes "
        "into its data directory: --connection FILE."
    )


@pytest.mark.parametrize("url", ["ftp://x", "models.example.org", "http://", "http://x?a=b"])
def test_invalid_addresses_are_refused(url: str):
    with pytest.raises(Misused, match="must be like https://"):
        connection.find(Choice(None, project=None), FULL | {"MODELYARD_URL": url})


@pytest.mark.parametrize("seconds", ["-1", "long", "nan", "1e9"])
def test_an_invalid_patience_is_refused(seconds: str):
    with pytest.raises(Misused, match="must be a number of seconds"):
        connection.find(Choice(None, project=None), FULL | {"MODELYARD_RETRY_SECONDS": seconds})


def test_an_unreadable_connection_file_is_refused(folder: Path):
    (folder / "broken.env").write_text("export A='")
    for name in ("none.env", "broken.env"):
        with pytest.raises(Misused, match=f"{name} cannot be read"):
            connection.find(Choice(Path(name), project=None), {})


def test_the_token_is_not_shown():
    assert "env'" not in repr(connection.find(Choice(None, project=None), FULL | {"MODELYARD_PROJECT": "p"}))
